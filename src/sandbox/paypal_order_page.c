#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox/stripe_move.h"
#include "sandbox_queries.h"

static void set_optional(struct template_map *map, const char *name, const char *text)
{
    if (text && *text)
        template_set_text(map, name, text);
    else
        template_set_none(map, name);
}

/* What the payer sees of the order's state; payment NULL before it was captured. */
static void set_state(struct template_map *map, const json_t *order, const json_t *payment,
                      bool ended)
{
    bool declined =
        row_is(order, "status", "APPROVED") && row_is(order, "outcome", "instrument_declined");
    bool agreed = row_is(order, "status", "APPROVED") && !declined;

    template_set_flag(map, "ended", ended);
    template_set_flag(map, "declined", declined && !ended);
    template_set_flag(map, "agreed", agreed && !ended);
    template_set_flag(map, "open", !payment && !agreed && !ended);
    template_set_flag(map, "settled", payment != NULL);
    template_set_flag(map, "completed", payment && row_is(payment, "status", "Completed"));
    template_set_flag(map, "pending", payment && row_is(payment, "status", "Pending"));
    template_set_flag(map, "denied",
                      payment && !row_is(payment, "status", "Completed") &&
                          !row_is(payment, "status", "Pending"));
    set_optional(map, "txn_id", payment ? row_text(payment, "txn_id") : NULL);
}

static void set_order(struct template_map *map, const json_t *order, struct arena *arena)
{
    const json_t *fields = json_object_get(order, "fields");
    const char *payer_id = row_text(order, "payer_id");

    template_set_text(map, "id", row_text(order, "id"));
    template_set_text(map, "business", row_text(order, "business_name"));
    template_set_text(map, "business_email", row_text(order, "business_email"));
    template_set_money(map, "amount", row_integer(order, "amount"),
                       money_currency(row_text(order, "currency")));
    set_optional(map, "item_name", row_text(fields, "item_name"));
    set_optional(map, "invoice", row_text(fields, "invoice"));
    set_optional(map, "cancel_url", order_cancel_url(order, arena));
    set_optional(map, "return_url", payer_id ? order_return_url(order, arena, payer_id) : NULL);
}

static enum err show(struct http_request *request, struct http_response *response,
                     const json_t *order)
{
    struct template_map *map = template_map_new(request->arena);
    const char *txn_id = row_text(order, "txn_id");
    json_auto_t *payment = NULL;
    struct order_move payer;
    enum err err = OK;

    if (txn_id)
        err = row_need(sandbox_db(request), SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(txn_id)),
                       "payment", &payment);
    if (err)
        return err;
    order_move_init(&payer, sandbox_of(request), request->arena, NULL);
    template_set_text(map, "first_name", payer.first_name);
    template_set_text(map, "last_name", payer.last_name);
    template_set_text(map, "email", payer.email);
    set_order(map, order, request->arena);
    set_state(map, order, payment, order_ended(order, payer.now));
    return page_answer(request, response, 200, "order.html", map);
}

enum err order_page_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "token", .type = HTTP_TOKEN, .max = 40, .required = 1},
        {.name = NULL},
    };
    json_auto_t *order = NULL;
    enum err err = page_fields(request, fields);

    if (!err)
        err = row_need(sandbox_db(request), SQ_PAYPAL_ORDER_FIND,
                       DB_VALUES(db_str(http_field_text(request, "token"))), "order", &order);
    return err ? err : show(request, response, order);
}

/* ---- the payer agrees ---- */

static const struct http_field agree_fields[] = {
    {.name = "first_name", .type = HTTP_TEXT, .max = 128},
    {.name = "last_name", .type = HTTP_TEXT, .max = 128},
    {.name = "email", .type = HTTP_TEXT, .max = 127},
    {.name = "webhook", .type = HTTP_CHOICE, .max = 20, .choices = ORDER_WEBHOOK_CHOICES},
    {.name = "late_s", .type = HTTP_TEXT, .max = 5},
    {.name = "outcome",
     .type = HTTP_CHOICE,
     .max = 20,
     .choices = "echeck|review|instrument_declined|declined"},
    {.name = NULL},
};

static void take(const struct http_request *request, const char *name, const char **value)
{
    struct str text = http_field_text(request, name);

    if (!str_empty(text))
        *value = str_copy(request->arena, text);
}

static void read_move(const struct http_request *request, struct order_move *move)
{
    int64_t late_s = 5;

    order_move_init(move, sandbox_of(request), request->arena,
                    str_copy(request->arena, request->path_parts[0]));
    take(request, "first_name", &move->first_name);
    take(request, "last_name", &move->last_name);
    take(request, "email", &move->email);
    take(request, "outcome", &move->outcome);
    take(request, "webhook", &move->webhook);
    if (str_to_int64(http_field_text(request, "late_s"), &late_s) &&
        (late_s < 0 || late_s > NOTIFY_LATE_MAX_S))
        late_s = 5;
    move->late_s = late_s;
}

enum err order_agree_handler(struct http_request *request, struct http_response *response)
{
    struct order_move move;
    json_auto_t *order = NULL;
    const char *url = NULL;
    enum err err = page_fields(request, agree_fields);

    if (err)
        return err;
    read_move(request, &move);
    err = sandbox_write(move.sandbox, order_move_approve, &move);
    if (!err)
        err = row_need(sandbox_db(request), SQ_PAYPAL_ORDER_FIND,
                       DB_VALUES(db_text(move.order_id)), "order", &order);
    if (!err)
        url = order_return_url(order, request->arena, move.payer_id);
    if (err && err != ERR_CONFLICT)
        return err;
    if (!err && !strcmp(move.webhook, "before"))
        delivery_await(move.sandbox, sandbox_db(request), move.batch.numbers, move.batch.count,
                       NOTIFY_WAIT_MS);
    if (!url)
        url = arena_printf(request->arena, "/checkoutnow?token=%s", move.order_id);
    return http_redirect(response, url);
}
