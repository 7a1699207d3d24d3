/*
 * post: facts become books.
 *
 * Invariant: one fact is one transaction: the movement under its unique key, the balanced
 * entry, the cart lines with their allocations, the intent's move, audit and outbox. Called
 * twice with the same fact, whoever calls, it books once. (architecture.md, Data flow.)
 */
#ifndef PAYMENT_POST_H
#define PAYMENT_POST_H

#include "association/cart.h"
#include "base/zone.h"
#include "db/db.h"
#include "payment/fact.h"

struct post_result {
    enum event_outcome outcome;
    int64_t transaction_id; /* 0 = none */
    int64_t intent_id;      /* 0 = none */
};

/* Books one fact. Inside a transaction; the arena is for the length of the call. */
enum err payment_post(struct db *db, const struct payment_fact *fact, int64_t now,
                      struct arena *arena, struct post_result *result);

/* The same, but what follows an unknown payment is booked against 471 and shown in À rattacher,
 * instead of waiting (OUTCOME_WAITS_FOR_PARENT): after the patience of the inbox, or when a
 * person books what the provider's list says. When the payment comes, it settles itself. */
enum err payment_post_orphan(struct db *db, const struct payment_fact *fact, int64_t now,
                             struct arena *arena, struct post_result *result);

/* A charge for a member: the cart line, and, when the cart has an advance, its use (entry OD
 * 4191 -> the charge's account, allocations) in the same transaction. */
struct charge_draft {
    enum cart_kind kind; /* a charge, a donation, an adjustment against the member */
    int64_t id;
    int64_t association_id;
    int64_t member_id;
    int64_t amount_cents;
    const char *label;
    struct date date;    /* its fiscal year is the one that holds for_day */
    struct date for_day; /* a day of the fiscal year the charge is for */
    const char *account_code;
    int64_t product_id; /* 0 = none */
    int64_t login_id;   /* 0 = command line */
    const char *address;
    int64_t now;
};
enum err payment_charge(struct db *db, const struct charge_draft *draft, struct arena *arena);

#endif
