/*
 * What Stripe says, now, of an account's keys and endpoint. Nothing is changed.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/link.h"
#include "provider/stripe/internal.h"

static void add_unreachable(struct findings *findings, const struct stripe_answer *received)
{
    findings_add_text(findings, FINDING_WARN, FINDING_UNREACHABLE,
                      received->status == 0 ? err_name(received->err) : received->reason);
}

/* ---- keys ---- */

static void add_lacking(struct findings *findings, const struct link_answer *answer)
{
    for (size_t i = 0; i < answer->lacking_count; i++)
        findings_add_text(findings, FINDING_BAD, FINDING_KEYS_LACK, answer->lacking[i]);
    if (answer->lacking_count == 0)
        findings_add_text(findings, FINDING_BAD, FINDING_KEYS_LACK, "");
}

static void add_refusal(struct findings *findings, const struct link_answer *answer)
{
    switch (answer->outcome) {
    case LINK_KEY_UNKNOWN:
        findings_add(findings, FINDING_BAD, FINDING_KEYS_UNKNOWN);
        break;
    case LINK_KEY_REVOKED:
        findings_add(findings, FINDING_BAD, FINDING_KEYS_REVOKED);
        break;
    case LINK_KEY_LACKS:
        add_lacking(findings, answer);
        break;
    default:
        findings_add_text(findings, FINDING_BAD, FINDING_KEYS_REFUSED, answer->reason);
    }
}

static void judge_identity(const struct association *association,
                           const struct provider_account *account,
                           const struct link_identity *identity, struct findings *findings)
{
    bool same_currency = strcmp(identity->currency, association->currency->code) == 0;

    if (strcmp(identity->external_id, account->external_id) == 0)
        findings_add(findings, FINDING_GOOD, FINDING_KEYS_VALID);
    else
        findings_add_text(findings, FINDING_BAD, FINDING_KEYS_OF_ANOTHER, identity->external_id);
    findings_add_text(findings, same_currency ? FINDING_GOOD : FINDING_BAD,
                      same_currency ? FINDING_CURRENCY_RIGHT : FINDING_CURRENCY_OTHER,
                      identity->currency);
    findings_add(findings, identity->charges_enabled ? FINDING_GOOD : FINDING_BAD,
                 identity->charges_enabled ? FINDING_CHARGES_ON : FINDING_CHARGES_OFF);
}

/* Did the account withdraw its consent? Then no key of ours can reach it. */
static bool link_ended(const struct provider_account *account,
                       const struct stripe_answer *received)
{
    return account->link_kind == ACCOUNT_CONNECT &&
           (account->revoked || strcmp(received->code, "account_invalid") == 0);
}

/* A key tells its mode: with a test key of a live account nobody would be paid. The platform's
 * (none is given) is looked at where it is set. */
static void judge_mode(const struct provider_account *account, struct str key,
                       struct findings *findings)
{
    const char *mode = account->mode == ACCOUNT_LIVE ? "_live_" : "_test_";

    if (key.len > 2 && !str_starts(str_from(key.data + 2, key.len - 2), mode))
        findings_add(findings, FINDING_BAD, FINDING_KEYS_MODE);
}

/* A key that was enough once may lack what Guichet learnt to do since. */
static enum err examine_rights(const struct provider_call *call, struct str key,
                               struct findings *findings)
{
    struct link_answer answer = {.outcome = LINK_DONE, .reason = ""};
    enum err err = stripe_key_restricted(key) ? stripe_rights(call, key, &answer) : OK;

    if (!err && answer.outcome == LINK_KEY_LACKS)
        add_lacking(findings, &answer);
    return err;
}

/* *go_on: Stripe knows the key, more can be asked with it. */
static enum err examine_keys(const struct provider_call *call,
                             const struct association *association,
                             const struct provider_account *account, struct str key,
                             struct findings *findings, bool *go_on)
{
    struct stripe_answer received;
    struct stripe_request request = {.method = "GET", .path = "/v1/account"};
    struct link_identity identity;
    struct link_answer answer;
    enum err err = stripe_api_call(call, account, &request, &received);

    if (err)
        return err;
    stripe_link_answer(&received, &answer);
    if (answer.outcome == LINK_DONE)
        stripe_identity_read(received.json, call->arena, &identity, &answer);
    *go_on = answer.outcome == LINK_DONE || answer.outcome == LINK_KEY_LACKS;
    if (link_ended(account, &received)) {
        findings_add(findings, FINDING_BAD, FINDING_LINK_ENDED);
    } else if (answer.outcome == LINK_UNREACHABLE) {
        add_unreachable(findings, &received);
    } else {
        findings_add(findings, FINDING_GOOD, FINDING_REACHED);
        findings_add_clock(findings, received.date_at, call->now);
        judge_mode(account, key, findings);
        if (answer.outcome == LINK_DONE)
            judge_identity(association, account, &identity, findings);
        else
            add_refusal(findings, &answer);
    }
    json_decref(received.json);
    return OK;
}

/* ---- endpoint ---- */

static void judge_endpoint(const struct link_endpoint *endpoint, struct findings *findings)
{
    size_t before = findings->count;

    if (!endpoint->enabled)
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_DISABLED);
    if (!endpoint->url_right)
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_ADDRESS);
    if (!endpoint->events_enough)
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_EVENTS_FEW);
    else if (!endpoint->events_right)
        findings_add(findings, FINDING_WARN, FINDING_ENDPOINT_EVENTS_MANY);
    if (!endpoint->version_right)
        findings_add(findings, FINDING_WARN, FINDING_ENDPOINT_VERSION);
    if (findings->count == before)
        findings_add(findings, FINDING_GOOD, FINDING_ENDPOINT_GOOD);
}

static bool is_row(const struct link_endpoints *known, enum link_endpoint_state state,
                   const char *id)
{
    return known->has[state] && strcmp(known->rows[state].external_id, id) == 0;
}

/* The present one is the one the database knows; without, the first of ours (made by hand). */
static void judge_endpoints(const struct link_endpoints *known,
                            const struct link_endpoint *endpoints, size_t count,
                            struct findings *findings)
{
    const struct link_endpoint *present = NULL;
    int64_t more = 0;

    for (size_t i = 0; i < count; i++) {
        const struct link_endpoint *endpoint = &endpoints[i];

        if (is_row(known, ENDPOINT_ACTIVE, endpoint->id) ||
            (!known->has[ENDPOINT_ACTIVE] && endpoint->ours && !present))
            present = endpoint;
        else if (endpoint->ours && !is_row(known, ENDPOINT_RETIRING, endpoint->id))
            more++;
    }
    if (present)
        judge_endpoint(present, findings);
    else
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_MISSING);
    if (more > 0)
        findings_add(findings, FINDING_WARN, FINDING_ENDPOINT_LEFTOVER)->number = more;
}

static enum err examine_endpoint(const struct provider_call *call,
                                 const struct provider_account *account, struct findings *findings)
{
    struct link_order order = {.url = link_notify_url(call, account)};
    struct link_endpoint *endpoints = NULL;
    struct link_endpoints known;
    struct link_answer answer;
    size_t count = 0;
    enum err err =
        link_endpoints_read(call->db, account->association_id, account->id, call->arena, &known);

    if (!err)
        err = stripe_linking.endpoint_list(call, account, &order, &endpoints, &count, &answer);
    if (err)
        return err;
    if (answer.outcome == LINK_UNREACHABLE)
        findings_add_text(findings, FINDING_WARN, FINDING_UNREACHABLE, answer.reason);
    else if (answer.outcome != LINK_DONE)
        add_refusal(findings, &answer);
    else
        judge_endpoints(&known, endpoints, count, findings);
    return OK;
}

/* For an associated account the platform asks, whose endpoint is the installation's. */
enum err stripe_examine(const struct provider_call *call, const struct association *association,
                        const struct provider_account *account, struct findings *findings)
{
    bool own_keys = account->link_kind != ACCOUNT_CONNECT, go_on = false;
    struct str key = {0};
    enum err err = OK;

    if (own_keys)
        err = account_secret(call->db, call->key, account, "api_key", 0, call->now, call->arena,
                             &key);
    if (err == ERR_NOT_FOUND || err == ERR_CRYPTO)
        return OK; /* the kernel has found that already */
    if (!err)
        err = examine_keys(call, association, account, key, findings, &go_on);
    if (!err && go_on)
        err = examine_rights(call, key, findings);
    return err || !go_on || !own_keys ? err : examine_endpoint(call, account, findings);
}
