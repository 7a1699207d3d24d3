/* Civil dates, judged by the C library's own conversion. */
#include "support/scratch.h"

#include "base/zone.h"

#include <time.h>

static const char *const names[] = {"Europe/Paris",
                                    "Pacific/Noumea",
                                    "Pacific/Tahiti",
                                    "America/Cayenne",
                                    "Indian/Reunion",
                                    "America/Miquelon",
                                    "America/St_Johns",
                                    "Australia/Lord_Howe",
                                    "America/Sao_Paulo",
                                    "Africa/Casablanca",
                                    "UTC"};

static void check_instant(const struct zone *zone, int64_t at)
{
    struct civil_time civil = zone_civil(zone, at);
    struct date date = zone_date(zone, at);
    time_t seconds = (time_t)at;
    struct tm tm;

    assert_non_null(localtime_r(&seconds, &tm));
    if (civil.offset_s != tm.tm_gmtoff)
        print_error("%lld: %d instead of %ld\n", (long long)at, civil.offset_s, tm.tm_gmtoff);
    assert_int_equal(civil.offset_s, tm.tm_gmtoff);
    assert_int_equal(civil.date.year, tm.tm_year + 1900);
    assert_int_equal(civil.date.month, tm.tm_mon + 1);
    assert_int_equal(civil.date.day, tm.tm_mday);
    assert_int_equal(civil.hour, tm.tm_hour);
    assert_int_equal(civil.minute, tm.tm_min);
    assert_int_equal(civil.second, tm.tm_sec);
    assert_int_equal(date_compare(date, civil.date), 0);
}

/* Every 11 hours and some, from 1970 to 2100: both sides of each change of the clocks. */
static void as_the_c_library_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct zone *zone;

        assert_int_equal(zone_find(names[i], &zone), OK);
        assert_int_equal(setenv("TZ", names[i], 1), 0);
        tzset();
        for (int64_t at = 0; at < INT64_C(4102444800); at += 39601)
            check_instant(zone, at);
    }
}

static void the_hours_of_a_change(void **state)
{
    static const int64_t changes[] = {1774746000, 1792890000, 1806195600}; /* March, October */
    const struct zone *zone;

    (void)state;
    assert_int_equal(zone_find("Europe/Paris", &zone), OK);
    assert_int_equal(setenv("TZ", "Europe/Paris", 1), 0);
    tzset();
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        for (int64_t at = changes[i] - 4000; at < changes[i] + 4000; at++)
            check_instant(zone, at);
}

/* 28 February, 16:30 in California is 1 March in Paris. */
static void a_day_begins_somewhere(void **state)
{
    const struct zone *paris, *noumea;
    struct date first = {2026, 3, 1}, day = {2026, 3, 29};

    (void)state;
    assert_int_equal(zone_find("Europe/Paris", &paris), OK);
    assert_int_equal(zone_find("Pacific/Noumea", &noumea), OK);
    assert_true(zone_day_start(paris, first) == 1772319600);
    assert_int_equal(date_compare(zone_date(paris, 1772319600), first), 0);
    assert_int_equal(date_compare(zone_date(paris, 1772319599), first), -1);
    assert_true(zone_day_start(noumea, first) == 1772283600);
    /* The day that has 23 hours. */
    assert_true(zone_day_start(paris, (struct date){2026, 3, 30}) - zone_day_start(paris, day) ==
                23 * 3600);
}

static void odd_names_are_refused(void **state)
{
    static const char *const odd[] = {"",
                                      "Europe/Nowhere",
                                      "../../../etc/passwd",
                                      "/etc/localtime",
                                      "Europe",
                                      "Europe/Paris\n",
                                      ".",
                                      "posixrules/../UTC"};
    const struct zone *zone;

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_int_equal(zone_find(odd[i], &zone), ERR_INPUT);
}

static void days_and_dates(void **state)
{
    char text[DATE_TEXT_MAX];
    struct date date;

    (void)state;
    for (int64_t days = -800000; days < 800000; days += 17)
        assert_true(date_to_days(date_from_days(days)) == days);
    assert_true(date_valid((struct date){2024, 2, 29}));
    assert_false(date_valid((struct date){2026, 2, 29}));
    assert_false(date_valid((struct date){1900, 2, 29}));
    assert_false(date_valid((struct date){2026, 13, 1}));
    assert_false(date_valid((struct date){2026, 0, 1}));
    assert_false(date_valid((struct date){2026, 4, 31}));
    assert_true(date_parse_iso(str_of("2026-11-23"), &date));
    assert_string_equal(date_format_iso(text, date), "2026-11-23");
    assert_string_equal(date_format_short(text, date), "23/11/2026");
    assert_string_equal(date_format_long(text, date), "23 novembre 2026");
    assert_string_equal(date_format_long(text, (struct date){2026, 1, 1}), "1er janvier 2026");
    assert_true(date_to_unix(date, 1, 2, 3) == 1795395723);
}

static void what_is_no_date(void **state)
{
    static const char *const texts[] = {
        "",           "2026-11-3",  "2026-1-23",   "26-11-23",
        "2026/11/23", "2026-02-29", "2026-11-23 ", "2026-11-23T00:00",
        "-026-11-23", "2026-11-+3", "0000-01-01",  "23/11/2026"};
    struct date date;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(date_parse_iso(str_of(texts[i]), &date));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_c_library_says),  cmocka_unit_test(the_hours_of_a_change),
        cmocka_unit_test(a_day_begins_somewhere), cmocka_unit_test(odd_names_are_refused),
        cmocka_unit_test(days_and_dates),         cmocka_unit_test(what_is_no_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
