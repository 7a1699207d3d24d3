/* What a payer adds for the fees: a donation of its own, beside what was due. */
#include "support/kernel.h"

#include "payment/cover.h"
#include "payment/room.h"

static void a_cent_is_rounded_up(void **state)
{
    static const struct {
        int64_t cents, points, cover_cents;
    } cases[] = {
        {3240, 250, 81},
        {3241, 250, 82},
        {1, 250, 1},
        {10000, 350, 350},
        {10000, 0, 0},
        {0, 250, 0},
        {-5, 250, 0},
        {MONEY_MAX_CENTS, 10000, MONEY_MAX_CENTS},
        {MONEY_MAX_CENTS + 1, 250, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(cover_cents(cases[i].cents, cases[i].points), cases[i].cover_cents);
}

/* Owes 40,00 EUR and asks to pay 40,81 of which 0,81 are for the fees. */
static struct provider_account furnish(struct house *house)
{
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct intent_draft draft;
    int64_t intent_id;

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    draft = kernel_draft(house, &account, house->member_id, "T1", 4081);
    draft.fee_cover_cents = 81;
    assert_int_equal(kernel_create(house, &draft, &intent_id), INTENT_STARTED);
    return account;
}

static int64_t balance(struct house *house)
{
    return house_count(house, "SELECT SUM(amount_cents) FROM cart_line");
}

static void it_is_a_donation(void **state)
{
    struct house *house = *state;
    struct provider_account account = furnish(house);
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 4081);

    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_ALREADY_POSTED);
    assert_int_equal(balance(house), 0);
    assert_int_equal(house_count(house, "SELECT SUM(amount_cents) FROM cart_line"
                                        " WHERE kind = 'donation' AND account_code = '7588'"),
                     81);
    assert_int_equal(house_count(house, "SELECT SUM(credit_cents) FROM entry_line"
                                        " WHERE account_code = '7588'"),
                     81);
    assert_int_equal(house_count(house, "SELECT SUM(amount_cents) FROM allocation"), 4081);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM cart_line"
                                        " WHERE kind = 'payment' AND amount_cents = -4081"),
                     1);
}

/* Less came than was asked for: what is due comes first. */
static void less_money_makes_no_donation(void **state)
{
    struct house *house = *state;
    struct provider_account account = furnish(house);
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 4000);

    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(balance(house), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM cart_line WHERE kind = 'donation'"),
                     0);
}

/* The options look at what is paid of the debt, and so does what is still proposed. */
static void it_counts_for_no_debt(void **state)
{
    struct house *house = *state;
    struct association association;
    struct payment_room room;

    house_execute(house, "UPDATE association SET advances = 0, part_payments = 0");
    furnish(house);
    house_execute(house, "UPDATE payment_intent SET state = 'open'");
    house_execute(house, "UPDATE payment_intent SET state = 'processing'");
    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    house_ok(payment_room(house->db, &association, house->member_id, house->arena, &room));
    assert_int_equal(room.debt_cents, 0);
    assert_int_equal(house_count(house, "SELECT SUM(amount_cents) FROM intent_charge"), 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cent_is_rounded_up),
        cmocka_unit_test_setup_teardown(it_is_a_donation, house_setup, house_teardown),
        cmocka_unit_test_setup_teardown(less_money_makes_no_donation, house_setup, house_teardown),
        cmocka_unit_test_setup_teardown(it_counts_for_no_debt, house_setup, house_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
