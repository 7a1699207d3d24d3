/*
 * delivery: the queue of notifications of both faces.
 *
 * Invariant: the bytes of a notification are fixed when it is made; only the signature, which
 * carries the time of sending, is made at each try.
 */
#ifndef SANDBOX_DELIVERY_H
#define SANDBOX_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "db/db.h"

struct arena;
struct sandbox;

enum { DELIVERY_BATCH_MAX = 32 };

/* How the payer or a test wants notifications sent. mode is one of the names of the page:
 * normal, twice, late, before, never, bad_signature, out_of_order (Stripe); normal, twice,
 * resend, late, before, never, wrong_charset, pending_first (PayPal); for PayPal's events as
 * Stripe's, and the names of delivery.alteration. */
struct notify {
    const char *mode;
    int64_t late_s;
};

struct delivery_draft {
    const char *provider; /* "stripe", "paypal" */
    const char *kind;     /* event type, payment_status */
    const char *reference;
    const char *object_id;
    const char *endpoint_id; /* Stripe; else NULL */
    const char *webhook_id;  /* an event of PayPal's; else NULL */
    const char *url;
    struct str body;
    int64_t delay_s; /* added to what the mode says */
    bool hold;       /* waits for a later move to release it */
};

/* The drafts of one move, then the numbers of their rows. */
struct delivery_batch {
    struct delivery_draft drafts[DELIVERY_BATCH_MAX];
    int draft_count;
    int64_t numbers[2 * DELIVERY_BATCH_MAX];
    int count;
};

/* Remembers a draft; ERR_LIMIT beyond DELIVERY_BATCH_MAX. */
enum err delivery_plan(struct delivery_batch *batch, const struct delivery_draft *draft);
/* Turns the drafts into rows as the mode says, inside a transaction. */
enum err delivery_add(struct db *db, struct delivery_batch *batch, const struct notify *notify,
                      int64_t now_ms);
/* Waits until each of the numbers was tried once, or timeout_ms has passed. */
void delivery_await(struct sandbox *sandbox, struct db *db, const int64_t *numbers, int count,
                    int64_t timeout_ms);
/* Does the mode ask to notify before the browser goes back? */
bool notify_first(const struct notify *notify);

#endif
