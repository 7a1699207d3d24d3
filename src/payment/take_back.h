/*
 * take_back: money that came in goes out again, all of it or a part.
 *
 * Invariant: never more than was received, every reversal and refund counted; what is debited is
 * what stands credited now: the advance first, then charges, 487 while their year has not begun.
 * Each is a movement of its own with its own key, entry and lines. (domain.md, Postings.)
 */
#ifndef PAYMENT_TAKE_BACK_H
#define PAYMENT_TAKE_BACK_H

#include "association/audit.h"
#include "db/db.h"

/* All of a payment did not come, or never was: a cheque returned, an error of the hand. The cart
 * shows the opposite line, and owes again what the payment had paid. */
struct payment_reversal {
    int64_t association_id;
    int64_t transaction_id; /* the capture */
    const char *reference;  /* unique per account and kind capture_failed */
    const char *label;      /* of the line in the cart */
    const char *reason;     /* of the person, kept with the movement; NULL for none */
    int64_t fact_at;
    struct audit_actor actor;
    int64_t now;
};
/* *movement_id gets the new movement. ERR_NOT_FOUND; ERR_CONFLICT when something of it was
 * refunded or taken back before, or when it waits in À rattacher. Inside a transaction. */
enum err payment_reverse(struct db *db, const struct payment_reversal *reversal,
                         struct arena *arena, int64_t *movement_id);

/* Money paid back to the payer, from the account of the payment or, by hand, from another. */
struct payment_refund {
    int64_t association_id;
    int64_t transaction_id;      /* the capture */
    int64_t provider_account_id; /* where the money leaves from */
    const char *reference;       /* unique per account and kind refund */
    int64_t amount_cents;
    const int64_t *charge_line_ids; /* charges to take it from, after the advance; may be none */
    size_t charge_count;
    bool cancels_charges; /* what was paid back is not owed again */
    const char *label;    /* of the line in the cart */
    const char *reason;   /* NULL for none */
    int64_t fact_at;
    struct audit_actor actor;
    int64_t now;
};
/* *fresh false: this refund is booked already. ERR_NOT_FOUND; ERR_CONFLICT when less than that
 * was received and not yet paid back. Inside a transaction. */
enum err payment_refund(struct db *db, const struct payment_refund *refund, struct arena *arena,
                        bool *fresh, int64_t *movement_id);

#endif
