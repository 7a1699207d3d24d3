/*
 * routes: the table of everything the sandbox answers.
 *
 * Invariant: reading the table is reading the list of its features.
 */
#ifndef SANDBOX_ROUTES_H
#define SANDBOX_ROUTES_H

#include <stddef.h>

#include "http/http.h"

/* The `access` of a route: who is spoken to, hence the shape of errors. */
enum face { FACE_PAGE, FACE_STRIPE, FACE_PAYPAL, FACE_PAYPAL_REST, FACE_CONTROL };

const struct http_route *routes_all(size_t *count);

#endif
