/*
 * notification: what the list of a provider's messages and the page of one share.
 *
 * Invariant: a message is shown only to the association it belongs to; its text is masked.
 */
#ifndef WEB_NOTIFICATION_H
#define WEB_NOTIFICATION_H

#include "web/internal.h"

extern const struct http_field notification_page_fields[];

http_handler notification_get;
http_handler notification_replay_post;

/* Sets a message's columns (0 to 12 of its queries): when, from whom, what became of it. */
void notification_set(struct page *page, struct template_map *item, const struct db_rows *rows);

#endif
