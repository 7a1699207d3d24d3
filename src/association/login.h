/*
 * login: persons who log in, their passwords, sessions and the throttle against guessing.
 *
 * Invariant: the database holds the SHA-256 of a session's cookie, never the cookie; a session
 * is valid only while its login is enabled and its ages are within the limits, looked at on
 * every request. (security.md rows 1 to 4, 8, 11 to 15, 46.)
 */
#ifndef ASSOCIATION_LOGIN_H
#define ASSOCIATION_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/hash.h"
#include "db/db.h"

enum {
    SESSION_COOKIE_MAX = 65, /* 256 bits as 64 hexadecimal digits, and NUL */
    SESSION_IDLE_S = 30 * 60,
    SESSION_IDLE_ADMINISTRATOR_S = 15 * 60,
    SESSION_AGE_S = 12 * 3600,
    SESSION_HALF_S = 5 * 60 /* from the password to the code */
};

enum role { ROLE_NONE, ROLE_MEMBER, ROLE_VIEWER, ROLE_TREASURER, ROLE_ADMINISTRATOR };
/* "member", "viewer", ... as in the database; "" for ROLE_NONE. And back (ROLE_NONE when
 * unknown). */
const char *role_name(enum role role);
enum role role_from_name(struct str name);

/* ---- the person ---- */

struct login {
    int64_t id;
    const char *email;
    const char *password_hash; /* NULL until set */
    bool disabled;
};
/* Can this be an address: one @, something before it, a dotted name behind it, nothing that
 * ends a header? The mail server judges the rest. */
bool login_email_plausible(struct str email);
/* By e-mail (folded here). *found false when there is none; not an error. */
enum err login_find(struct db *db, struct str email, struct arena *arena, struct login *login,
                    bool *found);
/* Is it still what was read before: enabled, with the same password? Half a second of scrypt
 * lies between the reading and the session. Inside a transaction. */
enum err login_unchanged(struct db *db, const struct login *login, struct arena *arena,
                         bool *unchanged);
/* Adds (with an audit row) or finds the login of an e-mail; ERR_INPUT for an address that is
 * none. Inside a transaction. */
enum err login_ensure(struct db *db, struct str email, const struct audit_actor *actor,
                      int64_t now, struct arena *arena, int64_t *login_id);
/* Stores a hash made outside the transaction (password_hash takes 0.4 s) of a password that
 * password_rule.h found good; ends all other sessions than keep_token_hash (NULL: all), and a
 * change of address that waits. */
enum err login_set_password(struct db *db, int64_t login_id, const char *hash,
                            const unsigned char *keep_token_hash, const struct audit_actor *actor,
                            int64_t now);
/* Replaces a hash by a stronger one of the same password; sessions stay. One that is of today's
 * strength stays too: it is of a password that was set meanwhile. Inside a transaction. */
enum err login_rehash(struct db *db, int64_t login_id, const char *hash);
/* The audit row of what became of a login. Inside a transaction. */
enum err login_audit(struct db *db, const struct audit_actor *actor, const char *action,
                     int64_t login_id);
/* No login from now on, every session ended; undone by login_enable. */
enum err login_disable(struct db *db, int64_t login_id, const struct audit_actor *actor,
                       int64_t now);
enum err login_enable(struct db *db, int64_t login_id, const struct audit_actor *actor);

/* What a login may open: one row per association and quality. */
struct login_door {
    int64_t association_id;
    const char *association_name;
    enum role role;
    int64_t member_id;       /* ROLE_MEMBER */
    const char *member_name; /* ROLE_MEMBER: "Jeanne Martin" */
};
/* All doors, personal spaces first, then back offices, by name. Array in the arena. */
enum err login_doors(struct db *db, int64_t login_id, struct arena *arena,
                     struct login_door **doors, size_t *count);
/* Gives a back-office role, or another one: back-office sessions there end. ERR_INPUT for
 * ROLE_NONE and ROLE_MEMBER. Inside a transaction. */
enum err login_grant(struct db *db, int64_t association_id, int64_t login_id, enum role role,
                     const struct audit_actor *actor, int64_t now);

/* Names the owner of the installation, who sees its state, or takes that back: the sessions of
 * the login end. One audit row of
 * the installation when something changed. Inside a transaction. */
enum err login_set_owner(struct db *db, int64_t login_id, bool owner,
                         const struct audit_actor *actor);

/* ---- the throttle ---- */

/* Milliseconds to wait before an attempt for this e-mail from this address is looked at; 0 =
 * now. Five failures, then 1 s, 2 s, 4 s ... 15 min; address = IPv4, or the /64 of an IPv6. */
enum err login_throttle_wait_ms(struct db *db, struct str email, struct str address,
                                int64_t now_ms, struct arena *arena, int64_t *wait_ms);
/* Counts a failure for both subjects. Inside a transaction. The subject of an address blocks
 * after 50 failures only, so that one household is not locked out by one forgetful person. */
enum err login_throttle_failed(struct db *db, struct str email, struct str address, int64_t now_ms,
                               struct arena *arena);
/* Forgets the failures of the account (not of the address). Inside a transaction. */
enum err login_throttle_succeeded(struct db *db, struct str email, struct arena *arena);
/* The same for codes of a login (second_factor.h): five wrong ones, then a quarter of an hour. */
enum err code_throttle_wait_ms(struct db *db, int64_t login_id, int64_t now_ms, int64_t *wait_ms);
enum err code_throttle_failed(struct db *db, int64_t login_id, int64_t now_ms);
enum err code_throttle_succeeded(struct db *db, int64_t login_id);
/* Deletes failures older than a day. A job calls it, with session_sweep. */
enum err login_throttle_sweep(struct db *db, int64_t now);

/* ---- the session ---- */

struct session {
    unsigned char token_hash[HASH_LEN];
    int64_t login_id;
    const char *login_email;
    int64_t association_id; /* 0 until chosen */
    enum role role;
    bool half;              /* the password was right, the code is still asked for */
    bool has_second_factor; /* of the login */
    int64_t member_id;      /* 0 but for ROLE_MEMBER */
    unsigned char csrf_key[HASH_LEN];
    int64_t created_at;
    int64_t last_seen_at;
    bool is_owner; /* of the installation */
};

/* Makes a session for the door (NULL: none chosen yet), in place of *replaces (the hash of an
 * older session that dies; NULL for none). cookie gets the value to send. The caller makes
 * cookie and csrf_key with session_secrets before the transaction. */
struct session_draft {
    char cookie[SESSION_COOKIE_MAX];
    unsigned char token_hash[HASH_LEN];
    unsigned char csrf_key[HASH_LEN];
    int64_t login_id;
    const struct login_door *door;
    bool half; /* without door */
    const unsigned char *replaces;
    struct str address;
    struct str user_agent;
    int64_t now;
};
enum err session_secrets(struct session_draft *draft);
/* Inside a transaction. The absolute age of a replaced session of the same login goes on: after
 * a fresh password use session_end and leave replaces NULL. */
enum err session_add(struct db *db, const struct session_draft *draft);
/* The session of a cookie if it is valid now (login enabled, role still held, ages within the
 * limits); *found false otherwise. Reads only. */
enum err session_find(struct db *db, struct str cookie, int64_t now, struct arena *arena,
                      struct session *session, bool *found);
/* Notes that it was seen (the caller does so at most once a minute, not awaited by a page). */
enum err session_touch(struct db *db, const unsigned char token_hash[HASH_LEN], int64_t now);
/* Logout. */
enum err session_end(struct db *db, const unsigned char token_hash[HASH_LEN]);
/* One of a person's own sessions, as its owner reads it. */
struct own_session {
    unsigned char token_hash[HASH_LEN];
    const char *address;
    const char *user_agent;
    int64_t created_at;
    int64_t last_seen_at;
};
/* Those that are valid now, last seen first. Array in the arena. */
enum err session_list(struct db *db, int64_t login_id, int64_t now, struct arena *arena,
                      struct own_session **sessions, size_t *count);
/* Ends one of the login's own sessions; ERR_NOT_FOUND for any other. Inside a transaction. */
enum err session_end_own(struct db *db, int64_t login_id, const unsigned char token_hash[HASH_LEN],
                         const struct audit_actor *actor);
/* Ends all of them but one. Inside a transaction. */
enum err session_end_others(struct db *db, int64_t login_id, const unsigned char keep[HASH_LEN],
                            const struct audit_actor *actor);
/* Deletes the sessions that are too old. A job calls it. */
enum err session_sweep(struct db *db, int64_t now);

/* The token of a form: HMAC-SHA256(csrf_key, form id) in hexadecimal (64 digits, NUL). */
enum err session_form_token(const struct session *session, const char *form_id,
                            char out[HASH_HEX_MAX]);
/* *valid is given only with OK: a token that cannot be computed proves nothing against the form.
 */
enum err session_form_token_check(const struct session *session, const char *form_id,
                                  struct str given, bool *valid);

#endif
