#include "payment/examine.h"

#include <string.h>

#include "base/arena.h"
#include "queries.h"

enum { CLOCK_TOLERANCE_S = 60 }; /* between a fact's time and its notification's */

/* ---- mode and addresses ---- */

static void add_mode(const struct association *association, const struct provider_account *account,
                     struct findings *findings)
{
    bool real = association->kind == ASSOCIATION_REAL;

    if (real != (account->mode == ACCOUNT_LIVE))
        findings_add(findings, FINDING_BAD, FINDING_MODE_OTHER);
}

/* "https://host" of an official address, alone or before a path. */
static bool begins_with_origin(const char *url, const char *origin)
{
    size_t len = strlen(origin);

    return strncmp(url, origin, len) == 0 && (url[len] == '\0' || url[len] == '/');
}

/* Loopback names and addresses, and anything without TLS. */
static bool reachable_from_outside(const char *url)
{
    static const char *const local[] = {"https://localhost", "https://127.", "https://[::1]",
                                        "https://0."};

    if (strncmp(url, "https://", strlen("https://")) != 0)
        return false;
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        if (strncmp(url, local[i], strlen(local[i])) == 0)
            return false;
    return true;
}

/* One address may stand in two places: it is told of once. */
static void add_address(struct findings *findings, const char *url)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].key == FINDING_ADDRESS_OTHER &&
            strcmp(findings->items[i].text, url) == 0)
            return;
    findings_add_text(findings, FINDING_BAD, FINDING_ADDRESS_OTHER, url);
}

void examine_addresses(const struct provider_settings *settings, const char *provider,
                       struct findings *findings)
{
    const struct {
        const char *provider, *url, *origin;
    } addresses[] = {
        {"stripe", settings->stripe_api_url, "https://api.stripe.com"},
        {"stripe", settings->stripe_checkout_url, "https://checkout.stripe.com"},
        {"stripe", settings->stripe_connect_url, "https://connect.stripe.com"},
        {"stripe", settings->stripe_script_url, "https://js.stripe.com"},
        {"stripe", settings->stripe_hooks_url, "https://hooks.stripe.com"},
        {"paypal", settings->paypal_live_webscr_url, "https://www.paypal.com"},
        {"paypal", settings->paypal_live_ipn_url, "https://ipnpb.paypal.com"},
        {"paypal", settings->paypal_live_api_url, "https://api-m.paypal.com"},
    };

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        if ((!provider || strcmp(provider, addresses[i].provider) == 0) &&
            !begins_with_origin(addresses[i].url, addresses[i].origin))
            add_address(findings, addresses[i].url);
    if (!reachable_from_outside(settings->base_url))
        findings_add_text(findings, FINDING_BAD, FINDING_BASE_URL_LOCAL, settings->base_url);
}

/* ---- identity and secrets ---- */

static void add_identity(const struct provider *provider, const struct provider_account *account,
                         struct findings *findings)
{
    if (!account->verified)
        findings_add(findings, FINDING_WARN, FINDING_IDENTITY_UNPROVEN);
    else if (!provider->asks)
        findings_add(findings, FINDING_GOOD, FINDING_IDENTITY_PROVEN);
}

static enum err add_secret(const struct provider_call *call,
                           const struct provider_account *account, const char *name,
                           struct findings *findings)
{
    struct str plain;
    enum err err =
        account_secret(call->db, call->key, account, name, 0, call->now, call->arena, &plain);

    if (err == ERR_NOT_FOUND)
        findings_add_text(findings, FINDING_BAD, FINDING_SECRET_MISSING, name);
    else if (err == ERR_CRYPTO)
        findings_add_text(findings, FINDING_BAD, FINDING_SECRET_BROKEN, name);
    return err == ERR_NOT_FOUND || err == ERR_CRYPTO ? OK : err;
}

static enum err add_secrets(const struct provider_call *call, const struct provider *provider,
                            const struct provider_account *account, struct findings *findings)
{
    enum err err = OK;

    if (account->link_kind == ACCOUNT_CONNECT) /* its secrets are the platform's */
        return OK;
    for (const char *const *name = provider->secrets; !err && name && *name; name++)
        err = add_secret(call, account, *name, findings);
    return err;
}

/* ---- notifications ---- */

static enum err add_never(const struct provider_call *call, const struct provider_account *account,
                          struct findings *findings)
{
    int64_t attempts = 0;
    enum err err =
        db_integer(call->db, Q_EXAMINE_ATTEMPTS,
                   DB_VALUES(db_int(account->association_id), db_int(account->id),
                             db_int(call->now - EXAMINE_PATIENCE_S), db_int(EXAMINE_ATTEMPTS_MAX)),
                   0, &attempts);

    if (err)
        return err;
    if (attempts == 0)
        findings_add(findings, FINDING_WARN, FINDING_NOTIFICATION_NONE);
    else
        findings_add(findings, attempts < EXAMINE_ATTEMPTS_BAD ? FINDING_WARN : FINDING_BAD,
                     FINDING_NOTIFICATION_AWAITED)
            ->number = attempts;
    return OK;
}

/* Payments that were found by asking, since the last notification: it should have told them. */
static enum err count_silent(const struct provider_call *call,
                             const struct provider_account *account, int64_t last_at,
                             int64_t *count, int64_t *first_at)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(call->db, Q_EXAMINE_SILENT,
                            DB_VALUES(db_int(account->association_id), db_int(account->id),
                                      db_int(last_at + CLOCK_TOLERANCE_S),
                                      db_int(call->now - EXAMINE_PATIENCE_S)),
                            &rows, &found);

    *count = !err && found ? db_column_int(&rows, 0) : 0;
    *first_at = *count > 0 ? db_column_int(&rows, 1) : 0;
    db_rows_done(&rows);
    return err;
}

static enum err add_notifications(const struct provider_call *call,
                                  const struct provider_account *account,
                                  struct findings *findings)
{
    int64_t last_at = 0, silent = 0, first_at = 0;
    struct finding *finding;
    enum err err =
        db_integer(call->db, Q_NOTIFICATION_LAST,
                   DB_VALUES(db_int(account->association_id), db_int(account->id)), 0, &last_at);

    if (!err)
        err = count_silent(call, account, last_at, &silent, &first_at);
    if (err)
        return err;
    if (silent == 0 && last_at == 0)
        return add_never(call, account, findings);
    if (silent == 0)
        finding = findings_add(findings, FINDING_GOOD, FINDING_NOTIFICATION_LAST);
    else
        finding = findings_add(
            findings, call->now - first_at < EXAMINE_SILENCE_S ? FINDING_WARN : FINDING_BAD,
            FINDING_NOTIFICATION_MISSING);
    finding->number = silent;
    finding->at = last_at;
    return OK;
}

/* ---- all of it ---- */

enum err examine_account(const struct provider_call *call, const struct provider *provider,
                         const struct association *association,
                         const struct provider_account *account, struct findings *findings)
{
    enum err err;

    add_mode(association, account, findings);
    if (association->kind == ASSOCIATION_REAL)
        examine_addresses(call->settings, account->provider, findings);
    add_identity(provider, account, findings);
    err = add_secrets(call, provider, account, findings);
    return err ? err : add_notifications(call, account, findings);
}
