/*
 * internal: what the files of payment/ share and nobody else sees.
 *
 * Invariant: a name of a provider's object means one intent or movement of its account for ever.
 */
#ifndef PAYMENT_INTERNAL_H
#define PAYMENT_INTERNAL_H

#include <stdint.h>

#include "db/db.h"
#include "payment/service.h"

/* Remembers that an object of the provider (cs_, pi_, txn id) belongs to an intent and, when not
 * 0, to a movement. A name known already keeps its intent and learns a missing movement. Inside
 * a transaction. */
enum err object_add(struct db *db, int64_t association_id, int64_t provider_account_id,
                    const char *object_id, int64_t intent_id, int64_t transaction_id);

/* An account named by a charge is archived or gone: 471 took its place in the entry, and a person
 * looks at it in À rattacher. Inside a transaction. */
enum err account_missing_add(struct db *db, int64_t association_id, int64_t entry_id,
                             const char *account_code, int64_t now);

/* An intent as its provider sees it. Borrowed strings. */
struct provider_intent payment_provider_intent(const struct payment_intent *intent);
/* Sends an intent's stored request and stores the answer; for the page and for the job that
 * repeats it. *provider_down says that the outcome is unknown. */
enum err payment_open(const struct payment_service *service, const struct provider_call *call,
                      const struct payment_intent *intent, bool *provider_down);
/* Sends a refund request that waits, stores the answer and books what it says; for the page and
 * for the job that repeats it. provider_down may be NULL. */
enum err refund_send(const struct payment_service *service, const struct provider_call *call,
                     int64_t association_id, int64_t request_id, bool *provider_down);

#endif
