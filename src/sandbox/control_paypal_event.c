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
