/*
 * errands: small writes that no page waits for.
 *
 * Invariant: nothing of members, carts, intents or books goes this way, only when a session was
 * last seen and who was refused; what does not fit in the queue is left out. (security.md rows 9,
 * 60.)
 */
#ifndef WEB_ERRANDS_H
#define WEB_ERRANDS_H

#include <stdint.h>

#include "association/login.h"
#include "db/db.h"

struct errands;

enum { ERRANDS_MAX = 256, ERRAND_ADDRESS_MAX = 64 };

/* Starts the thread. The caller must dispose of *errands with errands_free. */
enum err errands_new(struct db_writer *writer, struct errands **errands);
/* Does what is queued, ends the thread. NULL is allowed. */
void errands_free(struct errands *errands);

/* The session was seen at `now`; once in the queue is enough. */
void errands_touch(struct errands *errands, const unsigned char token_hash[HASH_LEN], int64_t now);
/* Somebody logged in was refused. object and detail are static strings (a route, a reason). */
void errands_denied(struct errands *errands, int64_t association_id, int64_t login_id,
                    struct str address, const char *object, const char *detail);

#endif
