#include "payment/link.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "payment/link_internal.h"

#include <string.h>

/* ---- what all operations begin with ---- */

const char *link_notify_url(const struct provider_call *call,
                            const struct provider_account *account)
{
    return arena_printf(call->arena, "%s/action_manager.php?event=%s&a=%s",
                        call->settings->base_url, account->provider, account->public_id);
}

static enum err linking_of(const struct payment_service *service, const char *name,
                           const struct provider_linking **linking)
{
    const struct provider *provider = payment_provider(service, str_of(name));

    if (!provider || !provider->linking)
        return fail(ERR_NOT_FOUND, "a provider that is not linked by keys");
    *linking = provider->linking;
    return OK;
}

/* The operation on an account of the association; its lease is taken unless another has it. */
static enum err open_work(const struct payment_service *service, const struct provider_call *call,
                          const struct link_press *press, struct link_work *work)
{
    enum err err = account_find(call->db, press->association_id, press->account_id, call->arena,
                                &work->account);

    if (!err && (!work->account.linked || work->account.link_kind != ACCOUNT_KEYS ||
                 strcmp(work->account.provider, press->provider) != 0))
        err = fail(ERR_NOT_FOUND, "an account that is not linked by its own keys");
    if (!err)
        err = linking_of(service, press->provider, &work->linking);
    if (err)
        return err;
    work->service = service;
    work->call = call;
    work->actor = press->actor;
    work->order.url = link_notify_url(call, &work->account);
    return link_begin(work);
}

/* ---- by keys ---- */

/* One linking: what its steps hand on. */
struct keying {
    const struct payment_service *service;
    const struct provider_call *call;
    const struct link_press *press;
    const struct provider *provider;
    struct link_result *result;
    struct association association;
    struct link_keys keys; /* as pasted, with the mode that the association asks for */
    enum account_mode mode;
    struct link_account_draft draft;
    /* written by the closure */
    enum link_outcome outcome;
    struct provider_account account;
    int64_t claim;
};

static bool stopped(const struct keying *keying)
{
    return keying->result->outcome != LINK_DONE;
}

/* What can be told from the keys alone: their form, and real money for real associations. */
static void check_keys(struct keying *keying)
{
    bool real = keying->association.kind == ASSOCIATION_REAL;
    enum link_outcome outcome;

    keying->keys = keying->press->keys;
    keying->keys.mode = real ? ACCOUNT_LIVE : ACCOUNT_TEST;
    outcome = keying->provider->linking->keys_check(&keying->keys, &keying->mode);

    if (outcome == LINK_DONE && real && keying->mode == ACCOUNT_TEST)
        outcome = LINK_TEST_IN_REAL;
    if (outcome == LINK_DONE && !real && keying->mode == ACCOUNT_LIVE)
        outcome = LINK_LIVE_IN_TRIAL;
    keying->result->outcome = outcome;
}

static enum err ask_identity(struct keying *keying)
{
    struct link_result *result = keying->result;
    enum err err = keying->provider->linking->identify(keying->call, &keying->keys,
                                                       &result->identity, &result->answer);

    if (err)
        return err;
    result->outcome = result->answer.outcome;
    result->charges_enabled = result->identity.charges_enabled;
    if (!stopped(keying) && *result->identity.currency &&
        strcmp(result->identity.currency, keying->association.currency->code) != 0)
        result->outcome = LINK_OTHER_CURRENCY;
    return OK;
}

static enum err audit_linked(struct db *db, const struct keying *keying, struct arena *arena)
{
    return audit_add(
        db, keying->press->association_id, &keying->press->actor, "provider_account.linked",
        arena_printf(arena, "provider_account:%lld", (long long)keying->account.id),
        arena_printf(arena, "%s %s, own keys, version %lld", keying->account.provider,
                     keying->account.external_id, (long long)keying->account.key_version + 1));
}

static enum err store_keys(struct db *db, void *argument)
{
    struct keying *keying = argument;
    struct arena *arena = arena_new();
    enum err err;

    keying->claim = 0;
    err = link_account(db, &keying->draft, arena, &keying->outcome, &keying->account);
    if (!err && keying->outcome == LINK_DONE)
        err = link_lease_take(db, keying->account.association_id, keying->account.id,
                              keying->draft.now, &keying->claim);
    if (!err && keying->outcome == LINK_DONE && keying->claim == 0)
        err = fail(ERR_BUSY, "another operation works on this account");
    if (!err && keying->outcome == LINK_DONE)
        err = account_store_secret(db, keying->service->key, &keying->account, "api_key", 0,
                                   keying->press->keys.secret, keying->draft.now);
    if (!err && keying->outcome == LINK_DONE)
        err = audit_linked(db, keying, arena);
    arena_free(arena);
    return err;
}

static enum err prepare_draft(struct keying *keying)
{
    const struct provider_call *call = keying->call;
    char *public_id = arena_alloc(call->arena, RANDOM_TOKEN_MAX);
    char *since_day = arena_alloc(call->arena, DATE_TEXT_MAX);
    enum err err = random_token(public_id);

    if (!err)
        err = random_id(&keying->draft.new_id);
    keying->draft.association_id = keying->press->association_id;
    keying->draft.provider = keying->provider->name;
    keying->draft.mode = keying->mode;
    keying->draft.external_id = keying->result->identity.external_id;
    keying->draft.email = keying->result->identity.email;
    keying->draft.publishable_key = str_copy(call->arena, keying->press->keys.publishable);
    keying->draft.label = keying->provider->label;
    keying->draft.transit_account = keying->provider->linking->transit_account;
    keying->draft.since_day =
        date_format_iso(since_day, zone_date(keying->association.zone, call->now));
    keying->draft.new_public_id = public_id;
    keying->draft.now = clock_now();
    return err;
}

/* The database decides whose account it is, also between two who ask at once. */
static enum err keep(struct keying *keying)
{
    struct link_result *result = keying->result;
    enum err err = prepare_draft(keying);

    if (err)
        return err;
    err = db_write(keying->service->writer, store_keys, keying);
    if (err == ERR_CONFLICT || err == ERR_BUSY) {
        result->outcome = err == ERR_BUSY ? LINK_BUSY : LINK_TAKEN;
        return OK;
    }
    result->outcome = keying->outcome;
    if (!err && !stopped(keying)) {
        result->account_id = keying->account.id;
        result->keys_kept = true;
    }
    return err;
}

static enum err settle_kept(struct keying *keying)
{
    struct link_work work = {.service = keying->service,
                             .call = keying->call,
                             .linking = keying->provider->linking,
                             .actor = keying->press->actor,
                             .claim = keying->claim};
    enum err err = account_find(keying->call->db, keying->press->association_id,
                                keying->result->account_id, keying->call->arena, &work.account);

    if (!err) {
        work.order.url = link_notify_url(keying->call, &work.account);
        err = link_settle(&work, LINK_ONE_GOOD);
    }
    link_end(&work);
    keying->result->answer = work.answer;
    keying->result->outcome = work.answer.outcome;
    return err;
}

enum err link_by_keys(const struct payment_service *service, const struct provider_call *call,
                      const struct link_press *press, struct link_result *result)
{
    struct keying keying = {.service = service, .call = call, .press = press, .result = result};
    const struct provider_linking *linking;
    enum err err = linking_of(service, press->provider, &linking);

    *result = (struct link_result){0};
    if (!err)
        err = association_find(call->db, press->association_id, call->arena, &keying.association);
    if (err)
        return err;
    keying.provider = payment_provider(service, str_of(press->provider));
    check_keys(&keying);
    if (!stopped(&keying))
        err = ask_identity(&keying);
    if (!err && !stopped(&keying))
        err = keep(&keying);
    if (!err && !stopped(&keying))
        err = settle_kept(&keying);
    return err;
}

/* ---- an account that is linked ---- */

static enum err close_work(struct link_work *work, enum err err, struct link_result *result)
{
    link_end(work);
    result->account_id = work->account.id;
    result->answer = work->answer;
    result->outcome = work->answer.outcome;
    return err;
}

enum err link_repair(const struct payment_service *service, const struct provider_call *call,
                     const struct link_press *press, struct link_result *result)
{
    struct link_work work = {0};
    enum err err = open_work(service, call, press, &work);

    *result = (struct link_result){0};
    if (!err && work.claim > 0)
        err = link_settle(&work, LINK_ONE_GOOD);
    return close_work(&work, err, result);
}

static enum err read_known(struct link_work *work)
{
    return link_endpoints_read(work->call->db, work->account.association_id, work->account.id,
                               work->call->arena, &work->known);
}

enum err link_rotate(const struct payment_service *service, const struct provider_call *call,
                     const struct link_press *press, struct link_result *result)
{
    struct link_work work = {0};
    enum err err = open_work(service, call, press, &work);

    *result = (struct link_result){0};
    if (!err && work.claim > 0)
        err = read_known(&work);
    if (!err && work.claim > 0 && work.linking->single)
        err = fail(ERR_NOT_FOUND, "an endpoint that has nothing to renew");
    else if (!err && work.claim > 0 && work.known.has[ENDPOINT_RETIRING])
        work.answer.outcome = LINK_ROTATING;
    else if (!err && work.claim > 0)
        err = link_settle(&work, LINK_A_NEW_ONE);
    return close_work(&work, err, result);
}

/* ---- the end of a rotation ---- */

enum err link_delete_retiring(struct link_work *work)
{
    const struct link_endpoint_row *row = &work->known.rows[ENDPOINT_RETIRING];
    enum err err = work->linking->endpoint_delete(work->call, &work->account, row->external_id,
                                                  &work->answer);

    if (!err && work->answer.outcome == LINK_ABSENT)
        work->answer.outcome = LINK_DONE;
    if (!err && work->answer.outcome == LINK_DONE)
        err = link_write_gone(work, row);
    return err ? err : read_known(work);
}

enum err link_rotation_end(const struct payment_service *service, const struct provider_call *call,
                           const struct link_press *press, struct link_result *result)
{
    struct link_work work = {0};
    enum err err = open_work(service, call, press, &work);

    *result = (struct link_result){0};
    if (!err && work.claim > 0)
        err = read_known(&work);
    if (!err && work.claim > 0 && work.known.has[ENDPOINT_RETIRING]) {
        err = link_write_rotation_end(&work);
        if (!err)
            err = link_delete_retiring(&work);
    }
    return close_work(&work, err, result);
}
