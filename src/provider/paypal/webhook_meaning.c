/*
 * What a proven webhook means: the same facts, under the same names, as PayPal's older
 * notifications of the same money and its interface's answers.
 */
#include "provider/paypal/webhook.h"

#include <string.h>

#include "base/arena.h"
#include "payment/intent.h"
#include "payment/known.h"
#include "provider/paypal/internal.h"

enum { AHEAD_S = 24 * 3600 };

/* A message being read. */
struct reading {
    struct rest_subject subject;
    const json_t *resource;
    const char *type;
    struct payment_intent intent;
    bool has_intent;
};

static void conclude(const struct reading *reading, enum event_outcome outcome, const char *detail)
{
    paypal_conclude(reading->subject.resolution, outcome, detail);
}

/* ---- whom it concerns ---- */

/* The whole value of an attempt's token first, whatever its form. */
static enum err name_intent(struct reading *reading, struct str text)
{
    struct rest_subject *subject = &reading->subject;
    const struct provider_call *call = subject->call;
    enum err err;

    if (reading->has_intent || str_empty(text) || text.len > PAYPAL_TOKEN_MAX)
        return OK;
    err = intent_find_token(call->db, text, call->arena, &reading->intent);
    if (err == OK && reading->intent.association_id == subject->account->association_id &&
        reading->intent.provider_account_id == subject->account->id) {
        reading->has_intent = true;
        subject->token = reading->intent.token;
        subject->our_mark = true;
    } else if (paypal_is_mark(text, call->installation)) {
        subject->our_mark = true;
        if (*subject->token == '\0')
            subject->token = str_copy(call->arena, text);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err find_intent(struct reading *reading, const json_t *object)
{
    enum err err = name_intent(reading, json_text(object, "custom_id"));

    return err ? err : name_intent(reading, json_text(object, "invoice_id"));
}

/* A message that names its payee names the account it came to. */
static bool foreign(const struct reading *reading, const json_t *object)
{
    const struct provider_account *account = reading->subject.account;
    struct str merchant = json_text(object, "payee.merchant_id");

    return !str_empty(merchant) && *account->external_id != '\0' &&
           !str_is(merchant, account->external_id);
}

/* ---- orders ---- */

static enum err look_at_order(struct reading *reading, const char *order_id)
{
    const struct rest_subject *subject = &reading->subject;
    const struct payment_intent *intent = &reading->intent;
    struct provider_intent asked = {
        .association_id = intent->association_id,
        .id = intent->id,
        .token = intent->token,
        .request = intent->request,
        .idempotency_key = intent->idempotency_key,
        .reference = order_id,
        .amount_cents = intent->amount_cents,
        .currency = intent->currency,
        .expires_at = intent->expires_at,
        .declines = intent->declines,
        .declined_at = intent->declines > 0 ? intent->updated_at : 0,
    };
    enum err err = paypal_order_resolve(subject->call, subject->account, &asked,
                                        intent_state_name(intent->state), subject->resolution);

    if (err == OK && subject->resolution->kind == RESOLUTION_NOTHING)
        conclude(reading, OUTCOME_NOTED, reading->type);
    return err;
}

/* Approved, or its approval taken back: the order itself says what is true now. An attempt that
 * has another order, or that is not open any more, is left alone. */
static enum err order_news(struct reading *reading)
{
    const json_t *object = reading->resource;
    const char *id = paypal_id_at(object, "id", reading->subject.call->arena);
    enum err err;

    if (*id == '\0') /* of an approval taken back */
        id = paypal_id_at(object, "order_id", reading->subject.call->arena);
    err = find_intent(reading, json_at(object, "purchase_units.0"));
    if (err)
        return err;
    if (!reading->has_intent)
        conclude(reading, reading->subject.our_mark ? OUTCOME_NOTED : OUTCOME_NOT_OURS, "");
    else if (reading->intent.state != INTENT_OPEN || !reading->intent.reference ||
             strcmp(reading->intent.reference, id) != 0)
        conclude(reading, OUTCOME_NOTED, reading->type);
    else
        return look_at_order(reading, id);
    return OK;
}

static enum err order_completed(struct reading *reading)
{
    struct rest_subject *subject = &reading->subject;
    struct paypal_order order;
    enum err err;

    if (!paypal_order_read(reading->resource, subject->call->arena, &order)) {
        conclude(reading, OUTCOME_UNSUPPORTED, "commande illisible");
        return OK;
    }
    err = find_intent(reading, json_at(reading->resource, "purchase_units.0"));
    if (err)
        return err;
    subject->payer = order.payer;
    subject->order = order.id;
    conclude(reading, OUTCOME_NOTED, reading->type);
    if (foreign(reading, json_at(reading->resource, "purchase_units.0")))
        conclude(reading, OUTCOME_OTHER_ACCOUNT, "le receveur n'est pas ce compte");
    else
        for (size_t i = 0; i < json_array_size(order.captures) && i < PAYPAL_CAPTURES_MAX; i++)
            (void)paypal_capture_tell(subject, json_array_get(order.captures, i));
    return OK;
}

/* ---- payments ---- */

static const char *order_of(const struct reading *reading)
{
    struct arena *arena = reading->subject.call->arena;
    const char *id =
        paypal_id_at(reading->resource, "supplementary_data.related_ids.order_id", arena);

    return *id ? id : paypal_link_id(reading->resource, "up", arena);
}

static enum err capture_news(struct reading *reading)
{
    struct rest_subject *subject = &reading->subject;
    enum err err = find_intent(reading, reading->resource);

    if (err)
        return err;
    subject->order = order_of(reading);
    if (foreign(reading, reading->resource))
        conclude(reading, OUTCOME_OTHER_ACCOUNT, "le receveur n'est pas ce compte");
    else if (!paypal_capture_tell(subject, reading->resource))
        conclude(reading, OUTCOME_UNSUPPORTED, "paiement illisible");
    return OK;
}

/* Denied after it was booked: it went again. */
static enum err capture_denied(struct reading *reading)
{
    struct rest_subject *subject = &reading->subject;
    const struct provider_call *call = subject->call;
    const char *id = paypal_id_at(reading->resource, "id", call->arena);
    const struct currency *currency;
    struct payment_fact *fact;
    int64_t cents = 0;
    bool booked = false;
    enum err err = known_movement(call->db, subject->account->association_id, subject->account->id,
                                  "capture", id, &booked);

    if (err)
        return err;
    if (!booked)
        return capture_news(reading);
    if (!paypal_amount_at(reading->resource, "amount", &currency, &cents) || cents <= 0) {
        conclude(reading, OUTCOME_UNSUPPORTED, "paiement illisible");
        return OK;
    }
    fact = rest_fact(subject, FACT_CAPTURE_FAILED);
    fact->reference = fact->parent = id;
    fact->amount_cents = cents;
    fact->currency = currency->code;
    fact->reason = paypal_word_at(reading->resource, "status_details.reason", call->arena);
    return OK;
}

/* ---- money that goes back ---- */

static bool is_status(const struct paypal_refund *refund, const char *status)
{
    return strcmp(refund->status, status) == 0;
}

static enum err refund_failed(struct reading *reading, struct paypal_refund *refund)
{
    struct rest_subject *subject = &reading->subject;
    bool booked = false;
    enum err err = known_movement(subject->call->db, subject->account->association_id,
                                  subject->account->id, "refund", refund->id, &booked);

    conclude(reading, OUTCOME_NOTED, refund->status);
    if (err || !booked)
        return err;
    refund->capture = refund->id; /* what it follows */
    refund->fee_back_cents = 0;
    paypal_refund_tell(subject, refund, FACT_REFUND_FAILED, FACT_FEE);
    return OK;
}

static enum err refund_news(struct reading *reading)
{
    struct rest_subject *subject = &reading->subject;
    bool reversal = strcmp(reading->type, "PAYMENT.CAPTURE.REVERSED") == 0;
    struct paypal_refund refund;

    if (!paypal_refund_read(subject, reading->resource, &refund))
        conclude(reading, OUTCOME_UNSUPPORTED, "remboursement illisible");
    else if (is_status(&refund, "FAILED") || is_status(&refund, "CANCELLED"))
        return refund_failed(reading, &refund);
    else if (is_status(&refund, "PENDING"))
        conclude(reading, OUTCOME_NOTED, refund.status);
    else if (reversal)
        paypal_refund_tell(subject, &refund, FACT_DISPUTE, FACT_DISPUTE_FEE);
    else
        paypal_refund_tell(subject, &refund, FACT_REFUND, FACT_FEE);
    return OK;
}

/* ---- disputes ---- */

static enum dispute_state dispute_state_of(const struct reading *reading)
{
    static const struct {
        const char *outcome;
        enum dispute_state state;
    } ends[] = {
        {"RESOLVED_SELLER_FAVOUR", DISPUTE_WON},
        {"RESOLVED_BUYER_FAVOUR", DISPUTE_LOST},
        {"ACCEPTED", DISPUTE_LOST},
        {"DENIED", DISPUTE_WON},
        {"CANCELED_BY_BUYER", DISPUTE_WON},
    };
    const json_t *object = reading->resource;
    struct str outcome = json_text(object, "dispute_outcome.outcome_code");

    if (str_is(json_text(object, "status"), "RESOLVED")) {
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            if (str_is(outcome, ends[i].outcome))
                return ends[i].state;
        return DISPUTE_CLOSED;
    }
    return str_is(json_text(object, "dispute_life_cycle_stage"), "INQUIRY") ? DISPUTE_INQUIRY
                                                                            : DISPUTE_OPEN;
}

static enum err dispute_news(struct reading *reading)
{
    const struct rest_subject *subject = &reading->subject;
    struct arena *arena = subject->call->arena;
    const json_t *object = reading->resource;
    const char *id = paypal_id_at(object, "dispute_id", arena);
    const char *payment =
        paypal_id_at(object, "disputed_transactions.0.seller_transaction_id", arena);
    struct payment_fact *fact;
    int64_t at;

    if (*id == '\0' || *payment == '\0') {
        conclude(reading, OUTCOME_UNSUPPORTED, "litige sans numéro");
        return OK;
    }
    fact = rest_fact(subject, FACT_DISPUTE_OPENED);
    fact->parent = payment;
    fact->dispute = id;
    fact->dispute_state = dispute_state_of(reading);
    fact->reason = paypal_word_at(object, "reason", arena);
    if ((paypal_time_at(object, "update_time", &at) ||
         paypal_time_at(object, "create_time", &at)) &&
        at <= subject->received_at + AHEAD_S)
        fact->fact_at = at;
    if (!paypal_time_at(object, "seller_response_due_date", &fact->deadline_at))
        fact->deadline_at = 0;
    subject->resolution->detail = id;
    return OK;
}

/* ---- all ---- */

static const struct {
    const char *type;
    enum err (*read)(struct reading *reading);
} meanings[] = {
    {"CHECKOUT.ORDER.APPROVED", order_news},
    {"CHECKOUT.ORDER.COMPLETED", order_completed},
    {"CHECKOUT.PAYMENT-APPROVAL.REVERSED", order_news},
    {"PAYMENT.CAPTURE.COMPLETED", capture_news},
    {"PAYMENT.CAPTURE.PENDING", capture_news},
    {"PAYMENT.CAPTURE.DENIED", capture_denied},
    {"PAYMENT.CAPTURE.DECLINED", capture_denied},
    {"PAYMENT.CAPTURE.REFUNDED", refund_news},
    {"PAYMENT.CAPTURE.REVERSED", refund_news},
    {"CUSTOMER.DISPUTE.CREATED", dispute_news},
    {"CUSTOMER.DISPUTE.UPDATED", dispute_news},
    {"CUSTOMER.DISPUTE.RESOLVED", dispute_news},
};
enum { MEANING_COUNT = sizeof meanings / sizeof meanings[0] };

const char *paypal_webhook_type(size_t index)
{
    return index < MEANING_COUNT ? meanings[index].type : NULL;
}

enum err paypal_webhook_meaning(const struct provider_call *call,
                                const struct provider_account *account, const json_t *json,
                                int64_t received_at, struct resolution *resolution)
{
    struct reading reading = {
        .subject = {.call = call,
                    .account = account,
                    .token = "",
                    .payer = "",
                    .order = "",
                    .received_at = received_at,
                    .resolution = resolution},
        .resource = json_at(json, "resource"),
        .type = paypal_word_at(json, "event_type", call->arena),
    };
    enum err err = rest_subject_begin(&reading.subject);

    if (err)
        return err;
    paypal_conclude(resolution, OUTCOME_UNSUPPORTED, reading.type);
    for (size_t i = 0; i < MEANING_COUNT; i++)
        if (strcmp(reading.type, meanings[i].type) == 0)
            return meanings[i].read(&reading);
    return OK;
}
