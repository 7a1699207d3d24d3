#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

json_t *rest_money(int64_t cents, const char *currency)
{
    char text[MONEY_TEXT_MAX];
    json_t *money = json_object();

    money_format_decimal(text, cents, money_currency(currency));
    put_text(money, "currency_code", currency);
    put_text(money, "value", text);
    return money;
}

void rest_link(json_t *links, const struct sandbox *sandbox, const char *path, const char *rel,
               const char *method)
{
    json_t *link = json_object();

    put(link, "href", json_sprintf("%s%s", sandbox->options.base_url, path));
    put_text(link, "rel", rel);
    put_text(link, "method", method);
    json_array_append_new(links, link);
}

/* ---- captures ---- */

static const char *capture_status(const json_t *payment, const json_t *state)
{
    int64_t gone_cents =
        row_integer(state, "refunded_cents") + row_integer(state, "reversed_cents");

    if (row_is(payment, "status", "Pending"))
        return "PENDING";
    if (row_is(payment, "status", "Denied"))
        return "DECLINED";
    if (!row_is(payment, "status", "Completed"))
        return "FAILED";
    if (gone_cents <= 0)
        return "COMPLETED";
    return gone_cents < row_integer(payment, "gross_cents") ? "PARTIALLY_REFUNDED" : "REFUNDED";
}

static const char *status_reason(const json_t *payment, const json_t *state)
{
    if (row_is(payment, "status", "Pending")) {
        if (row_text(state, "reason"))
            return row_text(state, "reason");
        return row_is(payment, "pending_reason", "echeck") ? "ECHECK" : "PENDING_REVIEW";
    }
    if (row_integer(state, "reversed_cents") > 0)
        return "CHARGEBACK";
    return row_integer(state, "refunded_cents") > 0 ? "REFUNDED" : NULL;
}

static void put_exchange(json_t *breakdown, const json_t *payment)
{
    const char *code = row_text(payment, "settled_currency");
    int64_t rate = row_integer(payment, "exchange_millionths");
    json_t *exchange = NULL;

    if (!code)
        return;
    put(breakdown, "receivable_amount", rest_money(row_integer(payment, "settled_cents"), code));
    exchange = json_object();
    put_copy(exchange, "source_currency", payment, "currency");
    put_text(exchange, "target_currency", code);
    put(exchange, "value",
        json_sprintf("%lld.%06lld", (long long)(rate / 1000000), (long long)(rate % 1000000)));
    put(breakdown, "exchange_rate", exchange);
}

/* What the receiver gets: told once the money is there. */
static json_t *breakdown_of(const json_t *payment)
{
    const char *currency = row_text(payment, "currency");
    int64_t gross_cents = row_integer(payment, "gross_cents");
    int64_t fee_cents = row_integer(payment, "fee_cents");
    json_t *breakdown = json_object();

    put(breakdown, "gross_amount", rest_money(gross_cents, currency));
    put(breakdown, "paypal_fee", rest_money(fee_cents, currency));
    put(breakdown, "net_amount", rest_money(gross_cents - fee_cents, currency));
    put_exchange(breakdown, payment);
    return breakdown;
}

static json_t *capture_links(const struct rest_shape *shape, const json_t *payment)
{
    const char *own =
        arena_printf(shape->arena, "/v2/payments/captures/%s", row_text(payment, "txn_id"));
    json_t *links = json_array();

    rest_link(links, shape->sandbox, own, "self", "GET");
    rest_link(links, shape->sandbox, arena_printf(shape->arena, "%s/refund", own), "refund",
              "POST");
    rest_link(links, shape->sandbox,
              arena_printf(shape->arena, "/v2/checkout/orders/%s", row_text(payment, "token")),
              "up", "GET");
    return links;
}

static void put_marks(json_t *object, const json_t *payment)
{
    if (row_text(payment, "invoice"))
        put_copy(object, "invoice_id", payment, "invoice");
    if (row_text(payment, "custom"))
        put_copy(object, "custom_id", payment, "custom");
}

enum err rest_capture_object(const struct rest_shape *shape, const json_t *payment, bool related,
                             json_t **object)
{
    json_auto_t *state = NULL;
    int64_t completed_at = row_integer(payment, "completed_at");
    int64_t updated_at = completed_at ? completed_at : row_integer(payment, "created");
    enum err err = row_need(shape->db, SQ_PAYPAL_CAPTURE_STATE,
                            DB_VALUES(db_text(row_text(payment, "txn_id"))), "capture", &state);

    if (err)
        return err;
    *object = json_object();
    put_copy(*object, "id", payment, "txn_id");
    put_text(*object, "status", capture_status(payment, state));
    if (status_reason(payment, state))
        put(*object, "status_details",
            json_pack("{s:s}", "reason", status_reason(payment, state)));
    put(*object, "amount",
        rest_money(row_integer(payment, "gross_cents"), row_text(payment, "currency")));
    put_true(*object, "final_capture");
    put_text(*object, "disbursement_mode", "INSTANT");
    put(*object, "seller_protection",
        json_pack("{s:s, s:[s, s]}", "status", "ELIGIBLE", "dispute_categories",
                  "ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"));
    if (row_is(payment, "status", "Completed"))
        put(*object, "seller_receivable_breakdown", breakdown_of(payment));
    put_marks(*object, payment);
    put_text(*object, "create_time", rest_time(shape->arena, row_integer(payment, "created")));
    put_text(*object, "update_time", rest_time(shape->arena, updated_at));
    put(*object, "links", capture_links(shape, payment));
    if (related)
        put(*object, "supplementary_data",
            json_pack("{s:{s:s}}", "related_ids", "order_id", row_text(payment, "token")));
    return OK;
}

/* ---- orders ---- */

static json_t *order_links(const struct rest_shape *shape, const json_t *order)
{
    const char *id = row_text(order, "id");
    const char *own = arena_printf(shape->arena, "/v2/checkout/orders/%s", id);
    const char *page = arena_printf(shape->arena, "/checkoutnow?token=%s", id);
    bool with_source = json_object_get(json_object_get(order, "request"), "payment_source");
    json_t *links = json_array();

    rest_link(links, shape->sandbox, own, "self", "GET");
    if (row_is(order, "status", "COMPLETED") || row_is(order, "status", "VOIDED"))
        return links;
    rest_link(links, shape->sandbox, page, with_source ? "payer-action" : "approve", "GET");
    if (!with_source)
        rest_link(links, shape->sandbox, own, "update", "PATCH");
    if (!with_source || row_is(order, "status", "APPROVED"))
        rest_link(links, shape->sandbox, arena_printf(shape->arena, "%s/capture", own), "capture",
                  "POST");
    return links;
}

static json_t *name_of(const json_t *order)
{
    return json_pack("{s:s, s:s}", "given_name", row_text(order, "first_name"), "surname",
                     row_text(order, "last_name"));
}

static void put_payer(json_t *object, const json_t *order)
{
    bool approved = row_text(order, "payer_id") != NULL;
    json_t *wallet = json_object();
    json_t *payer = NULL;

    if (approved) {
        put_copy(wallet, "email_address", order, "payer_email");
        put_copy(wallet, "account_id", order, "payer_id");
        put_text(wallet, "account_status", "VERIFIED");
        put(wallet, "name", name_of(order));
        put(wallet, "address", json_pack("{s:s}", "country_code", "FR"));
    }
    if (approved || json_object_get(json_object_get(order, "request"), "payment_source"))
        put(object, "payment_source", json_pack("{s:o}", "paypal", wallet));
    else
        json_decref(wallet);
    if (!approved)
        return;
    payer = json_object();
    put(payer, "name", name_of(order));
    put_copy(payer, "email_address", order, "payer_email");
    put_copy(payer, "payer_id", order, "payer_id");
    put(payer, "address", json_pack("{s:s}", "country_code", "FR"));
    put(object, "payer", payer);
}

static enum err put_refunds(const struct rest_shape *shape, const json_t *order, json_t *payments)
{
    json_auto_t *rows = NULL;
    json_t *refunds = json_array();
    enum err err = row_list(shape->db, SQ_PAYPAL_REFUND_OF,
                            DB_VALUES(db_text(row_text(order, "txn_id"))), &rows);

    for (size_t i = 0; i < json_array_size(rows) && !err; i++) {
        json_t *refund = NULL;

        err = rest_refund_object(shape, json_array_get(rows, i), &refund);
        if (!err)
            json_array_append_new(refunds, refund);
    }
    if (json_array_size(refunds))
        put(payments, "refunds", refunds);
    else
        json_decref(refunds);
    return err;
}

/* The payment of an order in its purchase unit; nothing before it was captured. */
static enum err put_payments(const struct rest_shape *shape, const json_t *order, json_t *unit)
{
    json_auto_t *payment = NULL;
    json_t *capture = NULL;
    enum err err = OK;

    if (!row_text(order, "txn_id"))
        return OK;
    err = row_need(shape->db, SQ_PAYPAL_PAYMENT_FIND,
                   DB_VALUES(db_text(row_text(order, "txn_id"))), "payment", &payment);
    if (!err)
        err = rest_capture_object(shape, payment, false, &capture);
    if (err)
        return err;
    put(unit, "payments", json_pack("{s:[o]}", "captures", capture));
    return put_refunds(shape, order, json_object_get(unit, "payments"));
}

static json_t *unit_of(const json_t *order)
{
    static const char *const copied[] = {"description", "custom_id", "invoice_id",
                                         "soft_descriptor", NULL};
    const json_t *given =
        json_array_get(json_object_get(json_object_get(order, "request"), "purchase_units"), 0);
    json_t *unit = json_object();

    put_text(unit, "reference_id",
             row_text(given, "reference_id") ? row_text(given, "reference_id") : "default");
    put(unit, "amount", rest_money(row_integer(order, "amount"), row_text(order, "currency")));
    put(unit, "payee",
        json_pack("{s:s, s:s}", "email_address", row_text(order, "business_email"), "merchant_id",
                  row_text(order, "business")));
    for (const char *const *name = copied; *name; name++)
        if (row_text(given, *name))
            put_copy(unit, *name, given, *name);
    return unit;
}

enum err rest_order_object(const struct rest_shape *shape, const json_t *order, bool minimal,
                           json_t **object)
{
    json_t *unit = NULL;
    enum err err = OK;

    *object = json_object();
    put_copy(*object, "id", order, "id");
    put_copy(*object, "status", order, "status");
    put_payer(*object, order);
    if (!minimal || row_text(order, "txn_id")) {
        unit = unit_of(order);
        err = put_payments(shape, order, unit);
        put(*object, "purchase_units", json_pack("[o]", unit));
    }
    if (minimal && unit) {
        json_object_del(unit, "amount");
        json_object_del(unit, "payee");
    }
    if (!minimal) {
        put_text(*object, "intent", "CAPTURE");
        put_text(*object, "create_time", rest_time(shape->arena, row_integer(order, "created")));
        put_text(*object, "update_time", rest_time(shape->arena, row_integer(order, "updated")));
    }
    put(*object, "links", order_links(shape, order));
    return err;
}
