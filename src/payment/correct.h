/*
 * correct: what is written in a cart is corrected by more lines.
 *
 * Invariant: a charge is never edited: a line takes off a part or all of it; what had been paid
 * of that part is the member's advance again and is used at once. An adjustment is a line that
 * says so. (domain.md, Postings.)
 */
#ifndef PAYMENT_CORRECT_H
#define PAYMENT_CORRECT_H

#include "association/audit.h"
#include "base/zone.h"
#include "db/db.h"

/* Takes amount_cents off an open or paid charge (donation, adjustment against the member). */
struct charge_correction {
    int64_t id; /* of the new line */
    int64_t association_id;
    int64_t charge_line_id;
    int64_t amount_cents; /* positive */
    const char *label;    /* as the member reads it: "Annulé : ..." */
    struct date date;
    struct audit_actor actor;
    int64_t now;
};
/* ERR_NOT_FOUND when there is no such charge, ERR_CONFLICT when less is left of it. Inside a
 * transaction. */
enum err payment_correct_charge(struct db *db, const struct charge_correction *correction,
                                struct arena *arena);

/* A credit that no money made: a first balance, a debt forgiven. It closes the member's open
 * charges without entry; the rest is an advance against account_code (110 for a first balance,
 * 471 otherwise). (A debt that no charge made is payment_charge with CART_ADJUSTMENT.) */
struct credit_adjustment {
    int64_t id;
    int64_t association_id;
    int64_t member_id;
    int64_t amount_cents; /* positive: what the member gets */
    const char *label;
    const char *account_code;
    struct date date;
    struct audit_actor actor;
    int64_t now;
};
enum err payment_adjust_credit(struct db *db, const struct credit_adjustment *adjustment,
                               struct arena *arena);

/* Moves a part of a member's advance to another member, who uses it at once. */
struct advance_transfer {
    int64_t debit_id, credit_id; /* of the two lines */
    int64_t association_id;
    int64_t from_member_id;
    int64_t to_member_id;
    int64_t amount_cents;
    const char *reason; /* "" for none */
    struct date date;
    struct audit_actor actor;
    int64_t now;
};
/* ERR_CONFLICT when the advance is smaller. */
enum err payment_transfer_advance(struct db *db, const struct advance_transfer *transfer,
                                  struct arena *arena);

/* Books what stands in 487 for the fiscal years that have begun by today, one entry a year, dated
 * on its first day. Called by a job; nothing to do is nothing done. Inside a transaction. */
enum err payment_release_deferred(struct db *db, int64_t association_id, int64_t now,
                                  struct arena *arena, int64_t *entries);

#endif
