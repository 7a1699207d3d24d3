/* Asking PayPal back: the very bytes, the right address, one word that decides. */
#include "support/provider_house.h"

#include <string.h>

#include "provider/paypal/internal.h"
#include "support/vectors.h"

static void answer(struct provider_house *house, const char *word)
{
    loopback_script(house->server, 200, "Content-Type: text/html\r\n", str_of(word));
}

static void test_postback_bytes(void **state)
{
    struct provider_house *house = *state;
    struct str raw = str_of("a=J%F6rg%u010D&b=1+2&payment_date=GMT+0100&c=%00\x80\xff&b=&&");
    struct postback_answer result;
    struct str body;

    answer(house, "VERIFIED");
    house_ok(paypal_postback(&house->call, ACCOUNT_LIVE, raw, &result));
    body = loopback_body(house->server, 0);
    assert_true(str_starts(body, "cmd=_notify-validate&"));
    assert_true(str_equal(str_from(body.data + 21, body.len - 21), raw));
    assert_int_equal(strncmp(loopback_head(house->server, 0).data, "POST /live/ipn ", 15), 0);
    assert_non_null(strstr(loopback_head(house->server, 0).data, "guichet-test"));
    answer(house, "VERIFIED");
    house_ok(paypal_postback(&house->call, ACCOUNT_TEST, raw, &result));
    assert_int_equal(strncmp(loopback_head(house->server, 1).data, "POST /sandbox/ipn ", 18), 0);
}

/* Every real body goes back byte for byte. */
static void test_postback_real_bodies(void **state)
{
    struct provider_house *house = *state;
    const char **names;
    size_t count = vectors_list(house->call.arena, "paypal/ipn", ".txt", &names);
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        struct postback_answer result;
        struct str raw;
        struct str body;

        if (names[i][0] < '0' || names[i][0] > '9')
            continue;
        raw = vectors_read(house->call.arena,
                           arena_printf(house->call.arena, "paypal/ipn/%s", names[i]));
        answer(house, "VERIFIED");
        house_ok(paypal_postback(&house->call, ACCOUNT_TEST, raw, &result));
        assert_int_equal(result.verdict, POSTBACK_VERIFIED);
        body = loopback_body(house->server, sent++);
        assert_int_equal(body.len, raw.len + 21);
        assert_memory_equal(body.data + 21, raw.data, raw.len);
    }
    assert_int_equal(sent, 21);
}

static void test_postback_answers(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum postback_verdict expected;
        bool down;
    } cases[] = {
        {200, "VERIFIED", POSTBACK_VERIFIED, false},
        {200, " VERIFIED\r\n", POSTBACK_VERIFIED, false},
        {200, "INVALID", POSTBACK_INVALID, false},
        {200, "INVALID\n", POSTBACK_INVALID, false},
        {200, "", POSTBACK_UNKNOWN, false},
        {200, "verified", POSTBACK_UNKNOWN, false},
        {200, "VERIFIEDX", POSTBACK_UNKNOWN, false},
        {200, "VERIFIED INVALID", POSTBACK_UNKNOWN, false},
        {200, "<html>VERIFIED</html>", POSTBACK_UNKNOWN, false},
        {201, "VERIFIED", POSTBACK_UNKNOWN, false},
        {302, "VERIFIED", POSTBACK_UNKNOWN, false},
        {403, "", POSTBACK_UNKNOWN, false},
        {403, "INVALID", POSTBACK_UNKNOWN, false},
        {500, "INVALID", POSTBACK_UNKNOWN, true},
        {503, "VERIFIED", POSTBACK_UNKNOWN, true},
        {LOOPBACK_SILENT, "", POSTBACK_UNKNOWN, true},
    };
    struct provider_house *house = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct postback_answer result;

        loopback_script(house->server, cases[i].status, "", str_of(cases[i].body));
        house_ok(paypal_postback(&house->call, ACCOUNT_LIVE, str_of("a=b"), &result));
        assert_int_equal(result.verdict, cases[i].expected);
        assert_int_equal(result.down, cases[i].down);
    }
}

static void test_long_answer_is_no_verdict(void **state)
{
    struct provider_house *house = *state;
    struct postback_answer result;
    char *page = arena_alloc(house->call.arena, 100001);

    memset(page, ' ', 100000);
    memcpy(page, "VERIFIED", 8);
    loopback_script(house->server, 200, "", str_from(page, 100000));
    house_ok(paypal_postback(&house->call, ACCOUNT_LIVE, str_of("a=b"), &result));
    assert_int_equal(result.verdict, POSTBACK_UNKNOWN);
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, provider_house_setup, provider_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_postback_bytes),
        TEST(test_postback_real_bodies),
        TEST(test_postback_answers),
        TEST(test_long_answer_is_no_verdict),
    };

    return cmocka_run_group_tests_name("paypal_postback", tests, NULL, NULL);
}
