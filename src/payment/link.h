/*
 * link: linking an association's account at a provider by its own keys, and its endpoint for
 * notifications. The operations speak with the provider, as those of service.h do.
 *
 * Invariant: what is about to be made at the provider is durable before each call, so that a
 * failure at any step ends in a state that the page explains and that the next try repairs;
 * after a whole try exactly one endpoint of ours stands there, two while a rotation lasts. No
 * database transaction is held across a call; one operation runs on an account at a time.
 */
#ifndef PAYMENT_LINK_H
#define PAYMENT_LINK_H

#include "payment/linking.h"
#include "payment/service.h"

enum {
    LINK_LEASE_S = 90,
    /* The old secret of a rotation: Stripe repeats a notification for up to three days, and
     * signs it with the secret of the endpoint it belongs to. */
    LINK_OVERLAP_S = 3 * 86400
};

/* ---- one account, inside a transaction: for every way of linking ---- */

struct link_account_draft {
    int64_t association_id;
    const char *provider; /* "stripe" */
    enum account_mode mode;
    enum account_link_kind link_kind;
    const char *external_id; /* proven by the provider's answer */
    const char *email;       /* NULL or "" for none: a row that has only an address becomes it */
    const char *publishable_key; /* NULL for none; PayPal: the client id */
    const char *label;
    const char *transit_account;
    const char *since_day;
    /* of a new row, made before the transaction */
    int64_t new_id;
    const char *new_public_id;
    int64_t now;
};
/* Adds the account, or revives its row, as proven; its attempts that were to be checked are due;
 * the association's other linked accounts of that provider are unlinked. *outcome is LINK_DONE
 * with *account filled (texts in the arena), or LINK_ATTEMPTS_OPEN with nothing written: attempts
 * with another account are under way. ERR_CONFLICT: it serves another association (the database's
 * key decides). Writes no audit row: the caller says what it was. Inside a transaction. */
enum err link_account(struct db *db, const struct link_account_draft *draft, struct arena *arena,
                      enum link_outcome *outcome, struct provider_account *account);
/* Attempts that are created, open or processing with one account. */
enum err link_attempts_open(struct db *db, int64_t association_id, int64_t account_id,
                            int64_t *count);

/* Where the account's provider shall send its notifications. */
const char *link_notify_url(const struct provider_call *call,
                            const struct provider_account *account);

/* ---- operations ---- */

struct link_press {
    int64_t association_id;
    struct audit_actor actor;
    const char *provider;
    struct link_keys keys; /* link_by_keys */
    int64_t account_id;    /* the others */
};
struct link_result {
    enum link_outcome outcome;
    int64_t account_id;        /* link_by_keys: the account, 0 when nothing was linked */
    bool keys_kept;            /* link_by_keys: the keys are stored; outcome is the endpoint's */
    bool charges_enabled;      /* link_by_keys */
    struct link_answer answer; /* what the provider said last */
    struct link_identity identity; /* link_by_keys, once known */
};

/* Checks pasted keys, asks whose they are, stores them, and brings the endpoint in order. */
enum err link_by_keys(const struct payment_service *service, const struct provider_call *call,
                      const struct link_press *press, struct link_result *result);
/* Each: ERR_NOT_FOUND for an account that is not the association's. */
/* Brings the endpoint in order: corrects it, makes the one that is missing, removes what an
 * interrupted try left. */
enum err link_repair(const struct payment_service *service, const struct provider_call *call,
                     const struct link_press *press, struct link_result *result);
/* Makes a second endpoint; both secrets are accepted for LINK_OVERLAP_S, then a job deletes the
 * first. */
enum err link_rotate(const struct payment_service *service, const struct provider_call *call,
                     const struct link_press *press, struct link_result *result);
/* Ends that time at once. What cannot be deleted at the provider now is deleted by the job. */
enum err link_rotation_end(const struct payment_service *service, const struct provider_call *call,
                           const struct link_press *press, struct link_result *result);

/* ---- what the page shows ---- */

enum link_endpoint_state { ENDPOINT_PLANNED, ENDPOINT_ACTIVE, ENDPOINT_RETIRING };

struct link_endpoint_row {
    int64_t id;
    enum link_endpoint_state state;
    int64_t slot;
    const char *idempotency_key;
    int64_t key_number;
    bool key_spent;
    const char *external_id; /* "" while unknown */
    const char *reason;      /* "" when the last try was good */
    int64_t retire_at;       /* retiring */
    int64_t attempts;
    int64_t created_at;
    int64_t updated_at;
};
/* At most one of each state. */
struct link_endpoints {
    bool has[3];
    struct link_endpoint_row rows[3]; /* by state */
};
/* Texts in the arena. */
enum err link_endpoints_read(struct db *db, int64_t association_id, int64_t account_id,
                             struct arena *arena, struct link_endpoints *endpoints);

/* ---- the job ---- */

/* Claims retiring endpoints whose time has come. Inside a transaction. */
enum err link_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                        size_t max, size_t *count);
enum err link_any_due(struct db *db, int64_t now, bool *due);
/* Gives back a claim that nobody worked on. Inside a transaction. */
enum err link_release(struct db *db, const struct claim *claim, int64_t now);
/* Deletes one at the provider; tries again later what fails. */
enum err payment_work_endpoint(const struct payment_service *service,
                               const struct provider_call *call, const struct claim *claim,
                               bool *provider_down);

#endif
