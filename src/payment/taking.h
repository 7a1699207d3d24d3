/*
 * taking: what a reversal and a refund share; for the files of payment/ only.
 *
 * Invariant: the entry, the allocations undone and the lines of the cart are written from the
 * same parts, so that they add up to the movement.
 */
#ifndef PAYMENT_TAKING_H
#define PAYMENT_TAKING_H

#include "payment/posting.h"
#include "payment/undo.h"

enum { TAKING_LINES_MAX = 200 }; /* carts that one payment paid into */

/* A payment line of the capture. */
struct taking_line {
    int64_t id;
    int64_t member_id;
    int64_t member_number;
    int64_t fiscal_year_id;
    int64_t amount_cents;
    int64_t advance_cents;      /* what is left of it in 4191 */
    int64_t advance_take_cents; /* what of that is taken */
    struct undo_part *parts;    /* the charges it pays */
    size_t part_count;
};

struct taking {
    struct posting posting; /* account: where the money leaves from */
    int64_t capture_id;
    int64_t capture_account_id;
    int64_t capture_cents;
    int64_t returned_cents; /* refunded or taken back before */
    int64_t member_id;
    struct taking_line lines[TAKING_LINES_MAX];
    size_t line_count;
};

/* Reads a capture with its lines and what they pay. ERR_NOT_FOUND, ERR_CONFLICT when it waits in
 * À rattacher. taking->posting has its db, arena and now. */
enum err taking_read(struct taking *taking, int64_t association_id, int64_t transaction_id);
/* Inserts the movement (a negative amount). *fresh false when it is known already. */
enum err taking_add_movement(struct taking *taking, const char *kind, const char *reference,
                             int64_t cents, int64_t fact_at, bool *fresh);
/* Writes the entry of all that is taken against the transit account, and undoes what it debits. */
enum err taking_write(struct taking *taking, const char *label);
/* What is taken of one line. */
int64_t taking_of_line(const struct taking_line *line);
/* Keeps why, and who. NULL: nothing is kept. */
enum err taking_note(struct taking *taking, const char *reason, int64_t login_id);
/* Lets the members' other advances meet what is owed again. */
enum err taking_use_advances(struct taking *taking);

#endif
