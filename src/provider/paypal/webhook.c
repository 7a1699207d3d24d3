/*
 * Webhooks: at the door, and the way from a stored message to what it means.
 *
 * An endpoint's secret is its own id: it is part of what PayPal signs, and no message but of our
 * endpoints is believed.
 */
#include "provider/paypal/webhook.h"

#include <string.h>

#include "base/arena.h"
#include "payment/account.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/webhook_signature.h"

enum { WEBHOOKS_MAX = 2, OPINION_MAX = 64 * 1024 };

/* ---- whose endpoints ---- */

struct endpoints {
    struct provider_account account;
    struct str ids[WEBHOOKS_MAX];
    size_t count;
};

/* ERR_NOT_FOUND: no account, or one that hears nothing by webhooks. */
static enum err endpoints_find(const struct provider_call *call, const char *hint,
                               struct endpoints *endpoints)
{
    enum err err =
        account_find_public(call->db, "paypal", str_of(hint), call->arena, &endpoints->account);

    if (err == OK)
        err = account_webhook_secrets(call->db, call->key, &endpoints->account, call->now,
                                      call->arena, endpoints->ids, &endpoints->count);
    if (err == OK && endpoints->count == 0)
        err = fail(ERR_NOT_FOUND, "no webhook is known");
    return err;
}

static struct paypal_webhook_account
webhook_account(const struct provider_call *call, const struct endpoints *endpoints, size_t index)
{
    return (struct paypal_webhook_account){
        .mode = endpoints->account.mode,
        .webhook_id = str_copy(call->arena, endpoints->ids[index]),
        .api_url = paypal_api_url(call->settings, endpoints->account.mode),
    };
}

/* ---- at the door ---- */

bool paypal_is_webhook(const struct provider_event *event)
{
    struct str body = str_trim(event->raw);

    return !str_empty(event->headers) && body.len > 0 && body.data[0] == '{';
}

static void refuse(struct door_answer *answer, const char *reason)
{
    answer->verdict = DOOR_REFUSED;
    answer->reason = reason;
}

/* For people who look at the list; what is no JSON is no webhook. */
static bool describe(struct str body, struct arena *arena, const char **id, const char **type)
{
    json_t *json = NULL;

    *id = *type = "";
    if (json_read(body, &json) != OK)
        return false;
    *id = paypal_id_at(json, "id", arena);
    *type = paypal_word_at(json, "event_type", arena);
    json_decref(json);
    return **id && **type;
}

enum err paypal_webhook_receive(const struct provider_call *call,
                                const struct provider_message *message, struct door_answer *answer)
{
    struct endpoints endpoints = {.count = 0};
    struct paypal_delivery delivery = {.body = message->body, .received_at = call->now};
    struct paypal_webhook_account account;
    const char *fault;
    enum err err = endpoints_find(call, message->hint, &endpoints);

    if (err == ERR_NOT_FOUND) {
        refuse(answer, "unknown account");
        return OK;
    }
    if (err != OK)
        return err;
    account = webhook_account(call, &endpoints, 0);
    paypal_delivery_read(message->headers, &delivery);
    fault = paypal_webhook_fault(&account, &delivery, call->arena);
    if (!fault && !describe(message->body, call->arena, &answer->external_id, &answer->type))
        fault = "body";
    if (fault)
        refuse(answer, fault);
    else /* one spelling per account: its share of what waits to be verified */
        answer->receiver = endpoints.account.public_id;
    return OK;
}

/* ---- is it PayPal's own? ---- */

struct opinion {
    const struct provider_call *call;
    const struct provider_account *account;
};

/* Without keys PayPal cannot be asked: the certificate alone decides. */
static enum err ask_opinion(void *context, struct str request, struct http_answer *answer)
{
    const struct opinion *opinion = context;
    const struct provider_call *call = opinion->call;
    struct paypal_answer refused;
    struct http_call http = {
        .method = "POST",
        .url = arena_printf(call->arena, "%s/v1/notifications/verify-webhook-signature",
                            paypal_api_url(call->settings, opinion->account->mode)),
        .headers = {"Content-Type: application/json", "Accept: application/json"},
        .body = request,
        .answer_max = OPINION_MAX,
    };
    const char *token = NULL;
    enum err err = paypal_token(call, opinion->account, &token, &refused);

    if (err == OK && !token)
        err = fail(ERR_NETWORK, "no token: %s", refused.reason);
    if (err != OK)
        return err;
    http.headers[2] = arena_printf(call->arena, "Authorization: Bearer %s", token);
    err = http_client_call(call->client, &http, call->arena, answer);
    if (err == OK && answer->status == 401)
        paypal_token_forget(opinion->account);
    return err;
}

static enum err judge(const struct provider_call *call, const struct provider_event *event,
                      const struct endpoints *endpoints, struct webhook_judgement *judgement)
{
    struct opinion opinion = {.call = call, .account = &endpoints->account};
    struct paypal_delivery delivery = {.body = event->raw, .received_at = event->received_at};
    bool undecided = false;
    enum err err = OK;

    paypal_delivery_read(event->headers, &delivery);
    for (size_t i = 0; err == OK && i < endpoints->count; i++) {
        struct paypal_webhook_account account = webhook_account(call, endpoints, i);
        struct webhook_judgement one = {.verdict = WEBHOOK_FORGED};

        err = paypal_webhook_judge(call, &account, &delivery,
                                   paypal_able(&endpoints->account) ? ask_opinion : NULL, &opinion,
                                   &one);
        /* Forged for one endpoint, it may be the other's. */
        if (err == OK && (one.verdict != WEBHOOK_FORGED || !undecided))
            *judgement = one;
        if (one.verdict == WEBHOOK_AUTHENTIC)
            break;
        undecided = undecided || one.verdict == WEBHOOK_UNDECIDED;
    }
    return err;
}

/* ---- what it means ---- */

static enum err understand(const struct provider_call *call, const struct provider_event *event,
                           const struct provider_account *account, struct resolution *resolution)
{
    json_t *json = NULL;
    enum err err;

    if (json_read(event->raw, &json) != OK) {
        paypal_conclude(resolution, OUTCOME_UNSUPPORTED, "message illisible");
        return OK;
    }
    err = paypal_webhook_meaning(call, account, json, event->received_at, resolution);
    json_decref(json);
    return err;
}

enum err paypal_resolve_webhook(const struct provider_call *call,
                                const struct provider_event *event, struct resolution *resolution)
{
    struct endpoints endpoints = {.count = 0};
    struct webhook_judgement judgement = {.verdict = WEBHOOK_FORGED, .reason = "unknown account"};
    const char *id = "", *type = "";
    enum err err;

    *resolution = (struct resolution){.kind = RESOLUTION_RETRY, .detail = ""};
    err = event->authentic
              ? account_find(call->db, event->association_id, event->provider_account_id,
                             call->arena, &endpoints.account)
              : endpoints_find(call, event->hint, &endpoints);
    if (event->authentic)
        judgement.verdict = WEBHOOK_AUTHENTIC;
    else if (err == OK)
        err = judge(call, event, &endpoints, &judgement);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    (void)describe(event->raw, call->arena, &id, &type);
    if (judgement.verdict == WEBHOOK_AUTHENTIC) {
        err = understand(call, event, &endpoints.account, resolution);
        resolution->authentic = true;
        resolution->association_id = endpoints.account.association_id;
        resolution->provider_account_id = endpoints.account.id;
    } else {
        err = OK;
        resolution->kind =
            judgement.verdict == WEBHOOK_FORGED ? RESOLUTION_INVALID : RESOLUTION_RETRY;
        resolution->detail = judgement.reason;
        resolution->provider_down = judgement.down;
    }
    resolution->external_id = id;
    resolution->type = type;
    return err;
}
