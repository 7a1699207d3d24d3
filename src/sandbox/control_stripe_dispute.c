#include <string.h>

#include "sandbox/control_money.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { DISPUTE_FEE_CENTS = 1500 };

static const struct control_result dispute_result = {"dispute", SQ_STRIPE_DISPUTE_BY_ID};

static enum err check_amounts(const struct stripe_money *money)
{
    if (money->amount_cents < 0 || money->fee_cents < 0)
        return fail(ERR_INPUT, "amount_cents and fee_cents must not be negative");
    return OK;
}

enum err control_dispute_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"reason", JSON_STRING, 0},     {"amount_cents", JSON_INTEGER, 0},
        {"inquiry", JSON_TRUE, 0},      {"withdraw", JSON_TRUE, 0},
        {"fee_cents", JSON_INTEGER, 0}, {"notify", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},    {.name = NULL}};
    json_auto_t *body = NULL;
    const json_t *withdraw = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (!err)
        err = check_amounts(&money);
    if (err)
        return err;
    withdraw = json_object_get(body, "withdraw");
    money.payment_id = control_part(request, 0);
    money.reason = control_text(body, "reason", "fraudulent");
    money.flag = control_flag(body, "inquiry");
    money.outcome = (withdraw ? json_is_true(withdraw) : !money.flag) ? "withdraw" : "none";
    money.fee_cents = control_integer(body, "fee_cents", DISPUTE_FEE_CENTS);
    return control_money_run(request, response, &money, stripe_move_dispute, &dispute_result);
}

enum err control_dispute_step_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"amount_cents", JSON_INTEGER, 0}, {"fee_cents", JSON_INTEGER, 0},
        {"reinstate", JSON_TRUE, 0},       {"notify", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},       {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (!err)
        err = check_amounts(&money);
    if (err)
        return err;
    money.id = control_part(request, 0);
    money.outcome = control_part(request, 1);
    money.flag = !json_is_false(json_object_get(body, "reinstate"));
    if (!strcmp(money.outcome, "withdraw"))
        money.fee_cents = control_integer(body, "fee_cents", DISPUTE_FEE_CENTS);
    err = control_check_choice("step", money.outcome, "withdraw|reinstate|submit|won|lost|close");
    return err ? err
               : control_money_run(request, response, &money, stripe_move_dispute_step,
                                   &dispute_result);
}

enum err control_dispute_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = "payment", .type = HTTP_TEXT, .max = 100},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    return err ? err
               : control_list(request, response, "disputes", SQ_CONTROL_DISPUTE_LIST,
                              DB_VALUES(control_filter(request, "account"),
                                        control_filter(request, "payment")));
}

/* ---- a debit that fails after it had succeeded ---- */

enum err control_late_failure_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"fee_cents", JSON_INTEGER, 0},
                                              {"session_event", JSON_TRUE, 0},
                                              {"notify", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    static const struct control_result result = {"payment", SQ_STRIPE_PAYMENT_BY_ID};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (!err)
        err = check_amounts(&money);
    if (err)
        return err;
    money.payment_id = control_part(request, 0);
    money.id = money.payment_id;
    money.flag = control_flag(body, "session_event");
    return control_money_run(request, response, &money, stripe_move_late_failure, &result);
}
