/*
 * certificate: X.509 certificates, whom they belong to, and what was signed with their key.
 *
 * Invariant: a name, a date or a key is worth nothing before certificate_judge called the whole
 * chain good at that moment; the bytes may come from anybody.
 */
#ifndef BASE_CERTIFICATE_H
#define BASE_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct certificate; /* one with what was sent along to prove it */

enum {
    CERTIFICATE_CHAIN_MAX = 8, /* certificates in one text */
    CERTIFICATE_RSA_BITS_MIN = 2048
};

/* Reads PEM: the certificate first, its issuers behind it. ERR_INPUT when there is none or more
 * than CERTIFICATE_CHAIN_MAX. The caller must dispose of it with certificate_free. */
enum err certificate_read(struct str pem, struct certificate **certificate);
void certificate_free(struct certificate *certificate);

enum certificate_worth {
    CERTIFICATE_GOOD,
    CERTIFICATE_OTHER_NAME,
    CERTIFICATE_OUT_OF_DATE,    /* it or one above it: too old or too new */
    CERTIFICATE_WEAK_KEY,       /* not RSA, shorter than CERTIFICATE_RSA_BITS_MIN, old digest */
    CERTIFICATE_SELF_SIGNED,    /* it vouches for itself only */
    CERTIFICATE_UNKNOWN_ISSUER, /* the chain does not reach an issuer we believe */
    CERTIFICATE_BROKEN          /* a signature of the chain, a forbidden use, anything else */
};
struct certificate_rule {
    const char *const *hosts; /* it must bear one of these names, ended by NULL; no wildcards */
    const char *ca_file;      /* the issuers that are believed; NULL = the system's */
    int64_t at;               /* valid then */
};
/* ERR_CONFIG when ca_file cannot be read, ERR_CRYPTO. */
enum err certificate_judge(const struct certificate *certificate,
                           const struct certificate_rule *rule, enum certificate_worth *worth);

/* Is signature the RSA PKCS#1 v1.5 one with SHA-256 of the text, by the certificate's key? */
enum err certificate_signed(const struct certificate *certificate, struct str text,
                            struct str signature, bool *fits);

#endif
