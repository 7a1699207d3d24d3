#include "base/log.h"
#include "sandbox/courier.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

static enum err end_session(struct sandbox *sandbox, struct arena *arena, const json_t *row)
{
    struct stripe_move move;
    bool expire = row_is(row, "what", "expire");

    stripe_move_init(&move, sandbox, arena, row_text(row, "id"));
    move.succeed = row_is(row, "what", "succeed");
    return sandbox_write(sandbox, expire ? stripe_move_expire : stripe_move_settle, &move);
}

static enum err tell_fee(struct sandbox *sandbox, struct arena *arena, const json_t *row)
{
    struct stripe_money money;
    enum err err = OK;

    stripe_money_init(&money, sandbox, arena);
    money.charge_id = row_text(row, "id");
    err = sandbox_write(sandbox, stripe_move_fee, &money);
    stripe_money_done(&money);
    return err;
}

static enum err pay_out(struct sandbox *sandbox, struct arena *arena, const json_t *row)
{
    struct stripe_money money;
    enum err err = OK;

    stripe_money_init(&money, sandbox, arena);
    money.id = row_text(row, "id");
    money.outcome = "paid";
    err = sandbox_write(sandbox, stripe_move_payout_end, &money);
    stripe_money_done(&money);
    return err;
}

static enum err end_payment(struct sandbox *sandbox, struct arena *arena, const json_t *row)
{
    struct paypal_move move;

    paypal_move_init(&move, sandbox, arena, NULL);
    move.txn_id = row_text(row, "txn_id");
    move.status = row_text(row, "status");
    return sandbox_write(sandbox, paypal_move_settle, &move);
}

/* A payer who was quicker is no failure: the state has changed since it was read. */
static enum err tolerate(enum err err)
{
    return err == ERR_CONFLICT ? OK : err;
}

typedef enum err end_one(struct sandbox *sandbox, struct arena *arena, const json_t *row);

enum err courier_pass_time(struct sandbox *sandbox, struct db *db, struct arena *arena)
{
    static const struct {
        int query; /* $1 now: what is due */
        end_one *end;
    } kinds[] = {
        {SQ_STRIPE_SESSION_DUE, end_session},
        {SQ_STRIPE_CHARGE_BALANCE_DUE, tell_fee},
        {SQ_STRIPE_PAYOUT_DUE, pay_out},
        {SQ_PAYPAL_PAYMENT_DUE, end_payment},
    };
    enum err err = OK;

    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(*kinds) && !err; kind++) {
        json_auto_t *rows = NULL;

        err = row_list(db, kinds[kind].query, DB_VALUES(db_int(sandbox_now(sandbox))), &rows);
        for (size_t i = 0; i < json_array_size(rows) && !err; i++)
            err = tolerate(kinds[kind].end(sandbox, arena, json_array_get(rows, i)));
    }
    return err;
}
