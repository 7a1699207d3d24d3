/*
 * revenue: what came in, as the treasurer lists and counts it.
 *
 * Invariant: one row per payment, whose amount is the amount paid; totals are of all that the
 * filter lets through, never of a page. (domain.md: recette.)
 */
#ifndef PAYMENT_REVENUE_H
#define PAYMENT_REVENUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/zone.h"
#include "db/db.h"

struct revenue_filter {
    int64_t association_id;
    int64_t fiscal_year_id;      /* of the entry; 0: all */
    int64_t from_at;             /* of the fact, included; 0: from the beginning */
    int64_t until_at;            /* of the fact, not included; 0: without end */
    int64_t provider_account_id; /* 0: all means of payment */
    struct str search;           /* words in the payer's name, e-mail, number, or the reference */
};

struct revenue_row {
    int64_t id;
    int64_t fact_at;
    int64_t amount_cents;
    const char *currency;
    const char *reference;
    const char *flag;     /* "", "difference", "second_capture", "late" */
    const char *provider; /* "stripe", "paypal", "manual" */
    const char *means;    /* as staff read it */
    int64_t member_id;    /* 0: nobody knows */
    int64_t member_number;
    const char *first_name;
    const char *last_name;
    int64_t entry_id; /* 0: not in the books */
    int64_t entry_number;
    const char *journal;
    const char *label;
    const char *year;
    int64_t advance_cents;  /* of it: into the payer's advance */
    int64_t returned_cents; /* paid back or taken back since */
    bool quarantined;
    bool has_fee;      /* the provider said what it kept */
    int64_t fee_cents; /* the provider kept of it, in the association's currency */
    int64_t net_cents; /* what the account got of it, the fee taken off */
};
/* The last row shown: the list goes on behind it. Zeroes: from the newest one. */
struct revenue_place {
    int64_t fact_at;
    int64_t id;
};
/* At most max rows behind the place, newest first; array and texts in the arena. */
enum err revenue_list(struct db *db, const struct revenue_filter *filter,
                      struct revenue_place place, int64_t max, struct arena *arena,
                      struct revenue_row **rows, size_t *count);

/* What is in the books of it: money of another currency is not. */
struct revenue_total {
    int64_t count;
    int64_t received_cents;
    int64_t returned_cents;
};
enum err revenue_total(struct db *db, const struct revenue_filter *filter, struct arena *arena,
                       struct revenue_total *total);

/* A means of payment that the association has or had, to choose from. */
struct revenue_means {
    int64_t id;
    const char *label;
    const char *provider;
    bool in_use;
};
enum err revenue_means(struct db *db, int64_t association_id, struct arena *arena,
                       struct revenue_means **means, size_t *count);

#endif
