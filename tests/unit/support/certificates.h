/*
 * certificates: issuers, certificates and signatures of a test's own.
 *
 * Invariant: the same rules as outside: a chain is PEM, the certificate first; a signature is
 * base64 of RSA PKCS#1 v1.5 with SHA-256.
 */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct test_identity; /* a key and its certificate */

struct identity_plan {
    const char *name;             /* CN, and DNS name unless it is an issuer */
    bool issuer;                  /* may vouch for others */
    struct test_identity *parent; /* who vouches; NULL = itself */
    int bits;                     /* RSA; 0 = 2048; 256 = an elliptic key instead */
    int64_t from_at, until_at;
};

/* The caller must dispose of it with identity_free. */
struct test_identity *identity_new(const struct identity_plan *plan);
void identity_free(struct test_identity *identity);
/* Its certificate in PEM, in the arena. */
struct str identity_pem(const struct test_identity *identity, struct arena *arena);
/* base64 of its signature of the text. */
const char *identity_sign(const struct test_identity *identity, struct str text,
                          struct arena *arena);

/* Writes certificates (PEM, or one in DER) to a file below the folder; its path. */
const char *certificates_file(const char *folder, struct str certificates, struct arena *arena);

#endif
