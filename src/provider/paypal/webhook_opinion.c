#include "provider/paypal/webhook_opinion.h"

#include "base/arena.h"
#include "base/log.h"
#include "net/json.h"

enum { REQUEST_HEAD = 1024 };

/* The event's own bytes are spliced in: written anew by a library they would be others. */
struct str paypal_opinion_request(const char *webhook_id, const struct paypal_delivery *delivery,
                                  struct arena *arena)
{
    struct buffer request;

    buffer_init(&request, arena, REQUEST_HEAD + delivery->body.len);
    buffer_printf(&request,
                  "{\"auth_algo\":\"%.*s\",\"cert_url\":\"%.*s\",\"transmission_id\":\"%.*s\","
                  "\"transmission_sig\":\"%.*s\",\"transmission_time\":\"%.*s\","
                  "\"webhook_id\":\"%s\",\"webhook_event\":",
                  STR_PRINT(delivery->algorithm), STR_PRINT(delivery->certificate_url),
                  STR_PRINT(delivery->id), STR_PRINT(delivery->signature),
                  STR_PRINT(delivery->time), webhook_id);
    buffer_add_str(&request, delivery->body);
    buffer_add_byte(&request, '}');
    return buffer_str(&request);
}

static enum webhook_verdict verdict_of(const struct http_answer *answer)
{
    enum webhook_verdict verdict = WEBHOOK_UNDECIDED;
    json_t *json = NULL;
    struct str status;

    if (answer->status != 200 || json_read(answer->body, &json) != OK)
        return WEBHOOK_UNDECIDED;
    status = json_text(json, "verification_status");
    if (str_is(status, "SUCCESS"))
        verdict = WEBHOOK_AUTHENTIC;
    else if (str_is(status, "FAILURE"))
        verdict = WEBHOOK_FORGED;
    json_decref(json);
    return verdict;
}

void paypal_opinion_judge(const struct provider_call *call,
                          const struct paypal_webhook_account *account,
                          const struct paypal_delivery *delivery, paypal_webhook_ask *ask,
                          void *context, struct webhook_judgement *judgement)
{
    struct http_answer answer = {0};
    enum err err =
        ask(context, paypal_opinion_request(account->webhook_id, delivery, call->arena), &answer);

    if (err != OK) {
        *judgement = (struct webhook_judgement){
            .verdict = WEBHOOK_UNDECIDED, .reason = "PayPal est injoignable", .down = true};
        log_failure("paypal.webhook");
        return;
    }
    *judgement = (struct webhook_judgement){.verdict = verdict_of(&answer), .reason = ""};
    if (judgement->verdict == WEBHOOK_FORGED)
        judgement->reason = "opinion";
    if (judgement->verdict != WEBHOOK_UNDECIDED)
        return;
    judgement->down = answer.status >= 500;
    judgement->reason =
        arena_printf(call->arena, "PayPal a répondu autre chose (HTTP %d)", answer.status);
    log_line(LOG_WARNING, "paypal.webhook", "HTTP %d, %zu bytes, request %s", answer.status,
             answer.body.len, answer.request_id ? answer.request_id : "");
}
