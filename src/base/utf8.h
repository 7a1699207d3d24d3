/*
 * utf8: validation, conversion of foreign charsets, folding.
 *
 * Invariant: whatever goes into the database or a page as text is valid UTF-8 without
 * control characters other than tab and line end.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>

#include "base/str.h"

struct arena;

/* Well-formed (no surrogates, no overlong forms, at most U+10FFFF)? */
bool utf8_valid(struct str text);
/* Valid and free of control characters (U+0000..1F but TAB LF CR, U+007F..9F)? */
bool utf8_clean(struct str text);
/* Number of code points of valid text. */
size_t utf8_length(struct str text);
/* Converts from the named charset (any that iconv knows; unknown or empty means
 * windows-1252) and replaces what cannot be read by U+FFFD. Never fails. */
struct str utf8_from_charset(struct str bytes, struct str charset, struct arena *arena);
/* Lower case without accents, for searching and for the unique form of e-mail addresses
 * (ASCII and Latin letters; others unchanged). */
struct str utf8_fold(struct str text, struct arena *arena);
/* Cuts valid text to at most max bytes without splitting a code point. */
struct str utf8_cut(struct str text, size_t max);

#endif
