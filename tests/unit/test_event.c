/* The inbox: stored first, claimed with a lease, ended with an outcome, never lost. */
#include "support/kernel.h"

#include "base/random.h"

#include <string.h>

struct delivery {
    struct provider_message message;
    struct door_answer door;
    struct event_draft draft;
};

static enum err add(struct db *db, void *argument)
{
    struct delivery *delivery = argument;

    return event_add(db, &delivery->draft);
}

static enum err deliver_as(struct house *house, const char *source, const char *receiver,
                           bool authentic, int leased, int64_t *id)
{
    struct delivery delivery = {
        .message = {.hint = "", .body = str_of("a=b"), .source_address = str_of(source)},
        .door = {.authentic = authentic, .receiver = receiver},
    };

    house_ok(random_id(id));
    delivery.draft = (struct event_draft){.id = *id,
                                          .provider = "paypal",
                                          .message = &delivery.message,
                                          .door = &delivery.door,
                                          .now = HOUSE_NOW,
                                          .leased = leased};
    return db_transaction(house->db, add, &delivery);
}

static enum err try_deliver(struct house *house, const char *source, const char *receiver,
                            bool authentic, int64_t *id)
{
    return deliver_as(house, source, receiver, authentic, 0, id);
}

static int64_t deliver(struct house *house)
{
    int64_t id;

    house_ok(try_deliver(house, "192.0.2.1", "", false, &id));
    return id;
}

/* What proves a message is kept as it came, whatever its bytes are. */
static void keeps_the_headers(void **state)
{
    struct house *house = *state;
    struct delivery delivery = {
        .message = {.hint = "",
                    .body = str_of("{}"),
                    .source_address = str_of("192.0.2.1"),
                    .headers = str_of("HTTP_PAYPAL_TRANSMISSION_ID: a-1\nHTTP_B: x y\n")},
        .door = {.receiver = "M"},
    };
    struct provider_event event;
    int64_t bare = deliver(house);

    delivery.draft = (struct event_draft){.id = bare + 1,
                                          .provider = "paypal",
                                          .message = &delivery.message,
                                          .door = &delivery.door,
                                          .now = HOUSE_NOW};
    house_ok(db_transaction(house->db, add, &delivery));
    house_ok(event_find(house->db, bare + 1, house->arena, &event));
    assert_true(str_equal(event.headers, delivery.message.headers));
    house_ok(event_find(house->db, bare, house->arena, &event));
    assert_true(str_empty(event.headers));
}

struct claiming {
    int64_t now;
    struct claim claims[16];
    size_t count;
};

static enum err claim(struct db *db, void *argument)
{
    struct claiming *claiming = argument;

    return event_claim(db, "paypal", claiming->now, claiming->claims, 8, &claiming->count);
}

static struct claiming claim_at(struct house *house, int64_t now)
{
    struct claiming claiming = {.now = now};

    house_ok(db_transaction(house->db, claim, &claiming));
    return claiming;
}

struct finishing {
    struct claim claim;
    struct resolution resolution;
    int64_t now;
    struct arena *arena;
    enum event_outcome outcome;
};

static enum err finish(struct db *db, void *argument)
{
    struct finishing *finishing = argument;

    return event_finish(db, &finishing->claim, &finishing->resolution, finishing->now,
                        finishing->arena, &finishing->outcome);
}

static enum event_outcome finish_at(struct house *house, struct claim claim,
                                    struct resolution resolution, int64_t now)
{
    struct finishing finishing = {
        .claim = claim, .resolution = resolution, .now = now, .arena = house->arena};

    house_ok(db_transaction(house->db, finish, &finishing));
    return finishing.outcome;
}

static void a_claim_holds_alone(void **state)
{
    struct house *house = *state;
    int64_t id = deliver(house);
    struct claiming first = claim_at(house, HOUSE_NOW);

    assert_int_equal(first.count, 1);
    assert_true(first.claims[0].id == id);
    assert_int_equal(claim_at(house, HOUSE_NOW + 59).count, 0);
    assert_int_equal(claim_at(house, HOUSE_NOW + 61).count, 1);
}

static void a_clock_that_went_back_frees_the_lease(void **state)
{
    struct house *house = *state;

    bool due = false;

    deliver(house);
    house_execute(house, "UPDATE provider_event SET next_at = 0");
    assert_int_equal(claim_at(house, HOUSE_NOW).count, 1);
    house_ok(event_any_due(house->db, "paypal", HOUSE_NOW, &due));
    assert_false(due);
    house_ok(event_any_due(house->db, "paypal", HOUSE_NOW - 3600, &due));
    assert_true(due);
    assert_int_equal(claim_at(house, HOUSE_NOW - 3600).count, 1);
}

/* A claim that nobody worked on, because the provider was down or the server stopped, is no
 * crash: however often it happens, the message is not parked. */
static void a_claim_given_back_is_no_crash(void **state)
{
    struct house *house = *state;
    bool holds = true;

    deliver(house);
    for (int i = 0; i < 3 * EVENT_CRASHES_MAX; i++) {
        struct claiming claimed = claim_at(house, HOUSE_NOW);

        assert_int_equal(claimed.count, 1);
        house_ok(event_claim_holds(house->db, &claimed.claims[0], &holds));
        assert_true(holds);
        house_ok(event_release(house->db, &claimed.claims[0], HOUSE_NOW));
        house_ok(event_release(house->db, &claimed.claims[0], HOUSE_NOW));
    }
    assert_int_equal(house_count(house, "SELECT attempts + crashes FROM provider_event"), 0);
}

static void an_old_claim_is_not_given_back(void **state)
{
    struct house *house = *state;
    struct claiming first, second;
    bool holds = true;

    deliver(house);
    first = claim_at(house, HOUSE_NOW);
    second = claim_at(house, HOUSE_NOW + 61);
    house_ok(event_claim_holds(house->db, &first.claims[0], &holds));
    assert_false(holds);
    house_ok(event_release(house->db, &first.claims[0], HOUSE_NOW + 62));
    house_ok(event_claim_holds(house->db, &second.claims[0], &holds));
    assert_true(holds);
    assert_int_equal(house_count(house, "SELECT crashes FROM provider_event"), 2);
    assert_int_equal(claim_at(house, HOUSE_NOW + 62).count, 0);
}

/* Only what names a receiver of ours goes straight to a worker: a flood of others waits. */
static void strangers_are_not_leased(void **state)
{
    struct house *house = *state;
    int64_t id;

    house_ok(deliver_as(house, "192.0.2.1", "", false, 1, &id));
    assert_int_equal(
        house_count(house, "SELECT claim FROM provider_event WHERE id = %lld", (long long)id), 0);
    house_ok(deliver_as(house, "192.0.2.1", "compte", false, 1, &id));
    assert_int_equal(
        house_count(house, "SELECT claim FROM provider_event WHERE id = %lld", (long long)id), 1);
    house_ok(deliver_as(house, "192.0.2.1", "", true, 1, &id));
    assert_int_equal(
        house_count(house, "SELECT claim FROM provider_event WHERE id = %lld", (long long)id), 1);
}

static void an_old_claim_changes_nothing(void **state)
{
    struct house *house = *state;
    struct claiming first, second;

    deliver(house);
    first = claim_at(house, HOUSE_NOW);
    second = claim_at(house, HOUSE_NOW + 61);
    finish_at(house, first.claims[0], (struct resolution){.kind = RESOLUTION_INVALID},
              HOUSE_NOW + 62);
    assert_int_equal(house_count(house, "SELECT state = 'waiting' FROM provider_event"), 1);
    finish_at(house, second.claims[0], (struct resolution){.kind = RESOLUTION_INVALID},
              HOUSE_NOW + 62);
    assert_int_equal(house_count(house, "SELECT state = 'invalid' FROM provider_event"), 1);
}

static void three_crashes_park(void **state)
{
    struct house *house = *state;
    int64_t now = HOUSE_NOW;

    deliver(house);
    for (int i = 0; i < EVENT_CRASHES_MAX; i++, now += 61)
        assert_int_equal(claim_at(house, now).count, 1);
    assert_int_equal(claim_at(house, now).count, 0);
    assert_int_equal(house_count(house, "SELECT state = 'parked' FROM provider_event"), 1);
}

static void retries_grow_and_end_parked(void **state)
{
    struct house *house = *state;
    int64_t now = HOUSE_NOW, before = 0;
    int tries = 0;

    deliver(house);
    while (house_count(house, "SELECT state = 'waiting' FROM provider_event")) {
        struct claiming claimed = claim_at(house, now);
        int64_t next;

        assert_int_equal(claimed.count, 1);
        finish_at(house, claimed.claims[0], (struct resolution){.kind = RESOLUTION_RETRY}, now);
        next = house_count(house, "SELECT COALESCE(next_at, 0) FROM provider_event");
        if (next) {
            assert_true(next - now >= before);
            before = next - now;
            now = next;
        }
        assert_true(++tries < 100);
    }
    assert_int_equal(house_count(house, "SELECT state = 'parked' FROM provider_event"), 1);
    assert_true(now - HOUSE_NOW > EVENT_PATIENCE_S);
    assert_true(tries >= 16);
}

/* The server was off for a week, or an upgrade put the message back: patience is no reason to
 * give it one try only. */
static void an_old_message_gets_its_tries(void **state)
{
    struct house *house = *state;
    int64_t now = HOUSE_NOW + 7 * 86400;
    int tries = 0;

    deliver(house);
    while (house_count(house, "SELECT state = 'waiting' FROM provider_event")) {
        struct claiming claimed = claim_at(house, now);

        assert_int_equal(claimed.count, 1);
        finish_at(house, claimed.claims[0], (struct resolution){.kind = RESOLUTION_RETRY}, now);
        now += 6 * 3600 + 61;
        assert_true(++tries < 100);
    }
    assert_int_equal(tries, EVENT_TRIES_MIN);
}

/* PayPal forgets old messages; what it has confirmed once stays evidence. */
static void what_was_authentic_is_never_invalid(void **state)
{
    struct house *house = *state;
    struct claiming claimed;

    deliver(house);
    house_execute(house, "UPDATE provider_event SET authentic = 1");
    claimed = claim_at(house, HOUSE_NOW);
    finish_at(house, claimed.claims[0], (struct resolution){.kind = RESOLUTION_INVALID},
              HOUSE_NOW);
    assert_int_equal(house_count(house, "SELECT state = 'waiting' FROM provider_event"), 1);
    house_ok(event_sweep_invalid(house->db, HOUSE_NOW + 31 * 86400));
    assert_int_equal(house_count(house, "SELECT length(raw) FROM provider_event"), 3);
}

static void the_provider_s_wish_is_kept(void **state)
{
    struct house *house = *state;
    struct claiming claimed;

    deliver(house);
    claimed = claim_at(house, HOUSE_NOW);
    finish_at(house, claimed.claims[0],
              (struct resolution){.kind = RESOLUTION_RETRY, .retry_after_s = 600}, HOUSE_NOW);
    assert_int_equal(house_count(house, "SELECT next_at FROM provider_event"), HOUSE_NOW + 600);
}

static void facts_and_end_are_one(void **state)
{
    struct house *house = *state;
    struct provider_account account =
        kernel_add_paypal(house, house->association_id, "AAAAAAAAAAAAA", "a@exemple.fr", 0);
    struct resolution resolution = {.kind = RESOLUTION_FACTS,
                                    .authentic = true,
                                    .association_id = account.association_id,
                                    .provider_account_id = account.id,
                                    .proven_external_id = "AAAAAAAAAAAAA",
                                    .fact_count = 1};
    struct claiming claimed;

    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    resolution.facts[0] = kernel_capture(&account, "T1", "TXN1", 1000);
    deliver(house);
    deliver(house);
    claimed = claim_at(house, HOUSE_NOW);
    assert_int_equal(claimed.count, 2);
    assert_int_equal(finish_at(house, claimed.claims[0], resolution, HOUSE_NOW), OUTCOME_POSTED);
    assert_int_equal(finish_at(house, claimed.claims[1], resolution, HOUSE_NOW),
                     OUTCOME_ALREADY_POSTED);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_event "
                                        "WHERE state = 'done' AND transaction_id IS NOT NULL"),
                     2);
    assert_int_equal(house_count(house, "SELECT verified_at IS NOT NULL FROM provider_account"),
                     1);
}

static void a_failing_fact_leaves_the_event_waiting(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct finishing finishing = {.resolution = {.kind = RESOLUTION_FACTS, .fact_count = 1},
                                  .now = HOUSE_NOW,
                                  .arena = house->arena};

    finishing.resolution.facts[0] = kernel_capture(&account, "T1", "", 1000);
    deliver(house);
    finishing.claim = claim_at(house, HOUSE_NOW).claims[0];
    house_err(db_transaction(house->db, finish, &finishing), ERR_INTERNAL);
    assert_int_equal(house_count(house, "SELECT state = 'waiting' FROM provider_event"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction"), 0);
}

static enum err requeue(struct db *db, void *argument)
{
    return event_requeue_unsupported(db, HOUSE_NOW, argument);
}

static void unsupported_comes_back(void **state)
{
    struct house *house = *state;
    int64_t count = 0;

    deliver(house);
    finish_at(house, claim_at(house, HOUSE_NOW).claims[0],
              (struct resolution){.kind = RESOLUTION_OUTCOME, .outcome = OUTCOME_UNSUPPORTED},
              HOUSE_NOW);
    assert_int_equal(claim_at(house, HOUSE_NOW + 100).count, 0);
    house_ok(db_transaction(house->db, requeue, &count));
    assert_int_equal(count, 1);
    assert_int_equal(claim_at(house, HOUSE_NOW + 100).count, 1);
}

static void a_flood_fills_its_own_share(void **state)
{
    struct house *house = *state;
    enum err err = OK;
    int64_t id;
    int stored = 0;

    house_execute(house, "BEGIN");
    house_execute(house, "COMMIT");
    while (!(err = try_deliver(house, "192.0.2.66", "", false, &id)))
        assert_true(++stored <= EVENT_BACKLOG_UNKNOWN_MAX);
    assert_int_equal(err, ERR_LIMIT);
    assert_int_equal(stored, EVENT_BACKLOG_UNKNOWN_MAX);
    house_ok(try_deliver(house, "192.0.2.2", "compte", false, &id));
    house_ok(try_deliver(house, "192.0.2.66", "", true, &id));
    /* The known receiver's message is not behind the flood. */
    assert_true(claim_at(house, HOUSE_NOW).claims[0].id == id ||
                house_count(house, "SELECT COUNT(*) FROM provider_event "
                                   "WHERE claim = 1 AND receiver = 'compte'") == 1);
}

/* Waiting, unverified rows, written straight into the table. */
static void fill(struct house *house, int count, const char *source, const char *receiver)
{
    house_execute(house,
                  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                  " INSERT INTO provider_event (id, provider, source_address, receiver, raw,"
                  " received_at, state, next_at, updated_at)"
                  " SELECT (SELECT COALESCE(MAX(id), 0) FROM provider_event) + i, 'paypal',"
                  " CASE '%s' WHEN '' THEN '192.0.2.' || i ELSE '%s' END, '%s', 'x', 1,"
                  " 'waiting', 1, 1 FROM n",
                  count, source, source, receiver);
}

/* One sender, or all senders together about one receiver: others are not refused for it. */
static void each_share_has_its_end(void **state)
{
    struct house *house = *state;
    int64_t id;

    fill(house, EVENT_BACKLOG_SOURCE_MAX - 1, "203.0.113.1", "a");
    house_ok(try_deliver(house, "203.0.113.1", "b", false, &id));
    house_err(try_deliver(house, "203.0.113.1", "b", false, &id), ERR_LIMIT);
    house_ok(try_deliver(house, "203.0.113.2", "b", false, &id));
    fill(house, EVENT_BACKLOG_RECEIVER_MAX, "", "c");
    house_err(try_deliver(house, "203.0.113.2", "c", false, &id), ERR_LIMIT);
    house_ok(try_deliver(house, "203.0.113.2", "b", false, &id));
    /* What has been looked at makes room again. */
    house_execute(house, "UPDATE provider_event SET state = 'invalid', next_at = NULL "
                         "WHERE receiver = 'c'");
    house_ok(try_deliver(house, "203.0.113.2", "c", false, &id));
}

static void the_treasurers_hear_of_strange_money(void **state)
{
    static const enum event_outcome outcomes[] = {OUTCOME_OTHER_ACCOUNT, OUTCOME_TEST_MONEY,
                                                  OUTCOME_NOT_OURS, OUTCOME_UNSUPPORTED};
    struct house *house = *state;
    struct resolution resolution = {
        .kind = RESOLUTION_OUTCOME, .authentic = true, .association_id = house->association_id};

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        deliver(house);
        resolution.outcome = outcomes[i];
        finish_at(house, claim_at(house, HOUSE_NOW).claims[0], resolution, HOUSE_NOW);
    }
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM outbox WHERE member_id IS NULL "
                                        "AND kind IN ('other_account', 'test_money')"),
                     2);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM outbox"), 2);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 0);
}

static void invalid_text_is_not_kept_for_ever(void **state)
{
    struct house *house = *state;

    deliver(house);
    finish_at(house, claim_at(house, HOUSE_NOW).claims[0],
              (struct resolution){.kind = RESOLUTION_INVALID}, HOUSE_NOW);
    house_ok(event_sweep_invalid(house->db, HOUSE_NOW + 29 * 86400));
    assert_int_equal(house_count(house, "SELECT length(raw) FROM provider_event"), 3);
    house_ok(event_sweep_invalid(house->db, HOUSE_NOW + 31 * 86400));
    assert_int_equal(house_count(house, "SELECT length(raw) FROM provider_event"), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keeps_the_headers),
        CASE(a_claim_holds_alone),
        CASE(a_clock_that_went_back_frees_the_lease),
        CASE(a_claim_given_back_is_no_crash),
        CASE(an_old_claim_is_not_given_back),
        CASE(strangers_are_not_leased),
        CASE(an_old_claim_changes_nothing),
        CASE(three_crashes_park),
        CASE(retries_grow_and_end_parked),
        CASE(an_old_message_gets_its_tries),
        CASE(what_was_authentic_is_never_invalid),
        CASE(the_provider_s_wish_is_kept),
        CASE(facts_and_end_are_one),
        CASE(a_failing_fact_leaves_the_event_waiting),
        CASE(unsupported_comes_back),
        CASE(a_flood_fills_its_own_share),
        CASE(each_share_has_its_end),
        CASE(the_treasurers_hear_of_strange_money),
        CASE(invalid_text_is_not_kept_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
