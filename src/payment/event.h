/*
 * event: the inbox of provider messages.
 *
 * Invariant: the raw message is durable before it is acknowledged; every delivery is its own
 * row; an authentic one ends with an outcome, or waits for its next try, or is parked and shown.
 * (domain.md: provider_event.)
 */
#ifndef PAYMENT_EVENT_H
#define PAYMENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "payment/fact.h"
#include "payment/provider.h"

enum {
    EVENT_LEASE_S = 60,
    EVENT_CRASHES_MAX = 3,
    EVENT_PATIENCE_S = 4 * 24 * 3600, /* also for what a fact follows: then it is an orphan */
    EVENT_PATIENCE_PAYPAL_S = 10 * 24 * 3600, /* PayPal tells parents by notifications alone */
    EVENT_TRIES_MIN = 16,              /* before patience ends: the server may have been off */
    EVENT_BACKLOG_SOURCE_MAX = 2000,   /* waiting unverified rows from one address */
    EVENT_BACKLOG_RECEIVER_MAX = 2000, /* ... naming one receiver of ours */
    EVENT_BACKLOG_UNKNOWN_MAX = 500    /* ... naming none of ours */
};

struct event_draft {
    int64_t id;
    const char *provider;
    const struct provider_message *message;
    const struct door_answer *door;
    int64_t now;
    int leased; /* non-zero: the caller hands it to a worker at once, with claim 1. One that
                   names no receiver of ours is not leased: it waits for its turn */
};
/* Is it proven, or does it name a receiver of ours? Others may not be handed to a worker: their
 * first claim, made by a poll, would have the number of the one that was handed over. */
bool event_is_known(const struct door_answer *door);
/* Stores a message. ERR_LIMIT when the unverified backlog of its source or receiver is full
 * (503: the provider sends again). Inside a transaction. */
enum err event_add(struct db *db, const struct event_draft *draft);

enum { CLAIMS_MAX = 32 }; /* at once */
/* A claimed piece of work: an event or an intent. */
struct claim {
    int64_t association_id; /* intents */
    int64_t id;
    int64_t claim;
};
/* Claims up to max (CLAIMS_MAX at most) due events of a provider (lease EVENT_LEASE_S, claim
 * number grows, attempts and crashes count; a third crash parks). A lease further ahead than its
 * length is expired. Inside a transaction. */
enum err event_claim(struct db *db, const char *provider, int64_t now, struct claim *claims,
                     size_t max, size_t *count);
/* Gives back a claim that nobody worked on: due now, and no crash. Inside a transaction. */
enum err event_release(struct db *db, const struct claim *claim, int64_t now);
/* Does the claim still hold? Reads only. */
enum err event_claim_holds(struct db *db, const struct claim *claim, bool *holds);
/* Is some message of the provider due? Reads only. */
enum err event_any_due(struct db *db, const char *provider, int64_t now, bool *due);
enum err event_find(struct db *db, int64_t event_id, struct arena *arena,
                    struct provider_event *event);

/* Ends a claimed event by its resolution: books its facts (payment_post), sets outcome or next
 * try, all in this transaction. A claim that no longer holds changes nothing; what was proven
 * authentic once is never invalid later. */
enum err event_finish(struct db *db, const struct claim *claim,
                      const struct resolution *resolution, int64_t now, struct arena *arena,
                      enum event_outcome *outcome);
/* Backoff in seconds after so many attempts: 5 s doubling to 6 h. */
int64_t event_backoff_s(int64_t attempts);
/* Puts events that ended 'unsupported' back to waiting (after an upgrade). Inside a
 * transaction. *count says how many. */
enum err event_requeue_unsupported(struct db *db, int64_t now, int64_t *count);
/* Blanks the raw text of invalid messages older than 30 days, forgets nothing else. */
enum err event_sweep_invalid(struct db *db, int64_t now);

#endif
