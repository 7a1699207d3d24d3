#include "payment/tick.h"

#include "base/money.h"
#include "queries.h"

static void take_off(struct cart_due *dues, size_t count, int64_t charge_line_id, int64_t cents)
{
    for (size_t i = 0; i < count; i++)
        if (dues[i].charge_line_id == charge_line_id)
            dues[i].open_cents -= cents;
}

static size_t keep_open(struct cart_due *dues, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (dues[i].open_cents > 0)
            dues[kept++] = dues[i];
    return kept;
}

static bool confirms(const struct payer *payer)
{
    for (size_t i = 0; i < payer->intent_count; i++)
        if (payer->intents[i].state == INTENT_PROCESSING)
            return true;
    return false;
}

enum err tick_dues_of(struct db *db, int64_t association_id, const struct payer *payer,
                      struct arena *arena, struct cart_due **dues, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = OK;

    carts_dues(&payer->carts, arena, dues, count);
    if (*count == 0 || !confirms(payer))
        return OK;
    err =
        db_select(db, Q_INTENT_CONFIRMING,
                  DB_VALUES(db_int(association_id), db_int(payer->carts.all[0].member_id)), &rows);
    while (!err && !(err = db_next(&rows, &found)) && found)
        take_off(*dues, *count, db_column_int(&rows, 0), db_column_int(&rows, 1));
    db_rows_done(&rows);
    *count = keep_open(*dues, *count);
    return err;
}

enum err tick_dues(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                   struct cart_due **dues, size_t *count)
{
    struct payer payer;
    enum err err = payer_read(db, association_id, payer_id, arena, &payer);

    return err ? err : tick_dues_of(db, association_id, &payer, arena, dues, count);
}

bool tick_among(const int64_t *ticked, size_t ticked_count, int64_t charge_line_id)
{
    for (size_t i = 0; i < ticked_count; i++)
        if (ticked[i] == charge_line_id)
            return true;
    return false;
}

int64_t tick_amount(const struct cart_due *dues, size_t count, const struct payment_room *room,
                    const int64_t *ticked, size_t ticked_count)
{
    int64_t sum = 0;
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (tick_among(ticked, ticked_count, dues[i].charge_line_id)) {
            sum = money_add(sum, dues[i].open_cents);
            found++;
        }
    return found == count ? room->debt_cents : sum;
}
