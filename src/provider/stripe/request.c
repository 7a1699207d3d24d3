/*
 * The request that opens a Checkout Session: computed once, sent the same each time.
 */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "provider/stripe/internal.h"

/* Stripe takes amounts of at most eight digits. */
enum { AMOUNT_MAX_CENTS = 99999999 };

/* Smallest amounts. Stripe publishes them by settlement currency; for the francs of the
 * Pacific and of Africa, pegged to the euro, and for the dinar, it is the worth of 0,50 EUR,
 * rounded up. A currency stands here only when Stripe counts it in the units of ISO 4217. */
static const struct {
    const char *code;
    int64_t minimum_cents;
} minimums[] = {
    {"EUR", 50},  {"CHF", 50},  {"USD", 50},  {"GBP", 30},   {"JPY", 50},
    {"CAD", 50},  {"AUD", 50},  {"NZD", 50},  {"SGD", 50},   {"DKK", 250},
    {"NOK", 300}, {"SEK", 300}, {"PLN", 200}, {"CZK", 1500}, {"RON", 200},
    {"HKD", 400}, {"XPF", 60},  {"XOF", 328}, {"XAF", 328},  {"TND", 2000},
};

struct provider_limits stripe_limits(const struct currency *currency)
{
    struct provider_limits limits = {0};

    for (size_t i = 0; i < sizeof minimums / sizeof minimums[0]; i++) {
        if (strcmp(minimums[i].code, currency->code) == 0) {
            limits.currency_supported = true;
            limits.minimum_cents = minimums[i].minimum_cents;
            limits.maximum_cents = AMOUNT_MAX_CENTS;
        }
    }
    return limits;
}

static enum err amount_check(const struct provider_order *order)
{
    const struct currency *currency = order->association->currency;
    struct provider_limits limits = stripe_limits(currency);

    if (!limits.currency_supported)
        return fail(ERR_INPUT, "Stripe: currency %s not supported", currency->code);
    if (order->amount_cents < limits.minimum_cents || order->amount_cents > limits.maximum_cents)
        return fail(ERR_INPUT, "Stripe: amount out of limits");
    if (currency->exponent == 3 && order->amount_cents % 10 != 0)
        return fail(ERR_INPUT, "Stripe: last digit of a %s amount must be 0", currency->code);
    return OK;
}

static void add_text(struct buffer *form, const char *name, const char *value)
{
    http_form_add(form, name, str_of(value));
}

static void add_number(struct buffer *form, const char *name, int64_t value)
{
    add_text(form, name, arena_printf(form->arena, "%lld", (long long)value));
}

static const char *currency_lower(const struct currency *currency, struct arena *arena)
{
    char *code = arena_string(arena, currency->code);

    for (char *c = code; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    return code;
}

static void add_line_item(struct buffer *form, const struct provider_order *order)
{
    struct arena *arena = form->arena;
    struct str name = utf8_cut(str_of(order->association->name), STRIPE_PRODUCT_NAME_MAX);

    add_number(form, "line_items[0][quantity]", 1);
    add_text(form, "line_items[0][price_data][currency]",
             currency_lower(order->association->currency, arena));
    add_number(form, "line_items[0][price_data][unit_amount]", order->amount_cents);
    add_text(form, "line_items[0][price_data][product_data][name]",
             arena_printf(arena, "%.*s – adhérent n° %lld", STR_PRINT(name),
                          (long long)order->member_number));
}

/* The session's metadata do not reach the payment: both get our mark. */
static void add_mark(struct buffer *form, const char *installation, const char *token)
{
    add_text(form, "client_reference_id", token);
    add_text(form, "metadata[guichet]", installation);
    add_text(form, "metadata[intent]", token);
    add_text(form, "payment_intent_data[metadata][guichet]", installation);
    add_text(form, "payment_intent_data[metadata][intent]", token);
}

/* Embedded, Stripe draws into our page and sends the browser back once it was paid; else it has a
 * page of its own, which one may leave without paying too. */
static void add_addresses(struct buffer *form, const struct provider_order *order)
{
    if (order->embedded) {
        add_text(form, "ui_mode", "embedded_page");
        add_text(form, "return_url", order->return_url);
        return;
    }
    add_text(form, "success_url", order->return_url);
    add_text(form, "cancel_url", order->return_url);
}

bool stripe_embeds(const struct provider_settings *settings,
                   const struct provider_account *account, struct provider_browser *browser)
{
    const char *key = account->publishable_key;
    bool connect = account->link_kind == ACCOUNT_CONNECT;

    if (connect)
        key = account->mode == ACCOUNT_LIVE ? settings->stripe_platform_key
                                            : settings->stripe_platform_test_key;
    *browser = (struct provider_browser){.publishable_key = key ? key : "",
                                         .account = connect ? account->external_id : ""};
    return *browser->publishable_key != '\0';
}

enum err stripe_prepare(const struct provider_call *call, const struct provider_order *order,
                        struct str *request)
{
    struct buffer form;
    enum err err = amount_check(order);

    if (err != OK)
        return err;
    buffer_init(&form, call->arena, 1024);
    add_text(&form, "mode", "payment");
    add_line_item(&form, order);
    add_mark(&form, call->installation, order->token);
    add_text(&form, "locale", "fr");
    add_text(&form, "submit_type", "pay");
    add_number(&form, "expires_at", order->expires_at);
    add_addresses(&form, order);
    add_text(&form, "adaptive_pricing[enabled]", "false");
    *request = buffer_str(&form);
    return OK;
}
