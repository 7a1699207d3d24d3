/*
 * Disputes: what is said of them, and the money they move. Each movement is one of its own; a
 * state never takes the place of another fact.
 */
#include <string.h>

#include "base/arena.h"
#include "provider/stripe/money.h"

/* A dispute has two or three movements; one of more than this is left to the list of movements. */
enum { MOVEMENTS_MAX = 10 };

struct stripe_dispute {
    const char *id;      /* du_; dp_ until 2025 */
    const char *payment; /* pi_, "" */
    const char *charge;  /* ch_, py_, "" */
    const char *status;
    const char *reason;
    int64_t amount_cents;
    const char *currency;
    int64_t deadline_at; /* 0 = none */
    struct stripe_balance movements[MOVEMENTS_MAX];
    size_t movement_count;
};

/* ---- reading ---- */

static bool is_dispute_id(const char *id)
{
    return stripe_id_valid(str_of(id), "du_") || stripe_id_valid(str_of(id), "dp_");
}

static bool read_movements(const json_t *list, struct arena *arena, struct stripe_dispute *dispute)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > MOVEMENTS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (stripe_balance_read(json_array_get(list, i), arena, &dispute->movements[i]) != OK)
            return false;
        dispute->movements[i].source = NULL;
    }
    dispute->movement_count = count;
    return true;
}

/* One that is decided has moved money: a body without it is not whole. */
static bool is_decided(const struct stripe_dispute *dispute)
{
    return strcmp(dispute->status, "lost") == 0 || strcmp(dispute->status, "won") == 0;
}

static enum err dispute_read(const json_t *object, struct arena *arena,
                             struct stripe_dispute *dispute)
{
    *dispute = (struct stripe_dispute){
        .id = stripe_id_at(object, "id", "", arena),
        .payment = stripe_named_at(object, "payment_intent", "pi_", arena),
        .charge = stripe_named_at(object, "charge", "", arena),
        .status = stripe_id_at(object, "status", "", arena),
        .reason = stripe_id_at(object, "reason", "", arena),
        .currency = stripe_currency_at(object, "currency", arena),
    };
    (void)stripe_time_at(object, "evidence_details.due_by", &dispute->deadline_at);
    if (!stripe_is(object, "dispute") || !is_dispute_id(dispute->id) || !dispute->status[0] ||
        !dispute->currency[0] || (!dispute->payment[0] && !dispute->charge[0]))
        return fail(ERR_INPUT, "not a whole dispute");
    if (!stripe_cents_at(object, "amount", &dispute->amount_cents) || dispute->amount_cents < 0 ||
        !read_movements(json_at(object, "balance_transactions"), arena, dispute))
        return fail(ERR_INPUT, "a dispute without its figures");
    return OK;
}

/* ---- telling ---- */

/* A state of a later version is news of an open dispute. */
static enum dispute_state state_of(const char *status)
{
    static const struct {
        const char *status;
        enum dispute_state state;
    } states[] = {
        {"warning_needs_response", DISPUTE_INQUIRY},
        {"warning_under_review", DISPUTE_INQUIRY},
        {"warning_closed", DISPUTE_CLOSED},
        {"prevented", DISPUTE_CLOSED},
        {"won", DISPUTE_WON},
        {"lost", DISPUTE_LOST},
    };

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i].status, status) == 0)
            return states[i].state;
    }
    return DISPUTE_OPEN;
}

static const char *parent_of(const struct stripe_dispute *dispute)
{
    return dispute->payment[0] ? dispute->payment : dispute->charge;
}

static struct payment_fact *fact_add(const struct stripe_reading *reading, enum fact_kind kind,
                                     const char *reference, const struct stripe_dispute *dispute)
{
    struct payment_fact *fact = stripe_fact_add(reading, kind, reference);

    fact->parent = parent_of(dispute);
    fact->dispute = dispute->id;
    fact->reason = dispute->reason;
    return fact;
}

static void tell_state(const struct stripe_reading *reading, const struct stripe_dispute *dispute)
{
    struct payment_fact *fact = fact_add(reading, FACT_DISPUTE_OPENED, dispute->id, dispute);

    fact->amount_cents = dispute->amount_cents;
    fact->currency = dispute->currency;
    fact->dispute_state = state_of(dispute->status);
    if (fact->dispute_state == DISPUTE_INQUIRY || fact->dispute_state == DISPUTE_OPEN)
        fact->deadline_at = dispute->deadline_at;
    fact->type = dispute->status;
}

static void tell_movement(const struct stripe_reading *reading,
                          const struct stripe_dispute *dispute,
                          const struct stripe_balance *balance)
{
    struct payment_fact *fact;

    if (balance->amount_cents != 0) {
        fact = fact_add(reading, balance->amount_cents < 0 ? FACT_DISPUTE : FACT_DISPUTE_WON,
                        balance->id, dispute);
        fact->amount_cents = llabs(balance->amount_cents);
        fact->currency = balance->currency;
        fact->fact_at = balance->created_at;
    }
    if (balance->fee_cents != 0) {
        fact = fact_add(reading, FACT_DISPUTE_FEE, balance->id, dispute);
        fact->amount_cents = balance->fee_cents;
        fact->currency = balance->currency;
        fact->fact_at = balance->created_at;
    }
}

/* What was withdrawn and not given back. */
static int64_t withdrawn_cents(const struct stripe_dispute *dispute)
{
    int64_t cents = 0;

    for (size_t i = 0; i < dispute->movement_count; i++)
        cents = money_add(cents, -dispute->movements[i].amount_cents);
    return cents;
}

static void tell_lost(const struct stripe_reading *reading, const struct stripe_dispute *dispute)
{
    struct payment_fact *fact;
    int64_t cents = withdrawn_cents(dispute);

    if (strcmp(dispute->status, "lost") != 0 || cents <= 0)
        return;
    fact = fact_add(reading, FACT_DISPUTE_LOST, dispute->id, dispute);
    fact->amount_cents = cents;
    fact->currency = dispute->movements[0].currency;
}

/* The state first: an inquiry moves no money, a debit by SEPA is lost when it arrives. */
static enum err dispute_tell(const struct stripe_reading *reading,
                             const struct stripe_dispute *dispute)
{
    bool go_on = false;
    enum err err = stripe_payment_tell(reading, dispute->payment, dispute->charge, &go_on);

    if (err != OK || !go_on)
        return err;
    tell_state(reading, dispute);
    for (size_t i = 0; i < dispute->movement_count; i++) {
        if (dispute->movements[i].of_payments)
            tell_movement(reading, dispute, &dispute->movements[i]);
    }
    tell_lost(reading, dispute);
    return OK;
}

/* ---- events ---- */

/* Is the body of our version, whole, and does it show the money it speaks of? */
static bool body_suffices(const struct stripe_reading *reading, struct stripe_dispute *dispute)
{
    bool moved = str_is(json_text(reading->event, "type"), "charge.dispute.funds_withdrawn") ||
                 str_is(json_text(reading->event, "type"), "charge.dispute.funds_reinstated");

    return dispute_read(stripe_event_object(reading), reading->call->arena, dispute) == OK &&
           (dispute->movement_count > 0 || (!moved && !is_decided(dispute)));
}

/* What is read now is news of now. */
static enum err dispute_get(struct stripe_reading *reading, const char *id,
                            struct stripe_dispute *dispute, bool *found)
{
    struct arena *arena = reading->call->arena;
    json_t *json = NULL;
    enum err err = stripe_get(reading, arena_printf(arena, "/v1/disputes/%s", id), &json);

    *found = json && dispute_read(json, arena, dispute) == OK && strcmp(dispute->id, id) == 0;
    if (json && !*found)
        stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "contestation incomplète");
    if (*found && reading->told_at < reading->call->now)
        reading->told_at = reading->call->now;
    json_decref(json);
    return err;
}

/* A body of another version, or one that leaves money out, says which dispute it is, no more. */
static enum err dispute_of_event(struct stripe_reading *reading, struct stripe_dispute *dispute,
                                 bool *found)
{
    const char *id = stripe_id_at(reading->event, "data.object.id", "", reading->call->arena);

    *found = body_suffices(reading, dispute);
    if (*found)
        return OK;
    if (str_is(json_text(reading->event, "data.object.object"), "dispute") && is_dispute_id(id))
        return dispute_get(reading, id, dispute, found);
    stripe_conclude(reading->resolution, OUTCOME_UNSUPPORTED, "pas une contestation connue");
    return OK;
}

enum err stripe_dispute_event(struct stripe_reading *reading)
{
    struct stripe_dispute *dispute = arena_alloc(reading->call->arena, sizeof *dispute);
    bool found = false;
    enum err err = dispute_of_event(reading, dispute, &found);

    return err == OK && found ? dispute_tell(reading, dispute) : err;
}

/* ---- the sweep ---- */

enum err stripe_resolve_dispute(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                struct resolution *resolution)
{
    struct stripe_reading reading = {.call = call, .account = account, .resolution = resolution};
    struct stripe_dispute *dispute = arena_alloc(call->arena, sizeof *dispute);
    bool found = false;
    enum err err;

    *resolution = (struct resolution){.kind = RESOLUTION_RETRY,
                                      .association_id = account->association_id,
                                      .provider_account_id = account->id,
                                      .detail = ""};
    if (!is_dispute_id(id))
        return fail(ERR_INPUT, "not a dispute of Stripe's");
    err = stripe_reading_begin(&reading);
    if (err == OK)
        err = dispute_get(&reading, id, dispute, &found);
    return err == OK && found ? dispute_tell(&reading, dispute) : err;
}
