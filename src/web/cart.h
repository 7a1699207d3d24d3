/*
 * cart: the parts of the page of a member's cart.
 *
 * Invariant: the page shows one state of the carts: the payer's and those the payer pays for, read
 * in one transaction.
 */
#ifndef WEB_CART_H
#define WEB_CART_H

#include "association/member.h"
#include "payment/intent.h"
#include "payment/room.h"
#include "payment/tick.h"
#include "web/internal.h"

/* What the page is made of. */
struct cart {
    struct page *page;
    struct template_map *data;
    const struct currency *currency;
    struct payer payer;
    const struct payment_intent *live;
    struct payment_room room;
    int64_t cover_points;  /* rate of the first provider, 1/100 %; 0: no fees to cover */
    struct cart_due *dues; /* to tick; none when all is paid in one go */
    size_t due_count;
};

extern const struct http_field pay_fields[];

/* The form to pay (cart_form.c). trouble: NULL for none. */
enum err cart_set_form(struct cart *cart, const struct cart_trouble *trouble);
/* Whose carts, and the lines of each (cart_lines.c). */
void cart_set_lines(struct cart *cart);

#endif
