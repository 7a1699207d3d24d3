#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* The same reasons in the messages' words and in those of the REST face. */
static const struct {
    const char *code;
    const char *reason;
} reasons[] = {
    {"non_receipt", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"},
    {"not_as_described", "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED"},
    {"unauthorized", "UNAUTHORISED"},
    {"duplicate", "DUPLICATE_TRANSACTION"},
    {"billing", "PROBLEM_WITH_REMITTANCE"},
};

static const char *reason_of(const char *code)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (!strcmp(reasons[i].code, code))
            return reasons[i].reason;
    return "OTHER";
}

/* ---- its shape ---- */

static json_t *transaction_of(const struct event_telling *telling, const json_t *payment)
{
    json_t *transaction = json_object();

    put_copy(transaction, "seller_transaction_id", payment, "txn_id");
    put_text(transaction, "create_time",
             rest_time(telling->arena, row_integer(payment, "created")));
    put_text(transaction, "transaction_status", "COMPLETED");
    put(transaction, "gross_amount",
        rest_money(row_integer(payment, "gross_cents"), row_text(payment, "currency")));
    if (row_text(payment, "invoice"))
        put_copy(transaction, "invoice_number", payment, "invoice");
    if (row_text(payment, "custom"))
        put_copy(transaction, "custom", payment, "custom");
    put(transaction, "buyer",
        json_pack("{s:o}", "name",
                  json_sprintf("%s %s", row_text(payment, "first_name"),
                               row_text(payment, "last_name"))));
    put(transaction, "seller",
        json_pack("{s:s, s:s}", "email", row_text(payment, "receiver_email"), "merchant_id",
                  row_text(payment, "receiver")));
    return transaction;
}

static json_t *resource_of(const struct event_telling *telling, const json_t *dispute,
                           const json_t *payment)
{
    json_t *amount =
        rest_money(row_integer(payment, "gross_cents"), row_text(payment, "currency"));
    json_t *resource = json_object();
    json_t *links = json_array();

    put_copy(resource, "dispute_id", dispute, "id");
    put_text(resource, "create_time", rest_time(telling->arena, row_integer(dispute, "created")));
    put_text(resource, "update_time", rest_time(telling->arena, row_integer(dispute, "updated")));
    put(resource, "disputed_transactions", json_pack("[o]", transaction_of(telling, payment)));
    put_copy(resource, "reason", dispute, "reason");
    put_copy(resource, "status", dispute, "status");
    put(resource, "dispute_amount", amount);
    if (row_text(dispute, "outcome"))
        put(resource, "dispute_outcome",
            json_pack("{s:s, s:O}", "outcome_code", row_text(dispute, "outcome"),
                      "amount_refunded", amount));
    put_copy(resource, "dispute_life_cycle_stage", dispute, "stage");
    put_text(resource, "dispute_channel", "INTERNAL");
    rest_link(links, telling->sandbox,
              arena_printf(telling->arena, "/v1/customer/disputes/%s", row_text(dispute, "id")),
              "self", "GET");
    put(resource, "links", links);
    return resource;
}

/* ---- keeping and telling ---- */

/* *type says what happened: the row before it was changed decides. */
static enum err keep(const struct event_telling *telling, const struct dispute_news *news,
                     const char **type)
{
    json_auto_t *before = NULL;
    enum err err =
        row_find(telling->db, SQ_PAYPAL_DISPUTE_FIND, DB_VALUES(db_text(news->id)), &before);

    *type = news->closed ? "CUSTOMER.DISPUTE.RESOLVED"
            : before     ? "CUSTOMER.DISPUTE.UPDATED"
                         : "CUSTOMER.DISPUTE.CREATED";
    if (err)
        return err;
    return db_run(
        telling->db, SQ_PAYPAL_DISPUTE_PUT,
        DB_VALUES(db_text(news->id), db_text(row_text(news->payment, "txn_id")),
                  db_text(reason_of(news->reason_code)),
                  db_text(!strcmp(news->case_type, "chargeback") ? "CHARGEBACK" : "INQUIRY"),
                  db_text(news->closed ? "RESOLVED"
                          : before     ? "UNDER_REVIEW"
                                       : "OPEN"),
                  db_text(news->outcome), db_int(telling->now)));
}

static enum err tell(const struct event_telling *telling, const struct dispute_news *news,
                     const char *type, const json_t *order)
{
    struct event event = {.type = type, .resource_type = "dispute", .object_id = news->id};
    json_auto_t *dispute = NULL;
    json_auto_t *resource = NULL;
    enum err err = row_need(telling->db, SQ_PAYPAL_DISPUTE_FIND, DB_VALUES(db_text(news->id)),
                            "dispute", &dispute);

    if (err)
        return err;
    resource = resource_of(telling, dispute, news->payment);
    event.resource = resource;
    event.summary = arena_printf(telling->arena,
                                 !strcmp(type, "CUSTOMER.DISPUTE.CREATED")
                                     ? "A new dispute opened with Case # %s"
                                     : "A dispute was updated with case # %s",
                                 news->id);
    err = event_plan(telling, row_text(order, "client_id"), &event);
    return err ? err : event_flush(telling, order);
}

enum err event_dispute(const struct event_telling *telling, const struct dispute_news *news)
{
    json_auto_t *order = NULL;
    const char *type = NULL;
    enum err err = row_find(telling->db, SQ_PAYPAL_ORDER_FIND,
                            DB_VALUES(db_text(row_text(news->payment, "token"))), &order);

    if (err || !order)
        return err;
    err = keep(telling, news, &type);
    return err ? err : tell(telling, news, type, order);
}
