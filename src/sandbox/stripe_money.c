#include "sandbox/stripe_money.h"

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { AVAILABLE_AFTER_S = 2 * 24 * 3600 };

/* ---- beginning and ending ---- */

void stripe_money_init(struct stripe_money *money, struct sandbox *sandbox, struct arena *arena)
{
    *money = (struct stripe_money){.wait_s = -1};
    stripe_move_init(&money->move, sandbox, arena, NULL);
}

static void forget(struct stripe_money *money)
{
    json_decref(money->charge);
    json_decref(money->about);
    money->charge = NULL;
    money->about = NULL;
    money->move.previous = NULL;
    money->move.batch.draft_count = 0;
    money->move.batch.count = 0;
}

void stripe_money_done(struct stripe_money *money)
{
    forget(money);
}

static enum err find_charge(struct db *db, struct stripe_money *money)
{
    json_auto_t *row = NULL;
    enum err err = OK;

    if (!money->payment_id)
        return OK;
    err = row_need(db, SQ_STRIPE_PAYMENT_CHARGE, DB_VALUES(db_text(money->payment_id)),
                   "payment with a charge", &row);
    if (!err)
        money->charge_id = arena_string(money->move.arena, row_text(row, "id"));
    return err;
}

enum err stripe_money_reread(struct db *db, struct stripe_money *money)
{
    json_decref(money->charge);
    money->charge = NULL;
    return row_need(db, SQ_STRIPE_CHARGE_BY_ID, DB_VALUES(db_text(money->charge_id)), "charge",
                    &money->charge);
}

enum err stripe_money_begin(struct db *db, struct stripe_money *money)
{
    struct stripe_move *move = &money->move;
    const char *session_id = NULL;
    enum err err = OK;

    forget(money);
    err = find_charge(db, money);
    if (!err)
        err = stripe_money_reread(db, money);
    if (err)
        return err;
    session_id = row_text(money->charge, "session");
    money->about = json_object();
    put_copy(money->about, "account", money->charge, "account");
    put_copy(money->about, "livemode", money->charge, "livemode");
    put_text(money->about, "id", session_id);
    if (!session_id)
        session_id = row_text(money->charge, "payment_intent");
    move->session_id = arena_string(move->arena, session_id);
    if (!move->notify.mode) {
        move->notify.mode = arena_string(move->arena, row_text(money->charge, "notify"));
        move->notify.late_s = row_integer(money->charge, "late_s");
    }
    return OK;
}

enum err stripe_money_begin_account(struct db *db, struct stripe_money *money, const char *label)
{
    json_auto_t *row = NULL;
    enum err err = OK;

    forget(money);
    money->move.session_id = label;
    if (!money->move.notify.mode)
        money->move.notify.mode = "normal";
    err = row_need(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(money->account_id)), "account",
                   &row);
    if (err)
        return err;
    money->about = json_object();
    put_text(money->about, "account", money->account_id);
    put_bool(money->about, "livemode", money->livemode);
    if (money->currency)
        put_text(money->about, "currency", money->currency);
    else
        put_copy(money->about, "currency", row, "currency");
    return OK;
}

/* ---- telling ---- */

enum err stripe_money_tell(struct db *db, struct stripe_money *money,
                           const struct stripe_news *news)
{
    json_auto_t *row = NULL;
    json_auto_t *object = NULL;
    enum err err =
        row_need(db, news->query, DB_VALUES(db_text(news->id)), "object of an event", &row);

    if (!err)
        err = news->build(db, row, NULL, &object);
    if (err)
        return err;
    money->move.previous = news->previous;
    err = stripe_event_add(db, &money->move, money->about, news->type, object);
    money->move.previous = NULL;
    return err;
}

enum err stripe_money_tell_charge(struct db *db, struct stripe_money *money, const char *type,
                                  const char *previous)
{
    struct stripe_news news = {type, SQ_STRIPE_CHARGE_BY_ID, stripe_charge_object,
                               money->charge_id, previous};

    return stripe_money_tell(db, money, &news);
}

enum err stripe_money_send(struct db *db, struct stripe_money *money)
{
    return delivery_add(db, &money->move.batch, &money->move.notify, money->move.now_ms);
}

/* ---- movements ---- */

enum err stripe_entry_add(struct db *db, struct stripe_money *money,
                          const struct stripe_entry *entry, const char **id)
{
    int64_t now = money->move.now;
    enum err err = id_make(money->move.arena, "txn_3", 23, id);

    if (err)
        return err;
    return db_run(db, SQ_STRIPE_BALANCE_PUT,
                  DB_VALUES(db_text(*id), db_text(row_text(money->about, "account")),
                            db_int(row_flag(money->about, "livemode")), db_text(entry->source_id),
                            db_text(entry->kind), db_int(entry->amount_cents),
                            db_int(entry->fee_cents), db_text(entry->currency),
                            db_text(entry->description), db_text(entry->charge_id),
                            db_text(entry->payout_id), db_int(now),
                            db_int(entry->available_at ? entry->available_at : now)));
}

enum err stripe_money_available(struct db *db, const struct stripe_money *money, int64_t *at)
{
    enum err err = db_integer(db, SQ_STRIPE_CHARGE_AVAILABLE, DB_VALUES(db_text(money->charge_id)),
                              money->move.now, at);

    if (!err && *at < money->move.now)
        *at = money->move.now;
    return err;
}

/* ---- fees that come late ---- */

enum err stripe_charge_balance(struct db *db, struct arena *arena, const char *charge_id,
                               int64_t now)
{
    const char *balance_id = NULL;
    enum err err = id_make(arena, "txn_3", 23, &balance_id);

    if (!err)
        err = db_run(db, SQ_STRIPE_BALANCE_ADD,
                     DB_VALUES(db_text(balance_id), db_text(charge_id), db_int(now),
                               db_int(now + AVAILABLE_AFTER_S)));
    if (!err)
        err = db_run(db, SQ_STRIPE_CHARGE_SET_BALANCE,
                     DB_VALUES(db_text(charge_id), db_text(balance_id)));
    return err;
}

enum err stripe_move_fee(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    enum err err = stripe_money_begin(db, money);

    if (err)
        return err;
    if (json_is_null(json_object_get(money->charge, "captured_at")))
        return fail(ERR_CONFLICT, "no money has come of this charge");
    if (row_text(money->charge, "balance_id"))
        return fail(ERR_CONFLICT, "the charge has its movement of the balance");
    err = stripe_charge_balance(db, money->move.arena, money->charge_id, money->move.now);
    if (!err)
        err = stripe_money_tell_charge(db, money, "charge.updated",
                                       "{\"balance_transaction\":null}");
    return err ? err : stripe_money_send(db, money);
}
