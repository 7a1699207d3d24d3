/*
 * fact: what a provider says happened, in the kernel's words.
 *
 * Invariant: a fact is verified (by signature, by asking back, or by reading it at the
 * provider) before it becomes one; the kernel books it whatever the order of arrival.
 * (domain.md: provider_transaction, What a fact becomes.)
 */
#ifndef PAYMENT_FACT_H
#define PAYMENT_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum fact_kind {
    FACT_CAPTURE,  /* money is there */
    FACT_PENDING,  /* the payer has done their part, the money is under way */
    FACT_FAILED,   /* it will not come */
    FACT_EXPIRED,  /* nobody paid in time */
    FACT_CANCELED, /* ended on our word */
    FACT_DECLINED, /* one try was refused, the payer may choose another means: the attempt is as
                      it was, reference names the try */
    /* what follows a payment; parent names it */
    FACT_CAPTURE_FAILED, /* money that was there did not hold */
    FACT_FEE,            /* what the provider kept of its parent; negative: given back */
    FACT_REFUND,         /* money went back to the payer */
    FACT_REFUND_FAILED,  /* it came back; parent names the refund */
    FACT_DISPUTE_OPENED, /* inquiry, opened, new case, other news of it: no money moves */
    FACT_DISPUTE,        /* money withdrawn */
    FACT_DISPUTE_FEE,    /* what the provider asks for it; negative: given back */
    FACT_DISPUTE_WON,    /* money given back */
    FACT_DISPUTE_LOST,   /* decided, no money moves */
    /* what happens at the account */
    FACT_PAYOUT,        /* to the bank; negative: the provider took from the bank */
    FACT_PAYOUT_FAILED, /* it came back; parent names the payout */
    FACT_OTHER          /* any other movement, of a nature; signed as seen by the association */
};

/* What another movement is, to find its account. */
enum fact_nature {
    NATURE_UNKNOWN,  /* 471, and a person looks at it in À rattacher */
    NATURE_FEE,      /* the provider's invoice */
    NATURE_RESERVE,  /* held back for a time, or set free */
    NATURE_TRANSFER, /* to or from another account of the same owner */
    NATURE_INCOME    /* money received that no payment is */
};

/* A dispute's state, told by FACT_DISPUTE_OPENED. */
enum dispute_state { DISPUTE_INQUIRY, DISPUTE_OPEN, DISPUTE_WON, DISPUTE_LOST, DISPUTE_CLOSED };

enum { FACT_OBJECTS_MAX = 4, FACTS_MAX = 32 };

/* Strings live in the job's arena. */
struct payment_fact {
    enum fact_kind kind;
    int64_t association_id;      /* of the receiving account */
    int64_t provider_account_id; /* the receiving account */
    const char *token;           /* the intent it names ("" = none): exact value */
    bool our_mark;               /* it bears this installation's mark, known or not */
    const char *reference;       /* of what moves money: unique name at the provider and of its
                                    kind (domain.md: provider_transaction) */
    int64_t amount_cents;        /* of what moves money: as its kind says, positive where it says
                                    nothing of signs */
    const char *currency;        /* capital letters */
    int64_t settled_cents;       /* currency is not the account's: what the account got, in the
                                    association's currency; 0 = not known or the same currency */
    int64_t fact_at;
    const char *parent;  /* any name of what it follows (pi_, ch_, re_, txn id); NULL = none */
    const char *dispute; /* dp_, case id; NULL = none */
    enum dispute_state dispute_state; /* FACT_DISPUTE_OPENED */
    int64_t deadline_at;              /* FACT_DISPUTE_OPENED: until when to answer, 0 = none */
    enum fact_nature nature;          /* FACT_OTHER */
    const char *type;                 /* the provider's own word for what it is; NULL = none */
    const char *payer;                /* name or "" */
    const char *reason;               /* pending or failed: the provider's word, "" */
    const char *objects[FACT_OBJECTS_MAX]; /* further names (cs_, ch_), NULL = none */
};

/* What a message led to; kept with it and shown to staff. */
enum event_outcome {
    OUTCOME_POSTED,
    OUTCOME_ALREADY_POSTED,
    OUTCOME_NOTED, /* a change of state without money */
    OUTCOME_PENDING,
    OUTCOME_QUARANTINED,
    OUTCOME_NOT_OURS, /* hors Guichet */
    OUTCOME_OTHER_ACCOUNT,
    OUTCOME_TEST_MONEY,
    OUTCOME_UNSUPPORTED, /* put back to waiting by migrate after an upgrade */
    OUTCOME_WAITS_FOR_PARENT
};
const char *event_outcome_name(enum event_outcome outcome);

enum resolution_kind {
    RESOLUTION_FACTS,   /* book these; their results make the outcome */
    RESOLUTION_OUTCOME, /* nothing to book: this outcome */
    RESOLUTION_INVALID, /* not authentic */
    RESOLUTION_RETRY,   /* could not be found out now: later again */
    RESOLUTION_NOTHING  /* an intent that is as it was */
};

struct resolution {
    enum resolution_kind kind;
    enum event_outcome outcome; /* RESOLUTION_OUTCOME */
    bool authentic;             /* proven now */
    int64_t association_id;     /* whose it is, 0 = unknown */
    int64_t provider_account_id;
    const char *external_id; /* better knowledge than at the door, NULL = as it was */
    const char *type;
    const char *proven_external_id; /* the receiver's own id, told by a verified message that
                                       names an intent of this account; NULL = nothing proven */
    const char *detail;             /* why, a few words for staff; "" */
    int64_t access_ended_at; /* RESOLUTION_OUTCOME: the account's consent ended then; 0 = no */
    int64_t retry_after_s;   /* RESOLUTION_RETRY: the provider's wish, 0 = none */
    bool provider_down;      /* RESOLUTION_RETRY: counts for the circuit breaker */
    struct payment_fact facts[FACTS_MAX];
    int fact_count;
};

/* A stored message as a provider reads it. */
struct provider_event {
    int64_t id;
    const char *provider;
    int64_t association_id;      /* 0 = not known */
    int64_t provider_account_id; /* 0 = not known */
    const char *hint;
    bool authentic;
    struct str raw;
    struct str headers; /* "NAME: value" lines of those the provider keeps */
    int64_t received_at;
};

#endif
