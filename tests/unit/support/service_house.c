#include "service_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "queries.h"

/* The house of the test that runs: a provider's functions get no argument of ours. */
static struct service_house *present;

static int64_t stored_with_request(const struct provider_intent *intent)
{
    return house_count(&present->house,
                       "SELECT COUNT(*) FROM payment_intent WHERE id = %lld AND request = '%s'",
                       (long long)intent->id, intent->request);
}

/* ---- the providers ---- */

static struct provider_limits limits(const struct currency *currency)
{
    (void)currency;
    return (struct provider_limits){true, 1, 100000000};
}

static enum err prepare(const struct provider_call *call, const struct provider_order *order,
                        struct str *request)
{
    *request = str_of(arena_printf(call->arena, "amount=%lld&token=%s&expires_at=%lld",
                                   (long long)order->amount_cents, order->token,
                                   (long long)order->expires_at));
    return OK;
}

static enum err checkout(const struct provider_call *call, const struct provider_account *account,
                         const struct provider_intent *intent, struct checkout_answer *answer)
{
    (void)account;
    pthread_mutex_lock(&present->lock);
    require(present->checkouts < CALLS_MAX);
    present->requests[present->checkouts] = arena_string(present->house.arena, intent->request);
    present->keys[present->checkouts] =
        arena_string(present->house.arena, intent->idempotency_key);
    present->stored_before[present->checkouts++] = stored_with_request(intent) == 1;
    *answer = (struct checkout_answer){.verdict = present->checkout, .reason = "scripted"};
    pthread_mutex_unlock(&present->lock);
    clock_sleep_ms(present->checkout_sleep_ms);
    if (answer->verdict != CHECKOUT_OPENED)
        return OK;
    answer->url = "https://checkout.stripe.com/c/pay/x";
    answer->reference = arena_printf(call->arena, "cs_test_%lld", (long long)intent->id);
    return OK;
}

static enum err cancel(const struct provider_call *call, const struct provider_account *account,
                       const struct provider_intent *intent, struct resolution *resolution)
{
    (void)call, (void)account, (void)intent;
    present->cancels++;
    *resolution = present->cancel;
    return OK;
}

static enum err refund_prepare(const struct provider_call *call, const struct refund_order *order,
                               struct str *request)
{
    *request =
        str_of(arena_printf(call->arena, "payment=%s&amount=%lld&request=%lld", order->capture,
                            (long long)order->amount_cents, (long long)order->refund_request_id));
    return OK;
}

static enum err refund_send(const struct provider_call *call,
                            const struct provider_account *account, const char *request,
                            const char *idempotency_key, struct refund_answer *answer)
{
    (void)call, (void)account;
    require(present->refunds < CALLS_MAX);
    present->refund_requests[present->refunds] = arena_string(present->house.arena, request);
    present->refund_keys[present->refunds++] = arena_string(present->house.arena, idempotency_key);
    *answer = present->refund;
    return OK;
}
static enum err refund_find(const struct provider_call *call,
                            const struct provider_account *account,
                            const struct refund_order *order, struct refund_answer *answer)
{
    (void)call, (void)account;
    assert_string_equal(order->capture, "pi_1");
    present->refund_searches++;
    *answer = present->refund_found;
    return OK;
}

static const struct provider_refunds refunds = {
    .prepare = refund_prepare, .send = refund_send, .find = refund_find};

static enum err receive(const struct provider_call *call, const struct provider_message *message,
                        struct door_answer *answer)
{
    (void)call, (void)message;
    *answer = (struct door_answer){.verdict = DOOR_ACCEPTED};
    return OK;
}

static enum err resolve_event(const struct provider_call *call, const struct provider_event *event,
                              struct resolution *resolution)
{
    bool hang;

    (void)call, (void)event;
    pthread_mutex_lock(&present->lock);
    present->events++;
    *resolution = present->event;
    pthread_mutex_unlock(&present->lock);
    do {
        clock_sleep_ms(1);
        pthread_mutex_lock(&present->lock);
        hang = present->events_hang;
        pthread_mutex_unlock(&present->lock);
    } while (hang);
    return OK;
}

static enum err resolve_intent(const struct provider_call *call,
                               const struct provider_account *account,
                               const struct provider_intent *intent, const char *state,
                               struct resolution *resolution)
{
    (void)call, (void)account, (void)intent, (void)state;
    present->looks++;
    *resolution = present->look;
    return present->look_error ? fail(present->look_error, "scripted") : OK;
}

static const struct provider asked = {.name = "stripe",
                                      .label = "Stripe",
                                      .journal = JOURNAL_STRIPE,
                                      .asks = true,
                                      .body_max = 1024,
                                      .limits = limits,
                                      .prepare = prepare,
                                      .checkout = checkout,
                                      .refunds = &refunds,
                                      .cancel = cancel,
                                      .receive = receive,
                                      .resolve_event = resolve_event,
                                      .resolve_intent = resolve_intent};
static const struct provider not_asked = {.name = "paypal",
                                          .label = "PayPal",
                                          .journal = JOURNAL_PAYPAL,
                                          .asks = false,
                                          .body_max = 1024,
                                          .limits = limits,
                                          .prepare = prepare,
                                          .checkout = checkout,
                                          .cancel = cancel,
                                          .receive = receive,
                                          .resolve_event = resolve_event,
                                          .resolve_intent = resolve_intent};
static const struct provider *const providers[] = {&asked, &not_asked};

/* ---- the house ---- */

int service_house_setup(void **state)
{
    struct service_house *house = calloc(1, sizeof(*house));

    assert_non_null(house);
    house_open(&house->house);
    house->stripe = kernel_add_stripe(&house->house, house->house.association_id, "a");
    house->paypal = kernel_add_paypal(&house->house, house->house.association_id, "AAAAAAAAAAAAA",
                                      "a@exemple.fr", 1);
    house_ok(db_writer_new(house->house.path, &guichet_queries, &house->writer));
    house_ok(db_open(house->house.path, DB_READ, &guichet_queries, &house->reader));
    house->settings.base_url = "https://guichet.example";
    house->service = (struct payment_service){.writer = house->writer,
                                              .settings = &house->settings,
                                              .providers = providers,
                                              .provider_count = 2,
                                              .installation = "deadbeef"};
    assert_int_equal(pthread_mutex_init(&house->lock, NULL), 0);
    present = house;
    *state = house;
    return 0;
}

int service_house_teardown(void **state)
{
    struct service_house *house = *state;

    db_writer_free(house->writer);
    db_close(house->reader);
    pthread_mutex_destroy(&house->lock);
    house_close(&house->house);
    free(house);
    return 0;
}

struct provider_call service_call(struct service_house *house, struct db *db, struct arena *arena)
{
    return payment_call(&house->service, db, NULL, arena);
}

struct payment_press service_press(struct service_house *house,
                                   const struct provider_account *account, const char *form_token,
                                   int64_t amount_cents)
{
    return (struct payment_press){
        .association_id = account->association_id,
        .member_id = house->house.member_id,
        .provider_account_id = account->id,
        .form_token = form_token,
        .amount_cents = amount_cents,
        .balance_shown_cents = house_count(&house->house,
                                           "SELECT COALESCE(SUM(amount_cents), 0) FROM cart_line"
                                           " WHERE member_id = %lld",
                                           (long long)house->house.member_id),
        .login_id = house->house.login_id,
        .address = "127.0.0.1",
    };
}

enum err service_begin(struct service_house *house, const struct payment_press *press,
                       enum intent_start *start, struct payment_intent *intent)
{
    struct provider_call call = service_call(house, house->reader, house->house.arena);

    return payment_begin(&house->service, &call, press, start, intent);
}

struct intent_claiming {
    const struct payment_intent *intent;
    struct claim claim;
    size_t count;
};

static enum err claim(struct db *db, void *argument)
{
    struct intent_claiming *claiming = argument;

    return intent_claim_one(db, claiming->intent->association_id, claiming->intent->id,
                            clock_now(), &claiming->claim, &claiming->count);
}

enum err service_work(struct service_house *house, const struct payment_intent *intent,
                      bool *provider_down)
{
    struct provider_call call = service_call(house, house->reader, house->house.arena);
    struct intent_claiming claiming = {.intent = intent};

    house_ok(db_write(house->writer, claim, &claiming));
    assert_int_equal(claiming.count, 1);
    return payment_work_intent(&house->service, &call, &claiming.claim, provider_down);
}

struct resolution service_fact(const struct payment_intent *intent, enum fact_kind kind,
                               const char *reference)
{
    struct resolution resolution = {.kind = RESOLUTION_FACTS,
                                    .detail = "",
                                    .association_id = intent->association_id,
                                    .provider_account_id = intent->provider_account_id,
                                    .fact_count = 1};

    resolution.facts[0] = (struct payment_fact){
        .kind = kind,
        .association_id = intent->association_id,
        .provider_account_id = intent->provider_account_id,
        .token = intent->token,
        .our_mark = true,
        .reference = reference,
        .amount_cents = kind == FACT_CAPTURE ? intent->amount_cents : 0,
        .currency = "EUR",
        .fact_at = clock_now(),
        .payer = "",
        .reason = "",
    };
    return resolution;
}
