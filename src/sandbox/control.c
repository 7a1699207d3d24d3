#include "sandbox/control.h"

#include <string.h>

#include "base/clock.h"
#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- bodies and answers ---- */

void control_answer_failure(struct http_response *response, enum err err)
{
    static const int statuses[ERR_COUNT] = {
        [ERR_INPUT] = 400, [ERR_NOT_FOUND] = 404, [ERR_CONFLICT] = 409,
        [ERR_LIMIT] = 413, [ERR_BUSY] = 503,
    };
    json_auto_t *object = json_object();

    put_text(object, "error", err_last()->text);
    json_answer(response, statuses[err] ? statuses[err] : 500, object);
}

static const struct control_key *find_key(const struct control_key *keys, const char *name)
{
    for (; keys && keys->name; keys++)
        if (!strcmp(keys->name, name))
            return keys;
    return NULL;
}

static enum err check_body(const json_t *body, const struct control_key *keys)
{
    const char *name = NULL;
    json_t *value = NULL;

    if (!json_is_object(body))
        return fail(ERR_INPUT, "the body must be a JSON object");
    json_object_foreach ((json_t *)body, name, value) {
        const struct control_key *key = find_key(keys, name);

        if (!key)
            return fail(ERR_INPUT, "unknown key %s", name);
        if (json_typeof(value) != key->type &&
            !(key->type == JSON_TRUE && json_is_boolean(value)) && !json_is_null(value))
            return fail(ERR_INPUT, "key %s has another type", name);
    }
    for (; keys && keys->name; keys++)
        if (keys->required && !json_object_get(body, keys->name))
            return fail(ERR_INPUT, "key %s is missing", keys->name);
    return OK;
}

enum err control_body(const struct http_request *request, const struct control_key *keys,
                      json_t **body)
{
    enum err err = OK;

    if (request->body.len)
        err = json_read(request->body, body);
    else
        *body = json_object();
    return err ? err : check_body(*body, keys);
}

const char *control_text(const json_t *body, const char *name, const char *otherwise)
{
    const char *text = row_text(body, name);

    return text ? text : otherwise;
}

int64_t control_integer(const json_t *body, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(body, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool control_flag(const json_t *body, const char *name)
{
    return row_flag(body, name);
}

enum err control_check_choice(const char *key, const char *value, const char *choices)
{
    struct str rest = str_of(choices);

    while (rest.data)
        if (str_is(str_cut(&rest, '|'), value))
            return OK;
    return fail(ERR_INPUT, "key %s must be one of %s", key, choices);
}

enum err control_notify(const json_t *body, const char *key, const char *choices,
                        struct notify *notify)
{
    notify->mode = control_text(body, key, notify->mode);
    notify->late_s = control_integer(body, "late_s", 5);
    if (notify->late_s < 0)
        return fail(ERR_INPUT, "key late_s must not be negative");
    return notify->mode ? control_check_choice(key, notify->mode, choices) : OK;
}

const char *control_part(const struct http_request *request, int position)
{
    return str_copy(request->arena, request->path_parts[position]);
}

enum err control_list(struct http_request *request, struct http_response *response,
                      const char *name, int query, const struct db_value *values, size_t count)
{
    json_auto_t *object = json_object();
    json_t *rows = NULL;
    enum err err = row_list(sandbox_db(request), query, values, count, &rows);
    size_t index = 0;
    json_t *row = NULL;

    json_array_foreach (rows, index, row)
        if (json_object_get(row, "body_hex"))
            put_bytes(row, "body", "body_hex");
    put(object, name, rows);
    return err ? err : json_answer(response, 200, object);
}

json_t *control_numbers(const struct delivery_batch *batch)
{
    json_t *numbers = json_array();

    for (int i = 0; i < batch->count; i++)
        json_array_append_new(numbers, json_integer(batch->numbers[i]));
    return numbers;
}

struct db_value control_filter(const struct http_request *request, const char *name)
{
    struct str text = http_field_text(request, name);

    return str_empty(text) ? db_null() : db_str(text);
}

struct db_value control_limit(const struct http_request *request)
{
    int64_t limit = http_field_id(request, "limit");

    return db_int(limit ? limit : 100);
}

/* ---- clock, health, reset, ledger ---- */

static enum err answer_clock(struct http_request *request, struct http_response *response)
{
    const struct sandbox *sandbox = sandbox_of(request);
    json_auto_t *object = json_object();

    put_true(object, "ok");
    put_integer(object, "now", sandbox_now(sandbox));
    put_integer(object, "offset_s", atomic_load(&sandbox->clock_offset_s));
    return json_answer(response, 200, object);
}

enum err control_health_handler(struct http_request *request, struct http_response *response)
{
    return answer_clock(request, response);
}

static enum err keep_offset(struct db *db, void *argument)
{
    const int64_t *offset_s = argument;

    return db_run(db, SQ_SETTING_SET, DB_VALUES(db_text("clock_offset_s"), db_int(*offset_s)));
}

enum err control_clock_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"advance_s", JSON_INTEGER, 0}, {"offset_s", JSON_INTEGER, 0}, {.name = NULL}};
    struct sandbox *sandbox = sandbox_of(request);
    json_auto_t *body = NULL;
    int64_t offset_s = atomic_load(&sandbox->clock_offset_s);
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    offset_s = control_integer(body, "offset_s", offset_s) + control_integer(body, "advance_s", 0);
    err = sandbox_write(sandbox, keep_offset, &offset_s);
    if (err)
        return err;
    atomic_store(&sandbox->clock_offset_s, offset_s);
    return answer_clock(request, response);
}

static enum err reset(struct db *db, void *argument)
{
    enum err err = db_run(db, SQ_FAULT_CLEAR, DB_NO_VALUES);
    int64_t zero = 0;

    (void)argument;
    if (!err)
        err = db_run(db, SQ_PAYPAL_ISSUE_CLEAR, DB_NO_VALUES);
    if (!err)
        err = db_run(db, SQ_CALL_CLEAR, DB_NO_VALUES);
    if (!err)
        err = db_run(db, SQ_SETTING_SET, DB_VALUES(db_text("held"), db_int(0)));
    if (!err)
        err = keep_offset(db, &zero);
    if (!err)
        err = db_run(db, SQ_DELIVERY_DROP_ALL, DB_VALUES(db_int(clock_now_ms())));
    return err;
}

enum err control_reset_handler(struct http_request *request, struct http_response *response)
{
    struct sandbox *sandbox = sandbox_of(request);
    enum err err = sandbox_write(sandbox, reset, NULL);

    if (err)
        return err;
    atomic_store(&sandbox->clock_offset_s, 0);
    return answer_clock(request, response);
}

enum err control_ledger_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "provider", .type = HTTP_CHOICE, .max = 10, .choices = "stripe|paypal"},
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = NULL},
    };
    json_auto_t *object = json_object();
    json_t *captures = NULL;
    json_t *movements = NULL;
    struct db_value values[2];
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    values[0] = control_filter(request, "provider");
    values[1] = control_filter(request, "account");
    err = row_list(sandbox_db(request), SQ_LEDGER_LIST, values, 2, &captures);
    if (!err)
        err = row_list(sandbox_db(request), SQ_MOVEMENT_LIST, values, 2, &movements);
    put(object, "captures", captures ? captures : json_array());
    put(object, "movements", movements ? movements : json_array());
    return err ? err : json_answer(response, 200, object);
}
