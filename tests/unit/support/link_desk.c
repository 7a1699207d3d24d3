#include "link_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* The desk of the test that runs: a provider's functions get no argument of ours. */
static struct link_desk *present;

/* ---- the provider ---- */

static void answered(struct link_answer *answer, enum link_outcome outcome)
{
    *answer = (struct link_answer){.outcome = outcome, .answered = true, .reason = ""};
}

/* Counts the call; *act says whether it is carried out, false returned that its answer is lost
 * or a failure. */
static bool admitted(struct link_answer *answer, bool *act)
{
    bool hit = ++present->calls == present->fault_call;
    enum desk_fault fault = hit ? present->fault : DESK_GOOD;

    answered(answer, LINK_DONE);
    *act = fault != DESK_LOST_BEFORE && fault != DESK_FAILED_BEFORE;
    if (fault == DESK_GOOD)
        return true;
    answer->outcome = LINK_UNREACHABLE;
    answer->answered = fault == DESK_FAILED_BEFORE || fault == DESK_FAILED_AFTER;
    return false;
}

static enum link_outcome keys_check(const struct link_keys *keys, enum account_mode *mode)
{
    *mode = str_starts(keys->secret, "live") ? ACCOUNT_LIVE : ACCOUNT_TEST;
    return str_empty(keys->secret) ? LINK_SECRET_EMPTY : LINK_DONE;
}

static enum err identify(const struct provider_call *call, const struct link_keys *keys,
                         struct link_identity *identity, struct link_answer *answer)
{
    bool act;

    (void)call, (void)keys;
    if (!admitted(answer, &act))
        return OK;
    answer->outcome = present->identify;
    *identity = present->identity;
    return OK;
}

static void tell(const struct desk_endpoint *kept, struct link_endpoint *endpoint)
{
    *endpoint = (struct link_endpoint){.id = kept->id,
                                       .secret = str_of(kept->secret),
                                       .ours = kept->ours,
                                       .url_right = kept->url_right,
                                       .enabled = kept->enabled,
                                       .events_right = kept->events_right,
                                       .version_right = kept->version_right};
}

static struct desk_endpoint *by_key(const char *key)
{
    for (int i = 0; i < present->endpoint_count; i++)
        if (strcmp(present->endpoints[i].key, key) == 0)
            return &present->endpoints[i];
    return NULL;
}

static struct desk_endpoint *new_endpoint(const char *key)
{
    int number = present->endpoint_count++;
    struct desk_endpoint *kept = &present->endpoints[number];

    require(number < DESK_ENDPOINTS_MAX);
    *kept = (struct desk_endpoint){.ours = true,
                                   .url_right = true,
                                   .enabled = true,
                                   .events_right = true,
                                   .version_right = true};
    snprintf(kept->id, sizeof(kept->id), "we_%d", number);
    snprintf(kept->secret, sizeof(kept->secret), "whsec_secret_%d", number);
    snprintf(kept->key, sizeof(kept->key), "%s", key);
    return kept;
}

static enum err endpoint_create(const struct provider_call *call,
                                const struct provider_account *account,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer)
{
    struct desk_endpoint *kept = by_key(order->idempotency_key);
    bool act, good;

    (void)call, (void)account;
    good = admitted(answer, &act);
    if (!kept && (act || answer->answered)) {
        kept = new_endpoint(order->idempotency_key);
        kept->there = act;
        kept->fails = answer->outcome != LINK_DONE && answer->answered;
    }
    if (!good)
        return OK;
    if (kept->fails)
        answer->outcome = LINK_UNREACHABLE;
    else
        tell(kept, endpoint);
    return OK;
}

static struct desk_endpoint *standing(const char *id)
{
    for (int i = 0; i < present->endpoint_count; i++)
        if (present->endpoints[i].there && strcmp(present->endpoints[i].id, id) == 0)
            return &present->endpoints[i];
    return NULL;
}

static enum err endpoint_update(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                const struct link_order *order, struct link_endpoint *endpoint,
                                struct link_answer *answer)
{
    struct desk_endpoint *kept = standing(id);
    bool act, good;

    (void)call, (void)account, (void)order;
    good = admitted(answer, &act);
    if (kept && act)
        kept->url_right = kept->enabled = kept->events_right = true;
    if (!good)
        return OK;
    if (kept)
        tell(kept, endpoint);
    else
        answer->outcome = LINK_ABSENT;
    return OK;
}

static enum err endpoint_delete(const struct provider_call *call,
                                const struct provider_account *account, const char *id,
                                struct link_answer *answer)
{
    struct desk_endpoint *kept = standing(id);
    bool act, good;

    (void)call, (void)account;
    good = admitted(answer, &act);
    if (good && !kept)
        answer->outcome = LINK_ABSENT;
    if (kept && act)
        kept->there = false;
    return OK;
}

static enum err endpoint_list(const struct provider_call *call,
                              const struct provider_account *account,
                              const struct link_order *order, struct link_endpoint **endpoints,
                              size_t *count, struct link_answer *answer)
{
    bool act;

    (void)account, (void)order;
    *count = 0;
    *endpoints = arena_array(call->arena, DESK_ENDPOINTS_MAX, sizeof(**endpoints));
    if (!admitted(answer, &act))
        return OK;
    for (int i = 0; i < present->endpoint_count; i++)
        if (present->endpoints[i].there)
            tell(&present->endpoints[i], &(*endpoints)[(*count)++]);
    return OK;
}

static const struct provider_linking linking = {.transit_account = "5171",
                                                .keys_check = keys_check,
                                                .identify = identify,
                                                .endpoint_create = endpoint_create,
                                                .endpoint_update = endpoint_update,
                                                .endpoint_delete = endpoint_delete,
                                                .endpoint_list = endpoint_list};
static const struct provider provider = {
    .name = "stripe", .label = "Stripe", .asks = true, .linking = &linking};
static const struct provider *const providers[] = {&provider};

/* ---- the desk ---- */

int link_desk_setup(void **state)
{
    struct link_desk *desk = calloc(1, sizeof(*desk));
    void *house = NULL;
    char path[160];

    assert_non_null(desk);
    service_house_setup(&house);
    desk->house = house;
    snprintf(path, sizeof(path), "%s/key", desk->house->house.folder);
    house_ok(seal_key_create(path));
    house_ok(seal_key_load(path, &desk->key));
    assert_int_equal(unlink(path), 0);
    desk->association_id = house_add_association(&desk->house->house, "Les Voisins");
    desk->service = desk->house->service;
    desk->service.providers = providers;
    desk->service.provider_count = 1;
    desk->service.key = desk->key;
    desk->call = payment_call(&desk->service, desk->house->reader, NULL, desk->house->house.arena);
    desk->identity = (struct link_identity){.external_id = "acct_own",
                                            .name = "",
                                            .country = "FR",
                                            .currency = "EUR",
                                            .charges_enabled = true};
    present = desk;
    *state = desk;
    return 0;
}

int link_desk_teardown(void **state)
{
    struct link_desk *desk = *state;
    void *house = desk->house;

    seal_key_free(desk->key);
    service_house_teardown(&house);
    free(desk);
    return 0;
}

int desk_standing(const struct link_desk *desk)
{
    int count = 0;

    for (int i = 0; i < desk->endpoint_count; i++)
        count += desk->endpoints[i].there && desk->endpoints[i].ours ? 1 : 0;
    return count;
}

static struct link_press press_of(struct link_desk *desk, int64_t association_id)
{
    return (struct link_press){.association_id = association_id,
                               .actor = {desk->house->house.login_id, "127.0.0.1"},
                               .provider = "stripe"};
}

struct link_result desk_keys(struct link_desk *desk, int64_t association_id, const char *account)
{
    struct link_press press = press_of(desk, association_id);
    struct link_result result;

    press.keys = (struct link_keys){.secret = str_of("test_secret_0123456789"),
                                    .publishable = str_of("pk_public")};
    desk->identity.external_id = account;
    desk->call.now = clock_now();
    desk->calls = 0;
    house_ok(link_by_keys(&desk->service, &desk->call, &press, &result));
    return result;
}

struct provider_account desk_account(struct link_desk *desk)
{
    struct provider_account *accounts;
    size_t count;

    house_ok(account_list_linked(desk->house->reader, desk->association_id,
                                 desk->house->house.arena, &accounts, &count));
    assert_int_equal(count, 1);
    return accounts[0];
}

struct link_result desk_run(struct link_desk *desk, desk_operation *operation)
{
    struct link_press press = press_of(desk, desk->association_id);
    struct link_result result;

    press.account_id = desk_account(desk).id;
    desk->call.now = clock_now();
    desk->calls = 0;
    house_ok(operation(&desk->service, &desk->call, &press, &result));
    return result;
}

bool desk_whole(struct link_desk *desk)
{
    struct provider_account account = desk_account(desk);
    struct link_endpoints known;
    const struct link_endpoint_row *active = &known.rows[ENDPOINT_ACTIVE];
    const struct desk_endpoint *kept;
    struct str secret;

    house_ok(link_endpoints_read(desk->house->reader, account.association_id, account.id,
                                 desk->house->house.arena, &known));
    if (!known.has[ENDPOINT_ACTIVE] || known.has[ENDPOINT_PLANNED] || *active->reason)
        return false;
    kept = standing(active->external_id);
    if (!kept || account_secret(desk->house->reader, desk->key, &account, "webhook", active->slot,
                                clock_now(), desk->house->house.arena, &secret) != OK)
        return false;
    return str_is(secret, kept->secret) && kept->url_right && kept->enabled &&
           kept->events_right && kept->version_right &&
           desk_standing(desk) == (known.has[ENDPOINT_RETIRING] ? 2 : 1);
}
