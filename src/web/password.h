/*
 * password: asking for a password, and hashing a new one, for every page that does.
 *
 * Invariant: scrypt runs behind the gate, and a failure is counted before the gate is left: many
 * guesses sent at once are throttled like guesses one by one, at the login and behind it.
 * (security.md rows 5, 11 to 15.)
 */
#ifndef WEB_PASSWORD_H
#define WEB_PASSWORD_H

#include "association/password_rule.h"
#include "web/form.h"
#include "web/internal.h"

/* One attempt: the first three are given, the others found out. */
struct password_attempt {
    struct page *page;
    struct str email;
    struct str password;
    struct login login; /* when found */
    int64_t wait_ms;    /* more than 0: not before; the password was not looked at */
    bool found;
    bool matches;
    const char *new_hash; /* of the same password, when the stored one is outdated; else NULL */
};
/* Looks, and writes down a failure with its audit row ("login.failed"). ERR_BUSY when too many
 * are looked at. Outside of any transaction. */
enum err password_try(struct password_attempt *attempt);
/* Is the password still the one that was looked at? Else ERR_CONFLICT. Forgets the failures and
 * keeps new_hash. Inside a transaction. */
enum err password_tried(struct db *db, const struct password_attempt *attempt);

/* The fields "password", of the person who is logged in: tries it and notes in the form what is
 * wrong ("password": wrong, throttled). *good says whether to go on. */
enum err password_confirm(struct page *page, struct form *form, struct password_attempt *attempt,
                          bool *good);
/* Judges a new password for this address and notes in the form what is wrong with the field
 * (text, short, long, common, personal). */
enum err password_judge_field(struct page *page, struct form *form, const char *field,
                              const char *email);
/* Hashes the field of a new password behind the gate; the hash lives with the page. */
enum err password_hash_field(struct page *page, const char *field, const char **hash);
/* "Retry-After" for an attempt that has to wait. */
void password_say_when(struct page *page, int64_t wait_ms);

/* The faults that these functions note, for a form's list. */
#define PASSWORD_CONFIRM_FAULTS                                                                   \
    {"password", "wrong"},                                                                        \
    {                                                                                             \
        "password", "throttled"                                                                   \
    }
#define PASSWORD_NEW_FAULTS(field)                                                                \
    {field, "text"}, {field, "short"}, {field, "long"}, {field, "common"},                        \
    {                                                                                             \
        field, "personal"                                                                         \
    }

#endif
