/*
 * fastcgi: the server in front, for tests of a pool: one request over its Unix socket.
 *
 * Invariant: bytes go as they are given; what a web server would refuse is sent all the same.
 */
#ifndef TESTS_SUPPORT_FASTCGI_H
#define TESTS_SUPPORT_FASTCGI_H

#include "base/arena.h"
#include "base/str.h"

struct fastcgi_parameter {
    const char *name, *value;
};

struct fastcgi_answer {
    int status;      /* of the Status line; 0 when nothing came */
    struct str head; /* header lines */
    struct str body;
    bool ended;  /* the record that ends an answer came */
    bool closed; /* by the pool, though we asked for a connection that is kept, as nginx does */
};

enum { FASTCGI_PARAMETERS_MAX = 16 };

struct fastcgi_request {
    const char *method; /* NULL = GET */
    const char *url;    /* REQUEST_URI; NULL = "/" */
    const char *query;  /* QUERY_STRING; NULL = "" */
    struct str body;    /* CONTENT_LENGTH is its length unless a parameter says otherwise */
    struct fastcgi_parameter parameters[FASTCGI_PARAMETERS_MAX]; /* more of them; name NULL ends */
};

/* Asks and waits for the whole answer. */
struct fastcgi_answer fastcgi_ask(const char *socket_path, const struct fastcgi_request *request,
                                  struct arena *arena);
/* In two halves: connects and sends; reads. */
int fastcgi_send(const char *socket_path, const struct fastcgi_request *request,
                 struct arena *arena);
struct fastcgi_answer fastcgi_read(int connection, struct arena *arena);

#endif
