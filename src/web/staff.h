/*
 * staff: what the back office's pages share.
 *
 * Invariant: every query takes the association of the session.
 */
#ifndef WEB_STAFF_H
#define WEB_STAFF_H

#include "payment/revenue.h"
#include "web/internal.h"

/* Adds at most `max` captures behind a place to data's list "payments" and, when there are more,
 * "next_address"; sets "has_payments" and "has_next". */
enum err staff_add_payments(struct page *page, struct template_map *data,
                            const struct revenue_filter *filter, struct revenue_place place,
                            int64_t max);
/* Sets what all of the filter comes to: "total" and "returned" (money, and _cents), "count",
 * "several", "has_returned". */
enum err staff_add_total(struct page *page, struct template_map *data,
                         const struct revenue_filter *filter);
/* Sets the list "to_check", "has_to_check", "to_check_count": attempts à vérifier chez Stripe.
 * *shown is how many there are on the page. */
enum err staff_add_to_check(struct page *page, struct template_map *data, int64_t *shown);
/* Sets the list "quarantine", "has_quarantine" and "quarantine_count"; *shown as above. */
enum err staff_add_quarantine(struct page *page, struct template_map *data, int64_t *shown);

#endif
