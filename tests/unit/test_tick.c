/* What a payer chooses among: what is open in the carts they pay for, less what is on its way. */
#include "support/kernel.h"

#include "payment/tick.h"

static struct cart_due *dues_of(struct house *house, size_t *count)
{
    struct cart_due *dues = NULL;

    house_ok(
        tick_dues(house->db, house->association_id, house->member_id, house->arena, &dues, count));
    return dues;
}

static void the_family_s_open_charges_oldest_first(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Roux", house->member_id);
    int64_t stranger = house_add_member(house, house->association_id, "Paul", "Roux", 0);
    int64_t trip = house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    int64_t his = house_add_charge(house, child, "2026-09-10", 2000, "Cotisation");
    size_t count = 0;
    struct cart_due *dues;

    house_add_charge(house, stranger, "2026-09-01", 900, "Cotisation");
    dues = dues_of(house, &count);
    assert_int_equal(count, 2);
    assert_true(dues[0].charge_line_id == his && dues[0].member_id == child);
    assert_true(dues[1].charge_line_id == trip && dues[1].open_cents == 1500);
}

static void what_is_being_confirmed_is_not_offered_again(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    int64_t trip = house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    int64_t other = house_add_charge(house, house->member_id, "2026-09-13", 2500, "Cotisation");
    struct intent_draft draft = kernel_draft(house, &account, house->member_id, "T1", 2000);
    struct cart_due *dues;
    size_t count = 0;
    int64_t id;

    draft.ticked = &trip;
    draft.ticked_count = 1;
    assert_int_equal(kernel_create(house, &draft, &id), INTENT_STARTED);
    (void)dues_of(house, &count);
    assert_int_equal(count, 2); /* open at the provider: a new press ends it */
    house_execute(house, "UPDATE payment_intent SET state = 'open' WHERE id = %lld",
                  (long long)id);
    house_execute(house, "UPDATE payment_intent SET state = 'processing' WHERE id = %lld",
                  (long long)id);
    dues = dues_of(house, &count);
    assert_int_equal(count, 1);
    assert_true(dues[0].charge_line_id == other);
    assert_int_equal(dues[0].open_cents, 2000);
}

static void the_amount_is_that_of_the_ticks(void **state)
{
    static const struct payment_room room = {.debt_cents = 3900}; /* an advance of 1,00 counts */
    const struct cart_due dues[] = {{.charge_line_id = 1, .open_cents = 1500},
                                    {.charge_line_id = 2, .open_cents = 2500}};
    const int64_t first[] = {1}, both[] = {2, 1}, strange[] = {2, 7};

    (void)state;
    assert_int_equal(tick_amount(dues, 2, &room, NULL, 0), 0);
    assert_int_equal(tick_amount(dues, 2, &room, first, 1), 1500);
    assert_int_equal(tick_amount(dues, 2, &room, strange, 2), 2500);
    assert_int_equal(tick_amount(dues, 2, &room, both, 2), 3900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(the_family_s_open_charges_oldest_first),
        HOUSE_TEST(what_is_being_confirmed_is_not_offered_again),
        HOUSE_TEST(the_amount_is_that_of_the_ticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
