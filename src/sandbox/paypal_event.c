#include "sandbox/paypal_event.h"

#include <string.h>

#include "base/money.h"
#include "net/json.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- one event ---- */

static const char *time_with_milliseconds(const struct event_telling *telling)
{
    const char *time = rest_time(telling->arena, telling->now);

    return arena_printf(telling->arena, "%.19s.%03dZ", time, (int)(telling->now_ms % 1000));
}

static json_t *links_of(const struct event_telling *telling, const char *id)
{
    const char *own = arena_printf(telling->arena, "/v1/notifications/webhooks-events/%s", id);
    json_t *links = json_array();

    rest_link(links, telling->sandbox, own, "self", "GET");
    rest_link(links, telling->sandbox, arena_printf(telling->arena, "%s/resend", own), "resend",
              "POST");
    return links;
}

static struct str body_of(const struct event_telling *telling, const struct event *event,
                          const char *id)
{
    json_auto_t *object = json_object();

    put_text(object, "id", id);
    put_text(object, "event_version", "1.0");
    put_text(object, "create_time", time_with_milliseconds(telling));
    put_text(object, "resource_type", event->resource_type);
    if (event->version)
        put_text(object, "resource_version", event->version);
    put_text(object, "event_type", event->type);
    put_text(object, "summary", event->summary);
    put(object, "resource", json_incref((json_t *)event->resource));
    put(object, "links", links_of(telling, id));
    return json_write(object, telling->arena);
}

static enum err make_id(struct arena *arena, const char **id)
{
    const char *left = NULL, *right = NULL;
    enum err err = id_make_capitals(arena, "WH-", 17, &left);

    if (!err)
        err = id_make_capitals(arena, "", 17, &right);
    if (!err)
        *id = arena_printf(arena, "%s-%s", left, right);
    return err;
}

enum err event_plan(const struct event_telling *telling, const char *client_id,
                    const struct event *event)
{
    struct delivery_draft draft = {.provider = "paypal", .kind = event->type};
    json_auto_t *listeners = NULL;
    enum err err = make_id(telling->arena, &draft.reference);

    if (err)
        return err;
    draft.object_id = arena_string(telling->arena, event->object_id);
    draft.body = body_of(telling, event, draft.reference);
    err = row_list(telling->db, SQ_PAYPAL_WEBHOOK_LISTENERS,
                   DB_VALUES(db_text(client_id), db_text(event->type)), &listeners);
    for (size_t i = 0; i < json_array_size(listeners) && !err; i++) {
        const json_t *webhook = json_array_get(listeners, i);

        draft.webhook_id = arena_string(telling->arena, row_text(webhook, "id"));
        draft.url = arena_string(telling->arena, row_text(webhook, "url"));
        err = delivery_plan(telling->batch, &draft);
    }
    return err;
}

enum err event_flush(const struct event_telling *telling, const json_t *order)
{
    struct notify notify = {.mode = telling->mode, .late_s = telling->late_s};

    if (!notify.mode) {
        notify.mode = arena_string(telling->arena, row_text(order, "webhook"));
        notify.late_s = row_integer(order, "late_s");
    }
    return delivery_add(telling->db, telling->batch, &notify, telling->now_ms);
}

/* ---- orders ---- */

static enum err plan_order(const struct event_telling *telling, const json_t *order,
                           const char *type)
{
    struct rest_shape shape = {
        .sandbox = telling->sandbox, .arena = telling->arena, .db = telling->db};
    struct event event = {.type = type,
                          .resource_type = "checkout-order",
                          .version = "2.0",
                          .object_id = row_text(order, "id")};
    json_auto_t *resource = NULL;
    enum err err = rest_order_object(&shape, order, false, &resource);

    event.resource = resource;
    event.summary = !strcmp(type, "CHECKOUT.ORDER.APPROVED")
                        ? "An order has been approved by buyer"
                        : "Checkout Order Completed";
    return err ? err : event_plan(telling, row_text(order, "client_id"), &event);
}

/* PayPal takes the approval back: the resource is a shorter one. */
static enum err plan_reversal(const struct event_telling *telling, const json_t *order)
{
    struct event event = {.type = "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
                          .resource_type = "payment-approval",
                          .summary = "A payment has been reversed after approval.",
                          .object_id = row_text(order, "id")};
    json_auto_t *resource = json_object();

    put_copy(resource, "order_id", order, "id");
    put(resource, "purchase_units",
        json_pack("[{s:o, s:{s:s}}]", "amount",
                  rest_money(row_integer(order, "amount"), row_text(order, "currency")), "payee",
                  "merchant_id", row_text(order, "business")));
    put_text(resource, "create_time", rest_time(telling->arena, row_integer(order, "created")));
    put_text(resource, "update_time", rest_time(telling->arena, telling->now));
    event.resource = resource;
    return event_plan(telling, row_text(order, "client_id"), &event);
}

enum err event_order(const struct event_telling *telling, const json_t *order, const char *type)
{
    enum err err = !strcmp(type, "CHECKOUT.PAYMENT-APPROVAL.REVERSED")
                       ? plan_reversal(telling, order)
                       : plan_order(telling, order, type);

    return err ? err : event_flush(telling, order);
}

/* ---- captures ---- */

/* A capture that is refused at once is DECLINED, one that waited is DENIED. */
static const char *summary_of(const struct event_telling *telling, const json_t *payment,
                              bool pending, bool completed)
{
    char amount[MONEY_TEXT_MAX];
    const char *code = row_text(payment, "currency");

    money_format_decimal(amount, row_integer(payment, "gross_cents"), money_currency(code));
    return arena_printf(telling->arena, "Payment %s for %s %s %s",
                        completed ? "completed"
                        : pending ? "pending"
                                  : "denied",
                        code, amount, code);
}

static enum err plan_capture(const struct event_telling *telling, const json_t *payment,
                             const char *client_id)
{
    struct rest_shape shape = {
        .sandbox = telling->sandbox, .arena = telling->arena, .db = telling->db};
    bool pending = row_is(payment, "status", "Pending");
    bool completed = row_is(payment, "status", "Completed");
    struct event event = {.type = completed ? "PAYMENT.CAPTURE.COMPLETED"
                                  : pending ? "PAYMENT.CAPTURE.PENDING"
                                  : row_text(payment, "pending_reason")
                                      ? "PAYMENT.CAPTURE.DENIED"
                                      : "PAYMENT.CAPTURE.DECLINED",
                          .resource_type = "capture",
                          .version = "2.0",
                          .object_id = row_text(payment, "txn_id")};
    json_auto_t *resource = NULL;
    enum err err = rest_capture_object(&shape, payment, true, &resource);

    event.resource = resource;
    event.summary = summary_of(telling, payment, pending, completed);
    return err ? err : event_plan(telling, client_id, &event);
}

enum err event_capture(const struct event_telling *telling, const char *payment_id,
                       bool order_complete)
{
    json_auto_t *payment = NULL;
    json_auto_t *order = NULL;
    enum err err = row_need(telling->db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(payment_id)),
                            "payment", &payment);

    if (!err)
        err = row_find(telling->db, SQ_PAYPAL_ORDER_FIND,
                       DB_VALUES(db_text(row_text(payment, "token"))), &order);
    if (err || !order)
        return err;
    err = plan_capture(telling, payment, row_text(order, "client_id"));
    if (!err && order_complete)
        err = plan_order(telling, order, "CHECKOUT.ORDER.COMPLETED");
    return err ? err : event_flush(telling, order);
}
