/* Every sample of Stripe's events reaches its outcome: a file without a row here fails the test.
 */
#include "support/stripe_desk.h"

#include <string.h>

#include "provider/stripe/money.h"
#include "support/vectors.h"

/* What a file leads to: the name of an outcome, "retry", or "facts" and their kinds, in order.
 * answers: what Stripe says when it is asked, in order; nothing more may be asked.
 *   self     the object of the event, as today's version tells it
 *   charge   the payment behind it, with its movement
 *   refunds  the refunds of the charge: one
 *   away     the movement of the refund, in the association's currency
 *   back     the movement of money that came back
 *   missing  404 */
static const struct sample {
    const char *file;
    const char *leads_to;
    const char *facts;
    const char *answers;
} samples[] = {
    {"events/cli-trigger--account.application.deauthorized.json", "unsupported", "", ""},
    {"events/cli-trigger--account.updated.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.captured.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.dispute.closed.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.dispute.created.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.dispute.updated.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.failed.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.refund.updated.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.refunded.json", "unsupported", "", ""},
    {"events/cli-trigger--charge.succeeded.json", "unsupported", "", ""},
    {"events/cli-trigger--checkout.session.async_payment_failed.json", "unsupported", "", ""},
    {"events/cli-trigger--checkout.session.async_payment_succeeded.json", "unsupported", "", ""},
    {"events/cli-trigger--checkout.session.completed.json", "unsupported", "", ""},
    {"events/cli-trigger--checkout.session.expired.json", "unsupported", "", ""},
    {"events/cli-trigger--payout.created.json", "unsupported", "", ""},
    {"events/cli-trigger--payout.updated.json", "unsupported", "", ""},
    {"events/dj--account_standard_acct_1Fg9jUA3kq9o1aTc.json", "unsupported", "", ""},
    {"events/dj--balance_transaction_txn_fake_ch_fakefakefakefakefake0001.json", "unsupported", "",
     ""},
    {"events/dj--charge_ch_fakefakefakefakefake0001.json", "unsupported", "", ""},
    {"events/dj--dispute_ch_fakefakefakefake01.json", "unsupported", "", ""},
    {"events/dj--dispute_dp_fakefakefakefake01.json", "unsupported", "", ""},
    {"events/dj--dispute_dp_fakefakefakefake02.json", "unsupported", "", ""},
    {"events/dj--dispute_dp_funds_reinstated_full.json", "unsupported", "", ""},
    {"events/dj--dispute_pi_fakefakefakefake01.json", "unsupported", "", ""},
    {"events/dj--dispute_pm_fakefakefakefake01.json", "unsupported", "", ""},
    {"events/dj--dispute_txn_fakefakefakefake01.json", "unsupported", "", ""},
    {"events/dj--event_account_application_authorized.json", "other_account", "", ""},
    {"events/dj--event_account_application_deauthorized.json", "other_account", "", ""},
    {"events/dj--event_account_updated_custom.json", "other_account", "", ""},
    {"events/dj--event_account_updated_express.json", "other_account", "", ""},
    {"events/dj--event_account_updated_standard.json", "other_account", "", ""},
    {"events/dj--payment_intent_pi_fakefakefakefakefake0001.json", "unsupported", "", ""},
    {"events/dj--payout_custom_bank_account.json", "unsupported", "", ""},
    {"events/dj--webhook_endpoint_fake0001.json", "unsupported", "", ""},
    {"events/srm--account.application.deauthorized.json", "noted", "", ""},
    {"events/srm--account.external_account.created.json", "unsupported", "", ""},
    {"events/srm--account.external_account.deleted.json", "unsupported", "", ""},
    {"events/srm--account.external_account.updated.json", "unsupported", "", ""},
    {"events/srm--account.updated.json", "unsupported", "", ""},
    {"events/srm--balance.available.json", "unsupported", "", ""},
    {"events/srm--charge.captured.json", "unsupported", "", ""},
    {"events/srm--charge.dispute.closed.json", "unsupported", "", ""},
    {"events/srm--charge.dispute.created.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events/srm--charge.dispute.funds_reinstated.json", "facts",
     "capture fee dispute_opened dispute dispute_fee", "self charge"},
    {"events/srm--charge.dispute.funds_withdrawn.json", "facts",
     "capture fee dispute_opened dispute dispute_fee", "self charge"},
    {"events/srm--charge.dispute.updated.json", "unsupported", "", ""},
    {"events/srm--charge.failed.json", "noted", "", "self"},
    {"events/srm--charge.refund.updated.json", "facts", "capture fee refund", "self charge away"},
    {"events/srm--charge.refunded.json", "facts", "capture fee refund", "refunds charge away"},
    {"events/srm--charge.succeeded.json", "unsupported", "", ""},
    {"events/srm--charge.updated.json", "retry", "", "self"},
    {"events/srm--checkout.session.completed.json", "facts", "capture", "self"},
    {"events/srm--checkout.session.completed.payment_mode.json", "unsupported", "", "missing"},
    {"events/srm--checkout.session.completed.setup_mode.json", "not_ours", "", ""},
    {"events/srm--payment_intent.amount_capturable_updated.json", "unsupported", "", ""},
    {"events/srm--payment_intent.canceled.json", "unsupported", "", ""},
    {"events/srm--payment_intent.created.json", "unsupported", "", ""},
    {"events/srm--payment_intent.payment_failed.json", "unsupported", "", ""},
    {"events/srm--payment_intent.processing.json", "unsupported", "", ""},
    {"events/srm--payment_intent.requires_action.json", "unsupported", "", ""},
    {"events/srm--payment_intent.succeeded.json", "unsupported", "", ""},
    {"events/srm--payout.created.json", "unsupported", "", ""},
    {"events/srm--payout.paid.json", "facts", "payout", "self"},
    {"events/srm--payout.updated.json", "unsupported", "", ""},
    {"events/srm--transfer.created.json", "unsupported", "", ""},
    {"events/srm--transfer.paid.json", "unsupported", "", ""},
    {"events/sync--charge_captured.json", "unsupported", "", ""},
    {"events/sync--charge_dispute_closed.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events/sync--charge_dispute_created.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events/sync--charge_dispute_funds_reinstated.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events/sync--charge_dispute_funds_withdrawn.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events/sync--charge_dispute_updated.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events/sync--charge_expired.json", "unsupported", "", ""},
    {"events/sync--charge_failed.json", "noted", "", "self"},
    {"events/sync--charge_pending.json", "unsupported", "", ""},
    {"events/sync--charge_refunded.json", "facts", "capture fee refund", "refunds charge away"},
    {"events/sync--charge_succeeded.json", "unsupported", "", ""},
    {"events/sync--charge_updated.json", "noted", "", "self"},
    {"events/sync--checkout_session_completed.json", "test_money", "", ""},
    {"events/sync--payment_intent_amount_capturable_updated.json", "unsupported", "", ""},
    {"events/sync--payment_intent_canceled.json", "unsupported", "", ""},
    {"events/sync--payment_intent_created.json", "unsupported", "", ""},
    {"events/sync--payment_intent_partially_funded.json", "unsupported", "", ""},
    {"events/sync--payment_intent_payment_failed.json", "unsupported", "", ""},
    {"events/sync--payment_intent_processing.json", "unsupported", "", ""},
    {"events/sync--payment_intent_requires_action.json", "unsupported", "", ""},
    {"events/sync--payment_intent_succeeded.json", "unsupported", "", ""},
    {"events/sync--refund_created.json", "facts", "capture fee refund", "self charge away"},
    {"events/sync--refund_failed.json", "facts", "capture fee refund", "self charge away"},
    {"events/sync--refund_updated.json", "facts", "capture fee refund", "self charge away"},
    {"events-derived/account.application.deauthorized.json", "other_account", "", ""},
    {"events-derived/charge.dispute.closed--lost.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events-derived/charge.dispute.closed--won.json", "facts", "capture fee dispute_opened",
     "self charge"},
    {"events-derived/charge.dispute.created.json", "facts", "capture fee dispute_opened",
     "charge"},
    {"events-derived/charge.refunded--full.json", "facts", "capture fee refund", "refunds charge"},
    {"events-derived/charge.refunded--partial.json", "facts", "capture fee refund",
     "refunds charge"},
    {"events-derived/charge.succeeded--no-balance-transaction.json", "unsupported", "", ""},
    {"events-derived/charge.updated--balance-transaction.json", "facts", "capture fee", "charge"},
    {"events-derived/checkout.session.async_payment_failed.json", "not_ours", "", ""},
    {"events-derived/checkout.session.async_payment_succeeded.json", "facts", "capture", ""},
    {"events-derived/checkout.session.completed--connect.json", "other_account", "", ""},
    {"events-derived/checkout.session.completed--livemode-true.json", "test_money", "", ""},
    {"events-derived/checkout.session.completed--paid.json", "facts", "capture", ""},
    {"events-derived/checkout.session.completed--unpaid-sepa.json", "not_ours", "", ""},
    {"events-derived/checkout.session.completed--xpf-zero-decimal.json", "facts", "capture", ""},
    {"events-derived/checkout.session.expired.json", "not_ours", "", ""},
    {"events-derived/payout.paid.json", "facts", "payout", ""},
    {"events-derived/refund.created--partial.json", "facts", "capture fee refund", "charge"},
    {"events-derived/refund.failed.json", "facts", "capture fee refund refund_failed",
     "charge back"},
};
enum { SAMPLE_COUNT = sizeof samples / sizeof samples[0] };

/* ---- what Stripe says when it is asked ---- */

static const char *named(const json_t *object, const char *field, struct arena *arena,
                         const char *otherwise)
{
    struct str text = json_text(object, field);

    return text.data ? arena_printf(arena, "\"%.*s\"", STR_PRINT(text)) : otherwise;
}

static const char *movement(struct arena *arena, const char *id, const char *type, int64_t cents,
                            int64_t fee_cents)
{
    return arena_printf(arena,
                        "{\"id\":%s,\"object\":\"balance_transaction\",\"type\":\"%s\","
                        "\"amount\":%lld,\"fee\":%lld,\"net\":%lld,\"currency\":\"eur\","
                        "\"created\":1793000777,\"source\":null}",
                        id, type, (long long)cents, (long long)fee_cents,
                        (long long)(cents - fee_cents));
}

static const char *charge(const json_t *object, struct arena *arena)
{
    bool itself = str_is(json_text(object, "object"), "charge");
    int64_t cents = 0;

    (void)json_integer_at(object, "amount", &cents);
    return arena_printf(
        arena,
        "{\"id\":%s,\"object\":\"charge\",\"status\":\"succeeded\",\"payment_intent\":%s,"
        "\"amount\":%lld,\"amount_captured\":%lld,\"currency\":%s,\"created\":1793000111,"
        "\"metadata\":{},\"balance_transaction\":%s}",
        named(object, itself ? "id" : "charge", arena, "null"),
        named(object, "payment_intent", arena, "null"), (long long)cents, (long long)cents,
        named(object, "currency", arena, "null"),
        movement(arena, "\"txn_sample1\"", "charge", cents, 60));
}

static const char *refunds(const json_t *object, struct arena *arena)
{
    int64_t cents = 0;

    (void)json_integer_at(object, "amount_refunded", &cents);
    return arena_printf(
        arena,
        "{\"object\":\"list\",\"has_more\":false,\"data\":[{\"id\":\"re_sample1\","
        "\"object\":\"refund\",\"status\":\"succeeded\",\"charge\":%s,\"payment_intent\":%s,"
        "\"amount\":%lld,\"currency\":%s,\"created\":1793000555,"
        "\"balance_transaction\":\"txn_sample2\"}]}",
        named(object, "id", arena, "null"), named(object, "payment_intent", arena, "null"),
        (long long)cents, named(object, "currency", arena, "null"));
}

static const char *away(const json_t *object, struct arena *arena)
{
    bool itself = str_is(json_text(object, "object"), "refund");

    return movement(
        arena, itself ? named(object, "balance_transaction", arena, "null") : "\"txn_sample2\"",
        "refund", -900, 0);
}

static const char *answer_of(struct str word, const json_t *object, struct arena *arena)
{
    if (str_is(word, "self"))
        return str_copy(arena, json_write(object, arena));
    if (str_is(word, "charge"))
        return charge(object, arena);
    if (str_is(word, "refunds"))
        return refunds(object, arena);
    if (str_is(word, "away"))
        return away(object, arena);
    assert_true(str_is(word, "back"));
    return movement(arena, named(object, "failure_balance_transaction", arena, "null"),
                    "refund_failure", 2500, 0);
}

static size_t script(struct stripe_desk *desk, const struct sample *sample, const json_t *event)
{
    struct arena *arena = desk->base.call.arena;
    struct str rest = str_of(sample->answers);
    size_t count = 0;

    while (!str_empty(rest)) {
        struct str word = str_cut(&rest, ' ');

        if (str_is(word, "missing"))
            desk_script(desk, 404, "", "{\"error\":{\"code\":\"resource_missing\"}}");
        else
            desk_script(desk, 200, "", answer_of(word, json_at(event, "data.object"), arena));
        count++;
    }
    return count;
}

/* ---- what came of it ---- */

static const char *const kind_names[] = {
    [FACT_CAPTURE] = "capture",
    [FACT_PENDING] = "pending",
    [FACT_FAILED] = "failed",
    [FACT_EXPIRED] = "expired",
    [FACT_CANCELED] = "canceled",
    [FACT_CAPTURE_FAILED] = "capture_failed",
    [FACT_FEE] = "fee",
    [FACT_REFUND] = "refund",
    [FACT_REFUND_FAILED] = "refund_failed",
    [FACT_DISPUTE_OPENED] = "dispute_opened",
    [FACT_DISPUTE] = "dispute",
    [FACT_DISPUTE_FEE] = "dispute_fee",
    [FACT_DISPUTE_WON] = "dispute_won",
    [FACT_DISPUTE_LOST] = "dispute_lost",
    [FACT_PAYOUT] = "payout",
    [FACT_PAYOUT_FAILED] = "payout_failed",
    [FACT_OTHER] = "other",
};

static const char *facts_of(const struct resolution *resolution, struct arena *arena)
{
    struct buffer names;

    buffer_init(&names, arena, 64);
    for (int i = 0; i < resolution->fact_count && resolution->kind == RESOLUTION_FACTS; i++)
        buffer_printf(&names, "%s%s", i ? " " : "", kind_names[resolution->facts[i].kind]);
    return str_copy(arena, buffer_str(&names));
}

static const char *lead_of(const struct resolution *resolution)
{
    if (resolution->kind == RESOLUTION_FACTS)
        return "facts";
    if (resolution->kind == RESOLUTION_RETRY)
        return "retry";
    assert_int_equal(resolution->kind, RESOLUTION_OUTCOME);
    return event_outcome_name(resolution->outcome);
}

/* Whatever the sample says, its facts are of this account and name real sums. */
static void check_facts(const struct stripe_desk *desk, const struct resolution *resolution)
{
    for (int i = 0; i < resolution->fact_count; i++) {
        const struct payment_fact *fact = &resolution->facts[i];

        assert_int_equal(fact->association_id, desk->account.association_id);
        assert_int_equal(fact->provider_account_id, desk->account.id);
        assert_true(fact->reference[0] != '\0');
        assert_int_equal(strlen(fact->currency), 3);
        assert_true(fact->amount_cents > 0);
        assert_true(fact->fact_at > 946684800);
        assert_false(fact->our_mark);
        assert_string_equal(fact->token, "");
        if (fact->kind != FACT_CAPTURE && fact->kind != FACT_PAYOUT)
            assert_non_null(fact->parent);
    }
}

static bool check_sample(struct stripe_desk *desk, const struct sample *sample)
{
    struct arena *arena = desk->base.call.arena;
    struct str raw = vectors_read(arena, arena_printf(arena, "stripe/%s", sample->file));
    struct provider_event event = {.id = 1,
                                   .provider = "stripe",
                                   .association_id = desk->account.association_id,
                                   .provider_account_id = desk->account.id,
                                   .hint = "",
                                   .authentic = true,
                                   .raw = raw,
                                   .received_at = HOUSE_NOW};
    struct resolution *resolution = arena_alloc(arena, sizeof *resolution);
    size_t asked_before = loopback_count(desk->base.server), asked;
    json_t *json = NULL;
    bool right;

    house_ok(json_read(raw, &json));
    asked = asked_before + script(desk, sample, json);
    house_ok(stripe_resolve_event(&desk->base.call, &event, resolution));
    right = strcmp(lead_of(resolution), sample->leads_to) == 0 &&
            strcmp(facts_of(resolution, arena), sample->facts) == 0 &&
            loopback_count(desk->base.server) == asked;
    if (!right)
        print_error("%s: %s, %s, %zu calls (%s)\n", sample->file, lead_of(resolution),
                    facts_of(resolution, arena), loopback_count(desk->base.server) - asked_before,
                    resolution->detail);
    check_facts(desk, resolution);
    json_decref(json);
    return right;
}

static void test_samples(void **state)
{
    struct stripe_desk *desk = *state;
    struct arena *arena = desk->base.call.arena;
    size_t wrong = 0;

    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        desk->base.call.arena = arena_new();
        wrong += check_sample(desk, &samples[i]) ? 0 : 1;
        arena_free(desk->base.call.arena);
        desk->base.call.arena = arena;
    }
    assert_int_equal(wrong, 0);
}

/* ---- every file has its row ---- */

static bool has_row(const char *file)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        if (strcmp(samples[i].file, file) == 0)
            return true;
    }
    return false;
}

static size_t check_folder(struct arena *arena, const char *folder)
{
    const char **names;
    size_t count = vectors_list(arena, arena_printf(arena, "stripe/%s", folder), ".json", &names);

    for (size_t i = 0; i < count; i++) {
        const char *file = arena_printf(arena, "%s/%s", folder, names[i]);

        if (!has_row(file))
            print_error("%s has no row\n", file);
        assert_true(has_row(file));
    }
    return count;
}

static void test_rows(void **state)
{
    struct stripe_desk *desk = *state;
    struct arena *arena = desk->base.call.arena;

    assert_int_equal(check_folder(arena, "events") + check_folder(arena, "events-derived"),
                     SAMPLE_COUNT);
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, stripe_desk_setup, stripe_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_samples),
        TEST(test_rows),
    };

    return cmocka_run_group_tests_name("stripe_samples", tests, NULL, NULL);
}
