/*
 * order_desk: a PayPal account of the house that has keys, with one attempt, and orders as PayPal
 * would answer them.
 *
 * Invariant: an order is the attempt's, of the account's merchant, unless the plan says otherwise.
 */
#ifndef TESTS_SUPPORT_ORDER_DESK_H
#define TESTS_SUPPORT_ORDER_DESK_H

#include "provider_house.h"

#define ORDER_DESK_TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define ORDER_DESK_MERCHANT "G6R2B9YXADKWW"
#define ORDER_DESK_ORDER "806440346Y391300T"
#define ORDER_DESK_CAPTURE "22A4162004478570J"
#define ORDER_DESK_SECRET "EcanaryCANARY0123456789"

struct order_desk {
    struct provider_house base;
    struct provider_account account;
    struct provider_intent intent; /* 25,00 EUR, open, of ORDER_DESK_ORDER */
};

/* cmocka's fixtures: *state becomes a struct order_desk *. */
int order_desk_setup(void **state);
int order_desk_teardown(void **state);

/* Scripts the token that the first call asks for. */
void order_desk_token(struct order_desk *desk);
/* Scripts any answer. */
void order_desk_script(struct order_desk *desk, int status, const char *body);
/* Scripts a refusal as PayPal writes one. */
void order_desk_refuse(struct order_desk *desk, int status, const char *issue);

/* What is given replaces what stands in the order. */
struct order_plan {
    int http_status;
    const char *status, *token, *merchant, *value, *currency, *url, *id;
    const char *captures; /* JSON array */
    bool bare;            /* without purchase_units */
};
void order_desk_order(struct order_desk *desk, const struct order_plan *plan);
/* A capture's JSON; breakdown "" leaves it out. In the arena. */
const char *order_desk_capture(struct order_desk *desk, const char *status, const char *reason,
                               const char *fee);
/* Has the head of the i-th request this text? */
bool order_desk_has(struct order_desk *desk, size_t index, const char *text);

#endif
