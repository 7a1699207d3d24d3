/*
 * carts: a payer's own cart and those of the members they pay for, read once.
 *
 * Invariant: what is open of a charge is its amount and its corrections less what is allocated to
 * it. For all that is paid it is worked out here: the page, the press, the posting and the back
 * office see the same debt; lists and checks of many members add up in SQL. (domain.md)
 */
#ifndef ASSOCIATION_CARTS_H
#define ASSOCIATION_CARTS_H

#include "association/cart.h"

/* One member's cart. */
struct member_cart {
    int64_t member_id;
    int64_t member_number;
    const char *first_name;
    const char *last_name;
    struct cart_line *lines; /* in date order, with running balance */
    size_t line_count;
    int64_t balance_cents;
};
struct carts {
    struct member_cart *all; /* the payer's own first, then the others by name */
    size_t count;            /* 0: there is no such member */
    struct cart_year
        *years; /* of the association, newest first, whether a cart has lines or not */
    size_t year_count;
};

/* Reads them in the transaction of the caller. Arrays and texts in the arena. */
enum err carts_read(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                    struct carts *carts);
/* The open charges of all of them, oldest first. Array in the arena. */
void carts_dues(const struct carts *carts, struct arena *arena, struct cart_due **dues,
                size_t *count);
/* What is open, in all, in the carts that the payer pays for; the own one is not among them. */
int64_t carts_open_for_others(const struct carts *carts);

#endif
