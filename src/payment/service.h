/*
 * service: the kernel's operations that speak with providers, used by pages and jobs alike.
 *
 * Invariant: what is to be done is durable before the provider is called; what the provider
 * says is booked in one transaction after. No database transaction is held across a call.
 */
#ifndef PAYMENT_SERVICE_H
#define PAYMENT_SERVICE_H

#include "db/db.h"
#include "payment/event.h"
#include "payment/intent.h"
#include "payment/post.h"
#include "payment/provider.h"

struct payment_service {
    struct db_writer *writer;
    const struct seal_key *key;
    const struct provider_settings *settings;
    const struct provider *const *providers; /* registered by main, in the order of buttons */
    size_t provider_count;
    const char *installation;
};

/* By name ("stripe"); NULL when not registered. */
const struct provider *payment_provider(const struct payment_service *service, struct str name);
/* Fills what a provider's function gets; db and client are the calling thread's. */
struct provider_call payment_call(const struct payment_service *service, struct db *db,
                                  struct http_client *client, struct arena *arena);

/* Can the provider be asked about the account, and refund for it? */
bool payment_able(const struct provider *provider, const struct provider_account *account);
/* Can a payment to the account be asked in a page of ours, and does the association want it? */
bool payment_embeds(const struct payment_service *service, const struct provider *provider,
                    const struct provider_account *account);
/* Can it be asked about the attempt? One that cannot ends by a notification or the clock. */
bool payment_asks(const struct provider *provider, const struct payment_intent *intent);

/* What an account takes of a payment, in 1/100 %: the rate of its settings, or the usual one of
 * the provider while nobody said it (account NULL: there is none yet). */
int64_t payment_rate_points(const struct provider *provider,
                            const struct provider_account *account);

/* What a press on Payer needs. */
struct payment_press {
    int64_t association_id;
    int64_t member_id;
    int64_t provider_account_id;
    const char *form_token;
    int64_t amount_cents;    /* all of it */
    int64_t fee_cover_cents; /* of it, added for the fees */
    int64_t balance_shown_cents;
    const int64_t *ticked; /* charges to pay first; none: the oldest */
    size_t ticked_count;
    bool embedded; /* in a page of ours, where the account allows it */
    int64_t login_id;
    const char *address;
};
/* Begins a payment: prepares, stores, calls the provider, stores its answer. Follows the same
 * form's intent instead of a second call; ends another live attempt first (ERR_BUSY when that
 * cannot be done now). *intent is the attempt to follow: open with provider_url to go to,
 * created (unknown outcome, a job repeats), failed, or whatever it became. */
enum err payment_begin(const struct payment_service *service, const struct provider_call *call,
                       const struct payment_press *press, enum intent_start *start,
                       struct payment_intent *intent);
/* Ends an attempt on the member's word: at the provider first where that is possible. *intent
 * says what it became (canceled, paid, processing ...). ERR_BUSY when the provider cannot be
 * reached. */
enum err payment_cancel(const struct payment_service *service, const struct provider_call *call,
                        int64_t association_id, int64_t intent_id, const struct audit_actor *actor,
                        struct payment_intent *intent);

/* Works on one claimed event, in two halves: asks the provider and starts what books it and sets
 * the next try; waits for that. Events that are resolved meanwhile share its commit. *work and
 * call->arena live until the end; *work is NULL when there is nothing to wait for: nothing is
 * asked for a claim that no longer holds. *provider_down tells the circuit breaker. */
struct event_work;
enum err payment_event_begin(const struct payment_service *service,
                             const struct provider_call *call, const struct claim *claim,
                             struct event_work **work, bool *provider_down);
enum err payment_event_end(const struct payment_service *service, const struct provider_call *call,
                           struct event_work *work);
/* Works on one claimed intent: asks the provider, books, sets the next try. */
enum err payment_work_intent(const struct payment_service *service,
                             const struct provider_call *call, const struct claim *claim,
                             bool *provider_down);
/* Does some intent want to be looked at? Reads only. */
enum err intent_any_due(struct db *db, int64_t now, bool *due);
/* Claims due intents (created, open, processing) of a provider. Inside a transaction. */
enum err intent_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                          size_t max, size_t *count);
/* Claims one intent now, whatever its next_at (a return page wakes it); its delays do not grow
 * by it. *count 0 or 1. Inside a transaction. */
enum err intent_claim_one(struct db *db, int64_t association_id, int64_t intent_id, int64_t now,
                          struct claim *claim, size_t *count);
/* Gives back a claim that nobody worked on. Inside a transaction. */
enum err intent_release(struct db *db, const struct claim *claim, int64_t now);

#endif
