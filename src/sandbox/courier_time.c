#include "base/log.h"
#include "sandbox/courier.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_move.h"
#include "sandbox_queries.h"

static enum err end_session(struct sandbox *sandbox, struct arena *arena, const json_t *row)
{
    struct stripe_move move;
    bool expire = row_is(row, "what", "expire");

    stripe_move_init(&move, sandbox, arena, row_text(row, "id"));
    move.succeed = row_is(row, "what", "succeed");
    return sandbox_write(sandbox, expire ? stripe_move_expire : stripe_move_settle, &move);
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

enum err courier_pass_time(struct sandbox *sandbox, struct db *db, struct arena *arena)
{
    struct db_value now = db_int(sandbox_now(sandbox));
    json_auto_t *sessions = NULL;
    json_auto_t *payments = NULL;
    enum err err = row_list(db, SQ_STRIPE_SESSION_DUE, DB_VALUES(now), &sessions);

    for (size_t i = 0; i < json_array_size(sessions) && !err; i++)
        err = tolerate(end_session(sandbox, arena, json_array_get(sessions, i)));
    if (!err)
        err = row_list(db, SQ_PAYPAL_PAYMENT_DUE, DB_VALUES(now), &payments);
    for (size_t i = 0; i < json_array_size(payments) && !err; i++)
        err = tolerate(end_payment(sandbox, arena, json_array_get(payments, i)));
    return err;
}
