/*
 * tick: the charges among which a payer chooses.
 *
 * Invariant: what is being confirmed for a charge is not offered once more; the page and the press
 * add up by the same function.
 */
#ifndef PAYMENT_TICK_H
#define PAYMENT_TICK_H

#include "payment/room.h"

/* What is open in the payer's cart and in those they pay for, less what is being confirmed, oldest
 * first. Array in the arena. */
enum err tick_dues_of(struct db *db, int64_t association_id, const struct payer *payer,
                      struct arena *arena, struct cart_due **dues, size_t *count);
/* The same of what is read now. */
enum err tick_dues(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                   struct cart_due **dues, size_t *count);
/* The amount that pays the ticked ones: all of them, and it is the whole debt. Ids that are not
 * among the dues count for nothing. */
int64_t tick_amount(const struct cart_due *dues, size_t count, const struct payment_room *room,
                    const int64_t *ticked, size_t ticked_count);
bool tick_among(const int64_t *ticked, size_t ticked_count, int64_t charge_line_id);

#endif
