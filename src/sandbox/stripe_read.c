#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_form.h"
#include "sandbox_queries.h"

enum { EVENTS_KEPT_S = 30 * 24 * 3600 };

static const struct stripe_rule get_rules[] = {
    {.path = "expand[]", .kind = RULE_TEXT, .max = 500},
    {.path = NULL},
};

/* ---- sessions ---- */

static enum err read_session(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"checkout.session", SQ_STRIPE_SESSION_FIND,
                                                stripe_session_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_session_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = read_session};

    return stripe_serve(request, response, &operation);
}

static enum err list_sessions(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_list list = {"/v1/checkout/sessions",  "checkout.session",
                                            SQ_STRIPE_SESSION_LIST,   0,
                                            SQ_STRIPE_SESSION_NUMBER, stripe_session_object};
    enum err err = stripe_expand_check(call, "list:checkout.session");

    return err || call->error.status ? err : stripe_list_answer(call, db, &list, answer);
}

enum err stripe_session_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        STRIPE_LIST_RULES,
        {.path = "payment_intent", .kind = RULE_TEXT, .max = 255},
        {.path = "status", .kind = RULE_CHOICE, .choices = "open|complete|expired"},
        {.path = "customer_details.email", .kind = RULE_EMAIL, .max = 800},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list_sessions};

    return stripe_serve(request, response, &operation);
}

static enum err expire_session(struct stripe_call *call, struct db *db, json_t **answer)
{
    const char *id = str_copy(call->arena, call->request->path_parts[0]);
    struct stripe_move move = {0};
    json_auto_t *row = NULL;
    enum err err = stripe_expand_check(call, "checkout.session");

    if (!err && !call->error.status)
        err = row_find(db, SQ_STRIPE_SESSION_FIND,
                       DB_VALUES(db_text(id), db_text(call->account_id), db_int(call->livemode)),
                       &row);
    if (err || call->error.status)
        return err;
    if (!row)
        return stripe_refuse_missing(call, "checkout.session", id);
    if (!row_is(row, "status", "open"))
        return stripe_refuse(call, NULL, NULL,
                             "Only Checkout Sessions with a status in [\"open\"] can be expired. "
                             "This one has a status of %s.",
                             row_text(row, "status"));
    stripe_move_init(&move, call->sandbox, call->arena, id);
    move.request_id = call->request_id;
    move.idempotency_key = call->idempotency_key;
    err = stripe_move_expire(db, &move);
    json_decref(row);
    row = NULL;
    if (!err)
        err = row_need(db, SQ_STRIPE_SESSION_BY_ID, DB_VALUES(db_text(id)), "session", &row);
    if (!err)
        err = stripe_session_object(db, row, stripe_expand_of(call), answer);
    return err;
}

enum err stripe_session_expire_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = expire_session};

    return stripe_serve(request, response, &operation);
}

/* ---- payments, charges, balance ---- */

static enum err read_payment(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"payment_intent", SQ_STRIPE_PAYMENT_FIND,
                                                stripe_payment_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_payment_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = read_payment};

    return stripe_serve(request, response, &operation);
}

static enum err read_charge(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"charge", SQ_STRIPE_CHARGE_FIND,
                                                stripe_charge_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_charge_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = read_charge};

    return stripe_serve(request, response, &operation);
}

static enum err read_balance(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"balance_transaction", SQ_STRIPE_BALANCE_FIND,
                                                stripe_balance_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_balance_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = read_balance};

    return stripe_serve(request, response, &operation);
}

/* Only an automatic payout knows its movements. */
static enum err check_payout(struct stripe_call *call, struct db *db, const char *id)
{
    json_auto_t *row = NULL;
    enum err err =
        row_find(db, SQ_STRIPE_PAYOUT_FIND,
                 DB_VALUES(db_text(id), db_text(call->account_id), db_int(call->livemode)), &row);

    if (!err && !row)
        return stripe_refuse_missing(call, "payout", id);
    if (!err && !row_flag(row, "automatic"))
        return stripe_refuse(call, NULL, "payout",
                             "Balance transaction history can only be filtered on automatic "
                             "transfers, not manual.");
    return err;
}

/* Of a source or a payout there are few movements; the whole list has statements of its own. */
static enum err list_balance(struct stripe_call *call, struct db *db, json_t **answer)
{
    struct stripe_list list = {"/v1/balance_transactions", "balance_transaction",
                               SQ_STRIPE_BALANCE_LIST,     SQ_STRIPE_BALANCE_LIST_BACK,
                               SQ_STRIPE_BALANCE_NUMBER,   stripe_balance_object};
    enum err err = stripe_expand_check(call, "list:balance_transaction");

    if (err || call->error.status)
        return err;
    if (row_text(call->parameters, "payout")) {
        err = check_payout(call, db, row_text(call->parameters, "payout"));
        if (err || call->error.status)
            return err;
        list.query = SQ_STRIPE_BALANCE_LIST_PAYOUT;
        list.back_query = 0;
    } else if (row_text(call->parameters, "source")) {
        list.query = SQ_STRIPE_BALANCE_LIST_SOURCE;
        list.back_query = 0;
    }
    return stripe_list_answer(call, db, &list, answer);
}

enum err stripe_balance_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        STRIPE_LIST_RULES,
        {.path = "currency", .kind = RULE_CURRENCY},
        {.path = "payout", .kind = RULE_TEXT, .max = 255},
        {.path = "source", .kind = RULE_TEXT, .max = 255},
        {.path = "type", .kind = RULE_TEXT, .max = 60},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list_balance};

    return stripe_serve(request, response, &operation);
}

static enum err list_payments(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_list list = {"/v1/payment_intents",    "payment_intent",
                                            SQ_STRIPE_PAYMENT_LIST,   0,
                                            SQ_STRIPE_PAYMENT_NUMBER, stripe_payment_object};

    return stripe_list_answer(call, db, &list, answer);
}

enum err stripe_payment_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {STRIPE_PAGE_RULES, {.path = NULL}};
    static const struct stripe_operation operation = {.rules = rules, .work = list_payments};

    return stripe_serve(request, response, &operation);
}

static enum err list_charges(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_list list = {"/v1/charges",           "charge",
                                            SQ_STRIPE_CHARGE_LIST,   0,
                                            SQ_STRIPE_CHARGE_NUMBER, stripe_charge_object};

    return stripe_list_answer(call, db, &list, answer);
}

enum err stripe_charge_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        STRIPE_PAGE_RULES,
        {.path = "payment_intent", .kind = RULE_TEXT, .max = 255},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list_charges};

    return stripe_serve(request, response, &operation);
}

/* ---- events ---- */

static enum err read_event(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_single single = {"event", SQ_STRIPE_EVENT_FIND,
                                                stripe_event_object};

    return stripe_single_answer(call, db, &single, answer);
}

enum err stripe_event_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = read_event};

    return stripe_serve(request, response, &operation);
}

static enum err list_events(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_list list = {"/v1/events",           "event",
                                            SQ_STRIPE_EVENT_LIST,   0,
                                            SQ_STRIPE_EVENT_NUMBER, stripe_event_object};

    if (row_text(call->parameters, "type") && json_object_get(call->parameters, "types"))
        return stripe_refuse(call, NULL, "types", "Give type or types, not both.");
    put_integer(call->parameters, "oldest", call->now - EVENTS_KEPT_S);
    return stripe_list_answer(call, db, &list, answer);
}

enum err stripe_event_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        STRIPE_LIST_RULES,
        {.path = "type", .kind = RULE_TEXT, .max = 100},
        {.path = "types[]", .kind = RULE_TEXT, .max = 100},
        {.path = "delivery_success", .kind = RULE_BOOLEAN},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list_events};

    return stripe_serve(request, response, &operation);
}

/* ---- accounts ---- */

static enum err answer_account(struct stripe_call *call, struct db *db, const char *id,
                               json_t **answer)
{
    json_auto_t *row = NULL;
    enum err err = row_find(db, SQ_STRIPE_ACCOUNT_FIND,
                            DB_VALUES(db_text(id), db_text(call->account_id)), &row);

    if (err)
        return err;
    if (!row)
        return stripe_refuse_as(call, 403, "invalid_request_error", "account_invalid",
                                "The key does not have access to account '%s', or there is no "
                                "such account.",
                                id);
    return stripe_account_object(db, row, NULL, answer);
}

static enum err read_own_account(struct stripe_call *call, struct db *db, json_t **answer)
{
    return answer_account(call, db, call->account_id, answer);
}

static enum err read_account(struct stripe_call *call, struct db *db, json_t **answer)
{
    return answer_account(call, db, str_copy(call->arena, call->request->path_parts[0]), answer);
}

enum err stripe_account_own_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules,
                                                      .work = read_own_account};

    return stripe_serve(request, response, &operation);
}

enum err stripe_account_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.rules = get_rules, .work = read_account};

    return stripe_serve(request, response, &operation);
}
