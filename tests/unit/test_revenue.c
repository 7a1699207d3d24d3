/* What came in, listed and counted: filters, pages, totals of all that is let through. */
#include "support/kernel.h"

#include "base/random.h"
#include "payment/manual.h"
#include "payment/revenue.h"
#include "payment/take_back.h"

#include <string.h>

static const struct audit_actor actor = {0, ""};

enum { DAY_S = 86400 };

static int64_t add_means(struct house *house, int64_t association_id, const char *code)
{
    char token[RANDOM_TOKEN_MAX];
    struct account_draft draft = {.association_id = association_id,
                                  .provider = "manual",
                                  .mode = ACCOUNT_TEST,
                                  .external_id = code,
                                  .label = code,
                                  .transit_account = strcmp(code, "cash") == 0 ? "530" : "5121",
                                  .since_day = "2026-09-01",
                                  .verified = true,
                                  .now = HOUSE_NOW};

    house_ok(random_token(token));
    house_ok(random_id(&draft.id));
    draft.public_id = arena_string(house->arena, token);
    house_ok(account_add(house->db, &draft, &actor));
    return draft.id;
}

static int64_t pay(struct house *house, int64_t association_id, int64_t member_id,
                   int64_t means_id, const char *reference, int64_t cents, int64_t fact_at)
{
    const struct manual_payment payment = {.association_id = association_id,
                                           .member_id = member_id,
                                           .provider_account_id = means_id,
                                           .reference = reference,
                                           .amount_cents = cents,
                                           .fact_at = fact_at,
                                           .label = "Paiement",
                                           .actor = actor};
    struct post_result result;

    house_ok(payment_post_manual(house->db, &payment, HOUSE_NOW, house->arena, &result));
    assert_int_equal(result.outcome, OUTCOME_POSTED);
    return result.transaction_id;
}

/* The references of a page, one after the other. */
static const char *references(struct house *house, const struct revenue_filter *filter,
                              struct revenue_place *place, int64_t max)
{
    struct revenue_row *rows;
    struct buffer text;
    size_t count;

    buffer_init(&text, house->arena, 64);
    house_ok(revenue_list(house->db, filter, *place, max, house->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text, "%s%s", i ? " " : "", rows[i].reference);
        *place = (struct revenue_place){rows[i].fact_at, rows[i].id};
    }
    return text.data;
}

static void check(struct house *house, struct revenue_filter filter, const char *expected,
                  int64_t cents)
{
    struct revenue_place first = {0};
    struct revenue_total total;

    filter.association_id = house->association_id;
    assert_string_equal(references(house, &filter, &first, 50), expected);
    house_ok(revenue_total(house->db, &filter, house->arena, &total));
    assert_int_equal(total.received_cents, cents);
}

/* Three payments of the house, one of its neighbours. */
static void fill(struct house *house, int64_t means[2])
{
    int64_t zoe = house_add_member(house, house->association_id, "Zoë", "Lefèvre", 0);
    int64_t other = house_add_association(house, "Les Voisins");
    int64_t neighbour = house_add_member(house, other, "Zoë", "Lefèvre", 0);

    means[0] = add_means(house, house->association_id, "cash");
    means[1] = add_means(house, house->association_id, "transfer");
    pay(house, house->association_id, house->member_id, means[0], "R-1", 1000,
        HOUSE_NOW - 2 * DAY_S);
    pay(house, house->association_id, zoe, means[1], "VIR_2", 2000, HOUSE_NOW - DAY_S);
    pay(house, house->association_id, zoe, means[0], "R-3", 4000, HOUSE_NOW);
    pay(house, other, neighbour, add_means(house, other, "cash"), "R-9", 9000, HOUSE_NOW);
}

static void a_filter_lets_through_what_it_says(void **state)
{
    struct house *house = *state;
    int64_t means[2];

    fill(house, means);
    check(house, (struct revenue_filter){0}, "R-3 VIR_2 R-1", 7000);
    check(house, (struct revenue_filter){.fiscal_year_id = house->year_id}, "R-3 VIR_2 R-1", 7000);
    check(house, (struct revenue_filter){.fiscal_year_id = 1}, "", 0);
    check(house, (struct revenue_filter){.provider_account_id = means[0]}, "R-3 R-1", 5000);
    check(house, (struct revenue_filter){.search = str_of("LEFEVRE zoe")}, "R-3 VIR_2", 6000);
    check(house, (struct revenue_filter){.search = str_of("vir_2")}, "VIR_2", 2000);
    check(house, (struct revenue_filter){.search = str_of("%")}, "", 0);
    check(house, (struct revenue_filter){.from_at = HOUSE_NOW - DAY_S}, "R-3 VIR_2", 6000);
    check(house, (struct revenue_filter){.until_at = HOUSE_NOW - DAY_S}, "R-1", 1000);
    check(house, (struct revenue_filter){.from_at = HOUSE_NOW - DAY_S, .until_at = HOUSE_NOW},
          "VIR_2", 2000);
}

/* Of the same second, too: the id decides. */
static void pages_follow_each_other(void **state)
{
    struct house *house = *state;
    int64_t means = add_means(house, house->association_id, "cash");
    struct revenue_filter filter = {.association_id = house->association_id};
    struct revenue_place place = {0};
    struct buffer seen;

    for (int i = 0; i < 7; i++)
        pay(house, house->association_id, house->member_id, means,
            arena_printf(house->arena, "R%d", i), 100, HOUSE_NOW);
    buffer_init(&seen, house->arena, 64);
    for (int i = 0; i < 4; i++)
        buffer_printf(&seen, "%s ", references(house, &filter, &place, 2));
    for (int i = 0; i < 7; i++)
        assert_non_null(strstr(seen.data, arena_printf(house->arena, "R%d ", i)));
    assert_int_equal(seen.len, strlen("R0 R1 R2 R3 R4 R5 R6 "));
}

static void what_went_back_is_counted_apart(void **state)
{
    struct house *house = *state;
    int64_t means[2], movement_id;
    struct revenue_filter filter = {.association_id = house->association_id};
    struct revenue_row *rows;
    struct revenue_total total;
    size_t count;
    struct payment_refund refund = {.association_id = house->association_id,
                                    .reference = "RB1",
                                    .amount_cents = 1500,
                                    .label = "Remboursement",
                                    .fact_at = HOUSE_NOW,
                                    .actor = actor,
                                    .now = HOUSE_NOW};
    bool fresh;

    fill(house, means);
    house_ok(revenue_list(house->db, &filter, (struct revenue_place){0}, 1, house->arena, &rows,
                          &count));
    refund.transaction_id = rows[0].id;
    refund.provider_account_id = means[0];
    house_ok(payment_refund(house->db, &refund, house->arena, &fresh, &movement_id));
    house_ok(revenue_list(house->db, &filter, (struct revenue_place){0}, 1, house->arena, &rows,
                          &count));
    assert_int_equal(rows[0].amount_cents, 4000);
    assert_int_equal(rows[0].returned_cents, 1500);
    assert_string_equal(rows[0].last_name, "Lefèvre");
    assert_int_equal(rows[0].advance_cents, 4000);
    house_ok(revenue_total(house->db, &filter, house->arena, &total));
    assert_int_equal(total.count, 3);
    assert_int_equal(total.received_cents, 7000);
    assert_int_equal(total.returned_cents, 1500);
    filter.provider_account_id = means[1];
    house_ok(revenue_total(house->db, &filter, house->arena, &total));
    assert_int_equal(total.returned_cents, 0);
}

/* ---- any hours ---- */

/* The same numbers in every run of this test. */
static int64_t draw(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return (*seed >> 7) % below;
}

enum { PAYMENTS = 40, RANGES = 60, DAYS = 5 };

/* What the rows of the list add up to. */
static void expect_total_of_rows(struct house *house, const struct revenue_filter *filter)
{
    struct revenue_row *rows;
    struct revenue_total total, sum = {0};
    size_t count;

    house_ok(revenue_list(house->db, filter, (struct revenue_place){0}, 2 * PAYMENTS, house->arena,
                          &rows, &count));
    for (size_t i = 0; i < count; i++) {
        sum.count++;
        sum.received_cents += rows[i].amount_cents;
        sum.returned_cents += rows[i].returned_cents;
    }
    house_ok(revenue_total(house->db, filter, house->arena, &total));
    assert_memory_equal(&total, &sum, sizeof(total));
}

static void the_total_of_any_hours_is_that_of_their_payments(void **state)
{
    struct house *house = *state;
    int64_t means[2] = {add_means(house, house->association_id, "cash"),
                        add_means(house, house->association_id, "transfer")};
    const int64_t years[] = {0, house->year_id, 1};
    int64_t begun_at = HOUSE_NOW - DAYS * DAY_S;
    uint32_t seed = 11;

    for (int i = 0; i < PAYMENTS; i++) {
        int64_t which = draw(&seed, 2), movement_id;
        int64_t fact_at = begun_at + draw(&seed, DAYS * DAY_S);
        struct payment_refund refund = {
            .association_id = house->association_id,
            .provider_account_id = means[which],
            .reference = arena_printf(house->arena, "RB%d", i),
            .amount_cents = 1 + draw(&seed, 99),
            .label = "Remboursement",
            .fact_at = HOUSE_NOW,
            .actor = actor,
            .now = HOUSE_NOW,
            .transaction_id =
                pay(house, house->association_id, house->member_id, means[which],
                    arena_printf(house->arena, "R%d", i), 100 + draw(&seed, 900), fact_at),
        };
        bool fresh;

        if (draw(&seed, 3) == 0)
            house_ok(payment_refund(house->db, &refund, house->arena, &fresh, &movement_id));
    }
    for (int i = 0; i < RANGES; i++) {
        struct revenue_filter filter = {.association_id = house->association_id,
                                        .fiscal_year_id = years[draw(&seed, 3)],
                                        .provider_account_id = i % 3 ? means[i % 2] : 0};

        if (draw(&seed, 4))
            filter.from_at = begun_at + draw(&seed, DAYS * 24) * 3600;
        if (draw(&seed, 4))
            filter.until_at = begun_at + draw(&seed, DAYS * 24) * 3600;
        expect_total_of_rows(house, &filter);
    }
}

static void only_own_means_are_offered(void **state)
{
    struct house *house = *state;
    struct revenue_means *means;
    int64_t ids[2];
    size_t count;

    fill(house, ids);
    house_ok(revenue_means(house->db, house->association_id, house->arena, &means, &count));
    assert_int_equal(count, 2);
    assert_int_equal(means[0].id, ids[0]);
    assert_true(means[1].in_use);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_filter_lets_through_what_it_says),
        HOUSE_TEST(pages_follow_each_other),
        HOUSE_TEST(what_went_back_is_counted_apart),
        HOUSE_TEST(the_total_of_any_hours_is_that_of_their_payments),
        HOUSE_TEST(only_own_means_are_offered),
    };

    return cmocka_run_group_tests_name("revenue", tests, NULL, NULL);
}
