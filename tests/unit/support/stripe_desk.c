#include "stripe_desk.h"

#include <stdlib.h>
#include <string.h>

int stripe_desk_setup(void **state)
{
    struct stripe_desk *desk = calloc(1, sizeof *desk);
    struct account_plan plan = {.provider = "stripe",
                                .external_id = "acct_1",
                                .mode = ACCOUNT_TEST,
                                .api_key = DESK_API_KEY};

    assert_non_null(desk);
    provider_house_open(&desk->base);
    desk->account = provider_house_account(&desk->base, &plan);
    desk->intent =
        provider_house_intent(&desk->base, &desk->account, DESK_TOKEN, 2500, "EUR", "created");
    *state = desk;
    return 0;
}

int stripe_desk_teardown(void **state)
{
    struct stripe_desk *desk = *state;

    provider_house_close(&desk->base);
    free(desk);
    return 0;
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static struct str session_json(struct stripe_desk *desk, const struct session_plan *plan)
{
    const char *secret = plan->client_secret;
    const char *url = plan->url ? plan->url : "https://checkout.stripe.com/c/pay/cs_test_a1#x";

    return str_of(arena_printf(
        desk->base.call.arena,
        "{\"id\":\"%s\",\"object\":\"checkout.session\",\"livemode\":%s,\"status\":\"%s\","
        "\"payment_status\":\"%s\",\"amount_total\":2500,\"currency\":\"eur\",\"url\":%s%s%s,"
        "\"client_secret\":%s%s%s,"
        "\"client_reference_id\":\"%s\",\"created\":1790856000,\"expires_at\":%lld,"
        "\"metadata\":{\"guichet\":\"x\",\"intent\":\"%s\"},\"payment_intent\":%s,"
        "\"customer_details\":{\"name\":\"Zoé Martin\",\"email\":\"z@exemple.fr\"}}",
        or_else(plan->id, DESK_SESSION), or_else(plan->livemode, "false"),
        or_else(plan->status, "open"), or_else(plan->payment_status, "unpaid"), *url ? "\"" : "",
        *url ? url : "null", *url ? "\"" : "", secret ? "\"" : "", or_else(secret, "null"),
        secret ? "\"" : "", or_else(plan->token, DESK_TOKEN),
        (long long)(plan->expires_at ? plan->expires_at : HOUSE_NOW + 3600),
        or_else(plan->token, DESK_TOKEN), or_else(plan->payment_intent, "null")));
}

void desk_script_session(struct stripe_desk *desk, const struct session_plan *plan)
{
    loopback_script(desk->base.server, 200, "Content-Type: application/json\r\n",
                    session_json(desk, plan));
}

void desk_script(struct stripe_desk *desk, int status, const char *headers, const char *body)
{
    loopback_script(desk->base.server, status, headers, str_of(body));
}

bool desk_head_has(struct stripe_desk *desk, size_t index, const char *text)
{
    struct str head = loopback_head(desk->base.server, index);

    return head.len > 0 && strstr(head.data, text) != NULL;
}
