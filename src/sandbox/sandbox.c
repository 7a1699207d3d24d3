#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/zone.h"
#include "sandbox/control.h"
#include "sandbox/courier.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/routes.h"
#include "sandbox/stripe.h"
#include "sandbox_migrations.h"
#include "sandbox_queries.h"

enum { BODY_MAX = 1024 * 1024, SLICE_MS = 50 };

struct sandbox *sandbox_of(const struct http_request *request)
{
    return ((struct sandbox_thread *)request->context)->sandbox;
}

struct db *sandbox_db(const struct http_request *request)
{
    return ((struct sandbox_thread *)request->context)->db;
}

struct visit *sandbox_visit(const struct http_request *request)
{
    return &((struct sandbox_thread *)request->context)->visit;
}

int64_t sandbox_now(const struct sandbox *sandbox)
{
    return clock_now() + atomic_load(&sandbox->clock_offset_s);
}

enum err sandbox_write(struct sandbox *sandbox, db_write_fn *fn, void *argument)
{
    enum err err = db_write(sandbox->writer, fn, argument);

    courier_wake(sandbox->courier);
    return err;
}

void sandbox_sleep_ms(const struct sandbox *sandbox, int64_t duration_ms)
{
    int64_t end_ms = clock_monotonic_ms() + duration_ms;

    while (!atomic_load(&sandbox->stopping) && clock_monotonic_ms() < end_ms) {
        int64_t left_ms = end_ms - clock_monotonic_ms();

        clock_sleep_ms(left_ms < SLICE_MS ? left_ms : SLICE_MS);
    }
}

/* ---- answering ---- */

static void answer_failure(struct http_request *request, struct http_response *response,
                           enum face face, enum err err)
{
    if (err == ERR_DB || err == ERR_INTERNAL || err == ERR_CRYPTO)
        log_failure("sandbox.request");
    if (face == FACE_CONTROL)
        control_answer_failure(response, err);
    else if (face == FACE_STRIPE)
        stripe_answer_failure(response, err);
    else if (face == FACE_PAYPAL_REST)
        rest_answer_failure(response, err);
    else if (err == ERR_NOT_FOUND)
        err = page_message(request, response, 404, "unknown_page", NULL);
    else if (err == ERR_INPUT || err == ERR_LIMIT)
        err = page_message(request, response, 400, "bad_form", NULL);
    else if (err == ERR_CONFLICT)
        err = page_message(request, response, 409, "wrong_state", NULL);
    else
        err = page_message(request, response, 500, "failure", NULL);
    if (err && (face == FACE_PAGE || face == FACE_PAYPAL))
        log_failure("sandbox.page");
}

static enum err answer_call(struct http_request *request, struct http_response *response,
                            const struct http_route *route)
{
    const char *face = route->access == FACE_STRIPE ? "stripe" : "paypal";
    bool answered = false;
    enum err err = visit_begin(request, face, route->path);

    if (err)
        return err;
    if (paypal_is_postback(request))
        sandbox_visit(request)->verdict = "fault";
    visit_fault(request, response, FAULT_BEFORE, &answered);
    if (!answered) {
        err = route->handler(request, response);
        if (err)
            answer_failure(request, response, route->access, err);
        visit_fault(request, response, FAULT_AFTER, &answered);
    }
    return visit_end(request, response);
}

static enum face face_of_path(struct str path)
{
    static const char *const rest[] = {"/v2/", "/v1/oauth2/", "/v1/identity/",
                                       "/v1/notifications/", "/v1/reporting/"};

    for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
        if (str_starts(path, rest[i]))
            return FACE_PAYPAL_REST;
    if (str_starts(path, "/v1/"))
        return FACE_STRIPE;
    return str_starts(path, "/control") ? FACE_CONTROL : FACE_PAGE;
}

static void dispatch(void *shared, struct http_request *request, struct http_response *response)
{
    size_t count = 0;
    const struct http_route *routes = routes_all(&count);
    const struct http_route *route = NULL;
    enum face face = face_of_path(request->path);
    unsigned methods = 0;
    enum err err = http_route_find(routes, count, request, &route, &methods);

    (void)shared;
    *sandbox_visit(request) = (struct visit){0};
    log_set_request(request->id);
    if (request->early_status) {
        answer_failure(request, response, face, ERR_INPUT);
        response->status = request->early_status;
        return;
    }
    if (err) {
        answer_failure(request, response, face, ERR_NOT_FOUND);
        log_set_request(NULL);
        return;
    }
    face = route->access;
    if (face == FACE_STRIPE || face == FACE_PAYPAL || face == FACE_PAYPAL_REST)
        err = answer_call(request, response, route);
    else
        err = route->handler(request, response);
    if (err)
        answer_failure(request, response, face, err);
    log_set_request(NULL);
}

static enum err thread_start(void *shared, void **context)
{
    struct sandbox *sandbox = shared;
    struct sandbox_thread *thread = calloc(1, sizeof(*thread));
    enum err err = OK;

    require(thread);
    thread->sandbox = sandbox;
    err = db_open(sandbox->options.database, DB_READ, &sandbox_queries, &thread->db);
    if (err)
        free(thread);
    else
        *context = thread;
    return err;
}

static void thread_end(void *shared, void *context)
{
    struct sandbox_thread *thread = context;

    (void)shared;
    if (thread)
        db_close(thread->db);
    free(thread);
}

/* ---- starting and stopping ---- */

static enum err read_retries(const char *text, struct retries *retries)
{
    struct str rest = str_trim(str_of(text));

    while (rest.len) {
        struct str word = str_cut(&rest, ' ');

        if (retries->count == RETRIES_MAX ||
            !str_to_int64(word, &retries->delay_s[retries->count]) ||
            retries->delay_s[retries->count] < 0)
            return fail(ERR_CONFIG, "not a list of at most %d delays: %s", RETRIES_MAX, text);
        retries->count++;
        rest = str_trim(rest);
    }
    return OK;
}

/* What a killed sandbox was doing has no answer: its idempotency keys are free again. */
static enum err start_ledger(struct db *db, void *argument)
{
    struct sandbox *sandbox = argument;
    int64_t offset_s = 0;
    enum err err = db_run(db, SQ_IDEMPOTENCY_FORGET_RUNNING, DB_NO_VALUES);

    if (!err)
        err = db_integer(db, SQ_SETTING_GET, DB_VALUES(db_text("clock_offset_s")), 0, &offset_s);
    atomic_store(&sandbox->clock_offset_s, offset_s);
    return err;
}

static enum err open_ledger(struct sandbox *sandbox)
{
    int applied = 0;
    enum err err = db_migrate(sandbox->options.database, &sandbox_migrations, &applied);

    if (!err)
        err = db_writer_new(sandbox->options.database, &sandbox_queries, &sandbox->writer);
    if (!err)
        err = db_writer_start_checkpoints(sandbox->writer);
    if (!err)
        err = db_write(sandbox->writer, start_ledger, sandbox);
    return err;
}

static enum err open_pool(struct sandbox *sandbox)
{
    struct http_pool_options options = {
        .name = "sandbox",
        .socket_path = sandbox->options.socket,
        .inherited_fd = -1,
        .threads = (int)sandbox->options.threads,
        .body_max = BODY_MAX,
        .with_delete = 1,
        .thread_start = thread_start,
        .thread_end = thread_end,
        .dispatch = dispatch,
        .shared = sandbox,
    };

    return http_pool_new(&options, &sandbox->pool);
}

enum err sandbox_new(const struct sandbox_options *options, struct sandbox **sandbox)
{
    struct sandbox *made = calloc(1, sizeof(*made));
    enum err err = OK;

    require(made);
    made->options = *options;
    err = read_retries(options->stripe_retries, &made->stripe_retries);
    if (!err)
        err = read_retries(options->paypal_retries, &made->paypal_retries);
    if (!err)
        err = zone_find("Europe/Paris", &made->zone);
    if (!err)
        err = zone_find("America/Los_Angeles", &made->pacific_zone);
    if (!err)
        err = template_set_load(options->templates, &made->templates);
    if (!err)
        err = open_ledger(made);
    if (!err)
        err = transmission_start(made);
    if (!err)
        err = courier_new(made, &made->courier);
    if (!err)
        err = open_pool(made);
    if (err)
        sandbox_free(made);
    else
        *sandbox = made;
    return err;
}

void sandbox_free(struct sandbox *sandbox)
{
    if (!sandbox)
        return;
    atomic_store(&sandbox->stopping, true);
    http_pool_free(sandbox->pool);
    courier_free(sandbox->courier);
    db_writer_free(sandbox->writer);
    template_set_free(sandbox->templates);
    free(sandbox);
}
