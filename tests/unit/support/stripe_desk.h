/*
 * stripe_desk: a Stripe account of the house with one intent, and sessions as Stripe would
 * answer them.
 *
 * Invariant: a session is ours and open unless the plan says otherwise.
 */
#ifndef TESTS_SUPPORT_STRIPE_DESK_H
#define TESTS_SUPPORT_STRIPE_DESK_H

#include "provider_house.h"

#define DESK_TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define DESK_API_KEY "sk_test_canaryCANARY0123456789"
#define DESK_SESSION "cs_test_a1"

struct stripe_desk {
    struct provider_house base;
    struct provider_account account;
    struct provider_intent intent; /* 25,00 EUR, created, without reference */
};

/* cmocka's fixtures: *state becomes a struct stripe_desk *. */
int stripe_desk_setup(void **state);
int stripe_desk_teardown(void **state);

/* What is given replaces what stands in the session; url "" is null, payment_intent is JSON. */
struct session_plan {
    const char *status, *payment_status, *url, *payment_intent, *token, *id, *livemode;
    const char *client_secret; /* NULL = null */
    int64_t expires_at;
};
/* Scripts a 200 with such a session, or any other answer. */
void desk_script_session(struct stripe_desk *desk, const struct session_plan *plan);
void desk_script(struct stripe_desk *desk, int status, const char *headers, const char *body);
/* Has the head of the i-th request this text? */
bool desk_head_has(struct stripe_desk *desk, size_t index, const char *text);

#endif
