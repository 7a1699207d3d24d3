/*
 * dispute: asking the provider what became of the disputes that are not decided.
 *
 * Invariant: one is asked for once a day as long as it is open; what is said is booked by the
 * facts its notifications have, so that a lost one changes nothing in the end.
 */
#ifndef PAYMENT_DISPUTE_H
#define PAYMENT_DISPUTE_H

#include "payment/service.h"

enum { DISPUTE_ASK_S = 24 * 3600 };

/* Is one to be asked for? */
enum err dispute_any_due(struct db *db, int64_t now, bool *due);
/* Inside a transaction. */
enum err dispute_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                           size_t max, size_t *count);
/* Gives back a claim that nobody worked on. Inside a transaction. */
enum err dispute_release(struct db *db, const struct claim *claim, int64_t now);
/* Asks for one and books what is said. */
enum err payment_work_dispute(const struct payment_service *service,
                              const struct provider_call *call, const struct claim *claim,
                              bool *provider_down);

#endif
