/*
 * returning: what went back of a payment: refunds, failures, disputes; for the files of payment/
 * only.
 *
 * Invariant: how a payment stands is a function of what moved, whatever the order it was told in:
 * no more goes back in the carts than came in; what failed or was refunded comes before what is
 * disputed; what finds no room stands in 471 (ACCOUNTING_EXCESS) until there is. Each change is
 * the difference to that function: one entry, its allocations and its lines of the carts from the
 * same numbers. (domain.md, Postings.)
 *
 *     failed + refunded   at most the payment: debited where the money stands, opposite or refund
 *                         lines that the payment line pays
 *     disputed            at most the rest: 4671, dispute lines that nothing pays
 *     of it, lost         debited where the money stands, credit 4671; the payment pays the line
 *
 * Where the money stands: first what the payment left in 4191, then ticked charges, then in
 * proportion (apportion.h). What is undone goes back to the charges it was taken from, as far as
 * they are open, the rest is an advance.
 */
#ifndef PAYMENT_RETURNING_H
#define PAYMENT_RETURNING_H

#include "payment/movement.h"
#include "payment/undo.h"

enum { RETURN_LINES_MAX = 200 }; /* carts that one payment paid into */

enum return_class { RETURN_FAILED, RETURN_REFUND, RETURN_DISPUTE, RETURN_LOST, RETURN_CLASSES };

/* A payment line of the payment: one a cart. */
struct return_line {
    int64_t id;
    int64_t member_id;
    int64_t member_number;
    int64_t amount_cents;
    int64_t advance_cents;                  /* what is left of it in 4191 */
    int64_t standing_cents[RETURN_CLASSES]; /* in the cart now; LOST is a part of DISPUTE */
    struct undo_part *parts;                /* the charges it pays or paid */
    size_t part_count;
    /* The change. */
    int64_t advance_take_cents; /* negative: given again */
    int64_t change_cents[RETURN_CLASSES];
};

/* Of what moved, positive: went back. Counted as the carts count. */
struct return_sums {
    int64_t failed_cents;
    int64_t refunded_cents;
    int64_t disputed_cents; /* withdrawn less given back */
    int64_t lost_cents;     /* the part of it that is lost */
};

struct returning {
    struct posting posting; /* account, day and piece of what happens now */
    struct movement capture;
    int64_t capture_cents;    /* counted */
    const char *home_account; /* no cart: the account it stands in; NULL: in carts */
    struct return_sums before, after;
    struct return_line lines[RETURN_LINES_MAX];
    size_t line_count;
    /* What a refund started by a person adds. */
    const int64_t *ticked; /* charges to take it from, after the advance */
    size_t ticked_count;
    bool cancels_charges; /* what was paid back is not owed again */
    const char *label;    /* of the lines in the carts */
    int64_t undone_id;    /* the movement that is undone, whose lines come first; 0: none */
    int64_t login_id;
};

/* Reads a payment, its lines, what they pay, and what went back of it so far (into before and
 * after). returning->posting has its db, arena and now. ERR_NOT_FOUND. */
enum err returning_read(struct returning *returning, int64_t association_id, int64_t capture_id);
/* Reads `after` again, counting a movement that has no entry yet (0: none). */
enum err returning_sums(struct returning *returning, int64_t movement_id,
                        struct return_sums *sums);
/* Everything that went back, and what of it finds no room. */
int64_t returning_total(const struct return_sums *sums);
int64_t returning_excess(const struct returning *returning, const struct return_sums *sums);
/* What could still go back. */
int64_t returning_left(const struct returning *returning);

/* Finds the change between the carts and `after`. */
enum err returning_plan(struct returning *returning);
/* Does it change anything but the account the money left? */
bool returning_changes(const struct returning *returning);
/* Writes it into an entry, all but the side the money left from, which is debited by what
 * `after` has more than `before`. */
void returning_fill(const struct returning *returning, struct entry_draft *entry);
/* Writes allocations and lines for the entry that posting.entry_id names (0 when there is
 * none), in the name of the movement posting.transaction_id. */
enum err returning_write(struct returning *returning);
/* Plans, writes the entry against the transit account (which changes by transit_cents, signed) or,
 * when counter is not NULL, against that account in journal OD, and all the rest; notes what finds
 * no room for À rattacher. Nothing to write: no entry. */
enum err returning_book(struct returning *returning, const char *label, int64_t transit_cents);
enum err returning_move(struct returning *returning, const char *label, const char *counter,
                        int64_t counter_cents);
/* Lets the members' advances meet what is owed. */
enum err returning_use_advances(struct returning *returning);

#endif
