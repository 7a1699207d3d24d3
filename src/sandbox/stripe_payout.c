#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

enum { DAY_S = 24 * 3600 };

static enum err tell(struct db *db, struct stripe_money *money, const char *type)
{
    struct stripe_news news = {type, SQ_STRIPE_PAYOUT_BY_ID, stripe_payout_object, money->id,
                               NULL};

    return stripe_money_tell(db, money, &news);
}

/* ---- its end ---- */

static enum err pay(struct db *db, struct stripe_money *money, bool automatic)
{
    enum err err =
        db_run(db, SQ_STRIPE_PAYOUT_SET,
               DB_VALUES(db_text(money->id), db_text("paid"), db_null(), db_null(), db_null()));

    if (!err)
        err = tell(db, money, "payout.paid");
    return err || !automatic ? err : tell(db, money, "payout.reconciliation_completed");
}

/* The money comes back to the balance, free for the next payout. */
static enum err bring_back(struct db *db, struct stripe_money *money, const json_t *row)
{
    bool fails = !strcmp(money->outcome, "failed");
    const char *code = money->detail ? money->detail : "account_closed";
    struct stripe_entry entry = {
        .source_id = money->id,
        .kind = fails ? "payout_failure" : "payout_cancel",
        .amount_cents = row_integer(row, "amount"),
        .currency = row_text(row, "currency"),
        .description = fails ? "STRIPE PAYOUT FAILURE" : "STRIPE PAYOUT CANCEL",
    };
    const char *back_id = NULL;
    enum err err = stripe_entry_add(db, money, &entry, &back_id);

    if (!err)
        err = db_run(db, SQ_STRIPE_PAYOUT_SET,
                     DB_VALUES(db_text(money->id), db_text(money->outcome), db_text(back_id),
                               db_text(fails ? code : NULL),
                               db_text(fails ? "The bank did not take the payout." : NULL)));
    return err ? err : tell(db, money, fails ? "payout.failed" : "payout.canceled");
}

static enum err end(struct db *db, struct stripe_money *money)
{
    json_auto_t *row = NULL;
    bool waits = false;
    enum err err =
        row_need(db, SQ_STRIPE_PAYOUT_BY_ID, DB_VALUES(db_text(money->id)), "payout", &row);

    if (err)
        return err;
    waits = row_is(row, "status", "pending");
    if (!waits && !(row_is(row, "status", "paid") && !strcmp(money->outcome, "failed")))
        return fail(ERR_CONFLICT, "the payout is %s", row_text(row, "status"));
    if (!strcmp(money->outcome, "paid"))
        return pay(db, money, row_flag(row, "automatic"));
    return bring_back(db, money, row);
}

enum err stripe_move_payout_end(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    json_auto_t *row = NULL;
    enum err err =
        row_need(db, SQ_STRIPE_PAYOUT_BY_ID, DB_VALUES(db_text(money->id)), "payout", &row);

    if (err)
        return err;
    money->account_id = arena_string(money->move.arena, row_text(row, "account"));
    money->livemode = row_flag(row, "livemode");
    err = stripe_money_begin_account(db, money, money->id);
    if (!err)
        err = end(db, money);
    return err ? err : stripe_money_send(db, money);
}

/* ---- its beginning ---- */

/* How much leaves: everything, or what was asked when there is so much. */
static enum err measure(struct db *db, const struct stripe_money *money, int64_t *cents)
{
    int64_t available = 0;
    enum err err =
        db_integer(db, SQ_STRIPE_PAYOUT_SUM,
                   DB_VALUES(db_text(money->account_id), db_int(money->livemode),
                             db_text(row_text(money->about, "currency")), db_int(money->move.now)),
                   0, &available);

    *cents = money->amount_cents ? money->amount_cents : available;
    if (!err && !*cents)
        err = fail(ERR_CONFLICT, "nothing can be paid out");
    if (!err && money->amount_cents > 0 && money->amount_cents > available)
        err = fail(ERR_CONFLICT, "only %lld can be paid out", (long long)available);
    return err;
}

static enum err add_payout(struct db *db, struct stripe_money *money, int64_t cents)
{
    struct stripe_move *move = &money->move;
    const char *currency = row_text(money->about, "currency");
    int64_t arrival = move->now + (money->wait_s > 0 ? money->wait_s : 0);
    struct stripe_entry entry = {
        .source_id = money->id,
        .kind = "payout",
        .amount_cents = -cents,
        .currency = currency,
        .description = "STRIPE PAYOUT",
        .payout_id = money->flag ? money->id : NULL,
    };
    const char *balance_id = NULL;
    enum err err = OK;

    if (money->flag)
        err = db_run(db, SQ_STRIPE_PAYOUT_TAKE,
                     DB_VALUES(db_text(money->account_id), db_int(money->livemode),
                               db_text(currency), db_int(move->now), db_text(money->id)));
    if (!err)
        err = stripe_entry_add(db, money, &entry, &balance_id);
    if (err)
        return err;
    return db_run(db, SQ_STRIPE_PAYOUT_ADD,
                  DB_VALUES(db_text(money->id), db_text(money->account_id),
                            db_int(money->livemode), db_int(cents), db_text(currency),
                            db_int(money->flag), db_text(balance_id),
                            db_int(arrival - arrival % DAY_S),
                            money->wait_s < 0 ? db_null() : db_int(arrival), db_int(move->now)));
}

enum err stripe_move_payout(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    int64_t cents = 0;
    enum err err = id_make(money->move.arena, "po_1", 23, &money->id);

    if (!err)
        err = stripe_money_begin_account(db, money, money->id);
    if (!err)
        err = measure(db, money, &cents);
    if (!err)
        err = add_payout(db, money, cents);
    if (!err)
        err = tell(db, money, "payout.created");
    if (!err && strcmp(money->outcome, "pending") != 0)
        err = end(db, money);
    return err ? err : stripe_money_send(db, money);
}
