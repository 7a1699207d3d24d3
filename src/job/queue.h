/*
 * queue: the work in memory, and who may take it.
 *
 * Invariant: nothing here matters: a task that is lost comes back when its lease runs out, and
 * one that cannot be worked on soon is given back before. All functions are called with the
 * worker's lock held.
 */
#ifndef JOB_QUEUE_H
#define JOB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "payment/service.h"

enum {
    QUEUE_TASKS_MAX = 4096,
    QUEUE_PROVIDERS_MAX = 8,
    QUEUE_WAKES_MAX = 512,
    QUEUE_WAKE_MS = 3000,
    QUEUE_TASK_MS = 30000,         /* a task waits that long: half of its lease */
    QUEUE_CLAIMS_MAX = CLAIMS_MAX, /* tasks of one provider that wait beside those handed over */
    BREAKER_FAILURES_MAX = 5,
    BREAKER_PAUSE_MS = 15000,
    BREAKER_PAUSE_MAX_MS = 300000
};

enum task_kind {
    TASK_EVENT,
    TASK_INTENT,
    TASK_WAKE,
    TASK_ENDPOINT,
    TASK_REFUND,
    TASK_STATEMENT,
    TASK_FEE,
    TASK_DISPUTE,
    TASK_KINDS
};

struct task {
    enum task_kind kind;
    size_t provider; /* index in the service's table */
    struct claim claim;
    int64_t added_at_ms; /* monotonic */
};

/* A provider that fails again and again is left alone for a while. */
struct breaker {
    int failures;
    int64_t pause_ms;
    int64_t closed_again_at_ms; /* monotonic; 0 = closed */
};

struct queue {
    struct task tasks[QUEUE_TASKS_MAX];
    size_t count;
    int running[QUEUE_PROVIDERS_MAX];
    int running_max; /* per provider: half of the threads, at least one */
    struct breaker breakers[QUEUE_PROVIDERS_MAX];
    struct {
        int64_t intent_id;
        int64_t at_ms;
    } wakes[QUEUE_WAKES_MAX];
};

/* False when it is full. */
bool queue_add(struct queue *queue, const struct task *task);
/* Takes the first task whose provider has a free place and may be called. False when there is
 * none. */
bool queue_take(struct queue *queue, int64_t now_ms, struct task *task);
/* Takes a task whose claim is to be given back: its provider is left alone now, or it has
 * waited too long. False when there is none. */
bool queue_take_back(struct queue *queue, int64_t now_ms, struct task *task);
/* The same for any task: the end of the process. */
bool queue_take_any(struct queue *queue, struct task *task);
/* How many more tasks of a provider are worth claiming: one when it is tried again. */
size_t queue_room(const struct queue *queue, size_t provider, int64_t now_ms);
/* Tells how the taken task ended. */
void queue_done(struct queue *queue, const struct task *task, bool provider_down, int64_t now_ms);
/* May this provider be called now? */
bool queue_provider_open(const struct queue *queue, size_t provider, int64_t now_ms);
/* True at most once per intent per QUEUE_WAKE_MS. */
bool queue_may_wake(struct queue *queue, int64_t intent_id, int64_t now_ms);

#endif
