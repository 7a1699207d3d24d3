/*
 * The request that opens a Checkout Session, and Stripe's limits. With --print it writes the
 * bodies it makes, one a line, for the outside judge (tests/e2e/stripe-request.test.js).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "provider/stripe/internal.h"

#define TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define RETURN_URL "https://guichet.example/retour?t=" TOKEN
#define EXPIRES_AT INT64_C(1793003600)

static struct arena *arena;

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

static enum err prepare_order(const char *name, const char *currency, int64_t amount_cents,
                              bool embedded, struct str *request)
{
    struct provider_call call = {.arena = arena, .installation = "deadbeef"};
    struct association association = {.name = name, .currency = money_currency(currency)};
    struct provider_order order = {
        .association = &association,
        .member_number = 42,
        .token = TOKEN,
        .amount_cents = amount_cents,
        .expires_at = EXPIRES_AT,
        .return_url = RETURN_URL,
        .embedded = embedded,
        .notify_url = "https://guichet.example/action_manager.php?event=stripe&a=x",
    };

    return stripe_prepare(&call, &order, request);
}

static enum err prepare(const char *name, const char *currency, int64_t amount_cents,
                        struct str *request)
{
    return prepare_order(name, currency, amount_cents, false, request);
}

static void test_body(void **state)
{
    struct str request;

    (void)state;
    assert_int_equal(prepare("Amis", "EUR", 1234, &request), OK);
    assert_string_equal(
        str_copy(arena, request),
        "mode=payment"
        "&line_items%5B0%5D%5Bquantity%5D=1"
        "&line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=eur"
        "&line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=1234"
        "&line_items%5B0%5D%5Bprice_data%5D%5Bproduct_data%5D%5Bname%5D="
        "Amis%20%E2%80%93%20adh%C3%A9rent%20n%C2%B0%2042"
        "&client_reference_id=" TOKEN "&metadata%5Bguichet%5D=deadbeef"
        "&metadata%5Bintent%5D=" TOKEN "&payment_intent_data%5Bmetadata%5D%5Bguichet%5D=deadbeef"
        "&payment_intent_data%5Bmetadata%5D%5Bintent%5D=" TOKEN "&locale=fr&submit_type=pay"
        "&expires_at=1793003600"
        "&success_url=https%3A%2F%2Fguichet.example%2Fretour%3Ft%3D" TOKEN
        "&cancel_url=https%3A%2F%2Fguichet.example%2Fretour%3Ft%3D" TOKEN
        "&adaptive_pricing%5Benabled%5D=false");
}

/* Inside our page: no page of Stripe to come back from, and no list of methods either. */
static void test_embedded_body(void **state)
{
    struct str hosted, request;
    const char *addresses;

    (void)state;
    assert_int_equal(prepare("Amis", "EUR", 1234, &hosted), OK);
    assert_int_equal(prepare_order("Amis", "EUR", 1234, true, &request), OK);
    addresses = strstr(hosted.data, "&success_url=");
    assert_memory_equal(request.data, hosted.data, (size_t)(addresses - hosted.data));
    assert_string_equal(request.data + (addresses - hosted.data),
                        "&ui_mode=embedded_page"
                        "&return_url=https%3A%2F%2Fguichet.example%2Fretour%3Ft%3D" TOKEN
                        "&adaptive_pricing%5Benabled%5D=false");
}

static void test_who_embeds(void **state)
{
    struct provider_settings settings = {.stripe_platform_key = "pk_live_p"};
    struct provider_account account = {.link_kind = ACCOUNT_KEYS, .publishable_key = "pk_test_1"};
    struct provider_browser browser;

    (void)state;
    assert_true(stripe_embeds(&settings, &account, &browser));
    assert_string_equal(browser.publishable_key, "pk_test_1");
    assert_string_equal(browser.account, "");
    account.publishable_key = "";
    assert_false(stripe_embeds(&settings, &account, &browser));
    /* the platform's key on the account's behalf, of the same mode */
    account = (struct provider_account){.link_kind = ACCOUNT_CONNECT,
                                        .mode = ACCOUNT_LIVE,
                                        .external_id = "acct_1",
                                        .publishable_key = "pk_live_old"};
    assert_true(stripe_embeds(&settings, &account, &browser));
    assert_string_equal(browser.publishable_key, "pk_live_p");
    assert_string_equal(browser.account, "acct_1");
    account.mode = ACCOUNT_TEST;
    assert_false(stripe_embeds(&settings, &account, &browser));
}

/* The same order gives the same bytes: a retry is no idempotency error. */
static void test_same_bytes(void **state)
{
    struct str first;
    struct str second;

    (void)state;
    assert_int_equal(prepare("Les Amis & Cie", "EUR", 5000, &first), OK);
    assert_int_equal(prepare("Les Amis & Cie", "EUR", 5000, &second), OK);
    assert_true(str_equal(first, second));
    assert_true(first.data != second.data);
}

static const char *long_name(void)
{
    struct buffer name;

    buffer_init(&name, arena, 600);
    for (int i = 0; i < 200; i++)
        buffer_add_text(&name, "é&");
    return buffer_str(&name).data;
}

/* A name of any length stays readable UTF-8 and leaves the member's number whole. */
static void test_long_name(void **state)
{
    struct str request;

    (void)state;
    assert_int_equal(prepare(long_name(), "EUR", 5000, &request), OK);
    assert_non_null(strstr(request.data, "%20n%C2%B0%2042&"));
    assert_null(strstr(request.data, "%C3%20"));
    assert_true(request.len < 4096);
}

static void test_limits(void **state)
{
    static const struct {
        const char *currency;
        int64_t minimum_cents;
    } cases[] = {{"EUR", 50}, {"CHF", 50}, {"USD", 50}, {"GBP", 30}, {"JPY", 50}, {"XPF", 60}};
    const struct currency unknown = {.code = "ZZZ", .exponent = 2, .symbol = "ZZZ"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct provider_limits limits = stripe_limits(money_currency(cases[i].currency));

        assert_true(limits.currency_supported);
        assert_int_equal(limits.minimum_cents, cases[i].minimum_cents);
        assert_int_equal(limits.maximum_cents, 99999999);
    }
    assert_false(stripe_limits(&unknown).currency_supported);
}

static void test_refused_amounts(void **state)
{
    static const struct {
        const char *currency;
        int64_t amount_cents;
        enum err expected;
    } cases[] = {
        {"EUR", 49, ERR_INPUT},   {"EUR", 50, OK},
        {"EUR", 99999999, OK},    {"EUR", 100000000, ERR_INPUT},
        {"EUR", 0, ERR_INPUT},    {"EUR", -50, ERR_INPUT},
        {"JPY", 49, ERR_INPUT},   {"JPY", 50, OK},
        {"GBP", 30, OK},          {"TND", 2000, OK},
        {"TND", 2001, ERR_INPUT},
    };
    struct str request;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(prepare("A", cases[i].currency, cases[i].amount_cents, &request),
                         cases[i].expected);
}

static void test_ids(void **state)
{
    (void)state;
    assert_true(stripe_id_valid(str_of("cs_test_a1B2"), "cs_"));
    assert_false(stripe_id_valid(str_of("cs_"), "cs_"));
    assert_false(stripe_id_valid(str_of("pi_1"), "cs_"));
    assert_false(stripe_id_valid(str_of("cs_a/../b"), "cs_"));
    assert_false(stripe_id_valid(str_of("cs_a?b"), "cs_"));
    assert_false(stripe_id_valid(str_of("cs_a%2F"), "cs_"));
    assert_false(stripe_id_valid(str_from("cs_a\0b", 6), "cs_"));
    assert_false(stripe_id_valid(str_of("cs_a\r\nX: y"), "cs_"));
    assert_false(stripe_id_valid(str_of(""), ""));
}

/* ---- for the outside judge ---- */

static int print_requests(void)
{
    static const struct {
        const char *name;
        const char *currency;
        int64_t amount_cents;
    } orders[] = {
        {"Les Randonneurs du Luberon", "EUR", 50},
        {"Amis & Cie = 100 % + é", "EUR", 99999999},
        {"Ski-Club", "CHF", 12345},
        {"Te Ora", "XPF", 3000},
        {"日本", "JPY", 50},
    };

    arena = arena_new();
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct str request;

        for (int embedded = 0; embedded < 2; embedded++) {
            if (prepare_order(orders[i].name, orders[i].currency, orders[i].amount_cents,
                              embedded != 0, &request) != OK)
                return 1;
            (void)printf("%.*s\n", STR_PRINT(request));
        }
    }
    arena_free(arena);
    return 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_embedded_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_embeds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_amounts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
    };

    if (count == 2 && strcmp(arguments[1], "--print") == 0)
        return print_requests();
    return cmocka_run_group_tests_name("stripe_request", tests, NULL, NULL);
}
