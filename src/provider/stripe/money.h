/*
 * money: what the files of Stripe's money story share: its objects as we read them, and the facts
 * they become.
 *
 * Invariant: every byte is a stranger's: a text is an identifier or one clean line, an amount an
 * integer within STRIPE_CENTS_MAX, a time one of this century; what is not so reads as absent. No
 * fact comes of an object that is not whole.
 */
#ifndef PROVIDER_STRIPE_MONEY_H
#define PROVIDER_STRIPE_MONEY_H

#include "base/money.h"
#include "provider/stripe/internal.h"

#define STRIPE_CENTS_MAX (INT64_C(1000) * MONEY_MAX_CENTS)

/* ---- object.c: fields ---- */

/* One line of clean text of at most max bytes; "" otherwise. */
const char *stripe_text_at(const json_t *object, const char *path, size_t max,
                           struct arena *arena);
/* An identifier or word (stripe_id_valid); "" otherwise. */
const char *stripe_id_at(const json_t *object, const char *path, const char *prefix,
                         struct arena *arena);
/* The id of a field that holds an id or, expanded, the whole object; "" when it holds neither. */
const char *stripe_named_at(const json_t *object, const char *field, const char *prefix,
                            struct arena *arena);
/* "eur" -> "EUR"; "" when it is no currency. */
const char *stripe_currency_at(const json_t *object, const char *path, struct arena *arena);
/* False when absent, no integer or beyond STRIPE_CENTS_MAX either way. */
bool stripe_cents_at(const json_t *object, const char *path, int64_t *cents);
/* False when absent, no integer or not of this century. */
bool stripe_time_at(const json_t *object, const char *path, int64_t *at);
/* Is it an object of that kind ("refund")? */
bool stripe_is(const json_t *object, const char *kind);

/* ---- balance.c: movements of Stripe's balance, the only place where money moves ---- */

struct stripe_balance {
    const char *id;       /* txn_ */
    const char *type;     /* "charge" */
    const char *currency; /* of the account, capital letters */
    int64_t amount_cents; /* signed as seen by the association */
    int64_t fee_cents;    /* kept of it; negative: given back */
    int64_t created_at;
    bool of_payments;      /* moves what payments and payouts move; other pockets are not ours */
    const char *source_id; /* "" when it has none */
    const json_t *source;  /* the whole, where it was asked for; borrowed, NULL otherwise */
};
/* ERR_INPUT when it is no whole balance transaction. */
enum err stripe_balance_read(const json_t *object, struct arena *arena,
                             struct stripe_balance *balance);

/* ---- session.c ---- */

/* A checkout.session as far as we use it; texts in the arena, "" when absent. */
struct stripe_session {
    const char *id;
    bool live;
    const char *status;         /* open, complete, expired */
    const char *payment_status; /* unpaid, paid, no_payment_required */
    bool has_amount;
    int64_t amount_cents;
    const char *currency; /* capital letters */
    const char *url;
    const char *client_secret; /* embedded, instead of url */
    int64_t created_at;
    int64_t expires_at;
    const char *reference;    /* metadata.intent */
    const char *installation; /* metadata.guichet */
    const char *client_reference;
    const char *payer;
    const char *payment_intent;        /* pi_ */
    const char *payment_status_detail; /* status of an expanded payment_intent */
    const char *failure;               /* code of its last error */
    const char *charge;                /* ch_ or py_ */
    int64_t charge_at;                 /* 0 = unknown */
    bool has_balance;
    struct stripe_balance balance; /* the movement of an expanded charge, once it is known */
};
/* ERR_INPUT when it is no checkout session with a usable id. */
enum err stripe_session_read(const json_t *object, struct arena *arena,
                             struct stripe_session *session);
/* Everything there to be booked from? Paid ones need their payment_intent too. */
bool stripe_session_whole(const struct stripe_session *session);
/* Appends a fact of this session about `token`; the amount is filled for FACT_CAPTURE. */
struct payment_fact *stripe_session_fact(const struct stripe_session *session,
                                         const struct provider_account *account,
                                         enum fact_kind kind, const char *token,
                                         struct resolution *resolution);
/* GET of the session with its payment and charge expanded. *found false leaves the resolution
 * as a retry or an outcome that says why. */
enum err stripe_session_fetch(const struct provider_call *call,
                              const struct provider_account *account, const char *id,
                              struct stripe_session *session, struct resolution *resolution,
                              bool *found);
/* ---- type.c: what each type of movement is ---- */

/* What names our movement. */
enum stripe_naming {
    NAMED_BY_LINE,    /* its own txn_ */
    NAMED_BY_PAYMENT, /* the pi_ of its charge */
    NAMED_BY_REFUND,  /* re_ */
    NAMED_BY_PAYOUT   /* po_ */
};
struct stripe_type {
    const char *name; /* "" for a type that is in no row */
    enum fact_kind kind;
    enum fact_nature nature; /* FACT_OTHER */
    enum stripe_naming naming;
    int sign; /* of the amount: 1, -1; 0 either */
};
/* The row of a type; of an unknown one a row without name: FACT_OTHER, NATURE_UNKNOWN. */
const struct stripe_type *stripe_type_find(const char *name);

/* ---- reading.c: a message or a question on its way to facts ---- */

struct stripe_reading {
    const struct provider_call *call;
    const struct provider_account *account;
    struct resolution *resolution;
    const char *currency; /* the association's */
    const json_t *event;  /* NULL: no notification asks */
    int64_t told_at;      /* when Stripe told it; without notification: now */
};
/* Learns the association's currency and the time of the event. */
enum err stripe_reading_begin(struct stripe_reading *reading);
/* Ends the resolution with an outcome. */
void stripe_conclude(struct resolution *resolution, enum event_outcome outcome,
                     const char *detail);
/* An answer that cannot be Stripe's: asked again later. */
void stripe_not_understood(struct resolution *resolution);
/* Is there room for so many facts more? */
bool stripe_has_room(const struct stripe_reading *reading, int count);
/* A fact more, of this account, told now; the caller has looked for room. */
struct payment_fact *stripe_fact_add(const struct stripe_reading *reading, enum fact_kind kind,
                                     const char *reference);
/* Adds a name; "" is none, and one too many is left out. */
void stripe_fact_name(struct payment_fact *fact, const char *name);
/* Fills amount and currency; what the account got is taken from its movement (NULL: not known). */
void stripe_fact_money(const struct stripe_reading *reading, struct payment_fact *fact,
                       int64_t amount_cents, const char *currency,
                       const struct stripe_balance *balance);
/* The fee that a movement carries, of the payment `parent`. */
void stripe_fact_fee(const struct stripe_reading *reading, enum fact_kind kind, const char *parent,
                     const struct stripe_balance *balance);
/* Do the books have it? */
enum err stripe_known(const struct stripe_reading *reading, const char *kind,
                      const char *reference, bool *known);
/* GET of one object. *json NULL: the resolution says why, a retry or, of one that is not there,
 * an outcome. The caller must json_decref *json. */
enum err stripe_get(const struct stripe_reading *reading, const char *path, json_t **json);
/* GET of a movement; *found false: the resolution says why, as for stripe_get. */
enum err stripe_balance_get(const struct stripe_reading *reading, const char *id,
                            struct stripe_balance *balance, bool *found);
/* The object of the event, where its body has our version; NULL otherwise. */
const json_t *stripe_event_object(const struct stripe_reading *reading);

/* ---- charge.c ---- */

struct stripe_charge {
    const char *id;       /* ch_, py_ */
    const char *payment;  /* its pi_; of one without, its own id */
    const char *status;   /* succeeded, pending, failed */
    int64_t amount_cents; /* captured */
    const char *currency;
    int64_t created_at;
    const char *token;
    bool our_mark;
    const char *payer;
    const char *movement; /* txn_, "" while unknown */
    bool has_balance;
    struct stripe_balance balance; /* the movement, where it was asked for */
    const char *failure_movement;  /* txn_ of money taken back, "" */
    const char *failure;           /* the word for it, "" */
};
/* ERR_INPUT when it is no whole charge. */
enum err stripe_charge_read(const struct provider_call *call, const json_t *object,
                            struct stripe_charge *charge);
/* Tells the capture of a charge that succeeded, and its fee once it is known; nothing of another.
 */
void stripe_charge_tell(const struct stripe_reading *reading, const struct stripe_charge *charge);
/* The payment that something follows, by its pi_ or, without, by its charge: when the books do not
 * have it, it is read at Stripe and told first. *go_on false: the resolution says why; what
 * follows a payment that Stripe does not know is nobody's. */
enum err stripe_payment_tell(const struct stripe_reading *reading, const char *payment,
                             const char *charge_id, bool *go_on);
/* charge.updated, charge.failed. */
enum err stripe_charge_event(struct stripe_reading *reading);
enum err stripe_resolve_fee(const struct provider_call *call,
                            const struct provider_account *account, const char *capture,
                            struct resolution *resolution);

/* ---- refund.c ---- */

struct stripe_refund {
    const char *id;      /* re_, pyr_ */
    const char *payment; /* pi_, "" */
    const char *charge;  /* ch_, py_, "" */
    const char *status;  /* pending, requires_action, succeeded, failed, canceled */
    int64_t amount_cents;
    const char *currency;
    int64_t created_at;
    const char *movement;         /* txn_, "" while no money moved */
    const char *failure_movement; /* txn_ of money that came back, "" */
    const char *failure;          /* the word for it, "" */
    const char *reason;           /* "" */
    const char *request;          /* "guichet-refund-<id>", "" */
};
/* ERR_INPUT when it is no whole refund. */
enum err stripe_refund_read(const struct provider_call *call, const json_t *object,
                            struct stripe_refund *refund);
/* Tells what moved, the payment first; concludes when nothing did. */
enum err stripe_refund_tell(const struct stripe_reading *reading,
                            const struct stripe_refund *refund);
/* refund.created, .updated, .failed. */
enum err stripe_refund_event(struct stripe_reading *reading);
/* charge.refunded: all refunds of the charge that the books do not have. */
enum err stripe_refunds_event(struct stripe_reading *reading);
/* "guichet-refund-<id>" when the metadata of a refund say that a person asked for it here; ""
 * otherwise. The object may be NULL or anything else. */
const char *stripe_refund_request(const struct provider_call *call, const json_t *refund);

/* ---- refund_send.c ---- */

extern const struct provider_refunds stripe_refunds;

/* ---- dispute.c ---- */

/* charge.dispute.* */
enum err stripe_dispute_event(struct stripe_reading *reading);
enum err stripe_resolve_dispute(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                struct resolution *resolution);

/* ---- payout.c ---- */

/* payout.paid, .failed, .canceled, .reconciliation_completed. */
enum err stripe_payout_event(struct stripe_reading *reading);

/* ---- session_event.c ---- */

/* checkout.session.* */
enum err stripe_session_event(struct stripe_reading *reading);

/* ---- statement.c ---- */

extern const struct provider_statement stripe_statement;

#endif
