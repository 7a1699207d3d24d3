/* PayPal's redirect address, its limits, and what ends by the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <string.h>

#include "base/arena.h"
#include "payment/intent.h"
#include "provider/paypal/internal.h"

#define TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define NOW INT64_C(1790856000)

static struct arena *arena;

static const struct provider_settings settings = {
    .paypal_live_webscr_url = "https://www.paypal.com/cgi-bin/webscr",
    .paypal_sandbox_webscr_url = "https://www.sandbox.paypal.com/cgi-bin/webscr",
};

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct provider_call make_call(void)
{
    return (struct provider_call){
        .settings = &settings, .arena = arena, .installation = "deadbeef", .now = NOW};
}

static struct provider_account make_account(enum account_mode mode)
{
    return (struct provider_account){.association_id = 7,
                                     .id = 9,
                                     .provider = "paypal",
                                     .mode = mode,
                                     .external_id = "",
                                     .email_folded = "tresorier+paypal@exemple.fr"};
}

struct order_case {
    const char *name;
    const char *currency;
    int64_t amount_cents;
    const char *external_id;
    const char *notify_url;
    enum account_mode mode;
};

static enum err prepare(const struct order_case *given, const char **url)
{
    struct provider_call call = make_call();
    struct provider_account account = make_account(given->mode);
    struct association association = {.name = given->name,
                                      .currency = money_currency(given->currency)};
    struct provider_order order = {
        .association = &association,
        .account = &account,
        .member_number = 42,
        .token = TOKEN,
        .amount_cents = given->amount_cents,
        .return_url = "https://guichet.example/retour?t=" TOKEN,
        .notify_url = given->notify_url
                          ? given->notify_url
                          : "https://guichet.example/action_manager.php?event=paypal",
    };
    struct str request = {0};
    enum err err;

    if (given->external_id)
        account.external_id = given->external_id;
    err = paypal_redirect_prepare(&call, &order, &request);
    *url = request.data;
    return err;
}

static void test_address(void **state)
{
    struct order_case order = {"Amis & Cie", "EUR", 123450, .mode = ACCOUNT_LIVE};
    const char *url;

    (void)state;
    assert_int_equal(prepare(&order, &url), OK);
    assert_string_equal(
        url, "https://www.paypal.com/cgi-bin/webscr?cmd=_xclick"
             "&business=tresorier%2Bpaypal%40exemple.fr"
             "&item_name=Amis%20%26%20Cie%20%E2%80%93%20adh%C3%A9rent%20n%C2%B0%2042"
             "&amount=1234.50&currency_code=EUR&invoice=" TOKEN "&custom=" TOKEN
             "&return=https%3A%2F%2Fguichet.example%2Fretour%3Ft%3D" TOKEN
             "&cancel_return=https%3A%2F%2Fguichet.example%2Fretour%3Ft%3D" TOKEN
             "&notify_url=https%3A%2F%2Fguichet.example%2Faction_manager.php%3Fevent%3Dpaypal"
             "&rm=1&no_shipping=1&no_note=1&charset=utf-8&lc=FR"
             "&cbt=Retour%20%C3%A0%20Amis%20%26%20Cie");
}

static void test_merchant_id_and_mode(void **state)
{
    struct order_case order = {"A", "EUR", 100, .external_id = "UQ8PDYXJZQD9Y",
                               .mode = ACCOUNT_TEST};
    const char *url;

    (void)state;
    assert_int_equal(prepare(&order, &url), OK);
    assert_int_equal(strncmp(url, "https://www.sandbox.paypal.com/cgi-bin/webscr?", 46), 0);
    assert_non_null(strstr(url, "&business=UQ8PDYXJZQD9Y&"));
}

/* The decoded value of a field of the address. */
static struct str sent(const char *url, const char *name)
{
    return ipn_field(str_of(strchr(url, '?') + 1), name, arena);
}

static void test_long_names_are_cut(void **state)
{
    struct buffer name;
    struct order_case order = {.currency = "EUR", .amount_cents = 100};
    const char *url;

    (void)state;
    buffer_init(&name, arena, 600);
    for (int i = 0; i < 200; i++)
        buffer_add_text(&name, "é ");
    order.name = buffer_str(&name).data;
    assert_int_equal(prepare(&order, &url), OK);
    assert_in_range(sent(url, "item_name").len, 120, 127);
    assert_in_range(sent(url, "cbt").len, 55, 60);
    assert_non_null(strstr(url, "n%C2%B0%2042&"));
}

static void test_amounts(void **state)
{
    static const struct {
        const char *currency;
        int64_t amount_cents;
        enum err expected;
        const char *amount;
    } cases[] = {
        {"EUR", 1, OK, "0.01"},          {"EUR", 1000000, OK, "10000.00"},
        {"EUR", 0, ERR_INPUT, NULL},     {"EUR", -1, ERR_INPUT, NULL},
        {"JPY", 50, OK, "50"},           {"HUF", 10000, OK, "100"},
        {"HUF", 10050, ERR_INPUT, NULL}, {"EUR", INT64_C(1000000000), ERR_INPUT, NULL},
        {"XPF", 3000, ERR_INPUT, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct order_case order = {
            .name = "A", .currency = cases[i].currency, .amount_cents = cases[i].amount_cents};
        const char *url;

        assert_non_null(money_currency(cases[i].currency));
        assert_int_equal(prepare(&order, &url), cases[i].expected);
        if (cases[i].expected == OK)
            assert_true(str_is(sent(url, "amount"), cases[i].amount));
    }
}

static void test_limits(void **state)
{
    (void)state;
    assert_true(paypal_limits(money_currency("EUR")).currency_supported);
    assert_int_equal(paypal_limits(money_currency("EUR")).minimum_cents, 1);
    assert_int_equal(paypal_limits(money_currency("HUF")).minimum_cents, 100);
    assert_false(paypal_limits(money_currency("XPF")).currency_supported);
}

static void test_long_notify_url(void **state)
{
    struct order_case order = {.name = "A", .currency = "EUR", .amount_cents = 100};
    char url_text[300];
    const char *url;

    (void)state;
    memset(url_text, 'x', sizeof url_text);
    url_text[255] = '\0';
    order.notify_url = url_text;
    assert_int_equal(prepare(&order, &url), OK);
    url_text[255] = 'x';
    url_text[256] = '\0';
    assert_int_equal(prepare(&order, &url), ERR_CONFIG);
}

static struct provider_intent make_intent(const char *request)
{
    return (struct provider_intent){.association_id = 7,
                                    .id = 11,
                                    .token = TOKEN,
                                    .request = request,
                                    .currency = "EUR",
                                    .amount_cents = 100,
                                    .expires_at = NOW + 1000};
}

static void test_checkout(void **state)
{
    static const struct {
        const char *request;
        enum checkout_verdict expected;
    } cases[] = {
        {"https://www.paypal.com/cgi-bin/webscr?cmd=_xclick", CHECKOUT_OPENED},
        {"https://www.paypal.com/cgi-bin/webscr", CHECKOUT_REFUSED},
        {"https://www.paypal.com/cgi-bin/webscr2?cmd=_xclick", CHECKOUT_REFUSED},
        {"https://www.sandbox.paypal.com/cgi-bin/webscr?cmd=_xclick", CHECKOUT_REFUSED},
        {"https://www.paypal.com.evil.example/cgi-bin/webscr?cmd", CHECKOUT_REFUSED},
        {"https://www.paypal.com/cgi-bin/webscr?x=\r\nLocation: x", CHECKOUT_REFUSED},
        {"//evil.example", CHECKOUT_REFUSED},
        {"", CHECKOUT_REFUSED},
    };
    struct provider_call call = make_call();
    struct provider_account account = make_account(ACCOUNT_LIVE);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct provider_intent intent = make_intent(cases[i].request);
        struct checkout_answer answer;

        assert_int_equal(paypal_redirect_checkout(&call, &account, &intent, &answer), OK);
        assert_int_equal(answer.verdict, cases[i].expected);
        assert_null(answer.reference);
        if (answer.verdict == CHECKOUT_OPENED) {
            assert_string_equal(answer.url, cases[i].request);
            assert_int_equal(answer.expires_at, NOW + 24 * 3600);
        }
    }
}

static void test_cancel_is_a_word(void **state)
{
    struct provider_call call = make_call();
    struct provider_account account = make_account(ACCOUNT_LIVE);
    struct provider_intent intent = make_intent("");
    struct resolution resolution;

    (void)state;
    assert_int_equal(paypal_redirect_cancel(&call, &account, &intent, &resolution), OK);
    assert_int_equal(resolution.kind, RESOLUTION_FACTS);
    assert_int_equal(resolution.fact_count, 1);
    assert_int_equal(resolution.facts[0].kind, FACT_CANCELED);
    assert_int_equal(resolution.facts[0].association_id, 7);
    assert_int_equal(resolution.facts[0].provider_account_id, 9);
    assert_string_equal(resolution.facts[0].token, TOKEN);
}

static void test_ends_by_the_clock(void **state)
{
    static const struct {
        const char *state;
        int64_t now;
        bool ends;
    } cases[] = {
        {"open", NOW + 999, false},       {"open", NOW + 1000, true},
        {"open", NOW + 999999, true},     {"processing", NOW + 999999, false},
        {"created", NOW + 999999, false}, {"expired", NOW + 999999, false},
    };
    struct provider_call call = make_call();
    struct provider_account account = make_account(ACCOUNT_LIVE);
    struct provider_intent intent = make_intent("");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution;

        call.now = cases[i].now;
        assert_int_equal(
            paypal_redirect_resolve(&call, &account, &intent, cases[i].state, &resolution), OK);
        assert_int_equal(resolution.kind, cases[i].ends ? RESOLUTION_FACTS : RESOLUTION_NOTHING);
        if (cases[i].ends)
            assert_int_equal(resolution.facts[0].kind, FACT_EXPIRED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merchant_id_and_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_names_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amounts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_notify_url, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checkout, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_is_a_word, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_by_the_clock, setup, teardown),
    };

    return cmocka_run_group_tests_name("paypal_redirect", tests, NULL, NULL);
}
