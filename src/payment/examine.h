/*
 * examine: what the database and the configuration say about a linked account.
 *
 * Invariant: reads only, asks nobody; the provider's own answers are added by its `examine`.
 * Findings carry no secret and nothing of a person.
 */
#ifndef PAYMENT_EXAMINE_H
#define PAYMENT_EXAMINE_H

#include "payment/provider.h"

enum {
    EXAMINE_PATIENCE_S = 3600,     /* a notification may be so late without a word */
    EXAMINE_SILENCE_S = 2 * 86400, /* payments without notification for longer: bad */
    EXAMINE_ATTEMPTS_MAX = 100,    /* counted up to here */
    EXAMINE_ATTEMPTS_BAD = 3       /* so many attempts, and never a notification: bad */
};

/* The mode, the addresses, the secrets, the identity and the notifications of one account.
 * Within the caller's reading. */
enum err examine_account(const struct provider_call *call, const struct provider *provider,
                         const struct association *association,
                         const struct provider_account *account, struct findings *findings);
/* The addresses of the configuration that are not the true provider's: sandboxes and tests.
 * provider NULL: of all of them. Also of base_url, when nobody outside can reach it. */
void examine_addresses(const struct provider_settings *settings, const char *provider,
                       struct findings *findings);

#endif
