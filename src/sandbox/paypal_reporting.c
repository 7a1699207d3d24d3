#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { RANGE_MAX_S = 31 * 24 * 3600, PAGE_SIZE = 100, PAGE_SIZE_MAX = 500, RESULTS_MAX = 10000 };

/* One question for transactions. */
struct search {
    struct rest_call *call;
    struct db *db;
    int64_t from_at;
    int64_t until_at; /* included */
    int64_t fresh_at; /* what is younger is not told yet */
    int64_t page;
    int64_t page_size;
    json_t *rows; /* movements, and payments that moved nothing (without kind) */
};

/* ---- refusals ---- */

static enum err refuse(struct rest_call *call, const char *field, const char *sentence)
{
    call->error = (struct rest_error){.status = 400,
                                      .message = sentence,
                                      .field = field,
                                      .location = "query",
                                      .issue = sentence};
    return OK;
}

static enum err check_permission(struct rest_call *call)
{
    if (row_flag(call->app, "reporting"))
        return OK;
    return rest_refuse(call, 403, "PERMISSION_DENIED",
                       "You do not have permission to access or perform operations on this "
                       "resource.");
}

/* ---- one transaction ---- */

static const struct {
    const char *name; /* kind of a movement, or of a payment */
    const char *code;
} codes[] = {
    {"web_accept", "T0007"},
    {"cart", "T0007"},
    {"express_checkout", "T0006"},
    {"donation", "T0013"},
    {"send_money", "T0000"},
    {"subscr_payment", "T0002"},
    {"recurring_payment", "T0002"},
    {"refund", "T1107"},
    {"chargeback", "T1201"},
    {"reversal", "T1106"},
    {"canceled_reversal", "T1202"},
    {"failure", "T1106"},
    {"conversion", "T0200"},
    {"withdrawal", "T0400"},
    {"withdrawal_returned", "T1101"},
    {"fee", "T0100"},
    {"fee_returned", "T1108"},
    {"dispute_fee", "T0106"},
    {"hold", "T2107"},
    {"release", "T2108"},
    {"bonus", "T0800"},
};

static bool is_code(const char *text)
{
    return strlen(text) == 5 && *text == 'T' && strspn(text + 1, "0123456789") == 4;
}

static const char *code_of(const json_t *row)
{
    const char *kind = row_text(row, "kind");

    if (!kind || !strcmp(kind, "payment"))
        kind = row_text(row, "txn_type");
    else if (!strcmp(kind, "other"))
        return is_code(row_text(row, "type")) ? row_text(row, "type") : "T9900";
    else if (!strcmp(kind, "reversal") && row_is(row, "type", "chargeback"))
        kind = "chargeback";
    for (size_t i = 0; kind && i < sizeof(codes) / sizeof(*codes); i++)
        if (!strcmp(codes[i].name, kind))
            return codes[i].code;
    return "T0000";
}

static void put_optional(json_t *object, const char *name, const char *text)
{
    if (text && *text)
        put_text(object, name, text);
}

static const char *status_of(const json_t *row)
{
    if (row_text(row, "kind"))
        return "S";
    return row_is(row, "status", "Pending") ? "P" : "D";
}

static json_t *info_of(const struct search *search, const json_t *row)
{
    struct arena *arena = search->call->arena;
    const char *currency = row_text(row, "currency");
    bool moved = row_text(row, "kind") != NULL;
    int64_t fee_cents = moved ? row_integer(row, "fee_cents") : 0;
    json_t *info = json_object();

    put_text(info, "transaction_id", row_text(row, moved ? "reference" : "txn_id"));
    if (row_text(row, "parent")) {
        put_copy(info, "paypal_reference_id", row, "parent");
        put_text(info, "paypal_reference_id_type", "TXN");
    }
    put_text(info, "transaction_event_code", code_of(row));
    put_text(info, "transaction_initiation_date",
             rest_time_long(arena, row_integer(row, "created")));
    put_text(info, "transaction_updated_date", rest_time_long(arena, row_integer(row, "created")));
    put(info, "transaction_amount", rest_money(row_integer(row, "gross_cents"), currency));
    if (fee_cents)
        put(info, "fee_amount", rest_money(-fee_cents, currency));
    put_text(info, "transaction_status", status_of(row));
    put_optional(info, "transaction_subject", row_text(row, "item_name"));
    if (moved) {
        put(info, "ending_balance", rest_money(row_integer(row, "balance_cents"), currency));
        put(info, "available_balance", rest_money(row_integer(row, "balance_cents"), currency));
    }
    put_optional(info, "invoice_id", row_text(row, "invoice"));
    put_optional(info, "custom_field", row_text(row, "custom"));
    put_text(info, "protection_eligibility", "02");
    return info;
}

static json_t *payer_of(const json_t *row)
{
    json_t *payer = json_object();

    put_optional(payer, "email_address", row_text(row, "payer_email"));
    if (row_text(row, "first_name"))
        put(payer, "payer_name",
            json_pack("{s:s, s:s}", "given_name", row_text(row, "first_name"), "surname",
                      row_text(row, "last_name")));
    return payer;
}

/* Is that part of a transaction asked for ("transaction_info" when nothing is said)? */
static bool wants(const struct search *search, const char *part)
{
    struct str list = http_field_text(search->call->request, "fields");

    if (str_empty(list))
        return !strcmp(part, "transaction_info");
    while (list.data) {
        struct str one = str_trim(str_cut(&list, ','));

        if (str_is(one, part) || str_is(one, "all"))
            return true;
    }
    return false;
}

static json_t *detail_of(const struct search *search, const json_t *row)
{
    json_t *detail = json_object();

    if (wants(search, "transaction_info"))
        put(detail, "transaction_info", info_of(search, row));
    if (wants(search, "payer_info"))
        put(detail, "payer_info", payer_of(row));
    return detail;
}

/* ---- the question ---- */

static const struct http_field search_fields[] = {
    {.name = "start_date", .type = HTTP_TEXT, .max = 64},
    {.name = "end_date", .type = HTTP_TEXT, .max = 64},
    {.name = "fields", .type = HTTP_TEXT, .max = 200},
    {.name = "transaction_id", .type = HTTP_TOKEN, .max = 19},
    {.name = "transaction_currency", .type = HTTP_TOKEN, .max = 3},
    {.name = "balance_affecting_records_only", .type = HTTP_CHOICE, .max = 1, .choices = "Y|N"},
    {.name = "page", .type = HTTP_TEXT, .max = 10},
    {.name = "page_size", .type = HTTP_TEXT, .max = 10},
    {.name = NULL},
};

static bool read_number(const struct rest_call *call, const char *name, int64_t otherwise,
                        int64_t max, int64_t *number)
{
    struct str text = http_field_text(call->request, name);

    *number = otherwise;
    return str_empty(text) || (str_to_int64(text, number) && *number >= 1 && *number <= max);
}

static enum err read_range(struct search *search)
{
    struct rest_call *call = search->call;
    const char *start = str_copy(call->arena, http_field_text(call->request, "start_date"));
    const char *end = str_copy(call->arena, http_field_text(call->request, "end_date"));

    if (!rest_time_read(start, &search->from_at))
        return refuse(call, "start_date", "Invalid start date.");
    if (!rest_time_read(end, &search->until_at))
        return refuse(call, "end_date", "Invalid end date.");
    if (search->until_at < search->from_at)
        return refuse(call, "end_date", "End date is before start date.");
    if (search->until_at - search->from_at > RANGE_MAX_S)
        return refuse(call, "end_date", "Date range is greater than 31 days");
    if (search->from_at > search->fresh_at)
        return refuse(call, "start_date", "Data for the given start date is not available.");
    if (!read_number(call, "page", 1, INT32_MAX, &search->page))
        return refuse(call, "page", "Invalid page.");
    if (!read_number(call, "page_size", PAGE_SIZE, PAGE_SIZE_MAX, &search->page_size))
        return refuse(call, "page_size", "Invalid page size.");
    return OK;
}

/* ---- the answer ---- */

static bool matches(const struct search *search, const json_t *row)
{
    const struct http_request *request = search->call->request;
    struct str id = http_field_text(request, "transaction_id");
    struct str currency = http_field_text(request, "transaction_currency");
    const char *own = row_text(row, row_text(row, "kind") ? "reference" : "txn_id");

    return (str_empty(id) || str_is(id, own)) &&
           (str_empty(currency) || str_is(currency, row_text(row, "currency")));
}

static void take(struct search *search, const json_t *rows)
{
    size_t index = 0;
    json_t *row = NULL;

    json_array_foreach ((json_t *)rows, index, row)
        if (matches(search, row))
            json_array_append(search->rows, row);
}

static enum err find_rows(struct search *search)
{
    struct rest_call *call = search->call;
    int64_t before_at =
        search->until_at < search->fresh_at ? search->until_at + 1 : search->fresh_at + 1;
    const struct db_value values[] = {db_text(call->business_id), db_int(search->from_at),
                                      db_int(before_at)};
    json_auto_t *movements = NULL;
    json_auto_t *unsettled = NULL;
    enum err err = row_list(search->db, SQ_PAYPAL_ACTIVITY_LIST, values, 3, &movements);

    if (!err && str_is(http_field_text(call->request, "balance_affecting_records_only"), "N"))
        err = row_list(search->db, SQ_PAYPAL_UNSETTLED_LIST, values, 3, &unsettled);
    take(search, movements);
    take(search, unsettled);
    return err;
}

static void put_page(const struct search *search, json_t *answer)
{
    size_t first = (size_t)((search->page - 1) * search->page_size);
    json_t *details = json_array();

    for (size_t i = first; i < first + (size_t)search->page_size; i++)
        if (json_array_get(search->rows, i))
            json_array_append_new(details, detail_of(search, json_array_get(search->rows, i)));
    put(answer, "transaction_details", details);
}

static json_t *links_of(const struct search *search, int64_t pages)
{
    struct rest_call *call = search->call;
    json_t *links = json_array();

    rest_link(links, call->sandbox,
              arena_printf(call->arena, "/v1/reporting/transactions?%.*s",
                           STR_PRINT(call->request->query)),
              "self", "GET");
    if (search->page < pages)
        rest_link(links, call->sandbox,
                  arena_printf(call->arena, "/v1/reporting/transactions?%.*s&page=%lld",
                               STR_PRINT(call->request->query), (long long)search->page + 1),
                  "next", "GET");
    return links;
}

static enum err build(struct search *search, json_t **answer)
{
    struct arena *arena = search->call->arena;
    int64_t total = (int64_t)json_array_size(search->rows);
    int64_t pages = (total + search->page_size - 1) / search->page_size;
    int64_t until_at = search->until_at < search->fresh_at ? search->until_at : search->fresh_at;

    if (total > RESULTS_MAX) {
        search->call->error = (struct rest_error){
            .status = 400,
            .name = "RESULTSET_TOO_LARGE",
            .message = "Result set size is greater than the maximum limit. Change the filter "
                       "criteria and try again."};
        return OK;
    }
    *answer = json_object();
    put_page(search, *answer);
    put_text(*answer, "account_number", search->call->business_id);
    put_text(*answer, "start_date", rest_time_long(arena, search->from_at));
    put_text(*answer, "end_date", rest_time_long(arena, until_at));
    put_text(*answer, "last_refreshed_datetime", rest_time_long(arena, search->fresh_at));
    put_integer(*answer, "page", search->page);
    put_integer(*answer, "total_items", total);
    put_integer(*answer, "total_pages", pages);
    put(*answer, "links", links_of(search, pages));
    return OK;
}

/* Unknown fields are refused: a filter that is not applied would lie. */
static enum err read_fields(struct rest_call *call, const struct http_field *fields)
{
    struct http_route route = {.method = HTTP_GET, .path = "", .fields = fields};
    enum err err = http_fields_read(call->request, &route);

    if (err == ERR_INPUT || err == ERR_LIMIT)
        return refuse(call, "query", "Invalid request - see details.");
    return err;
}

static enum err transactions(struct rest_call *call, struct db *db, json_t **answer)
{
    struct search search = {.call = call,
                            .db = db,
                            .fresh_at = call->now - row_integer(call->app, "reporting_late_s"),
                            .rows = json_array()};
    enum err err = check_permission(call);

    if (!err && !call->error.status)
        err = read_fields(call, search_fields);
    if (!err && !call->error.status)
        err = read_range(&search);
    if (!err && !call->error.status)
        err = find_rows(&search);
    if (!err && !call->error.status)
        err = build(&search, answer);
    json_decref(search.rows);
    return err;
}

enum err rest_transactions_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = transactions};

    return rest_serve(request, response, &operation);
}

/* ---- balances ---- */

static json_t *balance_of(const json_t *row, const char *own)
{
    const char *currency = row_text(row, "currency");
    json_t *balance = json_object();

    put_text(balance, "currency", currency);
    if (!strcmp(currency, own))
        put_true(balance, "primary");
    put(balance, "total_balance", rest_money(row_integer(row, "balance_cents"), currency));
    put(balance, "available_balance", rest_money(row_integer(row, "balance_cents"), currency));
    put(balance, "withheld_balance", rest_money(0, currency));
    return balance;
}

static enum err read_as_of(struct rest_call *call, int64_t fresh_at, int64_t *at)
{
    static const struct http_field fields[] = {
        {.name = "as_of_time", .type = HTTP_TEXT, .max = 64},
        {.name = "currency_code", .type = HTTP_TOKEN, .max = 3},
        {.name = NULL},
    };
    enum err err = read_fields(call, fields);
    struct str text = {0};

    *at = fresh_at;
    if (err || call->error.status)
        return err;
    text = http_field_text(call->request, "as_of_time");
    if (!str_empty(text) && (!rest_time_read(str_copy(call->arena, text), at) || *at > call->now))
        return refuse(call, "as_of_time", "Invalid as of time.");
    if (*at > fresh_at)
        *at = fresh_at;
    return OK;
}

static enum err list_balances(struct rest_call *call, struct db *db, int64_t at, json_t *balances)
{
    struct str wanted = http_field_text(call->request, "currency_code");
    json_auto_t *business = NULL;
    json_auto_t *rows = NULL;
    enum err err = row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(call->business_id)),
                            "business", &business);

    if (!err)
        err = row_list(db, SQ_PAYPAL_BALANCE_LIST,
                       DB_VALUES(db_text(call->business_id), db_int(at)), &rows);
    for (size_t i = 0; i < json_array_size(rows) && !err; i++) {
        const json_t *row = json_array_get(rows, i);

        if (str_empty(wanted) || str_is(wanted, "ALL") ||
            str_is(wanted, row_text(row, "currency")))
            json_array_append_new(balances, balance_of(row, row_text(business, "currency")));
    }
    return err;
}

static enum err balances(struct rest_call *call, struct db *db, json_t **answer)
{
    int64_t fresh_at = call->now - row_integer(call->app, "reporting_late_s");
    int64_t at = 0;
    json_t *list = NULL;
    enum err err = check_permission(call);

    if (!err && !call->error.status)
        err = read_as_of(call, fresh_at, &at);
    if (err || call->error.status)
        return err;
    list = json_array();
    *answer = json_object();
    put(*answer, "balances", list);
    put_text(*answer, "account_id", call->business_id);
    put_text(*answer, "as_of_time", rest_time(call->arena, at));
    put_text(*answer, "last_refresh_time", rest_time(call->arena, fresh_at));
    return list_balances(call, db, at, list);
}

enum err rest_balances_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = balances};

    return rest_serve(request, response, &operation);
}
