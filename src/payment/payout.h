/*
 * payout: what went to the bank, and what it is made of; and money that did not begin in Guichet.
 *
 * Invariant: a payout's parts are lines of the provider's own list; what they do not explain is
 * shown as a difference, never spread.
 */
#ifndef PAYMENT_PAYOUT_H
#define PAYMENT_PAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct payout {
    int64_t id;
    int64_t account_id;
    const char *provider;
    const char *label; /* of the account */
    const char *reference;
    int64_t fact_at;
    int64_t bank_cents; /* as the bank shows it: negative when it was taken from there */
    const char *currency;
    int64_t entry_id; /* 0: none */
    int64_t entry_number;
    const char *journal;
    bool failed;         /* it came back */
    bool listed;         /* the list told what it is made of */
    int64_t parts_cents; /* the sum of those */
};
/* The last row shown: the list goes on behind it. Zeroes: from the newest one. */
struct payout_place {
    int64_t fact_at;
    int64_t id;
};
/* Newest first; array and texts in the arena. */
enum err payout_list(struct db *db, int64_t association_id, struct payout_place place, int64_t max,
                     struct arena *arena, struct payout **payouts, size_t *count);
/* ERR_NOT_FOUND. */
enum err payout_find(struct db *db, int64_t association_id, int64_t payout_id, struct arena *arena,
                     struct payout *payout);

/* What one kind of movement adds to it. */
struct payout_part {
    const char *kind;
    int64_t count;
    int64_t gross_cents;
    int64_t fee_cents;
};
enum err payout_parts(struct db *db, int64_t association_id, const struct payout *payout,
                      struct arena *arena, struct payout_part **parts, size_t *count);
/* Its lines (struct statement_row of statement.h), oldest first, at most max. */
struct statement_row;
enum err payout_lines(struct db *db, int64_t association_id, const struct payout *payout,
                      int64_t max, struct arena *arena, struct statement_row **rows,
                      size_t *count);

/* Money received that did not begin in Guichet. */
struct elsewhere_row {
    int64_t id;
    int64_t fact_at;
    const char *payer;
    const char *reference;
    int64_t amount_cents;
    const char *currency;
    const char *label; /* of the account at the provider */
    int64_t entry_id;
    int64_t entry_number;
    const char *journal;
    int64_t returned_cents;
};
enum err elsewhere_list(struct db *db, int64_t association_id, struct payout_place place,
                        int64_t max, struct arena *arena, struct elsewhere_row **rows,
                        size_t *count);

#endif
