/*
 * What Stripe's notifications mean.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/account.h"
#include "payment/platform.h"
#include "provider/stripe/money.h"

/* Whose event is it, by its own words? False when it has been concluded. */
static bool event_fits(const json_t *json, const struct provider_account *account,
                       struct resolution *resolution)
{
    struct str named = json_text(json, "account");

    if (!str_is(json_text(json, "object"), "event"))
        stripe_conclude(resolution, OUTCOME_UNSUPPORTED, "pas un événement connu");
    else if (json_true_at(json, "livemode") != (account->mode == ACCOUNT_LIVE))
        stripe_conclude(resolution, OUTCOME_TEST_MONEY, "le mode n'est pas celui du compte");
    else if (named.data && !str_is(named, account->external_id))
        stripe_conclude(resolution, OUTCOME_OTHER_ACCOUNT, "l'événement nomme un autre compte");
    else
        return true;
    return false;
}

/* The consent was taken back, says the platform's endpoint: of our application, by the account it
 * names. (event_fits has looked at the name, where there is one.) */
static enum err access_ended(struct stripe_reading *reading)
{
    const struct provider_call *call = reading->call;
    const struct provider_account *account = reading->account;
    struct resolution *resolution = reading->resolution;
    const json_t *json = reading->event;
    struct str client_id = {0};
    enum err err;

    stripe_conclude(resolution, OUTCOME_NOTED, "");
    if (account->link_kind != ACCOUNT_CONNECT || str_empty(json_text(json, "account")))
        return OK;
    err =
        platform_secret(call->db, call->key, account->mode, "client_id", call->arena, &client_id);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    if (err == OK && !str_equal(json_text(json, "data.object.id"), client_id)) {
        stripe_conclude(resolution, OUTCOME_NOT_OURS, "une autre application");
        return OK;
    }
    if (!json_integer_at(json, "created", &resolution->access_ended_at))
        resolution->access_ended_at = call->now;
    resolution->detail = resolution->access_ended_at < account->linked_at
                             ? "plus ancien que l'association du compte"
                             : "l'accès au compte a été retiré";
    return OK;
}

/* Of types that are not here nothing is booked. charge.refund.updated is the older name of
 * refund.updated, sent beside it by endpoints that somebody else made. */
const struct stripe_event_kind stripe_event_kinds[] = {
    {"checkout.session.completed", true, stripe_session_event},
    {"checkout.session.async_payment_succeeded", true, stripe_session_event},
    {"checkout.session.async_payment_failed", true, stripe_session_event},
    {"checkout.session.expired", true, stripe_session_event},
    {"charge.refunded", true, stripe_refunds_event},
    {"refund.created", true, stripe_refund_event},
    {"refund.updated", true, stripe_refund_event},
    {"refund.failed", true, stripe_refund_event},
    {"charge.refund.updated", false, stripe_refund_event},
    {"charge.dispute.created", true, stripe_dispute_event},
    {"charge.dispute.updated", true, stripe_dispute_event},
    {"charge.dispute.closed", true, stripe_dispute_event},
    {"charge.dispute.funds_withdrawn", true, stripe_dispute_event},
    {"charge.dispute.funds_reinstated", true, stripe_dispute_event},
    {"charge.updated", true, stripe_charge_event},
    {"charge.failed", true, stripe_charge_event},
    {"account.application.deauthorized", true, access_ended},
    {"payout.paid", true, stripe_payout_event},
    {"payout.failed", true, stripe_payout_event},
    {"payout.canceled", true, stripe_payout_event},
    {"payout.reconciliation_completed", true, stripe_payout_event},
    {NULL, false, NULL},
};

static enum err event_resolve(const struct provider_call *call,
                              const struct provider_account *account, const json_t *json,
                              struct resolution *resolution)
{
    struct stripe_reading reading = {
        .call = call, .account = account, .resolution = resolution, .event = json};
    enum err err;

    resolution->external_id = stripe_event_id(json, call->arena);
    resolution->type = stripe_event_type(json, call->arena);
    if (!event_fits(json, account, resolution))
        return OK;
    stripe_conclude(resolution, OUTCOME_UNSUPPORTED, "");
    for (const struct stripe_event_kind *kind = stripe_event_kinds; kind->type; kind++) {
        if (strcmp(kind->type, resolution->type) == 0) {
            err = stripe_reading_begin(&reading);
            return err == OK ? kind->read(&reading) : err;
        }
    }
    return OK;
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
        stripe_conclude(resolution, OUTCOME_OTHER_ACCOUNT, "compte inconnu de cette installation");
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
        stripe_conclude(resolution, OUTCOME_UNSUPPORTED, "texte illisible");
        return OK;
    }
    err = event_resolve(call, &account, json, resolution);
    json_decref(json);
    return err;
}
