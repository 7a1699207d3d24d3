/*
 * raw_text: a provider's message as it came, for the eyes of staff.
 *
 * Invariant: who somebody is and what opens something is masked: of names, addresses, numbers of
 * telephones and cards only the first letter stays, of secrets nothing. What the message says of
 * money stays whole.
 */
#ifndef WEB_RAW_TEXT_H
#define WEB_RAW_TEXT_H

#include "base/arena.h"
#include "base/str.h"

enum { RAW_TEXT_MAX = 64 * 1024 }; /* bytes shown */

/* JSON indented, or a form with one field a line; anything else as it is, its e-mail addresses
 * masked. Clean UTF-8 in the arena. *cut says that it was longer. */
struct str raw_text(struct str bytes, struct arena *arena, bool *cut);

#endif
