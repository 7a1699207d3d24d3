#include "payment/taking.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/advance.h"
#include "payment/internal.h"
#include "queries.h"

/* ---- reading ---- */

static enum err read_capture(struct taking *taking, int64_t association_id, int64_t transaction_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(taking->posting.db, Q_CAPTURE_READ,
                 DB_VALUES(db_int(association_id), db_int(transaction_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such payment");
    if (!err && (db_column_int(&rows, 7) != 0 || db_column_is_null(&rows, 5)))
        err = fail(ERR_CONFLICT, "the payment waits to be attached to a member");
    if (!err) {
        taking->capture_id = transaction_id;
        taking->capture_account_id = db_column_int(&rows, 0);
        taking->capture_cents = db_column_int(&rows, 1);
        taking->posting.piece = db_column_text(&rows, 3, taking->posting.arena);
        taking->member_id = db_column_int(&rows, 4);
        taking->returned_cents = db_column_int(&rows, 6);
    }
    db_rows_done(&rows);
    return err;
}

static enum err read_lines(struct taking *taking, int64_t association_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(taking->posting.db, Q_CAPTURE_LINES,
                             DB_VALUES(db_int(association_id), db_int(taking->capture_id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (taking->line_count == TAKING_LINES_MAX) {
            err = fail(ERR_LIMIT, "a payment in more than %d carts", TAKING_LINES_MAX);
            break;
        }
        taking->lines[taking->line_count++] = (struct taking_line){
            .id = db_column_int(&rows, 0),
            .member_id = db_column_int(&rows, 1),
            .member_number = db_column_int(&rows, 2),
            .amount_cents = db_column_int(&rows, 3),
            .advance_cents = db_column_int(&rows, 4),
            .fiscal_year_id = db_column_int(&rows, 5),
        };
    }
    db_rows_done(&rows);
    return err;
}

enum err taking_read(struct taking *taking, int64_t association_id, int64_t transaction_id)
{
    enum err err = read_capture(taking, association_id, transaction_id);

    if (!err)
        err = read_lines(taking, association_id);
    for (size_t i = 0; !err && i < taking->line_count; i++)
        err = undo_read_payment(taking->posting.db, association_id, taking->lines[i].id,
                                taking->posting.arena, &taking->lines[i].parts,
                                &taking->lines[i].part_count);
    return err;
}

/* ---- writing ---- */

enum err taking_add_movement(struct taking *taking, const char *kind, const char *reference,
                             int64_t cents, int64_t fact_at, bool *fresh)
{
    struct posting *posting = &taking->posting;
    struct db_rows rows = {0};
    enum err err = random_id(&posting->transaction_id);

    if (err)
        return err;
    posting->amount_cents = cents;
    err = db_first(posting->db, Q_MOVEMENT_ADD,
                   DB_VALUES(db_int(posting->association.id), db_int(posting->transaction_id),
                             db_int(posting->account.id), db_text(kind), db_text(reference),
                             db_int(-cents), db_text(posting->association.currency->code),
                             db_int(fact_at),
                             taking->member_id ? db_int(taking->member_id) : db_null(),
                             taking->capture_id ? db_int(taking->capture_id) : db_null(),
                             db_int(posting->now)),
                   &rows, fresh);
    db_rows_done(&rows);
    return err;
}

static void fill_entry(struct taking *taking, struct entry_draft *entry)
{
    struct posting *posting = &taking->posting;
    struct accounting_pair pair = accounting_accounts_for(ACCOUNTING_ADVANCE_OUT, ACCOUNTING_CASH,
                                                          posting->account.transit_account, NULL);

    for (size_t i = 0; i < taking->line_count; i++) {
        const struct taking_line *line = &taking->lines[i];

        undo_debit(line->parts, line->part_count, entry);
        entry_debit(entry, pair.debit, line->member_number, line->advance_take_cents);
    }
    entry_credit(entry, pair.credit, 0, posting->amount_cents);
}

static enum err undo_lines(struct taking *taking)
{
    struct posting *posting = &taking->posting;
    enum err err = OK;

    for (size_t i = 0; !err && i < taking->line_count; i++)
        err = undo_write(posting->db, taking->lines[i].parts, taking->lines[i].part_count,
                         posting->association.id, posting->entry_id, posting->now);
    return err;
}

enum err taking_write(struct taking *taking, const char *label)
{
    struct posting *posting = &taking->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    struct entry_result result;
    enum err err = posting_begin_entry(posting, entry);

    if (err)
        return err;
    entry->label = label;
    fill_entry(taking, entry);
    err = posting_finish_entry(posting, entry, &result);
    return err ? err : undo_lines(taking);
}

int64_t taking_of_line(const struct taking_line *line)
{
    return money_add(undo_taken(line->parts, line->part_count), line->advance_take_cents);
}

enum err taking_note(struct taking *taking, const char *reason, int64_t login_id)
{
    struct posting *posting = &taking->posting;

    if (!reason || !reason[0])
        return OK;
    return db_run(posting->db, Q_MOVEMENT_NOTE_ADD,
                  DB_VALUES(db_int(posting->association.id), db_int(posting->transaction_id),
                            db_text(reason), login_id ? db_int(login_id) : db_null()));
}

enum err taking_use_advances(struct taking *taking)
{
    struct posting *posting = &taking->posting;
    enum err err = OK;

    for (size_t i = 0; !err && i < taking->line_count; i++) {
        const struct advance_use use = {
            .association = &posting->association,
            .member_id = taking->lines[i].member_id,
            .date = posting->fact_date,
            .piece = posting->piece,
            .now = posting->now,
        };

        err = advance_use(posting->db, &use, posting->arena, NULL);
    }
    return err;
}
