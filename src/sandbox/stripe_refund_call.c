#include <stdlib.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_form.h"
#include "sandbox/stripe_money.h"
#include "sandbox_queries.h"

/* ---- the object ---- */

/* The reference by which a bank finds a card refund is known once the refund has gone out. */
static json_t *destination_details(const json_t *row)
{
    bool card = row_is(row, "method", "card");
    json_t *details = json_object();
    json_t *card_details = json_object();

    put_text(details, "type", card ? "card" : "sepa_bank_transfer");
    if (!card) {
        json_decref(card_details);
        return details;
    }
    put_text(card_details, "type", row_is(row, "status", "pending") ? "pending" : "refund");
    put_text(card_details, "reference_status", "pending");
    put_text(card_details, "reference_type", "acquirer_reference_number");
    put(details, "card", card_details);
    return details;
}

/* Fields that are there only when they mean something. */
static void put_when_known(json_t *object, const json_t *row)
{
    static const char *const names[] = {"failure_reason", "pending_reason"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (row_text(row, names[i]))
            put_copy(object, names[i], row, names[i]);
}

static enum err put_references(struct db *db, json_t *object, const json_t *row,
                               const json_t *expand)
{
    const struct stripe_reference references[] = {
        {"charge", row_text(row, "charge"), SQ_STRIPE_CHARGE_BY_ID, stripe_charge_object},
        {"payment_intent", row_text(row, "payment_intent"), SQ_STRIPE_PAYMENT_BY_ID,
         stripe_payment_object},
        {"balance_transaction", row_text(row, "balance_id"), SQ_STRIPE_BALANCE_BY_ID,
         stripe_balance_object},
        {"failure_balance_transaction", row_text(row, "failure_balance_id"),
         SQ_STRIPE_BALANCE_BY_ID, stripe_balance_object},
    };
    size_t count = row_text(row, "failure_balance_id") ? 4 : 3;
    enum err err = OK;

    for (size_t i = 0; i < count && !err; i++)
        err = stripe_expand_put(db, object, &references[i], expand);
    return err;
}

enum err stripe_refund_object(struct db *db, const json_t *row, const json_t *expand,
                              json_t **object)
{
    static const char *const copies[] = {"id",       "amount", "created", "currency",
                                         "metadata", "reason", "status",  NULL};
    static const char *const nulls[] = {"customer",
                                        "customer_account",
                                        "payment_method",
                                        "receipt_number",
                                        "source_transfer_reversal",
                                        "transfer_reversal",
                                        NULL};
    enum err err = OK;

    *object = json_object();
    put_text(*object, "object", "refund");
    put_copies(*object, row, copies);
    put_nulls(*object, nulls);
    put_when_known(*object, row);
    put(*object, "destination_details", destination_details(row));
    err = put_references(db, *object, row, expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}

/* ---- making one ---- */

static enum err check_create(struct stripe_call *call)
{
    bool charge = row_text(call->parameters, "charge") != NULL;
    bool payment = row_text(call->parameters, "payment_intent") != NULL;

    if (!charge && !payment)
        return stripe_refuse(call, "parameter_missing", "charge",
                             "One of the following params should be provided for this request: "
                             "payment_intent or charge.");
    if (charge && payment)
        return stripe_refuse(call, NULL, "charge",
                             "You may only specify one of these parameters: charge, "
                             "payment_intent.");
    return stripe_expand_check(call, "refund");
}

/* The charge must be of the account and world that are acted for. */
static enum err find(struct stripe_call *call, struct db *db, struct stripe_money *money)
{
    const char *payment_id = row_text(call->parameters, "payment_intent");
    const char *charge_id = row_text(call->parameters, "charge");
    json_auto_t *row = NULL;
    enum err err = row_find(db, payment_id ? SQ_STRIPE_PAYMENT_FIND : SQ_STRIPE_CHARGE_FIND,
                            DB_VALUES(db_text(payment_id ? payment_id : charge_id),
                                      db_text(call->account_id), db_int(call->livemode)),
                            &row);

    if (err)
        return err;
    if (!row)
        return stripe_refuse_missing(call, payment_id ? "payment_intent" : "charge",
                                     payment_id ? payment_id : charge_id);
    if (payment_id && !row_text(row, "charge_id"))
        return stripe_refuse(
            call, NULL, "payment_intent",
            "This PaymentIntent (%s) does not have a successful charge to refund.", payment_id);
    money->payment_id = payment_id;
    money->charge_id = charge_id;
    return stripe_money_begin(db, money);
}

static enum err refuse(struct stripe_call *call, const struct stripe_money *money,
                       enum refund_obstacle obstacle)
{
    int64_t left =
        row_integer(money->charge, "amount") - row_integer(money->charge, "refunded_cents");

    switch (obstacle) {
    case REFUND_UNPAID:
        return stripe_refuse(call, NULL, "charge",
                             "Charge %s did not succeed and therefore can't be refunded.",
                             money->charge_id);
    case REFUND_DONE:
        return stripe_refuse(call, "charge_already_refunded", NULL,
                             "Charge %s has already been refunded.", money->charge_id);
    case REFUND_DISPUTED:
        return stripe_refuse(call, "charge_disputed", NULL,
                             "Charge %s has been charged back; cannot issue a refund.",
                             money->charge_id);
    case REFUND_TOO_MUCH:
        return stripe_refuse(call, NULL, "amount",
                             "Refund amount (%lld) is greater than unrefunded amount on charge "
                             "(%lld), in minor units of %s.",
                             (long long)money->amount_cents, (long long)left,
                             row_text(money->charge, "currency"));
    case REFUND_FINE:
        break;
    }
    return OK;
}

static enum err read_order(const struct stripe_call *call, struct db *db,
                           struct stripe_money *money)
{
    const json_t *metadata = json_object_get(call->parameters, "metadata");
    json_auto_t *row = NULL;
    enum err err = row_need(db, SQ_STRIPE_REFUND_OUTCOME, DB_VALUES(db_text(call->account_id)),
                            "account", &row);
    char *text = metadata ? json_dumps(metadata, JSON_COMPACT) : NULL;

    money->move.request_id = call->request_id;
    money->move.idempotency_key = call->idempotency_key;
    money->move.now = call->now;
    money->amount_cents = row_integer(call->parameters, "amount");
    money->reason = row_text(call->parameters, "reason");
    money->metadata = text ? arena_string(call->arena, text) : NULL;
    money->outcome = err ? NULL : arena_string(call->arena, row_text(row, "outcome"));
    free(text);
    return err;
}

static enum err make(struct stripe_call *call, struct db *db, struct stripe_money *money,
                     json_t **answer)
{
    enum refund_obstacle obstacle = REFUND_FINE;
    json_auto_t *row = NULL;
    enum err err = read_order(call, db, money);

    if (!err)
        err = find(call, db, money);
    if (err || call->error.status)
        return err;
    err = stripe_refund_obstacle(db, money, &obstacle);
    if (err || obstacle != REFUND_FINE)
        return err ? err : refuse(call, money, obstacle);
    err = stripe_refund_make(db, money);
    if (!err)
        err = row_need(db, SQ_STRIPE_REFUND_BY_ID, DB_VALUES(db_text(money->id)), "refund", &row);
    return err ? err : stripe_refund_object(db, row, stripe_expand_of(call), answer);
}

static enum err create(struct stripe_call *call, struct db *db, json_t **answer)
{
    struct stripe_money money;
    enum err err = OK;

    stripe_money_init(&money, call->sandbox, call->arena);
    err = make(call, db, &money, answer);
    stripe_money_done(&money);
    return err;
}

enum err stripe_refund_create_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        {.path = "charge", .kind = RULE_TEXT, .max = 255},
        {.path = "payment_intent", .kind = RULE_TEXT, .max = 255},
        {.path = "amount", .kind = RULE_INTEGER, .min = 1, .max = 99999999},
        {.path = "reason",
         .kind = RULE_CHOICE,
         .choices = "duplicate|fraudulent|requested_by_customer"},
        {.path = "metadata", .kind = RULE_METADATA},
        {.path = "expand[]", .kind = RULE_TEXT, .max = 500},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {
        .rules = rules, .check = check_create, .work = create};

    return stripe_serve(request, response, &operation);
}

/* ---- reading ---- */

static enum err read_one(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"refund", SQ_STRIPE_REFUND_FIND,
                                                stripe_refund_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_refund_get_handler(struct http_request *request, struct http_response *response)
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
    static const struct stripe_list refunds = {"/v1/refunds",           "refund",
                                               SQ_STRIPE_REFUND_LIST,   0,
                                               SQ_STRIPE_REFUND_NUMBER, stripe_refund_object};
    enum err err = stripe_expand_check(call, "list:refund");

    return err || call->error.status ? err : stripe_list_answer(call, db, &refunds, answer);
}

enum err stripe_refund_list_handler(struct http_request *request, struct http_response *response)
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
