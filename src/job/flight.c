#include "job/flight.h"

#include "base/arena.h"

bool flights_full(const struct flights *flights)
{
    return flights->count == FLIGHTS_MAX;
}

enum err flights_begin(struct flights *flights, const struct payment_service *service,
                       struct db *db, struct http_client *client, const struct claim *claim,
                       bool *provider_down)
{
    struct flight *flight = &flights->all[(flights->first + flights->count) % FLIGHTS_MAX];
    struct provider_call call;
    enum err err;

    if (!flight->arena)
        flight->arena = arena_new();
    arena_reset(flight->arena);
    call = payment_call(service, db, client, flight->arena);
    err = payment_event_begin(service, &call, claim, &flight->work, provider_down);
    if (flight->work)
        flights->count++;
    return err;
}

enum err flights_land(struct flights *flights, const struct payment_service *service,
                      struct db *db, struct http_client *client)
{
    struct flight *flight = &flights->all[flights->first];
    struct provider_call call = payment_call(service, db, client, flight->arena);
    enum err err = payment_event_end(service, &call, flight->work);

    flights->first = (flights->first + 1) % FLIGHTS_MAX;
    flights->count--;
    arena_reset(flight->arena);
    return err;
}

void flights_free(struct flights *flights)
{
    for (size_t i = 0; i < FLIGHTS_MAX; i++)
        arena_free(flights->all[i].arena);
}
