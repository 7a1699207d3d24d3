#include <stdlib.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/control_money.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- what the orders of money share ---- */

enum err control_money_read(struct http_request *request, const json_t *body,
                            struct stripe_money *money)
{
    const json_t *metadata = json_object_get(body, "metadata");

    stripe_money_init(money, sandbox_of(request), request->arena);
    money->amount_cents = control_integer(body, "amount_cents", 0);
    money->fee_cents = control_integer(body, "fee_cents", 0);
    money->reason = row_text(body, "reason");
    money->detail = row_text(body, "detail");
    if (json_is_object(metadata)) {
        char *text = json_dumps(metadata, JSON_COMPACT);

        money->metadata = arena_string(request->arena, text);
        free(text);
    }
    return control_notify(body, "notify", CONTROL_NOTIFY_CHOICES, &money->move.notify);
}

static enum err answer(struct http_request *request, struct http_response *response,
                       struct stripe_money *money, const struct control_result *result)
{
    struct sandbox *sandbox = money->move.sandbox;
    json_auto_t *object = json_object();
    json_t *row = NULL;
    enum err err = row_need(sandbox_db(request), result->query, DB_VALUES(db_text(money->id)),
                            result->name, &row);

    if (err)
        return err;
    put(object, result->name, row);
    put(object, "deliveries", control_numbers(&money->move.batch));
    if (notify_first(&money->move.notify))
        delivery_await(sandbox, sandbox_db(request), money->move.batch.numbers,
                       money->move.batch.count, NOTIFY_WAIT_MS);
    return json_answer(response, 200, object);
}

enum err control_money_run(struct http_request *request, struct http_response *response,
                           struct stripe_money *money, db_write_fn *fn,
                           const struct control_result *result)
{
    enum err err = sandbox_write(money->move.sandbox, fn, money);

    if (!err)
        err = answer(request, response, money, result);
    stripe_money_done(money);
    return err;
}

/* ---- options of an account ---- */

struct options {
    const json_t *body;
    const char *account_id;
    json_t *result;
};

static struct db_value option(const struct options *options, const char *name)
{
    const json_t *value = json_object_get(options->body, name);

    return json_is_integer(value) ? db_int(json_integer_value(value)) : db_null();
}

static enum err set_options(struct db *db, void *argument)
{
    struct options *options = argument;

    json_decref(options->result);
    options->result = NULL;
    return row_need(db, SQ_STRIPE_ACCOUNT_SET_OPTIONS,
                    DB_VALUES(db_text(options->account_id), option(options, "fee_late_s"),
                              db_text(row_text(options->body, "refund_outcome")),
                              option(options, "exchange_millionths")),
                    "account", &options->result);
}

enum err control_account_options_handler(struct http_request *request,
                                         struct http_response *response)
{
    static const struct control_key keys[] = {{"fee_late_s", JSON_INTEGER, 0},
                                              {"refund_outcome", JSON_STRING, 0},
                                              {"exchange_millionths", JSON_INTEGER, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct options options = {.account_id = control_part(request, 0)};
    enum err err = control_body(request, keys, &body);

    if (!err)
        err =
            control_check_choice("refund_outcome", control_text(body, "refund_outcome", "failed"),
                                 "succeeded|pending|failed");
    if (!err && control_integer(body, "fee_late_s", 0) < -1)
        err = fail(ERR_INPUT, "fee_late_s is -1 or a number of seconds");
    if (!err && control_integer(body, "exchange_millionths", 1) < 1)
        err = fail(ERR_INPUT, "exchange_millionths must be positive");
    options.body = body;
    if (!err)
        err = sandbox_write(sandbox_of(request), set_options, &options);
    if (!err)
        err = json_answer(response, 200, options.result);
    json_decref(options.result);
    return err;
}

/* ---- a fee that was late ---- */

enum err control_stripe_fee_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"notify", JSON_STRING, 0}, {"late_s", JSON_INTEGER, 0}, {.name = NULL}};
    static const struct control_result result = {"payment", SQ_STRIPE_PAYMENT_BY_ID};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (err)
        return err;
    money.payment_id = control_part(request, 0);
    money.id = money.payment_id;
    return control_money_run(request, response, &money, stripe_move_fee, &result);
}

/* ---- refunds ---- */

static const struct control_result refund_result = {"refund", SQ_STRIPE_REFUND_BY_ID};

enum err control_stripe_refund_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct control_key keys[] = {
        {"amount_cents", JSON_INTEGER, 0}, {"reason", JSON_STRING, 0},
        {"metadata", JSON_OBJECT, 0},      {"outcome", JSON_STRING, 0},
        {"detail", JSON_STRING, 0},        {"notify", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},       {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (err)
        return err;
    money.payment_id = control_part(request, 0);
    money.outcome = control_text(body, "outcome", "succeeded");
    err = control_check_choice("outcome", money.outcome, "succeeded|pending|failed");
    if (!err && !strcmp(money.outcome, "pending") && money.detail)
        err = control_check_choice("detail", money.detail, "processing|insufficient_funds");
    if (!err && money.reason)
        err = control_check_choice("reason", money.reason,
                                   "duplicate|fraudulent|requested_by_customer");
    if (!err && money.amount_cents < 0)
        err = fail(ERR_INPUT, "amount_cents must not be negative");
    return err ? err
               : control_money_run(request, response, &money, stripe_move_refund, &refund_result);
}

enum err control_stripe_refund_end_handler(struct http_request *request,
                                           struct http_response *response)
{
    static const struct control_key keys[] = {{"outcome", JSON_STRING, 1},
                                              {"detail", JSON_STRING, 0},
                                              {"notify", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (err)
        return err;
    money.id = control_part(request, 0);
    money.outcome = row_text(body, "outcome");
    err = control_check_choice("outcome", money.outcome, "succeeded|failed|canceled");
    return err ? err
               : control_money_run(request, response, &money, stripe_move_refund_end,
                                   &refund_result);
}

enum err control_stripe_refund_list_handler(struct http_request *request,
                                            struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = "payment", .type = HTTP_TEXT, .max = 100},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    return err ? err
               : control_list(request, response, "refunds", SQ_CONTROL_REFUND_LIST,
                              DB_VALUES(control_filter(request, "account"),
                                        control_filter(request, "payment")));
}
