/*
 * paypal/webhook_certificate: the certificates PayPal signs its messages with, by their address.
 *
 * Invariant: an address is one of those written here or of the configured interface, letter by
 * letter, before anything is fetched: a message could name any. What is kept was judged good.
 */
#ifndef PROVIDER_PAYPAL_WEBHOOK_CERTIFICATE_H
#define PROVIDER_PAYPAL_WEBHOOK_CERTIFICATE_H

#include <stdbool.h>

#include "provider/paypal/webhook_signature.h"

enum {
    PAYPAL_CERTIFICATE_MAX = 64 * 1024, /* a chain, in bytes */
    PAYPAL_CERTIFICATE_NAME_MAX = 128,  /* behind /v1/notifications/certs/ */
    PAYPAL_CERTIFICATES_KEPT = 8
};

/* May a message for the account name this address? */
bool paypal_certificate_allowed(const struct paypal_webhook_account *account, struct str url);

/* A copy of the kept chain in the arena; false when there is none. Any thread. */
bool paypal_certificate_kept(const char *url, struct arena *arena, struct str *pem);
/* Keeps a copy, in the place of the one that was asked for longest ago. Any thread. */
void paypal_certificate_keep(const char *url, struct str pem);

/* Fetches an allowed address. ERR_NETWORK or ERR_TIMEOUT when it cannot be had (a status other
 * than 200, an answer too large: nothing is followed). */
enum err paypal_certificate_fetch(const struct provider_call *call, const char *url,
                                  struct str *pem);

#endif
