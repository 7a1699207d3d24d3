/*
 * http_client: outgoing HTTPS through libcurl.
 *
 * Invariant: bounded in time and size, https only (http on loopback hosts), certificates
 * checked, no redirect followed, no proxy from the environment. A result says whether the
 * other side may have acted. (security.md rows 52 to 55.)
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct http_client; /* one thread's handle, keeps connections alive between calls */

enum {
    HTTP_CLIENT_CONNECT_MS = 3000,
    HTTP_CLIENT_TOTAL_MS = 10000,
    HTTP_CLIENT_ANSWER_MAX = 2 * 1024 * 1024,
    HTTP_CLIENT_HEADERS_MAX = 12
};

struct http_call {
    const char *method; /* "GET", "POST", "PATCH", "DELETE" */
    const char *url;
    const char *headers[HTTP_CLIENT_HEADERS_MAX]; /* "Name: value"; unused ones NULL */
    struct str body;                              /* sent as it is; data NULL for none */
    size_t answer_max;                            /* 0 = HTTP_CLIENT_ANSWER_MAX */
    int64_t total_ms;                             /* 0 = HTTP_CLIENT_TOTAL_MS */
    bool with_certificate;                        /* tell until when it is valid */
    const char *user;                             /* HTTP Basic; NULL for none */
    const char *password;
};

struct http_answer {
    int status;               /* 100..599 */
    struct str body;          /* in the arena, NUL behind it */
    const char *content_type; /* "" when absent */
    const char *request_id;   /* Request-Id / Paypal-Debug-Id, "" when absent */
    const char *should_retry; /* Stripe-Should-Retry: "true", "false" or "" */
    int64_t retry_after_s;    /* -1 when absent */
    int64_t date_at;          /* the Date header, 0 when absent */
    /* also after an error: */
    bool certificate_refused;  /* it was not believed: too old, another name, unknown issuer */
    int64_t certificate_until; /* with_certificate: its last second, 0 when unknown */
};

/* Once per process, before threads; undone by http_client_global_done. user_agent is sent
 * with every call (PayPal refuses calls without). Copied. */
enum err http_client_global_init(const char *user_agent);
void http_client_global_done(void);
/* When set, running calls of all threads end soon with ERR_BUSY (shutdown). */
void http_client_stop_all(void);
/* Has it been set? For other outgoing calls. */
bool http_client_stopping(void);

enum err http_client_new(struct http_client **client);
void http_client_free(struct http_client *client);
/* An extra file of CA certificates for tests of TLS (NULL = the system's). Copied. */
void http_client_set_ca_file(struct http_client *client, const char *path);

/* Makes the call. OK with any status; ERR_TIMEOUT, ERR_NETWORK (outcome unknown: it may have
 * been received), ERR_CONFIG for a URL that is not allowed. Texts in the arena. */
enum err http_client_call(struct http_client *client, const struct http_call *call,
                          struct arena *arena, struct http_answer *answer);

/* application/x-www-form-urlencoded of one more pair, '&' between, RFC 3986 unreserved kept,
 * everything else (brackets too) percent-encoded. */
struct buffer;
void http_form_add(struct buffer *form, const char *name, struct str value);

#endif
