/*
 * What every reading of Stripe's objects needs: facts, and asking for what a body leaves out.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/known.h"
#include "provider/stripe/money.h"

enum err stripe_reading_begin(struct stripe_reading *reading)
{
    struct association association;
    enum err err = association_find(reading->call->db, reading->account->association_id,
                                    reading->call->arena, &association);

    if (err != OK)
        return err;
    reading->currency = association.currency->code;
    if (!reading->event || !stripe_time_at(reading->event, "created", &reading->told_at))
        reading->told_at = reading->call->now;
    return OK;
}

void stripe_conclude(struct resolution *resolution, enum event_outcome outcome, const char *detail)
{
    resolution->kind = RESOLUTION_OUTCOME;
    resolution->outcome = outcome;
    resolution->detail = detail;
    resolution->provider_down = false;
}

void stripe_not_understood(struct resolution *resolution)
{
    resolution->kind = RESOLUTION_RETRY;
    resolution->detail = "réponse inattendue de Stripe";
}

/* ---- facts ---- */

bool stripe_has_room(const struct stripe_reading *reading, int count)
{
    return reading->resolution->fact_count + count <= FACTS_MAX;
}

struct payment_fact *stripe_fact_add(const struct stripe_reading *reading, enum fact_kind kind,
                                     const char *reference)
{
    struct resolution *resolution = reading->resolution;
    struct payment_fact *fact;

    require(resolution->fact_count < FACTS_MAX);
    fact = &resolution->facts[resolution->fact_count++];
    *fact = (struct payment_fact){
        .kind = kind,
        .association_id = reading->account->association_id,
        .provider_account_id = reading->account->id,
        .token = "",
        .reference = reference,
        .currency = reading->currency,
        .fact_at = reading->told_at,
        .payer = "",
        .reason = "",
    };
    resolution->kind = RESOLUTION_FACTS;
    resolution->detail = "";
    resolution->provider_down = false;
    return fact;
}

void stripe_fact_name(struct payment_fact *fact, const char *name)
{
    for (int i = 0; i < FACT_OBJECTS_MAX && *name != '\0'; i++) {
        if (!fact->objects[i]) {
            fact->objects[i] = name;
            return;
        }
    }
}

void stripe_fact_money(const struct stripe_reading *reading, struct payment_fact *fact,
                       int64_t amount_cents, const char *currency,
                       const struct stripe_balance *balance)
{
    bool converted = strcmp(currency, reading->currency) != 0;

    fact->amount_cents = amount_cents;
    fact->currency = currency;
    if (converted && balance && strcmp(balance->currency, reading->currency) == 0)
        fact->settled_cents = llabs(balance->amount_cents);
}

void stripe_fact_fee(const struct stripe_reading *reading, enum fact_kind kind, const char *parent,
                     const struct stripe_balance *balance)
{
    struct payment_fact *fact = stripe_fact_add(reading, kind, balance->id);

    fact->amount_cents = balance->fee_cents;
    fact->currency = balance->currency;
    fact->fact_at = balance->created_at;
    fact->parent = parent;
}

/* ---- what is known, and what is not ---- */

enum err stripe_known(const struct stripe_reading *reading, const char *kind,
                      const char *reference, bool *known)
{
    return known_movement(reading->call->db, reading->account->association_id,
                          reading->account->id, kind, reference, known);
}

enum err stripe_get(const struct stripe_reading *reading, const char *path, json_t **json)
{
    struct stripe_request request = {.method = "GET", .path = path};
    struct stripe_answer answer;
    enum err err = stripe_api_call(reading->call, reading->account, &request, &answer);

    *json = NULL;
    if (err != OK)
        return err;
    if (answer.verdict == STRIPE_DONE) {
        *json = answer.json;
        return OK;
    }
    if (answer.verdict == STRIPE_REFUSED && answer.status == 404)
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "introuvable chez Stripe");
    else
        stripe_retry(reading->resolution, &answer);
    return OK;
}

enum err stripe_balance_get(const struct stripe_reading *reading, const char *id,
                            struct stripe_balance *balance, bool *found)
{
    struct arena *arena = reading->call->arena;
    json_t *json = NULL;
    enum err err =
        stripe_get(reading, arena_printf(arena, "/v1/balance_transactions/%s", id), &json);

    *found =
        json && stripe_balance_read(json, arena, balance) == OK && strcmp(balance->id, id) == 0;
    if (json && !*found)
        stripe_not_understood(reading->resolution);
    /* The whole source is not kept: it ends with the answer. */
    balance->source = NULL;
    json_decref(json);
    return err;
}

const json_t *stripe_event_object(const struct stripe_reading *reading)
{
    return str_is(json_text(reading->event, "api_version"), STRIPE_VERSION)
               ? json_at(reading->event, "data.object")
               : NULL;
}
