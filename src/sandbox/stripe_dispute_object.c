#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_form.h"
#include "sandbox_queries.h"

static json_t *evidence(void)
{
    static const char *const nulls[] = {"access_activity_log",
                                        "billing_address",
                                        "cancellation_policy",
                                        "cancellation_policy_disclosure",
                                        "cancellation_rebuttal",
                                        "customer_communication",
                                        "customer_email_address",
                                        "customer_name",
                                        "customer_purchase_ip",
                                        "customer_signature",
                                        "duplicate_charge_documentation",
                                        "duplicate_charge_explanation",
                                        "duplicate_charge_id",
                                        "product_description",
                                        "receipt",
                                        "refund_policy",
                                        "refund_policy_disclosure",
                                        "refund_refusal_explanation",
                                        "service_date",
                                        "service_documentation",
                                        "shipping_address",
                                        "shipping_carrier",
                                        "shipping_date",
                                        "shipping_documentation",
                                        "shipping_tracking_number",
                                        "uncategorized_file",
                                        "uncategorized_text",
                                        NULL};
    json_t *object = json_object();

    put_nulls(object, nulls);
    put(object, "enhanced_evidence", json_object());
    return object;
}

static json_t *evidence_details(const json_t *row)
{
    int64_t submissions = row_integer(row, "submissions");
    json_t *object = json_object();

    put_copy(object, "due_by", row, "due_by");
    put(object, "enhanced_eligibility", json_object());
    put_bool(object, "has_evidence", submissions > 0);
    put_false(object, "past_due");
    put_integer(object, "submission_count", submissions);
    put_text(object, "submission_method", submissions ? "manual" : "not_submitted");
    return object;
}

static json_t *method_details(const json_t *row)
{
    json_t *object = json_object();
    json_t *card = json_object();

    put_copy(card, "brand", row, "brand");
    put_text(card, "case_type",
             strncmp(row_text(row, "status"), "warning", 7) ? "chargeback" : "inquiry");
    put_copy(card, "network", row, "brand");
    put_text(card, "network_reason_code", "10.4");
    put(object, "card", card);
    put_text(object, "type", "card");
    return object;
}

/* Its movements stand in it whole. */
static enum err put_movements(struct db *db, json_t *object, const json_t *row)
{
    json_auto_t *rows = NULL;
    json_t *list = json_array();
    enum err err =
        row_list(db, SQ_STRIPE_BALANCE_OF_SOURCE, DB_VALUES(db_text(row_text(row, "id"))), &rows);

    put(object, "balance_transactions", list);
    for (size_t i = 0; i < json_array_size(rows) && !err; i++) {
        json_t *movement = NULL;

        err = stripe_balance_object(db, json_array_get(rows, i), NULL, &movement);
        if (!err)
            json_array_append_new(list, movement);
    }
    return err;
}

static enum err put_references(struct db *db, json_t *object, const json_t *row,
                               const json_t *expand)
{
    const struct stripe_reference charge = {"charge", row_text(row, "charge"),
                                            SQ_STRIPE_CHARGE_BY_ID, stripe_charge_object};
    const struct stripe_reference payment = {"payment_intent", row_text(row, "payment_intent"),
                                             SQ_STRIPE_PAYMENT_BY_ID, stripe_payment_object};
    enum err err = stripe_expand_put(db, object, &charge, expand);

    if (!err)
        err = stripe_expand_put(db, object, &payment, expand);
    return err ? err : put_movements(db, object, row);
}

enum err stripe_dispute_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object)
{
    static const char *const copies[] = {"id",       "amount", "created", "currency",
                                         "livemode", "reason", "status",  NULL};
    bool card = row_is(row, "method", "card");
    enum err err = OK;

    *object = json_object();
    put_text(*object, "object", "dispute");
    put_copies(*object, row, copies);
    put(*object, "enhanced_eligibility_types", json_array());
    put(*object, "evidence", evidence());
    put(*object, "evidence_details", evidence_details(row));
    put_text(*object, "intended_submission_method", NULL);
    put_bool(*object, "is_charge_refundable", !strncmp(row_text(row, "status"), "warning", 7));
    put(*object, "metadata", json_object());
    put_text(*object, "network_reason_code", card ? "10.4" : NULL);
    if (card)
        put(*object, "payment_method_details", method_details(row));
    err = put_references(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}

static enum err read_one(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"dispute", SQ_STRIPE_DISPUTE_FIND,
                                                stripe_dispute_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_dispute_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        {.path = "expand[]", .kind = RULE_TEXT, .max = 500},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = read_one};

    return stripe_serve(request, response, &operation);
}

static enum err list(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_list disputes = {"/v1/disputes",           "dispute",
                                                SQ_STRIPE_DISPUTE_LIST,   0,
                                                SQ_STRIPE_DISPUTE_NUMBER, stripe_dispute_object};
    enum err err = stripe_expand_check(call, "list:dispute");

    return err || call->error.status ? err : stripe_list_answer(call, db, &disputes, answer);
}

enum err stripe_dispute_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        STRIPE_LIST_RULES,
        {.path = "charge", .kind = RULE_TEXT, .max = 255},
        {.path = "payment_intent", .kind = RULE_TEXT, .max = 255},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list};

    return stripe_serve(request, response, &operation);
}
