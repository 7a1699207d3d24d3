/*
 * PayPal's own list by its interface, where the account lets its app read it: windows of a month,
 * in pages. Its codes stand in a table, with the meanings that the file's words have.
 *
 * What is younger than three hours may not be told yet: the nightly overlap reads it again.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/known.h"
#include "provider/paypal/activity.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/rest.h"

enum {
    PAGE_SIZE = 500,
    PAGES_MAX = 20, /* of one window: PayPal refuses more than 10 000 lines */
    WINDOW_S = 30 * 24 * 3600,
    LATE_S = 4 * 3600,
    CODE_LEN = 5
};

/* ---- codes ---- */

/* A whole code, or its group ("T11"): the first row that fits. */
static const struct {
    const char *code;
    enum activity_class class;
} codes[] = {
    {"T0001", CLASS_UNKNOWN}, /* payouts to many: the account pays */
    {"T00", CLASS_PAYMENT},
    {"T0106", CLASS_DISPUTE_FEE},
    {"T0114", CLASS_DISPUTE_FEE},
    {"T01", CLASS_FEE},
    {"T02", CLASS_CONVERSION},
    {"T03", CLASS_PAYOUT}, /* taken from the bank */
    {"T04", CLASS_PAYOUT},
    {"T08", CLASS_INCOME},
    {"T09", CLASS_INCOME},
    {"T1100", CLASS_REVERSAL},
    {"T1101", CLASS_PAYOUT_FAILED},
    {"T1105", CLASS_RESERVE},
    {"T1106", CLASS_REVERSAL},
    {"T1107", CLASS_REFUND},
    {"T1108", CLASS_FEE},
    {"T1109", CLASS_FEE},
    {"T1110", CLASS_RESERVE},
    {"T1111", CLASS_RESERVE},
    {"T1116", CLASS_REVERSAL},
    {"T1201", CLASS_REVERSAL},
    {"T1202", CLASS_REVERSAL_CANCELED},
    {"T1205", CLASS_REVERSAL_CANCELED},
    {"T13", CLASS_NOTHING},
    {"T14", CLASS_INCOME},
    {"T15", CLASS_RESERVE},
    {"T17", CLASS_PAYOUT},
    {"T20", CLASS_TRANSFER},
    {"T21", CLASS_RESERVE},
};

static enum activity_class class_of(const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strncmp(code, codes[i].code, strlen(codes[i].code)) == 0)
            return codes[i].class;
    return CLASS_UNKNOWN;
}

/* S success, F refunded in part, V reversed: the money of this line came or went. */
static enum activity_moved moved_of(struct str status)
{
    if (str_is(status, "S") || str_is(status, "F") || str_is(status, "V"))
        return MOVED_YES;
    return str_is(status, "P") || str_is(status, "D") ? MOVED_NO : MOVED_UNKNOWN;
}

/* ---- a line ---- */

static bool read_figures(const json_t *info, struct statement_line *line)
{
    const struct currency *currency, *fee_currency;
    int64_t fee_cents = 0;

    if (!paypal_amount_at(info, "transaction_amount", &currency, &line->gross_cents))
        return false;
    line->currency = currency->code;
    if (json_at(info, "fee_amount") &&
        (!paypal_amount_at(info, "fee_amount", &fee_currency, &fee_cents) ||
         fee_currency != currency))
        return false;
    line->fee_cents = -fee_cents;
    return true;
}

static const char *payer_of(const json_t *detail, struct arena *arena)
{
    const char *given =
        paypal_text_at(detail, "payer_info.payer_name.given_name", PAYPAL_PAYER_MAX / 2, arena);
    const char *surname =
        paypal_text_at(detail, "payer_info.payer_name.surname", PAYPAL_PAYER_MAX / 2, arena);

    return str_copy(arena, str_trim(str_of(arena_printf(arena, "%s %s", given, surname))));
}

/* One code stands for a dispute and for a payment that did not hold: what its notification said
 * is true. */
static enum err told_otherwise(const struct activity_subject *subject)
{
    bool failed = false;
    enum err err =
        known_movement(subject->call->db, subject->account->association_id, subject->account->id,
                       "capture_failed", subject->txn_id, &failed);

    if (failed)
        subject->line->kind = FACT_CAPTURE_FAILED;
    return err;
}

/* *whole false: it lacks what every line has. */
static enum err read_line(const struct provider_call *call, const struct provider_account *account,
                          const char *own_currency, const json_t *detail,
                          struct statement_line *line, bool *whole)
{
    struct arena *arena = call->arena;
    const json_t *info = json_at(detail, "transaction_info");
    const char *reference = paypal_id_at(info, "paypal_reference_id", arena);
    enum activity_moved moved = moved_of(json_text(info, "transaction_status"));
    struct activity_subject subject = {.call = call,
                                       .account = account,
                                       .line = line,
                                       .own_currency = own_currency,
                                       .txn_id = paypal_id_at(info, "transaction_id", arena),
                                       .reference = *reference ? reference : NULL};
    bool found = false;
    enum err err;

    *line = (struct statement_line){.reference = subject.txn_id,
                                    .movement = subject.txn_id,
                                    .type = paypal_word_at(info, "transaction_event_code", arena),
                                    .fee_reference = "",
                                    .token = "",
                                    .payer = payer_of(detail, arena),
                                    .payout = "",
                                    .nature = NATURE_UNKNOWN};
    *whole = *subject.txn_id && strlen(line->type) == CODE_LEN && moved != MOVED_UNKNOWN &&
             read_figures(info, line) &&
             paypal_time_at(info, "transaction_initiation_date", &line->fact_at);
    if (!*whole)
        return OK;
    err = activity_name_token(&subject, json_text(info, "invoice_id"), &found);
    if (err == OK)
        err = activity_name_token(&subject, json_text(info, "custom_field"), &found);
    if (err == OK)
        err = activity_mean(&subject, class_of(line->type), moved);
    if (err == OK && line->posts && line->kind == FACT_DISPUTE)
        err = told_otherwise(&subject);
    line->fee_reference = paypal_fee_reference(line->movement, arena);
    return err;
}

/* ---- a page ---- */

/* Where a reading is: the beginning of a window, and a page of it. */
struct place {
    int64_t from_at, until_at; /* until_at is not of it */
    int64_t page;
};

/* "1790856000:2"; "" = the beginning. */
static bool read_place(const struct statement_request *request, struct place *place)
{
    struct str rest = str_of(request->cursor);

    *place = (struct place){.from_at = request->since_at, .page = 1};
    if (!str_empty(rest) &&
        (!str_to_int64(str_cut(&rest, ':'), &place->from_at) ||
         !str_to_int64(rest, &place->page) || place->from_at < request->since_at ||
         place->from_at >= request->until_at || place->page < 1 || place->page > PAGES_MAX))
        return false;
    place->until_at = request->until_at - place->from_at > WINDOW_S ? place->from_at + WINDOW_S
                                                                    : request->until_at;
    return place->until_at > place->from_at;
}

static const char *time_text(struct arena *arena, int64_t at)
{
    int64_t days = at / 86400, second = at % 86400;
    char day[DATE_TEXT_MAX];

    return arena_printf(arena, "%sT%02d:%02d:%02dZ", date_format_iso(day, date_from_days(days)),
                        (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

static const char *page_path(const struct provider_call *call, const struct place *place)
{
    return arena_printf(call->arena,
                        "/v1/reporting/transactions?start_date=%s&end_date=%s&fields="
                        "transaction_info,payer_info&page_size=%d&page=%lld",
                        time_text(call->arena, place->from_at),
                        time_text(call->arena, place->until_at - 1), PAGE_SIZE,
                        (long long)place->page);
}

static void set_cursor(const struct provider_call *call, const struct statement_request *request,
                       const struct place *place, int64_t pages, struct statement_page *page)
{
    if (place->page < pages)
        page->cursor = arena_printf(call->arena, "%lld:%lld", (long long)place->from_at,
                                    (long long)place->page + 1);
    else if (place->until_at < request->until_at)
        page->cursor = arena_printf(call->arena, "%lld:1", (long long)place->until_at);
}

static void page_later(struct statement_page *page, const char *reason)
{
    *page = (struct statement_page){.verdict = STATEMENT_LATER, .reason = reason};
}

static enum err read_page(const struct provider_call *call, const struct provider_account *account,
                          const struct statement_request *request, const struct place *place,
                          const json_t *json, struct statement_page *page)
{
    const json_t *details = json_at(json, "transaction_details");
    size_t count = json_array_size(details);
    struct association association;
    int64_t pages = 0;
    bool whole = json_is_array(details) && count <= PAGE_SIZE &&
                 json_integer_at(json, "total_pages", &pages) && pages <= PAGES_MAX;
    enum err err = association_find(call->db, account->association_id, call->arena, &association);

    page->lines = arena_array(call->arena, count + 1, sizeof(*page->lines));
    for (size_t i = 0; err == OK && whole && i < count; i++)
        err = read_line(call, account, association.currency->code, json_array_get(details, i),
                        &page->lines[i], &whole);
    if (err != OK)
        return err;
    if (!whole) {
        page_later(page, "réponse inattendue de PayPal");
        return OK;
    }
    page->verdict = STATEMENT_PAGE;
    page->count = count;
    set_cursor(call, request, place, pages, page);
    return OK;
}

static enum err statement_read(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct statement_request *request,
                               struct statement_page *page)
{
    struct paypal_request asked = {.method = "GET"};
    struct paypal_answer answer;
    struct place place;
    enum err err;

    page_later(page, "");
    if (request->payout[0])
        return fail(ERR_INPUT, "PayPal tells no payout's lines");
    if (!read_place(request, &place))
        return fail(ERR_INPUT, "not a place of PayPal's list");
    asked.path = page_path(call, &place);
    err = paypal_api_call(call, account, &asked, &answer);
    if (err != OK)
        return err;
    page->reason = answer.reason;
    page->retry_after_s = answer.retry_after_s;
    page->provider_down = answer.down;
    if (answer.verdict == PAYPAL_REFUSED)
        page->verdict = STATEMENT_REFUSED;
    /* Nothing is told of the last hours: that is no refusal of the list. */
    if (answer.status == 400 && place.from_at > call->now - LATE_S)
        page->verdict = STATEMENT_PAGE;
    if (answer.verdict == PAYPAL_DONE)
        err = read_page(call, account, request, &place, answer.json, page);
    json_decref(answer.json);
    return err;
}

/* ---- what it holds ---- */

static enum err statement_balance(const struct provider_call *call,
                                  const struct provider_account *account, const char *currency,
                                  struct provider_balance *balance)
{
    const struct paypal_request asked = {
        .method = "GET",
        .path = arena_printf(call->arena, "/v1/reporting/balances?currency_code=%s", currency)};
    struct paypal_answer answer;
    const struct currency *told;
    const json_t *list;
    enum err err = paypal_api_call(call, account, &asked, &answer);

    *balance = (struct provider_balance){.at = call->now};
    if (err != OK || answer.verdict != PAYPAL_DONE)
        return err;
    list = json_at(answer.json, "balances");
    for (size_t i = 0; i < json_array_size(list) && !balance->known; i++)
        balance->known =
            paypal_amount_at(json_array_get(list, i), "total_balance", &told, &balance->cents) &&
            strcmp(told->code, currency) == 0;
    if (!paypal_time_at(answer.json, "as_of_time", &balance->at))
        balance->at = call->now;
    json_decref(answer.json);
    return OK;
}

const struct provider_statement paypal_statement = {
    .read = statement_read,
    .balance = statement_balance,
};
