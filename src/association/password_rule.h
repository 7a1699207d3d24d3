/*
 * password_rule: is a new password good enough?
 *
 * Invariant: 12 to 128 characters, whichever, exactly as typed; none of those that are tried
 * first, by anybody or by whoever knows the person. Nothing else is asked of it: no capitals,
 * no digits, no other one after a year. (security.md rows 15, 16.)
 *
 * "Tried first" are the words of the list of common passwords, the login's own e-mail address,
 * the names of its associations, and "guichet": such a word alone, in capitals or with accents,
 * with blanks and signs between its letters, with digits before or behind it, or several times
 * over; and less than four characters several times over.
 */
#ifndef ASSOCIATION_PASSWORD_RULE_H
#define ASSOCIATION_PASSWORD_RULE_H

#include "db/db.h"

enum { PASSWORD_CHARACTERS_MIN = 12, PASSWORD_CHARACTERS_MAX = 128 };

enum password_fault {
    PASSWORD_GOOD,
    PASSWORD_NOT_TEXT, /* no UTF-8, or with NUL */
    PASSWORD_SHORT,
    PASSWORD_LONG,
    PASSWORD_COMMON,  /* of the list */
    PASSWORD_PERSONAL /* the e-mail address, an association, "guichet" */
};

struct common_passwords;

/* Reads the list: one folded word a line, sorted by its bytes, as conf/common-passwords.js makes
 * it. ERR_CONFIG when it cannot be read, is not sorted or holds no word. The caller must dispose
 * of *list with common_passwords_free. */
enum err common_passwords_load(const char *path, struct common_passwords **list);
void common_passwords_free(struct common_passwords *list);

/* Judges a password on its own words (folded here), without a database. */
enum password_fault password_judge(const struct common_passwords *list, const struct str *words,
                                   size_t count, struct str password, struct arena *arena);
/* The same for the login of this e-mail address, which need not exist yet. Reads only. */
enum err password_judge_for(struct db *db, const struct common_passwords *list, struct str email,
                            struct str password, struct arena *arena, enum password_fault *fault);
/* OK, or ERR_INPUT with the sentence for the command line. */
enum err password_refuse(enum password_fault fault);

#endif
