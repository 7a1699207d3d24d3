#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { LIMIT_S = 180 * 24 * 3600 };

/* One refund being asked. */
struct asking {
    struct rest_call *call;
    struct db *db;
    json_t *payment;
    int64_t amount_cents;
    const char *outcome;
};

/* ---- may it be given back? ---- */

static enum err check_payment(struct asking *asking)
{
    struct rest_call *call = asking->call;

    if (row_is(asking->payment, "status", "Pending"))
        return rest_refuse(call, 422, "PENDING_CAPTURE",
                           "Cannot initiate a refund as the capture is pending. Capture is "
                           "typically pending when the payer has funded the transaction using "
                           "e-check/bank funded.");
    if (!row_is(asking->payment, "status", "Completed"))
        return rest_refuse(call, 422, "REFUND_NOT_ALLOWED", "Capture cannot be refunded.");
    if (row_integer(asking->payment, "created") + LIMIT_S <= call->now)
        return rest_refuse(call, 422, "REFUND_TIME_LIMIT_EXCEEDED",
                           "You are over the time limit to perform a refund on this capture");
    return OK;
}

/* What is left of it, less what is asked already. */
static enum err find_left(struct asking *asking, int64_t *left_cents, int64_t *reversed_cents)
{
    struct db_value payment = db_text(row_text(asking->payment, "txn_id"));
    json_auto_t *left = NULL;
    int64_t waiting_cents = 0;
    enum err err =
        row_need(asking->db, SQ_PAYPAL_PAYMENT_LEFT, DB_VALUES(payment), "payment", &left);

    if (!err)
        err = db_integer(asking->db, SQ_PAYPAL_REFUND_WAITING, DB_VALUES(payment), 0,
                         &waiting_cents);
    *left_cents = row_integer(left, "gross_cents") - waiting_cents;
    *reversed_cents = row_integer(left, "reversed_cents");
    return err;
}

static enum err check_amount(struct asking *asking)
{
    struct rest_call *call = asking->call;
    const json_t *amount = json_object_get(call->body, "amount");
    int64_t left_cents = 0;
    int64_t reversed_cents = 0;
    enum err err = find_left(asking, &left_cents, &reversed_cents);

    if (err)
        return err;
    if (reversed_cents > 0)
        return rest_refuse(call, 422, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK",
                           "Refunds are not allowed on this capture due to a chargeback on the "
                           "card or bank. Please contact the payee to resolve the chargeback.");
    if (left_cents <= 0)
        return rest_refuse(call, 422, "CAPTURE_FULLY_REFUNDED",
                           "The capture has already been fully refunded");
    asking->amount_cents = left_cents;
    if (amount)
        err = rest_amount_check(call, amount, "/amount", &asking->amount_cents);
    if (err || call->error.status)
        return err;
    if (amount && !row_is(amount, "currency_code", row_text(asking->payment, "currency")))
        return rest_refuse(call, 422, "REFUND_CAPTURE_CURRENCY_MISMATCH",
                           "Refund must be in the same currency as the capture");
    if (asking->amount_cents > left_cents)
        return rest_refuse(call, 422, "REFUND_AMOUNT_EXCEEDED",
                           "The refund amount must be less than or equal to the capture amount "
                           "that has not yet been refunded.");
    return OK;
}

/* ---- giving back ---- */

static enum err give(struct asking *asking)
{
    struct rest_call *call = asking->call;
    const char *note = row_text(call->body, "note_to_payer");
    struct paypal_step step;
    enum err err = OK;

    paypal_step_init(&step, call->sandbox, call->arena,
                     arena_string(call->arena, row_text(asking->payment, "txn_id")));
    step.kind = "refund";
    step.amount_cents = asking->amount_cents;
    step.refund_invoice = row_text(call->body, "invoice_id");
    step.refund_custom = row_text(call->body, "custom_id");
    step.refund_note = note;
    err = paypal_follow(asking->db, &step);
    call->object_id = step.txn_id;
    return err;
}

static enum err tell(const struct rest_call *call, struct db *db, const json_t *payment)
{
    struct delivery_batch batch = {.count = 0};
    struct event_telling telling = {.sandbox = call->sandbox,
                                    .arena = call->arena,
                                    .db = db,
                                    .batch = &batch,
                                    .now = call->now,
                                    .now_ms = clock_now_ms()};
    json_auto_t *order = NULL;
    enum err err = row_need(db, SQ_PAYPAL_ORDER_FIND,
                            DB_VALUES(db_text(row_text(payment, "token"))), "order", &order);

    return err ? err : event_refund_state(&telling, call->object_id, order);
}

/* It waits, or it has failed at once: no money moves. */
static enum err keep_only(struct asking *asking, const char *status)
{
    struct rest_call *call = asking->call;
    const json_t *body = call->body;
    json_auto_t *state = NULL;
    const char *payment_id = row_text(asking->payment, "txn_id");
    const char *custom = row_text(body, "custom_id");
    enum err err = row_need(asking->db, SQ_PAYPAL_CAPTURE_STATE, DB_VALUES(db_text(payment_id)),
                            "capture", &state);

    if (!err)
        err = id_make_capitals(call->arena, "", 17, &call->object_id);
    if (!err)
        err = db_run(asking->db, SQ_PAYPAL_REFUND_ADD,
                     DB_VALUES(db_text(call->object_id), db_text(payment_id), db_text("refund"),
                               db_text(status), db_int(asking->amount_cents), db_int(0),
                               db_text(row_text(asking->payment, "currency")),
                               db_int(row_integer(state, "refunded_cents")),
                               db_text(row_text(body, "invoice_id")),
                               db_text(custom ? custom : row_text(asking->payment, "custom")),
                               db_text(row_text(body, "note_to_payer")), db_int(call->now)));
    return err ? err : tell(call, asking->db, asking->payment);
}

static enum err find_outcome(struct asking *asking)
{
    json_auto_t *business = NULL;
    enum err err =
        row_need(asking->db, SQ_PAYPAL_BUSINESS_FIND,
                 DB_VALUES(db_text(row_text(asking->payment, "receiver"))), "business", &business);

    asking->outcome = arena_string(asking->call->arena, row_text(business, "refund_outcome"));
    return err;
}

static enum err show(struct rest_call *call, struct db *db, json_t **answer)
{
    struct rest_shape shape = {.sandbox = call->sandbox, .arena = call->arena, .db = db};
    json_auto_t *refund = NULL;
    enum err err = row_need(db, SQ_PAYPAL_REFUND_FIND, DB_VALUES(db_text(call->object_id)),
                            "refund", &refund);

    if (!err)
        err = rest_refund_object(&shape, refund, answer);
    if (!err && call->minimal) {
        json_t *whole = *answer;

        *answer = json_object();
        put_copy(*answer, "id", whole, "id");
        put_copy(*answer, "status", whole, "status");
        put_copy(*answer, "links", whole, "links");
        json_decref(whole);
    }
    return err;
}

static enum err ask(struct asking *asking)
{
    struct rest_call *call = asking->call;
    enum err err = rest_payment_find(call, asking->db, rest_part(call, 0), &asking->payment);

    if (!err && !call->error.status)
        err = check_payment(asking);
    if (!err && !call->error.status)
        err = check_amount(asking);
    if (!err && !call->error.status)
        err = find_outcome(asking);
    if (err || call->error.status)
        return err;
    if (!strcmp(asking->outcome, "completed"))
        return give(asking);
    return keep_only(asking, !strcmp(asking->outcome, "pending") ? "PENDING" : "FAILED");
}

static enum err refund(struct rest_call *call, struct db *db, json_t **answer)
{
    struct asking asking = {.call = call, .db = db};
    enum err err = ask(&asking);

    json_decref(asking.payment);
    call->status = 201;
    return err || call->error.status ? err : show(call, db, answer);
}

enum err rest_refund_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_rule rules[] = {
        {.path = "/amount", .kind = REST_OBJECT},
        {.path = "/amount/currency_code",
         .kind = REST_CURRENCY,
         .min = 3,
         .max = 3,
         .required = true},
        {.path = "/amount/value", .kind = REST_DECIMAL, .max = 32, .required = true},
        {.path = "/custom_id", .kind = REST_TEXT, .min = 1, .max = 127},
        {.path = "/invoice_id", .kind = REST_TEXT, .min = 1, .max = 127},
        {.path = "/note_to_payer", .kind = REST_TEXT, .min = 1, .max = 255},
        {.path = NULL},
    };
    static const struct rest_operation operation = {
        .rules = rules, .work = refund, .kind = "refund", .kept_s = REFUND_LIFE_S, .show = show};

    return rest_serve(request, response, &operation);
}

/* ---- reading one ---- */

static enum err get(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *refund = NULL;
    json_auto_t *payment = NULL;
    enum err err = OK;

    call->object_id = rest_part(call, 0);
    call->minimal = false;
    err = row_find(db, SQ_PAYPAL_REFUND_FIND, DB_VALUES(db_text(call->object_id)), &refund);
    if (!err && !refund)
        return rest_refuse_missing(call);
    if (!err)
        err = rest_payment_find(call, db, row_text(refund, "payment"), &payment);
    return err || call->error.status ? err : show(call, db, answer);
}

enum err rest_refund_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = get};

    return rest_serve(request, response, &operation);
}

/* ---- one that waited ends ---- */

static enum err complete(struct db *db, struct refund_end *end, const json_t *refund)
{
    struct paypal_step step;
    enum err err = OK;

    paypal_step_init(&step, end->sandbox, end->arena,
                     arena_string(end->arena, row_text(refund, "payment")));
    step.kind = "refund";
    step.amount_cents = row_integer(refund, "amount_cents");
    step.refund_id = end->id;
    step.webhook = end->webhook;
    err = paypal_follow(db, &step);
    end->batch = step.batch;
    return err;
}

static enum err fall_through(struct db *db, struct refund_end *end, const json_t *refund)
{
    struct event_telling telling = {.sandbox = end->sandbox,
                                    .arena = end->arena,
                                    .db = db,
                                    .batch = &end->batch,
                                    .mode = end->webhook,
                                    .now = end->now,
                                    .now_ms = end->now_ms};
    json_auto_t *payment = NULL;
    json_auto_t *order = NULL;
    enum err err = db_run(db, SQ_PAYPAL_REFUND_END,
                          DB_VALUES(db_text(end->id), db_text(end->status), db_int(0),
                                    db_int(row_integer(refund, "total_cents")), db_int(end->now)));

    if (!err)
        err = row_need(db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(row_text(refund, "payment"))),
                       "payment", &payment);
    if (!err)
        err = row_need(db, SQ_PAYPAL_ORDER_FIND, DB_VALUES(db_text(row_text(payment, "token"))),
                       "order", &order);
    return err ? err : event_refund_state(&telling, end->id, order);
}

enum err refund_end_run(struct db *db, void *argument)
{
    struct refund_end *end = argument;
    json_auto_t *refund = NULL;
    enum err err =
        row_need(db, SQ_PAYPAL_REFUND_FIND, DB_VALUES(db_text(end->id)), "refund", &refund);

    end->batch.draft_count = 0;
    end->batch.count = 0;
    if (err)
        return err;
    if (!row_is(refund, "status", "PENDING"))
        return fail(ERR_CONFLICT, "the refund does not wait");
    return strcmp(end->status, "COMPLETED") ? fall_through(db, end, refund)
                                            : complete(db, end, refund);
}
