#include "payment/posting_fact.h"

#include "association/outbox.h"
#include "base/arena.h"
#include "queries.h"

/* Until the association has told its bank account. */
#define BANK_DEFAULT "5121"

/* How another movement is booked, and called. */
static const struct nature {
    enum accounting_fact out, in;
    const char *label;
} natures[] = {
    [NATURE_UNKNOWN] = {ACCOUNTING_UNKNOWN, ACCOUNTING_CAPTURE_UNKNOWN, "Mouvement"},
    [NATURE_FEE] = {ACCOUNTING_FEE, ACCOUNTING_FEE, "Frais"},
    [NATURE_RESERVE] = {ACCOUNTING_RESERVE, ACCOUNTING_RESERVE, "Réserve"},
    [NATURE_TRANSFER] = {ACCOUNTING_TRANSFER, ACCOUNTING_TRANSFER, "Virement interne"},
    [NATURE_INCOME] = {ACCOUNTING_UNKNOWN, ACCOUNTING_INCOME, "Produit"},
};

/* ---- the account on the other side ---- */

static enum err find_bank(struct posting_fact *work, const char **account)
{
    struct posting *posting = &work->posting;
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    if (work->parent.entry_id)
        err = db_first(posting->db, Q_PAYOUT_BANK,
                       DB_VALUES(db_int(posting->association.id), db_int(work->parent.entry_id),
                                 db_text(posting->account.transit_account)),
                       &rows, &found);
    else
        err = db_first(posting->db, Q_BANK_FIRST, DB_VALUES(db_int(posting->association.id)),
                       &rows, &found);
    *account = !err && found ? db_column_text(&rows, 0, posting->arena) : BANK_DEFAULT;
    db_rows_done(&rows);
    return err;
}

static const char *nature_account(const struct nature *nature, int64_t cents)
{
    enum accounting_fact fact = cents < 0 ? nature->out : nature->in;
    struct accounting_pair pair = accounting_accounts_for(fact, ACCOUNTING_CASH, NULL, NULL);

    return pair.debit ? pair.debit : pair.credit;
}

/* ---- writing ---- */

/* cents: what the transit account gets, signed. */
static enum err write_entry(struct posting_fact *work, const char *account, const char *label,
                            int64_t cents)
{
    struct posting *posting = &work->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    const char *transit = posting->account.transit_account;
    struct entry_result result;
    enum err err = posting_begin_entry(posting, entry);

    if (err)
        return err;
    entry->label = arena_printf(posting->arena, "%s %s", label, posting->account.label);
    entry_debit(entry, cents > 0 ? transit : account, 0, cents > 0 ? cents : -cents);
    entry_credit(entry, cents > 0 ? account : transit, 0, cents > 0 ? cents : -cents);
    return posting_finish_entry(posting, entry, &result);
}

static enum err note_unknown(struct posting_fact *work, struct post_result *result)
{
    struct posting *posting = &work->posting;
    enum err err;

    result->outcome = OUTCOME_QUARANTINED;
    err = posting_quarantine(posting, "unknown_type", work->fact->type ? work->fact->type : "");
    return err ? err
               : outbox_add(posting->db, posting->association.id, "to_place", 0,
                            posting->transaction_id, posting->now);
}

static enum err book_other(struct posting_fact *work, struct post_result *result)
{
    const struct nature *nature = &natures[work->fact->nature];
    const char *account = nature_account(nature, work->value_cents);
    enum err err = write_entry(work, account, nature->label, work->value_cents);

    return err || work->fact->nature != NATURE_UNKNOWN ? err : note_unknown(work, result);
}

static enum err book_payout(struct posting_fact *work)
{
    bool failed = work->fact->kind == FACT_PAYOUT_FAILED;
    const char *account;
    enum err err = find_bank(work, &account);

    return err ? err
               : write_entry(work, account, failed ? "Virement échoué" : "Virement",
                             failed ? work->value_cents : -work->value_cents);
}

static enum err book(struct posting_fact *work, struct post_result *result)
{
    result->outcome = work->value_cents ? OUTCOME_POSTED : OUTCOME_NOTED;
    if (!work->known_value)
        return fact_without_value(work, &work->posting, result);
    if (work->value_cents == 0)
        return OK;
    return work->fact->kind == FACT_OTHER ? book_other(work, result) : book_payout(work);
}

/* ---- all of it ---- */

static struct movement_draft draft_of(const struct posting_fact *work)
{
    static const char *const names[] = {
        [FACT_PAYOUT] = "payout", [FACT_PAYOUT_FAILED] = "payout_failed", [FACT_OTHER] = "other"};
    int sign = work->fact->kind == FACT_PAYOUT ? -1 : 1;
    struct movement_draft draft =
        fact_movement(work, names[work->fact->kind], sign * work->fact->amount_cents);

    draft.member_id = 0;
    draft.converted = work->posting.converted;
    draft.settled_cents = draft.counted_cents = sign * work->value_cents;
    return draft;
}

enum err post_account(struct posting_fact *work, struct post_result *result)
{
    struct movement_draft draft;
    bool go = false;
    enum err err = fact_check(work->fact, FACT_SIGNED);

    if (!err)
        err = work->fact->kind == FACT_PAYOUT_FAILED ? fact_find_parent(work, result, &go)
                                                     : fact_in_scope(work, result, &go);
    if (!err && go)
        err = fact_begin(work, &work->posting);
    if (err || !go)
        return err;
    draft = draft_of(work);
    err = fact_add(work, &work->posting, &draft, result, &go);
    if (!err && go)
        err = book(work, result);
    return err || !go ? err : fact_finish(work, &work->posting);
}
