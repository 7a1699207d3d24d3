/* Stripe's side of linking an account: keys, identity, webhook endpoints, against a scripted
 * Stripe. */
#include "support/stripe_desk.h"

#include <string.h>

#include "provider/stripe/internal.h"

#define SECRET "sk_test_0123456789abcdef"
#define RESTRICTED "rk_test_0123456789abcdef"
#define PUBLISHABLE "pk_test_0123456789abcdef"
#define OUR_URL "https://guichet.example/action_manager.php?event=stripe&a=p"
#define JSON_HEADER "Content-Type: application/json\r\n"

static const char account_json[] =
    "{\"id\":\"acct_1\",\"object\":\"account\",\"country\":\"FR\",\"default_currency\":\"eur\","
    "\"charges_enabled\":true,\"business_profile\":{\"name\":\"Les Marcheurs\"}}";

/* ---- the form of keys ---- */

static void test_keys(void **state)
{
    static const struct {
        const char *secret, *publishable;
        enum link_outcome expected;
    } cases[] = {
        {SECRET, PUBLISHABLE, LINK_DONE},
        {RESTRICTED, PUBLISHABLE, LINK_DONE},
        {"sk_live_0123456789abcdef", "pk_live_0123456789abcdef", LINK_DONE},
        {"rk_live_0123456789abcdef", "pk_live_0123456789abcdef", LINK_DONE},
        {"", PUBLISHABLE, LINK_SECRET_EMPTY},
        {PUBLISHABLE, SECRET, LINK_SECRET_IS_PUBLISHABLE},
        {"sk_prod_0123456789abcdef", PUBLISHABLE, LINK_SECRET_MALFORMED},
        {"sk_test_0123", PUBLISHABLE, LINK_SECRET_MALFORMED},
        {"sk_test_0123456789 abcdef", PUBLISHABLE, LINK_SECRET_MALFORMED},
        {"sk_test_0123456789\r\nX: y", PUBLISHABLE, LINK_SECRET_MALFORMED},
        {"whsec_0123456789abcdef", PUBLISHABLE, LINK_SECRET_MALFORMED},
        {"s", PUBLISHABLE, LINK_SECRET_MALFORMED},
        {SECRET, "", LINK_PUBLISHABLE_EMPTY},
        {SECRET, SECRET, LINK_PUBLISHABLE_IS_SECRET},
        {SECRET, RESTRICTED, LINK_PUBLISHABLE_IS_SECRET},
        {SECRET, "pk_test_0123456789abcde\xc3\xa9", LINK_PUBLISHABLE_MALFORMED},
        {SECRET, "pk_live_0123456789abcdef", LINK_MODES_DIFFER},
        {"rk_live_0123456789abcdef", PUBLISHABLE, LINK_MODES_DIFFER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct link_keys keys = {.secret = str_of(cases[i].secret),
                                 .publishable = str_of(cases[i].publishable)};
        enum account_mode mode = ACCOUNT_LIVE;

        assert_int_equal(stripe_keys_check(&keys, &mode), cases[i].expected);
        if (cases[i].expected == LINK_DONE)
            assert_int_equal(mode == ACCOUNT_LIVE, strstr(cases[i].secret, "_live_") != NULL);
    }
}

/* ---- whose they are ---- */

static struct link_answer identify(struct stripe_desk *desk, const char *secret,
                                   struct link_identity *identity)
{
    struct link_keys keys = {.secret = str_of(secret), .publishable = str_of(PUBLISHABLE)};
    struct link_answer answer;

    house_ok(stripe_identify(&desk->base.call, &keys, identity, &answer));
    return answer;
}

static void test_identity(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_identity identity;

    desk_script(desk, 200, JSON_HEADER, account_json);
    assert_int_equal(identify(desk, SECRET, &identity).outcome, LINK_DONE);
    assert_string_equal(identity.external_id, "acct_1");
    assert_string_equal(identity.currency, "EUR");
    assert_string_equal(identity.country, "FR");
    assert_string_equal(identity.name, "Les Marcheurs");
    assert_true(identity.charges_enabled);
    assert_true(desk_head_has(desk, 0, "GET /v1/account HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 0, "\r\nAuthorization: Bearer " SECRET "\r\n"));
    assert_true(desk_head_has(desk, 0, "\r\nStripe-Version: 2026-10-28.endive\r\n"));
    assert_int_equal(loopback_count(desk->base.server), 1);
}

static void test_identity_refused(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum link_outcome expected;
        bool answered;
    } cases[] = {
        {401, "{\"error\":{\"message\":\"Invalid API Key provided\"}}", LINK_KEY_UNKNOWN, true},
        {401, "{\"error\":{\"code\":\"api_key_expired\"}}", LINK_KEY_REVOKED, true},
        {403, "{\"error\":{\"message\":\"no\"}}", LINK_KEY_LACKS, true},
        {400, "{\"error\":{\"code\":\"testmode_charges_only\"}}", LINK_REFUSED, true},
        {404, "{}", LINK_ABSENT, true},
        {409, "{}", LINK_UNREACHABLE, false},
        {429, "{}", LINK_UNREACHABLE, false},
        {500, "{}", LINK_UNREACHABLE, true},
        {LOOPBACK_SILENT, "", LINK_UNREACHABLE, false},
        {200, "{}", LINK_UNREACHABLE, true},
        {200, "{\"object\":\"account\",\"id\":\"acct_/../x\"}", LINK_UNREACHABLE, true},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct link_identity identity;
        struct link_answer answer;

        desk_script(desk, cases[i].status, JSON_HEADER, cases[i].body);
        answer = identify(desk, SECRET, &identity);
        if (answer.outcome != cases[i].expected || answer.answered != cases[i].answered)
            print_error("case %zu: status %d\n", i, cases[i].status);
        assert_int_equal(answer.outcome, cases[i].expected);
        assert_int_equal(answer.answered, cases[i].answered);
    }
}

#define LACKS(permission)                                                                         \
    "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"The provided key 'rk_test_*f' " \
    "does not have the required permissions for this endpoint on account 'acct_1'. Having the "   \
    "'" permission "' permission would allow this request to continue.\"}}"

/* A restricted key is asked all that will be needed; what it lacks is told at once. */
static void test_restricted(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_identity identity;
    struct link_answer answer;

    desk_script(desk, 200, JSON_HEADER, account_json);
    desk_script(desk, 403, JSON_HEADER, LACKS("rak_checkout_session_write"));
    desk_script(desk, 200, JSON_HEADER, "{\"data\":[]}");
    desk_script(desk, 403, JSON_HEADER, "{}"); /* it does not say which */
    for (int i = 0; i < 4; i++)
        desk_script(desk, 200, JSON_HEADER, "{\"data\":[]}");
    desk_script(desk, 403, JSON_HEADER, LACKS("rak_webhook_write"));
    answer = identify(desk, RESTRICTED, &identity);
    assert_int_equal(answer.outcome, LINK_KEY_LACKS);
    assert_int_equal(answer.lacking_count, 3);
    assert_string_equal(answer.lacking[0], "rak_checkout_session_write");
    assert_string_equal(answer.lacking[1], "rak_charge_write");
    assert_string_equal(answer.lacking[2], "rak_webhook_write");
    assert_true(desk_head_has(desk, 1, "POST /v1/checkout/sessions HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 3, "POST /v1/refunds HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 4, "GET /v1/disputes?limit=1 HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 5, "GET /v1/payouts?limit=1 HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 7, "GET /v1/balance HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 8, "POST /v1/webhook_endpoints HTTP/1.1\r\n"));
}

static void test_restricted_enough(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_identity identity;

    desk_script(desk, 200, JSON_HEADER, account_json);
    desk_script(desk, 400, JSON_HEADER, "{\"error\":{\"code\":\"parameter_missing\"}}");
    desk_script(desk, 200, JSON_HEADER, "{\"data\":[]}");
    desk_script(desk, 400, JSON_HEADER, "{\"error\":{\"code\":\"parameter_missing\"}}");
    for (int i = 0; i < 4; i++)
        desk_script(desk, 200, JSON_HEADER, "{\"data\":[]}");
    desk_script(desk, 400, JSON_HEADER, "{\"error\":{\"code\":\"parameter_missing\"}}");
    assert_int_equal(identify(desk, RESTRICTED, &identity).outcome, LINK_DONE);
    assert_int_equal(loopback_count(desk->base.server), 9);
}

/* ---- endpoints ---- */

static struct link_order order_of(void)
{
    return (struct link_order){.url = OUR_URL, .idempotency_key = "guichet-x-endpoint-1-1"};
}

/* more: members that come after the usual ones, and replace nothing. */
static const char *endpoint_json(struct stripe_desk *desk, const char *mark, const char *url,
                                 const char *version, const char *status, const char *more)
{
    return arena_printf(desk->base.call.arena,
                        "{\"id\":\"we_1\",\"object\":\"webhook_endpoint\",\"url\":\"%s\","
                        "\"api_version\":\"%s\",\"status\":\"%s\","
                        "\"metadata\":{\"guichet\":\"%s\",\"link\":\"%s\"}%s}",
                        url, version, status, mark, desk->account.public_id, more);
}

static void test_create(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_order order = order_of();
    struct link_endpoint endpoint;
    struct link_answer answer;
    struct str body;

    desk_script(desk, 200, JSON_HEADER,
                endpoint_json(desk, desk->base.call.installation, OUR_URL, STRIPE_VERSION,
                              "enabled", ",\"secret\":\"whsec_abc\",\"enabled_events\":[\"*\"]"));
    house_ok(stripe_linking.endpoint_create(&desk->base.call, &desk->account, &order, &endpoint,
                                            &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    assert_string_equal(endpoint.id, "we_1");
    assert_true(str_is(endpoint.secret, "whsec_abc"));
    assert_true(endpoint.ours && endpoint.url_right && endpoint.enabled && endpoint.version_right);
    assert_false(endpoint.events_right);
    assert_true(desk_head_has(desk, 0, "POST /v1/webhook_endpoints HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 0, "\r\nIdempotency-Key: guichet-x-endpoint-1-1\r\n"));
    assert_true(desk_head_has(desk, 0, "\r\nAuthorization: Bearer " DESK_API_KEY "\r\n"));
    body = loopback_body(desk->base.server, 0);
    assert_non_null(memmem(body.data, body.len, "&api_version=2026-10-28.endive", 30));
    assert_true(str_starts(body, "url=https%3A%2F%2Fguichet.example%2Faction_manager.php%3Fevent"
                                 "%3Dstripe%26a%3Dp&enabled_events%5B0%5D=checkout.session."
                                 "completed&"));
}

/* What is booked from is what the endpoint asks for; of the older name of refund.updated there is
 * no need. */
static void test_asks_for_what_it_understands(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_order order = order_of();
    struct link_endpoint endpoint;
    struct link_answer answer;
    size_t count = 0;
    const char *asked;
    struct str body;

    desk_script(desk, 200, JSON_HEADER,
                endpoint_json(desk, desk->base.call.installation, OUR_URL, STRIPE_VERSION,
                              "enabled", ",\"secret\":\"whsec_abc\""));
    house_ok(stripe_linking.endpoint_create(&desk->base.call, &desk->account, &order, &endpoint,
                                            &answer));
    body = loopback_body(desk->base.server, 0);
    for (const struct stripe_event_kind *kind = stripe_event_kinds; kind->type; kind++) {
        asked = arena_printf(desk->base.call.arena, "&enabled_events%%5B%zu%%5D=%s&", count,
                             kind->type);
        count += strcmp(kind->type, "charge.refund.updated") == 0 ? 0 : 1;
        assert_int_equal(memmem(body.data, body.len, asked, strlen(asked)) != NULL,
                         strcmp(kind->type, "charge.refund.updated") != 0);
    }
    assert_true(count > 0);
    asked = arena_printf(desk->base.call.arena, "enabled_events%%5B%zu%%5D", count);
    assert_null(memmem(body.data, body.len, asked, strlen(asked)));
}

/* The secret is told once, in this answer: without it the endpoint is worth nothing. */
static void test_create_without_secret(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_order order = order_of();
    struct link_endpoint endpoint;
    struct link_answer answer;

    desk_script(
        desk, 200, JSON_HEADER,
        endpoint_json(desk, desk->base.call.installation, OUR_URL, STRIPE_VERSION, "enabled", ""));
    house_ok(stripe_linking.endpoint_create(&desk->base.call, &desk->account, &order, &endpoint,
                                            &answer));
    assert_int_equal(answer.outcome, LINK_UNREACHABLE);
    assert_true(answer.answered);
}

static struct link_endpoint listed(struct stripe_desk *desk, const char *json)
{
    struct link_order order = order_of();
    struct link_endpoint *endpoints;
    struct link_answer answer;
    size_t count;

    desk_script(desk, 200, JSON_HEADER,
                arena_printf(desk->base.call.arena, "{\"object\":\"list\",\"data\":[%s]}", json));
    house_ok(stripe_linking.endpoint_list(&desk->base.call, &desk->account, &order, &endpoints,
                                          &count, &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    assert_int_equal(count, 1);
    return endpoints[0];
}

/* Ours by our mark and the link's public id, or by the address that names it. */
static void test_list(void **state)
{
    struct stripe_desk *desk = *state;
    const char *mark = desk->base.call.installation;

    assert_true(listed(desk, endpoint_json(desk, mark, "https://old.example/", STRIPE_VERSION,
                                           "enabled", ""))
                    .ours);
    assert_true(
        listed(desk, endpoint_json(desk, "ffffffff", OUR_URL, STRIPE_VERSION, "enabled", ""))
            .ours);
    assert_false(listed(desk, endpoint_json(desk, "ffffffff", "https://old.example/",
                                            STRIPE_VERSION, "enabled", ""))
                     .ours);
    assert_false(listed(desk, endpoint_json(desk, mark, OUR_URL, "2020-08-27", "enabled", ""))
                     .version_right);
    assert_false(
        listed(desk, endpoint_json(desk, mark, OUR_URL, STRIPE_VERSION, "disabled", "")).enabled);
}

static void test_list_is_no_list(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_order order = order_of();
    struct link_endpoint *endpoints;
    struct link_answer answer;
    size_t count;

    desk_script(desk, 200, JSON_HEADER, "{\"object\":\"list\"}");
    house_ok(stripe_linking.endpoint_list(&desk->base.call, &desk->account, &order, &endpoints,
                                          &count, &answer));
    assert_int_equal(answer.outcome, LINK_UNREACHABLE);
    assert_int_equal(count, 0);
}

static void test_update_and_delete(void **state)
{
    struct stripe_desk *desk = *state;
    struct link_order order = {.url = OUR_URL};
    struct link_endpoint endpoint;
    struct link_answer answer;
    struct str body;

    desk_script(desk, 200, JSON_HEADER,
                endpoint_json(desk, "x", OUR_URL, STRIPE_VERSION, "enabled", ""));
    house_ok(stripe_linking.endpoint_update(&desk->base.call, &desk->account, "we_1", &order,
                                            &endpoint, &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    assert_true(desk_head_has(desk, 0, "POST /v1/webhook_endpoints/we_1 HTTP/1.1\r\n"));
    assert_false(desk_head_has(desk, 0, "Idempotency-Key"));
    body = loopback_body(desk->base.server, 0);
    assert_non_null(memmem(body.data, body.len, "&disabled=false", 15));
    assert_null(memmem(body.data, body.len, "api_version", 11));
    desk_script(desk, 200, JSON_HEADER, "{\"id\":\"we_1\",\"deleted\":true}");
    house_ok(stripe_linking.endpoint_delete(&desk->base.call, &desk->account, "we_1", &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    assert_true(desk_head_has(desk, 1, "DELETE /v1/webhook_endpoints/we_1 HTTP/1.1\r\n"));
    desk_script(desk, 404, JSON_HEADER, "{}");
    house_ok(stripe_linking.endpoint_delete(&desk->base.call, &desk->account, "we_1", &answer));
    assert_int_equal(answer.outcome, LINK_ABSENT);
}

#define DESK_TEST(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, stripe_desk_setup, stripe_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        DESK_TEST(test_identity),
        DESK_TEST(test_identity_refused),
        DESK_TEST(test_restricted),
        DESK_TEST(test_restricted_enough),
        DESK_TEST(test_create),
        DESK_TEST(test_asks_for_what_it_understands),
        DESK_TEST(test_create_without_secret),
        DESK_TEST(test_list),
        DESK_TEST(test_list_is_no_list),
        DESK_TEST(test_update_and_delete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
