#include <string.h>

#include "sandbox/control_money.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { MOVEMENTS_DEFAULT = 1000 };

static void read_account(struct http_request *request, const json_t *body,
                         struct stripe_money *money)
{
    money->account_id = control_part(request, 0);
    money->livemode = control_flag(body, "livemode");
    money->currency = row_text(body, "currency");
    money->description = row_text(body, "description");
}

/* ---- payouts ---- */

static const struct control_result payout_result = {"payout", SQ_STRIPE_PAYOUT_BY_ID};

enum err control_payout_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"amount_cents", JSON_INTEGER, 0}, {"automatic", JSON_TRUE, 0},
        {"outcome", JSON_STRING, 0},       {"detail", JSON_STRING, 0},
        {"arrive_s", JSON_INTEGER, 0},     {"livemode", JSON_TRUE, 0},
        {"currency", JSON_STRING, 0},      {"notify", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},       {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (err)
        return err;
    read_account(request, body, &money);
    money.wait_s = control_integer(body, "arrive_s", -1);
    money.outcome = control_text(body, "outcome", money.wait_s < 0 ? "paid" : "pending");
    money.flag = !money.amount_cents && !json_is_false(json_object_get(body, "automatic"));
    err = control_check_choice("outcome", money.outcome, "pending|paid|failed|canceled");
    if (!err && money.amount_cents && control_flag(body, "automatic"))
        err = fail(ERR_INPUT, "an automatic payout takes all there is, not an amount");
    if (!err && money.wait_s >= 0 && strcmp(money.outcome, "pending") != 0)
        err = fail(ERR_INPUT, "arrive_s is for pending payouts");
    return err ? err
               : control_money_run(request, response, &money, stripe_move_payout, &payout_result);
}

enum err control_payout_end_handler(struct http_request *request, struct http_response *response)
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
    err = control_check_choice("outcome", money.outcome, "paid|failed|canceled");
    return err ? err
               : control_money_run(request, response, &money, stripe_move_payout_end,
                                   &payout_result);
}

enum err control_payout_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    return err ? err
               : control_list(request, response, "payouts", SQ_CONTROL_PAYOUT_LIST,
                              DB_VALUES(control_filter(request, "account")));
}

/* ---- movements ---- */

enum err control_movement_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"type", JSON_STRING, 1},
                                              {"amount_cents", JSON_INTEGER, 1},
                                              {"fee_cents", JSON_INTEGER, 0},
                                              {"description", JSON_STRING, 0},
                                              {"source", JSON_STRING, 0},
                                              {"available_s", JSON_INTEGER, 0},
                                              {"livemode", JSON_TRUE, 0},
                                              {"currency", JSON_STRING, 0},
                                              {.name = NULL}};
    static const struct control_result result = {"movement", SQ_STRIPE_BALANCE_BY_ID};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (err)
        return err;
    read_account(request, body, &money);
    money.kind = row_text(body, "type");
    money.source_id = row_text(body, "source");
    money.wait_s = control_integer(body, "available_s", 0);
    if (!*money.kind)
        return fail(ERR_INPUT, "key type must not be empty");
    return control_money_run(request, response, &money, stripe_move_movement, &result);
}

/* A page of all movements; `next` goes on after it, null at the end. */
enum err control_movement_list_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = "after", .type = HTTP_ID, .max = 19},
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    json_auto_t *object = json_object();
    json_t *rows = NULL;
    int64_t limit = 0;
    size_t count = 0;
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    limit = http_field_id(request, "limit");
    if (!limit)
        limit = MOVEMENTS_DEFAULT;
    err = row_list(sandbox_db(request), SQ_STRIPE_MOVEMENT_LIST,
                   DB_VALUES(control_filter(request, "account"),
                             db_int(http_field_id(request, "after")), db_int(limit)),
                   &rows);
    count = json_array_size(rows);
    if (count == (size_t)limit)
        put_copy(object, "next", json_array_get(rows, count - 1), "number");
    else
        put(object, "next", json_null());
    put(object, "movements", rows);
    return err ? err : json_answer(response, 200, object);
}

/* ---- a charge that began elsewhere ---- */

enum err control_elsewhere_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"amount_cents", JSON_INTEGER, 1}, {"method", JSON_STRING, 0},
        {"metadata", JSON_OBJECT, 0},      {"description", JSON_STRING, 0},
        {"name", JSON_STRING, 0},          {"email", JSON_STRING, 0},
        {"fee_late_s", JSON_INTEGER, 0},   {"livemode", JSON_TRUE, 0},
        {"currency", JSON_STRING, 0},      {"notify", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},       {.name = NULL}};
    static const struct control_result result = {"payment", SQ_STRIPE_PAYMENT_BY_ID};
    json_auto_t *body = NULL;
    struct stripe_money money;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_money_read(request, body, &money);
    if (err)
        return err;
    read_account(request, body, &money);
    money.kind = control_text(body, "method", "card");
    money.move.name = control_text(body, "name", "Paul Ailleurs");
    money.move.email = control_text(body, "email", "paul.ailleurs@example.org");
    money.move.fee_late_s = control_integer(body, "fee_late_s", FEE_AS_ACCOUNT);
    err = control_check_choice("method", money.kind, "card|sepa_debit");
    if (!err && money.amount_cents <= 0)
        err = fail(ERR_INPUT, "amount_cents must be positive");
    return err ? err
               : control_money_run(request, response, &money, stripe_move_elsewhere, &result);
}
