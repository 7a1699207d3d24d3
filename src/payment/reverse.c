#include "payment/take_back.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/taking.h"

static enum err read_all(struct taking *taking, const struct payment_reversal *reversal)
{
    enum err err = taking_read(taking, reversal->association_id, reversal->transaction_id);

    if (!err && taking->returned_cents != 0)
        err = fail(ERR_CONFLICT, "something of the payment was paid back already");
    if (!err)
        err = posting_begin(&taking->posting, reversal->association_id, taking->capture_account_id,
                            reversal->fact_at);
    return err;
}

static void take_everything(struct taking *taking)
{
    for (size_t i = 0; i < taking->line_count; i++) {
        struct taking_line *line = &taking->lines[i];

        line->advance_take_cents = line->advance_cents;
        undo_take(line->parts, line->part_count, undo_net(line->parts, line->part_count));
    }
}

static enum err add_opposite_lines(struct taking *taking, const struct payment_reversal *reversal)
{
    struct posting *posting = &taking->posting;
    enum err err = OK;

    for (size_t i = 0; !err && i < taking->line_count; i++) {
        struct cart_draft line = {
            .association_id = posting->association.id,
            .member_id = taking->lines[i].member_id,
            .kind = CART_PAYMENT,
            .amount_cents = taking->lines[i].amount_cents,
            .label = reversal->label,
            .date = posting->fact_date,
            .fiscal_year_id = posting->entry_year.id,
            .transaction_id = posting->transaction_id,
            .entry_id = posting->entry_id,
            .corrects_line_id = taking->lines[i].id,
            .login_id = reversal->actor.login_id,
            .now = posting->now,
        };

        err = random_id(&line.id);
        if (!err)
            err = cart_add_line(posting->db, &line);
    }
    return err;
}

static enum err write_all(struct taking *taking, const struct payment_reversal *reversal)
{
    struct posting *posting = &taking->posting;
    bool fresh = false;
    enum err err = taking_add_movement(taking, "capture_failed", reversal->reference,
                                       taking->capture_cents, reversal->fact_at, &fresh);

    if (!err && !fresh)
        err = fail(ERR_CONFLICT, "this reversal is booked already");
    take_everything(taking);
    if (!err)
        err = taking_write(taking,
                           arena_printf(posting->arena, "%s, adhérent n° %lld", reversal->label,
                                        (long long)taking->lines[0].member_number));
    if (!err)
        err = add_opposite_lines(taking, reversal);
    if (!err)
        err = taking_note(taking, reversal->reason, reversal->actor.login_id);
    return err ? err : taking_use_advances(taking);
}

enum err payment_reverse(struct db *db, const struct payment_reversal *reversal,
                         struct arena *arena, int64_t *movement_id)
{
    struct taking *taking = arena_alloc(arena, sizeof(*taking));
    enum err err;

    taking->posting.db = db;
    taking->posting.arena = arena;
    taking->posting.now = reversal->now;
    err = read_all(taking, reversal);
    if (!err)
        err = write_all(taking, reversal);
    *movement_id = taking->posting.transaction_id;
    if (!err)
        err = audit_add(
            db, reversal->association_id, &reversal->actor, "payment.reversed",
            arena_printf(arena, "provider_transaction:%lld", (long long)reversal->transaction_id),
            arena_printf(arena, "%s -%lld", reversal->reference,
                         (long long)taking->capture_cents));
    return err;
}
