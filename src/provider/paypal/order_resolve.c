/*
 * What became of an order, and capturing it: on the way back, on PayPal's word that it is
 * approved, or when the sweep comes by. Whoever is first captures; the others find it captured.
 */
#include "provider/paypal/rest.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "provider/paypal/internal.h"

enum { PAUSE_FIRST_S = 10, PAUSE_MAX_S = 1200 };

/* One look at an order. */
struct looking {
    const struct provider_call *call;
    const struct provider_account *account;
    const struct provider_intent *intent;
    struct resolution *resolution;
    bool may_capture;         /* the attempt is open, and on nobody's way to be ended */
    enum fact_kind if_unpaid; /* FACT_EXPIRED, FACT_CANCELED: what one that nobody paid becomes */
    bool ends;                /* it becomes that now */
};

static void begin(struct looking *looking)
{
    *looking->resolution = (struct resolution){
        .kind = RESOLUTION_NOTHING,
        .association_id = looking->account->association_id,
        .provider_account_id = looking->account->id,
        .detail = "",
    };
}

static struct rest_subject subject_of(const struct looking *looking, const char *payer)
{
    return (struct rest_subject){
        .call = looking->call,
        .account = looking->account,
        .token = looking->intent->token,
        .our_mark = true,
        .payer = payer,
        .order = looking->intent->reference,
        .received_at = looking->call->now,
        .resolution = looking->resolution,
    };
}

/* ---- without money ---- */

static void tell_state(const struct looking *looking, enum fact_kind kind, const char *reason,
                       const char *reference)
{
    struct rest_subject subject = subject_of(looking, "");
    struct payment_fact *fact = rest_fact(&subject, kind);

    fact->reference = reference;
    fact->currency = looking->intent->currency;
    fact->reason = reason;
    looking->resolution->detail = reason;
}

static void tell_unpaid(const struct looking *looking)
{
    if (looking->ends)
        tell_state(looking, looking->if_unpaid, "", "");
}

/* Is it the order of this attempt, paid to the account of our books? Nothing else is captured or
 * booked. */
static bool is_ours(const struct looking *looking, const struct paypal_order *order)
{
    const struct provider_account *account = looking->account;

    return order->whole && hash_equal(str_of(order->token), str_of(looking->intent->token)) &&
           strcmp(order->merchant_id, account->external_id) == 0 &&
           order->amount_cents == looking->intent->amount_cents &&
           strcmp(order->currency->code, looking->intent->currency) == 0;
}

/* ---- money ---- */

static enum err tell_captures(const struct looking *looking, const struct paypal_order *order)
{
    struct rest_subject subject = subject_of(looking, order->payer);
    enum err err = rest_subject_begin(&subject);

    for (size_t i = 0;
         err == OK && i < json_array_size(order->captures) && i < PAYPAL_CAPTURES_MAX; i++)
        if (!paypal_capture_tell(&subject, json_array_get(order->captures, i)))
            log_line(LOG_ERROR, "paypal.capture", "a capture that cannot be read");
    return err;
}

/* A try that was refused bears another id the next time: PayPal would repeat its refusal. */
static const char *try_id(const struct looking *looking)
{
    return arena_printf(looking->call->arena, "cap-%s-%lld", looking->intent->reference,
                        (long long)looking->intent->declines + 1);
}

static enum err look_again(struct looking *looking);

/* Whoever set the account up may mend it while the order is alive. */
static void try_later(const struct looking *looking, const struct paypal_answer *answer)
{
    if (looking->ends)
        tell_unpaid(looking);
    else
        paypal_retry(looking->resolution, answer);
}

static enum err capture_refused(struct looking *looking, const struct paypal_answer *answer)
{
    switch (paypal_issue_verdict(PAYPAL_CAPTURES, answer)) {
    case ISSUE_AGAIN:
        try_later(looking, answer);
        break;
    case ISSUE_LOOK:
        looking->may_capture = false;
        return look_again(looking);
    case ISSUE_WAIT:
        tell_unpaid(looking);
        break;
    case ISSUE_BACK:
        tell_state(looking, FACT_DECLINED, answer->issue, try_id(looking));
        break;
    case ISSUE_SETUP:
        log_line(LOG_ERROR, "paypal.capture", "%s", answer->reason);
        try_later(looking, answer);
        break;
    case ISSUE_ENDED:
    case ISSUE_NEVER:
        tell_state(looking, FACT_FAILED, answer->issue, "");
        break;
    }
    return OK;
}

static enum err capture(struct looking *looking)
{
    const struct provider_call *call = looking->call;
    struct paypal_answer answer;
    struct paypal_order order;
    struct paypal_request request = {
        .method = "POST",
        .path = arena_printf(call->arena, "/v2/checkout/orders/%s/capture",
                             looking->intent->reference),
        .body = str_of("{}"),
        .request_id = try_id(looking),
    };
    enum err err = paypal_api_call(call, looking->account, &request, &answer);

    if (err != OK)
        return err;
    if (answer.verdict == PAYPAL_UNKNOWN) {
        paypal_retry(looking->resolution, &answer);
    } else if (answer.verdict == PAYPAL_REFUSED) {
        err = capture_refused(looking, &answer);
    } else if (paypal_order_read(answer.json, call->arena, &order) &&
               strcmp(order.id, looking->intent->reference) == 0 && order.captures &&
               (*order.merchant_id == '\0' ||
                strcmp(order.merchant_id, looking->account->external_id) == 0)) {
        err = tell_captures(looking, &order);
    } else { /* done, and not told whole: it is read */
        looking->may_capture = false;
        err = look_again(looking);
    }
    json_decref(answer.json);
    return err;
}

/* After a refusal the order may stay approved until the payer has chosen another means, and
 * nothing tells the one approval from the other: so the same card is not tried with every look,
 * but after a while that doubles each time. */
static int64_t pause_s(const struct looking *looking)
{
    const struct provider_intent *intent = looking->intent;
    int64_t pause = PAUSE_FIRST_S, since = looking->call->now - intent->declined_at;

    if (intent->declines == 0)
        return 0;
    for (int64_t i = 1; i < intent->declines && pause < PAUSE_MAX_S; i++)
        pause *= 2;
    if (pause > PAUSE_MAX_S)
        pause = PAUSE_MAX_S;
    return since < 0 || since < pause ? pause - (since > 0 ? since : 0) : 0;
}

static enum err capture_when_due(struct looking *looking)
{
    const struct paypal_answer wait = {.reason = "moyen refusé à l'instant",
                                       .retry_after_s = pause_s(looking)};

    if (wait.retry_after_s == 0)
        return capture(looking);
    try_later(looking, &wait);
    return OK;
}

/* ---- looking ---- */

static enum err judge(struct looking *looking, const struct paypal_order *order)
{
    if (!is_ours(looking, order)) {
        log_line(LOG_ERROR, "paypal.order", "an order that is not the attempt's");
        if (looking->ends || looking->may_capture)
            tell_state(looking, FACT_FAILED, "another_order", "");
        return OK;
    }
    if (json_array_size(order->captures) > 0)
        return tell_captures(looking, order);
    if (strcmp(order->status, "APPROVED") == 0 && looking->may_capture)
        return capture_when_due(looking);
    if (strcmp(order->status, "VOIDED") == 0)
        looking->ends = true;
    tell_unpaid(looking);
    return OK;
}

/* PayPal forgets what nobody paid in time; and where it lets us ask no more, nobody can capture:
 * the clock ends it. */
static bool is_lost(const struct looking *looking, const struct paypal_answer *answer)
{
    return answer->status == 404 ||
           (answer->verdict == PAYPAL_REFUSED && looking->if_unpaid == FACT_EXPIRED);
}

static enum err look_again(struct looking *looking)
{
    struct paypal_answer answer;
    struct paypal_order order;
    enum err err = paypal_order_fetch(looking->call, looking->account, looking->intent->reference,
                                      &order, &answer);

    if (err != OK)
        return err;
    if (answer.verdict == PAYPAL_DONE)
        err = judge(looking, &order);
    else if (looking->ends && is_lost(looking, &answer))
        tell_unpaid(looking);
    else
        paypal_retry(looking->resolution, &answer);
    json_decref(answer.json);
    return err;
}

enum err paypal_order_resolve(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct provider_intent *intent, const char *state,
                              struct resolution *resolution)
{
    bool open = strcmp(state, "open") == 0;
    struct looking looking = {.call = call,
                              .account = account,
                              .intent = intent,
                              .resolution = resolution,
                              .may_capture = open,
                              .if_unpaid = FACT_EXPIRED,
                              .ends = open && call->now >= intent->expires_at};

    begin(&looking);
    if (!intent->reference) {
        resolution->detail = "commande encore inconnue";
        return OK;
    }
    return look_again(&looking);
}

/* PayPal cannot be told to forget an order; but we capture it no more. Money that came before is
 * told. */
enum err paypal_order_cancel(const struct provider_call *call,
                             const struct provider_account *account,
                             const struct provider_intent *intent, struct resolution *resolution)
{
    struct looking looking = {.call = call,
                              .account = account,
                              .intent = intent,
                              .resolution = resolution,
                              .if_unpaid = FACT_CANCELED,
                              .ends = true};

    begin(&looking);
    if (!intent->reference) {
        paypal_retry(resolution, &(struct paypal_answer){.reason = "commande encore inconnue"});
        return OK;
    }
    return look_again(&looking);
}
