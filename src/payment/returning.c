#include "payment/returning.h"

#include "base/arena.h"
#include "payment/apportion.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t not_negative(int64_t cents)
{
    return cents > 0 ? cents : 0;
}

/* ---- a line as it is planned so far ---- */

static int64_t planned(const struct return_line *line, enum return_class class)
{
    return line->standing_cents[class] + line->change_cents[class];
}

/* What of the line may still go back: a loss takes what is disputed of it, all else what nothing
 * took yet. */
static int64_t room(const struct return_line *line, enum return_class class)
{
    int64_t cents = class == RETURN_LOST
                        ? planned(line, RETURN_DISPUTE) - planned(line, RETURN_LOST)
                        : line->amount_cents - planned(line, RETURN_FAILED) -
                              planned(line, RETURN_REFUND) - planned(line, RETURN_DISPUTE);

    return not_negative(cents);
}

static int64_t gone_of(const struct undo_part *part)
{
    return not_negative(part->returned_cents + part->take_cents);
}

/* ---- taking ---- */

static void take_part(struct returning *returning, struct return_line *line,
                      struct undo_part *part, enum return_class class, int64_t cents)
{
    part->take_cents += cents;
    line->change_cents[class] += cents;
    if (class == RETURN_REFUND && returning->cancels_charges)
        part->cancel_cents += cents;
}

static int64_t take_advances(struct returning *returning, enum return_class class, int64_t cents)
{
    for (size_t i = 0; i < returning->line_count && cents > 0; i++) {
        struct return_line *line = &returning->lines[i];
        int64_t take =
            smaller(cents, smaller(not_negative(line->advance_cents - line->advance_take_cents),
                                   room(line, class)));

        line->advance_take_cents += take;
        line->change_cents[class] += take;
        cents -= take;
    }
    return cents;
}

static bool is_ticked(const struct returning *returning, int64_t charge_line_id)
{
    for (size_t i = 0; i < returning->ticked_count; i++)
        if (returning->ticked[i] == charge_line_id)
            return true;
    return false;
}

enum taking_of { TAKE_TICKED, TAKE_ALL };

/* From the charges in their order. */
static int64_t take_in_order(struct returning *returning, enum return_class class,
                             enum taking_of which, int64_t cents)
{
    for (size_t i = 0; i < returning->line_count; i++) {
        struct return_line *line = &returning->lines[i];

        for (size_t j = 0; j < line->part_count && cents > 0; j++) {
            struct undo_part *part = &line->parts[j];
            int64_t take = smaller(cents, smaller(not_negative(part->net_cents - part->take_cents),
                                                  room(line, class)));

            if (which == TAKE_TICKED && !is_ticked(returning, part->charge_line_id))
                continue;
            take_part(returning, line, part, class, take);
            cents -= take;
        }
    }
    return cents;
}

static size_t count_parts(const struct returning *returning)
{
    size_t count = 0;

    for (size_t i = 0; i < returning->line_count; i++)
        count += returning->lines[i].part_count;
    return count;
}

/* The shares of all charges when `more_cents` more (less, when negative) went back of them: in
 * proportion to what the payment paid of each. */
static struct apportion_part *apportion_all(struct returning *returning, int64_t more_cents)
{
    size_t count = count_parts(returning), next = 0;
    struct apportion_part *shares =
        arena_array(returning->posting.arena, count + 1, sizeof(*shares));
    int64_t total = more_cents;

    for (size_t i = 0; i < returning->line_count; i++)
        for (size_t j = 0; j < returning->lines[i].part_count; j++) {
            const struct undo_part *part = &returning->lines[i].parts[j];
            int64_t gone = gone_of(part);
            int64_t paid = gone + not_negative(part->net_cents - part->take_cents);

            total = money_add(total, gone);
            shares[next++] = (struct apportion_part){.base_cents = paid,
                                                     .low_cents = more_cents > 0 ? gone : 0,
                                                     .high_cents = more_cents > 0 ? paid : gone};
        }
    apportion(shares, count, total);
    return shares;
}

static int64_t free_of_parts(const struct returning *returning)
{
    int64_t sum = 0;

    for (size_t i = 0; i < returning->line_count; i++)
        for (size_t j = 0; j < returning->lines[i].part_count; j++)
            sum = money_add(sum, not_negative(returning->lines[i].parts[j].net_cents -
                                              returning->lines[i].parts[j].take_cents));
    return sum;
}

static int64_t take_in_proportion(struct returning *returning, enum return_class class,
                                  int64_t cents)
{
    const struct apportion_part *shares;
    size_t next = 0;

    if (cents == 0 || cents > free_of_parts(returning))
        return cents;
    shares = apportion_all(returning, cents);
    for (size_t i = 0; i < returning->line_count; i++)
        for (size_t j = 0; j < returning->lines[i].part_count; j++) {
            struct return_line *line = &returning->lines[i];
            struct undo_part *part = &line->parts[j];
            int64_t take =
                smaller(shares[next++].cents - gone_of(part), smaller(cents, room(line, class)));

            take_part(returning, line, part, class, take);
            cents -= take;
        }
    return cents;
}

static enum err take(struct returning *returning, enum return_class class, int64_t cents)
{
    int64_t left = take_advances(returning, class, cents);

    if (class == RETURN_REFUND)
        left = take_in_order(returning, class, TAKE_TICKED, left);
    left = take_in_proportion(returning, class, left);
    left = take_in_order(returning, class, TAKE_ALL, left);
    return left ? fail(ERR_INTERNAL, "a payment that stands nowhere") : OK;
}

/* ---- giving again ---- */

/* What a charge may be paid again, and its other places with it. */
static void pay_again(struct return_line *line, struct undo_part *part, int64_t cents)
{
    part->take_cents -= cents;
    for (size_t i = 0; i < line->part_count; i++)
        if (line->parts[i].charge_line_id == part->charge_line_id)
            line->parts[i].open_cents -= cents;
}

static int64_t restore_charges(struct returning *returning, enum return_class class, int64_t cents)
{
    int64_t gone = 0;
    const struct apportion_part *shares;
    size_t next = 0;

    for (size_t i = 0; i < returning->line_count; i++)
        for (size_t j = 0; j < returning->lines[i].part_count; j++)
            gone = money_add(gone, gone_of(&returning->lines[i].parts[j]));
    shares = apportion_all(returning, -smaller(cents, gone));
    for (size_t i = 0; i < returning->line_count; i++)
        for (size_t j = 0; j < returning->lines[i].part_count; j++) {
            struct return_line *line = &returning->lines[i];
            struct undo_part *part = &line->parts[j];
            int64_t back = smaller(gone_of(part) - shares[next++].cents,
                                   smaller(cents, planned(line, class)));
            int64_t open = smaller(back, not_negative(part->open_cents));

            pay_again(line, part, open);
            line->advance_take_cents -= back - open; /* paid otherwise since, or cancelled */
            line->change_cents[class] -= back;
            cents -= back;
        }
    return cents;
}

static enum err restore(struct returning *returning, enum return_class class, int64_t cents)
{
    if (cents <= 0)
        return OK;
    cents = restore_charges(returning, class, cents);
    for (size_t i = returning->line_count; i > 0 && cents > 0; i--) {
        struct return_line *line = &returning->lines[i - 1];
        int64_t back = smaller(cents, not_negative(planned(line, class)));

        line->advance_take_cents -= back;
        line->change_cents[class] -= back;
        cents -= back;
    }
    return cents ? fail(ERR_INTERNAL, "more comes back than went") : OK;
}

/* ---- disputes ---- */

static enum err dispute(struct returning *returning, int64_t cents)
{
    for (size_t i = 0; i < returning->line_count && cents > 0; i++) {
        struct return_line *line = &returning->lines[i];
        int64_t part = smaller(cents, room(line, RETURN_DISPUTE));

        line->change_cents[RETURN_DISPUTE] += part;
        cents -= part;
    }
    return cents > 0 ? fail(ERR_INTERNAL, "more is disputed than is left") : OK;
}

static enum err end_dispute(struct returning *returning, int64_t cents)
{
    for (size_t i = returning->line_count; i > 0 && cents > 0; i--) {
        struct return_line *line = &returning->lines[i - 1];
        int64_t part = smaller(cents, room(line, RETURN_LOST));

        line->change_cents[RETURN_DISPUTE] -= part;
        cents -= part;
    }
    return cents > 0 ? fail(ERR_INTERNAL, "more is given back than was disputed") : OK;
}

/* ---- all of it ---- */

static int64_t standing(const struct returning *returning, enum return_class class)
{
    int64_t sum = 0;

    for (size_t i = 0; i < returning->line_count; i++)
        sum = money_add(sum, returning->lines[i].standing_cents[class]);
    return sum;
}

/* What the carts shall hold of each. */
static void find_targets(const struct returning *returning, int64_t targets[RETURN_CLASSES])
{
    const struct return_sums *sums = &returning->after;
    int64_t refunded = not_negative(sums->refunded_cents);
    int64_t gone =
        smaller(money_add(not_negative(sums->failed_cents), refunded), returning->capture_cents);

    targets[RETURN_REFUND] = smaller(refunded, gone - standing(returning, RETURN_FAILED));
    targets[RETURN_FAILED] = gone - targets[RETURN_REFUND];
    targets[RETURN_DISPUTE] =
        smaller(not_negative(sums->disputed_cents), returning->capture_cents - gone);
    targets[RETURN_LOST] = smaller(not_negative(sums->lost_cents), targets[RETURN_DISPUTE]);
}

enum err returning_plan(struct returning *returning)
{
    int64_t targets[RETURN_CLASSES], change[RETURN_CLASSES];
    enum err err;

    if (returning->line_count == 0)
        return OK;
    find_targets(returning, targets);
    for (int class = 0; class < RETURN_CLASSES; class ++)
        change[class] = targets[class] - standing(returning, (enum return_class) class);
    err = restore(returning, RETURN_LOST, -change[RETURN_LOST]);
    if (!err)
        err = end_dispute(returning, -change[RETURN_DISPUTE]);
    if (!err)
        err = restore(returning, RETURN_REFUND, -change[RETURN_REFUND]);
    if (!err)
        err = take(returning, RETURN_REFUND, not_negative(change[RETURN_REFUND]));
    if (!err)
        err = take(returning, RETURN_FAILED, not_negative(change[RETURN_FAILED]));
    if (!err)
        err = dispute(returning, change[RETURN_DISPUTE]);
    return err ? err : take(returning, RETURN_LOST, not_negative(change[RETURN_LOST]));
}

bool returning_changes(const struct returning *returning)
{
    bool changes = returning_total(&returning->after) != returning_total(&returning->before);

    for (size_t i = 0; i < returning->line_count; i++)
        for (int class = 0; class < RETURN_CLASSES; class ++)
            changes = changes || returning->lines[i].change_cents[class] != 0;
    return changes;
}

/* ---- the entry ---- */

static void fill_part(const struct returning *returning, const struct undo_part *part,
                      struct entry_draft *entry)
{
    struct accounting_pair pair;

    if (part->take_cents >= 0) {
        undo_debit(part, 1, entry);
        return;
    }
    pair = accounting_accounts_for(posting_year_is_later(&returning->posting, part->year_first_day)
                                       ? ACCOUNTING_CAPTURE_DEFERRED
                                       : ACCOUNTING_CAPTURE_DUE,
                                   ACCOUNTING_CASH, NULL, part->charge_account);
    entry_credit(entry, pair.credit, part->member_number, -part->take_cents);
}

static void fill_signed(struct entry_draft *entry, const char *account, int64_t member_number,
                        int64_t debit_cents)
{
    entry_debit(entry, account, member_number, not_negative(debit_cents));
    entry_credit(entry, account, member_number, not_negative(-debit_cents));
}

void returning_fill(const struct returning *returning, struct entry_draft *entry)
{
    struct accounting_pair advance =
        accounting_accounts_for(ACCOUNTING_ADVANCE_OUT, ACCOUNTING_CASH, NULL, NULL);
    struct accounting_pair disputed =
        accounting_accounts_for(ACCOUNTING_DISPUTE, ACCOUNTING_CASH, NULL, NULL);
    struct accounting_pair excess =
        accounting_accounts_for(ACCOUNTING_EXCESS, ACCOUNTING_CASH, NULL, NULL);
    struct accounting_pair home = accounting_accounts_for(
        ACCOUNTING_RETURN_ELSEWHERE, ACCOUNTING_CASH, NULL, returning->home_account);

    if (returning->line_count == 0) {
        fill_signed(entry, home.debit, 0,
                    returning_total(&returning->after) - returning_total(&returning->before));
        return;
    }
    for (size_t i = 0; i < returning->line_count; i++) {
        const struct return_line *line = &returning->lines[i];

        for (size_t j = 0; j < line->part_count; j++)
            fill_part(returning, &line->parts[j], entry);
        fill_signed(entry, advance.debit, line->member_number, line->advance_take_cents);
        fill_signed(entry, disputed.debit, line->member_number,
                    line->change_cents[RETURN_DISPUTE] - line->change_cents[RETURN_LOST]);
    }
    fill_signed(entry, excess.debit, 0,
                returning_excess(returning, &returning->after) -
                    returning_excess(returning, &returning->before));
}
