#include "payment/correct.h"

#include "accounting/accounting.h"
#include "association/cart.h"
#include "association/member.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/advance.h"
#include "payment/internal.h"
#include "queries.h"

enum { CLOSED_MAX = 1000 };

/* ---- a credit that no money made ---- */

struct adjusting {
    struct db *db;
    const struct credit_adjustment *adjustment;
    struct arena *arena;
    struct association association;
    struct member member;
    struct fiscal_year year; /* of the day it is written on */
    struct {
        int64_t charge_line_id, cents;
    } closed[CLOSED_MAX];
    size_t closed_count;
    int64_t rest_cents;
    int64_t entry_id; /* 0: charges took all of it */
};

static enum err find_charges(struct adjusting *adjusting)
{
    const struct credit_adjustment *adjustment = adjusting->adjustment;
    struct cart_due *dues;
    size_t count = 0;
    enum err err = cart_dues(adjusting->db, adjustment->association_id, adjustment->member_id,
                             adjusting->arena, &dues, &count);

    adjusting->rest_cents = adjustment->amount_cents;
    for (size_t i = 0; !err && i < count && adjusting->closed_count < CLOSED_MAX; i++) {
        int64_t cents = dues[i].open_cents < adjusting->rest_cents ? dues[i].open_cents
                                                                   : adjusting->rest_cents;

        if (dues[i].member_id != adjustment->member_id || cents == 0)
            continue;
        adjusting->closed[adjusting->closed_count].charge_line_id = dues[i].charge_line_id;
        adjusting->closed[adjusting->closed_count++].cents = cents;
        adjusting->rest_cents -= cents;
    }
    return err;
}

static enum err read_all(struct adjusting *adjusting)
{
    const struct credit_adjustment *adjustment = adjusting->adjustment;
    struct date entry_date;
    enum err err = association_find(adjusting->db, adjustment->association_id, adjusting->arena,
                                    &adjusting->association);

    if (!err)
        err = member_find(adjusting->db, adjustment->association_id, adjustment->member_id,
                          adjusting->arena, &adjusting->member);
    if (!err)
        err =
            accounting_entry_day(adjusting->db, &adjusting->association, adjustment->date,
                                 adjustment->now, adjusting->arena, &entry_date, &adjusting->year);
    return err ? err : find_charges(adjusting);
}

/* What no charge takes is an advance, against the account the person named. */
static enum err write_rest(struct adjusting *adjusting)
{
    const struct credit_adjustment *adjustment = adjusting->adjustment;
    struct entry_draft *entry = arena_alloc(adjusting->arena, sizeof(*entry));
    struct accounting_pair pair = accounting_accounts_for(ACCOUNTING_ADJUSTED, ACCOUNTING_CASH,
                                                          NULL, adjustment->account_code);
    struct entry_result result;
    enum err err = OK;

    if (adjusting->rest_cents == 0)
        return OK;
    err = random_id(&entry->id);
    if (err)
        return err;
    adjusting->entry_id = entry->id;
    entry->association = &adjusting->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = adjustment->date;
    entry->piece = arena_printf(adjusting->arena, "R%lld", (long long)adjustment->id);
    entry->label = arena_printf(adjusting->arena, "Régularisation, adhérent n° %lld",
                                (long long)adjusting->member.number);
    entry->now = adjustment->now;
    entry_debit(entry, pair.debit, adjusting->member.number, adjusting->rest_cents);
    entry_credit(entry, pair.credit, adjusting->member.number, adjusting->rest_cents);
    err = entry_add(adjusting->db, entry, adjusting->arena, &result);
    return !err && result.account_missing
               ? account_missing_add(adjusting->db, adjustment->association_id, entry->id,
                                     adjustment->account_code, adjustment->now)
               : err;
}

static enum err write_line(struct adjusting *adjusting)
{
    const struct credit_adjustment *adjustment = adjusting->adjustment;
    const struct cart_draft line = {
        .id = adjustment->id,
        .association_id = adjustment->association_id,
        .member_id = adjustment->member_id,
        .kind = CART_ADJUSTMENT,
        .amount_cents = -adjustment->amount_cents,
        .label = adjustment->label,
        .date = adjustment->date,
        .fiscal_year_id = adjusting->year.id,
        .account_code = adjustment->account_code,
        .entry_id = adjusting->entry_id,
        .login_id = adjustment->actor.login_id,
        .now = adjustment->now,
    };

    return cart_add_line(adjusting->db, &line);
}

static enum err close_charges(struct adjusting *adjusting)
{
    const struct credit_adjustment *adjustment = adjusting->adjustment;
    enum err err = OK;

    for (size_t i = 0; !err && i < adjusting->closed_count; i++) {
        const struct allocation_draft draft = {
            .association_id = adjustment->association_id,
            .member_id = adjustment->member_id,
            .payment_line_id = adjustment->id,
            .charge_line_id = adjusting->closed[i].charge_line_id,
            .amount_cents = adjusting->closed[i].cents,
            .now = adjustment->now,
        };

        err = cart_allocate(adjusting->db, &draft);
    }
    return err;
}

enum err payment_adjust_credit(struct db *db, const struct credit_adjustment *adjustment,
                               struct arena *arena)
{
    struct adjusting *adjusting = arena_alloc(arena, sizeof(*adjusting));
    enum err err;

    if (adjustment->amount_cents <= 0 || adjustment->amount_cents > MONEY_MAX_CENTS)
        return fail(ERR_INPUT, "an adjustment must be positive and at most %d", MONEY_MAX_CENTS);
    adjusting->db = db;
    adjusting->adjustment = adjustment;
    adjusting->arena = arena;
    err = read_all(adjusting);
    if (!err)
        err = write_rest(adjusting);
    if (!err)
        err = write_line(adjusting);
    if (!err)
        err = close_charges(adjusting);
    if (!err)
        err = audit_add(db, adjustment->association_id, &adjustment->actor, "adjustment.added",
                        arena_printf(arena, "cart_line:%lld", (long long)adjustment->id),
                        arena_printf(arena, "-%lld", (long long)adjustment->amount_cents));
    return err;
}

/* ---- an advance that moves to another member ---- */

struct transferring {
    struct db *db;
    const struct advance_transfer *transfer;
    struct arena *arena;
    struct association association;
    struct member from, to;
    struct fiscal_year year;
    struct cart_credit *credits;
    size_t credit_count;
    int64_t entry_id;
};

static enum err read_transfer(struct transferring *transferring)
{
    const struct advance_transfer *transfer = transferring->transfer;
    int64_t association_id = transfer->association_id, left = 0;
    struct date entry_date;
    enum err err = association_find(transferring->db, association_id, transferring->arena,
                                    &transferring->association);

    if (!err)
        err = member_find(transferring->db, association_id, transfer->from_member_id,
                          transferring->arena, &transferring->from);
    if (!err)
        err = member_find(transferring->db, association_id, transfer->to_member_id,
                          transferring->arena, &transferring->to);
    if (!err)
        err = accounting_entry_day(transferring->db, &transferring->association, transfer->date,
                                   transfer->now, transferring->arena, &entry_date,
                                   &transferring->year);
    if (!err)
        err =
            cart_credits(transferring->db, association_id, transfer->from_member_id,
                         transferring->arena, &transferring->credits, &transferring->credit_count);
    for (size_t i = 0; !err && i < transferring->credit_count; i++)
        left = money_add(left, transferring->credits[i].left_cents);
    if (!err && left < transfer->amount_cents)
        err = fail(ERR_CONFLICT, "the advance is smaller");
    return err;
}

static enum err write_transfer_entry(struct transferring *transferring)
{
    const struct advance_transfer *transfer = transferring->transfer;
    struct entry_draft *entry = arena_alloc(transferring->arena, sizeof(*entry));
    struct accounting_pair pair =
        accounting_accounts_for(ACCOUNTING_ADVANCE_MOVED, ACCOUNTING_CASH, NULL, NULL);
    struct entry_result result;
    enum err err = random_id(&entry->id);

    if (err)
        return err;
    transferring->entry_id = entry->id;
    entry->association = &transferring->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = transfer->date;
    entry->piece = arena_printf(transferring->arena, "T%lld", (long long)transfer->debit_id);
    entry->label =
        arena_printf(transferring->arena, "Avance transférée, adhérent n° %lld vers n° %lld",
                     (long long)transferring->from.number, (long long)transferring->to.number);
    entry->now = transfer->now;
    entry_debit(entry, pair.debit, transferring->from.number, transfer->amount_cents);
    entry_credit(entry, pair.credit, transferring->to.number, transfer->amount_cents);
    return entry_add(transferring->db, entry, transferring->arena, &result);
}

/* Both lines name no account: if a payment of the giver is taken back later, 471 shows what stays
 * open between the two. */
static enum err write_transfer_line(struct transferring *transferring, int64_t line_id,
                                    const struct member *of, const struct member *other,
                                    int64_t cents)
{
    const struct advance_transfer *transfer = transferring->transfer;
    struct cart_draft line = {
        .id = line_id,
        .association_id = transfer->association_id,
        .member_id = of->id,
        .kind = CART_ADJUSTMENT,
        .amount_cents = cents,
        .date = transfer->date,
        .fiscal_year_id = transferring->year.id,
        .entry_id = transferring->entry_id,
        .login_id = transfer->actor.login_id,
        .now = transfer->now,
    };

    line.label = arena_printf(
        transferring->arena, "Avance %s %s %s%s%s", cents > 0 ? "transférée à" : "reçue de",
        other->first_name, other->last_name, transfer->reason[0] ? " : " : "", transfer->reason);
    return cart_add_line(transferring->db, &line);
}

static enum err spend_credits(struct transferring *transferring)
{
    const struct advance_transfer *transfer = transferring->transfer;
    int64_t left = transfer->amount_cents;
    enum err err = OK;

    for (size_t i = 0; !err && left > 0; i++) {
        const struct cart_credit *credit = &transferring->credits[i];
        const struct allocation_draft draft = {
            .association_id = transfer->association_id,
            .member_id = transfer->from_member_id,
            .payment_line_id = credit->payment_line_id,
            .charge_line_id = transfer->debit_id,
            .amount_cents = credit->left_cents < left ? credit->left_cents : left,
            .entry_id = transferring->entry_id,
            .now = transfer->now,
        };

        err = cart_allocate(transferring->db, &draft);
        left -= draft.amount_cents;
    }
    return err;
}

static enum err use_at_once(struct transferring *transferring)
{
    const struct advance_transfer *transfer = transferring->transfer;
    const struct advance_use use = {
        .association = &transferring->association,
        .member_id = transfer->to_member_id,
        .date = transfer->date,
        .piece = arena_printf(transferring->arena, "T%lld", (long long)transfer->debit_id),
        .now = transfer->now,
    };

    return advance_use(transferring->db, &use, transferring->arena, NULL);
}

static enum err write_transfer(struct transferring *transferring)
{
    const struct advance_transfer *transfer = transferring->transfer;
    const struct member *from = &transferring->from, *to = &transferring->to;
    enum err err = write_transfer_entry(transferring);

    if (!err)
        err = write_transfer_line(transferring, transfer->debit_id, from, to,
                                  transfer->amount_cents);
    if (!err)
        err = write_transfer_line(transferring, transfer->credit_id, to, from,
                                  -transfer->amount_cents);
    if (!err)
        err = spend_credits(transferring);
    return err ? err : use_at_once(transferring);
}

enum err payment_transfer_advance(struct db *db, const struct advance_transfer *transfer,
                                  struct arena *arena)
{
    struct transferring transferring = {.db = db, .transfer = transfer, .arena = arena};
    enum err err;

    if (transfer->amount_cents <= 0 || transfer->from_member_id == transfer->to_member_id)
        return fail(ERR_INPUT, "an advance moves by a positive amount to somebody else");
    err = read_transfer(&transferring);
    if (!err)
        err = write_transfer(&transferring);
    if (!err)
        err = audit_add(db, transfer->association_id, &transfer->actor, "advance.transferred",
                        arena_printf(arena, "cart_line:%lld", (long long)transfer->debit_id),
                        arena_printf(arena, "%lld, member:%lld to member:%lld",
                                     (long long)transfer->amount_cents,
                                     (long long)transfer->from_member_id,
                                     (long long)transfer->to_member_id));
    return err;
}
