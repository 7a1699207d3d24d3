#include "payment/undo.h"

#include "association/cart.h"
#include "base/arena.h"
#include "queries.h"

#include <stdlib.h>

enum { PARTS_MAX = 10000 };

/* ---- reading ---- */

static enum undo_place place_from(struct str name)
{
    if (str_is(name, "deferred"))
        return UNDO_DEFERRED;
    return str_is(name, "unbooked") ? UNDO_UNBOOKED : UNDO_BOOKED;
}

static struct undo_part read_part(const struct db_rows *rows, int query, struct arena *arena)
{
    bool of_payment = query == Q_UNDO_OF_PAYMENT;

    return (struct undo_part){
        .payment_line_id = db_column_int(rows, 0),
        .charge_line_id = db_column_int(rows, 1),
        .member_id = db_column_int(rows, 2),
        .member_number = db_column_int(rows, 3),
        .charge_account = db_column_text(rows, 4, arena),
        .credit_account = db_column_text(rows, 5, arena),
        .place = place_from(db_column_str(rows, 6)),
        .net_cents = db_column_int(rows, 7),
        .returned_cents = of_payment ? db_column_int(rows, 8) : 0,
        .open_cents = of_payment ? db_column_int(rows, 9) : 0,
        .year_first_day = of_payment ? db_column_text(rows, 10, arena) : "",
    };
}

static enum err read_parts(struct db *db, int query, int64_t association_id, int64_t line_id,
                           struct arena *arena, struct undo_part **parts, size_t *count)
{
    struct db_rows rows = {0};
    size_t capacity = 16;
    bool found = false;
    enum err err = db_select(db, query, DB_VALUES(db_int(association_id), db_int(line_id)), &rows);

    *parts = arena_array(arena, capacity, sizeof(**parts));
    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (*count == PARTS_MAX) {
            err = fail(ERR_LIMIT, "a line with more than %d allocations", PARTS_MAX);
            break;
        }
        if (*count == capacity) {
            struct undo_part *more = arena_array(arena, 2 * capacity, sizeof(*more));

            for (size_t i = 0; i < *count; i++)
                more[i] = (*parts)[i];
            *parts = more;
            capacity *= 2;
        }
        (*parts)[(*count)++] = read_part(&rows, query, arena);
    }
    db_rows_done(&rows);
    return err;
}

enum err undo_read_charge(struct db *db, int64_t association_id, int64_t charge_line_id,
                          struct arena *arena, struct undo_part **parts, size_t *count)
{
    return read_parts(db, Q_UNDO_OF_CHARGE, association_id, charge_line_id, arena, parts, count);
}

enum err undo_read_payment(struct db *db, int64_t association_id, int64_t payment_line_id,
                           struct arena *arena, struct undo_part **parts, size_t *count)
{
    return read_parts(db, Q_UNDO_OF_PAYMENT, association_id, payment_line_id, arena, parts, count);
}

/* ---- how much of each ---- */

int64_t undo_take(struct undo_part *parts, size_t count, int64_t cents)
{
    for (size_t i = 0; i < count && cents > 0; i++) {
        int64_t free_cents = parts[i].net_cents - parts[i].take_cents;
        int64_t take = free_cents < cents ? free_cents : cents;

        parts[i].take_cents += take;
        cents -= take;
    }
    return cents;
}

int64_t undo_net(const struct undo_part *parts, size_t count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum = money_add(sum, parts[i].net_cents);
    return sum;
}

int64_t undo_taken(const struct undo_part *parts, size_t count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum = money_add(sum, parts[i].take_cents);
    return sum;
}

/* ---- writing ---- */

void undo_debit(const struct undo_part *parts, size_t count, struct entry_draft *entry)
{
    for (size_t i = 0; i < count; i++) {
        const struct undo_part *part = &parts[i];
        struct accounting_pair pair = accounting_accounts_for(
            part->place == UNDO_DEFERRED ? ACCOUNTING_TAKEN_BACK_DEFERRED : ACCOUNTING_TAKEN_BACK,
            ACCOUNTING_CASH, NULL,
            part->place == UNDO_UNBOOKED ? part->credit_account : part->charge_account);

        entry_debit(entry, pair.debit, part->member_number, part->take_cents);
    }
}

enum err undo_write(struct db *db, const struct undo_part *parts, size_t count,
                    int64_t association_id, int64_t entry_id, int64_t now)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < count; i++) {
        const struct undo_part *part = &parts[i];
        const struct allocation_draft draft = {
            .association_id = association_id,
            .member_id = part->member_id,
            .payment_line_id = part->payment_line_id,
            .charge_line_id = part->charge_line_id,
            .amount_cents = -part->take_cents,
            .deferred = part->place == UNDO_DEFERRED,
            .entry_id = part->place == UNDO_UNBOOKED ? 0 : entry_id,
            .now = now,
        };

        if (part->take_cents > 0)
            err = cart_allocate(db, &draft);
    }
    return err;
}
