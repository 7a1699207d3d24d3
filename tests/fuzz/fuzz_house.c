#include "fuzz_house.h"

#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/utf8.h"
#include "provider/paypal/rest.h"

/* ---- the network ---- */

enum { TOLD_MAX = 64 };

static struct str network;
static char told[TOLD_MAX + 1]; /* the last body of a 200 */

static int status_of(struct str *part)
{
    int64_t status = 200;

    if (part->len >= 4 && part->data[3] == ' ' && str_to_int64(str_from(part->data, 3), &status))
        *part = str_from(part->data + 4, part->len - 4);
    return status >= 100 && status <= 599 ? (int)status : 200;
}

enum err __wrap_http_client_call(struct http_client *client, const struct http_call *call,
                                 struct arena *arena, struct http_answer *answer);
enum err __wrap_http_client_call(struct http_client *client, const struct http_call *call,
                                 struct arena *arena, struct http_answer *answer)
{
    struct str part;

    (void)client;
    hold(call->url && (str_starts(str_of(call->url), "http://127.0.0.1:") ||
                       str_starts(str_of(call->url), "https://")));
    hold(!strpbrk(call->url, " \r\n\t\"<>\\"));
    for (size_t i = 0; i < HTTP_CLIENT_HEADERS_MAX; i++)
        hold(!call->headers[i] || !strpbrk(call->headers[i], "\r\n"));
    *answer = (struct http_answer){
        .content_type = "", .request_id = "", .should_retry = "", .retry_after_s = -1};
    if (!network.data || call->with_certificate)
        return fail(ERR_NETWORK, "nobody is there");
    part = fuzz_part(&network);
    answer->status = status_of(&part);
    answer->body = str_of(str_copy(arena, part));
    answer->body.len = part.len;
    told[0] = '\0';
    if (answer->status == 200 && part.len <= TOLD_MAX && part.len > 0)
        memcpy(told, part.data, part.len), told[part.len] = '\0';
    return OK;
}

bool fuzz_was_told(const char *body)
{
    return strcmp(told, body) == 0;
}

/* ---- the house ---- */

static struct fuzz_house house;

static void close_house(void)
{
    provider_house_close(&house.base);
}

static struct provider_account add(const char *provider, const char *id, const char *key)
{
    const struct account_plan plan = {
        .provider = provider,
        .mode = ACCOUNT_TEST,
        .external_id = id,
        .email = strcmp(provider, "paypal") == 0 && !key ? "tresorier@exemple.fr" : NULL,
        .api_key = key,
        .webhook = {key ? FUZZ_STRIPE_SECRET : NULL, NULL},
        .verified = true};

    return provider_house_account(&house.base, &plan);
}

void fuzz_house_begin(void)
{
    provider_house_open(&house.base);
    house.base.settings.paypal_sandbox_webscr_url =
        "https://www.sandbox.paypal.com/cgi-bin/webscr";
    house.stripe = add("stripe", "acct_1", "sk_test_1");
    house.paypal = add("paypal", "MERCHANTKEYS1", "secret");
    house.paypal.client_id = "AClient-id";
    house.redirect = add("paypal", "UQ8PDYXJZQD9Y", NULL);
    house_ok(association_find(house.base.house.db, house.base.house.association_id,
                              house.base.house.arena, &house.association));
    house.stripe_intent =
        provider_house_intent(&house.base, &house.stripe, FUZZ_TOKEN, 2500, "EUR", "open");
    house.stripe_intent.reference = "cs_test_a1";
    house.paypal_intent = house.redirect_intent = house.stripe_intent;
    house.paypal_intent.request = "{\"intent\":\"CAPTURE\"}";
    house.paypal_intent.reference = "5O190127TN364715T";
    atexit(close_house);
}

struct fuzz_house *fuzz_house(void)
{
    return &house;
}

struct provider_call fuzz_call(struct arena *arena, struct str answers)
{
    struct provider_call call = fuzz_house()->base.call;

    network = answers;
    told[0] = '\0';
    paypal_token_forget(&house.paypal);
    call.arena = arena;
    return call;
}

/* ---- what must hold ---- */

static void check_text(const char *text)
{
    hold(!text || (utf8_valid(str_of(text)) && strlen(text) < 5000));
}

static void check_fact(const struct payment_fact *fact)
{
    check_text(fact->payer);
    check_text(fact->reason);
    check_text(fact->type);
    check_text(fact->reference);
    check_text(fact->parent);
    check_text(fact->dispute);
    for (int i = 0; i < FACT_OBJECTS_MAX; i++)
        check_text(fact->objects[i]);
    if (fact->kind == FACT_CAPTURE || fact->kind == FACT_REFUND || fact->kind == FACT_DISPUTE) {
        hold(fact->amount_cents > 0);
        hold(fact->reference && *fact->reference);
        hold(fact->currency && money_currency(fact->currency));
        hold(fact->fact_at > 0);
    }
}

void fuzz_check_resolution(const struct resolution *resolution)
{
    hold(resolution->fact_count >= 0 && resolution->fact_count <= FACTS_MAX);
    hold(resolution->kind != RESOLUTION_FACTS || resolution->fact_count > 0);
    check_text(resolution->detail);
    check_text(resolution->external_id);
    check_text(resolution->type);
    check_text(resolution->proven_external_id);
    for (int i = 0; i < resolution->fact_count; i++)
        check_fact(&resolution->facts[i]);
}

void fuzz_check_page(const struct statement_page *page)
{
    if (page->verdict != STATEMENT_PAGE)
        return;
    for (size_t i = 0; i < page->count; i++) {
        hold(page->lines[i].reference && *page->lines[i].reference);
        hold(page->lines[i].currency && money_currency(page->lines[i].currency));
        check_text(page->lines[i].payer);
        check_text(page->lines[i].type);
        check_text(page->lines[i].payout);
    }
    check_text(page->cursor);
}
