#include "payment/returning.h"

#include "base/arena.h"
#include "queries.h"

#include <string.h>

/* ---- the payment ---- */

static enum err read_home(struct returning *returning)
{
    struct posting *posting = &returning->posting;
    struct db_rows rows = {0};
    int64_t entry_id = 0;
    bool found = false;
    enum err err = db_integer(
        posting->db, Q_QUARANTINE_PLACED,
        DB_VALUES(db_int(posting->association.id), db_int(returning->capture.id)), 0, &entry_id);

    if (!err)
        err = db_first(posting->db, Q_MOVEMENT_ACCOUNT,
                       DB_VALUES(db_int(posting->association.id),
                                 db_int(entry_id ? entry_id : returning->capture.entry_id)),
                       &rows, &found);

    if (!err)
        returning->home_account = found ? db_column_text(&rows, 0, posting->arena) : "";
    db_rows_done(&rows);
    return err;
}

static enum err read_line(struct returning *returning, const struct db_rows *rows)
{
    struct return_line *line;

    if (returning->line_count == RETURN_LINES_MAX)
        return fail(ERR_LIMIT, "a payment in more than %d carts", RETURN_LINES_MAX);
    line = &returning->lines[returning->line_count++];
    *line = (struct return_line){
        .id = db_column_int(rows, 0),
        .member_id = db_column_int(rows, 1),
        .member_number = db_column_int(rows, 2),
        .amount_cents = db_column_int(rows, 3),
        .advance_cents = db_column_int(rows, 4),
        .standing_cents = {[RETURN_FAILED] = db_column_int(rows, 5),
                           [RETURN_REFUND] = db_column_int(rows, 6),
                           [RETURN_DISPUTE] = db_column_int(rows, 7),
                           [RETURN_LOST] = db_column_int(rows, 8)},
    };
    return OK;
}

static enum err read_lines(struct returning *returning)
{
    struct posting *posting = &returning->posting;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(
        posting->db, Q_RETURN_LINES,
        DB_VALUES(db_int(posting->association.id), db_int(returning->capture.id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found)
        err = read_line(returning, &rows);
    db_rows_done(&rows);
    return err;
}

enum err returning_read(struct returning *returning, int64_t association_id, int64_t capture_id)
{
    struct posting *posting = &returning->posting;
    enum err err =
        association_find(posting->db, association_id, posting->arena, &posting->association);

    if (!err)
        err = movement_find(posting, association_id, capture_id, &returning->capture);
    if (!err && strcmp(returning->capture.kind, "capture") != 0)
        err = fail(ERR_NOT_FOUND, "no such payment");
    if (err)
        return err;
    returning->capture_cents = returning->capture.counted_cents;
    err = read_lines(returning);
    for (size_t i = 0; !err && i < returning->line_count; i++)
        err =
            undo_read_payment(posting->db, association_id, returning->lines[i].id, posting->arena,
                              &returning->lines[i].parts, &returning->lines[i].part_count);
    if (!err && returning->line_count == 0)
        err = read_home(returning);
    if (!err)
        err = returning_sums(returning, 0, &returning->before);
    returning->after = returning->before;
    return err;
}

/* ---- what went back ---- */

enum err returning_sums(struct returning *returning, int64_t movement_id, struct return_sums *sums)
{
    struct posting *posting = &returning->posting;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(posting->db, Q_RETURN_SUMS,
                            DB_VALUES(db_int(posting->association.id),
                                      db_int(returning->capture.id), db_int(movement_id)),
                            &rows, &found);

    *sums = (struct return_sums){0};
    if (!err && found)
        *sums = (struct return_sums){
            .failed_cents = db_column_int(&rows, 0),
            .refunded_cents = db_column_int(&rows, 1),
            .disputed_cents = db_column_int(&rows, 2),
            .lost_cents = db_column_int(&rows, 3),
        };
    db_rows_done(&rows);
    return err;
}

int64_t returning_total(const struct return_sums *sums)
{
    return money_add(money_add(sums->failed_cents, sums->refunded_cents), sums->disputed_cents);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t not_negative(int64_t cents)
{
    return cents > 0 ? cents : 0;
}

int64_t returning_excess(const struct returning *returning, const struct return_sums *sums)
{
    int64_t gone =
        smaller(money_add(not_negative(sums->failed_cents), not_negative(sums->refunded_cents)),
                returning->capture_cents);
    int64_t disputed =
        smaller(not_negative(sums->disputed_cents), returning->capture_cents - gone);

    return returning_total(sums) - gone - disputed;
}

int64_t returning_left(const struct returning *returning)
{
    int64_t left = returning->capture_cents - returning_total(&returning->before);

    return not_negative(left);
}
