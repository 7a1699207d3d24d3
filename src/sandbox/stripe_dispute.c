#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

enum { EVIDENCE_DAYS_S = 7 * 24 * 3600 };

static enum err tell(struct db *db, struct stripe_money *money, const char *type,
                     const char *old_status)
{
    struct stripe_news news = {type, SQ_STRIPE_DISPUTE_BY_ID, stripe_dispute_object, money->id,
                               NULL};

    if (old_status)
        news.previous = arena_printf(money->move.arena, "{\"status\":\"%s\"}", old_status);
    return stripe_money_tell(db, money, &news);
}

/* Takes cents with a fee, or gives them back (negative cents) with the fee. */
static enum err take(struct db *db, struct stripe_money *money, int64_t cents)
{
    bool back = cents < 0;
    struct stripe_entry entry = {
        .source_id = money->id,
        .kind = "adjustment",
        .amount_cents = -cents,
        .fee_cents = back ? -money->fee_cents : money->fee_cents,
        .currency = row_text(money->charge, "currency"),
        .description = arena_printf(money->move.arena, "Chargeback %s for %s",
                                    back ? "reversal" : "withdrawal", money->charge_id),
        .charge_id = money->charge_id,
    };
    const char *id = NULL;
    enum err err = stripe_entry_add(db, money, &entry, &id);

    return err ? err
               : tell(db, money,
                      back ? "charge.dispute.funds_reinstated" : "charge.dispute.funds_withdrawn",
                      NULL);
}

static enum err set_status(struct db *db, struct stripe_money *money, const char *status,
                           int64_t submissions)
{
    return db_run(db, SQ_STRIPE_DISPUTE_SET,
                  DB_VALUES(db_text(money->id), db_text(status), db_int(submissions)));
}

/* ---- opening ---- */

static enum err open_dispute(struct db *db, struct stripe_money *money, bool debit)
{
    const char *status = debit         ? "lost"
                         : money->flag ? "warning_needs_response"
                                       : "needs_response";
    int64_t cents =
        money->amount_cents ? money->amount_cents : row_integer(money->charge, "amount");
    enum err err = id_make(money->move.arena, debit ? "du_1" : "dp_1", 23, &money->id);

    if (!err)
        err = db_run(db, SQ_STRIPE_DISPUTE_ADD,
                     DB_VALUES(db_text(money->id), db_text(money->charge_id), db_int(cents),
                               db_text(money->reason), db_text(status), db_int(money->flag),
                               debit ? db_null() : db_int(money->move.now + EVIDENCE_DAYS_S),
                               db_int(money->move.now)));
    if (!err)
        err = db_run(db, SQ_STRIPE_CHARGE_SET_DISPUTED, DB_VALUES(db_text(money->charge_id)));
    if (!err)
        err = tell(db, money, "charge.dispute.created", NULL);
    if (!err && !strcmp(money->outcome, "withdraw"))
        err = take(db, money, cents);
    return err || !debit ? err : tell(db, money, "charge.dispute.closed", NULL);
}

enum err stripe_move_dispute(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    enum err err = stripe_money_begin(db, money);

    if (err)
        return err;
    if (!row_is(money->charge, "status", "succeeded"))
        return fail(ERR_CONFLICT, "the charge was not paid");
    if (money->amount_cents > row_integer(money->charge, "amount"))
        return fail(ERR_CONFLICT, "that is more than the charge");
    if (money->flag && !row_is(money->charge, "method", "card"))
        return fail(ERR_CONFLICT, "only a card is inquired about");
    err = open_dispute(db, money, !row_is(money->charge, "method", "card"));
    return err ? err : stripe_money_send(db, money);
}

/* ---- moving on ---- */

/* The dispute in hand: its status, its amount, and what it holds of the money. */
struct state {
    const char *status;
    int64_t amount_cents;
    int64_t out_cents;
};

static bool is_one_of(const char *status, const char *choices)
{
    struct str rest = str_of(choices);

    while (rest.data)
        if (str_is(str_cut(&rest, '|'), status))
            return true;
    return false;
}

/* Money goes; an inquiry becomes a dispute by it. */
static enum err withdraw(struct db *db, struct stripe_money *money, const struct state *state)
{
    int64_t rest = state->amount_cents - state->out_cents;
    int64_t cents = money->amount_cents ? money->amount_cents : rest;
    bool inquiry = is_one_of(state->status, "warning_needs_response|warning_under_review");
    enum err err = OK;

    if (cents <= 0 || cents > rest)
        return fail(ERR_CONFLICT, "%lld of the dispute are not withdrawn yet", (long long)rest);
    if (inquiry)
        err = set_status(db, money, "needs_response", 0);
    if (!err)
        err = take(db, money, cents);
    return err || !inquiry ? err : tell(db, money, "charge.dispute.updated", state->status);
}

static enum err reinstate(struct db *db, struct stripe_money *money, const struct state *state)
{
    int64_t cents = money->amount_cents ? money->amount_cents : state->out_cents;

    if (cents <= 0 || cents > state->out_cents)
        return fail(ERR_CONFLICT, "%lld of the dispute are withdrawn",
                    (long long)state->out_cents);
    return take(db, money, -cents);
}

static enum err submit(struct db *db, struct stripe_money *money, const struct state *state)
{
    bool inquiry = !strcmp(state->status, "warning_needs_response");
    enum err err = OK;

    if (!inquiry && strcmp(state->status, "needs_response") != 0)
        return fail(ERR_CONFLICT, "no evidence is asked for");
    err = set_status(db, money, inquiry ? "warning_under_review" : "under_review", 1);
    return err ? err : tell(db, money, "charge.dispute.updated", state->status);
}

/* A won dispute may be lost in the end: banks have second thoughts. */
static enum err close_as(struct db *db, struct stripe_money *money, const struct state *state,
                         const char *status, const char *from)
{
    enum err err = OK;

    if (!is_one_of(state->status, from))
        return fail(ERR_CONFLICT, "the dispute is %s", state->status);
    err = set_status(db, money, status, 0);
    return err ? err : tell(db, money, "charge.dispute.closed", state->status);
}

static enum err win(struct db *db, struct stripe_money *money, const struct state *state)
{
    enum err err = close_as(db, money, state, "won", "needs_response|under_review");

    return err || !money->flag || !state->out_cents ? err : reinstate(db, money, state);
}

static enum err step(struct db *db, struct stripe_money *money, const struct state *state)
{
    if (!strcmp(money->outcome, "withdraw"))
        return withdraw(db, money, state);
    if (!strcmp(money->outcome, "reinstate"))
        return reinstate(db, money, state);
    if (!strcmp(money->outcome, "submit"))
        return submit(db, money, state);
    if (!strcmp(money->outcome, "won"))
        return win(db, money, state);
    if (!strcmp(money->outcome, "lost"))
        return close_as(db, money, state, "lost", "needs_response|under_review|won");
    return close_as(db, money, state, "warning_closed",
                    "warning_needs_response|warning_under_review");
}

enum err stripe_move_dispute_step(struct db *db, void *argument)
{
    struct stripe_money *money = argument;
    struct state state = {0};
    json_auto_t *row = NULL;
    enum err err =
        row_need(db, SQ_STRIPE_DISPUTE_BY_ID, DB_VALUES(db_text(money->id)), "dispute", &row);

    if (err)
        return err;
    money->charge_id = arena_string(money->move.arena, row_text(row, "charge"));
    state.status = row_text(row, "status");
    state.amount_cents = row_integer(row, "amount");
    err =
        db_integer(db, SQ_STRIPE_DISPUTE_OUT, DB_VALUES(db_text(money->id)), 0, &state.out_cents);
    if (!err)
        err = stripe_money_begin(db, money);
    if (!err)
        err = step(db, money, &state);
    return err ? err : stripe_money_send(db, money);
}
