/* The certificates of PayPal's messages: which addresses may be asked, and what is kept. */
#include "support/webhook_desk.h"

#include <string.h>

#include "provider/paypal/webhook_certificate.h"

#define LIVE_CERTIFICATE "https://api.paypal.com/v1/notifications/certs/CERT-1"

static void addresses(void **state)
{
    static const char *const bad[] = {
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.fr/v1/notifications/certs/CERT-1",
        "https://evil.fr/v1/notifications/certs/CERT-1",
        "https://evil.fr#https://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.fr/v1/notifications/certs/CERT-1",
        "https://user@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:443/v1/notifications/certs/CERT-1",
        "HTTPS://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://API.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com./v1/notifications/certs/CERT-1",
        "https:\\\\api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com\\@evil.fr/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../../x",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e/x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1%00",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1/",
        "https://api.paypal.com/v1/notifications/certs/CERT-1 ",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1//notifications/certs/CERT-1",
        "https://api.paypal.com/V1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/verify/CERT-1",
        "https://api.paypal.com",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        " https://api.paypal.com/v1/notifications/certs/CERT-1",
        "//api.paypal.com/v1/notifications/certs/CERT-1",
        "",
    };
    struct paypal_webhook_account account = {
        .mode = ACCOUNT_LIVE, .webhook_id = "A", .api_url = "https://api-m.paypal.com"};
    struct str long_name;
    char *bytes;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (paypal_certificate_allowed(&account, str_of(bad[i])))
            print_error("allowed: %s\n", bad[i]);
        assert_false(paypal_certificate_allowed(&account, str_of(bad[i])));
    }
    assert_true(paypal_certificate_allowed(&account, str_of(LIVE_CERTIFICATE)));
    assert_true(paypal_certificate_allowed(
        &account, str_of("https://api-m.paypal.com/v1/notifications/certs/CERT_2-a")));
    assert_false(paypal_certificate_allowed(
        &account, str_from(LIVE_CERTIFICATE "\0.x", strlen(LIVE_CERTIFICATE) + 3)));
    /* practice proves nothing to a live account, nor the other way round */
    assert_false(paypal_certificate_allowed(
        &account, str_of("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1")));
    account.mode = ACCOUNT_TEST;
    account.api_url = "https://api-m.sandbox.paypal.com";
    assert_false(paypal_certificate_allowed(&account, str_of(LIVE_CERTIFICATE)));
    assert_true(paypal_certificate_allowed(
        &account, str_of("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1")));
    bytes = arena_alloc(((struct provider_house *)*state)->call.arena, 400);
    memset(bytes, 'A', 400);
    memcpy(bytes, "https://api.sandbox.paypal.com/v1/notifications/certs/", 54);
    long_name = str_from(bytes, 54 + PAYPAL_CERTIFICATE_NAME_MAX);
    assert_true(paypal_certificate_allowed(&account, long_name));
    long_name.len++;
    assert_false(paypal_certificate_allowed(&account, long_name));
}

/* ---- what is kept ---- */

static void certificates_are_kept(void **state)
{
    struct provider_house *house = *state;
    struct webhook_desk desk = webhook_open(house);
    struct str pem = identity_pem(desk.leaf, house->call.arena), found;
    struct str first = desk.delivery.certificate_url;

    webhook_serve(house, str_of("<html>not yet</html>")); /* nothing bad is kept */
    assert_int_equal(webhook_judge(house, &desk, &desk.delivery).verdict, WEBHOOK_UNDECIDED);
    loopback_script(house->server, 302, "Location: /elsewhere\r\n", str_of(""));
    assert_int_equal(webhook_judge(house, &desk, &desk.delivery).verdict, WEBHOOK_UNDECIDED);
    webhook_serve(house, pem);
    for (int i = 0; i < 3; i++)
        assert_int_equal(webhook_judge(house, &desk, &desk.delivery).verdict, WEBHOOK_AUTHENTIC);
    assert_int_equal(loopback_count(house->server), 3);
    /* too old by now: asked for again, in vain */
    desk.delivery.received_at = HOUSE_NOW + 2 * DAY;
    webhook_serve(house, pem);
    assert_forged(webhook_judge(house, &desk, &desk.delivery), "dates");
    assert_int_equal(loopback_count(house->server), 4);
    desk.delivery.received_at = HOUSE_NOW;
    /* one that is used stays, the one unused for longest goes */
    for (int i = 0; i < PAYPAL_CERTIFICATES_KEPT; i++) {
        assert_true(paypal_certificate_kept(str_copy(house->call.arena, first), house->call.arena,
                                            &found));
        paypal_certificate_keep(arena_printf(house->call.arena, "x%d", i), pem);
    }
    assert_true(str_equal(found, pem));
    assert_false(paypal_certificate_kept("x0", house->call.arena, &found));
    assert_true(paypal_certificate_kept("x7", house->call.arena, &found));
    webhook_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEBHOOK_TEST(addresses),
        WEBHOOK_TEST(certificates_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
