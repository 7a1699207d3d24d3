/*
 * hash: SHA-256, HMAC, constant-time comparison, hexadecimal, password hashing.
 *
 * Invariant: secrets are compared with hash_equal only; a failing primitive fails the
 * request (security.md rows 11, 14, 27, 28).
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
    HASH_LEN = 32,
    HASH_HEX_MAX = 65,      /* 64 digits and NUL */
    PASSWORD_HASH_MAX = 160 /* a PHC string and NUL */
};

enum err hash_sha256(struct str data, unsigned char out[HASH_LEN]);
enum err hash_hmac_sha256(struct str key, struct str data, unsigned char out[HASH_LEN]);
/* Lower-case hexadecimal with NUL; out holds 2 * len + 1 bytes. */
void hash_hex(const unsigned char *data, size_t len, char *out);
/* Exactly 2 * len lower- or upper-case digits into len bytes; false otherwise. */
bool hash_unhex(struct str text, unsigned char *out, size_t len);
/* Same length and same bytes, in time that depends on the length only. */
bool hash_equal(struct str a, struct str b);

/* scrypt N=2^17 r=8 p=1 with 16 random bytes of salt, as a PHC string
 * "$scrypt$ln=17,r=8,p=1$salt$hash". About 0.4 s and 128 MiB: call under a semaphore. ERR_INPUT
 * for a password that ends with NUL: it would be the same as the one without. */
enum err password_hash(struct str password, char out[PASSWORD_HASH_MAX]);
/* Sets *matches. A NULL or empty phc does the same work on a dummy and never matches.
 * *outdated says that the parameters are weaker than today's. ERR_CRYPTO on failure. */
enum err password_verify(struct str password, const char *phc, bool *matches, bool *outdated);
/* Are the parameters of a stored hash weaker than today's, or is it no hash at all? No work. */
bool password_outdated(const char *phc);

#endif
