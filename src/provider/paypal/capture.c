/*
 * A payment as PayPal's interface and its webhooks tell it: one shape, the same facts, under the
 * names that its older notifications have for them.
 */
#include "provider/paypal/rest.h"

#include <string.h>

#include "base/arena.h"
#include "provider/paypal/internal.h"

enum { AHEAD_S = 24 * 3600 };

/* A payment being read. */
struct capture {
    const char *id;
    const char *status;
    const char *reason;
    const struct currency *currency;
    int64_t amount_cents;
    bool has_fee;
    int64_t fee_cents;
    int64_t settled_cents;
    int64_t at;
};

/* ---- facts ---- */

enum err rest_subject_begin(struct rest_subject *subject)
{
    const struct provider_call *call = subject->call;
    struct association association;
    enum err err =
        association_find(call->db, subject->account->association_id, call->arena, &association);

    if (err == OK)
        subject->own_currency = association.currency->code;
    return err;
}

struct payment_fact *rest_fact(const struct rest_subject *subject, enum fact_kind kind)
{
    struct resolution *resolution = subject->resolution;
    struct payment_fact *fact;

    if (resolution->fact_count >= FACTS_MAX)
        return NULL;
    fact = &resolution->facts[resolution->fact_count++];
    if (resolution->kind != RESOLUTION_FACTS)
        resolution->detail = "";
    resolution->kind = RESOLUTION_FACTS;
    *fact = (struct payment_fact){
        .kind = kind,
        .association_id = subject->account->association_id,
        .provider_account_id = subject->account->id,
        .token = subject->token,
        .our_mark = subject->our_mark,
        .reference = "",
        .currency = "",
        .fact_at = subject->received_at,
        .payer = subject->payer,
        .reason = "",
    };
    return fact;
}

/* ---- reading ---- */

/* What the account got of money in another currency, net of all. */
static int64_t settled(const struct rest_subject *subject, const json_t *object)
{
    static const char *const paths[] = {"seller_receivable_breakdown.receivable_amount",
                                        "seller_receivable_breakdown.net_amount"};
    const struct currency *currency;
    int64_t cents = 0;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paypal_amount_at(object, paths[i], &currency, &cents) && cents > 0 &&
            strcmp(currency->code, subject->own_currency) == 0)
            return cents;
    return 0;
}

static bool read_fee(const json_t *object, const struct currency *currency, int64_t *cents)
{
    const struct currency *fee_currency;

    return paypal_amount_at(object, "seller_receivable_breakdown.paypal_fee", &fee_currency,
                            cents) &&
           fee_currency == currency && *cents >= 0;
}

static bool capture_read(const struct rest_subject *subject, const json_t *object,
                         struct capture *capture)
{
    struct arena *arena = subject->call->arena;

    *capture = (struct capture){
        .id = paypal_id_at(object, "id", arena),
        .status = paypal_word_at(object, "status", arena),
        .reason = paypal_word_at(object, "status_details.reason", arena),
    };
    if (*capture->id == '\0' || *capture->status == '\0' ||
        !paypal_amount_at(object, "amount", &capture->currency, &capture->amount_cents) ||
        capture->amount_cents <= 0)
        return false;
    if (strcmp(capture->currency->code, subject->own_currency) == 0)
        capture->has_fee = read_fee(object, capture->currency, &capture->fee_cents);
    else /* settled net: nothing is left to be booked as a fee */
        capture->settled_cents = settled(subject, object);
    if (strcmp(capture->currency->code, subject->own_currency) != 0)
        capture->has_fee = capture->settled_cents > 0;
    if (!paypal_time_at(object, "create_time", &capture->at) ||
        capture->at > subject->received_at + AHEAD_S)
        capture->at = subject->received_at;
    return true;
}

/* ---- telling ---- */

static void tell_fee(const struct rest_subject *subject, const struct capture *capture)
{
    struct payment_fact *fact;

    if (!capture->has_fee || !(fact = rest_fact(subject, FACT_FEE)))
        return;
    fact->reference = paypal_fee_reference(capture->id, subject->call->arena);
    fact->parent = capture->id;
    fact->amount_cents = capture->fee_cents;
    fact->currency = capture->currency->code;
    fact->fact_at = capture->at;
}

static void tell_money(const struct rest_subject *subject, const struct capture *capture)
{
    struct payment_fact *fact = rest_fact(subject, FACT_CAPTURE);

    if (!fact)
        return;
    fact->reference = capture->id;
    fact->amount_cents = capture->amount_cents;
    fact->currency = capture->currency->code;
    fact->settled_cents = capture->settled_cents;
    fact->fact_at = capture->at;
    fact->objects[0] = *subject->order ? subject->order : NULL;
    tell_fee(subject, capture);
}

static void tell_state(const struct rest_subject *subject, const struct capture *capture,
                       enum fact_kind kind)
{
    struct payment_fact *fact = rest_fact(subject, kind);

    if (!fact)
        return;
    fact->currency = capture->currency->code;
    fact->reason = *capture->reason ? capture->reason : capture->status;
    fact->objects[0] = capture->id;
    fact->objects[1] = *subject->order ? subject->order : NULL;
    subject->resolution->detail = fact->reason;
}

static bool is_status(const struct capture *capture, const char *a, const char *b, const char *c)
{
    return strcmp(capture->status, a) == 0 || (b && strcmp(capture->status, b) == 0) ||
           (c && strcmp(capture->status, c) == 0);
}

bool paypal_capture_tell(const struct rest_subject *subject, const json_t *object)
{
    struct capture capture;

    if (!capture_read(subject, object, &capture))
        return false;
    if (is_status(&capture, "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"))
        tell_money(subject, &capture);
    else if (is_status(&capture, "PENDING", NULL, NULL))
        tell_state(subject, &capture, FACT_PENDING);
    else if (is_status(&capture, "DECLINED", "FAILED", "DENIED"))
        tell_state(subject, &capture, FACT_FAILED);
    else
        return false;
    return true;
}

/* ---- the fee of a payment that came without it ---- */

enum err paypal_resolve_fee(const struct provider_call *call,
                            const struct provider_account *account, const char *capture,
                            struct resolution *resolution)
{
    struct paypal_request request = {.method = "GET"};
    struct rest_subject subject = {.call = call,
                                   .account = account,
                                   .token = "",
                                   .payer = "",
                                   .order = "",
                                   .received_at = call->now,
                                   .resolution = resolution};
    struct paypal_answer answer;
    struct capture read;
    enum err err;

    *resolution = (struct resolution){.kind = RESOLUTION_NOTHING,
                                      .association_id = account->association_id,
                                      .provider_account_id = account->id,
                                      .detail = ""};
    if (!paypal_able(account) || !paypal_id_valid(str_of(capture)))
        return OK;
    request.path = arena_printf(call->arena, "/v2/payments/captures/%s", capture);
    err = rest_subject_begin(&subject);
    if (err == OK)
        err = paypal_api_call(call, account, &request, &answer);
    if (err != OK)
        return err;
    paypal_retry(resolution, &answer);
    if (answer.verdict == PAYPAL_DONE && capture_read(&subject, answer.json, &read) &&
        strcmp(read.id, capture) == 0)
        tell_fee(&subject, &read);
    json_decref(answer.json);
    return OK;
}
