#include "association/login.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/random.h"
#include "base/utf8.h"
#include "queries.h"

#include <string.h>

enum { ADDRESS_LEN_MAX = 64, USER_AGENT_LEN_MAX = 200 };

/* ---- making ---- */

enum err session_secrets(struct session_draft *draft)
{
    unsigned char bytes[HASH_LEN];
    enum err err = random_bytes(bytes, sizeof(bytes));

    if (!err)
        err = random_bytes(draft->csrf_key, sizeof(draft->csrf_key));
    if (err)
        return err;
    hash_hex(bytes, sizeof(bytes), draft->cookie);
    return hash_sha256(str_of(draft->cookie), draft->token_hash);
}

/* Text from a browser, for people to read: cut, or nothing when it is not clean. */
static struct db_value foreign_text(struct str text, size_t len_max)
{
    return utf8_clean(text) && text.data ? db_str(utf8_cut(text, len_max)) : db_text("");
}

/* Ends the session to replace and keeps its beginning, when it is the same person's. */
static enum err replace(struct db *db, const struct session_draft *draft, int64_t *created_at)
{
    *created_at = draft->now;
    if (!draft->replaces)
        return OK;
    return db_integer(
        db, Q_SESSION_REPLACE,
        DB_VALUES(db_blob(str_from(draft->replaces, HASH_LEN)), db_int(draft->login_id)),
        draft->now, created_at);
}

enum err session_add(struct db *db, const struct session_draft *draft)
{
    const struct login_door *door = draft->door;
    int64_t created_at;
    enum err err = replace(db, draft, &created_at);

    if (err)
        return err;
    err = db_run(db, Q_SESSION_ADD,
                 DB_VALUES(db_blob(str_from(draft->token_hash, HASH_LEN)), db_int(draft->login_id),
                           door ? db_int(door->association_id) : db_null(),
                           door && door->member_id ? db_int(door->member_id) : db_null(),
                           door ? db_text(role_name(door->role)) : db_null(),
                           db_blob(str_from(draft->csrf_key, HASH_LEN)),
                           foreign_text(draft->address, ADDRESS_LEN_MAX),
                           foreign_text(draft->user_agent, USER_AGENT_LEN_MAX), db_int(created_at),
                           db_int(draft->now), db_int(draft->half)));
    if (!err && !draft->half) /* whoever never came is found among the members */
        err = db_run(db, Q_LOGIN_NOTED, DB_VALUES(db_int(draft->login_id), db_int(draft->now)));
    return err;
}

/* ---- finding ---- */

static void read_session(const struct db_rows *rows, struct arena *arena, struct session *session)
{
    memcpy(session->token_hash, db_column_str(rows, 0).data, HASH_LEN);
    session->login_id = db_column_int(rows, 1);
    session->login_email = db_column_text(rows, 2, arena);
    session->association_id = db_column_int(rows, 3);
    session->role = role_from_name(db_column_str(rows, 4));
    session->member_id = db_column_int(rows, 5);
    memcpy(session->csrf_key, db_column_str(rows, 6).data, HASH_LEN);
    session->created_at = db_column_int(rows, 7);
    session->last_seen_at = db_column_int(rows, 8);
    session->half = db_column_int(rows, 11) != 0;
    session->has_second_factor = db_column_int(rows, 12) != 0;
    session->is_owner = db_column_int(rows, 13) != 0;
}

static bool ages_fit(const struct session *session, int64_t now)
{
    int64_t idle_s =
        session->role == ROLE_ADMINISTRATOR ? SESSION_IDLE_ADMINISTRATOR_S : SESSION_IDLE_S;
    int64_t age_s = session->half ? SESSION_HALF_S : SESSION_AGE_S;

    return now - session->last_seen_at <= idle_s && now - session->created_at <= age_s;
}

enum err session_find(struct db *db, struct str cookie, int64_t now, struct arena *arena,
                      struct session *session, bool *found)
{
    unsigned char hash[HASH_LEN];
    struct db_rows rows = {0};
    enum err err;

    *found = false;
    if (cookie.len != SESSION_COOKIE_MAX - 1)
        return OK;
    err = hash_sha256(cookie, hash);
    if (!err)
        err = db_first(db, Q_SESSION_FIND, DB_VALUES(db_blob(str_from(hash, HASH_LEN))), &rows,
                       found);
    if (!err && *found) {
        read_session(&rows, arena, session);
        *found = hash_equal(str_from(session->token_hash, HASH_LEN), str_from(hash, HASH_LEN)) &&
                 db_column_is_null(&rows, 9) && db_column_int(&rows, 10) != 0 &&
                 ages_fit(session, now);
    }
    db_rows_done(&rows);
    return err;
}

/* ---- living and ending ---- */

enum err session_touch(struct db *db, const unsigned char token_hash[HASH_LEN], int64_t now)
{
    return db_run(db, Q_SESSION_TOUCH,
                  DB_VALUES(db_blob(str_from(token_hash, HASH_LEN)), db_int(now)));
}

enum err session_end(struct db *db, const unsigned char token_hash[HASH_LEN])
{
    return db_run(db, Q_SESSION_END, DB_VALUES(db_blob(str_from(token_hash, HASH_LEN))));
}

static enum err read_own(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct own_session *session = item;

    memcpy(session->token_hash, db_column_str(rows, 0).data, HASH_LEN);
    session->address = db_column_text(rows, 1, arena);
    session->user_agent = db_column_text(rows, 2, arena);
    session->created_at = db_column_int(rows, 3);
    session->last_seen_at = db_column_int(rows, 4);
    return OK;
}

enum err session_list(struct db *db, int64_t login_id, int64_t now, struct arena *arena,
                      struct own_session **sessions, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_SESSION_LIST,
                                 DB_VALUES(db_int(login_id), db_int(now - SESSION_AGE_S),
                                           db_int(now - SESSION_IDLE_S),
                                           db_int(now - SESSION_IDLE_ADMINISTRATOR_S)),
                                 read_own, sizeof(**sessions), arena, &items, count);

    *sessions = items;
    return err;
}

enum err session_end_own(struct db *db, int64_t login_id, const unsigned char token_hash[HASH_LEN],
                         const struct audit_actor *actor)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_SESSION_END_OWN,
                            DB_VALUES(db_blob(str_from(token_hash, HASH_LEN)), db_int(login_id)),
                            &rows, &found);

    db_rows_done(&rows);
    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such session of this login");
    return err ? err : login_audit(db, actor, "session.ended", login_id);
}

enum err session_end_others(struct db *db, int64_t login_id, const unsigned char keep[HASH_LEN],
                            const struct audit_actor *actor)
{
    enum err err = db_run(db, Q_SESSION_END_OTHERS,
                          DB_VALUES(db_int(login_id), db_blob(str_from(keep, HASH_LEN))));

    return err ? err : login_audit(db, actor, "session.ended_others", login_id);
}

/* One past its absolute age is no longer seen, so idle time finds it too. */
enum err session_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_SESSION_SWEEP, DB_VALUES(db_int(now - SESSION_IDLE_S)));
}

/* ---- form tokens ---- */

enum err session_form_token(const struct session *session, const char *form_id,
                            char out[HASH_HEX_MAX])
{
    unsigned char mac[HASH_LEN];
    enum err err = hash_hmac_sha256(str_from(session->csrf_key, HASH_LEN), str_of(form_id), mac);

    if (!err)
        hash_hex(mac, sizeof(mac), out);
    return err;
}

enum err session_form_token_check(const struct session *session, const char *form_id,
                                  struct str given, bool *valid)
{
    char expected[HASH_HEX_MAX];
    enum err err = session_form_token(session, form_id, expected);

    *valid = !err && hash_equal(given, str_of(expected));
    return err;
}
