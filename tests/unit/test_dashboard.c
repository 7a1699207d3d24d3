/* A season in figures: what was asked, paid, received, and what waits for a hand. */
#include "support/kernel.h"

#include "base/random.h"
#include "payment/correct.h"
#include "payment/manual.h"
#include "payment/season.h"

static const struct audit_actor actor = {0, ""};

enum { DAY_S = 86400 };

static int64_t new_id(void)
{
    int64_t id;

    house_ok(random_id(&id));
    return id;
}

static int64_t add_means(struct house *house, const char *code, const char *transit)
{
    char token[RANDOM_TOKEN_MAX];
    struct account_draft draft = {.id = new_id(),
                                  .association_id = house->association_id,
                                  .provider = "manual",
                                  .mode = ACCOUNT_TEST,
                                  .external_id = code,
                                  .label = code,
                                  .transit_account = transit,
                                  .since_day = "2026-09-01",
                                  .verified = true,
                                  .now = HOUSE_NOW};

    house_ok(random_token(token));
    draft.public_id = arena_string(house->arena, token);
    house_ok(account_add(house->db, &draft, &actor));
    return draft.id;
}

static int64_t charge(struct house *house, int64_t member_id, int64_t cents, int64_t product_id,
                      struct date day)
{
    const struct charge_draft draft = {.id = new_id(),
                                       .association_id = house->association_id,
                                       .member_id = member_id,
                                       .amount_cents = cents,
                                       .label = "Cotisation",
                                       .date = day,
                                       .for_day = {2026, 10, 1},
                                       .account_code = "7561",
                                       .product_id = product_id,
                                       .now = HOUSE_NOW};

    house_ok(payment_charge(house->db, &draft, house->arena));
    return draft.id;
}

static void pay(struct house *house, int64_t member_id, int64_t means_id, int64_t cents,
                int64_t fact_at, const struct cheque_draft *cheque)
{
    static int next;
    const struct manual_payment payment = {
        .association_id = house->association_id,
        .member_id = member_id,
        .provider_account_id = means_id,
        .reference = arena_printf(house->arena, "R%d", ++next),
        .amount_cents = cents,
        .fact_at = fact_at,
        .label = "Paiement",
        .cheque = cheque,
        .actor = actor,
    };
    struct post_result result;

    house_ok(payment_post_manual(house->db, &payment, HOUSE_NOW, house->arena, &result));
}

static struct season season_of(struct house *house, int64_t association_id)
{
    struct fiscal_year *years;
    struct season season;
    size_t count;

    house_ok(accounting_years(house->db, association_id, house->arena, &years, &count));
    house_ok(season_read(house->db, association_id, &years[count - 1], house->arena, &season));
    return season;
}

static void what_was_asked_and_paid(void **state)
{
    struct house *house = *state;
    int64_t paul = house_add_member(house, house->association_id, "Paul", "Bernard", 0);
    int64_t cash = add_means(house, "cash", "530"), product = new_id(), charge_id;
    struct charge_correction correction = {.id = new_id(),
                                           .association_id = house->association_id,
                                           .amount_cents = 1000,
                                           .label = "Annulé",
                                           .date = {2026, 10, 1},
                                           .actor = actor,
                                           .now = HOUSE_NOW};
    struct season season;

    house_execute(house,
                  "INSERT INTO product (association_id, id, title, price_cents, account_code,"
                  " created_at) VALUES (%lld, %lld, 'Licence', 3000, '7561', 0)",
                  (long long)house->association_id, (long long)product);
    charge_id = charge(house, house->member_id, 3000, product, (struct date){2026, 9, 10});
    charge(house, paul, 3000, product, (struct date){2026, 8, 15}); /* before the year, for it */
    charge(house, paul, 500, 0, (struct date){2026, 10, 1});
    correction.charge_line_id = charge_id;
    house_ok(payment_correct_charge(house->db, &correction, house->arena));
    pay(house, house->member_id, cash, 500, HOUSE_NOW - 20 * DAY_S, NULL);
    pay(house, paul, cash, 9000, HOUSE_NOW, NULL); /* 3,500 due, the rest an advance */
    season = season_of(house, house->association_id);
    assert_int_equal(season.asked_cents, 5500);
    assert_int_equal(season.paid_cents, 4000);
    assert_int_equal(season.product_count, 2);
    assert_string_equal(season.products[0].title, "Licence");
    assert_int_equal(season.products[0].charges, 2);
    assert_int_equal(season.products[0].asked_cents, 5000);
    assert_int_equal(season.products[0].paid_cents, 3500);
    assert_int_equal(season.products[1].product_id, 0);
    assert_int_equal(season.products[1].asked_cents, 500);
    assert_int_equal(season.products[1].paid_cents, 500);
    assert_int_equal(season.month_count, 12);
    assert_int_equal(season.months[0].month, 9);
    assert_int_equal(season.months[0].asked_cents, 5000);
    assert_int_equal(season.months[0].received_cents, 500);
    assert_int_equal(season.months[1].asked_cents, 500);
    assert_int_equal(season.months[1].received_cents, 9000);
    assert_int_equal(season.months[11].year, 2027);
    assert_int_equal(season.months[11].month, 8);
}

static void what_waits_for_a_hand(void **state)
{
    struct house *house = *state;
    int64_t cheques = add_means(house, "cheque", "5112");
    const struct cheque_draft ready = {"1", "ca", "x", {2026, 10, 1}};
    const struct cheque_draft later = {"2", "ca", "x", {2026, 10, 2}};
    int64_t paul = house_add_member(house, house->association_id, "Paul", "Bernard", 0);
    int64_t lou = house_add_member(house, house->association_id, "Lou", "Bernard", paul);
    struct season_tasks tasks;

    house_ok(season_tasks(house->db, house->association_id, "2026-10-01", &tasks));
    assert_int_equal(tasks.cheque_count, 0);
    assert_int_equal(tasks.unreachable_count, 0);
    pay(house, house->member_id, cheques, 1500, HOUSE_NOW, &ready);
    pay(house, house->member_id, cheques, 2500, HOUSE_NOW, &later);
    charge(house, lou, 700, 0, (struct date){2026, 10, 1});
    house_execute(house, "UPDATE member SET email = '' WHERE id IN (%lld, %lld)", (long long)paul,
                  (long long)lou);
    house_ok(season_tasks(house->db, house->association_id, "2026-10-01", &tasks));
    assert_int_equal(tasks.cheque_count, 1);
    assert_int_equal(tasks.cheque_cents, 1500);
    assert_int_equal(tasks.unreachable_count, 1); /* Paul, who pays for Lou */
    house_execute(house, "UPDATE member SET email = 'paul@exemple.fr' WHERE id = %lld",
                  (long long)paul);
    house_ok(season_tasks(house->db, house->association_id, "2026-10-02", &tasks));
    assert_int_equal(tasks.cheque_count, 2);
    assert_int_equal(tasks.unreachable_count, 0);
}

static void neighbours_have_their_own(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Voisins");
    struct season season;

    charge(house, house->member_id, 3000, 0, (struct date){2026, 9, 10});
    season = season_of(house, other);
    assert_int_equal(season.asked_cents, 0);
    assert_int_equal(season.product_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(what_was_asked_and_paid),
        HOUSE_TEST(what_waits_for_a_hand),
        HOUSE_TEST(neighbours_have_their_own),
    };

    return cmocka_run_group_tests_name("dashboard", tests, NULL, NULL);
}
