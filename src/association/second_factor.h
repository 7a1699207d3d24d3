/*
 * second_factor: what is asked for after the password: a code of an app, or a recovery code.
 *
 * Invariant: a code opens once. The step of the last code taken is stored and moved by
 * compare-and-set, a recovery code is marked in the statement that finds it; five wrong ones,
 * then none is looked at for a quarter of an hour. The seed stands in the database sealed for
 * its login, recovery codes as hashes; neither is ever shown again. (security.md rows 20 to 24.)
 */
#ifndef ASSOCIATION_SECOND_FACTOR_H
#define ASSOCIATION_SECOND_FACTOR_H

#include "association/audit.h"
#include "base/hash.h"
#include "base/seal.h"
#include "base/totp.h"
#include "db/db.h"

enum {
    SECOND_FACTOR_PENDING_S = 15 * 60, /* a seed that no code confirmed */
    RECOVERY_CODES = 10,
    RECOVERY_CODE_BYTES = 15, /* 120 bits: 24 letters and digits in groups of 4 */
    RECOVERY_CODE_MAX = 30
};

struct second_factor {
    bool active;
    bool put_off;       /* the offer was answered with "later" */
    int64_t codes_left; /* recovery codes */
};
enum err second_factor_find(struct db *db, int64_t login_id, struct second_factor *factor);
/* "later": the offer is not made again. With an audit row. Inside a transaction. */
enum err second_factor_put_off(struct db *db, int64_t login_id, const struct audit_actor *actor,
                               int64_t now);

/* ---- recovery codes ---- */

struct recovery_codes {
    char text[RECOVERY_CODES][RECOVERY_CODE_MAX]; /* "ABCD-EFGH-...": shown once */
    unsigned char hashes[RECOVERY_CODES][HASH_LEN];
};
/* Ten new ones. Outside of a transaction. ERR_CRYPTO. */
enum err recovery_codes_make(struct recovery_codes *codes);
/* Puts them in place of the old ones, with an audit row. Inside a transaction. */
enum err recovery_codes_replace(struct db *db, int64_t login_id,
                                const struct recovery_codes *codes,
                                const struct audit_actor *actor, int64_t now);

/* ---- having one ---- */

/* A person at one session, what enrolment is about. */
struct enrolment {
    int64_t login_id;
    const unsigned char *session_hash; /* it alone sees the seed, and stays open */
    const struct seal_key *key;
    int64_t now;
};
/* Makes and seals a new seed. Outside of a transaction. */
enum err totp_seed_make(const struct enrolment *enrolment, struct arena *arena,
                        struct str *sealed);
/* Stores it: it does not count yet. ERR_CONFLICT when another one counts. Inside a
 * transaction. */
enum err totp_begin(struct db *db, const struct enrolment *enrolment, struct str sealed);
/* The seed this session began with, a quarter of an hour long. */
enum err totp_pending(struct db *db, const struct enrolment *enrolment, struct arena *arena,
                      struct str *seed, bool *found);
/* Takes the first code: from then on the seed counts, recovery codes are there, every other
 * session is ended. *good false when the code is wrong; ERR_CONFLICT when nothing is pending.
 * With an audit row. Inside a transaction. */
enum err totp_confirm(struct db *db, const struct enrolment *enrolment, struct str code,
                      const struct recovery_codes *codes, const struct audit_actor *actor,
                      struct arena *arena, bool *good);
/* Takes the second factor away and ends all other sessions (keep_token_hash NULL: all).
 * ERR_NOT_FOUND when there is none. action names the audit row. Inside a transaction. */
enum err second_factor_remove(struct db *db, int64_t login_id,
                              const unsigned char *keep_token_hash,
                              const struct audit_actor *actor, const char *action);

/* ---- asking for it ---- */

enum second_try_outcome { SECOND_TRY_WRONG, SECOND_TRY_GOOD, SECOND_TRY_THROTTLED };
struct second_try {
    int64_t login_id;
    struct str code;     /* six digits, blanks among them allowed; or empty */
    struct str recovery; /* as typed; looked at when code is empty */
    int64_t now_ms;
    enum second_try_outcome outcome;
    int64_t wait_ms; /* SECOND_TRY_THROTTLED */
};
/* One guess, taken or counted (with an audit row, "login.code_failed"). Inside a transaction,
 * so that of many at once one alone is good. */
enum err second_factor_try(struct db *db, const struct seal_key *key, struct second_try *attempt,
                           const struct audit_actor *actor, struct arena *arena);

/* ---- the association's rule ---- */

/* Asks trésoriers and administrateurs for one, or only offers it. With an audit row. Inside a
 * transaction. */
enum err second_factor_require(struct db *db, int64_t association_id, bool required,
                               const struct audit_actor *actor);

#endif
