/*
 * internal: what the files of the sandbox share.
 *
 * Invariant: a handler reads through its thread's own connection and changes rows only in
 * closures given to sandbox_write.
 */
#ifndef SANDBOX_INTERNAL_H
#define SANDBOX_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "http/http.h"
#include "sandbox/fault.h"
#include "sandbox/sandbox.h"
#include "template/template.h"

struct courier;

enum { RETRIES_MAX = 32 };

/* Seconds before the second, third, ... try of a notification. */
struct retries {
    int count;
    int64_t delay_s[RETRIES_MAX];
};

struct sandbox {
    struct sandbox_options options;
    struct db_writer *writer;
    struct template_set *templates;
    struct http_pool *pool;
    struct courier *courier;
    const struct zone *zone;         /* of the pages */
    const struct zone *pacific_zone; /* of PayPal's payment_date */
    struct retries stripe_retries;
    struct retries paypal_retries;
    _Atomic int64_t clock_offset_s; /* kept in the ledger too */
    atomic_bool stopping;
};

/* One thread that answers, with what is known of the request in hand. */
struct sandbox_thread {
    struct sandbox *sandbox;
    struct db *db;
    struct visit visit;
};

struct sandbox *sandbox_of(const struct http_request *request);
/* The thread's own reading connection. */
struct db *sandbox_db(const struct http_request *request);
struct visit *sandbox_visit(const struct http_request *request);

/* Unix seconds of the sandbox's own clock, which tests move. */
int64_t sandbox_now(const struct sandbox *sandbox);
/* db_write, then the courier looks for work. */
enum err sandbox_write(struct sandbox *sandbox, db_write_fn *fn, void *argument);
/* Sleeps in slices; returns early when the sandbox stops. */
void sandbox_sleep_ms(const struct sandbox *sandbox, int64_t duration_ms);

/* ---- identifiers ---- */

/* prefix and count random letters and digits ("pi_3" + 23), in the arena. */
enum err id_make(struct arena *arena, const char *prefix, int count, const char **id);
/* count random capitals and digits, as PayPal's identifiers. */
enum err id_make_capitals(struct arena *arena, const char *prefix, int count, const char **id);
/* The id of an account at PayPal: 13 of the letters and digits that are not mistaken. */
enum err id_make_account(struct arena *arena, const char **id);
/* count random digits, or hexadecimal digits. */
enum err id_make_digits(struct arena *arena, int count, const char **id);
enum err id_make_hex(struct arena *arena, int count, const char **id);

/* ---- pages ---- */

/* Renders a page of templates/sandbox with the headers of a page. */
enum err page_answer(struct http_request *request, struct http_response *response, int status,
                     const char *name, const struct template_map *map);
/* The same inside a frame of another site, with the script that speaks with it. */
enum err page_answer_framed(struct http_request *request, struct http_response *response,
                            int status, const char *name, const struct template_map *map);
/* A page with one sentence and a way out (back may be NULL). */
enum err page_message(struct http_request *request, struct http_response *response, int status,
                      const char *message, const char *back);
/* Reads the declared fields of a page's form. */
enum err page_fields(struct http_request *request, const struct http_field *fields);

#endif
