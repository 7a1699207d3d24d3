#include "payment/take_back.h"

#include "base/arena.h"
#include "payment/returning.h"

static enum err read_all(struct returning *returning, const struct payment_refund *refund)
{
    enum err err;

    if (refund->amount_cents <= 0)
        return fail(ERR_INPUT, "a refund has a positive amount");
    err = returning_read(returning, refund->association_id, refund->transaction_id);
    if (!err && returning->line_count == 0)
        err = fail(ERR_CONFLICT, "the payment waits to be attached to a member");
    if (!err)
        err = posting_begin(&returning->posting, refund->association_id,
                            refund->provider_account_id, refund->fact_at);
    return err;
}

static enum err add_movement(struct returning *returning, const struct payment_refund *refund,
                             bool *fresh)
{
    const struct movement_draft movement = {
        .kind = "refund",
        .reference = refund->reference,
        .amount_cents = -refund->amount_cents,
        .currency = returning->posting.association.currency->code,
        .fact_at = refund->fact_at,
        .member_id = returning->capture.member_id,
        .parent_id = returning->capture.id,
    };
    int64_t left = returning_left(returning);
    enum err err = movement_add(&returning->posting, &movement, fresh);

    if (!err && *fresh && refund->amount_cents > left)
        err = fail(ERR_CONFLICT, "less than that is left of the payment");
    return err;
}

static enum err write_all(struct returning *returning, const struct payment_refund *refund)
{
    struct posting *posting = &returning->posting;
    const char *label = arena_printf(posting->arena, "%s, adhérent n° %lld", refund->label,
                                     (long long)returning->lines[0].member_number);
    enum err err = returning_sums(returning, posting->transaction_id, &returning->after);

    posting->piece = refund->reference;
    returning->ticked = refund->charge_line_ids;
    returning->ticked_count = refund->charge_count;
    returning->cancels_charges = refund->cancels_charges;
    returning->label = refund->label;
    returning->login_id = refund->actor.login_id;
    if (!err)
        err = returning_book(returning, label, -refund->amount_cents);
    return err ? err : movement_note(posting, refund->reason, refund->actor.login_id);
}

enum err payment_refund(struct db *db, const struct payment_refund *refund, struct arena *arena,
                        bool *fresh, int64_t *movement_id)
{
    struct returning *returning = arena_alloc(arena, sizeof(*returning));
    enum err err;

    returning->posting.db = db;
    returning->posting.arena = arena;
    returning->posting.now = refund->now;
    *fresh = false;
    err = read_all(returning, refund);
    if (!err)
        err = add_movement(returning, refund, fresh);
    *movement_id = returning->posting.transaction_id;
    if (err || !*fresh)
        return err;
    err = write_all(returning, refund);
    if (!err)
        err = audit_add(
            db, refund->association_id, &refund->actor, "payment.refunded",
            arena_printf(arena, "provider_transaction:%lld", (long long)refund->transaction_id),
            arena_printf(arena, "%s -%lld", refund->reference, (long long)refund->amount_cents));
    return err;
}
