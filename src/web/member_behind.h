/*
 * member_behind: what stands behind the payments of a member's cart, for staff.
 *
 * Invariant: it tells what was recorded, attempts and notifications of this association alone, and
 * asks nobody anew.
 */
#ifndef WEB_MEMBER_BEHIND_H
#define WEB_MEMBER_BEHIND_H

#include "web/internal.h"

struct behind; /* the movements that have a line in a cart; in the arena */

/* Reads them. Within reading, as the others. */
enum err behind_read(struct page *page, int64_t member_id, struct behind **behind);
/* Sets "has_movement" and, when it is one of them, its means, reference and entry, what was given
 * back of it, and "attempts": the one it came by, with its notifications. transaction_id 0: none.
 */
enum err behind_set(struct page *page, struct template_map *item, const struct behind *behind,
                    int64_t transaction_id);
/* "attempts": those of this payer that brought no money (yet), newest first, and
 * "has_attempts". */
enum err behind_add_attempts(struct page *page, struct template_map *data, int64_t member_id);

#endif
