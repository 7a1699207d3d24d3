/*
 * connect: a platform and the accounts that let it act for them (OAuth).
 *
 * Invariant: a code is changed once, by the platform it was given to, within CODE_AGE_MAX_S; a
 * link ends in the transaction that makes its account.application.deauthorized.
 */
#ifndef SANDBOX_CONNECT_H
#define SANDBOX_CONNECT_H

#include "db/db.h"
#include "http/http.h"
#include "sandbox/stripe_move.h"

enum { CODE_AGE_MAX_S = 300 };

/* One end of a link: what it needs, and the notifications it made. */
struct connect_end {
    struct stripe_move move; /* session_id: the account's id; notify says how to tell */
    const char *client_id;
    const char *platform_id;
    bool livemode;
};
/* A closure on a struct connect_end. ERR_NOT_FOUND when there is no such link. */
db_write_fn connect_end_link;

/* connect_page.c */
http_handler connect_page_handler;
http_handler connect_answer_handler;
/* connect_token.c */
http_handler connect_token_handler;
http_handler connect_deauthorize_handler;
/* control_connect.c */
http_handler control_platform_handler;
http_handler control_revoke_handler;

#endif
