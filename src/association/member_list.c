#include "association/internal.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

#include <string.h>

/* ---- keys ---- */

struct str member_sort_key(const char *first_name, const char *last_name, struct arena *arena)
{
    return utf8_fold(str_of(arena_printf(arena, "%s %s", last_name, first_name)), arena);
}

struct str member_search_text(const char *first_name, const char *last_name, const char *email,
                              int64_t number, struct arena *arena)
{
    return utf8_fold(str_of(arena_printf(arena, " %s %s %s %lld", last_name, first_name, email,
                                         (long long)number)),
                     arena);
}

/* ---- one ---- */

static void read_member(const struct db_rows *rows, struct arena *arena, struct member *member)
{
    member->id = db_column_int(rows, 0);
    member->number = db_column_int(rows, 1);
    member->first_name = db_column_text(rows, 2, arena);
    member->last_name = db_column_text(rows, 3, arena);
    member->email = db_column_text(rows, 4, arena);
    member->archived = !db_column_is_null(rows, 5);
}

static void read_details(const struct db_rows *rows, struct arena *arena,
                         struct member_details *details)
{
    read_member(rows, arena, &details->member);
    details->payer_id = db_column_int(rows, 6);
    details->login_id = db_column_int(rows, 7);
    details->login_email = db_column_text_or_empty(rows, 8, arena);
    details->last_login_at = db_column_int(rows, 9);
    details->payer_number = db_column_int(rows, 10);
    details->payer_name = details->payer_id
                              ? arena_printf(arena, "%s %s", db_column_text(rows, 11, arena),
                                             db_column_text(rows, 12, arena))
                              : "";
    details->version = db_column_int(rows, 13);
    details->reminded_at = db_column_int(rows, 14);
}

enum err member_read(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                     struct member_details *details)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_MEMBER_DETAILS,
                            DB_VALUES(db_int(association_id), db_int(member_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such member");
    if (!err)
        read_details(&rows, arena, details);
    db_rows_done(&rows);
    return err;
}

static enum err read_payee(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct payee *payee = item;

    payee->id = db_column_int(rows, 0);
    payee->number = db_column_int(rows, 1);
    payee->name = arena_printf(arena, "%s %s", db_column_text(rows, 2, arena),
                               db_column_text(rows, 3, arena));
    payee->balance_cents = db_column_int(rows, 4);
    return OK;
}

enum err member_payees(struct db *db, int64_t association_id, int64_t payer_id,
                       struct arena *arena, struct payee **payees, size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_MEMBER_PAYEES, DB_VALUES(db_int(association_id), db_int(payer_id)),
                      read_payee, sizeof(**payees), arena, &items, count);

    *payees = items;
    return err;
}

/* ---- many ---- */

/* "%word%" with what LIKE would read as its own escaped. */
static struct str like_pattern(struct str word, struct arena *arena)
{
    struct buffer pattern;

    buffer_init(&pattern, arena, 2 * word.len + 8);
    buffer_add_byte(&pattern, '%');
    for (size_t i = 0; i < word.len; i++) {
        if (strchr("%_!", word.data[i]))
            buffer_add_byte(&pattern, '!');
        buffer_add_byte(&pattern, word.data[i]);
    }
    if (word.len > 0)
        buffer_add_byte(&pattern, '%');
    return buffer_str(&pattern);
}

void member_search_patterns(struct str search, struct arena *arena,
                            struct str patterns[MEMBER_SEARCH_WORDS])
{
    struct str rest = utf8_fold(search, arena);
    size_t count = 0;

    while (!str_empty(rest) && count < MEMBER_SEARCH_WORDS) {
        struct str word = str_trim(str_cut(&rest, ' '));

        if (!str_empty(word))
            patterns[count++] = like_pattern(word, arena);
    }
    while (count < MEMBER_SEARCH_WORDS)
        patterns[count++] = str_of("%");
}

static enum err read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct member_row *row = item;

    read_member(rows, arena, &row->member);
    row->has_payer = !db_column_is_null(rows, 6);
    row->balance_cents = db_column_int(rows, 7);
    row->sort_key = db_column_text(rows, 8, arena);
    row->has_logged_in = !db_column_is_null(rows, 9);
    row->payer_number = db_column_int(rows, 10);
    return OK;
}

enum err member_list(struct db *db, int64_t association_id, const struct member_filter *filter,
                     struct arena *arena, struct member_row **rows, size_t *count)
{
    static const char *const groups[] = {
        [MEMBER_ACTIVE] = "active", [MEMBER_OWES] = "owes",         [MEMBER_ADVANCE] = "advance",
        [MEMBER_NEVER] = "never",   [MEMBER_ARCHIVED] = "archived",
    };
    int query =
        filter->order == MEMBER_BY_NUMBER ? Q_MEMBER_LIST_BY_NUMBER : Q_MEMBER_LIST_BY_NAME;
    struct str patterns[MEMBER_SEARCH_WORDS];
    void *items;
    enum err err;

    member_search_patterns(filter->search, arena, patterns);
    err = rows_read_all(db, query,
                        DB_VALUES(db_int(association_id),
                                  db_str(filter->after_key.data ? filter->after_key : str_of("")),
                                  db_int(filter->after_id), db_str(patterns[0]),
                                  db_str(patterns[1]), db_str(patterns[2]),
                                  db_text(groups[filter->group]), db_int(filter->max + 1)),
                        read_row, sizeof(**rows), arena, &items, count);
    *rows = items;
    return err;
}

/* ---- changing ---- */

static enum err check_change(struct db *db, const struct member_change *change)
{
    int64_t has_payees = 0;
    enum err err;

    if (!member_name_fits(change->first_name) || !member_name_fits(change->last_name))
        return fail(ERR_INPUT, "a member needs a first name and a last name");
    if (change->payer_id == change->id)
        return fail(ERR_INPUT, "a member pays for themselves without being told");
    err = member_check_payer(db, change->association_id, change->payer_id);
    if (!err && change->payer_id)
        err = db_integer(db, Q_MEMBER_HAS_PAYEES,
                         DB_VALUES(db_int(change->association_id), db_int(change->id)), 0,
                         &has_payees);
    return !err && has_payees ? fail(ERR_INPUT, "whoever pays for others has no payer") : err;
}

static enum err write_change(struct db *db, const struct member_change *change, int64_t number,
                             struct arena *arena)
{
    int64_t changed = 0;
    enum err err = db_integer(
        db, Q_MEMBER_UPDATE,
        DB_VALUES(db_int(change->association_id), db_int(change->id), db_int(change->version),
                  db_text(change->first_name), db_text(change->last_name), db_text(change->email),
                  change->payer_id ? db_int(change->payer_id) : db_null(),
                  db_str(member_sort_key(change->first_name, change->last_name, arena)),
                  db_str(member_search_text(change->first_name, change->last_name, change->email,
                                            number, arena))),
        0, &changed);

    return !err && !changed ? fail(ERR_CONFLICT, "the member was changed meanwhile") : err;
}

enum err member_update(struct db *db, const struct member_change *change,
                       const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct member member;
    enum err err = member_find(db, change->association_id, change->id, arena, &member);

    if (!err)
        err = check_change(db, change);
    if (!err)
        err = write_change(db, change, member.number, arena);
    if (!err)
        err = audit_add(db, change->association_id, actor, "member.changed",
                        arena_printf(arena, "member:%lld", (long long)change->id), "");
    arena_free(arena);
    return err;
}

enum err member_archive(struct db *db, int64_t association_id, int64_t member_id, int64_t now,
                        const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct member member;
    int64_t changed = 0;
    enum err err = member_find(db, association_id, member_id, arena, &member);

    if (!err)
        err = db_integer(
            db, Q_MEMBER_ARCHIVE,
            DB_VALUES(db_int(association_id), db_int(member_id), now ? db_int(now) : db_null()), 0,
            &changed);
    if (!err && !changed)
        err = fail(ERR_CONFLICT, "the member is so already");
    if (!err)
        err = audit_add(db, association_id, actor, now ? "member.archived" : "member.restored",
                        arena_printf(arena, "member:%lld", (long long)member_id), "");
    arena_free(arena);
    return err;
}
