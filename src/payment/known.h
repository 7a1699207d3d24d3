/*
 * known: is a movement of a provider in the books already?
 *
 * Invariant: only looks; who asks may be told "no" a moment before it is booked.
 */
#ifndef PAYMENT_KNOWN_H
#define PAYMENT_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* kind as the database says it: "capture", "refund" (domain.md: provider_transaction). */
enum err known_movement(struct db *db, int64_t association_id, int64_t provider_account_id,
                        const char *kind, const char *reference, bool *known);

/* The last reversal of a payment by its reference; NULL: none is known. */
enum err known_dispute_of(struct db *db, int64_t association_id, int64_t provider_account_id,
                          const char *payment, struct arena *arena, const char **reference);

#endif
