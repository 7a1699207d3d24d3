/*
 * audit: who did what, append-only and hash-chained per association.
 *
 * Invariant: the row stands in the same transaction as the change it tells of; no secret and
 * no personal data in it. (security.md rows 60, 61.)
 */
#ifndef ASSOCIATION_AUDIT_H
#define ASSOCIATION_AUDIT_H

#include <stdint.h>

#include "db/db.h"

struct audit_actor {
    int64_t login_id;    /* 0: a provider's fact or the command line */
    const char *address; /* "" for none */
};

/* Adds one row. association_id 0 is the installation. object like "member:12". Inside a
 * transaction. */
enum err audit_add(struct db *db, int64_t association_id, const struct audit_actor *actor,
                   const char *action, const char *object, const char *detail);

/* The hash of a row as audit_add computes it (verify recomputes the chain with it). */
struct audit_row {
    int64_t association_id;
    int64_t chain_number;
    int64_t at_ms;
    int64_t login_id;
    struct str address;
    struct str action;
    struct str object;
    struct str detail;
};
enum err audit_hash(const struct audit_row *row, struct str previous_hash, struct arena *arena,
                    unsigned char hash[32]);

#endif
