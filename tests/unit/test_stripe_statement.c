/* Stripe's list of movements, line by line and page by page, and what it holds. */
#include "support/stripe_desk.h"

#include <string.h>

#include "provider/stripe/money.h"
#include "support/vectors.h"

/* ---- every type has a row ---- */

#define SCHEMA "stripe/schema/stripe-responses-2026-10-28.schema.json"

static void test_types(void **state)
{
    struct arena *arena = arena_new();
    json_t *schema = NULL;
    const json_t *types;

    (void)state;
    house_ok(json_read(vectors_read(arena, SCHEMA), &schema));
    types = json_at(schema, "definitions.BalanceTransaction.properties.type.enum");
    assert_true(json_array_size(types) > 50);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));

        if (strcmp(stripe_type_find(type)->name, type) != 0)
            print_error("%s has no row\n", type);
        assert_string_equal(stripe_type_find(type)->name, type);
    }
    assert_string_equal(stripe_type_find("of_the_future")->name, "");
    assert_int_equal(stripe_type_find("of_the_future")->kind, FACT_OTHER);
    assert_int_equal(stripe_type_find("of_the_future")->nature, NATURE_UNKNOWN);
    json_decref(schema);
    arena_free(arena);
}

/* ---- reading ---- */

static const struct statement_request august = {
    .since_at = 1790000000, .until_at = 1793000000, .payout = "", .cursor = ""};

static struct statement_page read_request(struct stripe_desk *desk,
                                          const struct statement_request *request)
{
    struct statement_page page;

    house_ok(stripe_statement.read(&desk->base.call, &desk->account, request, &page));
    return page;
}

static const char *list_of(struct stripe_desk *desk, const char *lines, const char *more)
{
    return arena_printf(desk->base.call.arena,
                        "{\"object\":\"list\",\"url\":\"/v1/balance_transactions\","
                        "\"has_more\":%s,\"data\":[%s]}",
                        more, lines);
}

static struct statement_page read_lines(struct stripe_desk *desk, const char *lines)
{
    desk_script(desk, 200, "", list_of(desk, lines, "false"));
    return read_request(desk, &august);
}

/* A line as Stripe writes it; source is JSON. */
static const char *line_json(struct stripe_desk *desk, const char *type, int64_t amount,
                             int64_t fee, const char *source)
{
    return arena_printf(desk->base.call.arena,
                        "{\"id\":\"txn_9\",\"object\":\"balance_transaction\",\"type\":\"%s\","
                        "\"amount\":%lld,\"fee\":%lld,\"net\":%lld,\"currency\":\"eur\","
                        "\"created\":1791000000,\"balance_type\":\"payments\","
                        "\"status\":\"available\",\"source\":%s}",
                        type, (long long)amount, (long long)fee, (long long)(amount - fee),
                        source);
}

static struct statement_line read_line(struct stripe_desk *desk, const char *type, int64_t amount,
                                       int64_t fee, const char *source)
{
    struct statement_page page = read_lines(desk, line_json(desk, type, amount, fee, source));

    assert_int_equal(page.verdict, STATEMENT_PAGE);
    assert_int_equal(page.count, 1);
    assert_null(page.cursor);
    return page.lines[0];
}

#define CHARGE(metadata)                                                                          \
    "{\"id\":\"ch_1\",\"object\":\"charge\",\"status\":\"succeeded\","                            \
    "\"payment_intent\":\"pi_1\",\"metadata\":" metadata                                          \
    ",\"billing_details\":{\"name\":\"Zoé Martin\"}}"
#define REFUND(metadata)                                                                          \
    "{\"id\":\"re_1\",\"object\":\"refund\",\"payment_intent\":\"pi_1\",\"charge\":\"ch_1\","     \
    "\"metadata\":" metadata "}"
#define DISPUTE                                                                                   \
    "{\"id\":\"du_1\",\"object\":\"dispute\",\"payment_intent\":\"pi_1\",\"charge\":\"ch_1\"}"

static void test_capture(void **state)
{
    struct stripe_desk *desk = *state;
    const char *marked =
        arena_printf(desk->base.call.arena, CHARGE("{\"guichet\":\"%s\",\"intent\":\"%s\"}"),
                     desk->base.call.installation, DESK_TOKEN);
    struct statement_line line = read_line(desk, "charge", 2500, 63, marked);

    assert_string_equal(line.reference, "txn_9");
    assert_string_equal(line.type, "charge");
    assert_true(line.posts);
    assert_int_equal(line.kind, FACT_CAPTURE);
    assert_string_equal(line.movement, "pi_1");
    assert_string_equal(line.fee_reference, "txn_9");
    assert_null(line.parent);
    assert_string_equal(line.token, DESK_TOKEN);
    assert_true(line.our_mark);
    assert_string_equal(line.payer, "Zoé Martin");
    assert_string_equal(line.objects[0], "ch_1");
    assert_string_equal(line.objects[1], "txn_9");
    assert_int_equal(line.gross_cents, 2500);
    assert_int_equal(line.fee_cents, 63);
    assert_string_equal(line.currency, "EUR");
    assert_int_equal(line.fact_at, 1791000000);
    assert_string_equal(line.payout, "");
    assert_true(desk_head_has(desk, 0,
                              "GET /v1/balance_transactions?limit=100&expand%5B%5D=data.source"
                              "&created%5Bgte%5D=1790000000&created%5Blt%5D=1793000000 HTTP"));
}

static void test_capture_of_others(void **state)
{
    struct stripe_desk *desk = *state;
    struct statement_line line =
        read_line(desk, "payment", 2500, 0, CHARGE("{\"guichet\":\"ffffffff\"}"));

    assert_int_equal(line.kind, FACT_CAPTURE);
    assert_false(line.our_mark);
    assert_string_equal(line.fee_reference, "txn_9"); /* it is known to have none */
    line = read_line(desk, "charge", 2500, 63, "{\"id\":\"ch_2\",\"object\":\"charge\"}");
    assert_int_equal(line.kind, FACT_CAPTURE);
    assert_string_equal(line.movement, "ch_2");
}

/* A debit stands in the list from its first day on. */
static void test_under_way(void **state)
{
    static const struct {
        const char *status;
        enum line_standing standing;
    } cases[] = {{"pending", LINE_UNDER_WAY}, {"failed", LINE_FAILED}, {"succeeded", LINE_FINAL}};
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statement_line line =
            read_line(desk, "payment", 2500, 35,
                      arena_printf(desk->base.call.arena,
                                   "{\"id\":\"py_1\",\"object\":\"charge\",\"status\":\"%s\","
                                   "\"payment_intent\":\"pi_1\",\"metadata\":{}}",
                                   cases[i].status));

        assert_int_equal(line.kind, FACT_CAPTURE);
        assert_int_equal(line.standing, cases[i].standing);
    }
}

static void test_kinds(void **state)
{
    static const struct {
        const char *type;
        int64_t amount, fee;
        const char *source;
        enum fact_kind kind;
        enum fact_nature nature;
        const char *movement, *parent, *dispute, *fee_reference;
    } cases[] = {
        {"refund", -900, 0, REFUND("{}"), FACT_REFUND, 0, "re_1", "pi_1", NULL, NULL},
        {"payment_refund", -900, 25, REFUND("{}"), FACT_REFUND, 0, "re_1", "pi_1", NULL, "txn_9"},
        {"refund_failure", 900, 0, REFUND("{}"), FACT_REFUND_FAILED, 0, "re_1", "re_1", NULL,
         NULL},
        {"adjustment", 900, 0, REFUND("{}"), FACT_REFUND_FAILED, 0, "re_1", "re_1", NULL, NULL},
        {"adjustment", -2500, 2000, DISPUTE, FACT_DISPUTE, 0, "txn_9", "pi_1", "du_1", "txn_9"},
        {"adjustment", 2500, -2000, DISPUTE, FACT_DISPUTE_WON, 0, "txn_9", "pi_1", "du_1",
         "txn_9"},
        {"adjustment", 0, 2000, DISPUTE, FACT_DISPUTE_FEE, NATURE_FEE, "txn_9", "pi_1", "du_1",
         NULL},
        {"adjustment", -40, 0, "null", FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        {"payment_failure_refund", -2500, 0, CHARGE("{}"), FACT_CAPTURE_FAILED, 0, "txn_9", "pi_1",
         NULL, NULL},
        {"payment_failure_refund", -2500, 0, REFUND("{}"), FACT_CAPTURE_FAILED, 0, "txn_9", "pi_1",
         NULL, NULL},
        {"payout", -9000, 0, "{\"id\":\"po_1\",\"object\":\"payout\"}", FACT_PAYOUT, 0, "po_1",
         NULL, NULL, NULL},
        {"payout", 700, 0, "\"po_1\"", FACT_PAYOUT, 0, "po_1", NULL, NULL, NULL},
        {"payout_failure", 9000, 0, "\"po_1\"", FACT_PAYOUT_FAILED, 0, "po_1", "po_1", NULL, NULL},
        {"payout_cancel", 9000, 0, "\"po_1\"", FACT_PAYOUT_FAILED, 0, "po_1", "po_1", NULL, NULL},
        {"stripe_fee", -200, 0, "null", FACT_OTHER, NATURE_FEE, "txn_9", NULL, NULL, NULL},
        {"stripe_fee", 0, 200, "null", FACT_OTHER, NATURE_FEE, "txn_9", NULL, NULL, NULL},
        {"reserve_hold", -200, 0, "null", FACT_OTHER, NATURE_RESERVE, "txn_9", NULL, NULL, NULL},
        {"topup", 200, 0, "\"tu_1\"", FACT_OTHER, NATURE_TRANSFER, "txn_9", NULL, NULL, NULL},
        {"application_fee", 200, 0, "\"fee_1\"", FACT_OTHER, NATURE_INCOME, "txn_9", NULL, NULL,
         NULL},
        {"of_the_future", 200, 0, "null", FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        /* what does not fit its row: somebody looks at it */
        {"charge", -2500, 0, CHARGE("{}"), FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        {"charge", 2500, 63, "\"ch_1\"", FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, "txn_9"},
        {"charge", 2500, 0, REFUND("{}"), FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        {"refund", 900, 0, REFUND("{}"), FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        {"refund", -900, 0, CHARGE("{}"), FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        {"payout", -900, 0, "null", FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL, NULL},
        {"payment_failure_refund", -5, 0, "null", FACT_OTHER, NATURE_UNKNOWN, "txn_9", NULL, NULL,
         NULL},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statement_line line =
            read_line(desk, cases[i].type, cases[i].amount, cases[i].fee, cases[i].source);

        if (line.kind != cases[i].kind)
            print_error("case %zu %s\n", i, cases[i].type);
        assert_int_equal(line.kind, cases[i].kind);
        if (line.kind == FACT_OTHER)
            assert_int_equal(line.nature, cases[i].nature);
        assert_true(line.posts);
        assert_string_equal(line.movement, cases[i].movement);
        assert_string_equal(line.parent ? line.parent : "",
                            cases[i].parent ? cases[i].parent : "");
        assert_string_equal(line.dispute ? line.dispute : "",
                            cases[i].dispute ? cases[i].dispute : "");
        assert_string_equal(line.fee_reference ? line.fee_reference : "",
                            cases[i].fee_reference ? cases[i].fee_reference : "");
        /* whatever it is, what remains is what Stripe says */
        assert_int_equal(line.gross_cents - line.fee_cents, cases[i].amount - cases[i].fee);
    }
}

/* The request made here is named by its number; of another installation's nothing is known. */
static void test_refund_of_ours(void **state)
{
    struct stripe_desk *desk = *state;
    const char *source = arena_printf(desk->base.call.arena,
                                      REFUND("{\"guichet\":\"%s\",\"refund_request\":\"4711\"}"),
                                      desk->base.call.installation);

    assert_string_equal(read_line(desk, "refund", -900, 0, source).objects[0],
                        "guichet-refund-4711");
}

/* Other pockets of Stripe's are not what payments and payouts move; nil moves nothing. */
static void test_posts_nothing(void **state)
{
    struct stripe_desk *desk = *state;
    struct statement_page page = read_lines(
        desk, "{\"id\":\"txn_9\",\"object\":\"balance_transaction\",\"type\":\"transfer\","
              "\"amount\":500,\"fee\":0,\"net\":500,\"currency\":\"eur\",\"created\":1791000000,"
              "\"balance_type\":\"risk_reserved\",\"source\":null}");

    assert_int_equal(page.verdict, STATEMENT_PAGE);
    assert_false(page.lines[0].posts);
    assert_false(read_line(desk, "adjustment", 0, 0, "null").posts);
}

/* ---- pages ---- */

static void test_pages(void **state)
{
    struct stripe_desk *desk = *state;
    struct statement_request next = august;
    struct statement_page page;

    desk_script(desk, 200, "",
                list_of(desk, line_json(desk, "stripe_fee", -10, 0, "null"), "true"));
    desk_script(desk, 200, "", list_of(desk, "", "false"));
    page = read_request(desk, &august);
    assert_int_equal(page.verdict, STATEMENT_PAGE);
    assert_string_equal(page.cursor, "txn_9");
    next.cursor = page.cursor;
    page = read_request(desk, &next);
    assert_int_equal(page.verdict, STATEMENT_PAGE);
    assert_int_equal(page.count, 0);
    assert_null(page.cursor);
    assert_true(desk_head_has(desk, 1, "&starting_after=txn_9 HTTP"));
}

static void test_payout(void **state)
{
    struct stripe_desk *desk = *state;
    struct statement_request request = {.payout = "po_1", .cursor = ""};
    struct statement_page page;

    desk_script(desk, 200, "",
                list_of(desk, line_json(desk, "stripe_fee", -10, 0, "null"), "false"));
    page = read_request(desk, &request);
    assert_int_equal(page.verdict, STATEMENT_PAGE);
    assert_string_equal(page.lines[0].payout, "po_1");
    assert_true(desk_head_has(desk, 0, "&payout=po_1 HTTP"));
    request.payout = "po_1&type=charge";
    house_err(stripe_statement.read(&desk->base.call, &desk->account, &request, &page), ERR_INPUT);
    request = (struct statement_request){.payout = "", .cursor = "txn_1&x"};
    house_err(stripe_statement.read(&desk->base.call, &desk->account, &request, &page), ERR_INPUT);
}

static void test_troubles(void **state)
{
    static const struct {
        int status;
        const char *headers;
        enum statement_verdict verdict;
        bool down;
        int64_t retry_after_s;
    } cases[] = {
        {500, "", STATEMENT_LATER, true, 0},
        {503, "Retry-After: 30\r\n", STATEMENT_LATER, true, 30},
        {429, "Retry-After: 7\r\n", STATEMENT_LATER, false, 7},
        {401, "", STATEMENT_REFUSED, false, 0},
        {403, "", STATEMENT_REFUSED, false, 0},
        {400, "", STATEMENT_REFUSED, false, 0},
        {LOOPBACK_SILENT, "", STATEMENT_LATER, true, 0},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statement_page page;

        desk_script(desk, cases[i].status, cases[i].headers, "");
        page = read_request(desk, &august);
        assert_int_equal(page.verdict, cases[i].verdict);
        assert_int_equal(page.provider_down, cases[i].down);
        assert_int_equal(page.retry_after_s, cases[i].retry_after_s);
        assert_int_equal(page.count, 0);
    }
}

#define LINE(id, amount, fee, net, currency, created)                                             \
    "{\"object\":\"list\",\"has_more\":false,\"data\":[{\"id\":" id                               \
    ",\"object\":\"balance_transaction\",\"type\":\"charge\",\"amount\":" amount ",\"fee\":" fee  \
    ",\"net\":" net ",\"currency\":" currency ",\"created\":" created ",\"source\":null}]}"

/* A page that is not whole is no page: its lines are not known, and nothing is left out. */
static void test_hostile(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "{\"object\":\"list\",\"data\":{},\"has_more\":false}",
        "{\"object\":\"list\",\"data\":[],\"has_more\":true}",
        "{\"object\":\"list\",\"data\":[null],\"has_more\":false}",
        "{\"object\":\"list\",\"data\":[[[[]]]],\"has_more\":false}",
        LINE("7", "1", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_\"", "1", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"ch_1\"", "1", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1 OR 1\"", "1", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "1.5", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "\"1\"", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "9223372036854775807", "-1", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "-9223372036854775808", "0", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "1", "null", "1", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "1000", "30", "1000", "\"eur\"", "1791000000"),
        LINE("\"txn_1\"", "1", "0", "1", "\"euro\"", "1791000000"),
        LINE("\"txn_1\"", "1", "0", "1", "\"e r\"", "1791000000"),
        LINE("\"txn_1\"", "1", "0", "1", "\"eur\"", "-1"),
        LINE("\"txn_1\"", "1", "0", "1", "\"eur\"", "99999999999999"),
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct statement_page page;

        desk_script(desk, 200, "", bodies[i]);
        page = read_request(desk, &august);
        if (page.verdict != STATEMENT_LATER)
            print_error("case %zu: %s\n", i, bodies[i]);
        assert_int_equal(page.verdict, STATEMENT_LATER);
        assert_int_equal(page.count, 0);
        assert_null(page.lines);
    }
}

/* ---- what it holds ---- */

static struct provider_balance ask_balance(struct stripe_desk *desk, int status, const char *body)
{
    struct provider_balance balance;

    desk_script(desk, status, "", body);
    house_ok(stripe_statement.balance(&desk->base.call, &desk->account, "EUR", &balance));
    return balance;
}

#define BALANCE(available, pending)                                                               \
    "{\"object\":\"balance\",\"livemode\":false,\"available\":" available                         \
    ",\"connect_reserved\":[{\"amount\":77,\"currency\":\"eur\"}],\"pending\":" pending "}"

static void test_balance(void **state)
{
    struct stripe_desk *desk = *state;
    struct provider_balance balance = ask_balance(
        desk, 200,
        BALANCE("[{\"amount\":1200,\"currency\":\"eur\"},{\"amount\":5,\"currency\":\"usd\"}]",
                "[{\"amount\":-300,\"currency\":\"eur\"}]"));

    assert_true(balance.known);
    assert_int_equal(balance.cents, 900);
    assert_int_equal(balance.at, HOUSE_NOW);
    assert_true(desk_head_has(desk, 0, "GET /v1/balance HTTP/1.1\r\n"));
    assert_true(ask_balance(desk, 200, BALANCE("[]", "[]")).known);
}

static void test_balance_unknown(void **state)
{
    static const struct {
        int status;
        const char *body;
    } cases[] = {
        {500, ""},
        {401, ""},
        {LOOPBACK_SILENT, ""},
        {200, "{}"},
        {200, BALANCE("null", "[]")},
        {200, BALANCE("[]", "{\"amount\":1}")},
        {200, BALANCE("[{\"amount\":1.5,\"currency\":\"eur\"}]", "[]")},
        {200, BALANCE("[{\"amount\":9223372036854775807,\"currency\":\"eur\"}]", "[]")},
        {200, "{\"object\":\"balance\",\"livemode\":true,\"available\":[],\"pending\":[]}"},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct provider_balance balance = ask_balance(desk, cases[i].status, cases[i].body);

        assert_false(balance.known);
        assert_int_equal(balance.cents, 0);
    }
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, stripe_desk_setup, stripe_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types), TEST(test_capture), TEST(test_capture_of_others),
        TEST(test_under_way),         TEST(test_kinds),   TEST(test_refund_of_ours),
        TEST(test_posts_nothing),     TEST(test_pages),   TEST(test_payout),
        TEST(test_troubles),          TEST(test_hostile), TEST(test_balance),
        TEST(test_balance_unknown),
    };

    return cmocka_run_group_tests_name("stripe_statement", tests, NULL, NULL);
}
