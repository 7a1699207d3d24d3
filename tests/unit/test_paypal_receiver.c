/* Whose money a verified message tells of, and where it is verified. */
#include "support/paypal_desk.h"

#include <string.h>

#include "provider/paypal/internal.h"

/* ---- whose money ---- */

static void test_receivers(void **state)
{
    static const struct meaning cases[] = {
        {{.receiver = "receiver_id=" DESK_MERCHANT "&receiver_email=other%40exemple.fr"},
         FACT(FACT_CAPTURE)},
        {{.receiver = "receiver_id=SOMEBODYELSE1&receiver_email=tresorier%40exemple.fr"},
         OUTCOME(OUTCOME_OTHER_ACCOUNT)},
        {{.receiver = "receiver_email=TRESORIER%40EXEMPLE.FR"}, FACT(FACT_CAPTURE)},
        {{.receiver = "receiver_email=other%40exemple.fr&business=tresorier%40exemple.fr"},
         OUTCOME(OUTCOME_OTHER_ACCOUNT)},
        {{.receiver = "business=tresorier%40exemple.fr"}, FACT(FACT_CAPTURE)},
        {{.receiver = "business=" DESK_MERCHANT}, FACT(FACT_CAPTURE)},
        {{.receiver = "x=y"}, OUTCOME(OUTCOME_OTHER_ACCOUNT)},
    };

    CHECK(cases);
}

/* The intent of one association, the money of another: nothing is booked, to neither. */
static void test_intent_of_another_account(void **state)
{
    struct paypal_desk *desk = *state;
    struct resolution resolution;

    (void)desk_add_account(desk, (struct account_plan){.association_id = house_add_association(
                                                           &desk->base.house, "B"),
                                                       .external_id = "BBBBBBBBBBBBB",
                                                       .mode = ACCOUNT_TEST,
                                                       .verified = true});
    resolution =
        desk_verified(desk, &(struct message_plan){.receiver = "receiver_id=BBBBBBBBBBBBB"});
    assert_int_equal(resolution.kind, RESOLUTION_OUTCOME);
    assert_int_equal(resolution.outcome, OUTCOME_OTHER_ACCOUNT);
    assert_null(resolution.proven_external_id);
}

/* An association that wrote another's address or id into its settings does not get its money:
 * the account that is proven to bear the receiver's id decides alone. */
static void check_borrowed(struct paypal_desk *desk, struct account_plan plan)
{
    struct provider_account borrower;
    struct resolution resolution;

    plan.association_id = house_add_association(&desk->base.house, "B");
    plan.mode = ACCOUNT_TEST;
    borrower = desk_add_account(desk, plan);
    (void)house_add_member(&desk->base.house, plan.association_id, "A", "B", 0);
    (void)provider_house_intent(&desk->base, &borrower, "borrowed", 2500, "EUR", "open");
    resolution = desk_verified(
        desk, &(struct message_plan){.invoice = "borrowed",
                                     .custom = "",
                                     .receiver = "receiver_id=" DESK_MERCHANT
                                                 "&receiver_email=tresorier%40exemple.fr"});
    assert_int_equal(resolution.kind, RESOLUTION_OUTCOME);
    assert_int_equal(resolution.outcome, OUTCOME_OTHER_ACCOUNT);
    assert_int_equal(resolution.association_id, desk->account.association_id);
    assert_null(resolution.proven_external_id);
}

static void test_borrowed_address(void **state)
{
    check_borrowed(*state, (struct account_plan){.email = DESK_EMAIL});
}

static void test_borrowed_id(void **state)
{
    check_borrowed(*state, (struct account_plan){.external_id = DESK_MERCHANT});
}

/* An account known by its address alone learns its id from a message about its intent. */
static void test_learns_merchant_id(void **state)
{
    struct paypal_desk *desk = *state;
    struct provider_account account = desk_add_account(
        desk, (struct account_plan){.email = "autre@exemple.fr", .mode = ACCOUNT_TEST});
    struct message_plan plan = {.invoice = "learn",
                                .custom = "",
                                .receiver =
                                    "receiver_id=CCCCCCCCCCCCC&receiver_email=autre%40exemple.fr"};

    house_execute(&desk->base.house, "UPDATE payment_intent SET state = 'canceled'");
    (void)provider_house_intent(&desk->base, &account, "learn", 2500, "EUR", "open");
    assert_string_equal(desk_verified(desk, &plan).proven_external_id, "CCCCCCCCCCCCC");
    plan.receiver = "receiver_id=autre%40exemple.fr&receiver_email=autre%40exemple.fr";
    assert_null(desk_verified(desk, &plan).proven_external_id);
    plan.receiver = "receiver_id=CCCCCCCCCCCCC&receiver_email=autre%40exemple.fr";
    plan.invoice = "unknown";
    assert_null(desk_verified(desk, &plan).proven_external_id);
}

/* ---- mode ---- */

static void check_asked(struct paypal_desk *desk, size_t index, const char *path)
{
    struct str head = loopback_head(desk->base.server, index);

    assert_true(str_starts(head, arena_printf(desk->base.call.arena, "POST %s ", path)));
}

/* Where the question goes is our configuration's affair, whatever test_ipn says. */
static void test_where_to_ask(void **state)
{
    struct paypal_desk *desk = *state;

    (void)desk_verified(desk, &(struct message_plan){.rest = ""});
    check_asked(desk, 0, "/sandbox/ipn");
    (void)desk_verified(desk, &(struct message_plan){.invoice = "", .custom = "", .rest = ""});
    check_asked(desk, 1, "/sandbox/ipn");
    (void)desk_verified(
        desk, &(struct message_plan){.invoice = "", .custom = "", .receiver = "receiver_id=ZZ"});
    check_asked(desk, 2, "/live/ipn");
    (void)desk_verified(desk, &(struct message_plan){.receiver = "receiver_id=ZZ"});
    check_asked(desk, 3, "/sandbox/ipn");
}

static void test_test_money(void **state)
{
    struct paypal_desk *desk = *state;
    struct provider_account live = desk_add_account(
        desk, (struct account_plan){.external_id = "LLLLLLLLLLLLL", .mode = ACCOUNT_LIVE});
    struct message_plan plan = {
        .invoice = "live", .custom = "", .receiver = "receiver_id=LLLLLLLLLLLLL"};

    house_execute(&desk->base.house, "UPDATE payment_intent SET state = 'canceled'");
    (void)provider_house_intent(&desk->base, &live, "live", 2500, "EUR", "open");
    assert_int_equal(desk_verified(desk, &plan).outcome, OUTCOME_TEST_MONEY);
    plan.rest = "";
    assert_int_equal(desk_verified(desk, &plan).kind, RESOLUTION_FACTS);
    check_asked(desk, 1, "/live/ipn");
    /* Proven by the sandbox for a sandbox account: the missing field changes nothing. */
    assert_int_equal(desk_verified(desk, &(struct message_plan){.rest = ""}).kind,
                     RESOLUTION_FACTS);
    check_asked(desk, 2, "/sandbox/ipn");
}

/* One address, two accounts: what the live host does not know is asked at the sandbox. */
static void test_both_modes(void **state)
{
    struct paypal_desk *desk = *state;
    struct provider_account live =
        desk_add_account(desk, (struct account_plan){.email = DESK_EMAIL, .mode = ACCOUNT_LIVE});
    struct message_plan plan = {
        .invoice = "", .custom = "", .receiver = "receiver_email=tresorier%40exemple.fr"};
    struct resolution resolution;

    desk_answer(desk, "INVALID");
    resolution = desk_verified(desk, &plan);
    check_asked(desk, 0, "/live/ipn");
    check_asked(desk, 1, "/sandbox/ipn");
    assert_int_equal(resolution.provider_account_id, desk->account.id);
    plan.rest = "";
    resolution = desk_verified(desk, &plan);
    assert_int_equal(resolution.provider_account_id, live.id);
    assert_int_equal(loopback_count(desk->base.server), 3);
    desk_answer(desk, "INVALID");
    desk_answer(desk, "INVALID");
    assert_int_equal(desk_resolve(desk, &plan).kind, RESOLUTION_INVALID);
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, paypal_desk_setup, paypal_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_receivers),          TEST(test_intent_of_another_account),
        TEST(test_borrowed_address),   TEST(test_borrowed_id),
        TEST(test_learns_merchant_id), TEST(test_where_to_ask),
        TEST(test_test_money),         TEST(test_both_modes),
    };

    return cmocka_run_group_tests_name("paypal_receiver", tests, NULL, NULL);
}
