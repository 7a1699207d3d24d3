#include "payment/payout.h"

#include "association/rows.h"
#include "payment/statement.h"
#include "payment/statement_read.h"
#include "queries.h"

static int64_t fact_at_of(struct payout_place place)
{
    return place.id ? place.fact_at : INT64_MAX;
}

static int64_t id_of(struct payout_place place)
{
    return place.id ? place.id : INT64_MAX;
}

/* ---- payouts ---- */

static enum err read_payout(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct payout *payout = item;

    payout->id = db_column_int(rows, 0);
    payout->account_id = db_column_int(rows, 1);
    payout->provider = db_column_text(rows, 2, arena);
    payout->label = db_column_text(rows, 3, arena);
    payout->reference = db_column_text(rows, 4, arena);
    payout->fact_at = db_column_int(rows, 5);
    payout->bank_cents = -db_column_int(rows, 6);
    payout->currency = db_column_text(rows, 7, arena);
    payout->entry_id = db_column_int(rows, 8);
    payout->entry_number = db_column_int(rows, 9);
    payout->journal = db_column_text_or_empty(rows, 10, arena);
    payout->failed = db_column_int(rows, 11) != 0;
    payout->listed = !db_column_is_null(rows, 12);
    payout->parts_cents = db_column_int(rows, 12);
    return OK;
}

enum err payout_list(struct db *db, int64_t association_id, struct payout_place place, int64_t max,
                     struct arena *arena, struct payout **payouts, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_PAYOUT_LIST,
                                 DB_VALUES(db_int(association_id), db_int(fact_at_of(place)),
                                           db_int(id_of(place)), db_int(max)),
                                 read_payout, sizeof(**payouts), arena, &items, count);

    *payouts = items;
    return err;
}

enum err payout_find(struct db *db, int64_t association_id, int64_t payout_id, struct arena *arena,
                     struct payout *payout)
{
    void *items;
    size_t count;
    enum err err =
        rows_read_all(db, Q_PAYOUT_FIND, DB_VALUES(db_int(association_id), db_int(payout_id)),
                      read_payout, sizeof(*payout), arena, &items, &count);

    if (!err && count == 0)
        return fail(ERR_NOT_FOUND, "no such payout");
    if (!err)
        *payout = *(struct payout *)items;
    return err;
}

static enum err read_part(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct payout_part *part = item;

    part->kind = db_column_text(rows, 0, arena);
    part->count = db_column_int(rows, 1);
    part->gross_cents = db_column_int(rows, 2);
    part->fee_cents = db_column_int(rows, 3);
    return OK;
}

enum err payout_parts(struct db *db, int64_t association_id, const struct payout *payout,
                      struct arena *arena, struct payout_part **parts, size_t *count)
{
    void *items;
    enum err err = rows_read_all(
        db, Q_PAYOUT_PARTS,
        DB_VALUES(db_int(association_id), db_int(payout->account_id), db_text(payout->reference)),
        read_part, sizeof(**parts), arena, &items, count);

    *parts = items;
    return err;
}

enum err payout_lines(struct db *db, int64_t association_id, const struct payout *payout,
                      int64_t max, struct arena *arena, struct statement_row **rows, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_PAYOUT_LINES,
                                 DB_VALUES(db_int(association_id), db_int(payout->account_id),
                                           db_text(payout->reference), db_int(max)),
                                 statement_read_row, sizeof(**rows), arena, &items, count);

    *rows = items;
    return err;
}

/* ---- money that did not begin here ---- */

static enum err read_elsewhere(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct elsewhere_row *row = item;

    row->id = db_column_int(rows, 0);
    row->fact_at = db_column_int(rows, 1);
    row->payer = db_column_text(rows, 2, arena);
    row->reference = db_column_text(rows, 3, arena);
    row->amount_cents = db_column_int(rows, 4);
    row->currency = db_column_text(rows, 5, arena);
    row->label = db_column_text(rows, 6, arena);
    row->entry_id = db_column_int(rows, 7);
    row->entry_number = db_column_int(rows, 8);
    row->journal = db_column_text_or_empty(rows, 9, arena);
    row->returned_cents = db_column_int(rows, 10);
    return OK;
}

enum err elsewhere_list(struct db *db, int64_t association_id, struct payout_place place,
                        int64_t max, struct arena *arena, struct elsewhere_row **rows,
                        size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_ELSEWHERE_LIST,
                                 DB_VALUES(db_int(association_id), db_int(fact_at_of(place)),
                                           db_int(id_of(place)), db_int(max)),
                                 read_elsewhere, sizeof(**rows), arena, &items, count);

    *rows = items;
    return err;
}
