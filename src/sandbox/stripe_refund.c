#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

static int64_t left_cents(const struct stripe_money *money)
{
    return row_integer(money->charge, "amount") - row_integer(money->charge, "refunded_cents");
}

static bool is_card(const struct stripe_money *money)
{
    return row_is(money->charge, "method", "card");
}

enum err stripe_refund_obstacle(struct db *db, const struct stripe_money *money,
                                enum refund_obstacle *obstacle)
{
    int64_t disputes = 0;
    enum err err = db_integer(db, SQ_STRIPE_CHARGE_OPEN_DISPUTES,
                              DB_VALUES(db_text(money->charge_id)), 0, &disputes);

    *obstacle = REFUND_FINE;
    if (!row_is(money->charge, "status", "succeeded"))
        *obstacle = REFUND_UNPAID;
    else if (disputes)
        *obstacle = REFUND_DISPUTED;
    else if (left_cents(money) == 0)
        *obstacle = REFUND_DONE;
    else if (money->amount_cents > left_cents(money))
        *obstacle = REFUND_TOO_MUCH;
    return err;
}

/* ---- movements and events ---- */

/* A refund takes its amount from the balance (forth) or brings it back. */
static enum err move_money(struct db *db, struct stripe_money *money, bool forth, const char **id)
{
    struct stripe_entry entry = {
        .source_id = money->id,
        .kind = !forth ? "refund_failure" : (is_card(money) ? "refund" : "payment_refund"),
        .amount_cents = forth ? -money->amount_cents : money->amount_cents,
        .currency = row_text(money->charge, "currency"),
        .description = forth ? "REFUND FOR CHARGE" : "REFUND FAILURE",
        .charge_id = money->charge_id,
    };
    enum err err = stripe_money_available(db, money, &entry.available_at);

    return err ? err : stripe_entry_add(db, money, &entry, id);
}

static enum err tell_refund(struct db *db, struct stripe_money *money, const char *type,
                            const char *previous)
{
    struct stripe_news news = {type, SQ_STRIPE_REFUND_BY_ID, stripe_refund_object, money->id,
                               previous};

    return stripe_money_tell(db, money, &news);
}

static enum err add_refunded(struct db *db, const struct stripe_money *money, int64_t cents)
{
    return db_run(db, SQ_STRIPE_CHARGE_ADD_REFUNDED,
                  DB_VALUES(db_text(money->charge_id), db_int(cents)));
}

/* ---- making one ---- */

static enum err add_refund(struct db *db, struct stripe_money *money, bool pending,
                           const char *pending_reason)
{
    const char *balance_id = NULL;
    enum err err = id_make(money->move.arena, is_card(money) ? "re_3" : "pyr_1", 23, &money->id);

    if (!err && !(pending_reason && !strcmp(pending_reason, "insufficient_funds")))
        err = move_money(db, money, true, &balance_id);
    if (!err)
        err = db_run(
            db, SQ_STRIPE_REFUND_ADD,
            DB_VALUES(db_text(money->id), db_text(money->charge_id), db_int(money->amount_cents),
                      db_text(pending ? "pending" : "succeeded"), db_text(money->reason),
                      db_text(pending_reason), db_text(money->metadata ? money->metadata : "{}"),
                      db_text(balance_id), db_int(money->move.now)));
    return err ? err : add_refunded(db, money, money->amount_cents);
}

/* The refund has ended badly: what it took comes back. */
static enum err fail_refund(struct db *db, struct stripe_money *money)
{
    static const char *const types[] = {"refund.updated", "charge.refund.updated",
                                        "refund.failed"};
    bool canceled = !strcmp(money->outcome, "canceled");
    json_auto_t *row = NULL;
    const char *back_id = NULL;
    enum err err =
        row_need(db, SQ_STRIPE_REFUND_BY_ID, DB_VALUES(db_text(money->id)), "refund", &row);

    if (!err)
        money->amount_cents = row_integer(row, "amount");
    if (!err && row_text(row, "balance_id"))
        err = move_money(db, money, false, &back_id);
    if (!err)
        err = db_run(db, SQ_STRIPE_REFUND_SET,
                     DB_VALUES(db_text(money->id), db_text(money->outcome),
                               db_text(canceled        ? NULL
                                       : money->detail ? money->detail
                                                       : "unknown"),
                               db_null(), db_text(back_id)));
    if (!err)
        err = add_refunded(db, money, -money->amount_cents);
    for (int i = 0; i < (canceled ? 2 : 3) && !err; i++)
        err = tell_refund(
            db, money, types[i],
            i < 2 ? arena_printf(money->move.arena, "{\"status\":\"%s\"}", row_text(row, "status"))
                  : NULL);
    return err;
}

enum err stripe_refund_make(struct db *db, struct stripe_money *money)
{
    bool pending = strcmp(money->outcome, "succeeded") != 0;
    bool fails = !strcmp(money->outcome, "failed");
    const char *waits = !pending ? NULL : fails || !money->detail ? "processing" : money->detail;
    enum err err = OK;

    if (!money->amount_cents)
        money->amount_cents = left_cents(money);
    err = add_refund(db, money, pending, waits);
    if (!err)
        err = tell_refund(db, money, "refund.created", NULL);
    if (!err)
        err = stripe_money_tell_charge(
            db, money, "charge.refunded",
            arena_printf(money->move.arena, "{\"amount_refunded\":%lld}",
                         (long long)row_integer(money->charge, "refunded_cents")));
    if (!err && fails)
        err = fail_refund(db, money);
    return err ? err : stripe_money_send(db, money);
}

enum err stripe_move_refund(struct db *db, void *argument)
{
    static const char *const words[] = {
        [REFUND_UNPAID] = "the charge was not paid",
        [REFUND_DONE] = "the charge has been given back whole",
        [REFUND_TOO_MUCH] = "that is more than what is left of the charge",
        [REFUND_DISPUTED] = "the charge is disputed",
    };
    struct stripe_money *money = argument;
    int64_t asked = money->amount_cents;
    enum refund_obstacle obstacle = REFUND_FINE;
    enum err err = stripe_money_begin(db, money);

    if (!err)
        err = stripe_refund_obstacle(db, money, &obstacle);
    if (!err && obstacle != REFUND_FINE)
        err = fail(ERR_CONFLICT, "%s", words[obstacle]);
    if (!err)
        err = stripe_refund_make(db, money);
    money->amount_cents = asked;
    return err;
}

/* ---- ending one ---- */

static enum err succeed(struct db *db, struct stripe_money *money, const json_t *row)
{
    const char *balance_id = NULL;
    enum err err = OK;

    money->amount_cents = row_integer(row, "amount");
    if (!row_text(row, "balance_id"))
        err = move_money(db, money, true, &balance_id);
    if (!err)
        err = db_run(db, SQ_STRIPE_REFUND_SET,
                     DB_VALUES(db_text(money->id), db_text("succeeded"), db_null(),
                               db_text(balance_id), db_null()));
    if (!err)
        err = tell_refund(db, money, "refund.updated", "{\"status\":\"pending\"}");
    if (!err)
        err = tell_refund(db, money, "charge.refund.updated", "{\"status\":\"pending\"}");
    return err;
}

enum err stripe_move_refund_end(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    bool succeeds = !strcmp(money->outcome, "succeeded");
    json_auto_t *row = NULL;
    enum err err =
        row_need(db, SQ_STRIPE_REFUND_BY_ID, DB_VALUES(db_text(money->id)), "refund", &row);

    if (err)
        return err;
    money->charge_id = arena_string(money->move.arena, row_text(row, "charge"));
    err = stripe_money_begin(db, money);
    if (err)
        return err;
    if (!row_is(row, "status", "pending") &&
        !(row_is(row, "status", "succeeded") && !strcmp(money->outcome, "failed")))
        return fail(ERR_CONFLICT, "the refund has ended");
    err = succeeds ? succeed(db, money, row) : fail_refund(db, money);
    return err ? err : stripe_money_send(db, money);
}
