#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- faults ---- */

struct order {
    const json_t *body;
    int64_t number;
};

static enum err add_fault(struct db *db, void *argument)
{
    struct order *order = argument;
    const json_t *body = order->body;

    return db_integer(db, SQ_FAULT_ADD,
                      DB_VALUES(db_text(row_text(body, "face")),
                                db_text(control_text(body, "method", "POST")),
                                db_text(row_text(body, "path")), db_text(row_text(body, "kind")),
                                db_text(control_text(body, "when", "before")),
                                db_int(control_integer(body, "status", 500)),
                                db_int(control_integer(body, "hang_s", 5)),
                                db_int(control_integer(body, "count", 1))),
                      0, &order->number);
}

static enum err check_fault(const json_t *body)
{
    int64_t status = control_integer(body, "status", 500);
    int64_t hang_s = control_integer(body, "hang_s", 5);
    enum err err = control_check_choice("face", row_text(body, "face"), "stripe|paypal");

    if (!err)
        err = control_check_choice("kind", row_text(body, "kind"), "status|hang|html|reset");
    if (!err)
        err = control_check_choice("when", control_text(body, "when", "before"),
                                   "before|during|after");
    if (!err)
        err = control_check_choice("method", control_text(body, "method", "POST"),
                                   "GET|POST|DELETE|PATCH");
    if (!err && (status < 400 || status > 599 || hang_s < 0 || hang_s > 120))
        err = fail(ERR_INPUT, "status is 400 to 599, hang_s 0 to 120");
    return err;
}

enum err control_fault_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"face", JSON_STRING, 1},   {"path", JSON_STRING, 1},    {"method", JSON_STRING, 0},
        {"kind", JSON_STRING, 1},   {"status", JSON_INTEGER, 0}, {"hang_s", JSON_INTEGER, 0},
        {"count", JSON_INTEGER, 0}, {"when", JSON_STRING, 0},    {.name = NULL}};
    json_auto_t *body = NULL;
    struct order order = {0};
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = check_fault(body);
    if (err)
        return err;
    order.body = body;
    err = sandbox_write(sandbox_of(request), add_fault, &order);
    if (err)
        return err;
    put_integer(body, "id", order.number);
    return json_answer(response, 201, body);
}

enum err control_fault_list_handler(struct http_request *request, struct http_response *response)
{
    return control_list(request, response, "faults", SQ_FAULT_LIST, DB_NO_VALUES);
}

static enum err clear(struct db *db, void *argument)
{
    const int *query = argument;

    return db_run(db, *query, DB_NO_VALUES);
}

static enum err answer_cleared(struct http_request *request, struct http_response *response,
                               int query)
{
    json_auto_t *object = json_object();
    enum err err = sandbox_write(sandbox_of(request), clear, &query);

    return err ? err : json_answer(response, 200, object);
}

enum err control_fault_clear_handler(struct http_request *request, struct http_response *response)
{
    return answer_cleared(request, response, SQ_FAULT_CLEAR);
}

/* ---- calls ---- */

enum err control_call_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "face", .type = HTTP_TOKEN, .max = 10},
        {.name = "method", .type = HTTP_TOKEN, .max = 10},
        {.name = "path", .type = HTTP_TEXT, .max = 300},
        {.name = "since", .type = HTTP_TOKEN, .max = 19},
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    json_auto_t *object = json_object();
    struct db_value values[5];
    json_t *rows = NULL;
    size_t index = 0;
    json_t *row = NULL;
    int64_t since = 0;
    int64_t total = 0;
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    (void)str_to_int64(http_field_text(request, "since"), &since);
    values[0] = control_filter(request, "face");
    values[1] = control_filter(request, "method");
    values[2] = control_filter(request, "path");
    values[3] = db_int(since);
    values[4] = control_limit(request);
    err = db_integer(sandbox_db(request), SQ_CALL_COUNT, values, 4, 0, &total);
    if (!err)
        err = row_list(sandbox_db(request), SQ_CALL_LIST, values, 5, &rows);
    json_array_foreach (rows, index, row)
        put_bytes(row, "body", "body_hex");
    put_integer(object, "total", total);
    put(object, "calls", rows ? rows : json_array());
    return err ? err : json_answer(response, 200, object);
}

enum err control_call_counts_handler(struct http_request *request, struct http_response *response)
{
    return control_list(request, response, "counts", SQ_CALL_COUNTS, DB_NO_VALUES);
}

enum err control_call_clear_handler(struct http_request *request, struct http_response *response)
{
    return answer_cleared(request, response, SQ_CALL_CLEAR);
}
