#include "payment/posting_fact.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/internal.h"
#include "payment/returning.h"
#include "queries.h"

/* ---- which movements waited ---- */

static enum err adopt_named(struct posting_fact *work, const char *name, int64_t *count)
{
    const struct payment_fact *fact = work->fact;
    enum err err;

    if (!name || !name[0])
        return OK;
    err = db_run(work->posting.db, Q_ORPHAN_ADOPT,
                 DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                           db_text(name), db_int(work->posting.transaction_id)));
    if (!err)
        *count += db_changes(work->posting.db);
    return err;
}

/* By every name of the payment; and what followed those that are found. */
static enum err adopt_all(struct posting_fact *work, int64_t *count)
{
    enum err err = adopt_named(work, work->fact->reference, count);

    for (int i = 0; !err && i < FACT_OBJECTS_MAX; i++)
        err = adopt_named(work, work->fact->objects[i], count);
    if (err || *count == 0)
        return err;
    return db_run(
        work->posting.db, Q_ORPHAN_ADOPT_FOLLOWERS,
        DB_VALUES(db_int(work->fact->association_id), db_int(work->posting.transaction_id)));
}

/* ---- their money ---- */

/* It leaves 471 for the accounts and carts of the payment. */
static enum err move_money(struct posting_fact *work, struct returning *returning)
{
    struct accounting_pair suspense =
        accounting_accounts_for(ACCOUNTING_EXCESS, ACCOUNTING_CASH, NULL, NULL);
    struct posting *posting = &returning->posting;
    int64_t moved_cents = returning_total(&returning->after) - returning_total(&returning->before);

    enum err err = db_integer(
        posting->db, Q_RETURN_LATEST,
        DB_VALUES(db_int(work->fact->association_id), db_int(work->posting.transaction_id)), 0,
        &posting->transaction_id);

    posting->piece = work->fact->reference;
    returning->label = arena_printf(posting->arena, "Rattaché, %s", posting->account.label);
    if (err || !posting->transaction_id)
        return err;
    return returning_move(returning, returning->label, suspense.debit, -moved_cents);
}

/* What a person classified before this payment was known goes back to 471, from where it finds its
 * place: the books say what happened, not what was guessed. */
static enum err fill_unclassified(struct posting_fact *work, struct entry_draft *draft)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(
        work->posting.db, Q_ORPHAN_CLASSIFIED,
        DB_VALUES(db_int(work->fact->association_id), db_int(work->posting.transaction_id)),
        &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        const char *code = db_column_text(&rows, 0, work->posting.arena);
        int64_t cents = db_column_int(&rows, 1);

        if (cents > 0)
            entry_credit(draft, code, 0, cents);
        else
            entry_debit(draft, code, 0, -cents);
    }
    db_rows_done(&rows);
    return err;
}

static enum err unclassify(struct posting_fact *work)
{
    const struct posting *posting = &work->posting;
    struct entry_draft *draft = arena_alloc(posting->arena, sizeof(*draft));
    struct entry_result result;
    enum err err = fill_unclassified(work, draft);

    if (!err)
        err = random_id(&draft->id);
    if (err || draft->line_count == 0)
        return err;
    draft->association = &posting->association;
    draft->journal = JOURNAL_OTHER;
    draft->fact_date = zone_date(posting->association.zone, posting->now);
    draft->piece = work->fact->reference;
    draft->label = "Classement annulé, le paiement est connu";
    draft->now = posting->now;
    err = entry_add(posting->db, draft, posting->arena, &result);
    return !err && result.account_missing
               ? account_missing_add(posting->db, posting->association.id, draft->id, "",
                                     posting->now)
               : err;
}

static enum err settle_all(struct posting_fact *work, int64_t entry_id)
{
    return db_run(work->posting.db, Q_ORPHAN_SETTLED,
                  DB_VALUES(db_int(work->fact->association_id),
                            db_int(work->posting.transaction_id),
                            entry_id ? db_int(entry_id) : db_null(), db_int(work->posting.now)));
}

static enum err wake_waiting(struct posting_fact *work)
{
    return db_run(work->posting.db, Q_EVENT_PARENT_CAME,
                  DB_VALUES(db_int(work->fact->association_id),
                            db_int(work->fact->provider_account_id), db_int(work->posting.now)));
}

enum err adopt_orphans(struct posting_fact *work)
{
    struct returning *returning;
    int64_t count = 0;
    enum err err = wake_waiting(work);

    if (!err)
        err = adopt_all(work, &count);
    if (err || count == 0)
        return err;
    err = unclassify(work);
    if (err)
        return err;
    returning = arena_alloc(work->posting.arena, sizeof(*returning));
    returning->posting.db = work->posting.db;
    returning->posting.arena = work->posting.arena;
    returning->posting.now = work->posting.now;
    err = returning_read(returning, work->fact->association_id, work->posting.transaction_id);
    if (!err)
        err = posting_begin(&returning->posting, work->fact->association_id,
                            work->fact->provider_account_id, work->fact_at);
    returning->before = (struct return_sums){0};
    if (!err)
        err = move_money(work, returning);
    return err ? err : settle_all(work, returning->posting.entry_id);
}
