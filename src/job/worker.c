#include "job/worker.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "job/daily.h"
#include "job/flight.h"
#include "job/queue.h"
#include "payment/dispute.h"
#include "payment/link.h"
#include "payment/refund_request.h"
#include "payment/statement_task.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { POLL_MS = 1000, WAIT_MS = 250, FEES_MS = 60 * 1000, SWEEP_MS = 3600 * 1000 };
enum { HAND_OVER_MAX = 256 }; /* what is worked on long before its lease ends */

struct worker {
    struct worker_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct queue queue;
    int64_t poll_at_ms;  /* monotonic */
    int64_t fees_at_ms;  /* monotonic */
    int64_t sweep_at_ms; /* monotonic */
    bool more;           /* the last poll took all it had room for: there may be more due */
    bool stopping;
    pthread_t *threads;
    int started;
};

/* What one job thread owns. */
struct job_thread {
    struct worker *worker;
    struct db *db;
    struct http_client *client;
    struct arena *arena;
    struct flights flights;
};

/* ---- the kinds of work ---- */

/* What waits in the database, claimed, given back and worked on the same way. */
struct work {
    enum err (*any_due)(struct db *db, int64_t now, bool *due); /* NULL: asked by provider */
    enum err (*claim_due)(struct db *db, const char *provider, int64_t now, struct claim *claims,
                          size_t max, size_t *count);
    enum err (*release)(struct db *db, const struct claim *claim, int64_t now);
    enum err (*run)(const struct payment_service *service, const struct provider_call *call,
                    const struct claim *claim, bool *provider_down);
};
/* A woken intent is claimed when it is worked on; an event is worked on in flight. */
static const struct work works[TASK_KINDS] = {
    [TASK_EVENT] = {NULL, event_claim, event_release, NULL},
    [TASK_INTENT] = {intent_any_due, intent_claim_due, intent_release, payment_work_intent},
    [TASK_WAKE] = {NULL, NULL, NULL, payment_work_intent},
    [TASK_ENDPOINT] = {link_any_due, link_claim_due, link_release, payment_work_endpoint},
    [TASK_REFUND] = {refund_any_due, refund_claim_due, refund_release, payment_work_refund},
    [TASK_STATEMENT] = {statement_any_due, statement_claim_due, statement_release,
                        payment_work_statement},
    [TASK_FEE] = {fee_any_due, fee_claim_due, fee_release, payment_work_fee},
    [TASK_DISPUTE] = {dispute_any_due, dispute_claim_due, dispute_release, payment_work_dispute},
};

/* ---- claiming ---- */

struct claiming {
    const struct work *work;
    const char *provider;
    int64_t now;
    struct claim claims[QUEUE_CLAIMS_MAX];
    size_t max; /* of claims */
    size_t count;
    int64_t association_id, intent_id; /* one intent */
};

static enum err claim_due(struct db *db, void *argument)
{
    struct claiming *claiming = argument;

    return claiming->work->claim_due(db, claiming->provider, claiming->now, claiming->claims,
                                     claiming->max, &claiming->count);
}

static enum err claim_intent(struct db *db, void *argument)
{
    struct claiming *claiming = argument;

    return intent_claim_one(db, claiming->association_id, claiming->intent_id, claiming->now,
                            &claiming->claims[0], &claiming->count);
}

struct releasing {
    const struct task *task;
    int64_t now;
};

static enum err release(struct db *db, void *argument)
{
    const struct releasing *releasing = argument;
    const struct task *task = releasing->task;

    return works[task->kind].release(db, &task->claim, releasing->now);
}

/* A woken intent has not been claimed yet. */
static void give_back(struct worker *worker, const struct task *task)
{
    struct releasing releasing = {.task = task, .now = clock_now()};

    if (works[task->kind].release &&
        db_write(worker->options.service->writer, release, &releasing) != OK)
        log_failure("job.release");
}

static void take_claims(struct worker *worker, const struct claiming *claiming,
                        enum task_kind kind, size_t provider)
{
    pthread_mutex_lock(&worker->lock);
    for (size_t i = 0; i < claiming->count; i++) {
        struct task task = {kind, provider, claiming->claims[i], clock_monotonic_ms()};
        (void)queue_add(&worker->queue, &task); /* full: the lease runs out */
    }
    worker->more = worker->more || (claiming->count > 0 && claiming->count == claiming->max);
    pthread_cond_broadcast(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}

static size_t room_for(struct worker *worker, size_t provider)
{
    size_t room;

    pthread_mutex_lock(&worker->lock);
    room = queue_room(&worker->queue, provider, clock_monotonic_ms());
    pthread_mutex_unlock(&worker->lock);
    return room;
}

/* Claims what is due of one kind, as far as there is room. */
static enum err poll_kind(struct job_thread *job, size_t index, enum task_kind kind)
{
    struct worker *worker = job->worker;
    const struct payment_service *service = worker->options.service;
    struct claiming claiming = {.work = &works[kind],
                                .provider = service->providers[index]->name,
                                .now = clock_now(),
                                .max = room_for(worker, index)};
    enum err err;

    if (claiming.max == 0)
        return OK;
    err = db_write(service->writer, claim_due, &claiming);
    if (!err)
        take_claims(worker, &claiming, kind, index);
    return err;
}

/* What the whole service has due, asked once a round. */
struct dues {
    bool of[TASK_KINDS];
};

static enum err poll_provider(struct job_thread *job, size_t index, const struct dues *dues)
{
    const char *name = job->worker->options.service->providers[index]->name;
    bool due = false;
    enum err err = event_any_due(job->db, name, clock_now(), &due);

    if (!err && due)
        err = poll_kind(job, index, TASK_EVENT);
    for (enum task_kind kind = 0; !err && kind < TASK_KINDS; kind++)
        if (dues->of[kind])
            err = poll_kind(job, index, kind);
    return err;
}

static void poll_all(struct job_thread *job)
{
    const struct payment_service *service = job->worker->options.service;
    struct dues dues = {0};
    enum err err = OK;

    for (enum task_kind kind = 0; !err && kind < TASK_KINDS; kind++)
        if (works[kind].any_due)
            err = works[kind].any_due(job->db, clock_now(), &dues.of[kind]);
    for (size_t i = 0; !err && i < service->provider_count; i++)
        err = poll_provider(job, i, &dues);
    if (err)
        log_failure("job.poll");
}

/* ---- looking for work ---- */

/* Payments whose fee nobody told: each minute. */
static void look_for_fees(struct job_thread *job)
{
    const struct payment_service *service = job->worker->options.service;

    for (size_t i = 0; i < service->provider_count; i++)
        if (fee_look_round(service, job->db, service->providers[i], clock_now(), job->arena))
            log_failure("job.fees");
    arena_reset(job->arena);
}

static void sweep_old(struct job_thread *job)
{
    const struct payment_service *service = job->worker->options.service;
    int64_t now = clock_now();

    if (daily_sweep(service->writer, now))
        log_failure("job.sweep");
    if (daily_release(service->writer, job->db, now, job->arena))
        log_failure("job.release");
    for (size_t i = 0; i < service->provider_count; i++)
        if (statement_ask_nightly(service, job->db, service->providers[i], now, job->arena))
            log_failure("job.statement");
    if (daily_fees(service->writer, job->db, now, job->arena))
        log_failure("job.fees");
    arena_reset(job->arena);
}

/* ---- working ---- */

/* A return page asked: claim that intent now, whatever its time. */
static enum err claim_woken(struct job_thread *job, struct task *task)
{
    struct claiming claiming = {.now = clock_now(),
                                .association_id = task->claim.association_id,
                                .intent_id = task->claim.id};
    enum err err = db_write(job->worker->options.service->writer, claim_intent, &claiming);

    task->claim = claiming.claims[0];
    if (!err && claiming.count == 0)
        task->claim.id = 0; /* another works on it */
    return err;
}

static bool run_task(struct job_thread *job, struct task *task)
{
    const struct payment_service *service = job->worker->options.service;
    struct provider_call call = payment_call(service, job->db, job->client, job->arena);
    bool provider_down = false;
    enum err err = task->kind == TASK_WAKE ? claim_woken(job, task) : OK;

    if (task->kind == TASK_EVENT)
        err = flights_begin(&job->flights, service, job->db, job->client, &task->claim,
                            &provider_down);
    else if (!err && task->claim.id)
        err = works[task->kind].run(service, &call, &task->claim, &provider_down);
    if (err)
        log_failure("job.task");
    arena_reset(job->arena);
    return provider_down;
}

static void wait_for_work(struct worker *worker)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&worker->wake, &worker->lock, &until);
}

/* True when this thread is to do the round of polling or sweeping; one thread at a time. */
static bool turn_has_come(int64_t *at_ms, int64_t every_ms)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms < *at_ms)
        return false;
    *at_ms = now_ms + every_ms;
    return true;
}

static void work_once(struct job_thread *job, struct task *task)
{
    struct worker *worker = job->worker;
    bool provider_down;

    pthread_mutex_unlock(&worker->lock);
    provider_down = run_task(job, task);
    pthread_mutex_lock(&worker->lock);
    queue_done(&worker->queue, task, provider_down, clock_monotonic_ms());
    pthread_cond_signal(&worker->wake);
}

/* Waits for the oldest event that is on its way. */
static void land_one(struct job_thread *job)
{
    if (flights_land(&job->flights, job->worker->options.service, job->db, job->client))
        log_failure("job.task");
}

static void give_back_one(struct worker *worker, const struct task *task)
{
    pthread_mutex_unlock(&worker->lock);
    give_back(worker, task);
    pthread_mutex_lock(&worker->lock);
}

static void run_unlocked(struct worker *worker, void (*round)(struct job_thread *),
                         struct job_thread *job)
{
    pthread_mutex_unlock(&worker->lock);
    round(job);
    pthread_mutex_lock(&worker->lock);
}

static void free_thread(struct job_thread *job)
{
    flights_free(&job->flights);
    arena_free(job->arena);
    http_client_free(job->client);
    db_close(job->db);
    free(job);
}

static void *run_thread(void *argument)
{
    struct job_thread *job = argument;
    struct worker *worker = job->worker;
    struct task task;

    log_set_request("job");
    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping) {
        if (worker->more && worker->queue.count == 0)
            worker->poll_at_ms = 0;
        if (turn_has_come(&worker->poll_at_ms, POLL_MS)) {
            worker->more = false;
            run_unlocked(worker, poll_all, job);
        } else if (turn_has_come(&worker->sweep_at_ms, SWEEP_MS)) {
            run_unlocked(worker, sweep_old, job);
        } else if (turn_has_come(&worker->fees_at_ms, FEES_MS)) {
            run_unlocked(worker, look_for_fees, job);
        } else if (queue_take_back(&worker->queue, clock_monotonic_ms(), &task)) {
            give_back_one(worker, &task);
        } else if (!flights_full(&job->flights) &&
                   queue_take(&worker->queue, clock_monotonic_ms(), &task)) {
            work_once(job, &task);
        } else if (job->flights.count > 0) {
            run_unlocked(worker, land_one, job);
        } else {
            wait_for_work(worker);
        }
    }
    pthread_mutex_unlock(&worker->lock);
    while (job->flights.count > 0)
        land_one(job);
    free_thread(job);
    return NULL;
}

/* ---- life ---- */

static enum err start_thread(struct worker *worker)
{
    struct job_thread *job = calloc(1, sizeof(*job));
    enum err err;

    require(job);
    job->worker = worker;
    job->arena = arena_new();
    err = db_open(worker->options.database_path, DB_READ, worker->options.catalog, &job->db);
    if (!err)
        err = http_client_new(&job->client);
    if (!err && pthread_create(&worker->threads[worker->started], NULL, run_thread, job) != 0)
        err = fail(ERR_INTERNAL, "a job thread could not be started");
    if (!err) {
        worker->started++;
        return OK;
    }
    free_thread(job);
    return err;
}

enum err worker_new(const struct worker_options *options, struct worker **worker)
{
    struct worker *made = calloc(1, sizeof(*made));
    pthread_condattr_t attributes;
    enum err err = OK;

    require(made && options->threads > 0);
    require(options->service->provider_count <= QUEUE_PROVIDERS_MAX);
    made->options = *options;
    made->queue.running_max = options->threads / 2 > 0 ? options->threads / 2 : 1;
    made->threads = calloc((size_t)options->threads, sizeof(*made->threads));
    require(made->threads);
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    for (int i = 0; !err && i < options->threads; i++)
        err = start_thread(made);
    if (err) {
        worker_free(made);
        made = NULL;
    }
    *worker = made;
    return err;
}

void worker_free(struct worker *worker)
{
    struct task task;

    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_broadcast(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    for (int i = 0; i < worker->started; i++)
        pthread_join(worker->threads[i], NULL);
    while (queue_take_any(&worker->queue, &task))
        give_back(worker, &task);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker->threads);
    free(worker);
}

/* ---- from pages and the door ---- */

static bool provider_index(const struct worker *worker, const struct provider *provider,
                           size_t *index)
{
    const struct payment_service *service = worker->options.service;

    for (*index = 0; *index < service->provider_count; (*index)++)
        if (service->providers[*index] == provider)
            return true;
    return false;
}

bool worker_has_room(struct worker *worker)
{
    bool room;

    pthread_mutex_lock(&worker->lock);
    room = worker->queue.count < HAND_OVER_MAX;
    worker->more = worker->more || !room;
    pthread_mutex_unlock(&worker->lock);
    return room;
}

static bool hand_over(struct worker *worker, const struct task *task)
{
    bool taken;

    pthread_mutex_lock(&worker->lock);
    taken = queue_add(&worker->queue, task);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    return taken;
}

bool worker_take_event(struct worker *worker, const struct provider *provider, int64_t event_id)
{
    struct task task = {.kind = TASK_EVENT,
                        .claim = {.id = event_id, .claim = 1},
                        .added_at_ms = clock_monotonic_ms()};

    return provider_index(worker, provider, &task.provider) && hand_over(worker, &task);
}

void worker_wake_intent(struct worker *worker, const struct provider *provider,
                        int64_t association_id, int64_t intent_id)
{
    struct task task = {.kind = TASK_WAKE,
                        .claim = {.association_id = association_id, .id = intent_id},
                        .added_at_ms = clock_monotonic_ms()};
    bool may;

    if (!provider || !provider_index(worker, provider, &task.provider))
        return;
    pthread_mutex_lock(&worker->lock);
    may = queue_may_wake(&worker->queue, intent_id, clock_monotonic_ms());
    pthread_mutex_unlock(&worker->lock);
    if (may)
        (void)hand_over(worker, &task);
}
