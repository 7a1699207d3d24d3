/* How much a payer may pay: the options alone, and what is open, decide it. */
#include "support/kernel.h"

#include "payment/room.h"

/* Owes 25,00 €; pays for somebody who owes 15,00 €. */
static void furnish(struct house *house)
{
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Martin", house->member_id);

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    house_add_charge(house, child, "2026-09-11", 1500, "Cotisation");
}

static struct payment_room room_of(struct house *house, struct association *association)
{
    struct payment_room room;

    house_ok(association_find(house->db, house->association_id, house->arena, association));
    house_ok(payment_room(house->db, association, house->member_id, house->arena, &room));
    return room;
}

static void the_options_decide(void **state)
{
    static const struct {
        bool part_payments, advances;
        int64_t lowest, highest;
        int64_t cents;
        enum room_verdict verdict;
    } cases[] = {
        {true, true, 100, 1000000, 99, ROOM_BELOW_MINIMUM},
        {true, true, 100, 1000000, 100, ROOM_FITS},
        {true, true, 100, 1000000, 2500, ROOM_FITS},
        {true, true, 100, 1000000, 1000000, ROOM_FITS},
        {true, true, 100, 1000000, 1000001, ROOM_ABOVE_MAXIMUM},
        {false, true, 2500, 1000000, 2499, ROOM_IN_PART},
        {false, true, 2500, 1000000, 2500, ROOM_FITS},
        {false, true, 2500, 1000000, 9900, ROOM_FITS},
        {false, true, 2500, 1000000, 1000001, ROOM_ABOVE_MAXIMUM},
        {true, false, 100, 4000, 100, ROOM_FITS},
        {true, false, 100, 4000, 4000, ROOM_FITS}, /* with the cart that is paid for */
        {true, false, 100, 4000, 4001, ROOM_ABOVE_DEBT},
        {false, false, 2500, 4000, 2499, ROOM_IN_PART},
        {false, false, 2500, 4000, 2500, ROOM_FITS},
        {false, false, 2500, 4000, 4000, ROOM_FITS},
        {false, false, 2500, 4000, 4001, ROOM_ABOVE_DEBT},
    };
    struct house *house = *state;

    furnish(house);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct association association;
        struct payment_room room;

        house_execute(house, "UPDATE association SET part_payments = %d, advances = %d",
                      cases[i].part_payments, cases[i].advances);
        room = room_of(house, &association);
        assert_int_equal(room.balance_cents, 4000);
        assert_int_equal(room.due_cents, 2500);
        assert_int_equal(room.debt_cents, 4000);
        assert_int_equal(room.lowest_cents, cases[i].lowest);
        assert_int_equal(room.highest_cents, cases[i].highest);
        assert_int_equal(payment_room_takes(&association, &room, cases[i].cents),
                         cases[i].verdict);
    }
}

/* Money that is being confirmed is as good as paid; an open attempt is not, a press ends it. */
static void what_is_under_way_counts(void **state)
{
    struct house *house = *state;
    const struct audit_actor nobody = {0, ""};
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct association association;
    bool moved = false;

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    house_execute(house, "UPDATE association SET part_payments = 0, advances = 0");
    assert_int_equal(room_of(house, &association).due_cents, 2500);
    house_ok(intent_move(house->db, house->association_id, kernel_intent(house, "T1").id,
                         INTENT_PROCESSING, "", &nobody, HOUSE_NOW, &moved));
    assert_true(moved);
    assert_int_equal(room_of(house, &association).due_cents, 1500);
    assert_int_equal(room_of(house, &association).lowest_cents, 1500);
    assert_int_equal(room_of(house, &association).highest_cents, 1500);
}

/* What the payer has in advance pays the own charges alone: the child's are due all the same. */
static void an_own_advance_is_no_payment_for_others(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Martin", house->member_id);
    struct association association;
    struct payment_room room;

    house_execute(house,
                  "INSERT INTO cart_line (association_id, id, member_id, kind, amount_cents, "
                  "label, line_date, fiscal_year_id, created_at) VALUES (%lld, 77, %lld, "
                  "'adjustment', -1000, 'Geste', '2026-09-01', %lld, 0)",
                  (long long)house->association_id, (long long)house->member_id,
                  (long long)house->year_id);
    house_execute(house, "UPDATE association SET advances = 0");
    assert_int_equal(room_of(house, &association).balance_cents, -1000);
    assert_int_equal(room_of(house, &association).debt_cents, 0);
    house_add_charge(house, child, "2026-09-11", 1500, "Cotisation");
    room = room_of(house, &association);
    assert_int_equal(room.balance_cents, 1500);
    assert_int_equal(room.debt_cents, 1500);
    assert_int_equal(room.highest_cents, 1500);
    assert_int_equal(room.due_cents, -1000);
}

/* Nothing due and no advances: there is no room at all. */
static void nothing_due_leaves_no_room(void **state)
{
    struct house *house = *state;
    struct association association;
    struct payment_room room;

    house_execute(house, "UPDATE association SET advances = 0");
    room = room_of(house, &association);
    assert_true(room.lowest_cents > room.highest_cents);
    assert_int_equal(payment_room_takes(&association, &room, 100), ROOM_ABOVE_DEBT);
}

/* The page looked before: the transaction looks again, whatever changed since. */
static void a_press_is_measured_once_more(void **state)
{
    static const struct {
        const char *change;
        int64_t cents;
        enum intent_start start;
    } cases[] = {
        {"part_payments = 0", 1000, INTENT_AMOUNT_REFUSED},
        {"advances = 0", 9000, INTENT_AMOUNT_REFUSED},
        {"amount_min_cents = 2600", 2500, INTENT_AMOUNT_REFUSED},
        {"amount_max_cents = 2400", 2500, INTENT_AMOUNT_REFUSED},
        {"part_payments = 0, advances = 0", 2500, INTENT_STARTED},
    };
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");

    furnish(house);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *token = arena_printf(house->arena, "T%d", (int)i);
        struct intent_draft draft =
            kernel_draft(house, &account, house->member_id, token, cases[i].cents);
        int64_t id;

        house_execute(house, "UPDATE association SET part_payments = 1, advances = 1, "
                             "amount_min_cents = 100, amount_max_cents = 1000000");
        house_execute(house, "UPDATE association SET %s", cases[i].change);
        assert_int_equal(kernel_create(house, &draft, &id), cases[i].start);
    }
    assert_int_equal(house_count(house, "SELECT count(*) FROM payment_intent"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(the_options_decide),
        HOUSE_TEST(what_is_under_way_counts),
        HOUSE_TEST(an_own_advance_is_no_payment_for_others),
        HOUSE_TEST(nothing_due_leaves_no_room),
        HOUSE_TEST(a_press_is_measured_once_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
