#include "association/reminder.h"

#include "association/member.h"
#include "association/outbox.h"
#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

/* ---- what is owed ---- */

int64_t reminder_total(const struct reminder_due *due)
{
    int64_t cents = due->own_cents + due->others_cents - due->in_progress_cents;

    return cents > 0 ? cents : 0;
}

enum err reminder_due(struct db *db, int64_t association_id, int64_t member_id,
                      struct reminder_due *due)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_REMINDER_DUE,
                            DB_VALUES(db_int(association_id), db_int(member_id)), &rows, &found);

    *due = (struct reminder_due){0};
    if (!err && found)
        *due = (struct reminder_due){db_column_int(&rows, 0), db_column_int(&rows, 1),
                                     db_column_int(&rows, 2), db_column_int(&rows, 3) != 0,
                                     db_column_int(&rows, 4) != 0};
    db_rows_done(&rows);
    return err;
}

static enum err read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct reminder_row *row = item;

    row->member_id = db_column_int(rows, 0);
    row->number = db_column_int(rows, 1);
    row->first_name = db_column_text(rows, 2, arena);
    row->last_name = db_column_text(rows, 3, arena);
    row->email = db_column_text(rows, 4, arena);
    row->reminded_at = db_column_int(rows, 5);
    row->due = (struct reminder_due){.own_cents = db_column_int(rows, 6),
                                     .others_cents = db_column_int(rows, 7),
                                     .in_progress_cents = db_column_int(rows, 8)};
    row->sort_key = db_column_text(rows, 9, arena);
    return OK;
}

enum err reminder_list(struct db *db, int64_t association_id, const struct reminder_filter *filter,
                       struct arena *arena, struct reminder_row **rows, size_t *count)
{
    struct str patterns[MEMBER_SEARCH_WORDS];
    void *items;
    enum err err;

    member_search_patterns(filter->search, arena, patterns);
    err =
        rows_read_all(db, Q_REMINDER_LIST,
                      DB_VALUES(db_int(association_id),
                                db_str(filter->after_key.data ? filter->after_key : str_of("")),
                                db_int(filter->after_id), db_str(patterns[0]), db_str(patterns[1]),
                                db_str(patterns[2]), db_int(filter->max + 1)),
                      read_row, sizeof(**rows), arena, &items, count);
    *rows = items;
    return err;
}

/* ---- asking for it ---- */

/* *may: owes, pays for themselves, can be written to, was not written to within the pause. */
static enum err may_send(struct db *db, const struct reminder_order *order, int64_t member_id,
                         bool *may)
{
    struct reminder_due due = {0};
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_REMINDER_STATE, DB_VALUES(db_int(order->association_id), db_int(member_id)),
                 &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such member");
    *may = !err && db_column_int(&rows, 0) != 0 && !str_empty(db_column_str(&rows, 1)) &&
           db_column_int(&rows, 2) <= order->now - REMINDER_PAUSE_S;
    db_rows_done(&rows);
    if (!err && *may)
        err = reminder_due(db, order->association_id, member_id, &due);
    *may = *may && reminder_total(&due) > 0;
    return err;
}

static enum err send_one(struct db *db, const struct reminder_order *order, int64_t member_id)
{
    enum err err =
        db_run(db, Q_REMINDER_NOTE,
               DB_VALUES(db_int(order->association_id), db_int(member_id), db_int(order->now)));

    return err ? err : outbox_add(db, order->association_id, "reminder", member_id, 0, order->now);
}

static enum err note(struct db *db, const struct reminder_order *order, size_t sent)
{
    struct arena *arena = arena_new();
    enum err err = audit_add(db, order->association_id, &order->actor, "reminder.sent", "member",
                             arena_printf(arena, "%zu", sent));

    arena_free(arena);
    return err;
}

enum err reminder_send(struct db *db, const struct reminder_order *order, size_t *sent)
{
    enum err err = OK;

    *sent = 0;
    for (size_t i = 0; !err && i < order->count; i++) {
        bool may = false;

        err = may_send(db, order, order->member_ids[i], &may);
        if (!err && may)
            err = send_one(db, order, order->member_ids[i]);
        *sent += !err && may;
    }
    return err || *sent == 0 ? err : note(db, order, *sent);
}
