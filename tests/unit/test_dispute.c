/* Disputes that are not decided: the provider is asked, and the outcome is booked once. */
#include "support/money.h"
#include "support/service_house.h"

#include <stdlib.h>

#include "base/clock.h"
#include "payment/dispute.h"

struct desk {
    struct service_house *house;
    struct provider provider;
    const struct provider *providers[1];
    struct resolution answer;
    enum err failure;
    int asked;
};

static struct desk *present;

static enum err resolve_dispute(const struct provider_call *call,
                                const struct provider_account *account, const char *dispute,
                                struct resolution *resolution)
{
    (void)call, (void)account;
    assert_string_equal(dispute, "dp_1");
    present->asked++;
    *resolution = present->answer;
    return present->failure;
}

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    void *house = NULL;

    assert_non_null(desk);
    service_house_setup(&house);
    desk->house = house;
    desk->provider = *desk->house->service.providers[0];
    desk->provider.resolve_dispute = resolve_dispute;
    desk->providers[0] = &desk->provider;
    desk->house->service.providers = desk->providers;
    desk->house->service.provider_count = 1;
    present = desk;
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;
    void *house = desk->house;

    service_house_teardown(&house);
    free(desk);
    return 0;
}
#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- a dispute ---- */

static struct payment_fact fact_of(const struct desk *desk, enum fact_kind kind,
                                   const char *reference, int64_t cents)
{
    struct payment_fact fact = money_fact(&desk->house->stripe, kind, reference, "pi_1", cents);

    fact.dispute = "dp_1";
    return fact;
}

static struct payment_fact news(const struct desk *desk, enum dispute_state told, int64_t at)
{
    struct payment_fact fact = fact_of(desk, FACT_DISPUTE_OPENED, "dp_1", 4000);

    fact.dispute_state = told;
    fact.fact_at = at;
    return fact;
}

/* A payment of 40,00 EUR of which all was taken back. */
static void disputed(struct desk *desk)
{
    struct house *house = &desk->house->house;
    struct payment_fact capture = kernel_capture(&desk->house->stripe, "T1", "pi_1", 4000);
    struct payment_fact opened = news(desk, DISPUTE_OPEN, HOUSE_NOW);
    struct payment_fact taken = fact_of(desk, FACT_DISPUTE, "txn_1", 4000);

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    kernel_open_intent(house, &desk->house->stripe, house->member_id, "T1", 4000);
    kernel_post(house, &capture);
    kernel_post(house, &opened);
    kernel_post(house, &taken);
    assert_int_equal(money_balance(house, "4671"), 4000);
}

static void answer_lost(struct desk *desk)
{
    desk->answer = (struct resolution){.kind = RESOLUTION_FACTS, .fact_count = 2};
    desk->answer.facts[0] = news(desk, DISPUTE_LOST, HOUSE_NOW + 86400);
    desk->answer.facts[1] = fact_of(desk, FACT_DISPUTE_LOST, "dp_1", 4000);
}

/* ---- the sweep ---- */

struct due {
    int64_t now;
    struct claim claim;
    size_t count;
};

static enum err claim(struct db *db, void *argument)
{
    struct due *due = argument;

    return dispute_claim_due(db, "stripe", due->now, &due->claim, 1, &due->count);
}

/* Works on what is due then; false: nothing was. */
static bool work(struct desk *desk, int64_t now, bool *down)
{
    struct provider_call call =
        service_call(desk->house, desk->house->reader, desk->house->house.arena);
    struct due due = {.now = now};
    bool any;

    house_ok(dispute_any_due(desk->house->reader, now, &any));
    house_ok(db_write(desk->house->writer, claim, &due));
    assert_int_equal(due.count, any ? 1 : 0);
    if (due.count > 0)
        house_ok(payment_work_dispute(&desk->house->service, &call, &due.claim, down));
    return due.count > 0;
}

/* The message that it was lost never came: a day later the money is no claim any more. */
static void a_lost_dispute_is_booked_without_a_message(void **state)
{
    struct desk *desk = *state;
    struct house *house = &desk->house->house;
    bool down;

    disputed(desk);
    assert_false(work(desk, HOUSE_NOW + DISPUTE_ASK_S - 1, &down));
    answer_lost(desk);
    assert_true(work(desk, HOUSE_NOW + DISPUTE_ASK_S, &down) && !down);
    assert_int_equal(money_balance(house, "4671"), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM dispute WHERE state = 'lost'"), 1);
    money_clean(house);
    /* decided: nobody asks any more, and the late message books nothing twice */
    assert_false(work(desk, HOUSE_NOW + 400 * 86400, &down));
    kernel_post(house, &desk->answer.facts[1]);
    assert_int_equal(money_balance(house, "4671"), 0);
    assert_int_equal(desk->asked, 1);
    money_clean(house);
}

/* Open, out of reach or nonsense: tomorrow again, and no sooner. */
static void an_open_one_is_asked_for_once_a_day(void **state)
{
    struct desk *desk = *state;
    struct house *house = &desk->house->house;
    int64_t now = clock_now();
    bool down;

    disputed(desk);
    desk->answer = (struct resolution){.kind = RESOLUTION_FACTS, .fact_count = 1};
    desk->answer.facts[0] = news(desk, DISPUTE_OPEN, HOUSE_NOW + 86400);
    assert_true(work(desk, now, &down) && !down);
    assert_false(work(desk, now + DISPUTE_ASK_S - 60, &down));
    desk->answer = (struct resolution){.kind = RESOLUTION_RETRY, .provider_down = true};
    house_execute(house, "UPDATE dispute SET next_at = 1");
    assert_true(work(desk, now, &down) && down);
    assert_false(work(desk, now + DISPUTE_ASK_S - 60, &down));
    desk->failure = ERR_INTERNAL;
    house_execute(house, "UPDATE dispute SET next_at = 1");
    assert_true(work(desk, now, &down) && !down);
    desk->failure = OK;
    answer_lost(desk);
    desk->answer.facts[2] = fact_of(desk, FACT_DISPUTE, "txn_2", -1); /* the books refuse it */
    desk->answer.fact_count = 3;
    house_execute(house, "UPDATE dispute SET next_at = 1");
    assert_true(work(desk, now, &down));
    assert_false(work(desk, now + DISPUTE_ASK_S - 60, &down));
    assert_int_equal(money_balance(house, "4671"), 4000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM dispute WHERE state = 'open'"), 1);
}

static void a_provider_that_cannot_be_asked_is_not(void **state)
{
    struct desk *desk = *state;
    bool down;

    disputed(desk);
    house_execute(&desk->house->house,
                  "UPDATE provider_account SET revoked_at = 1, unlinked_at = 1,"
                  " link_kind = 'connect' WHERE provider = 'stripe'");
    assert_true(work(desk, HOUSE_NOW + DISPUTE_ASK_S, &down));
    assert_int_equal(
        house_count(&desk->house->house, "SELECT COUNT(*) FROM dispute WHERE next_at IS NOT NULL"),
        1);
    house_execute(&desk->house->house,
                  "UPDATE provider_account SET revoked_at = NULL WHERE provider = 'stripe'");
    house_execute(&desk->house->house, "UPDATE dispute SET next_at = 1");
    desk->provider.resolve_dispute = NULL;
    assert_true(work(desk, HOUSE_NOW, &down));
    assert_int_equal(
        house_count(&desk->house->house, "SELECT COUNT(*) FROM dispute WHERE next_at IS NOT NULL"),
        0);
    assert_int_equal(desk->asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_lost_dispute_is_booked_without_a_message),
        DESK_TEST(an_open_one_is_asked_for_once_a_day),
        DESK_TEST(a_provider_that_cannot_be_asked_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
