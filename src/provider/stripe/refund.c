/*
 * Refunds, wherever they were made.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

/* "guichet-refund-" and a number of the database. */
enum { REQUEST_DIGITS_MAX = 19, PAGE_MAX = 100, FACTS_OF_ONE = 4 };

const char *stripe_refund_request(const struct provider_call *call, const json_t *refund)
{
    struct str number = json_text(refund, "metadata.refund_request");
    int64_t id = 0;

    if (!stripe_is(refund, "refund") || number.len > REQUEST_DIGITS_MAX ||
        !str_is(json_text(refund, "metadata.guichet"), call->installation) ||
        !str_to_int64(number, &id) || id <= 0)
        return "";
    return arena_printf(call->arena, "guichet-refund-%lld", (long long)id);
}

/* ---- reading ---- */

static bool is_refund_id(const char *id)
{
    return stripe_id_valid(str_of(id), "re_") || stripe_id_valid(str_of(id), "pyr_");
}

static void read_names(const struct provider_call *call, const json_t *object,
                       struct stripe_refund *refund)
{
    struct arena *arena = call->arena;

    refund->payment = stripe_named_at(object, "payment_intent", "pi_", arena);
    refund->charge = stripe_named_at(object, "charge", "", arena);
    refund->movement = stripe_named_at(object, "balance_transaction", "txn_", arena);
    refund->failure_movement =
        stripe_named_at(object, "failure_balance_transaction", "txn_", arena);
    refund->failure = stripe_id_at(object, "failure_reason", "", arena);
    refund->reason = stripe_id_at(object, "reason", "", arena);
    refund->request = stripe_refund_request(call, object);
}

enum err stripe_refund_read(const struct provider_call *call, const json_t *object,
                            struct stripe_refund *refund)
{
    struct arena *arena = call->arena;

    *refund = (struct stripe_refund){
        .id = stripe_id_at(object, "id", "", arena),
        .status = stripe_id_at(object, "status", "", arena),
        .currency = stripe_currency_at(object, "currency", arena),
    };
    if (!stripe_is(object, "refund") || !is_refund_id(refund->id) || !refund->status[0] ||
        !refund->currency[0] || !stripe_time_at(object, "created", &refund->created_at) ||
        !stripe_cents_at(object, "amount", &refund->amount_cents) || refund->amount_cents <= 0)
        return fail(ERR_INPUT, "not a whole refund");
    read_names(call, object, refund);
    return refund->payment[0] || refund->charge[0] ? OK
                                                   : fail(ERR_INPUT, "a refund of no payment");
}

/* ---- telling ---- */

static bool ended_badly(const struct stripe_refund *refund)
{
    return strcmp(refund->status, "failed") == 0 || strcmp(refund->status, "canceled") == 0;
}

/* No movement: what was refunded had not been captured, or the money has not left yet. */
static void conclude_unmoved(const struct stripe_reading *reading,
                             const struct stripe_refund *refund)
{
    bool moves = strcmp(refund->status, "succeeded") == 0 &&
                 strcmp(refund->reason, "expired_uncaptured_charge") != 0;

    stripe_conclude(reading->resolution, OUTCOME_NOTED,
                    ended_badly(refund) ? "aucun argent n'a bougé"
                                        : "l'argent n'est pas encore parti");
    if (!moves)
        return;
    reading->resolution->kind = RESOLUTION_RETRY;
    reading->resolution->detail = "mouvement du remboursement pas encore connu";
}

static enum err tell_refund(const struct stripe_reading *reading,
                            const struct stripe_refund *refund, bool *go_on)
{
    bool converted = strcmp(refund->currency, reading->currency) != 0;
    struct stripe_balance balance;
    struct payment_fact *fact;
    enum err err = OK;

    if (converted)
        err = stripe_balance_get(reading, refund->movement, &balance, go_on);
    if (err != OK || !*go_on)
        return err;
    fact = stripe_fact_add(reading, FACT_REFUND, refund->id);
    stripe_fact_money(reading, fact, refund->amount_cents, refund->currency,
                      converted ? &balance : NULL);
    fact->fact_at = refund->created_at;
    fact->parent = refund->payment[0] ? refund->payment : refund->charge;
    stripe_fact_name(fact, refund->request);
    stripe_fact_name(fact, refund->movement);
    return OK;
}

/* The money came back: its movement says when. Without it, a later notification does. */
static enum err tell_failure(const struct stripe_reading *reading,
                             const struct stripe_refund *refund)
{
    struct stripe_balance balance;
    struct payment_fact *fact;
    bool found = false;
    enum err err;

    if (!ended_badly(refund) || refund->failure_movement[0] == '\0')
        return OK;
    err = stripe_balance_get(reading, refund->failure_movement, &balance, &found);
    if (err != OK || !found)
        return err;
    fact = stripe_fact_add(reading, FACT_REFUND_FAILED, refund->id);
    stripe_fact_money(reading, fact, refund->amount_cents, refund->currency, &balance);
    fact->fact_at = balance.created_at;
    fact->parent = refund->id;
    fact->reason = refund->failure;
    stripe_fact_name(fact, balance.id);
    return OK;
}

enum err stripe_refund_tell(const struct stripe_reading *reading,
                            const struct stripe_refund *refund)
{
    bool go_on = true;
    enum err err;

    if (refund->movement[0] == '\0') {
        conclude_unmoved(reading, refund);
        return OK;
    }
    err = stripe_payment_tell(reading, refund->payment, refund->charge, &go_on);
    if (err == OK && go_on)
        err = tell_refund(reading, refund, &go_on);
    if (err == OK && go_on)
        err = tell_failure(reading, refund);
    return err;
}

/* ---- events ---- */

static enum err refund_get(const struct stripe_reading *reading, struct stripe_refund *refund,
                           bool *found)
{
    struct arena *arena = reading->call->arena;
    const char *id = stripe_id_at(reading->event, "data.object.id", "", arena);
    json_t *json = NULL;
    enum err err;

    if (!str_is(json_text(reading->event, "data.object.object"), "refund") || !is_refund_id(id)) {
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "pas un remboursement connu");
        return OK;
    }
    err = stripe_get(reading, arena_printf(arena, "/v1/refunds/%s", id), &json);
    *found = json && stripe_refund_read(reading->call, json, refund) == OK &&
             strcmp(refund->id, id) == 0;
    if (json && !*found)
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "remboursement incomplet");
    json_decref(json);
    return err;
}

enum err stripe_refund_event(struct stripe_reading *reading)
{
    struct stripe_refund refund;
    bool found = stripe_refund_read(reading->call, stripe_event_object(reading), &refund) == OK;
    enum err err = found ? OK : refund_get(reading, &refund, &found);

    return err == OK && found ? stripe_refund_tell(reading, &refund) : err;
}

/* ---- all refunds of a charge ---- */

/* Do the books have it, and its failure where it failed? */
static enum err is_known(const struct stripe_reading *reading, const struct stripe_refund *refund,
                         bool *known)
{
    enum err err = stripe_known(reading, "refund", refund->id, known);

    if (err == OK && *known && ended_badly(refund))
        err = stripe_known(reading, "refund_failed", refund->id, known);
    return err;
}

/* Those that are told no more find their own notification. */
static enum err tell_all(const struct stripe_reading *reading, const json_t *data)
{
    struct resolution *resolution = reading->resolution;
    enum err err = OK;

    for (size_t i = 0; err == OK && i < json_array_size(data); i++) {
        struct stripe_refund refund;
        bool known = false;

        if (stripe_refund_read(reading->call, json_array_get(data, i), &refund) != OK ||
            !stripe_has_room(reading, FACTS_OF_ONE))
            continue;
        if (refund.movement[0] == '\0')
            continue;
        err = is_known(reading, &refund, &known);
        if (err != OK || known)
            continue;
        err = stripe_refund_tell(reading, &refund);
        if (resolution->kind != RESOLUTION_FACTS)
            break;
    }
    return err;
}

enum err stripe_refunds_event(struct stripe_reading *reading)
{
    struct arena *arena = reading->call->arena;
    const char *charge = stripe_id_at(reading->event, "data.object.id", "", arena);
    json_t *json = NULL;
    enum err err;

    if (!str_is(json_text(reading->event, "data.object.object"), "charge") || !*charge) {
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "pas un paiement connu");
        return OK;
    }
    err = stripe_get(
        reading, arena_printf(arena, "/v1/refunds?charge=%s&limit=%d", charge, PAGE_MAX), &json);
    if (!json)
        return err;
    stripe_conclude(reading->resolution, OUTCOME_NOTED, "déjà comptabilisé");
    if (stripe_is(json, "list") && json_is_array(json_at(json, "data")))
        err = tell_all(reading, json_at(json, "data"));
    else
        stripe_not_understood(reading->resolution);
    json_decref(json);
    return err;
}
