/*
 * The webhook of an account's REST app: made, corrected, listed and deleted through the API.
 *
 * PayPal lets an address stand once, and repeats no request: whoever makes one that is there
 * already finds it. Its id is part of what PayPal signs, and stands in the place of a secret.
 */
#include "provider/paypal/linking.h"

#include <string.h>

#include "base/arena.h"
#include "provider/paypal/webhook.h"

#define WEBHOOKS_PATH "/v1/notifications/webhooks"

enum { WEBHOOKS_MAX = 100 };

/* ---- what we send ---- */

static json_t *types_json(void)
{
    json_t *types = json_array();

    for (size_t i = 0; paypal_webhook_type(i); i++)
        json_array_append_new(types, json_pack("{s:s}", "name", paypal_webhook_type(i)));
    return types;
}

static struct str body_of(json_t *json, struct arena *arena)
{
    struct str body = json_write(json, arena);

    json_decref(json);
    return body;
}

/* ---- what PayPal shows ---- */

static bool has_type(const json_t *list, const char *type)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str name = json_text(json_array_get(list, i), "name");

        if (str_is(name, type) || str_is(name, "*"))
            return true;
    }
    return false;
}

static bool types_enough(const json_t *list)
{
    for (size_t i = 0; paypal_webhook_type(i); i++)
        if (!has_type(list, paypal_webhook_type(i)))
            return false;
    return true;
}

static bool types_right(const json_t *list)
{
    size_t count = 0;

    while (paypal_webhook_type(count))
        count++;
    return json_array_size(list) == count && types_enough(list);
}

static bool names_account(struct str url, const struct provider_account *account,
                          struct arena *arena)
{
    const char *mark =
        arena_printf(arena, "action_manager.php?event=paypal&a=%s", account->public_id);
    size_t len = strlen(mark);

    return url.len >= len && str_is(str_from(url.data + url.len - len, len), mark);
}

static bool webhook_read(const struct provider_call *call, const struct provider_account *account,
                         const struct link_order *order, const json_t *json,
                         struct link_endpoint *endpoint)
{
    const char *id = paypal_id_at(json, "id", call->arena);
    struct str url = json_text(json, "url");
    const json_t *types = json_at(json, "event_types");

    if (*id == '\0')
        return false;
    *endpoint = (struct link_endpoint){
        .id = id,
        .secret = str_of(id),
        .ours = names_account(url, account, call->arena),
        .url_right = str_is(url, order->url),
        .enabled = true,
        .events_right = types_right(types),
        .events_enough = types_enough(types),
        .version_right = true,
    };
    return true;
}

/* ---- the calls ---- */

/* One whose answer is a webhook. */
static enum err call_for_one(const struct provider_call *call,
                             const struct provider_account *account,
                             const struct paypal_request *request, const struct link_order *order,
                             struct link_endpoint *endpoint, struct link_answer *answer,
                             const char **issue)
{
    struct paypal_answer received;
    enum err err = paypal_api_call(call, account, request, &received);

    if (err)
        return err;
    *issue = received.issue;
    paypal_link_answer(&received, answer);
    if (answer->outcome == LINK_DONE &&
        !webhook_read(call, account, order, received.json, endpoint))
        paypal_link_surprise(answer);
    json_decref(received.json);
    return OK;
}

static enum err endpoint_list(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct link_order *order, struct link_endpoint **endpoints,
                              size_t *count, struct link_answer *answer)
{
    const struct paypal_request request = {.method = "GET", .path = WEBHOOKS_PATH};
    struct paypal_answer received;
    const json_t *list;
    enum err err = paypal_api_call(call, account, &request, &received);

    *endpoints = arena_array(call->arena, WEBHOOKS_MAX, sizeof(**endpoints));
    *count = 0;
    if (err)
        return err;
    paypal_link_answer(&received, answer);
    list = json_at(received.json, "webhooks");
    if (answer->outcome == LINK_DONE && !json_is_array(list))
        paypal_link_surprise(answer);
    for (size_t i = 0; i < json_array_size(list) && *count < WEBHOOKS_MAX; i++)
        if (webhook_read(call, account, order, json_array_get(list, i), &(*endpoints)[*count]))
            (*count)++;
    json_decref(received.json);
    return OK;
}

static const char *webhook_path(const struct provider_call *call, const char *id)
{
    return arena_printf(call->arena, WEBHOOKS_PATH "/%s", id);
}

static enum err endpoint_update(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer)
{
    struct paypal_request request = {.method = "GET", .path = webhook_path(call, id)};
    json_t *changes;
    const char *issue;
    enum err err = call_for_one(call, account, &request, order, endpoint, answer, &issue);

    if (err || answer->outcome != LINK_DONE || (endpoint->url_right && endpoint->events_right))
        return err;
    changes = json_array();
    if (!endpoint->url_right) /* the same address again would be taken for another's */
        json_array_append_new(changes, json_pack("{s:s, s:s, s:s}", "op", "replace", "path",
                                                 "/url", "value", order->url));
    if (!endpoint->events_right)
        json_array_append_new(changes, json_pack("{s:s, s:s, s:o}", "op", "replace", "path",
                                                 "/event_types", "value", types_json()));
    request.method = "PATCH";
    request.body = body_of(changes, call->arena);
    return call_for_one(call, account, &request, order, endpoint, answer, &issue);
}

/* An answer that was lost left one behind. */
static enum err find_made(const struct provider_call *call, const struct provider_account *account,
                          const struct link_order *order, struct link_endpoint *endpoint,
                          struct link_answer *answer)
{
    struct link_endpoint *endpoints;
    size_t count;
    enum err err = endpoint_list(call, account, order, &endpoints, &count, answer);

    for (size_t i = 0; !err && answer->outcome == LINK_DONE && i < count; i++)
        if (endpoints[i].url_right)
            return endpoint_update(call, account, endpoints[i].id, order, endpoint, answer);
    if (!err && answer->outcome == LINK_DONE)
        paypal_link_surprise(answer);
    return err;
}

static enum err endpoint_create(const struct provider_call *call,
                                const struct provider_account *account,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer)
{
    const struct paypal_request request = {
        .method = "POST",
        .path = WEBHOOKS_PATH,
        .body = body_of(json_pack("{s:s, s:o}", "url", order->url, "event_types", types_json()),
                        call->arena),
        .request_id = order->idempotency_key,
    };
    const char *issue = "";
    enum err err = call_for_one(call, account, &request, order, endpoint, answer, &issue);

    if (err || strcmp(issue, "WEBHOOK_URL_ALREADY_EXISTS") != 0)
        return err;
    return find_made(call, account, order, endpoint, answer);
}

static enum err endpoint_delete(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                struct link_answer *answer)
{
    const struct paypal_request request = {.method = "DELETE", .path = webhook_path(call, id)};
    struct paypal_answer received;
    enum err err = paypal_api_call(call, account, &request, &received);

    if (err)
        return err;
    paypal_link_answer(&received, answer);
    json_decref(received.json);
    return OK;
}

const struct provider_linking paypal_linking = {
    .transit_account = "5172",
    .single = true,
    .keys_check = paypal_keys_check,
    .identify = paypal_identify,
    .endpoint_create = endpoint_create,
    .endpoint_update = endpoint_update,
    .endpoint_delete = endpoint_delete,
    .endpoint_list = endpoint_list,
};
