/*
 * movement: one row of what really happened to money; for the files of payment/ only.
 *
 * Invariant: a movement is written once under (account, kind, reference); what is not known when
 * it comes (its entry, its parent, what it was worth) is learnt once and never changes.
 */
#ifndef PAYMENT_MOVEMENT_H
#define PAYMENT_MOVEMENT_H

#include "payment/posting.h"

/* Strings may be NULL: nothing; ids 0: none. */
struct movement_draft {
    const char *kind;
    const char *reference;
    int64_t amount_cents; /* signed as seen by the association, of its currency */
    const char *currency;
    int64_t fact_at;
    int64_t intent_id;
    int64_t member_id;
    int64_t parent_id;            /* the payment behind it */
    int64_t follows_id;           /* what it follows directly, when that is not the payment */
    const char *parent_reference; /* of an orphan: the name of what it follows */
    const char *flag;
    const char *payer;
    const char *type;
    const char *dispute;
    bool elsewhere;
    bool converted;        /* the next two are known */
    int64_t settled_cents; /* signed: what the account got or gave */
    int64_t counted_cents; /* signed: what it counts for in the carts */
};
/* Writes it; posting->transaction_id becomes its id. *fresh false: it is known already (then the
 * id is not its own). Inside a transaction. */
enum err movement_add(struct posting *posting, const struct movement_draft *draft, bool *fresh);

struct movement {
    int64_t id; /* 0: there is none */
    const char *kind;
    const char *reference;
    int64_t account_id;
    int64_t amount_cents;
    const char *currency;
    int64_t counted_cents;
    int64_t intent_id;
    int64_t member_id;
    int64_t parent_id;
    int64_t entry_id; /* 0: not booked */
    bool elsewhere;
    const char *dispute;
};
/* What a name of a provider means: a reference, or any other name it gave (provider_object).
 * movement->id 0: nothing that moved yet. Texts in the arena. */
enum err movement_named(struct posting *posting, int64_t association_id, int64_t account_id,
                        const char *name, struct movement *movement);
/* The same by its key. */
enum err movement_known(struct posting *posting, int64_t association_id, int64_t account_id,
                        const char *kind, const char *reference, struct movement *movement);
enum err movement_find(struct posting *posting, int64_t association_id, int64_t movement_id,
                       struct movement *movement);
/* A movement that has no entry yet learns what it was worth. */
enum err movement_settled(struct posting *posting, int64_t settled_cents, int64_t counted_cents);
/* Keeps why, and who. NULL or "": nothing is kept. */
enum err movement_note(struct posting *posting, const char *reason, int64_t login_id);

#endif
