#include "web/form.h"

#include "association/option.h"
#include "base/utf8.h"
#include "payment/account.h"
#include "payment/service.h"

/* Each way the form can be wrong. */
static const struct form_fault faults[] = {
    {"version", "stale"},          {"minimum", "unreadable"},     {"minimum", "too_large"},
    {"minimum", "below_provider"}, {"maximum", "unreadable"},     {"maximum", "too_large"},
    {"maximum", "below_minimum"},  {"maximum", "above_provider"}, {"texte", "too_long"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* What the linked providers take between them; before any is linked, all that we know. */
struct span {
    int64_t lowest_cents;
    int64_t highest_cents;
};

static void widen(struct span *span, const struct provider *provider,
                  const struct currency *currency)
{
    struct provider_limits limits = provider->limits(currency);

    if (!limits.currency_supported)
        return;
    if (limits.minimum_cents < span->lowest_cents)
        span->lowest_cents = limits.minimum_cents;
    if (limits.maximum_cents > span->highest_cents)
        span->highest_cents = limits.maximum_cents;
}

static enum err read_span(struct page *page, struct span *span)
{
    const struct payment_service *service = page->web->options.service;
    const struct currency *currency = page->association.currency;
    struct provider_account *accounts;
    size_t count;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    *span = (struct span){INT64_MAX, 0};
    for (size_t i = 0; !err && i < count; i++) {
        const struct provider *provider = payment_provider(service, str_of(accounts[i].provider));

        if (provider)
            widen(span, provider, currency);
    }
    for (size_t i = 0; span->highest_cents == 0 && i < service->provider_count; i++)
        widen(span, service->providers[i], currency);
    if (span->highest_cents == 0 || span->highest_cents > MONEY_MAX_CENTS)
        span->highest_cents = MONEY_MAX_CENTS;
    if (span->lowest_cents > span->highest_cents)
        span->lowest_cents = 1;
    return err;
}

/* ---- showing ---- */

static void add_provider(struct page *page, struct template_list *list,
                         const struct provider_account *account, size_t place, size_t count)
{
    const struct currency *currency = page->association.currency;
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(account->provider));
    struct provider_limits limits = {0};
    struct template_map *item = template_list_add(list);

    if (provider)
        limits = provider->limits(currency);
    page_set_id(page, item, "id", account->id);
    template_set_text(item, "label", account->label);
    template_set_text(item, "external_id", account->external_id);
    template_set_int(item, "place", (int64_t)place);
    template_set_flag(item, "is_first", place == 1);
    template_set_flag(item, "is_last", place == count);
    template_set_flag(item, "takes", limits.currency_supported);
    template_set_money(item, "smallest", limits.minimum_cents, currency);
}

static enum err add_providers(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "providers");
    struct provider_account *accounts;
    size_t count;
    enum err err =
        account_list_linked(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++)
        add_provider(page, list, &accounts[i], i + 1, count);
    template_set_flag(data, "has_providers", !err && count > 0);
    template_set_flag(data, "has_order", !err && count > 1);
    return err;
}

static void set_amount(struct page *page, struct template_map *data, const char *name,
                       int64_t cents)
{
    char *text = arena_alloc(page->arena, MONEY_TEXT_MAX);

    template_set_text(data, name, money_format_input(text, cents, page->association.currency));
}

/* What is stored. */
static void set_stored(struct page *page, struct template_map *data)
{
    const struct association *association = &page->association;

    template_set_flag(data, "en_partie", association->part_payments);
    template_set_flag(data, "avance", association->advances);
    set_amount(page, data, "minimum", association->amount_min_cents);
    set_amount(page, data, "maximum", association->amount_max_cents);
    template_set_flag(data, "by_month", association->fee_booking == FEES_BY_MONTH);
    template_set_flag(data, "participation", association->covers_fees);
    template_set_text(data, "texte", association->button_text);
}

/* What was typed. */
static void set_typed(struct page *page, struct template_map *data)
{
    form_keep(page, page->route->fields, data);
    template_set_flag(data, "by_month", str_is(http_field_text(page->request, "frais"), "mois"));
}

/* form: what was typed and is wrong; NULL: what is stored is shown. */
static enum err show(struct page *page, int status, const struct form *wrong)
{
    struct template_map *data = page_data(page, "options");
    struct form none;
    struct span span;
    enum err err = page_begin_reading(page);

    if (!err) /* as it is now: the form that is shown may be sent again */
        err = association_find(page->db, page->session.association_id, page->arena,
                               &page->association);
    if (!err)
        err = read_span(page, &span);
    if (!err)
        err = page_form_token(page, data, "csrf", "/parametrage/options");
    if (!err)
        err = page_form_token(page, data, "order_csrf", "/parametrage/options/ordre");
    if (!err)
        err = add_providers(page, data);
    if (err)
        return err;
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    form_done(page, "options|ordre", data);
    if (wrong)
        set_typed(page, data);
    else
        set_stored(page, data);
    page_set_id(page, data, "version", page->association.options_version);
    template_set_money(data, "provider_lowest", span.lowest_cents, page->association.currency);
    template_set_money(data, "provider_highest", span.highest_cents, page->association.currency);
    return page_render(page, status, "options.html", data);
}

enum err options_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL);
}

/* ---- changing ---- */

struct change_of_options {
    struct option_draft draft;
    struct audit_actor actor;
};

static enum err write_options(struct db *db, void *argument)
{
    const struct change_of_options *change = argument;

    return option_set(db, &change->draft, &change->actor);
}

static int64_t read_amount(struct page *page, struct form *form, const char *field)
{
    int64_t cents = 0;
    enum money_verdict verdict =
        money_parse(http_field_text(page->request, field), page->association.currency, &cents);

    if (verdict == MONEY_TOO_LARGE)
        form_fault(form, field, "too_large");
    else if (verdict != MONEY_OK)
        form_fault(form, field, "unreadable");
    return cents;
}

static void check_amounts(struct form *form, const struct option_draft *draft,
                          const struct span *span)
{
    if (!form_faulty(form, "minimum") && draft->amount_min_cents < span->lowest_cents)
        form_fault(form, "minimum", "below_provider");
    if (!form_faulty(form, "maximum") && draft->amount_max_cents > span->highest_cents)
        form_fault(form, "maximum", "above_provider");
    if (!form_faulty(form, NULL) && draft->amount_max_cents < draft->amount_min_cents)
        form_fault(form, "maximum", "below_minimum");
}

static void read_draft(struct page *page, struct form *form, const struct span *span,
                       struct option_draft *draft)
{
    const struct http_request *request = page->request;
    struct str text = http_field_text(request, "texte");

    draft->association_id = page->association.id;
    draft->version = http_field_id(request, "version");
    draft->part_payments = !str_empty(http_field_text(request, "en_partie"));
    draft->advances = !str_empty(http_field_text(request, "avance"));
    draft->amount_min_cents = read_amount(page, form, "minimum");
    draft->amount_max_cents = read_amount(page, form, "maximum");
    check_amounts(form, draft, span);
    draft->fee_booking =
        str_is(http_field_text(request, "frais"), "mois") ? FEES_BY_MONTH : FEES_BY_PAYMENT;
    draft->covers_fees = !str_empty(http_field_text(request, "participation"));
    draft->button_text = str_copy(page->arena, text);
    if (utf8_length(text) > OPTION_BUTTON_TEXT_MAX)
        form_fault(form, "texte", "too_long");
}

enum err options_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change_of_options change = {.actor = page_actor(page)};
    struct form form;
    struct span span;
    enum err err = read_span(page, &span);

    if (err)
        return err;
    form_init(&form, faults, FAULT_COUNT);
    read_draft(page, &form, &span, &change.draft);
    if (form_faulty(&form, NULL))
        return show(page, 400, &form);
    err = db_write(page->web->options.service->writer, write_options, &change);
    if (err == ERR_CONFLICT) {
        form_fault(&form, "version", "stale");
        return show(page, 409, &form);
    }
    return err ? err : http_redirect(response, "/parametrage/options?fait=options");
}

/* ---- the order of the buttons ---- */

struct move_of_account {
    int64_t association_id;
    int64_t account_id;
    enum account_step step;
    struct audit_actor actor;
};

static enum err write_move(struct db *db, void *argument)
{
    const struct move_of_account *move = argument;

    return account_move(db, move->association_id, move->account_id, move->step, &move->actor);
}

enum err options_order_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct move_of_account move = {
        .association_id = page->association.id,
        .account_id = http_field_id(request, "compte"),
        .step = str_is(http_field_text(request, "sens"), "haut") ? ACCOUNT_UP : ACCOUNT_DOWN,
        .actor = page_actor(page),
    };
    enum err err = db_write(page->web->options.service->writer, write_move, &move);

    return err ? err : http_redirect(response, "/parametrage/options?fait=ordre");
}
