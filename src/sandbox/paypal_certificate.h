/*
 * paypal_certificate: the certificate that signs PayPal's events, and its authority.
 *
 * Invariant: made once and kept in the ledger; the root stands in a file for whoever practises.
 * The only file of the sandbox that knows OpenSSL. Times follow the real clock.
 */
#ifndef SANDBOX_PAYPAL_CERTIFICATE_H
#define SANDBOX_PAYPAL_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

/* New certificates as PEM. The signer's chain ends at the root, by way of an intermediate that
 * stands behind it; the stranger has the same key and name under a root of nobody. */
struct certificate_set {
    const char *root;
    const char *signer;
    const char *signer_key;
    const char *stranger;
    int64_t expires_at;
};

/* Makes all of them; texts in the arena. ERR_CRYPTO. */
enum err certificate_make(struct arena *arena, struct certificate_set *set);
/* SHA256withRSA of the text, base64. ERR_CRYPTO. */
enum err certificate_sign(const char *key, struct str text, struct arena *arena,
                          struct str *signature);
/* Did the key of the certificate sign the text? *valid false for a signature that is no base64. */
enum err certificate_check(const char *certificate, struct str text, struct str signature,
                           struct arena *arena, bool *valid);
/* CRC-32 as in zlib (ISO 3309, polynomial 0xedb88320). */
uint32_t certificate_crc32(struct str bytes);

#endif
