/*
 * advance: what a member has in advance meets what the member owes.
 *
 * Invariant: an advance is used at once, in the transaction that makes a debt or a credit; each
 * use is one entry 4191 -> the charges' accounts (487 for a later year) with its allocations.
 */
#ifndef PAYMENT_ADVANCE_H
#define PAYMENT_ADVANCE_H

#include "association/association.h"
#include "base/zone.h"
#include "db/db.h"

struct advance_use {
    const struct association *association;
    int64_t member_id;
    int64_t charge_line_id; /* only this charge; 0: all that the member's own cart has open */
    struct date date;
    const char *piece;
    int64_t now;
};
/* Uses the credits of a member, oldest first, for open charges, oldest first. *used_cents may be
 * NULL. Inside a transaction; the arena is for the length of the call. */
enum err advance_use(struct db *db, const struct advance_use *use, struct arena *arena,
                     int64_t *used_cents);

/* What a member has in advance. */
enum err advance_left(struct db *db, int64_t association_id, int64_t member_id,
                      struct arena *arena, int64_t *cents);

#endif
