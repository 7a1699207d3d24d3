/*
 * service_house: a house with a writer and two providers that answer as a test scripts them.
 *
 * Invariant: one provider can be asked ("stripe"), the other cannot ("paypal"); what they were
 * sent is kept, so that a test sees every call.
 */
#ifndef TESTS_SUPPORT_SERVICE_HOUSE_H
#define TESTS_SUPPORT_SERVICE_HOUSE_H

#include "kernel.h"

#include <pthread.h>

#include "payment/service.h"

enum { CALLS_MAX = 64 };

struct service_house {
    struct house house;
    struct db_writer *writer;
    struct db *reader; /* of the test's own thread */
    struct provider_settings settings;
    struct payment_service service;
    struct provider_account stripe, paypal;

    pthread_mutex_t lock; /* over what follows: the providers answer in any thread */
    enum checkout_verdict checkout;
    int checkout_sleep_ms;
    int checkouts;
    const char *requests[CALLS_MAX], *keys[CALLS_MAX];
    bool stored_before[CALLS_MAX]; /* the intent was in the file when the provider was called */
    struct resolution cancel, look, event;
    int cancels, looks, events;
    bool events_hang;
    enum err look_error;
    struct refund_answer refund, refund_found;
    int refunds, refund_searches;
    const char *refund_requests[CALLS_MAX], *refund_keys[CALLS_MAX];
};

/* cmocka's fixtures: *state becomes a struct service_house *. */
int service_house_setup(void **state);
int service_house_teardown(void **state);
#define SERVICE_TEST(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, service_house_setup, service_house_teardown)

/* A call with the house's reader (or another connection), at the present time. */
struct provider_call service_call(struct service_house *house, struct db *db, struct arena *arena);
/* A press of the house's member with the balance shown rightly. */
struct payment_press service_press(struct service_house *house,
                                   const struct provider_account *account, const char *form_token,
                                   int64_t amount_cents);
/* payment_begin in the test's own thread. */
enum err service_begin(struct service_house *house, const struct payment_press *press,
                       enum intent_start *start, struct payment_intent *intent);
/* Claims the intent and works on it. */
enum err service_work(struct service_house *house, const struct payment_intent *intent,
                      bool *provider_down);
/* The fact of such a kind about the intent, as the one fact of a resolution. */
struct resolution service_fact(const struct payment_intent *intent, enum fact_kind kind,
                               const char *reference);

#endif
