#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_form.h"
#include "sandbox_queries.h"

/* ---- the payout ---- */

/* Only an automatic payout can be reconciled: a manual one holds no movements. */
static const char *reconciliation(const json_t *row)
{
    if (!row_flag(row, "automatic"))
        return "not_applicable";
    return row_is(row, "status", "pending") ? "in_progress" : "completed";
}

enum err stripe_payout_object(struct db *db, const json_t *row, const json_t *expand,
                              json_t **object)
{
    static const char *const copies[] = {
        "id",           "amount",   "arrival_date",    "automatic", "created", "currency",
        "failure_code", "livemode", "failure_message", "status",    NULL};
    static const char *const nulls[] = {
        "application_fee", "application_fee_amount", "original_payout", "payout_method",
        "reversed_by",     "statement_descriptor",   "trace_id",        NULL};
    const struct stripe_reference references[] = {
        {"balance_transaction", row_text(row, "balance_id"), SQ_STRIPE_BALANCE_BY_ID,
         stripe_balance_object},
        {"failure_balance_transaction", row_text(row, "failure_balance_id"),
         SQ_STRIPE_BALANCE_BY_ID, stripe_balance_object},
    };
    enum err err = OK;

    *object = json_object();
    put_text(*object, "object", "payout");
    put_copies(*object, row, copies);
    put_nulls(*object, nulls);
    put_text(*object, "description", "STRIPE PAYOUT");
    put_text(*object, "destination", "ba_1PracticeBankAccount00");
    put(*object, "metadata", json_object());
    put_text(*object, "method", "standard");
    put_text(*object, "reconciliation_status", reconciliation(row));
    put_text(*object, "source_type", "card");
    put_text(*object, "type", "bank_account");
    for (size_t i = 0; i < 2 && !err; i++)
        err = stripe_expand_put(db, *object, &references[i], expand);
    if (err) {
        json_decref(*object);
        *object = NULL;
    }
    return err;
}

static enum err read_one(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"payout", SQ_STRIPE_PAYOUT_FIND,
                                                stripe_payout_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_payout_get_handler(struct http_request *request, struct http_response *response)
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
    static const struct stripe_list payouts = {"/v1/payouts",           "payout",
                                               SQ_STRIPE_PAYOUT_LIST,   0,
                                               SQ_STRIPE_PAYOUT_NUMBER, stripe_payout_object};
    enum err err = stripe_expand_check(call, "list:payout");

    return err || call->error.status ? err : stripe_list_answer(call, db, &payouts, answer);
}

enum err stripe_payout_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        STRIPE_LIST_RULES,
        {.path = "status", .kind = RULE_CHOICE, .choices = "pending|paid|failed|canceled"},
        {.path = "arrival_date", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},
        {.path = "arrival_date.gte", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},
        {.path = "arrival_date.lte", .kind = RULE_INTEGER, .min = 0, .max = INT64_MAX},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list};

    return stripe_serve(request, response, &operation);
}

/* ---- what the account holds ---- */

static void add_fund(json_t *list, const json_t *row, const char *name)
{
    json_t *fund = json_object();
    json_t *types = json_object();

    put_copy(types, "card", row, name);
    put_copy(fund, "amount", row, name);
    put_copy(fund, "currency", row, "currency");
    put(fund, "source_types", types);
    json_array_append_new(list, fund);
}

/* An account without movements holds nothing of its own currency. */
static enum err read_sums(struct stripe_call *call, struct db *db, json_t **rows)
{
    json_auto_t *account = NULL;
    enum err err = row_list(
        db, SQ_STRIPE_BALANCE_SUMS,
        DB_VALUES(db_text(call->account_id), db_int(call->livemode), db_int(call->now)), rows);

    if (err || json_array_size(*rows))
        return err;
    err = row_need(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(call->account_id)), "account",
                   &account);
    if (!err) {
        json_t *nothing = json_object();

        put_copy(nothing, "currency", account, "currency");
        put_integer(nothing, "available", 0);
        put_integer(nothing, "pending", 0);
        json_array_append_new(*rows, nothing);
    }
    return err;
}

static enum err read_balance(struct stripe_call *call, struct db *db, json_t **answer)
{
    json_auto_t *rows = NULL;
    json_t *available = json_array();
    json_t *pending = json_array();
    enum err err = read_sums(call, db, &rows);

    for (size_t i = 0; i < json_array_size(rows); i++) {
        add_fund(available, json_array_get(rows, i), "available");
        add_fund(pending, json_array_get(rows, i), "pending");
    }
    *answer = json_object();
    put_text(*answer, "object", "balance");
    put(*answer, "available", available);
    put_bool(*answer, "livemode", call->livemode);
    put(*answer, "pending", pending);
    return err;
}

enum err stripe_account_balance_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct stripe_rule rules[] = {{.path = NULL}};
    static const struct stripe_operation operation = {.rules = rules, .work = read_balance};

    return stripe_serve(request, response, &operation);
}
