/*
 * fees: a provider's fees booked once a month, where the association wants it so.
 *
 * Invariant: a fee waits without entry until its month has ended (in the association's zone);
 * then one entry books all that wait of an account and a month. One that is told later makes a
 * second entry of its month. (domain.md, Postings.)
 */
#ifndef PAYMENT_FEES_H
#define PAYMENT_FEES_H

#include "base/arena.h"
#include "db/db.h"

struct fee_account {
    int64_t association_id;
    int64_t provider_account_id;
};
/* Accounts with fees that may be booked now; at most max. Reads only. */
enum err payment_fees_due(struct db *db, int64_t now, struct fee_account *accounts, size_t max,
                          size_t *count);
/* Books what waits of an account, month by month; *entries says how many were written. Does not
 * look at the option: what waits since it was changed is booked too. Inside a transaction. */
enum err payment_book_fees(struct db *db, const struct fee_account *account, int64_t now,
                           struct arena *arena, int64_t *entries);

#endif
