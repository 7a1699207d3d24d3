/*
 * paypal/rest: PayPal's interface for an account that has keys: Orders v2 and what follows.
 *
 * Invariant: identifiers from outside are checked (capital letters, digits, '-', '_') before they
 * stand in a URL; nothing that PayPal writes for people is kept or logged; an order is paid to the
 * account of our books or not at all. (protocols/paypal.md, section 3.)
 */
#ifndef PROVIDER_PAYPAL_REST_H
#define PROVIDER_PAYPAL_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "net/json.h"
#include "payment/provider.h"

enum {
    PAYPAL_ORDER_LIFE_S = 3 * 3600, /* to approve and capture, by default */
    PAYPAL_REST_ID_MAX = 64,
    PAYPAL_CAPTURES_MAX =
        8 /* of one order: one, as we ask; a payer's order elsewhere may have more */
};

/* ---- token.c: the access token of an account, kept until shortly before it ends ---- */

/* Keys that were pasted and are not stored yet. */
struct paypal_keys {
    enum account_mode mode;
    struct str client_id;
    struct str secret;
};
struct paypal_answer;
/* The token for a call. *token NULL: *answer says why there is none. OK with any answer; an error
 * only for a reason of ours. */
enum err paypal_token(const struct provider_call *call, const struct provider_account *account,
                      const char **token, struct paypal_answer *answer);
/* The token of pasted keys: asked for, not kept. */
enum err paypal_token_of_keys(const struct provider_call *call, const struct paypal_keys *keys,
                              const char **token, struct paypal_answer *answer);
/* It was refused: the next call asks for another. */
void paypal_token_forget(const struct provider_account *account);

/* ---- rest_api.c ---- */

enum paypal_verdict {
    PAYPAL_DONE,    /* 2xx with a JSON object, or 204 */
    PAYPAL_REFUSED, /* a definitive 4xx */
    PAYPAL_UNKNOWN  /* no answer, or none that says what happened: the same request later again */
};
struct paypal_answer {
    enum paypal_verdict verdict;
    int status;   /* 0 when there was no answer */
    json_t *json; /* PAYPAL_DONE; the caller must dispose of it with json_decref; NULL: 204 */
    const char *reason; /* otherwise: a few words without anything secret */
    const char *issue;  /* details[0].issue, or error; "" when there is none */
    int64_t date_at;    /* PayPal's clock, 0 when unknown */
    enum err err;       /* without an answer: why */
    int64_t retry_after_s;
    bool down; /* no answer or 5xx */
};
struct paypal_request {
    const char *method;
    const char *path;               /* "/v2/..." */
    struct str body;                /* JSON; data NULL for none */
    const char *request_id;         /* PayPal-Request-Id, NULL for none */
    const struct paypal_keys *keys; /* NULL: the account's stored ones */
};
/* Makes one call; a token that is refused is asked for once anew. OK whatever was answered; an
 * error only when the keys could not be read for a reason of ours. */
enum err paypal_api_call(const struct provider_call *call, const struct provider_account *account,
                         const struct paypal_request *request, struct paypal_answer *answer);
/* The configured address of a mode. */
const char *paypal_api_url(const struct provider_settings *settings, enum account_mode mode);
/* One exchange with a ready head; shared with token.c. */
enum err paypal_exchange(const struct provider_call *call, const struct http_call *http,
                         struct paypal_answer *answer);
/* Has the account keys? */
bool paypal_able(const struct provider_account *account);
/* A resolution that says: could not be found out now. */
void paypal_retry(struct resolution *resolution, const struct paypal_answer *answer);

/* ---- issue.c: what a refusal means ---- */

enum paypal_operation { PAYPAL_CAPTURES, PAYPAL_REFUNDS };
enum issue_verdict {
    ISSUE_AGAIN, /* the same request later */
    ISSUE_LOOK,  /* it was done before: the order says how */
    ISSUE_WAIT,  /* the payer has not approved yet */
    ISSUE_BACK,  /* the payer chooses another means at PayPal */
    ISSUE_ENDED, /* this payment or refund cannot be made */
    ISSUE_SETUP, /* nor any other, until the account's settings change */
    ISSUE_NEVER  /* cannot reach us: why is in the table */
};
struct paypal_issue {
    enum paypal_operation operation;
    const char *name;
    enum issue_verdict verdict;
    const char *why; /* ISSUE_NEVER: what we would have to send */
};
/* NULL when nobody announced it. */
const struct paypal_issue *paypal_issue_find(enum paypal_operation operation, const char *name);
/* What a definitive refusal of an operation means, by its issue, else by its status: one that
 * nobody announced is repeated until the attempt ends by the clock. */
enum issue_verdict paypal_issue_verdict(enum paypal_operation operation,
                                        const struct paypal_answer *answer);

/* ---- rest_object.c: fields of PayPal's objects, each believed only in its form ---- */

bool paypal_id_valid(struct str id);
/* "" when it is none. */
const char *paypal_id_at(const json_t *object, const char *path, struct arena *arena);
/* A word of PayPal's ("PENDING", "PAYMENT.CAPTURE.COMPLETED"), "" when it is none. */
const char *paypal_word_at(const json_t *object, const char *path, struct arena *arena);
/* Text for people, in one line; cut at max bytes. */
const char *paypal_text_at(const json_t *object, const char *path, size_t max,
                           struct arena *arena);
/* {"currency_code", "value"}; false when it is no amount. */
bool paypal_amount_at(const json_t *object, const char *path, const struct currency **currency,
                      int64_t *cents);
/* RFC 3339, with any offset; false when it is none or unbelievable. */
bool paypal_time_at(const json_t *object, const char *path, int64_t *at);
/* The last part of the link of that relation ("up"), "" when there is none. */
const char *paypal_link_id(const json_t *object, const char *relation, struct arena *arena);
/* The whole address of a link, "" when there is none. */
const char *paypal_link(const json_t *object, const char *relation, struct arena *arena);

/* ---- capture.c: a payment as PayPal tells it, and its facts ---- */

/* Of whom a message or an answer speaks. */
struct rest_subject {
    const struct provider_call *call;
    const struct provider_account *account;
    const char *own_currency; /* the association's */
    const char *token;        /* of the intent, or the unknown mark; "" = none */
    bool our_mark;
    const char *payer;   /* "" */
    const char *order;   /* "" while unknown */
    int64_t received_at; /* for a time that cannot be believed */
    struct resolution *resolution;
};
/* Fills own_currency. */
enum err rest_subject_begin(struct rest_subject *subject);
/* One more fact, of the subject; NULL when there is no room left. */
struct payment_fact *rest_fact(const struct rest_subject *subject, enum fact_kind kind);

/* Tells what a capture became, by its status. False when it cannot be believed: nothing told. */
bool paypal_capture_tell(const struct rest_subject *subject, const json_t *capture);
enum err paypal_resolve_fee(const struct provider_call *call,
                            const struct provider_account *account, const char *capture,
                            struct resolution *resolution);

/* ---- refund.c: money that goes back ---- */

struct paypal_refund {
    const char *id;
    const char *status;
    const char *reason;
    const char *capture; /* the payment */
    const char *request; /* our own request, NULL = not asked for here */
    const struct currency *currency;
    int64_t amount_cents;   /* positive */
    int64_t fee_back_cents; /* what PayPal gave back of its fee */
    int64_t settled_cents;
    int64_t at;
};
/* False when it cannot be believed. */
bool paypal_refund_read(const struct rest_subject *subject, const json_t *json,
                        struct paypal_refund *refund);
void paypal_refund_tell(const struct rest_subject *subject, const struct paypal_refund *refund,
                        enum fact_kind kind, enum fact_kind fee_kind);
extern const struct provider_refunds paypal_refunds;

/* ---- order.c: beginning, and an order as PayPal tells it ---- */

struct paypal_order {
    const char *id;
    const char *status;
    const char *token; /* custom_id, else invoice_id: our mark when it is ours */
    const char *merchant_id;
    const char *payer;
    const struct currency *currency; /* NULL: no amount was told */
    int64_t amount_cents;
    int64_t created_at;     /* 0 = not told */
    const char *url;        /* where the payer goes on, "" = nowhere */
    const json_t *captures; /* array or NULL; borrowed */
    bool whole;             /* the parts of purchase_units[0] are there */
};
/* False when it is no order. */
bool paypal_order_read(const json_t *json, struct arena *arena, struct paypal_order *order);
/* The exact body of its creation. Errors as paypal_prepare. */
enum err paypal_order_prepare(const struct provider_call *call, const struct provider_order *order,
                              struct str *request);
enum err paypal_order_checkout(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent,
                               struct checkout_answer *answer);
/* Reads it at PayPal. *json NULL: *answer says why. The caller disposes of *json. */
enum err paypal_order_fetch(const struct provider_call *call,
                            const struct provider_account *account, const char *id,
                            struct paypal_order *order, struct paypal_answer *answer);

/* ---- reporting.c: its own list ---- */

extern const struct provider_statement paypal_statement;

/* ---- order_resolve.c: what became of it; capturing ---- */

enum err paypal_order_cancel(const struct provider_call *call,
                             const struct provider_account *account,
                             const struct provider_intent *intent, struct resolution *resolution);
/* Reads the order and captures it when the payer has approved it and the attempt is open. */
enum err paypal_order_resolve(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct provider_intent *intent, const char *state,
                              struct resolution *resolution);

#endif
