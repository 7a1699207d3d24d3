/* The work in memory: fair places, a breaker per provider, wakes at most once in 3 s. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "job/queue.h"

#include <stdlib.h>

static struct queue *queue_new(int running_max)
{
    struct queue *queue = calloc(1, sizeof(*queue));

    assert_non_null(queue);
    queue->running_max = running_max;
    return queue;
}

static struct task task_of(size_t provider, int64_t id)
{
    return (struct task){
        .kind = TASK_EVENT, .provider = provider, .claim = {.id = id, .claim = 1}};
}

static void add(struct queue *queue, size_t provider, int64_t id)
{
    struct task task = task_of(provider, id);

    assert_true(queue_add(queue, &task));
}

static void one_provider_never_takes_all(void **state)
{
    struct queue *queue = queue_new(2);
    struct task task;

    (void)state;
    for (int64_t id = 1; id <= 5; id++)
        add(queue, 0, id);
    add(queue, 1, 100);
    assert_true(queue_take(queue, 0, &task) && task.claim.id == 1);
    assert_true(queue_take(queue, 0, &task) && task.claim.id == 2);
    assert_true(queue_take(queue, 0, &task) && task.claim.id == 100);
    assert_false(queue_take(queue, 0, &task));
    task = task_of(0, 1);
    queue_done(queue, &task, false, 0);
    assert_true(queue_take(queue, 0, &task) && task.claim.id == 3);
    free(queue);
}

static void fail_times(struct queue *queue, size_t provider, int times, int64_t now_ms)
{
    struct task task;

    for (int i = 0; i < times; i++) {
        add(queue, provider, i + 1);
        assert_true(queue_take(queue, now_ms, &task));
        queue_done(queue, &task, true, now_ms);
    }
}

static void a_failing_provider_is_left_alone(void **state)
{
    struct queue *queue = queue_new(2);
    struct task task;

    (void)state;
    fail_times(queue, 0, BREAKER_FAILURES_MAX - 1, 1000);
    assert_true(queue_provider_open(queue, 0, 1000));
    fail_times(queue, 0, 1, 1000);
    assert_false(queue_provider_open(queue, 0, 1000));
    assert_true(queue_provider_open(queue, 1, 1000));
    add(queue, 0, 7);
    add(queue, 1, 8);
    assert_true(queue_take(queue, 1000, &task) && task.claim.id == 8);
    assert_false(queue_take(queue, 1000, &task));
    assert_true(queue_take_back(queue, 1000, &task) && task.claim.id == 7);
    assert_int_equal(queue->count, 0);
    assert_int_equal(queue_room(queue, 0, 1000), 0);
    /* After the pause one call tries; it succeeds and all is as before. */
    assert_int_equal(queue_room(queue, 0, 1000 + BREAKER_PAUSE_MS), 1);
    add(queue, 0, 9);
    assert_int_equal(queue_room(queue, 0, 1000 + BREAKER_PAUSE_MS), 0);
    add(queue, 0, 10);
    assert_true(queue_take(queue, 1000 + BREAKER_PAUSE_MS, &task) && task.claim.id == 9);
    assert_false(queue_provider_open(queue, 0, 1000 + BREAKER_PAUSE_MS));
    assert_false(queue_take(queue, 1000 + BREAKER_PAUSE_MS, &task));
    assert_true(queue_take_back(queue, 1000 + BREAKER_PAUSE_MS, &task) && task.claim.id == 10);
    task = task_of(0, 9);
    queue_done(queue, &task, false, 1000 + BREAKER_PAUSE_MS);
    assert_true(queue_provider_open(queue, 0, 1000 + BREAKER_PAUSE_MS));
    free(queue);
}

static void the_pause_grows(void **state)
{
    struct queue *queue = queue_new(2);
    int64_t now_ms = 0, before = 0;

    (void)state;
    fail_times(queue, 0, BREAKER_FAILURES_MAX, now_ms);
    for (int i = 0; i < 10; i++) {
        int64_t pause_ms = queue->breakers[0].closed_again_at_ms - now_ms;
        assert_true(pause_ms >= before && pause_ms <= BREAKER_PAUSE_MAX_MS);
        before = pause_ms;
        now_ms = queue->breakers[0].closed_again_at_ms;
        fail_times(queue, 0, 1, now_ms);
    }
    assert_int_equal(before, BREAKER_PAUSE_MAX_MS);
    free(queue);
}

/* Its lease is half over: another process may have it soon. */
static void a_task_does_not_wait_for_ever(void **state)
{
    struct queue *queue = queue_new(1);
    struct task task = task_of(0, 1);

    (void)state;
    task.added_at_ms = 500;
    assert_true(queue_add(queue, &task));
    assert_false(queue_take_back(queue, 500 + QUEUE_TASK_MS - 1, &task));
    assert_true(queue_take_back(queue, 500 + QUEUE_TASK_MS, &task) && task.claim.id == 1);
    assert_false(queue_take_any(queue, &task));
    free(queue);
}

/* What waits already is not claimed a second time. */
static void room_is_what_can_be_worked_on(void **state)
{
    struct queue *queue = queue_new(2);
    struct task task;

    (void)state;
    assert_int_equal(queue_room(queue, 0, 0), QUEUE_CLAIMS_MAX);
    add(queue, 0, 1);
    add(queue, 1, 2);
    assert_int_equal(queue_room(queue, 0, 0), QUEUE_CLAIMS_MAX - 1);
    for (int64_t id = 3; id < 100; id++)
        add(queue, 0, id);
    assert_int_equal(queue_room(queue, 0, 0), 0);
    assert_true(queue_take_any(queue, &task) && task.claim.id == 1);
    free(queue);
}

static void a_hundred_reloads_wake_once(void **state)
{
    struct queue *queue = queue_new(2);
    int woken = 0;

    (void)state;
    for (int64_t ms = 0; ms < 100; ms++)
        woken += queue_may_wake(queue, 42, 5000 + ms) ? 1 : 0;
    assert_int_equal(woken, 1);
    assert_true(queue_may_wake(queue, 43, 5000));
    assert_true(queue_may_wake(queue, 42, 5000 + QUEUE_WAKE_MS));
    free(queue);
}

static void a_full_queue_refuses(void **state)
{
    struct queue *queue = queue_new(2);
    struct task task = task_of(0, 1);

    (void)state;
    for (int i = 0; i < QUEUE_TASKS_MAX; i++)
        assert_true(queue_add(queue, &task));
    assert_false(queue_add(queue, &task));
    free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_provider_never_takes_all),
        cmocka_unit_test(a_failing_provider_is_left_alone),
        cmocka_unit_test(the_pause_grows),
        cmocka_unit_test(a_task_does_not_wait_for_ever),
        cmocka_unit_test(room_is_what_can_be_worked_on),
        cmocka_unit_test(a_hundred_reloads_wake_once),
        cmocka_unit_test(a_full_queue_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
