#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/utf8.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { QUANTITY_MAX = 9999, AMOUNT_MAX_CENTS = 1000000000 };

/* PayPal's own limits, in characters. Other fields are kept as they are. */
static const struct limit {
    const char *name;
    size_t max;
} limits[] = {
    {"business", 127},
    {"item_name", 127},
    {"item_number", 127},
    {"invoice", 127},
    {"custom", 255},
    {"currency_code", 3},
    {"return", 1024},
    {"cancel_return", 1024},
    {"notify_url", 255},
    {"charset", 40},
    {"lc", 5},
    {"cbt", 60},
    {"first_name", 32},
    {"last_name", 64},
    {"email", 127},
    {"rm", 1},
    {"no_shipping", 1},
    {"no_note", 1},
    {"amount", 20},
    {"quantity", 6},
};

/* ---- reading ---- */

static struct str find_charset(struct str form, struct arena *arena)
{
    struct http_pair pair = {0};

    while (http_pair_next_lenient(&form, arena, &pair))
        if (str_is(pair.name, "charset"))
            return pair.value;
    return str_of("windows-1252");
}

enum err paypal_fields_read(struct str form, struct arena *arena, json_t **fields)
{
    struct str charset = find_charset(form, arena);
    struct http_pair pair = {0};

    *fields = json_object();
    while (http_pair_next_lenient(&form, arena, &pair)) {
        struct str value = utf8_from_charset(pair.value, charset, arena);

        if (!utf8_clean(pair.name) || str_empty(pair.name))
            continue;
        if (json_object_size(*fields) == PAYPAL_FIELDS_MAX)
            return fail(ERR_INPUT, "a button with more than %d fields", PAYPAL_FIELDS_MAX);
        put(*fields, str_copy(arena, pair.name),
            json_stringn_nocheck(value.data ? value.data : "", value.len));
    }
    return OK;
}

/* ---- checking ---- */

static bool within_limits(const json_t *fields)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        const char *text = row_text(fields, limits[i].name);

        if (text && (!utf8_clean(str_of(text)) || utf8_length(str_of(text)) > limits[i].max))
            return false;
    }
    return true;
}

static bool is_address(const json_t *fields, const char *name)
{
    const char *url = row_text(fields, name);

    if (!url || !*url)
        return true;
    return (!strncmp(url, "http://", 7) || !strncmp(url, "https://", 8)) &&
           !strpbrk(url, " \t\r\n\\<>\"");
}

/* amount times quantity; the amount has a dot and no separators. */
static bool read_amount(const json_t *fields, const struct currency *currency, int64_t *cents)
{
    const char *amount = row_text(fields, "amount");
    const char *quantity_text = row_text(fields, "quantity");
    int64_t quantity = 1;

    if (!amount || !money_parse_decimal(str_of(amount), currency, cents) || *cents <= 0)
        return false;
    if (quantity_text && (!str_to_int64(str_of(quantity_text), &quantity) || quantity < 1 ||
                          quantity > QUANTITY_MAX))
        return false;
    return !__builtin_mul_overflow(*cents, quantity, cents) && *cents <= AMOUNT_MAX_CENTS;
}

static enum err find_receiver(struct paypal_visit *visit, struct db *db)
{
    const char *business = row_text(visit->fields, "business");
    json_auto_t *row = NULL;
    enum err err = row_find(db, SQ_PAYPAL_BUSINESS_NAMED, DB_VALUES(db_text(business)), &row);

    if (!err && row)
        visit->business_id = arena_string(visit->arena, row_text(row, "id"));
    return err;
}

enum err paypal_visit_check(struct paypal_visit *visit, struct db *db,
                            enum button_verdict *verdict)
{
    const json_t *fields = visit->fields;
    const char *code = row_text(fields, "currency_code");
    const struct currency *currency = money_currency(code && *code ? code : "USD");
    bool known = row_is(fields, "cmd", "_xclick") || row_is(fields, "cmd", "_donations");
    enum err err = OK;

    *verdict = BUTTON_BAD;
    if (!known || !currency || !row_text(fields, "business") || !within_limits(fields) ||
        !is_address(fields, "return") || !is_address(fields, "cancel_return") ||
        !is_address(fields, "notify_url") || !read_amount(fields, currency, &visit->amount_cents))
        return OK;
    visit->currency = currency->code;
    err = find_receiver(visit, db);
    if (!err)
        *verdict = visit->business_id ? BUTTON_OK : BUTTON_UNKNOWN_RECEIVER;
    return err;
}

enum err paypal_visit_add(struct db *db, void *argument)
{
    struct paypal_visit *visit = argument;
    char *text = json_dumps(visit->fields, JSON_COMPACT);
    enum err err = id_make_capitals(visit->arena, "EC-", 17, &visit->token);

    if (!err)
        err = db_run(db, SQ_PAYPAL_FORM_ADD,
                     DB_VALUES(db_text(visit->token), db_text(visit->business_id), db_text(text),
                               db_int(visit->amount_cents), db_text(visit->currency),
                               db_int(visit->now)));
    free(text);
    return err;
}
