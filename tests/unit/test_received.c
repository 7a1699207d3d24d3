/* Payments as the back office receives and shows them; cheques on their way to the bank. */
#include "support/kernel.h"

#include "association/cart.h"
#include "base/random.h"
#include "payment/cheques.h"
#include "payment/manual.h"
#include "payment/means.h"
#include "payment/received.h"
#include "payment/take_back.h"
#include "payment/verify.h"

#include <string.h>

static const struct audit_actor somebody = {0, "127.0.0.1"};

/* ---- what the tests do ---- */

static int64_t means_of(struct house *house, const char *code)
{
    struct provider_account account;
    enum err err =
        account_find_means(house->db, house->association_id, code, house->arena, &account);

    if (err == ERR_NOT_FOUND) {
        house_ok(means_add_usual(house->db, house->association_id, &somebody, HOUSE_NOW));
        house_ok(
            account_find_means(house->db, house->association_id, code, house->arena, &account));
    }
    return account.id;
}

static struct manual_payment payment_of(struct house *house, const char *code,
                                        const char *reference, int64_t cents)
{
    return (struct manual_payment){
        .association_id = house->association_id,
        .member_id = house->member_id,
        .provider_account_id = means_of(house, code),
        .reference = reference,
        .amount_cents = cents,
        .fact_at = HOUSE_NOW,
        .label = "Paiement",
        .donation_label = "Don",
        .donation_account = "75411",
        .actor = somebody,
    };
}

static int64_t pay(struct house *house, const struct manual_payment *payment)
{
    struct post_result result;

    house_ok(payment_post_manual(house->db, payment, HOUSE_NOW, house->arena, &result));
    assert_int_equal(result.outcome, OUTCOME_POSTED);
    return result.transaction_id;
}

static int64_t pay_by_cheque(struct house *house, const char *number, int64_t cents)
{
    const struct cheque_draft cheque = {number, "BRED", "Jeanne Martin", {2026, 10, 15}};
    struct manual_payment payment = payment_of(house, "cheque", number, cents);

    payment.cheque = &cheque;
    return pay(house, &payment);
}

static struct received received_of(struct house *house, int64_t id)
{
    struct received received;

    house_ok(received_find(house->db, house->association_id, id, house->arena, &received));
    return received;
}

static enum err undo(struct house *house, int64_t id, const char *reference)
{
    const struct payment_reversal reversal = {
        .association_id = house->association_id,
        .transaction_id = id,
        .reference = reference,
        .label = "Annulation",
        .reason = "saisi deux fois",
        .fact_at = HOUSE_NOW,
        .actor = somebody,
        .now = HOUSE_NOW,
    };

    return payment_undo_manual(house->db, &reversal, house->arena);
}

static int64_t deposit(struct house *house, const int64_t *ids, size_t count)
{
    struct cheque_deposit deposit = {
        .association_id = house->association_id,
        .provider_account_id = means_of(house, "cheque"),
        .transaction_ids = ids,
        .count = count,
        .bank_account = "5121",
        .day = {2026, 10, 20},
        .actor = somebody,
        .now = HOUSE_NOW,
    };
    int64_t number, cents;

    house_ok(random_id(&deposit.id));
    house_ok(payment_deposit(house->db, &deposit, house->arena, &number, &cents));
    return deposit.id;
}

static void check_clean(struct house *house)
{
    struct verify_report report;

    house_ok(verify_database(house->db, house->arena, &report));
    assert_int_equal(report.breach_count, 0);
}

/* ---- what a payment is ---- */

static void a_payment_tells_what_it_pays(void **state)
{
    struct house *house = *state;
    int64_t charge = house_add_charge(house, house->member_id, "2026-09-15", 4000, "Cotisation");
    struct manual_payment payment = payment_of(house, "cash", "R1", 6000);
    struct received_part *parts;
    struct received received;
    size_t count;
    int64_t id;

    payment.donation_cents = 1000;
    id = pay(house, &payment);
    received = received_of(house, id);
    assert_string_equal(received.means, "Espèces");
    assert_string_equal(received.provider, "manual");
    assert_string_equal(received.journal, "CA");
    assert_string_equal(received.last_name, "Martin");
    assert_int_equal(received.amount_cents, 6000);
    assert_int_equal(received.returned_cents, 0);
    assert_null(received.cheque.number);
    house_ok(received_parts(house->db, house->association_id, id, house->arena, &parts, &count));
    assert_int_equal(count, 2);
    assert_true(parts[0].is_donation);
    assert_int_equal(parts[0].cents, 1000);
    assert_int_equal(parts[1].charge_line_id, charge);
    assert_int_equal(parts[1].cents, 4000);
    check_clean(house);
}

static void what_became_of_it(void **state)
{
    struct house *house = *state;
    struct received_later *later;
    struct received_part *parts;
    size_t count;
    int64_t id;
    struct manual_payment payment = payment_of(house, "cash", "R1", 4000);

    house_add_charge(house, house->member_id, "2026-09-15", 4000, "Cotisation");
    id = pay(house, &payment);
    house_ok(undo(house, id, "Correction 1"));
    assert_true(received_of(house, id).reversed);
    assert_int_equal(received_of(house, id).returned_cents, 4000);
    house_ok(received_parts(house->db, house->association_id, id, house->arena, &parts, &count));
    assert_int_equal(count, 0);
    house_ok(received_later(house->db, house->association_id, id, house->arena, &later, &count));
    assert_int_equal(count, 1);
    assert_string_equal(later[0].kind, "capture_failed");
    assert_string_equal(later[0].reason, "saisi deux fois");
    assert_int_equal(later[0].amount_cents, -4000);
    house_err(undo(house, id, "Correction 2"), ERR_CONFLICT);
    check_clean(house);
}

static void only_payments_of_the_association_are_found(void **state)
{
    struct house *house = *state;
    struct manual_payment payment = payment_of(house, "cash", "R1", 4000);
    int64_t id = pay(house, &payment), other = house_add_association(house, "Les Autres");
    struct received received;

    house_err(received_find(house->db, other, id, house->arena, &received), ERR_NOT_FOUND);
    house_err(received_find(house->db, house->association_id, 42, house->arena, &received),
              ERR_NOT_FOUND);
    house_ok(undo(house, id, "Correction 1"));
    id = house_count(house, "SELECT id FROM provider_transaction WHERE kind = 'capture_failed'");
    house_err(received_find(house->db, house->association_id, id, house->arena, &received),
              ERR_NOT_FOUND);
}

static void dues_are_those_of_the_family(void **state)
{
    struct house *house = *state;
    int64_t child =
        house_add_member(house, house->association_id, "Lou", "Martin", house->member_id);
    struct cart_due *dues;
    size_t count;
    struct manual_payment payment = payment_of(house, "cash", "R1", 1500);

    house_add_charge(house, child, "2026-09-20", 2500, "Cotisation jeune");
    house_add_charge(house, house->member_id, "2026-09-15", 4000, "Cotisation");
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(count, 2);
    assert_string_equal(dues[0].label, "Cotisation");
    assert_string_equal(dues[1].first_name, "Lou");
    pay(house, &payment);
    house_ok(cart_dues(house->db, house->association_id, house->member_id, house->arena, &dues,
                       &count));
    assert_int_equal(dues[0].open_cents, 2500);
    house_ok(cart_dues(house->db, house->association_id, child, house->arena, &dues, &count));
    assert_int_equal(count, 1);
}

/* ---- references ---- */

static void references_are_their_own(void **state)
{
    struct house *house = *state;
    struct manual_payment payment = payment_of(house, "transfer", "VIR", 1000);
    const char *reference;
    int64_t means = means_of(house, "transfer");

    house_ok(payment_reference(house->db, house->association_id, means, "capture", "VIR",
                               house->arena, &reference));
    assert_string_equal(reference, "VIR");
    pay(house, &payment);
    house_ok(payment_reference(house->db, house->association_id, means, "capture", "VIR",
                               house->arena, &reference));
    assert_string_equal(reference, "VIR-2");
    house_ok(payment_reference(house->db, house->association_id, means, "refund", "VIR",
                               house->arena, &reference));
    assert_string_equal(reference, "VIR");
    house_ok(payment_reference(house->db, house->association_id, means, "capture", "",
                               house->arena, &reference));
    assert_string_equal(reference, "n° 2");
    payment.reference = "n° 2";
    pay(house, &payment);
    payment.reference = "n° 4"; /* a person typed it */
    pay(house, &payment);
    house_ok(payment_reference(house->db, house->association_id, means, "capture", "",
                               house->arena, &reference));
    assert_string_equal(reference, "n° 5");
}

/* ---- cheques ---- */

static void a_cheque_is_known_until_it_is_gone(void **state)
{
    struct house *house = *state;
    int64_t id = pay_by_cheque(house, "123", 4000);
    bool known = false;

    house_ok(payment_cheque_known(house->db, house->association_id, "123", "BRED", &known));
    assert_true(known);
    house_ok(payment_cheque_known(house->db, house->association_id, "123", "LCL", &known));
    assert_false(known);
    house_ok(undo(house, id, "Correction 1"));
    house_ok(payment_cheque_known(house->db, house->association_id, "123", "BRED", &known));
    assert_false(known);
    assert_true(received_of(house, id).cheque.returned);
    check_clean(house);
}

static void a_cheque_taken_back_is_not_carried_to_the_bank(void **state)
{
    struct house *house = *state;
    int64_t ids[] = {pay_by_cheque(house, "1", 1000), pay_by_cheque(house, "2", 2000),
                     pay_by_cheque(house, "3", 4000)};
    int64_t deposit_id;
    struct cheque_row *cheques;
    struct cheque_means *means;
    struct deposit found, *list;
    size_t count;

    house_ok(undo(house, ids[0], "Correction 1"));
    house_ok(cheques_means(house->db, house->association_id, house->arena, &means, &count));
    assert_int_equal(count, 1);
    assert_int_equal(means[0].count, 2);
    assert_int_equal(means[0].cents, 6000);
    deposit_id = deposit(house, &ids[1], 2);
    house_ok(cheques_waiting(house->db, house->association_id, means[0].id, 10, house->arena,
                             &cheques, &count));
    assert_int_equal(count, 0);
    house_ok(cheques_of_deposit(house->db, house->association_id, deposit_id, house->arena,
                                &cheques, &count));
    assert_int_equal(count, 2);
    assert_string_equal(cheques[0].number, "2");
    house_ok(deposit_find(house->db, house->association_id, deposit_id, house->arena, &found));
    assert_int_equal(found.cents, 6000);
    assert_int_equal(found.cheque_count, 2);
    assert_int_equal(found.number, 1);
    assert_string_equal(found.bank_account_label, "Banque");
    house_ok(deposit_list(house->db, house->association_id, 9, 10, house->arena, &list, &count));
    assert_int_equal(count, 1);
    house_ok(deposit_list(house->db, house->association_id, 1, 10, house->arena, &list, &count));
    assert_int_equal(count, 0);
    assert_int_equal(received_of(house, ids[1]).cheque.deposit_number, 1);
    check_clean(house);
}

static void a_cheque_at_the_bank_is_no_mistake(void **state)
{
    struct house *house = *state;
    int64_t id = pay_by_cheque(house, "1", 1000);

    deposit(house, &id, 1);
    house_err(undo(house, id, "Correction 1"), ERR_CONFLICT);
    assert_false(received_of(house, id).reversed);
    check_clean(house);
}

static void what_a_provider_took_is_no_mistake_of_ours(void **state)
{
    struct house *house = *state;
    struct provider_account stripe = kernel_add_stripe(house, house->association_id, "a");
    struct payment_intent intent;
    struct payment_fact fact;
    struct post_result result;

    house_add_charge(house, house->member_id, "2026-09-15", 4000, "Cotisation");
    intent = kernel_open_intent(house, &stripe, house->member_id, "jeton", 4000);
    fact = kernel_capture(&stripe, intent.token, "pi_1", 4000);
    result = kernel_post(house, &fact);
    house_err(undo(house, result.transaction_id, "Correction 1"), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_payment_tells_what_it_pays),
        HOUSE_TEST(what_became_of_it),
        HOUSE_TEST(only_payments_of_the_association_are_found),
        HOUSE_TEST(dues_are_those_of_the_family),
        HOUSE_TEST(references_are_their_own),
        HOUSE_TEST(a_cheque_is_known_until_it_is_gone),
        HOUSE_TEST(a_cheque_taken_back_is_not_carried_to_the_bank),
        HOUSE_TEST(a_cheque_at_the_bank_is_no_mistake),
        HOUSE_TEST(what_a_provider_took_is_no_mistake_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
