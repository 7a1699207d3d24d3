/*
 * identity: whose account it is at a provider that cannot be asked, as a person typed it.
 *
 * Invariant: typed is not proven. The first verified notification for an attempt of ours proves
 * it (account_verified); until then it blocks no other association. An identity with a history
 * is never overwritten: another one is another account. (domain.md: provider_account.)
 */
#ifndef PAYMENT_IDENTITY_H
#define PAYMENT_IDENTITY_H

#include "payment/account.h"

struct identity_draft {
    int64_t association_id;
    const char *provider; /* "paypal" */
    enum account_mode mode;
    const char *external_id; /* NULL = not known yet; one of the two is given */
    const char *email;       /* NULL = none */
    const char *label;
    const char *transit_account;
    const char *since_day;
    int64_t new_id; /* of the row it may need; made before the transaction */
    const char *new_public_id;
    int64_t now;
};

enum identity_outcome {
    IDENTITY_LINKED,   /* there was none: added, or an unlinked one taken up again */
    IDENTITY_CHANGED,  /* the linked one was corrected, or gave way to another account */
    IDENTITY_SAME,     /* nothing was to be changed */
    IDENTITY_ATTEMPTS, /* refused: attempts with the linked one are under way */
    IDENTITY_TAKEN     /* refused: another association has proven it to be its own */
};

/* Links what was typed, and writes one audit row when something changed. A correction of the
 * address alone keeps the proof. Inside a transaction. */
enum err identity_set(struct db *db, const struct identity_draft *draft,
                      const struct audit_actor *actor, enum identity_outcome *outcome);

#endif
