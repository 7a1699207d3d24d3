#include "db/writer.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "db/connection.h"
#include "db/transaction.h"

enum {
    GROUP_MAX = 64,
    GROUP_US = 5000,
    QUEUE_MAX = 1024,
    STOP_PATIENCE_MS = 2000 /* the last checkpoint waits that long for a reader */
};

/* What a group changes stays in memory until its commit: its pages, and how they were before each
 * savepoint. Otherwise both are written to files, and read again, while it goes on. */
static const char group_memory[] = "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192";

enum company { IN_A_GROUP, ALONE };

/* One db_write; its caller waits until done. */
struct request {
    db_write_fn *fn;
    void *argument;
    enum company company;
    struct request *next;
    pthread_cond_t answered;
    bool done;
    enum err result;
    struct err_record record; /* of a result that is not OK */
};

struct db_writer {
    struct db *db; /* the writer thread's, between its start and its end */
    char *path;
    pthread_t thread;
    bool running;
    struct checkpointer *checkpointer;

    pthread_mutex_t lock; /* over what follows, and over done in every request */
    pthread_cond_t arrived;
    struct request *first;
    struct request **last;
    int waiting;
    bool stopping;
    int callers; /* that have not been told their result: the writer must outlive them */
    pthread_cond_t left;
};

struct group {
    struct request *members[GROUP_MAX];
    int count;
    int64_t began_us;
};

/* ---- the queue ---- */

static struct request *pop(struct db_writer *writer)
{
    struct request *request = writer->first;
    writer->first = request->next;
    if (writer->first == NULL) {
        writer->last = &writer->first;
    }
    writer->waiting--;
    return request;
}

/* Sleeps until there is a request; NULL when the queue is empty for ever. */
static struct request *take_first(struct db_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->first == NULL && !writer->stopping) {
        pthread_cond_wait(&writer->arrived, &writer->lock);
    }
    struct request *request = writer->first == NULL ? NULL : pop(writer);
    pthread_mutex_unlock(&writer->lock);
    return request;
}

/* The next member of a group that has begun; NULL when it is full, has lasted long enough,
 * or nobody is waiting now. */
static struct request *take_next(struct db_writer *writer, const struct group *group)
{
    if (group->count == GROUP_MAX || group->members[0]->company == ALONE ||
        clock_monotonic_us() - group->began_us >= GROUP_US) {
        return NULL;
    }
    pthread_mutex_lock(&writer->lock);
    struct request *request = writer->first;
    if (request != NULL) {
        request = request->company == ALONE ? NULL : pop(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return request;
}

/* From here the request belongs to its caller again. */
static void answer(struct request *request)
{
    request->done = true;
    pthread_cond_signal(&request->answered);
}

static void answer_group(struct db_writer *writer, struct group *group)
{
    pthread_mutex_lock(&writer->lock);
    for (int i = 0; i < group->count; i++) {
        answer(group->members[i]);
    }
    pthread_mutex_unlock(&writer->lock);
}

/* ---- the writer thread ---- */

static void note_result(struct request *request, enum err result)
{
    request->result = result;
    if (result != OK) {
        request->record = *err_last();
    }
}

/* False when the group's transaction is lost. */
static bool run_member(struct db *db, struct request *request)
{
    if (engine_execute(db->engine, "savepoint", "SAVEPOINT member") != OK) {
        return false;
    }
    note_result(request, transaction_call(db, request->fn, request->argument));
    if (!engine_in_transaction(db->engine)) {
        return false;
    }
    const char *end =
        request->result == OK ? "RELEASE member" : "ROLLBACK TO member; RELEASE member";
    return engine_execute(db->engine, "savepoint", end) == OK;
}

/* False when nothing of the group is in the database. */
static bool commit_group(struct db_writer *writer, struct group *group)
{
    struct request *request = group->members[0];
    while (request != NULL) {
        group->members[group->count++] = request;
        if (!run_member(writer->db, request)) {
            connection_rollback(writer->db);
            return false;
        }
        request = take_next(writer, group);
    }
    return connection_commit(writer->db) == OK;
}

/* One of the group has cost all the others their transaction: each has its own now, and
 * what happens there counts. */
static void run_again(struct db_writer *writer, struct group *group)
{
    log_line(LOG_WARNING, "db.group", "a group of %d is run again one by one: %s", group->count,
             err_last()->text);
    enum err begun = OK;
    for (int i = 0; i < group->count; i++) {
        struct request *request = group->members[i];
        begun = begun == OK ? connection_begin_write(writer->db) : begun;
        note_result(request, begun == OK
                                 ? transaction_finish(writer->db, request->fn, request->argument)
                                 : begun);
    }
}

/* No transaction could begin. Everybody who waits hears it now: one after the other would
 * wait the patience of a lock times the length of the queue. */
static void refuse_all(struct db_writer *writer, struct request *first)
{
    struct err_record record = *err_last();
    log_failure("db.begin");
    pthread_mutex_lock(&writer->lock);
    for (struct request *request = first; request != NULL;
         request = writer->first == NULL ? NULL : pop(writer)) {
        request->result = record.code;
        request->record = record;
        answer(request);
    }
    pthread_mutex_unlock(&writer->lock);
}

static void *write_groups(void *argument)
{
    struct db_writer *writer = argument;
    struct request *first = NULL;
    while ((first = take_first(writer)) != NULL) {
        struct group group = {.members = {first}};
        if (connection_begin_write(writer->db) != OK) {
            refuse_all(writer, first);
            continue;
        }
        group.began_us = clock_monotonic_us();
        bool committed = commit_group(writer, &group);
        metric_done(METRIC_WRITE, committed ? 200 : 500, clock_monotonic_us() - group.began_us);
        metric_written(group.count);
        if (!committed) {
            run_again(writer, &group);
        }
        answer_group(writer, &group);
    }
    return NULL;
}

/* ---- the callers ---- */

static enum err enqueue(struct db_writer *writer, struct request *request)
{
    if (writer->stopping) {
        return fail(ERR_BUSY, "the writer is stopping");
    }
    if (writer->waiting >= QUEUE_MAX) {
        return fail(ERR_BUSY, "%d writes are waiting", writer->waiting);
    }
    *writer->last = request;
    writer->last = &request->next;
    writer->waiting++;
    pthread_cond_signal(&writer->arrived);
    return OK;
}

static enum err begin_request(struct db_writer *writer, struct request *request)
{
    enum err err = transaction_allowed();
    if (err != OK) {
        return err;
    }
    pthread_cond_init(&request->answered, NULL);
    pthread_mutex_lock(&writer->lock);
    err = enqueue(writer, request);
    writer->callers += err == OK;
    pthread_mutex_unlock(&writer->lock);
    if (err != OK) {
        pthread_cond_destroy(&request->answered);
    }
    return err;
}

static enum err await_request(struct db_writer *writer, struct request *request)
{
    pthread_mutex_lock(&writer->lock);
    while (!request->done) {
        pthread_cond_wait(&request->answered, &writer->lock);
    }
    writer->callers--;
    pthread_cond_signal(&writer->left);
    pthread_mutex_unlock(&writer->lock);
    pthread_cond_destroy(&request->answered);
    return request->result == OK ? OK : err_adopt(&request->record);
}

static enum err submit(struct db_writer *writer, struct request *request)
{
    enum err err = begin_request(writer, request);
    return err == OK ? await_request(writer, request) : err;
}

enum err db_write(struct db_writer *writer, db_write_fn *fn, void *argument)
{
    struct request request = {.fn = fn, .argument = argument, .company = IN_A_GROUP};
    return submit(writer, &request);
}

struct db_started {
    struct db_writer *writer;
    struct request request;
};

enum err db_write_start(struct db_writer *writer, db_write_fn *fn, void *argument,
                        struct db_started **started)
{
    struct db_started *made = engine_allocate(1, sizeof(*made));
    made->writer = writer;
    made->request = (struct request){.fn = fn, .argument = argument, .company = IN_A_GROUP};
    enum err err = begin_request(writer, &made->request);
    if (err != OK) {
        free(made);
        made = NULL;
    }
    *started = made;
    return err;
}

enum err db_write_wait(struct db_started *started)
{
    enum err err = await_request(started->writer, &started->request);
    free(started);
    return err;
}

enum err db_write_alone(struct db_writer *writer, db_write_fn *fn, void *argument)
{
    struct request request = {.fn = fn, .argument = argument, .company = ALONE};
    return submit(writer, &request);
}

int db_writer_waiting(struct db_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    int waiting = writer->waiting;
    pthread_mutex_unlock(&writer->lock);
    return waiting;
}

/* ---- birth and end ---- */

enum err writer_start_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ? OK : fail(ERR_IO, "cannot start a thread: %s", strerror(code));
}

enum err db_writer_new(const char *path, const struct db_catalog *catalog,
                       struct db_writer **writer)
{
    struct db_writer *created = engine_allocate(1, sizeof(*created));
    created->path = strdup(path);
    require(created->path != NULL);
    created->last = &created->first;
    pthread_mutex_init(&created->lock, NULL);
    pthread_cond_init(&created->arrived, NULL);
    pthread_cond_init(&created->left, NULL);
    *writer = NULL;
    enum err err = db_open(path, DB_WRITE, catalog, &created->db);
    if (err == OK) {
        err = engine_execute(created->db->engine, "configure", group_memory);
    }
    if (err == OK) {
        err = writer_start_thread(&created->thread, write_groups, created);
        created->running = err == OK;
    }
    if (err != OK) {
        db_writer_free(created);
        return err;
    }
    *writer = created;
    return OK;
}

static enum err checkpoint_elsewhere(struct db *db, void *argument)
{
    (void)argument;
    engine_checkpoint_elsewhere(db->engine);
    return OK;
}

enum err db_writer_start_checkpoints(struct db_writer *writer)
{
    if (writer->checkpointer != NULL) {
        return fail(ERR_INTERNAL, "the checkpoints have been started");
    }
    enum err err = checkpointer_new(writer->path, &writer->checkpointer);
    /* The writer's connection is touched by its own thread only. */
    return err == OK ? db_write(writer, checkpoint_elsewhere, NULL) : err;
}

/* What is left in the log goes into the database; a reader that stays may prevent it. */
static void checkpoint_last(struct db_writer *writer)
{
    bool complete = false;
    engine_set_patience(writer->db->engine, STOP_PATIENCE_MS);
    if (engine_checkpoint(writer->db->engine, ENGINE_CHECKPOINT_TRUNCATE, &complete) != OK) {
        log_failure("db.checkpoint");
    }
}

void db_writer_stop(struct db_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->arrived);
    pthread_mutex_unlock(&writer->lock);
    if (!writer->running) {
        return;
    }
    pthread_join(writer->thread, NULL);
    writer->running = false;
    checkpointer_free(writer->checkpointer);
    writer->checkpointer = NULL;
    checkpoint_last(writer);
}

void db_writer_free(struct db_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    db_writer_stop(writer);
    pthread_mutex_lock(&writer->lock);
    while (writer->callers > 0) {
        pthread_cond_wait(&writer->left, &writer->lock);
    }
    pthread_mutex_unlock(&writer->lock);
    db_close(writer->db);
    pthread_cond_destroy(&writer->left);
    pthread_cond_destroy(&writer->arrived);
    pthread_mutex_destroy(&writer->lock);
    free(writer->path);
    free(writer);
}
