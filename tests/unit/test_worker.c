/* The job threads: what is handed over is worked on once, what is not begun is given back. */
#include "support/service_house.h"

#include "base/clock.h"
#include "base/random.h"
#include "job/worker.h"
#include "queries.h"

enum { PATIENCE_MS = 60000 };

static struct worker *worker_of(struct service_house *house, int threads)
{
    const struct worker_options options = {.service = &house->service,
                                           .database_path = house->house.path,
                                           .catalog = &guichet_queries,
                                           .threads = threads};
    struct worker *worker;

    house_ok(worker_new(&options, &worker));
    return worker;
}

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

static int64_t deliver(struct service_house *house, const char *provider, bool authentic,
                       int leased)
{
    struct delivery delivery = {
        .message = {.hint = "", .body = str_of("a=b"), .source_address = str_of("192.0.2.1")},
        .door = {.authentic = authentic, .receiver = ""},
    };

    delivery.draft = (struct event_draft){.provider = provider,
                                          .message = &delivery.message,
                                          .door = &delivery.door,
                                          .now = clock_now(),
                                          .leased = leased};
    house_ok(random_id(&delivery.draft.id));
    house_ok(db_write(house->writer, add, &delivery));
    return delivery.draft.id;
}

/* Waits until a count of the test's own has the value. */
static void await(struct service_house *house, const char *sql, int64_t wanted)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (house_count(&house->house, "%s", sql) != wanted) {
        assert_true(clock_monotonic_ms() < until_ms);
        clock_sleep_ms(20);
    }
}

#define DONE "SELECT COUNT(*) FROM provider_event WHERE state = 'done'"

static void what_is_handed_over_is_worked_on_once(void **state)
{
    struct service_house *house = *state;
    const struct provider *stripe = house->service.providers[0];
    struct worker *worker;

    house->event = (struct resolution){.kind = RESOLUTION_OUTCOME, .outcome = OUTCOME_NOTED};
    worker = worker_of(house, 4);
    for (int i = 0; i < 50; i++)
        assert_true(worker_take_event(worker, stripe, deliver(house, "stripe", true, 1)));
    await(house, DONE, 50);
    worker_free(worker);
    assert_int_equal(house->events, 50);
}

/* Stored and then the process died: the worker of the next one finds it by itself. */
static void what_lies_there_is_found(void **state)
{
    struct service_house *house = *state;
    struct worker *worker;

    house->event = (struct resolution){.kind = RESOLUTION_OUTCOME, .outcome = OUTCOME_NOTED};
    for (int i = 0; i < 10; i++)
        deliver(house, i % 2 ? "paypal" : "stripe", false, 0);
    worker = worker_of(house, 2);
    await(house, DONE, 10);
    worker_free(worker);
    assert_int_equal(house->events, 10);
}

/* After an outage much lies there: it is not worked on eight a second. */
static void a_backlog_is_worked_off(void **state)
{
    enum { BACKLOG = 1000 };
    struct service_house *house = *state;
    struct worker *worker;

    house->event = (struct resolution){.kind = RESOLUTION_OUTCOME, .outcome = OUTCOME_NOTED};
    for (int i = 0; i < BACKLOG; i++)
        deliver(house, "stripe", true, 0);
    worker = worker_of(house, 4);
    await(house, DONE, BACKLOG);
    worker_free(worker);
    assert_int_equal(house->events, BACKLOG);
}

/* A stranger's message is never leased: handed over all the same it is not asked about twice. */
static void a_stranger_is_not_asked_about_twice(void **state)
{
    struct service_house *house = *state;
    const struct provider *paypal = house->service.providers[1];
    struct worker *worker;

    house->event = (struct resolution){.kind = RESOLUTION_INVALID};
    worker = worker_of(house, 2);
    for (int i = 0; i < 5; i++)
        assert_true(worker_take_event(worker, paypal, deliver(house, "paypal", false, 1)));
    await(house, "SELECT COUNT(*) FROM provider_event WHERE state = 'invalid'", 5);
    worker_free(worker);
    assert_int_equal(house->events, 5);
}

/* The process ends while much waits: no lease and no crash is left of what was not begun. */
static void what_was_not_begun_is_given_back(void **state)
{
    struct service_house *house = *state;
    const struct provider *stripe = house->service.providers[0];
    struct worker *worker;

    house->event = (struct resolution){.kind = RESOLUTION_RETRY, .detail = "stopped"};
    house->events_hang = true;
    worker = worker_of(house, 2);
    for (int i = 0; i < 30; i++)
        assert_true(worker_take_event(worker, stripe, deliver(house, "stripe", true, 1)));
    pthread_mutex_lock(&house->lock);
    house->events_hang = false;
    pthread_mutex_unlock(&house->lock);
    worker_free(worker);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(*) FROM provider_event "
                                                "WHERE state = 'waiting' AND lease_until = 0 "
                                                "AND crashes = 0"),
                     30);
}

/* A return page wakes an intent: looked at soon, once, whatever its time. */
static void a_woken_intent_is_looked_at(void **state)
{
    struct service_house *house = *state;
    struct payment_press press = service_press(house, &house->stripe, "f1", 2500);
    struct payment_intent intent;
    enum intent_start start;
    struct worker *worker;

    house_ok(service_begin(house, &press, &start, &intent));
    house->look = service_fact(&intent, FACT_CAPTURE, "pi_1");
    worker = worker_of(house, 2);
    for (int i = 0; i < 100; i++)
        worker_wake_intent(worker, house->service.providers[0], intent.association_id, intent.id);
    await(house, "SELECT COUNT(*) FROM payment_intent WHERE state = 'paid'", 1);
    worker_free(worker);
    assert_int_equal(house->looks, 1);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(*) FROM entry"), 1);
}

/* ---- events share a commit ---- */

struct gate {
    pthread_mutex_t lock; /* held: the writer waits */
};

static enum err wait_at_gate(struct db *db, void *argument)
{
    struct gate *gate = argument;

    (void)db;
    pthread_mutex_lock(&gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return OK;
}

static void await_events(struct service_house *house, int wanted)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    for (int events = 0; events < wanted; clock_sleep_ms(5)) {
        pthread_mutex_lock(&house->lock);
        events = house->events;
        pthread_mutex_unlock(&house->lock);
        assert_true(clock_monotonic_ms() < until_ms);
    }
}

/* While the disk is slow, one thread goes on resolving; its events are written together. The other
 * thread waits, with its sweep. */
static void many_events_wait_for_one_commit(void **state)
{
    enum { EVENTS = 12 };
    struct service_house *house = *state;
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct db_started *held;
    struct worker *worker;
    int64_t ids[EVENTS];

    house->event = (struct resolution){.kind = RESOLUTION_OUTCOME, .outcome = OUTCOME_NOTED};
    for (int i = 0; i < EVENTS; i++)
        ids[i] = deliver(house, "stripe", true, 1);
    worker = worker_of(house, 2);
    pthread_mutex_lock(&gate.lock);
    house_ok(db_write_start(house->writer, wait_at_gate, &gate, &held));
    for (int i = 0; i < EVENTS; i++)
        assert_true(worker_take_event(worker, house->service.providers[0], ids[i]));
    await_events(house, EVENTS);
    assert_int_equal(house_count(&house->house, DONE), 0);
    pthread_mutex_unlock(&gate.lock);
    house_ok(db_write_wait(held));
    await(house, DONE, EVENTS);
    worker_free(worker);
    assert_int_equal(house->events, EVENTS);
}

/* Beyond what can be worked on within a lease nothing is handed over: it lies there, due. */
static void the_counter_of_hand_overs_is_bounded(void **state)
{
    struct service_house *house = *state;
    struct worker *worker;
    int taken = 0;

    house->event = (struct resolution){.kind = RESOLUTION_RETRY, .detail = "stopped"};
    house->events_hang = true;
    worker = worker_of(house, 2);
    while (taken < 1000 && worker_has_room(worker)) {
        assert_true(worker_take_event(worker, house->service.providers[0], 1000 + taken));
        taken++;
    }
    assert_in_range(taken, 256, 260);
    pthread_mutex_lock(&house->lock);
    house->events_hang = false;
    pthread_mutex_unlock(&house->lock);
    worker_free(worker);
}

/* A provider that is down is left alone; nothing is parked by that. */
static void a_provider_that_is_down_parks_nothing(void **state)
{
    struct service_house *house = *state;
    struct worker *worker;

    house->event =
        (struct resolution){.kind = RESOLUTION_RETRY, .detail = "", .provider_down = true};
    for (int i = 0; i < 40; i++)
        deliver(house, "stripe", true, 0);
    worker = worker_of(house, 4);
    await(house, "SELECT MAX(attempts) > 0 FROM provider_event", 1);
    await(house, "SELECT COUNT(*) FROM provider_event WHERE lease_until > 0", 0);
    worker_free(worker);
    assert_int_equal(
        house_count(&house->house, "SELECT COUNT(*) FROM provider_event WHERE crashes > 0"), 0);
    assert_true(house->events < 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(what_is_handed_over_is_worked_on_once),
        SERVICE_TEST(what_lies_there_is_found),
        SERVICE_TEST(a_backlog_is_worked_off),
        SERVICE_TEST(a_stranger_is_not_asked_about_twice),
        SERVICE_TEST(what_was_not_begun_is_given_back),
        SERVICE_TEST(a_woken_intent_is_looked_at),
        SERVICE_TEST(many_events_wait_for_one_commit),
        SERVICE_TEST(the_counter_of_hand_overs_is_bounded),
        SERVICE_TEST(a_provider_that_is_down_parks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
