#include "association/login_link.h"

#include "association/login.h"
#include "association/outbox.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

/* ---- making ---- */

enum err link_secret_make(struct link_secret *secret)
{
    unsigned char bytes[HASH_LEN];
    enum err err = random_bytes(bytes, sizeof(bytes));

    if (err)
        return err;
    hash_hex(bytes, sizeof(bytes), secret->token);
    return hash_sha256(str_of(secret->token), secret->hash);
}

enum err link_put(struct db *db, int64_t login_id, const unsigned char hash[HASH_LEN], int64_t now)
{
    return db_run(db, Q_LINK_PUT,
                  DB_VALUES(db_int(login_id), db_blob(str_from(hash, HASH_LEN)), db_int(now),
                            db_int(now + LINK_LIFE_S)));
}

/* ---- finding and using ---- */

enum err link_secret_hash(struct str token, unsigned char hash[HASH_LEN], bool *plausible)
{
    *plausible = token.len == LINK_TOKEN_MAX - 1;
    return *plausible ? hash_sha256(token, hash) : OK;
}

enum err link_find(struct db *db, struct str token, int64_t now, struct arena *arena,
                   struct link *link, bool *found)
{
    unsigned char hash[HASH_LEN];
    struct db_rows rows = {0};
    enum err err = link_secret_hash(token, hash, found);

    if (err || !*found)
        return err;
    err = db_first(db, Q_LINK_FIND, DB_VALUES(db_blob(str_from(hash, HASH_LEN)), db_int(now)),
                   &rows, found);
    if (!err && *found) {
        link->login_id = db_column_int(&rows, 0);
        link->email = db_column_text(&rows, 1, arena);
        *found = hash_equal(db_column_str(&rows, 2), str_from(hash, HASH_LEN));
    }
    db_rows_done(&rows);
    return err;
}

static enum err take(struct db *db, const unsigned char hash[HASH_LEN], int64_t now,
                     int64_t *login_id, bool *found)
{
    struct db_rows rows = {0};
    enum err err = db_first(
        db, Q_LINK_USE, DB_VALUES(db_blob(str_from(hash, HASH_LEN)), db_int(now)), &rows, found);

    *login_id = !err && *found ? db_column_int(&rows, 0) : 0;
    db_rows_done(&rows);
    return err;
}

/* The owner acts, though not logged in. */
static enum err set_password(struct db *db, const struct link *link, const char *password_hash,
                             const char *address, int64_t now, struct arena *arena)
{
    const struct audit_actor actor = {link->login_id, address};
    enum err err = login_set_password(db, link->login_id, password_hash, NULL, &actor, now);

    return err ? err : login_throttle_succeeded(db, str_of(link->email), arena);
}

enum err link_use(struct db *db, struct str token, const char *password_hash, const char *address,
                  int64_t now, bool *used)
{
    struct arena *arena = arena_new();
    unsigned char hash[HASH_LEN];
    struct link link = {0};
    int64_t login_id = 0;
    enum err err = link_find(db, token, now, arena, &link, used);

    if (!err && *used)
        err = link_secret_hash(token, hash, used);
    if (!err && *used)
        err = take(db, hash, now, &login_id, used);
    if (!err && *used)
        err = set_password(db, &link, password_hash, address, now, arena);
    arena_free(arena);
    return err;
}

enum err link_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_LINK_SWEEP, DB_VALUES(db_int(now)));
}

/* ---- asking ---- */

/* In the name of the first association that the login may enter; with none there is nothing to
 * enter, and nothing is sent. */
static enum err queue_mail(struct db *db, const struct login *login, int64_t now,
                           struct arena *arena)
{
    struct login_door *doors;
    size_t count;
    enum err err = login_doors(db, login->id, arena, &doors, &count);

    if (err || count == 0)
        return err;
    return outbox_add_login(db, doors[0].association_id, "password_link", login->id, now);
}

static enum err note(struct db *db, const struct login *login, bool found, struct str address,
                     struct arena *arena)
{
    const struct audit_actor actor = {found ? login->id : 0, str_copy(arena, address)};

    return audit_add(
        db, 0, &actor, "link.asked",
        found ? arena_printf(arena, "login:%lld", (long long)login->id) : "login:unknown", "");
}

enum err link_ask(struct db *db, struct str email, struct str address, int64_t now_ms,
                  int64_t *wait_ms)
{
    struct arena *arena = arena_new();
    struct login login = {0};
    bool found = false;
    enum err err = link_throttle_wait_ms(db, email, address, now_ms, arena, wait_ms);

    if (!err && *wait_ms == 0)
        err = link_throttle_count(db, email, address, now_ms, arena);
    if (!err && *wait_ms == 0)
        err = login_find(db, email, arena, &login, &found);
    if (!err && *wait_ms == 0)
        err = note(db, &login, found, address, arena);
    if (!err && *wait_ms == 0 && found && !login.disabled)
        err = queue_mail(db, &login, now_ms / 1000, arena);
    arena_free(arena);
    return err;
}
