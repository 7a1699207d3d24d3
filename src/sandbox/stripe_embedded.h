/*
 * stripe_embedded: a session inside the page of whoever opened it.
 *
 * Invariant: the frame opens by the client secret together with a publishable key of the same
 * account and mode, never by the session's id.
 */
#ifndef SANDBOX_STRIPE_EMBEDDED_H
#define SANDBOX_STRIPE_EMBEDDED_H

#include <jansson.h>

#include "http/http.h"

/* Was the session opened to be drawn inside a page? */
bool stripe_is_embedded(const json_t *session);
/* Does the page around it go away once it is paid? Only means that redirect would make if_required
 * do so, and the practice provider has none. */
bool stripe_embedded_leaves(const json_t *session);
/* The last thing in the frame: the page around it goes to `back`, or is told when that is NULL. */
enum err stripe_embedded_end(struct http_request *request, struct http_response *response,
                             const char *back);

http_handler stripe_script_handler; /* the stand-in for Stripe's script */
http_handler stripe_embedded_handler;

#endif
