/*
 * PayPal's messages as the practice provider makes them: charsets, dates, bytes that never
 * change, and which bytes are confirmed.
 */
#include "support/sandbox_bench.h"

#include <string.h>

#include "base/zone.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- bytes ---- */

static void test_text_becomes_bytes_of_the_charset(void **state)
{
    static const struct {
        const char *text;
        const char *charset;
        const char *bytes;
    } cases[] = {
        {"abc-_.XYZ09", "UTF-8", "v=abc-_.XYZ09"},
        {"a b+c&d=e", "UTF-8", "v=a+b%2Bc%26d%3De"},
        {"\xc3\xa9t\xc3\xa9", "UTF-8", "v=%C3%A9t%C3%A9"},
        {"\xc3\xa9t\xc3\xa9", "CP1252", "v=%E9t%E9"},
        {"10 \xe2\x82\xac", "CP1252", "v=10+%80"},
        {"d\xe2\x80\x99"
         "ao\xc3\xbbt",
         "CP1252", "v=d%92ao%FBt"},
        {"\xc5\x81ukasz", "CP1252", "v=%3Fukasz"},
        {"\xe6\x97\xa5\xe6\x9c\xac!", "CP1252", "v=%3F%3F%21"},
        {"", "CP1252", "v="},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        json_auto_t *variables = json_pack("{s:s}", "v", cases[i].text);
        struct str bytes = paypal_encode(variables, cases[i].charset, arena);

        assert_string_equal(str_copy(arena, bytes), cases[i].bytes);
    }
    arena_free(arena);
}

static void test_a_button_is_read_by_its_own_charset(void **state)
{
    static const struct {
        const char *form;
        const char *item;
    } cases[] = {
        {"item_name=%E9t%E9", "\xc3\xa9t\xc3\xa9"},
        {"item_name=%C3%A9t%C3%A9&charset=utf-8", "\xc3\xa9t\xc3\xa9"},
        {"charset=windows-1252&item_name=10+%80", "10 \xe2\x82\xac"},
        {"item_name=a%2", "a%2"},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        json_auto_t *fields = NULL;

        bench_ok(paypal_fields_read(str_of(cases[i].form), arena, &fields));
        assert_string_equal(row_text(fields, "item_name"), cases[i].item);
    }
    arena_free(arena);
}

/* ---- dates ---- */

static void test_dates_are_pacific(void **state)
{
    static const struct {
        int64_t at;
        const char *text;
    } cases[] = {
        {INT64_C(1780480800), "03:00:00 Jun 03, 2026 PDT"},
        {INT64_C(1767225600), "16:00:00 Dec 31, 2025 PST"},
        {INT64_C(1772963999), "01:59:59 Mar 08, 2026 PST"},
        {INT64_C(1772964000), "03:00:00 Mar 08, 2026 PDT"},
    };
    const struct zone *pacific = NULL;
    struct arena *arena = arena_new();

    (void)state;
    bench_ok(zone_find("America/Los_Angeles", &pacific));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        json_auto_t *variables = NULL;
        json_auto_t *payment = json_pack(
            "{s:I, s:s, s:s, s:i, s:i, s:{}}", "created", (json_int_t)cases[i].at, "status",
            "Completed", "currency", "EUR", "gross_cents", 4250, "fee_cents", 158, "fields");

        bench_ok(paypal_variables(payment, pacific, arena, &variables));
        assert_string_equal(row_text(variables, "payment_date"), cases[i].text);
        assert_string_equal(row_text(variables, "mc_gross"), "42.50");
        assert_string_equal(row_text(variables, "mc_fee"), "1.58");
    }
    arena_free(arena);
}

/* ---- what a button may say ---- */

static void test_buttons_are_checked(void **state)
{
    static const struct {
        const char *more;
        enum button_verdict verdict;
        int64_t cents;
    } cases[] = {
        {"&amount=42.50&currency_code=EUR", BUTTON_OK, 4250},
        {"&amount=42&currency_code=EUR", BUTTON_OK, 4200},
        {"&amount=42.50&currency_code=EUR&quantity=3", BUTTON_OK, 12750},
        {"&amount=500&currency_code=JPY", BUTTON_OK, 500},
        {"&amount=42.50", BUTTON_OK, 4250}, /* US dollars, as PayPal has it */
        {"&amount=42.5&currency_code=EUR&business=" BENCH_BUSINESS, BUTTON_OK, 4250},
        {"&amount=1&currency_code=EUR&business=marcheurs0001", BUTTON_OK, 100},
        {"&amount=1&currency_code=EUR&business=nobody@example.org", BUTTON_UNKNOWN_RECEIVER, 0},
        {"&amount=42,50&currency_code=EUR", BUTTON_BAD, 0},
        {"&amount=1 000&currency_code=EUR", BUTTON_BAD, 0},
        {"&amount=0.00&currency_code=EUR", BUTTON_BAD, 0},
        {"&amount=1.001&currency_code=EUR", BUTTON_BAD, 0},
        {"&amount=500.50&currency_code=JPY", BUTTON_BAD, 0},
        {"&amount=99999999999&currency_code=EUR", BUTTON_BAD, 0},
        {"&amount=1&currency_code=EUR&quantity=0", BUTTON_BAD, 0},
        {"&amount=1&currency_code=EUR&cmd=_cart", BUTTON_BAD, 0},
        {"&amount=1&currency_code=EUR&return=//evil", BUTTON_BAD, 0},
        {"&amount=1&currency_code=EUR&rm=22", BUTTON_BAD, 0},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *form = arena_printf(
            bench->arena, "cmd=_xclick&business=TRESORIER@marcheurs.example%s", cases[i].more);
        struct paypal_visit visit = {.arena = bench->arena};
        enum button_verdict verdict = BUTTON_BAD;
        json_auto_t *fields = NULL;

        bench_ok(paypal_fields_read(str_of(form), bench->arena, &fields));
        visit.fields = fields;
        bench_ok(paypal_visit_check(&visit, bench->thread.db, &verdict));
        if (verdict != cases[i].verdict)
            print_error("%s\n", form);
        assert_int_equal(verdict, cases[i].verdict);
        if (verdict == BUTTON_OK)
            assert_int_equal(visit.amount_cents, cases[i].cents);
    }
}

/* ---- what is confirmed ---- */

static struct str only_message(struct bench *bench)
{
    struct db_rows rows = {0};
    bool found = false;
    struct str body = {0};

    bench_ok(
        db_first(bench->thread.db, SQ_DELIVERY_DUE, DB_VALUES(db_int(INT64_MAX)), &rows, &found));
    assert_true(found);
    body = db_column_blob(&rows, 3, bench->arena);
    db_rows_done(&rows);
    return body;
}

static const char *answer_to(struct bench *bench, const char *body)
{
    struct http_response response = {.arena = bench->arena, .status = 200};

    buffer_init(&response.body, bench->arena, 64);
    bench->request.body = str_of(body);
    bench->request.user_agent = str_of("Guichet/test");
    assert_true(paypal_is_postback(&bench->request));
    bench_ok(paypal_validate(&bench->request, &response));
    assert_int_equal(response.status, 200);
    return str_copy(bench->arena, buffer_str(&response.body));
}

static void test_exact_bytes_are_confirmed(void **state)
{
    struct bench *bench = *state;
    struct paypal_move move;
    const char *body = NULL;

    paypal_move_init(&move, &bench->sandbox, bench->arena,
                     bench_visit(bench, "42.50", "&item_name=%C9t%E9"));
    move.notify.mode = "normal";
    bench_ok(db_write(bench->sandbox.writer, paypal_move_pay, &move));
    body = str_copy(bench->arena, only_message(bench));
    assert_non_null(strstr(body, "item_name=%C9t%E9"));
    assert_non_null(strstr(body, "first_name=Zo%E9"));

#define ANSWER(format, ...) answer_to(bench, arena_printf(bench->arena, format, __VA_ARGS__))
    assert_string_equal(ANSWER("cmd=_notify-validate&%s", body), "VERIFIED");
    assert_string_equal(ANSWER("cmd=_notify-validate&%s", body), "VERIFIED");
    assert_string_equal(ANSWER("cmd=_notify-validate&%s ", body), "INVALID");
    assert_string_equal(ANSWER("cmd=_notify-validate&&%s", body), "INVALID");
    assert_string_equal(ANSWER("cmd=_notify-validate&%s", body + 1), "INVALID");
    assert_string_equal(ANSWER("%s&cmd=_notify-validate", body), "INVALID");
    assert_string_equal(answer_to(bench, "cmd=_notify-validate"), "INVALID");
    assert_string_equal(answer_to(bench, "cmd=_notify-validate&"), "INVALID");
#undef ANSWER
    assert_string_equal(sandbox_visit(&bench->request)->verdict, "INVALID");
}

static void test_what_is_a_postback(void **state)
{
    static const struct {
        const char *query;
        const char *body;
        bool is;
    } cases[] = {
        {"", "cmd=_notify-validate&a=b", true},
        {"", "a=b&cmd=_notify-validate", true},
        {"cmd=_notify-validate", "a=b", true},
        {"", "cmd=_xclick&a=b", false},
        {"", "xcmd=_notify-validate", false},
        {"", "cmd=_notify-validates", false},
        {"", "", false},
    };
    struct http_request request = {.method = HTTP_POST};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        request.query = str_of(cases[i].query);
        request.body = str_of(cases[i].body);
        assert_int_equal(paypal_is_postback(&request), cases[i].is);
    }
    request.method = HTTP_GET;
    request.query = str_of("cmd=_notify-validate");
    assert_false(paypal_is_postback(&request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_becomes_bytes_of_the_charset),
        cmocka_unit_test(test_a_button_is_read_by_its_own_charset),
        cmocka_unit_test(test_dates_are_pacific),
        BENCH_TEST(test_buttons_are_checked),
        BENCH_TEST(test_exact_bytes_are_confirmed),
        cmocka_unit_test(test_what_is_a_postback),
    };

    return cmocka_run_group_tests_name("sandbox messages", tests, NULL, NULL);
}
