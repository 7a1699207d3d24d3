/*
 * loopback: a scripted HTTP server on 127.0.0.1 for tests of outgoing calls.
 *
 * Invariant: one connection per request; replies are given in the order they were scripted; a
 * request beyond the script gets its connection closed without an answer.
 */
#ifndef TESTS_SUPPORT_LOOPBACK_H
#define TESTS_SUPPORT_LOOPBACK_H

#include <stddef.h>

#include "base/str.h"

struct loopback;

enum { LOOPBACK_SILENT = -1 }; /* a scripted status: close without an answer */

/* Starts the server on a free port. The caller must dispose of it with loopback_free. */
struct loopback *loopback_new(void);
void loopback_free(struct loopback *server);
/* "http://127.0.0.1:PORT" */
const char *loopback_url(const struct loopback *server);
/* Scripts the next reply; headers are whole lines with CRLF, or "". Bytes are copied. */
void loopback_script(struct loopback *server, int status, const char *headers, struct str body);
/* From now on a connection stays open behind its answer, until the server ends. */
void loopback_hold(struct loopback *server);
/* How many requests came so far. */
size_t loopback_count(struct loopback *server);
/* The i-th request: its head (request line and headers) and its body. They live as long as the
 * server; empty when there was none. */
struct str loopback_head(struct loopback *server, size_t index);
struct str loopback_body(struct loopback *server, size_t index);

#endif
