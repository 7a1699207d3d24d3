#include <string.h>

#include "base/clock.h"
#include "net/json.h"
#include "sandbox/control.h"
#include "sandbox/control_paypal_rest.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum err control_webhook_list_handler(struct http_request *request, struct http_response *response)
{
    return control_list(request, response, "webhooks", SQ_PAYPAL_WEBHOOK_LIST,
                        DB_VALUES(db_text(control_part(request, 0))));
}

/* Any body, signed as PayPal's. */
struct injection {
    struct delivery_draft draft;
    struct delivery_batch batch;
    struct notify notify;
    int64_t now_ms;
};

static enum err inject(struct db *db, void *argument)
{
    struct injection *injection = argument;
    enum err err = OK;

    injection->batch.draft_count = 0;
    injection->batch.count = 0;
    err = delivery_plan(&injection->batch, &injection->draft);
    return err ? err : delivery_add(db, &injection->batch, &injection->notify, injection->now_ms);
}

static void fill(struct injection *injection, const json_t *body, const json_t *webhook)
{
    const char *text = row_text(body, "body");

    injection->now_ms = clock_now_ms();
    injection->draft = (struct delivery_draft){.provider = "paypal",
                                               .kind = control_text(body, "kind", "test"),
                                               .reference = "test",
                                               .object_id = row_text(webhook, "id"),
                                               .webhook_id = row_text(webhook, "id"),
                                               .url = row_text(webhook, "url"),
                                               .body = str_of(text)};
}

enum err control_webhook_event_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct control_key keys[] = {{"body", JSON_STRING, 1},
                                              {"kind", JSON_STRING, 0},
                                              {"webhook", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    struct injection injection = {.notify = {.mode = "normal"}};
    json_auto_t *object = json_object();
    json_auto_t *body = NULL;
    json_auto_t *webhook = NULL;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_notify(body, "webhook", ORDER_WEBHOOK_CHOICES, &injection.notify);
    if (!err)
        err = row_need(sandbox_db(request), SQ_PAYPAL_WEBHOOK_BY_ID,
                       DB_VALUES(db_text(control_part(request, 0))), "webhook", &webhook);
    if (err)
        return err;
    fill(&injection, body, webhook);
    err = sandbox_write(sandbox_of(request), inject, &injection);
    put(object, "deliveries", control_numbers(&injection.batch));
    return err ? err : json_answer(response, 201, object);
}

/* ---- refunds that the interface asks for ---- */

struct refund_setting {
    const char *business_id;
    const char *outcome;
    json_t *result;
};

static enum err set_refunds(struct db *db, void *argument)
{
    struct refund_setting *setting = argument;
    struct db_value id = db_text(setting->business_id);
    enum err err =
        db_run(db, SQ_PAYPAL_BUSINESS_REFUNDS, DB_VALUES(id, db_text(setting->outcome)));

    json_decref(setting->result);
    setting->result = NULL;
    return err ? err
               : row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(id), "business",
                          &setting->result);
}

enum err control_refund_outcome_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct control_key keys[] = {{"outcome", JSON_STRING, 1}, {.name = NULL}};
    struct refund_setting setting = {.business_id = control_part(request, 0)};
    json_auto_t *body = NULL;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err =
            control_check_choice("outcome", row_text(body, "outcome"), "completed|pending|failed");
    if (err)
        return err;
    setting.outcome = row_text(body, "outcome");
    err = sandbox_write(sandbox_of(request), set_refunds, &setting);
    if (!err)
        err = json_answer(response, 200, setting.result);
    json_decref(setting.result);
    return err;
}

static enum err answer_refund(struct http_request *request, struct http_response *response,
                              const struct refund_end *end)
{
    json_auto_t *object = json_object();
    json_t *refund = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_REFUND_FIND,
                            DB_VALUES(db_text(end->id)), "refund", &refund);

    put(object, "refund", refund ? refund : json_null());
    put(object, "deliveries", control_numbers(&end->batch));
    return err ? err : json_answer(response, 200, object);
}

enum err control_refund_end_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"status", JSON_STRING, 1}, {"webhook", JSON_STRING, 0}, {.name = NULL}};
    struct refund_end end = {.sandbox = sandbox_of(request),
                             .arena = request->arena,
                             .id = control_part(request, 0),
                             .now = sandbox_now(sandbox_of(request)),
                             .now_ms = clock_now_ms()};
    json_auto_t *body = NULL;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err =
            control_check_choice("status", row_text(body, "status"), "COMPLETED|FAILED|CANCELLED");
    if (err)
        return err;
    end.status = row_text(body, "status");
    end.webhook = control_text(body, "webhook", NULL);
    if (end.webhook)
        err = control_check_choice("webhook", end.webhook, ORDER_WEBHOOK_CHOICES);
    if (!err)
        err = sandbox_write(end.sandbox, refund_end_run, &end);
    return err ? err : answer_refund(request, response, &end);
}
