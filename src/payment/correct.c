#include "payment/correct.h"

#include "accounting/accounting.h"
#include "association/cart.h"
#include "association/member.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/advance.h"
#include "payment/internal.h"
#include "payment/undo.h"

/* The charge to correct, and what its correction moves. */
struct correcting {
    struct db *db;
    const struct charge_correction *correction;
    struct arena *arena;
    struct association association;
    struct member member;
    struct cart_charge charge;
    struct undo_part *parts;
    size_t part_count;
    int64_t entry_id; /* 0: nothing of it was paid */
};

/* ---- reading ---- */

static enum err read_all(struct correcting *correcting)
{
    const struct charge_correction *correction = correcting->correction;
    enum err err = association_find(correcting->db, correction->association_id, correcting->arena,
                                    &correcting->association);

    if (!err)
        err = cart_charge_find(correcting->db, correction->association_id,
                               correction->charge_line_id, correcting->arena, &correcting->charge);
    if (!err)
        err = member_find(correcting->db, correction->association_id, correcting->charge.member_id,
                          correcting->arena, &correcting->member);
    if (!err && correction->amount_cents > correcting->charge.left_cents)
        err = fail(ERR_CONFLICT, "less than that is left of the charge");
    return err;
}

/* ---- what was paid of it becomes an advance again ---- */

static enum err write_entry(struct correcting *correcting, int64_t cents)
{
    const struct charge_correction *correction = correcting->correction;
    struct entry_draft *entry = arena_alloc(correcting->arena, sizeof(*entry));
    struct accounting_pair pair =
        accounting_accounts_for(ACCOUNTING_TAKEN_BACK, ACCOUNTING_CASH, NULL, NULL);
    struct entry_result result;
    enum err err = random_id(&entry->id);

    if (err)
        return err;
    correcting->entry_id = entry->id;
    entry->association = &correcting->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = correction->date;
    entry->piece = arena_printf(correcting->arena, "C%lld", (long long)correction->id);
    entry->label = arena_printf(correcting->arena, "Dépense annulée, adhérent n° %lld",
                                (long long)correcting->member.number);
    entry->now = correction->now;
    undo_debit(correcting->parts, correcting->part_count, entry);
    entry_credit(entry, pair.credit, correcting->member.number, cents);
    err = entry_add(correcting->db, entry, correcting->arena, &result);
    return !err && result.account_missing
               ? account_missing_add(correcting->db, correction->association_id, entry->id,
                                     correcting->charge.account_code, correction->now)
               : err;
}

static enum err free_payments(struct correcting *correcting)
{
    const struct charge_correction *correction = correcting->correction;
    int64_t after_cents = correcting->charge.left_cents - correction->amount_cents;
    int64_t surplus_cents = correcting->charge.paid_cents - after_cents;
    enum err err = OK;

    if (surplus_cents <= 0)
        return OK;
    err = undo_read_charge(correcting->db, correction->association_id, correction->charge_line_id,
                           correcting->arena, &correcting->parts, &correcting->part_count);
    if (!err && undo_take(correcting->parts, correcting->part_count, surplus_cents) > 0)
        err = fail(ERR_INTERNAL, "a charge that is paid by less than it is paid");
    if (!err)
        err = write_entry(correcting, surplus_cents);
    return err ? err
               : undo_write(correcting->db, correcting->parts, correcting->part_count,
                            correction->association_id, correcting->entry_id, correction->now);
}

static enum err add_line(struct correcting *correcting)
{
    const struct charge_correction *correction = correcting->correction;
    const struct cart_draft line = {
        .id = correction->id,
        .association_id = correction->association_id,
        .member_id = correcting->member.id,
        .kind = correcting->charge.kind,
        .amount_cents = -correction->amount_cents,
        .label = correction->label,
        .date = correction->date,
        .fiscal_year_id = correcting->charge.fiscal_year_id,
        .account_code = correcting->charge.account_code,
        .entry_id = correcting->entry_id,
        .corrects_line_id = correction->charge_line_id,
        .login_id = correction->actor.login_id,
        .now = correction->now,
    };

    return cart_add_line(correcting->db, &line);
}

enum err payment_correct_charge(struct db *db, const struct charge_correction *correction,
                                struct arena *arena)
{
    struct correcting correcting = {.db = db, .correction = correction, .arena = arena};
    enum err err;

    if (correction->amount_cents <= 0)
        return fail(ERR_INPUT, "a correction takes a positive amount off");
    err = read_all(&correcting);
    if (!err)
        err = free_payments(&correcting);
    if (!err)
        err = add_line(&correcting);
    if (!err) {
        const struct advance_use use = {
            .association = &correcting.association,
            .member_id = correcting.member.id,
            .date = correction->date,
            .piece = arena_printf(arena, "C%lld", (long long)correction->id),
            .now = correction->now,
        };
        err = advance_use(db, &use, arena, NULL);
    }
    if (!err)
        err =
            audit_add(db, correction->association_id, &correction->actor, "charge.corrected",
                      arena_printf(arena, "cart_line:%lld", (long long)correction->charge_line_id),
                      arena_printf(arena, "-%lld", (long long)correction->amount_cents));
    return err;
}
