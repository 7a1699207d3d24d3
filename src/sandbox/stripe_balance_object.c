#include <string.h>

#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

/* ---- the movement of the balance ---- */

static json_t *fee_details(const json_t *row)
{
    bool dispute = row_is(row, "type", "adjustment");
    json_t *list = json_array();
    json_t *fee = NULL;

    if (!row_integer(row, "fee"))
        return list;
    fee = json_object();
    put_copy(fee, "amount", row, "fee");
    put_text(fee, "application", NULL);
    put_copy(fee, "currency", row, "currency");
    put_text(fee, "description", dispute ? "Dispute fee" : "Stripe processing fees");
    put_text(fee, "type", "stripe_fee");
    json_array_append_new(list, fee);
    return list;
}

/* Stripe's grouping of types for reports. */
static const char *reporting_category(const json_t *row)
{
    static const struct {
        const char *type, *category;
    } categories[] = {
        {"charge", "charge"},
        {"payment", "charge"},
        {"refund", "refund"},
        {"payment_refund", "refund"},
        {"refund_failure", "refund_failure"},
        {"payment_failure_refund", "charge_failure"},
        {"payout", "payout"},
        {"payout_failure", "payout_reversal"},
        {"payout_cancel", "payout_reversal"},
        {"payout_minimum_balance_hold", "payout_minimum_balance_hold"},
        {"payout_minimum_balance_release", "payout_minimum_balance_release"},
        {"stripe_fee", "fee"},
        {"stripe_fx_fee", "fee"},
        {"tax_fee", "tax"},
        {"topup", "topup"},
        {"topup_reversal", "topup_reversal"},
        {"transfer", "transfer"},
        {"contribution", "contribution"},
        {"advance", "advance"},
        {"advance_funding", "advance_funding"},
        {"reserve_transaction", "risk_reserved_funds"},
        {"reserved_funds", "risk_reserved_funds"},
        {"reserve_hold", "risk_reserved_funds"},
        {"reserve_release", "risk_reserved_funds"},
    };
    const char *source = row_text(row, "source");

    for (size_t i = 0; i < sizeof(categories) / sizeof(*categories); i++)
        if (row_is(row, "type", categories[i].type))
            return categories[i].category;
    if (source && (!strncmp(source, "dp_", 3) || !strncmp(source, "du_", 3)))
        return row_integer(row, "amount") < 0 ? "dispute" : "dispute_reversal";
    return "other_adjustment";
}

/* What a source is, by the beginning of its id. */
static const struct source {
    const char *prefix;
    int query;
    stripe_object *build;
} sources[] = {
    {"ch_", SQ_STRIPE_CHARGE_BY_ID, stripe_charge_object},
    {"py_", SQ_STRIPE_CHARGE_BY_ID, stripe_charge_object},
    {"re_", SQ_STRIPE_REFUND_BY_ID, stripe_refund_object},
    {"pyr_", SQ_STRIPE_REFUND_BY_ID, stripe_refund_object},
    {"dp_", SQ_STRIPE_DISPUTE_BY_ID, stripe_dispute_object},
    {"du_", SQ_STRIPE_DISPUTE_BY_ID, stripe_dispute_object},
    {"po_", SQ_STRIPE_PAYOUT_BY_ID, stripe_payout_object},
};

/* A source that is no object of this ledger stays an id. */
static enum err put_source(struct db *db, json_t *object, const json_t *row, const json_t *expand)
{
    struct stripe_reference reference = {.field = "source", .id = row_text(row, "source")};

    for (size_t i = 0; reference.id && i < sizeof(sources) / sizeof(*sources); i++)
        if (!strncmp(reference.id, sources[i].prefix, strlen(sources[i].prefix))) {
            reference.query = sources[i].query;
            reference.build = sources[i].build;
            return stripe_expand_put(db, object, &reference, expand);
        }
    put_text(object, "source", reference.id);
    return OK;
}

enum err stripe_balance_object(struct db *db, const json_t *row, const json_t *expand,
                               json_t **object)
{
    static const char *const copies[] = {"id",  "amount", "available_on", "created", "currency",
                                         "fee", "net",    "description",  "status",  "type",
                                         NULL};
    enum err err = OK;

    *object = json_object();
    put_text(*object, "object", "balance_transaction");
    put_copies(*object, row, copies);
    put_text(*object, "balance_type", "payments");
    put_copy(*object, "exchange_rate", row, "exchange_rate");
    put(*object, "fee_details", fee_details(row));
    put_text(*object, "reporting_category", reporting_category(row));
    err = put_source(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}
