#include "payment/posting_fact.h"

#include "base/arena.h"
#include "queries.h"

/* Where a fee is booked: 627, or with the money that did not begin in Guichet. */
static enum err find_account(struct posting_fact *work, const char **account)
{
    struct accounting_pair pair =
        accounting_accounts_for(ACCOUNTING_FEE, ACCOUNTING_CASH, NULL, NULL);
    struct movement capture;
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    *account = pair.debit;
    if (!work->root_id || !work->parent.elsewhere)
        return OK;
    err = movement_find(&work->posting, work->fact->association_id, work->root_id, &capture);
    if (!err)
        err = db_first(work->posting.db, Q_MOVEMENT_ACCOUNT,
                       DB_VALUES(db_int(work->fact->association_id), db_int(capture.entry_id)),
                       &rows, &found);
    if (!err && found)
        *account = db_column_text(&rows, 0, work->posting.arena);
    db_rows_done(&rows);
    return err;
}

static enum err write_entry(struct posting_fact *work, const char *account)
{
    struct posting *posting = &work->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    const char *transit = posting->account.transit_account;
    int64_t cents = work->value_cents;
    struct entry_result result;
    enum err err = posting_begin_entry(posting, entry);

    if (err)
        return err;
    entry->label = arena_printf(posting->arena, "Frais %s", posting->account.label);
    entry_debit(entry, cents > 0 ? account : transit, 0, cents > 0 ? cents : -cents);
    entry_credit(entry, cents > 0 ? transit : account, 0, cents > 0 ? cents : -cents);
    return posting_finish_entry(posting, entry, &result);
}

/* By payment at once; by month when the month has ended (payment_book_fees). */
static enum err book(struct posting_fact *work, struct post_result *result)
{
    const char *account;
    bool by_month = work->posting.association.fee_booking == FEES_BY_MONTH;
    enum err err;

    result->outcome = OUTCOME_POSTED;
    if (!work->known_value)
        return fact_without_value(work, &work->posting, result);
    if (work->value_cents == 0 || (by_month && !work->parent.elsewhere))
        return OK;
    err = find_account(work, &account);
    return err ? err : write_entry(work, account);
}

enum err post_fee(struct posting_fact *work, struct post_result *result)
{
    const char *kind = work->fact->kind == FACT_FEE ? "fee" : "dispute_fee";
    struct movement_draft draft;
    bool go = false;
    enum err err = fact_check(work->fact, FACT_SIGNED);

    if (!err)
        err = fact_find_parent(work, result, &go);
    if (!err && go)
        err = fact_begin(work, &work->posting);
    if (err || !go)
        return err;
    if (work->fact->amount_cents == 0) {
        work->known_value = true;
        work->value_cents = 0;
    }
    draft = fact_movement(work, kind, -work->fact->amount_cents);
    draft.converted = work->posting.converted && work->fact->amount_cents != 0;
    draft.settled_cents = draft.counted_cents = -work->value_cents;
    err = fact_add(work, &work->posting, &draft, result, &go);
    if (!err && go)
        err = book(work, result);
    return err || !go ? err : fact_finish(work, &work->posting);
}
