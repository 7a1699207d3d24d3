#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { AMOUNT_MAX_CENTS = 1000000000 };

#define WALLET "/payment_source/paypal"
#define EXPERIENCE WALLET "/experience_context"
#define CONTEXT "/application_context"
#define UNIT "/purchase_units/~"

/* A body of an order, with the limits of PayPal's OpenAPI file (one purchase unit, captured at
 * once: the practice provider knows no other). */
static const struct rest_rule create_rules[] = {
    {.path = "/intent", .kind = REST_CHOICE, .choices = "CAPTURE", .required = true},
    {.path = "/purchase_units", .kind = REST_LIST, .min = 1, .max = 1, .required = true},
    {.path = UNIT, .kind = REST_OBJECT},
    {.path = UNIT "/reference_id", .kind = REST_TEXT, .min = 1, .max = 256},
    {.path = UNIT "/description", .kind = REST_TEXT, .min = 1, .max = 127},
    {.path = UNIT "/custom_id", .kind = REST_TEXT, .min = 1, .max = 127},
    {.path = UNIT "/invoice_id", .kind = REST_TEXT, .min = 1, .max = 127},
    {.path = UNIT "/soft_descriptor", .kind = REST_TEXT, .min = 1, .max = 22},
    {.path = UNIT "/amount", .kind = REST_OBJECT, .required = true},
    {.path = UNIT "/amount/currency_code",
     .kind = REST_CURRENCY,
     .min = 3,
     .max = 3,
     .required = true},
    {.path = UNIT "/amount/value", .kind = REST_DECIMAL, .max = 32, .required = true},
    {.path = UNIT "/payee", .kind = REST_OBJECT},
    {.path = UNIT "/payee/merchant_id", .kind = REST_ACCOUNT, .min = 13, .max = 13},
    {.path = UNIT "/payee/email_address", .kind = REST_TEXT, .min = 3, .max = 254},
    {.path = "/payment_source", .kind = REST_OBJECT},
    {.path = WALLET, .kind = REST_OBJECT, .required = true},
    {.path = WALLET "/email_address", .kind = REST_TEXT, .min = 3, .max = 254},
    {.path = EXPERIENCE, .kind = REST_OBJECT},
    {.path = EXPERIENCE "/return_url", .kind = REST_URL, .max = 4000},
    {.path = EXPERIENCE "/cancel_url", .kind = REST_URL, .max = 4000},
    {.path = EXPERIENCE "/brand_name", .kind = REST_TEXT, .min = 1, .max = 127},
    {.path = EXPERIENCE "/locale", .kind = REST_LOCALE, .min = 2, .max = 10},
    {.path = EXPERIENCE "/landing_page",
     .kind = REST_CHOICE,
     .choices = "LOGIN|GUEST_CHECKOUT|NO_PREFERENCE"},
    {.path = EXPERIENCE "/shipping_preference",
     .kind = REST_CHOICE,
     .choices = "GET_FROM_FILE|NO_SHIPPING|SET_PROVIDED_ADDRESS"},
    {.path = EXPERIENCE "/user_action", .kind = REST_CHOICE, .choices = "CONTINUE|PAY_NOW"},
    {.path = EXPERIENCE "/payment_method_preference",
     .kind = REST_CHOICE,
     .choices = "UNRESTRICTED|IMMEDIATE_PAYMENT_REQUIRED"},
    {.path = CONTEXT, .kind = REST_OBJECT},
    {.path = CONTEXT "/return_url", .kind = REST_URL, .max = 4000},
    {.path = CONTEXT "/cancel_url", .kind = REST_URL, .max = 4000},
    {.path = CONTEXT "/brand_name", .kind = REST_TEXT, .min = 1, .max = 127},
    {.path = CONTEXT "/locale", .kind = REST_LOCALE, .min = 2, .max = 10},
    {.path = CONTEXT "/landing_page",
     .kind = REST_CHOICE,
     .choices = "LOGIN|BILLING|NO_PREFERENCE"},
    {.path = CONTEXT "/shipping_preference",
     .kind = REST_CHOICE,
     .choices = "GET_FROM_FILE|NO_SHIPPING|SET_PROVIDED_ADDRESS"},
    {.path = CONTEXT "/user_action", .kind = REST_CHOICE, .choices = "CONTINUE|PAY_NOW"},
    {.path = NULL},
};

/* ---- what the table cannot say ---- */

static enum err check_request_id(struct rest_call *call)
{
    if (!json_object_get(call->body, "payment_source") || call->request_id)
        return OK;
    rest_refuse(call, 400, "PAYPAL_REQUEST_ID_REQUIRED",
                "A PayPal-Request-Id is required if you are trying to process payment for an "
                "Order. Please specify a PayPal-Request-Id or Create the Order without a "
                "'payment_source' specified.");
    call->error.field = "PayPal-Request-Id";
    call->error.location = "header";
    return OK;
}

enum err rest_amount_check(struct rest_call *call, const json_t *amount, const char *pointer,
                           int64_t *cents)
{
    const char *code = row_text(amount, "currency_code");
    const char *text = row_text(amount, "value");
    const char *field = arena_printf(call->arena, "%s/value", pointer);
    const struct currency *currency = money_currency(code);

    if (!currency)
        return rest_refuse_field(call, 422, arena_printf(call->arena, "%s/currency_code", pointer),
                                 code, "INVALID_CURRENCY_CODE",
                                 "Currency code is invalid or is not currently supported. Please "
                                 "refer https://developer.paypal.com/api/rest/reference/"
                                 "currency-codes/ for list of supported currency codes.");
    if (!money_parse_decimal(str_of(text), currency, cents))
        return rest_refuse_field(call, 422, field, text, "DECIMAL_PRECISION",
                                 "If the currency supports decimals, only two decimal place "
                                 "precision is supported.");
    if (*cents <= 0)
        return rest_refuse_field(
            call, 422, field, text, "CANNOT_BE_ZERO_OR_NEGATIVE",
            "Must be greater than zero. If the currency supports decimals, only "
            "two decimal place precision is supported.");
    if (*cents > AMOUNT_MAX_CENTS)
        return rest_refuse_field(call, 422, field, text, "MAX_VALUE_EXCEEDED",
                                 "Should be less than or equal to 999999999999999.99.");
    return OK;
}

static const json_t *unit_of(const struct rest_call *call)
{
    return json_array_get(json_object_get(call->body, "purchase_units"), 0);
}

static enum err check_create(struct rest_call *call)
{
    int64_t cents = 0;
    enum err err = check_request_id(call);

    if (!err && !call->error.status)
        err = rest_amount_check(call, json_object_get(unit_of(call), "amount"),
                                "/purchase_units/0/amount", &cents);
    return err;
}

/* ---- making it ---- */

static void copy(json_t *fields, const char *name, const json_t *object, const char *field)
{
    if (row_text(object, field))
        put_copy(fields, name, object, field);
}

/* What a button's visit would hold: messages and the report of activity read it. */
static json_t *fields_of(const struct rest_call *call, const json_t *business)
{
    const json_t *unit = unit_of(call);
    const json_t *context = json_at(call->body, "payment_source.paypal.experience_context");
    json_t *fields = json_object();

    if (!context)
        context = json_object_get(call->body, "application_context");
    copy(fields, "business", business, "email");
    copy(fields, "notify_url", business, "notify_url");
    copy(fields, "item_name", unit, "description");
    copy(fields, "invoice", unit, "invoice_id");
    copy(fields, "custom", unit, "custom_id");
    copy(fields, "return", context, "return_url");
    copy(fields, "cancel_return", context, "cancel_url");
    return fields;
}

/* The payee that the body names, else the application's owner. */
static enum err find_payee(struct rest_call *call, struct db *db, json_t **business)
{
    const json_t *payee = json_object_get(unit_of(call), "payee");
    const char *name =
        row_text(payee, row_text(payee, "merchant_id") ? "merchant_id" : "email_address");
    enum err err = OK;

    if (!name)
        return row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(call->business_id)),
                        "business", business);
    err = row_find(db, SQ_PAYPAL_BUSINESS_NAMED, DB_VALUES(db_text(name)), business);
    if (err || *business)
        return err;
    return rest_refuse_field(call, 422, "/purchase_units/0/payee", name, "PAYEE_ACCOUNT_INVALID",
                             "Payee account specified is invalid. Please check the "
                             "`payee.email_address` or `payee.merchant_id` specified and try "
                             "again. Ensure that either  `payee.merchant_id` or "
                             "`payee.email_address` is specified.");
}

static enum err insert(struct rest_call *call, struct db *db, const json_t *business)
{
    const json_t *amount = json_object_get(unit_of(call), "amount");
    bool with_source = json_object_get(call->body, "payment_source") != NULL;
    json_auto_t *fields = fields_of(call, business);
    int64_t cents = 0;
    enum err err = rest_amount_check(call, amount, "", &cents);

    if (!err)
        err = id_make_capitals(call->arena, "", 17, &call->object_id);
    if (!err)
        err = db_run(db, SQ_PAYPAL_ORDER_FORM_ADD,
                     DB_VALUES(db_text(call->object_id), db_text(row_text(business, "id")),
                               db_str(json_write(fields, call->arena)), db_int(cents),
                               db_text(row_text(amount, "currency_code")), db_int(call->now)));
    if (err)
        return err;
    return db_run(db, SQ_PAYPAL_ORDER_ADD,
                  DB_VALUES(db_text(call->object_id), db_text(call->client_id),
                            db_str(json_write(call->body, call->arena)),
                            db_text(with_source ? "PAYER_ACTION_REQUIRED" : "CREATED"),
                            db_int(call->now)));
}

static enum err show(struct rest_call *call, struct db *db, json_t **answer)
{
    struct rest_shape shape = {.sandbox = call->sandbox, .arena = call->arena, .db = db};
    json_auto_t *order = NULL;
    enum err err =
        row_need(db, SQ_PAYPAL_ORDER_FIND, DB_VALUES(db_text(call->object_id)), "order", &order);

    return err ? err : rest_order_object(&shape, order, call->minimal, answer);
}

static enum err create(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *business = NULL;
    enum err err = find_payee(call, db, &business);

    if (!err && !call->error.status)
        err = insert(call, db, business);
    if (err || call->error.status)
        return err;
    call->status = json_object_get(call->body, "payment_source") ? 200 : 201;
    return show(call, db, answer);
}

enum err rest_order_create_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.rules = create_rules,
                                                    .check = check_create,
                                                    .work = create,
                                                    .kind = "order",
                                                    .kept_s = REQUEST_LIFE_S,
                                                    .show = show};

    return rest_serve(request, response, &operation);
}

/* ---- reading it ---- */

bool order_ended(const json_t *order, int64_t now)
{
    return !row_is(order, "status", "COMPLETED") &&
           row_integer(order, "created") + ORDER_LIFE_S <= now;
}

enum err rest_order_find(struct rest_call *call, struct db *db, const char *id, json_t **order)
{
    enum err err = row_find(db, SQ_PAYPAL_ORDER_FIND, DB_VALUES(db_text(id)), order);

    if (err)
        return err;
    if (!*order || !row_is(*order, "client_id", call->client_id) || order_ended(*order, call->now))
        return rest_refuse_missing(call);
    return OK;
}

static enum err get(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *order = NULL;
    enum err err = OK;

    call->object_id = rest_part(call, 0);
    call->minimal = false;
    err = rest_order_find(call, db, call->object_id, &order);
    return err || call->error.status ? err : show(call, db, answer);
}

enum err rest_order_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = get};

    return rest_serve(request, response, &operation);
}
