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
#include "db/db.h"
#include "net/http_client.h"
#include "payment/account.h"
#include "payment/fact.h"
#include "payment/finding.h"
#include "payment/linking.h"

/* Addresses of the outside, from the configuration. */
struct provider_settings {
    const char *base_url;               /* ours, for return and notification addresses */
    const char *stripe_api_url;         /* https://api.stripe.com */
    const char *stripe_checkout_url;    /* https://checkout.stripe.com: where payers may go */
    const char *stripe_connect_url;     /* https://connect.stripe.com: OAuth */
    const char *paypal_live_webscr_url; /* https://www.paypal.com/cgi-bin/webscr */
    const char *paypal_live_ipn_url;    /* https://ipnpb.paypal.com/cgi-bin/webscr */
    const char *paypal_sandbox_webscr_url;
    const char *paypal_sandbox_ipn_url;
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
    const char *notify_url;
};

enum checkout_verdict {
    CHECKOUT_OPENED,  /* reference and url are set; url NULL: it has ended meanwhile, only its
                         reference is to be followed */
    CHECKOUT_REFUSED, /* definitive: nothing can be paid; reason says why */
    CHECKOUT_UNKNOWN  /* time-out, 5xx, nonsense: the same bytes again later */
};
struct checkout_answer {
    enum checkout_verdict verdict;
    const char *reference; /* cs_...; NULL where the provider has none */
    const char *url;       /* checked: https (or the configured host) */
    int64_t expires_at;    /* 0 = as asked */
    const char *reason;    /* for staff and log, without personal data */
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
};

/* A message at the door. */
struct provider_message {
    const char *hint;     /* &a=, "" for none */
    struct str body;      /* raw bytes */
    struct str signature; /* Stripe-Signature */
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

struct provider {
    const char *name;  /* "stripe": in the database and in ?event= */
    const char *label; /* "Stripe": on screen */
    enum journal journal;
    bool asks;                  /* open intents can be re-read at the provider */
    size_t body_max;            /* of a notification */
    const char *const *secrets; /* names of those an account needs, ended by NULL; NULL: none */
    int64_t
        usual_rate_points; /* what it usually takes of a payment, in 1/100 %: a proposal only */
    const struct provider_linking *linking; /* by keys and endpoints; NULL: it has none */

    const struct provider_consent *consent; /* NULL: it has none */

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
    /* Looks at a message at the door: no network, no writing. */
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
    /* Asks the provider about the account, now, and notes what it says: keys, endpoint, clock,
     * currency. Changes nothing anywhere. A provider that cannot be reached is a finding, not
     * an error. NULL: there is nothing to ask. */
    enum err (*examine)(const struct provider_call *call, const struct association *association,
                        const struct provider_account *account, struct findings *findings);
};

#endif
