#include "order_desk.h"

#include <stdlib.h>
#include <string.h>

int order_desk_setup(void **state)
{
    struct order_desk *desk = calloc(1, sizeof *desk);
    struct account_plan plan = {.provider = "paypal",
                                .external_id = ORDER_DESK_MERCHANT,
                                .mode = ACCOUNT_TEST,
                                .api_key = ORDER_DESK_SECRET,
                                .verified = true};

    assert_non_null(desk);
    provider_house_open(&desk->base);
    desk->base.settings.paypal_sandbox_webscr_url =
        "https://www.sandbox.paypal.com/cgi-bin/webscr";
    desk->account = provider_house_account(&desk->base, &plan);
    desk->account.client_id = "AClient-id";
    desk->intent =
        provider_house_intent(&desk->base, &desk->account, ORDER_DESK_TOKEN, 2500, "EUR", "open");
    desk->intent.request = "{\"intent\":\"CAPTURE\"}";
    desk->intent.reference = ORDER_DESK_ORDER;
    desk->intent.expires_at = HOUSE_NOW + 3600;
    *state = desk;
    return 0;
}

int order_desk_teardown(void **state)
{
    struct order_desk *desk = *state;

    provider_house_close(&desk->base);
    free(desk);
    return 0;
}

void order_desk_script(struct order_desk *desk, int status, const char *body)
{
    loopback_script(desk->base.server, status, "Content-Type: application/json\r\n", str_of(body));
}

void order_desk_token(struct order_desk *desk)
{
    order_desk_script(desk, 200,
                      "{\"access_token\":\"A21AAtoken\",\"token_type\":\"Bearer\","
                      "\"expires_in\":30910}");
}

void order_desk_refuse(struct order_desk *desk, int status, const char *issue)
{
    order_desk_script(
        desk, status,
        arena_printf(desk->base.call.arena,
                     "{\"name\":\"UNPROCESSABLE_ENTITY\",\"details\":[{\"issue\":\"%s\","
                     "\"description\":\"x\"}],\"message\":\"m\",\"debug_id\":\"d\"}",
                     issue));
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

const char *order_desk_capture(struct order_desk *desk, const char *status, const char *reason,
                               const char *fee)
{
    struct arena *arena = desk->base.call.arena;
    const char *breakdown =
        *fee ? arena_printf(
                   arena,
                   ",\"seller_receivable_breakdown\":{\"gross_amount\":{\"currency_code\":\"EUR\","
                   "\"value\":\"25.00\"},\"paypal_fee\":{\"currency_code\":\"EUR\",\"value\":"
                   "\"%s\"}}",
                   fee)
             : "";

    return arena_printf(arena,
                        "{\"id\":\"" ORDER_DESK_CAPTURE "\",\"status\":\"%s\","
                        "\"status_details\":{\"reason\":\"%s\"},\"amount\":{\"currency_code\":"
                        "\"EUR\",\"value\":\"25.00\"}%s,\"create_time\":\"2026-09-20T10:00:00Z\"}",
                        status, reason, breakdown);
}

void order_desk_order(struct order_desk *desk, const struct order_plan *plan)
{
    struct arena *arena = desk->base.call.arena;
    const char *token = or_else(plan->token, ORDER_DESK_TOKEN);
    const char *units =
        plan->bare ? ""
                   : arena_printf(arena,
                                  "\"purchase_units\":[{\"reference_id\":\"guichet\",\"amount\":{"
                                  "\"currency_code\":\"%s\",\"value\":\"%s\"},\"payee\":{"
                                  "\"email_address\":\"a@exemple.fr\",\"merchant_id\":\"%s\"},"
                                  "\"custom_id\":\"%s\",\"invoice_id\":\"%s\",\"payments\":{"
                                  "\"captures\":%s}}],",
                                  or_else(plan->currency, "EUR"), or_else(plan->value, "25.00"),
                                  or_else(plan->merchant, ORDER_DESK_MERCHANT), token, token,
                                  or_else(plan->captures, "[]"));

    order_desk_script(
        desk, plan->http_status ? plan->http_status : 200,
        arena_printf(arena,
                     "{\"id\":\"%s\",\"status\":\"%s\",%s\"payer\":{\"name\":{\"given_name\":"
                     "\"Zoé\",\"surname\":\"Martin\"}},\"links\":[{\"href\":\"x\",\"rel\":"
                     "\"self\"},{\"href\":\"%s\",\"rel\":\"payer-action\",\"method\":\"GET\"}]}",
                     or_else(plan->id, ORDER_DESK_ORDER),
                     or_else(plan->status, "PAYER_ACTION_REQUIRED"), units,
                     or_else(plan->url, "https://www.sandbox.paypal.com/"
                                        "checkoutnow?token=" ORDER_DESK_ORDER)));
}

bool order_desk_has(struct order_desk *desk, size_t index, const char *text)
{
    struct str head = loopback_head(desk->base.server, index);

    return head.len > 0 && strstr(head.data, text) != NULL;
}
