/*
 * refund_request: a refund that a person asks the provider for.
 *
 * Invariant: durable, with its exact bytes and its key, before the provider is called; never more
 * than is left of the payment, requests under way counted; never while the payment is disputed.
 * What is booked is the provider's fact, which finds its request again. (domain.md, Postings.)
 */
#ifndef PAYMENT_REFUND_REQUEST_H
#define PAYMENT_REFUND_REQUEST_H

#include "association/audit.h"
#include "payment/service.h"

enum {
    REFUND_KEY_LIFE_S =
        23 * 3600,            /* Stripe keeps a key for a day: later it would be another refund */
    REFUND_FIND_S = 2 * 3600, /* after that nothing of it is on its way: it is looked for */
    REFUND_FIND_AGAIN_S = 6 * 3600 /* as long as the provider cannot be asked */
};

/* What could be asked for now. */
struct refund_room {
    bool possible;      /* a payment whose provider takes refunds from us, on an account of ours */
    bool disputed;      /* a dispute on it is open */
    int64_t left_cents; /* not yet gone back, and not asked for */
    int64_t asked_cents; /* asked for, and not told by the provider yet */
};
/* ERR_NOT_FOUND when it is no payment of the association. */
enum err refund_room(const struct payment_service *service, struct db *db, int64_t association_id,
                     int64_t transaction_id, struct arena *arena, struct refund_room *room);

struct refund_press {
    int64_t association_id;
    int64_t transaction_id; /* the capture */
    const char *form_token; /* same token = same request */
    int64_t amount_cents;
    const int64_t *charge_line_ids; /* charges to take it from, after the advance; may be none */
    size_t charge_count;
    bool cancels_charges; /* what is paid back is not owed again */
    const char *reason;
    struct audit_actor actor;
};
enum refund_start {
    REFUND_STARTED,
    REFUND_SAME_FORM, /* asked already by the same form */
    REFUND_TOO_MUCH,
    REFUND_DISPUTED,
    REFUND_NOT_POSSIBLE
};
enum refund_request_state {
    REFUND_REQUEST_CREATED,
    REFUND_REQUEST_SENT,
    REFUND_REQUEST_DENIED,
    REFUND_REQUEST_ABSENT /* without an answer, and the provider does not have it */
};
struct refund_request {
    int64_t association_id;
    int64_t id;
    int64_t transaction_id;
    int64_t provider_account_id;
    int64_t amount_cents;
    bool cancels_charges;
    const char *reason;
    const char *request;
    const char *idempotency_key;
    enum refund_request_state state;
    const char *provider_reference; /* NULL while unknown */
    const char *answer;             /* refused: the provider's word */
    const char *capture;            /* the payment's reference */
    int64_t attempts;
    int64_t claim;
    int64_t created_by;
    int64_t created_at;
    bool waits; /* a job sends it again, or looks for it */
};
/* ERR_NOT_FOUND; texts in the arena. */
enum err refund_request_find(struct db *db, int64_t association_id, int64_t request_id,
                             struct arena *arena, struct refund_request *request);
/* All of a payment, newest first. */
enum err refund_request_list(struct db *db, int64_t association_id, int64_t transaction_id,
                             struct arena *arena, struct refund_request **requests, size_t *count);

/* Stores the request, sends it, keeps the answer and books its facts. *start says what came of
 * it; *request is the request to look at, when there is one. */
enum err payment_refund_begin(const struct payment_service *service,
                              const struct provider_call *call, const struct refund_press *press,
                              enum refund_start *start, struct refund_request *request);

/* The request a fact names: by the provider's reference, or by our own mark among its names
 * ("guichet-refund-<id>"). *found false: it was made at the provider. */
enum err refund_request_of(struct db *db, const struct payment_fact *fact, struct arena *arena,
                           struct refund_request *request, bool *found);
/* The charges a person ticked for it. */
enum err refund_request_charges(struct db *db, int64_t association_id, int64_t request_id,
                                struct arena *arena, int64_t **charge_line_ids, size_t *count);
/* The provider has it. Inside a transaction. */
enum err refund_request_sent(struct db *db, int64_t association_id, int64_t request_id,
                             const char *provider_reference, int64_t now);

/* ---- for the job that repeats what had no answer ---- */

enum err refund_any_due(struct db *db, int64_t now, bool *due);
/* Inside a transaction. */
enum err refund_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                          size_t max, size_t *count);
enum err refund_release(struct db *db, const struct claim *claim, int64_t now);
enum err payment_work_refund(const struct payment_service *service,
                             const struct provider_call *call, const struct claim *claim,
                             bool *provider_down);

#endif
