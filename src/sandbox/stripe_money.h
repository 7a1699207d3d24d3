/*
 * stripe_money: what happens to money at Stripe's face after it was paid, and beside it.
 *
 * Invariant: whatever changes a balance is one row of stripe_balance, which belongs to at most
 * one payout; a move is one transaction and may run twice.
 */
#ifndef SANDBOX_STRIPE_MONEY_H
#define SANDBOX_STRIPE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "db/db.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_move.h"

/* A move about a charge or an account: what is asked for, and what came of it. Texts in the
 * arena. */
struct stripe_money {
    struct stripe_move move;
    const char *payment_id; /* its last charge, or ... */
    const char *charge_id;  /* ... this one; set by stripe_money_begin */
    const char *id;         /* of the refund, dispute, payout, ...: given, or made */
    int64_t amount_cents;   /* asked; 0: all that is left */
    int64_t fee_cents;      /* taken; negative when given back */
    const char *reason;     /* NULL when not given */
    const char *metadata;   /* JSON object; NULL = {} */
    const char *outcome;    /* what becomes of it */
    const char *detail;     /* why it waits or failed; NULL when not given */
    const char *account_id; /* of a move that is about no charge, with ... */
    bool livemode;          /* ... its world */
    bool flag;              /* payout: automatic; dispute: an inquiry, or give back when won */
    int64_t wait_s;         /* payout: arrives after that; -1: now */
    const char *kind;       /* of a movement: its type; of a charge: its means */
    const char *source_id;
    const char *currency; /* NULL: the account's */
    const char *description;
    json_t *charge; /* its row (stripe_charge_row) */
    json_t *about;  /* account, livemode, and id of the session (or currency of the account) */
};

/* A move prepared with the times of now. The caller must end it with stripe_money_done. */
void stripe_money_init(struct stripe_money *money, struct sandbox *sandbox, struct arena *arena);
void stripe_money_done(struct stripe_money *money);
/* Empties the outputs and reads the charge; notifications go the way they went when it was paid
 * unless the move says otherwise. ERR_NOT_FOUND. */
enum err stripe_money_begin(struct db *db, struct stripe_money *money);
/* Reads the charge again after it was changed. */
enum err stripe_money_reread(struct db *db, struct stripe_money *money);
/* Empties the outputs of a move about an account. label is what its deliveries are found by. */
enum err stripe_money_begin_account(struct db *db, struct stripe_money *money, const char *label);

/* An event about the object that a query finds by id. previous is a JSON object or NULL. */
struct stripe_news {
    const char *type;
    int query;
    stripe_object *build;
    const char *id;
    const char *previous;
};
enum err stripe_money_tell(struct db *db, struct stripe_money *money,
                           const struct stripe_news *news);
enum err stripe_money_tell_charge(struct db *db, struct stripe_money *money, const char *type,
                                  const char *previous);
/* Makes the deliveries of all that was told. */
enum err stripe_money_send(struct db *db, struct stripe_money *money);

/* A movement of the balance. Unset texts are NULL. */
struct stripe_entry {
    const char *source_id;
    const char *kind; /* "refund" */
    int64_t amount_cents;
    int64_t fee_cents;
    const char *currency;
    const char *description;
    const char *charge_id;
    const char *payout_id;
    int64_t available_at; /* 0: now */
};
/* Writes it on the account of money->about; *id is its txn_. */
enum err stripe_entry_add(struct db *db, struct stripe_money *money,
                          const struct stripe_entry *entry, const char **id);
/* When what follows a charge can be paid out: not before the charge itself. */
enum err stripe_money_available(struct db *db, const struct stripe_money *money, int64_t *at);

/* ---- fees that come late: stripe_money.c ---- */

/* The charge gets its movement of the balance, fee taken. */
enum err stripe_charge_balance(struct db *db, struct arena *arena, const char *charge_id,
                               int64_t now);
/* Closure: a charge that waits for its movement gets it; charge.updated. ERR_CONFLICT when it
 * has it, or no money came. */
db_write_fn stripe_move_fee;

/* ---- refunds: stripe_refund.c ---- */

/* Why a charge cannot be given back that far. */
enum refund_obstacle { REFUND_FINE, REFUND_UNPAID, REFUND_DONE, REFUND_TOO_MUCH, REFUND_DISPUTED };
enum err stripe_refund_obstacle(struct db *db, const struct stripe_money *money,
                                enum refund_obstacle *obstacle);
/* Begins, checks nothing, gives back: for a caller who has looked at the obstacle. */
enum err stripe_refund_make(struct db *db, struct stripe_money *money);
/* Closures. outcome: succeeded, pending (detail: processing or insufficient_funds) or failed
 * (detail: failure reason). ERR_CONFLICT when there is an obstacle, or the refund has ended. */
db_write_fn stripe_move_refund;
db_write_fn stripe_move_refund_end;

/* ---- disputes: stripe_dispute.c ---- */

/* Closures. The first opens one (outcome: withdraw or none; a debit is lost at once); the second
 * lets one move on: outcome withdraw, reinstate, submit, won, lost or close. fee_cents is taken
 * when money is withdrawn, given back when it is reinstated. ERR_CONFLICT when the state is not
 * the one for it. */
db_write_fn stripe_move_dispute;
db_write_fn stripe_move_dispute_step;

/* ---- payouts: stripe_payout.c ---- */

/* Closures. A payout takes all that is available (automatic) or an amount; outcome: pending, paid,
 * failed or canceled. ERR_CONFLICT when there is nothing, or not so much. */
db_write_fn stripe_move_payout;
db_write_fn stripe_move_payout_end;

/* ---- the rest: stripe_movement.c ---- */

/* Closures. A movement of any kind; a charge that another site made; a debit that fails after it
 * had succeeded (flag: the session tells it too). */
db_write_fn stripe_move_movement;
db_write_fn stripe_move_elsewhere;
db_write_fn stripe_move_late_failure;

#endif
