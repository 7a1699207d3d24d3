/* Linking an account by its keys: whatever fails at whichever call, the next try repairs. */
#include "support/link_desk.h"

#include <string.h>

#include "base/clock.h"

static int64_t audit_rows(struct link_desk *desk, const char *action)
{
    return house_count(&desk->house->house,
                       "SELECT COUNT(*) FROM audit WHERE association_id = %lld AND action = '%s'",
                       (long long)desk->association_id, action);
}

static struct link_endpoints known_of(struct link_desk *desk)
{
    struct provider_account account = desk_account(desk);
    struct link_endpoints known;

    house_ok(link_endpoints_read(desk->house->reader, account.association_id, account.id,
                                 desk->house->house.arena, &known));
    return known;
}

/* ---- keys ---- */

static void test_keys_are_linked(void **state)
{
    struct link_desk *desk = *state;
    struct link_result result = desk_keys(desk, desk->association_id, "acct_own");
    struct provider_account account;

    assert_int_equal(result.outcome, LINK_DONE);
    assert_true(result.keys_kept);
    account = desk_account(desk);
    assert_int_equal(result.account_id, account.id);
    assert_true(account.verified);
    assert_string_equal(account.external_id, "acct_own");
    assert_int_equal(account.key_version, 2);
    assert_true(desk_whole(desk));
    assert_int_equal(audit_rows(desk, "provider_account.linked"), 1);
    assert_int_equal(audit_rows(desk, "endpoint.created"), 1);
    assert_int_equal(house_count(&desk->house->house,
                                 "SELECT COUNT(*) FROM secret WHERE name = 'api_key'"
                                 " AND ending = '6789'"),
                     1);
}

static void test_new_keys_of_the_same_account(void **state)
{
    struct link_desk *desk = *state;

    desk_keys(desk, desk->association_id, "acct_own");
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_own").outcome, LINK_DONE);
    assert_int_equal(desk_account(desk).key_version, 3);
    assert_int_equal(desk->endpoint_count, 1);
    assert_true(desk_whole(desk));
}

/* An account that serves one association cannot serve another, also when it is unlinked. */
static void test_taken(void **state)
{
    struct link_desk *desk = *state;
    struct link_result result = desk_keys(desk, desk->association_id, "acct_a");

    assert_int_equal(result.outcome, LINK_TAKEN);
    assert_false(result.keys_kept);
    assert_int_equal(desk->endpoint_count, 0);
    house_execute(&desk->house->house, "UPDATE provider_account SET unlinked_at = 1");
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_a").outcome, LINK_TAKEN);
}

static void test_refused_before_anything_is_stored(void **state)
{
    static const enum link_outcome outcomes[] = {LINK_KEY_UNKNOWN, LINK_KEY_REVOKED,
                                                 LINK_KEY_LACKS, LINK_REFUSED, LINK_UNREACHABLE};
    struct link_desk *desk = *state;

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        desk->identify = outcomes[i];
        assert_int_equal(desk_keys(desk, desk->association_id, "acct_own").outcome, outcomes[i]);
    }
    desk->identify = LINK_DONE;
    desk->identity.currency = "CHF";
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_own").outcome,
                     LINK_OTHER_CURRENCY);
    assert_int_equal(house_count(&desk->house->house,
                                 "SELECT COUNT(*) FROM provider_account"
                                 " WHERE association_id = %lld AND provider <> 'manual'",
                                 (long long)desk->association_id),
                     0);
}

/* Another account takes over only when nothing is under way with the present one. */
static void test_other_account(void **state)
{
    struct link_desk *desk = *state;
    struct provider_account first;

    desk_keys(desk, desk->association_id, "acct_own");
    first = desk_account(desk);
    house_execute(
        &desk->house->house,
        "INSERT INTO payment_intent (association_id, id, member_id, provider_account_id,"
        " key_version, token, form_token, amount_cents, currency, state, request,"
        " idempotency_key, expires_at, created_by, created_at, updated_at) VALUES"
        " (%lld, 5, %lld, %lld, 1, 't', 'f', 100, 'EUR', 'processing', '', 'k', 1,"
        " %lld, 1, 1)",
        (long long)desk->association_id,
        (long long)house_add_member(&desk->house->house, desk->association_id, "A", "B", 0),
        (long long)first.id, (long long)desk->house->house.login_id);
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_new").outcome,
                     LINK_ATTEMPTS_OPEN);
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_own").outcome, LINK_DONE);
    house_execute(&desk->house->house, "UPDATE payment_intent SET state = 'failed' WHERE id = 5");
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_new").outcome, LINK_DONE);
    assert_string_equal(desk_account(desk).external_id, "acct_new");
    /* The first account comes back as the row it was. */
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_own").outcome, LINK_DONE);
    assert_int_equal(desk_account(desk).id, first.id);
    assert_true(desk_account(desk).verified);
}

/* ---- failures ---- */

/* Each fault at each call of an operation: it ends in a state, and a repair without faults
 * leaves exactly one endpoint whose secret is known. */
static void fail_everywhere(struct link_desk *desk, desk_operation *operation, int first_call)
{
    for (int call = first_call; call <= 4; call++)
        for (enum desk_fault fault = DESK_LOST_BEFORE; fault < DESK_FAULTS; fault++) {
            struct link_result result;

            desk->fault_call = call;
            desk->fault = fault;
            result = operation ? desk_run(desk, operation)
                               : desk_keys(desk, desk->association_id, "acct_own");
            if (result.outcome != LINK_DONE && desk->calls < call)
                print_error("call %d was not made\n", call);
            desk->fault_call = 0;
            assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
            if (!desk_whole(desk))
                print_error("call %d, fault %d\n", call, (int)fault);
            assert_true(desk_whole(desk));
            if (known_of(desk).has[ENDPOINT_RETIRING])
                assert_int_equal(desk_run(desk, link_rotation_end).outcome, LINK_DONE);
            assert_int_equal(desk_standing(desk), 1);
            desk->endpoint_count = 0; /* as if somebody had deleted it there */
        }
}

static void test_failures_of_the_creation(void **state)
{
    fail_everywhere(*state, NULL, 2); /* the first call asks whose keys they are */
}

static void test_failures_of_a_rotation(void **state)
{
    struct link_desk *desk = *state;

    desk_keys(desk, desk->association_id, "acct_own");
    fail_everywhere(desk, link_rotate, 1);
}

static void test_two_failures_in_a_row(void **state)
{
    struct link_desk *desk = *state;

    desk_keys(desk, desk->association_id, "acct_own");
    for (enum desk_fault first = DESK_LOST_BEFORE; first < DESK_FAULTS; first++)
        for (enum desk_fault second = DESK_LOST_BEFORE; second < DESK_FAULTS; second++)
            for (int call = 1; call <= 3; call++) {
                desk->endpoint_count = 0;
                desk->fault = first;
                desk->fault_call = 2; /* the creation */
                desk_run(desk, link_repair);
                desk->fault = second;
                desk->fault_call = call;
                desk_run(desk, link_repair);
                desk->fault_call = 0;
                assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
                assert_true(desk_whole(desk));
                assert_int_equal(desk_standing(desk), 1);
            }
}

/* What the page shows between a failure and the next try. */
static void test_the_state_is_told(void **state)
{
    struct link_desk *desk = *state;
    struct link_result result;

    desk->fault_call = 3;
    desk->fault = DESK_LOST_AFTER;
    result = desk_keys(desk, desk->association_id, "acct_own");
    assert_int_equal(result.outcome, LINK_UNREACHABLE);
    assert_true(result.keys_kept);
    assert_true(known_of(desk).has[ENDPOINT_PLANNED]);
    assert_string_equal(known_of(desk).rows[ENDPOINT_PLANNED].reason, "unreachable");
    assert_int_equal(audit_rows(desk, "endpoint.created"), 0);
}

static void test_one_operation_at_a_time(void **state)
{
    struct link_desk *desk = *state;

    desk_keys(desk, desk->association_id, "acct_own");
    house_execute(&desk->house->house,
                  "UPDATE provider_account SET link_lease_until = %lld WHERE external_id ="
                  " 'acct_own'",
                  (long long)clock_now() + 60);
    assert_int_equal(desk_run(desk, link_repair).outcome, LINK_BUSY);
    assert_int_equal(desk_keys(desk, desk->association_id, "acct_own").outcome, LINK_BUSY);
    assert_int_equal(desk_account(desk).key_version, 2);
}

/* ---- repairing ---- */

static void test_repair(void **state)
{
    struct link_desk *desk = *state;
    struct desk_endpoint *kept = &desk->endpoints[0];

    desk_keys(desk, desk->association_id, "acct_own");
    assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
    assert_int_equal(desk->calls, 1);
    kept->url_right = false;
    desk_run(desk, link_repair);
    kept->enabled = false;
    desk_run(desk, link_repair);
    kept->events_right = false;
    desk_run(desk, link_repair);
    assert_true(desk_whole(desk));
    assert_int_equal(desk->endpoint_count, 1);
    assert_int_equal(audit_rows(desk, "endpoint.corrected"), 3);

    kept->there = false;
    assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
    assert_true(desk_whole(desk));
    assert_int_equal(desk_standing(desk), 1);
}

static void test_repair_of_an_old_version(void **state)
{
    struct link_desk *desk = *state;

    desk_keys(desk, desk->association_id, "acct_own");
    desk->endpoints[0].version_right = false;
    assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
    assert_true(desk_whole(desk));
    assert_true(known_of(desk).has[ENDPOINT_RETIRING]);
    /* Once more while two are there: the first makes room at once. */
    desk->endpoints[1].version_right = false;
    assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
    assert_true(desk_whole(desk));
    assert_false(desk->endpoints[0].there);
}

/* One of another system at the same account is never touched. */
static void test_foreign_endpoints_stay(void **state)
{
    struct link_desk *desk = *state;

    desk->endpoints[0] = (struct desk_endpoint){.there = true, .id = "we_foreign"};
    desk->endpoint_count = 1;
    desk_keys(desk, desk->association_id, "acct_own");
    desk_run(desk, link_rotate);
    desk_run(desk, link_rotation_end);
    assert_true(desk->endpoints[0].there);
    assert_true(desk_whole(desk));
}

/* An account linked by the command line, with an endpoint made by hand, goes on with it. */
static void test_made_by_hand(void **state)
{
    struct link_desk *desk = *state;
    struct provider_account account =
        kernel_add_stripe(&desk->house->house, desk->association_id, "hand");
    const struct audit_actor nobody = {.address = ""};

    house_ok(account_set_secret(desk->house->house.db, desk->key, &account, "webhook", 0,
                                str_of("whsec_by_hand"), &nobody, 1));
    desk->endpoints[0] = (struct desk_endpoint){.there = true,
                                                .ours = true,
                                                .url_right = true,
                                                .version_right = true,
                                                .id = "we_hand",
                                                .secret = "whsec_by_hand"};
    desk->endpoint_count = 1;
    assert_int_equal(desk_run(desk, link_repair).outcome, LINK_DONE);
    assert_true(desk_whole(desk));
    assert_int_equal(desk->endpoint_count, 1);
    assert_int_equal(audit_rows(desk, "endpoint.adopted"), 1);
}

/* ---- rotation ---- */

struct claiming {
    int64_t now;
    struct claim claims[4];
    size_t count;
};

static enum err claim_due(struct db *db, void *argument)
{
    struct claiming *claiming = argument;

    return link_claim_due(db, "stripe", claiming->now, claiming->claims, 4, &claiming->count);
}

static size_t secrets_accepted(struct link_desk *desk, int64_t now)
{
    struct provider_account account = desk_account(desk);
    struct str plains[2];
    size_t count;

    house_ok(account_webhook_secrets(desk->house->reader, desk->key, &account, now,
                                     desk->house->house.arena, plains, &count));
    return count;
}

static void work_due(struct link_desk *desk, int64_t now, size_t expected)
{
    struct claiming claiming = {.now = now};
    bool down, due;

    house_ok(link_any_due(desk->house->reader, now, &due));
    assert_int_equal(due, expected > 0);
    house_ok(db_write(desk->house->writer, claim_due, &claiming));
    assert_int_equal(claiming.count, expected);
    desk->calls = 0;
    for (size_t i = 0; i < claiming.count; i++)
        house_ok(payment_work_endpoint(&desk->service, &desk->call, &claiming.claims[i], &down));
}

static void test_rotation(void **state)
{
    struct link_desk *desk = *state;
    int64_t ends_at;

    desk_keys(desk, desk->association_id, "acct_own");
    assert_int_equal(desk_run(desk, link_rotate).outcome, LINK_DONE);
    assert_true(desk_whole(desk));
    ends_at = known_of(desk).rows[ENDPOINT_RETIRING].retire_at;
    assert_in_range(ends_at - clock_now(), LINK_OVERLAP_S - 5, LINK_OVERLAP_S);
    assert_int_equal(secrets_accepted(desk, ends_at - 1), 2);
    assert_int_equal(secrets_accepted(desk, ends_at), 1);
    assert_int_equal(desk_run(desk, link_rotate).outcome, LINK_ROTATING);
    work_due(desk, ends_at - 1, 0);

    /* The provider is away at first; the job tries again. */
    desk->fault_call = 1;
    desk->fault = DESK_LOST_BEFORE;
    work_due(desk, ends_at, 1);
    assert_string_equal(known_of(desk).rows[ENDPOINT_RETIRING].reason, "unreachable");
    assert_int_equal(desk_standing(desk), 2);
    desk->fault_call = 0;
    house_execute(&desk->house->house,
                  "UPDATE provider_endpoint SET next_at = %lld"
                  " WHERE state = 'retiring'",
                  (long long)ends_at);
    work_due(desk, ends_at, 1);
    assert_false(known_of(desk).has[ENDPOINT_RETIRING]);
    assert_false(desk->endpoints[0].there);
    assert_true(desk_whole(desk));
    assert_int_equal(
        house_count(&desk->house->house, "SELECT COUNT(*) FROM secret WHERE name = 'webhook'"), 1);
    /* And round again, into the place that became free. */
    assert_int_equal(desk_run(desk, link_rotate).outcome, LINK_DONE);
    assert_true(desk_whole(desk));
}

static void test_rotation_ends_at_once(void **state)
{
    struct link_desk *desk = *state;

    desk_keys(desk, desk->association_id, "acct_own");
    desk_run(desk, link_rotate);
    desk->fault_call = 1;
    desk->fault = DESK_LOST_AFTER;
    assert_int_equal(desk_run(desk, link_rotation_end).outcome, LINK_UNREACHABLE);
    assert_int_equal(secrets_accepted(desk, clock_now()), 1);
    desk->fault_call = 0;
    work_due(desk, clock_now(), 1); /* it is gone already: good */
    assert_true(desk_whole(desk));
    assert_int_equal(audit_rows(desk, "endpoint.rotation_ended"), 1);
    assert_int_equal(audit_rows(desk, "endpoint.gone"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(test_keys_are_linked),
        LINK_TEST(test_new_keys_of_the_same_account),
        LINK_TEST(test_taken),
        LINK_TEST(test_refused_before_anything_is_stored),
        LINK_TEST(test_other_account),
        LINK_TEST(test_failures_of_the_creation),
        LINK_TEST(test_failures_of_a_rotation),
        LINK_TEST(test_two_failures_in_a_row),
        LINK_TEST(test_the_state_is_told),
        LINK_TEST(test_one_operation_at_a_time),
        LINK_TEST(test_repair),
        LINK_TEST(test_repair_of_an_old_version),
        LINK_TEST(test_foreign_endpoints_stay),
        LINK_TEST(test_made_by_hand),
        LINK_TEST(test_rotation),
        LINK_TEST(test_rotation_ends_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
