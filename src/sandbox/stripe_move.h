/*
 * stripe_move: how money and sessions move at Stripe's face.
 *
 * Invariant: a move is one transaction: session, payment, charge, balance, events and their
 * deliveries change together or not at all.
 */
#ifndef SANDBOX_STRIPE_MOVE_H
#define SANDBOX_STRIPE_MOVE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "db/db.h"
#include "sandbox/delivery.h"

struct arena;
struct sandbox;

/* What a card or bank account does. Static storage. */
enum method_fate {
    FATE_PAYS,      /* the money is there at once */
    FATE_REFUSED,   /* refused, the payer may try again */
    FATE_CHALLENGE, /* asks for 3-D Secure, then pays */
    FATE_SETTLES,   /* a debit that will arrive */
    FATE_BOUNCES    /* a debit that will fail */
};
struct pay_method {
    const char *number;
    enum method_fate fate;
    const char *brand; /* "visa"; "" for a debit */
    const char *country;
    const char *code;         /* of the refusal */
    const char *decline_code; /* NULL when it has none */
    const char *message;
};

/* The card of a number as typed (spaces allowed): unknown ones are refused as Stripe's test
 * mode refuses them. Never NULL. */
const struct pay_method *stripe_card_find(const char *number);
/* The bank account of an IBAN as typed; NULL when it is none of the test accounts. */
const struct pay_method *stripe_iban_find(const char *number);
/* The number a named outcome stands for ("declined"); NULL for an unknown name. */
const char *stripe_outcome_number(const char *outcome);

/* No delay of its own: that of the session, else of the account. */
enum { FEE_AS_ACCOUNT = -2 };

/* How long a page may wait for what is sent before the return, and the longest delay. */
enum { NOTIFY_WAIT_MS = 12000, NOTIFY_LATE_MAX_S = 3600 };

/* One move: input, and what came out of it. */
struct stripe_move {
    struct sandbox *sandbox;
    struct arena *arena;
    const char *session_id;
    const struct pay_method *method; /* stripe_move_pay */
    const char *last4;
    bool secure;        /* 3-D Secure was passed */
    bool refuse_secure; /* 3-D Secure was failed */
    const char *name;   /* payer's; NULL = as before */
    const char *email;
    int64_t settle_s;     /* a debit ends by itself after that; -1 = never */
    int64_t fee_late_s;   /* its fee is told so much later; -1 = when asked; FEE_AS_ACCOUNT */
    bool succeed;         /* stripe_move_settle */
    struct notify notify; /* mode NULL: as the session was paid */
    int64_t now;
    int64_t now_ms;
    const char *request_id; /* of the call that caused it, or NULL */
    const char *idempotency_key;
    const char *only_platform; /* it alone hears of the event; NULL = all who listen */
    const char *previous;      /* JSON: what was before the event in hand; NULL = not told */
    /* out */
    struct delivery_batch batch;
    bool challenge;   /* 3-D Secure is to be shown */
    const char *code; /* of a refusal; NULL when there was none */
    const char *decline_code;
    const char *message;
};

/* Sets the method by a named outcome, else by the number of a card or an IBAN (NULL when not
 * given). ERR_INPUT for an unknown outcome or IBAN. */
enum err stripe_move_choose(struct stripe_move *move, const char *outcome, const char *card,
                            const char *iban);
/* Closures; the argument is a struct stripe_move. ERR_NOT_FOUND; ERR_CONFLICT when the session
 * is not in the state the move starts from. */
db_write_fn stripe_move_pay;
db_write_fn stripe_move_settle;
db_write_fn stripe_move_expire;
/* A move prepared with the times of now. */
void stripe_move_init(struct stripe_move *move, struct sandbox *sandbox, struct arena *arena,
                      const char *session_id);

#endif
