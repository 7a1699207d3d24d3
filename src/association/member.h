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
#include "base/str.h"
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

/* Everything of one, for the page that shows and edits it. */
struct member_details {
    struct member member;
    int64_t payer_id; /* 0: pays alone */
    int64_t payer_number;
    const char *payer_name; /* "" for none */
    int64_t login_id;       /* 0: no personal space */
    const char *login_email;
    int64_t last_login_at; /* 0: never */
    int64_t reminded_at;   /* 0: never */
    int64_t version;
};
enum err member_read(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                     struct member_details *details);

/* Somebody whose cart this member pays. */
struct payee {
    int64_t id;
    int64_t number;
    const char *name;
    int64_t balance_cents;
};
enum err member_payees(struct db *db, int64_t association_id, int64_t payer_id,
                       struct arena *arena, struct payee **payees, size_t *count);

/* ---- the list ---- */

enum { MEMBER_SEARCH_WORDS = 3 };
/* The first words of a search, folded, each as a pattern for LIKE ... ESCAPE '!' ("%" for none):
 * what the search_text of members is held against. More would only narrow what three found. */
void member_search_patterns(struct str search, struct arena *arena,
                            struct str patterns[MEMBER_SEARCH_WORDS]);

enum member_group { MEMBER_ACTIVE, MEMBER_OWES, MEMBER_ADVANCE, MEMBER_NEVER, MEMBER_ARCHIVED };
enum member_order { MEMBER_BY_NAME, MEMBER_BY_NUMBER };
struct member_filter {
    struct str search; /* words, all of which must be found; accents and case do not count */
    enum member_group group;
    enum member_order order;
    struct str after_key; /* of the last one shown; empty: from the beginning */
    int64_t after_id;     /* by number: that number */
    int64_t max;
};
struct member_row {
    struct member member;
    bool has_payer;
    int64_t payer_number; /* 0: pays alone */
    int64_t balance_cents;
    const char *sort_key;
    bool has_logged_in;
};
/* One more than max is read when there are more. */
enum err member_list(struct db *db, int64_t association_id, const struct member_filter *filter,
                     struct arena *arena, struct member_row **rows, size_t *count);

/* ---- changing ---- */

struct member_change {
    int64_t association_id;
    int64_t id;
    int64_t version; /* the form's */
    const char *first_name;
    const char *last_name;
    const char *email;
    int64_t payer_id; /* 0: pays alone */
};
/* ERR_CONFLICT when it was changed since; ERR_INPUT when the payer cannot be theirs. Inside a
 * transaction. */
enum err member_update(struct db *db, const struct member_change *change,
                       const struct audit_actor *actor);
/* Archives (at now) or takes back (0); a member who is so already: ERR_CONFLICT. */
enum err member_archive(struct db *db, int64_t association_id, int64_t member_id, int64_t now,
                        const struct audit_actor *actor);

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
