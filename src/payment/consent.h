/*
 * consent: linking an account by its provider's page of consent (OAuth).
 *
 * Invariant: a state is good once, for the session that asked, for half an hour; only its hash is
 * stored. What is kept of an account is its name at the provider, never a key. An account serves
 * one association: the database's key decides. (domain.md: provider_account.)
 */
#ifndef PAYMENT_CONSENT_H
#define PAYMENT_CONSENT_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/hash.h"
#include "db/db.h"
#include "payment/link.h"
#include "payment/provider.h"

enum { CONSENT_STATE_S = 30 * 60, CONSENT_STATE_LEN = 64 };

/* ---- the way there ---- */

/* Who asks, for whom. */
struct consent_asker {
    int64_t association_id;
    int64_t login_id;
    const unsigned char *session_hash; /* HASH_LEN bytes */
    int64_t now;
};
struct consent_request {
    struct consent_asker asker;
    char state[HASH_HEX_MAX]; /* 256 random bits, for the provider */
    unsigned char state_hash[HASH_LEN];
};
/* Makes the state, before the transaction. */
enum err consent_make_state(struct consent_request *request);
/* Stores what may come back, with an audit row. Inside a transaction. */
enum err consent_ask(struct db *db, const struct consent_request *request,
                     const struct audit_actor *actor);

/* ---- the way back ---- */

enum consent_fate {
    CONSENT_TAKEN,   /* go on: nobody else will with this state */
    CONSENT_UNKNOWN, /* not a state of this session */
    CONSENT_EXPIRED,
    CONSENT_USED
};
/* Takes a state that came back. Inside a transaction. */
enum err consent_take(struct db *db, struct str state, const struct consent_asker *asker,
                      enum consent_fate *fate);
/* Forgets states that are good no more, and the own keys of accounts that became associated once
 * they are needed no more. Inside a transaction. */
enum err consent_sweep(struct db *db, int64_t now);
/* Gives a consent back that led to no link, unless somebody here acts by it. Best effort: what
 * fails is logged. Outside of any transaction. */
void consent_decline(const struct provider_call *call, const struct provider *provider,
                     enum account_mode mode, const char *external_id);

/* ---- the link ---- */

/* Links the draft's account as associated: the association's own row of it is revived, whatever
 * it was linked by; what was to be checked is looked at again, endpoints of its own keys are
 * removed by a job. *outcome: LINK_DONE, LINK_TAKEN, LINK_ATTEMPTS_OPEN. Inside a transaction. */
enum err consent_link(struct db *db, const struct link_account_draft *draft,
                      const struct audit_actor *actor, enum link_outcome *outcome);

#endif
