/* Facts become books, exactly once: the table "What a fact becomes" of the domain. */
#include "support/kernel.h"

#include "association/cart.h"
#include "payment/verify.h"

#include <stdio.h>

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

static void pays_what_is_due(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 4000);
    struct post_result result;

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    result = kernel_post(house, &fact);
    assert_int_equal(result.outcome, OUTCOME_POSTED);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    assert_int_equal(balance(house, house->member_id), 0);
    assert_int_equal(account_balance(house, "5171"), 4000);
    assert_int_equal(account_balance(house, "7561"), -4000);
    assert_int_equal(account_balance(house, "4191"), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM allocation"), 2);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry WHERE journal = 'ST'"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM outbox"), 1);
    check_clean(house);
}

static void books_once(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 4000);

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_ALREADY_POSTED);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM cart_line WHERE kind = 'payment'"),
                     1);
    check_clean(house);
}

static void excess_is_an_advance(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 6000);

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 6000);
    kernel_post(house, &fact);
    assert_int_equal(balance(house, house->member_id), -2000);
    assert_int_equal(account_balance(house, "4191"), -2000);
    assert_int_equal(account_balance(house, "7561"), -4000);
    check_clean(house);
}

static void another_amount_is_flagged(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 3999);

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM provider_transaction WHERE flag = 'difference'"),
        1);
    assert_int_equal(balance(house, house->member_id), 1);
    check_clean(house);
}

static void second_capture_is_an_advance(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact first = kernel_capture(&account, "T1", "pi_1", 4000);
    struct payment_fact second = kernel_capture(&account, "T1", "pi_2", 4000);

    house_add_charge(house, house->member_id, "2026-09-10", 5000, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 4000);
    kernel_post(house, &first);
    assert_int_equal(kernel_post(house, &second).outcome, OUTCOME_POSTED);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction "
                                        "WHERE flag = 'second_capture'"),
                     1);
    assert_int_equal(account_balance(house, "4191"), -4000);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM outbox WHERE kind = 'second_capture'"), 1);
    check_clean(house);
}

static void late_money_is_booked(void **state)
{
    static const enum intent_state ends[] = {INTENT_FAILED, INTENT_CANCELED, INTENT_EXPIRED};
    static const enum fact_kind kinds[] = {FACT_FAILED, FACT_CANCELED, FACT_EXPIRED};
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");

    for (size_t i = 0; i < 3; i++) {
        const char *token = arena_printf(house->arena, "T%zu", i);
        struct payment_fact end = kernel_capture(&account, token, "", 0);
        struct payment_fact money =
            kernel_capture(&account, token, arena_printf(house->arena, "pi_%zu", i), 1000);

        kernel_open_intent(house, &account, house->member_id, token, 1000);
        end.kind = kinds[i];
        assert_int_equal(kernel_post(house, &end).outcome, OUTCOME_NOTED);
        assert_int_equal(kernel_state(house, token), ends[i]);
        assert_int_equal(kernel_post(house, &money).outcome, OUTCOME_POSTED);
        assert_int_equal(kernel_state(house, token), INTENT_PAID);
    }
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM provider_transaction WHERE flag = 'late'"), 3);
    check_clean(house);
}

static void nothing_leaves_paid(void **state)
{
    static const enum fact_kind kinds[] = {FACT_FAILED, FACT_CANCELED, FACT_EXPIRED, FACT_PENDING};
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact money = kernel_capture(&account, "T1", "pi_1", 1000);

    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    kernel_post(house, &money);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct payment_fact fact = kernel_capture(&account, "T1", "", 0);
        fact.kind = kinds[i];
        assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_NOTED);
        assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    }
}

static void pending_then_completed(void **state)
{
    struct house *house = *state;
    struct provider_account account =
        kernel_add_paypal(house, house->association_id, "AAAAAAAAAAAAA", "a@exemple.fr", 1);
    struct payment_fact pending = kernel_capture(&account, "T1", "TXN1", 1000);
    struct payment_fact money = pending;

    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    pending.kind = FACT_PENDING;
    pending.reason = "echeck";
    assert_int_equal(kernel_post(house, &pending).outcome, OUTCOME_PENDING);
    assert_int_equal(kernel_post(house, &pending).outcome, OUTCOME_PENDING);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PROCESSING);
    assert_int_equal(kernel_post(house, &money).outcome, OUTCOME_POSTED);
    assert_int_equal(kernel_state(house, "T1"), INTENT_PAID);
    check_clean(house);
}

/* Denied, and then PayPal repeats the Pending of before: the attempt stays failed. */
static void an_old_pending_changes_nothing(void **state)
{
    struct house *house = *state;
    struct provider_account account =
        kernel_add_paypal(house, house->association_id, "AAAAAAAAAAAAA", "a@exemple.fr", 1);
    struct payment_fact pending = kernel_capture(&account, "T1", "", 0);
    struct payment_fact denied, other;

    pending.kind = FACT_PENDING;
    pending.objects[0] = "TXN1";
    denied = pending;
    denied.kind = FACT_FAILED;
    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    assert_int_equal(kernel_post(house, &pending).outcome, OUTCOME_PENDING);
    assert_int_equal(kernel_post(house, &denied).outcome, OUTCOME_NOTED);
    assert_int_equal(kernel_post(house, &pending).outcome, OUTCOME_NOTED);
    assert_int_equal(kernel_state(house, "T1"), INTENT_FAILED);
    /* The order of arrival does not matter. */
    kernel_open_intent(house, &account, house->member_id, "T2", 1000);
    denied.token = pending.token = "T2";
    denied.objects[0] = pending.objects[0] = "TXN2";
    assert_int_equal(kernel_post(house, &denied).outcome, OUTCOME_NOTED);
    assert_int_equal(kernel_post(house, &pending).outcome, OUTCOME_NOTED);
    assert_int_equal(kernel_state(house, "T2"), INTENT_FAILED);
    /* Another payment on the same page is under way. */
    other = pending;
    other.objects[0] = "TXN3";
    assert_int_equal(kernel_post(house, &other).outcome, OUTCOME_PENDING);
    assert_int_equal(kernel_state(house, "T2"), INTENT_PROCESSING);
    check_clean(house);
}

static void unknown_intent_goes_to_quarantine(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "Gxxxxxxxx-unknown", "pi_1", 1000);

    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_QUARANTINED);
    assert_int_equal(account_balance(house, "5171"), 1000);
    assert_int_equal(account_balance(house, "471"), -1000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM cart_line"), 0);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_ALREADY_POSTED);
    check_clean(house);
}

static void other_currency_has_no_entry(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 1000);

    kernel_open_intent(house, &account, house->member_id, "T1", 1000);
    fact.currency = "USD";
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_QUARANTINED);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM quarantine "
                                        "WHERE reason = 'other_currency' AND entry_id IS NULL"),
                     1);
    check_clean(house);
}

/* Another site, a donation button: booked apart, so that payouts equal the books. */
static void no_mark_is_booked_elsewhere(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "", "pi_1", 1000);

    fact.our_mark = false;
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_ALREADY_POSTED);
    assert_int_equal(account_balance(house, "5171"), 1000);
    assert_int_equal(account_balance(house, "471"), -1000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction "
                                        "WHERE elsewhere = 1 AND member_id IS NULL"),
                     1);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM quarantine"), 0);
    check_clean(house);
}

static void another_account_posts_nothing(void **state)
{
    struct house *house = *state;
    int64_t other_id = house_add_association(house, "Les Nageurs");
    struct provider_account ours = kernel_add_stripe(house, house->association_id, "a");
    struct provider_account theirs = kernel_add_stripe(house, other_id, "b");
    struct payment_fact fact = kernel_capture(&theirs, "T1", "pi_1", 1000);

    kernel_open_intent(house, &ours, house->member_id, "T1", 1000);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_OTHER_ACCOUNT);
    assert_int_equal(kernel_state(house, "T1"), INTENT_OPEN);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM provider_transaction"), 0);
}

static void later_year_is_deferred(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 3000);
    struct charge_draft charge = {.id = 77,
                                  .association_id = house->association_id,
                                  .member_id = house->member_id,
                                  .amount_cents = 3000,
                                  .label = "Cotisation 2027-2028",
                                  .date = {2026, 9, 20},
                                  .for_day = {2027, 10, 1},
                                  .account_code = "7561",
                                  .now = HOUSE_NOW};

    house_ok(payment_charge(house->db, &charge, house->arena));
    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    kernel_post(house, &fact);
    assert_int_equal(account_balance(house, "487"), -3000);
    assert_int_equal(account_balance(house, "7561"), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM allocation WHERE deferred = 1"), 1);
    check_clean(house);
}

static void a_charge_uses_the_advance(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 3000);
    struct charge_draft charge = {.id = 78,
                                  .association_id = house->association_id,
                                  .member_id = house->member_id,
                                  .amount_cents = 5000,
                                  .label = "Cotisation",
                                  .date = {2026, 10, 2},
                                  .for_day = {2026, 10, 2},
                                  .account_code = "7561",
                                  .now = HOUSE_NOW};

    kernel_open_intent(house, &account, house->member_id, "T1", 3000);
    kernel_post(house, &fact);
    assert_int_equal(account_balance(house, "4191"), -3000);
    house_ok(payment_charge(house->db, &charge, house->arena));
    assert_int_equal(account_balance(house, "4191"), 0);
    assert_int_equal(account_balance(house, "7561"), -3000);
    assert_int_equal(balance(house, house->member_id), 2000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry WHERE journal = 'OD'"), 1);
    check_clean(house);
}

static void a_missing_account_becomes_471(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 2500);

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    house_execute(house, "UPDATE account SET archived_at = 1 WHERE code = '7561'");
    kernel_open_intent(house, &account, house->member_id, "T1", 2500);
    assert_int_equal(kernel_post(house, &fact).outcome, OUTCOME_POSTED);
    assert_int_equal(account_balance(house, "471"), -2500);
    assert_int_equal(
        house_count(house, "SELECT COUNT(*) FROM quarantine WHERE reason = 'account_missing'"), 1);
    check_clean(house);
}

static void a_closed_year_moves_the_entry(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 2500);

    kernel_open_intent(house, &account, house->member_id, "T1", 2500);
    house_execute(house, "UPDATE fiscal_year SET closed_at = 1");
    kernel_post(house, &fact);
    assert_int_equal(house_count(house,
                                 "SELECT COUNT(*) FROM entry WHERE fact_date = '2026-10-01' "
                                 "AND entry_date = '2027-09-01' AND label LIKE 'Ex. antérieur%%'"),
                     1);
    check_clean(house);
}

static void a_family_is_paid_in_one(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Martin", house->member_id);
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 7000);

    house_add_charge(house, house->member_id, "2026-09-10", 4000, "Cotisation");
    house_add_charge(house, child, "2026-09-11", 2000, "Cotisation enfant");
    kernel_open_intent(house, &account, house->member_id, "T1", 7000);
    kernel_post(house, &fact);
    assert_int_equal(balance(house, child), 0);
    assert_int_equal(balance(house, house->member_id), -1000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM cart_line WHERE kind = 'payment'"),
                     2);
    check_clean(house);
}

static void frozen_charges_come_first(void **state)
{
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 1500);
    int64_t meant;

    meant = house_add_charge(house, house->member_id, "2026-09-12", 1500, "Sortie");
    kernel_open_intent(house, &account, house->member_id, "T1", 1500);
    house_add_charge(house, house->member_id, "2026-09-01", 1500, "Plus ancienne, ajoutée après");
    kernel_post(house, &fact);
    assert_int_equal(
        house_count(house, "SELECT charge_line_id = %lld FROM allocation", (long long)meant), 1);
    check_clean(house);
}

static void books_are_append_only(void **state)
{
    static const char *const attacks[] = {
        "UPDATE entry SET label = 'x'",
        "DELETE FROM entry",
        "UPDATE entry_line SET debit_cents = 1",
        "DELETE FROM entry_line",
        "UPDATE cart_line SET amount_cents = -1",
        "DELETE FROM cart_line",
        "UPDATE allocation SET amount_cents = 1",
        "DELETE FROM allocation",
        "UPDATE audit SET action = 'x'",
        "DELETE FROM audit",
        "DELETE FROM payment_intent",
        "DELETE FROM provider_transaction",
        "UPDATE provider_transaction SET amount_cents = 1",
        "UPDATE payment_intent SET state = 'open'",
        "UPDATE payment_intent SET amount_cents = 1",
        "UPDATE association SET kind = 'real'",
    };
    struct house *house = *state;
    struct provider_account account = kernel_add_stripe(house, house->association_id, "a");
    struct payment_fact fact = kernel_capture(&account, "T1", "pi_1", 2500);

    house_add_charge(house, house->member_id, "2026-09-10", 2500, "Cotisation");
    kernel_open_intent(house, &account, house->member_id, "T1", 2500);
    kernel_post(house, &fact);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
        if (db_execute_text(house->db, attacks[i]) == OK) {
            print_error("%s was allowed\n", attacks[i]);
            _fail(__FILE__, __LINE__);
        }
    check_clean(house);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pays_what_is_due),
        CASE(books_once),
        CASE(excess_is_an_advance),
        CASE(another_amount_is_flagged),
        CASE(second_capture_is_an_advance),
        CASE(late_money_is_booked),
        CASE(nothing_leaves_paid),
        CASE(pending_then_completed),
        CASE(an_old_pending_changes_nothing),
        CASE(unknown_intent_goes_to_quarantine),
        CASE(other_currency_has_no_entry),
        CASE(no_mark_is_booked_elsewhere),
        CASE(another_account_posts_nothing),
        CASE(later_year_is_deferred),
        CASE(a_charge_uses_the_advance),
        CASE(a_missing_account_becomes_471),
        CASE(a_closed_year_moves_the_entry),
        CASE(a_family_is_paid_in_one),
        CASE(frozen_charges_come_first),
        CASE(books_are_append_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
