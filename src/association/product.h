/*
 * product: what is charged again and again.
 *
 * Invariant: a change of a product never touches a charge that was made from it: a charge has its
 * own label, amount, account and year.
 */
#ifndef ASSOCIATION_PRODUCT_H
#define ASSOCIATION_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "db/db.h"

struct product {
    int64_t id;
    const char *title;
    int64_t price_cents;
    const char *account_code;
    const char *account_label; /* "" when the chart has it no more */
    int64_t fiscal_year_id;    /* 0: the year of the day */
    const char *year_label;    /* "" for none */
    bool archived;
    int64_t version;
};

/* By title; archived ones last, when asked for. Array in the arena. */
enum err product_list(struct db *db, int64_t association_id, bool with_archived,
                      struct arena *arena, struct product **products, size_t *count);
/* ERR_NOT_FOUND when absent or of another association. */
enum err product_find(struct db *db, int64_t association_id, int64_t product_id,
                      struct arena *arena, struct product *product);

struct product_change {
    int64_t association_id;
    int64_t id;
    int64_t version; /* the form's; 0: a new one */
    const char *title;
    int64_t price_cents;
    const char *account_code;
    int64_t fiscal_year_id; /* 0: the year of the day */
    int64_t now;
};
/* Adds or changes one. ERR_CONFLICT when it was changed since. Inside a transaction. */
enum err product_save(struct db *db, const struct product_change *change,
                      const struct audit_actor *actor);
/* Archives (at now) or offers again (0). ERR_CONFLICT when it is so already. */
enum err product_archive(struct db *db, int64_t association_id, int64_t product_id, int64_t now,
                         const struct audit_actor *actor);

#endif
