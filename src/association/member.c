#include "association/member.h"

#include "association/internal.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

#include <stdio.h>

static enum err find_member(struct db *db, int query, const struct db_value *values, size_t count,
                            struct arena *arena, struct member *member)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, query, values, count, &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such member");
    if (!err) {
        member->id = db_column_int(&rows, 0);
        member->number = db_column_int(&rows, 1);
        member->first_name = db_column_text(&rows, 2, arena);
        member->last_name = db_column_text(&rows, 3, arena);
        member->email = db_column_text(&rows, 4, arena);
        member->archived = !db_column_is_null(&rows, 5);
    }
    db_rows_done(&rows);
    return err;
}

enum err member_find(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                     struct member *member)
{
    return find_member(db, Q_MEMBER_FIND, DB_VALUES(db_int(association_id), db_int(member_id)),
                       arena, member);
}

enum err member_find_by_number(struct db *db, int64_t association_id, int64_t number,
                               struct arena *arena, struct member *member)
{
    return find_member(db, Q_MEMBER_FIND_BY_NUMBER,
                       DB_VALUES(db_int(association_id), db_int(number)), arena, member);
}

/* ---- adding ---- */

bool member_name_fits(const char *name)
{
    return name && !str_empty(str_trim(str_of(name))) && utf8_clean(str_of(name));
}

/* Whoever pays for others pays for themselves: a payer's payer would see carts of strangers. */
enum err member_check_payer(struct db *db, int64_t association_id, int64_t payer_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = OK;

    if (!payer_id)
        return OK;
    err = db_first(db, Q_MEMBER_PAYER, DB_VALUES(db_int(association_id), db_int(payer_id)), &rows,
                   &found);
    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "the payer is no member of the association");
    else if (!err && !db_column_is_null(&rows, 0))
        err = fail(ERR_INPUT, "the payer has a payer already");
    db_rows_done(&rows);
    return err;
}

static enum err choose_number(struct db *db, const struct member_draft *draft, int64_t *number)
{
    *number = draft->number;
    if (draft->number)
        return OK;
    return db_integer(db, Q_MEMBER_NEXT_NUMBER, DB_VALUES(db_int(draft->association_id)), 1,
                      number);
}

static enum err insert_member(struct db *db, const struct member_draft *draft, int64_t number)
{
    struct arena *arena = arena_new();
    const char *email = draft->email ? draft->email : "";
    enum err err =
        db_run(db, Q_MEMBER_ADD,
               DB_VALUES(db_int(draft->association_id), db_int(draft->id), db_int(number),
                         db_text(draft->first_name), db_text(draft->last_name), db_text(email),
                         draft->login_id ? db_int(draft->login_id) : db_null(),
                         draft->payer_id ? db_int(draft->payer_id) : db_null(), db_int(draft->now),
                         db_str(member_sort_key(draft->first_name, draft->last_name, arena)),
                         db_str(member_search_text(draft->first_name, draft->last_name, email,
                                                   number, arena))));

    arena_free(arena);
    return err;
}

enum err member_add(struct db *db, const struct member_draft *draft,
                    const struct audit_actor *actor, int64_t *number)
{
    char object[40];
    enum err err;

    if (!member_name_fits(draft->first_name) || !member_name_fits(draft->last_name))
        return fail(ERR_INPUT, "a member needs a first name and a last name");
    err = member_check_payer(db, draft->association_id, draft->payer_id);
    if (!err)
        err = choose_number(db, draft, number);
    if (!err)
        err = insert_member(db, draft, *number);
    snprintf(object, sizeof(object), "member:%lld", (long long)draft->id);
    return err ? err : audit_add(db, draft->association_id, actor, "member.added", object, "");
}
