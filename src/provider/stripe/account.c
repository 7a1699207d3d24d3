/*
 * Whose keys are these, and may they do what is needed?
 */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "provider/stripe/money.h"

enum { KEY_MIN = 16, NAME_MAX = 200 };

/* ---- the form of keys ---- */

static bool begins_as(struct str key, const char *kind, enum account_mode *mode)
{
    static const char *const modes[] = {[ACCOUNT_LIVE] = "_live_", [ACCOUNT_TEST] = "_test_"};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (str_starts(key, kind) && str_starts(str_from(key.data + 2, key.len - 2), modes[i])) {
            *mode = (enum account_mode)i;
            return true;
        }
    }
    return false;
}

static bool secret_form(struct str key, enum account_mode *mode)
{
    return begins_as(key, "sk", mode) || begins_as(key, "rk", mode);
}

static bool whole(struct str key)
{
    return key.len >= KEY_MIN && stripe_id_valid(key, "");
}

enum link_outcome stripe_keys_check(const struct link_keys *keys, enum account_mode *mode)
{
    enum account_mode publishable_mode = ACCOUNT_LIVE;

    if (str_empty(keys->secret))
        return LINK_SECRET_EMPTY;
    if (str_starts(keys->secret, "pk_"))
        return LINK_SECRET_IS_PUBLISHABLE;
    if (!secret_form(keys->secret, mode) || !whole(keys->secret))
        return LINK_SECRET_MALFORMED;
    if (str_empty(keys->publishable))
        return LINK_PUBLISHABLE_EMPTY;
    if (str_starts(keys->publishable, "sk_") || str_starts(keys->publishable, "rk_"))
        return LINK_PUBLISHABLE_IS_SECRET;
    if (!begins_as(keys->publishable, "pk", &publishable_mode) || !whole(keys->publishable))
        return LINK_PUBLISHABLE_MALFORMED;
    return publishable_mode == *mode ? LINK_DONE : LINK_MODES_DIFFER;
}

/* ---- what Stripe says ---- */

static enum link_outcome outcome_of(const struct stripe_answer *received)
{
    if (received->verdict == STRIPE_DONE)
        return LINK_DONE;
    if (received->verdict == STRIPE_UNKNOWN)
        return LINK_UNREACHABLE;
    switch (received->status) {
    case 0: /* no key that could be sent */
    case 401:
        return strcmp(received->code, "api_key_expired") == 0 ? LINK_KEY_REVOKED
                                                              : LINK_KEY_UNKNOWN;
    case 403:
        return LINK_KEY_LACKS;
    case 404:
        return LINK_ABSENT;
    default:
        return LINK_REFUSED;
    }
}

static void add_lacking(struct link_answer *answer, const char *permission)
{
    if (*permission != '\0' && answer->lacking_count < LINK_LACKING_MAX)
        answer->lacking[answer->lacking_count++] = permission;
}

void stripe_link_answer(const struct stripe_answer *received, struct link_answer *answer)
{
    *answer = (struct link_answer){
        .outcome = outcome_of(received),
        /* 409: the first request with that key still runs; 429: it was not looked at. */
        .answered = received->status > 0 && received->status != 409 && received->status != 429,
        .provider_down = received->down,
        .reason = received->reason,
    };
    add_lacking(answer, received->permission);
}

static const char *name_of(const json_t *json, struct arena *arena)
{
    static const char *const paths[] = {"settings.dashboard.display_name", "business_profile.name",
                                        "email"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct str name = json_text(json, paths[i]);

        if (!str_empty(name) && name.len <= NAME_MAX && utf8_clean(name))
            return str_copy(arena, name);
    }
    return "";
}

void stripe_identity_read(const json_t *json, struct arena *arena, struct link_identity *identity,
                          struct link_answer *answer)
{
    struct str id = json_text(json, "id");
    struct str country = json_text(json, "country");

    if (!str_is(json_text(json, "object"), "account") || !stripe_id_valid(id, "acct_")) {
        answer->outcome = LINK_UNREACHABLE;
        answer->reason = "réponse inattendue de Stripe";
        return;
    }
    identity->external_id = str_copy(arena, id);
    identity->name = name_of(json, arena);
    identity->country = stripe_id_valid(country, "") ? str_copy(arena, country) : "";
    identity->currency = stripe_currency_at(json, "default_currency", arena);
    identity->charges_enabled = json_true_at(json, "charges_enabled");
}

/* ---- what a restricted key may do ---- */

bool stripe_key_restricted(struct str key)
{
    return str_starts(key, "rk_");
}

/* Each question changes nothing: a list of one, or a creation that lacks what it must name.
 * Stripe looks at the key's permissions before it looks at anything else. */
static const struct {
    const char *method, *path, *body, *permission;
} probes[] = {
    {"POST", "/v1/checkout/sessions", "mode=payment", "rak_checkout_session_write"},
    {"GET", "/v1/payment_intents?limit=1", NULL, "rak_payment_intent_read"},
    {"POST", "/v1/refunds", "reason=requested_by_customer", "rak_charge_write"},
    {"GET", "/v1/disputes?limit=1", NULL, "rak_dispute_read"},
    {"GET", "/v1/payouts?limit=1", NULL, "rak_payout_read"},
    {"GET", "/v1/balance_transactions?limit=1", NULL, "rak_balance_transaction_source_read"},
    {"GET", "/v1/balance", NULL, "rak_balance_read"},
    {"POST", "/v1/webhook_endpoints", "description=Guichet", "rak_webhook_write"},
};

static enum err probe(const struct provider_call *call, struct str key, size_t index,
                      struct link_answer *answer)
{
    struct stripe_answer received;
    struct stripe_request request = {.method = probes[index].method,
                                     .path = probes[index].path,
                                     .body = str_of(probes[index].body),
                                     .key = key};
    enum err err = stripe_api_call(call, NULL, &request, &received);

    if (err)
        return err;
    json_decref(received.json);
    if (received.verdict == STRIPE_UNKNOWN) {
        stripe_link_answer(&received, answer);
    } else if (received.status == 403) {
        answer->outcome = LINK_KEY_LACKS;
        add_lacking(answer, *received.permission ? received.permission : probes[index].permission);
    }
    return OK;
}

enum err stripe_rights(const struct provider_call *call, struct str key,
                       struct link_answer *answer)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < sizeof probes / sizeof probes[0]; i++) {
        err = probe(call, key, i, answer);
        if (answer->outcome == LINK_UNREACHABLE)
            break;
    }
    return err;
}

enum err stripe_identify(const struct provider_call *call, const struct link_keys *keys,
                         struct link_identity *identity, struct link_answer *answer)
{
    struct stripe_answer received;
    struct stripe_request request = {.method = "GET", .path = "/v1/account", .key = keys->secret};
    enum err err = stripe_api_call(call, NULL, &request, &received);

    if (err)
        return err;
    *identity =
        (struct link_identity){.external_id = "", .name = "", .country = "", .currency = ""};
    stripe_link_answer(&received, answer);
    if (answer->outcome == LINK_DONE)
        stripe_identity_read(received.json, call->arena, identity, answer);
    json_decref(received.json);
    if (stripe_key_restricted(keys->secret) &&
        (answer->outcome == LINK_DONE || answer->outcome == LINK_KEY_LACKS))
        err = stripe_rights(call, keys->secret, answer);
    return err;
}
