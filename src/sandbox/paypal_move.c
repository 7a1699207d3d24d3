#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { CHANGED_CENTS = 100 };

void paypal_move_init(struct paypal_move *move, struct sandbox *sandbox, struct arena *arena,
                      const char *token)
{
    *move = (struct paypal_move){.sandbox = sandbox,
                                 .arena = arena,
                                 .token = token,
                                 .outcome = "completed",
                                 .first_name = "Zo\xc3\xa9",
                                 .last_name = "Lef\xc3\xa8vre",
                                 .email = "zoe.lefevre@example.org",
                                 .paid_cents = CHANGED_CENTS,
                                 .txn_type = "web_accept",
                                 .settle_status = "Completed",
                                 .now = sandbox_now(sandbox),
                                 .now_ms = clock_now_ms()};
}

/* What an outcome means for the payment. */
static const struct outcome {
    const char *name;
    bool pays;
    bool denied;                /* a payment that came to nothing: of an order only */
    const char *pending_reason; /* NULL: completed at once */
    bool guest;
    bool other_receiver;
    bool other_amount;
} outcomes[] = {
    {.name = "completed", .pays = true},
    {.name = "echeck", .pays = true, .pending_reason = "echeck"},
    {.name = "review", .pays = true, .pending_reason = "paymentreview"},
    {.name = "guest", .pays = true, .guest = true},
    {.name = "amount_changed", .pays = true, .other_amount = true},
    {.name = "other_receiver", .pays = true, .other_receiver = true},
    {.name = "denied", .pays = true, .denied = true},
    {.name = "declined"},
    {.name = "cancel"},
};

static const struct outcome *find_outcome(const char *name)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++)
        if (!strcmp(outcomes[i].name, name))
            return &outcomes[i];
    return NULL;
}

enum err paypal_outcome_pays(const char *outcome, bool *pays)
{
    const struct outcome *found = find_outcome(outcome);

    if (!found || found->denied)
        return fail(ERR_INPUT, "unknown outcome");
    *pays = found->pays;
    return OK;
}

/* ---- paying ---- */

/* A payment being put together. */
struct draft {
    const struct outcome *outcome;
    json_t *form;
    json_t *receiver; /* id, email, fees */
    const char *pending_reason;
    const char *payer_id;
    const char *receipt_id;
};

static enum err find_receiver(struct db *db, const struct paypal_move *move, struct draft *draft)
{
    const char *business_id = row_text(draft->form, "business");
    const char *stranger_id = NULL;
    enum err err = OK;

    if (!draft->outcome->other_receiver)
        return row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(business_id)), "receiver",
                        &draft->receiver);
    err =
        row_find(db, SQ_PAYPAL_BUSINESS_OTHER, DB_VALUES(db_text(business_id)), &draft->receiver);
    if (err || draft->receiver)
        return err;
    err = id_make_capitals(move->arena, "", 13, &stranger_id);
    if (!err)
        draft->receiver =
            json_pack("{s:s, s:s, s:i, s:i}", "id", stranger_id, "email",
                      "somebody.else@example.org", "fee_basis_points", 290, "fee_fixed_cents", 35);
    return err;
}

static enum err make_ids(struct paypal_move *move, struct draft *draft)
{
    enum err err = id_make_capitals(move->arena, "", 17, &move->txn_id);
    const char *digits = NULL;

    draft->payer_id = move->payer_id;
    if (!err && !draft->payer_id)
        err = id_make_account(move->arena, &draft->payer_id);
    if (!err && draft->outcome->guest) {
        err = id_make_digits(move->arena, 16, &digits);
        if (!err)
            draft->receipt_id = arena_printf(move->arena, "%.4s-%.4s-%.4s-%.4s", digits,
                                             digits + 4, digits + 8, digits + 12);
    }
    return err;
}

static int64_t fee_of(const json_t *receiver, int64_t gross_cents)
{
    return (gross_cents * row_integer(receiver, "fee_basis_points") + 5000) / 10000 +
           row_integer(receiver, "fee_fixed_cents");
}

/* When a pending payment ends by itself, if it does. */
static struct db_value settle_time(const struct paypal_move *move, bool pending)
{
    if (!strcmp(move->notify.mode, "pending_first"))
        return db_int(move->now + move->notify.late_s);
    return pending && move->settle_s > 0 ? db_int(move->now + move->settle_s) : db_null();
}

static enum err insert_payment(struct db *db, const struct paypal_move *move,
                               const struct draft *draft)
{
    const char *charset =
        move->charset ? move->charset : row_text(draft->form, "business_charset");
    bool pending = draft->pending_reason != NULL;
    bool completed = !pending && !draft->outcome->denied;
    int64_t gross_cents =
        draft->outcome->other_amount ? move->paid_cents : row_integer(draft->form, "amount");

    return db_run(db, SQ_PAYPAL_PAYMENT_ADD,
                  DB_VALUES(db_text(move->txn_id), db_text(move->token),
                            db_text(row_text(draft->receiver, "id")),
                            db_text(row_text(draft->receiver, "email")),
                            db_text(pending     ? "Pending"
                                    : completed ? "Completed"
                                                : "Denied"),
                            db_text(draft->pending_reason), db_int(gross_cents),
                            db_int(fee_of(draft->receiver, gross_cents)),
                            db_text(row_text(draft->form, "currency")), db_text(charset),
                            db_int(!strcmp(move->notify.mode, "wrong_charset")),
                            db_text(draft->payer_id), db_text(move->first_name),
                            db_text(move->last_name), db_text(move->email),
                            db_text(draft->receipt_id), db_int(move->now),
                            completed ? db_int(move->now) : db_null(), settle_time(move, pending),
                            db_text(move->notify.mode), db_int(move->notify.late_s),
                            db_text(move->txn_type), db_text(move->settle_status)));
}

static enum err pay(struct db *db, struct paypal_move *move, struct draft *draft)
{
    enum err err =
        row_need(db, SQ_PAYPAL_FORM_FIND, DB_VALUES(db_text(move->token)), "visit", &draft->form);

    if (err)
        return err;
    if (row_text(draft->form, "txn_id"))
        return fail(ERR_CONFLICT, "this visit has been paid");
    if (row_is(draft->form, "kind", "order") != move->order)
        return fail(ERR_CONFLICT, "an order is approved and captured");
    draft->pending_reason = draft->outcome->pending_reason;
    if (!draft->pending_reason && !strcmp(move->notify.mode, "pending_first"))
        draft->pending_reason = "paymentreview";
    err = find_receiver(db, move, draft);
    if (!err)
        err = make_ids(move, draft);
    if (!err)
        err = insert_payment(db, move, draft);
    if (!err)
        err = db_run(db, SQ_PAYPAL_FORM_PAID,
                     DB_VALUES(db_text(move->token), db_text(move->txn_id)));
    if (!err && !draft->pending_reason && !draft->outcome->denied)
        err = paypal_payment_book(db, move->arena, move->txn_id, move->now);
    return err ? err : paypal_message_add(db, move);
}

enum err paypal_move_pay(struct db *db, void *argument)
{
    struct paypal_move *move = argument;
    struct draft draft = {.outcome = find_outcome(move->outcome)};
    enum err err = OK;

    move->batch.draft_count = 0;
    move->batch.count = 0;
    if (!draft.outcome || !draft.outcome->pays || (draft.outcome->denied && !move->order))
        return fail(ERR_INPUT, "not an outcome that pays");
    err = pay(db, move, &draft);
    json_decref(draft.form);
    json_decref(draft.receiver);
    return err;
}

/* ---- settling ---- */

/* An order's end is an event, too. */
static enum err tell_webhooks(struct db *db, struct paypal_move *move)
{
    struct event_telling telling = {.sandbox = move->sandbox,
                                    .arena = move->arena,
                                    .db = db,
                                    .batch = &move->batch,
                                    .mode = move->webhook,
                                    .late_s = move->notify.late_s,
                                    .now = move->now,
                                    .now_ms = move->now_ms};

    return event_capture(&telling, move->txn_id, false);
}

enum err paypal_move_settle(struct db *db, void *argument)
{
    struct paypal_move *move = argument;
    bool completed = !strcmp(move->status, "Completed");
    json_auto_t *payment = NULL;
    enum err err = row_need(db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(move->txn_id)),
                            "payment", &payment);

    if (err)
        return err;
    if (!row_is(payment, "status", "Pending"))
        return fail(ERR_CONFLICT, "the payment is not Pending");
    move->batch.draft_count = 0;
    move->batch.count = 0;
    if (!move->notify.mode) {
        move->notify.mode = arena_string(move->arena, row_text(payment, "notify"));
        move->notify.late_s = row_integer(payment, "late_s");
    }
    err = db_run(db, SQ_PAYPAL_PAYMENT_SETTLE,
                 DB_VALUES(db_text(move->txn_id), db_text(move->status),
                           completed ? db_int(move->now) : db_null()));
    if (!err && completed)
        err = paypal_payment_book(db, move->arena, move->txn_id, move->now);
    if (!err)
        err = paypal_message_add(db, move);
    return err ? err : tell_webhooks(db, move);
}
