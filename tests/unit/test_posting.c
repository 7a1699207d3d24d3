/* How a posting is shared out, and what it does with settings and numbers that are wrong. */
#include "support/kernel.h"

#include "association/cart.h"
#include "payment/verify.h"
#include "queries.h"

static int64_t account_balance(struct house *house, const char *code)
{
    return house_count(house,
                       "SELECT COALESCE(SUM(debit_cents - credit_cents), 0) FROM entry_line "
                       "WHERE account_code = '%s'",
                       code);
}

static int64_t balance(struct house *house, int64_t member_id)
{
    int64_t cents;

    house_ok(cart_balance(house->db, house->association_id, member_id, &cents));
    return cents;
}

static void check_clean(struct house *house)
{
    struct verify_report report;

    house_ok(verify_database(house->db, house->arena, &report));
    for (size_t i = 0; i < report.breach_count; i++)
        print_error("%d %s %s: %s\n", report.breaches[i].invariant, report.breaches[i].table,
                    report.breaches[i].row, report.breaches[i].text);
    assert_int_equal(report.breach_count, 0);
}

static struct charge_draft charge_of(struct house *house, int64_t id, int64_t amount_cents)
{
    return (struct charge_draft){.id = id,
                                 .association_id = house->association_id,
                                 .member_id = house->member_id,
                                 .amount_cents = amount_cents,
                                 .label = "Cotisation",
                                 .date = {2026, 10, 2},
                                 .for_day = {2026, 10, 2},
                                 .account_code = "7561",
                                 .now = HOUSE_NOW};
}

/* The same when it is a charge that meets an advance. */
static void a_missing_account_of_a_charge_is_shown(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 3000);
    struct charge_draft charge = charge_of(house, 78, 2000);

    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    kernel_post(house, &fact);
    house_execute(house, "UPDATE account SET archived_at = 1 WHERE code = '7561'");
    house_ok(payment_charge(house->db, &charge, house->arena));
    assert_int_equal(account_balance(house, "471"), -2000);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM quarantine q JOIN entry e ON e.id = q.entry_id "
                           "WHERE q.reason = 'account_missing' AND q.detail = '7561' "
                           "AND e.journal = 'OD'"),
        1);
    check_clean(house);
}

/* Oldest first over both carts, whoever owes it; what is left is the payer's. */
static void oldest_first_over_the_family(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Martin", house->member_id);
    int64_t stranger = house_add_member(house, house->association_id, "Ada", "Blanc", 0);
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 3333);

    house_add_charge(house, house->member_id, "2026-09-20", 4000, "Sortie");
    house_add_charge(house, child, "2026-09-02", 1999, "Cotisation enfant");
    house_add_charge(house, house->member_id, "2026-09-10", 1001, "Assurance");
    house_add_charge(house, stranger, "2026-09-01", 500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 3333);
    kernel_post(house, &fact);
    assert_int_equal(balance(house, child), 0);
    assert_int_equal(balance(house, house->member_id), 4000 - 333);
    assert_int_equal(balance(house, stranger), 500);
    assert_int_equal(
        house_count(house, "SELECT -SUM(amount_cents) FROM cart_line WHERE kind = 'payment'"),
        3333);
    assert_int_equal(house_count(house, "SELECT amount_cents FROM allocation a WHERE EXISTS "
                                        "(SELECT 1 FROM cart_line c WHERE c.id = "
                                        "a.charge_line_id AND c.label = 'Sortie')"),
                     333);
    check_clean(house);
}

/* Many years of small outings, paid at once: none is left open beside an advance. */
static void three_hundred_charges_at_once(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 30000);

    for (int i = 0; i < 300; i++)
        house_add_charge(house, house->member_id, "2026-09-10", 100, "Sortie");
    kernel_open_intent(house, &account, house->member_id, "T1", 30000);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(balance(house, house->member_id), 0);
    assert_int_equal(account_balance(house, "7561"), -30000);
    assert_int_equal(account_balance(house, "4191"), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM allocation"), 300);
    check_clean(house);
}

/* What the intent was meant for and is no longer due goes to the oldest due, then to the
 * advance: here a cheque paid it meanwhile. */
static void frozen_charges_paid_meanwhile(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact first = kernel_capture(&account, "T1", "pi_1", 2500);
    struct payment_fact second = kernel_capture(&account, "T2", "pi_2", 2500);

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 2500);
    house_execute(house, "UPDATE payment_intent SET state = 'expired' WHERE token = 'T1'");
    kernel_open_intent(house, &account, house->member_id, "T2", 2500);
    kernel_post(house, &second);
    house_add_charge(house, house->member_id, "2026-09-12", 1000, "Sortie");
    kernel_post(house, &first);
    assert_int_equal(balance(house, house->member_id), -1500);
    assert_int_equal(account_balance(house, "4191"), -1500);
    assert_int_equal(account_balance(house, "7561"), -3500);
    check_clean(house);
}

/* A provider whose clock is wrong, or an attacker who signs for his own association. */
struct killed {
    const struct payment_fact *fact;
    int tries;
    struct post_result result;
};

/* Posts, and the first time loses the transaction it is part of, as a full disk would. */
static enum err post_and_lose(struct db *db, void *argument)
{
    struct killed *killed = argument;
    struct arena *arena = arena_new();
    enum err err = payment_post(db, killed->fact, HOUSE_NOW, arena, &killed->result);

    arena_free(arena);
    if (!err && killed->tries++ == 0)
        err = db_execute_text(db, "ROLLBACK");
    return err;
}

/* The writer runs a group that died again: what is booked is booked once. */
static void a_lost_transaction_books_once(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 3000);
    struct killed killed = {.fact = &fact};
    struct db_writer *writer;

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    house_ok(db_writer_new(house->path, &guichet_queries, &writer));
    house_ok(db_write(writer, post_and_lose, &killed));
    assert_int_equal(killed.tries, 2);
    assert_int_equal(killed.result.outcome, OUTCOME_POSTED);
    house_ok(db_write(writer, post_and_lose, &killed));
    assert_int_equal(killed.result.outcome, OUTCOME_ALREADY_POSTED);
    db_writer_free(writer);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 1);
    assert_int_equal(house_count(house, "SELECT last_number FROM fiscal_year"), 1);
    assert_int_equal(balance(house, house->member_id), -500);
    check_clean(house);
}

static void a_date_that_cannot_be_is_today(void **state)
{
    static const int64_t dates[] = {INT64_MIN, -1, 0, INT64_C(32503680000), INT64_MAX};
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");

    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        struct payment_fact fact = kernel_capture(&account, "Gxxxxxxxx-unknown",
                                                  arena_printf(house->arena, "pi_%zu", i), 100);

        fact.fact_at = dates[i];
        assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_QUARANTINED);
    }
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM fiscal_year"), 1);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM entry WHERE fact_date = '2026-10-01'"), 5);
    check_clean(house);
}

static enum err post_now(struct db *db, void *argument)
{
    struct post_result result;
    struct arena *arena = arena_new();
    enum err err = payment_post(db, argument, HOUSE_NOW, arena, &result);

    arena_free(arena);
    return err;
}

static void an_amount_that_cannot_be_is_refused(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", INT64_MAX);

    kernel_open_intent(house, &account, house->member_id, "T1", 2500);
    house_err(db_transaction(house->db, post_now, &fact), ERR_INPUT);
    fact.amount_cents = 0;
    house_err(db_transaction(house->db, post_now, &fact), ERR_INTERNAL);
    fact.amount_cents = -2500;
    house_err(db_transaction(house->db, post_now, &fact), ERR_INTERNAL);
    assert_int_equal(kernel_state(house, "T1"), INTENT_OPEN);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction"), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_missing_account_of_a_charge_is_shown), CASE(oldest_first_over_the_family),
        CASE(three_hundred_charges_at_once),          CASE(frozen_charges_paid_meanwhile),
        CASE(a_lost_transaction_books_once),          CASE(a_date_that_cannot_be_is_today),
        CASE(an_amount_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
