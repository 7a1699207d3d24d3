/*
 * Charges: the payment itself, its fee, and money that did not hold.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

enum { PAYER_MAX = 120, TOKEN_MAX = 200 };

#define EXPANDED "?expand%%5B%%5D=balance_transaction"
#define PAYMENT_EXPANDED "?expand%%5B%%5D=latest_charge.balance_transaction"

/* ---- reading ---- */

static bool is_charge_id(const char *id)
{
    return stripe_id_valid(str_of(id), "ch_") || stripe_id_valid(str_of(id), "py_");
}

/* Metadata of a payment are copied to its charge: our mark is there. */
static void read_names(const struct provider_call *call, const json_t *object,
                       struct stripe_charge *charge)
{
    struct arena *arena = call->arena;

    charge->payment = stripe_named_at(object, "payment_intent", "pi_", arena);
    if (charge->payment[0] == '\0')
        charge->payment = charge->id;
    charge->token = stripe_text_at(object, "metadata.intent", TOKEN_MAX, arena);
    charge->our_mark = str_is(json_text(object, "metadata.guichet"), call->installation);
    charge->payer = stripe_text_at(object, "billing_details.name", PAYER_MAX, arena);
}

static void read_movements(const json_t *object, struct arena *arena, struct stripe_charge *charge)
{
    charge->movement = stripe_named_at(object, "balance_transaction", "txn_", arena);
    charge->has_balance =
        stripe_balance_read(json_at(object, "balance_transaction"), arena, &charge->balance) == OK;
    charge->balance.source = NULL;
    charge->failure_movement =
        stripe_named_at(object, "failure_balance_transaction", "txn_", arena);
    charge->failure = stripe_id_at(object, "failure_code", "", arena);
}

enum err stripe_charge_read(const struct provider_call *call, const json_t *object,
                            struct stripe_charge *charge)
{
    struct arena *arena = call->arena;

    *charge = (struct stripe_charge){
        .id = stripe_id_at(object, "id", "", arena),
        .status = stripe_id_at(object, "status", "", arena),
        .currency = stripe_currency_at(object, "currency", arena),
    };
    if (!stripe_is(object, "charge") || !is_charge_id(charge->id) || !charge->status[0] ||
        !charge->currency[0] || !stripe_time_at(object, "created", &charge->created_at) ||
        !stripe_cents_at(object, "amount_captured", &charge->amount_cents) ||
        charge->amount_cents < 0)
        return fail(ERR_INPUT, "not a whole charge");
    read_names(call, object, charge);
    read_movements(object, arena, charge);
    return OK;
}

/* ---- telling ---- */

void stripe_charge_tell(const struct stripe_reading *reading, const struct stripe_charge *charge)
{
    const struct stripe_balance *balance = charge->has_balance ? &charge->balance : NULL;
    struct payment_fact *fact;

    if (strcmp(charge->status, "succeeded") != 0 || charge->amount_cents == 0)
        return;
    fact = stripe_fact_add(reading, FACT_CAPTURE, charge->payment);
    stripe_fact_money(reading, fact, charge->amount_cents, charge->currency, balance);
    fact->fact_at = balance ? balance->created_at : charge->created_at;
    fact->token = charge->token;
    fact->our_mark = charge->our_mark;
    fact->payer = charge->payer;
    stripe_fact_name(fact, charge->id);
    stripe_fact_name(fact, charge->movement);
    if (balance)
        stripe_fact_fee(reading, FACT_FEE, charge->payment, balance);
}

/* GET of a charge, by its payment (the last charge is the one that succeeded) or by itself. */
static enum err charge_get(const struct stripe_reading *reading, const char *payment,
                           const char *charge_id, struct stripe_charge *charge, bool *found)
{
    struct arena *arena = reading->call->arena;
    bool by_charge = is_charge_id(charge_id);
    const char *path =
        by_charge ? arena_printf(arena, "/v1/charges/%s" EXPANDED, charge_id)
                  : arena_printf(arena, "/v1/payment_intents/%s" PAYMENT_EXPANDED, payment);
    json_t *json = NULL;
    enum err err = stripe_get(reading, path, &json);
    const json_t *object = by_charge ? json : json_at(json, "latest_charge");

    *found =
        json && stripe_charge_read(reading->call, object, charge) == OK &&
        (by_charge ? strcmp(charge->id, charge_id) == 0 : strcmp(charge->payment, payment) == 0);
    if (json && !*found)
        stripe_not_understood(reading->resolution);
    json_decref(json);
    return err;
}

static bool is_told(const struct stripe_reading *reading, const char *capture)
{
    const struct resolution *resolution = reading->resolution;

    for (int i = 0; i < resolution->fact_count; i++) {
        if (resolution->facts[i].kind == FACT_CAPTURE &&
            strcmp(resolution->facts[i].reference, capture) == 0)
            return true;
    }
    return false;
}

enum err stripe_payment_tell(const struct stripe_reading *reading, const char *payment,
                             const char *charge_id, bool *go_on)
{
    const char *reference = *payment != '\0' ? payment : charge_id;
    struct stripe_charge charge;
    bool known = true, found = false;
    enum err err = OK;

    if (*reference != '\0' && !is_told(reading, reference))
        err = stripe_known(reading, "capture", reference, &known);
    *go_on = err == OK && known;
    if (err != OK || known)
        return err;
    err = charge_get(reading, payment, charge_id, &charge, &found);
    *go_on = err == OK && found;
    if (found)
        stripe_charge_tell(reading, &charge);
    return err;
}

/* ---- events ---- */

/* Money that was there and did not hold. One that never came was told by its session. */
static enum err charge_failed(struct stripe_reading *reading, const struct stripe_charge *charge)
{
    struct stripe_balance balance;
    struct payment_fact *fact;
    bool known = false, found = false;
    enum err err = OK;

    stripe_conclude(reading->resolution, OUTCOME_NOTED, "aucun argent n'a bougé");
    if (charge->failure_movement[0] != '\0')
        err = stripe_known(reading, "capture", charge->payment, &known);
    if (err != OK || !known)
        return err;
    err = stripe_balance_get(reading, charge->failure_movement, &balance, &found);
    if (err != OK || !found)
        return err;
    fact = stripe_fact_add(reading, FACT_CAPTURE_FAILED, balance.id);
    stripe_fact_money(reading, fact, llabs(balance.amount_cents), balance.currency, NULL);
    fact->fact_at = balance.created_at;
    fact->parent = charge->payment;
    fact->reason = charge->failure;
    if (balance.fee_cents != 0)
        stripe_fact_fee(reading, FACT_FEE, charge->payment, &balance);
    return OK;
}

/* The movement of a charge that succeeded is known: so are its fee and what the account got. */
static enum err charge_settled(struct stripe_reading *reading, const struct stripe_charge *told)
{
    struct stripe_charge charge;
    bool known = false, found = false;
    enum err err = OK;

    if (strcmp(told->status, "succeeded") != 0 || told->movement[0] == '\0') {
        stripe_conclude(reading->resolution, OUTCOME_NOTED, "rien de neuf");
        return OK;
    }
    err = stripe_known(reading, "fee", told->movement, &known);
    if (err == OK && known)
        stripe_conclude(reading->resolution, OUTCOME_NOTED, "déjà comptabilisé");
    if (err != OK || known)
        return err;
    err = charge_get(reading, "", told->id, &charge, &found);
    if (err != OK || !found)
        return err;
    stripe_conclude(reading->resolution, OUTCOME_NOTED, "rien de neuf");
    stripe_charge_tell(reading, &charge);
    return OK;
}

/* A body of another version says which charge it is, no more. */
static enum err charge_of_event(const struct stripe_reading *reading, struct stripe_charge *charge,
                                bool *found)
{
    const char *id;

    *found = stripe_charge_read(reading->call, stripe_event_object(reading), charge) == OK;
    if (*found)
        return OK;
    id = stripe_id_at(reading->event, "data.object.id", "", reading->call->arena);
    if (!str_is(json_text(reading->event, "data.object.object"), "charge") || !is_charge_id(id)) {
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "pas un paiement connu");
        return OK;
    }
    return charge_get(reading, "", id, charge, found);
}

enum err stripe_charge_event(struct stripe_reading *reading)
{
    struct stripe_charge charge;
    bool found = false;
    enum err err = charge_of_event(reading, &charge, &found);

    if (err != OK || !found)
        return err;
    return strcmp(charge.status, "failed") == 0 ? charge_failed(reading, &charge)
                                                : charge_settled(reading, &charge);
}

/* ---- the sweep ---- */

enum err stripe_resolve_fee(const struct provider_call *call,
                            const struct provider_account *account, const char *capture,
                            struct resolution *resolution)
{
    struct stripe_reading reading = {.call = call, .account = account, .resolution = resolution};
    bool by_charge = is_charge_id(capture), found = false;
    struct stripe_charge charge = {0};
    enum err err;

    *resolution = (struct resolution){.kind = RESOLUTION_RETRY,
                                      .association_id = account->association_id,
                                      .provider_account_id = account->id,
                                      .detail = ""};
    if (!by_charge && !stripe_id_valid(str_of(capture), "pi_"))
        return fail(ERR_INPUT, "not a payment of Stripe's");
    err = stripe_reading_begin(&reading);
    if (err == OK)
        err = charge_get(&reading, capture, by_charge ? capture : "", &charge, &found);
    if (err != OK)
        return err;
    if (found)
        stripe_charge_tell(&reading, &charge);
    if (found && charge.has_balance && resolution->fact_count > 0)
        return OK;
    resolution->kind = RESOLUTION_RETRY;
    resolution->fact_count = 0;
    if (found)
        resolution->detail = "frais pas encore connus";
    return OK;
}
