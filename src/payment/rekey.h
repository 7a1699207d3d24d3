/*
 * rekey: everything that is sealed in the database, and moving it to another key.
 *
 * Invariant: one table names every sealed column (a test holds it against the schema); a value
 * keeps its owner and its name, so that it opens for what it was sealed for and for nothing else.
 * All of it moves in one transaction, or none. (security.md rows 24 to 26.)
 */
#ifndef PAYMENT_REKEY_H
#define PAYMENT_REKEY_H

#include "association/audit.h"
#include "base/seal.h"
#include "db/db.h"

/* "table.column" of each, ended by NULL. */
extern const char *const rekey_columns[];

/* How many values are sealed by another key than this one. Reads only. */
enum err rekey_count_foreign(struct db *db, const struct seal_key *key, int64_t *count);
/* Opens every value with the old key and seals it again with the new one; what the new one
 * sealed already is left alone. One audit row of the installation. ERR_CRYPTO when a value
 * opens with neither: nothing is changed. Inside a transaction. */
enum err rekey_all(struct db *db, const struct seal_key *old_key, const struct seal_key *new_key,
                   const struct audit_actor *actor, int64_t *count);

#endif
