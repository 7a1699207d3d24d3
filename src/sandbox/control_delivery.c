#include <string.h>

#include "base/clock.h"
#include "sandbox/control.h"
#include "sandbox/courier.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { SEND_WAIT_MS = 15000, WAIT_STEP_MS = 25, SOON_MS = 1000, WAIT_MAX_S = 120 };

/* ---- reading ---- */

enum err control_delivery_list_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "state", .type = HTTP_TOKEN, .max = 20},
        {.name = "provider", .type = HTTP_TOKEN, .max = 10},
        {.name = "reference", .type = HTTP_TOKEN, .max = 60},
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    return control_list(request, response, "deliveries", SQ_DELIVERY_LIST,
                        DB_VALUES(control_filter(request, "state"),
                                  control_filter(request, "provider"),
                                  control_filter(request, "reference"), control_limit(request)));
}

static enum err read_number(const struct http_request *request, int64_t *number)
{
    return str_to_int64(request->path_parts[0], number) ? OK
                                                        : fail(ERR_NOT_FOUND, "no such delivery");
}

static enum err answer(struct http_request *request, struct http_response *response, int status,
                       int64_t number)
{
    json_auto_t *row = NULL;
    enum err err = row_need(sandbox_db(request), SQ_DELIVERY_FIND, DB_VALUES(db_int(number)),
                            "delivery", &row);

    return err ? err : json_answer(response, status, row);
}

enum err control_delivery_get_handler(struct http_request *request, struct http_response *response)
{
    struct db *db = sandbox_db(request);
    json_auto_t *row = NULL;
    json_auto_t *body = NULL;
    json_t *tries = NULL;
    int64_t number = 0;
    enum err err = read_number(request, &number);

    if (!err)
        err = row_need(db, SQ_DELIVERY_FIND, DB_VALUES(db_int(number)), "delivery", &row);
    if (!err)
        err = row_need(db, SQ_DELIVERY_BODY, DB_VALUES(db_int(number)), "delivery", &body);
    if (!err)
        err = row_list(db, SQ_DELIVERY_TRIES, DB_VALUES(db_int(number)), &tries);
    if (err) {
        json_decref(tries);
        return err;
    }
    put_bytes(body, "body", "body_hex");
    json_object_update(row, body);
    put(row, "tries", tries);
    return json_answer(response, 200, row);
}

/* ---- holding and releasing ---- */

static enum err hold(struct db *db, void *argument)
{
    const int64_t *held = argument;

    return db_run(db, SQ_SETTING_SET, DB_VALUES(db_text("held"), db_int(*held)));
}

enum err control_delivery_hold_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct control_key keys[] = {{"held", JSON_TRUE, 1}, {.name = NULL}};
    json_auto_t *body = NULL;
    int64_t held = 0;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    held = control_flag(body, "held");
    err = sandbox_write(sandbox_of(request), hold, &held);
    return err ? err : json_answer(response, 200, body);
}

struct release {
    json_t *numbers;
    bool all;
    int64_t now_ms;
    int64_t count;
};

/* Each is due 1 ms after the one before: the courier keeps the order. */
static enum err release(struct db *db, void *argument)
{
    struct release *order = argument;
    json_auto_t *held = NULL;
    enum err err = OK;

    order->count = 0;
    if (order->all)
        err = row_list(db, SQ_DELIVERY_HELD, DB_NO_VALUES, &held);
    for (size_t i = 0; !err; i++) {
        const json_t *item = json_array_get(order->all ? held : order->numbers, i);
        int64_t number = order->all ? row_integer(item, "id") : json_integer_value(item);

        if (!item)
            break;
        err = db_run(db, SQ_DELIVERY_RELEASE,
                     DB_VALUES(db_int(number), db_int(order->now_ms + (int64_t)i)));
        order->count += db_changes(db);
    }
    return err;
}

enum err control_delivery_release_handler(struct http_request *request,
                                          struct http_response *response)
{
    static const struct control_key keys[] = {
        {"ids", JSON_ARRAY, 0}, {"all", JSON_TRUE, 0}, {.name = NULL}};
    struct release order = {.now_ms = clock_now_ms()};
    json_auto_t *body = NULL;
    json_auto_t *object = json_object();
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    order.numbers = json_object_get(body, "ids");
    order.all = control_flag(body, "all");
    err = sandbox_write(sandbox_of(request), release, &order);
    if (err)
        return err;
    put_integer(object, "released", order.count);
    return json_answer(response, 200, object);
}

/* ---- one delivery ---- */

struct single {
    int64_t number;
    int64_t now_ms;
    int64_t copy;
};

static enum err send_now(struct db *db, void *argument)
{
    const struct single *single = argument;

    return db_run(db, SQ_DELIVERY_SEND_NOW, DB_VALUES(db_int(single->number)));
}

static enum err await_attempt(struct http_request *request, int64_t number, int64_t before)
{
    int64_t end_ms = clock_monotonic_ms() + SEND_WAIT_MS;
    int64_t attempts = before;
    enum err err = OK;

    while (!err && attempts == before && clock_monotonic_ms() < end_ms) {
        sandbox_sleep_ms(sandbox_of(request), WAIT_STEP_MS);
        err = db_integer(sandbox_db(request), SQ_DELIVERY_ATTEMPTS, DB_VALUES(db_int(number)), 0,
                         &attempts);
    }
    return err;
}

enum err control_delivery_send_handler(struct http_request *request,
                                       struct http_response *response)
{
    struct single single = {.now_ms = clock_now_ms()};
    int64_t before = -1;
    enum err err = read_number(request, &single.number);

    if (!err)
        err = db_integer(sandbox_db(request), SQ_DELIVERY_ATTEMPTS,
                         DB_VALUES(db_int(single.number)), -1, &before);
    if (!err && before < 0)
        err = fail(ERR_NOT_FOUND, "no such delivery");
    if (!err)
        err = sandbox_write(sandbox_of(request), send_now, &single);
    if (!err)
        err = await_attempt(request, single.number, before);
    return err ? err : answer(request, response, 200, single.number);
}

static enum err copy(struct db *db, void *argument)
{
    struct single *single = argument;
    enum err err =
        db_integer(db, SQ_DELIVERY_COPY, DB_VALUES(db_int(single->number), db_int(single->now_ms)),
                   0, &single->copy);

    return !err && !single->copy ? fail(ERR_NOT_FOUND, "no such delivery") : err;
}

enum err control_delivery_duplicate_handler(struct http_request *request,
                                            struct http_response *response)
{
    struct single single = {.now_ms = clock_now_ms()};
    enum err err = read_number(request, &single.number);

    if (!err)
        err = sandbox_write(sandbox_of(request), copy, &single);
    return err ? err : answer(request, response, 201, single.copy);
}

static enum err drop(struct db *db, void *argument)
{
    const struct single *single = argument;

    return db_run(db, SQ_DELIVERY_DROP, DB_VALUES(db_int(single->number), db_int(single->now_ms)));
}

enum err control_delivery_drop_handler(struct http_request *request,
                                       struct http_response *response)
{
    struct single single = {.now_ms = clock_now_ms()};
    enum err err = read_number(request, &single.number);

    if (!err)
        err = sandbox_write(sandbox_of(request), drop, &single);
    return err ? err : answer(request, response, 200, single.number);
}

/* ---- waiting ---- */

static enum err count_soon(struct http_request *request, int64_t *waiting)
{
    return db_integer(sandbox_db(request), SQ_DELIVERY_SOON,
                      DB_VALUES(db_int(clock_now_ms() + SOON_MS)), 0, waiting);
}

enum err control_delivery_wait_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct control_key keys[] = {{"timeout_s", JSON_INTEGER, 0}, {.name = NULL}};
    json_auto_t *body = NULL;
    json_auto_t *object = json_object();
    int64_t timeout_s = 0;
    int64_t end_ms = 0;
    int64_t waiting = 0;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    timeout_s = control_integer(body, "timeout_s", 10);
    end_ms = clock_monotonic_ms() + (timeout_s < WAIT_MAX_S ? timeout_s : WAIT_MAX_S) * 1000;
    err = count_soon(request, &waiting);
    while (!err && waiting && clock_monotonic_ms() < end_ms) {
        sandbox_sleep_ms(sandbox_of(request), WAIT_STEP_MS);
        err = count_soon(request, &waiting);
    }
    if (err)
        return err;
    put_bool(object, "idle", !waiting);
    put_integer(object, "waiting", waiting);
    return json_answer(response, 200, object);
}
