#include <stdlib.h>
#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_form.h"
#include "sandbox_queries.h"

enum {
    EXPIRES_MIN_S = 30 * 60,
    EXPIRES_MAX_S = 24 * 3600,
    EXPIRES_SLACK_S = 60, /* the request was written before it arrived */
    LINE_ITEMS_MAX = 100,
    AMOUNT_MAX_CENTS = 99999999
};

#define LOCALES                                                                                   \
    "auto|bg|cs|da|de|el|en|en-GB|es|es-419|et|fi|fil|fr|fr-CA|hi-IN|hr|hu|id|it|ja|ko|lt|lv|ms|" \
    "mt|nb|nl|pl|pt|pt-BR|ro|ru|sk|sl|sv|th|tr|vi|zh|zh-HK|zh-TW"

/* The parameters of a one-time payment that this face knows, with their limits. */
static const struct stripe_rule create_rules[] = {
    {.path = "mode", .kind = RULE_CHOICE, .choices = "payment|setup|subscription"},
    {.path = "ui_mode", .kind = RULE_CHOICE, .choices = "hosted_page|embedded_page|elements|form"},
    {.path = "success_url", .kind = RULE_URL, .max = 5000},
    {.path = "cancel_url", .kind = RULE_URL, .max = 5000},
    {.path = "return_url", .kind = RULE_URL, .max = 5000},
    {.path = "redirect_on_completion", .kind = RULE_CHOICE, .choices = "always|if_required|never"},
    {.path = "client_reference_id", .kind = RULE_TEXT, .max = 200},
    {.path = "customer_email", .kind = RULE_EMAIL, .max = 800},
    {.path = "customer_creation", .kind = RULE_CHOICE, .choices = "always|if_required"},
    {.path = "expires_at", .kind = RULE_INTEGER, .min = 1, .max = INT64_MAX},
    {.path = "locale", .kind = RULE_CHOICE, .choices = LOCALES},
    {.path = "submit_type", .kind = RULE_CHOICE, .choices = "auto|book|donate|pay|subscribe"},
    {.path = "billing_address_collection", .kind = RULE_CHOICE, .choices = "auto|required"},
    {.path = "allow_promotion_codes", .kind = RULE_BOOLEAN},
    {.path = "currency", .kind = RULE_CURRENCY},
    {.path = "metadata", .kind = RULE_METADATA},
    {.path = "adaptive_pricing.enabled", .kind = RULE_BOOLEAN},
    {.path = "phone_number_collection.enabled", .kind = RULE_BOOLEAN},
    {.path = "allowed_payment_method_types[]", .kind = RULE_CHOICE, .choices = "card|sepa_debit"},
    {.path = "excluded_payment_method_types[]",
     .kind = RULE_CHOICE,
     .choices = "card|sepa_debit|link|paypal"},
    {.path = "payment_intent_data.metadata", .kind = RULE_METADATA},
    {.path = "payment_intent_data.description", .kind = RULE_TEXT, .max = 1000},
    {.path = "payment_intent_data.receipt_email", .kind = RULE_EMAIL, .max = 800},
    {.path = "payment_intent_data.capture_method",
     .kind = RULE_CHOICE,
     .choices = "automatic|automatic_async"},
    {.path = "payment_intent_data.statement_descriptor", .kind = RULE_TEXT, .max = 22},
    {.path = "payment_intent_data.statement_descriptor_suffix", .kind = RULE_TEXT, .max = 22},
    {.path = "line_items[].quantity", .kind = RULE_INTEGER, .min = 1, .max = 999999},
    {.path = "line_items[].price", .kind = RULE_TEXT, .max = 255},
    {.path = "line_items[].price_data.currency", .kind = RULE_CURRENCY},
    {.path = "line_items[].price_data.unit_amount",
     .kind = RULE_INTEGER,
     .min = 0,
     .max = AMOUNT_MAX_CENTS},
    {.path = "line_items[].price_data.unit_amount_decimal", .kind = RULE_DECIMAL},
    {.path = "line_items[].price_data.product", .kind = RULE_TEXT, .max = 255},
    {.path = "line_items[].price_data.tax_behavior",
     .kind = RULE_CHOICE,
     .choices = "exclusive|inclusive|unspecified"},
    {.path = "line_items[].price_data.product_data.name", .kind = RULE_TEXT, .max = 1500},
    {.path = "line_items[].price_data.product_data.description", .kind = RULE_TEXT, .max = 40000},
    {.path = "line_items[].price_data.product_data.images[]", .kind = RULE_URL, .max = 2048},
    {.path = "line_items[].price_data.product_data.metadata", .kind = RULE_METADATA},
    {.path = "expand[]", .kind = RULE_TEXT, .max = 500},
    {.path = NULL},
};

/* ---- what the table cannot say ---- */

static enum err check_urls(struct stripe_call *call)
{
    const json_t *parameters = call->parameters;
    const char *mode = row_text(parameters, "ui_mode");
    bool hosted = !mode || !strcmp(mode, "hosted_page");
    bool never = row_is(parameters, "redirect_on_completion", "never");

    if (hosted && !row_text(parameters, "success_url"))
        return stripe_refuse(call, "parameter_missing", "success_url",
                             "Missing required param: success_url.");
    if (hosted && row_text(parameters, "return_url"))
        return stripe_refuse(call, NULL, "return_url",
                             "return_url goes with the modes inside a page only.");
    if (!hosted && row_text(parameters, "success_url"))
        return stripe_refuse(call, NULL, "success_url", "success_url goes with hosted_page only.");
    if (!hosted && row_text(parameters, "cancel_url"))
        return stripe_refuse(call, NULL, "cancel_url", "cancel_url goes with hosted_page only.");
    if (!hosted && !never && !row_text(parameters, "return_url"))
        return stripe_refuse(call, "parameter_missing", "return_url",
                             "Missing required param: return_url.");
    if (!hosted && !strcmp(mode, "elements") && row_text(parameters, "submit_type"))
        return stripe_refuse(call, NULL, "submit_type", "submit_type does not go with elements.");
    return OK;
}

static enum err check_expiry(struct stripe_call *call)
{
    const json_t *given = json_object_get(call->parameters, "expires_at");
    int64_t left_s = json_integer_value(given) - call->now;

    if (given && (left_s < EXPIRES_MIN_S - EXPIRES_SLACK_S || left_s > EXPIRES_MAX_S))
        return stripe_refuse(call, NULL, "expires_at",
                             "expires_at must be between 30 minutes and 24 hours from now.");
    return OK;
}

static enum err check_item(struct stripe_call *call, const json_t *item, size_t index)
{
    const json_t *price = json_object_get(item, "price_data");
    const json_t *product_data = json_object_get(price, "product_data");
    const char *place = arena_printf(call->arena, "line_items[%zu]", index);
    bool whole = json_object_get(price, "unit_amount") != NULL;
    bool decimal = json_object_get(price, "unit_amount_decimal") != NULL;

    if (row_text(item, "price"))
        return stripe_refuse(call, "resource_missing",
                             arena_printf(call->arena, "%s[price]", place), "No such price: '%s'",
                             row_text(item, "price"));
    if (!price)
        return stripe_refuse(call, "parameter_missing",
                             arena_printf(call->arena, "%s[price_data]", place),
                             "Each line needs price or price_data.");
    if (!row_integer(item, "quantity"))
        return stripe_refuse(call, "parameter_missing",
                             arena_printf(call->arena, "%s[quantity]", place),
                             "Quantity is required.");
    if (!row_text(price, "currency"))
        return stripe_refuse(call, "parameter_missing",
                             arena_printf(call->arena, "%s[price_data][currency]", place),
                             "Missing required param: currency.");
    if (whole == decimal)
        return stripe_refuse(call, "parameter_missing",
                             arena_printf(call->arena, "%s[price_data][unit_amount]", place),
                             "Give exactly one of unit_amount and unit_amount_decimal.");
    if ((product_data != NULL) == (row_text(price, "product") != NULL))
        return stripe_refuse(call, "parameter_missing",
                             arena_printf(call->arena, "%s[price_data][product_data]", place),
                             "Give exactly one of product and product_data.");
    if (row_text(price, "product"))
        return stripe_refuse(call, "resource_missing",
                             arena_printf(call->arena, "%s[price_data][product]", place),
                             "No such product: '%s'", row_text(price, "product"));
    if (!row_text(product_data, "name"))
        return stripe_refuse(
            call, "parameter_missing",
            arena_printf(call->arena, "%s[price_data][product_data][name]", place),
            "Missing required param: name.");
    return OK;
}

static enum err check_items(struct stripe_call *call)
{
    const json_t *items = json_object_get(call->parameters, "line_items");
    enum err err = OK;

    if (!json_array_size(items))
        return stripe_refuse(call, "parameter_missing", "line_items",
                             "Missing required param: line_items.");
    for (size_t i = 0; i < json_array_size(items) && !err && !call->error.status; i++)
        err = check_item(call, json_array_get(items, i), i);
    return err;
}

/* ---- amounts ---- */

/* "12.5" minor units can't be charged; "1250.000" can. */
static bool whole_cents(const char *decimal, int64_t *cents)
{
    struct str rest = str_of(decimal);
    struct str whole = str_cut(&rest, '.');

    for (size_t i = 0; i < rest.len; i++)
        if (rest.data[i] != '0')
            return false;
    return str_to_int64(whole, cents);
}

static enum err sum_items(struct stripe_call *call, int64_t *total_cents, const char **currency)
{
    const json_t *items = json_object_get(call->parameters, "line_items");

    *total_cents = 0;
    *currency = NULL;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const json_t *price = json_object_get(item, "price_data");
        const char *decimal = row_text(price, "unit_amount_decimal");
        int64_t unit_cents = row_integer(price, "unit_amount");
        int64_t line_cents = 0;

        if (decimal && !whole_cents(decimal, &unit_cents))
            return stripe_refuse(call, NULL, "line_items", "The total is no whole minor unit.");
        if (*currency && strcmp(*currency, row_text(price, "currency")) != 0)
            return stripe_refuse(call, NULL, "line_items", "All lines need the same currency.");
        *currency = row_text(price, "currency");
        if (__builtin_mul_overflow(unit_cents, row_integer(item, "quantity"), &line_cents) ||
            __builtin_add_overflow(*total_cents, line_cents, total_cents) ||
            *total_cents > AMOUNT_MAX_CENTS)
            return stripe_refuse(call, "amount_too_large", NULL, "The total is too large.");
    }
    return OK;
}

static int64_t minimum_cents(const char *currency)
{
    static const struct {
        const char *currency;
        int64_t cents;
    } minima[] = {{"eur", 50}, {"chf", 50}, {"usd", 50}, {"jpy", 50}, {"gbp", 30}};

    for (size_t i = 0; i < sizeof(minima) / sizeof(*minima); i++)
        if (!strcmp(minima[i].currency, currency))
            return minima[i].cents;
    return 1;
}

static enum err check_amount(struct stripe_call *call)
{
    static const char three_decimals[] = "bhd jod kwd omr tnd";
    const char *currency = NULL;
    int64_t total_cents = 0;
    enum err err = sum_items(call, &total_cents, &currency);

    if (err || call->error.status)
        return err;
    if (row_text(call->parameters, "currency") && !row_is(call->parameters, "currency", currency))
        return stripe_refuse(call, NULL, "currency", "The lines have another currency.");
    if (total_cents < minimum_cents(currency))
        return stripe_refuse(call, "amount_too_small", NULL,
                             "The total amount due must be at least %lld minor units of %s.",
                             (long long)minimum_cents(currency), currency);
    if (strstr(three_decimals, currency) && total_cents % 10)
        return stripe_refuse(call, NULL, "line_items", "The last digit of %s must be 0.",
                             currency);
    return OK;
}

/* ---- means of payment ---- */

static bool listed(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!strcmp(json_string_value(json_array_get(list, i)), name))
            return true;
    return false;
}

static json_t *method_types(const json_t *parameters, const char *currency)
{
    static const char *const names[] = {"card", "sepa_debit"};
    const json_t *allowed = json_object_get(parameters, "allowed_payment_method_types");
    const json_t *excluded = json_object_get(parameters, "excluded_payment_method_types");
    json_t *types = json_array();

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        bool fits = i == 0 || (currency && !strcmp(currency, "eur"));

        if (fits && (!allowed || listed(allowed, names[i])) && !listed(excluded, names[i]))
            json_array_append_new(types, json_string(names[i]));
    }
    return types;
}

static enum err check_methods(struct stripe_call *call)
{
    const json_t *parameters = call->parameters;
    const json_t *items = json_object_get(parameters, "line_items");
    const json_t *price = json_object_get(json_array_get(items, 0), "price_data");
    json_auto_t *types = NULL;

    if (json_object_get(parameters, "allowed_payment_method_types") &&
        json_object_get(parameters, "excluded_payment_method_types"))
        return stripe_refuse(call, NULL, "excluded_payment_method_types",
                             "Give allowed or excluded payment method types, not both.");
    types = method_types(parameters, row_text(price, "currency"));
    if (!json_array_size(types))
        return stripe_refuse(call, NULL, "allowed_payment_method_types",
                             "No payment method type is left for this currency.");
    return OK;
}

static enum err check_create(struct stripe_call *call)
{
    static stripe_check *const checks[] = {check_urls, check_expiry, check_items, check_amount,
                                           check_methods};
    enum err err = stripe_expand_check(call, "checkout.session");

    if (!err && !call->error.status && !row_is(call->parameters, "mode", "payment"))
        return stripe_refuse(call, row_text(call->parameters, "mode") ? NULL : "parameter_missing",
                             "mode", "The practice provider knows mode=payment only.");
    for (size_t i = 0; i < sizeof(checks) / sizeof(*checks) && !err && !call->error.status; i++)
        err = checks[i](call);
    return err;
}

/* ---- making it ---- */

/* Metadata keys with an empty value are keys that do not exist. */
static void drop_empty(json_t *metadata)
{
    const char *key = NULL;
    json_t *value = NULL;
    void *next = NULL;

    json_object_foreach_safe (metadata, next, key, value)
        if (!*json_string_value(value))
            json_object_del(metadata, key);
}

struct secrets {
    const char *id;
    const char *url;
    const char *client_secret;
};

static enum err make_secrets(struct stripe_call *call, struct secrets *secrets)
{
    const char *mode = row_text(call->parameters, "ui_mode");
    const char *random = NULL;
    enum err err =
        id_make(call->arena, call->livemode ? "cs_live_a1" : "cs_test_a1", 58, &secrets->id);

    if (!err && (!mode || !strcmp(mode, "hosted_page"))) {
        secrets->url =
            arena_printf(call->arena, "%s/c/pay/%s", call->sandbox->options.base_url, secrets->id);
    } else if (!err) {
        err = id_make(call->arena, "", 40, &random);
        if (!err)
            secrets->client_secret =
                arena_printf(call->arena, "%s_secret_%s", secrets->id, random);
    }
    return err;
}

static const char *dump(struct arena *arena, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    const char *copy = arena_string(arena, text);

    free(text);
    return copy;
}

enum err stripe_session_add(struct stripe_call *call, struct db *db, json_t **row)
{
    json_t *parameters = call->parameters;
    json_t *expires = json_object_get(parameters, "expires_at");
    json_auto_t *types = NULL;
    struct secrets secrets = {0};
    const char *currency = NULL;
    int64_t total_cents = 0;
    enum err err = sum_items(call, &total_cents, &currency);

    if (!err)
        err = make_secrets(call, &secrets);
    if (err)
        return err;
    drop_empty(json_object_get(parameters, "metadata"));
    drop_empty(json_object_get(json_object_get(parameters, "payment_intent_data"), "metadata"));
    types = method_types(parameters, currency);
    err =
        db_run(db, SQ_STRIPE_SESSION_ADD,
               DB_VALUES(db_text(secrets.id), db_text(call->account_id), db_int(call->livemode),
                         db_text(dump(call->arena, parameters)), db_text(dump(call->arena, types)),
                         db_text(secrets.url), db_text(secrets.client_secret), db_int(total_cents),
                         db_text(currency), db_int(call->now),
                         db_int(expires ? json_integer_value(expires) : call->now + EXPIRES_MAX_S),
                         db_text(call->request_id), db_text(call->idempotency_key)));
    if (!err)
        err =
            row_need(db, SQ_STRIPE_SESSION_BY_ID, DB_VALUES(db_text(secrets.id)), "session", row);
    return err;
}

static enum err create(struct stripe_call *call, struct db *db, json_t **answer)
{
    json_auto_t *row = NULL;
    enum err err = stripe_session_add(call, db, &row);

    if (!err)
        err = stripe_session_object(db, row, stripe_expand_of(call), answer);
    return err;
}

enum err stripe_session_create_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct stripe_operation operation = {
        .rules = create_rules, .check = check_create, .work = create};

    return stripe_serve(request, response, &operation);
}
