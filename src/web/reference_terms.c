#include "web/reference.h"

#include "payment/service.h"
#include "payment/terms.h"

#include <string.h>

const struct http_field terms_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"taux", HTTP_TEXT, 40, NULL, 0},
    {"depuis", HTTP_TEXT, 40, NULL, 0}, /* this and the next: not there when they stay */
    {"solde", HTTP_TEXT, 64, NULL, 0},
    {"autres", HTTP_TOKEN, 20, NULL, 0}, /* not there: it stays */
    {0},
};

static const struct form_fault faults[] = {
    {"version", "stale"}, {"taux", "wrong"},    {"depuis", "wrong"},   {"depuis", "future"},
    {"solde", "wrong"},   {"depuis", "booked"}, {"autres", "unknown"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* The sign that typography puts before a negative amount. */
#define MINUS "\u2212"

/* A percentage is written like an amount with two decimals: 2,5 % are 250 points. */
static const struct currency *percent(void)
{
    return money_currency("EUR");
}

/* ---- the list on Référentiel ---- */

static int64_t points_of(const struct page *page, const struct terms *terms)
{
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(terms->account.provider));

    return provider ? payment_rate_points(provider, &terms->account) : terms->account.rate_points;
}

static void set_account(struct page *page, struct template_map *map, const struct terms *terms)
{
    const struct provider_account *account = &terms->account;
    int64_t points = points_of(page, terms);

    page_set_id(page, map, "id", account->id);
    template_set_text(map, "label", account->label);
    template_set_text(map, "name",
                      *account->external_id ? account->external_id : account->email_folded);
    template_set_text(map, "account_code", account->transit_account);
    template_set_flag(map, "linked", account->linked);
    template_set_flag(map, "is_test", account->mode == ACCOUNT_TEST);
    template_set_flag(map, "proposed", account->rate_points < 0);
    template_set_money(map, "rate", points > 0 ? points : 0, percent());
    template_set_date(map, "since", terms->since_day);
    template_set_money(map, "opening", terms->opening_cents, page->association.currency);
}

enum err terms_add_list(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "providers");
    struct terms *terms;
    size_t count = 0;
    enum err err = terms_list(page->db, page->association.id, page->arena, &terms, &count);

    for (size_t i = 0; !err && i < count; i++)
        set_account(page, template_list_add(list), &terms[i]);
    template_set_flag(data, "has_providers", count > 0);
    return err;
}

/* ---- the advice ---- */

static int64_t advised_points(const struct page *page, const struct terms *terms, size_t count,
                              const char *name, bool *own)
{
    const struct provider *provider = payment_provider(page->web->options.service, str_of(name));
    const struct terms *said = terms_of_provider(terms, count, name);

    *own = said != NULL;
    return said ? said->account.rate_points : provider ? provider->usual_rate_points : 0;
}

enum err terms_add_advice(struct page *page, struct template_map *data)
{
    struct terms *terms;
    size_t count = 0;
    bool own_stripe, own_paypal;
    int64_t stripe, paypal;
    enum err err = terms_list(page->db, page->association.id, page->arena, &terms, &count);

    if (err)
        return err;
    stripe = advised_points(page, terms, count, "stripe", &own_stripe);
    paypal = advised_points(page, terms, count, "paypal", &own_paypal);
    template_set_money(data, "stripe_rate", stripe, percent());
    template_set_money(data, "paypal_rate", paypal, percent());
    template_set_flag(data, "own_rates", own_stripe || own_paypal);
    template_set_flag(data, "stripe_costs_less", stripe < paypal);
    return OK;
}

/* ---- one account ---- */

/* "-12,50", "0,00": what a person would type. */
static const char *amount_text(struct page *page, int64_t cents, const struct currency *currency)
{
    char *text = arena_alloc(page->arena, MONEY_TEXT_MAX);

    if (cents < 0)
        return arena_printf(page->arena, "-%s", money_format_input(text, -cents, currency));
    return money_format_input(text, cents, currency);
}

static void set_stored(struct page *page, struct template_map *data, const struct terms *terms)
{
    int64_t points = terms->account.rate_points;
    char *since = arena_alloc(page->arena, DATE_TEXT_MAX);

    template_set_text(data, "taux", points >= 0 ? amount_text(page, points, percent()) : "");
    template_set_text(data, "depuis", date_format_iso(since, terms->since_day));
    template_set_text(data, "solde",
                      amount_text(page, terms->opening_cents, page->association.currency));
}

static enum err show(struct page *page, int status, const struct form *wrong,
                     const struct terms *terms)
{
    struct template_map *data = page_data(page, "encaissement");
    struct form none;
    enum err err = page_form_token(page, data, "csrf", "/parametrage/referentiel/encaissement/{}");

    if (err)
        return err;
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    set_stored(page, data, terms);
    if (wrong)
        form_keep(page, page->route->fields, data);
    set_account(page, data, terms);
    template_set_flag(data, "booked", terms->booked);
    err = reference_add_accounts(page, data, "",
                                 wrong && http_field_given(page->request, "autres")
                                     ? http_field_text(page->request, "autres")
                                     : str_of(terms->other_account));
    if (err)
        return err;
    page_set_id(page, data, "version", terms->account.version);
    return page_render(page, status, "encaissement.html", data);
}

static enum err find(struct page *page, struct terms *terms)
{
    int64_t id;

    if (!str_to_int64(page->request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such account at a provider");
    return terms_find(page->db, page->association.id, id, page->arena, terms);
}

enum err terms_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct terms terms;
    enum err err = find(page, &terms);

    (void)response;
    return err ? err : show(page, 200, NULL, &terms);
}

/* ---- reading what was typed ---- */

/* "2,5", "2.50 %", "0"; nothing: not said. */
static void read_rate(struct page *page, struct form *form, struct terms_draft *draft)
{
    struct str typed = http_field_text(page->request, "taux");
    enum money_verdict verdict;

    draft->rate_points = -1;
    if (str_empty(typed))
        return;
    if (typed.data[typed.len - 1] == '%')
        typed = str_trim(str_from(typed.data, typed.len - 1));
    verdict = money_parse(typed, percent(), &draft->rate_points);
    if (verdict == MONEY_ZERO)
        draft->rate_points = 0;
    else if (verdict != MONEY_OK || draft->rate_points > TERMS_RATE_MAX_POINTS)
        form_fault(form, "taux", "wrong");
}

static void read_since(struct page *page, struct form *form, struct terms_draft *draft)
{
    static const struct date earliest = {1970, 1, 1};

    if (!date_parse_iso(http_field_text(page->request, "depuis"), &draft->since_day) ||
        date_compare(draft->since_day, earliest) < 0)
        form_fault(form, "depuis", "wrong");
    else if (date_compare(draft->since_day, reference_today(page)) > 0)
        form_fault(form, "depuis", "future");
}

/* May be negative: a provider can have been owed something. Nothing: nil. */
static void read_opening(struct page *page, struct form *form, struct terms_draft *draft)
{
    struct str typed = http_field_text(page->request, "solde");
    size_t sign = str_starts(typed, "-") ? 1 : str_starts(typed, MINUS) ? strlen(MINUS) : 0;
    int64_t cents = 0;
    enum money_verdict verdict;

    draft->opening_cents = 0;
    if (str_empty(typed))
        return;
    verdict = money_parse(str_trim(str_from(typed.data + sign, typed.len - sign)),
                          page->association.currency, &cents);
    if (verdict != MONEY_OK && verdict != MONEY_ZERO)
        form_fault(form, "solde", "wrong");
    draft->opening_cents = sign > 0 ? -cents : cents;
}

/* An account of the chart that takes new lines, or the one it was. */
static enum err read_other(struct page *page, struct form *form, const struct terms *stored,
                           struct terms_draft *draft)
{
    bool usable = true;
    enum err err = OK;

    draft->other_account = stored->other_account;
    if (!http_field_given(page->request, "autres"))
        return OK;
    draft->other_account = str_copy(page->arena, http_field_text(page->request, "autres"));
    if (strcmp(draft->other_account, stored->other_account) != 0)
        err = accounting_account_usable(page->db, page->association.id, draft->other_account,
                                        &usable);
    if (!err && !usable)
        form_fault(form, "autres", "unknown");
    return err;
}

/* What stays once it was booked is not in the form. */
static struct terms_draft read_draft(struct page *page, struct form *form,
                                     const struct terms *stored)
{
    struct terms_draft draft = {
        .association_id = page->association.id,
        .id = stored->account.id,
        .version = http_field_id(page->request, "version"),
        .since_day = stored->since_day,
        .opening_cents = stored->opening_cents,
    };

    read_rate(page, form, &draft);
    if (!stored->booked || http_field_given(page->request, "depuis")) {
        read_since(page, form, &draft);
        read_opening(page, form, &draft);
    }
    return draft;
}

/* ---- changing ---- */

struct terms_writing {
    struct terms_draft draft;
    struct audit_actor actor;
    enum terms_result result;
};

static enum err write_terms(struct db *db, void *argument)
{
    struct terms_writing *writing = argument;

    return terms_write(db, &writing->draft, &writing->actor, &writing->result);
}

enum err terms_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct terms_writing writing = {.actor = page_actor(page)};
    struct terms terms;
    struct form form;
    enum err err = find(page, &terms);

    (void)response, (void)request;
    if (err)
        return err;
    form_init(&form, faults, FAULT_COUNT);
    writing.draft = read_draft(page, &form, &terms);
    err = page_begin_reading(page);
    if (!err)
        err = read_other(page, &form, &terms, &writing.draft);
    if (err)
        return err;
    if (form_faulty(&form, NULL))
        return show(page, 400, &form, &terms);
    page_end_reading(page);
    err = db_write(page->web->options.service->writer, write_terms, &writing);
    if (err)
        return err;
    if (writing.result == TERMS_WRITTEN)
        return http_redirect(page->response, "/parametrage/referentiel?fait=frais");
    if (writing.result == TERMS_STALE)
        form_fault(&form, "version", "stale");
    else
        form_fault(&form, "depuis", "booked");
    err = find(page, &terms);
    return err ? err : show(page, 409, &form, &terms);
}
