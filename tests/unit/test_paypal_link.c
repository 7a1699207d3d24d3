/* Linking a PayPal account by the keys of its REST app, against a scripted PayPal. */
#include "support/order_desk.h"

#include <string.h>

#include "payment/link.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/linking.h"

#define CLIENT "AbCdEfGhIjKlMnOpQrSt-_01"
#define SECRET "EbCdEfGhIjKlMnOpQrSt-_01"
#define WEBHOOK "1JE4291016473214C"

/* ---- keys ---- */

static void keys_have_their_form(void **state)
{
    static const struct {
        const char *secret, *client;
        enum link_outcome expected;
    } cases[] = {
        {SECRET, CLIENT, LINK_DONE},
        {"", CLIENT, LINK_SECRET_EMPTY},
        {SECRET, "", LINK_PUBLISHABLE_EMPTY},
        {CLIENT, SECRET, LINK_SECRET_IS_PUBLISHABLE},
        {CLIENT, CLIENT, LINK_PUBLISHABLE_IS_SECRET},
        {"Eshort", CLIENT, LINK_SECRET_MALFORMED},
        {SECRET, "Ashort", LINK_PUBLISHABLE_MALFORMED},
        {"EbCdEfGhIj KlMnOpQrSt", CLIENT, LINK_SECRET_MALFORMED},
        {"EbCdEfGhIjKlMn\r\nX: y12", CLIENT, LINK_SECRET_MALFORMED},
        {SECRET, "AbCdEfGhIjKlMn:OpQrSt", LINK_PUBLISHABLE_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct link_keys keys = {.secret = str_of(cases[i].secret),
                                 .publishable = str_of(cases[i].client),
                                 .mode = ACCOUNT_TEST};
        enum account_mode mode = ACCOUNT_LIVE;

        assert_int_equal(paypal_keys_check(&keys, &mode), cases[i].expected);
        assert_int_equal(mode, ACCOUNT_TEST);
    }
}

/* ---- whose they are ---- */

static struct link_answer identify(struct order_desk *desk, struct link_identity *identity)
{
    const struct link_keys keys = {
        .secret = str_of(SECRET), .publishable = str_of(CLIENT), .mode = ACCOUNT_TEST};
    struct link_answer answer;

    house_ok(paypal_identify(&desk->base.call, &keys, identity, &answer));
    return answer;
}

static void the_identity_is_read(void **state)
{
    struct order_desk *desk = *state;
    struct link_identity identity;

    order_desk_token(desk);
    order_desk_script(desk, 200,
                      "{\"payer_id\":\"G6R2B9YXADKWW\",\"name\":\"Les Amis\",\"emails\":[{"
                      "\"value\":\"b@c.fr\"},{\"value\":\"a@b.fr\",\"primary\":true}]}");
    assert_int_equal(identify(desk, &identity).outcome, LINK_DONE);
    assert_string_equal(identity.external_id, "G6R2B9YXADKWW");
    assert_string_equal(identity.email, "a@b.fr");
    assert_string_equal(identity.name, "Les Amis");
    assert_int_equal(loopback_count(desk->base.server), 2); /* nothing was made */
}

static void an_order_tells_its_payee(void **state)
{
    struct order_desk *desk = *state;
    struct link_identity identity;

    order_desk_token(desk);
    order_desk_refuse(desk, 403, "NOT_AUTHORIZED");
    order_desk_token(desk); /* pasted keys are not kept */
    order_desk_order(desk, &(struct order_plan){.http_status = 201, .status = "CREATED"});
    assert_int_equal(identify(desk, &identity).outcome, LINK_DONE);
    assert_string_equal(identity.external_id, ORDER_DESK_MERCHANT);
    assert_string_equal(identity.email, "a@exemple.fr");
}

static void unknown_keys_are_told(void **state)
{
    struct order_desk *desk = *state;
    struct link_identity identity;
    struct link_answer answer;

    order_desk_script(desk, 401, "{\"error\":\"invalid_client\"}");
    answer = identify(desk, &identity);
    assert_int_equal(answer.outcome, LINK_KEY_UNKNOWN);
    assert_null(strstr(answer.reason, SECRET));
    order_desk_script(desk, 503, "");
    answer = identify(desk, &identity);
    assert_int_equal(answer.outcome, LINK_UNREACHABLE);
    assert_true(answer.provider_down);
    order_desk_token(desk);
    order_desk_refuse(desk, 403, "NOT_AUTHORIZED");
    order_desk_token(desk);
    order_desk_refuse(desk, 403, "PERMISSION_DENIED");
    assert_int_equal(identify(desk, &identity).outcome, LINK_KEY_LACKS);
}

/* ---- its webhook ---- */

static const char *url_of(struct order_desk *desk)
{
    return link_notify_url(&desk->base.call, &desk->account);
}

static const char *webhook_json(struct order_desk *desk, const char *id, const char *url,
                                bool whole)
{
    return arena_printf(desk->base.call.arena,
                        "{\"id\":\"%s\",\"url\":\"%s\",\"event_types\":[{\"name\":\"%s\"}]}", id,
                        url, whole ? "*" : "PAYMENT.CAPTURE.COMPLETED");
}

static void a_webhook_is_made(void **state)
{
    struct order_desk *desk = *state;
    struct link_order order = {.url = url_of(desk), .idempotency_key = "key-1"};
    struct link_endpoint endpoint;
    struct link_answer answer;

    order_desk_token(desk);
    order_desk_script(desk, 201, webhook_json(desk, WEBHOOK, order.url, true));
    house_ok(paypal_linking.endpoint_create(&desk->base.call, &desk->account, &order, &endpoint,
                                            &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    assert_string_equal(endpoint.id, WEBHOOK);
    assert_true(str_is(endpoint.secret, WEBHOOK));
    assert_true(endpoint.ours && endpoint.url_right && endpoint.events_enough);
    assert_false(endpoint.events_right); /* all of them are more than we need */
    assert_true(order_desk_has(desk, 1, "POST /sandbox/v1/notifications/webhooks HTTP"));
    assert_non_null(strstr(loopback_body(desk->base.server, 1).data,
                           "{\"name\":\"CHECKOUT.ORDER.APPROVED\"}"));
}

/* The answer that told of it was lost: PayPal does not make it twice. */
static void one_that_stands_there_is_found(void **state)
{
    struct order_desk *desk = *state;
    struct link_order order = {.url = url_of(desk)};
    struct link_endpoint endpoint;
    struct link_answer answer;

    order_desk_token(desk);
    order_desk_script(desk, 400, "{\"name\":\"WEBHOOK_URL_ALREADY_EXISTS\"}");
    order_desk_script(desk, 200,
                      arena_printf(desk->base.call.arena, "{\"webhooks\":[%s,%s]}",
                                   webhook_json(desk, "OTHER", "https://elsewhere.example/", true),
                                   webhook_json(desk, WEBHOOK, order.url, false)));
    order_desk_script(desk, 200, webhook_json(desk, WEBHOOK, order.url, false));
    order_desk_script(desk, 200, webhook_json(desk, WEBHOOK, order.url, true));
    house_ok(paypal_linking.endpoint_create(&desk->base.call, &desk->account, &order, &endpoint,
                                            &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    assert_string_equal(endpoint.id, WEBHOOK);
    assert_true(
        order_desk_has(desk, 4, "PATCH /sandbox/v1/notifications/webhooks/" WEBHOOK " HTTP"));
    assert_non_null(strstr(loopback_body(desk->base.server, 4).data, "\"/event_types\""));
    assert_null(strstr(loopback_body(desk->base.server, 4).data, "\"/url\""));
    order_desk_script(desk, 400, "{\"name\":\"WEBHOOK_NUMBER_LIMIT_EXCEEDED\"}");
    house_ok(paypal_linking.endpoint_create(&desk->base.call, &desk->account, &order, &endpoint,
                                            &answer));
    assert_int_equal(answer.outcome, LINK_REFUSED);
}

static void ours_bears_the_accounts_name(void **state)
{
    struct order_desk *desk = *state;
    struct arena *arena = desk->base.call.arena;
    struct link_order order = {.url = url_of(desk)};
    struct link_endpoint *endpoints;
    struct link_answer answer;
    size_t count;

    order_desk_token(desk);
    order_desk_script(
        desk, 200,
        arena_printf(arena, "{\"webhooks\":[%s,%s,%s]}", webhook_json(desk, "A1", order.url, true),
                     webhook_json(desk, "B2",
                                  arena_printf(arena,
                                               "https://old.example/action_manager.php?event="
                                               "paypal&a=%s",
                                               desk->account.public_id),
                                  true),
                     webhook_json(desk, "C3", "https://other.example/?a=x", true)));
    house_ok(paypal_linking.endpoint_list(&desk->base.call, &desk->account, &order, &endpoints,
                                          &count, &answer));
    assert_int_equal(count, 3);
    assert_true(endpoints[0].ours && endpoints[0].url_right);
    assert_true(endpoints[1].ours && !endpoints[1].url_right);
    assert_false(endpoints[2].ours);
    order_desk_script(desk, 204, "");
    house_ok(paypal_linking.endpoint_delete(&desk->base.call, &desk->account, "B2", &answer));
    assert_int_equal(answer.outcome, LINK_DONE);
    order_desk_refuse(desk, 404, "INVALID_RESOURCE_ID");
    house_ok(paypal_linking.endpoint_delete(&desk->base.call, &desk->account, "B2", &answer));
    assert_int_equal(answer.outcome, LINK_ABSENT);
}

/* ---- in the books: what an account without keys becomes ---- */

struct linking {
    struct link_account_draft draft;
    struct arena *arena;
    enum link_outcome outcome;
    struct provider_account account;
};

static enum err link_it(struct db *db, void *argument)
{
    struct linking *linking = argument;

    return link_account(db, &linking->draft, linking->arena, &linking->outcome, &linking->account);
}

static struct linking linked(struct order_desk *desk, const char *merchant, const char *email)
{
    struct linking linking = {.arena = desk->base.call.arena,
                              .draft = {.association_id = desk->account.association_id,
                                        .provider = "paypal",
                                        .mode = ACCOUNT_TEST,
                                        .link_kind = ACCOUNT_KEYS,
                                        .external_id = merchant,
                                        .email = email,
                                        .publishable_key = CLIENT,
                                        .label = "PayPal",
                                        .transit_account = "5172",
                                        .since_day = "2026-09-01",
                                        .new_id = 424242,
                                        .new_public_id = "newpublicid",
                                        .now = HOUSE_NOW}};

    house_ok(db_transaction(desk->base.house.db, link_it, &linking));
    return linking;
}

/* The row stays, and with it every payment in flight. */
static void the_account_keeps_its_row(void **state)
{
    struct order_desk *desk = *state;
    struct linking linking = linked(desk, ORDER_DESK_MERCHANT, "other@exemple.fr");

    assert_int_equal(linking.outcome, LINK_DONE);
    assert_int_equal(linking.account.id, desk->account.id);
    assert_string_equal(linking.account.client_id, CLIENT);
    assert_int_equal(house_count(&desk->base.house, "SELECT rest_since FROM provider_account "
                                                    "WHERE provider = 'paypal'"),
                     HOUSE_NOW);
}

static void an_address_becomes_an_account(void **state)
{
    struct order_desk *desk = *state;
    struct linking linking;

    house_execute(&desk->base.house,
                  "UPDATE provider_account SET external_id = NULL, verified_at = NULL, "
                  "email_folded = 'tresorier@exemple.fr' WHERE provider = 'paypal'");
    linking = linked(desk, "AAAAAAAAAAAAA", "another@exemple.fr");
    assert_int_equal(linking.outcome, LINK_ATTEMPTS_OPEN); /* one is under way with that address */
    linking = linked(desk, ORDER_DESK_MERCHANT, "TRESORIER@exemple.fr");
    assert_int_equal(linking.outcome, LINK_DONE);
    assert_int_equal(linking.account.id, desk->account.id);
    assert_string_equal(linking.account.external_id, ORDER_DESK_MERCHANT);
    assert_true(linking.account.verified);
}

/* ---- looking at it ---- */

static bool has_finding(const struct findings *findings, enum finding_key key)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].key == key)
            return true;
    return false;
}

static void it_is_examined(void **state)
{
    struct order_desk *desk = *state;
    struct findings findings;

    findings_init(&findings, desk->base.call.arena);
    order_desk_script(desk, 200, "INVALID");
    order_desk_token(desk);
    order_desk_script(desk, 200, "{\"webhooks\":[]}");
    house_ok(paypal_examine(&desk->base.call, NULL, &desk->account, &findings));
    assert_true(has_finding(&findings, FINDING_KEYS_VALID));
    assert_true(has_finding(&findings, FINDING_ENDPOINT_MISSING));
    findings_init(&findings, desk->base.call.arena);
    order_desk_script(desk, 200, "INVALID");
    order_desk_script(desk, 401, "{}");
    order_desk_script(desk, 401, "{\"error\":\"invalid_client\"}");
    house_ok(paypal_examine(&desk->base.call, NULL, &desk->account, &findings));
    assert_true(has_finding(&findings, FINDING_KEYS_UNKNOWN));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, order_desk_setup, order_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keys_have_their_form),
        CASE(the_identity_is_read),
        CASE(an_order_tells_its_payee),
        CASE(unknown_keys_are_told),
        CASE(a_webhook_is_made),
        CASE(one_that_stands_there_is_found),
        CASE(ours_bears_the_accounts_name),
        CASE(the_account_keeps_its_row),
        CASE(an_address_becomes_an_account),
        CASE(it_is_examined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
