/*
 * base64: the text that stands for bytes (RFC 4648, section 4); base/base64.h reads it.
 *
 * Invariant: one line, with padding.
 */
#ifndef SANDBOX_BASE64_H
#define SANDBOX_BASE64_H

#include "base/str.h"

struct arena;

/* The text of the bytes, in the arena. */
struct str base64_write(struct str bytes, struct arena *arena);
#endif
