#include "sandbox/control_paypal_rest.h"

#include <string.h>

#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/stripe_move.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { TOKEN_LIFE_S = 32400, SECONDS_MAX = 1000000000 };

#define REASONS                                                                                   \
    "BUYER_COMPLAINT|CHARGEBACK|ECHECK|INTERNATIONAL_WITHDRAWAL|OTHER|PENDING_REVIEW|"            \
    "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION|REFUNDED|TRANSACTION_APPROVED_AWAITING_FUNDING|" \
    "UNILATERAL|VERIFICATION_REQUIRED"

/* ---- applications ---- */

struct app {
    struct arena *arena;
    const json_t *body;
    const char *client_id;
    const char *business_id;
    int64_t now;
    json_t *result;
};

static const struct control_key app_keys[] = {{"client_id", JSON_STRING, 0},
                                              {"secret", JSON_STRING, 0},
                                              {"enabled", JSON_TRUE, 0},
                                              {"revoke_tokens", JSON_TRUE, 0},
                                              {"token_s", JSON_INTEGER, 0},
                                              {"reporting", JSON_TRUE, 0},
                                              {"reporting_late_s", JSON_INTEGER, 0},
                                              {"any_webhook", JSON_TRUE, 0},
                                              {.name = NULL}};

static enum err show_app(struct db *db, struct app *app)
{
    json_decref(app->result);
    app->result = NULL;
    return row_need(db, SQ_PAYPAL_APP_FIND, DB_VALUES(db_text(app->client_id)), "application",
                    &app->result);
}

static enum err add_app(struct db *db, void *argument)
{
    struct app *app = argument;
    const json_t *body = app->body;
    const char *secret = control_text(body, "secret", NULL);
    json_auto_t *business = NULL;
    enum err err = row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(app->business_id)),
                            "business", &business);

    app->client_id = control_text(body, "client_id", NULL);
    if (!err && !app->client_id)
        err = id_make(app->arena, "A", 63, &app->client_id);
    if (!err && !secret)
        err = id_make(app->arena, "E", 63, &secret);
    if (!err)
        err = db_run(db, SQ_PAYPAL_APP_ADD,
                     DB_VALUES(db_text(app->client_id), db_text(secret), db_text(app->business_id),
                               db_int(control_integer(body, "token_s", TOKEN_LIFE_S)),
                               db_int(control_flag(body, "reporting")),
                               db_int(control_integer(body, "reporting_late_s", 0)),
                               db_int(control_flag(body, "any_webhook")), db_int(app->now)));
    return err ? err : show_app(db, app);
}

static enum err check_app(const json_t *body)
{
    const char *secret = control_text(body, "secret", "x");
    const char *client_id = control_text(body, "client_id", "x");
    int64_t token_s = control_integer(body, "token_s", TOKEN_LIFE_S);
    int64_t late_s = control_integer(body, "reporting_late_s", 0);

    if (token_s <= 0 || token_s > SECONDS_MAX || late_s < 0 || late_s > SECONDS_MAX)
        return fail(ERR_INPUT, "key token_s or reporting_late_s is out of range");
    if (!*secret || strlen(secret) > 100 || !*client_id || strlen(client_id) > 100)
        return fail(ERR_INPUT, "client_id and secret have 1 to 100 characters");
    return OK;
}

static enum err serve_app(struct http_request *request, struct http_response *response,
                          struct app *app, db_write_fn *fn, int status)
{
    json_auto_t *body = NULL;
    enum err err = control_body(request, app_keys, &body);

    if (!err)
        err = check_app(body);
    app->arena = request->arena;
    app->body = body;
    app->now = sandbox_now(sandbox_of(request));
    if (!err)
        err = sandbox_write(sandbox_of(request), fn, app);
    if (!err)
        err = json_answer(response, status, app->result);
    json_decref(app->result);
    return err;
}

enum err control_app_add_handler(struct http_request *request, struct http_response *response)
{
    struct app app = {.business_id = control_part(request, 0)};

    return serve_app(request, response, &app, add_app, 201);
}

enum err control_app_list_handler(struct http_request *request, struct http_response *response)
{
    return control_list(request, response, "apps", SQ_PAYPAL_APP_LIST,
                        DB_VALUES(db_text(control_part(request, 0))));
}

static struct db_value optional_integer(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);

    if (json_is_boolean(value))
        return db_int(json_is_true(value));
    return json_is_integer(value) ? db_int(json_integer_value(value)) : db_null();
}

static enum err set_app(struct db *db, void *argument)
{
    struct app *app = argument;
    const json_t *body = app->body;
    enum err err = db_run(
        db, SQ_PAYPAL_APP_SET,
        DB_VALUES(db_text(app->client_id), db_text(control_text(body, "secret", NULL)),
                  optional_integer(body, "enabled"), optional_integer(body, "token_s"),
                  optional_integer(body, "reporting"), optional_integer(body, "reporting_late_s"),
                  optional_integer(body, "any_webhook")));

    if (!err && control_flag(body, "revoke_tokens"))
        err = db_run(db, SQ_PAYPAL_TOKEN_REVOKE,
                     DB_VALUES(db_text(app->client_id), db_int(app->now)));
    return err ? err : show_app(db, app);
}

enum err control_app_set_handler(struct http_request *request, struct http_response *response)
{
    struct app app = {.client_id = control_part(request, 0)};

    return serve_app(request, response, &app, set_app, 200);
}

/* ---- orders ---- */

enum err control_order_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    return err ? err
               : control_list(request, response, "orders", SQ_PAYPAL_ORDER_LIST,
                              DB_VALUES(control_limit(request)));
}

enum err control_order_get_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *order = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_ORDER_FIND,
                            DB_VALUES(db_text(control_part(request, 0))), "order", &order);

    return err ? err : json_answer(response, 200, order);
}

static enum err read_move(const json_t *body, struct order_move *move)
{
    enum err err = OK;

    move->outcome = control_text(body, "outcome", move->outcome);
    move->reason = control_text(body, "reason", NULL);
    move->first_name = control_text(body, "first_name", move->first_name);
    move->last_name = control_text(body, "last_name", move->last_name);
    move->email = control_text(body, "email", move->email);
    move->ipn = control_text(body, "ipn", move->ipn);
    move->webhook = control_text(body, "webhook", move->webhook);
    move->late_s = control_integer(body, "late_s", 5);
    move->settle_s = control_integer(body, "settle_s", 0);
    move->settle_status = control_text(body, "settle_status", move->settle_status);
    err = control_check_choice("outcome", move->outcome,
                               "completed|echeck|review|instrument_declined|declined|cancel");
    if (!err && move->reason)
        err = control_check_choice("reason", move->reason, REASONS);
    if (!err)
        err = control_check_choice("ipn", move->ipn,
                                   "normal|twice|resend|late|before|never|wrong_charset");
    if (!err)
        err = control_check_choice("webhook", move->webhook, ORDER_WEBHOOK_CHOICES);
    if (!err)
        err = control_check_choice("settle_status", move->settle_status,
                                   "Completed|Denied|Failed|Expired|Voided");
    if (!err && (move->late_s < 0 || move->late_s > SECONDS_MAX || move->settle_s < 0 ||
                 move->settle_s > SECONDS_MAX))
        err = fail(ERR_INPUT, "key late_s or settle_s is out of range");
    return err;
}

static enum err answer_order(struct http_request *request, struct http_response *response,
                             const struct order_move *move, bool away)
{
    json_auto_t *object = json_object();
    json_t *order = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_ORDER_FIND,
                            DB_VALUES(db_text(move->order_id)), "order", &order);

    if (err)
        return err;
    put(object, "order", order);
    put(object, "deliveries", control_numbers(&move->batch));
    put_text(object, "redirect",
             away ? order_cancel_url(order, request->arena)
                  : order_return_url(order, request->arena, move->payer_id));
    if (!strcmp(move->webhook, "before"))
        delivery_await(move->sandbox, sandbox_db(request), move->batch.numbers, move->batch.count,
                       NOTIFY_WAIT_MS);
    return json_answer(response, 200, object);
}

enum err control_order_approve_handler(struct http_request *request,
                                       struct http_response *response)
{
    static const struct control_key keys[] = {{"outcome", JSON_STRING, 0},
                                              {"reason", JSON_STRING, 0},
                                              {"first_name", JSON_STRING, 0},
                                              {"last_name", JSON_STRING, 0},
                                              {"email", JSON_STRING, 0},
                                              {"ipn", JSON_STRING, 0},
                                              {"webhook", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {"settle_s", JSON_INTEGER, 0},
                                              {"settle_status", JSON_STRING, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct order_move move;
    bool away = false;
    enum err err = control_body(request, keys, &body);

    order_move_init(&move, sandbox_of(request), request->arena, control_part(request, 0));
    if (!err)
        err = read_move(body, &move);
    if (err)
        return err;
    away = !strcmp(move.outcome, "cancel");
    if (!away)
        err = sandbox_write(move.sandbox, order_move_approve, &move);
    return err ? err : answer_order(request, response, &move, away);
}

enum err control_order_void_handler(struct http_request *request, struct http_response *response)
{
    struct order_move move;
    enum err err = OK;

    order_move_init(&move, sandbox_of(request), request->arena, control_part(request, 0));
    err = sandbox_write(move.sandbox, order_move_void, &move);
    return err ? err : answer_order(request, response, &move, true);
}

/* ---- refusals ---- */

struct issue {
    const json_t *body;
    int64_t number;
};

static enum err add_issue(struct db *db, void *argument)
{
    struct issue *issue = argument;
    const json_t *body = issue->body;
    int64_t status = control_integer(body, "status", 422);
    const char *name = control_text(body, "name",
                                    status == 429   ? "RATE_LIMIT_REACHED"
                                    : status == 422 ? "UNPROCESSABLE_ENTITY"
                                    : status == 403 ? "NOT_AUTHORIZED"
                                    : status == 409 ? "RESOURCE_CONFLICT"
                                    : status < 500  ? "INVALID_REQUEST"
                                                    : "INTERNAL_SERVER_ERROR");

    return db_integer(db, SQ_PAYPAL_ISSUE_ADD,
                      DB_VALUES(db_text(control_text(body, "method", "POST")),
                                db_text(row_text(body, "path")),
                                db_text(control_text(body, "suffix", "")), db_int(status),
                                db_text(name), db_text(control_text(body, "issue", NULL)),
                                db_text(control_text(body, "description", NULL)),
                                optional_integer(body, "retry_after_s"),
                                db_int(control_integer(body, "count", 1))),
                      0, &issue->number);
}

enum err control_issue_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"path", JSON_STRING, 1},
                                              {"suffix", JSON_STRING, 0},
                                              {"method", JSON_STRING, 0},
                                              {"status", JSON_INTEGER, 0},
                                              {"name", JSON_STRING, 0},
                                              {"issue", JSON_STRING, 0},
                                              {"count", JSON_INTEGER, 0},
                                              {"description", JSON_STRING, 0},
                                              {.name = "retry_after_s", .type = JSON_INTEGER},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct issue issue = {0};
    int64_t status = 0;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_check_choice("method", control_text(body, "method", "POST"),
                                   "GET|POST|DELETE|PATCH");
    status = control_integer(body, "status", 422);
    if (!err && (status < 400 || status > 599))
        err = fail(ERR_INPUT, "status is 400 to 599");
    if (err)
        return err;
    issue.body = body;
    err = sandbox_write(sandbox_of(request), add_issue, &issue);
    if (err)
        return err;
    put_integer(body, "id", issue.number);
    return json_answer(response, 201, body);
}

enum err control_issue_list_handler(struct http_request *request, struct http_response *response)
{
    return control_list(request, response, "issues", SQ_PAYPAL_ISSUE_LIST, DB_NO_VALUES);
}

static enum err clear_issues(struct db *db, void *argument)
{
    (void)argument;
    return db_run(db, SQ_PAYPAL_ISSUE_CLEAR, DB_NO_VALUES);
}

enum err control_issue_clear_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *object = json_object();
    enum err err = sandbox_write(sandbox_of(request), clear_issues, NULL);

    return err ? err : json_answer(response, 200, object);
}
