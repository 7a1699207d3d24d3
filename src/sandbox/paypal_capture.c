#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- may it be captured? ---- */

static const char *page_of(const struct rest_call *call, const json_t *order)
{
    return arena_printf(call->arena, "%s/checkoutnow?token=%s", call->sandbox->options.base_url,
                        row_text(order, "id"));
}

static enum err refuse_invoice(struct rest_call *call, struct db *db, const json_t *order)
{
    const char *invoice = row_text(json_object_get(order, "fields"), "invoice");
    json_auto_t *business = NULL;
    int64_t paid = 0;
    enum err err =
        row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(row_text(order, "business"))),
                 "business", &business);

    if (err || !invoice || !row_flag(business, "unique_invoices"))
        return err;
    err = db_integer(db, SQ_PAYPAL_INVOICE_PAID,
                     DB_VALUES(db_text(row_text(order, "business")), db_text(invoice)), 0, &paid);
    if (err || !paid)
        return err;
    call->final = true;
    return rest_refuse(
        call, 422, "DUPLICATE_INVOICE_ID",
        "Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account "
        "setting requires that Invoice Id be unique for each transaction.");
}

static enum err check_order(struct rest_call *call, struct db *db, const json_t *order)
{
    if (row_is(order, "status", "COMPLETED"))
        return rest_refuse(
            call, 422, "ORDER_ALREADY_CAPTURED",
            "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.");
    if (!row_is(order, "status", "APPROVED"))
        return rest_refuse(
            call, 422, "ORDER_NOT_APPROVED",
            "Payer has not yet approved the Order for payment. Please redirect the payer to the "
            "'rel':'approve' url returned as part of the HATEOAS links within the Create Order "
            "call or provide a valid `payment_source` in the request.");
    if (row_is(order, "outcome", "instrument_declined")) {
        rest_refuse(call, 422, "INSTRUMENT_DECLINED",
                    "The instrument presented  was either declined by the processor or bank, or "
                    "it can't be used for this payment.");
        call->error.redirect = page_of(call, order);
        call->final = true;
        return OK;
    }
    return refuse_invoice(call, db, order);
}

/* ---- capturing ---- */

static void fill_move(const struct rest_call *call, const json_t *order, struct paypal_move *move)
{
    const char *outcome = row_text(order, "outcome");

    paypal_move_init(move, call->sandbox, call->arena,
                     arena_string(call->arena, row_text(order, "id")));
    move->order = true;
    move->outcome = !strcmp(outcome, "declined") ? "denied" : outcome;
    move->payer_id = row_text(order, "payer_id");
    move->first_name = row_text(order, "first_name");
    move->last_name = row_text(order, "last_name");
    move->email = row_text(order, "payer_email");
    move->txn_type = "express_checkout";
    move->settle_s = row_integer(order, "settle_s");
    move->settle_status = row_text(order, "settle_status");
    move->notify.mode = row_text(order, "ipn");
    move->notify.late_s = row_integer(order, "late_s");
    move->now = call->now;
}

static enum err show(struct rest_call *call, struct db *db, json_t **answer)
{
    struct rest_shape shape = {.sandbox = call->sandbox, .arena = call->arena, .db = db};
    json_auto_t *order = NULL;
    enum err err =
        row_need(db, SQ_PAYPAL_ORDER_FIND, DB_VALUES(db_text(call->object_id)), "order", &order);

    return err ? err : rest_order_object(&shape, order, call->minimal, answer);
}

static enum err tell(const struct rest_call *call, struct db *db, struct paypal_move *move)
{
    struct event_telling telling = {.sandbox = call->sandbox,
                                    .arena = call->arena,
                                    .db = db,
                                    .batch = &move->batch,
                                    .now = call->now,
                                    .now_ms = move->now_ms};

    return event_capture(&telling, move->txn_id, strcmp(move->outcome, "denied") != 0);
}

static enum err capture(struct rest_call *call, struct db *db, json_t **answer)
{
    struct paypal_move move;
    json_auto_t *order = NULL;
    enum err err = OK;

    call->object_id = rest_part(call, 0);
    err = rest_order_find(call, db, call->object_id, &order);
    if (!err && !call->error.status)
        err = check_order(call, db, order);
    if (err || call->error.status)
        return err;
    fill_move(call, order, &move);
    err = paypal_move_pay(db, &move);
    if (!err)
        err = db_run(db, SQ_PAYPAL_ORDER_COMPLETE,
                     DB_VALUES(db_text(call->object_id), db_int(call->now)));
    if (!err)
        err = tell(call, db, &move);
    call->status = 201;
    return err ? err : show(call, db, answer);
}

enum err rest_capture_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_rule rules[] = {{.path = NULL}};
    static const struct rest_operation operation = {.rules = rules,
                                                    .work = capture,
                                                    .kind = "capture",
                                                    .kept_s = REQUEST_LIFE_S,
                                                    .show = show};

    return rest_serve(request, response, &operation);
}

/* ---- reading one ---- */

enum err rest_payment_find(struct rest_call *call, struct db *db, const char *id, json_t **payment)
{
    json_auto_t *state = NULL;
    enum err err = row_find(db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(id)), payment);

    if (!err && *payment)
        err = row_find(db, SQ_PAYPAL_CAPTURE_STATE, DB_VALUES(db_text(id)), &state);
    if (err)
        return err;
    if (!*payment || !row_is(state, "client_id", call->client_id))
        return rest_refuse_missing(call);
    return OK;
}

static enum err get(struct rest_call *call, struct db *db, json_t **answer)
{
    struct rest_shape shape = {.sandbox = call->sandbox, .arena = call->arena, .db = db};
    json_auto_t *payment = NULL;
    enum err err = rest_payment_find(call, db, rest_part(call, 0), &payment);

    return err || call->error.status ? err : rest_capture_object(&shape, payment, true, answer);
}

enum err rest_capture_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = get};

    return rest_serve(request, response, &operation);
}
