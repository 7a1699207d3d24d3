/* What follows a payment: fees, refunds, failures, disputes, in any order; what moves at the
 * account; what did not begin in Guichet. Each sum on paper beside it. */
#include "support/kernel.h"
#include "support/money.h"

#include "association/cart.h"
#include "payment/fees.h"
#include "payment/revenue.h"

static int64_t balance(struct house *house, int64_t member_id)
{
    int64_t cents;

    house_ok(cart_balance(house->db, house->association_id, member_id, &cents));
    return cents;
}

/* A charge of 25,00 € and one of 15,00 €, paid with 20,00 € more: pi_1. */
static struct provider_account pay_sixty(struct house *house)
{
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 6000);

    money_charge(house, house->member_id, 2500, "7561", "Cotisation");
    money_charge(house, house->member_id, 1500, "706", "Sortie");
    kernel_open_intent(house, &account, house->member_id, "T1", 6000);
    fact.objects[0] = "ch_1";
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    return account;
}

static void expect(struct house *house, const char *code, int64_t cents)
{
    int64_t found = money_balance(house, code);

    if (found != cents)
        print_error("account %s: %lld, expected %lld\n", code, (long long)found, (long long)cents);
    assert_int_equal(found, cents);
}

/* ---- refunds ---- */

/* 60 in: 25 + 15 + 20 ahead. 30 back: the 20, then 10 in proportion 25:15 (6,25 and 3,75). */
static void a_refund_never_started_here_is_seen(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "ch_1", 3000);

    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_POSTED);
    expect(house, "5171", 3000);
    expect(house, "4191", 0);
    expect(house, "7561", -1875);
    expect(house, "706", -1125);
    assert_int_equal(balance(house, house->member_id), 1000);
    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_ALREADY_POSTED);
    expect(house, "5171", 3000);
    money_clean(house);
}

static void a_partial_refund_is_not_all(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 1);

    kernel_post(house, &refund);
    expect(house, "5171", 5999);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    refund.reference = "re_2";
    refund.amount_cents = 5999;
    kernel_post(house, &refund);
    expect(house, "5171", 0);
    expect(house, "7561", 0);
    expect(house, "706", 0);
    expect(house, "4191", 0);
    assert_int_equal(balance(house, house->member_id), 4000);
    money_clean(house);
}

/* More than is left: what is there, and the rest waits in 471 for somebody. */
static void more_than_was_paid_is_not_lost(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 7000);

    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_QUARANTINED);
    expect(house, "5171", -1000);
    expect(house, "471", 1000);
    expect(house, "7561", 0);
    assert_int_equal(balance(house, house->member_id), 4000);
    assert_int_equal(money_open(house, "excess"), 1);
    money_clean(house);
}

static void a_refund_of_a_closed_year_is_booked_in_the_open_one(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 6000);

    house_execute(house, "UPDATE fiscal_year SET closed_at = 1");
    kernel_post(house, &refund);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry WHERE entry_date = "
                                        "'2027-09-01' AND label LIKE 'Ex. antérieur%%'"),
                     1);
    expect(house, "7561", 0);
    money_clean(house);
}

/* It failed: the charges it opened are paid again, the rest is an advance again. */
static void a_refund_that_failed_is_as_if_never_made(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "ch_1", 4500);
    struct payment_fact failed = money_fact(&account, FACT_REFUND_FAILED, "re_1", "re_1", 4500);

    kernel_post(house, &refund);
    assert_int_equal(kernel_post(house, &failed).outcome, OUTCOME_POSTED);
    expect(house, "5171", 6000);
    expect(house, "4191", -2000);
    expect(house, "7561", -2500);
    expect(house, "706", -1500);
    assert_int_equal(balance(house, house->member_id), -2000);
    assert_int_equal(kernel_post(house, &failed).outcome, OUTCOME_ALREADY_POSTED);
    money_clean(house);
}

/* The charge was paid otherwise meanwhile: what came back is an advance. */
static void what_was_paid_meanwhile_is_not_paid_twice(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "ch_1", 6000);
    struct payment_fact failed = money_fact(&account, FACT_REFUND_FAILED, "re_1", "re_1", 6000);
    struct payment_fact again = kernel_capture(&account, "T2", "pi_2", 4000);

    kernel_post(house, &refund);
    kernel_open_intent(house, &account, house->member_id, "T2", 4000);
    kernel_post(house, &again);
    kernel_post(house, &failed);
    expect(house, "5171", 10000);
    expect(house, "4191", -6000);
    assert_int_equal(balance(house, house->member_id), -6000);
    money_clean(house);
}

/* ---- what comes before its payment ---- */

static void a_refund_before_its_payment_waits(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 1000);
    struct payment_fact capture = kernel_capture(&account, "T1", "pi_1", 4000);

    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_WAITS_FOR_PARENT);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction"), 0);
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    kernel_post(house, &capture);
    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_POSTED);
    expect(house, "4191", -3000);
    money_clean(house);
}

/* Nobody waited long enough: 471 until the payment comes, and then as if in order. */
static void an_orphan_finds_its_payment(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 1000);
    struct payment_fact capture = kernel_capture(&account, "T1", "pi_1", 4000);

    assert_int_equal(money_post_orphan(house, &refund).outcome, OUTCOME_QUARANTINED);
    expect(house, "471", 1000);
    expect(house, "5171", -1000);
    assert_int_equal(money_open(house, "orphan"), 1);
    money_clean(house);
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    kernel_post(house, &capture);
    expect(house, "471", 0);
    expect(house, "5171", 3000);
    expect(house, "4191", -3000);
    assert_int_equal(money_open(house, "orphan"), 0);
    assert_int_equal(balance(house, house->member_id), -3000);
    money_clean(house);
}

/* ---- failures ---- */

static void a_payment_that_did_not_hold(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 500);
    struct payment_fact failed = money_fact(&account, FACT_CAPTURE_FAILED, "txn_9", "pi_1", 5500);

    kernel_post(house, &refund);
    assert_int_equal(kernel_post(house, &failed).outcome, OUTCOME_POSTED);
    expect(house, "5171", 0);
    expect(house, "7561", 0);
    expect(house, "706", 0);
    expect(house, "4191", 0);
    assert_int_equal(balance(house, house->member_id), 4000);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    money_clean(house);
}

/* ---- fees ---- */

/* Gross, fee and net of the one payment there is, as the list and the export have them. */
static void expect_net(struct house *house, int64_t gross_cents, int64_t fee_cents)
{
    const struct revenue_filter filter = {.association_id = house->association_id};
    struct revenue_row *rows;
    size_t count;

    house_ok(revenue_list(house->db, &filter, (struct revenue_place){0}, 2, house->arena, &rows,
                          &count));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].amount_cents, gross_cents);
    assert_int_equal(rows[0].fee_cents, fee_cents);
    assert_int_equal(rows[0].net_cents, gross_cents - fee_cents);
}

static void a_fee_is_booked_once_and_may_come_back(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact fee = money_fact(&account, FACT_FEE, "txn_1", "pi_1", 115);
    struct payment_fact back = money_fact(&account, FACT_FEE, "txn_2", "pi_1", -50);
    struct payment_fact none = money_fact(&account, FACT_FEE, "txn_3", "pi_1", 0);

    assert_int_equal(kernel_post(house, &fee).outcome, OUTCOME_POSTED);
    assert_int_equal(kernel_post(house, &fee).outcome, OUTCOME_ALREADY_POSTED);
    kernel_post(house, &back);
    kernel_post(house, &none);
    expect(house, "627", 65);
    expect(house, "5171", 6000 - 65);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction "
                                        "WHERE kind = 'fee' AND entry_id IS NULL"),
                     1);
    expect_net(house, 6000, 65);
    money_clean(house);
}

static void a_fee_that_waits_for_its_month_has_no_entry(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact fee = money_fact(&account, FACT_FEE, "txn_1", "pi_1", 115);

    house_execute(house, "UPDATE association SET fee_booking = 'month'");
    assert_int_equal(kernel_post(house, &fee).outcome, OUTCOME_POSTED);
    expect(house, "627", 0);
    expect(house, "5171", 6000);
    money_clean(house);
}

static int64_t book_fees(struct house *house, const struct provider_account *account, int64_t now)
{
    const struct fee_account of = {account->association_id, account->id};
    int64_t entries;

    house_ok(payment_book_fees(house->db, &of, now, house->arena, &entries));
    return entries;
}

/* October: 1,15 + 0,35 on the 1st and the 31st at 23 h; the 1st of November at 1 h is November. A
 * late one of October makes a second entry of October. */
static void fees_of_a_month_are_one_entry(void **state)
{
    enum { DAY = 86400 };
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    int64_t november = HOUSE_NOW + 31 * DAY - 12 * 3600 - 3600; /* 1 November, midnight in Paris */
    struct payment_fact fees[] = {
        money_fact(&account, FACT_FEE, "txn_1", "pi_1", 115),
        money_fact(&account, FACT_FEE, "txn_2", "pi_1", 35),
        money_fact(&account, FACT_DISPUTE_FEE, "txn_3", "pi_1", 1500),
        money_fact(&account, FACT_FEE, "txn_4", "pi_1", 7),
    };
    struct fee_account due[4];
    size_t count;

    house_execute(house, "UPDATE association SET fee_booking = 'month'");
    fees[1].fact_at = november - 3600;
    fees[2].fact_at = november + 3600;
    for (int i = 0; i < 3; i++)
        kernel_post_at(house, &fees[i], november + DAY);
    assert_int_equal(book_fees(house, &account, november - 1), 0);
    house_ok(payment_fees_due(house->db, november + 15 * 3600, due, 4, &count));
    assert_int_equal(count, 1);
    assert_int_equal(book_fees(house, &account, november), 1);
    assert_int_equal(book_fees(house, &account, november), 0);
    expect(house, "627", 150);
    money_clean(house);
    kernel_post_at(house, &fees[3], november + DAY);
    assert_int_equal(book_fees(house, &account, november + DAY), 1);
    expect(house, "627", 157);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry WHERE fact_date = "
                                        "'2026-10-31' AND label = 'Frais Stripe 10/2026'"),
                     2);
    assert_int_equal(book_fees(house, &account, november + 32 * DAY), 1);
    expect(house, "627", 1657);
    expect(house, "5171", 6000 - 1657);
    money_clean(house);
}

/* ---- disputes ---- */

static struct payment_fact dispute_fact(const struct provider_account *account,
                                        enum fact_kind kind, const char *reference, int64_t cents)
{
    struct payment_fact fact = money_fact(account, kind, reference, "pi_1", cents);

    fact.dispute = "dp_1";
    return fact;
}

static void a_dispute_that_is_won(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact taken = dispute_fact(&account, FACT_DISPUTE, "txn_d", 6000);
    struct payment_fact fee = dispute_fact(&account, FACT_DISPUTE_FEE, "txn_d", 1500);
    struct payment_fact won = dispute_fact(&account, FACT_DISPUTE_WON, "txn_w", 6000);

    assert_int_equal(kernel_post(house, &taken).outcome, OUTCOME_POSTED);
    kernel_post(house, &fee);
    expect(house, "4671", 6000);
    expect(house, "7561", -2500);
    expect(house, "627", 1500);
    assert_int_equal(balance(house, house->member_id), 4000);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    money_clean(house);
    kernel_post(house, &won);
    expect(house, "4671", 0);
    expect(house, "5171", 6000 - 1500);
    assert_int_equal(balance(house, house->member_id), -2000);
    money_clean(house);
}

/* Whichever is told first, the decision or the withdrawal. */
static void a_dispute_that_is_lost(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact taken = dispute_fact(&account, FACT_DISPUTE, "txn_d", 4000);
    struct payment_fact lost = dispute_fact(&account, FACT_DISPUTE_LOST, "dp_1", 0);

    kernel_post(house, &lost);
    kernel_post(house, &taken);
    expect(house, "4671", 0);
    expect(house, "4191", 0);
    expect(house, "7561", -1250);
    expect(house, "706", -750);
    expect(house, "5171", 2000);
    assert_int_equal(balance(house, house->member_id), 2000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM dispute WHERE state = 'lost'"), 1);
    money_clean(house);
}

/* Won, withdrawn again, won in part. */
static void a_second_withdrawal(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact facts[] = {
        dispute_fact(&account, FACT_DISPUTE, "txn_d1", 6000),
        dispute_fact(&account, FACT_DISPUTE_WON, "txn_w1", 6000),
        dispute_fact(&account, FACT_DISPUTE, "txn_d2", 6000),
        dispute_fact(&account, FACT_DISPUTE_WON, "txn_w2", 2500),
        dispute_fact(&account, FACT_DISPUTE_LOST, "dp_1", 0),
    };

    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        kernel_post(house, &facts[i]);
        money_clean(house);
    }
    expect(house, "5171", 2500);
    expect(house, "4671", 0);
    assert_int_equal(balance(house, house->member_id), 1500);
}

/* Refunded and disputed: the carts give back what came in, the rest waits in 471. */
static void a_refunded_payment_is_disputed(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 4500);
    struct payment_fact taken = dispute_fact(&account, FACT_DISPUTE, "txn_d", 6000);
    struct payment_fact won = dispute_fact(&account, FACT_DISPUTE_WON, "txn_w", 6000);

    kernel_post(house, &taken);
    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_QUARANTINED);
    expect(house, "4671", 1500);
    expect(house, "471", 4500);
    assert_int_equal(balance(house, house->member_id), 4000);
    money_clean(house);
    kernel_post(house, &won);
    expect(house, "4671", 0);
    expect(house, "471", 0);
    expect(house, "5171", 1500);
    assert_int_equal(money_open(house, "excess"), 0);
    assert_int_equal(balance(house, house->member_id), 2500);
    money_clean(house);
}

static void older_news_of_a_dispute_changes_nothing(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact news = dispute_fact(&account, FACT_DISPUTE_OPENED, NULL, 6000);

    news.dispute_state = DISPUTE_LOST;
    news.fact_at = HOUSE_NOW - 10;
    assert_int_equal(kernel_post(house, &news).outcome, OUTCOME_NOTED);
    news.dispute_state = DISPUTE_OPEN;
    news.deadline_at = HOUSE_NOW + 86400;
    news.fact_at = HOUSE_NOW - 500;
    kernel_post(house, &news);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM dispute WHERE state = 'lost' "
                                        "AND deadline_at IS NULL"),
                     1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 1);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
}

static void an_opened_dispute_is_told_once(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact news = dispute_fact(&account, FACT_DISPUTE_OPENED, NULL, 6000);

    news.dispute_state = DISPUTE_OPEN;
    news.deadline_at = HOUSE_NOW + 86400;
    for (int i = 0; i < 3; i++)
        kernel_post(house, &news);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM outbox WHERE kind = 'dispute_opened'"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM dispute WHERE state = 'open' "
                                        "AND transaction_id IS NOT NULL AND amount_cents = 6000"),
                     1);
}

/* ---- money that did not begin here ---- */

static void money_from_elsewhere_is_booked_apart(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = money_elsewhere(&account, "pi_e", 5000);
    struct payment_fact fee = money_fact(&account, FACT_FEE, "txn_e", "pi_e", 100);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_e", "pi_e", 2000);
    struct payment_fact taken = money_fact(&account, FACT_DISPUTE, "txn_d", "pi_e", 1000);

    house_execute(house, "UPDATE provider_account SET other_account = '7588'");
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    house_execute(house, "UPDATE provider_account SET other_account = '471'");
    kernel_post(house, &fee);
    kernel_post(house, &refund);
    kernel_post(house, &taken);
    expect(house, "5171", 1900);
    expect(house, "7588", -1900);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM cart_line"), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM quarantine"), 0);
    money_clean(house);
}

static void what_is_older_than_the_link_is_out_of_scope(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = money_elsewhere(&account, "pi_e", 5000);

    fact.fact_at = HOUSE_NOW - 40 * 86400; /* 22 August; the link is of 1 September */
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_NOTED);
    fact = money_fact(&account, FACT_PAYOUT, "po_1", NULL, 5000);
    fact.fact_at = HOUSE_NOW - 40 * 86400;
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_NOTED);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction"), 0);
}

static void an_unproven_account_books_nothing_from_elsewhere(void **state)
{
    struct house *house = *state;
    struct provider_account account =
        kernel_add_paypal(house, house->association_id, "AAAAAAAAAAAAA", "a@exemple.fr", 0);
    struct payment_fact fact = money_elsewhere(&account, "TXN1", 5000);

    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_NOT_OURS);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction"), 0);
}

static void a_lost_payment_that_goes_back(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact lost = kernel_capture(&account, "Gzzzzzzzz-lost", "pi_1", 700);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 700);

    kernel_post(house, &lost);
    assert_int_equal(kernel_post(house, &refund).outcome, OUTCOME_POSTED);
    expect(house, "471", 0);
    expect(house, "5171", 0);
    money_clean(house);
}

/* ---- at the account ---- */

static void payouts_by_sign(void **state)
{
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    struct payment_fact out = money_fact(&account, FACT_PAYOUT, "po_1", NULL, 5000);
    struct payment_fact back = money_fact(&account, FACT_PAYOUT_FAILED, "po_1", "po_1", 5000);
    struct payment_fact from = money_fact(&account, FACT_PAYOUT, "po_2", NULL, -300);

    assert_int_equal(kernel_post(house, &back).outcome, OUTCOME_WAITS_FOR_PARENT);
    kernel_post(house, &out);
    expect(house, "5121", 5000);
    kernel_post(house, &back);
    expect(house, "5121", 0);
    kernel_post(house, &from);
    expect(house, "5121", -300);
    expect(house, "5171", 6300);
    money_clean(house);
}

static void other_movements_by_nature(void **state)
{
    static const struct {
        enum fact_nature nature;
        int64_t cents;
        const char *account;
    } cases[] = {
        {NATURE_FEE, -200, "627"},     {NATURE_RESERVE, -1000, "4678"},
        {NATURE_RESERVE, 400, "4678"}, {NATURE_TRANSFER, -70, "580"},
        {NATURE_INCOME, 15, "7588"},   {NATURE_UNKNOWN, -5, "471"},
        {NATURE_UNKNOWN, 3, "471"},
    };
    struct house *house = *state;
    struct provider_account account = pay_sixty(house);
    int64_t sum = 6000;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *reference = arena_printf(house->arena, "txn_%zu", i);
        struct payment_fact fact =
            money_fact(&account, FACT_OTHER, reference, NULL, cases[i].cents);
        int64_t before = money_balance(house, cases[i].account);

        fact.nature = cases[i].nature;
        fact.type = "adjustment";
        assert_int_equal(kernel_post(house, &fact).outcome,
                         fact.nature == NATURE_UNKNOWN ? OUTCOME_QUARANTINED : OUTCOME_POSTED);
        expect(house, cases[i].account, before - cases[i].cents);
        sum += cases[i].cents;
    }
    expect(house, "5171", sum);
    assert_int_equal(money_open(house, "unknown_type"), 2);
    money_clean(house);
}

/* ---- another currency ---- */

/* 40,00 € were asked, 44 USD paid, 39,20 € arrived: 0,80 € are the exchange's. */
static void converted_within_a_tenth_is_credited_as_paid(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 4400);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 2200);

    money_charge(house, house->member_id, 4000, "7561", "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    fact.currency = refund.currency = "USD";
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_QUARANTINED);
    assert_int_equal(kernel_state(house, "T1"), INTENT_OPEN);
    money_clean(house);
    fact.settled_cents = 3920;
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_ALREADY_POSTED);
    expect(house, "5171", 3920);
    expect(house, "666", 80);
    expect(house, "7561", -4000);
    assert_int_equal(money_open(house, "other_currency"), 0);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    money_clean(house);
    refund.settled_cents = 2050;
    kernel_post(house, &refund);
    expect(house, "7561", -2000);
    expect(house, "666", 130);
    expect(house, "5171", 1870);
    money_clean(house);
}

/* 40,00 € were asked. A tenth less or more is the exchange's; a cent beyond is another amount. */
static void the_tenth_is_exact(void **state)
{
    static const struct {
        const char *token, *reference;
        int64_t settled_cents, counted_cents;
        const char *flag;
    } cases[] = {
        {"T1", "pi_1", 3600, 4000, ""},           {"T2", "pi_2", 4400, 4000, ""},
        {"T3", "pi_3", 3599, 3599, "difference"}, {"T4", "pi_4", 4401, 4401, "difference"},
        {"T5", "pi_5", 4000, 4000, ""},
    };
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct payment_fact fact =
            kernel_capture(&account, cases[i].token, cases[i].reference, 4400);

        kernel_open_intent(house, &account, house->member_id, cases[i].token, 4000);
        fact.currency = "USD";
        fact.settled_cents = cases[i].settled_cents;
        assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
        assert_int_equal(house_count(house,
                                     "SELECT COUNT(*) FROM provider_transaction"
                                     " WHERE reference = '%s' AND counted_cents = %lld"
                                     " AND flag = '%s'",
                                     cases[i].reference, (long long)cases[i].counted_cents,
                                     cases[i].flag),
                         1);
    }
    expect(house, "666", 400);
    expect(house, "766", -400);
    money_clean(house);
}

/* 44 yen for 44 euros: what arrived counts, not what was asked. */
static void converted_beyond_a_tenth_is_booked_as_received(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 4000);

    money_charge(house, house->member_id, 4000, "7561", "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    fact.currency = "JPY";
    fact.settled_cents = 25;
    kernel_post(house, &fact);
    expect(house, "7561", -25);
    assert_int_equal(balance(house, house->member_id), 3975);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM provider_transaction WHERE flag = 'difference'"),
        1);
    money_clean(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_refund_never_started_here_is_seen),
        HOUSE_TEST(a_partial_refund_is_not_all),
        HOUSE_TEST(more_than_was_paid_is_not_lost),
        HOUSE_TEST(a_refund_of_a_closed_year_is_booked_in_the_open_one),
        HOUSE_TEST(a_refund_that_failed_is_as_if_never_made),
        HOUSE_TEST(what_was_paid_meanwhile_is_not_paid_twice),
        HOUSE_TEST(a_refund_before_its_payment_waits),
        HOUSE_TEST(an_orphan_finds_its_payment),
        HOUSE_TEST(a_payment_that_did_not_hold),
        HOUSE_TEST(a_fee_is_booked_once_and_may_come_back),
        HOUSE_TEST(a_fee_that_waits_for_its_month_has_no_entry),
        HOUSE_TEST(fees_of_a_month_are_one_entry),
        HOUSE_TEST(a_dispute_that_is_won),
        HOUSE_TEST(a_dispute_that_is_lost),
        HOUSE_TEST(a_second_withdrawal),
        HOUSE_TEST(a_refunded_payment_is_disputed),
        HOUSE_TEST(older_news_of_a_dispute_changes_nothing),
        HOUSE_TEST(an_opened_dispute_is_told_once),
        HOUSE_TEST(money_from_elsewhere_is_booked_apart),
        HOUSE_TEST(what_is_older_than_the_link_is_out_of_scope),
        HOUSE_TEST(an_unproven_account_books_nothing_from_elsewhere),
        HOUSE_TEST(a_lost_payment_that_goes_back),
        HOUSE_TEST(payouts_by_sign),
        HOUSE_TEST(other_movements_by_nature),
        HOUSE_TEST(converted_within_a_tenth_is_credited_as_paid),
        HOUSE_TEST(the_tenth_is_exact),
        HOUSE_TEST(converted_beyond_a_tenth_is_booked_as_received),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
