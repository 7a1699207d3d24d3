/*
 * base64: bytes from the text that stands for them (RFC 4648, section 4).
 *
 * Invariant: bytes have exactly one text; anything else (spaces, missing '=', the other
 * alphabet, bits behind the last byte) is refused.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>

#include "base/str.h"

/* The bytes, in the arena; false when text is not what base64 writes. Empty is empty. */
bool base64_read(struct str text, struct arena *arena, struct str *bytes);

#endif
