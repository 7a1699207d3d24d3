#include "payment/returning.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/advance.h"
#include "queries.h"

/* ---- links between payments and charges ---- */

static enum err allocate(struct returning *returning, const struct return_line *line,
                         int64_t charge_line_id, int64_t cents, enum undo_place place)
{
    struct posting *posting = &returning->posting;
    const struct allocation_draft draft = {
        .association_id = posting->association.id,
        .member_id = line->member_id,
        .payment_line_id = line->id,
        .charge_line_id = charge_line_id,
        .amount_cents = cents,
        .deferred = place == UNDO_DEFERRED,
        .returned = 1,
        .entry_id = place == UNDO_UNBOOKED ? 0 : posting->entry_id,
        .now = posting->now,
    };

    return cents ? cart_allocate(posting->db, &draft) : OK;
}

static enum err undo_parts(struct returning *returning, const struct return_line *line)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < line->part_count; i++)
        if (line->parts[i].take_cents > 0)
            err = allocate(returning, line, line->parts[i].charge_line_id,
                           -line->parts[i].take_cents, line->parts[i].place);
    return err;
}

static enum err redo_parts(struct returning *returning, const struct return_line *line)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < line->part_count; i++) {
        const struct undo_part *part = &line->parts[i];
        bool later = posting_year_is_later(&returning->posting, part->year_first_day);

        if (part->take_cents < 0)
            err = allocate(returning, line, part->charge_line_id, -part->take_cents,
                           later ? UNDO_DEFERRED : UNDO_BOOKED);
    }
    return err;
}

/* ---- lines of the cart ---- */

static struct cart_draft line_of(const struct returning *returning, const struct return_line *line,
                                 enum cart_kind kind, int64_t cents)
{
    const struct posting *posting = &returning->posting;

    return (struct cart_draft){
        .association_id = posting->association.id,
        .member_id = line->member_id,
        .kind = kind,
        .amount_cents = cents,
        .label = returning->label,
        .date = posting->fact_date,
        .fiscal_year_id = posting->entry_year.id,
        .transaction_id = posting->transaction_id,
        .entry_id = posting->entry_id,
        .login_id = returning->login_id,
        .now = posting->now,
    };
}

static enum err add_line(struct returning *returning, struct cart_draft *line)
{
    enum err err = random_id(&line->id);

    return err ? err : cart_add_line(returning->posting.db, line);
}

static enum err correct_line(struct returning *returning, const struct return_line *line,
                             enum cart_kind kind, int64_t of_id, int64_t cents)
{
    struct cart_draft opposite = line_of(returning, line, kind, cents);

    opposite.corrects_line_id = of_id;
    return cents ? add_line(returning, &opposite) : OK;
}

/* ---- refunds and disputes that stand in the cart ---- */

enum { STANDING_MAX = 256 };
struct standing_line {
    int64_t id, left_cents, paid_cents;
};

static enum err read_standing(struct returning *returning, const struct return_line *line,
                              enum cart_kind kind, struct standing_line *lines, size_t *count)
{
    struct posting *posting = &returning->posting;
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_select(posting->db, Q_RETURN_CART_LINES,
                  DB_VALUES(db_int(posting->association.id), db_int(returning->capture.id),
                            db_int(line->member_id), db_text(cart_kind_name(kind)),
                            db_int(returning->undone_id)),
                  &rows);

    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < STANDING_MAX)
        lines[(*count)++] = (struct standing_line){
            db_column_int(&rows, 0), db_column_int(&rows, 1), db_column_int(&rows, 2)};
    db_rows_done(&rows);
    return err;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Refunds come back: the payment pays them no more, and the opposite line stands beside. */
static enum err undo_refunds(struct returning *returning, const struct return_line *line)
{
    struct standing_line lines[STANDING_MAX];
    size_t count = 0;
    int64_t left = -line->change_cents[RETURN_REFUND];
    enum err err = left > 0 ? read_standing(returning, line, CART_REFUND, lines, &count) : OK;

    for (size_t i = 0; !err && i < count && left > 0; i++) {
        int64_t cents = smaller(left, lines[i].left_cents);

        err = allocate(returning, line, lines[i].id, -cents, UNDO_BOOKED);
        if (!err)
            err = correct_line(returning, line, CART_REFUND, lines[i].id, -cents);
        left -= cents;
    }
    return err;
}

/* The payment pays for lost disputes no more, or pays for more of them. */
static enum err change_lost(struct returning *returning, const struct return_line *line)
{
    struct standing_line lines[STANDING_MAX];
    size_t count = 0;
    int64_t left = line->change_cents[RETURN_LOST];
    enum err err = left != 0 ? read_standing(returning, line, CART_DISPUTE, lines, &count) : OK;

    for (size_t i = 0; !err && i < count && left != 0; i++) {
        int64_t cents = left > 0 ? smaller(left, lines[i].left_cents - lines[i].paid_cents)
                                 : -smaller(-left, lines[i].paid_cents);

        err = allocate(returning, line, lines[i].id, cents, UNDO_BOOKED);
        left -= cents;
    }
    return err;
}

static enum err undo_disputes(struct returning *returning, const struct return_line *line)
{
    struct standing_line lines[STANDING_MAX];
    size_t count = 0;
    int64_t left = -line->change_cents[RETURN_DISPUTE];
    enum err err = left > 0 ? read_standing(returning, line, CART_DISPUTE, lines, &count) : OK;

    for (size_t i = 0; !err && i < count && left > 0; i++) {
        int64_t cents = smaller(left, lines[i].left_cents - lines[i].paid_cents);

        err = correct_line(returning, line, CART_DISPUTE, lines[i].id, -cents);
        left -= cents;
    }
    return err;
}

static enum err add_refund(struct returning *returning, const struct return_line *line)
{
    struct cart_draft refund =
        line_of(returning, line, CART_REFUND, line->change_cents[RETURN_REFUND]);
    enum err err;

    if (refund.amount_cents <= 0)
        return OK;
    err = add_line(returning, &refund);
    return err ? err : allocate(returning, line, refund.id, refund.amount_cents, UNDO_BOOKED);
}

static enum err add_dispute(struct returning *returning, const struct return_line *line)
{
    struct cart_draft dispute =
        line_of(returning, line, CART_DISPUTE, line->change_cents[RETURN_DISPUTE]);

    return dispute.amount_cents > 0 ? add_line(returning, &dispute) : OK;
}

/* ---- charges that are not owed again ---- */

static enum err cancel_part(struct returning *returning, const struct return_line *line,
                            const struct undo_part *part)
{
    struct cart_draft correction = line_of(returning, line, CART_CHARGE, -part->cancel_cents);
    enum err err;

    if (part->cancel_cents <= 0)
        return OK;
    err = cart_line_kind(returning->posting.db, returning->posting.association.id,
                         part->charge_line_id, &correction.kind, &correction.fiscal_year_id);
    correction.label = arena_printf(returning->posting.arena, "Annulation, %s", returning->label);
    correction.account_code = part->charge_account;
    correction.transaction_id = 0;
    correction.corrects_line_id = part->charge_line_id;
    return err ? err : add_line(returning, &correction);
}

/* ---- all of it ---- */

/* What is undone comes before what takes its place: a line never pays more than itself. */
static enum err write_line(struct returning *returning, const struct return_line *line)
{
    enum err err = undo_parts(returning, line);

    if (!err && line->change_cents[RETURN_LOST] < 0)
        err = change_lost(returning, line);
    if (!err)
        err = undo_refunds(returning, line);
    if (!err)
        err = undo_disputes(returning, line);
    if (!err)
        err = correct_line(returning, line, CART_PAYMENT, line->id,
                           line->change_cents[RETURN_FAILED]);
    if (!err)
        err = redo_parts(returning, line);
    if (!err)
        err = add_refund(returning, line);
    if (!err)
        err = add_dispute(returning, line);
    if (!err && line->change_cents[RETURN_LOST] > 0)
        err = change_lost(returning, line);
    for (size_t i = 0; !err && i < line->part_count; i++)
        err = cancel_part(returning, line, &line->parts[i]);
    return err;
}

enum err returning_write(struct returning *returning)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < returning->line_count; i++)
        err = write_line(returning, &returning->lines[i]);
    return err;
}

enum err returning_use_advances(struct returning *returning)
{
    struct posting *posting = &returning->posting;
    enum err err = OK;

    for (size_t i = 0; !err && i < returning->line_count; i++) {
        const struct advance_use use = {
            .association = &posting->association,
            .member_id = returning->lines[i].member_id,
            .date = posting->fact_date,
            .piece = posting->piece,
            .now = posting->now,
        };

        err = advance_use(posting->db, &use, posting->arena, NULL);
    }
    return err;
}
