/* Reading IPN bodies: every real body of the outside material, and awkward bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <string.h>

#include "provider/paypal/internal.h"
#include "support/vectors.h"

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

static void check_text(const char *file, const char *field, struct str found, const char *expected)
{
    if (str_is(found, expected))
        return;
    print_error("%s: %s is \"%.*s\" instead of \"%s\"\n", file, field, STR_PRINT(found), expected);
    assert_true(false);
}

#define SELLER_EMAIL "sb-edwkp27927299@business.example.com"
#define ORGANIZATION "organization_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US"
#define USER "user_id:ca8c6f2b-2d7b-4639-809f-b0e5013a304e,region:US"

struct expectation {
    const char *file;
    const char *txn_id, *txn_type, *status, *gross, *currency;
    int64_t gross_cents; /* in the currency, or in EUR where none is named */
    const char *receiver_id, *receiver_email, *invoice, *custom, *payer;
    bool test;
};

/* A body of the nine that derive from one sandbox payment. */
#define MERCH(name, type, word, money, what)                                                      \
    {                                                                                             \
        name, "2PK15573S8089712Y", type, word, "48.00", money, 4800, "NHDYKLQ3L4LWL",             \
            SELLER_EMAIL, "", what, "John Doe", true                                              \
    }

static const struct expectation expectations[] = {
    {"01-completed-web_accept-cad.txt", "6G996328CK404320L", "web_accept", "Completed", "500.00",
     "CAD", 50000, "UQ8PDYXJZQD9Y", "tobi@leetsoft.com", "", "", "Tobias Luetke", true},
    {"02-masspay-gbp.txt", "", "masspay", "Completed", "", "", 0, "", "", "", "", "Test Test",
     true},
    {"03-simulator-completed-web_accept.txt", "593976436", "web_accept", "Completed", "12.34",
     "USD", 1234, "seller@paypalsandbox.com", "seller@paypalsandbox.com", "abc1234", "xyz123",
     "John Smith", true},
    {"04-simulator-declined.txt", "153826001", "web_accept", "Declined", "131.22", "USD", 13122,
     "seller@paypalsandbox.com", "seller@paypalsandbox.com", "abc1234", "xyz123", "John Smith",
     true},
    {"05-completed-express_checkout-windows1252.txt", "51403485VH153354B", "express_checkout",
     "Completed", "10.00", "USD", 1000, "258DLEHY2BDK6", "seller@paypalsandbox.com", "0004",
     "website_id=13&user_id=21", "Jörg User", true},
    {"06-completed-cart-eur-windows1252.txt", "KW31266C37C2593K4", "cart", "Completed", "3.00",
     "EUR", 300, "UCWM6R2TARF36", "email-facilitator@gmail.com", "", "blahblah", "Jörg LASTNAME",
     true},
    {"07-paypal-doc-sample-express_checkout.txt", "61E67681CH3238416", "express_checkout",
     "Completed", "19.95", "USD", 1995, "S8XGHLYDW9T3S", "gpmac_1231902686_biz@paypal.com", "", "",
     "Test User", true},
    {"08-canceled_reversal-utf8-sgd.txt", "3WG690710A577410B", "web_accept", "Canceled_Reversal",
     "4.85", "SGD", 485, "WJA4MQCSCZHXJ", "finnian-facilitator@eiffel-loop.com", "", "",
     "test buyer", true},
    MERCH("09-bitwarden-echeck-payment.txt", "merch_pmt", "Completed", "USD", ORGANIZATION),
    MERCH("10-bitwarden-non-usd-payment.txt", "merch_pmt", "Completed", "CAD", ORGANIZATION),
    MERCH("11-bitwarden-refund-missing-parent-transaction.txt", "merch_pmt", "Refunded", "USD",
          ORGANIZATION),
    MERCH("12-bitwarden-successful-payment-org-credit.txt", "merch_pmt", "Completed", "USD",
          ORGANIZATION ",account_credit:1"),
    MERCH("13-bitwarden-successful-payment-user-credit.txt", "merch_pmt", "Completed", "USD",
          USER ",account_credit:1"),
    MERCH("14-bitwarden-successful-payment.txt", "merch_pmt", "Completed", "USD", ORGANIZATION),
    MERCH("15-bitwarden-successful-refund.txt", "merch_pmt", "Refunded", "USD", ORGANIZATION),
    MERCH("16-bitwarden-transaction-missing-entity-ids.txt", "merch_pmt", "Completed", "USD",
          "region:US"),
    MERCH("17-bitwarden-unsupported-transaction-type.txt", "other", "Completed", "USD",
          ORGANIZATION),
    {"18-refunded-cart-usd.txt", "69B89632XK721821J", "", "Refunded", "-1080.00", "USD", -108000,
     "T4A6C58SP7PP2", "aramaswamis-facilitator@gmail.com", "", "RESPONSEID", "test buyer", true},
    {"19-civicrm-standard-custom-json.txt", "8XA571746W2698126", "web_accept", "Completed",
     "100.00", "", 10000, "", "sunil._1183377782_biz_api1.webaccess.co.in",
     "c2r9c15f7be20b4f3fef1f77e4c37424", "{\"cgid\":\"test12345\"}", "Robert Roberty", false},
    {"20-civicrm-recurring-resend.txt", "8XA571746W2698126", "recurring_payment", "Completed",
     "15.00", "USD", 1500, "GWE8P7BJVLMY6", "nil@civicrm.org", "", "", "Robert Roberty", false},
    {"21-galette-pending-paymentreview-eur-windows1252.txt", "37S45593SX696710D", "web_accept",
     "Pending", "10.00", "EUR", 1000, "7ZPFDK9375A6C", "asso_1307082004_biz@x-tnd.be", "", "",
     "Test User", true},
};

enum { EXPECTATIONS = sizeof expectations / sizeof expectations[0] };

static void check_amount(const struct expectation *expected, const struct ipn *ipn)
{
    const struct currency *currency =
        money_currency(*expected->currency != '\0' ? expected->currency : "EUR");
    int64_t cents = 0;

    if (*expected->gross == '\0')
        return;
    assert_non_null(currency);
    assert_true(money_parse_decimal(ipn->gross, currency, &cents));
    assert_int_equal(cents, expected->gross_cents);
}

static void check_body(const struct expectation *expected)
{
    const char *file = expected->file;
    struct ipn ipn;

    ipn_read(vectors_read(arena, arena_printf(arena, "paypal/ipn/%s", file)), arena, &ipn);
    check_text(file, "txn_id", ipn.txn_id, expected->txn_id);
    check_text(file, "txn_type", ipn.txn_type, expected->txn_type);
    check_text(file, "payment_status", ipn.payment_status, expected->status);
    check_text(file, "mc_gross", ipn.gross, expected->gross);
    check_text(file, "mc_currency", ipn.currency, expected->currency);
    check_text(file, "receiver_id", ipn.receiver_id, expected->receiver_id);
    check_text(file, "receiver_email", ipn.receiver_email, expected->receiver_email);
    check_text(file, "invoice", ipn.invoice, expected->invoice);
    check_text(file, "custom", ipn.custom, expected->custom);
    check_text(file, "payer", str_of(ipn.payer), expected->payer);
    assert_int_equal(ipn.test, expected->test);
    check_amount(expected, &ipn);
}

/* Every numbered body of the folder has its line above. */
static void test_real_bodies(void **state)
{
    const char **names;
    size_t count = vectors_list(arena, "paypal/ipn", ".txt", &names);
    size_t bodies = 0;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] < '0' || names[i][0] > '9')
            continue;
        assert_true(bodies < EXPECTATIONS);
        assert_string_equal(names[i], expectations[bodies].file);
        check_body(&expectations[bodies]);
        bodies++;
    }
    assert_int_equal(bodies, EXPECTATIONS);
}

static void test_charsets(void **state)
{
    static const struct {
        const char *body;
        const char *payer;
    } cases[] = {
        {"first_name=J%F6rg&charset=windows-1252", "Jörg"},
        {"charset=windows-1252&first_name=%80+%92", "€ ’"},
        {"first_name=%80", "€"},
        {"first_name=J%C3%B6rg&charset=UTF-8", "Jörg"},
        {"first_name=J%C3%B6rg&charset=utf-8", "Jörg"},
        {"first_name=J%F6rg&charset=UTF-8", "J\xEF\xBF\xBDrg"},
        {"first_name=%D6%D0&charset=gb2312", "中"},
        {"first_name=J%F6rg&charset=no-such-charset", "Jörg"},
        {"last_name=Martin", "Martin"},
        {"first_name=+Anne+&last_name=+Marie+", "Anne Marie"},
        {"first_name=a%0Ab&last_name=c", "c"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ipn ipn;

        ipn_read(str_of(cases[i].body), arena, &ipn);
        assert_string_equal(ipn.payer, cases[i].payer);
    }
}

static void test_decoding(void **state)
{
    static const struct {
        const char *body;
        const char *name;
        const char *value;
    } cases[] = {
        {"address_name=John%20Smith%u010D", "address_name", "John Smith%u010D"},
        {"period_type=+Regular", "period_type", " Regular"},
        {"rp_invoice_id=i%3Dabc%26m%3Dcontribute%26c%3D3", "rp_invoice_id",
         "i=abc&m=contribute&c=3"},
        {"payer_email=a%2Bb%40example.com", "payer_email", "a+b@example.com"},
        {"payment_gross=&payment_fee=", "payment_gross", ""},
        {"transaction%5B0%5D.id=13M5&txn_id=7", "txn_id", "7"},
        {"custom=%7B%22user_plan_id%22%3A310606%7D", "custom", "{\"user_plan_id\":310606}"},
        {"x=%", "x", "%"},
        {"x=%4", "x", "%4"},
        {"x=%41", "x", "A"},
        {"x=%4g%zz", "x", "%4g%zz"},
        {"x=a=b=c", "x", "a=b=c"},
        {"x=1&x=2", "x", "1"},
        {"&&=&x", "x", ""},
        {"xx=1&yx=2", "x", ""},
        {"", "x", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_text(cases[i].body, cases[i].name,
                   ipn_field(str_of(cases[i].body), cases[i].name, arena), cases[i].value);
    assert_true(ipn_field(str_of("x=a%00b"), "x", arena).len == 3);
}

static void test_words(void **state)
{
    (void)state;
    assert_true(ipn_is_word(str_of("6G996328CK404320L"), 64));
    assert_false(ipn_is_word(str_of(""), 64));
    assert_false(ipn_is_word(str_of("a b"), 64));
    assert_false(ipn_is_word(str_of("abc"), 2));
    assert_false(ipn_is_word(str_from("a\0b", 3), 64));
    assert_false(ipn_is_word(str_of("é"), 64));
}

static void test_marks(void **state)
{
    const char *good = "Gdeadbeef-0123456789abcdef0123456789abcdef";

    (void)state;
    assert_true(paypal_is_mark(str_of(good), "deadbeef"));
    assert_false(paypal_is_mark(str_of(good), "deadbeee"));
    assert_false(paypal_is_mark(str_of("Gdeadbeef-0123456789ABCDEF0123456789abcdef"), "deadbeef"));
    assert_false(paypal_is_mark(str_of("Gdeadbeef-0123456789abcdef0123456789abcde"), "deadbeef"));
    assert_false(paypal_is_mark(str_of("gdeadbeef-0123456789abcdef0123456789abcdef"), "deadbeef"));
    assert_false(paypal_is_mark(str_from(good, strlen(good) + 1), "deadbeef"));
    assert_false(paypal_is_mark(str_of(""), "deadbeef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_real_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_charsets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_decoding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_marks, setup, teardown),
    };

    return cmocka_run_group_tests_name("paypal_ipn", tests, NULL, NULL);
}
