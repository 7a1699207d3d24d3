/*
 * paypal/internal: what the files of this folder share.
 *
 * Invariant: the raw body is never changed; fields are decoded copies. Tokens and identifiers
 * are compared as the bytes they are, only words for people are converted.
 */
#ifndef PROVIDER_PAYPAL_INTERNAL_H
#define PROVIDER_PAYPAL_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/money.h"
#include "payment/provider.h"

enum {
    PAYPAL_IPN_MAX = 64 * 1024,
    PAYPAL_ANSWER_MAX = 4096,
    PAYPAL_ID_MAX = 64,
    PAYPAL_TOKEN_MAX = 255,
    PAYPAL_PAYER_MAX = 120
};

/* ---- ipn.c: reading a message ---- */

/* The fields we use. Identifiers and amounts are the decoded bytes, "" when absent or empty;
 * words for people are UTF-8. All in the arena. */
struct ipn {
    struct str invoice;
    struct str custom;
    struct str txn_id;
    struct str parent_txn_id;
    struct str txn_type;
    struct str payment_status;
    struct str pending_reason;
    struct str reason_code;
    struct str receiver_id;
    struct str receiver_email; /* UTF-8 */
    struct str business;       /* UTF-8 */
    struct str gross;
    struct str fee;
    struct str currency;
    struct str settle_amount;
    struct str settle_currency;
    struct str case_id;
    struct str case_type;
    struct str payment_date;
    struct str case_date;
    bool test;         /* test_ipn=1 */
    const char *payer; /* UTF-8, first and last name, "" */
};
/* Reads what is there; any bytes are a message. */
void ipn_read(struct str body, struct arena *arena, struct ipn *ipn);
/* The decoded bytes of the first field of that name; empty when absent. "+" is a space, what
 * is no percent-encoding stays as it is. */
struct str ipn_field(struct str body, const char *name, struct arena *arena);
/* Printable ASCII of 1 to max bytes: fit to be looked up, shown and kept. */
bool ipn_is_word(struct str text, size_t max);

/* ---- word.c ---- */

/* The word's copy when it is fit to be kept, else `otherwise`. */
const char *paypal_word(struct str word, const char *otherwise, struct arena *arena);
/* The reference of the fee that a transaction carries. */
const char *paypal_fee_reference(const char *txn_id, struct arena *arena);
/* Ends a resolution without facts. */
void paypal_conclude(struct resolution *resolution, enum event_outcome outcome,
                     const char *detail);

/* ---- date.c ---- */

/* Reads a payment_date in any form PayPal or its simulator was seen to send, whatever the
 * locale: "23:04:06 Feb 02, 2009 PST", "05:09:52 11 Feb 2015 PST", "Sun May 24 2015 14:32:31
 * GMT-0700 (PDT)". False when it is none of them. */
bool paypal_date_parse(struct str text, int64_t *at);

/* ---- examine.c ---- */

enum err paypal_examine(const struct provider_call *call, const struct association *association,
                        const struct provider_account *account, struct findings *findings);

/* ---- postback.c ---- */

enum postback_verdict {
    POSTBACK_VERIFIED,
    POSTBACK_INVALID,
    POSTBACK_UNKNOWN /* no answer, or any other: ask again */
};
struct postback_answer {
    enum postback_verdict verdict;
    const char *reason; /* POSTBACK_UNKNOWN: a few words */
    bool down;          /* no answer or 5xx */
};
/* Posts the untouched body back to the mode's address. OK whatever was answered. */
enum err paypal_postback(const struct provider_call *call, enum account_mode mode, struct str body,
                         struct postback_answer *answer);

/* ---- redirect.c ---- */

struct provider_limits paypal_limits(const struct currency *currency);
/* An amount as PayPal writes it: whole units of some currencies. */
const char *paypal_value(int64_t cents, const struct currency *currency, struct arena *arena);
/* The order's amount as PayPal writes it. ERR_INPUT for one it does not take. */
enum err paypal_amount_text(const struct provider_order *order, struct arena *arena,
                            const char **text);
/* The whole address the payer is sent to. ERR_INPUT for an amount PayPal does not take,
 * ERR_CONFIG when one of our addresses is longer than PayPal allows. */
enum err paypal_redirect_prepare(const struct provider_call *call,
                                 const struct provider_order *order, struct str *request);
enum err paypal_redirect_checkout(const struct provider_call *call,
                                  const struct provider_account *account,
                                  const struct provider_intent *intent,
                                  struct checkout_answer *answer);
enum err paypal_redirect_cancel(const struct provider_call *call,
                                const struct provider_account *account,
                                const struct provider_intent *intent,
                                struct resolution *resolution);
enum err paypal_redirect_resolve(const struct provider_call *call,
                                 const struct provider_account *account,
                                 const struct provider_intent *intent, const char *state,
                                 struct resolution *resolution);

/* ---- way.c: by the redirect or by an order ---- */

enum err paypal_prepare(const struct provider_call *call, const struct provider_order *order,
                        struct str *request);
enum err paypal_checkout(const struct provider_call *call, const struct provider_account *account,
                         const struct provider_intent *intent, struct checkout_answer *answer);
enum err paypal_cancel(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, struct resolution *resolution);
enum err paypal_resolve_intent(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent, const char *state,
                               struct resolution *resolution);

/* ---- event.c, meaning.c ---- */

enum err paypal_receive(const struct provider_call *call, const struct provider_message *message,
                        struct door_answer *answer);
enum err paypal_resolve_event(const struct provider_call *call, const struct provider_event *event,
                              struct resolution *resolution);

/* What a verified message of a known receiver is about. */
struct ipn_subject {
    const struct provider_account *account; /* the receiver */
    const char *token;                      /* of the intent, or the unknown mark; "" = none */
    const char *intent_currency;            /* NULL when no intent is named */
    const char *own_currency;               /* the association's */
    bool our_mark;
    bool captured; /* the transaction it names was booked as money */
    int64_t received_at;
};
/* "G<installation>-" and 32 hexadecimal digits: a mark of ours, known or not. */
bool paypal_is_mark(struct str text, const char *installation);
/* Could the message be the end of a payment that was booked? Then captured must be known. */
bool paypal_may_undo(const struct ipn *ipn);
/* Turns a verified message into facts or an outcome. */
void paypal_meaning(const struct ipn *ipn, const struct ipn_subject *subject, struct arena *arena,
                    struct resolution *resolution);

#endif
