#include "payment/posting_fact.h"

#include "base/arena.h"
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
