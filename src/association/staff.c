#include "association/staff.h"

#include "association/outbox.h"
#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

#include <stdio.h>

/* ---- reading ---- */

static enum err read_member(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct staff_member *member = item;

    member->login_id = db_column_int(rows, 0);
    member->email = db_column_text(rows, 1, arena);
    member->role = role_from_name(db_column_str(rows, 2));
    member->has_password = db_column_int(rows, 3) != 0;
    member->disabled = db_column_int(rows, 4) != 0;
    member->since = db_column_int(rows, 5);
    return OK;
}

enum err staff_list(struct db *db, int64_t association_id, struct arena *arena,
                    struct staff_member **members, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_STAFF_LIST, DB_VALUES(db_int(association_id)), read_member,
                                 sizeof(**members), arena, &items, count);

    *members = items;
    return err;
}

enum err staff_role(struct db *db, int64_t association_id, int64_t login_id, enum role *role)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_STAFF_ROLE, DB_VALUES(db_int(association_id), db_int(login_id)),
                            &rows, &found);

    *role = !err && found ? role_from_name(db_column_str(&rows, 0)) : ROLE_NONE;
    db_rows_done(&rows);
    return err;
}

/* ---- what is allowed ---- */

enum err staff_may(struct db *db, int64_t association_id, int64_t login_id, enum role role,
                   const struct audit_actor *actor, enum staff_answer *answer)
{
    enum role present = ROLE_NONE;
    int64_t others = 0;
    enum err err = staff_role(db, association_id, login_id, &present);

    *answer = STAFF_MAY;
    if (!err && actor->login_id == login_id)
        *answer = STAFF_OWN_ROLE;
    if (err || *answer != STAFF_MAY || present != ROLE_ADMINISTRATOR || role == present)
        return err;
    err = db_integer(db, Q_STAFF_OTHER_ADMINISTRATORS,
                     DB_VALUES(db_int(association_id), db_int(login_id)), 0, &others);
    if (!err && others == 0)
        *answer = STAFF_LAST_ADMINISTRATOR;
    return err;
}

enum err staff_withdraw(struct db *db, int64_t association_id, int64_t login_id,
                        const struct audit_actor *actor)
{
    enum staff_answer answer = STAFF_MAY;
    struct db_rows rows = {0};
    char object[40];
    bool found = false;
    enum err err = staff_may(db, association_id, login_id, ROLE_NONE, actor, &answer);

    if (!err && answer == STAFF_OWN_ROLE)
        err = fail(ERR_CONFLICT, "nobody withdraws their own role");
    if (!err && answer == STAFF_LAST_ADMINISTRATOR)
        err = fail(ERR_CONFLICT, "the last administrator stays one; let another one in first");
    if (err)
        return err;
    err = db_first(db, Q_STAFF_WITHDRAW, DB_VALUES(db_int(association_id), db_int(login_id)),
                   &rows, &found);
    db_rows_done(&rows);
    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "this login has no role here");
    if (!err)
        err = db_run(db, Q_SESSION_END_STAFF, DB_VALUES(db_int(association_id), db_int(login_id)));
    snprintf(object, sizeof(object), "login:%lld", (long long)login_id);
    return err ? err : audit_add(db, association_id, actor, "role.withdrawn", object, "");
}

/* ---- inviting ---- */

static enum err read_password(struct db *db, struct staff_invitation *invitation,
                              struct arena *arena)
{
    struct login login = {0};
    bool found = false;
    enum err err = login_find(db, invitation->email, arena, &login, &found);

    invitation->has_password = found && login.password_hash;
    return err;
}

/* One audit row in both cases. */
static enum err audit_again(struct db *db, const struct staff_invitation *invitation)
{
    char object[40];

    snprintf(object, sizeof(object), "login:%lld", (long long)invitation->login_id);
    return audit_add(db, invitation->association_id, invitation->actor, "login.invited", object,
                     role_name(invitation->role));
}

/* A role that is held is not given twice: that person's sessions go on. */
static enum err give_role(struct db *db, const struct staff_invitation *invitation)
{
    enum role present = ROLE_NONE;
    enum err err = staff_role(db, invitation->association_id, invitation->login_id, &present);

    if (!err && present == invitation->role)
        return audit_again(db, invitation);
    return err ? err
               : login_grant(db, invitation->association_id, invitation->login_id,
                             invitation->role, invitation->actor, invitation->now);
}

enum err staff_invite(struct db *db, struct staff_invitation *invitation, struct arena *arena)
{
    enum err err = login_ensure(db, invitation->email, invitation->actor, invitation->now, arena,
                                &invitation->login_id);

    if (!err)
        err = staff_may(db, invitation->association_id, invitation->login_id, invitation->role,
                        invitation->actor, &invitation->answer);
    if (err || invitation->answer != STAFF_MAY)
        return err;
    err = read_password(db, invitation, arena);
    if (!err)
        err = give_role(db, invitation);
    if (!err && invitation->by_mail)
        err = outbox_add_login(db, invitation->association_id,
                               invitation->has_password ? "role_granted" : "invitation",
                               invitation->login_id, invitation->now);
    return err;
}
