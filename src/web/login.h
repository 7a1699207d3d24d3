/*
 * login: what the steps of the login share.
 *
 * Invariant: a right password alone opens a half session when there is a second factor; a half
 * session can only ask for the code, or go. (security.md rows 2, 20 to 23.)
 */
#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H

#include "web/internal.h"

/* Makes the draft of a session, through the only door when there is one. */
enum err login_draft(struct page *page, int64_t login_id, struct session_draft *draft);
/* Sends the cookie and leads on: to the code, to the offer of a second factor, to the page asked
 * for when this quality may see it, else to the beginning of the space. */
enum err login_land(struct page *page, const struct session_draft *draft, struct str next);

#endif
