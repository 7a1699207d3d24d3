#include "association/second_factor.h"

#include "association/login.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

#include <stdio.h>
#include <string.h>

static const char seal_name[] = "login.totp";

/* Runs a statement that changes one row of a login; *found says whether it did. */
static enum err change(struct db *db, int query, const struct db_value *values, size_t count,
                       bool *found)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, query, values, count, &rows, found);

    db_rows_done(&rows);
    return err;
}

enum err second_factor_find(struct db *db, int64_t login_id, struct second_factor *factor)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_SECOND_FACTOR_FIND, DB_VALUES(db_int(login_id)), &rows, &found);

    *factor = (struct second_factor){0};
    if (!err && found) {
        factor->active = db_column_int(&rows, 0) != 0;
        factor->put_off = !db_column_is_null(&rows, 1);
        factor->codes_left = db_column_int(&rows, 2);
    }
    db_rows_done(&rows);
    return err;
}

enum err second_factor_put_off(struct db *db, int64_t login_id, const struct audit_actor *actor,
                               int64_t now)
{
    bool found = false;
    enum err err =
        change(db, Q_SECOND_FACTOR_PUT_OFF, DB_VALUES(db_int(login_id), db_int(now)), &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such login");
    return err ? err : login_audit(db, actor, "second_factor.put_off", login_id);
}

/* ---- recovery codes ---- */

/* Four by four, as people read them aloud. */
static void write_groups(struct str letters, char out[RECOVERY_CODE_MAX])
{
    size_t at = 0;

    for (size_t i = 0; i < letters.len; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = '-';
        out[at++] = letters.data[i];
    }
    out[at] = '\0';
}

enum err recovery_codes_make(struct recovery_codes *codes)
{
    struct arena *arena = arena_new();
    enum err err = OK;

    for (int i = 0; !err && i < RECOVERY_CODES; i++) {
        unsigned char bytes[RECOVERY_CODE_BYTES];
        struct str letters;

        err = random_bytes(bytes, sizeof(bytes));
        if (err)
            break;
        letters = base32_encode(str_from(bytes, sizeof(bytes)), arena);
        write_groups(letters, codes->text[i]);
        err = hash_sha256(letters, codes->hashes[i]);
    }
    arena_free(arena);
    return err;
}

static enum err store_codes(struct db *db, int64_t login_id, const struct recovery_codes *codes,
                            int64_t now)
{
    enum err err = db_run(db, Q_RECOVERY_CODE_REMOVE_ALL, DB_VALUES(db_int(login_id)));

    for (int i = 0; !err && i < RECOVERY_CODES; i++)
        err = db_run(db, Q_RECOVERY_CODE_ADD,
                     DB_VALUES(db_int(login_id), db_blob(str_from(codes->hashes[i], HASH_LEN)),
                               db_int(now)));
    return err;
}

enum err recovery_codes_replace(struct db *db, int64_t login_id,
                                const struct recovery_codes *codes,
                                const struct audit_actor *actor, int64_t now)
{
    enum err err = store_codes(db, login_id, codes, now);

    return err ? err : login_audit(db, actor, "second_factor.codes_made", login_id);
}

/* As typed: small letters and blanks are forgiven, and 0, 1, 8 that were read for O, I, B. */
static struct str plain_recovery(struct str typed, struct arena *arena)
{
    struct buffer plain;

    buffer_init(&plain, arena, typed.len);
    for (size_t i = 0; i < typed.len; i++) {
        char byte = typed.data[i];

        if (byte >= 'a' && byte <= 'z')
            byte = (char)(byte - 'a' + 'A');
        if (byte == '0' || byte == '1' || byte == '8')
            byte = byte == '0' ? 'O' : byte == '1' ? 'I' : 'B';
        if ((byte >= 'A' && byte <= 'Z') || (byte >= '2' && byte <= '7'))
            buffer_add_byte(&plain, byte);
    }
    return buffer_str(&plain);
}

/* ---- having one ---- */

enum err totp_seed_make(const struct enrolment *enrolment, struct arena *arena, struct str *sealed)
{
    unsigned char seed[TOTP_SEED_LEN];
    enum err err = random_bytes(seed, sizeof(seed));

    return err ? err
               : seal_close(enrolment->key, enrolment->login_id, seal_name,
                            str_from(seed, sizeof(seed)), arena, sealed);
}

enum err totp_begin(struct db *db, const struct enrolment *enrolment, struct str sealed)
{
    bool found = false;
    enum err err =
        change(db, Q_TOTP_BEGIN,
               DB_VALUES(db_int(enrolment->login_id), db_blob(sealed), db_int(enrolment->now),
                         db_blob(str_from(enrolment->session_hash, HASH_LEN))),
               &found);

    return err || found ? err : fail(ERR_CONFLICT, "this login has a second factor already");
}

enum err totp_pending(struct db *db, const struct enrolment *enrolment, struct arena *arena,
                      struct str *seed, bool *found)
{
    struct db_rows rows = {0};
    struct str sealed = {0};
    enum err err = db_first(db, Q_TOTP_PENDING,
                            DB_VALUES(db_int(enrolment->login_id),
                                      db_blob(str_from(enrolment->session_hash, HASH_LEN)),
                                      db_int(enrolment->now - SECOND_FACTOR_PENDING_S)),
                            &rows, found);

    if (!err && *found)
        sealed = db_column_blob(&rows, 0, arena);
    db_rows_done(&rows);
    return err || !*found
               ? err
               : seal_open(enrolment->key, enrolment->login_id, seal_name, sealed, arena, seed);
}

/* The code is right: from now on it counts. */
static enum err confirm(struct db *db, const struct enrolment *enrolment, int64_t counter,
                        const struct recovery_codes *codes, const struct audit_actor *actor)
{
    int64_t login_id = enrolment->login_id;
    bool found = false;
    enum err err =
        change(db, Q_TOTP_CONFIRM,
               DB_VALUES(db_int(login_id), db_int(enrolment->now), db_int(counter)), &found);

    if (!err && !found)
        err = fail(ERR_CONFLICT, "this login has a second factor already");
    if (!err)
        err = store_codes(db, login_id, codes, enrolment->now);
    if (!err)
        err = db_run(
            db, Q_SESSION_END_OTHERS,
            DB_VALUES(db_int(login_id), db_blob(str_from(enrolment->session_hash, HASH_LEN))));
    return err ? err : login_audit(db, actor, "second_factor.enabled", login_id);
}

/* Six digits as apps show them, "123 456". */
static struct str plain_code(struct str typed, struct arena *arena)
{
    struct buffer plain;

    buffer_init(&plain, arena, typed.len);
    for (size_t i = 0; i < typed.len; i++)
        if (typed.data[i] != ' ')
            buffer_add_byte(&plain, typed.data[i]);
    return buffer_str(&plain);
}

enum err totp_confirm(struct db *db, const struct enrolment *enrolment, struct str code,
                      const struct recovery_codes *codes, const struct audit_actor *actor,
                      struct arena *arena, bool *good)
{
    struct str seed;
    bool found = false;
    int64_t counter = 0;
    enum err err = totp_pending(db, enrolment, arena, &seed, &found);

    *good = false;
    if (!err && !found)
        err = fail(ERR_CONFLICT, "this session has begun no second factor");
    if (!err)
        err = totp_match(seed, plain_code(code, arena), enrolment->now, -1, good, &counter);
    return err || !*good ? err : confirm(db, enrolment, counter, codes, actor);
}

enum err second_factor_remove(struct db *db, int64_t login_id,
                              const unsigned char *keep_token_hash,
                              const struct audit_actor *actor, const char *action)
{
    struct str keep = keep_token_hash ? str_from(keep_token_hash, HASH_LEN) : str_from("", 0);
    bool found = false;
    enum err err = change(db, Q_TOTP_REMOVE, DB_VALUES(db_int(login_id)), &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "this login has no second factor");
    if (!err)
        err = db_run(db, Q_RECOVERY_CODE_REMOVE_ALL, DB_VALUES(db_int(login_id)));
    if (!err)
        err = db_run(db, Q_SESSION_END_OTHERS, DB_VALUES(db_int(login_id), db_blob(keep)));
    return err ? err : login_audit(db, actor, action, login_id);
}

/* ---- asking for it ---- */

static enum err read_seed(struct db *db, const struct seal_key *key, int64_t login_id,
                          struct arena *arena, struct str *seed, int64_t *last_counter)
{
    struct db_rows rows = {0};
    struct str sealed = {0};
    bool found = false;
    enum err err = db_first(db, Q_TOTP_FIND, DB_VALUES(db_int(login_id)), &rows, &found);

    if (!err && found) {
        sealed = db_column_blob(&rows, 0, arena);
        *last_counter = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    if (!err && !found)
        err = fail(ERR_CONFLICT, "this login has no second factor any more");
    return err ? err : seal_open(key, login_id, seal_name, sealed, arena, seed);
}

static enum err take_code(struct db *db, const struct seal_key *key,
                          const struct second_try *attempt, struct arena *arena, bool *good)
{
    struct str seed;
    int64_t last_counter = 0, counter = 0;
    enum err err = read_seed(db, key, attempt->login_id, arena, &seed, &last_counter);

    *good = false;
    if (!err)
        err = totp_match(seed, plain_code(attempt->code, arena), attempt->now_ms / 1000,
                         last_counter, good, &counter);
    if (!err && *good)
        err = change(db, Q_TOTP_TAKE, DB_VALUES(db_int(attempt->login_id), db_int(counter)), good);
    return err;
}

static enum err take_recovery(struct db *db, const struct second_try *attempt, struct arena *arena,
                              bool *good)
{
    unsigned char hash[HASH_LEN];
    enum err err = hash_sha256(plain_recovery(attempt->recovery, arena), hash);

    *good = false;
    return err ? err
               : change(db, Q_RECOVERY_CODE_TAKE,
                        DB_VALUES(db_int(attempt->login_id), db_blob(str_from(hash, HASH_LEN)),
                                  db_int(attempt->now_ms / 1000)),
                        good);
}

static enum err count_guess(struct db *db, const struct second_try *attempt, bool good,
                            const struct audit_actor *actor)
{
    enum err err;

    if (good)
        return code_throttle_succeeded(db, attempt->login_id);
    err = code_throttle_failed(db, attempt->login_id, attempt->now_ms);
    return err ? err : login_audit(db, actor, "login.code_failed", attempt->login_id);
}

enum err second_factor_try(struct db *db, const struct seal_key *key, struct second_try *attempt,
                           const struct audit_actor *actor, struct arena *arena)
{
    bool good = false;
    enum err err =
        code_throttle_wait_ms(db, attempt->login_id, attempt->now_ms, &attempt->wait_ms);

    attempt->outcome = SECOND_TRY_THROTTLED;
    if (err || attempt->wait_ms > 0)
        return err;
    if (str_empty(attempt->code))
        err = take_recovery(db, attempt, arena, &good);
    else
        err = take_code(db, key, attempt, arena, &good);
    attempt->outcome = good ? SECOND_TRY_GOOD : SECOND_TRY_WRONG;
    return err ? err : count_guess(db, attempt, good, actor);
}

/* ---- the association's rule ---- */

enum err second_factor_require(struct db *db, int64_t association_id, bool required,
                               const struct audit_actor *actor)
{
    const char *word = required ? "required" : "offered";
    char object[40];
    bool found = false;
    enum err err = change(db, Q_SECOND_FACTOR_REQUIRE,
                          DB_VALUES(db_int(association_id), db_text(word)), &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such association");
    snprintf(object, sizeof(object), "association:%lld", (long long)association_id);
    return err ? err
               : audit_add(db, association_id, actor, "second_factor.rule_set", object, word);
}
