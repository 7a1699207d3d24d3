/*
 * undo: what paid a charge, or what a payment paid, taken back.
 *
 * Invariant: an allocation is undone by an opposite row of the same two lines and the same
 * place, never removed; what is taken back stands debited where its money stood.
 */
#ifndef PAYMENT_UNDO_H
#define PAYMENT_UNDO_H

#include "accounting/accounting.h"
#include "db/db.h"

enum undo_place {
    UNDO_BOOKED,   /* in the account of its charge */
    UNDO_DEFERRED, /* in 487 */
    UNDO_UNBOOKED  /* an adjustment closed the charge: no entry made it */
};

/* What one payment line pays of one charge. */
struct undo_part {
    int64_t payment_line_id;
    int64_t charge_line_id;
    int64_t member_id; /* of both */
    int64_t member_number;
    const char *charge_account; /* NULL: 471 */
    const char *credit_account; /* of an adjustment: what it was booked against; NULL: 471 */
    enum undo_place place;
    int64_t net_cents;  /* what is left of it */
    int64_t take_cents; /* what the caller takes back; starts as 0; negative: given again */
    /* Of what a payment pays only. */
    int64_t returned_cents;     /* what went back of it before */
    int64_t open_cents;         /* what is due of the charge */
    int64_t cancel_cents;       /* of what is taken: not owed again */
    const char *year_first_day; /* ISO: of the charge's year */
};

/* Reads what pays a charge, newest first, or what a payment line pays or paid until it was taken
 * back, oldest charge first (refunds and disputes of it left out). Array in the arena. */
enum err undo_read_charge(struct db *db, int64_t association_id, int64_t charge_line_id,
                          struct arena *arena, struct undo_part **parts, size_t *count);
enum err undo_read_payment(struct db *db, int64_t association_id, int64_t payment_line_id,
                           struct arena *arena, struct undo_part **parts, size_t *count);
/* Takes cents from the parts in their order; returns what could not be had. */
int64_t undo_take(struct undo_part *parts, size_t count, int64_t cents);
/* The sum of what is left, or of what is taken. */
int64_t undo_net(const struct undo_part *parts, size_t count);
int64_t undo_taken(const struct undo_part *parts, size_t count);
/* Debits what is taken where it stands. */
void undo_debit(const struct undo_part *parts, size_t count, struct entry_draft *entry);
/* Writes the opposite allocations. entry_id: of the entry that debits them; only what no entry
 * made may be taken back with 0. Inside a transaction. */
enum err undo_write(struct db *db, const struct undo_part *parts, size_t count,
                    int64_t association_id, int64_t entry_id, int64_t now);

#endif
