/* What follows a payment, as Stripe tells it: refunds, fees, disputes, payouts, failures. */
#include "support/stripe_desk.h"

#include <string.h>

#include "base/random.h"
#include "provider/stripe/money.h"

/* ---- what Stripe writes ---- */

#define TXN(id, type, amount, fee, net)                                                           \
    "{\"id\":\"" id "\",\"object\":\"balance_transaction\",\"type\":\"" type                      \
    "\",\"amount\":" amount ",\"fee\":" fee ",\"net\":" net                                       \
    ",\"currency\":\"eur\",\"created\":1790870000,\"source\":null}"

#define REFUND(status, rest)                                                                      \
    "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"" status "\",\"amount\":900,"            \
    "\"currency\":\"eur\",\"created\":1790860000,\"payment_intent\":\"pi_1\",\"charge\":\"ch_"    \
    "1\","                                                                                        \
    "\"metadata\":{}" rest "}"
#define MOVED ",\"balance_transaction\":\"txn_2\""
#define CAME_BACK                                                                                 \
    MOVED ",\"failure_balance_transaction\":\"txn_3\",\"failure_reason\":\"lost_card\""

#define CHARGE(status, rest)                                                                      \
    "{\"id\":\"ch_1\",\"object\":\"charge\",\"status\":\"" status "\",\"amount\":2500,"           \
    "\"amount_captured\":2500,\"currency\":\"eur\",\"created\":1790856000,"                       \
    "\"payment_intent\":\"pi_1\",\"metadata\":{\"intent\":\"" DESK_TOKEN "\"},"                   \
    "\"billing_details\":{\"name\":\"Zoé Martin\"}" rest "}"
#define SETTLED ",\"balance_transaction\":" TXN("txn_1", "charge", "2500", "63", "2437")

#define DISPUTE(status, movements, rest)                                                          \
    "{\"id\":\"du_1\",\"object\":\"dispute\",\"status\":\"" status "\",\"amount\":2500,"          \
    "\"currency\":\"eur\",\"created\":1790860000,\"payment_intent\":\"pi_1\",\"charge\":\"ch_"    \
    "1\","                                                                                        \
    "\"reason\":\"fraudulent\",\"balance_transactions\":[" movements "]" rest "}"
#define WITHDRAWN TXN("txn_5", "adjustment", "-2500", "2000", "-4500")
#define GIVEN_BACK TXN("txn_6", "adjustment", "2500", "-2000", "4500")
#define DUE ",\"evidence_details\":{\"due_by\":1791999999}"

#define PAYOUT(status, amount, rest)                                                              \
    "{\"id\":\"po_1\",\"object\":\"payout\",\"status\":\"" status "\",\"amount\":" amount         \
    ",\"currency\":\"eur\",\"created\":1790860000,\"balance_transaction\":\"txn_8\"" rest "}"

/* ---- asking ---- */

static struct resolution *resolve_as(struct stripe_desk *desk, const char *version,
                                     const char *type, const char *object)
{
    struct arena *arena = desk->base.call.arena;
    struct resolution *resolution = arena_alloc(arena, sizeof *resolution);
    struct provider_event event = {
        .id = 1,
        .provider = "stripe",
        .association_id = desk->account.association_id,
        .provider_account_id = desk->account.id,
        .hint = "",
        .authentic = true,
        .raw = str_of(arena_printf(arena,
                                   "{\"id\":\"evt_1\",\"object\":\"event\",\"api_version\":\"%s\","
                                   "\"created\":1790880000,\"livemode\":false,\"type\":\"%s\","
                                   "\"data\":{\"object\":%s}}",
                                   version, type, object)),
        .received_at = HOUSE_NOW};

    house_ok(stripe_resolve_event(&desk->base.call, &event, resolution));
    return resolution;
}

static struct resolution *resolve(struct stripe_desk *desk, const char *type, const char *object)
{
    return resolve_as(desk, STRIPE_VERSION, type, object);
}

static size_t calls(struct stripe_desk *desk)
{
    return loopback_count(desk->base.server);
}

/* The books have it already. */
static void book(struct stripe_desk *desk, const char *kind, const char *reference, int64_t cents)
{
    int64_t id;

    house_ok(random_id(&id));
    house_execute(
        &desk->base.house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind,"
        " reference, amount_cents, currency, fact_at, created_at)"
        " VALUES (%lld, %lld, %lld, '%s', '%s', %lld, 'EUR', 1790856000, %lld)",
        (long long)desk->account.association_id, (long long)id, (long long)desk->account.id, kind,
        reference, (long long)cents, (long long)HOUSE_NOW);
}

static void book_payment(struct stripe_desk *desk)
{
    book(desk, "capture", "pi_1", 2500);
}

static void check_kinds(const struct resolution *resolution, const enum fact_kind *kinds,
                        int count)
{
    assert_int_equal(resolution->kind, RESOLUTION_FACTS);
    assert_int_equal(resolution->fact_count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(resolution->facts[i].kind, kinds[i]);
}
#define CHECK_KINDS(resolution, ...)                                                              \
    check_kinds(resolution, (const enum fact_kind[]){__VA_ARGS__},                                \
                (int)(sizeof((const enum fact_kind[]){__VA_ARGS__}) / sizeof(enum fact_kind)))

static void check_outcome(const struct resolution *resolution, enum event_outcome outcome)
{
    assert_int_equal(resolution->kind, RESOLUTION_OUTCOME);
    assert_int_equal(resolution->outcome, outcome);
}

/* ---- refunds ---- */

static void test_refund(void **state)
{
    struct stripe_desk *desk = *state;
    const struct payment_fact *fact;
    struct resolution *resolution;

    book_payment(desk);
    resolution = resolve(desk, "refund.created", REFUND("succeeded", MOVED));
    CHECK_KINDS(resolution, FACT_REFUND);
    fact = &resolution->facts[0];
    assert_string_equal(fact->reference, "re_1");
    assert_string_equal(fact->parent, "pi_1");
    assert_int_equal(fact->amount_cents, 900);
    assert_string_equal(fact->currency, "EUR");
    assert_int_equal(fact->fact_at, 1790860000);
    assert_string_equal(fact->objects[0], "txn_2");
    assert_int_equal(calls(desk), 0);
}

/* The refund comes before its payment: that is read and told first, with its fee. */
static void test_refund_first(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution;

    desk_script(desk, 200, "", CHARGE("succeeded", SETTLED));
    resolution = resolve(desk, "refund.created", REFUND("succeeded", MOVED));
    CHECK_KINDS(resolution, FACT_CAPTURE, FACT_FEE, FACT_REFUND);
    assert_string_equal(resolution->facts[0].reference, "pi_1");
    assert_string_equal(resolution->facts[0].token, DESK_TOKEN);
    assert_int_equal(resolution->facts[0].amount_cents, 2500);
    assert_int_equal(resolution->facts[0].fact_at, 1790870000);
    assert_string_equal(resolution->facts[0].payer, "Zoé Martin");
    assert_string_equal(resolution->facts[1].reference, "txn_1");
    assert_string_equal(resolution->facts[1].parent, "pi_1");
    assert_int_equal(resolution->facts[1].amount_cents, 63);
    assert_true(
        desk_head_has(desk, 0, "GET /v1/charges/ch_1?expand%5B%5D=balance_transaction HTTP"));
}

static void test_refund_states(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution;

    book_payment(desk);
    check_outcome(resolve(desk, "refund.created", REFUND("pending", "")), OUTCOME_NOTED);
    check_outcome(resolve(desk, "refund.created", REFUND("requires_action", "")), OUTCOME_NOTED);
    check_outcome(resolve(desk, "refund.failed", REFUND("failed", "")), OUTCOME_NOTED);
    check_outcome(resolve(desk, "refund.updated", REFUND("canceled", "")), OUTCOME_NOTED);
    check_outcome(resolve(desk, "refund.created",
                          REFUND("succeeded", ",\"reason\":\"expired_uncaptured_charge\"")),
                  OUTCOME_NOTED);
    resolution = resolve(desk, "refund.created", REFUND("succeeded", ""));
    assert_int_equal(resolution->kind, RESOLUTION_RETRY);
    CHECK_KINDS(resolve(desk, "refund.updated", REFUND("pending", MOVED)), FACT_REFUND);
    CHECK_KINDS(resolve(desk, "refund.failed", REFUND("failed", MOVED)), FACT_REFUND);
    assert_int_equal(calls(desk), 0);
}

static void test_refund_failed(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution;

    book_payment(desk);
    desk_script(desk, 200, "", TXN("txn_3", "refund_failure", "900", "0", "900"));
    resolution = resolve(desk, "refund.failed", REFUND("failed", CAME_BACK));
    CHECK_KINDS(resolution, FACT_REFUND, FACT_REFUND_FAILED);
    assert_string_equal(resolution->facts[1].reference, "re_1");
    assert_string_equal(resolution->facts[1].parent, "re_1");
    assert_int_equal(resolution->facts[1].amount_cents, 900);
    assert_int_equal(resolution->facts[1].fact_at, 1790870000);
    assert_string_equal(resolution->facts[1].reason, "lost_card");
}

/* Each refund of the charge that the books do not have; the payment once. */
static void test_charge_refunded(void **state)
{
    struct stripe_desk *desk = *state;
    const char *list = arena_printf(
        desk->base.call.arena, "{\"object\":\"list\",\"has_more\":false,\"data\":[%s,%s,%s]}",
        REFUND("succeeded", MOVED),
        "{\"id\":\"re_2\",\"object\":\"refund\",\"status\":\"succeeded\",\"amount\":100,"
        "\"currency\":\"eur\",\"created\":1790861000,\"payment_intent\":\"pi_1\","
        "\"charge\":\"ch_1\",\"balance_transaction\":\"txn_4\"}",
        "{\"id\":\"re_3\",\"object\":\"refund\",\"status\":\"pending\",\"amount\":100,"
        "\"currency\":\"eur\",\"created\":1790861000,\"payment_intent\":\"pi_1\","
        "\"charge\":\"ch_1\"}");

    desk_script(desk, 200, "", list);
    desk_script(desk, 200, "", CHARGE("succeeded", SETTLED));
    CHECK_KINDS(resolve(desk, "charge.refunded", CHARGE("succeeded", "")), FACT_CAPTURE, FACT_FEE,
                FACT_REFUND, FACT_REFUND);
    assert_true(desk_head_has(desk, 0, "GET /v1/refunds?charge=ch_1&limit=100 HTTP"));
    book_payment(desk);
    book(desk, "refund", "re_1", -900);
    desk_script(desk, 200, "", list);
    CHECK_KINDS(resolve(desk, "charge.refunded", CHARGE("succeeded", "")), FACT_REFUND);
    book(desk, "refund", "re_2", -100);
    desk_script(desk, 200, "", list);
    check_outcome(resolve(desk, "charge.refunded", CHARGE("succeeded", "")), OUTCOME_NOTED);
    assert_int_equal(calls(desk), 4);
}

/* ---- the fee that comes late ---- */

static void test_charge_updated(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution;

    check_outcome(resolve(desk, "charge.updated", CHARGE("succeeded", "")), OUTCOME_NOTED);
    check_outcome(resolve(desk, "charge.updated", CHARGE("pending", MOVED)), OUTCOME_NOTED);
    assert_int_equal(calls(desk), 0);
    desk_script(desk, 200, "", CHARGE("succeeded", SETTLED));
    resolution =
        resolve(desk, "charge.updated", CHARGE("succeeded", ",\"balance_transaction\":\"txn_1\""));
    CHECK_KINDS(resolution, FACT_CAPTURE, FACT_FEE);
    book(desk, "fee", "txn_1", -63);
    check_outcome(
        resolve(desk, "charge.updated", CHARGE("succeeded", ",\"balance_transaction\":\"txn_1\"")),
        OUTCOME_NOTED);
    assert_int_equal(calls(desk), 1);
}

static struct resolution *ask_fee(struct stripe_desk *desk, int status, const char *body)
{
    struct resolution *resolution = arena_alloc(desk->base.call.arena, sizeof *resolution);

    desk_script(desk, status, "", body);
    house_ok(stripe_resolve_fee(&desk->base.call, &desk->account, "pi_1", resolution));
    return resolution;
}

#define PAYMENT(charge)                                                                           \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"latest_charge\":" charge "}"

static void test_resolve_fee(void **state)
{
    static const struct {
        int status;
        const char *body;
    } later[] = {
        {200, PAYMENT(CHARGE("succeeded", ",\"balance_transaction\":null"))},
        {200, PAYMENT(CHARGE("succeeded", ",\"balance_transaction\":\"txn_1\""))},
        {200, PAYMENT(CHARGE("pending", SETTLED))},
        {200, PAYMENT("null")},
        {200, PAYMENT("{}")},
        {200, "[]"},
        {500, ""},
        {404, ""},
        {LOOPBACK_SILENT, ""},
    };
    struct stripe_desk *desk = *state;
    struct resolution *resolution = ask_fee(desk, 200, PAYMENT(CHARGE("succeeded", SETTLED)));

    CHECK_KINDS(resolution, FACT_CAPTURE, FACT_FEE);
    assert_string_equal(resolution->facts[1].reference, "txn_1");
    assert_int_equal(resolution->facts[1].amount_cents, 63);
    assert_true(desk_head_has(
        desk, 0,
        "GET /v1/payment_intents/pi_1?expand%5B%5D=latest_charge.balance_transaction HTTP"));
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        resolution = ask_fee(desk, later[i].status, later[i].body);
        assert_int_equal(resolution->kind, RESOLUTION_RETRY);
        assert_int_equal(resolution->fact_count, 0);
    }
    house_err(stripe_resolve_fee(&desk->base.call, &desk->account, "pi_1/../x", resolution),
              ERR_INPUT);
}

/* A debit that failed after it had succeeded; one that never did moved nothing here. */
static void test_charge_failed(void **state)
{
    static const char failed[] = CHARGE(
        "failed", ",\"failure_code\":\"insufficient_funds\",\"balance_transaction\":\"txn_1\","
                  "\"failure_balance_transaction\":\"txn_7\"");
    struct stripe_desk *desk = *state;
    const struct payment_fact *fact;
    struct resolution *resolution;

    check_outcome(resolve(desk, "charge.failed", failed), OUTCOME_NOTED);
    check_outcome(resolve(desk, "charge.failed", CHARGE("failed", "")), OUTCOME_NOTED);
    assert_int_equal(calls(desk), 0);
    book_payment(desk);
    desk_script(desk, 200, "", TXN("txn_7", "payment_failure_refund", "-2500", "0", "-2500"));
    resolution = resolve(desk, "charge.failed", failed);
    CHECK_KINDS(resolution, FACT_CAPTURE_FAILED);
    fact = &resolution->facts[0];
    assert_string_equal(fact->reference, "txn_7");
    assert_string_equal(fact->parent, "pi_1");
    assert_int_equal(fact->amount_cents, 2500);
    assert_int_equal(fact->fact_at, 1790870000);
    assert_string_equal(fact->reason, "insufficient_funds");
}

/* ---- disputes ---- */

/* Asked for, because no message told of the end: the same facts, as news of now. */
static void test_resolve_dispute(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution = arena_alloc(desk->base.call.arena, sizeof *resolution);

    book_payment(desk);
    desk_script(desk, 200, "", DISPUTE("lost", WITHDRAWN, DUE));
    house_ok(stripe_resolve_dispute(&desk->base.call, &desk->account, "du_1", resolution));
    assert_true(desk_head_has(desk, 0, "GET /v1/disputes/du_1 HTTP"));
    CHECK_KINDS(resolution, FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE,
                FACT_DISPUTE_LOST);
    assert_int_equal(resolution->facts[0].dispute_state, DISPUTE_LOST);
    assert_true(resolution->facts[0].fact_at == desk->base.call.now);
    assert_string_equal(resolution->facts[3].reference, "du_1");
    desk_script(desk, 500, "", "");
    house_ok(stripe_resolve_dispute(&desk->base.call, &desk->account, "du_1", resolution));
    assert_int_equal(resolution->kind, RESOLUTION_RETRY);
    assert_true(resolution->provider_down);
    house_err(stripe_resolve_dispute(&desk->base.call, &desk->account, "du_1/../x", resolution),
              ERR_INPUT);
}

static void test_dispute_stages(void **state)
{
    static const struct {
        const char *type, *object;
        enum dispute_state said;
        enum fact_kind kinds[6];
        int count;
    } cases[] = {
        {"charge.dispute.created",
         DISPUTE("warning_needs_response", "", DUE),
         DISPUTE_INQUIRY,
         {FACT_DISPUTE_OPENED},
         1},
        {"charge.dispute.closed",
         DISPUTE("warning_closed", "", DUE),
         DISPUTE_CLOSED,
         {FACT_DISPUTE_OPENED},
         1},
        {"charge.dispute.created",
         DISPUTE("needs_response", "", DUE),
         DISPUTE_OPEN,
         {FACT_DISPUTE_OPENED},
         1},
        {"charge.dispute.funds_withdrawn",
         DISPUTE("needs_response", WITHDRAWN, DUE),
         DISPUTE_OPEN,
         {FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE},
         3},
        {"charge.dispute.updated",
         DISPUTE("of_the_future", WITHDRAWN, DUE),
         DISPUTE_OPEN,
         {FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE},
         3},
        {"charge.dispute.closed",
         DISPUTE("won", WITHDRAWN "," GIVEN_BACK, DUE),
         DISPUTE_WON,
         {FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE, FACT_DISPUTE_WON, FACT_DISPUTE_FEE},
         5},
        /* a debit by SEPA is lost when its dispute arrives */
        {"charge.dispute.created",
         DISPUTE("lost", WITHDRAWN, ""),
         DISPUTE_LOST,
         {FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE, FACT_DISPUTE_LOST},
         4},
    };
    struct stripe_desk *desk = *state;

    book_payment(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution = resolve(desk, cases[i].type, cases[i].object);

        check_kinds(resolution, cases[i].kinds, cases[i].count);
        assert_int_equal(resolution->facts[0].dispute_state, cases[i].said);
        assert_int_equal(resolution->facts[0].fact_at, 1790880000);
        assert_int_equal(resolution->facts[0].deadline_at,
                         cases[i].said <= DISPUTE_OPEN ? 1791999999 : 0);
        for (int k = 0; k < resolution->fact_count; k++) {
            assert_string_equal(resolution->facts[k].dispute, "du_1");
            assert_string_equal(resolution->facts[k].parent, "pi_1");
        }
    }
    assert_int_equal(calls(desk), 0);
}

static void test_dispute_amounts(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution;

    book_payment(desk);
    resolution = resolve(
        desk, "charge.dispute.closed",
        DISPUTE("lost", WITHDRAWN "," TXN("txn_6", "adjustment", "1000", "0", "1000"), ""));
    CHECK_KINDS(resolution, FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE, FACT_DISPUTE_WON,
                FACT_DISPUTE_LOST);
    assert_string_equal(resolution->facts[1].reference, "txn_5");
    assert_int_equal(resolution->facts[1].amount_cents, 2500);
    assert_int_equal(resolution->facts[2].amount_cents, 2000);
    assert_int_equal(resolution->facts[3].amount_cents, 1000);
    assert_string_equal(resolution->facts[4].reference, "du_1");
    assert_int_equal(resolution->facts[4].amount_cents, 1500);
}

/* A body that says "decided" or "withdrawn" and shows no money is read again. */
static void test_dispute_read_again(void **state)
{
    struct stripe_desk *desk = *state;

    book_payment(desk);
    desk_script(desk, 200, "", DISPUTE("lost", WITHDRAWN, ""));
    CHECK_KINDS(resolve(desk, "charge.dispute.closed", DISPUTE("lost", "", "")),
                FACT_DISPUTE_OPENED, FACT_DISPUTE, FACT_DISPUTE_FEE, FACT_DISPUTE_LOST);
    assert_true(desk_head_has(desk, 0, "GET /v1/disputes/du_1 HTTP"));
    desk_script(desk, 200, "", DISPUTE("needs_response", "", ""));
    CHECK_KINDS(resolve(desk, "charge.dispute.funds_withdrawn", DISPUTE("needs_response", "", "")),
                FACT_DISPUTE_OPENED);
    assert_int_equal(calls(desk), 2);
}

/* ---- payouts ---- */

static void test_payout(void **state)
{
    struct stripe_desk *desk = *state;
    struct resolution *resolution = resolve(desk, "payout.paid", PAYOUT("paid", "9000", ""));

    CHECK_KINDS(resolution, FACT_PAYOUT);
    assert_string_equal(resolution->facts[0].reference, "po_1");
    assert_int_equal(resolution->facts[0].amount_cents, 9000);
    assert_int_equal(resolution->facts[0].fact_at, 1790860000);
    assert_null(resolution->facts[0].parent);
    resolution = resolve(desk, "payout.reconciliation_completed", PAYOUT("paid", "-700", ""));
    CHECK_KINDS(resolution, FACT_PAYOUT);
    assert_int_equal(resolution->facts[0].amount_cents, -700);
    check_outcome(resolve(desk, "payout.reconciliation_completed", PAYOUT("in_transit", "5", "")),
                  OUTCOME_NOTED);
}

static void test_payout_failed(void **state)
{
    static const char back[] = TXN("txn_9", "payout_failure", "9000", "0", "9000");
    static const char failed[] =
        PAYOUT("failed", "9000",
               ",\"failure_balance_transaction\":\"txn_9\",\"failure_code\":\"account_closed\"");
    static const char canceled[] =
        PAYOUT("canceled", "9000", ",\"failure_balance_transaction\":\"txn_9\"");
    struct stripe_desk *desk = *state;
    struct resolution *resolution;

    check_outcome(resolve(desk, "payout.canceled", canceled), OUTCOME_NOTED);
    desk_script(desk, 200, "", back);
    resolution = resolve(desk, "payout.failed", failed);
    CHECK_KINDS(resolution, FACT_PAYOUT, FACT_PAYOUT_FAILED);
    assert_string_equal(resolution->facts[1].parent, "po_1");
    assert_int_equal(resolution->facts[1].amount_cents, 9000);
    assert_int_equal(resolution->facts[1].fact_at, 1790870000);
    assert_string_equal(resolution->facts[1].reason, "account_closed");
    book(desk, "payout", "po_1", -9000);
    desk_script(desk, 200, "", back);
    CHECK_KINDS(resolve(desk, "payout.canceled", canceled), FACT_PAYOUT_FAILED);
    assert_int_equal(resolve(desk, "payout.failed", PAYOUT("failed", "9000", ""))->kind,
                     RESOLUTION_RETRY);
}

/* ---- other versions, outages, strangers ---- */

static void test_read_again(void **state)
{
    static const struct {
        const char *type, *object, *path;
        enum fact_kind last;
    } cases[] = {
        {"refund.created", REFUND("succeeded", MOVED), "GET /v1/refunds/re_1 ", FACT_REFUND},
        {"charge.dispute.created", DISPUTE("needs_response", WITHDRAWN, DUE),
         "GET /v1/disputes/du_1 ", FACT_DISPUTE_FEE},
        {"payout.paid", PAYOUT("paid", "9000", ""), "GET /v1/payouts/po_1 ", FACT_PAYOUT},
    };
    struct stripe_desk *desk = *state;

    book_payment(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution;

        desk_script(desk, 200, "", cases[i].object);
        resolution = resolve_as(desk, "2020-08-27", cases[i].type, cases[i].object);
        assert_int_equal(resolution->kind, RESOLUTION_FACTS);
        assert_int_equal(resolution->facts[resolution->fact_count - 1].kind, cases[i].last);
        assert_true(desk_head_has(desk, calls(desk) - 1, cases[i].path));
        desk_script(desk, 503, "Retry-After: 9\r\n", "");
        resolution = resolve_as(desk, "2020-08-27", cases[i].type, cases[i].object);
        assert_int_equal(resolution->kind, RESOLUTION_RETRY);
        assert_true(resolution->provider_down);
        assert_int_equal(resolution->retry_after_s, 9);
        desk_script(desk, 404, "", "");
        check_outcome(resolve_as(desk, "2020-08-27", cases[i].type, cases[i].object),
                      OUTCOME_UNSUPPORTED);
    }
}

/* What follows a payment that Stripe does not know is nobody's; one that cannot be read now is
 * asked for again. */
static void test_parent_troubles(void **state)
{
    struct stripe_desk *desk = *state;

    desk_script(desk, 404, "", "");
    check_outcome(resolve(desk, "refund.created", REFUND("succeeded", MOVED)),
                  OUTCOME_UNSUPPORTED);
    desk_script(desk, 500, "", "");
    assert_int_equal(resolve(desk, "refund.created", REFUND("succeeded", MOVED))->kind,
                     RESOLUTION_RETRY);
    desk_script(desk, 200, "", "{\"id\":\"ch_2\",\"object\":\"charge\"}");
    assert_int_equal(
        resolve(desk, "charge.dispute.created", DISPUTE("needs_response", "", ""))->kind,
        RESOLUTION_RETRY);
}

/* Bodies of today's version that are not what they must be become no fact: they are asked for
 * again, and Stripe does not know them. */
static void test_hostile(void **state)
{
    static const struct {
        const char *type, *object;
    } cases[] = {
        {"refund.created", "{\"object\":\"refund\",\"id\":\"re_1\"}"},
        {"refund.created", "{\"object\":\"refund\",\"id\":\"re_1/../../x\"}"},
        {"refund.created", "{\"object\":\"refund\",\"id\":[\"re_1\"]}"},
        {"refund.created", "{\"object\":\"charge\",\"id\":\"re_1\"}"},
        {"refund.created", "null"},
        {"refund.created", "[[[[[[[]]]]]]]"},
        {"refund.created", REFUND("succeeded", MOVED ",\"x\":1") "{"},
        {"charge.refunded", "{\"object\":\"charge\",\"id\":\"\"}"},
        {"charge.refunded", "{\"object\":\"charge\",\"id\":\"ch_1&limit=1\"}"},
        {"charge.updated", "{\"object\":\"charge\",\"id\":\"ch_1?x\"}"},
        {"charge.updated", "{\"object\":\"refund\",\"id\":\"ch_1\"}"},
        {"charge.dispute.created", "{\"object\":\"dispute\",\"id\":\"du_1\\u0000\"}"},
        {"charge.dispute.created", DISPUTE("won", TXN("txn_5", "x", "1.5", "0", "1"), "")},
        {"charge.dispute.created", DISPUTE("won", "{}", "")},
        {"charge.dispute.created", DISPUTE("won", TXN("txn_5", "x", "10", "3", "10"), "")},
        {"payout.paid", PAYOUT("paid", "0", "")},
        {"payout.paid", PAYOUT("paid", "9223372036854775807", "")},
        {"payout.paid", PAYOUT("paid", "\"9000\"", "")},
        {"payout.paid", PAYOUT("paid", "9000.5", "")},
        {"payout.paid", "{\"object\":\"payout\",\"id\":\"po_\"}"},
    };
    struct stripe_desk *desk = *state;

    book_payment(desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution *resolution;
        size_t before = calls(desk);

        desk_script(desk, 404, "", "");
        resolution = resolve(desk, cases[i].type, cases[i].object);
        if (resolution->kind != RESOLUTION_OUTCOME)
            print_error("case %zu: %s\n", i, cases[i].object);
        check_outcome(resolution, OUTCOME_UNSUPPORTED);
        assert_int_equal(resolution->fact_count, 0);
        if (calls(desk) == before) { /* the scripted answer is for nobody: take it away */
            desk_script(desk, 200, "", "{}");
            stripe_desk_teardown(state);
            stripe_desk_setup(state);
            desk = *state;
            book_payment(desk);
        }
    }
}

/* ---- refunds made here ---- */

static struct str prepare(struct stripe_desk *desk, const char *capture, int64_t cents)
{
    struct refund_order order = {
        .capture = capture, .amount_cents = cents, .refund_request_id = 4711};
    struct str request = {0};

    house_ok(stripe_refunds.prepare(&desk->base.call, &order, &request));
    return request;
}

static void test_prepare(void **state)
{
    struct stripe_desk *desk = *state;
    struct refund_order order = {.capture = "pi_1", .refund_request_id = 1};
    struct str request = prepare(desk, "pi_1", 900);

    assert_string_equal(
        str_copy(desk->base.call.arena, request),
        arena_printf(desk->base.call.arena,
                     "payment_intent=pi_1&amount=900&reason=requested_by_customer"
                     "&metadata%%5Bguichet%%5D=%s&metadata%%5Brefund_request%%5D=4711",
                     desk->base.call.installation));
    assert_true(str_starts(prepare(desk, "ch_1", 900), "charge=ch_1&"));
    house_err(stripe_refunds.prepare(&desk->base.call, &order, &request), ERR_INPUT);
    order = (struct refund_order){.capture = "pi_1&x=1", .amount_cents = 1};
    house_err(stripe_refunds.prepare(&desk->base.call, &order, &request), ERR_INPUT);
}

static struct refund_answer *send_refund(struct stripe_desk *desk, int status, const char *body)
{
    struct refund_answer *answer = arena_alloc(desk->base.call.arena, sizeof *answer);

    desk_script(desk, status, "", body);
    house_ok(stripe_refunds.send(&desk->base.call, &desk->account,
                                 "payment_intent=pi_1&amount=900", "guichet-x-refund-4711",
                                 answer));
    return answer;
}

static const char *made(struct stripe_desk *desk, const char *status, const char *rest)
{
    return arena_printf(
        desk->base.call.arena,
        "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"%s\",\"amount\":900,"
        "\"currency\":\"eur\",\"created\":1790860000,\"payment_intent\":\"pi_1\","
        "\"charge\":\"ch_1\",\"metadata\":{\"guichet\":\"%s\",\"refund_request\":\"4711\"}%s}",
        status, desk->base.call.installation, rest);
}

static void test_send(void **state)
{
    struct stripe_desk *desk = *state;
    struct refund_answer *answer;

    book_payment(desk);
    answer = send_refund(desk, 200, made(desk, "succeeded", MOVED));
    assert_int_equal(answer->verdict, REFUND_MADE);
    assert_string_equal(answer->reference, "re_1");
    CHECK_KINDS(&answer->facts, FACT_REFUND);
    assert_string_equal(answer->facts.facts[0].objects[0], "guichet-refund-4711");
    assert_int_equal(answer->facts.association_id, desk->account.association_id);
    assert_true(desk_head_has(desk, 0, "POST /v1/refunds HTTP/1.1\r\n"));
    assert_true(desk_head_has(desk, 0, "Idempotency-Key: guichet-x-refund-4711\r\n"));
    assert_string_equal(loopback_body(desk->base.server, 0).data,
                        "payment_intent=pi_1&amount=900");
    answer = send_refund(desk, 200, made(desk, "pending", ""));
    assert_int_equal(answer->verdict, REFUND_MADE);
    assert_int_equal(answer->facts.kind, RESOLUTION_NOTHING);
    answer = send_refund(desk, 200, made(desk, "failed", ""));
    assert_int_equal(answer->verdict, REFUND_MADE);
    assert_int_equal(answer->facts.kind, RESOLUTION_NOTHING);
}

static struct refund_answer *find_refund(struct stripe_desk *desk)
{
    struct refund_answer *answer = arena_alloc(desk->base.call.arena, sizeof *answer);
    struct refund_order order = {
        .capture = "pi_1", .amount_cents = 900, .refund_request_id = 4711};

    house_ok(stripe_refunds.find(&desk->base.call, &desk->account, &order, answer));
    return answer;
}

static void script_refunds(struct stripe_desk *desk, const char *more, const char *refunds)
{
    desk_script(desk, 200, "",
                arena_printf(desk->base.call.arena,
                             "{\"object\":\"list\",\"has_more\":%s,\"data\":[%s]}", more,
                             refunds));
}

/* A request without an answer: our mark among the refunds of the payment, or it never arrived. */
static void test_find(void **state)
{
    struct stripe_desk *desk = *state;
    struct refund_answer *answer;

    book_payment(desk);
    script_refunds(desk, "false", "");
    assert_int_equal(find_refund(desk)->verdict, REFUND_ABSENT);
    assert_true(
        desk_head_has(desk, 0, "GET /v1/refunds?payment_intent=pi_1&limit=100 HTTP/1.1\r\n"));
    script_refunds(desk, "false", REFUND("succeeded", MOVED));
    assert_int_equal(find_refund(desk)->verdict, REFUND_ABSENT);
    script_refunds(desk, "true", REFUND("succeeded", MOVED));
    script_refunds(desk, "false", made(desk, "succeeded", MOVED));
    answer = find_refund(desk);
    assert_true(desk_head_has(desk, 3, "&limit=100&starting_after=re_1 HTTP"));
    assert_int_equal(answer->verdict, REFUND_MADE);
    assert_string_equal(answer->reference, "re_1");
    CHECK_KINDS(&answer->facts, FACT_REFUND);
    assert_string_equal(answer->facts.facts[0].objects[0], "guichet-refund-4711");
}

/* What is no whole list proves nothing. */
static void test_find_troubles(void **state)
{
    static const struct {
        int status;
        const char *body;
    } cases[] = {
        {500, ""},
        {404, ""},
        {403, ""},
        {200, "{}"},
        {200, "{\"object\":\"list\",\"has_more\":false}"},
        {200, "{\"object\":\"list\",\"has_more\":true,\"data\":[]}"},
        {200, "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"x y\"}]}"},
        {LOOPBACK_SILENT, ""},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        desk_script(desk, cases[i].status, "", cases[i].body);
        assert_int_equal(find_refund(desk)->verdict, REFUND_UNKNOWN);
    }
}

static void test_send_troubles(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum refund_verdict verdict;
        const char *reason;
    } cases[] = {
        {400, "{\"error\":{\"code\":\"charge_already_refunded\"}}", REFUND_REFUSED,
         "charge_already_refunded"},
        {402, "{\"error\":{\"code\":\"insufficient_funds\"}}", REFUND_REFUSED,
         "insufficient_funds"},
        {400, "", REFUND_REFUSED, "HTTP 400"},
        {401, "", REFUND_REFUSED, "clé refusée"},
        {409, "", REFUND_UNKNOWN, "HTTP 409"},
        {429, "", REFUND_UNKNOWN, "HTTP 429"},
        {500, "", REFUND_UNKNOWN, "HTTP 500"},
        {200, "{}", REFUND_UNKNOWN, "réponse inattendue de Stripe"},
        {200, REFUND("succeeded", MOVED), REFUND_UNKNOWN, "réponse inattendue de Stripe"},
        {LOOPBACK_SILENT, "", REFUND_UNKNOWN, "Stripe est injoignable"},
    };
    struct stripe_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct refund_answer *answer = send_refund(desk, cases[i].status, cases[i].body);

        assert_int_equal(answer->verdict, cases[i].verdict);
        assert_string_equal(answer->reason, cases[i].reason);
        assert_null(answer->reference);
        assert_int_equal(answer->facts.kind, RESOLUTION_NOTHING);
    }
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, stripe_desk_setup, stripe_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refund),
        TEST(test_refund_first),
        TEST(test_refund_states),
        TEST(test_refund_failed),
        TEST(test_charge_refunded),
        TEST(test_charge_updated),
        TEST(test_resolve_fee),
        TEST(test_charge_failed),
        TEST(test_resolve_dispute),
        TEST(test_dispute_stages),
        TEST(test_dispute_amounts),
        TEST(test_dispute_read_again),
        TEST(test_payout),
        TEST(test_payout_failed),
        TEST(test_read_again),
        TEST(test_parent_troubles),
        TEST(test_hostile),
        TEST(test_prepare),
        TEST(test_send),
        TEST(test_find),
        TEST(test_find_troubles),
        TEST(test_send_troubles),
    };

    return cmocka_run_group_tests_name("stripe_money", tests, NULL, NULL);
}
