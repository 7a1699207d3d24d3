/*
 * email_change: another address for a login.
 *
 * Invariant: the old address counts until a link mailed to the new one was followed; nobody
 * learns whether an address has a login. The secret stands in one mail, its SHA-256 here; it
 * lives half an hour and is good once. Who asks has given the password, and follows the link
 * logged in; a password that is changed meanwhile ends the wish. (security.md rows 5, 18.)
 */
#ifndef ASSOCIATION_EMAIL_CHANGE_H
#define ASSOCIATION_EMAIL_CHANGE_H

#include "association/audit.h"
#include "association/login_link.h"

/* Notes the wish (one audit row) in place of an older one, and queues two mails: a link to the
 * new address, a warning to the present one. No link goes to an address that another login has;
 * all else is the same. *wait_ms more than 0: too many were asked for, nothing is done.
 * ERR_INPUT for an address that is none. Inside a transaction. */
struct email_wish {
    int64_t login_id;
    int64_t association_id; /* in whose name the mails go */
    const char *present;    /* the login's address */
    struct str email;
    struct audit_actor actor;
    int64_t now_ms;
};
enum err email_change_ask(struct db *db, const struct email_wish *wish, int64_t *wait_ms);
/* The address that waits; NULL when there is none. */
enum err email_change_pending(struct db *db, int64_t login_id, int64_t now, struct arena *arena,
                              const char **email);
/* Stores the hash of the secret whose mail to `email` is being written, for LINK_LIFE_S.
 * ERR_NOT_FOUND when that is not what is wished any more. Inside a transaction. */
enum err email_change_link(struct db *db, int64_t login_id, const char *email,
                           const unsigned char hash[HASH_LEN], int64_t now);

struct email_change {
    int64_t login_id;
    const char *email;   /* the new one */
    const char *present; /* the old one */
};
/* What the link of this login leads to; *found false when it is unknown, another login's, used,
 * replaced or too old. Reads only. */
enum err email_change_find(struct db *db, struct str token, int64_t login_id, int64_t now,
                           struct arena *arena, struct email_change *change, bool *found);
/* Uses the link up: the login has the new address, its sessions and older links end, with one
 * audit row. *used false: the link is worth nothing, or somebody has that address meanwhile;
 * nothing is changed but the wish. Inside a transaction. */
enum err email_change_use(struct db *db, struct str token, const struct audit_actor *actor,
                          int64_t now, bool *used);
/* Deletes those that are too old. A job calls it. */
enum err email_change_sweep(struct db *db, int64_t now);

#endif
