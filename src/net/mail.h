/*
 * mail: one message as it goes over the wire.
 *
 * Invariant: a header holds one line; CR, LF, NUL and other control characters in anything that
 * goes into one are refused, never removed (security.md row 38). The text is UTF-8. Source: RFC
 * 5322, 2045, 2047, 3834.
 */
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

enum { MAIL_SUBJECT_MAX = 200, MAIL_TEXT_MAX = 64 * 1024, MAIL_ADDRESS_MAX = 254 };

struct mail {
    const char *from_name;    /* as people read it; UTF-8; "" for none */
    const char *from_address; /* envelope sender too */
    const char *to;           /* one recipient's address */
    const char *reply_to;     /* an address, or "" */
    const char *subject;      /* UTF-8, one line */
    const char *message_id;   /* "123@guichet.example", the same at each try */
    int64_t date_at;
    struct str text; /* UTF-8, lines of any length ended by LF */
};

/* Plain ASCII "local@domain" without blanks, quotes or brackets? */
bool mail_address_valid(const char *address);
/* The message with CRLF line ends, in the arena: text/plain, quoted-printable, marked as sent by
 * a program. ERR_INPUT for an address that is none, or what does not fit in a header. */
enum err mail_build(const struct mail *mail, struct arena *arena, struct str *message);

#endif
