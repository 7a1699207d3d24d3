/*
 * Beginning a payment by an order: the body computed once, the answer believed only when it is
 * our order, for our amount, to our account, and leads to PayPal's page.
 */
#include "provider/paypal/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/utf8.h"
#include "provider/paypal/internal.h"

enum { TEXT_MAX = 127 };

/* ---- the request ---- */

/* The association's name and a tail that is never cut. */
static const char *description(const struct provider_order *order, struct arena *arena)
{
    const char *tail = arena_printf(arena, " – adhérent n° %lld", (long long)order->member_number);
    struct str name = utf8_cut(str_of(order->association->name), TEXT_MAX - strlen(tail));

    return arena_printf(arena, "%.*s%s", STR_PRINT(name), tail);
}

static json_t *purchase_units(const struct provider_order *order, const char *amount,
                              struct arena *arena)
{
    return json_pack("[{s:s, s:s, s:s, s:s, s:{s:s, s:s}}]", "reference_id", "guichet",
                     "custom_id", order->token, "invoice_id", order->token, "description",
                     description(order, arena), "amount", "currency_code",
                     order->association->currency->code, "value", amount);
}

static json_t *experience(const struct provider_order *order, struct arena *arena)
{
    struct str name = utf8_cut(str_of(order->association->name), TEXT_MAX);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "return_url", order->return_url,
                     "cancel_url", order->return_url, "brand_name", str_copy(arena, name),
                     "locale", "fr-FR", "shipping_preference", "NO_SHIPPING", "user_action",
                     "PAY_NOW");
}

enum err paypal_order_prepare(const struct provider_call *call, const struct provider_order *order,
                              struct str *request)
{
    const char *amount = NULL;
    json_t *body;
    enum err err = paypal_amount_text(order, call->arena, &amount);

    if (err == OK && strlen(order->token) > TEXT_MAX)
        err = fail(ERR_INTERNAL, "PayPal: token longer than %d bytes", TEXT_MAX);
    if (err != OK)
        return err;
    body = json_pack("{s:s, s:o, s:{s:{s:o}}}", "intent", "CAPTURE", "purchase_units",
                     purchase_units(order, amount, call->arena), "payment_source", "paypal",
                     "experience_context", experience(order, call->arena));
    if (!body)
        return fail(ERR_INTERNAL, "PayPal: an order that is no JSON");
    *request = json_write(body, call->arena);
    json_decref(body);
    return OK;
}

/* ---- an order as PayPal tells it ---- */

static const char *payer_name(const json_t *json, struct arena *arena)
{
    static const char *const paths[][2] = {
        {"payer.name.given_name", "payer.name.surname"},
        {"payment_source.paypal.name.given_name", "payment_source.paypal.name.surname"}};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *given = paypal_text_at(json, paths[i][0], PAYPAL_PAYER_MAX, arena);
        const char *surname = paypal_text_at(json, paths[i][1], PAYPAL_PAYER_MAX, arena);
        struct str both = str_trim(str_of(arena_printf(arena, "%s %s", given, surname)));

        if (!str_empty(both))
            return str_copy(arena, utf8_cut(both, PAYPAL_PAYER_MAX));
    }
    return "";
}

bool paypal_order_read(const json_t *json, struct arena *arena, struct paypal_order *order)
{
    const json_t *unit = json_at(json, "purchase_units.0");

    *order = (struct paypal_order){
        .id = paypal_id_at(json, "id", arena),
        .status = paypal_word_at(json, "status", arena),
        .token = paypal_text_at(unit, "custom_id", PAYPAL_TOKEN_MAX, arena),
        .merchant_id = paypal_id_at(unit, "payee.merchant_id", arena),
        .payer = payer_name(json, arena),
        .url = paypal_link(json, "payer-action", arena),
        .captures = json_at(unit, "payments.captures"),
    };
    if (*order->token == '\0')
        order->token = paypal_text_at(unit, "invoice_id", PAYPAL_TOKEN_MAX, arena);
    if (*order->url == '\0')
        order->url = paypal_link(json, "approve", arena);
    if (!paypal_amount_at(unit, "amount", &order->currency, &order->amount_cents))
        order->currency = NULL;
    if (!paypal_time_at(json, "create_time", &order->created_at))
        order->created_at = 0;
    order->whole = order->currency && *order->token && *order->merchant_id;
    return *order->id && *order->status;
}

enum err paypal_order_fetch(const struct provider_call *call,
                            const struct provider_account *account, const char *id,
                            struct paypal_order *order, struct paypal_answer *answer)
{
    struct paypal_request request = {.method = "GET"};
    enum err err;

    if (!paypal_id_valid(str_of(id)))
        return fail(ERR_INPUT, "not the id of an order");
    request.path = arena_printf(call->arena, "/v2/checkout/orders/%s", id);
    err = paypal_api_call(call, account, &request, answer);
    if (err != OK || answer->verdict != PAYPAL_DONE)
        return err;
    if (!paypal_order_read(answer->json, call->arena, order) || strcmp(order->id, id) != 0) {
        answer->verdict = PAYPAL_UNKNOWN;
        answer->reason = "réponse inattendue de PayPal";
    }
    return OK;
}

/* ---- opening ---- */

/* PayPal's payment page stands on the host of its older one, whatever its path is. */
static bool url_allowed(const struct provider_call *call, const struct provider_account *account,
                        const char *url)
{
    const char *page = account->mode == ACCOUNT_LIVE ? call->settings->paypal_live_webscr_url
                                                     : call->settings->paypal_sandbox_webscr_url;
    const char *host = strstr(page, "://");
    size_t len = host ? (size_t)(host - page) + 3 + strcspn(host + 3, "/") : 0;
    static const char path[] = "/checkoutnow?";

    if (len == 0 || strncmp(url, page, len) != 0 || strncmp(url + len, path, strlen(path)) != 0)
        return false;
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~' || strchr("\\\"<>^`{|}", *c))
            return false;
    return true;
}

static void refuse(struct checkout_answer *answer, const char *reason)
{
    answer->verdict = CHECKOUT_REFUSED;
    answer->reason = reason;
    log_line(LOG_ERROR, "paypal.order", "%s", reason);
}

static bool can_be_paid(const struct paypal_order *order)
{
    return strcmp(order->status, "PAYER_ACTION_REQUIRED") == 0 ||
           strcmp(order->status, "CREATED") == 0 || strcmp(order->status, "SAVED") == 0;
}

/* One that is past paying (the answer to a repeated request may say so) is OPENED without url. */
static void order_judge(const struct provider_call *call, const struct provider_account *account,
                        const struct provider_intent *intent, const struct paypal_order *order,
                        struct checkout_answer *answer)
{
    answer->reference = order->id;
    answer->expires_at =
        (order->created_at > 0 && order->created_at <= call->now ? order->created_at : call->now) +
        PAYPAL_ORDER_LIFE_S;
    if (!hash_equal(str_of(order->token), str_of(intent->token)))
        refuse(answer, "PayPal a répondu pour une autre tentative");
    else if (*account->external_id != '\0' &&
             strcmp(order->merchant_id, account->external_id) != 0)
        refuse(answer, "les clés sont celles d'un autre compte PayPal");
    else if (order->amount_cents != intent->amount_cents ||
             strcmp(order->currency->code, intent->currency) != 0)
        refuse(answer, "PayPal a répondu pour un autre montant");
    else if (!can_be_paid(order))
        answer->verdict = CHECKOUT_OPENED;
    else if (*order->url == '\0')
        answer->reason = "réponse sans adresse de paiement";
    else if (!url_allowed(call, account, order->url))
        refuse(answer, "adresse de paiement inattendue");
    else {
        answer->verdict = CHECKOUT_OPENED;
        answer->url = order->url;
    }
    if (answer->verdict == CHECKOUT_OPENED && !account->verified)
        answer->proven_external_id = order->merchant_id;
}

/* An answer may leave out what was sent: then the order is read. */
static enum err complete(const struct provider_call *call, const struct provider_account *account,
                         struct paypal_order *order, struct paypal_answer *read)
{
    const char *url = order->url;
    enum err err = paypal_order_fetch(call, account, order->id, order, read);

    if (*order->url == '\0')
        order->url = url;
    return err;
}

static enum err judge_answer(const struct provider_call *call,
                             const struct provider_account *account,
                             const struct provider_intent *intent, const json_t *json,
                             struct checkout_answer *answer)
{
    struct paypal_order order;
    struct paypal_answer read = {.verdict = PAYPAL_DONE, .reason = ""};
    enum err err = OK;

    if (!paypal_order_read(json, call->arena, &order)) {
        answer->reason = "réponse inattendue de PayPal";
        return OK;
    }
    if (!order.whole)
        err = complete(call, account, &order, &read);
    if (err == OK && read.verdict == PAYPAL_DONE && order.whole)
        order_judge(call, account, intent, &order, answer);
    else
        answer->reason = *read.reason ? read.reason : "réponse incomplète de PayPal";
    json_decref(read.json);
    return err;
}

enum err paypal_order_checkout(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent,
                               struct checkout_answer *answer)
{
    struct paypal_answer received;
    struct paypal_request request = {
        .method = "POST",
        .path = "/v2/checkout/orders",
        .body = str_of(intent->request),
        .request_id = intent->idempotency_key,
    };
    enum err err;

    *answer = (struct checkout_answer){.verdict = CHECKOUT_UNKNOWN, .reason = ""};
    err = paypal_api_call(call, account, &request, &received);
    if (err != OK)
        return err;
    answer->reason = received.reason;
    if (received.verdict == PAYPAL_REFUSED)
        answer->verdict = CHECKOUT_REFUSED;
    if (received.verdict == PAYPAL_DONE)
        err = judge_answer(call, account, intent, received.json, answer);
    json_decref(received.json);
    return err;
}
