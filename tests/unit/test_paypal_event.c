/* PayPal's notifications: the door, and what a verified message means. */
#include "support/paypal_desk.h"

#include <string.h>

#include "provider/paypal/internal.h"

/* ---- the door ---- */

static struct door_answer knock(struct paypal_desk *desk, struct str body)
{
    struct provider_message given = {.hint = "", .body = body};
    struct door_answer result;

    house_ok(paypal_receive(&desk->base.call, &given, &result));
    return result;
}

static void test_door(void **state)
{
    static const struct {
        const char *body;
        const char *external_id, *type, *receiver;
    } cases[] = {
        {"txn_id=6G99&txn_type=web_accept&payment_status=Completed&receiver_id=" DESK_MERCHANT,
         "6G99", "web_accept Completed", DESK_MERCHANT},
        {"txn_id=a+b&payment_status=Refunded&receiver_email=TRESORIER%40Exemple.FR", "",
         "Refunded", DESK_MERCHANT},
        {"txn_type=masspay&receiver_email=a%40b.c", "", "masspay", ""},
        {"business=tresorier%40exemple.fr", "", "", DESK_MERCHANT},
        {"receiver_email=a%40b.c&business=tresorier%40exemple.fr", "", "", ""},
        {"%00%ff=&&&=", "", "", ""},
        {"{\"json\":true}", "", "", ""},
    };
    struct paypal_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct door_answer result = knock(desk, str_of(cases[i].body));

        assert_int_equal(result.verdict, DOOR_ACCEPTED);
        assert_false(result.authentic);
        assert_int_equal(result.association_id, 0);
        assert_string_equal(result.external_id, cases[i].external_id);
        assert_string_equal(result.type, cases[i].type);
        assert_string_equal(result.receiver, cases[i].receiver);
    }
}

static void test_door_sizes(void **state)
{
    struct paypal_desk *desk = *state;
    char *body = arena_alloc(desk->base.call.arena, PAYPAL_IPN_MAX + 1);
    struct provider_message message = {.hint = "", .body = str_from(body, PAYPAL_IPN_MAX + 1)};
    struct door_answer answer;

    memset(body, 'x', PAYPAL_IPN_MAX + 1);
    assert_int_equal(knock(desk, str_of("")).verdict, DOOR_MALFORMED);
    assert_int_equal(knock(desk, str_from(body, PAYPAL_IPN_MAX)).verdict, DOOR_ACCEPTED);
    house_err(paypal_receive(&desk->base.call, &message, &answer), ERR_LIMIT);
}

/* ---- no verdict, no money ---- */

static void test_unverified(void **state)
{
    struct paypal_desk *desk = *state;
    struct resolution resolution;

    desk_answer(desk, "INVALID");
    resolution = desk_resolve(desk, &(struct message_plan){0});
    assert_int_equal(resolution.kind, RESOLUTION_INVALID);
    assert_false(resolution.authentic);
    loopback_script(desk->base.server, 500, "", str_of(""));
    resolution = desk_resolve(desk, &(struct message_plan){0});
    assert_int_equal(resolution.kind, RESOLUTION_RETRY);
    assert_true(resolution.provider_down);
    assert_false(resolution.authentic);
}

/* One that was confirmed before, and put back by an upgrade, is not asked about again. */
static void test_confirmed_before(void **state)
{
    struct paypal_desk *desk = *state;
    struct provider_event event = {.id = 1,
                                   .provider = "paypal",
                                   .hint = "",
                                   .authentic = true,
                                   .association_id = desk->account.association_id,
                                   .provider_account_id = desk->account.id,
                                   .raw = str_of(desk_message(desk, &(struct message_plan){0})),
                                   .received_at = HOUSE_NOW};
    struct resolution resolution;

    house_ok(paypal_resolve_event(&desk->base.call, &event, &resolution));
    assert_int_equal(loopback_count(desk->base.server), 0);
    assert_int_equal(resolution.kind, RESOLUTION_FACTS);
    assert_true(resolution.authentic);
    assert_int_equal(resolution.facts[0].kind, FACT_CAPTURE);
    /* A message that named nobody of ours then stays where it was. */
    event.provider_account_id = event.association_id = 0;
    event.raw = str_of("receiver_id=NOBODY&txn_type=web_accept&payment_status=Completed");
    house_ok(paypal_resolve_event(&desk->base.call, &event, &resolution));
    assert_int_equal(resolution.outcome, OUTCOME_OTHER_ACCOUNT);
    assert_int_equal(loopback_count(desk->base.server), 0);
}

/* ---- a payment ---- */

static void test_completed(void **state)
{
    struct paypal_desk *desk = *state;
    struct resolution resolution = desk_verified(desk, &(struct message_plan){0});
    struct payment_fact fact = resolution.facts[0];

    assert_int_equal(resolution.kind, RESOLUTION_FACTS);
    assert_int_equal(resolution.fact_count, 2);
    assert_true(resolution.authentic);
    assert_int_equal(resolution.association_id, desk->account.association_id);
    assert_int_equal(resolution.provider_account_id, desk->account.id);
    assert_string_equal(resolution.external_id, "6G996328CK404320L");
    assert_string_equal(resolution.type, "web_accept Completed");
    assert_string_equal(resolution.proven_external_id, DESK_MERCHANT);
    assert_int_equal(fact.kind, FACT_CAPTURE);
    assert_int_equal(fact.association_id, desk->account.association_id);
    assert_int_equal(fact.provider_account_id, desk->account.id);
    assert_string_equal(fact.token, DESK_TOKEN);
    assert_string_equal(fact.reference, "6G996328CK404320L");
    assert_int_equal(fact.amount_cents, 2500);
    assert_string_equal(fact.currency, "EUR");
    assert_int_equal(fact.fact_at, 1790834646); /* 1 October, 06:04:06 UTC */
    assert_string_equal(fact.payer, "Jörg Martin");
    assert_int_equal(loopback_count(desk->base.server), 1);
}

static void test_statuses(void **state)
{
    static const struct meaning cases[] = {
        {{.txn_type = "cart"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "express_checkout"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "merch_pmt"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "send_money"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "subscr_payment"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "recurring_payment"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "virtual_terminal"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "pro_hosted"}, FACT(FACT_CAPTURE)},
        {{.txn_type = "masspay"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "masspay", .status = "Refunded"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "payout"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "subscr_signup", .status = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "recurring_payment_failed", .status = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "mp_cancel", .status = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "of_the_future"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "", .status = "Pending"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "", .status = "Denied"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Declined"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Inflight"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Partially_Refunded"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Canceled-Reversal"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "refunded"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "completed"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "COMPLETED"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Completed+"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Pending"}, FACT(FACT_PENDING)},
        {{.status = "Processed"}, FACT(FACT_PENDING)},
        {{.status = "Created"}, FACT(FACT_PENDING)},
        {{.status = "Denied"}, FACT(FACT_FAILED)},
        {{.status = "Failed"}, FACT(FACT_FAILED)},
        {{.status = "Expired"}, FACT(FACT_FAILED)},
        {{.status = "Voided"}, FACT(FACT_FAILED)},
        {{.status = "Pending", .invoice = "", .custom = ""}, OUTCOME(OUTCOME_PENDING)},
        {{.status = "Denied", .invoice = "", .custom = ""}, OUTCOME(OUTCOME_NOTED)},
    };

    CHECK(cases);
}

static void test_amounts(void **state)
{
    static const struct meaning cases[] = {
        {{.gross = "24.99"}, FACT(FACT_CAPTURE)},
        {{.gross = "25"}, FACT(FACT_CAPTURE)},
        {{.gross = "0.00"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = "-25.00"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = "-25.00", .rest = "&parent_txn_id=X&test_ipn=1"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = "25%2C00"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = "25.001"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = "2e1"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.gross = "99999999999999999999"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.currency = "USD"}, FACT(FACT_CAPTURE)},
        {{.currency = "usd"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.currency = "ZZZ"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.currency = ""}, FACT(FACT_CAPTURE)},
    };

    CHECK(cases);
}

static void test_amount_of_fact(void **state)
{
    struct paypal_desk *desk = *state;
    struct payment_fact fact;

    fact = desk_verified(desk, &(struct message_plan){.gross = "24.99"}).facts[0];
    assert_int_equal(fact.amount_cents, 2499);
    fact = desk_verified(desk, &(struct message_plan){.currency = "JPY", .gross = "7"}).facts[0];
    assert_int_equal(fact.amount_cents, 7);
    assert_string_equal(fact.currency, "JPY");
    fact = desk_verified(desk, &(struct message_plan){.currency = ""}).facts[0];
    assert_string_equal(fact.currency, "EUR");
}

/* Invoice first, then custom; a mark of ours without intent still is ours. */
static void test_naming(void **state)
{
    struct paypal_desk *desk = *state;
    const char *unknown =
        arena_printf(desk->base.call.arena, "G%s-%s", desk->base.call.installation,
                     "ffffffffffffffffffffffffffffffff");
    const struct {
        const char *invoice, *custom;
        const char *token;
        bool our_mark;
    } cases[] = {
        {DESK_TOKEN, "", DESK_TOKEN, false},
        {"", DESK_TOKEN, DESK_TOKEN, false},
        {"other", DESK_TOKEN, DESK_TOKEN, false},
        {unknown, DESK_TOKEN, DESK_TOKEN, true},
        {unknown, unknown, unknown, true},
        {"", unknown, unknown, true},
        {DESK_TOKEN "x", "", "", false},
        {DESK_TOKEN "%00", "", "", false},
        {"+" DESK_TOKEN, "", "", false},
        {"", "", "", false},
        {"42", "42", "", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct message_plan plan = {.invoice = cases[i].invoice, .custom = cases[i].custom};
        struct resolution resolution = desk_verified(desk, &plan);

        assert_int_equal(resolution.kind, RESOLUTION_FACTS);
        for (int j = 0; j < resolution.fact_count; j++) {
            assert_string_equal(resolution.facts[j].token, cases[i].token);
            assert_int_equal(resolution.facts[j].our_mark, cases[i].our_mark);
        }
    }
}

static void test_pending_reason(void **state)
{
    struct paypal_desk *desk = *state;
    struct message_plan plan = {.status = "Pending", .rest = "&pending_reason=echeck"};

    assert_string_equal(desk_verified(desk, &plan).facts[0].reason, "echeck");
    assert_string_equal(desk_verified(desk, &plan).facts[0].objects[0], "6G996328CK404320L");
    plan.rest = "&pending_reason=%3Cscript+%3E";
    assert_string_equal(desk_verified(desk, &plan).facts[0].reason, "Pending");
}

/* A date that cannot be read, or lies in the future, is the time of reception. */
static void test_dates(void **state)
{
    static const char *const dates[] = {"N%2FA", "", "23%3A04%3A06+Sep+30%2C+2199+PDT"};
    struct paypal_desk *desk = *state;

    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        const char *raw = arena_printf(desk->base.call.arena, "payment_date=%s&%s", dates[i],
                                       desk_message(desk, &(struct message_plan){0}));

        desk_answer(desk, "VERIFIED");
        assert_int_equal(desk_resolve_raw(desk, raw).facts[0].fact_at, HOUSE_NOW);
    }
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, paypal_desk_setup, paypal_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_door),       TEST(test_door_sizes),
        TEST(test_unverified), TEST(test_confirmed_before),
        TEST(test_completed),  TEST(test_statuses),
        TEST(test_amounts),    TEST(test_amount_of_fact),
        TEST(test_naming),     TEST(test_pending_reason),
        TEST(test_dates),
    };

    return cmocka_run_group_tests_name("paypal_event", tests, NULL, NULL);
}
