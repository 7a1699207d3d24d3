/* Refunds that a person asks the provider for: once, with the same bytes, never too much. */
#include "support/service_house.h"

#include <string.h>

#include "base/clock.h"
#include "payment/refund_request.h"

/* A payment of 40,00 EUR through Stripe. */
static int64_t paid(struct service_house *house)
{
    struct house *inner = &house->house;
    struct payment_fact fact = kernel_capture(&house->stripe, "T1", "pi_1", 4000);

    house_add_charge(inner, inner->member_id, "2026-09-10", 4000, "Cotisation");
    kernel_open_intent(inner, &house->stripe, inner->member_id, "T1", 4000);
    return kernel_post(inner, &fact).transaction_id;
}

static struct refund_press press_of(struct service_house *house, int64_t transaction_id,
                                    const char *form, int64_t cents)
{
    return (struct refund_press){.association_id = house->house.association_id,
                                 .transaction_id = transaction_id,
                                 .form_token = form,
                                 .amount_cents = cents,
                                 .reason = "sortie annulée",
                                 .actor = {house->house.login_id, ""}};
}

static enum refund_start ask(struct service_house *house, const struct refund_press *press,
                             struct refund_request *request)
{
    struct provider_call call = service_call(house, house->reader, house->house.arena);
    enum refund_start start;

    memset(request, 0, sizeof(*request));
    house_ok(payment_refund_begin(&house->service, &call, press, &start, request));
    return start;
}

static struct refund_room room_of(struct service_house *house, int64_t transaction_id)
{
    struct refund_room room;

    house_ok(refund_room(&house->service, house->reader, house->house.association_id,
                         transaction_id, house->house.arena, &room));
    return room;
}

static void answer(struct service_house *house, enum refund_verdict verdict)
{
    house->refund = (struct refund_answer){.verdict = verdict,
                                           .reference = verdict == REFUND_MADE ? "re_1" : NULL,
                                           .reason = "scripted",
                                           .facts = {.kind = RESOLUTION_NOTHING}};
}

static void it_is_stored_then_sent(void **state)
{
    struct service_house *house = *state;
    int64_t id = paid(house);
    struct refund_press press = press_of(house, id, "f1", 1500);
    struct refund_request request;

    answer(house, REFUND_MADE);
    assert_int_equal(ask(house, &press, &request), REFUND_STARTED);
    assert_int_equal(request.state, REFUND_REQUEST_SENT);
    assert_string_equal(request.provider_reference, "re_1");
    assert_string_equal(house->refund_requests[0], request.request);
    assert_string_equal(
        house->refund_keys[0],
        arena_printf(house->house.arena, "guichet-deadbeef-refund-%lld", (long long)request.id));
    assert_int_equal(room_of(house, id).left_cents, 2500);
    assert_int_equal(room_of(house, id).asked_cents, 1500);
    /* The same form once more is the same request. */
    assert_int_equal(ask(house, &press, &request), REFUND_SAME_FORM);
    assert_int_equal(house->refunds, 1);
}

static void never_more_than_is_left(void **state)
{
    struct service_house *house = *state;
    int64_t id = paid(house);
    struct refund_press first = press_of(house, id, "f1", 2500);
    struct refund_press second = press_of(house, id, "f2", 1501);
    struct refund_request request;

    answer(house, REFUND_UNKNOWN); /* under way, and counted */
    assert_int_equal(ask(house, &first, &request), REFUND_STARTED);
    assert_int_equal(request.state, REFUND_REQUEST_CREATED);
    assert_true(request.waits);
    assert_int_equal(ask(house, &second, &request), REFUND_TOO_MUCH);
    second.amount_cents = 1500;
    assert_int_equal(ask(house, &second, &request), REFUND_STARTED);
    assert_int_equal(room_of(house, id).left_cents, 0);
}

static void a_refusal_gives_the_room_back(void **state)
{
    struct service_house *house = *state;
    int64_t id = paid(house);
    struct refund_press press = press_of(house, id, "f1", 4000);
    struct refund_request request;

    answer(house, REFUND_REFUSED);
    assert_int_equal(ask(house, &press, &request), REFUND_STARTED);
    assert_int_equal(request.state, REFUND_REQUEST_DENIED);
    assert_string_equal(request.answer, "scripted");
    assert_int_equal(room_of(house, id).left_cents, 4000);
}

static void not_while_it_is_disputed(void **state)
{
    struct service_house *house = *state;
    int64_t id = paid(house);
    struct refund_press press = press_of(house, id, "f1", 100);
    struct refund_request request;

    house_execute(&house->house,
                  "INSERT INTO dispute (association_id, id, provider_account_id, reference,"
                  " transaction_id, state, told_at, created_at) VALUES (%lld, 1, %lld, 'dp_1',"
                  " %lld, 'open', 1, 1)",
                  (long long)house->house.association_id, (long long)house->stripe.id,
                  (long long)id);
    assert_int_equal(ask(house, &press, &request), REFUND_DISPUTED);
    assert_int_equal(house->refunds, 0);
}

struct due {
    int64_t now;
    struct claim claims[4];
    size_t count;
};

static enum err claim_due(struct db *db, void *argument)
{
    struct due *due = argument;

    return refund_claim_due(db, "stripe", due->now, due->claims, 4, &due->count);
}

static void repeat(struct service_house *house, int64_t now, size_t expected)
{
    struct provider_call call = service_call(house, house->reader, house->house.arena);
    struct due due = {.now = now};
    const struct claim *claims;
    size_t count;
    bool down;

    house_ok(db_write(house->writer, claim_due, &due));
    claims = due.claims;
    count = due.count;
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++)
        house_ok(payment_work_refund(&house->service, &call, &claims[i], &down));
}

/* No answer: the same bytes under the same key, until there is one. */
static void without_an_answer_the_same_bytes_go_again(void **state)
{
    struct service_house *house = *state;
    int64_t id = paid(house), now = clock_now();
    struct refund_press press = press_of(house, id, "f1", 1000);
    struct refund_request request;

    answer(house, REFUND_UNKNOWN);
    assert_int_equal(ask(house, &press, &request), REFUND_STARTED);
    repeat(house, now, 0);
    repeat(house, now + 3600, 1);
    answer(house, REFUND_MADE);
    repeat(house, now + 2 * 3600, 1);
    repeat(house, now + 9 * 3600, 0);
    assert_int_equal(house->refunds, 3);
    for (int i = 1; i < 3; i++) {
        assert_string_equal(house->refund_requests[i], house->refund_requests[0]);
        assert_string_equal(house->refund_keys[i], house->refund_keys[0]);
    }
}

static struct refund_request again(struct service_house *house, int64_t id)
{
    struct refund_request request;

    house_ok(refund_request_find(house->reader, house->house.association_id, id,
                                 house->house.arena, &request));
    return request;
}

/* One of 10,00 EUR that had no answer for a day. */
static int64_t unanswered_for_a_day(struct service_house *house, int64_t payment_id)
{
    struct refund_press press = press_of(house, payment_id, "f1", 1000);
    struct refund_request request;

    answer(house, REFUND_UNKNOWN);
    assert_int_equal(ask(house, &press, &request), REFUND_STARTED);
    house_execute(&house->house, "UPDATE refund_request SET created_at = created_at - %d",
                  REFUND_KEY_LIFE_S);
    return request.id;
}

/* The provider forgets the key after a day: sent again, it would pay back twice. */
static void after_a_day_it_is_looked_for(void **state)
{
    struct service_house *house = *state;
    int64_t payment_id = paid(house), id = unanswered_for_a_day(house, payment_id);

    house->refund_found = (struct refund_answer){.verdict = REFUND_UNKNOWN};
    repeat(house, clock_now() + 3600, 1);
    assert_int_equal(house->refunds, 1);
    assert_int_equal(house->refund_searches, 1);
    assert_true(again(house, id).waits);
    assert_int_equal(again(house, id).state, REFUND_REQUEST_CREATED);
    assert_int_equal(room_of(house, payment_id).asked_cents, 1000);
    repeat(house, clock_now() + 3600, 0);
    house->refund_found = (struct refund_answer){
        .verdict = REFUND_MADE, .reference = "re_1", .facts = {.kind = RESOLUTION_NOTHING}};
    repeat(house, clock_now() + REFUND_FIND_S, 1);
    assert_int_equal(again(house, id).state, REFUND_REQUEST_SENT);
    assert_string_equal(again(house, id).provider_reference, "re_1");
    repeat(house, clock_now() + 9 * 86400, 0);
    assert_int_equal(house->refunds, 1);
}

/* Only when the provider says that it does not have it, it counts no more. */
static void one_that_never_arrived_ends(void **state)
{
    struct service_house *house = *state;
    int64_t payment_id = paid(house), id = unanswered_for_a_day(house, payment_id);
    struct payment_fact late = {.kind = FACT_REFUND,
                                .association_id = house->house.association_id,
                                .provider_account_id = house->stripe.id,
                                .token = "",
                                .reference = "re_9",
                                .amount_cents = 1000,
                                .currency = "EUR",
                                .fact_at = HOUSE_NOW,
                                .parent = "pi_1",
                                .payer = "",
                                .reason = ""};

    house->refund_found = (struct refund_answer){.verdict = REFUND_ABSENT};
    repeat(house, clock_now() + 3600, 1);
    assert_int_equal(again(house, id).state, REFUND_REQUEST_ABSENT);
    assert_false(again(house, id).waits);
    assert_int_equal(room_of(house, payment_id).left_cents, 4000);
    assert_int_equal(
        house_count(&house->house, "SELECT COUNT(*) FROM audit WHERE action = 'refund.absent'"),
        1);
    repeat(house, clock_now() + 9 * 86400, 0);
    /* It was there after all: the fact finds who asked for it. */
    late.objects[0] = arena_printf(house->house.arena, "guichet-refund-%lld", (long long)id);
    kernel_post(&house->house, &late);
    assert_int_equal(again(house, id).state, REFUND_REQUEST_SENT);
    assert_int_equal(room_of(house, payment_id).left_cents, 3000);
}

static void paypal_standard_takes_none(void **state)
{
    struct service_house *house = *state;
    struct house *inner = &house->house;
    struct payment_fact fact = kernel_capture(&house->paypal, "T2", "TXN", 4000);
    struct refund_press press;
    struct refund_request request;

    house_add_charge(inner, inner->member_id, "2026-09-10", 4000, "Cotisation");
    kernel_open_intent(inner, &house->paypal, inner->member_id, "T2", 4000);
    press = press_of(house, kernel_post(inner, &fact).transaction_id, "f1", 100);
    assert_int_equal(ask(house, &press, &request), REFUND_NOT_POSSIBLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(it_is_stored_then_sent),
        SERVICE_TEST(never_more_than_is_left),
        SERVICE_TEST(a_refusal_gives_the_room_back),
        SERVICE_TEST(not_while_it_is_disputed),
        SERVICE_TEST(without_an_answer_the_same_bytes_go_again),
        SERVICE_TEST(after_a_day_it_is_looked_for),
        SERVICE_TEST(one_that_never_arrived_ends),
        SERVICE_TEST(paypal_standard_takes_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
