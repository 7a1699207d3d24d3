#include "sandbox/fault.h"

#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox_queries.h"

enum { CALLS_KEPT_MAX = 20000 };

struct begin {
    const struct http_request *request;
    const char *face;
    const char *place;
    int64_t at_ms;
    struct visit visit;
};

static const char *method_name(const struct http_request *request)
{
    return request->method == HTTP_GET     ? "GET"
           : request->method == HTTP_POST  ? "POST"
           : request->method == HTTP_PATCH ? "PATCH"
                                           : "DELETE";
}

static enum err take_fault(struct db *db, struct begin *begin)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, SQ_FAULT_TAKE,
                            DB_VALUES(db_text(begin->face), db_text(method_name(begin->request)),
                                      db_str(begin->request->path)),
                            &rows, &found);

    if (!err && found) {
        begin->visit.fault.kind = (enum fault_kind)db_column_int(&rows, 0);
        begin->visit.fault.phase = (enum fault_phase)db_column_int(&rows, 1);
        begin->visit.fault.status = (int)db_column_int(&rows, 2);
        begin->visit.fault.hang_s = db_column_int(&rows, 3);
    }
    db_rows_done(&rows);
    return err;
}

static enum err begin_call(struct db *db, void *argument)
{
    struct begin *begin = argument;
    const struct http_request *request = begin->request;
    struct str key = http_header(request, "HTTP_IDEMPOTENCY_KEY");
    struct str account = http_header(request, "HTTP_STRIPE_ACCOUNT");
    enum err err = OK;

    if (str_empty(key))
        key = http_header(request, "HTTP_PAYPAL_REQUEST_ID");
    begin->visit = (struct visit){0};
    err = db_integer(
        db, SQ_CALL_ADD,
        DB_VALUES(
            db_text(begin->face), db_text(method_name(request)), db_str(request->path),
            db_text(begin->place),
            db_str(str_from(request->query.len ? request->query.data : "", request->query.len)),
            db_str(str_empty(key) ? (struct str){0} : key),
            db_text(str_copy(request->arena, request->user_agent)),
            db_blob(str_from(request->body.len ? request->body.data : "", request->body.len)),
            db_int(begin->at_ms), db_str(str_empty(account) ? (struct str){0} : account)),
        0, &begin->visit.call_number);
    if (!err)
        err = db_run(db, SQ_CALL_PRUNE,
                     DB_VALUES(db_int(begin->visit.call_number - CALLS_KEPT_MAX)));
    return err ? err : take_fault(db, begin);
}

enum err visit_begin(struct http_request *request, const char *face, const char *place)
{
    struct begin begin = {.request = request, .face = face, .place = place};
    enum err err = OK;

    begin.at_ms = clock_now_ms();
    err = sandbox_write(sandbox_of(request), begin_call, &begin);
    if (!err)
        *sandbox_visit(request) = begin.visit;
    return err;
}

void visit_fault(struct http_request *request, struct http_response *response,
                 enum fault_phase phase, bool *answered)
{
    const struct fault *fault = &sandbox_visit(request)->fault;

    *answered = false;
    if (fault->kind == FAULT_NONE || fault->phase != phase)
        return;
    if (fault->kind == FAULT_HANG) {
        sandbox_sleep_ms(sandbox_of(request), fault->hang_s * 1000);
        return;
    }
    *answered = true;
    response->status = fault->kind == FAULT_HTML ? 200 : fault->status;
    response->content_type = "text/html; charset=utf-8";
    response->header_count = 0;
    response->body.len = 0;
    if (fault->kind == FAULT_RESET) { /* the server in front cuts it: see README.md */
        http_header_add(response, "X-Accel-Redirect", "/sandbox-reset");
        return;
    }
    if (template_render(sandbox_of(request)->templates, "outage.html",
                        template_map_new(request->arena), &response->body))
        response->body.len = 0;
}

struct end {
    struct visit visit;
    int status;
};

static enum err end_call(struct db *db, void *argument)
{
    const struct end *end = argument;

    return db_run(db, SQ_CALL_END,
                  DB_VALUES(db_int(end->visit.call_number), db_int(end->status),
                            db_int(end->visit.replayed), db_text(end->visit.verdict)));
}

enum err visit_end(struct http_request *request, const struct http_response *response)
{
    struct end end = {.visit = *sandbox_visit(request), .status = response->status};

    return end.visit.call_number ? sandbox_write(sandbox_of(request), end_call, &end) : OK;
}
