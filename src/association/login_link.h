/*
 * login_link: a mailed link by which the owner of a login chooses a password.
 *
 * Invariant: 256 random bits that stand in one mail and nowhere else; the database holds their
 * SHA-256. A link lives half an hour, is good once, and the next one ends it. Nobody but the
 * owner of the address ever sees it. (security.md row 18.)
 */
#ifndef ASSOCIATION_LOGIN_LINK_H
#define ASSOCIATION_LOGIN_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/hash.h"
#include "db/db.h"

enum { LINK_LIFE_S = 30 * 60, LINK_TOKEN_MAX = 65 /* 64 hexadecimal digits and NUL */ };

/* A new secret; made before the transaction that stores its hash. */
struct link_secret {
    char token[LINK_TOKEN_MAX];
    unsigned char hash[HASH_LEN];
};
enum err link_secret_make(struct link_secret *secret);
/* The hash of a token that came back; not *plausible, and no hash, for what cannot be one. */
enum err link_secret_hash(struct str token, unsigned char hash[HASH_LEN], bool *plausible);
/* Stores it for LINK_LIFE_S in place of the login's older one. Inside a transaction. */
enum err link_put(struct db *db, int64_t login_id, const unsigned char hash[HASH_LEN],
                  int64_t now);

/* Whose link it is; *found false when it is unknown, used, replaced or too old, or the login is
 * disabled. Reads only. */
struct link {
    int64_t login_id;
    const char *email;
};
enum err link_find(struct db *db, struct str token, int64_t now, struct arena *arena,
                   struct link *link, bool *found);
/* Uses the link up: sets the password (its hash, made before), ends every session of the login,
 * forgets its failed logins, with one audit row. *used false when the link is worth nothing (any
 * more): nothing is changed. Inside a transaction. */
enum err link_use(struct db *db, struct str token, const char *password_hash, const char *address,
                  int64_t now, bool *used);
/* Deletes those that are too old. A job calls it. */
enum err link_sweep(struct db *db, int64_t now);

/* ---- asking for one ---- */

/* Milliseconds to wait before the next one is looked at, and the counting: three for an account
 * and twenty for an address (IPv4, or the /64 of IPv6) are free, then 1 min, 2 min ... 15 min.
 * Also for addresses that nobody has. */
enum err link_throttle_wait_ms(struct db *db, struct str email, struct str address, int64_t now_ms,
                               struct arena *arena, int64_t *wait_ms);
enum err link_throttle_count(struct db *db, struct str email, struct str address, int64_t now_ms,
                             struct arena *arena);

/* Notes that a link was asked for, for this address (known or not) and from this place, and
 * queues the mail when somebody has that address and may enter somewhere. The same work in both
 * cases, but for the row. *wait_ms more than 0: too many were asked for, nothing is done. Inside
 * a transaction. */
enum err link_ask(struct db *db, struct str email, struct str address, int64_t now_ms,
                  int64_t *wait_ms);

#endif
