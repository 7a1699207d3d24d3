#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum err control_ipn_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "txn_id", .type = HTTP_TOKEN, .max = 20},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    return control_list(request, response, "ipns", SQ_PAYPAL_IPN_LIST,
                        DB_VALUES(control_filter(request, "txn_id")));
}

/* A message of a test's own. */
struct registration {
    struct arena *arena;
    struct str body;
    const char *url; /* NULL: not sent */
    int64_t now;
    int64_t now_ms;
    int64_t number;
    struct delivery_batch batch;
};

static enum err register_message(struct db *db, void *argument)
{
    static const struct notify once = {.mode = "normal"};
    struct registration *made = argument;
    struct delivery_draft draft = {.provider = "paypal",
                                   .kind = "registered",
                                   .object_id = "registered",
                                   .url = made->url,
                                   .body = made->body};
    enum err err = paypal_message_keep(db, made->body, NULL, "", made->now, &made->number);

    made->batch.draft_count = 0;
    made->batch.count = 0;
    if (err || !made->url)
        return err;
    draft.reference = arena_printf(made->arena, "%lld", (long long)made->number);
    err = delivery_plan(&made->batch, &draft);
    return err ? err : delivery_add(db, &made->batch, &once, made->now_ms);
}

/* The exact bytes, from text or from hexadecimal digits. */
static enum err read_bytes(const json_t *body, struct arena *arena, struct str *bytes)
{
    const char *text = row_text(body, "body");
    const char *hex = row_text(body, "body_hex");
    unsigned char *raw = NULL;
    size_t len = 0;

    if (text) {
        *bytes = str_of(text);
        return OK;
    }
    if (!hex)
        return fail(ERR_INPUT, "give body or body_hex");
    len = strlen(hex) / 2;
    raw = arena_alloc(arena, len + 1);
    if (!hash_unhex(str_of(hex), raw, len))
        return fail(ERR_INPUT, "body_hex is not hexadecimal");
    *bytes = str_from(raw, len);
    return OK;
}

enum err control_ipn_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"body", JSON_STRING, 0},
                                              {"body_hex", JSON_STRING, 0},
                                              {"url", JSON_STRING, 0},
                                              {.name = NULL}};
    struct registration made = {.arena = request->arena,
                                .now = sandbox_now(sandbox_of(request)),
                                .now_ms = clock_now_ms()};
    json_auto_t *body = NULL;
    json_auto_t *object = json_object();
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = read_bytes(body, request->arena, &made.body);
    if (err)
        return err;
    made.url = row_text(body, "url");
    err = sandbox_write(sandbox_of(request), register_message, &made);
    if (err)
        return err;
    put_integer(object, "id", made.number);
    put(object, "delivery", made.batch.count ? json_integer(made.batch.numbers[0]) : json_null());
    return json_answer(response, 201, object);
}

enum err control_postback_list_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    json_auto_t *object = json_object();
    json_t *rows = NULL;
    size_t index = 0;
    json_t *row = NULL;
    int64_t total = 0;
    enum err err = page_fields(request, fields);

    if (!err)
        err = db_integer(sandbox_db(request), SQ_POSTBACK_COUNT, DB_NO_VALUES, 0, &total);
    if (!err)
        err = row_list(sandbox_db(request), SQ_POSTBACK_LIST, DB_VALUES(control_limit(request)),
                       &rows);
    if (err) {
        json_decref(rows);
        return err;
    }
    json_array_foreach (rows, index, row)
        put_bytes(row, "body", "body_hex");
    put_integer(object, "total", total);
    put(object, "postbacks", rows);
    return json_answer(response, 200, object);
}
