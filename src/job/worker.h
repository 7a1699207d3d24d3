/*
 * worker: the job threads.
 *
 * Invariant: work is claimed with a lease by compare-and-set and may be done twice; whatever it
 * books is idempotent. At most half of the threads serve one provider; a provider that is down
 * is left alone by a circuit breaker while the others go on.
 */
#ifndef JOB_WORKER_H
#define JOB_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "payment/service.h"

struct worker;

struct worker_options {
    const struct payment_service *service;
    const char *database_path;
    const struct db_catalog *catalog;
    int threads;
};
/* Starts the threads. The caller must dispose of *worker with worker_free, which finishes the
 * work in hand (network calls are aborted by http_client_stop_all), joins, and gives the claims
 * of what was not begun back: the writer must still run. */
enum err worker_new(const struct worker_options *options, struct worker **worker);
void worker_free(struct worker *worker);

/* Is there room to hand over events? If not, what is stored is found in the database, as soon as
 * what waits here is done. */
bool worker_has_room(struct worker *worker);
/* Hands over an event that was stored as leased (claim 1). False when the queue is full: the
 * lease then simply runs out. Never blocks. One that was not leased after all is left alone. */
bool worker_take_event(struct worker *worker, const struct provider *provider, int64_t event_id);
/* Asks for a look at an intent soon, at most once per intent per 3 s; in memory only. For
 * one whose provider can be asked about it. */
void worker_wake_intent(struct worker *worker, const struct provider *provider,
                        int64_t association_id, int64_t intent_id);

#endif
