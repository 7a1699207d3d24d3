/*
 * manual: payments received without provider, and what becomes of cheques.
 *
 * Invariant: the same kernel, the same postings, the same keys as online payments: a means of
 * payment is a provider account of its own ('manual'). A cheque is at most once carried to the
 * bank and at most once returned. (domain.md, Postings.)
 */
#ifndef PAYMENT_MANUAL_H
#define PAYMENT_MANUAL_H

#include "association/audit.h"
#include "base/zone.h"
#include "payment/post.h"
#include "payment/posting.h"

/* What stands on a cheque. */
struct cheque_draft {
    const char *number;
    const char *bank;   /* folded by the caller for comparison: same bank, same text */
    const char *drawer; /* who signed it */
    struct date due_day;
};

struct manual_payment {
    int64_t association_id;
    int64_t member_id;
    int64_t provider_account_id;
    const char *reference; /* unique per means: the same form twice is booked once */
    int64_t amount_cents;
    int64_t fact_at;
    const char *label;                  /* of the line in the cart */
    const struct ticked_charge *ticked; /* none: the oldest charges first */
    size_t ticked_count;
    int64_t donation_cents; /* of the amount: a line of its own, never revenue of a charge */
    const char *donation_label;
    const char *donation_account;      /* 75411 */
    const struct cheque_draft *cheque; /* NULL: no cheque */
    bool receipt_by_mail;
    struct audit_actor actor;
};
/* Books it. ERR_CONFLICT when a cheque of that bank and number is known and was not returned;
 * outcome already_posted when the reference is. Inside a transaction. */
enum err payment_post_manual(struct db *db, const struct manual_payment *payment, int64_t now,
                             struct arena *arena, struct post_result *result);

/* Is a cheque of that bank and number booked, and has not come back? */
enum err payment_cheque_known(struct db *db, int64_t association_id, const char *number,
                              const char *bank, bool *known);
/* A reference of its own for a movement of a kind at a means: wanted, or wanted with a number
 * behind it when it is taken; "" asks for the next number. In the arena. Inside the transaction
 * that books it. */
enum err payment_reference(struct db *db, int64_t association_id, int64_t provider_account_id,
                           const char *kind, const char *wanted, struct arena *arena,
                           const char **reference);

/* A payment that was noted by mistake is taken back, its cheque is in nobody's hands any more.
 * ERR_NOT_FOUND when it came by a provider; ERR_CONFLICT when its cheque is at the bank, and as
 * payment_reverse. Inside a transaction. */
struct payment_reversal;
enum err payment_undo_manual(struct db *db, const struct payment_reversal *reversal,
                             struct arena *arena);

/* Cheques carried to the bank: one movement, one entry 5112 -> the bank's account. */
struct cheque_deposit {
    int64_t id;
    int64_t association_id;
    int64_t provider_account_id; /* the means they came by */
    const int64_t *transaction_ids;
    size_t count;
    const char *bank_account; /* 5121 ... */
    struct date day;
    struct audit_actor actor;
    int64_t now;
};
/* *number is the one on the slip. ERR_CONFLICT when one of them was deposited or returned
 * meanwhile, ERR_NOT_FOUND when one is no cheque of that means. Inside a transaction. */
enum err payment_deposit(struct db *db, const struct cheque_deposit *deposit, struct arena *arena,
                         int64_t *number, int64_t *total_cents);

/* A cheque came back unpaid: its payment is taken back, the bank's account gives back what it
 * had got, and the bank's fee is booked; recharged_cents of it become a charge of the member. */
struct cheque_return {
    int64_t association_id;
    int64_t transaction_id; /* of the payment */
    int64_t fee_cents;      /* 0: none; only of a deposited cheque */
    int64_t recharged_cents;
    int64_t charge_id; /* of that charge */
    const char *reason;
    struct date day;
    struct audit_actor actor;
    int64_t now;
};
/* ERR_CONFLICT when it came back before. Inside a transaction. */
enum err payment_cheque_returned(struct db *db, const struct cheque_return *cheque_return,
                                 struct arena *arena);

#endif
