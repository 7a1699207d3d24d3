/* À rattacher: what a person decides, and the books after it. */
#include "support/money.h"

#include "payment/refund_request.h"
#include "payment/settle.h"

/* A payment of 70,00 EUR that bears our mark and names an attempt nobody knows. */
static struct provider_account furnish(struct house *house)
{
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact lost = kernel_capture(&account, "Gzzzzzzzz-lost", "pi_1", 7000);

    assert_int_equal(kernel_post(house, &lost).outcome, OUTCOME_QUARANTINED);
    return account;
}

static int64_t waiting_row(struct house *house)
{
    return house_count(house, "SELECT id FROM quarantine WHERE settled_at IS NULL");
}

static struct settle_draft draft_of(struct house *house)
{
    return (struct settle_draft){.association_id = house->association_id,
                                 .quarantine_id = waiting_row(house),
                                 .reason = "chèque de caution",
                                 .actor = {house->login_id, ""},
                                 .now = 1790000000};
}

static void it_is_attached_to_a_member(void **state)
{
    struct house *house = *state;
    struct settle_draft draft;

    furnish(house);
    money_charge(house, house->member_id, 4000, "7561", "Cotisation");
    draft = draft_of(house);
    house_ok(settle_attach(house->db, &draft, house->member_id, house->arena));
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(money_balance(house, "7561"), -4000);
    assert_int_equal(money_balance(house, "4191"), -3000);
    assert_int_equal(money_balance(house, "5171"), 7000);
    assert_int_equal(house_count(house, "SELECT SUM(amount_cents) FROM cart_line"), -3000);
    assert_int_equal(house_count(house,
                                 "SELECT COUNT(*) FROM provider_transaction"
                                 " WHERE member_id = %lld",
                                 (long long)house->member_id),
                     1);
    assert_int_equal(settle_attach(house->db, &draft, house->member_id, house->arena),
                     ERR_CONFLICT);
    money_clean(house);
}

/* What went back before follows it into the cart; what goes back after too. */
static void what_went_back_goes_with_it(void **state)
{
    struct house *house = *state;
    struct provider_account account = furnish(house);
    struct payment_fact first = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 1000);
    struct payment_fact later = money_fact(&account, FACT_REFUND, "re_2", "pi_1", 6000);
    struct settle_draft draft;

    kernel_post(house, &first);
    money_charge(house, house->member_id, 4000, "7561", "Cotisation");
    draft = draft_of(house);
    house_ok(settle_attach(house->db, &draft, house->member_id, house->arena));
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(house_count(house, "SELECT SUM(amount_cents) FROM cart_line"), -2000);
    money_clean(house);
    kernel_post(house, &later);
    assert_int_equal(money_balance(house, "5171"), 0);
    assert_int_equal(money_balance(house, "7561"), 0);
    assert_int_equal(house_count(house, "SELECT SUM(amount_cents) FROM cart_line"), 4000);
    money_clean(house);
}

static void it_is_classified(void **state)
{
    struct house *house = *state;
    struct provider_account account = furnish(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 2000);
    struct settle_draft draft = draft_of(house);

    assert_int_equal(settle_classify(house->db, &draft, "999", house->arena), ERR_INPUT);
    assert_int_equal(settle_classify(house->db, &draft, "471", house->arena), ERR_INPUT);
    house_ok(settle_classify(house->db, &draft, "7588", house->arena));
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(money_balance(house, "7588"), -7000);
    money_clean(house);
    /* What goes back of it later comes from there. */
    kernel_post(house, &refund);
    assert_int_equal(money_balance(house, "7588"), -5000);
    assert_int_equal(money_balance(house, "471"), 0);
    money_clean(house);
}

static void all_of_it_paid_back_waits_no_more(void **state)
{
    struct house *house = *state;
    struct provider_account account = furnish(house);
    struct payment_fact part = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 3000);
    struct payment_fact rest = money_fact(&account, FACT_REFUND, "re_2", "pi_1", 4000);

    kernel_post(house, &part);
    assert_int_equal(money_open(house, "unknown_intent"), 1);
    kernel_post(house, &rest);
    assert_int_equal(money_open(house, "unknown_intent"), 0);
    assert_int_equal(money_balance(house, "471"), 0);
    money_clean(house);
}

/* Money that went out, of a payment nobody knows. */
static void an_orphan_is_classified_the_other_way(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_9", 2500);
    struct settle_draft draft;

    assert_int_equal(money_post_orphan(house, &refund).outcome, OUTCOME_QUARANTINED);
    draft = draft_of(house);
    assert_int_equal(settle_attach(house->db, &draft, house->member_id, house->arena),
                     ERR_CONFLICT);
    assert_int_equal(settle_see(house->db, &draft, house->arena), ERR_CONFLICT);
    house_ok(settle_classify(house->db, &draft, "7588", house->arena));
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(money_balance(house, "7588"), 2500);
    money_clean(house);
}

/* Classified before its payment was known: what was guessed is put back, the payment knows better.
 */
static void a_classified_orphan_finds_its_payment(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_9", 1500);
    struct payment_fact failed = money_fact(&account, FACT_REFUND_FAILED, "re_1", "re_1", 1500);
    struct payment_fact capture = kernel_capture(&account, "T1", "pi_9", 2500);
    struct settle_draft draft;

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 2500);
    money_post_orphan(house, &refund);
    draft = draft_of(house);
    house_ok(settle_classify(house->db, &draft, "7588", house->arena));
    assert_int_equal(money_balance(house, "7588"), 1500);
    assert_int_equal(kernel_post(house, &capture).outcome, OUTCOME_POSTED);
    assert_int_equal(money_balance(house, "7588"), 0);
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(money_balance(house, "7561"), -1000);
    assert_int_equal(house_count(house,
                                 "SELECT SUM(amount_cents) FROM cart_line WHERE member_id = %lld",
                                 (long long)house->member_id),
                     1500);
    money_clean(house);
    kernel_post(house, &failed);
    assert_int_equal(money_balance(house, "7561"), -2500);
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM quarantine WHERE settled_at IS NULL"), 0);
    money_clean(house);
}

/* Paid back, it waits for nobody; when that fails, it waits again, and is attached as any other.
 */
static void a_payment_that_came_back_waits_again(void **state)
{
    struct house *house = *state;
    struct provider_account account = furnish(house);
    struct payment_fact refund = money_fact(&account, FACT_REFUND, "re_1", "pi_1", 7000);
    struct payment_fact failed = money_fact(&account, FACT_REFUND_FAILED, "re_1", "re_1", 7000);
    struct settle_draft draft = draft_of(house);

    kernel_post(house, &refund);
    assert_int_equal(money_open(house, "unknown_intent"), 0);
    kernel_post(house, &failed);
    assert_int_equal(money_balance(house, "471"), -7000);
    assert_int_equal(money_open(house, "unknown_intent"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM outbox WHERE kind = 'to_place'"), 1);
    money_clean(house);
    house_ok(settle_attach(house->db, &draft, house->member_id, house->arena));
    assert_int_equal(money_balance(house, "471"), 0);
    assert_int_equal(money_open(house, "unknown_intent"), 0);
    money_clean(house);
}

/* These hold what carts and movements say; an entry from here would make verify lie. */
static void accounts_of_the_kernel_take_nothing(void **state)
{
    static const char *const kept[] = {"471", "4191", "4671", "487", "5121", "5171", "nowhere"};
    struct house *house = *state;
    struct settle_draft draft;

    furnish(house);
    draft = draft_of(house);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        assert_int_equal(settle_classify(house->db, &draft, kept[i], house->arena), ERR_INPUT);
    assert_int_equal(money_open(house, "unknown_intent"), 1);
    money_clean(house);
}

static void another_association_finds_nothing(void **state)
{
    struct house *house = *state;
    struct settle_draft draft;

    furnish(house);
    draft = draft_of(house);
    draft.association_id = house->association_id + 1;
    assert_int_equal(settle_classify(house->db, &draft, "7588", house->arena), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_attached_to_a_member, house_setup, house_teardown),
        cmocka_unit_test_setup_teardown(what_went_back_goes_with_it, house_setup, house_teardown),
        cmocka_unit_test_setup_teardown(it_is_classified, house_setup, house_teardown),
        cmocka_unit_test_setup_teardown(all_of_it_paid_back_waits_no_more, house_setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(an_orphan_is_classified_the_other_way, house_setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(a_classified_orphan_finds_its_payment, house_setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(a_payment_that_came_back_waits_again, house_setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(accounts_of_the_kernel_take_nothing, house_setup,
                                        house_teardown),
        cmocka_unit_test_setup_teardown(another_association_finds_nothing, house_setup,
                                        house_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
