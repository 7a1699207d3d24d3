/*
 * http: requests and answers over FastCGI, routes with preconditions.
 *
 * Invariant: a handler sees only what its route declares: method, body size and content type
 * are checked, every field is known, at most once, of its type and within its length. Bytes
 * are UTF-8 or the request is refused. (security.md rows 10, 34, 42, 57 to 59.)
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    HTTP_URL_MAX = 4096,
    HTTP_FIELDS_MAX = 200,
    HTTP_IDS_MAX = 2500, /* of one field; they do not count among the fields */
    HTTP_HEADERS_TOTAL_MAX = 16384,
    HTTP_FORM_MAX = 65536,
    HTTP_PATH_PARTS_MAX = 8,
    HTTP_PARTS_MAX = 32,       /* of a multipart form */
    HTTP_PART_LINE_MAX = 1024, /* bytes of a header line of a part */
    HTTP_BOUNDARY_MAX = 70     /* RFC 2046 */
};

/* HEAD is answered as GET without body; DELETE and PATCH only in pools that ask for them. */
enum http_method { HTTP_GET = 1, HTTP_POST = 2, HTTP_DELETE = 4, HTTP_PATCH = 8 };

/* ---- fields ---- */

enum http_field_type {
    HTTP_TEXT,   /* clean UTF-8, one line, trimmed */
    HTTP_LINES,  /* clean UTF-8, trimmed, every line end as LF */
    HTTP_SECRET, /* exact bytes, no trimming: passwords */
    HTTP_TOKEN,  /* [A-Za-z0-9_-]+ */
    HTTP_ID,     /* positive int64 */
    HTTP_IDS,    /* as HTTP_ID, any number of times up to HTTP_IDS_MAX, each another one: ticks */
    HTTP_AMOUNT, /* text as typed; the handler parses it with its currency */
    HTTP_CHOICE, /* one of `choices`, separated by '|' */
    HTTP_FILE    /* exact bytes of a file; in a route with HTTP_MULTIPART only */
};

struct http_field {
    const char *name; /* NULL ends the table */
    enum http_field_type type;
    size_t max;          /* bytes */
    const char *choices; /* HTTP_CHOICE */
    int required;        /* non-zero: absence is an error (400) */
};

struct http_value {
    const struct http_field *field;
    struct str text;
    int64_t id;      /* HTTP_ID */
    int64_t *ids;    /* HTTP_IDS, in the order of the form */
    size_t id_count; /* HTTP_IDS */
};

/* ---- the request ---- */

struct http_request {
    struct arena *arena;
    void *context; /* the pool's context for this thread (see http_pool) */
    char id[17];   /* random, in logs and error pages */
    enum http_method method;
    int head_only;           /* the method was HEAD */
    struct str path;         /* decoded path "/panier", begins with '/', no dot segments */
    struct str query;        /* raw */
    struct str body;         /* raw bytes, exactly CONTENT_LENGTH of them */
    struct str content_type; /* lower-cased, without parameters */
    struct str boundary;     /* of a multipart form; "" for none, or a bad one */
    struct str remote_address;
    struct str cookie_header;
    struct str origin;     /* "" when absent */
    struct str fetch_site; /* Sec-Fetch-Site, "" when absent */
    struct str user_agent;
    struct str stripe_signature;
    struct str accept;                          /* Accept header */
    struct str path_parts[HTTP_PATH_PARTS_MAX]; /* what the route's {} matched, decoded */
    struct http_value *values; /* declared fields that were given (query for GET, body for POST) */
    size_t value_count;
    void *fcgi;       /* http/fastcgi.c's own */
    int early_status; /* not 0: the pool found it unacceptable (400, 405, 413, 414, 431,
                       * 501); the dispatcher answers with an error page */
};

/* The value of a declared field; the empty slice when not given. */
struct str http_field_text(const struct http_request *request, const char *name);
bool http_field_given(const struct http_request *request, const char *name);
/* The id of an HTTP_ID field, 0 when not given. */
int64_t http_field_id(const struct http_request *request, const char *name);
/* The ids of an HTTP_IDS field, as the request holds them; *count 0 when none was ticked. */
const int64_t *http_field_ids(const struct http_request *request, const char *name, size_t *count);
/* Is this id among them? */
bool http_field_has_id(const struct http_request *request, const char *name, int64_t id);
/* A cookie by exact name; the empty slice when absent. A name given twice reads as absent. */
struct str http_cookie(const struct http_request *request, const char *name);
/* Any other request header, by its FastCGI name ("HTTP_X_SOMETHING"); empty when absent. */
struct str http_header(const struct http_request *request, const char *fcgi_name);

/* Walks name=value pairs of a form or query, decoding into the arena. *rest is consumed.
 * Returns false at the end. ERR is in *err: ERR_INPUT for a bad escape. Tolerant callers (IPN)
 * use http_pair_next_lenient, which keeps bad escapes as they stand. */
struct http_pair {
    struct str name;
    struct str value;
};
bool http_pair_next(struct str *rest, struct arena *arena, struct http_pair *pair, enum err *err);
bool http_pair_next_lenient(struct str *rest, struct arena *arena, struct http_pair *pair);

/* ---- multipart/form-data ---- */

/* The boundary of a Content-Type "multipart/form-data; boundary=..."; false for anything else. */
bool http_boundary(struct str header, struct str *boundary);

struct http_part {
    struct str name;
    struct str content; /* within the body: exact bytes */
    bool is_file;       /* it came with a file name, which is not kept */
};
struct http_multipart {
    struct str rest, boundary;
    int parts;
    bool ended;
};
/* Walks the parts of a form as browsers write it: no preamble, no epilogue, no transfer encoding,
 * at most HTTP_PARTS_MAX. Returns false at the end, with ERR_INPUT in *err when it is anything
 * else. Nothing is copied. (RFC 7578.) */
void http_multipart_begin(struct http_multipart *form, struct str body, struct str boundary);
bool http_multipart_next(struct http_multipart *form, struct http_part *part, enum err *err);

/* ---- the answer ---- */

enum { HTTP_ANSWER_HEADERS_MAX = 24 };

struct http_response {
    struct arena *arena;
    const struct http_request *request; /* what it answers */
    int status;                         /* starts as 200 */
    const char *content_type;           /* starts as "text/html; charset=utf-8" */
    struct {
        const char *name;
        const char *value;
    } headers[HTTP_ANSWER_HEADERS_MAX];
    int header_count;
    int without_length; /* non-zero: no Content-Length, the server in front sends chunks */
    struct buffer body;
    bool begun;  /* http_send has sent a part: neither status nor headers can change any more */
    bool broken; /* it ends without an end */
};

/* Adds a header. CR, LF or NUL in the value is a broken invariant. Copied to the arena. */
void http_header_add(struct http_response *response, const char *name, const char *value);
/* Sends what the body holds and empties it, the head before it at the first time: for answers too
 * large to be held. What is added later is sent by the next call, or at the end. ERR_IO when
 * nobody listens any more. Set broken when what was begun cannot be ended: the connection breaks
 * off, so that nobody takes a part for the whole. */
enum err http_send(struct http_response *response);
/* Empties the body and answers 303 to a path of ours ("/panier") or to an absolute URL the
 * caller has checked. Anything with CR, LF, NUL or backslash is refused with ERR_INTERNAL. */
enum err http_redirect(struct http_response *response, const char *location);
/* Set-Cookie for a __Host- cookie: Secure; HttpOnly; SameSite=Lax; Path=/. max_age_s 0 deletes,
 * negative makes a session cookie. */
void http_cookie_set(struct http_response *response, const char *name, const char *value,
                     int64_t max_age_s);

/* ---- routes ---- */

typedef enum err http_handler(struct http_request *request, struct http_response *response);

/* One row = one page or action. The application's own preconditions (who may) stand in
 * `access`, which this layer only carries. */
struct http_route {
    enum http_method method;
    const char *path; /* "/recettes/{}": {} matches one segment */
    http_handler *handler;
    const struct http_field *fields; /* NULL: none allowed */
    size_t body_max;                 /* 0 = HTTP_FORM_MAX */
    unsigned access;                 /* the application's */
    unsigned flags;                  /* HTTP_RAW_BODY, HTTP_OPEN_FIELDS */
};
enum {
    HTTP_RAW_BODY = 1,    /* the handler reads body itself; no form parsing, any content type */
    HTTP_OPEN_FIELDS = 2, /* undeclared fields are ignored (return pages, sandbox) */
    HTTP_MULTIPART = 4    /* the body is multipart/form-data, for the sake of a file */
};

/* Finds the route for method and path, fills path_parts. ERR_NOT_FOUND, or ERR_DENIED with
 * *other_method set when only the method differs (405). */
enum err http_route_find(const struct http_route *routes, size_t count,
                         struct http_request *request, const struct http_route **route,
                         unsigned *methods_allowed);
/* Parses the query (GET) or the body (POST, application/x-www-form-urlencoded only, or
 * multipart/form-data only with HTTP_MULTIPART) against the route's table. ERR_INPUT (unknown,
 * repeated, ill-typed, missing; the text names the field; too many), ERR_LIMIT (a field that is
 * too long). */
enum err http_fields_read(struct http_request *request, const struct http_route *route);

/* ---- serving ---- */

struct http_pool;

struct http_pool_options {
    const char *name;        /* for logs: "page" */
    const char *socket_path; /* Unix socket, made with mode 0660, backlog 1024; ignored with fd */
    int inherited_fd;        /* an already listening socket, or -1 */
    int threads;
    size_t body_max;     /* the largest body any route takes; more is answered with 413 */
    int send_timeout_ms; /* an answer of which nobody has taken a byte for so long is given up,
                            that it holds neither a thread nor the end of the pool; 0: 30 s */
    int with_delete;     /* non-zero: DELETE and PATCH are methods too, else refused with 405 */
    /* Makes and frees a thread's own context (its database connection); may be NULL. */
    enum err (*thread_start)(void *shared, void **context);
    void (*thread_end)(void *shared, void *context);
    /* Answers one request: routing, access, errors. Must always fill the response. */
    void (*dispatch)(void *shared, struct http_request *request, struct http_response *response);
    void *shared;
};

/* Opens the socket and starts the threads: each polls the socket and an eventfd before
 * FCGX_Accept_r, so that http_pool_free drains without losing a request. The error of a
 * thread_start that failed is returned, and nothing runs. */
enum err http_pool_new(const struct http_pool_options *options, struct http_pool **pool);
/* Stops accepting, lets the requests in hand finish, joins the threads, frees. */
void http_pool_free(struct http_pool *pool);

#endif
