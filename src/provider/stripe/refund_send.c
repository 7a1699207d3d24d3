/*
 * Refunds that a person asks for here: sent, and looked for when there was no answer.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

enum { PAGE_MAX = 100, PAGES_MAX = 20 };

static void add_text(struct buffer *form, const char *name, const char *value)
{
    http_form_add(form, name, str_of(value));
}

static const char *number(struct arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

/* Our mark comes back with the refund, in every notification of it. */
static enum err refund_prepare(const struct provider_call *call, const struct refund_order *order,
                               struct str *request)
{
    bool by_payment = stripe_id_valid(str_of(order->capture), "pi_");
    struct buffer form;

    if (!stripe_id_valid(str_of(order->capture), "") || order->amount_cents <= 0 ||
        order->amount_cents > STRIPE_CENTS_MAX)
        return fail(ERR_INPUT, "not a refund that Stripe takes");
    buffer_init(&form, call->arena, 256);
    add_text(&form, by_payment ? "payment_intent" : "charge", order->capture);
    add_text(&form, "amount", number(call->arena, order->amount_cents));
    add_text(&form, "reason", "requested_by_customer");
    add_text(&form, "metadata[guichet]", call->installation);
    add_text(&form, "metadata[refund_request]", number(call->arena, order->refund_request_id));
    *request = buffer_str(&form);
    return OK;
}

/* The answer to our key is our refund, or it is none. Nothing to book yet: a notification of it
 * follows. */
static enum err refund_made(const struct provider_call *call,
                            const struct provider_account *account, const json_t *json,
                            struct refund_answer *answer)
{
    struct stripe_reading reading = {
        .call = call, .account = account, .resolution = &answer->facts};
    struct stripe_refund refund;
    enum err err;

    if (stripe_refund_read(call, json, &refund) != OK || refund.request[0] == '\0') {
        answer->reason = "réponse inattendue de Stripe";
        return OK;
    }
    answer->verdict = REFUND_MADE;
    answer->reference = refund.id;
    err = stripe_reading_begin(&reading);
    if (err == OK)
        err = stripe_refund_tell(&reading, &refund);
    if (answer->facts.kind != RESOLUTION_FACTS)
        answer->facts.kind = RESOLUTION_NOTHING;
    return err;
}

static void answer_begin(const struct provider_account *account, struct refund_answer *answer)
{
    *answer = (struct refund_answer){
        .verdict = REFUND_UNKNOWN,
        .reason = "",
        .facts = {.kind = RESOLUTION_NOTHING,
                  .association_id = account->association_id,
                  .provider_account_id = account->id,
                  .detail = ""},
    };
}

static enum err refund_send(const struct provider_call *call,
                            const struct provider_account *account, const char *request,
                            const char *idempotency_key, struct refund_answer *answer)
{
    struct stripe_answer received;
    struct stripe_request asked = {
        .method = "POST",
        .path = "/v1/refunds",
        .body = str_of(request),
        .idempotency_key = idempotency_key,
    };
    enum err err;

    answer_begin(account, answer);
    err = stripe_api_call(call, account, &asked, &received);
    if (err != OK)
        return err;
    answer->reason = received.reason;
    if (received.verdict == STRIPE_REFUSED)
        answer->verdict = REFUND_REFUSED;
    if (received.verdict == STRIPE_REFUSED && received.code[0] != '\0')
        answer->reason = received.code;
    if (received.verdict == STRIPE_DONE)
        err = refund_made(call, account, received.json, answer);
    json_decref(received.json);
    return err;
}

/* ---- looking for it ---- */

/* Our mark of the request among the refunds of a page; NULL: on none of them. */
static const json_t *find_marked(const struct provider_call *call, const json_t *data,
                                 int64_t refund_request_id)
{
    const char *mark =
        arena_printf(call->arena, "guichet-refund-%lld", (long long)refund_request_id);

    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *refund = json_array_get(data, i);

        if (strcmp(stripe_refund_request(call, refund), mark) == 0)
            return refund;
    }
    return NULL;
}

static const char *page_path(const struct provider_call *call, const struct refund_order *order,
                             const char *after)
{
    bool by_payment = stripe_id_valid(str_of(order->capture), "pi_");

    return arena_printf(call->arena, "/v1/refunds?%s=%s&limit=%d%s%s",
                        by_payment ? "payment_intent" : "charge", order->capture, PAGE_MAX,
                        *after != '\0' ? "&starting_after=" : "", after);
}

/* One page of the refunds of a payment. *after: where the next one begins, "" when there is none.
 */
static enum err look_through(const struct provider_call *call,
                             const struct provider_account *account,
                             const struct refund_order *order, const char **after,
                             struct refund_answer *answer)
{
    struct stripe_request asked = {.method = "GET", .path = page_path(call, order, *after)};
    struct stripe_answer received;
    const json_t *data, *marked;
    enum err err = stripe_api_call(call, account, &asked, &received);
    size_t count;

    *after = "";
    if (err != OK)
        return err;
    answer->reason = received.reason;
    data = json_at(received.json, "data");
    count = json_array_size(data);
    marked = find_marked(call, data, order->refund_request_id);
    if (marked)
        err = refund_made(call, account, marked, answer);
    else if (json_true_at(received.json, "has_more") && count > 0)
        *after = stripe_id_at(json_array_get(data, count - 1), "id", "", call->arena);
    else if (stripe_is(received.json, "list") && json_is_array(data) &&
             !json_true_at(received.json, "has_more"))
        answer->verdict = REFUND_ABSENT;
    json_decref(received.json);
    return err;
}

/* All refunds of the payment carry their metadata: ours is among them, or it never arrived. */
static enum err refund_find(const struct provider_call *call,
                            const struct provider_account *account,
                            const struct refund_order *order, struct refund_answer *answer)
{
    const char *after = "";
    enum err err = OK;

    answer_begin(account, answer);
    if (!stripe_id_valid(str_of(order->capture), ""))
        return fail(ERR_INPUT, "not a payment of Stripe's");
    for (int page = 0; err == OK && page < PAGES_MAX; page++) {
        err = look_through(call, account, order, &after, answer);
        if (*after == '\0')
            break;
    }
    return err;
}

const struct provider_refunds stripe_refunds = {
    .prepare = refund_prepare,
    .send = refund_send,
    .find = refund_find,
};
