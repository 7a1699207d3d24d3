/*
 * once: a form is carried out once, however often it is sent.
 *
 * Invariant: a page gives its form a random key; the key is used up in the transaction that does
 * what the form says, so that both happen or neither.
 */
#ifndef ASSOCIATION_ONCE_H
#define ASSOCIATION_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "db/db.h"

enum { ONCE_LIFE_S = 7 * 24 * 3600 }; /* longer than any session, and than a tab stays open */

/* Uses up a key. *fresh false: a form of this key and content was carried out before, there is
 * nothing to do. ERR_CONFLICT: the key served another content; ERR_INPUT: there is no key. Inside
 * a transaction. */
enum err once_use(struct db *db, int64_t association_id, struct str key, struct str content,
                  int64_t now, bool *fresh);
/* Was a form of this key and content carried out before? Reads only. */
enum err once_used(struct db *db, int64_t association_id, struct str key, struct str content,
                   bool *used);
/* Forgets keys of forms that no session can still hold. A job calls it. */
enum err once_sweep(struct db *db, int64_t now);

#endif
