/* The provider's list beside our movements: every state, the borders of a month, one click. */
#include "support/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payment/statement.h"
#include "payment/verify.h"

/* 15 September 2026, 10:00 UTC. */
#define SEPTEMBER INT64_C(1789466400)
/* 1 October 2026, 00:00 in Paris: 30 September, 22:00 UTC. */
#define OCTOBER_BEGINS INT64_C(1790805600)

struct desk {
    struct house house;
    struct provider_account account;
    struct association association;
    int64_t now;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    house_open(&desk->house);
    desk->account = kernel_add_stripe(&desk->house, desk->house.association_id, "a");
    house_ok(association_find(desk->house.db, desk->house.association_id, desk->house.arena,
                              &desk->association));
    desk->now = HOUSE_NOW + 5 * 86400;
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    house_close(&desk->house);
    free(desk);
    return 0;
}
#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- what the list says ---- */

/* A payment of 25,00 less 0,63, in September. */
static struct statement_line payment_line(const char *name)
{
    static char texts[8][3][40];
    static int next;
    char(*text)[40] = texts[next++ % 8];

    (void)snprintf(text[0], sizeof(text[0]), "txn_%s", name);
    (void)snprintf(text[1], sizeof(text[1]), "pi_%s", name);
    (void)snprintf(text[2], sizeof(text[2]), "ch_%s", name);
    return (struct statement_line){.reference = text[0],
                                   .type = "charge",
                                   .posts = true,
                                   .kind = FACT_CAPTURE,
                                   .movement = text[1],
                                   .fee_reference = text[0],
                                   .token = "",
                                   .payer = "Jeanne",
                                   .objects = {text[2]},
                                   .gross_cents = 2500,
                                   .fee_cents = 63,
                                   .currency = "EUR",
                                   .fact_at = SEPTEMBER,
                                   .payout = ""};
}

struct storing {
    const struct desk *desk;
    const struct statement_line *line;
    enum statement_telling telling;
};

static enum err store(struct db *db, void *argument)
{
    struct storing *storing = argument;

    return statement_store(db, &storing->desk->association, storing->desk->account.id,
                           storing->line, storing->desk->now, storing->desk->house.arena,
                           &storing->telling);
}

static enum statement_telling tell(struct desk *desk, const struct statement_line *line)
{
    struct storing storing = {.desk = desk, .line = line};

    house_ok(db_transaction(desk->house.db, store, &storing));
    return storing.telling;
}

/* Our side, written straight: what the kernel would have booked. */
static void add_movement(struct desk *desk, const char *kind, const char *reference, int64_t cents,
                         int64_t fact_at)
{
    static int64_t id = 5000;

    house_execute(
        &desk->house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind,"
        " reference, amount_cents, currency, fact_at, created_at) VALUES (%lld, %lld, %lld,"
        " '%s', '%s', %lld, 'EUR', %lld, %lld)",
        (long long)desk->house.association_id, (long long)++id, (long long)desk->account.id, kind,
        reference, (long long)cents, (long long)fact_at, (long long)fact_at);
}

static void read_until(struct desk *desk, int64_t at)
{
    house_execute(&desk->house, "UPDATE provider_account SET statement_at = %lld WHERE id = %lld",
                  (long long)at, (long long)desk->account.id);
}

static struct statement_account account(struct desk *desk)
{
    struct statement_account found;

    house_ok(statement_account_find(desk->house.db, desk->house.association_id, desk->account.id,
                                    desk->house.arena, &found));
    return found;
}

static struct statement_month month(struct desk *desk, int year, int number)
{
    struct statement_account found = account(desk);
    struct statement_month *months;

    house_ok(statement_months(desk->house.db, &desk->association, &found,
                              (struct date){year, number, 1}, 1, desk->now, desk->house.arena,
                              &months));
    return months[0];
}

static struct statement_row row(struct desk *desk, const char *reference)
{
    struct statement_filter filter = {.association_id = desk->house.association_id,
                                      .account_id = desk->account.id,
                                      .first_day = {2000, 1, 1},
                                      .last_day = {2099, 12, 31},
                                      .state = -1};
    struct statement_row *rows;
    size_t count;

    house_ok(statement_list(desk->house.db, &filter, (struct statement_place){0}, 100,
                            desk->house.arena, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].line.reference, reference) == 0)
            return rows[i];
    print_error("no line %s\n", reference);
    assert_true(false);
    return (struct statement_row){0};
}

static void check_state(struct desk *desk, const char *reference, enum statement_state expected)
{
    assert_string_equal(statement_state_name(row(desk, reference).state),
                        statement_state_name(expected));
}

/* ---- one click ---- */

static enum err book(struct db *db, void *argument)
{
    return statement_book(db, argument);
}

static struct statement_order press(struct desk *desk, const char *reference)
{
    struct statement_order order = {.association = &desk->association,
                                    .account_id = desk->account.id,
                                    .reference = reference,
                                    .first_day = {2026, 9, 1},
                                    .last_day = {2026, 9, 30},
                                    .actor = {desk->house.login_id, "127.0.0.1"},
                                    .now = desk->now};

    house_ok(db_transaction(desk->house.db, book, &order));
    return order;
}

static int64_t listed(struct desk *desk)
{
    struct statement_account found = account(desk);
    int64_t cents;

    house_ok(statement_listed(desk->house.db, &desk->association, &found, &cents));
    return cents;
}

/* ---- states ---- */

static void every_state(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *name;
        int64_t booked, fee_booked; /* 0: not there */
        enum statement_state state;
    } cases[] = {
        {"whole", 2500, -63, STATEMENT_MATCHED},     {"absent", 0, 0, STATEMENT_MISSING},
        {"feeless", 2500, 0, STATEMENT_MISSING},     {"cent", 2499, -63, STATEMENT_DIFFERENT},
        {"feecent", 2500, -62, STATEMENT_DIFFERENT}, {"sign", -2500, -63, STATEMENT_DIFFERENT},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct statement_line line = payment_line(cases[i].name);

        assert_int_equal(tell(desk, &line), STATEMENT_NEW);
        if (cases[i].booked)
            add_movement(desk, "capture", line.movement, cases[i].booked, SEPTEMBER);
        if (cases[i].fee_booked)
            add_movement(desk, "fee", line.fee_reference, cases[i].fee_booked, SEPTEMBER);
        check_state(desk, line.reference, cases[i].state);
    }
}

static void types_that_post_nothing_and_older_lines(void **state)
{
    struct desk *desk = *state;
    struct statement_line nothing = payment_line("nothing"), old = payment_line("old");
    struct statement_line last_before = payment_line("before"), first = payment_line("first");

    nothing.posts = false;
    old.fact_at = SEPTEMBER - 86400 * 60;
    last_before.fact_at = INT64_C(1788213599); /* 31 August 23:59:59 in Paris */
    first.fact_at = INT64_C(1788213600);
    tell(desk, &nothing), tell(desk, &old), tell(desk, &last_before), tell(desk, &first);
    check_state(desk, "txn_nothing", STATEMENT_NO_ENTRY);
    check_state(desk, "txn_old", STATEMENT_OUTSIDE);
    check_state(desk, "txn_before", STATEMENT_OUTSIDE);
    check_state(desk, "txn_first", STATEMENT_MISSING);
    assert_string_equal(row(desk, "txn_before").day, "2026-08-31");
    assert_string_equal(row(desk, "txn_first").day, "2026-09-01");
}

static void a_converted_payment_is_compared_by_what_was_settled(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("usd");

    tell(desk, &line);
    add_movement(desk, "capture", line.movement, 2700, SEPTEMBER);
    add_movement(desk, "fee", line.fee_reference, -63, SEPTEMBER);
    check_state(desk, line.reference, STATEMENT_DIFFERENT);
    house_execute(
        &desk->house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind,"
        " reference, amount_cents, currency, settled_cents, fact_at, created_at) VALUES"
        " (%lld, 77, %lld, 'capture', 'pi_chf', 2400, 'CHF', 2500, %lld, 1)",
        (long long)desk->house.association_id, (long long)desk->account.id, (long long)SEPTEMBER);
    line = payment_line("chf");
    tell(desk, &line);
    add_movement(desk, "fee", line.fee_reference, -63, SEPTEMBER);
    check_state(desk, "txn_chf", STATEMENT_MATCHED);
}

/* Two lines of one movement count together; a second one that is too much is seen. */
static void a_movement_told_twice_under_two_names(void **state)
{
    struct desk *desk = *state;
    struct statement_line first = payment_line("a"), second = payment_line("b");

    first.fee_cents = second.fee_cents = 0;
    second.movement = first.movement;
    tell(desk, &first);
    add_movement(desk, "capture", first.movement, 2500, SEPTEMBER);
    check_state(desk, "txn_a", STATEMENT_MATCHED);
    tell(desk, &second);
    check_state(desk, "txn_a", STATEMENT_DIFFERENT);
    check_state(desk, "txn_b", STATEMENT_DIFFERENT);
}

/* A debit has its line for weeks before it is money: nobody books it by that line. */
static void a_payment_under_way_waits(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("debit");

    kernel_open_intent(&desk->house, &desk->account, desk->house.member_id, "T1", 2500);
    line.token = "T1";
    line.our_mark = true;
    line.fee_cents = 0;
    line.standing = LINE_UNDER_WAY;
    tell(desk, &line);
    check_state(desk, "txn_debit", STATEMENT_PENDING);
    assert_int_equal(press(desk, NULL).booked, 0);
    assert_int_equal(press(desk, "txn_debit").booked, 0);
    assert_int_equal(kernel_state(&desk->house, "T1"), INTENT_OPEN);
    read_until(desk, OCTOBER_BEGINS + 86400);
    assert_true(month(desk, 2026, 9).proven && month(desk, 2026, 9).closing_cents == 0);
    assert_true(month(desk, 2026, 9).states[STATEMENT_PENDING].cents == 2500);
    assert_true(listed(desk) == 2500);
    /* it succeeds; only then do its last figures count */
    line.standing = LINE_FINAL;
    line.fee_cents = 35;
    assert_int_equal(tell(desk, &line), STATEMENT_KNOWN);
    check_state(desk, "txn_debit", STATEMENT_MISSING);
    assert_int_equal(press(desk, NULL).booked, 1);
    check_state(desk, "txn_debit", STATEMENT_MATCHED);
    assert_int_equal(kernel_state(&desk->house, "T1"), INTENT_PAID);
    assert_true(month(desk, 2026, 9).proven && month(desk, 2026, 9).closing_cents == 2465);
    /* what is sure is not told anew */
    line.standing = LINE_UNDER_WAY;
    line.fee_cents = 36;
    assert_int_equal(tell(desk, &line), STATEMENT_OTHERWISE);
    check_state(desk, "txn_debit", STATEMENT_DIFFERENT);
}

/* One that never succeeded was no money, neither in coming nor in going. One that had succeeded
 * was both. */
static void a_payment_that_failed_counts_only_when_booked(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("debit"), back = payment_line("back");

    line.fee_cents = back.fee_cents = 0;
    line.standing = LINE_UNDER_WAY;
    back.kind = FACT_CAPTURE_FAILED;
    back.type = "payment_failure_refund";
    back.movement = back.reference;
    back.parent = line.movement;
    back.gross_cents = -2500;
    back.fact_at = SEPTEMBER + 86400;
    tell(desk, &line), tell(desk, &back);
    check_state(desk, "txn_back", STATEMENT_PENDING);
    line.standing = LINE_FAILED;
    tell(desk, &line);
    check_state(desk, "txn_debit", STATEMENT_NO_ENTRY);
    check_state(desk, "txn_back", STATEMENT_NO_ENTRY);
    assert_int_equal(press(desk, NULL).booked, 0);
    read_until(desk, OCTOBER_BEGINS + 86400);
    assert_true(month(desk, 2026, 9).proven);
    add_movement(desk, "capture", line.movement, 2500, SEPTEMBER);
    add_movement(desk, "fee", line.fee_reference, 0, SEPTEMBER);
    check_state(desk, "txn_debit", STATEMENT_MATCHED);
    check_state(desk, "txn_back", STATEMENT_MISSING);
}

/* ---- storing ---- */

static void a_line_is_stored_once(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("a");

    assert_int_equal(tell(desk, &line), STATEMENT_NEW);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tell(desk, &line), STATEMENT_KNOWN);
    assert_int_equal(house_count(&desk->house, "SELECT COUNT(*) FROM statement_line"), 1);
}

static void other_figures_are_a_finding(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("a"), other = line;
    struct statement_row found;

    tell(desk, &line);
    add_movement(desk, "capture", line.movement, 2500, SEPTEMBER);
    add_movement(desk, "fee", line.fee_reference, -63, SEPTEMBER);
    other.gross_cents = 9900;
    assert_int_equal(tell(desk, &other), STATEMENT_OTHERWISE);
    found = row(desk, line.reference);
    assert_int_equal(found.state, STATEMENT_DIFFERENT);
    assert_true(found.line.gross_cents == 2500 && found.told_gross_cents == 9900);
    /* it takes the word back */
    assert_int_equal(tell(desk, &line), STATEMENT_KNOWN);
    check_state(desk, line.reference, STATEMENT_MATCHED);
}

static void a_payout_is_learned_once(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("a");

    tell(desk, &line);
    line.payout = "po_1";
    assert_int_equal(tell(desk, &line), STATEMENT_KNOWN);
    assert_string_equal(row(desk, line.reference).line.payout, "po_1");
    line.payout = "po_2";
    tell(desk, &line);
    assert_string_equal(row(desk, line.reference).line.payout, "po_1");
}

static void hostile_lines_are_refused(void **state)
{
    struct statement_line lines[8], good = payment_line("a");
    char *longest = arena_alloc(((struct desk *)*state)->house.arena, 300);

    memset(longest, 'x', 299);
    house_ok(statement_check(&good));
    for (size_t i = 0; i < 8; i++)
        lines[i] = good;
    lines[0].reference = "";
    lines[1].movement = NULL;
    lines[2].reference = longest;
    lines[3].gross_cents = INT64_MIN;
    lines[4].fee_cents = INT64_MAX;
    lines[5].fact_at = -1;
    lines[6].currency = "EURO";
    lines[7].fee_reference = "";
    for (size_t i = 0; i < 8; i++)
        house_err(statement_check(&lines[i]), ERR_INPUT);
}

/* ---- what a line means ---- */

static void lines_become_facts(void **state)
{
    static const struct {
        enum fact_kind kind;
        int64_t gross, fee, amount;
        enum fact_kind fee_kind; /* FACT_PENDING: no fee */
        int64_t fee_amount;
    } cases[] = {
        {FACT_CAPTURE, 2500, 63, 2500, FACT_FEE, 63},
        {FACT_CAPTURE, 2500, 0, 2500, FACT_FEE, 0},
        {FACT_REFUND, -1000, 0, 1000, FACT_PENDING, 0},
        {FACT_REFUND, -1000, -25, 1000, FACT_FEE, -25},
        {FACT_REFUND_FAILED, 1000, 0, 1000, FACT_PENDING, 0},
        {FACT_CAPTURE_FAILED, -2500, 0, 2500, FACT_PENDING, 0},
        {FACT_DISPUTE, -2500, 2000, 2500, FACT_DISPUTE_FEE, 2000},
        {FACT_DISPUTE_WON, 2500, -2000, 2500, FACT_DISPUTE_FEE, -2000},
        {FACT_FEE, -200, 0, 200, FACT_PENDING, 0},
        {FACT_PAYOUT, -5000, 0, 5000, FACT_PENDING, 0},
        {FACT_PAYOUT, 5000, 0, -5000, FACT_PENDING, 0},
        {FACT_PAYOUT_FAILED, 5000, 0, 5000, FACT_PENDING, 0},
        {FACT_OTHER, -300, 0, -300, FACT_PENDING, 0},
    };
    struct payment_fact facts[STATEMENT_FACTS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct statement_line line = payment_line("a");
        size_t count = cases[i].fee_kind == FACT_PENDING ? 1 : 2;

        line.kind = cases[i].kind;
        line.gross_cents = cases[i].gross;
        line.fee_cents = cases[i].fee;
        line.parent = "pi_parent";
        assert_int_equal(payment_statement_facts(&line, 1, 2, facts), count);
        assert_int_equal(facts[0].kind, cases[i].kind);
        assert_true(facts[0].amount_cents == cases[i].amount);
        assert_string_equal(facts[0].reference, "pi_a");
        assert_string_equal(facts[0].parent, "pi_parent");
        if (count == 1)
            continue;
        assert_int_equal(facts[1].kind, cases[i].fee_kind);
        assert_true(facts[1].amount_cents == cases[i].fee_amount);
        assert_string_equal(facts[1].reference, "txn_a");
        assert_string_equal(facts[1].parent, "pi_a");
    }
}

static void what_posts_nothing_is_no_fact(void **state)
{
    struct statement_line line = payment_line("a");
    struct payment_fact facts[STATEMENT_FACTS_MAX];

    (void)state;
    line.posts = false;
    assert_int_equal(payment_statement_facts(&line, 1, 2, facts), 0);
    line.posts = true;
    line.kind = FACT_DISPUTE_LOST;
    assert_int_equal(payment_statement_facts(&line, 1, 2, facts), 0);
}

/* ---- months ---- */

static void the_border_of_a_month_is_the_zones(void **state)
{
    struct desk *desk = *state;
    struct statement_line last = payment_line("last"), first = payment_line("first");

    last.fact_at = OCTOBER_BEGINS - 1;
    first.fact_at = OCTOBER_BEGINS;
    tell(desk, &last), tell(desk, &first);
    assert_true(month(desk, 2026, 9).states[STATEMENT_MISSING].count == 1);
    assert_true(month(desk, 2026, 10).states[STATEMENT_MISSING].count == 1);
    assert_true(month(desk, 2026, 9).closing_cents == 2437);
    assert_true(month(desk, 2026, 10).opening_cents == 2437);
    assert_true(month(desk, 2026, 10).closing_cents == 2 * 2437);
}

static void ours_that_the_list_lacks(void **state)
{
    struct desk *desk = *state;
    struct statement_account found;
    struct statement_month september;
    struct statement_unknown *rows;
    size_t count;

    add_movement(desk, "capture", "pi_ghost", 4000, SEPTEMBER);
    add_movement(desk, "dispute_lost", "dp_1", 0, SEPTEMBER);
    read_until(desk, SEPTEMBER + STATEMENT_GRACE_S);
    september = month(desk, 2026, 9);
    assert_true(september.unknown.count == 0 && september.unread.count == 1);
    read_until(desk, OCTOBER_BEGINS + 86400);
    september = month(desk, 2026, 9);
    assert_true(september.unknown.count == 1 && september.unknown.cents == 4000);
    assert_true(september.unread.count == 0 && !september.proven);
    found = account(desk);
    house_ok(statement_unknown_list(desk->house.db, &found, &september, 10, desk->house.arena,
                                    &rows, &count));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].reference, "pi_ghost");
}

/* On its way to the bank over the end of the month: both sides are right. */
static void line_and_movement_may_be_of_two_months(void **state)
{
    struct desk *desk = *state;
    struct statement_line payment = payment_line("a"), payout = payment_line("p");
    struct statement_month september;

    payment.fee_cents = payout.fee_cents = 0;
    payout.kind = FACT_PAYOUT, payout.movement = "po_1";
    payout.gross_cents = -2500, payout.fact_at = OCTOBER_BEGINS - 3600;
    payment.kind = FACT_OTHER, payment.movement = "txn_a"; /* booked without an intent */
    tell(desk, &payment), tell(desk, &payout);
    add_movement(desk, "other", "txn_a", 2500, SEPTEMBER);
    add_movement(desk, "payout", "po_1", -2500, OCTOBER_BEGINS + 3600);
    read_until(desk, OCTOBER_BEGINS + 2 * 86400);
    september = month(desk, 2026, 9);
    assert_true(september.closing_cents == 0 && september.shifted_cents == -2500);
    assert_true(statement_gap_cents(&september) == 2500); /* neither has an entry in this test */
    assert_true(month(desk, 2026, 10).shifted_cents == 0);
}

/* The fee of a line belongs to it under its own name. */
static void a_fee_is_found_by_its_line(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("a");

    tell(desk, &line);
    add_movement(desk, "capture", "pi_a", 2500, SEPTEMBER);
    add_movement(desk, "fee", "txn_a", -63, SEPTEMBER);
    add_movement(desk, "fee", "txn_other", -10, SEPTEMBER);
    read_until(desk, OCTOBER_BEGINS + 86400);
    assert_true(month(desk, 2026, 9).unknown.count == 1);
    assert_true(month(desk, 2026, 9).unknown.cents == -10);
}

/* ---- booking ---- */

static void a_lost_payment_is_booked_to_its_member(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("lost");
    struct statement_order order;

    house_add_charge(&desk->house, desk->house.member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(&desk->house, &desk->account, desk->house.member_id, "T1", 2500);
    line.token = "T1";
    line.our_mark = true;
    line.fee_cents = 0;
    line.fee_reference = "";
    tell(desk, &line);
    for (int i = 0; i < 2; i++) {
        order = press(desk, i == 0 ? NULL : "txn_lost");
        assert_int_equal(order.booked, i == 0 ? 1 : 0);
        assert_int_equal(order.waits, 0);
    }
    check_state(desk, line.reference, STATEMENT_MATCHED);
    assert_int_equal(kernel_state(&desk->house, "T1"), INTENT_PAID);
    assert_int_equal(house_count(&desk->house, "SELECT SUM(amount_cents) FROM cart_line"), 0);
    assert_int_equal(house_count(&desk->house, "SELECT COUNT(*) FROM entry"), 1);
    assert_int_equal(
        house_count(&desk->house, "SELECT COUNT(*) FROM audit WHERE action = 'statement.booked'"),
        1);
    read_until(desk, OCTOBER_BEGINS + 86400);
    assert_true(month(desk, 2026, 9).proven);
    assert_true(month(desk, 2026, 9).booked_cents == 2500);
}

/* Another day, another month, another line: they stay as they are. */
static void only_what_was_asked_for_is_booked(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("a"), later = payment_line("b");

    line.token = later.token = "gone", line.our_mark = later.our_mark = true;
    line.fee_cents = later.fee_cents = 0;
    line.fee_reference = later.fee_reference = "";
    later.fact_at = OCTOBER_BEGINS;
    tell(desk, &line), tell(desk, &later);
    assert_int_equal(press(desk, NULL).booked, 1);
    check_state(desk, "txn_a", STATEMENT_MATCHED); /* in quarantine: it is in the books */
    check_state(desk, "txn_b", STATEMENT_MISSING);
}

static void a_line_of_nobody_is_not_found(void **state)
{
    struct desk *desk = *state;
    struct statement_order order = {.association = &desk->association,
                                    .account_id = desk->account.id,
                                    .reference = "txn_none",
                                    .now = desk->now};

    house_err(db_transaction(desk->house.db, book, &order), ERR_NOT_FOUND);
}

/* A payment of a closed year is written in the next one; the month of the fact is proven. */
static void a_closed_year_is_proven_all_the_same(void **state)
{
    struct desk *desk = *state;
    struct statement_line line = payment_line("a");

    line.token = "gone", line.our_mark = true;
    line.fee_cents = 0;
    line.fee_reference = "";
    tell(desk, &line);
    house_execute(&desk->house, "UPDATE fiscal_year SET closed_at = 1 WHERE association_id = %lld",
                  (long long)desk->house.association_id);
    assert_int_equal(press(desk, NULL).booked, 1);
    read_until(desk, OCTOBER_BEGINS + 86400);
    assert_true(month(desk, 2026, 9).proven);
    assert_int_equal(house_count(&desk->house,
                                 "SELECT entry_date = '2027-09-01' AND fact_date = '2026-09-15'"
                                 " FROM entry"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(every_state),
        DESK_TEST(types_that_post_nothing_and_older_lines),
        DESK_TEST(a_converted_payment_is_compared_by_what_was_settled),
        DESK_TEST(a_movement_told_twice_under_two_names),
        DESK_TEST(a_payment_under_way_waits),
        DESK_TEST(a_payment_that_failed_counts_only_when_booked),
        DESK_TEST(a_line_is_stored_once),
        DESK_TEST(other_figures_are_a_finding),
        DESK_TEST(a_payout_is_learned_once),
        DESK_TEST(hostile_lines_are_refused),
        DESK_TEST(lines_become_facts),
        DESK_TEST(what_posts_nothing_is_no_fact),
        DESK_TEST(the_border_of_a_month_is_the_zones),
        DESK_TEST(ours_that_the_list_lacks),
        DESK_TEST(line_and_movement_may_be_of_two_months),
        DESK_TEST(a_fee_is_found_by_its_line),
        DESK_TEST(a_lost_payment_is_booked_to_its_member),
        DESK_TEST(only_what_was_asked_for_is_booked),
        DESK_TEST(a_line_of_nobody_is_not_found),
        DESK_TEST(a_closed_year_is_proven_all_the_same),
    };

    return cmocka_run_group_tests_name("statement", tests, NULL, NULL);
}
