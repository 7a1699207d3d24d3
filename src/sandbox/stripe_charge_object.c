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
                                        "failure_balance_transaction",
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
    put_integer(object, "amount_refunded", 0);
    put_false(object, "disputed");
    put_false(object, "refunded");
    put(object, "fraud_details", json_object());
}

static enum err put_balance(struct db *db, json_t *object, const json_t *row, const json_t *expand)
{
    json_auto_t *below = stripe_expand_below(expand, "balance_transaction");
    const char *balance_id = row_text(row, "balance_id");
    json_auto_t *balance_row = NULL;
    json_t *balance = NULL;
    enum err err = OK;

    if (!below || !balance_id) {
        put_text(object, "balance_transaction", balance_id);
        return OK;
    }
    err = row_need(db, SQ_STRIPE_BALANCE_BY_ID, DB_VALUES(db_text(balance_id)),
                   "balance_transaction", &balance_row);
    if (!err)
        err = stripe_balance_object(db, balance_row, NULL, &balance);
    if (!err)
        put(object, "balance_transaction", balance);
    return err;
}

static enum err put_payment(struct db *db, json_t *object, const json_t *row, const json_t *expand)
{
    json_auto_t *below = stripe_expand_below(expand, "payment_intent");
    json_auto_t *payment_row = NULL;
    json_t *payment = NULL;
    enum err err = OK;

    if (!below) {
        put_copy(object, "payment_intent", row, "payment_intent");
        return OK;
    }
    err =
        row_need(db, SQ_STRIPE_PAYMENT_BY_ID, DB_VALUES(db_text(row_text(row, "payment_intent"))),
                 "payment_intent", &payment_row);
    if (!err)
        err = stripe_payment_object(db, payment_row, below, &payment);
    if (!err)
        put(object, "payment_intent", payment);
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
    err = put_balance(db, *object, row, expand);
    if (!err)
        err = put_payment(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}

/* ---- the movement of the balance ---- */

static json_t *fee_details(const json_t *row)
{
    json_t *list = json_array();
    json_t *fee = json_object();

    put_copy(fee, "amount", row, "fee");
    put_text(fee, "application", NULL);
    put_copy(fee, "currency", row, "currency");
    put_text(fee, "description", "Stripe processing fees");
    put_text(fee, "type", "stripe_fee");
    json_array_append_new(list, fee);
    return list;
}

enum err stripe_balance_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object)
{
    static const char *const copies[] = {"id",       "amount", "available_on", "created",
                                         "currency", "fee",    "net",          "description",
                                         "source",   "status", "type",         NULL};

    (void)db;
    (void)expand;
    *object = json_object();
    put_text(*object, "object", "balance_transaction");
    put_copies(*object, row, copies);
    put_text(*object, "balance_type", "payments");
    put_text(*object, "exchange_rate", NULL);
    put(*object, "fee_details", fee_details(row));
    put_text(*object, "reporting_category", "charge");
    return OK;
}
