/*
 * Payouts: money on its way to the bank, and back.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

struct stripe_payout {
    const char *id;       /* po_ */
    const char *status;   /* pending, in_transit, paid, failed, canceled */
    int64_t amount_cents; /* negative: taken from the bank */
    const char *currency;
    int64_t created_at;
    const char *movement;         /* txn_, "" */
    const char *failure_movement; /* txn_ of the money that came back, "" */
    const char *failure;          /* the word for it, "" */
};

static enum err payout_read(const json_t *object, struct arena *arena,
                            struct stripe_payout *payout)
{
    *payout = (struct stripe_payout){
        .id = stripe_id_at(object, "id", "po_", arena),
        .status = stripe_id_at(object, "status", "", arena),
        .currency = stripe_currency_at(object, "currency", arena),
        .movement = stripe_named_at(object, "balance_transaction", "txn_", arena),
        .failure_movement = stripe_named_at(object, "failure_balance_transaction", "txn_", arena),
        .failure = stripe_id_at(object, "failure_code", "", arena),
    };
    if (!stripe_is(object, "payout") || !payout->id[0] || !payout->status[0] ||
        !payout->currency[0] || !stripe_time_at(object, "created", &payout->created_at) ||
        !stripe_cents_at(object, "amount", &payout->amount_cents) || payout->amount_cents == 0)
        return fail(ERR_INPUT, "not a whole payout");
    return OK;
}

/* ---- telling ---- */

/* The money leaves the balance when the payout is made, not when the bank has it. */
static void tell_payout(const struct stripe_reading *reading, const struct stripe_payout *payout)
{
    struct payment_fact *fact = stripe_fact_add(reading, FACT_PAYOUT, payout->id);

    fact->amount_cents = payout->amount_cents;
    fact->currency = payout->currency;
    fact->fact_at = payout->created_at;
    stripe_fact_name(fact, payout->movement);
}

/* It came back. It left first, whether or not that was heard of; only one that was canceled in
 * time is told by nobody, unless the books took it from the list of movements. */
static enum err tell_failure(const struct stripe_reading *reading,
                             const struct stripe_payout *payout)
{
    struct stripe_balance balance = {.id = ""};
    struct payment_fact *fact;
    bool known = false, found = false;
    enum err err = stripe_known(reading, "payout", payout->id, &known);

    if (err != OK)
        return err;
    if (!known &&
        (strcmp(payout->status, "canceled") == 0 || payout->failure_movement[0] == '\0')) {
        stripe_conclude(reading->resolution, OUTCOME_NOTED, "aucun argent n'est parti");
        return OK;
    }
    if (payout->failure_movement[0] == '\0') {
        reading->resolution->kind = RESOLUTION_RETRY;
        reading->resolution->detail = "retour du virement pas encore connu";
        return OK;
    }
    err = stripe_balance_get(reading, payout->failure_movement, &balance, &found);
    if (err != OK || !found)
        return err;
    if (!known)
        tell_payout(reading, payout);
    fact = stripe_fact_add(reading, FACT_PAYOUT_FAILED, payout->id);
    fact->amount_cents = payout->amount_cents;
    fact->currency = payout->currency;
    fact->fact_at = balance.created_at;
    fact->parent = payout->id;
    fact->reason = payout->failure;
    stripe_fact_name(fact, balance.id);
    return OK;
}

static enum err payout_tell(const struct stripe_reading *reading,
                            const struct stripe_payout *payout)
{
    if (strcmp(payout->status, "failed") == 0 || strcmp(payout->status, "canceled") == 0)
        return tell_failure(reading, payout);
    if (strcmp(payout->status, "paid") == 0)
        tell_payout(reading, payout);
    else
        stripe_conclude(reading->resolution, OUTCOME_NOTED, "le virement est en route");
    return OK;
}

/* ---- events ---- */

static enum err payout_get(const struct stripe_reading *reading, struct stripe_payout *payout,
                           bool *found)
{
    struct arena *arena = reading->call->arena;
    const char *id = stripe_id_at(reading->event, "data.object.id", "po_", arena);
    json_t *json = NULL;
    enum err err;

    if (!str_is(json_text(reading->event, "data.object.object"), "payout") || id[0] == '\0') {
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "pas un virement connu");
        return OK;
    }
    err = stripe_get(reading, arena_printf(arena, "/v1/payouts/%s", id), &json);
    *found = json && payout_read(json, arena, payout) == OK && strcmp(payout->id, id) == 0;
    if (json && !*found)
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "virement incomplet");
    json_decref(json);
    return err;
}

enum err stripe_payout_event(struct stripe_reading *reading)
{
    struct stripe_payout payout;
    bool found = payout_read(stripe_event_object(reading), reading->call->arena, &payout) == OK;
    enum err err = found ? OK : payout_get(reading, &payout, &found);

    return err == OK && found ? payout_tell(reading, &payout) : err;
}
