/* For each invariant a row is spoilt, triggers dropped, and verify must say so. */
#include "support/kernel.h"
#include "support/money.h"

#include "payment/verify.h"
#include "queries.h"

#include <string.h>

static const char *const triggers[] = {
    "entry_no_update",
    "entry_no_delete",
    "entry_line_no_update",
    "entry_line_no_delete",
    "cart_line_no_update",
    "cart_line_no_delete",
    "allocation_no_update",
    "allocation_no_delete",
    "audit_no_update",
    "audit_no_delete",
    "payment_intent_no_delete",
    "provider_transaction_no_delete",
    "provider_transaction_no_update",
    "payment_intent_arrows",
    "payment_intent_frozen",
    "allocation_within",
    "quarantine_no_delete",
    "quarantine_settled_once",
    "association_kind",
    "provider_account_mode",
    "fiscal_year_closed",
};

/* Nothing holds a test back from spoiling rows. */
static void disarm(struct house *house)
{
    house_execute(house, "PRAGMA foreign_keys = OFF");
    house_execute(house, "PRAGMA ignore_check_constraints = ON");
    for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
        house_execute(house, "DROP TRIGGER %s", triggers[i]);
}

/* A house with a paid charge, an advance, a quarantined capture and a finished event. */
static void furnish(struct house *house)
{
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact paid = kernel_capture(&account, "T1", "pi_1", 6000);
    struct payment_fact lost = kernel_capture(&account, "Gzzzzzzzz-lost", "pi_2", 700);

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    house_add_charge(house, house->member_id, "2026-09-11", 1500, "Sortie");
    kernel_open_intent(house, &account, house->member_id, "T1", 6000);
    kernel_post(house, &paid);
    kernel_post(house, &lost);
    house_execute(house,
                  "INSERT INTO provider_event (id, provider, association_id, provider_account_id,"
                  " source_address, authentic, raw, received_at, state, outcome, transaction_id,"
                  " updated_at) SELECT 5, 'stripe', association_id, provider_account_id, '', 1,"
                  " 'x', 1, 'done', 'posted', id, 1 FROM provider_transaction"
                  " WHERE reference = 'pi_1'");
    disarm(house);
}

/* The same with what may follow: a refund, a dispute, fees, a payout, money from elsewhere. */
static void furnish_money(struct house *house)
{
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact facts[] = {
        kernel_capture(&account, "T1", "pi_1", 6000),
        kernel_capture(&account, "Gzzzzzzzz-lost", "pi_2", 700),
        money_elsewhere(&account, "pi_3", 900),
        money_fact(&account, FACT_REFUND, "re_1", "pi_1", 3000),
        money_fact(&account, FACT_DISPUTE, "txn_d", "pi_1", 2000),
        money_fact(&account, FACT_FEE, "txn_1", "pi_1", 100),
        money_fact(&account, FACT_PAYOUT, "po_1", NULL, 500),
    };

    facts[4].dispute = "dp_1";
    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 6000);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        kernel_post(house, &facts[i]);
    money_clean(house);
    disarm(house);
}

static void a_good_house_is_clean(void **state)
{
    struct house *house = *state;
    struct verify_report report;

    furnish(house);
    house_ok(verify_database(house->db, house->arena, &report));
    for (size_t i = 0; i < report.breach_count; i++)
        print_error("%d %s %s: %s\n", report.breaches[i].invariant, report.breaches[i].table,
                    report.breaches[i].row, report.breaches[i].text);
    assert_int_equal(report.breach_count, 0);
    assert_int_equal(report.entries, 2);
    assert_int_equal(report.captures, 2);
    assert_int_equal(report.quarantine_count, 1);
    assert_string_equal(report.quarantine[0].reason, "unknown_intent");
}

/* One row spoilt, and the invariant and table that must be named. */
static const struct spoil {
    int invariant;
    const char *table;
    const char *sql;
} spoils[] = {
    {1, "entry", "UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE debit_cents > 0"},
    {1, "entry", "DELETE FROM entry_line"},
    {1, "entry", "UPDATE entry SET total_cents = total_cents + 1 WHERE number = 1"},
    {1, "fiscal_year", "UPDATE entry SET number = 9 WHERE number = 2"},
    {1, "fiscal_year", "UPDATE fiscal_year SET last_number = 3 WHERE last_number = 2"},
    {1, "entry", "UPDATE entry SET entry_date = '2031-01-01'"},
    {1, "entry", "UPDATE entry_line SET entry_date = '2026-10-02'"},
    {1, "entry", "UPDATE entry_line SET chain_number = 9 WHERE line_number = 1"},
    {1, "entry", "UPDATE entry SET label = 'autre' WHERE number = 1"},
    {1, "entry", "UPDATE entry_line SET account_label = 'autre' WHERE line_number = 1"},
    {1, "entry", "UPDATE entry_line SET member_number = 99 WHERE account_code = '7561'"},
    {1, "entry", "UPDATE entry SET previous_hash = zeroblob(32) WHERE number = 2"},
    {1, "entry", "UPDATE entry SET fact_date = '2026-09-30' WHERE number = 2"},
    {1, "entry", "UPDATE entry SET chain_number = 7 WHERE number = 2"},
    {2, "provider_transaction", "UPDATE provider_transaction SET entry_id = NULL"},
    {2, "provider_transaction", "UPDATE provider_transaction SET amount_cents = 5999"},
    {2, "provider_transaction", "DELETE FROM cart_line WHERE kind = 'payment'"},
    {2, "provider_transaction", "DELETE FROM quarantine"},
    {2, "quarantine", "UPDATE quarantine SET entry_id = NULL"},
    {2, "provider_transaction",
     "UPDATE provider_transaction SET currency = 'USD' WHERE reference = 'pi_1'"},
    {2, "cart_line", "DELETE FROM provider_transaction WHERE reference = 'pi_1'"},
    {2, "entry", "DELETE FROM provider_transaction WHERE reference = 'pi_1'"},
    {2, "entry", "UPDATE provider_transaction SET entry_id = (SELECT MIN(id) FROM entry)"},
    {3, "payment_intent", "DELETE FROM provider_transaction WHERE reference = 'pi_1'"},
    {3, "payment_intent", "UPDATE payment_intent SET state = 'open'"},
    {3, "provider_transaction",
     "UPDATE provider_transaction SET member_id = NULL WHERE intent_id IS NOT NULL"},
    {3, "", "UPDATE provider_transaction SET provider_account_id = 12345"},
    {3, "", "UPDATE cart_line SET association_id = 12345 WHERE kind = 'charge'"},
    {3, "", "UPDATE allocation SET association_id = 12345"},
    {3, "", "UPDATE cart_line SET amount_cents = 0 WHERE kind = 'charge'"},
    {4, "account", "UPDATE entry_line SET account_code = '5121' WHERE account_code = '5171'"},
    {4, "revenue_day", "UPDATE revenue_day SET received_cents = received_cents + 1"},
    {4, "revenue_day", "DELETE FROM revenue_day"},
    {4, "account", "UPDATE provider_transaction SET amount_cents = 1 WHERE reference = 'pi_2'"},
    {5, "provider_event", "UPDATE provider_event SET outcome = NULL"},
    {5, "provider_event", "UPDATE provider_event SET state = 'waiting', outcome = NULL"},
    {5, "provider_event", "UPDATE provider_event SET state = 'parked', outcome = NULL"},
    {5, "provider_event", "UPDATE provider_event SET transaction_id = NULL"},
    {6, "allocation", "UPDATE allocation SET member_id = 12345"},
    {6, "cart_line", "UPDATE allocation SET amount_cents = 9000"},
    {6, "cart_line", "UPDATE cart_line SET amount_cents = 100 WHERE amount_cents = 2500"},
    {6, "account", "DELETE FROM allocation"},
    {6, "account", "UPDATE entry_line SET account_code = '4191' WHERE account_code = '7561'"},
    {6, "entry", "UPDATE entry_line SET member_number = NULL WHERE account_code = '4191'"},
    {6, "member", "UPDATE allocation SET payment_line_id = 12345"},
    {7, "audit", "UPDATE audit SET detail = 'autre' WHERE chain_number = 1"},
    {7, "audit", "DELETE FROM audit WHERE chain_number = 1"},
    {7, "audit", "UPDATE audit SET login_id = 4 WHERE chain_number = 1"},
};

/* The same in the house of furnish_money. */
static const struct spoil money_spoils[] = {
    {2, "provider_transaction", "UPDATE provider_transaction SET elsewhere = 0"},
    {2, "provider_transaction",
     "UPDATE provider_transaction SET settled_cents = 1 WHERE reference = 'pi_1'"},
    {2, "quarantine",
     "UPDATE quarantine SET settled_at = 1, settled_how = 'classified', settled_entry_id = NULL"},
    {2, "entry",
     "UPDATE provider_transaction SET entry_id = (SELECT entry_id FROM provider_transaction"
     " WHERE kind = 'fee') WHERE kind = 'payout'"},
    {4, "provider_transaction", "DELETE FROM cart_line WHERE kind = 'refund'"},
    {4, "provider_transaction", "DELETE FROM cart_line WHERE kind = 'dispute'"},
    {4, "account", "DELETE FROM cart_line WHERE kind = 'dispute'"},
    {4, "account", "UPDATE entry_line SET account_code = '4678' WHERE account_code = '4671'"},
    {4, "provider_transaction",
     "UPDATE provider_transaction SET entry_id = NULL WHERE kind = 'refund'"},
    {4, "provider_transaction",
     "UPDATE provider_transaction SET amount_cents = -99 WHERE kind = 'fee'"},
    {4, "account", "UPDATE provider_transaction SET amount_cents = -99 WHERE kind = 'fee'"},
    {4, "provider_transaction",
     "UPDATE provider_transaction SET amount_cents = -499 WHERE kind = 'payout'"},
    {4, "provider_transaction",
     "UPDATE provider_transaction SET counted_cents = -1 WHERE kind = 'refund'"},
    {4, "provider_transaction",
     "UPDATE provider_transaction SET counted_cents = -9000 WHERE kind = 'dispute'"},
    {4, "provider_transaction",
     "UPDATE provider_transaction SET kind = 'refund' WHERE kind = 'dispute'"},
    {6, "account",
     "DELETE FROM allocation WHERE charge_line_id IN (SELECT id FROM cart_line"
     " WHERE kind = 'refund')"},
};

static bool names(const struct verify_report *report, const struct spoil *spoil)
{
    for (size_t i = 0; i < report->breach_count; i++)
        if (report->breaches[i].invariant == spoil->invariant &&
            strcmp(report->breaches[i].table, spoil->table) == 0 && report->breaches[i].row[0])
            return true;
    return false;
}

static bool is_seen(const struct spoil *spoil, void (*furnished)(struct house *house))
{
    struct house house;
    struct verify_report report;
    bool seen;

    house_open(&house);
    furnished(&house);
    house_execute(&house, "%s", spoil->sql);
    house_execute(&house, "PRAGMA ignore_check_constraints = OFF");
    house_ok(verify_database(house.db, house.arena, &report));
    seen = names(&report, spoil);
    if (!seen)
        print_error("verify does not see: %s\n", spoil->sql);
    house_close(&house);
    return seen;
}

static void each_spoilt_row_is_named(void **state)
{
    int seen[8] = {0}, missed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
        missed += is_seen(&spoils[i], furnish) ? 0 : 1;
        seen[spoils[i].invariant]++;
    }
    assert_int_equal(missed, 0);
    for (int invariant = 1; invariant <= 7; invariant++)
        assert_true(seen[invariant] > 0);
}

static void each_spoilt_row_of_the_money_story_is_named(void **state)
{
    int missed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(money_spoils) / sizeof(money_spoils[0]); i++)
        missed += is_seen(&money_spoils[i], furnish_money) ? 0 : 1;
    assert_int_equal(missed, 0);
}

static void a_fact_booked_twice_is_named(void **state)
{
    struct house *house = *state;
    struct verify_report report;
    const struct spoil twice = {3, "provider_transaction", ""};

    furnish(house);
    /* Triggers and views name the table: it may be away for a moment. */
    house_execute(house, "PRAGMA legacy_alter_table = ON");
    house_execute(house, "CREATE TABLE copy AS SELECT * FROM provider_transaction");
    house_execute(house, "DROP TABLE provider_transaction");
    house_execute(house, "ALTER TABLE copy RENAME TO provider_transaction");
    house_execute(house, "INSERT INTO provider_transaction SELECT * FROM provider_transaction "
                         "WHERE reference = 'pi_1'");
    db_close(house->db);
    house_ok(db_open(house->path, DB_READ, &guichet_queries, &house->db));
    /* Without the real table the foreign keys cannot be checked; the double is still named. */
    (void)verify_database(house->db, house->arena, &report);
    assert_true(names(&report, &twice));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_good_house_is_clean),
        cmocka_unit_test(each_spoilt_row_is_named),
        cmocka_unit_test(each_spoilt_row_of_the_money_story_is_named),
        CASE(a_fact_booked_twice_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
