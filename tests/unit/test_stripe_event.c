/* What each signed event of Stripe's means. */
#include "support/provider_house.h"

#include <stdlib.h>
#include <string.h>

#include "provider/stripe/internal.h"

#define TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define UNKNOWN "Gdeadbeef-ffffffffffffffffffffffffffffffff"
#define PINNED "2026-10-28.endive"

struct desk {
    struct provider_house base;
    struct provider_account account;
    struct provider_account other; /* of another association */
    struct provider_intent intent;
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
    desk->intent = provider_house_intent(&desk->base, &desk->account, TOKEN, 2500, "EUR", "open");
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

/* ---- what it means ---- */

struct event_plan {
    const char *type, *version, *account, *livemode;
    const char *status, *payment_status, *amount, *currency, *payment_intent;
    const char *intent, *client_reference, *installation;
};

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static const char *session_json(struct desk *desk, const struct event_plan *plan)
{
    return arena_printf(
        desk->base.call.arena,
        "{\"id\":\"cs_test_1\",\"object\":\"checkout.session\",\"livemode\":%s,"
        "\"status\":\"%s\",\"payment_status\":\"%s\",\"amount_total\":%s,\"currency\":\"%s\","
        "\"payment_intent\":%s,\"client_reference_id\":\"%s\",\"created\":1790850000,"
        "\"metadata\":{\"guichet\":\"%s\",\"intent\":\"%s\"},"
        "\"customer_details\":{\"name\":\"Zoé Martin\"}}",
        or_else(plan->livemode, "false"), or_else(plan->status, "complete"),
        or_else(plan->payment_status, "paid"), or_else(plan->amount, "2500"),
        or_else(plan->currency, "eur"), or_else(plan->payment_intent, "\"pi_1\""),
        or_else(plan->client_reference, TOKEN),
        or_else(plan->installation, desk->base.call.installation), or_else(plan->intent, TOKEN));
}

static const char *event_json(struct desk *desk, const struct event_plan *plan)
{
    return arena_printf(
        desk->base.call.arena,
        "{\"id\":\"evt_1\",\"object\":\"event\",\"api_version\":\"%s\",\"created\":1790851111,"
        "%s\"livemode\":%s,\"type\":\"%s\",\"data\":{\"object\":%s}}",
        or_else(plan->version, PINNED), or_else(plan->account, ""),
        or_else(plan->livemode, "false"), or_else(plan->type, "checkout.session.completed"),
        session_json(desk, plan));
}

static struct resolution resolve_raw(struct desk *desk, struct str raw)
{
    struct provider_event event = {.id = 1,
                                   .provider = "stripe",
                                   .association_id = desk->account.association_id,
                                   .provider_account_id = desk->account.id,
                                   .hint = "",
                                   .authentic = true,
                                   .raw = raw,
                                   .received_at = HOUSE_NOW};
    struct resolution resolution;

    house_ok(stripe_resolve_event(&desk->base.call, &event, &resolution));
    assert_true(resolution.authentic);
    assert_int_equal(resolution.association_id, desk->account.association_id);
    assert_int_equal(resolution.provider_account_id, desk->account.id);
    return resolution;
}

static struct resolution resolve(struct desk *desk, const struct event_plan *plan)
{
    return resolve_raw(desk, str_of(event_json(desk, plan)));
}

static void test_paid(void **state)
{
    struct desk *desk = *state;
    struct resolution resolution = resolve(desk, &(struct event_plan){0});
    struct payment_fact fact = resolution.facts[0];

    assert_int_equal(resolution.kind, RESOLUTION_FACTS);
    assert_int_equal(resolution.fact_count, 1);
    assert_string_equal(resolution.external_id, "evt_1");
    assert_int_equal(fact.kind, FACT_CAPTURE);
    assert_int_equal(fact.association_id, desk->account.association_id);
    assert_int_equal(fact.provider_account_id, desk->account.id);
    assert_string_equal(fact.token, TOKEN);
    assert_true(fact.our_mark);
    assert_string_equal(fact.reference, "pi_1");
    assert_int_equal(fact.amount_cents, 2500);
    assert_string_equal(fact.currency, "EUR");
    assert_int_equal(fact.fact_at, 1790851111);
    assert_string_equal(fact.payer, "Zoé Martin");
    assert_string_equal(fact.objects[0], "cs_test_1");
    assert_string_equal(fact.objects[1], "pi_1");
    assert_int_equal(loopback_count(desk->base.server), 0);
}

#define SESSION(what) "checkout.session." what
/* Of another site on the same account. */
#define ELSEWHERE .installation = "00000000", .intent = "m42", .client_reference = "m42"

static void test_types(void **state)
{
    static const struct {
        struct event_plan plan;
        enum fact_kind expected;
    } cases[] = {
        {{.payment_status = "unpaid"}, FACT_PENDING},
        {{.type = SESSION("async_payment_succeeded")}, FACT_CAPTURE},
        {{.type = SESSION("async_payment_failed"), .payment_status = "unpaid"}, FACT_FAILED},
        {{.type = SESSION("expired"),
          .status = "expired",
          .payment_status = "unpaid",
          .payment_intent = "null"},
         FACT_EXPIRED},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution = resolve(desk, &cases[i].plan);

        assert_int_equal(resolution.kind, RESOLUTION_FACTS);
        assert_int_equal(resolution.facts[0].kind, cases[i].expected);
    }
    assert_int_equal(loopback_count(desk->base.server), 0);
}

static void test_outcomes(void **state)
{
    static const struct {
        struct event_plan plan;
        enum event_outcome expected;
    } cases[] = {
        {{.livemode = "true"}, OUTCOME_TEST_MONEY},
        {{.account = "\"account\":\"acct_2\","}, OUTCOME_OTHER_ACCOUNT},
        {{.type = "payment_intent.succeeded"}, OUTCOME_UNSUPPORTED},
        {{.type = SESSION("of_the_future")}, OUTCOME_UNSUPPORTED},
        {{.payment_status = "no_payment_required"}, OUTCOME_NOTED},
        {{ELSEWHERE, .payment_status = "unpaid"}, OUTCOME_NOT_OURS},
        {{ELSEWHERE, .payment_status = "no_payment_required"}, OUTCOME_NOT_OURS},
        {{ELSEWHERE, .type = SESSION("expired")}, OUTCOME_NOT_OURS},
        {{ELSEWHERE, .type = SESSION("async_payment_failed")}, OUTCOME_NOT_OURS},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution = resolve(desk, &cases[i].plan);

        assert_int_equal(resolution.kind, RESOLUTION_OUTCOME);
        assert_int_equal(resolution.outcome, cases[i].expected);
        assert_int_equal(resolution.fact_count, 0);
    }
    assert_int_equal(loopback_count(desk->base.server), 0);
}

/* Its own account named is fine; a live account takes live events only. */
static void test_account_and_mode(void **state)
{
    struct desk *desk = *state;
    struct account_plan live = {
        .provider = "stripe", .external_id = "acct_1", .mode = ACCOUNT_LIVE};
    struct event_plan named = {.account = "\"account\":\"acct_1\","};

    assert_int_equal(resolve(desk, &named).kind, RESOLUTION_FACTS);
    desk->account = provider_house_account(&desk->base, &live);
    assert_int_equal(resolve(desk, &(struct event_plan){0}).outcome, OUTCOME_TEST_MONEY);
}

/* The token in the database comes first, whatever else the metadata say; a mark of ours
 * without intent still is ours. */
static void test_naming(void **state)
{
    static const struct {
        struct event_plan plan;
        const char *token;
        bool our_mark;
    } cases[] = {
        {{.installation = ""}, TOKEN, false},
        {{.installation = "", .intent = ""}, TOKEN, false},
        {{.installation = "", .client_reference = ""}, TOKEN, false},
        {{.intent = UNKNOWN, .client_reference = UNKNOWN}, UNKNOWN, true},
        {{.intent = UNKNOWN}, TOKEN, true},
        {{.intent = "", .client_reference = ""}, "", true},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution = resolve(desk, &cases[i].plan);

        assert_int_equal(resolution.kind, RESOLUTION_FACTS);
        assert_string_equal(resolution.facts[0].token, cases[i].token);
        assert_int_equal(resolution.facts[0].our_mark, cases[i].our_mark);
    }
}

/* An event signed by one association's secret that names another's intent books nothing. */
static void test_other_association(void **state)
{
    struct desk *desk = *state;
    struct resolution resolution;

    desk->account = desk->other;
    resolution = resolve(desk, &(struct event_plan){0});
    assert_int_equal(resolution.kind, RESOLUTION_OUTCOME);
    assert_int_equal(resolution.outcome, OUTCOME_OTHER_ACCOUNT);
    assert_int_equal(resolution.fact_count, 0);
}

/* Nor does one of another account of the same association. */
static void test_other_account(void **state)
{
    struct desk *desk = *state;
    struct account_plan plan = {
        .provider = "stripe", .external_id = "acct_3", .mode = ACCOUNT_TEST};

    desk->account = provider_house_account(&desk->base, &plan);
    assert_int_equal(resolve(desk, &(struct event_plan){0}).outcome, OUTCOME_OTHER_ACCOUNT);
}

/* ---- reading again with our version ---- */

static void script_session(struct desk *desk, const struct event_plan *plan)
{
    loopback_script(desk->base.server, 200, "", str_of(session_json(desk, plan)));
}

/* The body's figures are not believed when its version or its shape is another. */
static void test_refetch(void **state)
{
    static const struct event_plan plans[] = {
        {.version = "2020-08-27", .amount = "1"},
        {.amount = "null"},
        {.amount = "25.5"},
        {.amount = "\"2500\""},
        {.currency = ""},
        {.payment_status = ""},
        {.payment_intent = "null"},
        {.type = SESSION("async_payment_succeeded"), .payment_status = "unpaid"},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct resolution resolution;

        script_session(desk, &(struct event_plan){.amount = "2600", .payment_intent = "\"pi_9\""});
        resolution = resolve(desk, &plans[i]);
        assert_int_equal(resolution.kind, RESOLUTION_FACTS);
        assert_int_equal(resolution.facts[0].kind, FACT_CAPTURE);
        assert_int_equal(resolution.facts[0].amount_cents, 2600);
        assert_string_equal(resolution.facts[0].reference, "pi_9");
        assert_int_equal(resolution.facts[0].fact_at, 1790851111);
    }
    assert_int_equal(loopback_count(desk->base.server), sizeof plans / sizeof plans[0]);
    assert_int_equal(strncmp(loopback_head(desk->base.server, 0).data,
                             "GET /v1/checkout/sessions/cs_test_1?", 36),
                     0);
}

static void test_refetch_troubles(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum resolution_kind kind;
        bool down;
    } cases[] = {
        {500, "", RESOLUTION_RETRY, true},    {401, "", RESOLUTION_RETRY, false},
        {429, "", RESOLUTION_RETRY, false},   {404, "", RESOLUTION_OUTCOME, false},
        {200, "{}", RESOLUTION_RETRY, false}, {LOOPBACK_SILENT, "", RESOLUTION_RETRY, true},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution;

        loopback_script(desk->base.server, cases[i].status, "", str_of(cases[i].body));
        resolution = resolve(desk, &(struct event_plan){.version = "2020-08-27"});
        assert_int_equal(resolution.kind, cases[i].kind);
        assert_int_equal(resolution.provider_down, cases[i].down);
        assert_int_equal(resolution.fact_count, 0);
    }
    script_session(desk, &(struct event_plan){.amount = "null"});
    assert_int_equal(resolve(desk, &(struct event_plan){.version = "x"}).outcome,
                     OUTCOME_UNSUPPORTED);
}

/* ---- money not begun in Guichet ---- */

/* Its payment is told without a mark of ours, whatever the other site wrote there. */
static void test_elsewhere(void **state)
{
    static const struct event_plan plans[] = {
        {ELSEWHERE},
        {.installation = "", .intent = "", .client_reference = ""},
        {.installation = "00000000", .intent = UNKNOWN, .client_reference = UNKNOWN},
        {ELSEWHERE, .type = SESSION("async_payment_succeeded")},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct resolution resolution = resolve(desk, &plans[i]);

        assert_int_equal(resolution.kind, RESOLUTION_FACTS);
        assert_int_equal(resolution.fact_count, 1);
        assert_int_equal(resolution.facts[0].kind, FACT_CAPTURE);
        assert_string_equal(resolution.facts[0].token, "");
        assert_false(resolution.facts[0].our_mark);
        assert_string_equal(resolution.facts[0].reference, "pi_1");
    }
    assert_int_equal(loopback_count(desk->base.server), 0);
}

/* Another site's attempts cost us no call as long as they bring no money. */
static void test_elsewhere_is_not_refetched(void **state)
{
    struct desk *desk = *state;
    struct event_plan plan = {.version = "2020-08-27", ELSEWHERE, .payment_status = "unpaid"};

    assert_int_equal(resolve(desk, &plan).outcome, OUTCOME_NOT_OURS);
    assert_int_equal(loopback_count(desk->base.server), 0);
}

/* ---- */

static void test_unsigned_is_invalid(void **state)
{
    struct desk *desk = *state;
    struct provider_event event = {.raw = str_of("{\"object\":\"event\"}"), .authentic = false};
    struct resolution resolution;

    house_ok(stripe_resolve_event(&desk->base.call, &event, &resolution));
    assert_int_equal(resolution.kind, RESOLUTION_INVALID);
    assert_false(resolution.authentic);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_paid),
        TEST(test_types),
        TEST(test_outcomes),
        TEST(test_account_and_mode),
        TEST(test_naming),
        TEST(test_other_association),
        TEST(test_other_account),
        TEST(test_refetch),
        TEST(test_refetch_troubles),
        TEST(test_elsewhere),
        TEST(test_elsewhere_is_not_refetched),
        TEST(test_unsigned_is_invalid),
    };

    return cmocka_run_group_tests_name("stripe_event", tests, NULL, NULL);
}
