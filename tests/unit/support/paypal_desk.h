/*
 * paypal_desk: a PayPal account of the house with one open intent, and messages about it.
 *
 * Invariant: a message is a Completed payment of that intent unless the plan says otherwise.
 */
#ifndef TESTS_SUPPORT_PAYPAL_DESK_H
#define TESTS_SUPPORT_PAYPAL_DESK_H

#include "payment/fact.h"
#include "provider_house.h"

#define DESK_TOKEN "Gdeadbeef-0123456789abcdef0123456789abcdef"
#define DESK_MERCHANT "UQ8PDYXJZQD9Y"
#define DESK_EMAIL "tresorier@exemple.fr"

struct paypal_desk {
    struct provider_house base;
    struct provider_account account; /* test mode, verified, merchant id and address known */
};

/* cmocka's fixtures: *state becomes a struct paypal_desk *. */
int paypal_desk_setup(void **state);
int paypal_desk_teardown(void **state);
/* A further PayPal account. */
struct provider_account desk_add_account(struct paypal_desk *desk, struct account_plan plan);

/* What is given replaces the field, already encoded; receiver and rest are whole fields. */
struct message_plan {
    const char *txn_type, *status, *gross, *currency, *receiver, *invoice, *custom, *rest;
};
const char *desk_message(struct paypal_desk *desk, const struct message_plan *plan);

/* Scripts PayPal's next answer: 200 and this body. */
void desk_answer(struct paypal_desk *desk, const char *word);
/* Resolves a message received at HOUSE_NOW; PayPal answers as scripted. */
struct resolution desk_resolve_raw(struct paypal_desk *desk, const char *raw);
struct resolution desk_resolve(struct paypal_desk *desk, const struct message_plan *plan);
/* The same when PayPal says VERIFIED. */
struct resolution desk_verified(struct paypal_desk *desk, const struct message_plan *plan);

/* One case of a table: a verified message and where it must lead. */
struct meaning {
    struct message_plan plan;
    enum resolution_kind kind;
    enum event_outcome outcome; /* RESOLUTION_OUTCOME */
    enum fact_kind fact;        /* RESOLUTION_FACTS */
};
#define FACT(what) RESOLUTION_FACTS, OUTCOME_POSTED, what
#define OUTCOME(what) RESOLUTION_OUTCOME, what, FACT_CAPTURE
void desk_check(struct paypal_desk *desk, const struct meaning *cases, size_t count);
#define CHECK(cases) desk_check(*state, cases, sizeof(cases) / sizeof((cases)[0]))

#endif
