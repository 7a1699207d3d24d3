/*
 * flight: the events of one job thread whose write is on its way.
 *
 * Invariant: the commit of one event is not waited for while others can be resolved, so that they
 * share it; each is waited for before the thread sleeps or ends.
 */
#ifndef JOB_FLIGHT_H
#define JOB_FLIGHT_H

#include "payment/service.h"

enum { FLIGHTS_MAX = 16 };

/* One thread's; zeroed to begin with. */
struct flights {
    struct flight {
        struct arena *arena; /* NULL: not used yet */
        struct event_work *work;
    } all[FLIGHTS_MAX];
    size_t first, count;
};

bool flights_full(const struct flights *flights);
/* Asks the provider about a claimed event and starts its write. There is room. Errors: of what was
 * not started. */
enum err flights_begin(struct flights *flights, const struct payment_service *service,
                       struct db *db, struct http_client *client, const struct claim *claim,
                       bool *provider_down);
/* Waits for the oldest one; there is one. */
enum err flights_land(struct flights *flights, const struct payment_service *service,
                      struct db *db, struct http_client *client);
/* None is left on its way. */
void flights_free(struct flights *flights);

#endif
