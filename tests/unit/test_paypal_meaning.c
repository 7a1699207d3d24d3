/* What PayPal's webhooks mean, and refunds asked for through its interface. */
#include "support/order_desk.h"
#include "support/vectors.h"
#include "support/webhook_desk.h"

#include <string.h>

#include "provider/paypal/internal.h"
#include "provider/paypal/webhook.h"

#define WEBHOOK_ID "1AB23456CD789012E"

static struct resolution *meaning_of(struct order_desk *desk, struct str body)
{
    struct resolution *resolution = arena_alloc(desk->base.call.arena, sizeof(*resolution));
    json_t *json = NULL;

    house_ok(json_read(body, &json));
    house_ok(
        paypal_webhook_meaning(&desk->base.call, &desk->account, json, HOUSE_NOW, resolution));
    json_decref(json);
    return resolution;
}

static struct resolution *meaning_of_vector(struct order_desk *desk, const char *name)
{
    struct arena *arena = desk->base.call.arena;

    return meaning_of(desk, vectors_read(arena, arena_printf(arena, "paypal/rest/%s.json", name)));
}

/* ---- recorded bodies ---- */

/* A payment and its fee, told by the capture and by the order alike. */
static void a_recorded_payment(void **state)
{
    static const char *const names[] = {"events/pretix-event-payment.capture.completed",
                                        "events/pretix-event-checkout.order.completed"};
    struct order_desk *desk = *state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct resolution *resolution = meaning_of_vector(desk, names[i]);

        assert_int_equal(resolution->kind, RESOLUTION_FACTS);
        assert_int_equal(resolution->fact_count, 2);
        assert_int_equal(resolution->facts[0].kind, FACT_CAPTURE);
        assert_string_equal(resolution->facts[0].reference, "22A4162004478570J");
        assert_string_equal(resolution->facts[0].objects[0], "806440346Y391300T");
        assert_int_equal(resolution->facts[0].amount_cents, 4359);
        assert_int_equal(resolution->facts[0].fact_at, 1651147222); /* 2022-04-28T12:00:22Z */
        assert_string_equal(resolution->facts[0].token, "");        /* somebody else's order */
        assert_false(resolution->facts[0].our_mark);
        assert_string_equal(resolution->facts[1].reference, "22A4162004478570J:fee");
        assert_int_equal(resolution->facts[1].amount_cents, 118);
    }
}

/* Two breakdowns that contradict one another: the amount and the fee alone are believed. */
static void recorded_refunds(void **state)
{
    static const struct {
        const char *name, *id;
    } cases[] = {{"events/pretix-event-payment.capture.refunded-1", "1YK122615V244890X"},
                 {"events/pretix-event-payment.capture.refunded-2", "3K87087190824201K"}};
    struct order_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution = meaning_of_vector(desk, cases[i].name);

        assert_int_equal(resolution->fact_count, 2);
        assert_int_equal(resolution->facts[0].kind, FACT_REFUND);
        assert_string_equal(resolution->facts[0].reference, cases[i].id);
        assert_string_equal(resolution->facts[0].parent, "22A4162004478570J");
        assert_int_equal(resolution->facts[0].amount_cents, 4359);
        assert_int_equal(resolution->facts[1].kind, FACT_FEE);
        assert_int_equal(resolution->facts[1].amount_cents, -118);
        assert_string_equal(resolution->facts[1].parent, cases[i].id);
    }
}

static void simulated_news(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution =
        meaning_of_vector(desk, "signed-webhook-simulator/payment_capture_pending_v2.body");

    assert_int_equal(resolution->facts[0].kind, FACT_PENDING);
    assert_string_equal(resolution->facts[0].reason, "UNILATERAL");
    resolution =
        meaning_of_vector(desk, "signed-webhook-simulator/payment_capture_reversed_v2.body");
    assert_int_equal(resolution->fact_count, 1); /* no fee came back */
    assert_int_equal(resolution->facts[0].kind, FACT_DISPUTE);
    assert_string_equal(resolution->facts[0].reference, "09E71677NS257044M");
    assert_string_equal(resolution->facts[0].parent, "4L335234718889942");
    assert_int_equal(resolution->facts[0].amount_cents, 251);
    resolution =
        meaning_of_vector(desk, "signed-webhook-simulator/payment_capture_declined_v2.body");
    assert_int_equal(resolution->facts[0].kind, FACT_FAILED);
    resolution = meaning_of_vector(desk, "signed-webhook-simulator/plan_created_v2.body");
    assert_int_equal(resolution->kind, RESOLUTION_OUTCOME);
    assert_int_equal(resolution->outcome, OUTCOME_UNSUPPORTED);
}

/* ---- bodies of our own ---- */

static struct resolution *told(struct order_desk *desk, const char *type, const char *resource)
{
    return meaning_of(desk, str_of(arena_printf(desk->base.call.arena,
                                                "{\"id\":\"WH-1\",\"event_type\":\"%s\","
                                                "\"resource\":%s}",
                                                type, resource)));
}

static void our_token_is_found(void **state)
{
    struct order_desk *desk = *state;
    struct resolution *resolution =
        told(desk, "PAYMENT.CAPTURE.COMPLETED",
             "{\"id\":\"C1\",\"status\":\"COMPLETED\",\"custom_id\":\"" ORDER_DESK_TOKEN
             "\",\"amount\":{\"currency_code\":\"EUR\",\"value\":\"25.00\"}}");

    assert_string_equal(resolution->facts[0].token, ORDER_DESK_TOKEN);
    assert_true(resolution->facts[0].our_mark);
    assert_int_equal(resolution->facts[0].fact_at, HOUSE_NOW);
    resolution = told(desk, "PAYMENT.CAPTURE.COMPLETED",
                      "{\"id\":\"C1\",\"status\":\"COMPLETED\",\"payee\":{\"merchant_id\":"
                      "\"AAAAAAAAAAAAA\"},\"amount\":{\"currency_code\":\"EUR\",\"value\":"
                      "\"25.00\"}}");
    assert_int_equal(resolution->outcome, OUTCOME_OTHER_ACCOUNT);
}

static void nothing_unreadable_is_booked(void **state)
{
    static const struct {
        const char *type, *resource;
    } cases[] = {
        {"PAYMENT.CAPTURE.COMPLETED", "{}"},
        {"PAYMENT.CAPTURE.COMPLETED", "null"},
        {"PAYMENT.CAPTURE.COMPLETED", "{\"id\":\"C1\",\"status\":\"COMPLETED\"}"},
        {"PAYMENT.CAPTURE.COMPLETED",
         "{\"id\":\"C1\",\"status\":\"COMPLETED\",\"amount\":{\"currency_code\":\"EUR\","
         "\"value\":\"-1.00\"}}"},
        {"PAYMENT.CAPTURE.COMPLETED",
         "{\"id\":\"C1\",\"status\":\"COMPLETED\",\"amount\":{\"currency_code\":\"EUR\","
         "\"value\":\"1.001\"}}"},
        {"PAYMENT.CAPTURE.COMPLETED",
         "{\"id\":\"C1\",\"status\":\"COMPLETED\",\"amount\":{\"currency_code\":\"EUR\","
         "\"value\":1.00}}"},
        {"PAYMENT.CAPTURE.COMPLETED",
         "{\"id\":\"C/1\",\"status\":\"COMPLETED\",\"amount\":{\"currency_code\":\"EUR\","
         "\"value\":\"1.00\"}}"},
        {"PAYMENT.CAPTURE.COMPLETED",
         "{\"id\":\"C1\",\"status\":\"MARVELLOUS\",\"amount\":{\"currency_code\":\"EUR\","
         "\"value\":\"1.00\"}}"},
        {"PAYMENT.CAPTURE.REFUNDED",
         "{\"id\":\"R1\",\"status\":\"COMPLETED\",\"amount\":{\"currency_code\":\"EUR\","
         "\"value\":\"1.00\"}}"}, /* of no payment */
        {"CUSTOMER.DISPUTE.CREATED", "{\"dispute_id\":\"PP-D-1\"}"},
        {"CHECKOUT.ORDER.COMPLETED", "[]"},
    };
    struct order_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution = told(desk, cases[i].type, cases[i].resource);

        if (resolution->kind != RESOLUTION_OUTCOME)
            print_error("case %zu\n", i);
        assert_int_equal(resolution->kind, RESOLUTION_OUTCOME);
        assert_int_equal(resolution->outcome, OUTCOME_UNSUPPORTED);
        assert_int_equal(resolution->fact_count, 0);
    }
}

static void disputes_are_told(void **state)
{
    static const struct {
        const char *status, *stage, *outcome;
        enum dispute_state expected;
    } cases[] = {
        {"OPEN", "INQUIRY", "", DISPUTE_INQUIRY},
        {"WAITING_FOR_SELLER_RESPONSE", "CHARGEBACK", "", DISPUTE_OPEN},
        {"RESOLVED", "CHARGEBACK", "RESOLVED_SELLER_FAVOUR", DISPUTE_WON},
        {"RESOLVED", "CHARGEBACK", "RESOLVED_BUYER_FAVOUR", DISPUTE_LOST},
        {"RESOLVED", "INQUIRY", "CANCELED_BY_BUYER", DISPUTE_WON},
        {"RESOLVED", "INQUIRY", "SOMETHING_ELSE", DISPUTE_CLOSED},
    };
    struct order_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct payment_fact *fact =
            told(desk, "CUSTOMER.DISPUTE.UPDATED",
                 arena_printf(desk->base.call.arena,
                              "{\"dispute_id\":\"PP-D-1\",\"status\":\"%s\","
                              "\"dispute_life_cycle_stage\":\"%s\",\"reason\":"
                              "\"UNAUTHORISED\",\"update_time\":\"2026-09-20T10:00:00.000Z\","
                              "\"seller_response_due_date\":\"2026-10-10T10:00:00.000Z\","
                              "\"disputed_transactions\":[{\"seller_transaction_id\":\"C1\"}],"
                              "\"dispute_outcome\":{\"outcome_code\":\"%s\"}}",
                              cases[i].status, cases[i].stage, cases[i].outcome))
                ->facts;

        assert_int_equal(fact->kind, FACT_DISPUTE_OPENED);
        assert_int_equal(fact->dispute_state, cases[i].expected);
        assert_string_equal(fact->dispute, "PP-D-1");
        assert_string_equal(fact->parent, "C1");
        assert_int_equal(fact->fact_at, 1789898400);
        assert_int_equal(fact->deadline_at, 1789898400 + 20 * 86400);
    }
}

/* The browser never came back: PayPal's word that the order is approved captures it. */
static void an_approved_order_is_captured(void **state)
{
    struct order_desk *desk = *state;
    const char *captures = arena_printf(desk->base.call.arena, "[%s]",
                                        order_desk_capture(desk, "COMPLETED", "", "1.18"));
    const char *approved = "{\"id\":\"" ORDER_DESK_ORDER "\",\"status\":\"APPROVED\","
                           "\"purchase_units\":[{\"custom_id\":\"" ORDER_DESK_TOKEN "\"}]}";
    struct resolution *resolution;

    house_execute(&desk->base.house,
                  "UPDATE payment_intent SET provider_reference = '" ORDER_DESK_ORDER "'");
    order_desk_token(desk);
    order_desk_order(desk, &(struct order_plan){.status = "APPROVED"});
    order_desk_order(desk, &(struct order_plan){.status = "COMPLETED", .captures = captures});
    resolution = told(desk, "CHECKOUT.ORDER.APPROVED", approved);
    assert_int_equal(resolution->facts[0].kind, FACT_CAPTURE);
    assert_string_equal(resolution->facts[0].token, ORDER_DESK_TOKEN);
    assert_int_equal(loopback_count(desk->base.server), 3);
    /* an attempt that its member gave up is left alone */
    house_execute(&desk->base.house, "UPDATE payment_intent SET state = 'canceled'");
    resolution = told(desk, "CHECKOUT.ORDER.APPROVED", approved);
    assert_int_equal(resolution->outcome, OUTCOME_NOTED);
    assert_int_equal(loopback_count(desk->base.server), 3);
}

/* ---- refunds asked for here ---- */

static struct str prepare_refund(struct order_desk *desk)
{
    const struct refund_order order = {.capture = ORDER_DESK_CAPTURE,
                                       .amount_cents = 1000,
                                       .currency = "EUR",
                                       .refund_request_id = 77};
    struct str request = {0};

    house_ok(paypal_refunds.prepare(&desk->base.call, &order, &request));
    return request;
}

static struct refund_answer *send_refund(struct order_desk *desk)
{
    struct refund_answer *answer = arena_alloc(desk->base.call.arena, sizeof(*answer));

    house_ok(paypal_refunds.send(&desk->base.call, &desk->account,
                                 str_copy(desk->base.call.arena, prepare_refund(desk)), "key-1",
                                 answer));
    return answer;
}

static void script_refund(struct order_desk *desk, const char *status, const char *capture)
{
    order_desk_script(
        desk, 201,
        arena_printf(desk->base.call.arena,
                     "{\"id\":\"R1\",\"status\":\"%s\",\"status_details\":{\"reason\":"
                     "\"ECHECK\"},\"amount\":{\"currency_code\":\"EUR\",\"value\":\"10.00\"},"
                     "\"custom_id\":\"guichet-refund-77\",\"seller_payable_breakdown\":{"
                     "\"paypal_fee\":{\"currency_code\":\"EUR\",\"value\":\"0.00\"}},\"links\":"
                     "[{\"href\":\"https://x/v2/payments/captures/%s\",\"rel\":\"up\"}]}",
                     status, capture));
}

static void a_refund_is_sent(void **state)
{
    struct order_desk *desk = *state;
    struct refund_answer *answer;

    order_desk_token(desk);
    script_refund(desk, "COMPLETED", ORDER_DESK_CAPTURE);
    answer = send_refund(desk);
    assert_int_equal(answer->verdict, REFUND_MADE);
    assert_string_equal(answer->reference, "R1");
    assert_int_equal(answer->facts.fact_count, 1);
    assert_int_equal(answer->facts.facts[0].kind, FACT_REFUND);
    assert_string_equal(answer->facts.facts[0].parent, ORDER_DESK_CAPTURE);
    assert_string_equal(answer->facts.facts[0].objects[0], "guichet-refund-77");
    assert_true(order_desk_has(
        desk, 1, "POST /sandbox/v2/payments/captures/" ORDER_DESK_CAPTURE "/refund HTTP"));
    assert_true(order_desk_has(desk, 1, "\r\nPayPal-Request-Id: key-1\r\n"));
    assert_true(str_is(loopback_body(desk->base.server, 1),
                       "{\"amount\":{\"currency_code\":\"EUR\",\"value\":\"10.00\"},"
                       "\"custom_id\":\"guichet-refund-77\"}"));
}

static void each_refund_has_its_end(void **state)
{
    struct order_desk *desk = *state;
    struct refund_answer *answer;

    order_desk_token(desk);
    script_refund(desk, "PENDING", ORDER_DESK_CAPTURE);
    answer = send_refund(desk);
    assert_int_equal(answer->verdict, REFUND_MADE);
    assert_int_equal(answer->facts.kind, RESOLUTION_NOTHING);
    script_refund(desk, "FAILED", ORDER_DESK_CAPTURE);
    assert_int_equal(send_refund(desk)->verdict, REFUND_REFUSED);
    script_refund(desk, "COMPLETED", "ANOTHER");
    assert_int_equal(send_refund(desk)->verdict, REFUND_UNKNOWN);
    order_desk_refuse(desk, 422, "CAPTURE_FULLY_REFUNDED");
    answer = send_refund(desk);
    assert_int_equal(answer->verdict, REFUND_REFUSED);
    assert_string_equal(answer->reason, "CAPTURE_FULLY_REFUNDED");
    order_desk_refuse(desk, 500, "INTERNAL_SERVER_ERROR");
    assert_int_equal(send_refund(desk)->verdict, REFUND_UNKNOWN);
    order_desk_script(desk, LOOPBACK_SILENT, "");
    assert_int_equal(send_refund(desk)->verdict, REFUND_UNKNOWN);
}

/* ---- the door, and the proof ---- */

struct door_case {
    struct provider_house *house;
    struct webhook_desk desk;
    struct provider_account account;
};

static struct door_case door_open(struct provider_house *house)
{
    struct door_case door = {.house = house, .desk = webhook_open(house)};
    struct account_plan plan = {.provider = "paypal",
                                .external_id = ORDER_DESK_MERCHANT,
                                .mode = ACCOUNT_LIVE,
                                .webhook = {NULL, WEBHOOK_ID},
                                .verified = true};

    house->settings.paypal_live_api_url = loopback_url(house->server);
    door.account = provider_house_account(house, &plan);
    door.desk.delivery.body =
        str_of("{\"id\":\"WH-1\",\"event_type\":\"PAYMENT.CAPTURE.PENDING\",\"resource\":{"
               "\"id\":\"C1\",\"status\":\"PENDING\",\"amount\":{\"currency_code\":\"EUR\","
               "\"value\":\"1.00\"}}}");
    webhook_sign(house, &door.desk, door.desk.leaf, &door.desk.delivery);
    return door;
}

static struct str headers_of(const struct door_case *door)
{
    const struct paypal_delivery *delivery = &door->desk.delivery;

    return str_of(arena_printf(
        door->house->call.arena,
        "HTTP_PAYPAL_TRANSMISSION_ID: %.*s\nHTTP_PAYPAL_TRANSMISSION_TIME: %.*s\n"
        "HTTP_PAYPAL_TRANSMISSION_SIG: %.*s\nHTTP_PAYPAL_AUTH_ALGO: %.*s\n"
        "HTTP_PAYPAL_CERT_URL: %.*s\n",
        STR_PRINT(delivery->id), STR_PRINT(delivery->time), STR_PRINT(delivery->signature),
        STR_PRINT(delivery->algorithm), STR_PRINT(delivery->certificate_url)));
}

static struct door_answer knock(struct door_case *door, const char *hint, struct str headers,
                                struct str body)
{
    const struct provider_message message = {.hint = hint,
                                             .body = body,
                                             .content_type = str_of("application/json"),
                                             .headers = headers,
                                             .source_address = str_of("192.0.2.1")};
    struct door_answer answer;

    house_ok(paypal_receive(&door->house->call, &message, &answer));
    return answer;
}

static void the_door_looks_at_the_head(void **state)
{
    struct door_case door = door_open(*state);
    struct str body = door.desk.delivery.body;
    struct door_answer answer = knock(&door, door.account.public_id, headers_of(&door), body);

    assert_int_equal(answer.verdict, DOOR_ACCEPTED);
    assert_false(answer.authentic);
    assert_string_equal(answer.external_id, "WH-1");
    assert_string_equal(answer.type, "PAYMENT.CAPTURE.PENDING");
    assert_string_equal(answer.receiver, door.account.public_id);
    assert_int_equal(knock(&door, "nobody", headers_of(&door), body).verdict, DOOR_REFUSED);
    assert_int_equal(knock(&door, door.account.public_id, str_of(""), body).verdict, DOOR_REFUSED);
    assert_int_equal(
        knock(&door, door.account.public_id, headers_of(&door), str_of("{\"id\":1}")).verdict,
        DOOR_REFUSED);
    assert_int_equal(knock(&door, door.account.public_id, headers_of(&door), str_of("[1")).verdict,
                     DOOR_REFUSED);
    webhook_close(&door.desk);
}

static struct resolution *resolved(struct door_case *door, struct str headers, struct str body)
{
    const struct provider_event event = {.provider = "paypal",
                                         .hint = door->account.public_id,
                                         .raw = body,
                                         .headers = headers,
                                         .received_at = HOUSE_NOW};
    struct resolution *resolution = arena_alloc(door->house->call.arena, sizeof(*resolution));

    house_ok(paypal_resolve_event(&door->house->call, &event, resolution));
    return resolution;
}

static void only_what_is_signed_means_anything(void **state)
{
    struct door_case door = door_open(*state);
    struct str body = door.desk.delivery.body;
    struct resolution *resolution;

    loopback_script(door.house->server, LOOPBACK_SILENT, "", str_of(""));
    resolution = resolved(&door, headers_of(&door), body); /* no certificate can be had */
    assert_int_equal(resolution->kind, RESOLUTION_RETRY);
    assert_false(resolution->authentic);
    webhook_serve(door.house, identity_pem(door.desk.leaf, door.house->call.arena));
    resolution = resolved(&door, headers_of(&door), body);
    assert_int_equal(resolution->kind, RESOLUTION_FACTS);
    assert_true(resolution->authentic);
    assert_int_equal(resolution->provider_account_id, door.account.id);
    assert_string_equal(resolution->external_id, "WH-1");
    resolution = resolved(&door, headers_of(&door),
                          str_of(arena_printf(door.house->call.arena, "%.*s ", STR_PRINT(body))));
    assert_int_equal(resolution->kind, RESOLUTION_INVALID);
    assert_int_equal(resolution->fact_count, 0);
    webhook_close(&door.desk);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, order_desk_setup, order_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_recorded_payment),
        CASE(recorded_refunds),
        CASE(simulated_news),
        CASE(our_token_is_found),
        CASE(nothing_unreadable_is_booked),
        CASE(disputes_are_told),
        CASE(an_approved_order_is_captured),
        CASE(a_refund_is_sent),
        CASE(each_refund_has_its_end),
        WEBHOOK_TEST(the_door_looks_at_the_head),
        WEBHOOK_TEST(only_what_is_signed_means_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
