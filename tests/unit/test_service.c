/* A press on Payer, from the press to its end, with providers that answer as scripted. */
#include "support/service_house.h"

#include <string.h>

#include "base/clock.h"
#include "payment/verify.h"
#include "queries.h"

static void check_clean(struct service_house *house)
{
    struct verify_report report;

    house_ok(verify_database(house->reader, house->house.arena, &report));
    for (size_t i = 0; i < report.breach_count; i++)
        print_error("%d %s %s: %s\n", report.breaches[i].invariant, report.breaches[i].table,
                    report.breaches[i].row, report.breaches[i].text);
    assert_int_equal(report.breach_count, 0);
}

static struct payment_intent begun(struct service_house *house,
                                   const struct provider_account *account, const char *form,
                                   int64_t amount_cents)
{
    struct payment_press press = service_press(house, account, form, amount_cents);
    struct payment_intent intent = {0};
    enum intent_start start;

    house_ok(service_begin(house, &press, &start, &intent));
    assert_int_equal(start, INTENT_STARTED);
    return intent;
}

static struct payment_intent again(struct service_house *house,
                                   const struct payment_intent *intent)
{
    struct payment_intent now;

    house_ok(
        intent_find(house->reader, intent->association_id, intent->id, house->house.arena, &now));
    return now;
}

/* ---- beginning ---- */

static void it_is_stored_then_opened(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500);

    assert_int_equal(intent.state, INTENT_OPEN);
    assert_string_equal(intent.provider_url, "https://checkout.stripe.com/c/pay/x");
    assert_int_equal(house->checkouts, 1);
    assert_true(house->stored_before[0]);
    assert_string_equal(house->requests[0], intent.request);
    assert_true(strncmp(intent.token, "Gdeadbeef-", 10) == 0 && strlen(intent.token) == 42);
    assert_string_equal(
        intent.idempotency_key,
        arena_printf(house->house.arena, "guichet-deadbeef-%lld", (long long)intent.id));
    assert_true(intent.expires_at - intent.created_at == INTENT_EXPIRES_S);
    check_clean(house);
}

static void the_same_form_is_one_call(void **state)
{
    struct service_house *house = *state;
    struct payment_press press = service_press(house, &house->stripe, "f1", 2500);
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500), second;
    enum intent_start start;

    for (int i = 0; i < 3; i++) {
        house_ok(service_begin(house, &press, &start, &second));
        assert_int_equal(start, INTENT_SAME_FORM);
        assert_true(second.id == intent.id);
    }
    assert_int_equal(house->checkouts, 1);
}

struct presser {
    struct service_house *house;
    struct payment_press press;
    pthread_t thread;
    int64_t intent_id;
    const char *url;
    enum err err;
};

static void *press_once(void *argument)
{
    struct presser *presser = argument;
    struct arena *arena = arena_new();
    struct db *db = NULL;
    struct payment_intent intent = {0};
    enum intent_start start;

    presser->err = db_open(presser->house->house.path, DB_READ, &guichet_queries, &db);
    if (!presser->err) {
        struct provider_call call = service_call(presser->house, db, arena);

        presser->err =
            payment_begin(&presser->house->service, &call, &presser->press, &start, &intent);
    }
    presser->intent_id = intent.id;
    presser->url = intent.provider_url ? "there" : "";
    db_close(db);
    arena_free(arena);
    return NULL;
}

static void two_simultaneous_presses_are_one_call(void **state)
{
    struct service_house *house = *state;
    struct presser pressers[4];

    house->checkout_sleep_ms = 200;
    for (size_t i = 0; i < 4; i++) {
        pressers[i] = (struct presser){.house = house,
                                       .press = service_press(house, &house->stripe, "f1", 2500)};
        assert_int_equal(pthread_create(&pressers[i].thread, NULL, press_once, &pressers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(pressers[i].thread, NULL);
        assert_int_equal(pressers[i].err, OK);
        assert_true(pressers[i].intent_id == pressers[0].intent_id);
        assert_string_equal(pressers[i].url, "there");
    }
    assert_int_equal(house->checkouts, 1);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(*) FROM payment_intent"), 1);
}

/* Two tabs, two forms, the same amount: one page to pay on. */
static void two_tabs_share_the_live_attempt(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500), second;
    struct payment_press press = service_press(house, &house->stripe, "f2", 2500);
    enum intent_start start;

    house_ok(service_begin(house, &press, &start, &second));
    assert_true(second.id == intent.id);
    assert_int_equal(house->checkouts, 1);
    assert_int_equal(house->cancels, 0);
}

static void another_amount_ends_the_old_attempt(void **state)
{
    struct service_house *house = *state;
    struct payment_intent old = begun(house, &house->stripe, "f1", 2500), fresh;

    house->cancel = service_fact(&old, FACT_CANCELED, "");
    fresh = begun(house, &house->stripe, "f2", 1000);
    assert_int_equal(house->cancels, 1);
    assert_int_equal(again(house, &old).state, INTENT_CANCELED);
    assert_int_equal(fresh.state, INTENT_OPEN);
    assert_string_not_equal(house->keys[0], house->keys[1]);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(*) FROM payment_intent "
                                                "WHERE state IN ('created', 'open')"),
                     1);
}

static void another_provider_ends_the_old_attempt(void **state)
{
    struct service_house *house = *state;
    struct payment_intent old = begun(house, &house->stripe, "f1", 2500);

    house->cancel = service_fact(&old, FACT_CANCELED, "");
    assert_int_equal(begun(house, &house->paypal, "f2", 2500).state, INTENT_OPEN);
    assert_int_equal(again(house, &old).state, INTENT_CANCELED);
}

static void an_unreachable_provider_keeps_the_old_attempt(void **state)
{
    struct service_house *house = *state;
    struct payment_intent old = begun(house, &house->stripe, "f1", 2500), other = {0};
    struct payment_press press = service_press(house, &house->stripe, "f2", 1000);
    enum intent_start start;

    house->cancel = (struct resolution){.kind = RESOLUTION_RETRY};
    house_err(service_begin(house, &press, &start, &other), ERR_BUSY);
    assert_int_equal(again(house, &old).state, INTENT_OPEN);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(*) FROM payment_intent"), 1);
}

/* It was paid in the other tab, says the provider when we want to end it: no second page. */
static void an_attempt_that_was_paid_meanwhile(void **state)
{
    struct service_house *house = *state;
    struct payment_intent old = begun(house, &house->stripe, "f1", 2500), shown = {0};
    struct payment_press press = service_press(house, &house->stripe, "f2", 1000);
    enum intent_start start;

    house->cancel = service_fact(&old, FACT_CAPTURE, "pi_1");
    house_ok(service_begin(house, &press, &start, &shown));
    assert_int_equal(start, INTENT_ANOTHER_LIVE);
    assert_true(shown.id == old.id);
    assert_int_equal(shown.state, INTENT_PAID);
    assert_int_equal(house->checkouts, 1);
    check_clean(house);
}

static void a_changed_balance_is_shown_first(void **state)
{
    struct service_house *house = *state;
    struct payment_press press = service_press(house, &house->stripe, "f1", 2500);
    struct payment_intent intent = {0};
    enum intent_start start;

    house_add_charge(&house->house, house->house.member_id, "2026-09-10", 100, "Sortie");
    house_ok(service_begin(house, &press, &start, &intent));
    assert_int_equal(start, INTENT_BALANCE_CHANGED);
    assert_int_equal(house->checkouts, 0);
}

static void an_unlinked_account_takes_no_payment(void **state)
{
    struct service_house *house = *state;
    struct payment_press press = service_press(house, &house->stripe, "f1", 2500);
    struct payment_intent intent = {0};
    enum intent_start start;

    house_execute(&house->house, "UPDATE provider_account SET unlinked_at = 1");
    house_ok(service_begin(house, &press, &start, &intent));
    assert_int_equal(start, INTENT_ACCOUNT_GONE);
    assert_int_equal(house->checkouts, 0);
}

static void a_refusal_ends_the_attempt(void **state)
{
    struct service_house *house = *state;
    struct payment_intent refused;

    house->checkout = CHECKOUT_REFUSED;
    refused = begun(house, &house->stripe, "f1", 2500);
    assert_int_equal(refused.state, INTENT_FAILED);
    house->checkout = CHECKOUT_OPENED;
    assert_int_equal(begun(house, &house->stripe, "f2", 2500).state, INTENT_OPEN);
    assert_string_not_equal(house->keys[0], house->keys[1]);
}

/* ---- an outcome nobody knows ---- */

static void an_unknown_outcome_is_asked_again_with_the_same_bytes(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent;
    bool down = false;

    house->checkout = CHECKOUT_UNKNOWN;
    intent = begun(house, &house->stripe, "f1", 2500);
    assert_int_equal(intent.state, INTENT_CREATED);
    assert_int_equal(house_count(&house->house, "SELECT next_at IS NOT NULL AND lease_until = 0 "
                                                "FROM payment_intent"),
                     1);
    house_ok(service_work(house, &intent, &down));
    assert_true(down);
    house->checkout = CHECKOUT_OPENED;
    house_ok(service_work(house, &intent, &down));
    assert_false(down);
    assert_int_equal(again(house, &intent).state, INTENT_OPEN);
    assert_int_equal(house->checkouts, 3);
    for (int i = 1; i < 3; i++) {
        assert_string_equal(house->requests[i], house->requests[0]);
        assert_string_equal(house->keys[i], house->keys[0]);
    }
}

static void a_day_later_it_is_given_up(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent;
    bool down = false;

    house->checkout = CHECKOUT_UNKNOWN;
    intent = begun(house, &house->stripe, "f1", 2500);
    house_execute(&house->house, "UPDATE payment_intent SET created_at = created_at - %d",
                  INTENT_LOCAL_EXPIRY_S - 60);
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(again(house, &intent).state, INTENT_CREATED);
    assert_int_equal(house->checkouts, 2);
    house_execute(&house->house, "UPDATE payment_intent SET created_at = created_at - 120");
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(again(house, &intent).state, INTENT_EXPIRED);
    assert_int_equal(house->checkouts, 2);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(next_at) FROM payment_intent"), 0);
}

/* ---- looking again ---- */

static void a_look_books_what_the_provider_says(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500);
    bool down = false;

    house->look = (struct resolution){.kind = RESOLUTION_NOTHING, .detail = ""};
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(again(house, &intent).state, INTENT_OPEN);
    house->look = service_fact(&intent, FACT_PENDING, "");
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(again(house, &intent).state, INTENT_PROCESSING);
    house->look = service_fact(&intent, FACT_CAPTURE, "pi_1");
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(again(house, &intent).state, INTENT_PAID);
    assert_int_equal(house->looks, 3);
    assert_int_equal(house_count(&house->house, "SELECT COUNT(next_at) FROM payment_intent"), 0);
    check_clean(house);
}

static void a_failing_look_is_repeated(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500);
    bool down = false;

    house->look_error = ERR_CRYPTO;
    house_ok(service_work(house, &intent, &down));
    assert_false(down);
    assert_int_equal(house_count(&house->house,
                                 "SELECT lease_until = 0 AND next_at > %lld "
                                 "FROM payment_intent",
                                 (long long)clock_now()),
                     1);
}

/* A hundred reloads of the return page do not make our own looks rarer. */
static void looks_that_were_asked_for_do_not_slow_ours(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500);
    bool down = false;

    house->look = (struct resolution){.kind = RESOLUTION_NOTHING, .detail = ""};
    for (int i = 0; i < 20; i++)
        house_ok(service_work(house, &intent, &down));
    assert_int_equal(house_count(&house->house, "SELECT next_at <= %lld FROM payment_intent",
                                 (long long)clock_now() + 60),
                     1);
}

static void a_claim_that_was_lost_asks_nobody(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->stripe, "f1", 2500);
    struct provider_call call = service_call(house, house->reader, house->house.arena);
    struct claim old = {.association_id = intent.association_id, .id = intent.id, .claim = 41};
    bool down = false;

    house_ok(payment_work_intent(&house->service, &call, &old, &down));
    assert_int_equal(house->looks, 0);
}

/* ---- a provider that cannot be asked ---- */

/* As the redirect leaves it. */
static void without_reference(struct service_house *house)
{
    house_execute(&house->house, "UPDATE payment_intent SET provider_reference = NULL, claim = 0, "
                                 "lease_until = 0");
}

static void an_open_attempt_waits_for_its_clock(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->paypal, "f1", 2500);
    bool down = false;

    assert_true(intent.expires_at - intent.created_at == INTENT_LOCAL_EXPIRY_S);
    house->look = (struct resolution){.kind = RESOLUTION_NOTHING, .detail = ""};
    house_ok(service_work(house, &intent, &down)); /* an order: it can be asked about */
    assert_int_equal(house_count(&house->house, "SELECT next_at < expires_at FROM payment_intent"),
                     1);
    without_reference(house);
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(house_count(&house->house, "SELECT next_at = expires_at FROM payment_intent"),
                     1);
    house->look = service_fact(&intent, FACT_EXPIRED, "");
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(again(house, &intent).state, INTENT_EXPIRED);
    assert_int_equal(begun(house, &house->paypal, "f2", 2500).state, INTENT_OPEN);
}

static void one_under_way_waits_for_a_notification(void **state)
{
    struct service_house *house = *state;
    struct payment_intent intent = begun(house, &house->paypal, "f1", 2500);
    bool down = false;

    house_execute(&house->house, "UPDATE payment_intent SET state = 'processing'");
    without_reference(house);
    house->look = (struct resolution){.kind = RESOLUTION_NOTHING, .detail = ""};
    house_ok(service_work(house, &intent, &down));
    assert_int_equal(house_count(&house->house, "SELECT COUNT(next_at) FROM payment_intent"), 0);
}

/* ---- ending on the member's word ---- */

static void cancelling_says_what_it_became(void **state)
{
    static const struct {
        enum fact_kind fact;
        enum intent_state becomes;
    } cases[] = {
        {FACT_CANCELED, INTENT_CANCELED},
        {FACT_EXPIRED, INTENT_EXPIRED},
        {FACT_PENDING, INTENT_PROCESSING},
        {FACT_CAPTURE, INTENT_PAID},
    };
    struct service_house *house = *state;
    struct provider_call call = service_call(house, house->reader, house->house.arena);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct audit_actor actor = {house->house.login_id, "127.0.0.1"};
        const char *name = arena_printf(house->house.arena, "f%zu", i);
        struct payment_intent intent = begun(house, &house->stripe, name, 2500), ended;

        house->cancel = service_fact(&intent, cases[i].fact, "pi_1");
        house_ok(payment_cancel(&house->service, &call, intent.association_id, intent.id, &actor,
                                &ended));
        assert_int_equal(ended.state, cases[i].becomes);
        /* Twice changes nothing and asks nobody. */
        house->cancels = 0;
        house_ok(payment_cancel(&house->service, &call, intent.association_id, intent.id, &actor,
                                &ended));
        assert_int_equal(ended.state, cases[i].becomes);
        assert_int_equal(house->cancels, 0);
    }
    assert_int_equal(house_count(&house->house, "SELECT COUNT(*) FROM audit WHERE action = "
                                                "'payment.moved' AND detail = 'canceled' "
                                                "AND login_id IS NOT NULL"),
                     1);
}

/* ---- what it costs ---- */

static void a_rate_is_proposed_until_it_is_said(void **state)
{
    struct service_house *house = *state;
    struct house *inner = &house->house;
    const struct provider cheap = {.usual_rate_points = 250};
    struct provider_account account;

    assert_int_equal(payment_rate_points(&cheap, NULL), 250);
    assert_int_equal(payment_rate_points(&cheap, &house->stripe), 250);
    house_execute(inner, "UPDATE provider_account SET rate_points = 0 WHERE provider = 'stripe'");
    house_ok(account_find(house->reader, inner->association_id, house->stripe.id, inner->arena,
                          &account));
    assert_int_equal(payment_rate_points(&cheap, &account), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(it_is_stored_then_opened),
        SERVICE_TEST(the_same_form_is_one_call),
        SERVICE_TEST(two_simultaneous_presses_are_one_call),
        SERVICE_TEST(two_tabs_share_the_live_attempt),
        SERVICE_TEST(another_amount_ends_the_old_attempt),
        SERVICE_TEST(another_provider_ends_the_old_attempt),
        SERVICE_TEST(an_unreachable_provider_keeps_the_old_attempt),
        SERVICE_TEST(an_attempt_that_was_paid_meanwhile),
        SERVICE_TEST(a_changed_balance_is_shown_first),
        SERVICE_TEST(an_unlinked_account_takes_no_payment),
        SERVICE_TEST(a_refusal_ends_the_attempt),
        SERVICE_TEST(an_unknown_outcome_is_asked_again_with_the_same_bytes),
        SERVICE_TEST(a_day_later_it_is_given_up),
        SERVICE_TEST(a_look_books_what_the_provider_says),
        SERVICE_TEST(a_failing_look_is_repeated),
        SERVICE_TEST(looks_that_were_asked_for_do_not_slow_ours),
        SERVICE_TEST(a_claim_that_was_lost_asks_nobody),
        SERVICE_TEST(an_open_attempt_waits_for_its_clock),
        SERVICE_TEST(one_under_way_waits_for_a_notification),
        SERVICE_TEST(cancelling_says_what_it_became),
        SERVICE_TEST(a_rate_is_proposed_until_it_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
