/*
 * The webhook endpoint of an account: made, corrected, listed and deleted through the API.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/internal.h"

#define ENDPOINTS_PATH "/v1/webhook_endpoints"

enum { ENDPOINTS_MAX = 100, SECRET_MAX = 255 };

/* ---- what we send ---- */

static void add_text(struct buffer *form, const char *name, const char *value)
{
    http_form_add(form, name, str_of(value));
}

/* What a creation and a correction have in common. */
static void form_begin(struct buffer *form, const struct provider_call *call,
                       const struct provider_account *account, const struct link_order *order)
{
    size_t count = 0;

    buffer_init(form, call->arena, 2048);
    add_text(form, "url", order->url);
    for (const struct stripe_event_kind *kind = stripe_event_kinds; kind->type; kind++) {
        if (kind->asked)
            add_text(form, arena_printf(call->arena, "enabled_events[%zu]", count++), kind->type);
    }
    add_text(form, "description", "Guichet");
    add_text(form, "metadata[guichet]", call->installation);
    add_text(form, "metadata[link]", account->public_id);
}

/* ---- what Stripe shows ---- */

static bool has_event(const json_t *list, const char *event)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text && strcmp(text, event) == 0)
            return true;
    }
    return false;
}

static bool events_enough(const json_t *list)
{
    for (const struct stripe_event_kind *kind = stripe_event_kinds; kind->type; kind++) {
        if (kind->asked && !has_event(list, kind->type) && !has_event(list, "*"))
            return false;
    }
    return true;
}

static bool events_right(const json_t *list)
{
    size_t count = 0;

    for (const struct stripe_event_kind *kind = stripe_event_kinds; kind->type; kind++)
        count += kind->asked ? 1 : 0;
    return json_array_size(list) == count && events_enough(list);
}

/* One line of printable characters, as the signature needs it. */
static struct str secret_of(const json_t *json, struct arena *arena)
{
    struct str secret = json_text(json, "secret");

    return secret.len <= SECRET_MAX && stripe_id_valid(secret, "whsec_")
               ? str_of(str_copy(arena, secret))
               : (struct str){0};
}

static bool endpoint_read(const struct provider_call *call, const struct provider_account *account,
                          const struct link_order *order, const json_t *json,
                          struct link_endpoint *endpoint)
{
    struct str id = json_text(json, "id");
    struct str url = json_text(json, "url");
    bool marked = str_is(json_text(json, "metadata.guichet"), call->installation) &&
                  str_is(json_text(json, "metadata.link"), account->public_id);

    if (!str_is(json_text(json, "object"), "webhook_endpoint") || !stripe_id_valid(id, "we_"))
        return false;
    *endpoint = (struct link_endpoint){
        .id = str_copy(call->arena, id),
        .secret = secret_of(json, call->arena),
        .url_right = str_is(url, order->url),
        .enabled = str_is(json_text(json, "status"), "enabled"),
        .events_right = events_right(json_at(json, "enabled_events")),
        .events_enough = events_enough(json_at(json, "enabled_events")),
        .version_right = str_is(json_text(json, "api_version"), STRIPE_VERSION),
    };
    endpoint->ours = marked || endpoint->url_right;
    return true;
}

static void not_understood(struct link_answer *answer)
{
    answer->outcome = LINK_UNREACHABLE;
    answer->reason = "réponse inattendue de Stripe";
}

/* ---- the calls ---- */

/* One whose answer is an endpoint. */
static enum err call_for_one(const struct provider_call *call,
                             const struct provider_account *account,
                             const struct stripe_request *request, const struct link_order *order,
                             struct link_endpoint *endpoint, struct link_answer *answer)
{
    struct stripe_answer received;
    enum err err = stripe_api_call(call, account, request, &received);

    if (err)
        return err;
    stripe_link_answer(&received, answer);
    if (answer->outcome == LINK_DONE &&
        !endpoint_read(call, account, order, received.json, endpoint))
        not_understood(answer);
    json_decref(received.json);
    return OK;
}

static enum err endpoint_create(const struct provider_call *call,
                                const struct provider_account *account,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer)
{
    struct stripe_request request = {
        .method = "POST", .path = ENDPOINTS_PATH, .idempotency_key = order->idempotency_key};
    struct buffer form;
    enum err err;

    form_begin(&form, call, account, order);
    add_text(&form, "api_version", STRIPE_VERSION);
    request.body = buffer_str(&form);
    err = call_for_one(call, account, &request, order, endpoint, answer);
    if (!err && answer->outcome == LINK_DONE && str_empty(endpoint->secret))
        not_understood(answer);
    return err;
}

static const char *endpoint_path(const struct provider_call *call, const char *id)
{
    return arena_printf(call->arena, ENDPOINTS_PATH "/%s", id);
}

static enum err endpoint_update(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer)
{
    struct stripe_request request = {.method = "POST", .path = endpoint_path(call, id)};
    struct buffer form;

    form_begin(&form, call, account, order);
    add_text(&form, "disabled", "false");
    request.body = buffer_str(&form);
    return call_for_one(call, account, &request, order, endpoint, answer);
}

static enum err endpoint_delete(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                struct link_answer *answer)
{
    struct stripe_answer received;
    struct stripe_request request = {.method = "DELETE", .path = endpoint_path(call, id)};
    enum err err = stripe_api_call(call, account, &request, &received);

    if (err)
        return err;
    stripe_link_answer(&received, answer);
    json_decref(received.json);
    return OK;
}

/* An account has 16 endpoints at most: one page holds them all. */
static enum err endpoint_list(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct link_order *order, struct link_endpoint **endpoints,
                              size_t *count, struct link_answer *answer)
{
    struct stripe_answer received;
    struct stripe_request request = {.method = "GET", .path = ENDPOINTS_PATH "?limit=100"};
    const json_t *data;
    enum err err = stripe_api_call(call, account, &request, &received);

    *endpoints = arena_array(call->arena, ENDPOINTS_MAX, sizeof(**endpoints));
    *count = 0;
    if (err)
        return err;
    stripe_link_answer(&received, answer);
    data = json_at(received.json, "data");
    if (answer->outcome == LINK_DONE && !json_is_array(data))
        not_understood(answer);
    for (size_t i = 0; i < json_array_size(data) && *count < ENDPOINTS_MAX; i++)
        if (endpoint_read(call, account, order, json_array_get(data, i), &(*endpoints)[*count]))
            (*count)++;
    json_decref(received.json);
    return OK;
}

const struct provider_linking stripe_linking = {
    .transit_account = "5171",
    .keys_check = stripe_keys_check,
    .identify = stripe_identify,
    .endpoint_create = endpoint_create,
    .endpoint_update = endpoint_update,
    .endpoint_delete = endpoint_delete,
    .endpoint_list = endpoint_list,
};
