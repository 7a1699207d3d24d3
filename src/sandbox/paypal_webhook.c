#include <string.h>

#include "base/clock.h"
#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { WEBHOOKS_MAX = 10, URL_MAX = 2048 };

/* The events that an application may ask for, and what PayPal says of them. */
static const struct {
    const char *name;
    const char *description;
} types[] = {
    {"*", "ALL"},
    {"CHECKOUT.ORDER.APPROVED", "An order has been approved by buyer."},
    {"CHECKOUT.ORDER.COMPLETED", "Checkout order is processed."},
    {"CHECKOUT.ORDER.SAVED", "Checkout order is saved."},
    {"CHECKOUT.ORDER.VOIDED", "Checkout order is voided."},
    {"CHECKOUT.PAYMENT-APPROVAL.REVERSED", "A payment has been reversed after approval."},
    {"CUSTOMER.DISPUTE.CREATED", "A dispute is created."},
    {"CUSTOMER.DISPUTE.RESOLVED", "A dispute is resolved."},
    {"CUSTOMER.DISPUTE.UPDATED", "A dispute is updated."},
    {"PAYMENT.CAPTURE.COMPLETED", "A payment capture completes."},
    {"PAYMENT.CAPTURE.DECLINED", "A payment capture is declined."},
    {"PAYMENT.CAPTURE.DENIED", "A payment capture is denied."},
    {"PAYMENT.CAPTURE.PENDING", "The state of a payment capture changes to pending."},
    {"PAYMENT.CAPTURE.REFUNDED", "A merchant refunds a payment capture."},
    {"PAYMENT.CAPTURE.REVERSED", "PayPal reverses a payment capture."},
    {"PAYMENT.REFUND.FAILED", "A refund transaction failed."},
    {"PAYMENT.REFUND.PENDING", "A refund transaction is pending."},
};

static const char *description_of(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (name && !strcmp(types[i].name, name))
            return types[i].description;
    return NULL;
}

/* ---- refusals of this interface: a sentence instead of a code ---- */

static enum err refuse_data(struct rest_call *call, const char *field, const char *sentence)
{
    call->error = (struct rest_error){.status = 400,
                                      .name = "VALIDATION_ERROR",
                                      .message = "Invalid data provided",
                                      .field = field,
                                      .location = "body",
                                      .issue = sentence};
    return OK;
}

static enum err refuse_named(struct rest_call *call, int status, const char *name,
                             const char *message)
{
    call->error = (struct rest_error){.status = status, .name = name, .message = message};
    return OK;
}

/* ---- shapes ---- */

static json_t *types_object(const json_t *names)
{
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        json_t *type = json_object();

        put_text(type, "name", name);
        put_text(type, "description", description_of(name));
        put_text(type, "status", "ENABLED");
        if (strcmp(name, "*") != 0)
            put(type, "resource_versions", json_pack("[s, s]", "1.0", "2.0"));
        json_array_append_new(list, type);
    }
    return list;
}

static json_t *webhook_object(const struct rest_call *call, const json_t *row)
{
    const char *own =
        arena_printf(call->arena, "/v1/notifications/webhooks/%s", row_text(row, "id"));
    json_t *object = json_object();
    json_t *links = json_array();

    put_copy(object, "id", row, "id");
    put_copy(object, "url", row, "url");
    put(object, "event_types", types_object(json_object_get(row, "event_types")));
    rest_link(links, call->sandbox, own, "self", "GET");
    rest_link(links, call->sandbox, own, "update", "PATCH");
    rest_link(links, call->sandbox, own, "delete", "DELETE");
    put(object, "links", links);
    return object;
}

static enum err show(struct rest_call *call, struct db *db, const char *id, json_t **answer)
{
    json_auto_t *row = NULL;
    enum err err = row_need(db, SQ_PAYPAL_WEBHOOK_FIND,
                            DB_VALUES(db_text(id), db_text(call->client_id)), "webhook", &row);

    if (!err)
        *answer = webhook_object(call, row);
    return err;
}

/* ---- what a webhook may be ---- */

/* https on port 443, unless the application may use any address. */
static bool is_address(const struct rest_call *call, const char *url)
{
    struct str host = {0};
    struct str rest = {0};
    bool https = url && !strncmp(url, "https://", 8);

    if (!url || strlen(url) > URL_MAX || strpbrk(url, " \t\r\n\\<>\"@"))
        return false;
    if (row_flag(call->app, "any_webhook") && (https || !strncmp(url, "http://", 7)))
        return true;
    if (!https)
        return false;
    rest = str_of(url + 8);
    host = str_cut(&rest, '/');
    rest = host;
    host = str_cut(&rest, ':');
    return host.len && memchr(host.data, '.', host.len) && (!rest.data || str_is(rest, "443"));
}

/* Names of a list of {"name":...}; NULL and a refusal when one is unknown. */
static json_t *read_types(struct rest_call *call, const json_t *list)
{
    json_t *names = json_array();

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = row_text(json_array_get(list, i), "name");

        if (!description_of(name)) {
            json_decref(names);
            refuse_data(call, arena_printf(call->arena, "event_types[%zu].name", i),
                        "Not a valid event type.");
            return NULL;
        }
        json_array_append_new(names, json_string(name));
    }
    if (json_array_size(names))
        return names;
    json_decref(names);
    refuse_data(call, "event_types", "Required field cannot be blank");
    return NULL;
}

static enum err check_free(struct rest_call *call, struct db *db, const char *url,
                           const char *own_id)
{
    json_auto_t *rows = NULL;
    enum err err =
        row_list(db, SQ_PAYPAL_WEBHOOK_LIST, DB_VALUES(db_text(call->client_id)), &rows);

    for (size_t i = 0; i < json_array_size(rows) && !err; i++) {
        const json_t *row = json_array_get(rows, i);

        if (row_is(row, "url", url) && (!own_id || !row_is(row, "id", own_id)))
            return refuse_named(call, 400, "WEBHOOK_URL_ALREADY_EXISTS",
                                "Webhook URL already exists");
    }
    if (!err && !own_id && json_array_size(rows) >= WEBHOOKS_MAX)
        return refuse_named(call, 400, "WEBHOOK_NUMBER_LIMIT_EXCEEDED",
                            "Webhook number limit exceeded.");
    return err;
}

/* ---- create ---- */

static enum err create(struct rest_call *call, struct db *db, json_t **answer)
{
    const char *url = row_text(call->body, "url");
    json_auto_t *names = NULL;
    enum err err = OK;

    if (!is_address(call, url))
        return refuse_data(call, "url", "Not a valid webhook URL");
    names = read_types(call, json_object_get(call->body, "event_types"));
    if (names)
        err = check_free(call, db, url, NULL);
    if (err || call->error.status)
        return err;
    err = id_make_capitals(call->arena, "", 17, &call->object_id);
    if (!err)
        err = db_run(db, SQ_PAYPAL_WEBHOOK_ADD,
                     DB_VALUES(db_text(call->object_id), db_text(call->client_id), db_text(url),
                               db_str(json_write(names, call->arena)), db_int(call->now)));
    call->status = 201;
    return err ? err : show(call, db, call->object_id, answer);
}

enum err webhook_create_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = create};

    return rest_serve(request, response, &operation);
}

/* ---- read ---- */

static enum err list(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *rows = NULL;
    json_t *webhooks = json_array();
    enum err err =
        row_list(db, SQ_PAYPAL_WEBHOOK_LIST, DB_VALUES(db_text(call->client_id)), &rows);

    for (size_t i = 0; i < json_array_size(rows); i++)
        json_array_append_new(webhooks, webhook_object(call, json_array_get(rows, i)));
    *answer = json_pack("{s:o}", "webhooks", webhooks);
    return err;
}

enum err webhook_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = list};

    return rest_serve(request, response, &operation);
}

static enum err find(struct rest_call *call, struct db *db, json_t **row)
{
    enum err err = row_find(db, SQ_PAYPAL_WEBHOOK_FIND,
                            DB_VALUES(db_text(rest_part(call, 0)), db_text(call->client_id)), row);

    if (!err && !*row)
        return refuse_named(call, 404, "INVALID_RESOURCE_ID", "The resource ID was not found.");
    return err;
}

static enum err get(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *row = NULL;
    enum err err = find(call, db, &row);

    if (!err && !call->error.status)
        *answer = webhook_object(call, row);
    return err;
}

enum err webhook_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = get};

    return rest_serve(request, response, &operation);
}

/* ---- change ---- */

/* What a list of replacements leaves. */
struct change {
    const char *url;
    json_t *names; /* NULL: as it was */
};

static enum err read_change(struct rest_call *call, struct change *change)
{
    if (!json_array_size(call->body))
        return refuse_data(call, "/", "Required field cannot be blank");
    for (size_t i = 0; i < json_array_size(call->body) && !call->error.status; i++) {
        const json_t *patch = json_array_get(call->body, i);
        const json_t *value = json_object_get(patch, "value");

        if (!row_is(patch, "op", "replace"))
            return refuse_data(call, "op", "Only replace is supported.");
        if (row_is(patch, "path", "/url")) {
            change->url = json_string_value(value);
            if (!is_address(call, change->url))
                return refuse_data(call, "url", "Not a valid webhook URL");
        } else if (row_is(patch, "path", "/event_types")) {
            json_decref(change->names);
            change->names = read_types(call, value);
        } else {
            return refuse_data(call, "path", "Not a path that can be changed.");
        }
    }
    return OK;
}

static enum err apply(struct rest_call *call, struct db *db, const struct change *change)
{
    const char *id = rest_part(call, 0);
    struct str names = change->names ? json_write(change->names, call->arena) : str_of(NULL);
    enum err err = change->url ? check_free(call, db, change->url, id) : OK;

    if (err || call->error.status)
        return err;
    return db_run(
        db, SQ_PAYPAL_WEBHOOK_SET,
        DB_VALUES(db_text(id), db_text(change->url), change->names ? db_str(names) : db_null()));
}

static enum err update(struct rest_call *call, struct db *db, json_t **answer)
{
    struct change change = {0};
    json_auto_t *row = NULL;
    enum err err = find(call, db, &row);

    if (!err && !call->error.status)
        err = read_change(call, &change);
    if (!err && !call->error.status)
        err = apply(call, db, &change);
    json_decref(change.names);
    return err || call->error.status ? err : show(call, db, rest_part(call, 0), answer);
}

enum err webhook_update_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = update};

    return rest_serve(request, response, &operation);
}

static enum err remove_webhook(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *row = NULL;
    enum err err = find(call, db, &row);

    (void)answer;
    if (err || call->error.status)
        return err;
    err = db_run(db, SQ_PAYPAL_WEBHOOK_DROP_DELIVERIES,
                 DB_VALUES(db_text(row_text(row, "id")), db_int(clock_now_ms())));
    call->status = 204;
    return err ? err
               : db_run(db, SQ_PAYPAL_WEBHOOK_DELETE, DB_VALUES(db_text(row_text(row, "id"))));
}

enum err webhook_delete_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = remove_webhook};

    return rest_serve(request, response, &operation);
}
