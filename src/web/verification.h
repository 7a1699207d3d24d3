/*
 * verification: findings on a page: a word, a sentence, what to do.
 *
 * Invariant: what is said stands in templates/web/partial/finding.html (of an association's
 * accounts) and finding-installation.html; here are only the values.
 */
#ifndef WEB_VERIFICATION_H
#define WEB_VERIFICATION_H

#include "payment/finding.h"
#include "web/internal.h"

/* Adds one finding to a list, for either partial. */
void finding_add(struct page *page, struct template_list *list, const struct finding *finding);
/* Sets "is_good", "is_warn" and "is_bad". */
void finding_level_set(struct template_map *map, enum finding_level level);
/* Where times are shown. */
const struct zone *finding_zone(const struct page *page);

#endif
