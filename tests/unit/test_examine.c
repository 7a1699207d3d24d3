/* What database and configuration say about a linked account. */
#include "support/provider_house.h"

#include <string.h>

#include "payment/examine.h"
#include "provider/paypal/paypal.h"
#include "provider/stripe/stripe.h"

#define DAY 86400

static struct provider_account stripe_account(struct provider_house *house)
{
    return provider_house_account(house, &(struct account_plan){.provider = "stripe",
                                                                .mode = ACCOUNT_TEST,
                                                                .external_id = "acct_1",
                                                                .api_key = "sk_test_1",
                                                                .webhook = {"whsec_1", NULL},
                                                                .verified = true});
}

static struct provider_account paypal_account(struct provider_house *house, bool verified)
{
    return provider_house_account(house, &(struct account_plan){.provider = "paypal",
                                                                .mode = ACCOUNT_TEST,
                                                                .external_id = "ABCDEFGHJKLM2",
                                                                .verified = verified});
}

static struct findings examine(struct provider_house *house,
                               const struct provider_account *account)
{
    const struct provider *provider =
        strcmp(account->provider, "stripe") == 0 ? &provider_stripe : &provider_paypal;
    struct association association;
    struct findings findings;

    findings_init(&findings, house->call.arena);
    house_ok(association_find(house->call.db, account->association_id, house->call.arena,
                              &association));
    house_ok(examine_account(&house->call, provider, &association, account, &findings));
    return findings;
}

/* The finding of a key; NULL when there is none. */
static const struct finding *find(const struct findings *findings, enum finding_key key)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].key == key)
            return &findings->items[i];
    return NULL;
}

static void assert_found(const struct findings *findings, enum finding_key key,
                         enum finding_level level, int64_t number)
{
    const struct finding *finding = find(findings, key);

    if (!finding)
        print_error("not found: %s\n", finding_name(key));
    assert_non_null(finding);
    assert_int_equal(finding->level, level);
    assert_int_equal(finding->number, number);
}

static void add_notification(struct provider_house *house, const struct provider_account *account,
                             int64_t at, int authentic)
{
    house_execute(&house->house,
                  "INSERT INTO provider_event (id, provider, association_id, provider_account_id,"
                  " source_address, authentic, raw, received_at, state, outcome, updated_at)"
                  " VALUES (%lld, '%s', %lld, %lld, '192.0.2.1', %d, x'00', %lld, 'done', 'noted',"
                  " %lld)",
                  (long long)at, account->provider, (long long)account->association_id,
                  (long long)account->id, authentic, (long long)at, (long long)at);
}

static void add_capture(struct provider_house *house, const struct provider_account *account,
                        int64_t at)
{
    house_execute(
        &house->house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind,"
        " reference, amount_cents, currency, fact_at, created_at)"
        " VALUES (%lld, %lld, %lld, 'capture', 'pi_%lld', 1000, 'EUR', %lld, %lld)",
        (long long)account->association_id, (long long)at, (long long)account->id, (long long)at,
        (long long)at, (long long)at);
}

/* ---- notifications ---- */

static void test_nothing_yet(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = stripe_account(house);
    struct findings findings = examine(house, &account);

    assert_found(&findings, FINDING_NOTIFICATION_NONE, FINDING_WARN, 0);
    assert_int_equal(findings.count, 1);
}

static void test_the_last_authentic_one_counts(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = stripe_account(house);
    struct findings findings;

    add_notification(house, &account, HOUSE_NOW - 9 * DAY, 1);
    add_notification(house, &account, HOUSE_NOW - DAY, 0);
    findings = examine(house, &account);
    assert_found(&findings, FINDING_NOTIFICATION_LAST, FINDING_GOOD, 0);
    assert_int_equal(find(&findings, FINDING_NOTIFICATION_LAST)->at, HOUSE_NOW - 9 * DAY);
}

static void test_payments_without_notification(void **state)
{
    static const struct {
        int64_t last_ago, captures_ago[2];
        enum finding_key key;
        enum finding_level level;
        int64_t number;
    } cases[] = {
        /* told by its own notification */
        {DAY, {DAY + 5, 0}, FINDING_NOTIFICATION_LAST, FINDING_GOOD, 0},
        /* the clocks differ a little */
        {DAY, {DAY - 30, 0}, FINDING_NOTIFICATION_LAST, FINDING_GOOD, 0},
        /* too fresh to complain */
        {5 * DAY, {600, 0}, FINDING_NOTIFICATION_LAST, FINDING_GOOD, 0},
        {5 * DAY, {2 * 3600, 600}, FINDING_NOTIFICATION_MISSING, FINDING_WARN, 1},
        {5 * DAY, {3 * DAY, 2 * 3600}, FINDING_NOTIFICATION_MISSING, FINDING_BAD, 2},
        /* never any at all */
        {0, {3 * DAY, 0}, FINDING_NOTIFICATION_MISSING, FINDING_BAD, 1},
    };
    struct provider_house *house = *state;
    struct provider_account account = stripe_account(house);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct findings findings;

        house_execute(&house->house, "DROP TRIGGER IF EXISTS provider_transaction_no_delete");
        house_execute(&house->house, "DELETE FROM provider_transaction");
        house_execute(&house->house, "DELETE FROM provider_event");
        if (cases[i].last_ago)
            add_notification(house, &account, HOUSE_NOW - cases[i].last_ago, 1);
        for (int n = 0; n < 2; n++)
            if (cases[i].captures_ago[n])
                add_capture(house, &account, HOUSE_NOW - cases[i].captures_ago[n]);
        findings = examine(house, &account);
        assert_found(&findings, cases[i].key, cases[i].level, cases[i].number);
    }
}

static void test_attempts_and_never_a_notification(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = paypal_account(house, true);
    struct findings findings;

    for (int i = 1; i <= 3; i++) {
        provider_house_intent(house, &account, arena_printf(house->call.arena, "G-%d", i), 1000,
                              "EUR", "expired");
        house_execute(&house->house, "UPDATE payment_intent SET created_at = %lld",
                      (long long)(HOUSE_NOW - (i == 1 ? 600 : 7200)));
        findings = examine(house, &account);
        if (i == 1)
            assert_found(&findings, FINDING_NOTIFICATION_NONE, FINDING_WARN, 0);
        else
            assert_found(&findings, FINDING_NOTIFICATION_AWAITED,
                         i < 3 ? FINDING_WARN : FINDING_BAD, i);
    }
}

/* ---- identity, mode, secrets, addresses ---- */

static void test_identity(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = paypal_account(house, false);
    struct findings findings = examine(house, &account);

    assert_found(&findings, FINDING_IDENTITY_UNPROVEN, FINDING_WARN, 0);
    account.verified = true;
    findings = examine(house, &account);
    assert_found(&findings, FINDING_IDENTITY_PROVEN, FINDING_GOOD, 0);
}

static void test_another_mode(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = stripe_account(house);
    struct findings findings;

    account.mode = ACCOUNT_LIVE;
    findings = examine(house, &account);
    assert_found(&findings, FINDING_MODE_OTHER, FINDING_BAD, 0);
}

static void test_secrets(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = stripe_account(house);
    struct findings findings;

    house_execute(&house->house, "UPDATE secret SET sealed = x'0102' WHERE name = 'api_key'");
    house_execute(&house->house, "DELETE FROM secret WHERE name = 'webhook'");
    findings = examine(house, &account);
    assert_found(&findings, FINDING_SECRET_BROKEN, FINDING_BAD, 0);
    assert_string_equal(find(&findings, FINDING_SECRET_BROKEN)->text, "api_key");
    assert_found(&findings, FINDING_SECRET_MISSING, FINDING_BAD, 0);
    assert_string_equal(find(&findings, FINDING_SECRET_MISSING)->text, "webhook");
}

static void test_addresses(void **state)
{
    static const struct {
        const char *api, *base;
        size_t bad;
    } cases[] = {
        {"https://api.stripe.com", "https://guichet.example", 0},
        {"https://api.stripe.com/", "https://guichet.example", 0},
        {"https://api.stripe.com.evil.example", "https://guichet.example", 1},
        {"http://127.0.0.1:8081", "https://guichet.example", 1},
        {"https://api.stripe.com", "http://guichet.example", 1},
        {"https://api.stripe.com", "https://localhost:8443", 1},
        {"http://localhost:8081", "http://127.0.0.1:8080", 2},
    };
    struct provider_house *house = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct provider_settings settings = {
            .base_url = cases[i].base,
            .stripe_api_url = cases[i].api,
            .stripe_checkout_url = "https://checkout.stripe.com",
            .stripe_connect_url = "https://connect.stripe.com",
            .stripe_script_url = "https://js.stripe.com/endive/stripe.js",
            .stripe_hooks_url = "https://hooks.stripe.com",
            .paypal_live_webscr_url = "https://www.paypal.com/cgi-bin/webscr",
            .paypal_live_ipn_url = "https://ipnpb.paypal.com/cgi-bin/webscr",
            .paypal_live_api_url = "https://api-m.paypal.com",
        };
        struct findings findings;

        findings_init(&findings, house->call.arena);
        examine_addresses(&settings, NULL, &findings);
        assert_int_equal(findings.count, cases[i].bad);
    }
}

/* A real association is held against the addresses, one of trial is not. */
static void test_addresses_of_a_real_association(void **state)
{
    struct provider_house *house = *state;
    struct provider_account account = provider_house_account(
        house, &(struct account_plan){
                   .provider = "paypal", .mode = ACCOUNT_LIVE, .external_id = "ABCDEFGHJKLM2"});
    struct findings findings = examine(house, &account);

    assert_found(&findings, FINDING_ADDRESS_OTHER, FINDING_BAD, 0);
    account = paypal_account(house, true);
    findings = examine(house, &account);
    assert_null(find(&findings, FINDING_ADDRESS_OTHER));
}

/* ---- PayPal, asked ---- */

static void test_paypal_is_asked(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum finding_key key;
    } cases[] = {
        {200, "INVALID", FINDING_REACHED},
        {200, "<html>", FINDING_UNREACHABLE},
        {503, "INVALID", FINDING_UNREACHABLE},
        {LOOPBACK_SILENT, "", FINDING_UNREACHABLE},
    };
    struct provider_house *house = *state;
    struct provider_account account = paypal_account(house, true);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct findings findings;

        findings_init(&findings, house->call.arena);
        loopback_script(house->server, cases[i].status, "Date: Thu, 01 Oct 2026 12:05:00 GMT\r\n",
                        str_of(cases[i].body));
        house_ok(provider_paypal.examine(&house->call, NULL, &account, &findings));
        assert_non_null(find(&findings, cases[i].key));
        if (cases[i].key == FINDING_REACHED)
            assert_found(&findings, FINDING_CLOCK_SKEWED, FINDING_BAD, 300);
        else
            assert_int_equal(findings.count, 1);
    }
    assert_true(str_is(loopback_body(house->server, 0), "cmd=_notify-validate"));
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, provider_house_setup, provider_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_yet),
        TEST(test_the_last_authentic_one_counts),
        TEST(test_payments_without_notification),
        TEST(test_attempts_and_never_a_notification),
        TEST(test_identity),
        TEST(test_another_mode),
        TEST(test_secrets),
        TEST(test_addresses),
        TEST(test_addresses_of_a_real_association),
        TEST(test_paypal_is_asked),
    };

    return cmocka_run_group_tests_name("examine", tests, NULL, NULL);
}
