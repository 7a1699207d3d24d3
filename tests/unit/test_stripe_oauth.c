/* Associating an account: what goes to connect.stripe.com, and what each of its answers means. */
#include "support/provider_house.h"

#include <stdlib.h>
#include <string.h>

#include "payment/platform.h"
#include "provider/stripe/internal.h"
#include "provider/stripe/stripe.h"

#define PLATFORM_KEY "sk_test_canaryPLATFORM0123456789"
#define CLIENT_ID "ca_canary0123456789"

static enum err set_secrets(struct db *db, void *argument)
{
    static const struct audit_actor nobody = {0, ""};
    const struct provider_house *house = argument;
    enum err err = platform_set_secret(db, house->key, ACCOUNT_TEST, "api_key", 0,
                                       str_of(PLATFORM_KEY), &nobody, HOUSE_NOW);

    return err ? err
               : platform_set_secret(db, house->key, ACCOUNT_TEST, "client_id", 0,
                                     str_of(CLIENT_ID), &nobody, HOUSE_NOW);
}

static int setup(void **state)
{
    struct provider_house *house = calloc(1, sizeof *house);

    assert_non_null(house);
    provider_house_open(house);
    house->settings.stripe_connect_url = loopback_url(house->server);
    house_ok(db_transaction(house->house.db, set_secrets, house));
    *state = house;
    return 0;
}

static int teardown(void **state)
{
    struct provider_house *house = *state;

    provider_house_close(house);
    free(house);
    return 0;
}

static void script(struct provider_house *house, int status, const char *body)
{
    loopback_script(house->server, status, "Content-Type: application/json\r\n", str_of(body));
}

#define TOKEN(livemode, scope)                                                                    \
    "{\"access_token\":\"sk_test_theirs\",\"livemode\":" livemode                                 \
    ",\"refresh_token\":\"rt_1\",\"token_type\":\"bearer\",\"scope\":\"" scope                    \
    "\",\"stripe_publishable_key\":\"pk_test_1\",\"stripe_user_id\":\"acct_1Them\"}"
#define ACCOUNT "{\"id\":\"acct_1Them\",\"object\":\"account\",\"default_currency\":\"eur\"}"

static struct consent_answer exchange(struct provider_house *house)
{
    struct consent_answer answer;

    house_ok(stripe_consent_exchange(&house->call, ACCOUNT_TEST, str_of("ac_1&2"), &answer));
    return answer;
}

static bool head_has(struct provider_house *house, size_t index, const char *text)
{
    struct str head = loopback_head(house->server, index);

    return head.len > 0 && strstr(head.data, text) != NULL;
}

/* ---- the page of consent ---- */

static void test_the_page_is_asked_for_as_documented(void **state)
{
    struct provider_house *house = *state;
    const struct consent_visit visit = {.mode = ACCOUNT_TEST,
                                        .state = "0123",
                                        .return_url = "https://guichet.example/retour",
                                        .email = "a&b@exemple.fr"};
    const struct consent_visit live = {
        .mode = ACCOUNT_LIVE, .state = "0", .return_url = "x", .email = ""};
    const char *url = NULL;

    house_ok(stripe_consent_address(&house->call, &visit, &url));
    assert_string_equal(url + strlen(house->settings.stripe_connect_url),
                        "/oauth/authorize?response_type=code&client_id=" CLIENT_ID
                        "&scope=read_write"
                        "&redirect_uri=https%3A%2F%2Fguichet.example%2Fretour&state=0123"
                        "&stripe_user%5Bemail%5D=a%26b%40exemple.fr");
    assert_int_equal(stripe_consent_address(&house->call, &live, &url), ERR_NOT_FOUND);
    assert_int_equal(loopback_count(house->server), 0);
}

/* ---- the code ---- */

static void test_a_code_gives_the_account_and_its_currency(void **state)
{
    struct provider_house *house = *state;
    struct consent_answer answer;

    script(house, 200, TOKEN("false", "read_write"));
    script(house, 200, ACCOUNT);
    answer = exchange(house);
    assert_int_equal(answer.verdict, CONSENT_GIVEN);
    assert_string_equal(answer.external_id, "acct_1Them");
    assert_string_equal(answer.currency, "eur");
    assert_true(head_has(house, 0, "POST /oauth/token"));
    assert_true(head_has(house, 0, "Authorization: Bearer " PLATFORM_KEY));
    assert_true(
        str_is(loopback_body(house->server, 0), "grant_type=authorization_code&code=ac_1%262"));
    assert_true(head_has(house, 1, "GET /v1/account"));
    assert_true(head_has(house, 1, "Authorization: Bearer " PLATFORM_KEY));
    assert_true(head_has(house, 1, "Stripe-Account: acct_1Them"));
}

static void test_refusals_keep_their_word(void **state)
{
    static const struct {
        int status;
        const char *body, *word;
    } cases[] = {
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"x\"}", "invalid_grant"},
        {401, "{\"error\":\"invalid_client\"}", "invalid_client"},
        {400, "{\"error\":\"Invalid <b>\"}", ""},
        {400, "{\"error\":{\"type\":\"api_error\"}}", ""},
        {404, "<html>", ""},
        {200, TOKEN("true", "read_write"), "wrong_mode"},
        {200, TOKEN("false", "read_only"), "invalid_scope"},
    };
    struct provider_house *house = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct consent_answer answer;

        script(house, cases[i].status, cases[i].body);
        answer = exchange(house);
        assert_int_equal(answer.verdict, CONSENT_REFUSED);
        assert_string_equal(answer.word, cases[i].word);
    }
    assert_int_equal(loopback_count(house->server), sizeof cases / sizeof cases[0]);
}

static void test_what_says_nothing_is_unclear(void **state)
{
    static const struct {
        int status;
        const char *body;
        int account_status; /* 0: not asked for */
        const char *account_body;
    } cases[] = {
        {LOOPBACK_SILENT, "", 0, ""},
        {500, "{\"error\":\"invalid_grant\"}", 0, ""},
        {429, "{\"error\":\"rate_limit\"}", 0, ""},
        {200, "<html>", 0, ""},
        {200, "{}", 0, ""},
        {200, "{\"stripe_user_id\":\"acct_1/../x\",\"livemode\":false}", 0, ""},
        {200, "{\"stripe_user_id\":\"acct_1\",\"livemode\":\"false\"}", 0, ""},
        {302, "", 0, ""},
        {200, TOKEN("false", "read_write"), 503, ""},
        {200, TOKEN("false", "read_write"), 403, "{}"},
        {200, TOKEN("false", "read_write"), LOOPBACK_SILENT, ""},
        {200, TOKEN("false", "read_write"), 200, "{\"id\":\"acct_other\"}"},
    };
    struct provider_house *house = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script(house, cases[i].status, cases[i].body);
        if (cases[i].account_status)
            script(house, cases[i].account_status, cases[i].account_body);
        assert_int_equal(exchange(house).verdict, CONSENT_UNCLEAR);
    }
}

/* ---- the end ---- */

static enum consent_end give_back(struct provider_house *house)
{
    const struct provider_account account = {.provider = "stripe",
                                             .mode = ACCOUNT_TEST,
                                             .external_id = "acct_1Them",
                                             .link_kind = ACCOUNT_CONNECT};
    enum consent_end end;

    house_ok(stripe_consent_give_back(&house->call, &account, &end));
    return end;
}

static void test_the_access_is_given_back(void **state)
{
    struct provider_house *house = *state;

    script(house, 200, "{\"stripe_user_id\":\"acct_1Them\"}");
    assert_int_equal(give_back(house), CONSENT_ENDED);
    assert_true(head_has(house, 0, "POST /oauth/deauthorize"));
    assert_true(str_is(loopback_body(house->server, 0),
                       "client_id=" CLIENT_ID "&stripe_user_id=acct_1Them"));
    script(house, 200, "{\"stripe_user_id\":\"acct_other\"}");
    assert_int_equal(give_back(house), CONSENT_HELD);
    script(house, 503, "");
    assert_int_equal(give_back(house), CONSENT_HELD);
    script(house, LOOPBACK_SILENT, "");
    assert_int_equal(give_back(house), CONSENT_HELD);
}

/* "invalid_client" may mean our own key: only a call for the account says which. */
static void test_an_access_that_is_gone_is_told_from_a_bad_key(void **state)
{
    static const struct {
        int status;
        enum consent_end end;
    } cases[] = {
        {403, CONSENT_ENDED}, {401, CONSENT_HELD}, {200, CONSENT_HELD}, {500, CONSENT_HELD}};
    struct provider_house *house = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        script(house, 401, "{\"error\":\"invalid_client\"}");
        script(house, cases[i].status, cases[i].status == 200 ? ACCOUNT : "{\"error\":{}}");
        assert_int_equal(give_back(house), cases[i].end);
    }
}

/* ---- calls ---- */

static void test_no_call_is_made_for_an_account_whose_consent_has_ended(void **state)
{
    struct provider_house *house = *state;
    const struct provider_account account = {.provider = "stripe",
                                             .mode = ACCOUNT_TEST,
                                             .external_id = "acct_1Them",
                                             .link_kind = ACCOUNT_CONNECT,
                                             .revoked = true};
    const struct stripe_request request = {.method = "GET", .path = "/v1/account"};
    struct stripe_answer answer;

    house_ok(stripe_api_call(&house->call, &account, &request, &answer));
    assert_int_equal(answer.verdict, STRIPE_REFUSED);
    assert_int_equal(loopback_count(house->server), 0);
}

#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_the_page_is_asked_for_as_documented),
        DESK_TEST(test_a_code_gives_the_account_and_its_currency),
        DESK_TEST(test_refusals_keep_their_word),
        DESK_TEST(test_what_says_nothing_is_unclear),
        DESK_TEST(test_the_access_is_given_back),
        DESK_TEST(test_an_access_that_is_gone_is_told_from_a_bad_key),
        DESK_TEST(test_no_call_is_made_for_an_account_whose_consent_has_ended),
    };

    return cmocka_run_group_tests_name("Stripe OAuth", tests, NULL, NULL);
}
