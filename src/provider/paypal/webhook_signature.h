/*
 * paypal/webhook_signature: is a webhook's message PayPal's own?
 *
 * Invariant: nothing is authentic but what the key of a certificate signed whose address, name,
 * issuer and dates were checked here, or what PayPal's interface, asked with the untouched bytes,
 * called SUCCESS. What cannot be found out is neither. (protocols/paypal.md, section 3;
 * security.md rows 41, 49, 52.)
 */
#ifndef PROVIDER_PAYPAL_WEBHOOK_SIGNATURE_H
#define PROVIDER_PAYPAL_WEBHOOK_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "payment/provider.h"

enum {
    PAYPAL_WEBHOOK_MAX = 256 * 1024,         /* a body, in bytes */
    PAYPAL_WEBHOOK_AGE_S = 5 * 24 * 60 * 60, /* PayPal sends again for three days */
    PAYPAL_WEBHOOK_AHEAD_S = 5 * 60          /* a clock that differs from ours */
};

/* FastCGI names of the headers a message is judged by, ended by NULL: for provider.headers. */
extern const char *const paypal_webhook_headers[];

/* A message as it came. */
struct paypal_delivery {
    struct str id;              /* PAYPAL-TRANSMISSION-ID */
    struct str time;            /* PAYPAL-TRANSMISSION-TIME */
    struct str signature;       /* PAYPAL-TRANSMISSION-SIG */
    struct str algorithm;       /* PAYPAL-AUTH-ALGO */
    struct str certificate_url; /* PAYPAL-CERT-URL */
    struct str body;            /* the raw bytes */
    int64_t received_at;        /* when it came: dates are judged by it, whenever that is done */
};
/* Fills the five headers from kept lines ("PAYPAL-CERT-URL: ...", "HTTP_PAYPAL_CERT_URL: ..." or
 * in small letters); absent ones stay empty, one that is there twice makes all of them empty.
 * Slices of lines. */
void paypal_delivery_read(struct str lines, struct paypal_delivery *delivery);

/* Whose key a message must be signed with. */
struct paypal_webhook_account {
    enum account_mode mode;
    const char *webhook_id; /* as PayPal named it when it was created */
    const char *api_url;    /* the configured one of the mode: its host may serve certificates */
};

/* No network, for the door: NULL when the message may be PayPal's; else the word why it cannot:
 * "headers", "algorithm", "time", "signature", "address", "body". */
const char *paypal_webhook_fault(const struct paypal_webhook_account *account,
                                 const struct paypal_delivery *delivery, struct arena *arena);

enum webhook_verdict {
    WEBHOOK_AUTHENTIC,
    WEBHOOK_FORGED,   /* definitive */
    WEBHOOK_UNDECIDED /* neither certificate nor PayPal's opinion could be had: later again */
};
struct webhook_judgement {
    enum webhook_verdict verdict;
    const char *reason; /* FORGED: a word of paypal_webhook_fault, or "name", "dates", "issuer",
                           "key", "mismatch", "opinion"; UNDECIDED: a few words for staff */
    bool down;          /* UNDECIDED: PayPal does not answer */
};

/* PayPal's opinion: posts the JSON request to /v1/notifications/verify-webhook-signature with the
 * account's token. OK with any status. */
typedef enum err paypal_webhook_ask(void *context, struct str request, struct http_answer *answer);

/* Judges. ask may be NULL: then what the certificate does not decide stays undecided. OK with any
 * verdict; errors are our own (ERR_CONFIG, ERR_CRYPTO). Never inside a read transaction. */
enum err paypal_webhook_judge(const struct provider_call *call,
                              const struct paypal_webhook_account *account,
                              const struct paypal_delivery *delivery, paypal_webhook_ask *ask,
                              void *context, struct webhook_judgement *judgement);

#endif
