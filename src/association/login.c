#include "association/login.h"

#include "association/rows.h"
#include "association/staff.h"
#include "base/arena.h"
#include "base/random.h"
#include "base/utf8.h"
#include "queries.h"

#include <stdio.h>
#include <string.h>

enum { EMAIL_LEN_MAX = 254 };

static const char *const role_names[] = {
    [ROLE_NONE] = "",
    [ROLE_MEMBER] = "member",
    [ROLE_VIEWER] = "viewer",
    [ROLE_TREASURER] = "treasurer",
    [ROLE_ADMINISTRATOR] = "administrator",
};

const char *role_name(enum role role)
{
    return role_names[role];
}

enum role role_from_name(struct str name)
{
    for (int role = ROLE_MEMBER; role <= ROLE_ADMINISTRATOR; role++)
        if (str_is(name, role_names[role]))
            return (enum role)role;
    return ROLE_NONE;
}

/* ---- the person ---- */

enum err login_find(struct db *db, struct str email, struct arena *arena, struct login *login,
                    bool *found)
{
    struct db_rows rows = {0};
    struct str folded = utf8_fold(str_trim(email), arena);
    enum err err = db_first(db, Q_LOGIN_FIND, DB_VALUES(db_str(folded)), &rows, found);

    if (!err && *found) {
        login->id = db_column_int(&rows, 0);
        login->email = db_column_text(&rows, 1, arena);
        login->password_hash = db_column_text(&rows, 2, arena);
        login->disabled = !db_column_is_null(&rows, 3);
    }
    db_rows_done(&rows);
    return err;
}

enum err login_unchanged(struct db *db, const struct login *login, struct arena *arena,
                         bool *unchanged)
{
    struct login present = {0};
    bool found = false;
    enum err err = login_find(db, str_of(login->email), arena, &present, &found);

    *unchanged = !err && found && present.id == login->id && !present.disabled &&
                 hash_equal(str_of(present.password_hash), str_of(login->password_hash));
    return err;
}

static bool email_byte_allowed(char byte)
{
    return (unsigned char)byte > ' ' && byte != 0x7f && !strchr("<>()[]\\,;:\"", byte);
}

bool login_email_plausible(struct str email)
{
    struct str domain = email;
    struct str local = str_cut(&domain, '@');

    if (email.len > EMAIL_LEN_MAX || !utf8_clean(email) || str_empty(local))
        return false;
    for (size_t i = 0; i < email.len; i++)
        if (!email_byte_allowed(email.data[i]))
            return false;
    return domain.len >= 3 && str_find(domain, '@') == domain.len && str_find(domain, '.') > 0 &&
           str_find(domain, '.') < domain.len - 1 && domain.data[domain.len - 1] != '.';
}

enum err login_audit(struct db *db, const struct audit_actor *actor, const char *action,
                     int64_t login_id)
{
    char object[40];

    snprintf(object, sizeof(object), "login:%lld", (long long)login_id);
    return audit_add(db, 0, actor, action, object, "");
}

/* Adds the login unless the e-mail is known; *added says which. */
static enum err insert_login(struct db *db, struct str email, int64_t now, struct arena *arena,
                             int64_t *login_id, bool *added)
{
    struct db_rows rows = {0};
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    err = db_first(
        db, Q_LOGIN_ADD,
        DB_VALUES(db_int(id), db_str(email), db_str(utf8_fold(email, arena)), db_int(now)), &rows,
        added);
    db_rows_done(&rows);
    *login_id = id;
    return err;
}

enum err login_ensure(struct db *db, struct str email, const struct audit_actor *actor,
                      int64_t now, struct arena *arena, int64_t *login_id)
{
    struct login login;
    bool found = false, added = false;
    enum err err;

    email = str_trim(email);
    if (!login_email_plausible(email))
        return fail(ERR_INPUT, "this is no e-mail address");
    err = insert_login(db, email, now, arena, login_id, &added);
    if (err)
        return err;
    if (added)
        return login_audit(db, actor, "login.added", *login_id);
    err = login_find(db, email, arena, &login, &found);
    if (!err && !found)
        err = fail(ERR_INTERNAL, "a login that is there is not found");
    if (!err)
        *login_id = login.id;
    return err;
}

/* Changes one login; ERR_NOT_FOUND when there is none. */
static enum err change_login(struct db *db, int query, const struct db_value *values, size_t count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, query, values, count, &rows, &found);

    db_rows_done(&rows);
    return err || found ? err : fail(ERR_NOT_FOUND, "no such login");
}

static enum err end_sessions(struct db *db, int64_t login_id, const unsigned char *keep_token_hash)
{
    struct str keep = keep_token_hash ? str_from(keep_token_hash, HASH_LEN) : str_from("", 0);

    return db_run(db, Q_SESSION_END_OTHERS, DB_VALUES(db_int(login_id), db_blob(keep)));
}

enum err login_set_password(struct db *db, int64_t login_id, const char *hash,
                            const unsigned char *keep_token_hash, const struct audit_actor *actor,
                            int64_t now)
{
    enum err err = change_login(db, Q_LOGIN_SET_PASSWORD,
                                DB_VALUES(db_int(login_id), db_text(hash), db_int(now)));

    if (!err)
        err = end_sessions(db, login_id, keep_token_hash);
    if (!err)
        err = db_run(db, Q_EMAIL_CHANGE_FORGET, DB_VALUES(db_int(login_id)));
    return err ? err : login_audit(db, actor, "login.password_set", login_id);
}

/* The hash that stands there now; ERR_NOT_FOUND without login or password. */
static enum err read_hash(struct db *db, int64_t login_id, struct arena *arena, const char **hash)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_LOGIN_HASH, DB_VALUES(db_int(login_id)), &rows, &found);

    if (!err && found)
        *hash = db_column_text(&rows, 0, arena);
    db_rows_done(&rows);
    return err || (found && *hash) ? err : fail(ERR_NOT_FOUND, "no such login");
}

enum err login_rehash(struct db *db, int64_t login_id, const char *hash)
{
    struct arena *arena = arena_new();
    const char *present = NULL;
    enum err err = read_hash(db, login_id, arena, &present);
    bool stays = !err && !password_outdated(present);

    arena_free(arena);
    if (err || stays)
        return err;
    return change_login(db, Q_LOGIN_REHASH, DB_VALUES(db_int(login_id), db_text(hash)));
}

enum err login_disable(struct db *db, int64_t login_id, const struct audit_actor *actor,
                       int64_t now)
{
    enum err err = change_login(db, Q_LOGIN_DISABLE, DB_VALUES(db_int(login_id), db_int(now)));

    if (!err)
        err = end_sessions(db, login_id, NULL);
    return err ? err : login_audit(db, actor, "login.disabled", login_id);
}

enum err login_enable(struct db *db, int64_t login_id, const struct audit_actor *actor)
{
    enum err err = change_login(db, Q_LOGIN_ENABLE, DB_VALUES(db_int(login_id)));

    return err ? err : login_audit(db, actor, "login.enabled", login_id);
}

/* ---- doors and roles ---- */

static enum err read_door(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct login_door *door = item;

    door->association_id = db_column_int(rows, 0);
    door->association_name = db_column_text(rows, 1, arena);
    door->role = role_from_name(db_column_str(rows, 2));
    door->member_id = db_column_int(rows, 3);
    door->member_name = db_column_text(rows, 4, arena);
    return OK;
}

enum err login_doors(struct db *db, int64_t login_id, struct arena *arena,
                     struct login_door **doors, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_LOGIN_DOORS, DB_VALUES(db_int(login_id)), read_door,
                                 sizeof(**doors), arena, &items, count);

    *doors = items;
    return err;
}

enum err login_grant(struct db *db, int64_t association_id, int64_t login_id, enum role role,
                     const struct audit_actor *actor, int64_t now)
{
    enum staff_answer answer = STAFF_MAY;
    char object[40];
    enum err err;

    if (role != ROLE_VIEWER && role != ROLE_TREASURER && role != ROLE_ADMINISTRATOR)
        return fail(ERR_INPUT, "a back-office role is viewer, treasurer or administrator");
    err = staff_may(db, association_id, login_id, role, actor, &answer);
    if (!err && answer == STAFF_OWN_ROLE)
        err = fail(ERR_CONFLICT, "nobody changes their own role");
    if (!err && answer == STAFF_LAST_ADMINISTRATOR)
        err = fail(ERR_CONFLICT, "the last administrator stays one; let another one in first");
    if (err)
        return err;
    err = db_run(db, Q_STAFF_GRANT,
                 DB_VALUES(db_int(association_id), db_int(login_id), db_text(role_name(role)),
                           db_int(now)));
    if (!err)
        err = db_run(db, Q_SESSION_END_STAFF, DB_VALUES(db_int(association_id), db_int(login_id)));
    snprintf(object, sizeof(object), "login:%lld", (long long)login_id);
    return err ? err
               : audit_add(db, association_id, actor, "role.granted", object, role_name(role));
}

enum err login_set_owner(struct db *db, int64_t login_id, bool owner,
                         const struct audit_actor *actor)
{
    enum err err =
        db_run(db, Q_LOGIN_SET_OWNER, DB_VALUES(db_int(login_id), db_int(owner ? 1 : 0)));

    if (err || db_changes(db) == 0)
        return err;
    err = end_sessions(db, login_id, NULL);
    return err ? err
               : login_audit(db, actor, owner ? "login.owner_granted" : "login.owner_revoked",
                             login_id);
}
