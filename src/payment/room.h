/*
 * room: how much a payer may pay now, by the options of the association.
 *
 * Invariant: the cart shows it and the transaction of a press asks it again, of the same function.
 * Money that comes all the same is booked all the same: the options decide what is asked for,
 * never what is true.
 */
#ifndef PAYMENT_ROOM_H
#define PAYMENT_ROOM_H

#include <stdint.h>

#include "association/association.h"
#include "association/carts.h"
#include "db/db.h"
#include "payment/intent.h"

/* What a payer owes and what is on its way, read once in the transaction of the caller. */
struct payer {
    struct carts carts;
    struct payment_intent *intents; /* in progress, newest first */
    size_t intent_count;
    int64_t in_progress_cents; /* their sum */
};
enum err payer_read(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                    struct payer *payer);

struct payment_room {
    int64_t balance_cents; /* what the payer reads: own debt and what is open in the carts the
                            * payer pays for; without any, the own advance, negative */
    int64_t due_cents;     /* of the payer's own cart, less what is being confirmed; may be < 0 */
    int64_t debt_cents;    /* all that is owed, less what is being confirmed; never < 0 */
    int64_t lowest_cents;  /* the smallest amount to ask for */
    int64_t highest_cents; /* the largest; below the smallest: nothing can be paid now */
};

/* What is open at a provider counts as not yet paid, since a new press ends it. */
void payment_room_of(const struct association *association, const struct payer *payer,
                     struct payment_room *room);
/* The same of what is read now. */
enum err payment_room(struct db *db, const struct association *association, int64_t member_id,
                      struct arena *arena, struct payment_room *room);

enum room_verdict {
    ROOM_FITS,
    ROOM_BELOW_MINIMUM, /* of the association */
    ROOM_ABOVE_MAXIMUM, /* of the association */
    ROOM_IN_PART,       /* less than the debt, and part payments are off */
    ROOM_ABOVE_DEBT     /* more than the debt, and advances are off */
};
enum room_verdict payment_room_takes(const struct association *association,
                                     const struct payment_room *room, int64_t amount_cents);

#endif
