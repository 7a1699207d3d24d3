#include "payment/received.h"

#include "association/rows.h"
#include "queries.h"

static enum err read_day(const struct db_rows *rows, int column, struct date *day)
{
    if (db_column_is_null(rows, column) || date_parse_iso(db_column_str(rows, column), day))
        return OK;
    return fail(ERR_DB, "a date that is none: %.*s", STR_PRINT(db_column_str(rows, column)));
}

/* ---- the payment ---- */

static void read_payer(const struct db_rows *rows, struct arena *arena, struct received *received)
{
    received->member_id = db_column_int(rows, 7);
    received->member_number = db_column_int(rows, 8);
    received->first_name = db_column_text_or_empty(rows, 9, arena);
    received->last_name = db_column_text_or_empty(rows, 10, arena);
    received->email = db_column_text_or_empty(rows, 11, arena);
}

static void read_entry(const struct db_rows *rows, struct arena *arena, struct received *received)
{
    received->entry_id = db_column_int(rows, 12);
    received->entry_number = db_column_int(rows, 13);
    received->journal = db_column_text_or_empty(rows, 14, arena);
    received->year = db_column_text_or_empty(rows, 15, arena);
}

static enum err read_cheque(const struct db_rows *rows, struct arena *arena,
                            struct received_cheque *cheque)
{
    enum err err;

    if (db_column_is_null(rows, 20))
        return OK;
    cheque->number = db_column_text(rows, 20, arena);
    cheque->bank = db_column_text(rows, 21, arena);
    cheque->drawer = db_column_text(rows, 22, arena);
    cheque->deposit_id = db_column_int(rows, 24);
    cheque->deposit_number = db_column_int(rows, 25);
    cheque->returned = !db_column_is_null(rows, 27);
    err = read_day(rows, 23, &cheque->due_day);
    return err ? err : read_day(rows, 26, &cheque->deposit_day);
}

static enum err read_received(const struct db_rows *rows, struct arena *arena,
                              struct received *received)
{
    received->provider_account_id = db_column_int(rows, 0);
    received->provider = db_column_text(rows, 1, arena);
    received->means = db_column_text(rows, 2, arena);
    received->reference = db_column_text(rows, 3, arena);
    received->amount_cents = db_column_int(rows, 4);
    received->currency = db_column_text(rows, 5, arena);
    received->fact_at = db_column_int(rows, 6);
    read_payer(rows, arena, received);
    read_entry(rows, arena, received);
    received->flag = db_column_text(rows, 16, arena);
    received->returned_cents = db_column_int(rows, 17);
    received->has_fee = !db_column_is_null(rows, 28);
    received->fee_cents = db_column_int(rows, 28);
    received->net_cents = db_column_int(rows, 30) - received->fee_cents;
    received->disputed = db_column_int(rows, 29) != 0;
    received->reversed = db_column_int(rows, 18) != 0;
    received->quarantined = db_column_int(rows, 19) != 0;
    return read_cheque(rows, arena, &received->cheque);
}

enum err received_find(struct db *db, int64_t association_id, int64_t transaction_id,
                       struct arena *arena, struct received *received)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_RECEIVED_FIND, DB_VALUES(db_int(association_id), db_int(transaction_id)),
                 &rows, &found);

    *received = (struct received){.id = transaction_id};
    if (!err && found)
        err = read_received(&rows, arena, received);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such payment");
    db_rows_done(&rows);
    return err;
}

/* ---- what it pays, and what became of it ---- */

static enum err read_part(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct received_part *part = item;

    part->charge_line_id = db_column_int(rows, 0);
    part->is_donation = str_is(db_column_str(rows, 1), "donation");
    part->label = db_column_text(rows, 2, arena);
    part->member_number = db_column_int(rows, 3);
    part->first_name = db_column_text(rows, 4, arena);
    part->last_name = db_column_text(rows, 5, arena);
    part->cents = db_column_int(rows, 6);
    return OK;
}

enum err received_parts(struct db *db, int64_t association_id, int64_t transaction_id,
                        struct arena *arena, struct received_part **parts, size_t *count)
{
    return rows_read_all(db, Q_RECEIVED_PARTS,
                         DB_VALUES(db_int(association_id), db_int(transaction_id)), read_part,
                         sizeof(**parts), arena, (void **)parts, count);
}

static enum err read_later(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct received_later *later = item;

    later->kind = db_column_text(rows, 0, arena);
    later->amount_cents = db_column_int(rows, 1);
    later->fact_at = db_column_int(rows, 2);
    later->entry_id = db_column_int(rows, 3);
    later->entry_number = db_column_int(rows, 4);
    later->journal = db_column_text_or_empty(rows, 5, arena);
    later->means = db_column_text(rows, 6, arena);
    later->reason = db_column_text(rows, 7, arena);
    return OK;
}

enum err received_later(struct db *db, int64_t association_id, int64_t transaction_id,
                        struct arena *arena, struct received_later **later, size_t *count)
{
    return rows_read_all(db, Q_RECEIVED_LATER,
                         DB_VALUES(db_int(association_id), db_int(transaction_id)), read_later,
                         sizeof(**later), arena, (void **)later, count);
}
