/* Amounts: what people type, what providers write, what is shown. */
#include "support/scratch.h"

#include "base/money.h"

#define NARROW "\xe2\x80\xaf"
#define NO_BREAK "\xc2\xa0"
#define THIN "\xe2\x80\x89"

static const struct {
    const char *text, *currency;
    enum money_verdict verdict;
    int64_t cents;
} typed[] = {
    {"12,5", "EUR", MONEY_OK, 1250},
    {"12.50", "EUR", MONEY_OK, 1250},
    {"12", "EUR", MONEY_OK, 1200},
    {" 12 € ", "EUR", MONEY_OK, 1200},
    {"12 EUR", "EUR", MONEY_OK, 1200},
    {"12 euros", "EUR", MONEY_OK, 1200},
    {"1 234,50", "EUR", MONEY_OK, 123450},
    {"1" NARROW "234,50" NARROW "€", "EUR", MONEY_OK, 123450},
    {"1" NO_BREAK "234,50" NO_BREAK "€", "EUR", MONEY_OK, 123450},
    {NARROW "1" THIN "234", "EUR", MONEY_OK, 123400},
    {"0,01", "EUR", MONEY_OK, 1},
    {",5", "EUR", MONEY_OK, 50},
    {"19.99", "EUR", MONEY_OK, 1999},
    {"0019,99", "EUR", MONEY_OK, 1999},
    {"10000000", "EUR", MONEY_OK, 1000000000},
    {"10000000,01", "EUR", MONEY_TOO_LARGE, 0},
    {"99999999999999999999999", "EUR", MONEY_TOO_LARGE, 0},
    {"12,505", "EUR", MONEY_TOO_PRECISE, 0},
    {"12,500", "EUR", MONEY_TOO_PRECISE, 0},
    {"-3", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"+3", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"1e3", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"0x10", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"1,2,3", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"1.234,50", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"12,", "EUR", MONEY_NOT_A_NUMBER, 0},
    {",", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"€", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"12 $", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"12 CHF", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"\xff", "EUR", MONEY_NOT_A_NUMBER, 0},
    {"0", "EUR", MONEY_ZERO, 0},
    {"0,00", "EUR", MONEY_ZERO, 0},
    {"", "EUR", MONEY_EMPTY, 0},
    {"  " NARROW NO_BREAK, "EUR", MONEY_EMPTY, 0},
    {"1200", "XPF", MONEY_OK, 1200},
    {"1200,0", "XPF", MONEY_TOO_PRECISE, 0},
    {"12,505", "TND", MONEY_OK, 12505},
    {"12,5", "TND", MONEY_OK, 12500},
    {"12,5055", "TND", MONEY_TOO_PRECISE, 0},
};

static void what_people_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        int64_t cents = -77;
        enum money_verdict verdict =
            money_parse(str_of(typed[i].text), money_currency(typed[i].currency), &cents);

        if (verdict != typed[i].verdict)
            print_error("\"%s\" gives %d\n", typed[i].text, (int)verdict);
        assert_int_equal(verdict, typed[i].verdict);
        assert_true(cents == (verdict == MONEY_OK ? typed[i].cents : -77));
    }
}

static const struct {
    const char *text, *currency;
    bool good;
    int64_t cents;
} written[] = {
    {"25.00", "EUR", true, 2500},
    {"25", "EUR", true, 2500},
    {"25.5", "EUR", true, 2550},
    {"-8.00", "EUR", true, -800},
    {"0.00", "EUR", true, 0},
    {"19.99", "EUR", true, 1999},
    {"25.000", "EUR", true, 2500},
    {"100.00", "JPY", true, 100},
    {"100.50", "JPY", false, 0},
    {"1.234", "TND", true, 1234},
    {"25.001", "EUR", false, 0},
    {"25,00", "EUR", false, 0},
    {"1,234.00", "EUR", false, 0},
    {"2e1", "EUR", false, 0},
    {" 25", "EUR", false, 0},
    {"25 ", "EUR", false, 0},
    {"+25", "EUR", false, 0},
    {"--25", "EUR", false, 0},
    {"-", "EUR", false, 0},
    {"", "EUR", false, 0},
    {".5", "EUR", false, 0},
    {"5.", "EUR", false, 0},
    {"1.2.3", "EUR", false, 0},
    {"92233720368547758.07", "EUR", true, INT64_MAX},
    {"92233720368547758.08", "EUR", false, 0},
    {"99999999999999999999", "EUR", false, 0},
};

static void what_providers_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        int64_t cents = 0;
        bool good = money_parse_decimal(str_of(written[i].text),
                                        money_currency(written[i].currency), &cents);

        if (good != written[i].good)
            print_error("\"%s\" gives %d\n", written[i].text, good);
        assert_int_equal(good, written[i].good);
        assert_true(!good || cents == written[i].cents);
    }
}

static void what_is_shown(void **state)
{
    static const struct {
        int64_t cents;
        const char *currency, *shown, *decimal, *input;
    } cases[] = {
        {123450, "EUR", "1" NARROW "234,50" NARROW "€", "1234.50", "1234,50"},
        {-800, "EUR",
         "\xe2\x88\x92"
         "8,00" NARROW "€",
         "-8.00", "-8,00"},
        {1, "EUR", "0,01" NARROW "€", "0.01", "0,01"},
        {0, "EUR", "0,00" NARROW "€", "0.00", "0,00"},
        {1200, "XPF", "1" NARROW "200" NARROW "F", "1200", "1200"},
        {12505, "TND", "12,505" NARROW "DT", "12.505", "12,505"},
        {100000000000, "EUR", "1" NARROW "000" NARROW "000" NARROW "000,00" NARROW "€",
         "1000000000.00", "1000000000,00"},
    };
    char out[MONEY_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct currency *currency = money_currency(cases[i].currency);

        assert_string_equal(money_format(out, cases[i].cents, currency), cases[i].shown);
        assert_string_equal(money_format_decimal(out, cases[i].cents, currency), cases[i].decimal);
        assert_string_equal(money_format_input(out, cases[i].cents, currency), cases[i].input);
    }
}

/* The widest amounts there are fit, and are read back. */
static void the_edges_fit(void **state)
{
    static const int64_t edges[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1};
    const struct currency *currency = money_currency("EUR");
    char out[MONEY_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        int64_t cents = 0;

        assert_true(strlen(money_format(out, edges[i], currency)) < sizeof(out));
        money_format_decimal(out, edges[i], currency);
        assert_int_equal(money_parse_decimal(str_of(out), currency, &cents),
                         edges[i] != INT64_MIN);
        assert_true(edges[i] == INT64_MIN || cents == edges[i]);
    }
}

static void every_cent_survives(void **state)
{
    const struct currency *currency = money_currency("EUR");

    (void)state;
    for (int64_t cents = 1; cents <= 10000; cents++) {
        char out[MONEY_TEXT_MAX];
        int64_t back = 0;

        assert_true(money_parse_decimal(str_of(money_format_decimal(out, cents, currency)),
                                        currency, &back) &&
                    back == cents);
        assert_int_equal(money_parse(str_of(money_format(out, cents, currency)), currency, &back),
                         MONEY_OK);
        assert_true(back == cents);
    }
}

static void currencies(void **state)
{
    (void)state;
    assert_null(money_currency("ZZZ"));
    assert_null(money_currency("eur"));
    assert_null(money_currency(""));
    assert_null(money_currency(NULL));
    assert_int_equal(money_currency("JPY")->exponent, 0);
    assert_true(money_add(INT64_MAX - 1, 1) == INT64_MAX);
}

static void integers_in_digits(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-7, "-7"},
                 {1000000, "1000000"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    char text[INTEGER_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(integer_format(text, cases[i].value), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_in_digits),   cmocka_unit_test(what_people_type),
        cmocka_unit_test(what_providers_write), cmocka_unit_test(what_is_shown),
        cmocka_unit_test(the_edges_fit),        cmocka_unit_test(every_cent_survives),
        cmocka_unit_test(currencies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
