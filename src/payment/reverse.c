#include "payment/take_back.h"

#include "base/arena.h"
#include "payment/returning.h"

static enum err read_all(struct returning *returning, const struct payment_reversal *reversal)
{
    enum err err = returning_read(returning, reversal->association_id, reversal->transaction_id);

    if (!err && returning->line_count == 0)
        err = fail(ERR_CONFLICT, "the payment waits to be attached to a member");
    if (!err && returning_total(&returning->before) != 0)
        err = fail(ERR_CONFLICT, "something of the payment was paid back already");
    if (!err)
        err = posting_begin(&returning->posting, reversal->association_id,
                            returning->capture.account_id, reversal->fact_at);
    return err;
}

static enum err write_all(struct returning *returning, const struct payment_reversal *reversal)
{
    struct posting *posting = &returning->posting;
    const struct movement_draft movement = {
        .kind = "capture_failed",
        .reference = reversal->reference,
        .amount_cents = -returning->capture_cents,
        .currency = posting->association.currency->code,
        .fact_at = reversal->fact_at,
        .member_id = returning->capture.member_id,
        .parent_id = returning->capture.id,
    };
    bool fresh = false;
    enum err err = movement_add(posting, &movement, &fresh);

    if (!err && !fresh)
        err = fail(ERR_CONFLICT, "this reversal is booked already");
    if (!err)
        err = returning_sums(returning, posting->transaction_id, &returning->after);
    posting->piece = returning->capture.reference;
    returning->label = reversal->label;
    returning->login_id = reversal->actor.login_id;
    if (!err)
        err = returning_book(returning,
                             arena_printf(posting->arena, "%s, adhérent n° %lld", reversal->label,
                                          (long long)returning->lines[0].member_number),
                             -returning->capture_cents);
    return err ? err : movement_note(posting, reversal->reason, reversal->actor.login_id);
}

enum err payment_reverse(struct db *db, const struct payment_reversal *reversal,
                         struct arena *arena, int64_t *movement_id)
{
    struct returning *returning = arena_alloc(arena, sizeof(*returning));
    enum err err;

    returning->posting.db = db;
    returning->posting.arena = arena;
    returning->posting.now = reversal->now;
    err = read_all(returning, reversal);
    if (!err)
        err = write_all(returning, reversal);
    *movement_id = returning->posting.transaction_id;
    if (!err)
        err = audit_add(
            db, reversal->association_id, &reversal->actor, "payment.reversed",
            arena_printf(arena, "provider_transaction:%lld", (long long)reversal->transaction_id),
            arena_printf(arena, "%s -%lld", reversal->reference,
                         (long long)returning->capture_cents));
    return err;
}
