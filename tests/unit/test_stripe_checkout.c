/* Opening Checkout Sessions against a scripted Stripe. */
#include "support/stripe_desk.h"

#include <string.h>

#include "provider/stripe/internal.h"

static struct checkout_answer checkout(struct stripe_desk *desk)
{
    struct checkout_answer answer;

    house_ok(stripe_checkout(&desk->base.call, &desk->account, &desk->intent, &answer));
    return answer;
}

static void test_opened(void **state)
{
    struct stripe_desk *desk = *state;
    struct checkout_answer answer;

    desk_script_session(desk, &(struct session_plan){0});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_OPENED);
    assert_string_equal(answer.reference, DESK_SESSION);
    assert_string_equal(answer.url, "https://checkout.stripe.com/c/pay/cs_test_a1#x");
    assert_int_equal(answer.expires_at, HOUSE_NOW + 3600);
    assert_true(desk_head_has(desk, 0, "POST /v1/checkout/sessions HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 0, "\r\nAuthorization: Bearer " DESK_API_KEY "\r\n"));
    assert_true(desk_head_has(desk, 0, "\r\nStripe-Version: 2026-10-28.endive\r\n"));
    assert_true(desk_head_has(desk, 0,
                              arena_printf(desk->base.call.arena, "\r\nIdempotency-Key: %s\r\n",
                                           desk->intent.idempotency_key)));
    assert_true(desk_head_has(desk, 0, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_true(str_is(loopback_body(desk->base.server, 0), "mode=payment"));
}

/* Inside our page: no address, but what opens it in the payer's browser. */
static void test_embedded(void **state)
{
    struct stripe_desk *desk = *state;
    struct checkout_answer answer;

    desk_script_session(
        desk,
        &(struct session_plan){.url = "", .client_secret = "cs_test_a1_secret_fidwbEhqYWAnPyd8"});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_OPENED);
    assert_string_equal(answer.reference, DESK_SESSION);
    assert_null(answer.url);
    assert_string_equal(answer.client_secret, "cs_test_a1_secret_fidwbEhqYWAnPyd8");
    /* of another attempt, of the other mode, or ended: nothing opens */
    desk_script_session(desk, &(struct session_plan){
                                  .url = "", .client_secret = "cs_x", .token = "Gdeadbeef-other"});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_REFUSED);
    assert_null(answer.client_secret);
    desk_script_session(
        desk, &(struct session_plan){.url = "", .client_secret = "cs_x", .livemode = "true"});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_REFUSED);
    assert_null(answer.client_secret);
    desk_script_session(
        desk, &(struct session_plan){.url = "", .client_secret = "cs_x", .status = "expired"});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_OPENED);
    assert_null(answer.client_secret);
}

/* What each answer means, whatever its words are. */
static void test_classification(void **state)
{
    static const struct {
        int status;
        const char *headers;
        const char *body;
        enum checkout_verdict expected;
    } cases[] = {
        {400, "", "{\"error\":{\"type\":\"invalid_request_error\"}}", CHECKOUT_REFUSED},
        {401, "", "{\"error\":{\"type\":\"invalid_request_error\"}}", CHECKOUT_REFUSED},
        {402, "", "{\"error\":{\"type\":\"card_error\"}}", CHECKOUT_REFUSED},
        {403, "", "", CHECKOUT_REFUSED},
        {404, "", "not json", CHECKOUT_REFUSED},
        {400, "", "{\"error\":{\"type\":\"idempotency_error\"}}", CHECKOUT_REFUSED},
        {400, "Stripe-Should-Retry: true\r\n", "{}", CHECKOUT_UNKNOWN},
        {400, "Stripe-Should-Retry: false\r\n", "{}", CHECKOUT_REFUSED},
        {409, "", "{\"error\":{\"code\":\"idempotency_key_in_use\"}}", CHECKOUT_UNKNOWN},
        {424, "", "{}", CHECKOUT_UNKNOWN},
        {429, "", "{}", CHECKOUT_UNKNOWN},
        {500, "", "{}", CHECKOUT_UNKNOWN},
        {500, "Stripe-Should-Retry: false\r\n", "{}", CHECKOUT_UNKNOWN},
        {503, "", "<html>", CHECKOUT_UNKNOWN},
        {302, "Location: http://127.0.0.1:1/\r\n", "", CHECKOUT_UNKNOWN},
        {200, "", "<html>", CHECKOUT_UNKNOWN},
        {200, "", "", CHECKOUT_UNKNOWN},
        {200, "", "[]", CHECKOUT_UNKNOWN},
        {200, "", "{}", CHECKOUT_UNKNOWN},
        {200, "", "{\"object\":\"checkout.session\",\"id\":\"cs_a/../x\"}", CHECKOUT_UNKNOWN},
        {200, "", "{\"object\":\"charge\",\"id\":\"cs_test_a1\"}", CHECKOUT_UNKNOWN},
        {LOOPBACK_SILENT, "", "", CHECKOUT_UNKNOWN},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct checkout_answer answer;

        desk_script(desk, cases[i].status, cases[i].headers, cases[i].body);
        answer = checkout(desk);
        if (answer.verdict != cases[i].expected)
            print_error("case %zu: status %d\n", i, cases[i].status);
        assert_int_equal(answer.verdict, cases[i].expected);
        assert_null(answer.url);
        assert_non_null(answer.reason);
    }
}

/* The reason holds code and parameter, never Stripe's sentence: it quotes the key. */
static void test_reason(void **state)
{
    struct stripe_desk *desk = *state;
    struct checkout_answer answer;

    desk_script(desk, 400, "",
                "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"parameter_unknown\","
                "\"param\":\"line_items[0][price]\",\"message\":\"Received " DESK_API_KEY "\"}}");
    answer = checkout(desk);
    assert_string_equal(answer.reason,
                        "HTTP 400 invalid_request_error parameter_unknown line_items[0][price]");
    desk_script(desk, 401, "", "{\"error\":{\"message\":\"Invalid API Key: " DESK_API_KEY "\"}}");
    assert_string_equal(checkout(desk).reason, "clé refusée");
    desk_script(desk, 400, "", "{\"error\":{\"type\":\"a b <" DESK_API_KEY ">\"}}");
    assert_string_equal(checkout(desk).reason, "HTTP 400");
}

static void test_urls(void **state)
{
    static const struct {
        const char *url;
        enum checkout_verdict expected;
    } cases[] = {
        {"https://checkout.stripe.com/c/pay/x", CHECKOUT_OPENED},
        {"https://checkout.stripe.com", CHECKOUT_REFUSED},
        {"https://checkout.stripe.com.evil.example/c", CHECKOUT_REFUSED},
        {"https://checkout.stripe.com@evil.example/", CHECKOUT_REFUSED},
        {"https://checkout.stripe.com:8443/c", CHECKOUT_REFUSED},
        {"http://checkout.stripe.com/c", CHECKOUT_REFUSED},
        {"HTTPS://checkout.stripe.com/c", CHECKOUT_REFUSED},
        {"//checkout.stripe.com/c", CHECKOUT_REFUSED},
        {"https:checkout.stripe.com/c", CHECKOUT_REFUSED},
        {"javascript:alert(1)", CHECKOUT_REFUSED},
        {"https://checkout.stripe.com/c\\\\evil", CHECKOUT_REFUSED},
        {"https://checkout.stripe.com/c d", CHECKOUT_REFUSED},
        {"", CHECKOUT_UNKNOWN},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        desk_script_session(desk, &(struct session_plan){.url = cases[i].url});
        assert_int_equal(checkout(desk).verdict, cases[i].expected);
    }
}

/* A line end inside an address (JSON can carry one) never reaches a Location. */
static void test_url_with_line_end(void **state)
{
    struct stripe_desk *desk = *state;

    desk_script_session(
        desk, &(struct session_plan){.url = "https://checkout.stripe.com/c\\r\\nSet-Cookie: a=b"});
    assert_int_not_equal(checkout(desk).verdict, CHECKOUT_OPENED);
}

static void test_wrong_sessions(void **state)
{
    struct stripe_desk *desk = *state;

    desk_script_session(desk, &(struct session_plan){.livemode = "true"});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_REFUSED);
    desk_script_session(desk, &(struct session_plan){.token = "another"});
    assert_int_equal(checkout(desk).verdict, CHECKOUT_REFUSED);
}

/* A session that has ended meanwhile: nobody is sent there, its reference tells the truth. */
static void test_already_ended(void **state)
{
    struct stripe_desk *desk = *state;
    struct checkout_answer answer;

    desk_script_session(desk, &(struct session_plan){.status = "complete", .url = ""});
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_OPENED);
    assert_string_equal(answer.reference, DESK_SESSION);
    assert_null(answer.url);
}

static void test_without_key(void **state)
{
    struct stripe_desk *desk = *state;
    struct account_plan plan = {
        .provider = "stripe", .external_id = "acct_2", .mode = ACCOUNT_TEST};
    struct account_plan odd = plan;
    struct checkout_answer answer;

    desk->account = provider_house_account(&desk->base, &plan);
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_REFUSED);
    assert_string_equal(answer.reason, "clé absente");
    odd.external_id = "acct_3";
    odd.api_key = "sk_test_1\r\nX-Evil: 1";
    desk->account = provider_house_account(&desk->base, &odd);
    answer = checkout(desk);
    assert_int_equal(answer.verdict, CHECKOUT_REFUSED);
    assert_string_equal(answer.reason, "clé mal formée");
    assert_int_equal(loopback_count(desk->base.server), 0);
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, stripe_desk_setup, stripe_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_opened),        TEST(test_classification),    TEST(test_reason),
        TEST(test_urls),          TEST(test_url_with_line_end), TEST(test_wrong_sessions),
        TEST(test_already_ended), TEST(test_without_key),       TEST(test_embedded),
    };

    return cmocka_run_group_tests_name("stripe_checkout", tests, NULL, NULL);
}
