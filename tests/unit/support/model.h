/*
 * model: what the books must hold, computed from the set of facts alone.
 *
 * Invariant: no code and no table of the program is used; the order of the facts means nothing
 * but for the state of an attempt. All charges of a member are for one account, so that which of
 * them a payment pays makes no difference. (domain.md, Postings.)
 */
#ifndef TESTS_SUPPORT_MODEL_H
#define TESTS_SUPPORT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_what {
    MODEL_CHARGE,     /* what a member owes; negative: corrected */
    MODEL_CAPTURE,    /* of a member, or of nobody */
    MODEL_FAILED,     /* of a payment, as all up to MODEL_FEE */
    MODEL_REFUND,     /* negative: it failed */
    MODEL_DISPUTE,    /* of a dispute; negative: given back */
    MODEL_LOST,       /* of a dispute */
    MODEL_FEE,        /* kept by the provider, 627 */
    MODEL_DEPOSIT,    /* a payment's cheque was carried to the bank */
    MODEL_TRANSFER,   /* an advance, from a member to another */
    MODEL_PAYOUT,     /* from the transit account to 5121; negative: it came back */
    MODEL_OTHER_MOVED /* another movement: the transit account against an account */
};

enum { MODEL_NOBODY = -1 };

/* One fact. */
struct model_fact {
    enum model_what what;
    int member;         /* or MODEL_NOBODY */
    int to_member;      /* MODEL_TRANSFER */
    int payment;        /* its number, from 0 */
    int dispute;        /* MODEL_DISPUTE, MODEL_LOST: its number, from 0 */
    const char *home;   /* where the money came to: 5171, 530 ...; of a refund: where it left */
    bool elsewhere;     /* MODEL_FEE: of money that did not begin in Guichet; stays with it */
    const char *places; /* of the money of nobody, MODEL_OTHER_MOVED: the other account */
    int64_t cents;
};

enum { MODEL_ACCOUNTS_MAX = 24 };
struct model_account {
    const char *code;
    int64_t cents; /* debit less credit */
};
struct model_books {
    struct model_account accounts[MODEL_ACCOUNTS_MAX];
    size_t account_count;
    int64_t *owed_cents;    /* per member, by the caller: what the cart says */
    int64_t *advance_cents; /* the same: what is left of payments */
};

/* Mistakes on purpose, for whoever must show that they are seen. */
enum model_mistake { MODEL_RIGHT, MODEL_FORGETS_FEES, MODEL_LETS_MORE_GO_BACK, MODEL_MISTAKES };

/* The books that the facts make; revenue[member] is the account of that member's charges. */
void model_books(const struct model_fact *facts, size_t fact_count, size_t members,
                 const char *const *revenue, enum model_mistake mistake,
                 struct model_books *books);

#endif
