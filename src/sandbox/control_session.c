#include <string.h>

#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_move.h"
#include "sandbox/stripe_page.h"
#include "sandbox_queries.h"

#define NOTIFY_CHOICES "normal|twice|late|before|never|bad_signature|out_of_order"

/* ---- reading ---- */

enum err control_session_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = "status", .type = HTTP_TEXT, .max = 20},
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    return control_list(request, response, "sessions", SQ_CONTROL_SESSION_LIST,
                        DB_VALUES(control_filter(request, "account"),
                                  control_filter(request, "status"), control_limit(request)));
}

static enum err find(struct http_request *request, json_t **session)
{
    return row_need(sandbox_db(request), SQ_CONTROL_SESSION_FIND,
                    DB_VALUES(db_text(control_part(request, 0))), "session", session);
}

enum err control_session_get_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *session = NULL;
    enum err err = find(request, &session);

    return err ? err : json_answer(response, 200, session);
}

enum err control_event_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "session", .type = HTTP_TEXT, .max = 100},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    return control_list(request, response, "events", SQ_CONTROL_EVENT_LIST,
                        DB_VALUES(control_filter(request, "session")));
}

/* ---- acting ---- */

static json_t *refusal(const struct stripe_move *move)
{
    json_t *object = NULL;

    if (!move->code)
        return json_null();
    object = json_object();
    put_text(object, "code", move->code);
    put_text(object, "decline_code", move->decline_code);
    put_text(object, "message", move->message);
    return object;
}

static enum err answer(struct http_request *request, struct http_response *response,
                       const struct stripe_move *move, bool paying)
{
    json_auto_t *object = json_object();
    json_t *session = NULL;
    const char *back = NULL;
    enum err err = find(request, &session);

    if (err)
        return err;
    put(object, "session", session);
    put(object, "deliveries", control_numbers(&move->batch));
    if (paying) {
        back = move->code ? NULL : stripe_success_url(request->arena, session);
        put(object, "error", refusal(move));
        put_text(object, "redirect", back);
    }
    if (notify_first(&move->notify))
        delivery_await(move->sandbox, sandbox_db(request), move->batch.numbers, move->batch.count,
                       NOTIFY_WAIT_MS);
    return json_answer(response, 200, object);
}

/* A challenge is answered in a second move, as the payer would on the next page. */
static enum err pay(struct stripe_move *move, const char *outcome)
{
    enum err err = sandbox_write(move->sandbox, stripe_move_pay, move);

    if (err || !move->challenge)
        return err;
    move->refuse_secure = outcome && !strcmp(outcome, "three_d_secure_failed");
    move->secure = !move->refuse_secure;
    return sandbox_write(move->sandbox, stripe_move_pay, move);
}

enum err control_session_pay_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"outcome", JSON_STRING, 0},     {"card", JSON_STRING, 0},
        {"iban", JSON_STRING, 0},        {"name", JSON_STRING, 0},
        {"email", JSON_STRING, 0},       {"notify", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},     {"settle_s", JSON_INTEGER, 0},
        {"fee_late_s", JSON_INTEGER, 0}, {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_move move;
    const char *outcome = NULL;
    const char *card = NULL;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    stripe_move_init(&move, sandbox_of(request), request->arena, control_part(request, 0));
    card = row_text(body, "card");
    outcome = control_text(body, "outcome", card || row_text(body, "iban") ? NULL : "pay");
    move.name = control_text(body, "name", "Jeanne Martin");
    move.email = control_text(body, "email", "jeanne.martin@example.org");
    move.settle_s = control_integer(body, "settle_s", move.settle_s);
    move.fee_late_s = control_integer(body, "fee_late_s", FEE_AS_ACCOUNT);
    if (move.fee_late_s < FEE_AS_ACCOUNT)
        return fail(ERR_INPUT, "fee_late_s is -1 or a number of seconds");
    move.notify.mode = "normal";
    err = control_notify(body, "notify", NOTIFY_CHOICES, &move.notify);
    if (!err)
        err = stripe_move_choose(&move, outcome, card, row_text(body, "iban"));
    if (!err)
        err = pay(&move, outcome);
    return err ? err : answer(request, response, &move, true);
}

enum err control_session_settle_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct control_key keys[] = {{"outcome", JSON_STRING, 1},
                                              {"notify", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_move move;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = control_check_choice("outcome", row_text(body, "outcome"), "succeed|fail");
    if (err)
        return err;
    stripe_move_init(&move, sandbox_of(request), request->arena, control_part(request, 0));
    move.succeed = row_is(body, "outcome", "succeed");
    err = control_notify(body, "notify", NOTIFY_CHOICES, &move.notify);
    if (!err)
        err = sandbox_write(move.sandbox, stripe_move_settle, &move);
    return err ? err : answer(request, response, &move, false);
}

enum err control_session_expire_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct control_key keys[] = {
        {"notify", JSON_STRING, 0}, {"late_s", JSON_INTEGER, 0}, {.name = NULL}};
    json_auto_t *body = NULL;
    struct stripe_move move;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    stripe_move_init(&move, sandbox_of(request), request->arena, control_part(request, 0));
    err = control_notify(body, "notify", NOTIFY_CHOICES, &move.notify);
    if (!err)
        err = sandbox_write(move.sandbox, stripe_move_expire, &move);
    return err ? err : answer(request, response, &move, false);
}
