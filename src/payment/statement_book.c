/*
 * One click: what the list has and the books lack is booked, by the kernel's own postings.
 */
#include "payment/statement.h"

#include "association/rows.h"
#include "base/arena.h"
#include "payment/post.h"
#include "payment/statement_read.h"
#include "payment/statement_task.h"
#include "queries.h"

#include <stdlib.h>
#include <string.h>

/* One booking: what its steps hand on. */
struct booking {
    struct db *db;
    struct statement_order *order;
    struct arena *arena;   /* the rows */
    struct arena *posting; /* emptied behind each line */
    struct statement_row *rows;
    bool *done; /* by row */
    size_t count;
};

static enum err read_missing(struct booking *booking)
{
    const struct statement_order *order = booking->order;
    struct statement_filter filter = {.association_id = order->association->id,
                                      .account_id = order->account_id,
                                      .first_day = order->first_day,
                                      .last_day = order->last_day,
                                      .state = STATEMENT_MISSING};

    return statement_list(booking->db, &filter, (struct statement_place){0},
                          STATEMENT_BOOK_MAX + 1, booking->arena, &booking->rows, &booking->count);
}

static enum err read_one(struct booking *booking)
{
    const struct statement_order *order = booking->order;
    void *items;
    enum err err = rows_read_all(booking->db, Q_STATEMENT_LINE_ONE,
                                 DB_VALUES(db_int(order->association->id),
                                           db_int(order->account_id), db_text(order->reference)),
                                 statement_read_row, sizeof(*booking->rows), booking->arena,
                                 &items, &booking->count);

    if (err)
        return err;
    if (booking->count == 0)
        return fail(ERR_NOT_FOUND, "no such line of the list");
    booking->rows = items;
    if (booking->rows[0].state != STATEMENT_MISSING)
        booking->count = 0; /* booked meanwhile: nothing to do */
    return OK;
}

/* A payment comes before what follows it in the same second. */
static int rank(const struct statement_row *row)
{
    return row->line.kind == FACT_CAPTURE ? 0 : row->line.kind == FACT_REFUND_FAILED ? 2 : 1;
}

static int compare_rows(const void *left, const void *right)
{
    const struct statement_row *a = left, *b = right;

    if (a->line.fact_at != b->line.fact_at)
        return a->line.fact_at < b->line.fact_at ? -1 : 1;
    if (rank(a) != rank(b))
        return rank(a) - rank(b);
    return strcmp(a->line.reference, b->line.reference);
}

static bool is_booked(enum event_outcome outcome)
{
    return outcome == OUTCOME_POSTED || outcome == OUTCOME_ALREADY_POSTED ||
           outcome == OUTCOME_QUARANTINED || outcome == OUTCOME_NOTED;
}

static enum err book_line(struct booking *booking, size_t index)
{
    const struct statement_order *order = booking->order;
    struct payment_fact facts[STATEMENT_FACTS_MAX];
    size_t count = payment_statement_facts(&booking->rows[index].line, order->association->id,
                                           order->account_id, facts);
    bool all = count > 0;
    enum err err = OK;

    for (size_t i = 0; !err && i < count; i++) {
        struct post_result result;

        arena_reset(booking->posting);
        err = payment_post(booking->db, &facts[i], order->now, booking->posting, &result);
        all = all && is_booked(result.outcome);
    }
    if (!err && all && order->reads_payouts)
        err = statement_ask_payouts(booking->db, facts, (int)count, order->now);
    booking->done[index] = !err && all;
    return err;
}

/* What follows a payment waits for it; so again, as long as it leads on. */
static enum err book_lines(struct booking *booking)
{
    size_t before;
    enum err err = OK;

    do {
        before = booking->order->booked;
        for (size_t i = 0; !err && i < booking->count; i++) {
            if (booking->done[i])
                continue;
            err = book_line(booking, i);
            booking->order->booked += booking->done[i] ? 1 : 0;
        }
    } while (!err && booking->order->booked > before && booking->order->booked < booking->count);
    booking->order->waits = booking->count - booking->order->booked;
    return err;
}

static enum err write_audit(const struct booking *booking)
{
    const struct statement_order *order = booking->order;
    char day[DATE_TEXT_MAX];

    if (order->booked == 0)
        return OK;
    return audit_add(
        booking->db, order->association->id, &order->actor, "statement.booked",
        arena_printf(booking->arena, "provider_account:%lld", (long long)order->account_id),
        order->reference ? arena_printf(booking->arena, "%s", order->reference)
                         : arena_printf(booking->arena, "%.7s %zu",
                                        date_format_iso(day, order->first_day), order->booked));
}

static enum err book(struct booking *booking)
{
    struct statement_order *order = booking->order;
    enum err err = order->reference ? read_one(booking) : read_missing(booking);

    if (err)
        return err;
    order->more = booking->count > STATEMENT_BOOK_MAX;
    booking->count = order->more ? STATEMENT_BOOK_MAX : booking->count;
    booking->done = arena_array(booking->arena, booking->count + 1, sizeof(*booking->done));
    if (booking->count > 1)
        qsort(booking->rows, booking->count, sizeof(*booking->rows), compare_rows);
    err = book_lines(booking);
    return err ? err : write_audit(booking);
}

enum err statement_book(struct db *db, struct statement_order *order)
{
    struct booking booking = {
        .db = db, .order = order, .arena = arena_new(), .posting = arena_new()};
    enum err err;

    order->booked = order->waits = 0;
    order->more = false;
    err = book(&booking);
    arena_free(booking.posting);
    arena_free(booking.arena);
    return err;
}
