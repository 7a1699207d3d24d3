/* What CHECK cannot say: each trigger refuses what it is there for, and none reads a whole cart.
 */
#include "support/kernel.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* A connection of the test's own: what the engine itself says. */
static sqlite3 *open_engine(struct house *house)
{
    sqlite3 *engine = NULL;

    assert_int_equal(sqlite3_open_v2(house->path, &engine, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(engine, "PRAGMA foreign_keys = ON", NULL, NULL, NULL),
                     SQLITE_OK);
    return engine;
}

/* A paid charge with its allocation, an advance, a closed year. */
static void furnish(struct house *house)
{
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact paid = kernel_capture(&account, "T1", "pi_1", 3000);

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    house_add_charge(house, house->member_id, "2026-09-11", 900, "Sortie");
    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    kernel_post(house, &paid);
    kernel_open_intent(house, &account, house->member_id, "T2", 1000);
}

static const struct {
    const char *sql, *says;
} refused[] = {
    {"UPDATE entry SET label = 'x'", "append-only"},
    {"DELETE FROM entry", "append-only"},
    {"UPDATE entry_line SET debit_cents = 1", "append-only"},
    {"DELETE FROM entry_line", "append-only"},
    {"INSERT INTO entry_line (association_id, entry_id, line_number, account_code, account_label,"
     " debit_cents, credit_cents, entry_date, chain_number) SELECT association_id, id, 9, '530', "
     "'',"
     " 1, 0, '2026-10-02', chain_number FROM entry",
     "another day than its entry"},
    {"INSERT INTO entry_line (association_id, entry_id, line_number, account_code, account_label,"
     " debit_cents, credit_cents, entry_date, chain_number) SELECT association_id, id, 9, '530', "
     "'',"
     " 1, 0, entry_date, chain_number + 1 FROM entry",
     "another day than its entry"},
    {"UPDATE cart_line SET amount_cents = 1", "append-only"},
    {"DELETE FROM cart_line", "append-only"},
    {"UPDATE allocation SET amount_cents = 1", "append-only"},
    {"DELETE FROM allocation", "append-only"},
    {"UPDATE audit SET detail = ''", "append-only"},
    {"DELETE FROM audit", "append-only"},
    {"DELETE FROM payment_intent", "never deleted"},
    {"DELETE FROM provider_transaction", "never deleted"},
    {"UPDATE provider_transaction SET amount_cents = 1", "a fact does not change"},
    {"UPDATE provider_transaction SET entry_id = NULL", "a fact does not change"},
    {"UPDATE payment_intent SET state = 'open' WHERE token = 'T1'", "no such move"},
    {"UPDATE payment_intent SET state = 'expired' WHERE token = 'T1'", "no such move"},
    {"UPDATE payment_intent SET state = 'created' WHERE token = 'T2'", "no such move"},
    {"UPDATE payment_intent SET amount_cents = 1", "what was asked does not change"},
    {"UPDATE payment_intent SET request = ''", "what was asked does not change"},
    {"UPDATE payment_intent SET token = 'T9' WHERE token = 'T2'",
     "what was asked does not change"},
    {"UPDATE association SET kind = 'real'", "for ever"},
    {"UPDATE association SET currency = 'CHF'", "for ever"},
    {"INSERT INTO provider_account (association_id, id, public_id, provider, mode, external_id,"
     " label, transit_account, position, since_day, created_at) SELECT id, 1, 'x', 'stripe',"
     " 'live', 'acct_x', 'x', '5171', 1, '2026-01-01', 1 FROM association",
     "mode does not fit"},
    {"UPDATE provider_account SET since_day = '2026-01-01'", "booked already"},
    {"UPDATE provider_account SET opening_cents = 1", "booked already"},
    {"UPDATE provider_account SET transit_account = '5172'", "booked already"},
    {"INSERT INTO provider_account (association_id, id, public_id, provider, mode, external_id,"
     " label, transit_account, position, since_day, created_at) SELECT id, 1, 'x', 'manual',"
     " 'test', 'x', 'x', '7561', 1, '2026-01-01', 1 FROM association",
     "of class 5"},
    {"UPDATE provider_account SET transit_account = '471'", "of class 5"},
    {"UPDATE account SET code = '7569' WHERE code = '7562'", "does not change"},
    {"UPDATE association SET siren = '12345678'", "CHECK"},
    {"UPDATE association SET rna = 'W12345678'", "CHECK"},
    {"UPDATE association SET year_months = 25", "CHECK"},
    {"UPDATE provider_account SET rate_points = 10001", "CHECK"},
    {"INSERT INTO logo SELECT id, '00', 'image/png', 1, 1, x'00', 1 FROM association", "CHECK"},
    {"INSERT INTO logo SELECT id, printf('%064d', 0), 'image/gif', 1, 1, x'00', 1"
     " FROM association",
     "CHECK"},
    {"INSERT INTO logo SELECT id, printf('%064d', 0), 'image/png', 2001, 1, x'00', 1"
     " FROM association",
     "CHECK"},
    {"INSERT INTO logo SELECT id, printf('%064d', 0), 'image/png', 1, 1, zeroblob(204801), 1"
     " FROM association",
     "CHECK"},
    {"INSERT INTO bank_account (association_id, id, label, iban_sealed, iban_tail, account_code,"
     " created_at) SELECT id, 1, 'x', x'00', '1234', '7561', 1 FROM association",
     "CHECK"},
    {"INSERT INTO allocation (association_id, id, member_id, payment_line_id, charge_line_id,"
     " amount_cents, entry_id, created_at) SELECT association_id, 1, member_id, payment_line_id,"
     " charge_line_id, 401, entry_id, 1 FROM allocation WHERE amount_cents = 500",
     "more than the line"},
    {"INSERT INTO allocation (association_id, id, member_id, payment_line_id, charge_line_id,"
     " amount_cents, entry_id, created_at) SELECT association_id, 1, member_id, payment_line_id,"
     " charge_line_id, -501, entry_id, 1 FROM allocation WHERE amount_cents = 500",
     "more than the line"},
};

static void each_is_refused(void **state)
{
    struct house *house = *state;
    sqlite3 *engine;

    furnish(house);
    engine = open_engine(house);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        int code = sqlite3_exec(engine, refused[i].sql, NULL, NULL, NULL);

        if (code != SQLITE_CONSTRAINT || !strstr(sqlite3_errmsg(engine), refused[i].says))
            print_error("%s: %s\n", refused[i].sql, sqlite3_errmsg(engine));
        assert_int_equal(code, SQLITE_CONSTRAINT);
        assert_non_null(strstr(sqlite3_errmsg(engine), refused[i].says));
    }
    sqlite3_close(engine);
}

/* Before the first movement the settings of a means are free. */
static void an_unused_account_may_change(void **state)
{
    struct house *house = *state;

    kernel_add_stripe(house, house->association_id, "a");
    house_execute(house, "UPDATE provider_account SET since_day = '2026-01-01', "
                         "opening_cents = -5, transit_account = '5173'");
}

static void a_closed_year_stays_closed(void **state)
{
    struct house *house = *state;

    house_execute(house, "UPDATE fiscal_year SET closed_at = 1");
    house_err(db_execute_text(house->db, "UPDATE fiscal_year SET closed_at = NULL"), ERR_CONFLICT);
}

/* The steps of the engine for one allocation, undone afterwards. */
static int steps_of_an_allocation(struct house *house)
{
    sqlite3 *engine = open_engine(house);
    sqlite3_stmt *insert = NULL;
    int steps;

    assert_int_equal(
        sqlite3_prepare_v2(engine,
                           "INSERT INTO allocation (association_id, id, member_id,"
                           " payment_line_id, charge_line_id, amount_cents, entry_id, created_at)"
                           " SELECT association_id, 1, member_id, payment_line_id,"
                           " charge_line_id, -1, entry_id, 1 FROM allocation"
                           " WHERE amount_cents = 500",
                           -1, &insert, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(engine, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
    steps = sqlite3_stmt_status(insert, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(insert);
    assert_int_equal(sqlite3_exec(engine, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(engine);
    return steps;
}

/* A posting costs the same in the tenth year of an association as on its first day. */
static void an_allocation_reads_its_own_lines_only(void **state)
{
    struct house *house = *state;
    int steps;

    furnish(house);
    steps = steps_of_an_allocation(house);
    assert_true(steps > 0);
    for (int i = 0; i < 300; i++)
        house_add_charge(house, house->member_id, "2026-09-12", 100, "Sortie");
    assert_in_range(steps_of_an_allocation(house), 1, 2 * steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(each_is_refused),
        HOUSE_TEST(an_unused_account_may_change),
        HOUSE_TEST(a_closed_year_stays_closed),
        HOUSE_TEST(an_allocation_reads_its_own_lines_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
