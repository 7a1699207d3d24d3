/*
 * link_desk: a provider with a ledger of endpoints, whose calls fail where a test says.
 *
 * Invariant: it keeps idempotency keys as Stripe does: a creation that was begun is answered the
 * same again, be it with the endpoint and its secret or with the failure.
 */
#ifndef TESTS_SUPPORT_LINK_DESK_H
#define TESTS_SUPPORT_LINK_DESK_H

#include "service_house.h"

#include "payment/link.h"

enum desk_fault {
    DESK_GOOD,
    DESK_LOST_BEFORE,   /* not carried out, and no answer */
    DESK_LOST_AFTER,    /* carried out, and no answer */
    DESK_FAILED_BEFORE, /* a failure is answered, nothing was carried out */
    DESK_FAILED_AFTER,  /* a failure is answered though it was carried out */
    DESK_FAULTS
};

enum { DESK_ENDPOINTS_MAX = 16 };

struct desk_endpoint {
    bool there, ours, url_right, enabled, events_right, version_right;
    char id[32], secret[40], key[160];
    bool fails; /* what its idempotency key answers */
};

struct link_desk {
    struct service_house *house;
    struct payment_service service;
    struct provider_call call;
    struct seal_key *key;
    int64_t association_id;
    /* the provider */
    struct link_identity identity;
    enum link_outcome identify; /* LINK_DONE, or what it says instead */
    struct desk_endpoint endpoints[DESK_ENDPOINTS_MAX];
    int endpoint_count;
    int calls;      /* since the operation began */
    int fault_call; /* which of them fails, from 1; 0 = none */
    enum desk_fault fault;
};

/* cmocka's fixtures: *state becomes a struct link_desk *. */
int link_desk_setup(void **state);
int link_desk_teardown(void **state);
#define LINK_TEST(test) cmocka_unit_test_setup_teardown(test, link_desk_setup, link_desk_teardown)

/* Endpoints of ours that stand there. */
int desk_standing(const struct link_desk *desk);
/* Pastes the keys of an account; the association's own is acct_own. */
struct link_result desk_keys(struct link_desk *desk, int64_t association_id, const char *account);
/* The other operations, on the association's linked account. */
typedef enum err desk_operation(const struct payment_service *service,
                                const struct provider_call *call, const struct link_press *press,
                                struct link_result *result);
struct link_result desk_run(struct link_desk *desk, desk_operation *operation);
/* The association's linked account. */
struct provider_account desk_account(struct link_desk *desk);
/* Does the active row name the one endpoint that stands, with its secret? */
bool desk_whole(struct link_desk *desk);

#endif
