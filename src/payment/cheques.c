#include "payment/cheques.h"

#include "association/rows.h"
#include "queries.h"

static enum err read_day(const struct db_rows *rows, int column, struct date *day)
{
    return date_parse_iso(db_column_str(rows, column), day)
               ? OK
               : fail(ERR_DB, "a date that is none: %.*s", STR_PRINT(db_column_str(rows, column)));
}

/* ---- cheques ---- */

static enum err read_cheque(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cheque_row *cheque = item;

    cheque->transaction_id = db_column_int(rows, 0);
    cheque->number = db_column_text(rows, 1, arena);
    cheque->bank = db_column_text(rows, 2, arena);
    cheque->drawer = db_column_text(rows, 3, arena);
    cheque->amount_cents = db_column_int(rows, 5);
    cheque->member_id = db_column_int(rows, 6);
    cheque->member_number = db_column_int(rows, 7);
    cheque->first_name = db_column_text_or_empty(rows, 8, arena);
    cheque->last_name = db_column_text_or_empty(rows, 9, arena);
    cheque->returned = db_column_int(rows, 10) != 0;
    return read_day(rows, 4, &cheque->due_day);
}

enum err cheques_waiting(struct db *db, int64_t association_id, int64_t means_id, int64_t max,
                         struct arena *arena, struct cheque_row **cheques, size_t *count)
{
    return rows_read_all(db, Q_CHEQUE_WAITING,
                         DB_VALUES(db_int(association_id), db_int(means_id), db_int(max)),
                         read_cheque, sizeof(**cheques), arena, (void **)cheques, count);
}

enum err cheques_of_deposit(struct db *db, int64_t association_id, int64_t deposit_id,
                            struct arena *arena, struct cheque_row **cheques, size_t *count)
{
    return rows_read_all(db, Q_DEPOSIT_CHEQUES,
                         DB_VALUES(db_int(association_id), db_int(deposit_id)), read_cheque,
                         sizeof(**cheques), arena, (void **)cheques, count);
}

static enum err read_means(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cheque_means *means = item;

    means->id = db_column_int(rows, 0);
    means->label = db_column_text(rows, 1, arena);
    means->count = db_column_int(rows, 2);
    means->cents = db_column_int(rows, 3);
    return OK;
}

enum err cheques_means(struct db *db, int64_t association_id, struct arena *arena,
                       struct cheque_means **means, size_t *count)
{
    return rows_read_all(db, Q_CHEQUE_WAITING_MEANS, DB_VALUES(db_int(association_id)), read_means,
                         sizeof(**means), arena, (void **)means, count);
}

/* ---- deposits ---- */

static enum err read_deposit(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct deposit *deposit = item;

    deposit->id = db_column_int(rows, 0);
    deposit->number = db_column_int(rows, 1);
    deposit->bank_account = db_column_text(rows, 3, arena);
    deposit->bank_account_label = db_column_text(rows, 4, arena);
    deposit->cents = db_column_int(rows, 5);
    deposit->cheque_count = db_column_int(rows, 6);
    deposit->entry_id = db_column_int(rows, 7);
    deposit->entry_number = db_column_int(rows, 8);
    deposit->journal = db_column_text_or_empty(rows, 9, arena);
    return read_day(rows, 2, &deposit->day);
}

enum err deposit_list(struct db *db, int64_t association_id, int64_t below, int64_t max,
                      struct arena *arena, struct deposit **deposits, size_t *count)
{
    return rows_read_all(db, Q_DEPOSIT_LIST,
                         DB_VALUES(db_int(association_id), db_int(below), db_int(max)),
                         read_deposit, sizeof(**deposits), arena, (void **)deposits, count);
}

enum err deposit_find(struct db *db, int64_t association_id, int64_t deposit_id,
                      struct arena *arena, struct deposit *deposit)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_DEPOSIT_FIND,
                            DB_VALUES(db_int(association_id), db_int(deposit_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such deposit");
    if (!err)
        err = read_deposit(&rows, arena, deposit);
    if (!err)
        deposit->iban_tail = db_column_text(&rows, 10, arena);
    db_rows_done(&rows);
    return err;
}
