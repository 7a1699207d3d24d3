/*
 * settle: a person decides what waits in À rattacher.
 *
 * Invariant: a row is settled once, in the transaction that moves its money out of 471; what moved
 * at the provider stays as it was told. A payment that was paid back waits again when a refund of
 * it fails; what was classified before its payment was known is put back by the kernel.
 * (domain.md: quarantine.)
 */
#ifndef PAYMENT_SETTLE_H
#define PAYMENT_SETTLE_H

#include <stdbool.h>

#include "association/audit.h"
#include "db/db.h"

struct settle_draft {
    int64_t association_id;
    int64_t quarantine_id;
    const char *reason; /* of the person; "" for none */
    struct audit_actor actor;
    int64_t now;
};

/* What may be done with a row. */
struct settle_choices {
    bool attach;   /* a payment whose attempt is unknown */
    bool classify; /* money of the association's currency that stands in 471 */
    bool see;      /* nothing to move: it was looked at */
};
struct settle_row {
    int64_t id;
    const char *reason; /* why it waits */
    const char *detail;
    int64_t since_at;
    int64_t transaction_id; /* 0: none */
    const char *kind;       /* of the movement; "" for none */
    const char *reference;
    const char *payer;
    const char *account; /* label of the provider account; "" */
    const char *provider;
    int64_t amount_cents; /* of the movement, signed, in its currency */
    const char *currency; /* "" without movement */
    int64_t fact_at;
    int64_t entry_id;       /* 0: none */
    int64_t standing_cents; /* what of it stands in 471: positive came in */
    bool settled;
    struct settle_choices choices;
};
/* ERR_NOT_FOUND; texts in the arena. */
enum err settle_find(struct db *db, int64_t association_id, int64_t quarantine_id,
                     struct arena *arena, struct settle_row *row);

/* Each, inside a transaction: ERR_NOT_FOUND; ERR_CONFLICT when the row is settled already or does
 * not allow it. One audit row. */

/* The payment is the member's: 471 -> what is due, oldest first, the rest an advance; what went
 * back of it since goes the same way. */
enum err settle_attach(struct db *db, const struct settle_draft *draft, int64_t member_id,
                       struct arena *arena);
/* It is something else: 471 -> that account, or the other way for money that went out.
 * ERR_INPUT when the account takes no lines. */
enum err settle_classify(struct db *db, const struct settle_draft *draft, const char *account_code,
                         struct arena *arena);
/* Advances, disputes, deferred revenue, 471 itself and the accounts of class 5 hold what carts and
 * movements say, and nothing else. */
bool settle_may_classify_to(const char *account_code);
/* Nothing is to be moved. */
enum err settle_see(struct db *db, const struct settle_draft *draft, struct arena *arena);

#endif
