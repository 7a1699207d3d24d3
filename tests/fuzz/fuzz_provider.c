/* What Stripe and PayPal send and answer, down to the facts that would be booked. */
#include "fuzz_house.h"

#include <string.h>

#include "base/hash.h"
#include "provider/paypal/activity.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/paypal.h"
#include "provider/paypal/webhook_signature.h"
#include "provider/stripe/internal.h"
#include "provider/stripe/stripe.h"

/* ---- signatures ---- */

static const char *signature_of(struct str body, struct arena *arena)
{
    unsigned char hash[HASH_LEN];
    char hex[HASH_HEX_MAX];
    struct buffer text;

    buffer_init(&text, arena, body.len + 20);
    buffer_printf(&text, "%lld.", (long long)HOUSE_NOW);
    buffer_add_str(&text, body);
    hold(hash_hmac_sha256(str_of(FUZZ_STRIPE_SECRET), buffer_str(&text), hash) == OK);
    hash_hex(hash, HASH_LEN, hex);
    return arena_printf(arena, "t=%lld,v1=%s", (long long)HOUSE_NOW, hex);
}

/* A header and a body: believed only with the HMAC of this body in it. "@" stands for it. */
void fuzz_signature(struct str input, struct arena *arena)
{
    const struct str secret = str_of(FUZZ_STRIPE_SECRET);
    struct str header = fuzz_part(&input), rest = header;
    const char *right = strstr(signature_of(input, arena), "v1=") + 3;
    struct buffer whole;

    buffer_init(&whole, arena, 100);
    while (rest.data) {
        buffer_add_str(&whole, str_cut(&rest, '@'));
        if (rest.data)
            buffer_add_text(&whole, right);
    }
    if (stripe_signature_check(buffer_str(&whole), input, &secret, 1, HOUSE_NOW, arena))
        return;
    /* another t makes another HMAC: only "t=" and this moment fit this one */
    hold(memmem(whole.data, whole.len, right, 64) &&
         memmem(whole.data, whole.len, "t=1790856000", 12));
}

/* Lines of headers, then a body. */
void fuzz_delivery(struct str input, struct arena *arena)
{
    const struct paypal_webhook_account account = {.mode = ACCOUNT_LIVE,
                                                   .webhook_id = "1JE4291016473214C",
                                                   .api_url = "https://api-m.paypal.com"};
    struct paypal_delivery delivery = {.received_at = HOUSE_NOW};

    paypal_delivery_read(fuzz_part(&input), &delivery);
    delivery.body = input;
    if (!paypal_webhook_fault(&account, &delivery, arena)) {
        hold(str_starts(delivery.certificate_url, "https://api.paypal.com/") ||
             str_starts(delivery.certificate_url, "https://api-m.paypal.com/"));
        hold(delivery.body.len > 0 && delivery.id.len > 0);
    }
}

/* ---- messages ---- */

/* An event, and the answers to what is asked about it. */
void fuzz_stripe(struct str input, struct arena *arena)
{
    struct str body = fuzz_part(&input);
    struct provider_call call = fuzz_call(arena, input);
    struct fuzz_house *house = fuzz_house();
    struct provider_message message = {
        .hint = house->stripe.public_id, .body = body, .content_type = str_of("application/json")};
    struct provider_event event = {.id = 1,
                                   .provider = "stripe",
                                   .association_id = house->stripe.association_id,
                                   .provider_account_id = house->stripe.id,
                                   .hint = "",
                                   .authentic = true,
                                   .raw = body,
                                   .received_at = HOUSE_NOW};
    struct door_answer door = {0};
    struct resolution resolution = {0};

    message.signature = str_of("t=1790856000,v1=00");
    hold(stripe_receive(&call, &message, &door) != OK || door.verdict != DOOR_ACCEPTED);
    message.signature = str_of(signature_of(body, arena));
    if (stripe_receive(&call, &message, &door) == OK && door.verdict == DOOR_ACCEPTED)
        hold(door.authentic && door.provider_account_id == house->stripe.id);
    if (stripe_resolve_event(&call, &event, &resolution) == OK)
        fuzz_check_resolution(&resolution);
}

/* A form is an IPN, which PayPal must confirm; JSON is a webhook, taken as proven. */
void fuzz_paypal(struct str input, struct arena *arena)
{
    struct str body = fuzz_part(&input);
    bool is_form = body.len == 0 || str_trim(body).data[0] != '{';
    struct provider_call call = fuzz_call(arena, input);
    struct fuzz_house *house = fuzz_house();
    struct provider_message message = {.hint = "", .body = body};
    struct provider_event event = {.id = 1,
                                   .provider = "paypal",
                                   .hint = is_form ? "" : house->paypal.public_id,
                                   .authentic = !is_form,
                                   .raw = body,
                                   .headers = str_of(is_form ? "" : "PAYPAL-AUTH-ALGO: x"),
                                   .received_at = HOUSE_NOW};
    struct door_answer door = {0};
    struct resolution resolution = {0};

    message.content_type =
        str_of(is_form ? "application/x-www-form-urlencoded" : "application/json");
    if (paypal_receive(&call, &message, &door) == OK)
        hold(!door.authentic);
    if (!is_form) {
        event.association_id = house->paypal.association_id;
        event.provider_account_id = house->paypal.id;
    }
    if (paypal_resolve_event(&call, &event, &resolution) != OK)
        return;
    fuzz_check_resolution(&resolution);
    if (is_form && resolution.kind == RESOLUTION_FACTS)
        hold(fuzz_was_told("VERIFIED"));
}

/* A confirmed IPN, whatever it says. */
void fuzz_ipn(struct str input, struct arena *arena)
{
    const struct provider_account account = {.association_id = 1,
                                             .id = 2,
                                             .provider = "paypal",
                                             .mode = ACCOUNT_TEST,
                                             .external_id = "UQ8PDYXJZQD9Y",
                                             .email_folded = ""};
    struct ipn_subject subject = {.account = &account,
                                  .token = FUZZ_TOKEN,
                                  .intent_currency = "EUR",
                                  .own_currency = "EUR",
                                  .our_mark = true,
                                  .received_at = HOUSE_NOW};
    struct resolution resolution = {0};
    struct ipn ipn;

    ipn_read(input, arena, &ipn);
    subject.captured = paypal_may_undo(&ipn);
    paypal_meaning(&ipn, &subject, arena, &resolution);
    fuzz_check_resolution(&resolution);
}

/* ---- answers ---- */

static void ask_statement(const struct provider *provider, const struct provider_call *call,
                          const struct provider_account *account)
{
    const struct statement_request request = {
        .since_at = HOUSE_NOW - 86400, .until_at = HOUSE_NOW, .payout = "", .cursor = ""};
    struct statement_page page = {0};
    struct provider_balance balance = {0};

    if (provider->statement->read(call, account, &request, &page) == OK)
        fuzz_check_page(&page);
    (void)provider->statement->balance(call, account, "EUR", &balance);
}

static void ask_refund(const struct provider *provider, const struct provider_call *call,
                       const struct provider_account *account)
{
    const struct refund_order order = {
        .capture = "pi_1", .amount_cents = 100, .currency = "EUR", .refund_request_id = 3};
    struct refund_answer answer = {0};
    struct str request;

    if (provider->refunds->prepare(call, &order, &request) == OK &&
        provider->refunds->send(call, account, str_copy(call->arena, request), "key", &answer) ==
            OK &&
        answer.verdict == REFUND_MADE) {
        hold(answer.reference && *answer.reference);
        fuzz_check_resolution(&answer.facts);
    }
    answer = (struct refund_answer){0};
    if (provider->refunds->find)
        (void)provider->refunds->find(call, account, &order, &answer);
}

/* Nobody is sent to another host: what stands before "@" there would be a name, not a host. */
static bool leads_to_a_host(const char *url)
{
    const char *host = url + strlen("https://");

    return str_starts(str_of(url), "https://") && !strpbrk(url, " \r\n\"<>\\") &&
           !memchr(host, '@', strcspn(host, "/?#"));
}

static void ask_checkout(const struct provider *provider, const struct provider_call *call,
                         const struct provider_account *account,
                         const struct provider_intent *intent)
{
    struct checkout_answer answer = {0};

    if (provider->checkout(call, account, intent, &answer) != OK ||
        answer.verdict != CHECKOUT_OPENED)
        return;
    if (answer.url)
        hold(leads_to_a_host(answer.url));
}

static void ask_identity(const struct provider *provider, const struct provider_call *call,
                         struct arena *arena)
{
    const struct link_keys keys = {
        .secret = str_of("sk_test_1"), .publishable = str_of("pk_test_1"), .mode = ACCOUNT_TEST};
    struct link_identity identity = {0};
    struct link_answer answer = {0};

    (void)arena;
    (void)provider->linking->identify(call, &keys, &identity, &answer);
    hold(answer.lacking_count <= LINK_LACKING_MAX);
}

/* The first byte says what is asked, the rest is answered. */
static void ask(const struct provider *provider, const struct provider_account *account,
                const struct provider_intent *intent, struct str input, struct arena *arena)
{
    char what = input.len > 0 ? input.data[0] : '0';
    struct str answers = input.len > 0 ? str_from(input.data + 1, input.len - 1) : input;
    struct provider_call call = fuzz_call(arena, answers);
    struct resolution resolution = {0};
    struct findings findings;
    enum err err = ERR_INTERNAL;

    if (what == 's' && provider->statement)
        ask_statement(provider, &call, account);
    else if (what == 'r' && provider->refunds)
        ask_refund(provider, &call, account);
    else if (what == 'c')
        ask_checkout(provider, &call, account, intent);
    else if (what == 'l' && provider->linking)
        ask_identity(provider, &call, arena);
    else if (what == 'x')
        err = provider->cancel(&call, account, intent, &resolution);
    else if (what == 'f' && provider->resolve_fee)
        err = provider->resolve_fee(&call, account, "pi_1", &resolution);
    else if (what == 'd' && provider->resolve_dispute)
        err = provider->resolve_dispute(&call, account, "dp_1", &resolution);
    else if (what == 'e' && provider->examine) {
        findings_init(&findings, arena);
        (void)provider->examine(&call, &fuzz_house()->association, account, &findings);
        hold(findings.count <= FINDINGS_MAX);
    } else
        err = provider->resolve_intent(&call, account, intent, "open", &resolution);
    if (err == OK)
        fuzz_check_resolution(&resolution);
}

void fuzz_stripe_answer(struct str input, struct arena *arena)
{
    struct fuzz_house *house = fuzz_house();

    ask(&provider_stripe, &house->stripe, &house->stripe_intent, input, arena);
}

void fuzz_paypal_answer(struct str input, struct arena *arena)
{
    struct fuzz_house *house = fuzz_house();

    ask(&provider_paypal, &house->paypal, &house->paypal_intent, input, arena);
}

/* ---- PayPal's list as a file ---- */

/* One row: its cells in the order of our columns. The table itself has its own fuzzer. */
void fuzz_activity(struct str input, struct arena *arena)
{
    struct provider_call call = fuzz_call(arena, str_of(NULL));
    struct str cells[CELL_COUNT] = {{0}};
    struct activity_row row = {.cells = cells};
    struct statement_line line;
    size_t column;

    for (size_t i = 0; i < CELL_COUNT; i++)
        cells[i] = str_trim(str_cut(&input, ';'));
    hold(zone_find("Europe/Paris", &row.zone) == OK);
    if (paypal_activity.line(&call, &fuzz_house()->redirect, &row, &line, &column) != OK) {
        hold(column <= CELL_COUNT);
        return;
    }
    hold(line.currency && line.reference && *line.reference);
    hold(!str_empty(cells[CELL_GROSS]));
}
