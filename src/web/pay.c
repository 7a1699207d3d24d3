#include "web/cart.h"

#include "payment/account.h"
#include "payment/room.h"
#include "payment/service.h"
#include "web/embedded.h"

#include <string.h>

const struct http_field pay_fields[] = {
    TOKEN_FIELD,
    {"montant", HTTP_AMOUNT, 64, NULL, 0},
    {"moyen", HTTP_ID, 20, NULL, 0},
    {"jeton", HTTP_TOKEN, 64, NULL, 1},
    {"solde", HTTP_TOKEN, 20, NULL, 1},
    {"coche", HTTP_IDS, 20, NULL, 0},           /* charges to pay first */
    {"somme", HTTP_TOKEN, 20, NULL, 0},         /* of those ticked when the page was made */
    {"propose", HTTP_TEXT, 64, NULL, 0},        /* the amount it proposed then */
    {"participation", HTTP_TOKEN, 20, NULL, 0}, /* what the payer adds for the fees, cents */
    {"integre", HTTP_CHOICE, 3, "oui", 0},      /* the script runs that asks for the card here */
    {"recalculer", HTTP_CHOICE, 3, "oui", 0},
    {0},
};

/* One press on Payer, as the page sees it. */
struct press {
    struct page *page;
    struct payment_press press;
    const struct provider *provider;
    struct payment_room room;
    struct cart_trouble trouble;
};

static bool refused(struct press *press, const char *key, int64_t limit_cents)
{
    press->trouble.key = key;
    press->trouble.limit_cents = limit_cents;
    press->trouble.status = 422;
    return false;
}

/* What was typed, with a sentence for everything that is no amount. */
static bool read_amount(struct press *press, int64_t *cents)
{
    static const char *const keys[] = {
        [MONEY_EMPTY] = "amount_empty",
        [MONEY_NOT_A_NUMBER] = "amount_not_a_number",
        [MONEY_TOO_PRECISE] = "amount_too_precise",
        [MONEY_ZERO] = "amount_zero",
        [MONEY_TOO_LARGE] = "amount_too_large",
    };
    const struct association *association = &press->page->association;
    enum money_verdict verdict = money_parse(press->trouble.typed, association->currency, cents);

    return verdict == MONEY_OK || refused(press, keys[verdict], association->amount_max_cents);
}

/* Does the association take this amount from this payer now? */
static bool room_good(struct press *press, int64_t cents)
{
    const struct association *association = &press->page->association;
    const struct payment_room *room = &press->room;

    switch (payment_room_takes(association, room, cents)) {
    case ROOM_BELOW_MINIMUM:
        return refused(press, "amount_below_minimum", association->amount_min_cents);
    case ROOM_ABOVE_MAXIMUM:
        return refused(press, "amount_above_maximum", association->amount_max_cents);
    case ROOM_IN_PART:
        return refused(press, "amount_in_part", room->due_cents);
    case ROOM_ABOVE_DEBT:
        return refused(press, room->debt_cents > 0 ? "amount_above_debt" : "nothing_due",
                       room->debt_cents);
    case ROOM_FITS:
        break;
    }
    return true;
}

static bool amount_good(struct press *press)
{
    struct provider_limits limits = press->provider->limits(press->page->association.currency);
    int64_t cents = 0;

    if (!read_amount(press, &cents) || !room_good(press, cents))
        return false;
    if (cents < limits.minimum_cents)
        return refused(press, "amount_below_provider", limits.minimum_cents);
    if (cents > limits.maximum_cents - press->press.fee_cover_cents)
        return refused(press, "amount_above_maximum", limits.maximum_cents);
    press->press.amount_cents = cents + press->press.fee_cover_cents;
    return true;
}

/* The options as they are now, and what they leave room for. */
static enum err read_room(struct press *press)
{
    struct page *page = press->page;
    enum err err = page_begin_reading(page);

    if (!err)
        err = association_find(page->db, page->session.association_id, page->arena,
                               &page->association);
    if (!err)
        err = payment_room(page->db, &page->association, page->session.member_id, page->arena,
                           &press->room);
    page_end_reading(page);
    return err;
}

/* What was ticked goes to the form again, and to the kernel. */
static void read_ticked(struct press *press)
{
    struct cart_trouble *trouble = &press->trouble;
    const struct http_request *request = press->page->request;

    trouble->has_ticked = http_field_given(request, "somme");
    trouble->ticked = http_field_ids(request, "coche", &trouble->ticked_count);
    press->press.ticked = trouble->ticked;
    press->press.ticked_count = trouble->ticked_count;
}

/* What the ticked sentence said, nothing when it is not proposed (any more). */
static bool read_cover(struct press *press)
{
    struct page *page = press->page;
    struct str typed = http_field_text(page->request, "participation");
    int64_t cents = 0;

    press->trouble.covers = !str_empty(typed);
    if (str_empty(typed) || !page->association.covers_fees)
        return true;
    if (!str_to_int64(typed, &cents) || cents < 0 || cents > page->association.amount_max_cents)
        return false;
    press->press.fee_cover_cents = cents;
    return true;
}

static enum err read_press(struct press *press)
{
    struct page *page = press->page;
    struct provider_account account;
    enum err err;

    if (!http_field_given(page->request, "moyen"))
        return fail(ERR_INPUT, "no provider is chosen");
    err = account_find(page->db, page->association.id, http_field_id(page->request, "moyen"),
                       page->arena, &account);

    if (err)
        return err;
    press->provider = payment_provider(page->web->options.service, str_of(account.provider));
    if (!press->provider ||
        !str_to_int64(http_field_text(page->request, "solde"),
                      &press->press.balance_shown_cents) ||
        !read_cover(press))
        return fail(ERR_INPUT, "the form is not ours");
    press->trouble.typed = http_field_text(page->request, "montant");
    press->trouble.provider = press->provider->label;
    press->press.association_id = page->association.id;
    press->press.member_id = page->session.member_id;
    press->press.provider_account_id = account.id;
    press->press.embedded = http_field_given(page->request, "integre");
    press->press.form_token = str_copy(page->arena, http_field_text(page->request, "jeton"));
    press->press.login_id = page->session.login_id;
    press->press.address = page_address(page);
    return OK;
}

static enum err begin(struct press *press, enum intent_start *start, struct payment_intent *intent)
{
    struct page *page = press->page;
    const struct payment_service *service = page->web->options.service;
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    enum err err = gate_enter(&page->web->provider_gate);

    if (err)
        return err;
    err = payment_begin(service, &call, &press->press, start, intent);
    gate_leave(&page->web->provider_gate);
    return err;
}

static enum err show_trouble(struct press *press, const char *key, int status)
{
    press->trouble.key = key;
    press->trouble.status = status;
    return cart_show(press->page, &press->trouble);
}

/* A provider's address is checked once more before a browser is sent there. */
static enum err go_to_provider(struct press *press, const char *url)
{
    struct page *page = press->page;

    if (!guard_provider_url(page->web->options.service->settings, url))
        return fail(ERR_PROVIDER, "an address that is not the provider's");
    return http_redirect(page->response, url);
}

/* The options changed between the page and the press. */
static enum err show_refused(struct press *press)
{
    enum err err = read_room(press);

    if (err)
        return err;
    if (amount_good(press)) /* and once more since */
        return show_trouble(press, "balance_changed", 409);
    return cart_show(press->page, &press->trouble);
}

/* Where the press led: to the provider, to the page of the attempt, or back with a sentence. */
static enum err follow(struct press *press, enum intent_start start,
                       const struct payment_intent *intent)
{
    struct page *page = press->page;

    if (start == INTENT_BALANCE_CHANGED) {
        press->trouble.typed = (struct str){0};
        press->trouble.has_ticked = false;
        return show_trouble(press, "balance_changed", 409);
    }
    if (start == INTENT_ACCOUNT_GONE)
        return show_trouble(press, "account_gone", 409);
    if (start == INTENT_AMOUNT_REFUSED)
        return show_refused(press);
    if (intent->state == INTENT_OPEN && intent->embedded)
        return http_redirect(page->response, embedded_resume_url(page, intent));
    if (intent->state == INTENT_OPEN && intent->provider_url)
        return go_to_provider(press, intent->provider_url);
    if (start == INTENT_STARTED && intent->state == INTENT_FAILED)
        return show_trouble(press, "provider_refused", 502);
    return http_redirect(page->response, arena_printf(page->arena, "/paiement/%s", intent->token));
}

/* Other charges are ticked than when the page was made, which added up to "somme". */
static enum err ticks_changed(struct press *press, bool *changed)
{
    struct page *page = press->page;
    const struct cart_trouble *trouble = &press->trouble;
    struct cart_due *dues;
    size_t count = 0;
    int64_t shown = 0;
    enum err err;

    *changed = false;
    if (!trouble->has_ticked || !str_to_int64(http_field_text(page->request, "somme"), &shown))
        return OK;
    err = tick_dues(page->db, page->association.id, page->session.member_id, page->arena, &dues,
                    &count);
    *changed = !err && shown != tick_amount(dues, count, &press->room, trouble->ticked,
                                            trouble->ticked_count);
    return err;
}

/* The amount is still the one that the page proposed: without a script it does not follow. */
static bool amount_lags(const struct press *press)
{
    return str_equal(press->trouble.typed, http_field_text(press->page->request, "propose"));
}

/* "Recalculer": the amount of what is ticked now. One that was typed stays while the same charges
 * are ticked: in some browsers the button is what the key Enter presses. */
static enum err recalculate(struct press *press)
{
    bool changed = false;
    enum err err = read_room(press);

    if (!err)
        err = ticks_changed(press, &changed);
    if (err)
        return err;
    press->trouble.covers = http_field_given(press->page->request, "participation");
    press->trouble.typed =
        changed ? (struct str){0} : http_field_text(press->page->request, "montant");
    return show_trouble(press, NULL, 200);
}

enum err pay_post(struct http_request *request, struct http_response *response)
{
    struct press press = {.page = page_of(request)};
    struct payment_intent intent = {0};
    enum intent_start start;
    bool changed = false;
    enum err err;

    read_ticked(&press);
    if (http_field_given(request, "recalculer"))
        return recalculate(&press);
    err = read_press(&press);
    if (err)
        return err;
    if (!press.provider->limits(press.page->association.currency).currency_supported)
        return show_trouble(&press, "account_gone", 409);
    err = read_room(&press);
    if (!err)
        err = ticks_changed(&press, &changed);
    if (err)
        return err;
    if (changed && amount_lags(&press)) {
        press.trouble.typed = (struct str){0};
        return show_trouble(&press, "amount_follows", 422);
    }
    if (!amount_good(&press))
        return cart_show(press.page, &press.trouble);
    err = begin(&press, &start, &intent);
    if (err == ERR_BUSY) {
        http_header_add(response, "Retry-After", "5");
        return show_trouble(&press, "provider_busy", 503);
    }
    return err ? err : follow(&press, start, &intent);
}

/* ---- giving up ---- */

static enum err find_own(struct page *page, struct payment_intent *intent)
{
    enum err err = intent_find_token(page->db, page->request->path_parts[0], page->arena, intent);

    if (!err && (intent->association_id != page->association.id ||
                 intent->member_id != page->session.member_id))
        err = fail(ERR_NOT_FOUND, "an attempt of somebody else");
    return err;
}

enum err abandon_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct payment_service *service = page->web->options.service;
    const struct audit_actor actor = page_actor(page);
    const struct cart_trouble busy = {.key = "still_in_progress", .status = 503};
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    struct payment_intent intent;
    enum err err = find_own(page, &intent);

    if (!err)
        err = gate_enter(&page->web->provider_gate);
    if (err)
        return err;
    err = payment_cancel(service, &call, page->association.id, intent.id, &actor, &intent);
    gate_leave(&page->web->provider_gate);
    if (err == ERR_BUSY) {
        http_header_add(response, "Retry-After", "30");
        return cart_show(page, &busy);
    }
    return err ? err
               : http_redirect(response, arena_printf(page->arena, "/paiement/%s", intent.token));
}

/* ---- coming back ---- */

static const char *const states[] = {"created", "open",     "processing", "paid",
                                     "failed",  "canceled", "expired"};

static bool is_own(const struct page *page, const struct payment_intent *intent)
{
    return page_is_member(page) && intent->association_id == page->session.association_id &&
           intent->member_id == page->session.member_id;
}

static enum err set_payment(struct page *page, struct template_map *data,
                            const struct payment_intent *intent)
{
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(intent->provider));
    const struct currency *currency = money_currency(intent->currency);
    struct association association;
    bool own = is_own(page, intent), asks = provider && payment_asks(provider, intent);
    bool live = intent_state_live(intent->state);
    const char *resume_url = embedded_resume_url(page, intent);
    enum err err = association_find(page->db, intent->association_id, page->arena, &association);

    if (err)
        return err;
    page_flags(data, states, sizeof(states) / sizeof(states[0]), intent_state_name(intent->state));
    template_set_text(data, "state", intent_state_name(intent->state));
    template_set_money(data, "amount", intent->amount_cents, currency);
    template_set_int(data, "amount_cents", intent->amount_cents);
    template_set_text(data, "provider", page_provider_label(page, intent->provider));
    template_set_text(data, "receiver", association.name);
    template_set_time(data, "since", intent->created_at, association.zone);
    template_set_time(data, "until", intent->expires_at, association.zone);
    template_set_text(data, "token", intent->token);
    template_set_flag(data, "own", own);
    template_set_flag(data, "asks", asks);
    template_set_flag(data, "declined", intent->declines > 0);
    template_set_flag(data, "refreshes", live || intent->state == INTENT_PROCESSING);
    template_set_flag(data, "has_script", live || intent->state == INTENT_PROCESSING);
    template_set_flag(data, "may_resume", own && asks && resume_url);
    template_set_text(data, "resume_url", own && resume_url ? resume_url : "");
    template_set_flag(data, "may_abandon", own && intent->state == INTENT_OPEN);
    template_set_none(data, "abandon_token");
    return own ? page_form_token(page, data, "abandon_token", "/paiement/{}/abandonner") : OK;
}

enum err payment_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct web_options *options = &page->web->options;
    struct template_map *data = page_data(page, "paiement");
    const struct provider *provider;
    struct payment_intent intent;
    enum err err = intent_find_token(page->db, request->path_parts[0], page->arena, &intent);

    (void)response;
    if (!err)
        err = set_payment(page, data, &intent);
    if (err)
        return err;
    provider = payment_provider(options->service, str_of(intent.provider));
    if (provider && payment_asks(provider, &intent) &&
        (intent_state_live(intent.state) || intent.state == INTENT_PROCESSING))
        worker_wake_intent(options->worker, provider, intent.association_id, intent.id);
    return page_render(page, 200, "paiement.html", data);
}

/* Some providers send the browser back by POST, with fields of their own: they are not read. */
enum err payment_post_back(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);

    for (size_t i = 0; i < request->path_parts[0].len; i++) {
        char byte = request->path_parts[0].data[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= '0' && byte <= '9') || byte == '-'))
            return fail(ERR_NOT_FOUND, "no such payment");
    }
    return http_redirect(
        response, arena_printf(page->arena, "/paiement/%.*s", STR_PRINT(request->path_parts[0])));
}
