#include "web/errands.h"

#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum errand_kind { ERRAND_TOUCH, ERRAND_DENIED };

struct errand {
    enum errand_kind kind;
    unsigned char token_hash[HASH_LEN];
    int64_t now;
    int64_t association_id;
    int64_t login_id;
    char address[ERRAND_ADDRESS_MAX];
    const char *object;
    const char *detail;
};

struct errands {
    struct db_writer *writer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool started, stop;
    struct errand queue[ERRANDS_MAX];
    size_t first, count;
};

/* ---- doing ---- */

static enum err run_errand(struct db *db, void *argument)
{
    const struct errand *errand = argument;
    const struct audit_actor actor = {errand->login_id, errand->address};

    if (errand->kind == ERRAND_TOUCH)
        return session_touch(db, errand->token_hash, errand->now);
    return audit_add(db, errand->association_id, &actor, "access.denied", errand->object,
                     errand->detail);
}

/* False when there is nothing left and the end has come. */
static bool next_errand(struct errands *errands, struct errand *errand)
{
    bool found;

    pthread_mutex_lock(&errands->lock);
    while (errands->count == 0 && !errands->stop)
        pthread_cond_wait(&errands->more, &errands->lock);
    found = errands->count > 0;
    if (found) {
        *errand = errands->queue[errands->first];
        errands->first = (errands->first + 1) % ERRANDS_MAX;
        errands->count--;
    }
    pthread_mutex_unlock(&errands->lock);
    return found;
}

static void *run_thread(void *argument)
{
    struct errands *errands = argument;
    struct errand errand;

    while (next_errand(errands, &errand))
        if (db_write(errands->writer, run_errand, &errand) != OK)
            log_failure("web.errand");
    return NULL;
}

/* ---- queueing ---- */

static bool queued_already(const struct errands *errands, const struct errand *errand)
{
    if (errand->kind != ERRAND_TOUCH)
        return false;
    for (size_t i = 0; i < errands->count; i++) {
        const struct errand *other = &errands->queue[(errands->first + i) % ERRANDS_MAX];

        if (other->kind == ERRAND_TOUCH && hash_equal(str_from(other->token_hash, HASH_LEN),
                                                      str_from(errand->token_hash, HASH_LEN)))
            return true;
    }
    return false;
}

static void add(struct errands *errands, const struct errand *errand)
{
    bool full;

    pthread_mutex_lock(&errands->lock);
    full = errands->count == ERRANDS_MAX;
    if (!full && !queued_already(errands, errand)) {
        errands->queue[(errands->first + errands->count) % ERRANDS_MAX] = *errand;
        errands->count++;
        pthread_cond_signal(&errands->more);
    }
    pthread_mutex_unlock(&errands->lock);
    if (full)
        log_line(LOG_WARNING, "web.errands_full", "one is left out");
}

void errands_touch(struct errands *errands, const unsigned char token_hash[HASH_LEN], int64_t now)
{
    struct errand errand = {.kind = ERRAND_TOUCH, .now = now};

    memcpy(errand.token_hash, token_hash, HASH_LEN);
    add(errands, &errand);
}

void errands_denied(struct errands *errands, int64_t association_id, int64_t login_id,
                    struct str address, const char *object, const char *detail)
{
    struct errand errand = {.kind = ERRAND_DENIED,
                            .association_id = association_id,
                            .login_id = login_id,
                            .object = object,
                            .detail = detail};

    snprintf(errand.address, sizeof(errand.address), "%.*s", STR_PRINT(address));
    add(errands, &errand);
}

/* ---- life ---- */

enum err errands_new(struct db_writer *writer, struct errands **errands)
{
    struct errands *made = calloc(1, sizeof(*made));

    require(made);
    made->writer = writer;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->more, NULL);
    made->started = pthread_create(&made->thread, NULL, run_thread, made) == 0;
    *errands = made;
    if (made->started)
        return OK;
    errands_free(made);
    *errands = NULL;
    return fail(ERR_INTERNAL, "the thread of small writes could not be started");
}

void errands_free(struct errands *errands)
{
    if (!errands)
        return;
    pthread_mutex_lock(&errands->lock);
    errands->stop = true;
    pthread_cond_signal(&errands->more);
    pthread_mutex_unlock(&errands->lock);
    if (errands->started)
        pthread_join(errands->thread, NULL);
    pthread_cond_destroy(&errands->more);
    pthread_mutex_destroy(&errands->lock);
    free(errands);
}
