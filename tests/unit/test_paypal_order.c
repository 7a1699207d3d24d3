/* Beginning and ending a payment by PayPal's orders, against a scripted PayPal. */
#include "support/order_desk.h"
#include "support/vectors.h"

#include <string.h>

#include "net/json.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/rest.h"

static struct checkout_answer checkout(struct order_desk *desk)
{
    struct checkout_answer answer;

    house_ok(paypal_checkout(&desk->base.call, &desk->account, &desk->intent, &answer));
    return answer;
}

static struct resolution *resolve(struct order_desk *desk)
{
    struct resolution *resolution = arena_alloc(desk->base.call.arena, sizeof(*resolution));

    house_ok(paypal_resolve_intent(&desk->base.call, &desk->account, &desk->intent, "open",
                                   resolution));
    return resolution;
}

/* ---- the request ---- */

static struct str prepare(struct order_desk *desk, const struct association *association)
{
    struct provider_order order = {
        .association = association,
        .account = &desk->account,
        .member_number = 12,
        .token = ORDER_DESK_TOKEN,
        .amount_cents = 2550,
        .return_url = "https://guichet.example/paiement/" ORDER_DESK_TOKEN,
        .notify_url = "https://guichet.example/action_manager.php?event=paypal&a=x",
    };
    struct str request = {0};

    house_ok(paypal_prepare(&desk->base.call, &order, &request));
    return request;
}

static void says_what_is_paid(void **state)
{
    struct order_desk *desk = *state;
    struct association association;
    json_t *json = NULL;
    char name[400];

    house_ok(association_find(desk->base.call.db, desk->account.association_id,
                              desk->base.call.arena, &association));
    memset(name, 'x', sizeof(name));
    memcpy(name + sizeof(name) - 1, "", 1);
    association.name = name;
    house_ok(json_read(prepare(desk, &association), &json));
    assert_true(str_is(json_text(json, "intent"), "CAPTURE"));
    assert_true(str_is(json_text(json, "purchase_units.0.amount.value"), "25.50"));
    assert_true(str_is(json_text(json, "purchase_units.0.amount.currency_code"), "EUR"));
    assert_true(str_is(json_text(json, "purchase_units.0.custom_id"), ORDER_DESK_TOKEN));
    assert_true(str_is(json_text(json, "purchase_units.0.invoice_id"), ORDER_DESK_TOKEN));
    assert_true(json_text(json, "purchase_units.0.description").len <= 127);
    assert_true(json_text(json, "payment_source.paypal.experience_context.brand_name").len <= 127);
    assert_true(str_is(json_text(json, "payment_source.paypal.experience_context.user_action"),
                       "PAY_NOW"));
    assert_true(str_is(json_text(json, "payment_source.paypal.experience_context.return_url"),
                       "https://guichet.example/paiement/" ORDER_DESK_TOKEN));
    json_decref(json);
    desk->account.client_id = "";
    assert_true(str_starts(prepare(desk, &association),
                           "https://www.sandbox.paypal.com/cgi-bin/webscr?cmd=_xclick"));
}

/* ---- the token ---- */

static void asks_for_a_token_once(void **state)
{
    struct order_desk *desk = *state;

    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){0});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_OPENED);
    assert_true(order_desk_has(desk, 0, "POST /sandbox/v1/oauth2/token HTTP/1.1\r\n"));
    /* AClient-id:EcanaryCANARY0123456789 */
    assert_true(order_desk_has(
        desk, 0, "\r\nAuthorization: Basic QUNsaWVudC1pZDpFY2FuYXJ5Q0FOQVJZMDEyMzQ1Njc4OQ=="));
    assert_true(str_is(loopback_body(desk->base.server, 0), "grant_type=client_credentials"));
    assert_true(order_desk_has(desk, 1, "POST /sandbox/v2/checkout/orders HTTP/1.1\r\n"));
    assert_true(order_desk_has(desk, 1, "\r\nAuthorization: Bearer A21AAtoken\r\n"));
    assert_true(order_desk_has(desk, 1,
                               arena_printf(desk->base.call.arena, "\r\nPayPal-Request-Id: %s\r\n",
                                            desk->intent.idempotency_key)));
    assert_true(str_is(loopback_body(desk->base.server, 1), desk->intent.request));
    order_desk_order(desk, &(struct order_plan){0});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_OPENED);
    assert_int_equal(loopback_count(desk->base.server), 3);
    desk->base.call.now += 30910; /* it has ended */
    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){0});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_OPENED);
    assert_int_equal(loopback_count(desk->base.server), 5);
    desk->account.key_version++; /* other keys, another token */
    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){0});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_OPENED);
    assert_int_equal(loopback_count(desk->base.server), 7);
}

static void asks_once_anew_when_it_is_refused(void **state)
{
    struct order_desk *desk = *state;
    struct checkout_answer answer;

    order_desk_token(desk);
    order_desk_script(desk, 401, "{\"error\":\"invalid_token\"}");
    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){0});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_OPENED);
    order_desk_script(desk, 401, "{\"error\":\"invalid_token\"}");
    order_desk_script(desk, 401, "{\"error\":\"invalid_client\"}");
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_REFUSED);
    assert_string_equal(answer.reason, "clés refusées");
    order_desk_script(desk, 503, ""); /* no token, and nothing said about the keys */
    assert_int_equal(checkout(desk).verdict, CHECKOUT_UNKNOWN);
    assert_int_equal(loopback_count(desk->base.server), 7);
}

/* ---- opening ---- */

static void opens_our_order_alone(void **state)
{
    static const struct {
        struct order_plan plan;
        enum checkout_verdict expected;
        bool url;
    } cases[] = {
        {{.http_status = 200}, CHECKOUT_OPENED, true},
        {{.http_status = 201, .status = "CREATED"}, CHECKOUT_OPENED, true},
        {{.status = "COMPLETED"}, CHECKOUT_OPENED, false},
        {{.status = "APPROVED"}, CHECKOUT_OPENED, false},
        {{.merchant = "AAAAAAAAAAAAA"}, CHECKOUT_REFUSED, false},
        {{.token = "Gdeadbeef-other"}, CHECKOUT_REFUSED, false},
        {{.value = "25.01"}, CHECKOUT_REFUSED, false},
        {{.currency = "USD"}, CHECKOUT_REFUSED, false},
        {{.id = "a/../b"}, CHECKOUT_UNKNOWN, false},
        {{.url = ""}, CHECKOUT_UNKNOWN, false},
        {{.url = "https://www.paypal.com/checkoutnow?token=X"}, CHECKOUT_REFUSED, false},
        {{.url = "http://www.sandbox.paypal.com/checkoutnow?token=X"}, CHECKOUT_REFUSED, false},
        {{.url = "https://www.sandbox.paypal.com.evil.example/checkoutnow?t"},
         CHECKOUT_REFUSED,
         false},
        {{.url = "https://www.sandbox.paypal.com@evil.example/checkoutnow?t"},
         CHECKOUT_REFUSED,
         false},
        {{.url = "https://www.sandbox.paypal.com/other?token=X"}, CHECKOUT_REFUSED, false},
        {{.url = "https://www.sandbox.paypal.com/checkoutnow?a b"}, CHECKOUT_REFUSED, false},
    };
    struct order_desk *desk = *state;

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct checkout_answer answer;

        order_desk_order(desk, &cases[i].plan);
        answer = checkout(desk);
        if (answer.verdict != cases[i].expected)
            print_error("case %zu: %s\n", i, answer.reason);
        assert_int_equal(answer.verdict, cases[i].expected);
        assert_int_equal(answer.url != NULL, cases[i].url);
        assert_null(answer.proven_external_id);
    }
}

static void reads_an_order_that_was_told_in_part(void **state)
{
    struct order_desk *desk = *state;
    struct checkout_answer answer;

    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){.bare = true});
    order_desk_order(desk, &(struct order_plan){.status = "CREATED"});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_OPENED);
    assert_string_equal(answer.reference, ORDER_DESK_ORDER);
    assert_true(
        order_desk_has(desk, 2, "GET /sandbox/v2/checkout/orders/" ORDER_DESK_ORDER " HTTP"));
    order_desk_order(desk, &(struct order_plan){.bare = true});
    order_desk_order(desk, &(struct order_plan){.bare = true});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_UNKNOWN);
}

static void learns_whose_keys_they_are(void **state)
{
    struct order_desk *desk = *state;

    desk->account.external_id = "";
    desk->account.verified = false;
    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){0});
    assert_string_equal(checkout(desk).proven_external_id, ORDER_DESK_MERCHANT);
}

static void classifies_refusals(void **state)
{
    static const struct {
        int status;
        enum checkout_verdict expected;
    } cases[] = {
        {400, CHECKOUT_REFUSED}, {403, CHECKOUT_REFUSED},
        {422, CHECKOUT_REFUSED}, {404, CHECKOUT_REFUSED},
        {409, CHECKOUT_UNKNOWN}, {429, CHECKOUT_UNKNOWN},
        {500, CHECKOUT_UNKNOWN}, {503, CHECKOUT_UNKNOWN},
        {302, CHECKOUT_UNKNOWN}, {LOOPBACK_SILENT, CHECKOUT_UNKNOWN},
    };
    struct order_desk *desk = *state;

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct checkout_answer answer;

        order_desk_refuse(desk, cases[i].status, "PAYEE_ACCOUNT_RESTRICTED");
        answer = checkout(desk);
        assert_int_equal(answer.verdict, cases[i].expected);
        if (cases[i].status == 422)
            assert_string_equal(answer.reason, "HTTP 422 PAYEE_ACCOUNT_RESTRICTED");
    }
}

/* ---- capturing ---- */

static const char *array_of(struct order_desk *desk, const char *capture)
{
    return arena_printf(desk->base.call.arena, "[%s]", capture);
}

static void captures_what_is_approved(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution;
    const char *captures = array_of(desk, order_desk_capture(desk, "COMPLETED", "", "1.18"));

    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
    order_desk_order(desk, &(struct order_plan){
                               .http_status = 201, .status = "COMPLETED", .captures = captures});
    resolution = resolve(desk);
    assert_true(order_desk_has(
        desk, 2, "POST /sandbox/v2/checkout/orders/" ORDER_DESK_ORDER "/capture HTTP"));
    assert_true(order_desk_has(desk, 2, "\r\nPayPal-Request-Id: cap-" ORDER_DESK_ORDER "-1\r\n"));
    assert_true(str_is(loopback_body(desk->base.server, 2), "{}"));
    assert_int_equal(resolution->kind, RESOLUTION_FACTS);
    assert_int_equal(resolution->fact_count, 2);
    assert_int_equal(resolution->facts[0].kind, FACT_CAPTURE);
    assert_string_equal(resolution->facts[0].reference, ORDER_DESK_CAPTURE);
    assert_int_equal(resolution->facts[0].amount_cents, 2500);
    assert_string_equal(resolution->facts[0].token, ORDER_DESK_TOKEN);
    assert_string_equal(resolution->facts[0].payer, "Zoé Martin");
    assert_int_equal(resolution->facts[0].fact_at, 1789898400);
    assert_int_equal(resolution->facts[1].kind, FACT_FEE);
    assert_string_equal(resolution->facts[1].reference, ORDER_DESK_CAPTURE ":fee");
    assert_string_equal(resolution->facts[1].parent, ORDER_DESK_CAPTURE);
    assert_int_equal(resolution->facts[1].amount_cents, 118);
}

/* Booked on the capture's status, never on the order's. */
static void books_by_the_captures_status(void **state)
{
    static const struct {
        const char *status, *reason;
        enum fact_kind expected;
    } cases[] = {
        {"COMPLETED", "", FACT_CAPTURE},        {"PARTIALLY_REFUNDED", "", FACT_CAPTURE},
        {"REFUNDED", "REFUNDED", FACT_CAPTURE}, {"PENDING", "ECHECK", FACT_PENDING},
        {"DECLINED", "", FACT_FAILED},          {"FAILED", "OTHER", FACT_FAILED},
    };
    struct order_desk *desk = *state;

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution;
        const char *capture = order_desk_capture(desk, cases[i].status, cases[i].reason, "");

        order_desk_order(desk, &(struct order_plan){.status = "COMPLETED",
                                                    .captures = array_of(desk, capture)});
        resolution = resolve(desk);
        assert_int_equal(resolution->fact_count, 1); /* without a breakdown there is no fee yet */
        assert_int_equal(resolution->facts[0].kind, cases[i].expected);
        if (*cases[i].reason && cases[i].expected != FACT_CAPTURE)
            assert_string_equal(resolution->facts[0].reason, cases[i].reason);
    }
}

/* What a lost answer leaves: the same id again, then the order tells. */
static void repeats_the_same_capture(void **state)
{
    struct order_desk *desk = *state;
    const char *captures = array_of(desk, order_desk_capture(desk, "COMPLETED", "", "1.18"));
    struct resolution *resolution;

    order_desk_token(desk);
    for (int i = 0; i < 2; i++) {
        order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
        order_desk_script(desk, i == 0 ? LOOPBACK_SILENT : 500, "");
        resolution = resolve(desk);
        assert_int_equal(resolution->kind, RESOLUTION_RETRY);
        assert_true(resolution->provider_down);
        assert_true(order_desk_has(desk, (size_t)(2 + 2 * i),
                                   "PayPal-Request-Id: cap-" ORDER_DESK_ORDER "-1\r\n"));
    }
    order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
    order_desk_refuse(desk, 422, "ORDER_ALREADY_CAPTURED");
    order_desk_order(desk, &(struct order_plan){.status = "COMPLETED", .captures = captures});
    resolution = resolve(desk);
    assert_int_equal(resolution->facts[0].kind, FACT_CAPTURE);
    assert_int_equal(resolution->fact_count, 2);
}

static void a_refused_try_gets_another_id(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution;

    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
    order_desk_refuse(desk, 422, "INSTRUMENT_DECLINED");
    resolution = resolve(desk);
    assert_int_equal(resolution->facts[0].kind, FACT_DECLINED);
    assert_string_equal(resolution->facts[0].reference, "cap-" ORDER_DESK_ORDER "-1");
    assert_string_equal(resolution->facts[0].reason, "INSTRUMENT_DECLINED");
    desk->intent.declines = 1; /* long ago */
    order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
    order_desk_refuse(desk, 422, "TRANSACTION_REFUSED");
    resolution = resolve(desk);
    assert_true(order_desk_has(desk, 4, "PayPal-Request-Id: cap-" ORDER_DESK_ORDER "-2\r\n"));
    assert_int_equal(resolution->facts[0].kind, FACT_FAILED);
    assert_string_equal(resolution->facts[0].reason, "TRANSACTION_REFUSED");
}

/* Whoever looks: the page that waits, a message told twice, the sweep. */
static void a_refused_card_is_not_tried_with_every_look(void **state)
{
    static const struct {
        int64_t declines, ago_s, wait_s;
    } cases[] = {{1, 0, 10}, {1, 9, 1}, {2, 10, 10}, {3, 39, 1}, {30, 1199, 1}, {1, -5, 10}};
    struct order_desk *desk = *state;
    struct resolution *resolution;

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        desk->intent.declines = cases[i].declines;
        desk->intent.declined_at = desk->base.call.now - cases[i].ago_s;
        order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
        resolution = resolve(desk);
        assert_int_equal(resolution->kind, RESOLUTION_RETRY);
        assert_int_equal(resolution->retry_after_s, cases[i].wait_s);
        assert_int_equal(loopback_count(desk->base.server), 2 + i);
    }
}

static void another_merchants_order_is_not_captured(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution;

    order_desk_token(desk);
    order_desk_order(desk,
                     &(struct order_plan){.status = "APPROVED", .merchant = "AAAAAAAAAAAAA"});
    resolution = resolve(desk);
    assert_int_equal(loopback_count(desk->base.server), 2);
    assert_int_equal(resolution->facts[0].kind, FACT_FAILED);
}

static void ends_by_the_clock(void **state)
{
    static const struct {
        int status;
        const char *order_status;
        int64_t later_s;
        int expected; /* a fact's kind, -1: nothing, -2: later again */
    } cases[] = {
        {200, "PAYER_ACTION_REQUIRED", 0, -1},
        {200, "PAYER_ACTION_REQUIRED", 3600, FACT_EXPIRED},
        {200, "VOIDED", 0, FACT_EXPIRED},
        {404, NULL, 0, -2},
        {404, NULL, 3600, FACT_EXPIRED},
        {503, NULL, 3600, -2},
        {403, NULL, 0, -2},
        {403, NULL, 3600, FACT_EXPIRED},
    };
    struct order_desk *desk = *state;
    int64_t now = desk->base.call.now;

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution;

        desk->base.call.now = now + cases[i].later_s;
        if (cases[i].order_status)
            order_desk_order(desk, &(struct order_plan){.status = cases[i].order_status});
        else
            order_desk_refuse(desk, cases[i].status, "RESOURCE_NOT_FOUND");
        resolution = resolve(desk);
        if (cases[i].expected >= 0) {
            assert_int_equal(resolution->kind, RESOLUTION_FACTS);
            assert_int_equal(resolution->facts[0].kind, cases[i].expected);
        } else {
            assert_int_equal(resolution->kind,
                             cases[i].expected == -1 ? RESOLUTION_NOTHING : RESOLUTION_RETRY);
        }
    }
}

/* On the member's word an approved order is captured no more; money that came before is told. */
static void cancels_without_capturing(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution = arena_alloc(desk->base.call.arena, sizeof(*resolution));
    const char *captures = array_of(desk, order_desk_capture(desk, "COMPLETED", "", "1.18"));

    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
    house_ok(paypal_cancel(&desk->base.call, &desk->account, &desk->intent, resolution));
    assert_int_equal(resolution->facts[0].kind, FACT_CANCELED);
    assert_int_equal(loopback_count(desk->base.server), 2);
    order_desk_order(desk, &(struct order_plan){.status = "COMPLETED", .captures = captures});
    house_ok(paypal_cancel(&desk->base.call, &desk->account, &desk->intent, resolution));
    assert_int_equal(resolution->facts[0].kind, FACT_CAPTURE);
    order_desk_script(desk, 503, "");
    house_ok(paypal_cancel(&desk->base.call, &desk->account, &desk->intent, resolution));
    assert_int_equal(resolution->kind, RESOLUTION_RETRY);
}

static void finds_a_fee_that_came_late(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution = arena_alloc(desk->base.call.arena, sizeof(*resolution));

    order_desk_token(desk);
    order_desk_script(desk, 200, order_desk_capture(desk, "COMPLETED", "", ""));
    house_ok(paypal_resolve_fee(&desk->base.call, &desk->account, ORDER_DESK_CAPTURE, resolution));
    assert_int_equal(resolution->kind, RESOLUTION_RETRY);
    order_desk_script(desk, 200, order_desk_capture(desk, "COMPLETED", "", "0.88"));
    house_ok(paypal_resolve_fee(&desk->base.call, &desk->account, ORDER_DESK_CAPTURE, resolution));
    assert_int_equal(resolution->facts[0].kind, FACT_FEE);
    assert_int_equal(resolution->facts[0].amount_cents, 88);
}

/* ---- the table of refusals ---- */

/* Every row of PayPal's list has its row here, or is named as one that cannot reach us. */
static void knows_every_issue(void **state)
{
    struct order_desk *desk = *state;
    struct arena *arena = desk->base.call.arena;
    struct str text = vectors_read(arena, "paypal/rest/examples/error-issues.tsv");
    size_t rows = 0;

    (void)str_cut(&text, '\n'); /* its head */
    while (!str_empty(text)) {
        struct str row = str_cut(&text, '\n'), schema;
        const struct paypal_issue *issue;
        const char *name;

        (void)str_cut(&row, '\t');
        schema = str_cut(&row, '\t');
        name = str_copy(arena, str_cut(&row, '\t'));
        issue = paypal_issue_find(
            str_starts(schema, "captures.refund") ? PAYPAL_REFUNDS : PAYPAL_CAPTURES, name);
        if (!issue) {
            print_error("no row for %s\n", name);
            assert_true(false);
            return;
        }
        assert_int_equal(issue->why != NULL, issue->verdict == ISSUE_NEVER);
        rows++;
    }
    assert_int_equal(rows, 105);
}

/* What each verdict makes of the attempt. */
static void each_issue_has_its_end(void **state)
{
    static const struct {
        const char *issue;
        int status;
        enum resolution_kind kind;
        enum fact_kind fact;
    } cases[] = {
        {"INSTRUMENT_DECLINED", 422, RESOLUTION_FACTS, FACT_DECLINED},
        {"PAYER_ACTION_REQUIRED", 422, RESOLUTION_FACTS, FACT_DECLINED},
        {"PAYER_CANNOT_PAY", 422, RESOLUTION_FACTS, FACT_FAILED},
        {"DUPLICATE_INVOICE_ID", 422, RESOLUTION_FACTS, FACT_FAILED},
        {"ORDER_NOT_APPROVED", 422, RESOLUTION_NOTHING, 0},
        {"ORDER_COMPLETION_IN_PROGRESS", 422, RESOLUTION_RETRY, 0},
        {"PERMISSION_DENIED", 403, RESOLUTION_RETRY, 0},
        {"NEVER_HEARD_OF", 422, RESOLUTION_RETRY, 0},
        {"RATE_LIMIT_REACHED", 429, RESOLUTION_RETRY, 0},
    };
    struct order_desk *desk = *state;

    order_desk_token(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution;

        order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
        order_desk_refuse(desk, cases[i].status, cases[i].issue);
        resolution = resolve(desk);
        assert_int_equal(resolution->kind, cases[i].kind);
        if (cases[i].kind == RESOLUTION_FACTS)
            assert_int_equal(resolution->facts[0].kind, cases[i].fact);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, order_desk_setup, order_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(says_what_is_paid),
        CASE(asks_for_a_token_once),
        CASE(asks_once_anew_when_it_is_refused),
        CASE(opens_our_order_alone),
        CASE(reads_an_order_that_was_told_in_part),
        CASE(learns_whose_keys_they_are),
        CASE(classifies_refusals),
        CASE(captures_what_is_approved),
        CASE(books_by_the_captures_status),
        CASE(repeats_the_same_capture),
        CASE(a_refused_try_gets_another_id),
        CASE(a_refused_card_is_not_tried_with_every_look),
        CASE(another_merchants_order_is_not_captured),
        CASE(ends_by_the_clock),
        CASE(cancels_without_capturing),
        CASE(finds_a_fee_that_came_late),
        CASE(knows_every_issue),
        CASE(each_issue_has_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
