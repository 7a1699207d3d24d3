/*
 * linking: what a provider implements so that a page can link an account by its keys and keep
 * its endpoint for notifications in order.
 *
 * Invariant: a function tells what the provider said, it stores nothing; nothing that was pasted
 * stands in an answer or a log. An endpoint is ours when it bears our mark and the link's public
 * id: no other is ever changed or deleted.
 */
#ifndef PAYMENT_LINKING_H
#define PAYMENT_LINKING_H

#include <stdbool.h>
#include <stddef.h>

#include "payment/account.h"

struct provider_call;

/* What a step of linking came to; each has its sentence on the page. */
enum link_outcome {
    LINK_DONE,
    /* what was pasted */
    LINK_SECRET_EMPTY,
    LINK_SECRET_MALFORMED,
    LINK_SECRET_IS_PUBLISHABLE,
    LINK_PUBLISHABLE_EMPTY,
    LINK_PUBLISHABLE_MALFORMED,
    LINK_PUBLISHABLE_IS_SECRET,
    LINK_MODES_DIFFER,
    LINK_LIVE_IN_TRIAL,
    LINK_TEST_IN_REAL,
    /* what the provider said */
    LINK_KEY_UNKNOWN, /* it knows no such key */
    LINK_KEY_REVOKED, /* the key was good once */
    LINK_KEY_LACKS,   /* the key may not do this */
    LINK_ABSENT,      /* there is no such endpoint */
    LINK_REFUSED,     /* another definitive refusal */
    LINK_UNREACHABLE, /* no answer, or none that says what happened: later again */
    LINK_OTHER_CURRENCY,
    /* what we know ourselves */
    LINK_TAKEN,         /* the account serves another association */
    LINK_ATTEMPTS_OPEN, /* payments are under way with the account linked now */
    LINK_BUSY,          /* another operation on this account runs */
    LINK_ROTATING       /* two secrets are accepted already */
};
/* "key_unknown": in the database and in templates. */
const char *link_outcome_name(enum link_outcome outcome);

enum { LINK_LACKING_MAX = 12 };

struct link_answer {
    enum link_outcome outcome;
    bool answered;      /* something came back: the same request may not be repeated */
    bool provider_down; /* for the circuit breaker */
    const char *reason; /* a few words without anything secret */
    const char *lacking[LINK_LACKING_MAX]; /* permissions, in the provider's words */
    size_t lacking_count;                  /* 0 also when the provider does not say */
};

/* As they were pasted; trimmed by whoever fills it. */
struct link_keys {
    struct str secret;
    struct str publishable; /* PayPal: the client id */
    enum account_mode mode; /* of the association: for keys that do not say theirs */
};

/* Whose keys they are. */
struct link_identity {
    const char *external_id;
    const char *name;     /* "" when the provider tells none */
    const char *country;  /* ISO 3166, "" when unknown */
    const char *currency; /* ISO 4217, capital letters; "": the account has no one currency */
    const char *email;    /* the account's address, where it stood for the account before; NULL or
                             "": none */
    bool charges_enabled; /* the provider takes payments for it */
};

/* What an endpoint is to be. */
struct link_order {
    const char *url;
    const char *idempotency_key; /* of the creation; NULL otherwise */
};
struct link_endpoint {
    const char *id;
    struct str secret; /* of a creation only; PayPal: its own id, always */
    bool ours;
    bool url_right;
    bool enabled;
    bool events_right;  /* exactly those we need */
    bool events_enough; /* all of them, and perhaps more */
    bool version_right; /* cannot be corrected: another one is made */
};

struct provider_linking {
    const char *transit_account; /* of a new account: where its money stands until paid out */
    /* One endpoint at a time, without a secret to be renewed: its own id stands for it (PayPal).
     * endpoint_create finds one that stands there already. */
    bool single;
    /* The form of both keys, and their mode. No network. */
    enum link_outcome (*keys_check)(const struct link_keys *keys, enum account_mode *mode);
    /* Asks whose keys they are, and whether they may do all that is needed. */
    enum err (*identify)(const struct provider_call *call, const struct link_keys *keys,
                         struct link_identity *identity, struct link_answer *answer);
    /* Each asks with the account's stored keys. *endpoint is filled when LINK_DONE. */
    enum err (*endpoint_create)(const struct provider_call *call,
                                const struct provider_account *account,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer);
    /* Corrects its address and events, and enables it. */
    enum err (*endpoint_update)(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer);
    enum err (*endpoint_delete)(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                struct link_answer *answer);
    /* All endpoints of the account, ours or not; array in the arena. */
    enum err (*endpoint_list)(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct link_order *order, struct link_endpoint **endpoints,
                              size_t *count, struct link_answer *answer);
};

#endif
