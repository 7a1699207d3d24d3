/*
 * staff: what the back office's pages share.
 *
 * Invariant: every query takes the association of the session.
 */
#ifndef WEB_STAFF_H
#define WEB_STAFF_H

#include "web/internal.h"

/* Adds at most `max` captures behind a key (fact_at, id) to data's list "payments" and, when
 * there are more, "next_key"; sets "has_payments" and "has_next". */
enum err staff_add_payments(struct page *page, struct template_map *data, int64_t year_id,
                            int64_t before_at, int64_t before_id, int64_t max);
/* Sets "total" (money), "total_cents" and "count" of a year (0 = all). */
enum err staff_add_total(struct page *page, struct template_map *data, int64_t year_id);
/* Sets the list "to_check", "has_to_check", "to_check_count": attempts à vérifier chez Stripe. */
enum err staff_add_to_check(struct page *page, struct template_map *data);
/* Sets the list "quarantine", "has_quarantine" and "quarantine_count". */
enum err staff_add_quarantine(struct page *page, struct template_map *data);

#endif
