#include "sandbox/paypal_rest.h"

#include <string.h>

#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { REQUEST_ID_MAX = 108 };

/* ---- refusals ---- */

/* The usual name and sentence of a status, word for word as PayPal's. */
static const struct {
    int status;
    const char *name;
    const char *message;
} usual[] = {
    {400, "INVALID_REQUEST",
     "Request is not well-formed, syntactically incorrect, or violates schema."},
    {401, "AUTHENTICATION_FAILURE",
     "Authentication failed due to missing authorization header, or invalid authentication "
     "credentials."},
    {403, "NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."},
    {404, "RESOURCE_NOT_FOUND", "The specified resource does not exist."},
    {409, "RESOURCE_CONFLICT",
     "The server has detected a conflict while processing this request."},
    {415, "UNSUPPORTED_MEDIA_TYPE",
     "The server does not support the request payload's media type."},
    {422, "UNPROCESSABLE_ENTITY",
     "The requested action could not be performed, semantically incorrect, or failed business "
     "validation."},
    {429, "RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."},
    {500, "INTERNAL_SERVER_ERROR", "An internal server error has occurred."},
    {503, "SERVICE_UNAVAILABLE", "Service Unavailable."},
};

static void fill_usual(struct rest_error *error)
{
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        if (usual[i].status != error->status)
            continue;
        if (!error->name)
            error->name = usual[i].name;
        if (!error->message)
            error->message = usual[i].message;
    }
    if (!error->name)
        error->name = "INTERNAL_SERVER_ERROR";
    if (!error->message)
        error->message = "An internal server error has occurred.";
}

enum err rest_refuse(struct rest_call *call, int status, const char *issue,
                     const char *description)
{
    call->error =
        (struct rest_error){.status = status, .issue = issue, .description = description};
    return OK;
}

enum err rest_refuse_field(struct rest_call *call, int status, const char *field,
                           const char *value, const char *issue, const char *description)
{
    call->error = (struct rest_error){.status = status,
                                      .issue = issue,
                                      .description = description,
                                      .field = field,
                                      .value = value,
                                      .location = "body"};
    return OK;
}

enum err rest_refuse_missing(struct rest_call *call)
{
    call->error = (struct rest_error){
        .status = 404,
        .issue = "INVALID_RESOURCE_ID",
        .location = "path",
        .description =
            "Specified resource ID does not exist. Please check the resource ID and try again."};
    return OK;
}

const char *rest_part(const struct rest_call *call, int position)
{
    return str_copy(call->arena, call->request->path_parts[position]);
}

static json_t *details_of(const struct rest_error *error)
{
    json_t *details = json_array();
    json_t *detail = json_object();

    if (error->field)
        put_text(detail, "field", error->field);
    if (error->value)
        put_text(detail, "value", error->value);
    if (error->location)
        put_text(detail, "location", error->location);
    put_text(detail, "issue", error->issue);
    if (error->description)
        put_text(detail, "description", error->description);
    json_array_append_new(details, detail);
    return details;
}

static void add_link(json_t *links, const char *href, const char *rel, const char *method)
{
    json_t *link = json_object();

    put_text(link, "href", href);
    put_text(link, "rel", rel);
    put_text(link, "method", method);
    json_array_append_new(links, link);
}

json_t *rest_error_object(const struct rest_call *call)
{
    struct rest_error error = call->error;
    json_t *object = json_object();
    json_t *links = json_array();

    fill_usual(&error);
    if (error.bare) {
        put_text(object, "error", error.name);
        put_text(object, "error_description", error.message);
        json_decref(links);
        return object;
    }
    put_text(object, "name", error.name);
    if (error.issue)
        put(object, "details", details_of(&error));
    put_text(object, "message", error.message);
    put_text(object, "debug_id", call->debug_id);
    add_link(links,
             arena_printf(call->arena, "https://developer.paypal.com/api/rest/#error-%s",
                          error.issue ? error.issue : error.name),
             "information_link", "GET");
    if (error.redirect)
        add_link(links, error.redirect, "redirect", "GET");
    put(object, "links", links);
    return object;
}

enum err rest_answer_error(struct rest_call *call)
{
    json_auto_t *object = rest_error_object(call);

    if (call->error.retry_after_s)
        http_header_add(call->response, "Retry-After",
                        arena_printf(call->arena, "%lld", (long long)call->error.retry_after_s));
    return json_answer(call->response, call->error.status, object);
}

void rest_answer_failure(struct http_response *response, enum err err)
{
    struct rest_call call = {
        .arena = response->arena, .response = response, .debug_id = "0000000000000"};

    rest_refuse(&call, err == ERR_NOT_FOUND ? 404 : err == ERR_INPUT ? 400 : 500, NULL, NULL);
    rest_answer_error(&call);
}

/* ---- the call ---- */

struct post {
    struct rest_call *call;
    const struct rest_operation *operation;
    json_t *answer;
};

/* Everything of a call that changes something, in one transaction. May run twice. */
static enum err carry_out(struct db *db, void *argument)
{
    struct post *post = argument;
    struct rest_call *call = post->call;
    bool done = false;
    enum err err = OK;

    json_decref(post->answer);
    post->answer = NULL;
    call->error = (struct rest_error){0};
    call->status = 200;
    call->final = false;
    call->object_id = NULL;
    err = rest_request_begin(call, db, post->operation, &post->answer, &done);
    if (err || done)
        return err;
    err = post->operation->work(call, db, &post->answer);
    return err ? err : rest_request_keep(call, db, post->operation);
}

static enum err take_issue(struct db *db, void *argument)
{
    return rest_issue_take(argument, db);
}

static enum err work(struct rest_call *call, const struct rest_operation *operation,
                     json_t **answer)
{
    struct post post = {.call = call, .operation = operation};
    enum err err = OK;

    if (call->request->method == HTTP_GET) {
        err = sandbox_write(call->sandbox, take_issue, call);
        return err || call->error.status
                   ? err
                   : operation->work(call, sandbox_db(call->request), answer);
    }
    err = sandbox_write(call->sandbox, carry_out, &post);
    *answer = post.answer;
    return err;
}

/* "return=representation" asks for everything; anything else is the default. */
static bool wants_minimal(const struct http_request *request)
{
    return !str_is(str_trim(http_header(request, "HTTP_PREFER")), "return=representation");
}

static enum err read_request_id(struct rest_call *call)
{
    struct str id = str_trim(http_header(call->request, "HTTP_PAYPAL_REQUEST_ID"));

    if (str_empty(id))
        return OK;
    if (id.len > REQUEST_ID_MAX) {
        rest_refuse(call, 400, "INVALID_STRING_LENGTH",
                    "The value of a field is either too short or too long");
        call->error.field = "PayPal-Request-Id";
        call->error.location = "header";
        return OK;
    }
    call->request_id = str_copy(call->arena, id);
    return OK;
}

static enum err read_body(struct rest_call *call)
{
    const struct http_request *request = call->request;
    enum err err = OK;

    if (request->method == HTTP_GET || request->method == HTTP_DELETE)
        return OK;
    if (!str_is(request->content_type, "application/json"))
        return rest_refuse(call, 415, NULL, NULL);
    if (str_empty(str_trim(request->body)))
        call->body = json_object();
    else
        err = json_read(request->body, &call->body);
    if (err == ERR_INPUT)
        return rest_refuse_field(call, 400, "/", NULL, "MALFORMED_REQUEST_JSON",
                                 "The request JSON is not well formed.");
    return err;
}

/* Everything up to the work. */
static enum err admit(struct rest_call *call, const struct rest_operation *operation)
{
    enum err err = rest_enter(call, sandbox_db(call->request));

    if (!err && !call->error.status)
        err = read_request_id(call);
    if (!err && !call->error.status)
        err = read_body(call);
    if (!err && !call->error.status && operation->rules)
        err = rest_rules_check(call, operation->rules);
    if (!err && !call->error.status && operation->check)
        err = operation->check(call);
    return err;
}

static enum err answer(struct rest_call *call, const json_t *object)
{
    if (call->error.status)
        return rest_answer_error(call);
    if (object)
        return json_answer(call->response, call->status, object);
    call->response->status = call->status;
    return OK;
}

enum err rest_serve(struct http_request *request, struct http_response *response,
                    const struct rest_operation *operation)
{
    json_auto_t *object = NULL;
    struct rest_call call = {
        .request = request,
        .response = response,
        .sandbox = sandbox_of(request),
        .arena = request->arena,
        .now = sandbox_now(sandbox_of(request)),
        .minimal = wants_minimal(request),
        .status = 200,
    };
    enum err err = id_make_hex(request->arena, 13, &call.debug_id);

    if (!err)
        err = admit(&call, operation);
    if (!err && !call.error.status)
        err = work(&call, operation, &object);
    if (!err)
        err = answer(&call, object);
    if (!err)
        http_header_add(response, "Paypal-Debug-Id", call.debug_id);
    json_decref(call.app);
    json_decref(call.body);
    return err;
}
