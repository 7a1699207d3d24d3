#include "support/database.h"

#include "association/carts.h"
#include "base/random.h"

#include <string.h>

/* ---- lines a test writes straight into the tables ---- */

static enum err add_line(struct db *db, void *argument)
{
    return cart_add_line(db, argument);
}

/* One capture at a cash box, with its entry, so that payment lines and allocations may point
 * at them. */
static void add_money(struct house *house)
{
    long long a = (long long)house->association_id, y = (long long)house->year_id;

    house_execute(house,
                  "INSERT INTO provider_account (association_id, id, public_id, provider, mode, "
                  "external_id, label, transit_account, position, since_day, created_at) "
                  "VALUES (%lld, 1, 'cash', 'manual', 'test', 'cash', 'Caisse', '530', 1, "
                  "'2026-09-01', 1);"
                  "INSERT INTO entry VALUES (%lld, 1, %lld, 1, 1, 'CA', '2026-10-01', "
                  "'2026-10-01', 1, 'p', 'l', 1, zeroblob(32), zeroblob(32));"
                  "INSERT INTO provider_transaction (association_id, id, provider_account_id, "
                  "kind, reference, amount_cents, currency, fact_at, created_at) "
                  "VALUES (%lld, 1, 1, 'capture', 'r', 1, 'EUR', 1, 1);",
                  a, a, y, a);
}

static int64_t add(struct house *house, struct cart_draft draft, const char *date)
{
    house_ok(random_id(&draft.id));
    draft.association_id = house->association_id;
    if (!draft.member_id)
        draft.member_id = house->member_id;
    draft.fiscal_year_id = draft.fiscal_year_id ? draft.fiscal_year_id : house->year_id;
    draft.label = draft.label ? draft.label : "ligne";
    draft.now = HOUSE_NOW;
    assert_true(date_parse_iso(str_of(date), &draft.date));
    house_ok(db_transaction(house->db, add_line, &draft));
    return draft.id;
}

static int64_t add_payment(struct house *house, int64_t member_id, const char *date,
                           int64_t amount_cents)
{
    struct cart_draft draft = {.kind = CART_PAYMENT,
                               .member_id = member_id,
                               .amount_cents = -amount_cents,
                               .transaction_id = 1,
                               .entry_id = 1};

    return add(house, draft, date);
}

static enum err add_allocation(struct db *db, void *argument)
{
    return cart_allocate(db, argument);
}

static enum err allocate(struct house *house, int64_t payment_id, int64_t charge_id,
                         int64_t amount_cents)
{
    struct allocation_draft draft = {.association_id = house->association_id,
                                     .member_id = house->member_id,
                                     .payment_line_id = payment_id,
                                     .charge_line_id = charge_id,
                                     .amount_cents = amount_cents,
                                     .entry_id = 1,
                                     .now = HOUSE_NOW};

    return db_transaction(house->db, add_allocation, &draft);
}

static void expect_balance(struct house *house, int64_t member_id, int64_t expected)
{
    int64_t balance_cents;

    house_ok(cart_balance(house->db, house->association_id, member_id, &balance_cents));
    assert_int_equal(balance_cents, expected);
}

/* ---- the cart ---- */

static void test_empty_cart(void **state)
{
    struct house *house = *state;
    struct cart_line *lines;
    struct cart_due *dues;
    struct cart_credit *credits;
    size_t count;

    expect_balance(house, house->member_id, 0);
    house_ok(cart_lines(house->db, house->association_id, house->member_id, house->arena, &lines,
                        &count));
    assert_int_equal(count, 0);
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(count, 0);
    house_ok(cart_credits(house->db, house->association_id, house->member_id, house->arena,
                          &credits, &count));
    assert_int_equal(count, 0);
}

static void test_lines_in_date_order_with_balance(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *label, *date;
        enum cart_kind kind;
        int64_t amount_cents, balance_cents, open_cents;
    } expected[] = {
        {"Cotisation", "2026-09-03", CART_CHARGE, 4000, 4000, 1000},
        {"Chèque", "2026-09-10", CART_PAYMENT, -3000, 1000, 0},
        {"Sortie", "2026-09-20", CART_CHARGE, 1250, 2250, 1250},
    };
    struct cart_line *lines;
    size_t count;
    int64_t cotisation, payment;

    add_money(house);
    house_add_charge(house, house->member_id, "2026-09-20", 1250, "Sortie");
    payment = add(house,
                  (struct cart_draft){.kind = CART_PAYMENT,
                                      .amount_cents = -3000,
                                      .label = "Chèque",
                                      .transaction_id = 1,
                                      .entry_id = 1},
                  "2026-09-10");
    cotisation = house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    house_ok(allocate(house, payment, cotisation, 3000));
    house_ok(cart_lines(house->db, house->association_id, house->member_id, house->arena, &lines,
                        &count));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        char date[DATE_TEXT_MAX];
        assert_string_equal(lines[i].label, expected[i].label);
        assert_string_equal(date_format_iso(date, lines[i].date), expected[i].date);
        assert_int_equal(lines[i].kind, expected[i].kind);
        assert_int_equal(lines[i].amount_cents, expected[i].amount_cents);
        assert_int_equal(lines[i].balance_cents, expected[i].balance_cents);
        assert_int_equal(lines[i].open_cents, expected[i].open_cents);
        assert_string_equal(lines[i].fiscal_year_label, "2026-2027");
        assert_false(lines[i].corrects_line_id != 0);
    }
    expect_balance(house, house->member_id, 2250);
}

static void test_years_of_the_lines(void **state)
{
    struct house *house = *state;
    struct cart_line *lines;
    struct carts carts;
    size_t count;

    house_execute(house,
                  "INSERT INTO fiscal_year (association_id, id, label, first_day, last_day) "
                  "VALUES (%lld, 5, '2025-2026', '2025-09-01', '2026-08-31'), "
                  "(%lld, 6, '2027-2028', '2027-09-01', '2028-08-31')",
                  (long long)house->association_id, (long long)house->association_id);
    add(house,
        (struct cart_draft){.kind = CART_CHARGE,
                            .amount_cents = 2000,
                            .fiscal_year_id = 5,
                            .account_code = "7561"},
        "2025-09-02");
    house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    house_ok(cart_lines(house->db, house->association_id, house->member_id, house->arena, &lines,
                        &count));
    assert_int_equal(count, 2);
    assert_int_equal(lines[0].balance_cents, 2000);
    assert_string_equal(lines[0].fiscal_year_label, "2025-2026");
    assert_string_equal(lines[0].fiscal_year_first_day, "2025-09-01");
    assert_int_equal(lines[1].balance_cents, 6000);
    house_ok(carts_read(house->db, house->association_id, house->member_id, house->arena, &carts));
    assert_int_equal(carts.year_count, 3);
    assert_string_equal(carts.years[0].label, "2027-2028");
    assert_false(carts.years[0].used);
    assert_true(carts.years[1].used && carts.years[1].id == house->year_id);
    assert_true(carts.years[2].used && carts.years[2].id == 5);
}

static void test_corrections_lower_what_is_open(void **state)
{
    struct house *house = *state;
    int64_t charge = house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    struct cart_line *lines;
    struct cart_due *dues;
    size_t count;

    add(house,
        (struct cart_draft){.kind = CART_CHARGE,
                            .amount_cents = -1500,
                            .account_code = "7561",
                            .corrects_line_id = charge},
        "2026-09-04");
    house_ok(cart_lines(house->db, house->association_id, house->member_id, house->arena, &lines,
                        &count));
    assert_int_equal(count, 2);
    assert_int_equal(lines[0].open_cents, 2500);
    assert_true(lines[1].corrects_line_id != 0);
    assert_int_equal(lines[1].open_cents, 0);
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(count, 1);
    assert_int_equal(dues[0].open_cents, 2500);
    add(house,
        (struct cart_draft){.kind = CART_CHARGE,
                            .amount_cents = -2500,
                            .account_code = "7561",
                            .corrects_line_id = charge},
        "2026-09-05");
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(count, 0);
}

static void test_dues_of_a_family_oldest_first(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Lou", "Martin", house->member_id);
    int64_t neighbour = house_add_member(house, house->association_id, "Marc", "Blanc", 0);
    int64_t second = house_add_charge(house, house->member_id, "2026-09-05", 4000, "b");
    int64_t first = house_add_charge(house, child, "2026-09-01", 2000, "a");
    int64_t third = add(house, (struct cart_draft){.kind = CART_ADJUSTMENT, .amount_cents = 300},
                        "2026-09-05");
    int64_t fourth = add(
        house,
        (struct cart_draft){.kind = CART_DONATION, .amount_cents = 500, .account_code = "75411"},
        "2026-09-06");
    const int64_t expected[] = {first, second, third, fourth};
    struct cart_due *dues;
    size_t count;

    house_add_charge(house, neighbour, "2026-09-01", 9900, "not theirs");
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(dues[i].charge_line_id, expected[i]);
    assert_int_equal(dues[0].member_id, child);
    assert_int_equal(dues[0].member_number, 2);
    assert_int_equal(dues[0].open_cents, 2000);
    assert_string_equal(dues[0].account_code, "7561");
    assert_string_equal(dues[0].fiscal_year_first_day, "2026-09-01");
    assert_null(dues[2].account_code);
    assert_string_equal(dues[3].account_code, "75411");
    house_ok(cart_dues(house->db, house->association_id, child, house->arena, &dues, &count));
    assert_int_equal(count, 1);
}

static void test_many_dues_come_whole(void **state)
{
    struct house *house = *state;
    struct cart_due *dues;
    size_t count;

    for (int i = 0; i < 70; i++)
        house_add_charge(house, house->member_id, "2026-09-05", 100 + i, "ligne");
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(count, 70);
    for (int i = 0; i < 70; i++)
        assert_int_equal(dues[i].open_cents, 100 + i);
}

static void test_credits(void **state)
{
    struct house *house = *state;
    int64_t charge, late, early, favour;
    struct cart_credit *credits;
    size_t count;

    add_money(house);
    charge = house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    late = add_payment(house, house->member_id, "2026-09-10", 3000);
    early = add_payment(house, house->member_id, "2026-09-05", 2000);
    favour = add(house, (struct cart_draft){.kind = CART_ADJUSTMENT, .amount_cents = -700},
                 "2026-09-12");
    add(house, (struct cart_draft){.kind = CART_ADJUSTMENT, .amount_cents = 900}, "2026-09-13");
    house_ok(allocate(house, early, charge, 1500));
    house_ok(cart_credits(house->db, house->association_id, house->member_id, house->arena,
                          &credits, &count));
    assert_int_equal(count, 3);
    assert_int_equal(credits[0].payment_line_id, early);
    assert_int_equal(credits[0].left_cents, 500);
    assert_int_equal(credits[1].payment_line_id, late);
    assert_int_equal(credits[1].left_cents, 3000);
    assert_int_equal(credits[2].payment_line_id, favour);
    assert_int_equal(credits[2].left_cents, 700);
    house_ok(allocate(house, early, charge, 500));
    house_ok(cart_credits(house->db, house->association_id, house->member_id, house->arena,
                          &credits, &count));
    assert_int_equal(count, 2);
}

static void test_allocations_stay_within_the_lines(void **state)
{
    struct house *house = *state;
    int64_t charge, payment;

    add_money(house);
    charge = house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    payment = add_payment(house, house->member_id, "2026-09-10", 3000);
    house_err(allocate(house, payment, charge, 3001), ERR_CONFLICT);
    house_ok(allocate(house, payment, charge, 2000));
    house_err(allocate(house, payment, charge, 1001), ERR_CONFLICT);
    house_err(allocate(house, payment, charge, -2001), ERR_CONFLICT);
    house_ok(allocate(house, payment, charge, -2000));
    house_ok(allocate(house, payment, charge, 3000));
    assert_int_equal(house_count(house, "SELECT sum(amount_cents) FROM allocation"), 3000);
}

static void test_lines_are_for_ever(void **state)
{
    struct house *house = *state;

    house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    house_err(db_execute_text(house->db, "UPDATE cart_line SET amount_cents = 1"), ERR_CONFLICT);
    house_err(db_execute_text(house->db, "DELETE FROM cart_line"), ERR_CONFLICT);
    expect_balance(house, house->member_id, 4000);
}

static void test_other_tenants_are_invisible(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Nageurs");
    int64_t balance_cents;
    struct cart_line *lines;
    size_t count;

    house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    house_ok(cart_balance(house->db, other, house->member_id, &balance_cents));
    assert_int_equal(balance_cents, 0);
    house_ok(cart_lines(house->db, other, house->member_id, house->arena, &lines, &count));
    assert_int_equal(count, 0);
}

static void test_a_charge_and_its_corrections(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Nageurs");
    int64_t line = house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    const struct cart_draft correction = {.id = 1,
                                          .association_id = house->association_id,
                                          .member_id = house->member_id,
                                          .kind = CART_CHARGE,
                                          .amount_cents = -1500,
                                          .label = "Réduit",
                                          .date = {2026, 9, 4},
                                          .fiscal_year_id = house->year_id,
                                          .account_code = "7561",
                                          .corrects_line_id = line,
                                          .now = HOUSE_NOW};
    struct cart_charge charge;
    struct cart_line *lines;
    size_t count;

    house_ok(cart_add_line(house->db, &correction));
    house_ok(cart_charge_find(house->db, house->association_id, line, house->arena, &charge));
    assert_int_equal(charge.member_id, house->member_id);
    assert_int_equal(charge.amount_cents, 4000);
    assert_int_equal(charge.left_cents, 2500);
    assert_int_equal(charge.paid_cents, 0);
    assert_string_equal(charge.label, "Cotisation");
    house_ok(cart_lines(house->db, house->association_id, house->member_id, house->arena, &lines,
                        &count));
    assert_int_equal(lines[0].left_cents, 2500);
    assert_int_equal(lines[0].open_cents, 2500);
    assert_int_equal(lines[1].left_cents, 0);
    house_err(cart_charge_find(house->db, house->association_id, 1, house->arena, &charge),
              ERR_NOT_FOUND);
    house_err(cart_charge_find(house->db, other, line, house->arena, &charge), ERR_NOT_FOUND);
}

static bool has_same(struct house *house, struct date date, const char *label, int64_t cents)
{
    const struct cart_same same = {.association_id = house->association_id,
                                   .member_id = house->member_id,
                                   .date = date,
                                   .label = label,
                                   .amount_cents = cents};
    bool has;

    house_ok(cart_has_same(house->db, &same, &has));
    return has;
}

static void test_the_same_charge(void **state)
{
    struct house *house = *state;
    const struct date day = {2026, 9, 3}, next_day = {2026, 9, 4};
    int64_t line = house_add_charge(house, house->member_id, "2026-09-03", 4000, "Cotisation");
    struct cart_draft correction = {.id = 1,
                                    .association_id = house->association_id,
                                    .member_id = house->member_id,
                                    .kind = CART_CHARGE,
                                    .amount_cents = -4000,
                                    .label = "Annulé",
                                    .date = day,
                                    .fiscal_year_id = house->year_id,
                                    .account_code = "7561",
                                    .corrects_line_id = line,
                                    .now = HOUSE_NOW};

    assert_true(has_same(house, day, "Cotisation", 4000));
    assert_false(has_same(house, next_day, "Cotisation", 4000));
    assert_false(has_same(house, day, "Cotisation", 4001));
    assert_false(has_same(house, day, "Assurance", 4000));
    house_ok(cart_add_line(house->db, &correction));
    assert_false(has_same(house, day, "Cotisation", 4000));
}

static void test_the_same_product_is_the_same_charge(void **state)
{
    struct house *house = *state;
    const struct cart_same same = {.association_id = house->association_id,
                                   .member_id = house->member_id,
                                   .date = {2026, 9, 3},
                                   .product_id = 7,
                                   .label = "2 × Tee-shirt",
                                   .amount_cents = 3000};
    struct cart_draft draft = {.id = 1,
                               .association_id = house->association_id,
                               .member_id = house->member_id,
                               .kind = CART_CHARGE,
                               .amount_cents = 1500,
                               .label = "Tee-shirt",
                               .date = same.date,
                               .fiscal_year_id = house->year_id,
                               .account_code = "707",
                               .product_id = 7,
                               .now = HOUSE_NOW};
    bool has;

    house_execute(house,
                  "INSERT INTO product (association_id, id, title, price_cents, account_code, "
                  "created_at) VALUES (%lld, 7, 'Tee-shirt', 1500, '707', 0)",
                  (long long)house->association_id);
    house_ok(cart_has_same(house->db, &same, &has));
    assert_false(has);
    house_ok(cart_add_line(house->db, &draft));
    house_ok(cart_has_same(house->db, &same, &has));
    assert_true(has);
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_string_equal(cart_kind_name(CART_CHARGE), "charge");
    assert_string_equal(cart_kind_name(CART_PAYMENT), "payment");
    assert_string_equal(cart_kind_name(CART_REFUND), "refund");
    assert_string_equal(cart_kind_name(CART_ADJUSTMENT), "adjustment");
    assert_string_equal(cart_kind_name(CART_DONATION), "donation");
    assert_string_equal(cart_kind_name(CART_DISPUTE), "dispute");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_empty_cart),
        HOUSE_TEST(test_lines_in_date_order_with_balance),
        HOUSE_TEST(test_years_of_the_lines),
        HOUSE_TEST(test_corrections_lower_what_is_open),
        HOUSE_TEST(test_dues_of_a_family_oldest_first),
        HOUSE_TEST(test_many_dues_come_whole),
        HOUSE_TEST(test_credits),
        HOUSE_TEST(test_allocations_stay_within_the_lines),
        HOUSE_TEST(test_lines_are_for_ever),
        HOUSE_TEST(test_other_tenants_are_invisible),
        HOUSE_TEST(test_a_charge_and_its_corrections),
        HOUSE_TEST(test_the_same_charge),
        HOUSE_TEST(test_the_same_product_is_the_same_charge),
        cmocka_unit_test(test_kind_names),
    };

    return cmocka_run_group_tests_name("cart", tests, NULL, NULL);
}
