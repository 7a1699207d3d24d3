/*
 * PayPal's messages about money after a payment, and about its fee: signs, parents, references,
 * other currencies, cases; whatever is odd makes no rule.
 */
#include "support/paypal_desk.h"

#include <string.h>

#include "support/vectors.h"

#define OWN "6G996328CK404320L"
#define FEE OWN ":fee"
#define PARENT "23X19291EC9014330"

/* What a message must say: a fact and the fee that comes with it. */
struct expected {
    struct message_plan plan;
    enum fact_kind kind;
    int64_t amount_cents;
    const char *parent;      /* NULL = none */
    enum fact_kind fee_kind; /* FACT_CAPTURE = no fee is told */
    int64_t fee_cents;
};
#define NO_FEE FACT_CAPTURE, 0

static void check_fee(const struct resolution *resolution, const struct expected *expected)
{
    const struct payment_fact *fee = &resolution->facts[1];

    assert_int_equal(resolution->fact_count, expected->fee_kind == FACT_CAPTURE ? 1 : 2);
    if (expected->fee_kind == FACT_CAPTURE)
        return;
    assert_int_equal(fee->kind, expected->fee_kind);
    assert_string_equal(fee->reference, FEE);
    assert_string_equal(fee->parent, OWN);
    assert_int_equal(fee->amount_cents, expected->fee_cents);
    assert_string_equal(fee->currency, resolution->facts[0].currency);
    assert_int_equal(fee->fact_at, resolution->facts[0].fact_at);
}

static void check(struct paypal_desk *desk, const struct expected *expected, size_t index)
{
    struct resolution resolution = desk_verified(desk, &expected->plan);
    const struct payment_fact *fact = &resolution.facts[0];

    if (resolution.kind != RESOLUTION_FACTS || fact->kind != expected->kind ||
        fact->amount_cents != expected->amount_cents)
        print_error("case %zu: %s %s\n", index, event_outcome_name(resolution.outcome),
                    resolution.detail);
    assert_int_equal(resolution.kind, RESOLUTION_FACTS);
    assert_int_equal(fact->kind, expected->kind);
    assert_int_equal(fact->amount_cents, expected->amount_cents);
    assert_string_equal(fact->reference, OWN);
    assert_int_equal(fact->parent != NULL, expected->parent != NULL);
    if (expected->parent)
        assert_string_equal(fact->parent, expected->parent);
    check_fee(&resolution, expected);
}

static void check_all(void **state, const struct expected *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(*state, &cases[i], i);
}
#define CHECK_ALL(cases) check_all(state, cases, sizeof(cases) / sizeof((cases)[0]))

static void test_fees_of_payments(void **state)
{
    static const struct expected cases[] = {
        {{.rest = "&mc_fee=0.98"}, FACT_CAPTURE, 2500, NULL, FACT_FEE, 98},
        {{.rest = "&mc_fee=0.00"}, FACT_CAPTURE, 2500, NULL, FACT_FEE, 0},
        {{.rest = "&mc_fee="}, FACT_CAPTURE, 2500, NULL, FACT_FEE, 0},
        {{.rest = ""}, FACT_CAPTURE, 2500, NULL, FACT_FEE, 0},
        {{.rest = "&mc_fee=0%2C98"}, FACT_CAPTURE, 2500, NULL, NO_FEE},
        {{.rest = "&mc_fee=NaN"}, FACT_CAPTURE, 2500, NULL, NO_FEE},
        /* A capture of an authorisation has a parent and is no refund. */
        {{.rest = "&mc_fee=0.98&auth_id=" PARENT "&parent_txn_id=" PARENT},
         FACT_CAPTURE,
         2500,
         NULL,
         FACT_FEE,
         98},
    };

    CHECK_ALL(cases);
}

static void test_refunds(void **state)
{
    static const struct expected cases[] = {
        {{.status = "Refunded",
          .txn_type = "",
          .gross = "-8.00",
          .rest = "&mc_fee=-0.23&mc_gross_1=13.00&parent_txn_id=" PARENT "&reason_code=refund"},
         FACT_REFUND,
         800,
         PARENT,
         FACT_FEE,
         -23},
        {{.status = "Refunded", .gross = "-25.00", .rest = "&mc_fee=&parent_txn_id=" PARENT},
         FACT_REFUND,
         2500,
         PARENT,
         NO_FEE},
        {{.status = "Refunded", .gross = "-25.00", .rest = "&mc_fee=0.00&parent_txn_id=" PARENT},
         FACT_REFUND,
         2500,
         PARENT,
         NO_FEE},
        /* A fee for the refund itself. */
        {{.status = "Refunded", .gross = "-25.00", .rest = "&mc_fee=0.35&parent_txn_id=" PARENT},
         FACT_REFUND,
         2500,
         PARENT,
         FACT_FEE,
         35},
        /* The other sign: the amount is the same, of the fee nothing is known. */
        {{.status = "Refunded", .gross = "25.00", .rest = "&mc_fee=0.98&parent_txn_id=" PARENT},
         FACT_REFUND,
         2500,
         PARENT,
         NO_FEE},
        {{.status = "Refunded", .gross = "-25.00", .rest = "&mc_fee=-0.98"},
         FACT_REFUND,
         2500,
         OWN,
         FACT_FEE,
         -98},
        {{.status = "Refunded", .gross = "-25.00", .rest = "&parent_txn_id=a%20b"},
         FACT_REFUND,
         2500,
         OWN,
         NO_FEE},
        {{.status = "Refunded",
          .txn_type = "",
          .gross = "-8.00",
          .invoice = "",
          .custom = "",
          .rest = "&parent_txn_id=" PARENT},
         FACT_REFUND,
         800,
         PARENT,
         NO_FEE},
    };

    CHECK_ALL(cases);
}

static void test_reversals(void **state)
{
    static const struct expected cases[] = {
        {{.status = "Reversed",
          .txn_type = "",
          .gross = "-25.00",
          .rest = "&mc_fee=-0.98&parent_txn_id=" PARENT "&reason_code=unauthorized_claim"},
         FACT_DISPUTE,
         2500,
         PARENT,
         FACT_DISPUTE_FEE,
         -98},
        {{.status = "Reversed",
          .gross = "-25.00",
          .rest = "&mc_fee=16.00&parent_txn_id=" PARENT "&reason_code=chargeback"},
         FACT_DISPUTE,
         2500,
         PARENT,
         FACT_DISPUTE_FEE,
         1600},
        {{.status = "Reversed", .gross = "25.00", .rest = "&mc_fee=0.98&parent_txn_id=" PARENT},
         FACT_DISPUTE,
         2500,
         PARENT,
         NO_FEE},
        {{.status = "Canceled_Reversal",
          .gross = "25.00",
          .rest = "&mc_fee=0.98&parent_txn_id=" PARENT},
         FACT_DISPUTE_WON,
         2500,
         PARENT,
         FACT_DISPUTE_FEE,
         98},
        {{.status = "Canceled_Reversal",
          .txn_type = "",
          .gross = "-25.00",
          .rest = "&mc_fee=-0.98&parent_txn_id=" PARENT},
         FACT_DISPUTE_WON,
         2500,
         PARENT,
         NO_FEE},
        {{.status = "Canceled_Reversal", .gross = "25.00", .rest = ""},
         FACT_DISPUTE_WON,
         2500,
         OWN,
         NO_FEE},
        /* An eCheck that bounces: its own transaction names the payment. */
        {{.status = "Failed",
          .txn_type = "",
          .gross = "-25.00",
          .rest = "&mc_fee=-0.98&parent_txn_id=" PARENT},
         FACT_CAPTURE_FAILED,
         2500,
         PARENT,
         FACT_FEE,
         -98},
    };

    CHECK_ALL(cases);
}

static void test_what_cannot_be_read_posts_nothing(void **state)
{
    static const struct meaning cases[] = {
        {{.status = "Refunded", .gross = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Refunded", .gross = "0.00"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Refunded", .gross = "-8,00"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Refunded", .gross = "-99999999999999999999"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Refunded", .gross = "-92233720368547758.08"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Reversed", .currency = "ZZZ"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.status = "Refunded", .currency = "", .invoice = "", .custom = ""},
         OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "new_case", .status = ""}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "new_case", .rest = "&case_id=PP-1"}, OUTCOME(OUTCOME_UNSUPPORTED)},
        {{.txn_type = "adjustment", .status = "", .rest = "&case_id=a+b"},
         OUTCOME(OUTCOME_UNSUPPORTED)},
    };

    CHECK(cases);
}

/* A case moves no money; it names the payment as its own transaction. */
static void test_cases(void **state)
{
    static const struct {
        const char *type, *case_type;
        enum dispute_state state;
    } cases[] = {
        {"new_case", "dispute", DISPUTE_INQUIRY},     {"new_case", "complaint", DISPUTE_OPEN},
        {"new_case", "chargeback", DISPUTE_OPEN},     {"new_case", "of_the_future", DISPUTE_OPEN},
        {"adjustment", "chargeback", DISPUTE_CLOSED},
    };
    struct paypal_desk *desk = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *rest = arena_printf(desk->base.call.arena,
                                        "&case_id=PP-R-1&case_type=%s&reason_code=non_receipt",
                                        cases[i].case_type);
        struct message_plan plan = {.txn_type = cases[i].type, .status = "", .rest = rest};
        struct resolution resolution = desk_verified(desk, &plan);
        const struct payment_fact *fact = &resolution.facts[0];

        assert_int_equal(resolution.kind, RESOLUTION_FACTS);
        assert_int_equal(resolution.fact_count, 1);
        assert_int_equal(fact->kind, FACT_DISPUTE_OPENED);
        assert_int_equal(fact->amount_cents, 0);
        assert_string_equal(fact->parent, OWN);
        assert_string_equal(fact->dispute, "PP-R-1");
        assert_string_equal(fact->reason, "non_receipt");
        assert_int_equal(fact->dispute_state, cases[i].state);
        assert_int_equal(fact->deadline_at, 0);
    }
}

static void test_a_reversal_names_its_case(void **state)
{
    struct message_plan plan = {
        .status = "Reversed", .gross = "-25.00", .rest = "&case_id=PP-R-1&reason_code=chargeback"};
    struct resolution resolution = desk_verified(*state, &plan);

    assert_string_equal(resolution.facts[0].dispute, "PP-R-1");
    assert_string_equal(resolution.facts[0].reason, "chargeback");
    assert_string_equal(resolution.detail, "chargeback");
}

/* Money of another currency is settled net: nothing is left for a fee. */
static void test_another_currency(void **state)
{
    static const struct {
        struct message_plan plan;
        int64_t amount_cents, settled_cents, fee_cents;
    } cases[] = {
        {{.currency = "USD",
          .gross = "10.00",
          .rest = "&mc_fee=0.64&settle_amount=8.42&settle_currency=EUR&exchange_rate=0.9"},
         1000,
         842,
         0},
        {{.currency = "USD", .gross = "10.00", .rest = "&mc_fee=0.64"}, 1000, 0, 0},
        {{.currency = "USD",
          .gross = "10.00",
          .rest = "&mc_fee=0.64&settle_amount=8.42&settle_currency=GBP"},
         1000,
         0,
         0},
        {{.currency = "USD",
          .gross = "10.00",
          .rest = "&mc_fee=0.64&settle_amount=8%2C42&settle_currency=EUR"},
         1000,
         0,
         0},
        {{.rest = "&mc_fee=0.98&settle_amount=8.42&settle_currency=EUR"}, 2500, 0, 98},
        {{.rest = "&mc_fee=0.98&settle_amount=8.42&settle_currency=USD"}, 2500, 0, 98},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolution resolution = desk_verified(*state, &cases[i].plan);

        assert_int_equal(resolution.fact_count, 2);
        assert_int_equal(resolution.facts[0].amount_cents, cases[i].amount_cents);
        assert_int_equal(resolution.facts[0].settled_cents, cases[i].settled_cents);
        assert_int_equal(resolution.facts[1].amount_cents, cases[i].fee_cents);
    }
}

static void test_a_converted_refund(void **state)
{
    struct message_plan plan = {
        .status = "Refunded",
        .currency = "USD",
        .gross = "-10.00",
        .rest = "&mc_fee=-0.29&settle_amount=-8.74&settle_currency=EUR&parent_txn_id=" PARENT};
    struct resolution resolution = desk_verified(*state, &plan);

    assert_int_equal(resolution.fact_count, 1);
    assert_int_equal(resolution.facts[0].amount_cents, 1000);
    assert_int_equal(resolution.facts[0].settled_cents, 874);
}

/* Denied and the like end an attempt; of money that was booked they take it back. */
static void test_a_failure_of_what_was_booked(void **state)
{
    struct paypal_desk *desk = *state;
    struct message_plan plan = {.status = "Failed", .rest = "&mc_fee=0.98"};
    struct resolution resolution = desk_verified(desk, &plan);

    assert_int_equal(resolution.facts[0].kind, FACT_FAILED);
    house_execute(
        &desk->base.house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, kind, "
        "reference, amount_cents, currency, fact_at, created_at) "
        "VALUES (%lld, 77, %lld, 'capture', '" OWN "', 2500, 'EUR', 1, 1)",
        (long long)desk->account.association_id, (long long)desk->account.id);
    resolution = desk_verified(desk, &plan);
    assert_int_equal(resolution.fact_count, 1);
    assert_int_equal(resolution.facts[0].kind, FACT_CAPTURE_FAILED);
    assert_int_equal(resolution.facts[0].amount_cents, 2500);
    assert_string_equal(resolution.facts[0].reference, OWN);
    assert_string_equal(resolution.facts[0].parent, OWN);
}

/* ---- every recorded message ---- */

/* facts: each kind's first letters, as below; "" = the outcome alone. */
static const struct recorded {
    const char *file;
    enum resolution_kind kind;
    enum event_outcome outcome;
    const char *facts;
} recorded[] = {
    {"01-completed-web_accept-cad.txt", RESOLUTION_FACTS, 0, "capture 50000, fee 0"},
    {"02-masspay-gbp.txt", RESOLUTION_OUTCOME, OUTCOME_UNSUPPORTED, ""},
    {"03-simulator-completed-web_accept.txt", RESOLUTION_FACTS, 0, "capture 1234, fee 0"},
    {"04-simulator-declined.txt", RESOLUTION_OUTCOME, OUTCOME_UNSUPPORTED, ""},
    {"05-completed-express_checkout-windows1252.txt", RESOLUTION_FACTS, 0, "capture 1000, fee 0"},
    {"06-completed-cart-eur-windows1252.txt", RESOLUTION_FACTS, 0, "capture 300, fee 35"},
    {"07-paypal-doc-sample-express_checkout.txt", RESOLUTION_FACTS, 0, "capture 1995, fee 0"},
    {"08-canceled_reversal-utf8-sgd.txt", RESOLUTION_FACTS, 0, "dispute_won 485 settled 243"},
    {"09-bitwarden-echeck-payment.txt", RESOLUTION_FACTS, 0, "capture 4800, fee 0"},
    {"10-bitwarden-non-usd-payment.txt", RESOLUTION_FACTS, 0, "capture 4800, fee 0"},
    {"11-bitwarden-refund-missing-parent-transaction.txt", RESOLUTION_FACTS, 0, "refund 4800"},
    {"12-bitwarden-successful-payment-org-credit.txt", RESOLUTION_FACTS, 0, "capture 4800, fee 0"},
    {"13-bitwarden-successful-payment-user-credit.txt", RESOLUTION_FACTS, 0,
     "capture 4800, fee 0"},
    {"14-bitwarden-successful-payment.txt", RESOLUTION_FACTS, 0, "capture 4800, fee 0"},
    {"15-bitwarden-successful-refund.txt", RESOLUTION_FACTS, 0, "refund 4800"},
    {"16-bitwarden-transaction-missing-entity-ids.txt", RESOLUTION_FACTS, 0,
     "capture 4800, fee 0"},
    {"17-bitwarden-unsupported-transaction-type.txt", RESOLUTION_OUTCOME, OUTCOME_UNSUPPORTED, ""},
    {"18-refunded-cart-usd.txt", RESOLUTION_FACTS, 0, "refund 108000"},
    {"19-civicrm-standard-custom-json.txt", RESOLUTION_OUTCOME, OUTCOME_UNSUPPORTED, ""},
    {"20-civicrm-recurring-resend.txt", RESOLUTION_FACTS, 0, "capture 1500, fee 0"},
    {"21-galette-pending-paymentreview-eur-windows1252.txt", RESOLUTION_OUTCOME, OUTCOME_PENDING,
     ""},
};

static const char *said(const struct resolution *resolution, struct arena *arena)
{
    static const char *const names[] = {
        [FACT_CAPTURE] = "capture",         [FACT_FEE] = "fee",  [FACT_REFUND] = "refund",
        [FACT_DISPUTE_WON] = "dispute_won", [FACT_OTHER] = NULL,
    };
    struct buffer text;

    buffer_init(&text, arena, 64);
    for (int i = 0; i < resolution->fact_count; i++) {
        const struct payment_fact *fact = &resolution->facts[i];

        buffer_printf(&text, "%s%s %lld", i ? ", " : "",
                      names[fact->kind] ? names[fact->kind] : "?", (long long)fact->amount_cents);
        if (fact->settled_cents)
            buffer_printf(&text, " settled %lld", (long long)fact->settled_cents);
    }
    return str_copy(arena, buffer_str(&text));
}

/* The account has the receiver's address and takes it as it stands. */
static void test_recorded_messages(void **state)
{
    struct paypal_desk *desk = *state;
    struct arena *arena = desk->base.call.arena;
    const char **names = NULL;

    assert_int_equal(vectors_list(arena, "paypal/ipn", ".txt", &names),
                     sizeof recorded / sizeof recorded[0] + 2); /* and the sources, and a PDT */
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
        const struct recorded *row = &recorded[i];
        struct str body = vectors_read(arena, arena_printf(arena, "paypal/ipn/%s", row->file));
        struct resolution resolution;

        /* The first receiver field counts: ours stands before the recorded one. */
        desk_answer(desk, "VERIFIED");
        resolution = desk_resolve_raw(
            desk, arena_printf(arena, "receiver_id=" DESK_MERCHANT "&%.*s", STR_PRINT(body)));
        if (resolution.kind != row->kind || strcmp(said(&resolution, arena), row->facts) != 0)
            print_error("%s: %s, %s\n", row->file, said(&resolution, arena), resolution.detail);
        assert_int_equal(resolution.kind, row->kind);
        assert_string_equal(said(&resolution, arena), row->facts);
        if (row->kind == RESOLUTION_OUTCOME)
            assert_int_equal(resolution.outcome, row->outcome);
    }
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, paypal_desk_setup, paypal_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fees_of_payments),
        TEST(test_refunds),
        TEST(test_reversals),
        TEST(test_what_cannot_be_read_posts_nothing),
        TEST(test_cases),
        TEST(test_a_reversal_names_its_case),
        TEST(test_another_currency),
        TEST(test_a_converted_refund),
        TEST(test_a_failure_of_what_was_booked),
        TEST(test_recorded_messages),
    };

    return cmocka_run_group_tests_name("paypal_money", tests, NULL, NULL);
}
