#include "job/queue.h"

#include <string.h>

bool queue_add(struct queue *queue, const struct task *task)
{
    if (queue->count == QUEUE_TASKS_MAX)
        return false;
    queue->tasks[queue->count++] = *task;
    return true;
}

bool queue_provider_open(const struct queue *queue, size_t provider, int64_t now_ms)
{
    const struct breaker *breaker = &queue->breakers[provider];

    if (breaker->closed_again_at_ms == 0)
        return true;
    /* Half open: one call at a time tries whether the provider is back. */
    return now_ms >= breaker->closed_again_at_ms && queue->running[provider] == 0;
}

static void remove_task(struct queue *queue, size_t index)
{
    queue->count--;
    memmove(&queue->tasks[index], &queue->tasks[index + 1],
            (queue->count - index) * sizeof(queue->tasks[0]));
}

bool queue_take(struct queue *queue, int64_t now_ms, struct task *task)
{
    for (size_t i = 0; i < queue->count; i++) {
        size_t provider = queue->tasks[i].provider;

        if (!queue_provider_open(queue, provider, now_ms) ||
            queue->running[provider] >= queue->running_max)
            continue;
        *task = queue->tasks[i];
        remove_task(queue, i);
        queue->running[provider]++;
        return true;
    }
    return false;
}

bool queue_take_back(struct queue *queue, int64_t now_ms, struct task *task)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (queue_provider_open(queue, queue->tasks[i].provider, now_ms) &&
            now_ms - queue->tasks[i].added_at_ms < QUEUE_TASK_MS)
            continue;
        *task = queue->tasks[i];
        remove_task(queue, i);
        return true;
    }
    return false;
}

bool queue_take_any(struct queue *queue, struct task *task)
{
    if (queue->count == 0)
        return false;
    *task = queue->tasks[0];
    remove_task(queue, 0);
    return true;
}

size_t queue_room(const struct queue *queue, size_t provider, int64_t now_ms)
{
    size_t room = queue->breakers[provider].closed_again_at_ms ? 1 : QUEUE_CLAIMS_MAX;
    size_t waiting = 0;

    if (!queue_provider_open(queue, provider, now_ms))
        return 0;
    for (size_t i = 0; i < queue->count && waiting < room; i++)
        waiting += queue->tasks[i].provider == provider ? 1 : 0;
    return room - waiting;
}

static void breaker_failed(struct breaker *breaker, int64_t now_ms)
{
    breaker->failures++;
    if (breaker->failures < BREAKER_FAILURES_MAX)
        return;
    breaker->pause_ms = breaker->pause_ms ? breaker->pause_ms * 2 : BREAKER_PAUSE_MS;
    if (breaker->pause_ms > BREAKER_PAUSE_MAX_MS)
        breaker->pause_ms = BREAKER_PAUSE_MAX_MS;
    breaker->closed_again_at_ms = now_ms + breaker->pause_ms;
}

void queue_done(struct queue *queue, const struct task *task, bool provider_down, int64_t now_ms)
{
    queue->running[task->provider]--;
    if (provider_down)
        breaker_failed(&queue->breakers[task->provider], now_ms);
    else
        queue->breakers[task->provider] = (struct breaker){0};
}

bool queue_may_wake(struct queue *queue, int64_t intent_id, int64_t now_ms)
{
    size_t slot = (size_t)((uint64_t)intent_id % QUEUE_WAKES_MAX);

    if (queue->wakes[slot].intent_id == intent_id &&
        now_ms - queue->wakes[slot].at_ms < QUEUE_WAKE_MS)
        return false;
    queue->wakes[slot].intent_id = intent_id;
    queue->wakes[slot].at_ms = now_ms;
    return true;
}
