/*
 * courier: the thread that sends notifications and lets time pass.
 *
 * Invariant: one notification at a time, in the order of their due times; a try is recorded
 * before the next one begins.
 */
#ifndef SANDBOX_COURIER_H
#define SANDBOX_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"

struct arena;
struct courier;
struct http_client;
struct sandbox;

/* Starts the thread. The caller must dispose of *courier with courier_free. */
enum err courier_new(struct sandbox *sandbox, struct courier **courier);
/* Ends the call in hand and the thread. NULL is allowed. */
void courier_free(struct courier *courier);
/* There may be something to do. NULL is allowed. */
void courier_wake(struct courier *courier);

/* Sends the delivery that is due first, records the try; *sent false when none is due.
 * (courier_send.c) */
enum err courier_send_due(struct sandbox *sandbox, struct db *db, struct http_client *client,
                          struct arena *arena, bool *sent);
/* Ends what time ends: open sessions, debits, pending payments. (courier_time.c) */
enum err courier_pass_time(struct sandbox *sandbox, struct db *db, struct arena *arena);

#endif
