/*
 * What notifications of Checkout Sessions mean.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/intent.h"
#include "provider/stripe/money.h"

enum session_event { SESSION_COMPLETED, SESSION_PAID, SESSION_FAILED, SESSION_EXPIRED };

static enum session_event session_event_of(const struct stripe_reading *reading)
{
    struct str type = json_text(reading->event, "type");

    if (str_is(type, "checkout.session.async_payment_succeeded"))
        return SESSION_PAID;
    if (str_is(type, "checkout.session.async_payment_failed"))
        return SESSION_FAILED;
    return str_is(type, "checkout.session.expired") ? SESSION_EXPIRED : SESSION_COMPLETED;
}

/* ---- which intent it names ---- */

struct naming {
    const char *token;
    bool our_mark;
    bool found;
};

static enum err intent_named(const struct provider_call *call, const char *token,
                             struct payment_intent *intent, bool *found)
{
    enum err err = ERR_NOT_FOUND;

    if (*token != '\0')
        err = intent_find_token(call->db, str_of(token), call->arena, intent);
    *found = err == OK;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* An exact match in the database first, then our mark. False in *go_on when it has been
 * concluded. */
static enum err session_naming(const struct stripe_reading *reading,
                               const struct stripe_session *session, struct naming *naming,
                               bool *go_on)
{
    const struct provider_call *call = reading->call;
    struct payment_intent intent;
    enum err err = intent_named(call, session->reference, &intent, &naming->found);

    if (err == OK && !naming->found)
        err = intent_named(call, session->client_reference, &intent, &naming->found);
    if (err != OK)
        return err;
    naming->our_mark = strcmp(session->installation, call->installation) == 0;
    naming->token = naming->found ? intent.token : naming->our_mark ? session->reference : "";
    *go_on = !naming->found || (intent.association_id == reading->account->association_id &&
                                intent.provider_account_id == reading->account->id);
    if (!*go_on)
        stripe_conclude(reading->resolution, OUTCOME_OTHER_ACCOUNT,
                        "la tentative est d'un autre compte");
    return OK;
}

static bool is_paid(const struct stripe_session *session)
{
    return strcmp(session->payment_status, "paid") == 0;
}

/* Of another site on the same account only money is of interest, and only where this payment
 * brings it: a subscription's comes with its invoices. */
static bool brings_money(const struct stripe_reading *reading, enum session_event event,
                         const struct stripe_session *session)
{
    struct str mode = json_text(reading->event, "data.object.mode");

    return (str_empty(mode) || str_is(mode, "payment")) &&
           (event == SESSION_PAID || (event == SESSION_COMPLETED && is_paid(session)));
}

/* ---- what is booked ---- */

static enum fact_kind fact_kind_of(enum session_event event, const struct stripe_session *session)
{
    if (is_paid(session))
        return FACT_CAPTURE;
    if (event == SESSION_FAILED)
        return FACT_FAILED;
    if (event == SESSION_EXPIRED)
        return FACT_EXPIRED;
    return FACT_PENDING;
}

static void session_capture(const struct stripe_reading *reading,
                            const struct stripe_session *session, struct payment_fact *fact)
{
    const struct stripe_balance *balance = session->has_balance ? &session->balance : NULL;

    stripe_fact_money(reading, fact, session->amount_cents, session->currency, balance);
    if (!balance)
        return;
    fact->fact_at = balance->created_at;
    stripe_fact_fee(reading, FACT_FEE, session->payment_intent, balance);
}

static void session_book(const struct stripe_reading *reading, enum session_event event,
                         const struct stripe_session *session, const struct naming *naming)
{
    struct resolution *resolution = reading->resolution;
    struct payment_fact *fact;

    resolution->detail = "";
    resolution->provider_down = false;
    if (!stripe_session_whole(session)) {
        stripe_conclude(resolution, OUTCOME_UNSUPPORTED, "session incomplète");
        return;
    }
    if (strcmp(session->payment_status, "no_payment_required") == 0) {
        stripe_conclude(resolution, OUTCOME_NOTED, "aucun paiement demandé");
        return;
    }
    fact = stripe_session_fact(session, reading->account, fact_kind_of(event, session),
                               naming->token, resolution);
    fact->our_mark = naming->our_mark;
    fact->fact_at = reading->told_at;
    if (fact->kind == FACT_CAPTURE)
        session_capture(reading, session, fact);
}

/* Can the signed body be booked as it stands? Bodies keep the version of their endpoint. */
static bool body_suffices(const struct stripe_reading *reading, enum session_event event,
                          const struct stripe_session *session)
{
    return stripe_event_object(reading) && stripe_session_whole(session) &&
           (event != SESSION_PAID || is_paid(session));
}

enum err stripe_session_event(struct stripe_reading *reading)
{
    enum session_event event = session_event_of(reading);
    struct stripe_session session;
    struct naming naming = {0};
    bool go_on = false;
    enum err err;

    if (stripe_session_read(json_at(reading->event, "data.object"), reading->call->arena,
                            &session) != OK) {
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "pas une session connue");
        return OK;
    }
    err = session_naming(reading, &session, &naming, &go_on);
    if (err != OK || !go_on)
        return err;
    if (!naming.found && !naming.our_mark && !brings_money(reading, event, &session)) {
        stripe_conclude(reading->resolution, OUTCOME_NOT_OURS, "");
        return OK;
    }
    if (!body_suffices(reading, event, &session))
        err = stripe_session_fetch(reading->call, reading->account, session.id, &session,
                                   reading->resolution, &go_on);
    if (err == OK && go_on)
        session_book(reading, event, &session, &naming);
    return err;
}
