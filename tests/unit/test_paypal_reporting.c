/* PayPal's own list by its interface, against a scripted PayPal. */
#include "support/order_desk.h"

#include <string.h>

#include "provider/paypal/rest.h"

#define DAY_S 86400

static struct statement_request month(int64_t days)
{
    return (struct statement_request){
        .since_at = HOUSE_NOW - days * DAY_S, .until_at = HOUSE_NOW, .payout = "", .cursor = ""};
}

static struct statement_page read_page(struct order_desk *desk,
                                       const struct statement_request *request)
{
    struct statement_page page;

    house_ok(paypal_statement.read(&desk->base.call, &desk->account, request, &page));
    return page;
}

static const char *detail(struct order_desk *desk, const char *id, const char *code,
                          const char *value, const char *fee, const char *more)
{
    return arena_printf(
        desk->base.call.arena,
        "{\"transaction_info\":{\"transaction_id\":\"%s\",\"transaction_event_code\":\"%s\","
        "\"transaction_initiation_date\":\"2026-09-20T10:00:00+0000\",\"transaction_amount\":{"
        "\"currency_code\":\"EUR\",\"value\":\"%s\"},\"fee_amount\":{\"currency_code\":\"EUR\","
        "\"value\":\"%s\"}%s},\"payer_info\":{\"payer_name\":{\"given_name\":\"Zoé\","
        "\"surname\":\"Martin\"}}}",
        id, code, value, fee, more);
}

static void script(struct order_desk *desk, const char *details, int pages)
{
    order_desk_script(desk, 200,
                      arena_printf(desk->base.call.arena,
                                   "{\"transaction_details\":[%s],\"account_number\":\"x\","
                                   "\"page\":1,\"total_items\":1,\"total_pages\":%d}",
                                   details, pages));
}

static void each_code_has_its_kind(void **state)
{
    static const struct {
        const char *code, *value, *status;
        bool posts;
        enum fact_kind kind;
        enum fact_nature nature;
    } cases[] = {
        {"T0006", "25.00", "S", true, FACT_CAPTURE, 0},
        {"T0013", "25.00", "F", true, FACT_CAPTURE, 0},
        {"T0006", "-5.00", "S", true, FACT_OTHER, NATURE_UNKNOWN},
        {"T1107", "-25.00", "S", true, FACT_REFUND, 0},
        {"T1106", "-25.00", "S", true, FACT_DISPUTE, 0},
        {"T1201", "-25.00", "S", true, FACT_DISPUTE, 0},
        {"T1202", "25.00", "S", true, FACT_DISPUTE_WON, 0},
        {"T0400", "-100.00", "S", true, FACT_PAYOUT, 0},
        {"T0300", "50.00", "S", true, FACT_PAYOUT, 0},
        {"T1101", "100.00", "S", true, FACT_PAYOUT_FAILED, 0},
        {"T0106", "-16.00", "S", true, FACT_DISPUTE_FEE, 0}, /* as the reversal's own fee */
        {"T0107", "-1.00", "S", true, FACT_OTHER, NATURE_FEE},
        {"T2107", "-10.00", "S", true, FACT_OTHER, NATURE_RESERVE},
        {"T0800", "1.00", "S", true, FACT_OTHER, NATURE_INCOME},
        {"T9900", "1.00", "S", true, FACT_OTHER, NATURE_UNKNOWN},
        {"T1300", "25.00", "S", false, 0, 0},
        {"T0006", "25.00", "P", false, 0, 0},
        {"T0006", "25.00", "D", false, 0, 0},
    };
    struct order_desk *desk = *state;
    const struct statement_request request = month(10);

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *more = arena_printf(desk->base.call.arena,
                                        ",\"transaction_status\":\"%s\",\"paypal_reference_id\":"
                                        "\"PARENT1\"",
                                        cases[i].status);
        struct statement_page page;

        script(desk, detail(desk, "TXN1", cases[i].code, cases[i].value, "0.00", more), 1);
        page = read_page(desk, &request);
        assert_int_equal(page.verdict, STATEMENT_PAGE);
        assert_int_equal(page.count, 1);
        assert_int_equal(page.lines[0].posts, cases[i].posts);
        if (!cases[i].posts)
            continue;
        if (page.lines[0].kind != cases[i].kind)
            print_error("%s %s\n", cases[i].code, cases[i].value);
        assert_int_equal(page.lines[0].kind, cases[i].kind);
        if (cases[i].kind == FACT_OTHER)
            assert_int_equal(page.lines[0].nature, cases[i].nature);
        if (cases[i].kind == FACT_REFUND)
            assert_string_equal(page.lines[0].parent, "PARENT1");
        if (cases[i].kind == FACT_DISPUTE_FEE)
            assert_string_equal(page.lines[0].movement, "PARENT1:fee");
    }
}

static void a_line_names_its_payment(void **state)
{
    struct order_desk *desk = *state;
    const struct statement_request request = month(10);
    struct statement_page page;

    order_desk_token(desk);
    script(desk,
           detail(desk, ORDER_DESK_CAPTURE, "T0006", "25.00", "-1.18",
                  ",\"transaction_status\":\"S\",\"invoice_id\":\"" ORDER_DESK_TOKEN "\""),
           1);
    page = read_page(desk, &request);
    assert_string_equal(page.lines[0].movement, ORDER_DESK_CAPTURE);
    assert_string_equal(page.lines[0].fee_reference, ORDER_DESK_CAPTURE ":fee");
    assert_int_equal(page.lines[0].gross_cents, 2500);
    assert_int_equal(page.lines[0].fee_cents, 118);
    assert_string_equal(page.lines[0].token, ORDER_DESK_TOKEN);
    assert_string_equal(page.lines[0].payer, "Zoé Martin");
    assert_int_equal(page.lines[0].fact_at, 1789898400);
    assert_null(page.cursor);
    assert_true(order_desk_has(
        desk, 1,
        "GET /sandbox/v1/reporting/transactions?start_date=2026-09-21T12:00:00Z&end_date="
        "2026-10-01T11:59:59Z&fields=transaction_info,payer_info&page_size=500&page=1 HTTP"));
}

/* Windows of 30 days, and pages of each. */
static void a_long_time_is_read_in_windows(void **state)
{
    struct order_desk *desk = *state;
    struct statement_request request = month(70);
    const int64_t starts[] = {HOUSE_NOW - 70 * DAY_S, HOUSE_NOW - 40 * DAY_S,
                              HOUSE_NOW - 10 * DAY_S};
    struct statement_page page;

    order_desk_token(desk);
    script(desk, "", 2);
    page = read_page(desk, &request);
    assert_string_equal(page.cursor,
                        arena_printf(desk->base.call.arena, "%lld:2", (long long)starts[0]));
    for (int i = 1; i < 4; i++) {
        request.cursor = page.cursor;
        script(desk, "", 1);
        page = read_page(desk, &request);
        if (i < 3)
            assert_string_equal(
                page.cursor, arena_printf(desk->base.call.arena, "%lld:1", (long long)starts[i]));
    }
    assert_null(page.cursor);
    request.cursor = "1:1";
    assert_int_equal(paypal_statement.read(&desk->base.call, &desk->account, &request, &page),
                     ERR_INPUT);
}

static void refusals_are_told_apart(void **state)
{
    struct order_desk *desk = *state;
    struct statement_request request = month(10);
    struct statement_page page;

    order_desk_token(desk);
    order_desk_refuse(desk, 403, "NOT_AUTHORIZED");
    page = read_page(desk, &request);
    assert_int_equal(page.verdict, STATEMENT_REFUSED);
    assert_string_equal(page.reason, "HTTP 403 NOT_AUTHORIZED");
    order_desk_refuse(desk, 503, "x");
    page = read_page(desk, &request);
    assert_int_equal(page.verdict, STATEMENT_LATER);
    assert_true(page.provider_down);
    loopback_script(desk->base.server, 429, "Retry-After: 120\r\n", str_of("{}"));
    page = read_page(desk, &request);
    assert_int_equal(page.verdict, STATEMENT_LATER);
    assert_int_equal(page.retry_after_s, 120);
    script(desk, "{\"transaction_info\":{\"transaction_id\":\"X\"}}", 1); /* half a line */
    assert_int_equal(read_page(desk, &request).verdict, STATEMENT_LATER);
    order_desk_refuse(desk, 400, "INVALID_REQUEST");
    assert_int_equal(read_page(desk, &request).verdict, STATEMENT_REFUSED);
    request.since_at = HOUSE_NOW - 3600; /* nothing is told of the last hours */
    order_desk_refuse(desk, 400, "INVALID_REQUEST");
    page = read_page(desk, &request);
    assert_int_equal(page.verdict, STATEMENT_PAGE);
    assert_int_equal(page.count, 0);
}

static void the_balance_is_read(void **state)
{
    struct order_desk *desk = *state;
    struct provider_balance balance;

    order_desk_token(desk);
    order_desk_script(desk, 200,
                      "{\"balances\":[{\"currency\":\"USD\",\"total_balance\":{"
                      "\"currency_code\":\"USD\",\"value\":\"7.00\"}},{\"currency\":\"EUR\","
                      "\"total_balance\":{\"currency_code\":\"EUR\",\"value\":\"123.45\"}}],"
                      "\"as_of_time\":\"2026-09-20T10:00:00Z\"}");
    house_ok(paypal_statement.balance(&desk->base.call, &desk->account, "EUR", &balance));
    assert_true(balance.known);
    assert_int_equal(balance.cents, 12345);
    assert_int_equal(balance.at, 1789898400);
    order_desk_refuse(desk, 403, "NOT_AUTHORIZED");
    house_ok(paypal_statement.balance(&desk->base.call, &desk->account, "EUR", &balance));
    assert_false(balance.known);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, order_desk_setup, order_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_code_has_its_kind),
        CASE(a_line_names_its_payment),
        CASE(a_long_time_is_read_in_windows),
        CASE(refusals_are_told_apart),
        CASE(the_balance_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
