/*
 * base64: RFC 4648 with padding, both ways.
 *
 * Invariant: reading is strict: no white space, canonical padding, nothing behind it.
 */
#ifndef SANDBOX_BASE64_H
#define SANDBOX_BASE64_H

#include <stdbool.h>

#include "base/str.h"

struct arena;

/* The text of the bytes, in the arena. */
struct str base64_write(struct str bytes, struct arena *arena);
/* The bytes of a text, in the arena, NUL behind them; false when it is not base64. */
bool base64_read(struct str text, struct arena *arena, struct str *bytes);

#endif
