#include <string.h>

#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

/* ---- the charge ---- */

static json_t *billing_details(const json_t *row)
{
    static const char *const nulls[] = {"phone", "tax_id", NULL};
    static const char *const address_nulls[] = {"city",        "country", "line1", "line2",
                                                "postal_code", "state",   NULL};
    json_t *details = json_object();
    json_t *address = json_object();

    put_nulls(address, address_nulls);
    put(details, "address", address);
    put_copy(details, "email", row, "payer_email");
    put_copy(details, "name", row, "payer_name");
    put_nulls(details, nulls);
    return details;
}

static json_t *outcome(const json_t *row)
{
    static const char *const nulls[] = {"advice_code", "network_advice_code",
                                        "network_decline_code", NULL};
    bool failed = row_is(row, "status", "failed");
    json_t *object = json_object();

    put_nulls(object, nulls);
    put_text(object, "network_status", failed ? "declined_by_network" : "approved_by_network");
    put_copy(object, "reason", row, failed ? "failure_decline_code" : "");
    put_text(object, "risk_level", failed ? "elevated" : "normal");
    put_text(object, "seller_message",
             failed ? "The bank did not accept the payment." : "Payment complete.");
    put_text(object, "type", failed ? "issuer_declined" : "authorized");
    return object;
}

static json_t *three_d_secure(const json_t *row)
{
    static const char *const nulls[] = {"exemption_indicator", "result_reason", "transaction_id",
                                        NULL};
    json_t *object = NULL;

    if (!row_flag(row, "secure"))
        return json_null();
    object = json_object();
    put_nulls(object, nulls);
    put_text(object, "authentication_flow", "challenge");
    put_text(object, "electronic_commerce_indicator", "05");
    put_text(object, "result", "authenticated");
    put_text(object, "version", "2.2.0");
    return object;
}

static json_t *card_details(const json_t *row)
{
    static const char *const nulls[] = {"authorization_code",
                                        "electronic_commerce_indicator",
                                        "installments",
                                        "mandate",
                                        "network_transaction_id",
                                        "regulated_status",
                                        "transaction_link_id",
                                        "wallet",
                                        NULL};
    static const char *const checks_nulls[] = {"address_line1_check", "address_postal_code_check",
                                               NULL};
    json_t *card = json_object();
    json_t *checks = json_object();

    put_nulls(checks, checks_nulls);
    put_text(checks, "cvc_check", row_is(row, "failure_code", "incorrect_cvc") ? "fail" : "pass");
    put_nulls(card, nulls);
    put(card, "checks", checks);
    put_copy(card, "amount_authorized", row, row_is(row, "status", "failed") ? "" : "amount");
    put_copy(card, "brand", row, "brand");
    put_copy(card, "network", row, "brand");
    put_copy(card, "country", row, "country");
    put_copy(card, "last4", row, "last4");
    put_integer(card, "exp_month", 12);
    put_copy(card, "exp_year", row, "exp_year");
    put_text(card, "funding", "credit");
    put(card, "three_d_secure", three_d_secure(row));
    return card;
}

static json_t *debit_details(const json_t *row)
{
    static const char *const nulls[] = {"bank_code", "branch_code", "fingerprint", "mandate",
                                        NULL};
    json_t *debit = json_object();

    put_nulls(debit, nulls);
    put_copy(debit, "country", row, "country");
    put_copy(debit, "last4", row, "last4");
    return debit;
}

static json_t *method_details(const json_t *row)
{
    json_t *details = json_object();
    bool card = row_is(row, "method", "card");

    put_copy(details, "type", row, "method");
    put(details, row_text(row, "method"), card ? card_details(row) : debit_details(row));
    return details;
}

static void put_charge_constants(json_t *object)
{
    static const char *const nulls[] = {"application",
                                        "application_fee",
                                        "application_fee_amount",
                                        "customer",
                                        "on_behalf_of",
                                        "receipt_number",
                                        "receipt_url",
                                        "review",
                                        "shipping",
                                        "source",
                                        "source_transfer",
                                        "transfer_data",
                                        "transfer_group",
                                        NULL};

    put_text(object, "object", "charge");
    put_nulls(object, nulls);
    put(object, "fraud_details", json_object());
}

static enum err put_references(struct db *db, json_t *object, const json_t *row,
                               const json_t *expand)
{
    const struct stripe_reference references[] = {
        {"balance_transaction", row_text(row, "balance_id"), SQ_STRIPE_BALANCE_BY_ID,
         stripe_balance_object},
        {"failure_balance_transaction", row_text(row, "failure_balance_id"),
         SQ_STRIPE_BALANCE_BY_ID, stripe_balance_object},
        {"payment_intent", row_text(row, "payment_intent"), SQ_STRIPE_PAYMENT_BY_ID,
         stripe_payment_object},
    };
    enum err err = OK;

    for (size_t i = 0; i < sizeof(references) / sizeof(*references) && !err; i++)
        err = stripe_expand_put(db, object, &references[i], expand);
    return err;
}

enum err stripe_charge_object(struct db *db, const json_t *row, const json_t *expand,
                              json_t **object)
{
    static const char *const copies[] = {"amount",
                                         "created",
                                         "currency",
                                         "livemode",
                                         "status",
                                         "payment_method",
                                         "failure_code",
                                         "failure_message",
                                         "metadata",
                                         "description",
                                         "receipt_email",
                                         "statement_descriptor",
                                         "statement_descriptor_suffix",
                                         NULL};
    bool succeeded = row_is(row, "status", "succeeded");
    bool captured = !row_is(row, "status", "failed");
    enum err err = OK;

    *object = json_object();
    put_copy(*object, "id", row, "id");
    put_charge_constants(*object);
    put_copies(*object, row, copies);
    put_integer(*object, "amount_captured", captured ? row_integer(row, "amount") : 0);
    put(*object, "billing_details", billing_details(row));
    put_copy(*object, "calculated_statement_descriptor", row, "account_name");
    put_bool(*object, "captured", captured);
    put(*object, "outcome", outcome(row));
    put_bool(*object, "paid", succeeded);
    put(*object, "payment_method_details", method_details(row));
    put_copy(*object, "amount_refunded", row, "refunded_cents");
    put_copy(*object, "disputed", row, "disputed");
    put_bool(*object, "refunded",
             row_integer(row, "refunded_cents") == row_integer(row, "amount"));
    err = put_references(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}
