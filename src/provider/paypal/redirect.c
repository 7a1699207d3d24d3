/*
 * The redirect to PayPal's payment page: one address that says all, and nobody to ask later.
 */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "payment/intent.h"
#include "provider/paypal/internal.h"

/* Bytes PayPal takes of each field (its table of variables), and its largest amount. */
enum {
    ITEM_NAME_MAX = 127,
    LABEL_MAX = 60,
    RETURN_MAX = 1024,
    NOTIFY_MAX = 255,
    TOKEN_SENT_MAX = 127
};
#define AMOUNT_MAX_CENTS INT64_C(999999999)

/* The currencies PayPal takes. Of some it takes whole units only, whatever ISO 4217 says. */
static const struct {
    const char *code;
    int64_t step_cents;
} currencies[] = {
    {"EUR", 1}, {"CHF", 1}, {"USD", 1}, {"GBP", 1}, {"CAD", 1},   {"AUD", 1},
    {"NZD", 1}, {"SGD", 1}, {"HKD", 1}, {"JPY", 1}, {"DKK", 1},   {"NOK", 1},
    {"SEK", 1}, {"PLN", 1}, {"CZK", 1}, {"ILS", 1}, {"MXN", 1},   {"BRL", 1},
    {"MYR", 1}, {"PHP", 1}, {"THB", 1}, {"CNY", 1}, {"HUF", 100}, {"TWD", 100},
};

/* The smallest step of an amount, 0 for a currency PayPal does not take. */
static int64_t currency_step(const struct currency *currency)
{
    for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++) {
        if (strcmp(currencies[i].code, currency->code) == 0)
            return currencies[i].step_cents;
    }
    return 0;
}

struct provider_limits paypal_limits(const struct currency *currency)
{
    int64_t step_cents = currency_step(currency);

    return (struct provider_limits){
        .currency_supported = step_cents > 0,
        .minimum_cents = step_cents,
        .maximum_cents = step_cents > 0 ? AMOUNT_MAX_CENTS : 0,
    };
}

const char *paypal_value(int64_t cents, const struct currency *currency, struct arena *arena)
{
    int64_t step_cents = currency_step(currency);
    char text[MONEY_TEXT_MAX];

    return step_cents > 1 ? arena_printf(arena, "%lld", (long long)(cents / step_cents))
                          : arena_string(arena, money_format_decimal(text, cents, currency));
}

enum err paypal_amount_text(const struct provider_order *order, struct arena *arena,
                            const char **text)
{
    const struct currency *currency = order->association->currency;
    int64_t step_cents = currency_step(currency);

    if (step_cents == 0)
        return fail(ERR_INPUT, "PayPal: currency %s not supported", currency->code);
    if (order->amount_cents < step_cents || order->amount_cents > AMOUNT_MAX_CENTS ||
        order->amount_cents % step_cents != 0)
        return fail(ERR_INPUT, "PayPal: amount out of limits");
    *text = paypal_value(order->amount_cents, currency, arena);
    return OK;
}

static void add(struct buffer *form, const char *name, const char *value)
{
    http_form_add(form, name, str_of(value));
}

/* The association's name and a tail that is never cut, in at most max bytes. */
static const char *label(const char *head, const char *name, const char *tail, size_t max,
                         struct arena *arena)
{
    size_t room = max - strlen(head) - strlen(tail);
    struct str cut = utf8_cut(str_of(name), room);

    return arena_printf(arena, "%s%.*s%s", head, STR_PRINT(cut), tail);
}

static enum err addresses_check(const struct provider_order *order)
{
    if (strlen(order->notify_url) > NOTIFY_MAX)
        return fail(ERR_CONFIG, "PayPal: notify_url longer than %d bytes", NOTIFY_MAX);
    if (strlen(order->return_url) > RETURN_MAX)
        return fail(ERR_CONFIG, "PayPal: return address longer than %d bytes", RETURN_MAX);
    if (strlen(order->token) > TOKEN_SENT_MAX)
        return fail(ERR_INTERNAL, "PayPal: token longer than %d bytes", TOKEN_SENT_MAX);
    return OK;
}

static void add_order(struct buffer *form, const struct provider_order *order, const char *amount)
{
    const struct provider_account *account = order->account;
    struct arena *arena = form->arena;
    const char *number =
        arena_printf(arena, " – adhérent n° %lld", (long long)order->member_number);

    add(form, "cmd", "_xclick");
    add(form, "business",
        *account->external_id != '\0' ? account->external_id : account->email_folded);
    add(form, "item_name", label("", order->association->name, number, ITEM_NAME_MAX, arena));
    add(form, "amount", amount);
    add(form, "currency_code", order->association->currency->code);
    add(form, "invoice", order->token);
    add(form, "custom", order->token);
}

static void add_page(struct buffer *form, const struct provider_order *order)
{
    add(form, "return", order->return_url);
    add(form, "cancel_return", order->return_url);
    add(form, "notify_url", order->notify_url);
    add(form, "rm", "1"); /* back by GET without variables: the return proves nothing */
    add(form, "no_shipping", "1");
    add(form, "no_note", "1");
    add(form, "charset", "utf-8");
    add(form, "lc", "FR");
    add(form, "cbt", label("Retour à ", order->association->name, "", LABEL_MAX, form->arena));
}

static const char *webscr_url(const struct provider_call *call,
                              const struct provider_account *account)
{
    return account->mode == ACCOUNT_LIVE ? call->settings->paypal_live_webscr_url
                                         : call->settings->paypal_sandbox_webscr_url;
}

enum err paypal_redirect_prepare(const struct provider_call *call,
                                 const struct provider_order *order, struct str *request)
{
    struct buffer form;
    struct str query;
    const char *amount = NULL;
    enum err err = paypal_amount_text(order, call->arena, &amount);

    if (err == OK)
        err = addresses_check(order);
    if (err != OK)
        return err;
    buffer_init(&form, call->arena, 1024);
    add_order(&form, order, amount);
    add_page(&form, order);
    query = buffer_str(&form);
    *request = str_of(
        arena_printf(call->arena, "%s?%.*s", webscr_url(call, order->account), STR_PRINT(query)));
    return OK;
}

/* The stored address must still be one of the configured host: it goes into a Location. */
static bool url_allowed(const char *url, const char *allowed)
{
    size_t len = strlen(allowed);

    if (strncmp(url, allowed, len) != 0 || url[len] != '?')
        return false;
    for (const char *c = url; *c; c++) {
        if (*c <= ' ' || *c > '~')
            return false;
    }
    return true;
}

enum err paypal_redirect_checkout(const struct provider_call *call,
                                  const struct provider_account *account,
                                  const struct provider_intent *intent,
                                  struct checkout_answer *answer)
{
    *answer = (struct checkout_answer){.verdict = CHECKOUT_REFUSED, .reason = ""};
    if (!url_allowed(intent->request, webscr_url(call, account))) {
        answer->reason = "adresse de paiement inattendue";
        return OK;
    }
    answer->verdict = CHECKOUT_OPENED;
    answer->url = intent->request;
    answer->expires_at = call->now + INTENT_LOCAL_EXPIRY_S;
    return OK;
}

static void end_locally(const struct provider_call *call, const struct provider_account *account,
                        const struct provider_intent *intent, enum fact_kind kind,
                        struct resolution *resolution)
{
    resolution->kind = RESOLUTION_FACTS;
    resolution->fact_count = 1;
    resolution->facts[0] = (struct payment_fact){
        .kind = kind,
        .association_id = account->association_id,
        .provider_account_id = account->id,
        .token = intent->token,
        .our_mark = true,
        .reference = "",
        .currency = intent->currency,
        .fact_at = call->now,
        .payer = "",
        .reason = "",
    };
}

static void resolution_start(const struct provider_account *account, struct resolution *resolution)
{
    *resolution = (struct resolution){
        .kind = RESOLUTION_NOTHING,
        .association_id = account->association_id,
        .provider_account_id = account->id,
        .detail = "",
    };
}

/* Payments Standard cannot revoke: cancelling is our word only, late money is still booked. */
enum err paypal_redirect_cancel(const struct provider_call *call,
                                const struct provider_account *account,
                                const struct provider_intent *intent,
                                struct resolution *resolution)
{
    resolution_start(account, resolution);
    end_locally(call, account, intent, FACT_CANCELED, resolution);
    return OK;
}

/* Nor can it be asked: an open attempt ends by the clock, one under way waits for PayPal. */
enum err paypal_redirect_resolve(const struct provider_call *call,
                                 const struct provider_account *account,
                                 const struct provider_intent *intent, const char *state,
                                 struct resolution *resolution)
{
    resolution_start(account, resolution);
    if (strcmp(state, "open") == 0 && call->now >= intent->expires_at)
        end_locally(call, account, intent, FACT_EXPIRED, resolution);
    return OK;
}
