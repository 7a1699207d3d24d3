/*
 * embedded: paying inside the personal space, in a page where the provider draws its own form.
 *
 * Invariant: only this page loads anything that is not ours, and only while its attempt is open;
 * without script, or when the form does not appear, the same choice is paid at the provider's own
 * page instead: the embedded attempt is ended before, so that never two can be paid.
 */
#ifndef WEB_EMBEDDED_H
#define WEB_EMBEDDED_H

#include "web/internal.h"

/* Content-Security-Policy of that page, where the others have `closed`. */
const char *embedded_policy(const struct provider_settings *settings, const char *closed,
                            struct arena *arena);
/* Where an open attempt is gone on with: a page of ours or the provider's; NULL: nowhere. */
const char *embedded_resume_url(const struct page *page, const struct payment_intent *intent);

extern const struct http_field embedded_option_fields[];
http_handler embedded_get, embedded_hosted_post, embedded_option_post;

#endif
