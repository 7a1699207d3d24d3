/*
 * standing: what each member owes and has in advance on a day.
 *
 * Invariant: advances are what the books hold in 4191, debts what is open in the carts; both are
 * never netted against each other, since an advance is used as soon as there is a debt.
 * (domain.md, invariant 6.)
 */
#ifndef ACCOUNTING_STANDING_H
#define ACCOUNTING_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

enum standing_group { STANDING_ALL, STANDING_OWES, STANDING_ADVANCE };

struct standing_filter {
    int64_t association_id;
    const char *day; /* ISO: at its end */
    enum standing_group group;
};
struct standing {
    int64_t member_id;
    int64_t number;
    const char *first_name;
    const char *last_name;
    const char *email;
    bool archived;
    const char *sort_key;
    int64_t owed_cents;
    int64_t advance_cents;
};
/* The last member shown: the list goes on behind them. sort_key NULL: from the beginning. */
struct standing_place {
    const char *sort_key;
    int64_t member_id;
};
/* At most max members who owe or are in advance, by name; array and texts in the arena. */
enum err standing_list(struct db *db, const struct standing_filter *filter,
                       struct standing_place place, int64_t max, struct arena *arena,
                       struct standing **rows, size_t *count);

struct standing_total {
    int64_t owing_count;
    int64_t owed_cents;
    int64_t advance_count;
    int64_t advance_cents;
};
enum err standing_total(struct db *db, int64_t association_id, const char *day,
                        struct arena *arena, struct standing_total *total);

#endif
