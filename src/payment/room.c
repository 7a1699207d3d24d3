#include "payment/room.h"

#include "base/money.h"

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

enum err payer_read(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                    struct payer *payer)
{
    enum err err = carts_read(db, association_id, payer_id, arena, &payer->carts);

    return err ? err
               : intent_in_progress(db, association_id, payer_id, arena, &payer->intents,
                                    &payer->intent_count, &payer->in_progress_cents);
}

/* What the provider has in hand: neither here nor to be paid once more. */
static int64_t confirming(const struct payer *payer)
{
    int64_t sum_cents = 0;

    for (size_t i = 0; i < payer->intent_count; i++)
        if (!intent_state_live(payer->intents[i].state))
            sum_cents = money_add(sum_cents, payer->intents[i].amount_cents -
                                                 payer->intents[i].fee_cover_cents);
    return sum_cents;
}

void payment_room_of(const struct association *association, const struct payer *payer,
                     struct payment_room *room)
{
    int64_t balance_cents = payer->carts.count ? payer->carts.all[0].balance_cents : 0;
    int64_t confirming_cents = confirming(payer);
    int64_t owed_cents = money_add(larger(balance_cents, 0), carts_open_for_others(&payer->carts));

    room->balance_cents = owed_cents > 0 ? owed_cents : balance_cents;
    room->due_cents = balance_cents - confirming_cents;
    room->debt_cents = larger(owed_cents - confirming_cents, 0);
    room->lowest_cents = association->amount_min_cents;
    room->highest_cents = association->amount_max_cents;
    if (!association->part_payments)
        room->lowest_cents = larger(room->lowest_cents, room->due_cents);
    if (!association->advances)
        room->highest_cents = smaller(room->highest_cents, room->debt_cents);
}

enum err payment_room(struct db *db, const struct association *association, int64_t member_id,
                      struct arena *arena, struct payment_room *room)
{
    struct payer payer;
    enum err err = payer_read(db, association->id, member_id, arena, &payer);

    if (!err)
        payment_room_of(association, &payer, room);
    return err;
}

enum room_verdict payment_room_takes(const struct association *association,
                                     const struct payment_room *room, int64_t amount_cents)
{
    if (!association->advances && amount_cents > room->debt_cents)
        return ROOM_ABOVE_DEBT;
    if (!association->part_payments && amount_cents < room->due_cents)
        return ROOM_IN_PART;
    if (amount_cents < association->amount_min_cents)
        return ROOM_BELOW_MINIMUM;
    return amount_cents > association->amount_max_cents ? ROOM_ABOVE_MAXIMUM : ROOM_FITS;
}
