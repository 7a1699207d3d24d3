#include "payment/room.h"

#include "association/cart.h"
#include "payment/intent.h"

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum err read_confirming(struct db *db, int64_t association_id, int64_t payer_id,
                                struct arena *arena, int64_t *sum_cents)
{
    struct payment_intent *intents;
    size_t count;
    enum err err =
        intent_in_progress(db, association_id, payer_id, arena, &intents, &count, sum_cents);

    for (size_t i = 0; !err && i < count; i++)
        if (intent_state_live(intents[i].state))
            *sum_cents -= intents[i].amount_cents - intents[i].fee_cover_cents;
    return err;
}

enum err payment_room(struct db *db, const struct association *association, int64_t member_id,
                      struct arena *arena, struct payment_room *room)
{
    int64_t balance_cents = 0, others_cents = 0, confirming_cents = 0, owed_cents;
    enum err err = cart_balance(db, association->id, member_id, &balance_cents);

    if (!err)
        err = cart_open_for_others(db, association->id, member_id, &others_cents);
    if (!err)
        err = read_confirming(db, association->id, member_id, arena, &confirming_cents);
    if (err)
        return err;
    owed_cents = money_add(larger(balance_cents, 0), others_cents);
    room->balance_cents = owed_cents > 0 ? owed_cents : balance_cents;
    room->due_cents = balance_cents - confirming_cents;
    room->debt_cents = larger(owed_cents - confirming_cents, 0);
    room->lowest_cents = association->amount_min_cents;
    room->highest_cents = association->amount_max_cents;
    if (!association->part_payments)
        room->lowest_cents = larger(room->lowest_cents, room->due_cents);
    if (!association->advances)
        room->highest_cents = smaller(room->highest_cents, room->debt_cents);
    return OK;
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
