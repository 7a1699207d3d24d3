/* An amount over parts: exact, within bounds, and the same in whatever steps it comes. */
#include "support/database.h"

#include "payment/apportion.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 7, ROUNDS = 5000 };

static size_t random_parts(unsigned *seed, struct apportion_part *parts, int64_t *sum)
{
    size_t count = 1 + (size_t)(rand_r(seed) % PARTS_MAX);

    *sum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t cents = 1 + rand_r(seed) % (rand_r(seed) % 2 ? 9 : 5000);

        parts[i] = (struct apportion_part){.base_cents = cents, .high_cents = cents};
        *sum += cents;
    }
    return count;
}

static int64_t sum_of(const struct apportion_part *parts, size_t count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += parts[i].cents;
    return sum;
}

static void every_amount_is_exact_and_near(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct apportion_part parts[PARTS_MAX];
        int64_t sum;
        size_t count = random_parts(&seed, parts, &sum);
        int64_t cents = rand_r(&seed) % (sum + 1);

        apportion(parts, count, cents);
        assert_int_equal(sum_of(parts, count), cents);
        for (size_t i = 0; i < count; i++) {
            int64_t exact = cents * parts[i].base_cents / sum;

            assert_in_range(parts[i].cents, 0, parts[i].high_cents);
            assert_in_range(parts[i].cents, exact > 2 ? exact - 2 : 0, exact + 3);
        }
    }
}

/* In steps with what went before as the lower bound, or at once: the same. */
static void steps_do_not_matter(void **state)
{
    unsigned seed = 11;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct apportion_part stepwise[PARTS_MAX], at_once[PARTS_MAX];
        int64_t sum, total = 0;
        size_t count = random_parts(&seed, stepwise, &sum);

        memcpy(at_once, stepwise, sizeof(at_once));
        while (total < sum) {
            int64_t step = 1 + rand_r(&seed) % (sum - total);

            total += step;
            apportion(stepwise, count, total);
            apportion(at_once, count, total);
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(stepwise[i].cents, at_once[i].cents);
                stepwise[i].low_cents = stepwise[i].cents;
            }
        }
        for (size_t i = 0; i < count; i++)
            assert_int_equal(stepwise[i].cents, stepwise[i].high_cents);
    }
}

static void bounds_are_kept(void **state)
{
    unsigned seed = 13;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct apportion_part parts[PARTS_MAX];
        int64_t sum, low = 0;
        size_t count = random_parts(&seed, parts, &sum);

        for (size_t i = 0; i < count; i++) {
            parts[i].low_cents = rand_r(&seed) % (parts[i].high_cents + 1);
            parts[i].base_cents = rand_r(&seed) % 1000;
            low += parts[i].low_cents;
        }
        apportion(parts, count, low + rand_r(&seed) % (sum - low + 1));
        for (size_t i = 0; i < count; i++)
            assert_in_range(parts[i].cents, parts[i].low_cents, parts[i].high_cents);
    }
}

/* Bounds far from the proportion, amounts beyond any payment: still quick and exact. */
static void large_amounts_end(void **state)
{
    struct apportion_part parts[3] = {
        {.base_cents = 1, .high_cents = INT64_C(900000000000)},
        {.base_cents = INT64_C(900000000000), .high_cents = 1},
        {.base_cents = 5, .high_cents = 5},
    };

    (void)state;
    apportion(parts, 3, INT64_C(900000000000));
    assert_true(sum_of(parts, 3) == INT64_C(900000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_amount_is_exact_and_near),
        cmocka_unit_test(steps_do_not_matter),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(large_amounts_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
