/*
 * platform: the secrets with which this installation acts for accounts that were associated.
 *
 * Invariant: they belong to the installation, never to an association; each opens only as what
 * it was sealed for ('platform', mode, name, slot). (domain.md: provider_account.)
 */
#ifndef PAYMENT_PLATFORM_H
#define PAYMENT_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/seal.h"
#include "db/db.h"
#include "payment/account.h"

enum { PLATFORM_WEBHOOKS_MAX = 2 };

/* Seals and stores (replaces) one: name "api_key", "webhook" or "client_id"; slot 1 for webhooks
 * alone. An empty plain forgets it. Inside a transaction. */
enum err platform_set_secret(struct db *db, const struct seal_key *key, enum account_mode mode,
                             const char *name, int64_t slot, struct str plain,
                             const struct audit_actor *actor, int64_t now);
/* Opens "api_key" or "client_id": ERR_NOT_FOUND when it is not set, ERR_CRYPTO when the seal is
 * broken. */
enum err platform_secret(struct db *db, const struct seal_key *key, enum account_mode mode,
                         const char *name, struct arena *arena, struct str *plain);
/* The webhook secrets of a mode; *count may be 0. */
enum err platform_webhook_secrets(struct db *db, const struct seal_key *key,
                                  enum account_mode mode, struct arena *arena,
                                  struct str plains[PLATFORM_WEBHOOKS_MAX], size_t *count);
/* Can accounts of that mode be associated: is all of it there? Opens nothing. */
enum err platform_ready(struct db *db, enum account_mode mode, bool *ready);

#endif
