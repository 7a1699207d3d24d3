/*
 * due: claiming rows whose time has come, for any kind of work.
 *
 * Invariant: a claim is had by compare-and-set; two jobs never have the same.
 */
#ifndef PAYMENT_DUE_H
#define PAYMENT_DUE_H

#include "payment/event.h"

/* Is something due? `query` takes now, and now + lease. */
enum err due_any(struct db *db, int query, int64_t now, bool *due);
/* Claims at most max (CLAIMS_MAX at most) rows of a provider: `list` takes provider, now, now +
 * lease, at most, and gives association and id; `claim` takes association, id, now, now + lease,
 * and gives the claim's number. Inside a transaction. */
enum err due_claim(struct db *db, int list, int claim, const char *provider, int64_t now,
                   struct claim *claims, size_t max, size_t *count);

#endif
