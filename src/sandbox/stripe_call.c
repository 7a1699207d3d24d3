#include "sandbox/stripe.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_form.h"

enum { HTTP_DATE_MAX = 40 };

/* ---- refusals ---- */

static void refuse(struct stripe_call *call, const struct stripe_error *error, const char *format,
                   va_list arguments)
{
    call->error = *error;
    call->error.message = arena_vprintf(call->arena, format, arguments);
}

enum err stripe_refuse(struct stripe_call *call, const char *code, const char *param,
                       const char *format, ...)
{
    struct stripe_error error = {
        .status = 400, .type = "invalid_request_error", .code = code, .param = param};
    va_list arguments;

    va_start(arguments, format);
    refuse(call, &error, format, arguments);
    va_end(arguments);
    return OK;
}

enum err stripe_refuse_as(struct stripe_call *call, int status, const char *type, const char *code,
                          const char *format, ...)
{
    struct stripe_error error = {.status = status, .type = type, .code = code};
    va_list arguments;

    va_start(arguments, format);
    refuse(call, &error, format, arguments);
    va_end(arguments);
    return OK;
}

enum err stripe_refuse_missing(struct stripe_call *call, const char *what, const char *id)
{
    return stripe_refuse_as(call, 404, "invalid_request_error", "resource_missing",
                            "No such %s: '%s'", what, id);
}

static json_t *error_object(const struct stripe_error *error, const char *request_id)
{
    json_t *object = json_object();
    json_t *inner = json_object();

    if (error->code) {
        put_text(inner, "code", error->code);
        put(inner, "doc_url", json_sprintf("https://stripe.com/docs/error-codes/%s", error->code));
    }
    put_text(inner, "message", error->message);
    if (error->param)
        put_text(inner, "param", error->param);
    if (request_id)
        put(inner, "request_log_url",
            json_sprintf("https://dashboard.stripe.com/test/logs/%s", request_id));
    put_text(inner, "type", error->type);
    put(object, "error", inner);
    return object;
}

void stripe_answer_failure(struct http_response *response, enum err err)
{
    struct stripe_error error = {.status = 500, .type = "api_error"};
    json_auto_t *object = NULL;

    error.message = "An error occurred inside the practice provider.";
    if (err == ERR_NOT_FOUND) {
        error = (struct stripe_error){.status = 404, .type = "invalid_request_error"};
        error.message = "Unrecognized request URL or method.";
    } else if (err == ERR_BUSY) {
        error = (struct stripe_error){.status = 429, .type = "invalid_request_error"};
        error.code = "lock_timeout";
        error.message = "The object is busy, try again.";
    }
    object = error_object(&error, NULL);
    json_answer(response, error.status, object);
}

/* ---- the call ---- */

struct post {
    struct stripe_call *call;
    const struct stripe_operation *operation;
    int status;
    json_t *answer;
};

/* Work and kept answer in one transaction; a refusal by the work is kept too. May run twice. */
static enum err carry_out(struct db *db, void *argument)
{
    struct post *post = argument;
    struct stripe_call *call = post->call;
    enum err err = OK;

    json_decref(post->answer);
    post->answer = NULL;
    call->error = (struct stripe_error){0};
    err = post->operation->work(call, db, &post->answer);
    if (err)
        return err;
    if (call->error.status) {
        json_decref(post->answer);
        post->answer = error_object(&call->error, call->request_id);
    }
    post->status = call->error.status ? call->error.status : 200;
    return stripe_idempotency_keep(call, db, post->status, post->answer);
}

static enum err keep_outage(struct db *db, void *argument)
{
    struct post *post = argument;

    return stripe_idempotency_keep(post->call, db, post->status, post->answer);
}

static enum err answer_post(struct stripe_call *call, const struct stripe_operation *operation)
{
    struct post post = {.call = call, .operation = operation};
    bool answered = false;
    enum err err = stripe_idempotency_begin(call, &answered);

    if (err || answered)
        return err;
    visit_fault(call->request, call->response, FAULT_DURING, &answered);
    if (answered) {
        post.status = sandbox_visit(call->request)->fault.status;
        stripe_refuse_as(call, post.status, "api_error", NULL, "An outage was ordered.");
        post.answer = error_object(&call->error, call->request_id);
        call->response->header_count = 0;
        err = sandbox_write(call->sandbox, keep_outage, &post);
    } else {
        err = sandbox_write(call->sandbox, carry_out, &post);
    }
    if (err)
        stripe_idempotency_release(call);
    else
        err = json_answer(call->response, post.status, post.answer);
    json_decref(post.answer);
    return err;
}

static enum err answer_get(struct stripe_call *call, const struct stripe_operation *operation)
{
    json_auto_t *answer = NULL;
    enum err err = operation->work(call, sandbox_db(call->request), &answer);

    if (err || call->error.status)
        return err;
    return json_answer(call->response, 200, answer);
}

/* Everything up to the work: whatever is refused here leaves no trace. */
static enum err admit(struct stripe_call *call, const struct stripe_operation *operation)
{
    const struct http_request *request = call->request;
    bool post = request->method == HTTP_POST;
    enum err err = stripe_enter(call, sandbox_db(request));

    if (err || call->error.status)
        return err;
    if (post && request->body.len &&
        !str_is(request->content_type, "application/x-www-form-urlencoded"))
        return stripe_refuse(call, NULL, NULL, "Send parameters as a form.");
    err = stripe_form_read(call, post ? request->body : request->query, &call->parameters);
    if (!err && !call->error.status)
        err = stripe_rules_check(call, operation->rules, call->parameters);
    if (!err && !call->error.status && operation->check)
        err = operation->check(call);
    return err;
}

/* The Date header tells the sandbox's clock, which tests move. */
static const char *http_date(struct arena *arena, int64_t at)
{
    char *text = arena_alloc(arena, HTTP_DATE_MAX);
    time_t seconds = (time_t)at;
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(text, HTTP_DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return text;
}

enum err stripe_serve(struct http_request *request, struct http_response *response,
                      const struct stripe_operation *operation)
{
    struct stripe_call call = {
        .request = request,
        .response = response,
        .sandbox = sandbox_of(request),
        .arena = request->arena,
        .now = sandbox_now(sandbox_of(request)),
    };
    enum err err = id_make(request->arena, "req_", 14, &call.request_id);

    if (!err)
        err = admit(&call, operation);
    if (!err && !call.error.status)
        err = request->method == HTTP_GET ? answer_get(&call, operation)
                                          : answer_post(&call, operation);
    if (!err && call.error.status && !response->body.len) {
        json_auto_t *object = error_object(&call.error, call.request_id);

        err = json_answer(response, call.error.status, object);
    }
    json_decref(call.parameters);
    if (!err) {
        http_header_add(response, "Date", http_date(call.arena, call.now));
        http_header_add(response, "Request-Id", call.request_id);
        http_header_add(response, "Stripe-Version", STRIPE_VERSION);
        if (call.idempotency_key)
            http_header_add(response, "Idempotency-Key", call.idempotency_key);
    }
    return err;
}
