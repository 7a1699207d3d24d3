#include "payment/service.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "payment/internal.h"
#include "payment/statement_task.h"
#include "payment/unlink.h"
#include "queries.h"

/* ---- unlinked accounts ---- */

/* What was under way may have been the last: then the access of an unlinked account is given
 * back. */
static enum err release(const struct payment_service *service, const struct provider_call *call,
                        int64_t association_id, int64_t account_id)
{
    struct provider_account account;
    enum err err = account_find(call->db, association_id, account_id, call->arena, &account);

    if (err || account.linked || account.revoked || account.link_kind != ACCOUNT_CONNECT)
        return err == ERR_NOT_FOUND ? OK : err;
    return payment_release(service, call, association_id, account_id);
}

/* ---- events ---- */

struct event_work {
    struct claim claim;
    struct resolution resolution;
    bool reads_payouts; /* the provider can be asked what a payout is made of */
    int64_t now;
    enum event_outcome outcome;
    struct db_started *started; /* NULL: its write could not be started */
};

static enum err write_event_end(struct db *db, void *argument)
{
    struct event_work *work = argument;
    struct arena *arena = arena_new();
    enum err err =
        event_finish(db, &work->claim, &work->resolution, work->now, arena, &work->outcome);

    if (!err && work->reads_payouts && work->resolution.kind == RESOLUTION_FACTS)
        err = statement_ask_payouts(db, work->resolution.facts, work->resolution.fact_count,
                                    work->now);
    arena_free(arena);
    return err;
}

enum err payment_event_begin(const struct payment_service *service,
                             const struct provider_call *call, const struct claim *claim,
                             struct event_work **work, bool *provider_down)
{
    struct event_work *made = arena_alloc(call->arena, sizeof(*made));
    struct resolution *resolution = &made->resolution;
    struct provider_event event;
    const struct provider *provider;
    bool holds = false;
    enum err err = event_claim_holds(call->db, claim, &holds);

    *provider_down = false;
    *work = NULL;
    if (err || !holds)
        return err;
    err = event_find(call->db, claim->id, call->arena, &event);
    if (err)
        return err;
    provider = payment_provider(service, str_of(event.provider));
    if (!provider)
        return fail(ERR_INTERNAL, "provider %s is not registered", event.provider);
    err = provider->resolve_event(call, &event, resolution);
    if (err) {
        log_failure("payment.resolve");
        *resolution = (struct resolution){.kind = RESOLUTION_RETRY, .detail = err_name(err)};
    }
    *provider_down = resolution->kind == RESOLUTION_RETRY && resolution->provider_down;
    made->claim = *claim;
    made->reads_payouts = provider->statement && provider->statement->payouts;
    made->now = clock_now();
    *work = made;
    if (db_write_start(service->writer, write_event_end, made, &made->started))
        log_failure("payment.event");
    return OK;
}

/* What cannot be booked now must not stay claimed: it waits for its next try. */
static enum err put_off(const struct payment_service *service, struct event_work *work,
                        enum err why)
{
    log_failure("payment.event");
    work->resolution = (struct resolution){.kind = RESOLUTION_RETRY, .detail = err_name(why)};
    return db_write(service->writer, write_event_end, work);
}

enum err payment_event_end(const struct payment_service *service, const struct provider_call *call,
                           struct event_work *work)
{
    enum err err = work->started ? db_write_wait(work->started) : ERR_BUSY;

    if (err)
        return put_off(service, work, err);
    return work->resolution.kind != RESOLUTION_FACTS
               ? OK
               : release(service, call, work->resolution.association_id,
                         work->resolution.provider_account_id);
}

/* ---- intents ---- */

struct intent_ending {
    const struct payment_intent *intent;
    const struct claim *claim;
    const struct resolution *resolution;
    bool provider_asks;
    bool silent; /* the provider may not be asked: the consent has ended */
    int64_t now;
};

/* When the same attempt is looked at again; never, where nobody can be asked and the end comes
 * by a notification alone. */
static struct db_value next_look(const struct intent_ending *ending,
                                 const struct payment_intent *intent)
{
    int64_t next_at =
        intent_next_at(intent->state, intent->attempts, ending->now, intent->expires_at);

    if (intent->state == INTENT_PROCESSING && (ending->silent || !ending->provider_asks))
        return db_null();
    if (ending->silent)
        return db_int(intent->expires_at > ending->now ? intent->expires_at : ending->now);
    if (!ending->provider_asks && intent->state == INTENT_OPEN)
        next_at = intent->expires_at > ending->now ? intent->expires_at : next_at;
    return db_int(next_at);
}

static bool is_unknown(const struct intent_ending *ending)
{
    return ending->resolution->kind == RESOLUTION_RETRY;
}

/* One that has ended is looked at again only while it is to be checked. */
static bool wants_a_look(const struct intent_ending *ending, const struct payment_intent *intent)
{
    return intent_state_live(intent->state) || intent->state == INTENT_PROCESSING ||
           (intent->to_check && !ending->silent && is_unknown(ending));
}

static enum err write_intent_end(struct db *db, void *argument)
{
    struct intent_ending *ending = argument;
    const struct payment_intent *intent = ending->intent;
    struct payment_intent now_is;
    struct arena *arena = arena_new();
    enum err err = OK;

    if (ending->resolution->kind == RESOLUTION_FACTS) {
        for (int i = 0; !err && i < ending->resolution->fact_count; i++) {
            struct post_result result;
            err = payment_post(db, &ending->resolution->facts[i], ending->now, arena, &result);
        }
    }
    if (!err && ending->claim)
        err = intent_find(db, intent->association_id, intent->id, arena, &now_is);
    if (!err && ending->claim && wants_a_look(ending, &now_is))
        err = db_run(db, Q_INTENT_LOOKED_AT,
                     DB_VALUES(db_int(intent->association_id), db_int(intent->id),
                               db_int(ending->claim->claim), next_look(ending, &now_is)));
    if (!err && ending->claim && now_is.to_check && !ending->silent && !is_unknown(ending))
        err = db_run(db, Q_INTENT_CHECKED,
                     DB_VALUES(db_int(intent->association_id), db_int(intent->id)));
    arena_free(arena);
    return err;
}

static enum err resolve(const struct provider *provider, const struct provider_call *call,
                        const struct provider_account *account,
                        const struct payment_intent *intent, struct resolution *resolution)
{
    struct provider_intent asked = payment_provider_intent(intent);

    return provider->resolve_intent(call, account, &asked, intent_state_name(intent->state),
                                    resolution);
}

static void expire_locally(const struct payment_intent *intent, const char *reason, int64_t now,
                           struct resolution *resolution)
{
    resolution->kind = RESOLUTION_FACTS;
    resolution->fact_count = 1;
    resolution->facts[0] =
        (struct payment_fact){.kind = FACT_EXPIRED,
                              .association_id = intent->association_id,
                              .provider_account_id = intent->provider_account_id,
                              .token = intent->token,
                              .reason = reason,
                              .fact_at = now};
}

/* A created intent: the same bytes again, for a day; then nobody can have paid it. */
static enum err reopen(const struct payment_service *service, const struct provider_call *call,
                       const struct payment_intent *intent, struct resolution *resolution,
                       bool *provider_down)
{
    if (call->now - intent->created_at < INTENT_LOCAL_EXPIRY_S)
        return payment_open(service, call, intent, provider_down);
    expire_locally(intent, "never opened", call->now, resolution);
    return OK;
}

/* Asks what may be asked; where the consent has ended, the clock alone ends what is open. */
static enum err look_at(const struct payment_service *service, const struct provider_call *call,
                        const struct provider_account *account, struct intent_ending *ending,
                        struct resolution *resolution, bool *provider_down)
{
    const struct payment_intent *intent = ending->intent;
    const struct provider *provider = payment_provider(service, str_of(intent->provider));

    if (!provider)
        return fail(ERR_INTERNAL, "provider of an intent is not registered");
    ending->provider_asks = payment_asks(provider, intent);
    ending->silent = account->revoked;
    if (account->revoked) {
        if (intent_state_live(intent->state) && intent->expires_at <= call->now)
            expire_locally(intent, "consent ended", call->now, resolution);
        return OK;
    }
    if (intent->state == INTENT_CREATED)
        return reopen(service, call, intent, resolution, provider_down);
    if (intent->state == INTENT_OPEN || intent->state == INTENT_PROCESSING ||
        (intent->to_check && intent->reference))
        return resolve(provider, call, account, intent, resolution);
    return OK;
}

enum err payment_work_intent(const struct payment_service *service,
                             const struct provider_call *call, const struct claim *claim,
                             bool *provider_down)
{
    struct resolution *resolution = arena_alloc(call->arena, sizeof(*resolution));
    struct payment_intent intent;
    struct provider_account account;
    struct intent_ending ending = {.intent = &intent, .claim = claim, .resolution = resolution};
    enum err err = intent_find(call->db, claim->association_id, claim->id, call->arena, &intent);

    *provider_down = false;
    resolution->kind = RESOLUTION_NOTHING;
    if (err || intent.claim != claim->claim)
        return err;
    err = account_find(call->db, intent.association_id, intent.provider_account_id, call->arena,
                       &account);
    if (!err)
        err = look_at(service, call, &account, &ending, resolution, provider_down);
    if (err) {
        log_failure("payment.sweep");
        *resolution = (struct resolution){.kind = RESOLUTION_RETRY};
    }
    if (resolution->kind == RESOLUTION_RETRY && resolution->provider_down)
        *provider_down = true;
    ending.now = clock_now();
    err = db_write(service->writer, write_intent_end, &ending);
    return err ? err : release(service, call, intent.association_id, intent.provider_account_id);
}

/* ---- claims on intents ---- */

enum { DUE_MAX = 16 };

enum err intent_any_due(struct db *db, int64_t now, bool *due)
{
    int64_t found = 0;
    enum err err = db_integer(db, Q_INTENT_ANY_DUE,
                              DB_VALUES(db_int(now), db_int(now + EVENT_LEASE_S)), 0, &found);

    *due = found > 0;
    return err;
}

enum counting { ASKED_FOR, ITS_TIME_HAS_COME };

/* claim names the intent; its number is filled, 0 when it was not had. */
static enum err claim_intent(struct db *db, enum counting counting, int64_t now,
                             struct claim *claim)
{
    claim->claim = 0;
    return db_integer(db, Q_INTENT_CLAIM,
                      DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(now),
                                db_int(now + EVENT_LEASE_S),
                                db_int(counting == ITS_TIME_HAS_COME ? 1 : 0)),
                      0, &claim->claim);
}

enum err intent_claim_one(struct db *db, int64_t association_id, int64_t intent_id, int64_t now,
                          struct claim *claim, size_t *count)
{
    enum err err;

    *claim = (struct claim){.association_id = association_id, .id = intent_id};
    err = claim_intent(db, ASKED_FOR, now, claim);
    *count = claim->claim > 0 ? 1 : 0;
    return err;
}

enum err intent_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_INTENT_RELEASE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(now)));
}

enum err intent_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                          size_t max, size_t *count)
{
    struct claim due[DUE_MAX];
    size_t due_count = 0;
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    *count = 0;
    if (max > DUE_MAX)
        max = DUE_MAX;
    err = db_select(db, Q_INTENT_DUE,
                    DB_VALUES(db_text(provider), db_int(now), db_int(now + EVENT_LEASE_S),
                              db_int((int64_t)max)),
                    &rows);
    while (!err && !(err = db_next(&rows, &found)) && found && due_count < max)
        due[due_count++] = (struct claim){db_column_int(&rows, 0), db_column_int(&rows, 1), 0};
    db_rows_done(&rows);
    for (size_t i = 0; !err && i < due_count; i++) {
        err = claim_intent(db, ITS_TIME_HAS_COME, now, &due[i]);
        if (!err && due[i].claim > 0)
            claims[(*count)++] = due[i];
    }
    return err;
}

/* ---- ending on the member's word ---- */

struct canceling {
    int64_t association_id, intent_id, now;
    const struct audit_actor *actor;
    const char *reason;
};

static enum err write_canceled(struct db *db, void *argument)
{
    const struct canceling *canceling = argument;
    bool moved;

    return intent_move(db, canceling->association_id, canceling->intent_id, INTENT_CANCELED,
                       canceling->reason, canceling->actor, canceling->now, &moved);
}

/* Books what the provider said of an attempt that was to end. */
static enum err finish_cancel(const struct payment_service *service,
                              const struct payment_intent *intent,
                              const struct resolution *resolution, const struct audit_actor *actor)
{
    struct intent_ending ending = {.intent = intent, .resolution = resolution, .now = clock_now()};
    struct canceling canceling = {.association_id = intent->association_id,
                                  .intent_id = intent->id,
                                  .now = ending.now,
                                  .actor = actor,
                                  .reason = ""};

    if (resolution->kind == RESOLUTION_RETRY || resolution->kind == RESOLUTION_NOTHING)
        return fail(ERR_BUSY, "the attempt cannot be ended at its provider now");
    if (resolution->kind == RESOLUTION_FACTS && resolution->fact_count == 1 &&
        resolution->facts[0].kind == FACT_CANCELED)
        return db_write(service->writer, write_canceled, &canceling);
    return db_write(service->writer, write_intent_end, &ending);
}

enum err payment_cancel(const struct payment_service *service, const struct provider_call *call,
                        int64_t association_id, int64_t intent_id, const struct audit_actor *actor,
                        struct payment_intent *intent)
{
    struct resolution *resolution = arena_alloc(call->arena, sizeof(*resolution));
    struct provider_account account;
    struct provider_intent asked;
    const struct provider *provider;
    enum err err = intent_find(call->db, association_id, intent_id, call->arena, intent);

    if (err || !intent_state_live(intent->state))
        return err;
    if (intent->state == INTENT_CREATED) /* its outcome at the provider is not known yet */
        return fail(ERR_BUSY, "the attempt is being opened");
    provider = payment_provider(service, str_of(intent->provider));
    if (!provider)
        return fail(ERR_INTERNAL, "provider of an intent is not registered");
    err =
        account_find(call->db, association_id, intent->provider_account_id, call->arena, &account);
    asked = payment_provider_intent(intent);
    if (!err)
        err = provider->cancel(call, &account, &asked, resolution);
    if (!err)
        err = finish_cancel(service, intent, resolution, actor);
    return err ? err : intent_find(call->db, association_id, intent_id, call->arena, intent);
}
