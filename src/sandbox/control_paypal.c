#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox/stripe_move.h"
#include "sandbox_queries.h"

#define IPN_CHOICES "normal|twice|resend|late|before|never|wrong_charset|pending_first"

enum { EXCHANGE_MAX_MILLIONTHS = 1000000000 };

/* ---- businesses ---- */

struct business {
    struct arena *arena;
    const json_t *body;
    const char *id;
    int64_t now;
    bool existed;
    json_t *result;
};

static enum err put_addresses(struct db *db, const struct business *business)
{
    const json_t *aliases = json_object_get(business->body, "aliases");
    enum err err =
        db_run(db, SQ_PAYPAL_ADDRESS_PUT,
               DB_VALUES(db_text(row_text(business->body, "email")), db_text(business->id)));

    for (size_t i = 0; i < json_array_size(aliases) && !err; i++) {
        const char *alias = json_string_value(json_array_get(aliases, i));

        err = alias ? db_run(db, SQ_PAYPAL_ADDRESS_PUT,
                             DB_VALUES(db_text(alias), db_text(business->id)))
                    : fail(ERR_INPUT, "aliases are texts");
    }
    return err;
}

static enum err put_row(struct db *db, const struct business *business)
{
    const json_t *body = business->body;

    return db_run(db, SQ_PAYPAL_BUSINESS_PUT,
                  DB_VALUES(db_text(business->id), db_text(row_text(body, "email")),
                            db_text(control_text(body, "name", row_text(body, "email"))),
                            db_text(control_text(body, "currency", "EUR")),
                            db_text(control_text(body, "charset", "windows-1252")),
                            db_int(control_integer(body, "fee_basis_points", 290)),
                            db_int(control_integer(body, "fee_fixed_cents", 35)),
                            db_int(business->now), db_text(row_text(body, "notify_url")),
                            db_int(control_integer(body, "exchange_millionths", 0)),
                            db_int(!json_is_false(json_object_get(body, "unique_invoices")))));
}

static enum err put_business(struct db *db, void *argument)
{
    struct business *business = argument;
    json_auto_t *before = NULL;
    enum err err = OK;

    json_decref(business->result);
    business->result = NULL;
    business->id = control_text(business->body, "id", NULL);
    if (!business->id)
        err = id_make_account(business->arena, &business->id);
    if (!err)
        err = row_find(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(business->id)), &before);
    if (!err)
        err = put_row(db, business);
    if (!err)
        err = put_addresses(db, business);
    if (!err)
        err = row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(business->id)), "business",
                       &business->result);
    business->existed = before != NULL;
    return err;
}

enum err control_business_put_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"id", JSON_STRING, 0},
                                              {"email", JSON_STRING, 1},
                                              {"name", JSON_STRING, 0},
                                              {"currency", JSON_STRING, 0},
                                              {"charset", JSON_STRING, 0},
                                              {"aliases", JSON_ARRAY, 0},
                                              {"fee_basis_points", JSON_INTEGER, 0},
                                              {"fee_fixed_cents", JSON_INTEGER, 0},
                                              {"notify_url", JSON_STRING, 0},
                                              {"exchange_millionths", JSON_INTEGER, 0},
                                              {"unique_invoices", JSON_TRUE, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct business business = {.arena = request->arena, .now = sandbox_now(sandbox_of(request))};
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    if (control_integer(body, "exchange_millionths", 0) > EXCHANGE_MAX_MILLIONTHS)
        return fail(ERR_INPUT, "key exchange_millionths is out of range");
    business.body = body;
    err = sandbox_write(sandbox_of(request), put_business, &business);
    if (!err)
        err = json_answer(response, business.existed ? 200 : 201, business.result);
    json_decref(business.result);
    return err;
}

enum err control_business_list_handler(struct http_request *request,
                                       struct http_response *response)
{
    return control_list(request, response, "businesses", SQ_PAYPAL_BUSINESS_LIST, DB_NO_VALUES);
}

/* ---- visits ---- */

static enum err read_fields(const struct http_request *request, const json_t *body,
                            json_t **fields)
{
    const char *url = row_text(body, "url");
    const char *query = url ? strchr(url, '?') : NULL;
    const char *name = NULL;
    json_t *value = NULL;

    if (url)
        return query ? paypal_fields_read(str_of(query + 1), request->arena, fields)
                     : fail(ERR_INPUT, "the url has no fields");
    *fields = json_copy(json_object_get(body, "fields"));
    if (!*fields)
        return fail(ERR_INPUT, "give url or fields");
    json_object_foreach (*fields, name, value)
        if (!json_is_string(value))
            return fail(ERR_INPUT, "field %s is no text", name);
    return OK;
}

static enum err answer_visit(struct http_request *request, struct http_response *response,
                             const struct paypal_visit *visit)
{
    json_auto_t *object = json_object();

    put_text(object, "token", visit->token);
    put(object, "url",
        json_sprintf("%s/checkoutnow/%s", sandbox_of(request)->options.base_url, visit->token));
    return json_answer(response, 201, object);
}

enum err control_form_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"url", JSON_STRING, 0}, {"fields", JSON_OBJECT, 0}, {.name = NULL}};
    struct paypal_visit visit = {.sandbox = sandbox_of(request),
                                 .arena = request->arena,
                                 .now = sandbox_now(sandbox_of(request))};
    enum button_verdict verdict = BUTTON_BAD;
    json_auto_t *body = NULL;
    json_auto_t *fields = NULL;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = read_fields(request, body, &fields);
    visit.fields = fields;
    if (!err)
        err = paypal_visit_check(&visit, sandbox_db(request), &verdict);
    if (err)
        return err;
    if (verdict != BUTTON_OK)
        return fail(ERR_INPUT, verdict == BUTTON_BAD ? "PayPal refuses these fields"
                                                     : "PayPal knows no such receiver");
    err = sandbox_write(visit.sandbox, paypal_visit_add, &visit);
    return err ? err : answer_visit(request, response, &visit);
}

/* ---- paying and settling ---- */

/* Answers with the payment as it is now, and where the browser would go. */
static enum err answer_payment(struct http_request *request, struct http_response *response,
                               const struct paypal_move *move, bool extra, bool paying)
{
    json_auto_t *object = json_object();
    struct paypal_return back = {0};
    json_t *payment = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_PAYMENT_FIND,
                            DB_VALUES(db_text(move->txn_id)), "payment", &payment);

    if (err)
        return err;
    put(object, "payment", payment);
    put(object, "deliveries", control_numbers(&move->batch));
    if (paying)
        err = paypal_return_find(payment, extra, request->arena, &back);
    if (paying) {
        put_text(object, "redirect", back.url);
        put_text(object, "redirect_method", back.post ? "POST" : "GET");
    }
    if (!err && notify_first(&move->notify))
        delivery_await(move->sandbox, sandbox_db(request), move->batch.numbers, move->batch.count,
                       NOTIFY_WAIT_MS);
    return err ? err : json_answer(response, 200, object);
}

static enum err answer_unpaid(struct http_request *request, struct http_response *response,
                              const char *token)
{
    json_auto_t *object = json_object();
    json_auto_t *visit = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_FORM_FIND, DB_VALUES(db_text(token)),
                            "visit", &visit);

    if (err)
        return err;
    put_text(object, "payment", NULL);
    put(object, "deliveries", json_array());
    put_copy(object, "redirect", json_object_get(visit, "fields"), "cancel_return");
    put_text(object, "redirect_method", "GET");
    return json_answer(response, 200, object);
}

static void read_payer(const json_t *body, struct paypal_move *move)
{
    move->outcome = control_text(body, "outcome", "completed");
    move->charset = control_text(body, "charset", NULL);
    move->first_name = control_text(body, "first_name", move->first_name);
    move->last_name = control_text(body, "last_name", move->last_name);
    move->email = control_text(body, "email", move->email);
    move->paid_cents = control_integer(body, "paid_cents", move->paid_cents);
    move->settle_s = control_integer(body, "settle_s", 0);
    move->settle_status = control_text(body, "settle_status", "Completed");
    move->notify.mode = "normal";
}

enum err control_form_pay_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {
        {"outcome", JSON_STRING, 0},    {"ipn", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},    {"charset", JSON_STRING, 0},
        {"first_name", JSON_STRING, 0}, {"last_name", JSON_STRING, 0},
        {"email", JSON_STRING, 0},      {"paid_cents", JSON_INTEGER, 0},
        {"settle_s", JSON_INTEGER, 0},  {"settle_status", JSON_STRING, 0},
        {"return_extra", JSON_TRUE, 0}, {.name = NULL}};
    json_auto_t *body = NULL;
    struct paypal_move move;
    bool pays = false;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    paypal_move_init(&move, sandbox_of(request), request->arena, control_part(request, 0));
    read_payer(body, &move);
    err = control_notify(body, "ipn", IPN_CHOICES, &move.notify);
    if (!err && move.charset)
        err = control_check_choice("charset", move.charset, "windows-1252|UTF-8");
    if (!err)
        err = control_check_choice("settle_status", move.settle_status,
                                   "Completed|Denied|Failed|Expired|Voided");
    if (!err && move.paid_cents <= 0)
        err = fail(ERR_INPUT, "key paid_cents must be positive");
    if (!err)
        err = paypal_outcome_pays(move.outcome, &pays);
    if (!err && !pays)
        return answer_unpaid(request, response, move.token);
    if (!err)
        err = sandbox_write(move.sandbox, paypal_move_pay, &move);
    return err ? err
               : answer_payment(request, response, &move, control_flag(body, "return_extra"),
                                true);
}

enum err control_payment_status_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct control_key keys[] = {{"status", JSON_STRING, 1},
                                              {"ipn", JSON_STRING, 0},
                                              {"webhook", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct paypal_move move;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    paypal_move_init(&move, sandbox_of(request), request->arena, NULL);
    move.txn_id = control_part(request, 0);
    move.status = row_text(body, "status");
    move.webhook = control_text(body, "webhook", NULL);
    err = control_check_choice("status", move.status, "Completed|Denied|Failed|Expired|Voided");
    if (!err && move.webhook)
        err = control_check_choice("webhook", move.webhook, ORDER_WEBHOOK_CHOICES);
    if (!err)
        err = control_notify(body, "ipn", IPN_CHOICES, &move.notify);
    if (!err)
        err = sandbox_write(move.sandbox, paypal_move_settle, &move);
    return err ? err : answer_payment(request, response, &move, false, false);
}

enum err control_payment_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "limit", .type = HTTP_ID, .max = 6},
        {.name = NULL},
    };
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    return control_list(request, response, "payments", SQ_PAYPAL_PAYMENT_LIST,
                        DB_VALUES(control_limit(request)));
}
