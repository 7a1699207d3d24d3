#include <string.h>

#include "net/json.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

/* ---- the payment intent ---- */

json_t *stripe_payment_error(const json_t *payment)
{
    json_t *error = NULL;

    if (!row_text(payment, "error_code"))
        return json_null();
    error = json_object();
    put_copy(error, "charge", payment, "charge_id");
    put_copy(error, "code", payment, "error_code");
    if (row_text(payment, "error_decline_code"))
        put_copy(error, "decline_code", payment, "error_decline_code");
    put(error, "doc_url",
        json_sprintf("https://stripe.com/docs/error-codes/%s", row_text(payment, "error_code")));
    put_copy(error, "message", payment, "error_message");
    put_text(error, "type", "card_error");
    return error;
}

static json_t *next_action(const json_t *payment)
{
    json_t *action = NULL;

    if (!row_is(payment, "status", "requires_action"))
        return json_null();
    action = json_object();
    put_text(action, "type", "use_stripe_sdk");
    put(action, "use_stripe_sdk", json_object());
    return action;
}

static enum err put_latest_charge(struct db *db, json_t *object, const json_t *payment,
                                  const json_t *expand)
{
    json_auto_t *below = stripe_expand_below(expand, "latest_charge");
    const char *charge_id = row_text(payment, "charge_id");
    json_auto_t *row = NULL;
    json_t *charge = NULL;
    enum err err = OK;

    if (!below || !charge_id) {
        put_text(object, "latest_charge", charge_id);
        return OK;
    }
    err = row_need(db, SQ_STRIPE_CHARGE_BY_ID, DB_VALUES(db_text(charge_id)), "charge", &row);
    if (!err)
        err = stripe_charge_object(db, row, below, &charge);
    if (!err)
        put(object, "latest_charge", charge);
    return err;
}

static void put_payment_constants(json_t *object)
{
    static const char *const nulls[] = {"allowed_payment_method_types",
                                        "application",
                                        "application_fee_amount",
                                        "automatic_payment_methods",
                                        "cancellation_reason",
                                        "customer",
                                        "customer_account",
                                        "excluded_payment_method_types",
                                        "managed_payments",
                                        "on_behalf_of",
                                        "payment_method_configuration_details",
                                        "payment_record",
                                        "processing",
                                        "review",
                                        "setup_future_usage",
                                        "shipping",
                                        "source",
                                        "transfer_data",
                                        "transfer_group",
                                        NULL};

    put_nulls(object, nulls);
    put_text(object, "object", "payment_intent");
    put_integer(object, "amount_capturable", 0);
    put(object, "amount_details", json_pack("{s:{}}", "tip"));
    put_text(object, "confirmation_method", "automatic");
    put(object, "payment_method_options", json_object());
}

enum err stripe_payment_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object)
{
    static const char *const copies[] = {"amount",
                                         "canceled_at",
                                         "client_secret",
                                         "created",
                                         "currency",
                                         "livemode",
                                         "status",
                                         "payment_method",
                                         "metadata",
                                         "description",
                                         "receipt_email",
                                         "capture_method",
                                         "payment_method_types",
                                         "statement_descriptor",
                                         "statement_descriptor_suffix",
                                         NULL};
    enum err err = OK;

    *object = json_object();
    put_copy(*object, "id", row, "id");
    put_payment_constants(*object);
    put_copies(*object, row, copies);
    put_integer(*object, "amount_received",
                row_is(row, "status", "succeeded") ? row_integer(row, "amount") : 0);
    put(*object, "last_payment_error", stripe_payment_error(row));
    put(*object, "next_action", next_action(row));
    err = put_latest_charge(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}

/* ---- the checkout session ---- */

static json_t *customer_details(const json_t *row)
{
    static const char *const nulls[] = {"address", "business_name", "individual_name", "phone",
                                        NULL};
    json_t *details = NULL;

    if (!row_text(row, "payer_email"))
        return json_null();
    details = json_object();
    put_nulls(details, nulls);
    put_copy(details, "email", row, "payer_email");
    put_copy(details, "name", row, "payer_name");
    put_text(details, "tax_exempt", "none");
    put(details, "tax_ids", json_array());
    return details;
}

static json_t *flag_object(const char *name, int truth)
{
    json_t *object = json_object();

    put_bool(object, name, truth);
    return object;
}

static void put_session_amounts(json_t *object, const json_t *row)
{
    json_t *totals = json_object();

    put_integer(totals, "amount_discount", 0);
    put_integer(totals, "amount_shipping", 0);
    put_integer(totals, "amount_tax", 0);
    put_copy(object, "amount_subtotal", row, "amount");
    put_copy(object, "amount_total", row, "amount");
    put(object, "total_details", totals);
}

static void put_session_constants(json_t *object)
{
    static const char *const nulls[] = {"after_expiration",
                                        "collected_information",
                                        "consent",
                                        "consent_collection",
                                        "currency_conversion",
                                        "customer",
                                        "customer_account",
                                        "discounts",
                                        "integration_identifier",
                                        "invoice",
                                        "invoice_creation",
                                        "managed_payments",
                                        "origin_context",
                                        "payment_link",
                                        "payment_method_configuration_details",
                                        "permissions",
                                        "recovered_from",
                                        "saved_payment_method_options",
                                        "setup_intent",
                                        "shipping_address_collection",
                                        "shipping_cost",
                                        "subscription",
                                        "wallet_options",
                                        NULL};
    static const char *const text_nulls[] = {"after_submit", "shipping_address", "submit",
                                             "terms_of_service_acceptance", NULL};
    json_t *texts = json_object();
    json_t *tax = flag_object("enabled", 0);

    put_nulls(object, nulls);
    put_nulls(texts, text_nulls);
    put(object, "custom_text", texts);
    put(tax, "liability", json_null());
    put(tax, "provider", json_null());
    put(tax, "status", json_null());
    put(object, "automatic_tax", tax);
    put(object, "custom_fields", json_array());
    put(object, "shipping_options", json_array());
    put(object, "payment_method_options", json_object());
}

/* What the caller asked for comes back as it was asked. */
static void put_session_parameters(json_t *object, const json_t *parameters)
{
    static const char *const echoes[] = {"allow_promotion_codes",
                                         "allowed_payment_method_types",
                                         "billing_address_collection",
                                         "cancel_url",
                                         "client_reference_id",
                                         "customer_email",
                                         "locale",
                                         "submit_type",
                                         "success_url",
                                         NULL};
    static const char *const given[] = {"excluded_payment_method_types", "redirect_on_completion",
                                        "return_url"};
    json_t *adaptive = json_object_get(parameters, "adaptive_pricing");
    json_t *phone = json_object_get(parameters, "phone_number_collection");
    json_t *creation = json_object_get(parameters, "customer_creation");

    put_copies(object, parameters, echoes);
    for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
        if (json_object_get(parameters, given[i]))
            put_copy(object, given[i], parameters, given[i]);
    put(object, "adaptive_pricing", adaptive ? json_incref(adaptive) : flag_object("enabled", 1));
    put(object, "phone_number_collection", phone ? json_incref(phone) : flag_object("enabled", 0));
    put(object, "customer_creation",
        creation ? json_incref(creation) : json_string("if_required"));
    put_text(object, "payment_method_collection", "if_required");
}

static enum err put_session_payment(struct db *db, json_t *object, const json_t *row,
                                    const json_t *expand)
{
    json_auto_t *below = stripe_expand_below(expand, "payment_intent");
    const char *payment_id = row_text(row, "payment_id");
    json_auto_t *payment_row = NULL;
    json_t *payment = NULL;
    enum err err = OK;

    if (!below || !payment_id) {
        put_text(object, "payment_intent", payment_id);
        return OK;
    }
    err = row_need(db, SQ_STRIPE_PAYMENT_BY_ID, DB_VALUES(db_text(payment_id)), "payment_intent",
                   &payment_row);
    if (!err)
        err = stripe_payment_object(db, payment_row, below, &payment);
    if (!err)
        put(object, "payment_intent", payment);
    return err;
}

enum err stripe_session_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object)
{
    static const char *const copies[] = {
        "created", "currency",      "expires_at", "livemode", "payment_status",
        "status",  "metadata",      "mode",       "ui_mode",  "payment_method_types",
        "url",     "client_secret", NULL};
    enum err err = OK;

    *object = json_object();
    put_copy(*object, "id", row, "id");
    put_text(*object, "object", "checkout.session");
    put_session_constants(*object);
    put_session_amounts(*object, row);
    put_session_parameters(*object, json_object_get(row, "parameters"));
    put_copies(*object, row, copies);
    put(*object, "customer_details", customer_details(row));
    err = put_session_payment(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}
