/*
 * desk: À rattacher, what waits for a person's decision.
 *
 * Invariant: a page shows what a row allows, and the kernel asks again (payment/settle.h).
 */
#ifndef WEB_DESK_H
#define WEB_DESK_H

#include "web/internal.h"

extern const struct http_field desk_page_fields[], desk_attach_fields[], desk_classify_fields[],
    desk_see_fields[];

http_handler desk_list_get, desk_get, desk_attach_post, desk_classify_post, desk_see_post;

#endif
