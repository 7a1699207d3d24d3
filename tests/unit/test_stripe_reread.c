/* Re-reading and ending Checkout Sessions against a scripted Stripe. */
#include "support/stripe_desk.h"

#include "provider/stripe/internal.h"

/* ---- re-reading ---- */

static struct resolution reread(struct stripe_desk *desk)
{
    struct resolution resolution;

    desk->intent.reference = DESK_SESSION;
    house_ok(stripe_resolve_intent(&desk->base.call, &desk->account, &desk->intent, "open",
                                   &resolution));
    return resolution;
}

#define PAYMENT(status, rest)                                                                     \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"" status "\"" rest "}"

static void test_reread_states(void **state)
{
    static const struct {
        struct session_plan plan;
        enum resolution_kind kind;
        enum fact_kind fact;
    } cases[] = {
        {{0}, RESOLUTION_NOTHING, FACT_CAPTURE},
        {{.status = "complete", .payment_status = "paid", .payment_intent = "\"pi_1\""},
         RESOLUTION_FACTS,
         FACT_CAPTURE},
        {{.status = "complete", .payment_intent = PAYMENT("processing", "")},
         RESOLUTION_FACTS,
         FACT_PENDING},
        {{.status = "complete", .payment_intent = "\"pi_1\""}, RESOLUTION_FACTS, FACT_PENDING},
        {{.status = "complete", .payment_intent = PAYMENT("requires_payment_method", "")},
         RESOLUTION_FACTS,
         FACT_FAILED},
        {{.status = "complete", .payment_intent = PAYMENT("canceled", "")},
         RESOLUTION_FACTS,
         FACT_FAILED},
        {{.status = "expired"}, RESOLUTION_FACTS, FACT_EXPIRED},
        {{.status = "complete", .payment_status = "paid"}, RESOLUTION_NOTHING, FACT_CAPTURE},
        {{.status = "complete", .payment_status = "no_payment_required"},
         RESOLUTION_NOTHING,
         FACT_CAPTURE},
        {{.status = "of_the_future"}, RESOLUTION_NOTHING, FACT_CAPTURE},
        {{.id = "cs_test_other"}, RESOLUTION_RETRY, FACT_CAPTURE},
        {{.livemode = "true"}, RESOLUTION_RETRY, FACT_CAPTURE},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution;

        desk_script_session(desk, &cases[i].plan);
        resolution = reread(desk);
        if (resolution.kind != cases[i].kind)
            print_error("case %zu: %s\n", i, resolution.detail);
        assert_int_equal(resolution.kind, cases[i].kind);
        assert_int_equal(resolution.fact_count, cases[i].kind == RESOLUTION_FACTS ? 1 : 0);
        if (resolution.fact_count)
            assert_int_equal(resolution.facts[0].kind, cases[i].fact);
    }
    assert_true(desk_head_has(
        desk, 0,
        "GET /v1/checkout/sessions/" DESK_SESSION
        "?expand%5B%5D=payment_intent.latest_charge.balance_transaction HTTP/1.1\r\n"));
}

static void test_reread_capture(void **state)
{
    struct stripe_desk *desk = *state;
    struct session_plan plan = {
        .status = "complete",
        .payment_status = "paid",
        .payment_intent = PAYMENT("succeeded", ",\"latest_charge\":{\"id\":\"ch_1\","
                                               "\"object\":\"charge\",\"created\":1790856789}")};
    struct payment_fact fact;

    desk_script_session(desk, &plan);
    fact = reread(desk).facts[0];
    assert_int_equal(fact.kind, FACT_CAPTURE);
    assert_int_equal(fact.association_id, desk->account.association_id);
    assert_int_equal(fact.provider_account_id, desk->account.id);
    assert_string_equal(fact.token, DESK_TOKEN);
    assert_true(fact.our_mark);
    assert_string_equal(fact.reference, "pi_1");
    assert_int_equal(fact.amount_cents, 2500);
    assert_string_equal(fact.currency, "EUR");
    assert_int_equal(fact.fact_at, 1790856789);
    assert_string_equal(fact.payer, "Zoé Martin");
    assert_string_equal(fact.objects[0], DESK_SESSION);
    assert_string_equal(fact.objects[1], "pi_1");
    assert_string_equal(fact.objects[2], "ch_1");
    assert_null(fact.objects[3]);
}

/* No date, and dates that cannot be: the moment of the answer. */
static void test_reread_undated(void **state)
{
    static const char *const dates[] = {"", "\"created\":0,", "\"created\":-5,",
                                        "\"created\":99999999999999,"};
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct payment_fact fact;

        desk_script(desk, 200, "Content-Type: application/json\r\n",
                    arena_printf(desk->base.house.arena,
                                 "{%s\"id\":\"" DESK_SESSION
                                 "\",\"object\":\"checkout.session\",\"livemode\":false,"
                                 "\"status\":\"complete\",\"payment_status\":\"paid\","
                                 "\"amount_total\":2500,\"currency\":\"eur\","
                                 "\"payment_intent\":{\"id\":\"pi_1\",\"latest_charge\":"
                                 "{%s\"id\":\"ch_1\"}}}",
                                 dates[i], dates[i]));
        fact = reread(desk).facts[0];
        assert_int_equal(fact.kind, FACT_CAPTURE);
        assert_int_equal(fact.fact_at, desk->base.call.now);
    }
}

static void test_reread_failure_reason(void **state)
{
    struct stripe_desk *desk = *state;
    struct session_plan plan = {
        .status = "complete",
        .payment_intent = PAYMENT("requires_payment_method",
                                  ",\"last_payment_error\":{\"code\":\"payment_intent_failed\","
                                  "\"decline_code\":\"insufficient_funds\"}")};

    desk_script_session(desk, &plan);
    assert_string_equal(reread(desk).facts[0].reason, "insufficient_funds");
}

/* What cannot be found out is asked again; the circuit breaker hears of outages only. */
static void test_reread_unreachable(void **state)
{
    static const struct {
        int status;
        const char *headers;
        bool down;
        int64_t retry_after_s;
        const char *detail;
    } cases[] = {
        {500, "", true, 0, "HTTP 500"},
        {503, "Retry-After: 30\r\n", true, 30, "HTTP 503"},
        {429, "Retry-After: 7\r\n", false, 7, "HTTP 429"},
        {401, "", false, 0, "clé refusée"},
        {403, "", false, 0, "clé refusée"},
        {404, "", false, 0, "session introuvable chez Stripe"},
        {LOOPBACK_SILENT, "", true, 0, "Stripe est injoignable"},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution;

        desk_script(desk, cases[i].status, cases[i].headers, "");
        resolution = reread(desk);
        assert_int_equal(resolution.kind, RESOLUTION_RETRY);
        assert_int_equal(resolution.provider_down, cases[i].down);
        assert_int_equal(resolution.retry_after_s, cases[i].retry_after_s);
        assert_string_equal(resolution.detail, cases[i].detail);
    }
}

static void test_reread_without_reference(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution resolution;

    house_ok(stripe_resolve_intent(&desk->base.call, &desk->account, &desk->intent, "created",
                                   &resolution));
    assert_int_equal(resolution.kind, RESOLUTION_NOTHING);
    desk->intent.reference = "cs_a/../../v1/refunds";
    house_err(stripe_resolve_intent(&desk->base.call, &desk->account, &desk->intent, "open",
                                    &resolution),
              ERR_INPUT);
    assert_int_equal(loopback_count(desk->base.server), 0);
}

/* ---- ending ---- */

static struct resolution cancel(struct stripe_desk *desk)
{
    struct resolution resolution;

    desk->intent.reference = DESK_SESSION;
    house_ok(stripe_cancel(&desk->base.call, &desk->account, &desk->intent, &resolution));
    return resolution;
}

static void test_cancel(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution resolution;

    desk_script_session(desk, &(struct session_plan){.status = "expired", .url = ""});
    resolution = cancel(desk);
    assert_int_equal(resolution.kind, RESOLUTION_FACTS);
    assert_int_equal(resolution.facts[0].kind, FACT_CANCELED);
    assert_int_equal(loopback_count(desk->base.server), 1);
    assert_true(
        desk_head_has(desk, 0, "POST /v1/checkout/sessions/" DESK_SESSION "/expire HTTP/1.1\r\n"));
}

/* "Not open": the session is read again and says what it became. */
static void test_cancel_too_late(void **state)
{
    static const struct {
        struct session_plan plan;
        enum resolution_kind kind;
        enum fact_kind fact;
    } cases[] = {
        {{.status = "complete", .payment_status = "paid", .payment_intent = "\"pi_1\""},
         RESOLUTION_FACTS,
         FACT_CAPTURE},
        {{.status = "complete", .payment_intent = "\"pi_1\""}, RESOLUTION_FACTS, FACT_PENDING},
        {{.status = "expired", .expires_at = HOUSE_NOW - 1}, RESOLUTION_FACTS, FACT_EXPIRED},
        {{.status = "expired", .expires_at = HOUSE_NOW + 9}, RESOLUTION_FACTS, FACT_CANCELED},
        {{.status = "open"}, RESOLUTION_NOTHING, FACT_CAPTURE},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution;

        desk_script(desk, 400, "", "{\"error\":{\"type\":\"invalid_request_error\"}}");
        desk_script_session(desk, &cases[i].plan);
        resolution = cancel(desk);
        assert_int_equal(resolution.kind, cases[i].kind);
        if (resolution.kind == RESOLUTION_FACTS)
            assert_int_equal(resolution.facts[0].kind, cases[i].fact);
    }
}

static void test_cancel_unreachable(void **state)
{
    static const int statuses[] = {500, 429, 409, 401, 403, LOOPBACK_SILENT};
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        desk_script(desk, statuses[i], "", "");
        assert_int_equal(cancel(desk).kind, RESOLUTION_RETRY);
    }
    assert_int_equal(loopback_count(desk->base.server), sizeof statuses / sizeof statuses[0]);
}

static void test_cancel_without_reference(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution resolution;

    house_ok(stripe_cancel(&desk->base.call, &desk->account, &desk->intent, &resolution));
    assert_int_equal(resolution.kind, RESOLUTION_RETRY);
    assert_int_equal(loopback_count(desk->base.server), 0);
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, stripe_desk_setup, stripe_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reread_states),
        TEST(test_reread_capture),
        TEST(test_reread_undated),
        TEST(test_reread_failure_reason),
        TEST(test_reread_unreachable),
        TEST(test_reread_without_reference),
        TEST(test_cancel),
        TEST(test_cancel_too_late),
        TEST(test_cancel_unreachable),
        TEST(test_cancel_without_reference),
    };

    return cmocka_run_group_tests_name("stripe_reread", tests, NULL, NULL);
}
