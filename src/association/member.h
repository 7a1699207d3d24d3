/*
 * member: persons with a cart.
 *
 * Invariant: a member belongs to one association and has a number there that never changes.
 */
#ifndef ASSOCIATION_MEMBER_H
#define ASSOCIATION_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "db/db.h"

struct member {
    int64_t id;
    int64_t number;
    const char *first_name;
    const char *last_name;
    const char *email;
    bool archived;
};

/* ERR_NOT_FOUND when absent or of another association. Texts in the arena. */
enum err member_find(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                     struct member *member);
enum err member_find_by_number(struct db *db, int64_t association_id, int64_t number,
                               struct arena *arena, struct member *member);

struct member_draft {
    int64_t id;
    int64_t association_id;
    int64_t number; /* 0: the next free one */
    const char *first_name;
    const char *last_name;
    const char *email;
    int64_t login_id; /* 0: none */
    int64_t payer_id; /* 0: pays alone */
    int64_t now;
};
/* Inside a transaction; *number gets the number given. ERR_CONFLICT when it is taken. */
enum err member_add(struct db *db, const struct member_draft *draft,
                    const struct audit_actor *actor, int64_t *number);

#endif
