/*
 * stripe_page: the hosted page of a session.
 *
 * Invariant: the page needs no JavaScript; what a button does is decided here, by the number
 * that Stripe's own test mode would decide by.
 */
#ifndef SANDBOX_STRIPE_PAGE_H
#define SANDBOX_STRIPE_PAGE_H

#include <jansson.h>

#include "http/http.h"

/* The session of the path. The caller must json_decref it. */
enum err stripe_page_session(const struct http_request *request, json_t **session);
/* Where the browser goes after paying, {CHECKOUT_SESSION_ID} replaced; NULL = nowhere. */
const char *stripe_success_url(struct arena *arena, const json_t *session);
/* Sets {{amount}} to the session's total. */
struct template_map;
void stripe_page_set_amount(struct template_map *map, const json_t *session);
/* Shows the page; code (and decline_code) say why the last try was refused, or NULL. */
enum err stripe_page_show(struct http_request *request, struct http_response *response,
                          const json_t *session, const char *code, const char *decline_code);

http_handler stripe_page_handler;
http_handler stripe_page_pay_handler;
http_handler stripe_page_secure_handler;
http_handler stripe_page_answer_handler;

#endif
