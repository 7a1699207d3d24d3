/*
 * PayPal's activity report: amounts, dates, zones and words of both languages become lines of a
 * statement; what can be read in two ways is refused, what is unknown is shown to a person.
 */
#include "support/paypal_desk.h"

#include <string.h>

#include "payment/statement.h"
#include "provider/paypal/activity.h"
#include "provider/paypal/paypal.h"

#define TXN "6G996328CK404320L"
#define OTHER "23X19291EC9014330"

/* What differs from a completed French payment of 25,00 EUR on 30 September 2026. */
struct cells {
    const char *date, *time, *zone, *name, *type, *status, *currency, *gross, *fee, *net, *txn,
        *reference, *invoice, *custom, *impact;
};

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static enum err read_row(struct paypal_desk *desk, const struct cells *given,
                         struct statement_line *line, size_t *column)
{
    const struct zone *paris;
    const struct str cells[CELL_COUNT] = {
        [CELL_DATE] = str_of(or_else(given->date, "30/09/2026")),
        [CELL_TIME] = str_of(or_else(given->time, "14:00:00")),
        [CELL_ZONE] = str_of(or_else(given->zone, "Europe/Paris")),
        [CELL_NAME] = str_of(or_else(given->name, "Zoé Lefèvre")),
        [CELL_TYPE] = str_of(or_else(given->type, "Paiement sur site marchand")),
        [CELL_STATUS] = str_of(or_else(given->status, "Terminé")),
        [CELL_CURRENCY] = str_of(or_else(given->currency, "EUR")),
        [CELL_GROSS] = str_of(or_else(given->gross, "25,00")),
        [CELL_FEE] = str_of(or_else(given->fee, "0,00")),
        [CELL_NET] = str_of(or_else(given->net, "")),
        [CELL_TRANSACTION] = str_of(or_else(given->txn, TXN)),
        [CELL_REFERENCE] = str_of(or_else(given->reference, "")),
        [CELL_INVOICE] = str_of(or_else(given->invoice, "")),
        [CELL_CUSTOM] = str_of(or_else(given->custom, "")),
        [CELL_IMPACT] = str_of(or_else(given->impact, "")),
    };
    struct activity_row row = {.cells = cells};

    house_ok(zone_find("Europe/Paris", &paris));
    row.zone = paris;
    return provider_paypal.activity->line(&desk->base.call, &desk->account, &row, line, column);
}

static struct statement_line good_row(struct paypal_desk *desk, const struct cells *given)
{
    struct statement_line line;
    size_t column;

    house_ok(read_row(desk, given, &line, &column));
    return line;
}

/* ---- a payment ---- */

static void test_a_payment(void **state)
{
    struct paypal_desk *desk = *state;
    struct statement_line line =
        good_row(desk, &(struct cells){.fee = "-0,98", .net = "24,02", .invoice = DESK_TOKEN});

    assert_true(line.posts);
    assert_int_equal(line.kind, FACT_CAPTURE);
    assert_string_equal(line.reference, TXN);
    assert_string_equal(line.movement, TXN);
    assert_string_equal(line.fee_reference, TXN ":fee");
    assert_null(line.parent);
    assert_int_equal(line.gross_cents, 2500);
    assert_int_equal(line.fee_cents, 98);
    assert_string_equal(line.currency, "EUR");
    assert_int_equal(line.fact_at, 1790769600); /* 12:00 UTC */
    assert_string_equal(line.token, DESK_TOKEN);
    assert_false(line.our_mark);
    assert_string_equal(line.payer, "Zoé Lefèvre");
    assert_string_equal(line.type, "Paiement sur site marchand");
}

static void test_marks(void **state)
{
    struct paypal_desk *desk = *state;
    const char *unknown =
        arena_printf(desk->base.call.arena, "G%s-%s", desk->base.call.installation,
                     "ffffffffffffffffffffffffffffffff");
    const struct {
        struct cells cells;
        const char *token;
        bool our_mark;
    } cases[] = {
        {{.custom = DESK_TOKEN}, DESK_TOKEN, false},
        {{.invoice = "42", .custom = DESK_TOKEN}, DESK_TOKEN, false},
        {{.invoice = unknown}, unknown, true},
        {{.invoice = unknown, .custom = DESK_TOKEN}, DESK_TOKEN, true},
        {{.invoice = DESK_TOKEN "x"}, "", false},
        {{.invoice = "' OR 1=1 --"}, "", false},
        {{.invoice = ""}, "", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statement_line line = good_row(desk, &cases[i].cells);

        assert_string_equal(line.token, cases[i].token);
        assert_int_equal(line.our_mark, cases[i].our_mark);
    }
}

/* ---- amounts ---- */

static void test_amounts(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t cents;
    } cases[] = {
        {"25,00", true, 2500},
        {"25.00", true, 2500},
        {"1 234,56", true, 123456},
        {"1\xc2\xa0"
         "234,56",
         true, 123456},
        {"1\xe2\x80\xaf"
         "234,56",
         true, 123456},
        {"1,234.56", true, 123456},
        {"1.234,56", true, 123456},
        {"1.234.567,89", true, 123456789},
        {"1,234", true, 123400},
        {"1,234,567", true, 123456700},
        {"-12,00", true, -1200},
        {"\xe2\x88\x92"
         "12,00",
         true, -1200},
        {"12,00-", true, -1200},
        {"- 12,00", true, -1200},
        {"0,5", true, 50},
        {"7", true, 700},
        {"1234,567", false, 0},
        {"12,3456", false, 0},
        {"1.234,567", false, 0},
        {"1,23,456.00", false, 0},
        {"1,2,3", false, 0},
        {"12,00,00", false, 0},
        {"--12,00", false, 0},
        {"1-2,00", false, 0},
        {"-12,00-", false, 0},
        {"12,", false, 0},
        {",50", false, 0},
        {"12 EUR", false, 0},
        {"1e3", false, 0},
        {"=1+1", false, 0},
        {"NaN", false, 0},
        {"-", false, 0},
        {"\xd9\xa1\xd9\xa2", false, 0},
        {"99999999999999999999,00", false, 0},
        {"99999999999999999999999999999999999999999999,00", false, 0},
    };
    struct paypal_desk *desk = *state;
    const struct currency *euro = money_currency("EUR");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t cents = -1;
        bool good = activity_amount(str_of(cases[i].text), euro, desk->base.call.arena, &cents);

        if (good != cases[i].good || (good && cents != cases[i].cents))
            print_error("%s: %d %lld\n", cases[i].text, good, (long long)cents);
        assert_int_equal(good, cases[i].good);
        if (good)
            assert_int_equal(cents, cases[i].cents);
    }
}

static void test_amounts_of_other_currencies(void **state)
{
    struct paypal_desk *desk = *state;
    struct arena *arena = desk->base.call.arena;
    int64_t cents;

    assert_true(activity_amount(str_of("1,234"), money_currency("JPY"), arena, &cents));
    assert_int_equal(cents, 1234);
    assert_false(activity_amount(str_of("1,5"), money_currency("JPY"), arena, &cents));
    assert_false(activity_amount(str_of("1,234"), money_currency("TND"), arena, &cents));
    assert_true(activity_amount(str_of("1,23"), money_currency("TND"), arena, &cents));
    assert_int_equal(cents, 1230);
}

/* ---- days and times ---- */

static void test_moments(void **state)
{
    static const struct {
        struct cells cells;
        int64_t at;
    } cases[] = {
        /* 7 March 2026 12:00 UTC, then 3 July 2026 12:00 UTC */
        {{.date = "07/03/2026", .time = "13:00:00"}, 1772884800},
        {{.date = "07/03/2026", .time = "13:00:00", .gross = "25.00"}, 1772884800},
        {{.date = "07/03/2026", .time = "13:00:00", .zone = "CET", .gross = "25.00"}, 1772884800},
        {{.date = "07/03/2026", .time = "12:00:00", .zone = "GMT", .gross = "25.00"}, 1772884800},
        {{.date = "07/03/2026", .time = "05:00:00", .zone = "PDT", .gross = "25.00"}, 1783080000},
        {{.date = "07/03/2026",
          .time = "05:00:00",
          .zone = "America/Los_Angeles",
          .gross = "25.00"},
         1783080000},
        {{.date = "07/03/2026", .time = "04:00:00", .zone = "America/Los_Angeles"}, 1772884800},
        {{.date = "07/03/2026", .time = "14:00:00", .zone = "", .gross = "25.00"}, 1783080000},
        {{.date = "07/03/2026", .time = "13:00:00", .zone = ""}, 1772884800},
        {{.date = "07.03.2026", .time = "13:00", .gross = "25.00", .zone = ""}, 1772884800},
        {{.date = "2026-03-07", .time = "13:00:00", .gross = "25.00", .zone = ""}, 1772884800},
        {{.date = "7/3/2026", .time = "13:00:00"}, 1772884800},
        /* The one above 12 is the day, whatever the row says. */
        {{.date = "12/31/2026", .time = "13:00:00"}, 1798718400},
        {{.date = "31/12/2026", .time = "04:00:00", .zone = "PST", .gross = "25.00"}, 1798718400},
        /* No time: noon. */
        {{.date = "07/03/2026", .time = ""}, 1772884800 - 3600},
        /* The hour that the end of summer time repeats, and the one its beginning leaves out. */
        {{.date = "25/10/2026", .time = "02:30:00"}, 1792888200},
        {{.date = "29/03/2026", .time = "02:30:00"}, 1774744200},
        {{.date = "29/03/2026", .time = "03:30:00"}, 1774747800},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statement_line line = good_row(*state, &cases[i].cells);

        if (line.fact_at != cases[i].at)
            print_error("case %zu: %lld\n", i, (long long)line.fact_at);
        assert_int_equal(line.fact_at, cases[i].at);
    }
}

/* ---- what a row is ---- */

static const struct {
    struct cells cells;
    enum fact_kind kind;
    enum fact_nature nature;
    const char *parent; /* NULL = none */
} kinds[] = {
    {{.type = "Website Payment", .status = "Completed"}, FACT_CAPTURE, 0, NULL},
    {{.type = "Paiement Express Checkout"}, FACT_CAPTURE, 0, NULL},
    {{.type = "PAIEMENT DE DON"}, FACT_CAPTURE, 0, NULL},
    {{.type = "Paiement d’abonnement"}, FACT_CAPTURE, 0, NULL},
    {{.type = "Paiement\xc2\xa0"
              "standard"},
     FACT_CAPTURE,
     0,
     NULL},
    {{.type = "Subscription Payment"}, FACT_CAPTURE, 0, NULL},
    {{.status = "Refunded"}, FACT_CAPTURE, 0, NULL},
    {{.status = "Partiellement remboursé"}, FACT_CAPTURE, 0, NULL},
    {{.status = ""}, FACT_CAPTURE, 0, NULL},
    /* The association paid somebody. */
    {{.gross = "-25,00"}, FACT_OTHER, NATURE_UNKNOWN, NULL},
    {{.type = "Remboursement de paiement", .gross = "-25,00", .reference = OTHER},
     FACT_REFUND,
     0,
     OTHER},
    {{.type = "Payment Refund", .gross = "-25.00", .reference = OTHER}, FACT_REFUND, 0, OTHER},
    {{.type = "Payment Refund", .gross = "-25.00"}, FACT_REFUND, 0, TXN},
    {{.type = "Payment Refund", .gross = "25.00"}, FACT_OTHER, NATURE_UNKNOWN, NULL},
    {{.type = "Rétrofacturation", .gross = "-25,00", .reference = OTHER}, FACT_DISPUTE, 0, OTHER},
    {{.type = "Payment Reversal", .gross = "-25.00", .reference = OTHER}, FACT_DISPUTE, 0, OTHER},
    {{.type = "Payment Reversal", .gross = "25.00", .reference = OTHER},
     FACT_DISPUTE_WON,
     0,
     OTHER},
    {{.type = "Annulation de la rétrofacturation", .reference = OTHER},
     FACT_DISPUTE_WON,
     0,
     OTHER},
    {{.type = "Chargeback Reversal", .gross = "-25.00"}, FACT_OTHER, NATURE_UNKNOWN, NULL},
    {{.type = "eCheck Failure", .gross = "-25.00", .reference = OTHER},
     FACT_CAPTURE_FAILED,
     0,
     OTHER},
    {{.type = "Retrait initié par l'utilisateur", .gross = "-25,00"}, FACT_PAYOUT, 0, NULL},
    {{.type = "Retrait initié par l’utilisateur", .gross = "-25,00"}, FACT_PAYOUT, 0, NULL},
    {{.type = "Virement standard", .gross = "-25,00"}, FACT_PAYOUT, 0, NULL},
    {{.type = "User Initiated Withdrawal", .gross = "-25.00"}, FACT_PAYOUT, 0, NULL},
    {{.type = "Virement bancaire sur le compte PayPal"}, FACT_PAYOUT, 0, NULL},
    {{.type = "Reversal of ACH Withdrawal", .reference = OTHER}, FACT_PAYOUT_FAILED, 0, OTHER},
    {{.type = "General Fee", .gross = "-2.50"}, FACT_OTHER, NATURE_FEE, NULL},
    {{.type = "Chargeback Fee", .gross = "-16.00"}, FACT_OTHER, NATURE_FEE, NULL},
    {{.type = "Suspension de paiement", .gross = "-25,00", .reference = OTHER},
     FACT_OTHER,
     NATURE_RESERVE,
     NULL},
    {{.type = "Déblocage de paiement", .reference = OTHER}, FACT_OTHER, NATURE_RESERVE, NULL},
    {{.type = "Cancellation of Hold for Dispute Resolution"}, FACT_OTHER, NATURE_RESERVE, NULL},
    {{.type = "General Bonus"}, FACT_OTHER, NATURE_INCOME, NULL},
    {{.type = "User Initiated Currency Conversion"}, FACT_OTHER, NATURE_TRANSFER, NULL},
    {{.type = "Conversion de devise standard"}, FACT_OTHER, NATURE_TRANSFER, NULL},
    {{.type = "Conversion de devise standard", .gross = "-25,00", .reference = OTHER},
     FACT_OTHER,
     NATURE_UNKNOWN,
     NULL},
    {{.type = "Prélèvement inconnu", .gross = "-2,50"}, FACT_OTHER, NATURE_UNKNOWN, NULL},
    {{.type = "Einkauf"}, FACT_OTHER, NATURE_UNKNOWN, NULL},
};

static void test_kinds(void **state)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct statement_line line = good_row(*state, &kinds[i].cells);

        if (line.kind != kinds[i].kind || line.nature != kinds[i].nature)
            print_error("%s: kind %d, nature %d\n", line.type, (int)line.kind, (int)line.nature);
        assert_true(line.posts);
        assert_int_equal(line.kind, kinds[i].kind);
        assert_int_equal(line.nature, kinds[i].nature);
        assert_string_equal(line.movement, TXN);
        assert_int_equal(line.parent != NULL, kinds[i].parent != NULL);
        if (line.parent)
            assert_string_equal(line.parent, kinds[i].parent);
    }
}

static void test_what_posts_nothing(void **state)
{
    static const struct {
        struct cells cells;
        const char *reference;
    } cases[] = {
        {{.status = "En attente"}, TXN ":memo"},
        {{.status = "Pending"}, TXN ":memo"},
        {{.status = "Refusé"}, TXN ":memo"},
        {{.status = "Denied"}, TXN ":memo"},
        {{.impact = "Mémo"}, TXN ":memo"},
        {{.impact = "Memo"}, TXN ":memo"},
        {{.gross = "0,00"}, TXN ":zero"},
        {{.type = "General Authorization"}, TXN},
        {{.type = "Facture envoyée"}, TXN},
        {{.currency = "USD", .gross = "10.00"}, TXN},
        {{.currency = "USD", .type = "General Currency Conversion", .gross = "-10.00"}, TXN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statement_line line = good_row(*state, &cases[i].cells);

        assert_false(line.posts);
        assert_string_equal(line.reference, cases[i].reference);
    }
}

/* Money of another currency arrives by its exchange: that line is the payment's. */
static void test_an_exchange_is_the_movement_it_belongs_to(void **state)
{
    struct paypal_desk *desk = *state;
    struct cells cells = {
        .type = "Conversion de devise standard", .gross = "8,42", .reference = OTHER};
    struct statement_line line = good_row(desk, &cells);

    assert_int_equal(line.kind, FACT_CAPTURE);
    assert_string_equal(line.reference, TXN);
    assert_string_equal(line.movement, OTHER);
    assert_string_equal(line.fee_reference, OTHER ":fee");
    assert_int_equal(line.fee_cents, 0);
    house_execute(&desk->base.house,
                  "INSERT INTO provider_transaction (association_id, id, provider_account_id, "
                  "kind, reference, amount_cents, currency, fact_at, created_at) "
                  "VALUES (%lld, 77, %lld, 'refund', '" OTHER "', -1000, 'USD', 1, 1)",
                  (long long)desk->account.association_id, (long long)desk->account.id);
    cells.gross = "-8,74";
    line = good_row(desk, &cells);
    assert_int_equal(line.kind, FACT_REFUND);
    assert_string_equal(line.movement, OTHER);
}

/* The fee of a reversal on a row of its own has the name that a notification gives it: it is
 * booked once, whichever comes first. */
static void test_the_fee_of_a_reversal_has_one_name(void **state)
{
    struct paypal_desk *desk = *state;
    struct cells cells = {.type = "Chargeback Fee", .gross = "-16.00", .reference = OTHER};
    struct payment_fact facts[STATEMENT_FACTS_MAX];
    struct statement_line line = good_row(desk, &cells);

    assert_int_equal(line.kind, FACT_DISPUTE_FEE); /* it names the reversal */
    assert_string_equal(line.reference, TXN);
    assert_string_equal(line.movement, OTHER ":fee");
    assert_string_equal(line.parent, OTHER);
    assert_int_equal(payment_statement_facts(&line, 1, 2, facts), 1);
    assert_int_equal(facts[0].kind, FACT_DISPUTE_FEE);
    assert_string_equal(facts[0].reference, OTHER ":fee");
    assert_int_equal(facts[0].amount_cents, 1600);
    house_execute(
        &desk->base.house,
        "INSERT INTO provider_transaction (association_id, id, provider_account_id, "
        "kind, reference, amount_cents, currency, fact_at, created_at, parent_id) VALUES "
        "(%lld, 77, %lld, 'capture', '" OTHER "', 2500, 'EUR', 1, 1, NULL), "
        "(%lld, 78, %lld, 'dispute', 'REVERSAL1', -2500, 'EUR', 2, 2, 77)",
        (long long)desk->account.association_id, (long long)desk->account.id,
        (long long)desk->account.association_id, (long long)desk->account.id);
    line = good_row(desk, &cells); /* it names the payment */
    assert_string_equal(line.movement, "REVERSAL1:fee");
    assert_string_equal(line.parent, "REVERSAL1");
    cells.gross = "16.00"; /* given back: a movement of its own */
    line = good_row(desk, &cells);
    assert_int_equal(line.kind, FACT_OTHER);
    assert_int_equal(line.nature, NATURE_FEE);
    assert_string_equal(line.movement, TXN);
}

/* ---- what cannot be read ---- */

static void test_refused(void **state)
{
    static const struct {
        struct cells cells;
        enum activity_cell column;
    } cases[] = {
        {{.date = "31/02/2026"}, CELL_DATE},
        {{.date = "13/13/2026"}, CELL_DATE},
        {{.date = "30/09/26"}, CELL_DATE},
        {{.date = "30 septembre 2026"}, CELL_DATE},
        {{.date = ""}, CELL_DATE},
        {{.date = "30/09/1026"}, CELL_DATE},
        {{.date = "30/09/2026/1"}, CELL_DATE},
        {{.time = "24:00:00"}, CELL_TIME},
        {{.time = "2 PM"}, CELL_TIME},
        {{.time = "14:00:00:00"}, CELL_TIME},
        {{.zone = "Mars/Olympus"}, CELL_ZONE},
        {{.zone = "../../etc/passwd"}, CELL_ZONE},
        {{.type = ""}, CELL_TYPE},
        {{.type = "a\x01"}, CELL_TYPE},
        {{.type = "\xff\xfe"}, CELL_TYPE},
        {{.status = "Peut-être"}, CELL_STATUS},
        {{.currency = ""}, CELL_CURRENCY},
        {{.currency = "euros"}, CELL_CURRENCY},
        {{.gross = ""}, CELL_GROSS},
        {{.gross = "vingt-cinq"}, CELL_GROSS},
        {{.fee = "?"}, CELL_FEE},
        {{.net = "24,01", .fee = "-0,98"}, CELL_NET},
        {{.net = "x"}, CELL_NET},
        {{.txn = ""}, CELL_TRANSACTION},
        {{.txn = "a b"}, CELL_TRANSACTION},
        {{.txn = "\xc3\xa9"}, CELL_TRANSACTION},
    };
    struct statement_line line;
    size_t column;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum err err = read_row(*state, &cases[i].cells, &line, &column);

        if (err != ERR_INPUT || column != cases[i].column)
            print_error("case %zu: %s in column %zu\n", i, err_name(err), column);
        assert_int_equal(err, ERR_INPUT);
        assert_int_equal(column, cases[i].column);
        /* Of a word that is not known the rest of the row is known all the same. */
        assert_int_equal(provider_paypal.activity->columns[column].of_row, column == CELL_STATUS);
        if (column == CELL_STATUS)
            assert_int_equal(line.fact_at, 1790769600);
    }
}

/* A name that is no text is no name; nothing of a row is lost for it. */
static void test_hostile_names(void **state)
{
    struct statement_line line =
        good_row(*state, &(struct cells){.name = "<script>alert(1)</script>"});

    assert_string_equal(line.payer, "<script>alert(1)</script>");
    assert_string_equal(good_row(*state, &(struct cells){.name = "\xff"}).payer, "");
    assert_string_equal(good_row(*state, &(struct cells){.reference = "a b"}).movement, TXN);
    assert_null(good_row(*state, &(struct cells){.reference = "a b"}).parent);
}

/* The columns stand in the order of the cells, each with a header. */
static void test_columns(void **state)
{
    const struct provider_activity *activity = provider_paypal.activity;

    (void)state;
    assert_int_equal(activity->column_count, CELL_COUNT);
    assert_true(activity->column_count <= ACTIVITY_COLUMNS_MAX);
    for (size_t i = 0; i < activity->column_count; i++) {
        assert_non_null(activity->columns[i].name);
        assert_non_null(activity->columns[i].headers[0]);
    }
}

#define TEST(function)                                                                            \
    cmocka_unit_test_setup_teardown(function, paypal_desk_setup, paypal_desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_payment),
        TEST(test_marks),
        TEST(test_amounts),
        TEST(test_amounts_of_other_currencies),
        TEST(test_moments),
        TEST(test_kinds),
        TEST(test_what_posts_nothing),
        TEST(test_an_exchange_is_the_movement_it_belongs_to),
        TEST(test_the_fee_of_a_reversal_has_one_name),
        TEST(test_refused),
        TEST(test_hostile_names),
        cmocka_unit_test(test_columns),
    };

    return cmocka_run_group_tests_name("paypal_activity", tests, NULL, NULL);
}
