/*
 * season: what a fiscal year asked for, what was paid of it, what came in, what waits for a hand.
 *
 * Invariant: asked less paid is what is still owed, to the cent, in the sum as in each product;
 * what came in is the money of the year's entries, whatever it pays.
 */
#ifndef PAYMENT_SEASON_H
#define PAYMENT_SEASON_H

#include "accounting/accounting.h"
#include "db/db.h"

enum { SEASON_MONTHS_MAX = 25 }; /* a fiscal year has at most 24, and may begin amid one */

struct season_product {
    int64_t product_id; /* 0: charges without product */
    const char *title;  /* "" then */
    int64_t charges;
    int64_t asked_cents; /* after corrections */
    int64_t paid_cents;
};
struct season_month {
    int year;
    int month; /* 1..12 */
    int64_t asked_cents;
    int64_t received_cents;
};
struct season {
    int64_t asked_cents;
    int64_t paid_cents;
    struct season_product *products; /* the largest first */
    size_t product_count;
    struct season_month months[SEASON_MONTHS_MAX]; /* every month of the year, also the empty */
    size_t month_count;
};
/* Array and texts in the arena. */
enum err season_read(struct db *db, int64_t association_id, const struct fiscal_year *year,
                     struct arena *arena, struct season *season);

/* What only a person can do. */
struct season_tasks {
    int64_t cheque_count; /* their day has come */
    int64_t cheque_cents;
    int64_t unreachable_count; /* owe, and no mail can ask them */
};
enum err season_tasks(struct db *db, int64_t association_id, const char *today,
                      struct season_tasks *tasks);

#endif
