#include "paypal_desk.h"

#include <stdlib.h>

#include "provider/paypal/internal.h"

int paypal_desk_setup(void **state)
{
    struct paypal_desk *desk = calloc(1, sizeof *desk);
    struct account_plan plan = {.provider = "paypal",
                                .external_id = DESK_MERCHANT,
                                .email = DESK_EMAIL,
                                .mode = ACCOUNT_TEST,
                                .verified = true};

    assert_non_null(desk);
    provider_house_open(&desk->base);
    desk->account = provider_house_account(&desk->base, &plan);
    (void)provider_house_intent(&desk->base, &desk->account, DESK_TOKEN, 2500, "EUR", "open");
    *state = desk;
    return 0;
}

int paypal_desk_teardown(void **state)
{
    struct paypal_desk *desk = *state;

    provider_house_close(&desk->base);
    free(desk);
    return 0;
}

struct provider_account desk_add_account(struct paypal_desk *desk, struct account_plan plan)
{
    plan.provider = "paypal";
    return provider_house_account(&desk->base, &plan);
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

const char *desk_message(struct paypal_desk *desk, const struct message_plan *plan)
{
    return arena_printf(
        desk->base.call.arena,
        "mc_gross=%s&mc_currency=%s&txn_type=%s&payment_status=%s&%s&invoice=%s&custom=%s"
        "&txn_id=6G996328CK404320L&payment_date=23%%3A04%%3A06+Sep+30%%2C+2026+PDT"
        "&first_name=J%%F6rg&last_name=Martin&charset=windows-1252%s",
        or_else(plan->gross, "25.00"), or_else(plan->currency, "EUR"),
        or_else(plan->txn_type, "web_accept"), or_else(plan->status, "Completed"),
        or_else(plan->receiver, "receiver_id=" DESK_MERCHANT "&receiver_email=x%40exemple.fr"),
        or_else(plan->invoice, DESK_TOKEN), or_else(plan->custom, DESK_TOKEN),
        or_else(plan->rest, "&test_ipn=1"));
}

struct resolution desk_resolve_raw(struct paypal_desk *desk, const char *raw)
{
    struct provider_event event = {
        .id = 1, .provider = "paypal", .hint = "", .raw = str_of(raw), .received_at = HOUSE_NOW};
    struct resolution resolution;

    house_ok(paypal_resolve_event(&desk->base.call, &event, &resolution));
    return resolution;
}

struct resolution desk_resolve(struct paypal_desk *desk, const struct message_plan *plan)
{
    return desk_resolve_raw(desk, desk_message(desk, plan));
}

void desk_answer(struct paypal_desk *desk, const char *word)
{
    loopback_script(desk->base.server, 200, "Content-Type: text/html\r\n", str_of(word));
}

struct resolution desk_verified(struct paypal_desk *desk, const struct message_plan *plan)
{
    desk_answer(desk, "VERIFIED");
    return desk_resolve(desk, plan);
}

void desk_check(struct paypal_desk *desk, const struct meaning *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct resolution resolution = desk_verified(desk, &cases[i].plan);

        if (resolution.kind != cases[i].kind ||
            (resolution.kind == RESOLUTION_OUTCOME && resolution.outcome != cases[i].outcome))
            print_error("case %zu: kind %d, %s, %s\n", i, (int)resolution.kind,
                        event_outcome_name(resolution.outcome), resolution.detail);
        assert_int_equal(resolution.kind, cases[i].kind);
        assert_true(resolution.authentic);
        if (resolution.kind == RESOLUTION_FACTS) {
            /* A payment tells its fee too, be it nothing. */
            assert_int_equal(resolution.fact_count, cases[i].fact == FACT_CAPTURE ? 2 : 1);
            assert_int_equal(resolution.facts[0].kind, cases[i].fact);
        } else {
            assert_int_equal(resolution.fact_count, 0);
            assert_int_equal(resolution.outcome, cases[i].outcome);
        }
    }
}
