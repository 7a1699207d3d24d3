#include "association/option.h"

#include "association/change.h"
#include "base/arena.h"
#include "queries.h"

static const char *const fee_bookings[] = {
    [FEES_BY_PAYMENT] = "payment",
    [FEES_BY_MONTH] = "month",
};

static enum err describe(const struct association *before, const struct option_draft *after,
                         struct change *change)
{
    change_number(change, "part_payments", before->part_payments, after->part_payments);
    change_number(change, "advances", before->advances, after->advances);
    change_number(change, "amount_min_cents", before->amount_min_cents, after->amount_min_cents);
    change_number(change, "amount_max_cents", before->amount_max_cents, after->amount_max_cents);
    change_word(change, "fee_booking", fee_bookings[before->fee_booking],
                fee_bookings[after->fee_booking]);
    change_number(change, "covers_fees", before->covers_fees, after->covers_fees);
    return change_text(change, "button_text", before->button_text, after->button_text);
}

static enum err write(struct db *db, const struct option_draft *draft,
                      const struct audit_actor *actor, const struct change *change,
                      struct arena *arena)
{
    enum err err = db_run(db, Q_ASSOCIATION_SET_OPTIONS,
                          DB_VALUES(db_int(draft->association_id), db_int(draft->part_payments),
                                    db_int(draft->advances), db_int(draft->amount_min_cents),
                                    db_int(draft->amount_max_cents),
                                    db_text(fee_bookings[draft->fee_booking]),
                                    db_text(draft->button_text), db_int(draft->covers_fees)));

    if (err)
        return err;
    return audit_add(db, draft->association_id, actor, "association.options",
                     arena_printf(arena, "association:%lld", (long long)draft->association_id),
                     change_detail(change));
}

enum err option_set(struct db *db, const struct option_draft *draft,
                    const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct association before;
    struct change change;
    enum err err = association_find(db, draft->association_id, arena, &before);

    change_init(&change, arena);
    if (!err && before.options_version != draft->version)
        err = fail(ERR_CONFLICT, "the options have changed since the form was made");
    if (!err)
        err = describe(&before, draft, &change);
    if (!err && !change_none(&change))
        err = write(db, draft, actor, &change, arena);
    arena_free(arena);
    return err;
}
