/*
 * stripe/internal: what the files of this folder share.
 *
 * Invariant: identifiers from outside are checked (letters, digits, '_') before they stand in a
 * URL or a header; nothing that Stripe writes for people is kept or logged, for it may quote a
 * key.
 */
#ifndef PROVIDER_STRIPE_INTERNAL_H
#define PROVIDER_STRIPE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "net/json.h"
#include "payment/provider.h"

/* The version every request asks for, and whose bodies are booked as they come. */
#define STRIPE_VERSION "2026-10-28.endive"

enum {
    STRIPE_TOLERANCE_S = 300,
    STRIPE_EVENT_MAX = 256 * 1024,
    STRIPE_ID_MAX = 255,
    STRIPE_URL_MAX = 4096,
    STRIPE_CLIENT_SECRET_MAX = 1024,
    STRIPE_PRODUCT_NAME_MAX = 200
};

/* ---- signature.c ---- */

/* Checks a Stripe-Signature header over the raw body, with each of the secrets. OK when one
 * v1 signature fits and its time is at most STRIPE_TOLERANCE_S old (the future is accepted);
 * ERR_DENIED with the reason otherwise. */
enum err stripe_signature_check(struct str header, struct str body, const struct str *secrets,
                                size_t secret_count, int64_t now, struct arena *arena);

/* ---- request.c ---- */

struct provider_limits stripe_limits(const struct currency *currency);
/* With a publishable key the payer's browser can open a session: the account's own, or, where the
 * platform acts for it, the platform's. */
bool stripe_embeds(const struct provider_settings *settings,
                   const struct provider_account *account, struct provider_browser *browser);
/* The form body of POST /v1/checkout/sessions. ERR_INPUT for an amount Stripe does not take. */
enum err stripe_prepare(const struct provider_call *call, const struct provider_order *order,
                        struct str *request);

/* ---- api.c ---- */

enum stripe_verdict {
    STRIPE_DONE,    /* 2xx with a JSON object */
    STRIPE_REFUSED, /* a definitive 4xx */
    STRIPE_UNKNOWN  /* no answer, or none that says what happened: later again */
};
struct stripe_answer {
    enum stripe_verdict verdict;
    int status;             /* 0 when there was no answer */
    json_t *json;           /* STRIPE_DONE; the caller must dispose of it with json_decref */
    const char *reason;     /* otherwise: a few words without anything secret */
    const char *code;       /* error.code, "" when there is none */
    const char *permission; /* 403: what the key lacks, in Stripe's word (rak_...), or "" */
    int64_t date_at;        /* Stripe's clock, 0 when unknown */
    enum err err;           /* without an answer: why */
    int64_t retry_after_s;  /* 0 = no wish */
    bool down;              /* no answer or 5xx */
};
struct stripe_request {
    const char *method;
    const char *path;            /* "/v1/..." */
    struct str body;             /* form, for POST */
    const char *idempotency_key; /* NULL for none */
    struct str key;              /* data NULL: the account's stored one */
};
/* Makes one call with the account's key and our version. OK whatever was answered; an error
 * only when the key could not be read for a reason of ours. */
enum err stripe_api_call(const struct provider_call *call, const struct provider_account *account,
                         const struct stripe_request *request, struct stripe_answer *answer);
/* "prefix" and then letters, digits or '_', STRIPE_ID_MAX bytes at most. */
bool stripe_id_valid(struct str id, const char *prefix);

/* ---- session.c ---- */

/* A resolution that says: could not be found out now. */
void stripe_retry(struct resolution *resolution, const struct stripe_answer *answer);

/* ---- checkout.c ---- */

enum err stripe_checkout(const struct provider_call *call, const struct provider_account *account,
                         const struct provider_intent *intent, struct checkout_answer *answer);
enum err stripe_cancel(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, struct resolution *resolution);
enum err stripe_resolve_intent(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent, const char *state,
                               struct resolution *resolution);

/* ---- oauth.c ---- */

enum err stripe_consent_address(const struct provider_call *call,
                                const struct consent_visit *visit, const char **url);
enum err stripe_consent_exchange(const struct provider_call *call, enum account_mode mode,
                                 struct str code, struct consent_answer *answer);
enum err stripe_consent_give_back(const struct provider_call *call,
                                  const struct provider_account *account, enum consent_end *end);

/* ---- door.c ---- */

enum err stripe_receive(const struct provider_call *call, const struct provider_message *message,
                        struct door_answer *answer);
/* The id and the type of an event, "" when they are not what Stripe writes. */
const char *stripe_event_id(const json_t *json, struct arena *arena);
const char *stripe_event_type(const json_t *json, struct arena *arena);

/* ---- event.c ---- */

struct stripe_reading;
/* A type of event that is understood. */
struct stripe_event_kind {
    const char *type;
    bool asked; /* the endpoint asks for it */
    enum err (*read)(struct stripe_reading *reading);
};
/* All of them, ended by type NULL: what is booked from and what the endpoint asks for are one
 * table, or an event that is understood would never come. account.application.deauthorized comes
 * to the endpoint of a platform only; elsewhere it never happens. */
extern const struct stripe_event_kind stripe_event_kinds[];
enum err stripe_resolve_event(const struct provider_call *call, const struct provider_event *event,
                              struct resolution *resolution);

/* ---- account.c ---- */

enum link_outcome stripe_keys_check(const struct link_keys *keys, enum account_mode *mode);
/* A key that may do only what its owner ticked. */
bool stripe_key_restricted(struct str key);
/* Adds to the answer all that a restricted key lacks of what will ever be asked with it: one
 * question each, that changes nothing. */
enum err stripe_rights(const struct provider_call *call, struct str key,
                       struct link_answer *answer);
enum err stripe_identify(const struct provider_call *call, const struct link_keys *keys,
                         struct link_identity *identity, struct link_answer *answer);
/* The account of an answer of GET /v1/account; anything else is LINK_UNREACHABLE. */
void stripe_identity_read(const json_t *json, struct arena *arena, struct link_identity *identity,
                          struct link_answer *answer);
/* What an answer means to whoever links an account. */
void stripe_link_answer(const struct stripe_answer *received, struct link_answer *answer);

/* ---- endpoint.c ---- */

extern const struct provider_linking stripe_linking;

/* ---- examine.c ---- */

enum err stripe_examine(const struct provider_call *call, const struct association *association,
                        const struct provider_account *account, struct findings *findings);

#endif
