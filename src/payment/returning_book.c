#include "payment/returning.h"

#include "association/outbox.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

/* ---- what finds no room ---- */

static enum err settle_excess(struct returning *returning)
{
    struct posting *posting = &returning->posting;

    return db_run(posting->db, Q_QUARANTINE_NO_EXCESS,
                  DB_VALUES(db_int(posting->association.id), db_int(returning->capture.id),
                            posting->entry_id ? db_int(posting->entry_id) : db_null(),
                            db_int(posting->now)));
}

/* More went back than came in: somebody looks at it, until it is so no more. */
static enum err note_excess(struct returning *returning)
{
    struct posting *posting = &returning->posting;
    int64_t before = returning_excess(returning, &returning->before);
    int64_t after = returning_excess(returning, &returning->after);
    char text[MONEY_TEXT_MAX];
    enum err err = OK;

    if (returning->line_count == 0 || after == before)
        return OK;
    if (after == 0)
        return settle_excess(returning);
    if (returning->posting.transaction_id == 0)
        return OK;
    err = posting_quarantine(posting, "excess",
                             money_format(text, after, posting->association.currency));
    return err ? err
               : outbox_add(posting->db, posting->association.id, "to_place", 0,
                            posting->transaction_id, posting->now);
}

/* ---- the entry ---- */

static void fill_signed(struct entry_draft *entry, const char *account, int64_t debit_cents)
{
    if (debit_cents > 0)
        entry_debit(entry, account, 0, debit_cents);
    else
        entry_credit(entry, account, 0, -debit_cents);
}

static enum err write_rest(struct returning *returning)
{
    enum err err = returning_write(returning);

    if (!err)
        err = note_excess(returning);
    return err ? err : returning_use_advances(returning);
}

enum err returning_book(struct returning *returning, const char *label, int64_t transit_cents)
{
    struct posting *posting = &returning->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    struct entry_result result;
    enum err err = returning_plan(returning);

    posting->entry_id = 0;
    if (!err)
        err = posting_begin_entry(posting, entry);
    if (err)
        return err;
    entry->label = label;
    returning_fill(returning, entry);
    fill_signed(entry, posting->account.transit_account, transit_cents);
    posting_exchange(entry);
    if (entry->line_count > 0)
        err = posting_finish_entry(posting, entry, &result);
    return err ? err : write_rest(returning);
}

enum err returning_move(struct returning *returning, const char *label, const char *counter,
                        int64_t counter_cents)
{
    struct posting *posting = &returning->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    struct entry_result result;
    enum err err = returning_plan(returning);

    posting->entry_id = 0;
    if (!err)
        err = posting_begin_entry(posting, entry);
    if (err)
        return err;
    entry->journal = JOURNAL_OTHER;
    entry->label = label;
    returning_fill(returning, entry);
    fill_signed(entry, counter, counter_cents);
    if (entry->line_count > 0) {
        posting->entry_id = entry->id;
        err = entry_add(posting->db, entry, posting->arena, &result);
    }
    return err ? err : write_rest(returning);
}
