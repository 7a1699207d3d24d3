#include "payment/take_back.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/taking.h"

/* A refund and what it is made of. */
struct refunding {
    struct taking *taking;
    const struct payment_refund *refund;
};

/* ---- how much of what ---- */

static int64_t take_advances(struct taking *taking, int64_t cents)
{
    for (size_t i = 0; i < taking->line_count && cents > 0; i++) {
        struct taking_line *line = &taking->lines[i];
        int64_t take = line->advance_cents < cents ? line->advance_cents : cents;

        line->advance_take_cents = take;
        cents -= take;
    }
    return cents;
}

static bool is_ticked(const struct payment_refund *refund, int64_t charge_line_id)
{
    for (size_t i = 0; i < refund->charge_count; i++)
        if (refund->charge_line_ids[i] == charge_line_id)
            return true;
    return false;
}

static int64_t take_ticked(const struct refunding *refunding, int64_t cents)
{
    struct taking *taking = refunding->taking;

    for (size_t i = 0; i < taking->line_count; i++)
        for (size_t j = 0; j < taking->lines[i].part_count && cents > 0; j++)
            if (is_ticked(refunding->refund, taking->lines[i].parts[j].charge_line_id))
                cents = undo_take(&taking->lines[i].parts[j], 1, cents);
    return cents;
}

/* The rest in proportion to what is left of each charge, over all carts of the payment. */
static enum err take_in_proportion(struct taking *taking, int64_t cents)
{
    size_t count = 0, next = 0;
    struct undo_part *all;

    if (cents == 0)
        return OK;
    for (size_t i = 0; i < taking->line_count; i++)
        count += taking->lines[i].part_count;
    all = arena_array(taking->posting.arena, count + 1, sizeof(*all));
    for (size_t i = 0; i < taking->line_count; i++)
        for (size_t j = 0; j < taking->lines[i].part_count; j++) {
            all[next] = taking->lines[i].parts[j];
            all[next].net_cents -= all[next].take_cents;
            all[next++].take_cents = 0;
        }
    if (cents > undo_net(all, count))
        return fail(ERR_INTERNAL, "a payment that stands nowhere");
    undo_take_in_proportion(all, count, cents);
    next = 0;
    for (size_t i = 0; i < taking->line_count; i++)
        for (size_t j = 0; j < taking->lines[i].part_count; j++)
            taking->lines[i].parts[j].take_cents += all[next++].take_cents;
    return OK;
}

static enum err take(const struct refunding *refunding)
{
    int64_t left = take_advances(refunding->taking, refunding->refund->amount_cents);

    left = take_ticked(refunding, left);
    return take_in_proportion(refunding->taking, left);
}

/* ---- the lines of the cart ---- */

static enum err allocate_to_refund(struct taking *taking, const struct taking_line *line,
                                   int64_t refund_line_id)
{
    struct posting *posting = &taking->posting;
    const struct allocation_draft draft = {
        .association_id = posting->association.id,
        .member_id = line->member_id,
        .payment_line_id = line->id,
        .charge_line_id = refund_line_id,
        .amount_cents = taking_of_line(line),
        .entry_id = posting->entry_id,
        .now = posting->now,
    };

    return cart_allocate(posting->db, &draft);
}

/* The refund of one cart: a line of its own, which the payment line pays. */
static enum err add_refund_line(const struct refunding *refunding, const struct taking_line *of)
{
    struct posting *posting = &refunding->taking->posting;
    struct cart_draft line = {
        .association_id = posting->association.id,
        .member_id = of->member_id,
        .kind = CART_REFUND,
        .amount_cents = taking_of_line(of),
        .label = refunding->refund->label,
        .date = posting->fact_date,
        .fiscal_year_id = posting->entry_year.id,
        .transaction_id = posting->transaction_id,
        .entry_id = posting->entry_id,
        .login_id = refunding->refund->actor.login_id,
        .now = posting->now,
    };
    enum err err = OK;

    if (line.amount_cents == 0)
        return OK;
    err = random_id(&line.id);
    if (!err)
        err = cart_add_line(posting->db, &line);
    return err ? err : allocate_to_refund(refunding->taking, of, line.id);
}

/* The member owes it no more: the charge gets smaller by what was paid back of it. */
static enum err cancel_part(const struct refunding *refunding, const struct undo_part *part,
                            enum cart_kind kind, int64_t fiscal_year_id)
{
    struct posting *posting = &refunding->taking->posting;
    struct cart_draft line = {
        .association_id = posting->association.id,
        .member_id = part->member_id,
        .kind = kind,
        .amount_cents = -part->take_cents,
        .label = arena_printf(posting->arena, "Annulation, %s", refunding->refund->label),
        .date = posting->fact_date,
        .fiscal_year_id = fiscal_year_id,
        .account_code = part->charge_account,
        .entry_id = posting->entry_id,
        .corrects_line_id = part->charge_line_id,
        .login_id = refunding->refund->actor.login_id,
        .now = posting->now,
    };
    enum err err = random_id(&line.id);

    return err ? err : cart_add_line(posting->db, &line);
}

static enum err cancel_charge(const struct refunding *refunding, const struct undo_part *part)
{
    struct posting *posting = &refunding->taking->posting;
    int64_t fiscal_year_id = 0;
    enum cart_kind kind;
    enum err err;

    if (part->take_cents == 0)
        return OK;
    err = cart_line_kind(posting->db, posting->association.id, part->charge_line_id, &kind,
                         &fiscal_year_id);
    return err ? err : cancel_part(refunding, part, kind, fiscal_year_id);
}

static enum err write_carts(const struct refunding *refunding)
{
    struct taking *taking = refunding->taking;
    enum err err = OK;

    for (size_t i = 0; !err && i < taking->line_count; i++) {
        const struct taking_line *line = &taking->lines[i];

        err = add_refund_line(refunding, line);
        for (size_t j = 0; !err && refunding->refund->cancels_charges && j < line->part_count; j++)
            err = cancel_charge(refunding, &line->parts[j]);
    }
    return err;
}

/* ---- all of it ---- */

static enum err read_all(const struct refunding *refunding)
{
    struct taking *taking = refunding->taking;
    const struct payment_refund *refund = refunding->refund;
    enum err err;

    if (refund->amount_cents <= 0)
        return fail(ERR_INPUT, "a refund has a positive amount");
    err = taking_read(taking, refund->association_id, refund->transaction_id);
    if (!err)
        err = posting_begin(&taking->posting, refund->association_id, refund->provider_account_id,
                            refund->fact_at);
    return err;
}

static enum err write_all(const struct refunding *refunding)
{
    struct taking *taking = refunding->taking;
    const struct payment_refund *refund = refunding->refund;
    struct posting *posting = &taking->posting;
    enum err err = OK;

    if (refund->amount_cents > taking->capture_cents - taking->returned_cents)
        return fail(ERR_CONFLICT, "less than that is left of the payment");
    err = take(refunding);
    if (!err)
        err = taking_write(taking,
                           arena_printf(posting->arena, "%s, adhérent n° %lld", refund->label,
                                        (long long)taking->lines[0].member_number));
    if (!err)
        err = write_carts(refunding);
    if (!err)
        err = taking_note(taking, refund->reason, refund->actor.login_id);
    return err ? err : taking_use_advances(taking);
}

enum err payment_refund(struct db *db, const struct payment_refund *refund, struct arena *arena,
                        bool *fresh, int64_t *movement_id)
{
    struct taking *taking = arena_alloc(arena, sizeof(*taking));
    const struct refunding refunding = {taking, refund};
    enum err err;

    taking->posting.db = db;
    taking->posting.arena = arena;
    taking->posting.now = refund->now;
    *fresh = false;
    err = read_all(&refunding);
    if (!err)
        err = taking_add_movement(taking, "refund", refund->reference, refund->amount_cents,
                                  refund->fact_at, fresh);
    *movement_id = taking->posting.transaction_id;
    if (err || !*fresh)
        return err;
    err = write_all(&refunding);
    if (!err)
        err = audit_add(
            db, refund->association_id, &refund->actor, "payment.refunded",
            arena_printf(arena, "provider_transaction:%lld", (long long)refund->transaction_id),
            arena_printf(arena, "%s -%lld", refund->reference, (long long)refund->amount_cents));
    return err;
}
