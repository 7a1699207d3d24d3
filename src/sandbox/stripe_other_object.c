#include <string.h>

#include "sandbox/row.h"
#include "sandbox/stripe.h"

enum err stripe_event_object(struct db *db, const json_t *row, const json_t *expand,
                             json_t **object)
{
    static const char *const copies[] = {"api_version",      "created", "livemode",
                                         "pending_webhooks", "type",    NULL};
    json_t *data = json_object();
    json_t *request = json_object();

    (void)db;
    (void)expand;
    *object = json_object();
    put_copy(*object, "id", row, "id");
    put_text(*object, "object", "event");
    if (row_text(row, "account"))
        put_copy(*object, "account", row, "account");
    put_copies(*object, row, copies);
    put_copy(data, "object", row, "object");
    if (json_is_object(json_object_get(row, "previous")))
        put_copy(data, "previous_attributes", row, "previous");
    put(*object, "data", data);
    put_copy(request, "id", row, "request_id");
    put_copy(request, "idempotency_key", row, "idempotency_key");
    put(*object, "request", request);
    return OK;
}

enum err stripe_endpoint_object(struct db *db, const json_t *row, const json_t *expand,
                                json_t **object)
{
    static const char *const copies[] = {"api_version", "created", "description", "livemode",
                                         "metadata",    "status",  "url",         NULL};

    (void)db;
    (void)expand;
    *object = json_object();
    put_copy(*object, "id", row, "id");
    put_text(*object, "object", "webhook_endpoint");
    put_text(*object, "application", NULL);
    put_copies(*object, row, copies);
    put_copy(*object, "enabled_events", row, "events");
    return OK;
}

static json_t *capabilities(const json_t *row)
{
    json_t *object = json_object();

    put_text(object, "card_payments", "active");
    if (row_is(row, "currency", "eur"))
        put_text(object, "sepa_debit_payments", "active");
    put_text(object, "transfers", "active");
    return object;
}

static json_t *business_profile(const json_t *row)
{
    static const char *const nulls[] = {"mcc",
                                        "minority_owned_business_designation",
                                        "specified_commercial_transactions_act_url",
                                        "support_address",
                                        "support_email",
                                        "support_phone",
                                        "support_url",
                                        "url",
                                        NULL};
    json_t *object = json_object();

    put_nulls(object, nulls);
    put_copy(object, "name", row, "name");
    return object;
}

enum err stripe_account_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object)
{
    static const char *const copies[] = {"country", "created", "email", NULL};

    (void)db;
    (void)expand;
    *object = json_object();
    put_copy(*object, "id", row, "id");
    put_text(*object, "object", "account");
    put(*object, "business_profile", business_profile(row));
    put(*object, "capabilities", capabilities(row));
    put_copy(*object, "charges_enabled", row, "charges_enabled");
    put_copies(*object, row, copies);
    put_copy(*object, "default_currency", row, "currency");
    put_true(*object, "details_submitted");
    put(*object, "metadata", json_object());
    put_true(*object, "payouts_enabled");
    put_text(*object, "type", "standard");
    return OK;
}
