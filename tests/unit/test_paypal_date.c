/* payment_date: every dated case of the outside material, and the edges of the calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <locale.h>

#include "base/zone.h"
#include "provider/paypal/internal.h"
#include "support/vectors.h"

enum { CASES = 23, CASES_VALID = 15 };

/* "2009-02-03T07:04:06Z" */
static int64_t utc(struct str text)
{
    struct date date;
    int64_t hour;
    int64_t minute;
    int64_t second;

    assert_int_equal(text.len, 20);
    assert_true(date_parse_iso(str_from(text.data, 10), &date));
    assert_true(str_to_int64(str_from(text.data + 11, 2), &hour));
    assert_true(str_to_int64(str_from(text.data + 14, 2), &minute));
    assert_true(str_to_int64(str_from(text.data + 17, 2), &second));
    return date_to_unix(date, (int)hour, (int)minute, (int)second);
}

/* One line "value TAB expected TAB kind TAB source"; true when it is a valid date. */
static bool check_line(struct str line)
{
    struct str value = str_cut(&line, '\t');
    struct str expected = str_cut(&line, '\t');
    int64_t at = 0;
    bool read = paypal_date_parse(value, &at);

    if (read != (expected.len > 0) || (read && at != utc(expected))) {
        print_error("%.*s: %s %lld\n", STR_PRINT(value), read ? "read as" : "not read",
                    (long long)at);
        assert_true(false);
    }
    return read;
}

static void test_cases(void **state)
{
    struct arena *arena = arena_new();
    struct str text = vectors_read(arena, "paypal/ipn/payment_date-cases.tsv");
    int count = 0;
    int valid = 0;

    (void)state;
    (void)str_cut(&text, '\n'); /* the names of the columns */
    while (text.data) {
        struct str line = str_cut(&text, '\n');

        if (line.len == 0)
            continue;
        count++;
        valid += check_line(line);
    }
    assert_int_equal(count, CASES);
    assert_int_equal(valid, CASES_VALID);
    arena_free(arena);
}

/* The month names stay English in a French locale too. */
static void test_locale(void **state)
{
    int64_t at;

    (void)state;
    (void)setlocale(LC_ALL, "fr_FR.UTF-8");
    assert_true(paypal_date_parse(str_of("23:04:06 Feb 02, 2009 PST"), &at));
    assert_int_equal(at, 1233644646);
    assert_false(paypal_date_parse(str_of("23:04:06 Fév 02, 2009 PST"), &at));
    (void)setlocale(LC_ALL, "C");
}

static void test_odd(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "23:04:06",
        "24:00:00 Feb 02, 2009 PST",
        "23:60:00 Feb 02, 2009 PST",
        "23:04:06 Feb 30, 2009 PST",
        "23:04:06 Feb 02, 2009 CET",
        "23:04:06 Feb 02, 2009",
        "23:04:06 Feb 02, 1970 PST",
        "23:04:06 Feb 02, 9999 PST",
        "23:04:06 feb 02, 2009 PST",
        "23:04:06 Feb 2, 2009 PST x y z a b c d e f",
        "Sun May 24 2015 14:32:31",
        "Sun May 24 2015 14:32:31 GMT",
        "Sun May 24 2015 14:32:31 GMT-07",
        "Sun May 24 2015 14:32:31 GMT-2400",
        "Sun May 24 2015 14:32:31 UTC-0700",
        "-1:04:06 Feb 02, 2009 PST",
        "23:04:06 Feb 02,, 2009 PST",
    };
    int64_t at;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(paypal_date_parse(str_of(texts[i]), &at));
    assert_false(paypal_date_parse(str_from("23:04:06 Feb 02, 2009 PST", 24), &at));
    assert_false(paypal_date_parse((struct str){0}, &at));
}

/* An eastern offset whose '+' was decoded to a space, or was not. */
static void test_plus(void **state)
{
    int64_t with;
    int64_t without;

    (void)state;
    assert_true(paypal_date_parse(str_of("Fri Jun 10 2016 03:22:42 GMT+0100 (BST)"), &with));
    assert_true(paypal_date_parse(str_of("Fri Jun 10 2016 03:22:42 GMT 0100 (BST)"), &without));
    assert_int_equal(with, without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_locale),
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_plus),
    };

    return cmocka_run_group_tests_name("paypal_date", tests, NULL, NULL);
}
