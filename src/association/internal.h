/*
 * internal: what the files of association/ share and nobody else sees.
 *
 * Invariant: a member's keys of order and search are made from the same fields, here only.
 */
#ifndef ASSOCIATION_INTERNAL_H
#define ASSOCIATION_INTERNAL_H

#include "association/member.h"

struct arena;

/* Not empty, clean text. */
bool member_name_fits(const char *name);
/* May this member pay for others? Whoever has a payer may not. ERR_NOT_FOUND, ERR_INPUT. */
enum err member_check_payer(struct db *db, int64_t association_id, int64_t payer_id);
/* Folded "last first". */
struct str member_sort_key(const char *first_name, const char *last_name, struct arena *arena);
/* Folded names, e-mail and number, with a blank before each word. */
struct str member_search_text(const char *first_name, const char *last_name, const char *email,
                              int64_t number, struct arena *arena);

#endif
