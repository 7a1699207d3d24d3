#include "association/audit_list.h"

#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

static enum err read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct audit_entry *row = item;

    row->chain_number = db_column_int(rows, 0);
    row->at_ms = db_column_int(rows, 1);
    row->email = db_column_text_or_empty(rows, 2, arena);
    row->address = db_column_text(rows, 3, arena);
    row->action = db_column_text(rows, 4, arena);
    row->object = db_column_text(rows, 5, arena);
    row->detail = db_column_text(rows, 6, arena);
    row->member_id = db_column_int(rows, 7);
    row->member_number = db_column_int(rows, 8);
    row->first_name = db_column_text_or_empty(rows, 9, arena);
    row->last_name = db_column_text_or_empty(rows, 10, arena);
    row->subject = db_column_text(rows, 11, arena);
    row->amount_cents = db_column_int(rows, 12);
    return OK;
}

enum err audit_list(struct db *db, const struct audit_filter *filter, struct audit_place place,
                    int64_t max, struct arena *arena, struct audit_entry **rows, size_t *count)
{
    int64_t before_ms = filter->until_ms ? filter->until_ms : INT64_MAX;
    void *items;
    enum err err;

    /* The first instant that is not asked for: no row has its place below the first number. */
    if (place.chain_number)
        before_ms = place.at_ms;
    err =
        rows_read_all(db, Q_AUDIT_LIST,
                      DB_VALUES(db_int(filter->association_id), db_int(filter->from_ms),
                                db_int(before_ms), db_int(place.chain_number),
                                db_text(filter->families), db_int(filter->login_id), db_int(max)),
                      read_row, sizeof(**rows), arena, &items, count);
    *rows = items;
    return err;
}
