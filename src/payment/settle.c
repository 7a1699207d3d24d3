#include "payment/settle.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/returning.h"
#include "queries.h"

#include <string.h>

static const char suspense[] = "471";

/* ---- reading ---- */

static void judge(struct settle_row *row)
{
    bool unknown = strcmp(row->reason, "unknown_intent") == 0;
    bool excess = strcmp(row->reason, "excess") == 0;

    row->choices = (struct settle_choices){
        .attach = !row->settled && unknown && row->entry_id,
        .classify = !row->settled && !excess && row->standing_cents != 0,
        .see = !row->settled && (excess || (row->entry_id && row->standing_cents == 0)),
    };
}

enum err settle_find(struct db *db, int64_t association_id, int64_t quarantine_id,
                     struct arena *arena, struct settle_row *row)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_SETTLE_FIND, DB_VALUES(db_int(association_id), db_int(quarantine_id)),
                 &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "nothing of that name waits");
    if (!err) {
        *row = (struct settle_row){
            .id = db_column_int(&rows, 0),
            .reason = db_column_text(&rows, 1, arena),
            .detail = db_column_text(&rows, 2, arena),
            .since_at = db_column_int(&rows, 3),
            .transaction_id = db_column_int(&rows, 4),
            .kind = db_column_text_or_empty(&rows, 5, arena),
            .reference = db_column_text_or_empty(&rows, 6, arena),
            .payer = db_column_text_or_empty(&rows, 7, arena),
            .account = db_column_text_or_empty(&rows, 8, arena),
            .provider = db_column_text_or_empty(&rows, 9, arena),
            .amount_cents = db_column_int(&rows, 10),
            .currency = db_column_text_or_empty(&rows, 11, arena),
            .fact_at = db_column_int(&rows, 12),
            .entry_id = db_column_int(&rows, 13),
            .standing_cents = db_column_int(&rows, 14),
            .settled = db_column_int(&rows, 15) != 0,
        };
        judge(row);
    }
    db_rows_done(&rows);
    return err;
}

/* ---- one settling: what its steps hand on ---- */

struct settling {
    const struct settle_draft *draft;
    struct settle_row row;
    struct posting posting;
    struct movement movement; /* id 0: the row has none */
};

static enum err begin(struct settling *settling, struct db *db, struct arena *arena)
{
    const struct settle_draft *draft = settling->draft;
    struct posting *posting = &settling->posting;
    enum err err =
        settle_find(db, draft->association_id, draft->quarantine_id, arena, &settling->row);

    posting->db = db;
    posting->arena = arena;
    posting->now = draft->now;
    if (!err && settling->row.settled)
        err = fail(ERR_CONFLICT, "somebody settled it before");
    if (!err && settling->row.transaction_id)
        err = movement_find(posting, draft->association_id, settling->row.transaction_id,
                            &settling->movement);
    return err;
}

/* The row and its audit. */
static enum err end(struct settling *settling, const char *how, int64_t entry_id)
{
    const struct settle_draft *draft = settling->draft;
    struct posting *posting = &settling->posting;
    enum err err =
        db_run(posting->db, Q_QUARANTINE_SETTLE,
               DB_VALUES(db_int(draft->association_id), db_int(draft->quarantine_id), db_text(how),
                         db_text(draft->reason ? draft->reason : ""),
                         entry_id ? db_int(entry_id) : db_null(),
                         draft->actor.login_id ? db_int(draft->actor.login_id) : db_null(),
                         db_int(draft->now)));

    if (err)
        return err;
    return audit_add(
        posting->db, draft->association_id, &draft->actor,
        arena_printf(posting->arena, "quarantine.%s", how),
        arena_printf(posting->arena, "quarantine:%lld", (long long)draft->quarantine_id),
        arena_printf(posting->arena, "%s %lld", settling->row.reference,
                     (long long)settling->row.standing_cents));
}

/* ---- attaching ---- */

/* What went back of it was taken from 471: it goes where the payment went. */
static enum err move_returns(struct settling *settling)
{
    const struct settle_draft *draft = settling->draft;
    struct returning *returning = arena_alloc(settling->posting.arena, sizeof(*returning));
    struct posting *posting = &returning->posting;
    int64_t moved_cents;
    enum err err;

    posting->db = settling->posting.db;
    posting->arena = settling->posting.arena;
    posting->now = draft->now;
    err = returning_read(returning, draft->association_id, settling->movement.id);
    if (!err)
        err = posting_begin(posting, draft->association_id, settling->movement.account_id,
                            draft->now);
    returning->before = (struct return_sums){0};
    moved_cents = returning_total(&returning->after);
    if (err || moved_cents == 0)
        return err;
    err = db_integer(posting->db, Q_RETURN_LATEST,
                     DB_VALUES(db_int(draft->association_id), db_int(settling->movement.id)), 0,
                     &posting->transaction_id);
    posting->piece = settling->movement.reference;
    returning->label = arena_printf(posting->arena, "Rattaché, %s", posting->account.label);
    returning->login_id = draft->actor.login_id;
    return err ? err : returning_move(returning, returning->label, suspense, -moved_cents);
}

static enum err write_payment(struct settling *settling, int64_t member_id)
{
    const struct settle_draft *draft = settling->draft;
    struct posting *posting = &settling->posting;
    enum err err =
        posting_begin(posting, draft->association_id, settling->movement.account_id, draft->now);

    posting->transaction_id = settling->movement.id;
    posting->amount_cents = settling->movement.counted_cents;
    posting->piece = settling->movement.reference;
    posting->from_account = suspense;
    if (!err)
        err = posting_share_out(posting, member_id, 0);
    if (!err)
        err = posting_write_shares(posting);
    if (!err)
        err = db_run(posting->db, Q_MOVEMENT_SET_MEMBER,
                     DB_VALUES(db_int(draft->association_id), db_int(settling->movement.id),
                               db_int(member_id)));
    return err;
}

enum err settle_attach(struct db *db, const struct settle_draft *draft, int64_t member_id,
                       struct arena *arena)
{
    struct settling *settling = arena_alloc(arena, sizeof(*settling));
    enum err err;

    settling->draft = draft;
    err = begin(settling, db, arena);
    if (!err && !settling->row.choices.attach)
        err = fail(ERR_CONFLICT, "this is no payment to attach");
    if (!err)
        err = write_payment(settling, member_id);
    if (!err)
        err = move_returns(settling);
    return err ? err : end(settling, "attached", settling->posting.entry_id);
}

/* ---- classifying ---- */

static void fill(struct entry_draft *entry, const char *account_code, int64_t standing_cents)
{
    if (standing_cents > 0) {
        entry_debit(entry, suspense, 0, standing_cents);
        entry_credit(entry, account_code, 0, standing_cents);
    } else {
        entry_debit(entry, account_code, 0, -standing_cents);
        entry_credit(entry, suspense, 0, -standing_cents);
    }
}

static enum err write_entry(struct settling *settling, const char *account_code, int64_t *entry_id)
{
    const struct settle_draft *draft = settling->draft;
    struct posting *posting = &settling->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    struct entry_result result;
    enum err err = association_find(posting->db, draft->association_id, posting->arena,
                                    &posting->association);

    if (!err)
        err = random_id(&entry->id);
    if (err)
        return err;
    entry->association = &posting->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = zone_date(posting->association.zone, draft->now);
    entry->piece = settling->row.reference;
    entry->label = "Classement d'une somme à rattacher";
    entry->now = draft->now;
    fill(entry, account_code, settling->row.standing_cents);
    *entry_id = entry->id;
    return entry_add(posting->db, entry, posting->arena, &result);
}

bool settle_may_classify_to(const char *account_code)
{
    /* The kernel's own: verify holds them against carts and movements. */
    static const char *const kept[] = {suspense, "4191", "4671", "487"};

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (strcmp(account_code, kept[i]) == 0)
            return false;
    return account_code[0] != '5';
}

static enum err check_account(struct db *db, int64_t association_id, const char *account_code)
{
    bool usable = false;
    enum err err = accounting_account_usable(db, association_id, account_code, &usable);

    if (!err && (!usable || !settle_may_classify_to(account_code)))
        err = fail(ERR_INPUT, "the account takes no lines");
    return err;
}

enum err settle_classify(struct db *db, const struct settle_draft *draft, const char *account_code,
                         struct arena *arena)
{
    struct settling *settling = arena_alloc(arena, sizeof(*settling));
    int64_t entry_id = 0;
    enum err err;

    settling->draft = draft;
    err = begin(settling, db, arena);
    if (!err && !settling->row.choices.classify)
        err = fail(ERR_CONFLICT, "nothing of it stands in 471");
    if (!err)
        err = check_account(db, draft->association_id, account_code);
    if (!err)
        err = write_entry(settling, account_code, &entry_id);
    return err ? err : end(settling, "classified", entry_id);
}

/* ---- only seen ---- */

enum err settle_see(struct db *db, const struct settle_draft *draft, struct arena *arena)
{
    struct settling *settling = arena_alloc(arena, sizeof(*settling));
    enum err err;

    settling->draft = draft;
    err = begin(settling, db, arena);
    if (!err && !settling->row.choices.see)
        err = fail(ERR_CONFLICT, "there is something to decide");
    return err ? err : end(settling, "seen", 0);
}
