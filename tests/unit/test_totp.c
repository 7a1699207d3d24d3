#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; the name belongs to base/err.h here */

#include "base/arena.h"
#include "base/totp.h"

#include <string.h>

/* The seed of both RFCs. */
static const struct str seed = {"12345678901234567890", 20};

/* RFC 4226, appendix D. */
static void test_hotp_vectors(void **state)
{
    static const char *const expected[] = {"755224", "287082", "359152", "969429", "338314",
                                           "254676", "287922", "162583", "399871", "520489"};
    char code[TOTP_CODE_MAX];

    (void)state;
    for (int counter = 0; counter < 10; counter++) {
        assert_int_equal(totp_code(seed, counter, code), OK);
        assert_string_equal(code, expected[counter]);
    }
}

/* RFC 6238, appendix B: of its eight digits the last six. */
static void test_totp_vectors(void **state)
{
    static const struct {
        int64_t at;
        const char *code;
    } cases[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    char code[TOTP_CODE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(totp_code(seed, totp_counter(cases[i].at), code), OK);
        assert_string_equal(code, cases[i].code);
    }
}

static bool accepted(int64_t code_at, int64_t now, int64_t after)
{
    char code[TOTP_CODE_MAX];
    bool matches;
    int64_t counter = -1;

    assert_int_equal(totp_code(seed, totp_counter(code_at), code), OK);
    assert_int_equal(totp_match(seed, str_of(code), now, after, &matches, &counter), OK);
    if (matches)
        assert_int_equal(counter, totp_counter(code_at));
    return matches;
}

/* A clock that is 31 s off is forgiven but for one second of a step; 91 s never are. */
static void test_window(void **state)
{
    const int64_t begin = INT64_C(1790856000);

    (void)state;
    for (int64_t now = begin; now < begin + TOTP_STEP_S; now++) {
        assert_true(accepted(now, now, -1));
        assert_true(accepted(now - 30, now, -1));
        assert_true(accepted(now + 30, now, -1));
        assert_int_equal(accepted(now - 31, now, -1), now > begin);
        assert_int_equal(accepted(now + 31, now, -1), now < begin + TOTP_STEP_S - 1);
        assert_false(accepted(now - 91, now, -1));
        assert_false(accepted(now + 91, now, -1));
    }
}

static void test_a_step_is_taken_once(void **state)
{
    const int64_t now = INT64_C(1790856010), step = totp_counter(now);

    (void)state;
    assert_true(accepted(now, now, step - 1));
    assert_false(accepted(now, now, step));
    assert_false(accepted(now - 30, now, step));
    assert_true(accepted(now + 30, now, step));
}

static void test_what_is_no_code(void **state)
{
    static const char *const codes[] = {"", "28708", "2870820", "28708a", " 287082", "0287082"};
    bool matches;
    int64_t counter;

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_int_equal(totp_match(seed, str_of(codes[i]), 59, -1, &matches, &counter), OK);
        assert_false(matches);
    }
}

/* RFC 4648, 10, without the padding. */
static void test_base32(void **state)
{
    static const struct {
        const char *plain, *encoded;
    } cases[] = {
        {"", ""},
        {"f", "MY"},
        {"fo", "MZXQ"},
        {"foo", "MZXW6"},
        {"foob", "MZXW6YQ"},
        {"fooba", "MZXW6YTB"},
        {"foobar", "MZXW6YTBOI"},
        {"12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
        {"\xff\xff\xff\xff\xff", "77777777"},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str encoded = base32_encode(str_of(cases[i].plain), arena);

        assert_true(str_is(encoded, cases[i].encoded));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hotp_vectors),    cmocka_unit_test(test_totp_vectors),
        cmocka_unit_test(test_window),          cmocka_unit_test(test_a_step_is_taken_once),
        cmocka_unit_test(test_what_is_no_code), cmocka_unit_test(test_base32),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
