#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- its shape ---- */

/* Amounts are positive; the fee is what PayPal gives back of it. */
static json_t *breakdown_of(const json_t *refund)
{
    const char *currency = row_text(refund, "currency");
    int64_t amount_cents = row_integer(refund, "amount_cents");
    int64_t fee_cents = row_integer(refund, "fee_cents");
    json_t *breakdown = json_object();

    put(breakdown, "gross_amount", rest_money(amount_cents, currency));
    put(breakdown, "paypal_fee", rest_money(fee_cents, currency));
    put(breakdown, "net_amount", rest_money(amount_cents - fee_cents, currency));
    put(breakdown, "total_refunded_amount",
        rest_money(row_integer(refund, "total_cents"), currency));
    return breakdown;
}

static void put_given(json_t *object, const json_t *refund)
{
    static const struct {
        const char *name, *field;
    } given[] = {{"invoice_id", "invoice"}, {"custom_id", "custom"}, {"note_to_payer", "note"}};

    for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
        if (row_text(refund, given[i].field))
            put_copy(object, given[i].name, refund, given[i].field);
}

enum err rest_refund_object(const struct rest_shape *shape, const json_t *refund, json_t **object)
{
    json_t *links = json_array();

    *object = json_object();
    put_copy(*object, "id", refund, "id");
    put(*object, "amount",
        rest_money(row_integer(refund, "amount_cents"), row_text(refund, "currency")));
    put(*object, "seller_payable_breakdown", breakdown_of(refund));
    put_given(*object, refund);
    put_copy(*object, "status", refund, "status");
    if (row_is(refund, "status", "PENDING"))
        put(*object, "status_details", json_pack("{s:s}", "reason", "ECHECK"));
    put_text(*object, "create_time", rest_time(shape->arena, row_integer(refund, "created")));
    put_text(*object, "update_time", rest_time(shape->arena, row_integer(refund, "updated")));
    rest_link(links, shape->sandbox,
              arena_printf(shape->arena, "/v2/payments/refunds/%s", row_text(refund, "id")),
              "self", "GET");
    rest_link(links, shape->sandbox,
              arena_printf(shape->arena, "/v2/payments/captures/%s", row_text(refund, "payment")),
              "up", "GET");
    put(*object, "links", links);
    return OK;
}

/* ---- keeping and telling ---- */

static const char *summary_of(const struct event_telling *telling, const json_t *refund)
{
    char amount[MONEY_TEXT_MAX];
    const char *code = row_text(refund, "currency");

    money_format_decimal(amount, row_integer(refund, "amount_cents"), money_currency(code));
    return arena_printf(telling->arena, "A %s %s capture payment was %s", code, amount,
                        row_is(refund, "kind", "reversal") ? "reversed" : "refunded");
}

static const char *type_of(const json_t *refund)
{
    if (row_is(refund, "status", "PENDING"))
        return "PAYMENT.REFUND.PENDING";
    if (!row_is(refund, "status", "COMPLETED"))
        return "PAYMENT.REFUND.FAILED";
    return row_is(refund, "kind", "reversal") ? "PAYMENT.CAPTURE.REVERSED"
                                              : "PAYMENT.CAPTURE.REFUNDED";
}

enum err event_refund_state(const struct event_telling *telling, const char *id,
                            const json_t *order)
{
    struct rest_shape shape = {
        .sandbox = telling->sandbox, .arena = telling->arena, .db = telling->db};
    struct event event = {.resource_type = "refund", .version = "2.0", .object_id = id};
    json_auto_t *refund = NULL;
    json_auto_t *resource = NULL;
    enum err err =
        row_need(telling->db, SQ_PAYPAL_REFUND_FIND, DB_VALUES(db_text(id)), "refund", &refund);

    if (!err)
        err = rest_refund_object(&shape, refund, &resource);
    if (err)
        return err;
    event.type = type_of(refund);
    event.summary = summary_of(telling, refund);
    event.resource = resource;
    err = event_plan(telling, row_text(order, "client_id"), &event);
    return err ? err : event_flush(telling, order);
}

static enum err keep(const struct event_telling *telling, const struct refund_made *made)
{
    const json_t *payment = made->payment;
    json_auto_t *state = NULL;
    enum err err = row_need(telling->db, SQ_PAYPAL_CAPTURE_STATE,
                            DB_VALUES(db_text(row_text(payment, "txn_id"))), "capture", &state);
    int64_t total_cents =
        row_integer(state, "refunded_cents") + row_integer(state, "reversed_cents");

    if (err)
        return err;
    if (made->waited)
        return db_run(telling->db, SQ_PAYPAL_REFUND_END,
                      DB_VALUES(db_text(made->id), db_text("COMPLETED"), db_int(made->fee_cents),
                                db_int(total_cents), db_int(telling->now)));
    return db_run(telling->db, SQ_PAYPAL_REFUND_ADD,
                  DB_VALUES(db_text(made->id), db_text(row_text(payment, "txn_id")),
                            db_text(!strcmp(made->kind, "refund") ? "refund" : "reversal"),
                            db_text("COMPLETED"), db_int(made->amount_cents),
                            db_int(made->fee_cents), db_text(row_text(payment, "currency")),
                            db_int(total_cents), db_text(made->invoice),
                            db_text(made->custom ? made->custom : row_text(payment, "custom")),
                            db_text(made->note), db_int(telling->now)));
}

enum err event_refund(const struct event_telling *telling, const struct refund_made *made)
{
    json_auto_t *order = NULL;
    enum err err = row_find(telling->db, SQ_PAYPAL_ORDER_FIND,
                            DB_VALUES(db_text(row_text(made->payment, "token"))), &order);

    if (err || !order)
        return err;
    err = keep(telling, made);
    return err ? err : event_refund_state(telling, made->id, order);
}
