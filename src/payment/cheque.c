#include "payment/manual.h"

#include "base/arena.h"
#include "payment/received.h"
#include "payment/take_back.h"
#include "payment/movement.h"
#include "queries.h"

#include <string.h>

/* ---- a movement between a means and the bank ---- */

/* One movement of the means' transit account and its entry. */
struct bank_move {
    struct posting posting;
    int64_t parent_id; /* the cheque's payment, or 0 */
    const char *kind;
    const char *reference;
    const char *label;
    int64_t cents;     /* positive: it leaves the means' account */
    bool is_fee;       /* kept by the bank */
    const char *other; /* the other account; NULL for a fee */
    struct date day;
};

static enum err write_move_entry(struct bank_move *move)
{
    struct posting *posting = &move->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    struct accounting_pair pair =
        accounting_accounts_for(move->is_fee ? ACCOUNTING_FEE : ACCOUNTING_PAYOUT, ACCOUNTING_CASH,
                                posting->account.transit_account, move->other);
    struct entry_result result;
    enum err err = posting_begin_entry(posting, entry);

    if (err)
        return err;
    entry->journal = JOURNAL_BANK;
    entry->fact_date = move->day;
    entry->label = move->label;
    if (move->cents > 0) {
        entry_debit(entry, pair.debit, 0, move->cents);
        entry_credit(entry, pair.credit, 0, move->cents);
    } else {
        entry_debit(entry, pair.credit, 0, -move->cents);
        entry_credit(entry, pair.debit, 0, -move->cents);
    }
    return posting_finish_entry(posting, entry, &result);
}

static enum err add_move(struct bank_move *move, int64_t fact_at, bool *fresh)
{
    const struct movement_draft draft = {
        .kind = move->kind,
        .reference = move->reference,
        .amount_cents = -move->cents,
        .currency = move->posting.association.currency->code,
        .fact_at = fact_at,
        .parent_id = move->parent_id,
    };

    return movement_add(&move->posting, &draft, fresh);
}

static enum err write_move(struct bank_move *move, int64_t association_id, int64_t account_id)
{
    struct posting *posting = &move->posting;
    int64_t fact_at = 0;
    bool fresh = false;
    enum err err =
        association_find(posting->db, association_id, posting->arena, &posting->association);

    if (!err) {
        fact_at = zone_day_start(posting->association.zone, move->day) + 12 * 3600;
        err = posting_begin(posting, association_id, account_id, fact_at);
    }
    posting->piece = move->reference;
    if (!err)
        err = add_move(move, fact_at, &fresh);
    if (!err && !fresh)
        err = fail(ERR_CONFLICT, "%s %s is booked already", move->kind, move->reference);
    return err ? err : write_move_entry(move);
}

static struct bank_move *new_move(struct db *db, struct arena *arena, int64_t now)
{
    struct bank_move *move = arena_alloc(arena, sizeof(*move));

    move->posting.db = db;
    move->posting.arena = arena;
    move->posting.now = now;
    return move;
}

/* ---- to the bank ---- */

static enum err add_up(struct db *db, const struct cheque_deposit *deposit, int64_t *total_cents)
{
    enum err err = OK;

    *total_cents = 0;
    for (size_t i = 0; !err && i < deposit->count; i++) {
        struct db_rows rows = {0};
        bool found = false;

        err = db_first(
            db, Q_CHEQUE_READ,
            DB_VALUES(db_int(deposit->association_id), db_int(deposit->transaction_ids[i])), &rows,
            &found);
        if (!err && (!found || db_column_int(&rows, 7) != deposit->provider_account_id))
            err = fail(ERR_NOT_FOUND, "no such cheque");
        if (!err)
            *total_cents = money_add(*total_cents, db_column_int(&rows, 6));
        db_rows_done(&rows);
    }
    return err;
}

static enum err mark_deposited(struct db *db, const struct cheque_deposit *deposit)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < deposit->count; i++) {
        int64_t done = 0;

        err = db_integer(db, Q_CHEQUE_DEPOSITED,
                         DB_VALUES(db_int(deposit->association_id),
                                   db_int(deposit->transaction_ids[i]), db_int(deposit->id)),
                         0, &done);
        if (!err && !done)
            err = fail(ERR_CONFLICT, "a cheque was deposited or returned meanwhile");
    }
    return err;
}

static enum err add_deposit(struct db *db, const struct cheque_deposit *deposit, int64_t number,
                            int64_t movement_id)
{
    char day[DATE_TEXT_MAX];

    date_format_iso(day, deposit->day);
    return db_run(db, Q_DEPOSIT_ADD,
                  DB_VALUES(db_int(deposit->association_id), db_int(deposit->id), db_int(number),
                            db_int(movement_id), db_text(deposit->bank_account), db_text(day),
                            deposit->actor.login_id ? db_int(deposit->actor.login_id) : db_null(),
                            db_int(deposit->now)));
}

static enum err move_to_bank(struct db *db, const struct cheque_deposit *deposit,
                             struct arena *arena, int64_t number, int64_t cents,
                             int64_t *movement_id)
{
    struct bank_move *move = new_move(db, arena, deposit->now);
    enum err err;

    move->kind = "payout";
    move->reference = arena_printf(arena, "Remise %lld", (long long)number);
    move->label = arena_printf(arena, "Remise de %zu chèque%s n° %lld", deposit->count,
                               deposit->count > 1 ? "s" : "", (long long)number);
    move->cents = cents;
    move->other = deposit->bank_account;
    move->day = deposit->day;
    err = write_move(move, deposit->association_id, deposit->provider_account_id);
    *movement_id = move->posting.transaction_id;
    return err;
}

enum err payment_deposit(struct db *db, const struct cheque_deposit *deposit, struct arena *arena,
                         int64_t *number, int64_t *total_cents)
{
    int64_t movement_id = 0;
    enum err err;

    if (deposit->count == 0)
        return fail(ERR_INPUT, "a deposit of no cheque");
    err = add_up(db, deposit, total_cents);
    if (!err)
        err = db_integer(db, Q_DEPOSIT_NEXT_NUMBER, DB_VALUES(db_int(deposit->association_id)), 1,
                         number);
    if (!err)
        err = move_to_bank(db, deposit, arena, *number, *total_cents, &movement_id);
    if (!err)
        err = add_deposit(db, deposit, *number, movement_id);
    if (!err)
        err = mark_deposited(db, deposit);
    if (!err)
        err = audit_add(db, deposit->association_id, &deposit->actor, "cheques.deposited",
                        arena_printf(arena, "deposit:%lld", (long long)deposit->id),
                        arena_printf(arena, "%zu, %lld", deposit->count, (long long)*total_cents));
    return err;
}

/* ---- and back ---- */

struct returning {
    struct db *db;
    const struct cheque_return *cheque_return;
    struct arena *arena;
    const char *number;
    const char *bank_account; /* NULL: not deposited */
    int64_t amount_cents;
    int64_t account_id;
    struct association association;
    int64_t fact_at;
};

static enum err read_cheque(struct returning *returning)
{
    const struct cheque_return *given = returning->cheque_return;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(
        returning->db, Q_CHEQUE_READ,
        DB_VALUES(db_int(given->association_id), db_int(given->transaction_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such cheque");
    if (!err && !db_column_is_null(&rows, 5))
        err = fail(ERR_CONFLICT, "the cheque came back before");
    if (!err) {
        returning->number = db_column_text(&rows, 0, returning->arena);
        returning->amount_cents = db_column_int(&rows, 6);
        returning->account_id = db_column_int(&rows, 7);
        returning->bank_account =
            db_column_is_null(&rows, 8) ? NULL : db_column_text(&rows, 8, returning->arena);
    }
    db_rows_done(&rows);
    return err;
}

static enum err take_payment_back(struct returning *returning)
{
    const struct cheque_return *given = returning->cheque_return;
    const struct payment_reversal reversal = {
        .association_id = given->association_id,
        .transaction_id = given->transaction_id,
        .reference =
            arena_printf(returning->arena, "Impayé %lld", (long long)given->transaction_id),
        .label = arena_printf(returning->arena, "Chèque n° %s impayé", returning->number),
        .reason = given->reason,
        .fact_at = returning->fact_at,
        .actor = given->actor,
        .now = given->now,
    };
    int64_t movement_id = 0;
    enum err err = payment_reverse(returning->db, &reversal, returning->arena, &movement_id);

    return err ? err
               : db_run(returning->db, Q_CHEQUE_RETURNED,
                        DB_VALUES(db_int(given->association_id), db_int(given->transaction_id),
                                  db_int(movement_id)));
}

static enum err move(struct returning *returning, const char *kind, const char *label,
                     int64_t cents, const char *other)
{
    const struct cheque_return *given = returning->cheque_return;
    struct bank_move *bank_move = new_move(returning->db, returning->arena, given->now);

    bank_move->parent_id = given->transaction_id;
    bank_move->kind = kind;
    bank_move->reference =
        arena_printf(returning->arena, "Impayé %lld", (long long)given->transaction_id);
    bank_move->label = label;
    bank_move->cents = cents;
    bank_move->is_fee = other == NULL;
    bank_move->other = other;
    bank_move->day = given->day;
    return write_move(bank_move, given->association_id, returning->account_id);
}

/* What the bank had got goes back out of its account, with its fee. */
static enum err take_from_bank(struct returning *returning)
{
    const struct cheque_return *given = returning->cheque_return;
    enum err err = OK;

    if (!returning->bank_account)
        return given->fee_cents
                   ? fail(ERR_INPUT, "a cheque that was not deposited has no bank's fee")
                   : OK;
    if (given->fee_cents > 0)
        err =
            move(returning, "fee",
                 arena_printf(returning->arena, "Frais de chèque impayé n° %s", returning->number),
                 given->fee_cents, NULL);
    return err ? err
               : move(returning, "payout_failed",
                      arena_printf(returning->arena, "Chèque n° %s rejeté par la banque",
                                   returning->number),
                      -money_add(returning->amount_cents, given->fee_cents),
                      returning->bank_account);
}

static enum err recharge(struct returning *returning)
{
    const struct cheque_return *given = returning->cheque_return;
    int64_t member_id = 0;
    enum err err;

    if (given->recharged_cents == 0)
        return OK;
    err = db_integer(returning->db, Q_TRANSACTION_MEMBER,
                     DB_VALUES(db_int(given->association_id), db_int(given->transaction_id)), 0,
                     &member_id);
    if (err)
        return err;
    return payment_charge(
        returning->db,
        &(struct charge_draft){
            .id = given->charge_id,
            .association_id = given->association_id,
            .member_id = member_id,
            .amount_cents = given->recharged_cents,
            .label =
                arena_printf(returning->arena, "Frais de chèque impayé n° %s", returning->number),
            .date = given->day,
            .for_day = given->day,
            .account_code = "7588",
            .login_id = given->actor.login_id,
            .address = given->actor.address,
            .now = given->now,
        },
        returning->arena);
}

enum err payment_cheque_returned(struct db *db, const struct cheque_return *cheque_return,
                                 struct arena *arena)
{
    struct returning returning = {.db = db, .cheque_return = cheque_return, .arena = arena};
    enum err err = read_cheque(&returning);

    if (!err)
        err = association_find(db, cheque_return->association_id, arena, &returning.association);
    if (!err)
        returning.fact_at =
            zone_day_start(returning.association.zone, cheque_return->day) + 12 * 3600;
    if (!err)
        err = take_payment_back(&returning);
    if (!err)
        err = take_from_bank(&returning);
    return err ? err : recharge(&returning);
}

/* ---- noted by mistake ---- */

/* A cheque that is at the bank is no mistake: it comes back, or it is paid. */
static enum err check_undo(struct db *db, const struct payment_reversal *reversal,
                           struct arena *arena)
{
    struct received received;
    enum err err =
        received_find(db, reversal->association_id, reversal->transaction_id, arena, &received);

    if (err)
        return err;
    if (strcmp(received.provider, "manual") != 0)
        return fail(ERR_NOT_FOUND, "the payment came by a provider");
    return received.cheque.deposit_id ? fail(ERR_CONFLICT, "the cheque is at the bank") : OK;
}

enum err payment_undo_manual(struct db *db, const struct payment_reversal *reversal,
                             struct arena *arena)
{
    int64_t movement_id = 0;
    enum err err = check_undo(db, reversal, arena);

    if (!err)
        err = payment_reverse(db, reversal, arena, &movement_id);
    return err ? err
               : db_run(db, Q_CHEQUE_RETURNED,
                        DB_VALUES(db_int(reversal->association_id),
                                  db_int(reversal->transaction_id), db_int(movement_id)));
}
