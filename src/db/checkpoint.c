#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "db/engine.h"
#include "db/writer.h"

enum {
    INTERVAL_S = 1,
    /* Emptying the log holds the write lock while it waits for readers: briefly, then. */
    TRUNCATE_PATIENCE_MS = 100,
    LOG_BYTES_MAX = 64 << 20
};

struct checkpointer {
    struct engine *engine; /* the thread's, between its start and its end */
    char *log_path;
    bool failing; /* the last round failed: said once, not every second */
    bool running;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
};

static bool log_is_long(const struct checkpointer *checkpointer)
{
    struct stat status;
    return stat(checkpointer->log_path, &status) == 0 && status.st_size > LOG_BYTES_MAX;
}

/* The log starts again from its beginning by itself once all of it is copied and nobody
 * reads it; its file stays as long as it ever was until it is cut here. */
static enum err checkpoint(struct checkpointer *checkpointer)
{
    bool complete = false;
    enum err err = engine_checkpoint(checkpointer->engine, ENGINE_CHECKPOINT_PASSIVE, &complete);
    if (err == OK && complete && log_is_long(checkpointer)) {
        err = engine_checkpoint(checkpointer->engine, ENGINE_CHECKPOINT_TRUNCATE, &complete);
    }
    return err == ERR_BUSY ? OK : err; /* somebody else does it, or reads: the next round */
}

static void report(struct checkpointer *checkpointer, enum err err)
{
    if (err != OK && !checkpointer->failing) {
        log_failure("db.checkpoint");
    }
    checkpointer->failing = err != OK;
}

/* False when the thread shall end. */
static bool wait_for_next_round(struct checkpointer *checkpointer)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += INTERVAL_S;
    pthread_mutex_lock(&checkpointer->lock);
    int code = 0;
    while (!checkpointer->stopping && code != ETIMEDOUT) {
        code = pthread_cond_timedwait(&checkpointer->wake, &checkpointer->lock, &until);
    }
    bool go_on = !checkpointer->stopping;
    pthread_mutex_unlock(&checkpointer->lock);
    return go_on;
}

static void *checkpoint_now_and_then(void *argument)
{
    struct checkpointer *checkpointer = argument;
    while (wait_for_next_round(checkpointer)) {
        report(checkpointer, checkpoint(checkpointer));
    }
    return NULL;
}

static void init_waiting(struct checkpointer *checkpointer)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&checkpointer->lock, NULL);
    pthread_cond_init(&checkpointer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum err checkpointer_new(const char *path, struct checkpointer **checkpointer)
{
    struct checkpointer *created = engine_allocate(1, sizeof(*created));
    *checkpointer = NULL;
    size_t size = strlen(path) + sizeof("-wal");
    created->log_path = engine_allocate(size, 1);
    snprintf(created->log_path, size, "%s-wal", path);
    init_waiting(created);
    enum err err = engine_open(path, DB_WRITE, &created->engine);
    if (err == OK) {
        engine_set_patience(created->engine, TRUNCATE_PATIENCE_MS);
        err = writer_start_thread(&created->thread, checkpoint_now_and_then, created);
        created->running = err == OK;
    }
    if (err != OK) {
        checkpointer_free(created);
        return err;
    }
    *checkpointer = created;
    return OK;
}

void checkpointer_free(struct checkpointer *checkpointer)
{
    if (checkpointer == NULL) {
        return;
    }
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->stopping = true;
    pthread_cond_signal(&checkpointer->wake);
    pthread_mutex_unlock(&checkpointer->lock);
    if (checkpointer->running) {
        pthread_join(checkpointer->thread, NULL);
    }
    engine_close(checkpointer->engine);
    pthread_cond_destroy(&checkpointer->wake);
    pthread_mutex_destroy(&checkpointer->lock);
    free(checkpointer->log_path);
    free(checkpointer);
}
