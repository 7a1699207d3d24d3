/* Stripe's notifications at the door: whose secret, which bytes, how old. */
#include "support/provider_house.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "provider/stripe/internal.h"

struct desk {
    struct provider_house base;
    struct provider_account account;
    struct provider_account other; /* of another association */
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    struct account_plan plan = {.provider = "stripe",
                                .external_id = "acct_1",
                                .mode = ACCOUNT_TEST,
                                .api_key = "sk_test_1",
                                .webhook = {"whsec_one", "whsec_two"}};
    struct account_plan other = {.provider = "stripe",
                                 .external_id = "acct_2",
                                 .mode = ACCOUNT_TEST,
                                 .api_key = "sk_test_2",
                                 .webhook = {"whsec_other", NULL}};

    assert_non_null(desk);
    provider_house_open(&desk->base);
    desk->account = provider_house_account(&desk->base, &plan);
    other.association_id = house_add_association(&desk->base.house, "Les Voisins");
    desk->other = provider_house_account(&desk->base, &other);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    provider_house_close(&desk->base);
    free(desk);
    return 0;
}

static const char *sign(struct desk *desk, struct str body, const char *secret, int64_t at)
{
    struct arena *arena = desk->base.call.arena;
    unsigned char digest[HASH_LEN];
    char digits[HASH_HEX_MAX];
    struct buffer text;

    buffer_init(&text, arena, body.len + 32);
    buffer_printf(&text, "%lld.", (long long)at);
    buffer_add_str(&text, body);
    house_ok(hash_hmac_sha256(str_of(secret), buffer_str(&text), digest));
    hash_hex(digest, HASH_LEN, digits);
    return arena_printf(arena, "t=%lld,v1=%s", (long long)at, digits);
}

static struct door_answer knock(struct desk *desk, const char *hint, struct str body,
                                const char *signature)
{
    struct provider_message message = {.hint = hint, .body = body, .signature = str_of(signature)};
    struct door_answer answer;

    house_ok(stripe_receive(&desk->base.call, &message, &answer));
    return answer;
}

#define EVENT "{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"charge.succeeded\"}"

static void test_door_accepts(void **state)
{
    static const char *const secrets[] = {"whsec_one", "whsec_two"};
    struct desk *desk = *state;

    for (size_t i = 0; i < 2; i++) {
        struct door_answer answer = knock(desk, desk->account.public_id, str_of(EVENT),
                                          sign(desk, str_of(EVENT), secrets[i], HOUSE_NOW));

        assert_int_equal(answer.verdict, DOOR_ACCEPTED);
        assert_true(answer.authentic);
        assert_int_equal(answer.association_id, desk->account.association_id);
        assert_int_equal(answer.provider_account_id, desk->account.id);
        assert_string_equal(answer.external_id, "evt_1");
        assert_string_equal(answer.type, "charge.succeeded");
    }
}

/* Only the secrets of the account in the address are tried. */
static void test_door_refuses(void **state)
{
    struct desk *desk = *state;
    const char *own = desk->account.public_id;
    const char *good = sign(desk, str_of(EVENT), "whsec_one", HOUSE_NOW);
    const struct {
        const char *hint;
        const char *body;
        const char *signature;
    } cases[] = {
        {own, EVENT, sign(desk, str_of(EVENT), "whsec_other", HOUSE_NOW)},
        {desk->other.public_id, EVENT, good},
        {"", EVENT, good},
        {"no-such-account", EVENT, good},
        {own, EVENT " ", good},
        {own, EVENT, ""},
        {own, EVENT, NULL},
        {own, EVENT, sign(desk, str_of(EVENT), "whsec_one", HOUSE_NOW - 301)},
        {own, "", sign(desk, str_of(""), "whsec_one", HOUSE_NOW)},
    };

    assert_int_equal(knock(desk, own, str_of(EVENT), good).verdict, DOOR_ACCEPTED);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct door_answer answer =
            knock(desk, cases[i].hint, str_of(cases[i].body), cases[i].signature);

        assert_int_equal(answer.verdict, DOOR_REFUSED);
        assert_false(answer.authentic);
        assert_true(*answer.reason != '\0');
    }
}

/* Signed is signed: odd bodies are kept, and end as unsupported. */
static void test_odd_signed_bodies(void **state)
{
    static const char *const bodies[] = {
        "not json",
        "[]",
        "{}",
        "{\"object\":\"v2.core.event\"}",
        "{\"id\":{},\"type\":[]}",
        "{\"id\":\"a b\",\"type\":\"<script>\",\"object\":\"event\"}",
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct str body = str_of(bodies[i]);
        struct provider_event event = {.association_id = desk->account.association_id,
                                       .provider_account_id = desk->account.id,
                                       .authentic = true,
                                       .raw = body};
        struct resolution resolution;
        struct door_answer answer =
            knock(desk, desk->account.public_id, body, sign(desk, body, "whsec_one", HOUSE_NOW));

        assert_int_equal(answer.verdict, DOOR_ACCEPTED);
        assert_string_equal(answer.external_id, "");
        assert_string_equal(answer.type, "");
        house_ok(stripe_resolve_event(&desk->base.call, &event, &resolution));
        assert_int_equal(resolution.kind, RESOLUTION_OUTCOME);
        assert_int_equal(resolution.outcome, OUTCOME_UNSUPPORTED);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_door_accepts),
        TEST(test_door_refuses),
        TEST(test_odd_signed_bodies),
    };

    return cmocka_run_group_tests_name("stripe_door", tests, NULL, NULL);
}
