/*
 * A Checkout Session as Stripe tells it, in a signed body or in an answer.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

enum { PAYER_MAX = 120, TOKEN_MAX = 200 };

/* The charge: its id, or the whole of it where it was asked for. */
static void charge_read(const json_t *object, struct arena *arena, struct stripe_session *session)
{
    session->charge = stripe_id_at(object, "payment_intent.latest_charge.id", "", arena);
    if (*session->charge == '\0')
        session->charge = stripe_id_at(object, "payment_intent.latest_charge", "", arena);
    (void)stripe_time_at(object, "payment_intent.latest_charge.created", &session->charge_at);
    session->has_balance =
        stripe_balance_read(json_at(object, "payment_intent.latest_charge.balance_transaction"),
                            arena, &session->balance) == OK;
    session->balance.source = NULL;
}

/* payment_intent is an id, or an object where it was asked for. */
static void payment_read(const json_t *object, struct arena *arena, struct stripe_session *session)
{
    session->payment_intent = stripe_id_at(object, "payment_intent.id", "pi_", arena);
    if (*session->payment_intent == '\0')
        session->payment_intent = stripe_id_at(object, "payment_intent", "pi_", arena);
    session->payment_status_detail = stripe_id_at(object, "payment_intent.status", "", arena);
    session->failure =
        stripe_id_at(object, "payment_intent.last_payment_error.decline_code", "", arena);
    if (*session->failure == '\0')
        session->failure =
            stripe_id_at(object, "payment_intent.last_payment_error.code", "", arena);
}

enum err stripe_session_read(const json_t *object, struct arena *arena,
                             struct stripe_session *session)
{
    *session = (struct stripe_session){0};
    if (!str_is(json_text(object, "object"), "checkout.session"))
        return fail(ERR_INPUT, "not a checkout session");
    session->id = stripe_id_at(object, "id", "cs_", arena);
    if (*session->id == '\0')
        return fail(ERR_INPUT, "checkout session without id");
    session->live = json_true_at(object, "livemode");
    session->status = stripe_id_at(object, "status", "", arena);
    session->payment_status = stripe_id_at(object, "payment_status", "", arena);
    session->has_amount = stripe_cents_at(object, "amount_total", &session->amount_cents);
    session->currency = stripe_currency_at(object, "currency", arena);
    session->url = stripe_text_at(object, "url", STRIPE_URL_MAX, arena);
    session->client_secret =
        stripe_text_at(object, "client_secret", STRIPE_CLIENT_SECRET_MAX, arena);
    (void)stripe_time_at(object, "created", &session->created_at);
    (void)json_integer_at(object, "expires_at", &session->expires_at);
    session->reference = stripe_text_at(object, "metadata.intent", TOKEN_MAX, arena);
    session->installation = stripe_text_at(object, "metadata.guichet", TOKEN_MAX, arena);
    session->client_reference = stripe_text_at(object, "client_reference_id", TOKEN_MAX, arena);
    session->payer = stripe_text_at(object, "customer_details.name", PAYER_MAX, arena);
    payment_read(object, arena, session);
    charge_read(object, arena, session);
    return OK;
}

static bool paid(const struct stripe_session *session)
{
    return strcmp(session->payment_status, "paid") == 0;
}

bool stripe_session_whole(const struct stripe_session *session)
{
    if (!session->has_amount || session->amount_cents < 0 || *session->currency == '\0' ||
        *session->payment_status == '\0')
        return false;
    return !paid(session) || *session->payment_intent != '\0';
}

struct payment_fact *stripe_session_fact(const struct stripe_session *session,
                                         const struct provider_account *account,
                                         enum fact_kind kind, const char *token,
                                         struct resolution *resolution)
{
    struct payment_fact *fact = &resolution->facts[resolution->fact_count++];

    resolution->kind = RESOLUTION_FACTS;
    fact->kind = kind;
    fact->association_id = account->association_id;
    fact->provider_account_id = account->id;
    fact->token = token;
    fact->reference = kind == FACT_CAPTURE ? session->payment_intent : "";
    fact->amount_cents = kind == FACT_CAPTURE ? session->amount_cents : 0;
    fact->currency = session->currency;
    fact->payer = session->payer;
    fact->reason = kind == FACT_FAILED ? session->failure : "";
    stripe_fact_name(fact, session->id);
    stripe_fact_name(fact, session->payment_intent);
    stripe_fact_name(fact, session->charge);
    return fact;
}

void stripe_retry(struct resolution *resolution, const struct stripe_answer *answer)
{
    resolution->kind = RESOLUTION_RETRY;
    resolution->detail = answer->reason;
    resolution->retry_after_s = answer->retry_after_s;
    resolution->provider_down = answer->down;
}

/* What was read must be the session asked for, in the account's mode. */
static bool session_is(const struct stripe_session *session,
                       const struct provider_account *account, const char *id)
{
    return strcmp(session->id, id) == 0 && session->live == (account->mode == ACCOUNT_LIVE);
}

enum err stripe_session_fetch(const struct provider_call *call,
                              const struct provider_account *account, const char *id,
                              struct stripe_session *session, struct resolution *resolution,
                              bool *found)
{
    struct stripe_answer answer;
    struct stripe_request request = {.method = "GET"};
    enum err err;

    *found = false;
    if (!stripe_id_valid(str_of(id), "cs_"))
        return fail(ERR_INPUT, "not the id of a session");
    request.path = arena_printf(call->arena,
                                "/v1/checkout/sessions/%s?expand%%5B%%5D="
                                "payment_intent.latest_charge.balance_transaction",
                                id);
    err = stripe_api_call(call, account, &request, &answer);
    if (err != OK)
        return err;
    stripe_retry(resolution, &answer);
    if (answer.verdict == STRIPE_REFUSED && answer.status == 404) {
        resolution->kind = RESOLUTION_OUTCOME;
        resolution->outcome = OUTCOME_UNSUPPORTED;
        resolution->detail = "session introuvable chez Stripe";
    }
    if (answer.verdict != STRIPE_DONE)
        return OK;
    if (stripe_session_read(answer.json, call->arena, session) == OK &&
        session_is(session, account, id))
        *found = true;
    else
        resolution->detail = "réponse inattendue de Stripe";
    json_decref(answer.json);
    return OK;
}
