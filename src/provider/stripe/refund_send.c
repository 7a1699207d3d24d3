/*
 * Refunds that a person asks for here.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

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

    *answer = (struct refund_answer){
        .verdict = REFUND_UNKNOWN,
        .reason = "",
        .facts = {.kind = RESOLUTION_NOTHING,
                  .association_id = account->association_id,
                  .provider_account_id = account->id,
                  .detail = ""},
    };
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

const struct provider_refunds stripe_refunds = {
    .prepare = refund_prepare,
    .send = refund_send,
};
