#include "web/statement.h"

#include "payment/service.h"
#include "payment/statement_task.h"
#include "web/form.h"

#include <stdio.h>

enum { MONTHS_SHOWN = 12 };

const struct http_field statement_fields[] = {
    {"jusqua", HTTP_TOKEN, 10, NULL, 0}, /* the last month shown */
    {"fait", HTTP_CHOICE, 16, "lecture|deja|fichier|partie", 0},
    {0},
};
const struct http_field statement_read_fields[] = {
    TOKEN_FIELD,
    {"compte", HTTP_ID, 20, NULL, 1},
    {"mois", HTTP_TOKEN, 10, NULL, 0}, /* only that one */
    {0},
};

static const char *const kinds[] = {
    "capture", "capture_failed", "fee",    "dispute_fee",   "refund", "refund_failed",
    "dispute", "dispute_won",    "payout", "payout_failed", "other",  "none",
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- what the pages share ---- */

bool statement_read_month(struct str text, struct date *first)
{
    char day[DATE_TEXT_MAX];

    if (text.len != 7)
        return false;
    (void)snprintf(day, sizeof(day), "%.7s-01", text.data);
    return date_parse_iso(str_of(day), first) && first->year >= 2000 && first->year < 2100;
}

const struct currency *statement_currency(const struct page *page, const char *code)
{
    const struct currency *currency = money_currency(code);

    return currency ? currency : page->association.currency;
}

void statement_set_kind(struct arena *arena, struct template_map *map, const char *kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        template_set_flag(map, arena_printf(arena, "kind_%s", kinds[i]),
                          str_is(str_of(kind), kinds[i]));
}

void statement_set_account(struct page *page, struct template_map *map,
                           const struct statement_account *account)
{
    const struct provider *provider =
        payment_provider(page->web->options.service, str_of(account->provider));

    page_set_id(page, map, "account_id", account->id);
    template_set_text(map, "account_label", account->label);
    template_set_text(map, "provider_label", page_provider_label(page, account->provider));
    template_set_text(map, "transit_code", account->transit_account);
    template_set_date(map, "since", account->since_day);
    template_set_flag(map, "linked", account->linked);
    template_set_flag(map, "reads",
                      provider && provider->statement && !account->revoked &&
                          (!provider->able || account->has_keys));
    template_set_flag(map, "uploads", provider && provider->activity);
    template_set_flag(map, "was_read", account->read_until_at > 0);
    template_set_time(map, "read_until", account->read_until_at, page->association.zone);
}

static void set_sum(struct page *page, struct template_map *map, const char *name,
                    struct statement_sum sum)
{
    struct arena *arena = page->arena;

    template_set_flag(map, arena_printf(arena, "has_%s", name), sum.count > 0);
    template_set_flag(map, arena_printf(arena, "several_%s", name), sum.count > 1);
    template_set_int(map, arena_printf(arena, "%s_count", name), sum.count);
    template_set_money(map, arena_printf(arena, "%s_sum", name), sum.cents,
                       page->association.currency);
}

static void set_money(struct page *page, struct template_map *map, const char *name, int64_t cents)
{
    template_set_money(map, name, cents, page->association.currency);
    template_set_int(map, arena_printf(page->arena, "%s_cents", name), cents);
    template_set_flag(map, arena_printf(page->arena, "has_%s", name), cents != 0);
}

static void set_name(struct page *page, struct template_map *map,
                     const struct statement_account *account, const struct statement_month *month)
{
    for (int i = 1; i <= 12; i++)
        template_set_flag(map, arena_printf(page->arena, "month_%d", i), i == month->month);
    template_set_text(map, "year_text", arena_printf(page->arena, "%d", month->year));
    template_set_text(map, "month_key",
                      arena_printf(page->arena, "%04d-%02d", month->year, month->month));
    template_set_text(map, "month_address",
                      arena_printf(page->arena, "/comptabilite/rapprochement/%lld/%04d-%02d",
                                   (long long)account->id, month->year, month->month));
}

void statement_set_month(struct page *page, struct template_map *map,
                         const struct statement_account *account,
                         const struct statement_month *month)
{
    static const char *const names[STATEMENT_STATES] = {"matched",  "missing", "different",
                                                        "no_entry", "outside", "pending"};
    int64_t gap = statement_gap_cents(month);

    set_name(page, map, account, month);
    for (size_t i = 0; i < STATEMENT_STATES; i++)
        set_sum(page, map, names[i], month->states[i]);
    set_sum(page, map, "unknown", month->unknown);
    set_sum(page, map, "unread", month->unread);
    set_money(page, map, "opening", month->opening_cents);
    set_money(page, map, "moved", month->moved_cents);
    set_money(page, map, "closing", month->closing_cents);
    set_money(page, map, "booked", month->booked_cents);
    set_money(page, map, "fees", month->fees_cents);
    set_money(page, map, "shifted", month->shifted_cents);
    set_money(page, map, "gap", gap);
    template_set_flag(map, "proven", month->proven && !month->before_since);
    template_set_flag(map, "read_whole", month->read_whole);
    template_set_flag(map, "is_current", month->is_current);
    template_set_flag(map, "before_since", month->before_since);
    template_set_flag(map, "is_unread", !month->read_whole && !month->before_since);
    template_set_flag(map, "is_open", month->read_whole && !month->proven && !month->before_since);
}

/* ---- the months of each account ---- */

static struct date month_before(struct date first, int months)
{
    int number = first.year * 12 + first.month - 1 - months;

    return (struct date){number / 12, number % 12 + 1, 1};
}

static int months_between(struct date from, struct date until)
{
    return (until.year - from.year) * 12 + until.month - from.month;
}

static enum err add_reading(struct page *page, struct template_map *item,
                            const struct statement_account *account)
{
    struct statement_reading reading;
    enum err err = statement_last_reading(page->db, account, page->arena, &reading);

    if (err)
        return err;
    template_set_flag(item, "is_waiting", reading.asked && reading.waiting);
    template_set_flag(item, "is_delayed", reading.waiting && reading.answer[0]);
    template_set_flag(item, "is_refused", reading.refused);
    template_set_text(item, "answer", reading.answer);
    template_set_int(item, "line_count", reading.line_count);
    template_set_time(item, "asked_at", reading.asked ? reading.updated_at : 0,
                      page->association.zone);
    return OK;
}

/* Twelve months, the newest first; none before the account's first day. */
static enum err add_months(struct page *page, struct template_map *item,
                           const struct statement_account *account, struct date last)
{
    struct template_list *list = template_set_list(item, "months");
    int count = months_between(account->since_day, last) + 1;
    struct statement_month *months;
    enum err err;

    template_set_flag(item, "has_older", count > MONTHS_SHOWN);
    template_set_text(item, "older_address",
                      arena_printf(page->arena, "/comptabilite/rapprochement?jusqua=%04d-%02d",
                                   month_before(last, MONTHS_SHOWN).year,
                                   month_before(last, MONTHS_SHOWN).month));
    count = count > MONTHS_SHOWN ? MONTHS_SHOWN : count;
    template_set_flag(item, "has_months", count > 0);
    if (count <= 0)
        return OK;
    err = statement_months(page->db, &page->association, account, month_before(last, count - 1),
                           (size_t)count, page->now, page->arena, &months);
    for (int i = count - 1; !err && i >= 0; i--)
        statement_set_month(page, template_list_add(list), account, &months[i]);
    return err;
}

static enum err add_account(struct page *page, struct template_list *list,
                            const struct statement_account *account, struct date last)
{
    struct template_map *item = template_list_add(list);
    enum err err = add_reading(page, item, account);

    statement_set_account(page, item, account);
    return err ? err : add_months(page, item, account, last);
}

enum err statement_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "rapprochement");
    struct template_list *list = template_set_list(data, "accounts");
    struct date last = zone_date(page->association.zone, page->now), asked;
    struct statement_account *accounts;
    size_t count = 0;
    enum err err = page_form_token(page, data, "csrf", "/comptabilite/rapprochement/lire");

    (void)response;
    last.day = 1;
    if (http_field_given(request, "jusqua")) {
        if (!statement_read_month(http_field_text(request, "jusqua"), &asked))
            return fail(ERR_INPUT, "not a month");
        last = date_compare(asked, last) < 0 ? asked : last;
    }
    if (!err)
        err = statement_accounts(page->db, page->association.id, page->arena, &accounts, &count);
    for (size_t i = 0; !err && i < count; i++)
        err = add_account(page, list, &accounts[i], last);
    template_set_flag(data, "has_accounts", count > 0);
    template_set_flag(data, "first_page", !http_field_given(request, "jusqua"));
    form_done(page, "lecture|deja|fichier|partie", data);
    return err ? err : page_render(page, 200, "rapprochement.html", data);
}

/* ---- reading now ---- */

struct asking {
    struct page *page;
    struct date month;
    bool has_month;
    bool added;
};

static int64_t earlier_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum err write_ask(struct db *db, void *argument)
{
    struct asking *asking = argument;
    struct page *page = asking->page;
    const struct zone *zone = page->association.zone;
    const struct audit_actor actor = page_actor(page);
    struct statement_account account;
    struct statement_ask ask = {.association = &page->association,
                                .account = &account,
                                .payout = "",
                                .actor = &actor,
                                .now = page->now};
    struct arena *arena = arena_new();
    enum err err = statement_account_find(db, page->association.id,
                                          http_field_id(page->request, "compte"), arena, &account);

    if (asking->has_month) {
        ask.since_at = zone_day_start(zone, asking->month);
        ask.until_at =
            earlier_of(zone_day_start(zone, month_before(asking->month, -1)), page->now);
    }
    if (!err)
        err = statement_ask(db, &ask, &asking->added);
    arena_free(arena);
    return err;
}

static enum err check_ask(struct page *page)
{
    const struct provider *provider;
    struct statement_account account;
    enum err err = page_begin_reading(page);

    if (!err)
        err =
            statement_account_find(page->db, page->association.id,
                                   http_field_id(page->request, "compte"), page->arena, &account);
    page_end_reading(page);
    if (err)
        return err;
    provider = payment_provider(page->web->options.service, str_of(account.provider));
    return provider && provider->statement && !account.revoked &&
                   (!provider->able || account.has_keys)
               ? OK
               : fail(ERR_CONFLICT, "this account's list cannot be asked for");
}

enum err statement_read_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking asking = {.page = page, .has_month = http_field_given(request, "mois")};
    enum err err = check_ask(page);

    (void)response;
    if (!err && asking.has_month &&
        (!statement_read_month(http_field_text(request, "mois"), &asking.month) ||
         zone_day_start(page->association.zone, asking.month) >= page->now))
        err = fail(ERR_INPUT, "not a month that has begun");
    if (!err)
        err = db_write(page->web->options.service->writer, write_ask, &asking);
    if (err)
        return err;
    return http_redirect(page->response, asking.added ? "/comptabilite/rapprochement?fait=lecture"
                                                      : "/comptabilite/rapprochement?fait=deja");
}
