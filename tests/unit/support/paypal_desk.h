/*
 * paypal_desk: a PayPal account of the house that has keys, with one attempt, and orders as PayPal
 * would answer them.
 *
 * Invariant: an order is the attempt's, of the account's merchant, unless the plan says otherwise.
 */
#ifndef TESTS_SUPPORT_PAYPAL_DESK_H
#define TESTS_SUPPORT_PAYPAL_DESK_H

#include "provider_house.h"

#define PAYPAL_DESK_TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define PAYPAL_DESK_MERCHANT "G6R2B9YXADKWW"
#define PAYPAL_DESK_ORDER "806440346Y391300T"
#define PAYPAL_DESK_CAPTURE "22A4162004478570J"
#define PAYPAL_DESK_SECRET "EcanaryCANARY0123456789"

struct paypal_desk {
    struct provider_house base;
    struct provider_account account;
    struct provider_intent intent; /* 25,00 EUR, open, of PAYPAL_DESK_ORDER */
};

/* cmocka's fixtures: *state becomes a struct paypal_desk *. */
int paypal_desk_setup(void **state);
int paypal_desk_teardown(void **state);

/* Scripts the token that the first call asks for. */
void paypal_desk_token(struct paypal_desk *desk);
/* Scripts any answer. */
void paypal_desk_script(struct paypal_desk *desk, int status, const char *body);
/* Scripts a refusal as PayPal writes one. */
void paypal_desk_refuse(struct paypal_desk *desk, int status, const char *issue);

/* What is given replaces what stands in the order. */
struct order_plan {
    int http_status;
    const char *status, *token, *merchant, *value, *currency, *url, *id;
    const char *captures; /* JSON array */
    bool bare;            /* without purchase_units */
};
void paypal_desk_order(struct paypal_desk *desk, const struct order_plan *plan);
/* A capture's JSON; breakdown "" leaves it out. In the arena. */
const char *paypal_desk_capture(struct paypal_desk *desk, const char *status, const char *reason,
                                const char *fee);
/* Has the head of the i-th request this text? */
bool paypal_desk_has(struct paypal_desk *desk, size_t index, const char *text);

#endif
