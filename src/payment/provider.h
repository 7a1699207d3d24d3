/*
 * provider: the interface a payment solution implements; the kernel knows nothing else of it.
 *
 * Invariant: a provider tells facts, it never books them. It has no test branch: practice and
 * production differ by URL and keys only. Providers are registered by main.
 */
#ifndef PAYMENT_PROVIDER_H
#define PAYMENT_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "accounting/accounting.h"
#include "association/association.h"
#include "base/zone.h"
#include "db/db.h"
#include "net/http_client.h"
#include "payment/account.h"
#include "payment/fact.h"
#include "payment/finding.h"
#include "payment/linking.h"

/* Addresses of the outside, from the configuration. */
struct provider_settings {
    const char *base_url;            /* ours, for return and notification addresses */
    const char *stripe_api_url;      /* https://api.stripe.com */
    const char *stripe_checkout_url; /* https://checkout.stripe.com: where payers may go */
    const char *stripe_connect_url;  /* https://connect.stripe.com: OAuth */
    const char *stripe_script_url;   /* https://js.stripe.com/...: draws what is embedded */
    const char *stripe_hooks_url;    /* https://hooks.stripe.com: a bank's questions, framed */
    const char *stripe_platform_key; /* Connect: the platform's pk_live_..., NULL = none */
    const char *stripe_platform_test_key; /* pk_test_... */
    const char *paypal_live_webscr_url;   /* https://www.paypal.com/cgi-bin/webscr */
    const char *paypal_live_ipn_url;      /* https://ipnpb.paypal.com/cgi-bin/webscr */
    const char *paypal_sandbox_webscr_url;
    const char *paypal_sandbox_ipn_url;
    const char *paypal_live_api_url; /* https://api-m.paypal.com */
    const char *paypal_sandbox_api_url;
    const char *paypal_ca_file; /* issuers of PayPal's message certificates; NULL = the system's */
};

/* What a provider's function gets: everything belongs to the calling thread. */
struct provider_call {
    const struct provider_settings *settings;
    struct db *db; /* reading only; never inside a read transaction during network */
    struct http_client *client;
    struct arena *arena;
    const struct seal_key *key; /* opens the account's secrets */
    const char *installation;   /* our mark, 8 digits */
    int64_t now;
};

/* Which amounts a provider takes in a currency. */
struct provider_limits {
    bool currency_supported;
    int64_t minimum_cents;
    int64_t maximum_cents;
};

/* What a request is computed from, once, before the intent is stored. */
struct provider_order {
    const struct association *association;
    const struct provider_account *account;
    int64_t member_number;
    const char *token; /* our mark */
    int64_t amount_cents;
    int64_t expires_at;
    const char *return_url; /* where the browser comes back, paid or not */
    bool embedded;          /* the payment is asked in a page of ours (provider.embeds) */
    const char *notify_url;
};

enum checkout_verdict {
    CHECKOUT_OPENED,  /* reference and url (or client_secret) are set; neither: it has ended
                         meanwhile, only its reference is to be followed */
    CHECKOUT_REFUSED, /* definitive: nothing can be paid; reason says why */
    CHECKOUT_UNKNOWN  /* time-out, 5xx, nonsense: the same bytes again later */
};
struct checkout_answer {
    enum checkout_verdict verdict;
    const char *reference;          /* cs_...; NULL where the provider has none */
    const char *url;                /* checked: https (or the configured host) */
    const char *client_secret;      /* of an embedded one, which has no url; NULL otherwise */
    int64_t expires_at;             /* 0 = as asked */
    const char *reason;             /* for staff and log, without personal data */
    const char *proven_external_id; /* the account's own id, told by the answer to its keys; NULL
                                       = nothing proven */
};

/* An intent as a provider needs it. */
struct provider_intent {
    int64_t association_id;
    int64_t id;
    const char *token;
    const char *request;
    const char *idempotency_key;
    const char *reference; /* NULL while unknown */
    int64_t amount_cents;
    const char *currency;
    int64_t expires_at;
    int64_t declines;    /* tries that were refused (FACT_DECLINED) */
    int64_t declined_at; /* the last of them; 0: none was */
};

/* A message at the door. */
struct provider_message {
    const char *hint;        /* &a=, "" for none */
    struct str body;         /* raw bytes */
    struct str content_type; /* lower case, without parameters */
    struct str signature;    /* Stripe-Signature */
    struct str headers;      /* "NAME: value" lines of those in provider.headers, kept with it */
    struct str source_address;
};
enum door_verdict {
    DOOR_ACCEPTED, /* store it */
    DOOR_REFUSED,  /* 400: not stored, counted */
    DOOR_MALFORMED /* 400: not even a message */
};
struct door_answer {
    enum door_verdict verdict;
    bool authentic;         /* proven already by its signature */
    int64_t association_id; /* of the account whose secret proved it, 0 = not known yet */
    int64_t provider_account_id;
    const char *external_id; /* evt_..., txn id; "" */
    const char *type;        /* "" */
    const char *receiver;    /* named receiver if it is one of ours, "" otherwise */
    const char *reason;      /* why refused */
};

/* ---- associating an account by the provider's page of consent (OAuth) ---- */

struct consent_visit {
    enum account_mode mode;
    const char *state;      /* comes back */
    const char *return_url; /* where the browser comes back */
    const char *email;      /* to fill the page in; "" for none */
};
enum consent_verdict {
    CONSENT_GIVEN,
    CONSENT_REFUSED, /* definitive; word says why */
    CONSENT_UNCLEAR  /* no answer, or none that says what happened: from the beginning again */
};
struct consent_answer {
    enum consent_verdict verdict;
    const char *external_id; /* CONSENT_GIVEN: acct_... */
    const char *currency;    /* CONSENT_GIVEN: of the account, any case */
    const char *word;        /* CONSENT_REFUSED: invalid_grant, ..., wrong_mode; "" for none */
};
enum consent_end {
    CONSENT_ENDED,
    CONSENT_HELD /* not now: later again */
};
struct provider_consent {
    /* Where the browser is sent. No network. ERR_NOT_FOUND: the platform is not set up. */
    enum err (*address)(const struct provider_call *call, const struct consent_visit *visit,
                        const char **url);
    /* Changes the code that came back, once, and reads whose it is. */
    enum err (*exchange)(const struct provider_call *call, enum account_mode mode, struct str code,
                         struct consent_answer *answer);
    /* Gives the access to an account back. */
    enum err (*give_back)(const struct provider_call *call, const struct provider_account *account,
                          enum consent_end *end);
};

/* ---- refunds started in Guichet ---- */

/* What a refund's request is computed from, once, before it is stored. */
struct refund_order {
    const char *capture;  /* the payment's reference: pi_ */
    int64_t amount_cents; /* of the payment's currency */
    const char *currency; /* capital letters */
    int64_t refund_request_id;
};
enum refund_verdict {
    REFUND_MADE,    /* the provider has it: facts may say more (pending is made too) */
    REFUND_REFUSED, /* definitive; reason says why */
    REFUND_UNKNOWN, /* time-out, 5xx, nonsense: the same bytes again later */
    REFUND_ABSENT   /* of find: the provider does not have it */
};
struct refund_answer {
    enum refund_verdict verdict;
    const char *reference;   /* REFUND_MADE: re_ */
    const char *reason;      /* for staff and log */
    struct resolution facts; /* REFUND_MADE: what to book at once; RESOLUTION_NOTHING: later */
};
struct provider_refunds {
    /* How long the same bytes under the same key make no second refund; 0: REFUND_KEY_LIFE_S. */
    int64_t key_life_s;
    /* Computes the exact request. No network. */
    enum err (*prepare)(const struct provider_call *call, const struct refund_order *order,
                        struct str *request);
    /* Sends the stored request under its key. OK with any verdict; an error counts as
     * REFUND_UNKNOWN. */
    enum err (*send)(const struct provider_call *call, const struct provider_account *account,
                     const char *request, const char *idempotency_key,
                     struct refund_answer *answer);
    /* Looks for the refund of an order that had no answer, once its key may be forgotten.
     * REFUND_MADE, REFUND_ABSENT or REFUND_UNKNOWN; an error counts as REFUND_UNKNOWN.
     * NULL: it cannot be looked for. */
    enum err (*find)(const struct provider_call *call, const struct provider_account *account,
                     const struct refund_order *order, struct refund_answer *answer);
};

/* ---- the provider's own list ---- */

/* Does the money of a payment's line stand? */
enum line_standing {
    LINE_FINAL,     /* it does, or it did when the line was read */
    LINE_UNDER_WAY, /* the payment may still fail: not booked by this line */
    LINE_FAILED     /* it failed; another line took it back */
};
/* One line: what moved, and what our movement of it is called. */
struct statement_line {
    const char *reference; /* the line's own name: txn_, PayPal's transaction */
    const char *type;      /* the provider's own word */
    bool posts;            /* false: this type moves nothing that is booked (a row of the table) */
    enum fact_kind kind;   /* posts: the movement it is */
    enum fact_nature nature;   /* FACT_OTHER */
    const char *movement;      /* reference of our movement: pi_, re_, txn_, po_ */
    const char *fee_reference; /* reference of our fee, when fee_cents is not 0 */
    const char *parent;        /* as in a fact; NULL = none */
    const char *dispute;
    const char *token; /* the intent it names, "" = none */
    bool our_mark;
    const char *payer;                     /* "" */
    const char *objects[FACT_OBJECTS_MAX]; /* further names, NULL = none */
    int64_t gross_cents;                   /* signed as seen by the association */
    int64_t fee_cents;                     /* kept by the provider; negative: given back */
    const char *currency;                  /* capital letters */
    int64_t fact_at;
    const char *payout;          /* po_ where the line says it, "" */
    enum line_standing standing; /* FACT_CAPTURE */
};
struct statement_request {
    int64_t since_at;   /* inclusive */
    int64_t until_at;   /* exclusive */
    const char *payout; /* only the lines of this payout; "" = all */
    const char *cursor; /* "" = from the beginning */
};
enum statement_verdict {
    STATEMENT_PAGE,    /* lines, and whether there is more */
    STATEMENT_REFUSED, /* the provider does not let us: reason */
    STATEMENT_LATER    /* could not be read now: the same page again */
};
struct statement_page {
    enum statement_verdict verdict;
    struct statement_line *lines;
    size_t count;
    const char *cursor; /* of the next page; NULL: this was the last */
    const char *reason;
    int64_t retry_after_s;
    bool provider_down;
};
struct provider_balance {
    bool known;
    int64_t cents; /* in the account's currency, all that is held: available, pending, reserved */
    int64_t at;
};
struct provider_statement {
    bool payouts; /* what a payout is made of can be asked for */
    /* Reads one page, in no promised order. OK with any verdict. */
    enum err (*read)(const struct provider_call *call, const struct provider_account *account,
                     const struct statement_request *request, struct statement_page *page);
    /* What the provider holds now. known false when it could not be asked. */
    enum err (*balance)(const struct provider_call *call, const struct provider_account *account,
                        const char *currency, struct provider_balance *balance);
};

/* ---- the list as a file, where the provider cannot be asked ---- */

enum { ACTIVITY_COLUMNS_MAX = 32 };
struct activity_column {
    const char *name;           /* ours: "date", "gross" ...: key of its sentence on the page */
    const char *const *headers; /* as the provider names it (French, English), ended by NULL */
    bool required;
    bool of_row; /* a word of it that is not known keeps its row out, not the whole file */
};
/* A row as read: its cells in the order of columns, empty where the file has none. */
struct activity_row {
    const struct str *cells;
    const struct zone *zone; /* the association's, for a row that names none */
};
struct provider_activity {
    const struct activity_column *columns;
    size_t column_count;
    /* A row's meaning. ERR_INPUT: it cannot be read, *column says where (index), error_text why;
     * of a column of_row the line holds all the same what could be read, its time at least. No
     * network. */
    enum err (*line)(const struct provider_call *call, const struct provider_account *account,
                     const struct activity_row *row, struct statement_line *line, size_t *column);
};

/* For the payer's browser: nothing of it is secret. */
struct provider_browser {
    const char *publishable_key;
    const char *account; /* whose behalf the key acts on, "" = its own */
};

struct provider {
    const char *name;  /* "stripe": in the database and in ?event= */
    const char *label; /* "Stripe": on screen */
    enum journal journal;
    bool asks; /* open intents can be re-read at the provider; false: those with a reference */
    size_t body_max;            /* of a notification */
    const char *const *headers; /* of a notification, to be kept: FastCGI names, ended by NULL;
                                   NULL: none */
    const char *const *secrets; /* names of those an account needs, ended by NULL; NULL: none */
    int64_t
        usual_rate_points; /* what it usually takes of a payment, in 1/100 %: a proposal only */
    const struct provider_linking *linking; /* by keys and endpoints; NULL: it has none */

    const struct provider_consent *consent; /* NULL: it has none */
    /* Has the account what refunds, statement and resolve_fee need (its keys)? NULL: always. */
    bool (*able)(const struct provider_account *account);
    /* What a page of ours draws the provider's form with: false when it cannot. NULL: never. */
    bool (*embeds)(const struct provider_settings *settings,
                   const struct provider_account *account, struct provider_browser *browser);
    const struct provider_refunds *refunds;     /* NULL: refunds are made at the provider only */
    const struct provider_statement *statement; /* NULL: its list cannot be asked for */
    const struct provider_activity *activity;   /* NULL: it has no list as a file; it may have
                                                   both, for accounts that cannot be asked */

    /* Amounts taken in a currency (the smallest unit matters: Stripe 0,50 EUR). */
    struct provider_limits (*limits)(const struct currency *currency);
    /* Computes the exact request, bytes to be stored with the intent. No network. */
    enum err (*prepare)(const struct provider_call *call, const struct provider_order *order,
                        struct str *request);
    /* Sends the stored request. OK with any verdict; an error counts as CHECKOUT_UNKNOWN. */
    enum err (*checkout)(const struct provider_call *call, const struct provider_account *account,
                         const struct provider_intent *intent, struct checkout_answer *answer);
    /* Ends an open attempt at the provider, or says what became of it. RESOLUTION_RETRY when
     * the provider cannot be reached. */
    enum err (*cancel)(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, struct resolution *resolution);
    /* Looks at a message at the door: no network, no writing. ERR_LIMIT: it is too large. */
    enum err (*receive)(const struct provider_call *call, const struct provider_message *message,
                        struct door_answer *answer);
    /* Finds out what a stored message means. */
    enum err (*resolve_event)(const struct provider_call *call, const struct provider_event *event,
                              struct resolution *resolution);
    /* Re-reads an open or processing intent at the provider (or ends it by the clock). */
    enum err (*resolve_intent)(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent, const char *state,
                               struct resolution *resolution);
    /* Reads a payment again that was booked without its fee: its facts, FACT_FEE among them once
     * the provider knows it (RESOLUTION_RETRY until then). NULL: the fee comes with the message.
     */
    enum err (*resolve_fee)(const struct provider_call *call,
                            const struct provider_account *account, const char *capture,
                            struct resolution *resolution);
    /* Reads a dispute again: the facts its notifications tell, as it stands now. NULL: messages
     * alone tell of it. */
    enum err (*resolve_dispute)(const struct provider_call *call,
                                const struct provider_account *account, const char *dispute,
                                struct resolution *resolution);
    /* Asks the provider about the account, now, and notes what it says: keys, endpoint, clock,
     * currency. Changes nothing anywhere. A provider that cannot be reached is a finding, not
     * an error. NULL: there is nothing to ask. */
    enum err (*examine)(const struct provider_call *call, const struct association *association,
                        const struct provider_account *account, struct findings *findings);
};

#endif
