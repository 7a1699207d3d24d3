/*
 * random: bytes nobody can guess, and identifiers.
 *
 * Invariant: the source is OpenSSL's RAND_bytes; when it fails the request fails. Nothing
 * weaker is ever used instead.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { RANDOM_TOKEN_MAX = 33 };

/* What OpenSSL sets up at the first draw it sets up once and never again, even when it failed for
 * want of a little memory: then no later draw would succeed. A server calls this when it starts.
 */
enum err random_begin(void);
/* Fills len bytes. ERR_CRYPTO when the source fails. */
enum err random_bytes(void *out, size_t len);
/* 128 random bits as 32 lower-case hexadecimal digits and a NUL. */
enum err random_token(char out[RANDOM_TOKEN_MAX]);
/* A positive 63-bit row id: milliseconds since 2020 in the high 41 bits, random below,
 * strictly increasing within the process. */
enum err random_id(int64_t *id);

#endif
