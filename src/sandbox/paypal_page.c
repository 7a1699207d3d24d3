#include <string.h>

#include "base/money.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_move.h"
#include "sandbox_queries.h"

/* ---- webscr: a button was pressed, or a message is asked about ---- */

static enum err open_visit(struct http_request *request, struct http_response *response,
                           const json_t *fields)
{
    struct paypal_visit visit = {.sandbox = sandbox_of(request),
                                 .arena = request->arena,
                                 .fields = fields,
                                 .now = sandbox_now(sandbox_of(request))};
    enum button_verdict verdict = BUTTON_BAD;
    enum err err = paypal_visit_check(&visit, sandbox_db(request), &verdict);

    if (err)
        return err;
    if (verdict != BUTTON_OK)
        return page_message(request, response, 400,
                            verdict == BUTTON_BAD ? "bad_button" : "unknown_receiver",
                            row_text(fields, "cancel_return"));
    err = sandbox_write(visit.sandbox, paypal_visit_add, &visit);
    if (err)
        return err;
    return http_redirect(response, arena_printf(request->arena, "/checkoutnow/%s", visit.token));
}

enum err paypal_webscr_handler(struct http_request *request, struct http_response *response)
{
    bool post = request->method == HTTP_POST;
    json_auto_t *fields = NULL;
    enum err err = OK;

    if (paypal_is_postback(request))
        return paypal_validate(request, response);
    err = paypal_fields_read(post ? request->body : request->query, request->arena, &fields);
    return err ? err : open_visit(request, response, fields);
}

/* ---- the page of a visit ---- */

static enum err find_visit(const struct http_request *request, json_t **visit)
{
    const char *token = str_copy(request->arena, request->path_parts[0]);

    return row_need(sandbox_db(request), SQ_PAYPAL_FORM_FIND, DB_VALUES(db_text(token)), "visit",
                    visit);
}

/* The payment of a visit; *payment stays NULL before it is paid. */
static enum err find_payment(const struct http_request *request, const json_t *visit,
                             json_t **payment)
{
    const char *txn_id = row_text(visit, "txn_id");

    if (!txn_id)
        return OK;
    return row_need(sandbox_db(request), SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(txn_id)),
                    "payment", payment);
}

static void set_optional(struct template_map *map, const char *name, const char *text)
{
    if (text && *text)
        template_set_text(map, name, text);
    else
        template_set_none(map, name);
}

static void set_state(struct template_map *map, const json_t *payment)
{
    static const struct {
        const char *flag;
        const char *status;
    } states[] = {
        {"completed", "Completed"}, {"pending", "Pending"}, {"denied", "Denied"},
        {"failed", "Failed"},       {"voided", "Voided"},   {"expired", "Expired"},
    };

    template_set_flag(map, "open", !payment);
    template_set_flag(map, "settled", payment != NULL);
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        template_set_flag(map, states[i].flag,
                          payment && row_is(payment, "status", states[i].status));
    set_optional(map, "txn_id", payment ? row_text(payment, "txn_id") : NULL);
    set_optional(map, "receipt_id", payment ? row_text(payment, "receipt_id") : NULL);
}

static enum err show(struct http_request *request, struct http_response *response,
                     const json_t *visit, const json_t *payment, bool declined)
{
    const json_t *fields = json_object_get(visit, "fields");
    struct template_map *map = template_map_new(request->arena);
    struct paypal_move payer;

    paypal_move_init(&payer, sandbox_of(request), request->arena, NULL);
    template_set_text(map, "token", row_text(visit, "token"));
    template_set_text(map, "business", row_text(visit, "business_name"));
    template_set_text(map, "business_email", row_text(visit, "business_email"));
    template_set_money(map, "amount",
                       row_integer(payment ? payment : visit, payment ? "gross_cents" : "amount"),
                       money_currency(row_text(visit, "currency")));
    set_optional(map, "item_name", row_text(fields, "item_name"));
    set_optional(map, "invoice", row_text(fields, "invoice"));
    set_optional(map, "cancel_return", row_text(fields, "cancel_return"));
    set_optional(map, "return_url", row_text(fields, "return"));
    template_set_flag(map, "utf8", row_is(visit, "business_charset", "UTF-8"));
    template_set_text(map, "first_name", payer.first_name);
    template_set_text(map, "last_name", payer.last_name);
    template_set_text(map, "email", payer.email);
    template_set_flag(map, "declined", declined);
    set_state(map, payment);
    return page_answer(request, response, 200, "paypal.html", map);
}

enum err paypal_page_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *visit = NULL;
    json_auto_t *payment = NULL;
    enum err err = find_visit(request, &visit);

    if (!err && row_is(visit, "kind", "order"))
        return http_redirect(response, arena_printf(request->arena, "/checkoutnow?token=%s",
                                                    row_text(visit, "token")));
    if (!err)
        err = find_payment(request, visit, &payment);
    return err ? err : show(request, response, visit, payment, false);
}

/* ---- paying ---- */

static const struct http_field pay_fields[] = {
    {.name = "first_name", .type = HTTP_TEXT, .max = 128},
    {.name = "last_name", .type = HTTP_TEXT, .max = 128},
    {.name = "email", .type = HTTP_TEXT, .max = 127},
    {.name = "ipn",
     .type = HTTP_CHOICE,
     .max = 20,
     .choices = "normal|twice|resend|late|before|never|wrong_charset|pending_first"},
    {.name = "late_s", .type = HTTP_TEXT, .max = 5},
    {.name = "charset", .type = HTTP_CHOICE, .max = 20, .choices = "windows-1252|UTF-8"},
    {.name = "paid_amount", .type = HTTP_AMOUNT, .max = 20},
    {.name = "return_extra", .type = HTTP_CHOICE, .max = 1, .choices = "1"},
    {.name = "outcome",
     .type = HTTP_CHOICE,
     .max = 20,
     .choices = "echeck|review|declined|guest|cancel|amount_changed|other_receiver"},
    {.name = NULL},
};

static void take(const struct http_request *request, const char *name, const char **value)
{
    struct str text = http_field_text(request, name);

    if (!str_empty(text))
        *value = str_copy(request->arena, text);
}

static void read_move(const struct http_request *request, const json_t *visit,
                      struct paypal_move *move)
{
    const struct currency *currency = money_currency(row_text(visit, "currency"));
    int64_t late_s = 5;

    paypal_move_init(move, sandbox_of(request), request->arena,
                     arena_string(request->arena, row_text(visit, "token")));
    take(request, "first_name", &move->first_name);
    take(request, "last_name", &move->last_name);
    take(request, "email", &move->email);
    take(request, "charset", &move->charset);
    take(request, "outcome", &move->outcome);
    move->notify.mode = "normal";
    take(request, "ipn", &move->notify.mode);
    if (str_to_int64(http_field_text(request, "late_s"), &late_s) &&
        (late_s < 0 || late_s > NOTIFY_LATE_MAX_S))
        late_s = 5;
    move->notify.late_s = late_s;
    (void)money_parse(http_field_text(request, "paid_amount"), currency, &move->paid_cents);
}

/* rm=2: the browser carries the payment's variables by a form. */
static enum err answer_form(struct http_request *request, struct http_response *response,
                            const json_t *payment, const char *url)
{
    struct template_map *map = template_map_new(request->arena);
    struct template_list *list = template_set_list(map, "variables");
    json_auto_t *variables = NULL;
    const char *name = NULL;
    json_t *value = NULL;
    enum err err =
        paypal_variables(payment, sandbox_of(request)->pacific_zone, request->arena, &variables);

    if (err)
        return err;
    template_set_text(map, "url", url);
    json_object_foreach (variables, name, value) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "name", name);
        template_set_text(item, "value", json_string_value(value));
    }
    return page_answer(request, response, 200, "return.html", map);
}

static enum err answer_payment(struct http_request *request, struct http_response *response,
                               const struct paypal_move *move, const json_t *visit)
{
    json_auto_t *payment = NULL;
    struct paypal_return back;
    enum err err = row_need(sandbox_db(request), SQ_PAYPAL_PAYMENT_FIND,
                            DB_VALUES(db_text(move->txn_id)), "payment", &payment);

    if (!err)
        err = paypal_return_find(payment, http_field_given(request, "return_extra"),
                                 request->arena, &back);
    if (err)
        return err;
    if (notify_first(&move->notify))
        delivery_await(move->sandbox, sandbox_db(request), move->batch.numbers, move->batch.count,
                       NOTIFY_WAIT_MS);
    if (!back.url)
        return show(request, response, visit, payment, false);
    return back.post ? answer_form(request, response, payment, back.url)
                     : http_redirect(response, back.url);
}

static enum err answer_unpaid(struct http_request *request, struct http_response *response,
                              const struct paypal_move *move, const json_t *visit)
{
    const char *cancel = row_text(json_object_get(visit, "fields"), "cancel_return");

    if (!strcmp(move->outcome, "cancel") && cancel && *cancel)
        return http_redirect(response, cancel);
    return show(request, response, visit, NULL, !strcmp(move->outcome, "declined"));
}

enum err paypal_pay_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *visit = NULL;
    struct paypal_move move;
    bool pays = false;
    enum err err = page_fields(request, pay_fields);

    if (!err)
        err = find_visit(request, &visit);
    if (err)
        return err;
    read_move(request, visit, &move);
    err = paypal_outcome_pays(move.outcome, &pays);
    if (!err && !pays)
        return answer_unpaid(request, response, &move, visit);
    if (!err)
        err = sandbox_write(move.sandbox, paypal_move_pay, &move);
    if (err == ERR_CONFLICT)
        return http_redirect(response,
                             arena_printf(request->arena, "/checkoutnow/%s", move.token));
    return err ? err : answer_payment(request, response, &move, visit);
}

/* ---- a pending payment ends ---- */

enum err paypal_settle_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "status",
         .type = HTTP_CHOICE,
         .max = 20,
         .choices = "Completed|Denied",
         .required = 1},
        {.name = NULL},
    };
    json_auto_t *visit = NULL;
    struct paypal_move move;
    enum err err = page_fields(request, fields);

    if (!err)
        err = find_visit(request, &visit);
    if (err)
        return err;
    if (!row_text(visit, "txn_id"))
        return fail(ERR_CONFLICT, "this visit has not been paid");
    paypal_move_init(&move, sandbox_of(request), request->arena, NULL);
    move.txn_id = arena_string(request->arena, row_text(visit, "txn_id"));
    move.status = str_copy(request->arena, http_field_text(request, "status"));
    err = sandbox_write(move.sandbox, paypal_move_settle, &move);
    if (err && err != ERR_CONFLICT)
        return err;
    return http_redirect(
        response, arena_printf(request->arena, "/checkoutnow/%s", row_text(visit, "token")));
}
