#include "accounting/standing.h"

#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

static enum err read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct standing *row = item;

    row->member_id = db_column_int(rows, 0);
    row->number = db_column_int(rows, 1);
    row->first_name = db_column_text(rows, 2, arena);
    row->last_name = db_column_text(rows, 3, arena);
    row->email = db_column_text(rows, 4, arena);
    row->archived = !db_column_is_null(rows, 5);
    row->sort_key = db_column_text(rows, 6, arena);
    row->owed_cents = db_column_int(rows, 7);
    row->advance_cents = db_column_int(rows, 8);
    return OK;
}

enum err standing_list(struct db *db, const struct standing_filter *filter,
                       struct standing_place place, int64_t max, struct arena *arena,
                       struct standing **rows, size_t *count)
{
    static const char *const groups[] = {
        [STANDING_ALL] = "all", [STANDING_OWES] = "owes", [STANDING_ADVANCE] = "advance"};
    void *items;
    enum err err = rows_read_all(db, Q_STANDING_LIST,
                                 DB_VALUES(db_int(filter->association_id), db_text(filter->day),
                                           db_text(place.sort_key ? place.sort_key : ""),
                                           db_int(place.member_id), db_text(groups[filter->group]),
                                           db_int(max)),
                                 read_row, sizeof(**rows), arena, &items, count);

    *rows = items;
    return err;
}

/* How many, and how much. */
struct sum {
    int64_t count;
    int64_t cents;
};

static enum err read_sum(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct sum *sum = item;

    (void)arena;
    *sum = (struct sum){db_column_int(rows, 0), db_column_int(rows, 1)};
    return OK;
}

static enum err add_up(struct db *db, int query, int64_t association_id, const char *day,
                       struct arena *arena, struct sum *sum)
{
    void *items;
    size_t count;
    enum err err = rows_read_all(db, query, DB_VALUES(db_int(association_id), db_text(day)),
                                 read_sum, sizeof(*sum), arena, &items, &count);

    *sum = !err && count > 0 ? *(struct sum *)items : (struct sum){0};
    return err;
}

enum err standing_total(struct db *db, int64_t association_id, const char *day,
                        struct arena *arena, struct standing_total *total)
{
    struct sum owed, advance = {0};
    enum err err = add_up(db, Q_STANDING_OWED, association_id, day, arena, &owed);

    if (!err)
        err = add_up(db, Q_STANDING_ADVANCE, association_id, day, arena, &advance);
    *total = (struct standing_total){
        .owing_count = owed.count,
        .owed_cents = owed.cents,
        .advance_count = advance.count,
        .advance_cents = advance.cents,
    };
    return err;
}
