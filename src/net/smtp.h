/*
 * smtp: handing mail over to a server through libcurl.
 *
 * Invariant: bounded in time; nothing is sent, and no password told, without TLS and a
 * certificate that was checked (a server on this very machine excepted). What the server said is
 * kept word for word. (security.md rows 54, 55.)
 */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include "base/err.h"
#include "base/str.h"
#include "net/mail.h"

struct arena;
struct smtp; /* one thread's handle; a connection lives on for the next mail */

enum { SMTP_CONNECT_MS = 5000, SMTP_TOTAL_MS = 40000, SMTP_SENTENCE_MAX = 300 };

struct smtp_settings {
    const char *url;      /* "smtps://host" or "smtp://host:587" (STARTTLS is then required,
                           * but on a loopback host without ca_file); NULL: no mail is sent */
    const char *user;     /* NULL for none */
    const char *password; /* NULL for none */
    const char *ca_file;  /* certificates to believe instead of the system's; NULL */
};

enum smtp_outcome {
    SMTP_SENT,
    SMTP_REFUSED, /* for ever: this sender, recipient or text is not accepted */
    SMTP_LATER,   /* not now: this mail may go later, others perhaps at once */
    SMTP_DOWN     /* the server cannot be used: nothing goes now */
};

struct smtp_answer {
    enum smtp_outcome outcome;
    char sentence[SMTP_SENTENCE_MAX]; /* what the server said, or why it was not reached; clean
                                       * UTF-8 of one line; "" when sent */
};

/* ERR_CONFIG for an address that is not smtp:// or smtps:// with a host and nothing behind. */
enum err smtp_check_url(const char *url);

/* http_client_global_init was called before. The settings must outlive it; the caller must
 * dispose of *smtp with smtp_free (NULL is allowed). */
enum err smtp_new(const struct smtp_settings *settings, struct smtp **smtp);
void smtp_free(struct smtp *smtp);
/* Connects, with TLS and login as a mail would, and hands nothing over. OK: *answer tells
 * whether the server can be used (SMTP_SENT: it can). ERR_BUSY as for smtp_send. */
enum err smtp_probe(struct smtp *smtp, struct smtp_answer *answer);
/* Hands one mail over. ERR_INPUT when mail_build refuses it; ERR_BUSY when it was stopped by
 * http_client_stop_all (the server may have taken it); else OK, and *answer tells. */
enum err smtp_send(struct smtp *smtp, const struct mail *mail, struct arena *arena,
                   struct smtp_answer *answer);

#endif
