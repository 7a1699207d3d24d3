#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { MILLION = 1000000 };

static enum err insert(struct db *db, struct arena *arena, struct paypal_entry *entry)
{
    enum err err = entry->txn_id ? OK : id_make_capitals(arena, "", 17, &entry->txn_id);

    if (err)
        return err;
    return db_run(db, SQ_PAYPAL_MOVEMENT_ADD,
                  DB_VALUES(db_text(entry->txn_id), db_text(entry->business_id),
                            db_text(entry->kind), db_text(entry->payment_id),
                            db_text(entry->parent_id), db_text(entry->type ? entry->type : ""),
                            db_int(entry->gross_cents), db_int(entry->fee_cents),
                            db_text(entry->currency), db_int(entry->now)));
}

/* Minor units of one currency in those of another, half up, away from zero. */
static int64_t exchange(int64_t cents, int64_t millionths, const struct currency *from,
                        const struct currency *to)
{
    int64_t value = (cents < 0 ? -cents : cents) * millionths;
    int64_t divisor = MILLION;

    for (int exponent = to->exponent; exponent < from->exponent; exponent++)
        divisor *= 10;
    for (int exponent = from->exponent; exponent < to->exponent; exponent++)
        value *= 10;
    value = (value + divisor / 2) / divisor;
    return cents < 0 ? -value : value;
}

/* Two lines: what left in the one currency, what came in the other. */
static enum err change(struct db *db, struct arena *arena, const struct paypal_entry *entry,
                       const json_t *business, int64_t *settled_cents)
{
    const char *own = row_text(business, "currency");
    int64_t net_cents = entry->gross_cents - entry->fee_cents;
    struct paypal_entry line = *entry;
    enum err err = OK;

    *settled_cents = exchange(net_cents, row_integer(business, "exchange_millionths"),
                              money_currency(entry->currency), money_currency(own));
    if (!*settled_cents)
        return OK;
    line.kind = "conversion";
    line.type = "";
    line.parent_id = entry->txn_id;
    line.fee_cents = 0;
    line.txn_id = NULL;
    line.gross_cents = -net_cents;
    err = insert(db, arena, &line);
    line.txn_id = NULL;
    line.gross_cents = *settled_cents;
    line.currency = own;
    return err ? err : insert(db, arena, &line);
}

enum err paypal_entry_add(struct db *db, struct arena *arena, struct paypal_entry *entry,
                          int64_t *settled_cents)
{
    json_auto_t *business = NULL;
    enum err err = insert(db, arena, entry);

    *settled_cents = 0;
    if (!err)
        err = row_find(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(entry->business_id)),
                       &business);
    if (err || !business || !row_integer(business, "exchange_millionths") ||
        row_is(business, "currency", entry->currency))
        return err;
    return change(db, arena, entry, business, settled_cents);
}

static enum err keep_exchange(struct db *db, const struct paypal_entry *entry,
                              int64_t settled_cents)
{
    json_auto_t *business = NULL;
    enum err err = row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(entry->business_id)),
                            "business", &business);

    return err ? err
               : db_run(db, SQ_PAYPAL_PAYMENT_CONVERT,
                        DB_VALUES(db_text(entry->txn_id), db_int(settled_cents),
                                  db_text(row_text(business, "currency")),
                                  db_int(row_integer(business, "exchange_millionths"))));
}

enum err paypal_payment_book(struct db *db, struct arena *arena, const char *txn_id, int64_t now)
{
    json_auto_t *payment = NULL;
    struct paypal_entry entry = {.txn_id = txn_id, .kind = "payment", .now = now};
    int64_t settled_cents = 0;
    enum err err =
        row_need(db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(txn_id)), "payment", &payment);

    if (err)
        return err;
    entry.payment_id = txn_id;
    entry.business_id = row_text(payment, "receiver");
    entry.gross_cents = row_integer(payment, "gross_cents");
    entry.fee_cents = row_integer(payment, "fee_cents");
    entry.currency = row_text(payment, "currency");
    err = paypal_entry_add(db, arena, &entry, &settled_cents);
    return err || !settled_cents ? err : keep_exchange(db, &entry, settled_cents);
}
