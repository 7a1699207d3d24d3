/*
 * audit_list: the audit as people read it: who, when, what, to whom.
 *
 * Invariant: rows of one association alone; what an object is called now is looked up among its
 * own rows (a login, which belongs to none, by the role or membership that the row tells of).
 */
#ifndef ASSOCIATION_AUDIT_LIST_H
#define ASSOCIATION_AUDIT_LIST_H

#include <stdint.h>

#include "db/db.h"

/* Whose actions, when it is not one login's. */
enum { AUDIT_ANYBODY = 0, AUDIT_NOBODY = -1, AUDIT_OTHERS = -2 };

struct audit_filter {
    int64_t association_id;
    int64_t from_ms;      /* included; 0: from the beginning */
    int64_t until_ms;     /* not included; 0: without end */
    const char *families; /* beginnings of actions: "|payment.|charge.|"; "" for all */
    int64_t login_id;     /* or one of the above: nobody is a job, a provider, the command line;
                           * others are logins that do not work here now */
};
struct audit_entry {
    int64_t chain_number;
    int64_t at_ms;
    const char *email; /* of who did it; "" for nobody */
    const char *address;
    const char *action;
    const char *object;
    const char *detail;
    int64_t member_id; /* whom it is about; 0: nobody */
    int64_t member_number;
    const char *first_name;
    const char *last_name;
    const char *subject;  /* what the object is called; "" for no name */
    int64_t amount_cents; /* of the object; 0: none */
};
/* The last row shown: the list goes on behind it. Zeroes: from the newest one. */
struct audit_place {
    int64_t at_ms;
    int64_t chain_number;
};
/* At most max rows, newest first; array and texts in the arena. */
enum err audit_list(struct db *db, const struct audit_filter *filter, struct audit_place place,
                    int64_t max, struct arena *arena, struct audit_entry **rows, size_t *count);

#endif
