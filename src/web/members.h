/*
 * members: what the pages of Adhérents share.
 *
 * Invariant: every member is looked for in the association of the session.
 */
#ifndef WEB_MEMBERS_H
#define WEB_MEMBERS_H

#include "association/member.h"
#include "web/form.h"
#include "web/internal.h"

/* The filter of the list as the address tells it. */
void members_read_filter(struct page *page, struct member_filter *filter);
/* The place of a list by name that goes on behind a member: "<id>.<sort key>", in the arena; and
 * what "apres" says of it. False for what is no such place, and for none: *id is 0 then, or the
 * number before the dot, and *sort_key what stands behind it. */
const char *members_place(struct page *page, int64_t id, const char *sort_key);
bool members_read_place(struct page *page, int64_t *id, struct str *sort_key);
/* The member of "/adherents/{}..."; ERR_NOT_FOUND when that is no number. */
enum err members_path_id(struct page *page, int64_t *member_id);
/* Sets "owes", "in_advance" or "settled", and "balance" without its sign. */
void members_set_balance(struct page *page, struct template_map *item, int64_t cents);
/* Sets who a member is. */
void members_set_details(struct page *page, struct template_map *data,
                         const struct member_details *details);

/* ---- the list as a file (members_export.c) ---- */

http_handler members_export_get;

/* ---- reminders (reminders.c) ---- */

extern const struct http_field reminders_fields[], reminders_send_fields[];
http_handler reminders_get, reminders_post;

#endif
