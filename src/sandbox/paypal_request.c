#include <string.h>

#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- refusals that tests order ---- */

enum err rest_issue_take(struct rest_call *call, struct db *db)
{
    const struct http_request *request = call->request;
    const char *method = request->method == HTTP_GET     ? "GET"
                         : request->method == HTTP_POST  ? "POST"
                         : request->method == HTTP_PATCH ? "PATCH"
                                                         : "DELETE";
    json_auto_t *issue = NULL;
    enum err err = row_find(db, SQ_PAYPAL_ISSUE_TAKE,
                            DB_VALUES(db_text(method), db_str(request->path)), &issue);

    if (err || !issue)
        return err;
    call->error = (struct rest_error){
        .status = (int)row_integer(issue, "status"),
        .name = arena_string(call->arena, row_text(issue, "name")),
        .issue = arena_string(call->arena, row_text(issue, "issue")),
        .description = arena_string(call->arena, row_text(issue, "description")),
        .retry_after_s = row_integer(issue, "retry_after_s"),
    };
    return OK;
}

/* ---- ids ---- */

static enum err repeat(struct rest_call *call, struct db *db,
                       const struct rest_operation *operation, const json_t *kept, json_t **answer)
{
    const char *refusal = row_text(kept, "answer");

    sandbox_visit(call->request)->replayed = true;
    if (refusal) {
        call->status = (int)row_integer(kept, "status");
        return json_read(str_of(refusal), answer);
    }
    call->object_id = arena_string(call->arena, row_text(kept, "object"));
    return operation->show(call, db, answer);
}

enum err rest_request_begin(struct rest_call *call, struct db *db,
                            const struct rest_operation *operation, json_t **answer, bool *done)
{
    json_auto_t *kept = NULL;
    const char *fingerprint = NULL;
    enum err err = db_run(db, SQ_PAYPAL_REQUEST_FORGET, DB_VALUES(db_int(call->now)));

    if (!err && operation->kind && call->request_id)
        err = row_find(db, SQ_PAYPAL_REQUEST_FIND,
                       DB_VALUES(db_text(call->client_id), db_text(operation->kind),
                                 db_text(call->request_id)),
                       &kept);
    if (!err && kept)
        err = call_fingerprint(call->arena, call->request->path, call->body, &fingerprint);
    if (err)
        return err;
    *done = true;
    if (kept && !row_is(kept, "fingerprint", fingerprint))
        return rest_refuse(call, 422, "DUPLICATE_REQUEST_ID",
                           "The value of PayPal-Request-Id header has already been used. Please "
                           "specify a different value and try the request again.");
    if (kept)
        return repeat(call, db, operation, kept, answer);
    err = rest_issue_take(call, db);
    *done = call->error.status != 0;
    return err;
}

enum err rest_request_keep(struct rest_call *call, struct db *db,
                           const struct rest_operation *operation)
{
    const char *fingerprint = NULL;
    const char *answer = NULL;
    enum err err = OK;

    if (!operation->kind || !call->request_id || (call->error.status && !call->final))
        return OK;
    err = call_fingerprint(call->arena, call->request->path, call->body, &fingerprint);
    if (call->error.status) {
        json_auto_t *object = rest_error_object(call);

        answer = str_copy(call->arena, json_write(object, call->arena));
    }
    return err ? err
               : db_run(db, SQ_PAYPAL_REQUEST_KEEP,
                        DB_VALUES(db_text(call->client_id), db_text(operation->kind),
                                  db_text(call->request_id), db_text(fingerprint),
                                  db_text(call->object_id),
                                  db_int(call->error.status ? call->error.status : call->status),
                                  db_text(answer), db_int(call->now),
                                  db_int(call->now + operation->kept_s)));
}
