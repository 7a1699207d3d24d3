/*
 * Opening, ending and re-reading a Checkout Session.
 */
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "payment/intent.h"
#include "provider/stripe/money.h"

/* ---- opening ---- */

/* Exactly Stripe's checkout host, then a path: nothing that a browser could read otherwise. */
static bool url_allowed(const struct provider_settings *settings, const char *url)
{
    size_t len = strlen(settings->stripe_checkout_url);

    if (strncmp(url, settings->stripe_checkout_url, len) != 0 || url[len] != '/')
        return false;
    for (const char *c = url; *c; c++) {
        if (*c <= ' ' || *c > '~' || strchr("\\\"<>^`{|}", *c))
            return false;
    }
    return true;
}

static void refuse(struct checkout_answer *answer, const char *reason)
{
    answer->verdict = CHECKOUT_REFUSED;
    answer->reason = reason;
    log_line(LOG_ERROR, "stripe.checkout", "%s", reason);
}

/* A session that is no longer open (the answer to a repeated request may say so) is OPENED
 * without url: nobody can be sent there, but its reference lets the truth be read. */
static void session_judge(const struct provider_call *call, const struct provider_account *account,
                          const struct provider_intent *intent,
                          const struct stripe_session *session, struct checkout_answer *answer)
{
    bool open = strcmp(session->status, "open") == 0;

    answer->reference = session->id;
    answer->expires_at = session->expires_at > 0 ? session->expires_at : 0;
    if (session->live != (account->mode == ACCOUNT_LIVE))
        refuse(answer, "la clé n'est pas du mode du compte");
    else if (!hash_equal(str_of(session->client_reference), str_of(intent->token)))
        refuse(answer, "Stripe a répondu pour une autre tentative");
    else if (!open && *session->status != '\0')
        answer->verdict = CHECKOUT_OPENED;
    else if (*session->client_secret != '\0') {
        answer->verdict = CHECKOUT_OPENED;
        answer->client_secret = session->client_secret;
    } else if (*session->url == '\0')
        answer->reason = "réponse sans adresse de paiement";
    else if (!url_allowed(call->settings, session->url))
        refuse(answer, "adresse de paiement inattendue");
    else {
        answer->verdict = CHECKOUT_OPENED;
        answer->url = session->url;
    }
}

enum err stripe_checkout(const struct provider_call *call, const struct provider_account *account,
                         const struct provider_intent *intent, struct checkout_answer *answer)
{
    struct stripe_answer received;
    struct stripe_session session;
    struct stripe_request request = {
        .method = "POST",
        .path = "/v1/checkout/sessions",
        .body = str_of(intent->request),
        .idempotency_key = intent->idempotency_key,
    };
    enum err err;

    *answer = (struct checkout_answer){.verdict = CHECKOUT_UNKNOWN, .reason = ""};
    err = stripe_api_call(call, account, &request, &received);
    if (err != OK)
        return err;
    answer->reason = received.reason;
    if (received.verdict == STRIPE_REFUSED)
        answer->verdict = CHECKOUT_REFUSED;
    if (received.verdict != STRIPE_DONE)
        return OK;
    if (stripe_session_read(received.json, call->arena, &session) == OK)
        session_judge(call, account, intent, &session, answer);
    else
        answer->reason = "réponse inattendue de Stripe";
    json_decref(received.json);
    return OK;
}

/* ---- re-reading ---- */

/* A delayed payment that failed leaves its session complete and unpaid: the payment says it. */
static bool payment_failed(const struct stripe_session *session)
{
    return strcmp(session->payment_status_detail, "requires_payment_method") == 0 ||
           strcmp(session->payment_status_detail, "canceled") == 0;
}

/* Its time is that of the money where it is known; then the fee is known too. Without any date it
 * is the moment of the answer. */
static void tell_capture(const struct provider_call *call, const struct provider_account *account,
                         const struct stripe_session *session, struct payment_fact *fact,
                         struct resolution *resolution)
{
    struct stripe_reading reading = {.call = call,
                                     .account = account,
                                     .resolution = resolution,
                                     .currency = session->currency,
                                     .told_at = call->now};

    if (session->charge_at > 0 || session->created_at > 0)
        fact->fact_at = session->charge_at > 0 ? session->charge_at : session->created_at;
    if (!session->has_balance)
        return;
    fact->fact_at = session->balance.created_at;
    stripe_fact_fee(&reading, FACT_FEE, session->payment_intent, &session->balance);
}

static void session_resolve(const struct provider_call *call,
                            const struct provider_account *account,
                            const struct provider_intent *intent,
                            const struct stripe_session *session, enum fact_kind if_expired,
                            struct resolution *resolution)
{
    struct payment_fact *fact = NULL;

    resolution->kind = RESOLUTION_NOTHING;
    resolution->detail = "";
    resolution->provider_down = false;
    if (!stripe_session_whole(session))
        resolution->detail = "session incomplète";
    else if (strcmp(session->payment_status, "paid") == 0)
        fact = stripe_session_fact(session, account, FACT_CAPTURE, intent->token, resolution);
    else if (strcmp(session->status, "expired") == 0)
        fact = stripe_session_fact(session, account, if_expired, intent->token, resolution);
    else if (strcmp(session->status, "complete") == 0 &&
             strcmp(session->payment_status, "unpaid") == 0)
        fact = stripe_session_fact(session, account,
                                   payment_failed(session) ? FACT_FAILED : FACT_PENDING,
                                   intent->token, resolution);
    if (!fact)
        return;
    fact->our_mark = true;
    fact->fact_at = call->now;
    if (fact->kind == FACT_CAPTURE)
        tell_capture(call, account, session, fact, resolution);
}

static void resolution_start(const struct provider_account *account, struct resolution *resolution)
{
    *resolution = (struct resolution){
        .kind = RESOLUTION_NOTHING,
        .association_id = account->association_id,
        .provider_account_id = account->id,
        .detail = "",
    };
}

static enum err reread(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, bool on_our_word,
                       struct resolution *resolution)
{
    struct stripe_session session;
    enum fact_kind if_expired = FACT_EXPIRED;
    bool found = false;
    enum err err =
        stripe_session_fetch(call, account, intent->reference, &session, resolution, &found);

    if (err != OK)
        return err;
    if (!found) {
        /* An intent has no outcome: a session that is not there is asked for again. */
        resolution->kind = RESOLUTION_RETRY;
        return OK;
    }
    if (on_our_word && session.expires_at > call->now)
        if_expired = FACT_CANCELED;
    session_resolve(call, account, intent, &session, if_expired, resolution);
    return OK;
}

enum err stripe_resolve_intent(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent, const char *state,
                               struct resolution *resolution)
{
    resolution_start(account, resolution);
    if (!intent->reference) {
        resolution->detail = "session encore inconnue";
        return OK;
    }
    (void)state;
    return reread(call, account, intent, false, resolution);
}

/* ---- ending ---- */

/* Says the answer itself that the session has ended? Then nothing more has to be asked. */
static bool ended_now(const struct provider_call *call, const struct provider_account *account,
                      const struct provider_intent *intent, const struct stripe_answer *answer,
                      struct resolution *resolution)
{
    struct stripe_session session;

    if (answer->verdict != STRIPE_DONE ||
        stripe_session_read(answer->json, call->arena, &session) != OK ||
        strcmp(session.id, intent->reference) != 0 || strcmp(session.status, "expired") != 0)
        return false;
    session_resolve(call, account, intent, &session, FACT_CANCELED, resolution);
    return resolution->kind == RESOLUTION_FACTS;
}

/* A definitive refusal of another kind than the key's: the session is not open any more. */
static bool not_open(const struct stripe_answer *answer)
{
    return answer->verdict == STRIPE_DONE ||
           (answer->verdict == STRIPE_REFUSED && (answer->status == 400 || answer->status == 404));
}

enum err stripe_cancel(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, struct resolution *resolution)
{
    struct stripe_answer answer;
    struct stripe_request request = {.method = "POST", .body = str_of("")};
    enum err err;

    resolution_start(account, resolution);
    if (!intent->reference || !stripe_id_valid(str_of(intent->reference), "cs_")) {
        resolution->kind = RESOLUTION_RETRY;
        resolution->detail = "session encore inconnue";
        return OK;
    }
    request.path = arena_printf(call->arena, "/v1/checkout/sessions/%s/expire", intent->reference);
    err = stripe_api_call(call, account, &request, &answer);
    if (err != OK)
        return err;
    if (ended_now(call, account, intent, &answer, resolution))
        err = OK;
    else if (not_open(&answer))
        err = reread(call, account, intent, true, resolution);
    else
        stripe_retry(resolution, &answer);
    json_decref(answer.json);
    return err;
}
