#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

/* ---- a movement of any kind ---- */

enum err stripe_move_movement(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    struct stripe_entry entry = {
        .source_id = money->source_id,
        .kind = money->kind,
        .amount_cents = money->amount_cents,
        .fee_cents = money->fee_cents,
        .description = money->description,
        .available_at = money->wait_s > 0 ? money->move.now + money->wait_s : 0,
    };
    enum err err = stripe_money_begin_account(db, money, money->account_id);

    if (err)
        return err;
    entry.currency = row_text(money->about, "currency");
    return stripe_entry_add(db, money, &entry, &money->id);
}

/* ---- a charge that began elsewhere ---- */

static enum err add_payment(struct db *db, struct stripe_money *money)
{
    struct arena *arena = money->move.arena;
    const char *random = NULL;
    enum err err = id_make(arena, "pi_3", 23, &money->id);

    if (!err)
        err = id_make(arena, "", 25, &random);
    if (err)
        return err;
    return db_run(
        db, SQ_STRIPE_PAYMENT_ADD_ALONE,
        DB_VALUES(db_text(money->id), db_text(money->account_id), db_int(money->livemode),
                  db_int(money->amount_cents), db_text(row_text(money->about, "currency")),
                  db_text(arena_printf(arena, "%s_secret_%s", money->id, random)),
                  db_text(money->metadata ? money->metadata : "{}"), db_text(money->description),
                  db_text(money->move.name), db_text(money->move.email), db_int(money->move.now)));
}

static enum err add_charge(struct db *db, struct stripe_money *money)
{
    bool debit = !strcmp(money->kind, "sepa_debit");
    const char *method_id = NULL;
    enum err err = id_make(money->move.arena, debit ? "py_3" : "ch_3", 23, &money->charge_id);

    if (!err)
        err = id_make(money->move.arena, "pm_1", 23, &method_id);
    if (err)
        return err;
    return db_run(db, SQ_STRIPE_CHARGE_ADD,
                  DB_VALUES(db_text(money->charge_id), db_text(money->id), db_text("pending"),
                            db_text(money->kind), db_text(method_id), db_text(debit ? "" : "visa"),
                            db_text("FR"), db_text(debit ? "2606" : "4242"), db_int(0), db_null(),
                            db_null(), db_null(), db_int(money->move.now)));
}

static enum err capture(struct db *db, struct stripe_money *money)
{
    struct stripe_move *move = &money->move;
    int64_t late_s = move->fee_late_s;
    enum err err = OK;

    if (late_s == FEE_AS_ACCOUNT)
        err = db_integer(db, SQ_STRIPE_CHARGE_FEE_LATE, DB_VALUES(db_text(money->charge_id)), 0,
                         &late_s);
    if (!err)
        err = db_run(db, SQ_STRIPE_CHARGE_CAPTURE,
                     DB_VALUES(db_text(money->charge_id), db_int(move->now),
                               late_s > 0 ? db_int(move->now + late_s) : db_null()));
    if (!err && !late_s)
        err = stripe_charge_balance(db, move->arena, money->charge_id, move->now);
    return err;
}

static enum err set_payment(struct db *db, const struct stripe_money *money, const char *id,
                            const char *status, const struct pay_method *failure)
{
    return db_run(db, SQ_STRIPE_PAYMENT_SET,
                  DB_VALUES(db_text(id), db_text(status), db_text(money->charge_id),
                            db_text(failure ? failure->code : NULL),
                            db_text(failure ? failure->decline_code : NULL),
                            db_text(failure ? failure->message : NULL)));
}

static enum err tell_payment(struct db *db, struct stripe_money *money, const char *type,
                             const char *id)
{
    struct stripe_news news = {type, SQ_STRIPE_PAYMENT_BY_ID, stripe_payment_object, id, NULL};

    return stripe_money_tell(db, money, &news);
}

enum err stripe_move_elsewhere(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    enum err err = stripe_money_begin_account(db, money, money->account_id);

    if (!err)
        err = add_payment(db, money);
    if (!err)
        err = add_charge(db, money);
    if (!err)
        err = capture(db, money);
    if (!err)
        err = set_payment(db, money, money->id, "succeeded", NULL);
    money->move.session_id = money->id;
    if (!err)
        err = stripe_money_tell_charge(db, money, "charge.succeeded", NULL);
    if (!err)
        err = tell_payment(db, money, "payment_intent.succeeded", money->id);
    return err ? err : stripe_money_send(db, money);
}

/* ---- a debit that fails after it had succeeded ---- */

static enum err take_back(struct db *db, struct stripe_money *money,
                          const struct pay_method *failure)
{
    struct stripe_entry entry = {
        .source_id = money->charge_id,
        .kind = "payment_failure_refund",
        .amount_cents = -row_integer(money->charge, "amount"),
        .fee_cents = money->fee_cents,
        .currency = row_text(money->charge, "currency"),
        .description = "PAYMENT FAILURE REFUND",
        .charge_id = money->charge_id,
    };
    const char *back_id = NULL;
    enum err err = stripe_entry_add(db, money, &entry, &back_id);

    if (!err)
        err = db_run(db, SQ_STRIPE_CHARGE_FAIL,
                     DB_VALUES(db_text(money->charge_id), db_text(failure->code),
                               db_text(failure->decline_code), db_text(failure->message)));
    if (!err)
        err = db_run(db, SQ_STRIPE_CHARGE_SET_FAILURE_BALANCE,
                     DB_VALUES(db_text(money->charge_id), db_text(back_id)));
    return err;
}

enum err stripe_move_late_failure(struct db *db, void *argument)
{
    const struct pay_method *failure = stripe_iban_find(stripe_outcome_number("sepa_failed"));
    struct stripe_money *money = argument;
    struct stripe_news session = {"checkout.session.async_payment_failed", SQ_STRIPE_SESSION_BY_ID,
                                  stripe_session_object, NULL, NULL};
    enum err err = stripe_money_begin(db, money);

    if (err)
        return err;
    if (!row_is(money->charge, "status", "succeeded") ||
        !row_is(money->charge, "method", "sepa_debit"))
        return fail(ERR_CONFLICT, "this is no debit that has succeeded");
    if (row_integer(money->charge, "refunded_cents"))
        return fail(ERR_CONFLICT, "part of it was given back");
    err = take_back(db, money, failure);
    if (!err)
        err = set_payment(db, money, money->payment_id, "requires_payment_method", failure);
    if (!err)
        err = stripe_money_tell_charge(db, money, "charge.failed", "{\"status\":\"succeeded\"}");
    if (!err)
        err = tell_payment(db, money, "payment_intent.payment_failed", money->payment_id);
    session.id = row_text(money->charge, "session");
    if (!err && money->flag && session.id)
        err = stripe_money_tell(db, money, &session);
    return err ? err : stripe_money_send(db, money);
}
