#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

/* "sk_test_...abcd": enough to recognise a key in a message. */
static const char *shown(struct arena *arena, const char *key)
{
    size_t len = strlen(key);

    return len < 16 ? "***" : arena_printf(arena, "%.8s***%s", key, key + len - 4);
}

/* What a restricted key needs for an address: the word of its resource, and read or write. */
static const struct {
    const char *path, *resource;
} resources[] = {
    {"/v1/checkout/sessions", "checkout_session"},
    {"/v1/payment_intents", "payment_intent"},
    {"/v1/charges", "charge"},
    {"/v1/refunds", "charge"},
    {"/v1/disputes", "dispute"},
    {"/v1/payouts", "payout"},
    {"/v1/balance_transactions", "balance_transaction_source"},
    {"/v1/balance", "balance"}, /* after its movements, whose path begins so too */
    {"/v1/events", "event"},
    {"/v1/webhook_endpoints", "webhook"},
    {"/v1/account", "accounts_kyc_basic"},
};

static bool has_permission(const json_t *permissions, const char *permission)
{
    size_t index = 0;
    json_t *value = NULL;

    json_array_foreach ((json_t *)permissions, index, value)
        if (!strcmp(json_string_value(value), permission))
            return true;
    return false;
}

/* Writing includes reading. A key without a list may do everything. */
static enum err check_permission(struct stripe_call *call, const char *key, const json_t *row)
{
    const json_t *permissions = json_object_get(row, "permissions");
    bool reads = call->request->method == HTTP_GET;

    for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++) {
        const char *write = arena_printf(call->arena, "rak_%s_write", resources[i].resource);
        const char *read = arena_printf(call->arena, "rak_%s_read", resources[i].resource);

        if (!json_is_array(permissions) || !str_starts(call->request->path, resources[i].path))
            continue;
        if (has_permission(permissions, write) || (reads && has_permission(permissions, read)))
            return OK;
        return stripe_refuse_as(
            call, 403, "invalid_request_error", NULL,
            "The provided key '%s' does not have the required permissions for this endpoint on "
            "account '%s'. Having the '%s' permission would allow this request to continue.",
            shown(call->arena, key), row_text(row, "account"), reads ? read : write);
    }
    return OK;
}

static enum err read_key(struct stripe_call *call, struct db *db)
{
    struct str header = str_trim(http_header(call->request, "HTTP_AUTHORIZATION"));
    json_auto_t *row = NULL;
    const char *key = NULL;
    enum err err = OK;

    if (!str_starts(header, "Bearer ") || header.len == 7)
        return stripe_refuse_as(call, 401, "invalid_request_error", NULL,
                                "You did not provide an API key: send Authorization: Bearer KEY.");
    key = str_copy(call->arena, str_from(header.data + 7, header.len - 7));
    err = row_find(db, SQ_STRIPE_KEY_FIND, DB_VALUES(db_text(key)), &row);
    if (err)
        return err;
    if (!row)
        return stripe_refuse_as(call, 401, "invalid_request_error", NULL,
                                "Invalid API Key provided: %s", shown(call->arena, key));
    if (row_flag(row, "revoked"))
        return stripe_refuse_as(call, 401, "invalid_request_error", "api_key_expired",
                                "Expired API Key provided: %s", shown(call->arena, key));
    if (row_is(row, "kind", "publishable"))
        return stripe_refuse_as(call, 401, "invalid_request_error", "secret_key_required",
                                "This call cannot be made with a publishable key.");
    call->key_account_id = arena_string(call->arena, row_text(row, "account"));
    call->account_id = call->key_account_id;
    call->livemode = row_flag(row, "livemode");
    return check_permission(call, key, row);
}

static enum err read_account(struct stripe_call *call, struct db *db)
{
    struct str header = str_trim(http_header(call->request, "HTTP_STRIPE_ACCOUNT"));
    const char *account_id = str_copy(call->arena, header);
    int64_t linked = 0;
    enum err err = OK;

    if (str_empty(header) || !strcmp(account_id, call->key_account_id))
        return OK;
    err = db_integer(db, SQ_STRIPE_LINK_EXISTS,
                     DB_VALUES(db_text(call->key_account_id), db_text(account_id)), 0, &linked);
    if (err)
        return err;
    if (!linked)
        return stripe_refuse_as(call, 403, "invalid_request_error", "account_invalid",
                                "The key does not have access to account '%s', or there is no "
                                "such account.",
                                account_id);
    call->account_id = account_id;
    return OK;
}

static enum err read_version(struct stripe_call *call)
{
    struct str version = str_trim(http_header(call->request, "HTTP_STRIPE_VERSION"));

    if (str_empty(version))
        return stripe_refuse(call, NULL, NULL,
                             "The practice provider asks for an explicit Stripe-Version.");
    if (!str_is(version, STRIPE_VERSION))
        return stripe_refuse(call, NULL, NULL,
                             "Invalid Stripe API version: %.*s. The practice provider answers "
                             "as %s only.",
                             STR_PRINT(version), STRIPE_VERSION);
    return OK;
}

static enum err read_idempotency_key(struct stripe_call *call)
{
    struct str key = str_trim(http_header(call->request, "HTTP_IDEMPOTENCY_KEY"));

    if (str_empty(key) || call->request->method != HTTP_POST)
        return OK;
    if (key.len > IDEMPOTENCY_KEY_MAX)
        return stripe_refuse_as(call, 400, "idempotency_error", NULL,
                                "Idempotency keys have at most %d characters.",
                                IDEMPOTENCY_KEY_MAX);
    call->idempotency_key = str_copy(call->arena, key);
    return OK;
}

enum err stripe_enter(struct stripe_call *call, struct db *db)
{
    enum err err = read_key(call, db);

    if (!err && !call->error.status)
        err = read_version(call);
    if (!err && !call->error.status)
        err = read_account(call, db);
    if (!err && !call->error.status)
        err = read_idempotency_key(call);
    return err;
}
