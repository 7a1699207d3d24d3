#include <string.h>

#include "base/clock.h"
#include "base/money.h"
#include "base/zone.h"
#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox/stripe_move.h"
#include "sandbox_queries.h"

#define IPN_CHOICES "normal|twice|resend|late|before|never|wrong_charset"

enum { SUM_MAX_CENTS = 1000000000, SECONDS_MAX = 1000000000 };

/* ---- what follows a payment ---- */

static enum err answer_step(struct http_request *request, struct http_response *response,
                            const struct paypal_step *step)
{
    json_auto_t *object = json_object();
    json_t *movement = NULL;
    enum err err = OK;

    if (step->txn_id)
        err = row_need(sandbox_db(request), SQ_PAYPAL_MOVEMENT_FIND,
                       DB_VALUES(db_text(step->txn_id)), "movement", &movement);
    put(object, "movement", movement ? movement : json_null());
    put_text(object, "case_id", step->case_id);
    put(object, "deliveries", control_numbers(&step->batch));
    if (!err && notify_first(&step->notify))
        delivery_await(step->sandbox, sandbox_db(request), step->batch.numbers, step->batch.count,
                       NOTIFY_WAIT_MS);
    return err ? err : json_answer(response, 200, object);
}

/* fee is where the given fee stands, when it is given. */
static enum err read_step(const json_t *body, struct paypal_step *step, int64_t *fee_cents)
{
    step->amount_cents = control_integer(body, "amount_cents", 0);
    *fee_cents = control_integer(body, "fee_cents", 0);
    if (json_is_integer(json_object_get(body, "fee_cents")))
        step->fee = fee_cents;
    step->reason = control_text(body, "reason_code", step->reason);
    step->case_id = control_text(body, "case_id", NULL);
    step->webhook = control_text(body, "webhook", NULL);
    if (step->webhook && control_check_choice("webhook", step->webhook, ORDER_WEBHOOK_CHOICES))
        return ERR_INPUT;
    if (step->amount_cents < 0 || *fee_cents > SUM_MAX_CENTS || *fee_cents < -SUM_MAX_CENTS)
        return fail(ERR_INPUT, "amount_cents or fee_cents is out of range");
    return control_notify(body, "ipn", IPN_CHOICES, &step->notify);
}

static enum err follow(struct http_request *request, struct http_response *response,
                       const char *kind)
{
    static const struct control_key keys[] = {
        {"amount_cents", JSON_INTEGER, 0}, {"fee_cents", JSON_INTEGER, 0},
        {"reason_code", JSON_STRING, 0},   {"case_id", JSON_STRING, 0},
        {"webhook", JSON_STRING, 0},       {"ipn", JSON_STRING, 0},
        {"late_s", JSON_INTEGER, 0},       {.name = NULL}};
    json_auto_t *body = NULL;
    struct paypal_step step;
    int64_t fee_cents = 0;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    paypal_step_init(&step, sandbox_of(request), request->arena, control_part(request, 0));
    step.kind = kind;
    err = read_step(body, &step, &fee_cents);
    if (!err)
        err = sandbox_write(step.sandbox, paypal_follow, &step);
    return err ? err : answer_step(request, response, &step);
}

enum err control_refund_handler(struct http_request *request, struct http_response *response)
{
    return follow(request, response, "refund");
}

enum err control_reversal_handler(struct http_request *request, struct http_response *response)
{
    return follow(request, response, "reversal");
}

enum err control_reversal_cancel_handler(struct http_request *request,
                                         struct http_response *response)
{
    return follow(request, response, "canceled_reversal");
}

enum err control_failure_handler(struct http_request *request, struct http_response *response)
{
    return follow(request, response, "failure");
}

enum err control_case_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"case_id", JSON_STRING, 0},
                                              {"case_type", JSON_STRING, 0},
                                              {"reason_code", JSON_STRING, 0},
                                              {"closed", JSON_TRUE, 0},
                                              {"outcome", JSON_STRING, 0},
                                              {"webhook", JSON_STRING, 0},
                                              {"ipn", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct paypal_step step;
    int64_t fee_cents = 0;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    paypal_step_init(&step, sandbox_of(request), request->arena, control_part(request, 0));
    step.reason = "non_receipt";
    step.case_type = control_text(body, "case_type", "complaint");
    step.closed = control_flag(body, "closed");
    step.outcome = control_text(body, "outcome", step.closed ? "RESOLVED_BUYER_FAVOUR" : NULL);
    err = control_check_choice("case_type", step.case_type, "dispute|complaint|chargeback");
    if (!err)
        err = read_step(body, &step, &fee_cents);
    if (!err)
        err = sandbox_write(step.sandbox, paypal_case_tell, &step);
    return err ? err : answer_step(request, response, &step);
}

/* ---- payments that begin at PayPal ---- */

struct arrival {
    struct paypal_visit visit;
    struct paypal_move move;
};

static enum err arrive(struct db *db, void *argument)
{
    struct arrival *arrival = argument;
    enum err err = paypal_visit_add(db, &arrival->visit);

    arrival->move.token = arrival->visit.token;
    return err ? err : paypal_move_pay(db, &arrival->move);
}

/* A button's fields, as PayPal itself would fill them in. */
static json_t *fields_of(const json_t *body, const json_t *business)
{
    static const char *const copied[] = {"item_name", "invoice", "custom", NULL};
    json_t *fields = json_object();

    put_copy(fields, "business", business, "email");
    if (row_text(business, "notify_url"))
        put_copy(fields, "notify_url", business, "notify_url");
    for (const char *const *name = copied; *name; name++)
        if (row_text(body, *name))
            put_copy(fields, *name, body, *name);
    return fields;
}

static enum err read_move(const json_t *body, struct paypal_move *move)
{
    move->txn_type = control_text(body, "txn_type", "web_accept");
    move->outcome = control_text(body, "outcome", "completed");
    move->first_name = control_text(body, "first_name", move->first_name);
    move->last_name = control_text(body, "last_name", move->last_name);
    move->email = control_text(body, "email", move->email);
    move->settle_s = control_integer(body, "settle_s", 0);
    move->settle_status = control_text(body, "settle_status", "Completed");
    move->notify.mode = "normal";
    if (move->settle_s < 0 || move->settle_s > SECONDS_MAX)
        return fail(ERR_INPUT, "key settle_s is out of range");
    return control_check_choice("txn_type", move->txn_type,
                                "web_accept|cart|express_checkout|send_money|subscr_payment|"
                                "recurring_payment");
}

static enum err read_arrival(const json_t *body, const json_t *business, struct arrival *arrival)
{
    const struct currency *currency =
        money_currency(control_text(body, "currency", row_text(business, "currency")));
    enum err err = read_move(body, &arrival->move);

    arrival->visit.business_id = row_text(business, "id");
    arrival->visit.amount_cents = control_integer(body, "amount_cents", 0);
    if (!err && (!currency || arrival->visit.amount_cents <= 0 ||
                 arrival->visit.amount_cents > SUM_MAX_CENTS))
        err = fail(ERR_INPUT, "amount_cents or currency is not readable");
    if (!err)
        err = control_check_choice("outcome", arrival->move.outcome,
                                   "completed|echeck|review|guest");
    if (!err)
        err = control_check_choice("settle_status", arrival->move.settle_status,
                                   "Completed|Denied|Failed|Expired|Voided");
    if (!err)
        err = control_notify(body, "ipn", IPN_CHOICES, &arrival->move.notify);
    arrival->visit.currency = currency ? currency->code : NULL;
    return err;
}

static enum err answer_arrival(struct http_request *request, struct http_response *response,
                               const struct arrival *arrival)
{
    json_auto_t *object = json_object();
    json_t *payment = NULL;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_PAYMENT_FIND,
                            DB_VALUES(db_text(arrival->move.txn_id)), "payment", &payment);

    put(object, "payment", payment ? payment : json_null());
    put(object, "deliveries", control_numbers(&arrival->move.batch));
    return err ? err : json_answer(response, 201, object);
}

static enum err find_business(const struct http_request *request, json_t **business)
{
    return row_need(sandbox_db(request), SQ_PAYPAL_BUSINESS_FIND,
                    DB_VALUES(db_text(control_part(request, 0))), "business", business);
}

enum err control_payment_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"amount_cents", JSON_INTEGER, 1},
                                              {"currency", JSON_STRING, 0},
                                              {"txn_type", JSON_STRING, 0},
                                              {"outcome", JSON_STRING, 0},
                                              {"item_name", JSON_STRING, 0},
                                              {"invoice", JSON_STRING, 0},
                                              {"custom", JSON_STRING, 0},
                                              {"first_name", JSON_STRING, 0},
                                              {"last_name", JSON_STRING, 0},
                                              {"email", JSON_STRING, 0},
                                              {"settle_s", JSON_INTEGER, 0},
                                              {"settle_status", JSON_STRING, 0},
                                              {"ipn", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    struct sandbox *sandbox = sandbox_of(request);
    struct arrival arrival = {
        .visit = {.sandbox = sandbox, .arena = request->arena, .now = sandbox_now(sandbox)}};
    json_auto_t *body = NULL;
    json_auto_t *business = NULL;
    json_auto_t *fields = NULL;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = find_business(request, &business);
    if (err)
        return err;
    paypal_move_init(&arrival.move, sandbox, request->arena, NULL);
    err = read_arrival(body, business, &arrival);
    fields = fields_of(body, business);
    arrival.visit.fields = fields;
    if (!err)
        err = sandbox_write(sandbox, arrive, &arrival);
    return err ? err : answer_arrival(request, response, &arrival);
}

/* ---- other movements ---- */

struct addition {
    struct arena *arena;
    struct paypal_entry entry;
    const char *txn_id;
};

static enum err add_movement(struct db *db, void *argument)
{
    struct addition *addition = argument;
    struct paypal_entry entry = addition->entry;
    int64_t settled_cents = 0;
    enum err err = paypal_entry_add(db, addition->arena, &entry, &settled_cents);

    addition->txn_id = entry.txn_id;
    return err;
}

static enum err read_movement(const json_t *body, const json_t *business,
                              struct paypal_entry *entry)
{
    const char *code = control_text(body, "currency", row_text(business, "currency"));

    entry->business_id = row_text(business, "id");
    entry->kind = row_text(body, "kind");
    entry->payment_id = NULL;
    entry->parent_id = control_text(body, "parent", NULL);
    entry->type = control_text(body, "type", "");
    entry->gross_cents = control_integer(body, "amount_cents", 0);
    entry->fee_cents = control_integer(body, "fee_cents", 0);
    entry->currency = code;
    if (!money_currency(code) || !entry->gross_cents || entry->gross_cents > SUM_MAX_CENTS ||
        entry->gross_cents < -SUM_MAX_CENTS || entry->fee_cents > SUM_MAX_CENTS ||
        entry->fee_cents < -SUM_MAX_CENTS)
        return fail(ERR_INPUT, "amount_cents, fee_cents or currency is out of range");
    if (!strcmp(entry->kind, "other") && !*entry->type)
        return fail(ERR_INPUT, "key type says what an other movement is called");
    return control_check_choice("kind", entry->kind,
                                "withdrawal|withdrawal_returned|fee|fee_returned|dispute_fee|"
                                "hold|release|bonus|other");
}

enum err control_movement_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"kind", JSON_STRING, 1},
                                              {"amount_cents", JSON_INTEGER, 1},
                                              {"fee_cents", JSON_INTEGER, 0},
                                              {"currency", JSON_STRING, 0},
                                              {"type", JSON_STRING, 0},
                                              {"parent", JSON_STRING, 0},
                                              {.name = NULL}};
    struct addition addition = {.arena = request->arena,
                                .entry = {.now = sandbox_now(sandbox_of(request))}};
    json_auto_t *body = NULL;
    json_auto_t *business = NULL;
    json_auto_t *movement = NULL;
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = find_business(request, &business);
    if (!err)
        err = read_movement(body, business, &addition.entry);
    if (!err)
        err = sandbox_write(sandbox_of(request), add_movement, &addition);
    if (!err)
        err = row_need(sandbox_db(request), SQ_PAYPAL_MOVEMENT_FIND,
                       DB_VALUES(db_text(addition.txn_id)), "movement", &movement);
    return err ? err : json_answer(response, 201, movement);
}

/* ---- the activity report ---- */

/* The first instant of a day of Paris, `otherwise` when none is given. */
static enum err read_day(const struct http_request *request, const char *name, int added_days,
                         int64_t otherwise, int64_t *at)
{
    struct str text = http_field_text(request, name);
    struct date date;

    *at = otherwise;
    if (str_empty(text))
        return OK;
    if (!date_parse_iso(text, &date))
        return fail(ERR_INPUT, "field %s is no date", name);
    *at =
        zone_day_start(sandbox_of(request)->zone, date_from_days(date_to_days(date) + added_days));
    return OK;
}

enum err control_activity_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "language", .type = HTTP_CHOICE, .max = 2, .choices = "fr|en"},
        {.name = "from", .type = HTTP_TEXT, .max = 10},
        {.name = "to", .type = HTTP_TEXT, .max = 10},
        {.name = NULL},
    };
    struct paypal_report report = {.sandbox = sandbox_of(request), .arena = request->arena};
    json_auto_t *business = NULL;
    enum err err = page_fields(request, fields);

    if (!err)
        err = find_business(request, &business);
    if (!err)
        err = read_day(request, "from", 0, 0, &report.from_at);
    if (!err)
        err = read_day(request, "to", 1, INT64_MAX, &report.before_at);
    if (err)
        return err;
    report.business_id = row_text(business, "id");
    report.french = !str_is(http_field_text(request, "language"), "en");
    response->status = 200;
    response->content_type = "text/csv; charset=UTF-8";
    http_header_add(response, "Cache-Control", "no-store");
    http_header_add(response, "Content-Disposition", "attachment; filename=\"Download.CSV\"");
    return paypal_report_write(sandbox_db(request), &report, &response->body);
}
