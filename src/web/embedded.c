#include "web/embedded.h"

#include "payment/account.h"
#include "payment/room.h"
#include "payment/service.h"
#include "queries.h"
#include "web/cart.h"
#include "web/settings.h"

#include <string.h>

/* ---- what the browser may load ---- */

/* An origin, and with `below` the hosts below it: Stripe frames some of its own there. */
static void allow(struct buffer *policy, const char *url, bool below)
{
    const char *origin = guard_origin(url, policy->arena);

    buffer_printf(policy, " %s", origin);
    if (below)
        buffer_printf(policy, " %.*s://*.%s", (int)(strchr(origin, ':') - origin), origin,
                      strchr(origin, '/') + 2);
}

const char *embedded_policy(const struct provider_settings *settings, const char *closed,
                            struct arena *arena)
{
    static const char own_script[] = "script-src 'self'", own_calls[] = "connect-src 'self'";
    const char *script = strstr(closed, own_script), *calls = strstr(closed, own_calls);
    struct buffer policy;

    require(script && calls && script < calls);
    script += sizeof own_script - 1;
    calls += sizeof own_calls - 1;
    buffer_init(&policy, arena, 1024);
    buffer_add(&policy, closed, (size_t)(script - closed));
    allow(&policy, settings->stripe_script_url, true);
    buffer_add(&policy, script, (size_t)(calls - script));
    allow(&policy, settings->stripe_api_url, false);
    allow(&policy, settings->stripe_checkout_url, false);
    buffer_add_text(&policy, "; frame-src");
    allow(&policy, settings->stripe_script_url, true);
    allow(&policy, settings->stripe_checkout_url, false);
    allow(&policy, settings->stripe_hooks_url, false);
    buffer_add_text(&policy, calls);
    return policy.data;
}

const char *embedded_resume_url(const struct page *page, const struct payment_intent *intent)
{
    if (intent->state != INTENT_OPEN)
        return NULL;
    return intent->embedded ? arena_printf(page->arena, "/payer/%s", intent->token)
                            : intent->provider_url;
}

/* ---- the page ---- */

static enum err find_own(struct page *page, struct payment_intent *intent)
{
    enum err err = intent_find_token(page->db, page->request->path_parts[0], page->arena, intent);

    if (!err && (intent->association_id != page->association.id ||
                 intent->member_id != page->session.member_id))
        err = fail(ERR_NOT_FOUND, "an attempt of somebody else");
    return err;
}

/* The charges it is for; what is left of the amount is an advance or was added for the fees. */
static enum err add_charges(struct page *page, struct template_map *data,
                            const struct payment_intent *intent)
{
    const struct currency *currency = money_currency(intent->currency);
    struct template_list *list = template_set_list(data, "charges");
    int64_t left_cents = intent->amount_cents - intent->fee_cover_cents;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(page->db, Q_INTENT_CHARGE_LABELS,
                             DB_VALUES(db_int(intent->association_id), db_int(intent->id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "label", db_column_text(&rows, 0, page->arena));
        template_set_money(item, "sum", db_column_int(&rows, 1), currency);
        template_set_text(item, "whose", db_column_text(&rows, 2, page->arena));
        template_set_flag(item, "of_other", db_column_int(&rows, 3) != intent->member_id);
        left_cents -= db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_advance", left_cents > 0);
    template_set_money(data, "advance", left_cents > 0 ? left_cents : 0, currency);
    template_set_flag(data, "has_cover", intent->fee_cover_cents > 0);
    template_set_money(data, "cover", intent->fee_cover_cents, currency);
    return err;
}

static enum err show(struct page *page, const struct payment_intent *intent, const char *secret,
                     const struct provider_browser *browser)
{
    struct template_map *data = page_data(page, "carte");
    enum err err = page_form_token(page, data, "hosted_token", "/payer/{}/page-stripe");

    if (!err)
        err = page_form_token(page, data, "abandon_token", "/paiement/{}/abandonner");
    template_set_flag(data, "has_embedded", true);
    template_set_text(data, "token", intent->token);
    template_set_money(data, "amount", intent->amount_cents, money_currency(intent->currency));
    template_set_int(data, "amount_cents", intent->amount_cents);
    if (!err)
        err = add_charges(page, data, intent);
    template_set_text(data, "receiver", page->association.name);
    template_set_text(data, "client_secret", secret);
    template_set_text(data, "publishable_key", browser->publishable_key);
    template_set_text(data, "stripe_account", browser->account);
    template_set_text(data, "script_url", page->web->options.service->settings->stripe_script_url);
    page->opens_payment = true;
    return err ? err : page_render(page, 200, "carte.html", data);
}

enum err embedded_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct payment_service *service = page->web->options.service;
    const struct provider *provider;
    struct provider_account account;
    struct provider_browser browser = {.publishable_key = "", .account = ""};
    struct payment_intent intent;
    const char *secret = NULL;
    enum err err = find_own(page, &intent);

    if (err)
        return err;
    err = intent_client_secret(page->db, &intent, page->arena, &secret);
    if (err == ERR_NOT_FOUND) /* it has ended, or is paid elsewhere */
        return http_redirect(response, arena_printf(page->arena, "/paiement/%s", intent.token));
    if (!err)
        err = account_find(page->db, intent.association_id, intent.provider_account_id,
                           page->arena, &account);
    if (err)
        return err;
    provider = payment_provider(service, str_of(account.provider));
    if (provider && provider->embeds) /* without a key the page shows the other way */
        (void)provider->embeds(service->settings, &account, &browser);
    return show(page, &intent, secret, &browser);
}

/* ---- the provider's own page instead ---- */

/* The same choice once more. Its form token is made of the attempt it follows, so that a button
 * pressed twice begins one. */
static enum err read_choice(struct page *page, const struct payment_intent *intent,
                            struct payment_press *press)
{
    struct payment_room room;
    int64_t *ticked = NULL;
    enum err err = intent_ticked(page->db, intent, page->arena, &ticked, &press->ticked_count);

    if (!err)
        err = payment_room(page->db, &page->association, page->session.member_id, page->arena,
                           &room);
    if (err)
        return err;
    press->association_id = page->association.id;
    press->member_id = page->session.member_id;
    press->provider_account_id = intent->provider_account_id;
    press->form_token = arena_printf(page->arena, "%s-page", intent->form_token);
    press->amount_cents = intent->amount_cents;
    press->fee_cover_cents = intent->fee_cover_cents;
    press->balance_shown_cents = room.balance_cents;
    press->ticked = ticked;
    press->login_id = page->session.login_id;
    press->address = page_address(page);
    return OK;
}

/* Ends the embedded attempt, and begins the other once it is known to have ended. */
static enum err begin_hosted(struct page *page, struct payment_intent *intent)
{
    const struct payment_service *service = page->web->options.service;
    struct provider_call call = payment_call(service, page->db, page->thread->client, page->arena);
    const struct audit_actor actor = page_actor(page);
    struct payment_press press = {0};
    enum intent_start start = INTENT_STARTED;
    enum err err = OK;

    if (intent->state == INTENT_OPEN && intent->embedded)
        err = payment_cancel(service, &call, page->association.id, intent->id, &actor, intent);
    if (err || (intent->state != INTENT_CANCELED && intent->state != INTENT_EXPIRED))
        return err;
    err = read_choice(page, intent, &press);
    if (!err)
        err = payment_begin(service, &call, &press, &start, intent);
    if (!err && (start == INTENT_BALANCE_CHANGED || start == INTENT_ACCOUNT_GONE ||
                 start == INTENT_AMOUNT_REFUSED))
        err = fail(ERR_CONFLICT, "the choice is not what it was");
    return err;
}

enum err embedded_hosted_post(struct http_request *request, struct http_response *response)
{
    const struct cart_trouble busy = {.key = "still_in_progress", .status = 503};
    const struct cart_trouble changed = {.key = "balance_changed", .status = 409};
    struct page *page = page_of(request);
    struct payment_intent intent;
    enum err err = find_own(page, &intent);

    if (!err)
        err = gate_enter(&page->web->provider_gate);
    if (err)
        return err;
    err = begin_hosted(page, &intent);
    gate_leave(&page->web->provider_gate);
    if (err == ERR_BUSY) {
        http_header_add(response, "Retry-After", "30");
        return cart_show(page, &busy);
    }
    if (err == ERR_CONFLICT)
        return cart_show(page, &changed);
    if (!err && intent.state == INTENT_OPEN && intent.provider_url) {
        if (!guard_provider_url(page->web->options.service->settings, intent.provider_url))
            return fail(ERR_PROVIDER, "an address that is not the provider's");
        return http_redirect(response, intent.provider_url);
    }
    return err ? err
               : http_redirect(response, arena_printf(page->arena, "/paiement/%s", intent.token));
}

/* ---- the association's choice ---- */

const struct http_field embedded_option_fields[] = {
    TOKEN_FIELD,
    {"compte", HTTP_ID, 20, NULL, 1},
    {"carte", HTTP_CHOICE, 8, "ici|stripe", 1},
    {0},
};

struct choosing {
    int64_t association_id, account_id;
    bool embedded;
    struct audit_actor actor;
};

static enum err write_choice(struct db *db, void *argument)
{
    const struct choosing *choosing = argument;

    return account_set_embedded(db, choosing->association_id, choosing->account_id,
                                choosing->embedded, &choosing->actor);
}

enum err embedded_option_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct choosing choosing = {.association_id = page->association.id,
                                .account_id = http_field_id(request, "compte"),
                                .embedded = str_is(http_field_text(request, "carte"), "ici"),
                                .actor = page_actor(page)};
    enum err err = db_write(page->web->options.service->writer, write_choice, &choosing);

    return err ? err
               : http_redirect(response,
                               arena_printf(page->arena, "/parametrage/mon-compte?fait=%s#stripe",
                                            choosing.embedded ? "stripe_ici" : "stripe_ailleurs"));
}
