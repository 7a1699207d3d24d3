#include "sandbox/courier.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_client.h"
#include "sandbox/internal.h"
#include "sandbox_queries.h"

enum { LOOK_MS = 100 };

struct courier {
    struct sandbox *sandbox;
    struct db *db;
    struct http_client *client;
    struct arena *arena;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken;
    bool stopping;
};

static bool is_stopping(struct courier *courier)
{
    bool stopping = false;

    pthread_mutex_lock(&courier->lock);
    stopping = courier->stopping;
    pthread_mutex_unlock(&courier->lock);
    return stopping;
}

/* Waits for work, at most LOOK_MS: clocks are moved and times come without a call. */
static void rest(struct courier *courier)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&courier->lock);
    while (!courier->woken && !courier->stopping)
        if (pthread_cond_timedwait(&courier->wake, &courier->lock, &until) == ETIMEDOUT)
            break;
    courier->woken = false;
    pthread_mutex_unlock(&courier->lock);
}

static void *run(void *argument)
{
    struct courier *courier = argument;

    log_set_request("courier");
    while (!is_stopping(courier)) {
        bool sent = false;
        enum err err = OK;

        arena_reset(courier->arena);
        if (courier_pass_time(courier->sandbox, courier->db, courier->arena))
            log_failure("courier.time");
        err = courier_send_due(courier->sandbox, courier->db, courier->client, courier->arena,
                               &sent);
        if (err)
            log_failure("courier.send");
        if (err || !sent)
            rest(courier);
    }
    return NULL;
}

static enum err start(struct courier *courier)
{
    pthread_condattr_t attributes;
    enum err err = OK;

    pthread_mutex_init(&courier->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&courier->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&courier->thread, NULL, run, courier))
        err = fail(ERR_IO, "no thread for the courier");
    return err;
}

static void dispose(struct courier *courier)
{
    http_client_free(courier->client);
    db_close(courier->db);
    arena_free(courier->arena);
    free(courier);
}

enum err courier_new(struct sandbox *sandbox, struct courier **courier)
{
    struct courier *made = calloc(1, sizeof(*made));
    enum err err = OK;

    require(made);
    made->sandbox = sandbox;
    made->arena = arena_new();
    err = db_open(sandbox->options.database, DB_READ, &sandbox_queries, &made->db);
    if (!err)
        err = http_client_new(&made->client);
    if (!err)
        err = start(made);
    if (err)
        dispose(made);
    else
        *courier = made;
    return err;
}

void courier_free(struct courier *courier)
{
    if (!courier)
        return;
    pthread_mutex_lock(&courier->lock);
    courier->stopping = true;
    pthread_cond_signal(&courier->wake);
    pthread_mutex_unlock(&courier->lock);
    http_client_stop_all();
    pthread_join(courier->thread, NULL);
    pthread_cond_destroy(&courier->wake);
    pthread_mutex_destroy(&courier->lock);
    dispose(courier);
}

void courier_wake(struct courier *courier)
{
    if (!courier)
        return;
    pthread_mutex_lock(&courier->lock);
    courier->woken = true;
    pthread_cond_signal(&courier->wake);
    pthread_mutex_unlock(&courier->lock);
}
