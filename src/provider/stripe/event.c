/*
 * What Stripe's notifications mean.
 */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "payment/account.h"
#include "payment/intent.h"
#include "payment/platform.h"
#include "provider/stripe/internal.h"

enum session_event { SESSION_COMPLETED, SESSION_PAID, SESSION_FAILED, SESSION_EXPIRED };

static const struct {
    const char *type;
    enum session_event event;
} session_events[] = {
    {"checkout.session.completed", SESSION_COMPLETED},
    {"checkout.session.async_payment_succeeded", SESSION_PAID},
    {"checkout.session.async_payment_failed", SESSION_FAILED},
    {"checkout.session.expired", SESSION_EXPIRED},
};

static bool session_event_find(struct str type, enum session_event *event)
{
    for (size_t i = 0; i < sizeof session_events / sizeof session_events[0]; i++) {
        if (str_is(type, session_events[i].type)) {
            *event = session_events[i].event;
            return true;
        }
    }
    return false;
}

static void conclude(struct resolution *resolution, enum event_outcome outcome, const char *detail)
{
    resolution->kind = RESOLUTION_OUTCOME;
    resolution->outcome = outcome;
    resolution->detail = detail;
}

/* Whose event is it, by its own words? False when it has been concluded. */
static bool event_fits(const json_t *json, const struct provider_account *account,
                       struct resolution *resolution)
{
    struct str named = json_text(json, "account");

    if (!str_is(json_text(json, "object"), "event"))
        conclude(resolution, OUTCOME_UNSUPPORTED, "pas un événement connu");
    else if (json_true_at(json, "livemode") != (account->mode == ACCOUNT_LIVE))
        conclude(resolution, OUTCOME_TEST_MONEY, "le mode n'est pas celui du compte");
    else if (named.data && !str_is(named, account->external_id))
        conclude(resolution, OUTCOME_OTHER_ACCOUNT, "l'événement nomme un autre compte");
    else
        return true;
    return false;
}

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

/* Which intent the session names: an exact match in the database first, then our mark. False
 * in *ours when it has been concluded. */
static enum err session_naming(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct stripe_session *session, struct naming *naming,
                               struct resolution *resolution, bool *ours)
{
    struct payment_intent intent;
    enum err err = intent_named(call, session->reference, &intent, &naming->found);

    if (err == OK && !naming->found)
        err = intent_named(call, session->client_reference, &intent, &naming->found);
    if (err != OK)
        return err;
    naming->our_mark = strcmp(session->installation, call->installation) == 0;
    naming->token = naming->found ? intent.token : session->reference;
    *ours = naming->found || naming->our_mark;
    if (!*ours)
        conclude(resolution, OUTCOME_NOT_OURS, "");
    if (naming->found && (intent.association_id != account->association_id ||
                          intent.provider_account_id != account->id)) {
        *ours = false;
        conclude(resolution, OUTCOME_OTHER_ACCOUNT, "la tentative est d'un autre compte");
    }
    return OK;
}

static enum fact_kind fact_kind_of(enum session_event event, const struct stripe_session *session)
{
    if (strcmp(session->payment_status, "paid") == 0)
        return FACT_CAPTURE;
    if (event == SESSION_FAILED)
        return FACT_FAILED;
    if (event == SESSION_EXPIRED)
        return FACT_EXPIRED;
    return FACT_PENDING;
}

static void session_book(const json_t *json, enum session_event event,
                         const struct provider_account *account,
                         const struct stripe_session *session, const struct naming *naming,
                         struct resolution *resolution)
{
    struct payment_fact *fact;

    resolution->detail = "";
    resolution->provider_down = false;
    if (!stripe_session_whole(session)) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "session incomplète");
        return;
    }
    if (strcmp(session->payment_status, "no_payment_required") == 0) {
        conclude(resolution, OUTCOME_NOTED, "aucun paiement demandé");
        return;
    }
    fact = stripe_session_fact(session, account, fact_kind_of(event, session), naming->token,
                               resolution);
    fact->our_mark = naming->our_mark;
    if (!json_integer_at(json, "created", &fact->fact_at))
        fact->fact_at = session->created_at;
}

/* Can the signed body be booked as it stands? Bodies keep the version of their endpoint. */
static bool body_suffices(const json_t *json, enum session_event event,
                          const struct stripe_session *session)
{
    return str_is(json_text(json, "api_version"), STRIPE_VERSION) &&
           stripe_session_whole(session) &&
           (event != SESSION_PAID || strcmp(session->payment_status, "paid") == 0);
}

static enum err session_event_resolve(const struct provider_call *call,
                                      const struct provider_account *account, const json_t *json,
                                      enum session_event event, struct resolution *resolution)
{
    struct stripe_session session;
    struct naming naming = {0};
    bool ours = false;
    bool found = true;
    enum err err;

    if (stripe_session_read(json_at(json, "data.object"), call->arena, &session) != OK) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "pas une session connue");
        return OK;
    }
    err = session_naming(call, account, &session, &naming, resolution, &ours);
    if (err != OK || !ours)
        return err;
    if (!body_suffices(json, event, &session))
        err = stripe_session_fetch(call, account, session.id, &session, resolution, &found);
    if (err == OK && found)
        session_book(json, event, account, &session, &naming, resolution);
    return err;
}

/* The consent was taken back, says the platform's endpoint: of our application, by the account it
 * names. (event_fits has looked at the name, where there is one.) */
static enum err access_ended(const struct provider_call *call,
                             const struct provider_account *account, const json_t *json,
                             struct resolution *resolution)
{
    struct str client_id = {0};
    enum err err;

    conclude(resolution, OUTCOME_NOTED, "");
    if (account->link_kind != ACCOUNT_CONNECT || str_empty(json_text(json, "account")))
        return OK;
    err =
        platform_secret(call->db, call->key, account->mode, "client_id", call->arena, &client_id);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    if (err == OK && !str_equal(json_text(json, "data.object.id"), client_id)) {
        conclude(resolution, OUTCOME_NOT_OURS, "une autre application");
        return OK;
    }
    if (!json_integer_at(json, "created", &resolution->access_ended_at))
        resolution->access_ended_at = call->now;
    resolution->detail = resolution->access_ended_at < account->linked_at
                             ? "plus ancien que l'association du compte"
                             : "l'accès au compte a été retiré";
    return OK;
}

static enum err event_resolve(const struct provider_call *call,
                              const struct provider_account *account, const json_t *json,
                              struct resolution *resolution)
{
    enum session_event event = SESSION_COMPLETED;

    resolution->external_id = stripe_event_id(json, call->arena);
    resolution->type = stripe_event_type(json, call->arena);
    if (!event_fits(json, account, resolution))
        return OK;
    if (strcmp(resolution->type, "account.application.deauthorized") == 0)
        return access_ended(call, account, json, resolution);
    if (!session_event_find(json_text(json, "type"), &event)) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "");
        return OK;
    }
    return session_event_resolve(call, account, json, event, resolution);
}

enum err stripe_resolve_event(const struct provider_call *call, const struct provider_event *event,
                              struct resolution *resolution)
{
    struct provider_account account;
    json_t *json = NULL;
    enum err err;

    *resolution = (struct resolution){.kind = RESOLUTION_INVALID, .detail = "sans signature"};
    if (!event->authentic)
        return OK;
    if (event->association_id == 0) {
        resolution->authentic = true;
        conclude(resolution, OUTCOME_OTHER_ACCOUNT, "compte inconnu de cette installation");
        return OK;
    }
    err = account_find(call->db, event->association_id, event->provider_account_id, call->arena,
                       &account);
    if (err != OK)
        return err;
    resolution->authentic = true;
    resolution->association_id = account.association_id;
    resolution->provider_account_id = account.id;
    if (json_read(event->raw, &json) != OK) {
        conclude(resolution, OUTCOME_UNSUPPORTED, "texte illisible");
        return OK;
    }
    err = event_resolve(call, &account, json, resolution);
    json_decref(json);
    return err;
}
