/*
 * Money that goes back: a refund or a reversal as PayPal tells it, and refunds that a person asks
 * for here.
 *
 * PayPal writes positive amounts, and of its breakdown only what it gives back of its fee is
 * believed: its sums were seen to differ between a webhook and an answer.
 */
#include "provider/paypal/rest.h"

#include <string.h>

#include "base/arena.h"
#include "provider/paypal/internal.h"

#define REQUEST_MARK "guichet-refund-"

enum { AHEAD_S = 24 * 3600 };

static int64_t fee_given_back(const json_t *json, const struct currency *currency)
{
    const struct currency *fee_currency;
    int64_t cents = 0;

    if (!paypal_amount_at(json, "seller_payable_breakdown.paypal_fee", &fee_currency, &cents) ||
        fee_currency != currency || cents < 0)
        return 0;
    return cents;
}

static int64_t settled(const struct rest_subject *subject, const json_t *json)
{
    const struct currency *currency;
    int64_t cents = 0;

    if (!paypal_amount_at(json, "seller_payable_breakdown.net_amount", &currency, &cents) ||
        strcmp(currency->code, subject->own_currency) != 0 || cents < 0)
        return 0;
    return cents;
}

bool paypal_refund_read(const struct rest_subject *subject, const json_t *json,
                        struct paypal_refund *refund)
{
    struct arena *arena = subject->call->arena;
    const char *mark = paypal_word_at(json, "custom_id", arena);

    *refund = (struct paypal_refund){
        .id = paypal_id_at(json, "id", arena),
        .status = paypal_word_at(json, "status", arena),
        .reason = paypal_word_at(json, "status_details.reason", arena),
        .capture = paypal_link_id(json, "up", arena),
        .request = strncmp(mark, REQUEST_MARK, strlen(REQUEST_MARK)) == 0 ? mark : NULL,
    };
    if (*refund->id == '\0' || *refund->capture == '\0' ||
        !paypal_amount_at(json, "amount", &refund->currency, &refund->amount_cents))
        return false;
    if (refund->amount_cents < 0) /* its older face wrote what left with a minus */
        refund->amount_cents = -refund->amount_cents;
    if (strcmp(refund->currency->code, subject->own_currency) == 0)
        refund->fee_back_cents = fee_given_back(json, refund->currency);
    else
        refund->settled_cents = settled(subject, json);
    if (!paypal_time_at(json, "create_time", &refund->at) ||
        refund->at > subject->received_at + AHEAD_S)
        refund->at = subject->received_at;
    return refund->amount_cents > 0;
}

void paypal_refund_tell(const struct rest_subject *subject, const struct paypal_refund *refund,
                        enum fact_kind kind, enum fact_kind fee_kind)
{
    struct payment_fact *fact = rest_fact(subject, kind);

    fact->reference = refund->id;
    fact->parent = refund->capture;
    fact->amount_cents = refund->amount_cents;
    fact->currency = refund->currency->code;
    fact->settled_cents = refund->settled_cents;
    fact->fact_at = refund->at;
    fact->reason = refund->reason;
    fact->objects[0] = refund->request;
    if (refund->fee_back_cents == 0)
        return;
    fact = rest_fact(subject, fee_kind);
    fact->reference = paypal_fee_reference(refund->id, subject->call->arena);
    fact->parent = refund->id;
    fact->amount_cents = -refund->fee_back_cents;
    fact->currency = refund->currency->code;
    fact->fact_at = refund->at;
}

/* ---- asking for one ---- */

/* The payment's name stands before the bytes that are sent. */
static enum err refund_prepare(const struct provider_call *call, const struct refund_order *order,
                               struct str *request)
{
    const struct currency *currency = money_currency(order->currency);
    json_t *body;

    if (!currency || !paypal_id_valid(str_of(order->capture)) || order->amount_cents <= 0)
        return fail(ERR_INPUT, "not a refund that PayPal takes");
    body = json_pack(
        "{s:{s:s, s:s}, s:s}", "amount", "currency_code", currency->code, "value",
        paypal_value(order->amount_cents, currency, call->arena), "custom_id",
        arena_printf(call->arena, REQUEST_MARK "%lld", (long long)order->refund_request_id));
    if (!body)
        return fail(ERR_INTERNAL, "PayPal: a refund that is no JSON");
    *request = str_of(arena_printf(call->arena, "%s\n%.*s", order->capture,
                                   STR_PRINT(json_write(body, call->arena))));
    json_decref(body);
    return OK;
}

static bool is_status(const struct paypal_refund *refund, const char *status)
{
    return strcmp(refund->status, status) == 0;
}

/* The answer to our id is our refund. One that is under way moves money when it is told again. */
static void refund_judge(const struct rest_subject *subject, const json_t *json,
                         const char *capture, struct refund_answer *answer)
{
    struct paypal_refund refund;

    if (!paypal_refund_read(subject, json, &refund) || strcmp(refund.capture, capture) != 0) {
        answer->reason = "réponse inattendue de PayPal";
    } else if (is_status(&refund, "FAILED") || is_status(&refund, "CANCELLED")) {
        answer->verdict = REFUND_REFUSED;
        answer->reason = *refund.reason ? refund.reason : refund.status;
    } else {
        answer->verdict = REFUND_MADE;
        answer->reference = refund.id;
        if (is_status(&refund, "COMPLETED"))
            paypal_refund_tell(subject, &refund, FACT_REFUND, FACT_FEE);
    }
}

static enum err refund_call(const struct rest_subject *subject, const char *capture,
                            struct str body, const char *id, struct refund_answer *answer)
{
    const struct provider_call *call = subject->call;
    struct paypal_answer received;
    struct paypal_request asked = {
        .method = "POST",
        .path = arena_printf(call->arena, "/v2/payments/captures/%s/refund", capture),
        .body = body,
        .request_id = id,
    };
    enum err err = paypal_api_call(call, subject->account, &asked, &received);

    if (err != OK)
        return err;
    answer->reason = received.reason;
    if (received.verdict == PAYPAL_REFUSED &&
        paypal_issue_verdict(PAYPAL_REFUNDS, &received) != ISSUE_AGAIN) {
        answer->verdict = REFUND_REFUSED;
        answer->reason =
            *received.issue && received.status != 401 ? received.issue : received.reason;
    }
    if (received.verdict == PAYPAL_DONE)
        refund_judge(subject, received.json, capture, answer);
    json_decref(received.json);
    return OK;
}

static enum err refund_send(const struct provider_call *call,
                            const struct provider_account *account, const char *request,
                            const char *idempotency_key, struct refund_answer *answer)
{
    struct rest_subject subject = {.call = call,
                                   .account = account,
                                   .token = "",
                                   .payer = "",
                                   .order = "",
                                   .received_at = call->now,
                                   .resolution = &answer->facts};
    struct str body = str_of(request);
    struct str capture = str_cut(&body, '\n');
    enum err err;

    *answer = (struct refund_answer){
        .verdict = REFUND_UNKNOWN,
        .reason = "",
        .facts = {.kind = RESOLUTION_NOTHING,
                  .association_id = account->association_id,
                  .provider_account_id = account->id,
                  .detail = ""},
    };
    if (!paypal_id_valid(capture) || str_empty(body))
        return fail(ERR_INTERNAL, "PayPal: a stored refund that is none");
    err = rest_subject_begin(&subject);
    return err ? err
               : refund_call(&subject, str_copy(call->arena, capture), body, idempotency_key,
                             answer);
}

/* PayPal keeps the id of a refund's request for 45 days; it has no list of refunds to look in. */
const struct provider_refunds paypal_refunds = {
    .key_life_s = (int64_t)40 * 24 * 3600,
    .prepare = refund_prepare,
    .send = refund_send,
};
