/* Where a request comes from, and where a browser may be sent. */
#include "support/database.h"

#include "web/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- where a browser is sent ---- */

static void test_only_plain_paths_of_ours_are_gone_on_with(void **state)
{
    static const char *const good[] = {"/", "/panier", "/paiement/g0123-ab", "/a_b/c-9"};
    static const char *const bad[] = {
        "",
        "panier",
        "//evil.example",
        "//evil",
        "/\\evil.example",
        "https://evil.example",
        "https:evil",
        "/panier?a=1",
        "/panier#x",
        "/Panier",
        "/a\r\nSet-Cookie:x",
        "/%0d%0a",
        "/.well-known",
        "/a b",
        "/é",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(guard_suite(str_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (guard_suite(str_of(bad[i])))
            printf("accepted: %s\n", bad[i]);
        assert_false(guard_suite(str_of(bad[i])));
    }
    assert_false(guard_suite(str_from("/a\0b", 4)));
}

static void test_a_path_has_a_longest_length(void **state)
{
    char path[WEB_SUITE_MAX + 2];

    (void)state;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    assert_true(guard_suite(str_from(path, WEB_SUITE_MAX)));
    assert_false(guard_suite(str_from(path, WEB_SUITE_MAX + 1)));
}

static const struct provider_settings settings = {
    .stripe_checkout_url = "https://checkout.stripe.com",
    .stripe_connect_url = "https://connect.stripe.com",
    .stripe_script_url = "https://js.stripe.com/endive/stripe.js",
    .stripe_hooks_url = "https://hooks.stripe.com",
    .paypal_live_webscr_url = "https://www.paypal.com/cgi-bin/webscr",
    .paypal_sandbox_webscr_url = "http://localhost:8081/cgi-bin/webscr",
};

static void test_only_configured_payment_pages_are_left_for(void **state)
{
    static const char *const good[] = {
        "https://checkout.stripe.com/c/pay/cs_test_1#fid",
        "https://www.paypal.com/cgi-bin/webscr?cmd=_xclick",
        "http://localhost:8081/cgi-bin/webscr?cmd=_xclick",
        "https://www.paypal.com/checkoutnow?token=5O190127TN364715T",
        "http://localhost:8081/checkoutnow?token=5O190127TN364715T",
        "https://connect.stripe.com/oauth/authorize?response_type=code",
    };
    static const char *const bad[] = {
        "",
        "https://checkout.stripe.com",
        "https://checkout.stripe.com.evil.example/c/pay",
        "https://checkout.stripe.com@evil.example/",
        "https://checkout.stripe.comevil/",
        "http://checkout.stripe.com/c/pay",
        "https://www.paypal.com/cgi-bin/webscr",
        "https://www.paypal.com/cgi-bin/webscr.evil?x",
        "https://www.paypal.com/checkoutnow",
        "https://www.paypal.com/signin?x",
        "https://www.paypal.com.evil.example/checkoutnow?x",
        "http://www.paypal.com/checkoutnow?x",
        "https://www.paypal.com/other?cmd=_xclick",
        "https://checkout.stripe.com/c\r\nSet-Cookie: a=b",
        "https://checkout.stripe.com/c\\evil",
        "//checkout.stripe.com/c",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(guard_provider_url(&settings, good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(guard_provider_url(&settings, bad[i]));
}

/* ---- origins ---- */

static void test_an_origin_is_written_as_browsers_write_it(void **state)
{
    static const struct {
        const char *url, *origin;
    } cases[] = {
        {"https://guichet.example", "https://guichet.example"},
        {"https://guichet.example:443", "https://guichet.example"},
        {"https://guichet.example:8443", "https://guichet.example:8443"},
        {"http://127.0.0.1:80", "http://127.0.0.1"},
        {"http://127.0.0.1:443", "http://127.0.0.1:443"},
        {"https://www.paypal.com/cgi-bin/webscr", "https://www.paypal.com"},
        {"https://a.example?x=/y", "https://a.example"},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(guard_origin(cases[i].url, arena), cases[i].origin);
    arena_free(arena);
}

static void test_a_form_comes_from_a_page_of_ours(void **state)
{
    static const struct {
        const char *site, *origin;
        bool ours;
    } cases[] = {
        {"same-origin", "https://guichet.example", true},
        {"same-origin", "", true},
        {"", "https://guichet.example", true},
        {"none", "https://guichet.example", true},
        {"", "", false},
        {"", "null", false},
        {"same-site", "https://guichet.example", false},
        {"cross-site", "https://guichet.example", false},
        {"same-origin", "https://evil.example", false},
        {"same-origin", "http://guichet.example", false},
        {"", "https://guichet.example.evil", false},
    };
    const struct web web = {.origin = "https://guichet.example"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_request request = {.fetch_site = str_of(cases[i].site),
                                             .origin = str_of(cases[i].origin)};

        assert_int_equal(guard_same_origin(&web, &request), cases[i].ours);
    }
}

/* ---- the form token ---- */

static bool token_good(const struct page *page, const char *body)
{
    struct http_request request = {.body = str_of(body)};
    struct page copy = *page;
    bool good = false;

    copy.request = &request;
    assert_int_equal(guard_form_token(&copy, &good), OK);
    return good;
}

static void test_the_token_is_of_this_session_and_form(void **state)
{
    static const struct http_route pay = {.path = "/panier/payer"}, leave = {.path = "/x"};
    struct page page = {.route = &pay, .arena = arena_new(), .has_session = true};
    char token[HASH_HEX_MAX], other[HASH_HEX_MAX];
    const char *form;

    (void)state;
    memset(page.session.csrf_key, 7, HASH_LEN);
    assert_int_equal(session_form_token(&page.session, "/panier/payer", token), OK);
    form = arena_printf(page.arena, "montant=1&csrf=%s", token);
    assert_true(token_good(&page, form));
    assert_false(token_good(&page, "montant=1"));
    /* Twice is not once; neither a part nor an addition is the token. */
    assert_false(token_good(&page, arena_printf(page.arena, "%s&csrf=%s", form, token)));
    assert_false(token_good(&page, arena_printf(page.arena, "csrf=%.63s", token)));
    assert_false(token_good(&page, arena_printf(page.arena, "%s0", form)));
    page.route = &leave;
    assert_false(token_good(&page, form));
    page.route = &pay;
    memset(page.session.csrf_key, 8, HASH_LEN);
    assert_false(token_good(&page, form));
    assert_int_equal(session_form_token(&page.session, "/panier/payer", other), OK);
    assert_string_not_equal(token, other);
    arena_free(page.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_plain_paths_of_ours_are_gone_on_with),
        cmocka_unit_test(test_a_path_has_a_longest_length),
        cmocka_unit_test(test_only_configured_payment_pages_are_left_for),
        cmocka_unit_test(test_an_origin_is_written_as_browsers_write_it),
        cmocka_unit_test(test_a_form_comes_from_a_page_of_ours),
        cmocka_unit_test(test_the_token_is_of_this_session_and_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
