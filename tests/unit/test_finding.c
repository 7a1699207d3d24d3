/* What an examination found: levels, names, clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "payment/finding.h"

static int setup(void **state)
{
    struct arena *arena = arena_new();
    struct findings *findings = arena_alloc(arena, sizeof(*findings));

    findings_init(findings, arena);
    *state = findings;
    return 0;
}

static int teardown(void **state)
{
    arena_free(((struct findings *)*state)->arena);
    return 0;
}

static void test_the_worst_counts(void **state)
{
    struct findings *findings = *state;

    assert_int_equal(findings_worst(findings), FINDING_GOOD);
    findings_add(findings, FINDING_GOOD, FINDING_REACHED);
    assert_int_equal(findings_worst(findings), FINDING_GOOD);
    findings_add_text(findings, FINDING_BAD, FINDING_SECRET_MISSING, "webhook");
    findings_add(findings, FINDING_WARN, FINDING_IDENTITY_UNPROVEN);
    assert_int_equal(findings_worst(findings), FINDING_BAD);
    assert_string_equal(findings->items[1].text, "webhook");
    assert_string_equal(findings->items[2].text, "");
}

static void test_more_than_a_list_holds(void **state)
{
    struct findings *findings = *state;

    for (int i = 0; i < FINDINGS_MAX + 10; i++)
        findings_add(findings, FINDING_WARN, FINDING_UNREACHABLE)->number = i;
    assert_int_equal(findings->count, FINDINGS_MAX);
    assert_int_equal(findings->items[FINDINGS_MAX - 1].number, FINDINGS_MAX - 1);
}

static void test_every_key_has_its_own_name(void **state)
{
    (void)state;
    for (int key = 0; key < FINDING_KEYS_COUNT; key++)
        for (int other = 0; other < key; other++)
            assert_string_not_equal(finding_name((enum finding_key)key),
                                    finding_name((enum finding_key)other));
}

static void test_clocks(void **state)
{
    static const struct {
        int64_t apart;
        enum finding_level level;
        enum finding_key key;
    } cases[] = {
        {0, FINDING_GOOD, FINDING_CLOCK_RIGHT},   {29, FINDING_GOOD, FINDING_CLOCK_RIGHT},
        {30, FINDING_WARN, FINDING_CLOCK_SKEWED}, {239, FINDING_WARN, FINDING_CLOCK_SKEWED},
        {240, FINDING_BAD, FINDING_CLOCK_SKEWED}, {86400, FINDING_BAD, FINDING_CLOCK_SKEWED},
    };
    struct findings *findings = *state;

    findings_add_clock(findings, 0, 1790856000);
    assert_int_equal(findings->count, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const struct finding *finding = &findings->items[findings->count];

            findings_add_clock(findings, 1790856000 + sign * cases[i].apart, 1790856000);
            assert_int_equal(finding->level, cases[i].level);
            assert_int_equal(finding->key, cases[i].key);
            assert_int_equal(finding->number, cases[i].apart);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_worst_counts),
        TEST(test_more_than_a_list_holds),
        TEST(test_every_key_has_its_own_name),
        TEST(test_clocks),
    };

    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
