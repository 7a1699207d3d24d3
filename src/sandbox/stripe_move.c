#include "sandbox/stripe_move.h"

#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

static const struct pay_method secure_failure = {
    "",
    FATE_REFUSED,
    "visa",
    "DE",
    "payment_intent_authentication_failure",
    NULL,
    "We are unable to authenticate your payment method. Choose another one and try again."};

void stripe_move_init(struct stripe_move *move, struct sandbox *sandbox, struct arena *arena,
                      const char *session_id)
{
    *move = (struct stripe_move){.sandbox = sandbox,
                                 .arena = arena,
                                 .session_id = session_id,
                                 .last4 = "4242",
                                 .settle_s = sandbox->options.sepa_delay_s,
                                 .fee_late_s = FEE_AS_ACCOUNT,
                                 .now = sandbox_now(sandbox),
                                 .now_ms = clock_now_ms()};
}

/* ---- rows ---- */

static enum err load_session(struct db *db, const struct stripe_move *move, json_t **session)
{
    json_decref(*session);
    *session = NULL;
    return row_need(db, SQ_STRIPE_SESSION_BY_ID, DB_VALUES(db_text(move->session_id)), "session",
                    session);
}

/* Starts a move: outputs are emptied (it may be the second run), the session is read, and the
 * way of notifying is the one given or the one it was paid with. */
static enum err begin(struct db *db, struct stripe_move *move, json_t **session)
{
    enum err err = OK;

    move->batch.draft_count = 0;
    move->batch.count = 0;
    move->challenge = false;
    move->code = NULL;
    err = load_session(db, move, session);
    if (!err && !move->notify.mode) {
        move->notify.mode = arena_string(move->arena, row_text(*session, "notify"));
        move->notify.late_s = row_integer(*session, "late_s");
    }
    return err;
}

static enum err add_payment(struct db *db, const struct stripe_move *move, const char **payment_id)
{
    const char *random = NULL;
    enum err err = id_make(move->arena, "pi_3", 23, payment_id);

    if (!err)
        err = id_make(move->arena, "", 25, &random);
    if (err)
        return err;
    err = db_run(db, SQ_STRIPE_PAYMENT_ADD,
                 DB_VALUES(db_text(*payment_id), db_text(move->session_id),
                           db_text(arena_printf(move->arena, "%s_secret_%s", *payment_id, random)),
                           db_int(move->now)));
    if (!err)
        err = db_run(db, SQ_STRIPE_SESSION_SET_PAYMENT,
                     DB_VALUES(db_text(move->session_id), db_text(*payment_id)));
    return err;
}

static enum err ensure_payment(struct db *db, const struct stripe_move *move,
                               const json_t *session, const char **payment_id)
{
    const char *known = row_text(session, "payment_id");

    if (!known)
        return add_payment(db, move, payment_id);
    *payment_id = arena_string(move->arena, known);
    return OK;
}

static enum err add_charge(struct db *db, struct stripe_move *move, const char *payment_id,
                           const struct pay_method *method, const char *status,
                           const char **charge_id)
{
    bool debit = !*method->brand;
    bool failed = !strcmp(status, "failed");
    const char *method_id = NULL;
    enum err err = id_make(move->arena, debit ? "py_3" : "ch_3", 23, charge_id);

    if (!err)
        err = id_make(move->arena, "pm_1", 23, &method_id);
    if (!err)
        err = db_run(db, SQ_STRIPE_CHARGE_ADD,
                     DB_VALUES(db_text(*charge_id), db_text(payment_id), db_text(status),
                               db_text(debit ? "sepa_debit" : "card"), db_text(method_id),
                               db_text(method->brand), db_text(method->country),
                               db_text(move->last4), db_int(move->secure),
                               db_text(failed ? method->code : NULL),
                               db_text(failed ? method->decline_code : NULL),
                               db_text(failed ? method->message : NULL), db_int(move->now)));
    return err;
}

/* The money is there: the charge gets its movement of the balance, fee taken, now or later. */
static enum err capture(struct db *db, const struct stripe_move *move, const char *charge_id)
{
    int64_t late_s = 0;
    enum err err =
        db_integer(db, SQ_STRIPE_CHARGE_FEE_LATE, DB_VALUES(db_text(charge_id)), 0, &late_s);

    if (err)
        return err;
    err = db_run(db, SQ_STRIPE_CHARGE_CAPTURE,
                 DB_VALUES(db_text(charge_id), db_int(move->now),
                           late_s > 0 ? db_int(move->now + late_s) : db_null()));
    return err || late_s ? err : stripe_charge_balance(db, move->arena, charge_id, move->now);
}

static enum err set_payment(struct db *db, const char *payment_id, const char *status,
                            const char *charge_id, const struct pay_method *failure)
{
    return db_run(db, SQ_STRIPE_PAYMENT_SET,
                  DB_VALUES(db_text(payment_id), db_text(status), db_text(charge_id),
                            db_text(failure ? failure->code : NULL),
                            db_text(failure ? failure->decline_code : NULL),
                            db_text(failure ? failure->message : NULL)));
}

/* ---- telling ---- */

static enum err tell(struct db *db, struct stripe_move *move, const json_t *session,
                     const char *type, int query, stripe_object *build, const char *id)
{
    json_auto_t *row = NULL;
    json_auto_t *object = NULL;
    enum err err = row_need(db, query, DB_VALUES(db_text(id)), "object of an event", &row);

    if (!err)
        err = build(db, row, NULL, &object);
    if (!err)
        err = stripe_event_add(db, move, session, type, object);
    return err;
}

/* Events about the charge, the payment and the session, in Stripe's order; NULL = none. */
struct news {
    const char *charge;
    const char *payment;
    const char *session;
};

static enum err tell_all(struct db *db, struct stripe_move *move, const struct news *news)
{
    json_auto_t *session = NULL;
    json_auto_t *payment = NULL;
    const char *payment_id = NULL;
    enum err err = load_session(db, move, &session);

    payment_id = err ? NULL : row_text(session, "payment_id");
    if (payment_id)
        err = row_need(db, SQ_STRIPE_PAYMENT_BY_ID, DB_VALUES(db_text(payment_id)), "payment",
                       &payment);
    if (!err && news->charge)
        err = tell(db, move, session, news->charge, SQ_STRIPE_CHARGE_BY_ID, stripe_charge_object,
                   row_text(payment, "charge_id"));
    if (!err && news->payment)
        err = tell(db, move, session, news->payment, SQ_STRIPE_PAYMENT_BY_ID,
                   stripe_payment_object, payment_id);
    if (!err && news->session)
        err = tell(db, move, session, news->session, SQ_STRIPE_SESSION_BY_ID,
                   stripe_session_object, move->session_id);
    return err ? err : delivery_add(db, &move->batch, &move->notify, move->now_ms);
}

/* ---- paying ---- */

static enum err refuse(struct db *db, struct stripe_move *move, const char *payment_id,
                       const struct pay_method *method)
{
    static const struct news news = {"charge.failed", "payment_intent.payment_failed", NULL};
    const char *charge_id = NULL;
    enum err err = add_charge(db, move, payment_id, method, "failed", &charge_id);

    move->code = method->code;
    move->decline_code = method->decline_code;
    move->message = method->message;
    if (!err)
        err = set_payment(db, payment_id, "requires_payment_method", charge_id, method);
    return err ? err : tell_all(db, move, &news);
}

static enum err challenge(struct db *db, struct stripe_move *move, const char *payment_id)
{
    static const struct news news = {NULL, "payment_intent.requires_action", NULL};
    enum err err = set_payment(db, payment_id, "requires_action", NULL, NULL);

    move->challenge = true;
    return err ? err : tell_all(db, move, &news);
}

static enum err pay_at_once(struct db *db, struct stripe_move *move, const char *payment_id)
{
    static const struct news news = {"charge.succeeded", "payment_intent.succeeded",
                                     "checkout.session.completed"};
    const char *charge_id = NULL;
    enum err err = add_charge(db, move, payment_id, move->method, "pending", &charge_id);

    if (!err)
        err = capture(db, move, charge_id);
    if (!err)
        err = set_payment(db, payment_id, "succeeded", charge_id, NULL);
    if (!err)
        err = db_run(db, SQ_STRIPE_SESSION_COMPLETE,
                     DB_VALUES(db_text(move->session_id), db_text("paid"), db_null(), db_null()));
    return err ? err : tell_all(db, move, &news);
}

static enum err start_debit(struct db *db, struct stripe_move *move, const char *payment_id)
{
    static const struct news news = {"charge.pending", "payment_intent.processing",
                                     "checkout.session.completed"};
    const char *charge_id = NULL;
    enum err err = add_charge(db, move, payment_id, move->method, "pending", &charge_id);

    if (!err)
        err = set_payment(db, payment_id, "processing", charge_id, NULL);
    if (!err)
        err = db_run(db, SQ_STRIPE_SESSION_COMPLETE,
                     DB_VALUES(db_text(move->session_id), db_text("unpaid"),
                               move->settle_s < 0 ? db_null() : db_int(move->now + move->settle_s),
                               db_text(move->method->fate == FATE_SETTLES ? "succeed" : "fail")));
    return err ? err : tell_all(db, move, &news);
}

static enum err carry_out(struct db *db, struct stripe_move *move, const char *payment_id)
{
    switch (move->method->fate) {
    case FATE_REFUSED:
        return refuse(db, move, payment_id, move->method);
    case FATE_CHALLENGE:
        if (move->refuse_secure)
            return refuse(db, move, payment_id, &secure_failure);
        return move->secure ? pay_at_once(db, move, payment_id) : challenge(db, move, payment_id);
    case FATE_PAYS:
        return pay_at_once(db, move, payment_id);
    case FATE_SETTLES:
    case FATE_BOUNCES:
        break;
    }
    return start_debit(db, move, payment_id);
}

enum err stripe_move_pay(struct db *db, void *argument)
{
    struct stripe_move *move = argument;
    json_auto_t *session = NULL;
    const char *payment_id = NULL;
    enum err err = begin(db, move, &session);

    if (err)
        return err;
    if (!row_is(session, "status", "open") || row_integer(session, "expires_at") <= move->now)
        return fail(ERR_CONFLICT, "the session is not open");
    err = db_run(db, SQ_STRIPE_SESSION_SET_PAYER,
                 DB_VALUES(db_text(move->session_id), db_text(move->name), db_text(move->email),
                           db_text(move->notify.mode), db_int(move->notify.late_s)));
    if (!err && move->fee_late_s != FEE_AS_ACCOUNT)
        err = db_run(db, SQ_STRIPE_SESSION_SET_FEE_LATE,
                     DB_VALUES(db_text(move->session_id), db_int(move->fee_late_s)));
    if (!err)
        err = ensure_payment(db, move, session, &payment_id);
    return err ? err : carry_out(db, move, payment_id);
}

/* ---- what comes later ---- */

static enum err settle(struct db *db, struct stripe_move *move, const json_t *payment)
{
    static const struct news good = {"charge.succeeded", "payment_intent.succeeded",
                                     "checkout.session.async_payment_succeeded"};
    static const struct news bad = {"charge.failed", "payment_intent.payment_failed",
                                    "checkout.session.async_payment_failed"};
    const struct pay_method *failure = stripe_iban_find(stripe_outcome_number("sepa_failed"));
    const char *payment_id = row_text(payment, "id");
    const char *charge_id = row_text(payment, "charge_id");
    enum err err = OK;

    if (move->succeed)
        err = capture(db, move, charge_id);
    else
        err = db_run(db, SQ_STRIPE_CHARGE_FAIL,
                     DB_VALUES(db_text(charge_id), db_text(failure->code),
                               db_text(failure->decline_code), db_text(failure->message)));
    if (!err)
        err = set_payment(db, payment_id, move->succeed ? "succeeded" : "requires_payment_method",
                          charge_id, move->succeed ? NULL : failure);
    if (!err)
        err = db_run(
            db, SQ_STRIPE_SESSION_SETTLE,
            DB_VALUES(db_text(move->session_id), db_text(move->succeed ? "paid" : "unpaid")));
    return err ? err : tell_all(db, move, move->succeed ? &good : &bad);
}

enum err stripe_move_settle(struct db *db, void *argument)
{
    struct stripe_move *move = argument;
    json_auto_t *session = NULL;
    json_auto_t *payment = NULL;
    enum err err = begin(db, move, &session);

    if (!err && !row_text(session, "payment_id"))
        return fail(ERR_CONFLICT, "the session has no payment");
    if (!err)
        err = row_need(db, SQ_STRIPE_PAYMENT_BY_ID,
                       DB_VALUES(db_text(row_text(session, "payment_id"))), "payment", &payment);
    if (err)
        return err;
    if (!row_is(payment, "status", "processing"))
        return fail(ERR_CONFLICT, "no debit of this session is in progress");
    err = settle(db, move, payment);
    if (!err && !strcmp(move->notify.mode, "out_of_order"))
        err = db_run(db, SQ_DELIVERY_RELEASE_OBJECT,
                     DB_VALUES(db_text(move->session_id), db_int(move->now_ms + 1000)));
    return err;
}

enum err stripe_move_expire(struct db *db, void *argument)
{
    static const struct news news = {NULL, NULL, "checkout.session.expired"};
    struct stripe_move *move = argument;
    json_auto_t *session = NULL;
    enum err err = begin(db, move, &session);

    if (err)
        return err;
    if (!row_is(session, "status", "open"))
        return fail(ERR_CONFLICT, "the session is not open");
    err = db_run(db, SQ_STRIPE_SESSION_EXPIRE, DB_VALUES(db_text(move->session_id)));
    if (!err && row_text(session, "payment_id"))
        err = db_run(db, SQ_STRIPE_PAYMENT_CANCEL,
                     DB_VALUES(db_text(row_text(session, "payment_id")), db_int(move->now)));
    return err ? err : tell_all(db, move, &news);
}
