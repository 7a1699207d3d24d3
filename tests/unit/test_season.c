/* What a season does to carts and books without a provider: charges corrected, cheques, money
 * paid back, advances that move, revenue of a later year. */
#include "support/kernel.h"

#include "association/cart.h"
#include "base/random.h"
#include "job/daily.h"
#include "payment/advance.h"
#include "payment/correct.h"
#include "payment/manual.h"
#include "payment/take_back.h"
#include "payment/verify.h"
#include "queries.h"

#include <stdlib.h>
#include <string.h>

static const struct audit_actor actor = {0, ""};
static const struct date october = {2026, 10, 2};

/* ---- what the tests do ---- */

static int64_t new_id(void)
{
    int64_t id;

    house_ok(random_id(&id));
    return id;
}

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

static int64_t advance(struct house *house, int64_t member_id)
{
    int64_t cents;

    house_ok(advance_left(house->db, house->association_id, member_id, house->arena, &cents));
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

static struct provider_account add_means(struct house *house, const char *code,
                                         const char *transit)
{
    char token[RANDOM_TOKEN_MAX];
    struct provider_account account;
    struct account_draft draft = {.id = new_id(),
                                  .association_id = house->association_id,
                                  .provider = "manual",
                                  .mode = ACCOUNT_TEST,
                                  .external_id = code,
                                  .label = code,
                                  .transit_account = transit,
                                  .since_day = "2026-09-01",
                                  .verified = true,
                                  .now = HOUSE_NOW};

    house_ok(random_token(token));
    draft.public_id = arena_string(house->arena, token);
    house_ok(account_add(house->db, &draft, &actor));
    house_ok(account_find(house->db, draft.association_id, draft.id, house->arena, &account));
    return account;
}

static int64_t charge(struct house *house, int64_t member_id, int64_t cents, const char *code,
                      struct date for_day)
{
    struct charge_draft draft = {.id = new_id(),
                                 .association_id = house->association_id,
                                 .member_id = member_id,
                                 .amount_cents = cents,
                                 .label = "Cotisation",
                                 .date = october,
                                 .for_day = for_day,
                                 .account_code = code,
                                 .now = HOUSE_NOW};

    house_ok(payment_charge(house->db, &draft, house->arena));
    return draft.id;
}

static struct manual_payment payment_of(struct house *house, const struct provider_account *means,
                                        int64_t cents)
{
    static int next;

    return (struct manual_payment){
        .association_id = house->association_id,
        .member_id = house->member_id,
        .provider_account_id = means->id,
        .reference = arena_printf(house->arena, "R%d", ++next),
        .amount_cents = cents,
        .fact_at = HOUSE_NOW,
        .label = "Paiement",
        .actor = actor,
    };
}

static int64_t pay(struct house *house, const struct manual_payment *payment)
{
    struct post_result result;

    house_ok(payment_post_manual(house->db, payment, HOUSE_NOW, house->arena, &result));
    assert_int_equal(result.outcome, OUTCOME_POSTED);
    return result.transaction_id;
}

static void correct(struct house *house, int64_t charge_id, int64_t cents, enum err expected)
{
    const struct charge_correction correction = {.id = new_id(),
                                                 .association_id = house->association_id,
                                                 .charge_line_id = charge_id,
                                                 .amount_cents = cents,
                                                 .label = "Annulé",
                                                 .date = october,
                                                 .actor = actor,
                                                 .now = HOUSE_NOW};

    house_err(payment_correct_charge(house->db, &correction, house->arena), expected);
}

static struct payment_refund refund_of(struct house *house, int64_t transaction_id,
                                       const struct provider_account *from, int64_t cents)
{
    static int next;

    return (struct payment_refund){
        .association_id = house->association_id,
        .transaction_id = transaction_id,
        .provider_account_id = from->id,
        .reference = arena_printf(house->arena, "re_%d", ++next),
        .amount_cents = cents,
        .label = "Remboursement",
        .reason = "erreur",
        .fact_at = HOUSE_NOW,
        .actor = actor,
        .now = HOUSE_NOW,
    };
}

static void give_back(struct house *house, const struct payment_refund *refund, enum err expected)
{
    int64_t movement_id;
    bool fresh = false;

    house_err(payment_refund(house->db, refund, house->arena, &fresh, &movement_id), expected);
    assert_true(expected || fresh);
}

/* ---- charges corrected ---- */

static void an_open_charge_gets_smaller(void **state)
{
    struct house *house = *state;
    int64_t id = charge(house, house->member_id, 4000, "7561", october);

    correct(house, id, 1500, OK);
    assert_int_equal(balance(house, house->member_id), 2500);
    correct(house, id, 2501, ERR_CONFLICT);
    correct(house, id, 2500, OK);
    correct(house, id, 1, ERR_CONFLICT);
    correct(house, 42, 1, ERR_NOT_FOUND);
    assert_int_equal(balance(house, house->member_id), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 0);
    check_clean(house);
}

static void a_paid_charge_that_is_cancelled_is_an_advance_and_used_at_once(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    int64_t first = charge(house, house->member_id, 4000, "7561", october), second;
    struct manual_payment payment = payment_of(house, &cash, 4000);

    pay(house, &payment);
    second = charge(house, house->member_id, 1500, "706", october);
    assert_int_equal(account_balance(house, "7561"), -4000);
    correct(house, first, 4000, OK);
    assert_int_equal(account_balance(house, "7561"), 0);
    assert_int_equal(account_balance(house, "706"), -1500);
    assert_int_equal(account_balance(house, "4191"), -2500);
    assert_int_equal(balance(house, house->member_id), -2500);
    assert_int_equal(advance(house, house->member_id), 2500);
    correct(house, second, 500, OK);
    assert_int_equal(account_balance(house, "4191"), -3000);
    check_clean(house);
}

/* ---- payments by hand ---- */

static void ticked_charges_come_first_and_a_donation_is_its_own_line(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    int64_t old = charge(house, house->member_id, 3000, "7561", october);
    int64_t chosen = charge(house, house->member_id, 2000, "706", october);
    struct ticked_charge ticked = {chosen, 2000};
    struct manual_payment payment = payment_of(house, &cash, 5000);
    struct post_result result;

    payment.ticked = &ticked;
    payment.ticked_count = 1;
    payment.donation_cents = 1000;
    payment.donation_label = "Don";
    payment.donation_account = "75411";
    payment.receipt_by_mail = true;
    pay(house, &payment);
    house_ok(payment_post_manual(house->db, &payment, HOUSE_NOW, house->arena, &result));
    assert_int_equal(result.outcome, OUTCOME_ALREADY_POSTED);
    assert_int_equal(account_balance(house, "706"), -2000);
    assert_int_equal(account_balance(house, "75411"), -1000);
    assert_int_equal(account_balance(house, "7561"), -2000);
    assert_int_equal(account_balance(house, "530"), 5000);
    assert_int_equal(balance(house, house->member_id), 1000);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM outbox"), 1);
    assert_int_equal(
        house_count(house, "SELECT amount_cents FROM cart_line WHERE id = %lld", (long long)old),
        3000);
    check_clean(house);
}

/* ---- cheques ---- */

static int64_t pay_by_cheque(struct house *house, const struct provider_account *means,
                             const char *number, int64_t cents)
{
    struct cheque_draft cheque = {
        .number = number, .bank = "credit du nord", .drawer = "M. Martin", .due_day = october};
    struct manual_payment payment = payment_of(house, means, cents);

    payment.cheque = &cheque;
    return pay(house, &payment);
}

static struct cheque_deposit deposit_of(struct house *house, const struct provider_account *means,
                                        const int64_t *ids, size_t count)
{
    return (struct cheque_deposit){.id = new_id(),
                                   .association_id = house->association_id,
                                   .provider_account_id = means->id,
                                   .transaction_ids = ids,
                                   .count = count,
                                   .bank_account = "5121",
                                   .day = october,
                                   .actor = actor,
                                   .now = HOUSE_NOW};
}

static void cheques_go_to_the_bank_once(void **state)
{
    struct house *house = *state;
    struct provider_account means = add_means(house, "cheque", "5112");
    struct provider_account transfer = add_means(house, "transfer", "5121");
    struct manual_payment wire = payment_of(house, &transfer, 700);
    struct cheque_deposit deposit;
    int64_t ids[3], number, total;

    charge(house, house->member_id, 9000, "7561", october);
    for (int i = 0; i < 3; i++)
        ids[i] = pay_by_cheque(house, &means, arena_printf(house->arena, "814000%d", i), 3000);
    pay(house, &wire);
    deposit = deposit_of(house, &means, ids, 2);
    house_ok(payment_deposit(house->db, &deposit, house->arena, &number, &total));
    assert_int_equal(number, 1);
    assert_int_equal(total, 6000);
    assert_int_equal(account_balance(house, "5112"), 3000);
    assert_int_equal(account_balance(house, "5121"), 6700);
    check_clean(house);
    house_execute(house, "SAVEPOINT again");
    deposit = deposit_of(house, &means, ids, 3);
    house_err(payment_deposit(house->db, &deposit, house->arena, &number, &total), ERR_CONFLICT);
    house_execute(house, "ROLLBACK TO again; RELEASE again");
    check_clean(house);
}

static void the_same_cheque_twice_is_refused(void **state)
{
    struct house *house = *state;
    struct provider_account means = add_means(house, "cheque", "5112");
    struct cheque_draft cheque = {
        .number = "8140001", .bank = "credit du nord", .drawer = "", .due_day = october};
    struct manual_payment payment = payment_of(house, &means, 3000);
    struct post_result result;

    pay_by_cheque(house, &means, "8140001", 3000);
    payment.cheque = &cheque;
    house_execute(house, "SAVEPOINT again");
    house_err(payment_post_manual(house->db, &payment, HOUSE_NOW, house->arena, &result),
              ERR_CONFLICT);
    house_execute(house, "ROLLBACK TO again; RELEASE again");
    check_clean(house);
}

static void a_cheque_returned_is_owed_again_with_its_fee(void **state)
{
    struct house *house = *state;
    struct provider_account means = add_means(house, "cheque", "5112");
    struct cheque_deposit deposit;
    struct cheque_return given = {.association_id = house->association_id,
                                  .fee_cents = 1250,
                                  .recharged_cents = 1250,
                                  .charge_id = new_id(),
                                  .reason = "provision insuffisante",
                                  .day = october,
                                  .actor = actor,
                                  .now = HOUSE_NOW};
    int64_t number, total;

    charge(house, house->member_id, 3000, "7561", october);
    given.transaction_id = pay_by_cheque(house, &means, "8140001", 3000);
    deposit = deposit_of(house, &means, &given.transaction_id, 1);
    house_ok(payment_deposit(house->db, &deposit, house->arena, &number, &total));
    house_ok(payment_cheque_returned(house->db, &given, house->arena));
    assert_int_equal(balance(house, house->member_id), 4250);
    assert_int_equal(account_balance(house, "5112"), 0);
    assert_int_equal(account_balance(house, "5121"), -1250);
    assert_int_equal(account_balance(house, "627"), 1250);
    assert_int_equal(account_balance(house, "7561"), 0);
    check_clean(house);
    house_err(payment_cheque_returned(house->db, &given, house->arena), ERR_CONFLICT);
    pay_by_cheque(house, &means, "8140001", 4250);
    assert_int_equal(balance(house, house->member_id), 0);
    check_clean(house);
}

static void an_error_of_the_hand_is_reversed_with_its_reason(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    struct manual_payment payment = payment_of(house, &cash, 5000);
    struct payment_reversal reversal = {.association_id = house->association_id,
                                        .reference = "R1:annulé",
                                        .label = "Paiement annulé",
                                        .reason = "saisi deux fois",
                                        .fact_at = HOUSE_NOW,
                                        .actor = actor,
                                        .now = HOUSE_NOW};
    int64_t movement_id;

    charge(house, house->member_id, 3000, "7561", october);
    reversal.transaction_id = pay(house, &payment);
    house_ok(payment_reverse(house->db, &reversal, house->arena, &movement_id));
    assert_int_equal(balance(house, house->member_id), 3000);
    assert_int_equal(account_balance(house, "530"), 0);
    assert_int_equal(account_balance(house, "4191"), 0);
    assert_int_equal(account_balance(house, "7561"), 0);
    house_err(payment_reverse(house->db, &reversal, house->arena, &movement_id), ERR_CONFLICT);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM movement_note WHERE reason = "
                                        "'saisi deux fois'"),
                     1);
    check_clean(house);
}

/* ---- money paid back ---- */

static void a_refund_takes_the_advance_first(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    struct provider_account wire = add_means(house, "transfer", "5121");
    struct manual_payment payment = payment_of(house, &cash, 5000);
    struct payment_refund refund;

    charge(house, house->member_id, 3000, "7561", october);
    refund = refund_of(house, pay(house, &payment), &wire, 2500);
    give_back(house, &refund, OK);
    assert_int_equal(account_balance(house, "4191"), 0);
    assert_int_equal(account_balance(house, "7561"), -2500);
    assert_int_equal(account_balance(house, "5121"), -2500);
    assert_int_equal(balance(house, house->member_id), 500);
    check_clean(house);
    refund = refund_of(house, refund.transaction_id, &wire, 2501);
    give_back(house, &refund, ERR_CONFLICT);
}

static void a_refund_that_cancels_is_not_owed_again(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    struct manual_payment payment = payment_of(house, &cash, 5000);
    int64_t first = charge(house, house->member_id, 3000, "7561", october);
    struct payment_refund refund;

    charge(house, house->member_id, 2000, "706", october);
    refund = refund_of(house, pay(house, &payment), &cash, 3000);
    refund.charge_line_ids = &first;
    refund.charge_count = 1;
    refund.cancels_charges = true;
    give_back(house, &refund, OK);
    assert_int_equal(balance(house, house->member_id), 0);
    assert_int_equal(account_balance(house, "7561"), 0);
    assert_int_equal(account_balance(house, "706"), -2000);
    assert_int_equal(account_balance(house, "530"), 2000);
    check_clean(house);
}

/* Any sequence of partial refunds of any amounts over 1 to 7 charges and two carts ends exact. */
static void refunds_in_any_parts_end_exact(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    int64_t child =
        house_add_member(house, house->association_id, "Léo", "Martin", house->member_id);
    unsigned seed = 20261128;

    for (int round = 0; round < 40; round++) {
        int lines = 1 + (int)(rand_r(&seed) % 7);
        int64_t total = rand_r(&seed) % 50, left, transaction_id;
        struct manual_payment payment;

        for (int i = 0; i < lines; i++) {
            int64_t cents = 1 + rand_r(&seed) % 300;

            charge(house, rand_r(&seed) % 3 ? house->member_id : child, cents,
                   rand_r(&seed) % 2 ? "7561" : "706", october);
            total += cents;
        }
        payment = payment_of(house, &cash, total);
        transaction_id = pay(house, &payment);
        for (left = total; left > 0;) {
            struct payment_refund refund =
                refund_of(house, transaction_id, &cash, 1 + rand_r(&seed) % left);

            refund.cancels_charges = true;
            give_back(house, &refund, OK);
            left -= refund.amount_cents;
        }
        assert_int_equal(balance(house, house->member_id), 0);
        assert_int_equal(balance(house, child), 0);
        assert_int_equal(account_balance(house, "530"), 0);
        assert_int_equal(account_balance(house, "7561"), 0);
        assert_int_equal(account_balance(house, "706"), 0);
        assert_int_equal(account_balance(house, "4191"), 0);
    }
    check_clean(house);
}

/* ---- adjustments and advances that move ---- */

static struct credit_adjustment credit_of(struct house *house, int64_t cents, const char *code)
{
    return (struct credit_adjustment){.id = new_id(),
                                      .association_id = house->association_id,
                                      .member_id = house->member_id,
                                      .amount_cents = cents,
                                      .label = "Régularisation",
                                      .account_code = code,
                                      .date = october,
                                      .actor = actor,
                                      .now = HOUSE_NOW};
}

static void a_credit_closes_charges_without_entry(void **state)
{
    struct house *house = *state;
    int64_t id = charge(house, house->member_id, 3000, "7561", october);
    struct credit_adjustment credit = credit_of(house, 3000, "471");

    house_ok(payment_adjust_credit(house->db, &credit, house->arena));
    assert_int_equal(balance(house, house->member_id), 0);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 0);
    check_clean(house);
    correct(house, id, 1000, OK);
    assert_int_equal(account_balance(house, "471"), 1000);
    assert_int_equal(account_balance(house, "4191"), -1000);
    assert_int_equal(advance(house, house->member_id), 1000);
    check_clean(house);
}

static void a_first_balance_is_an_advance_against_its_account(void **state)
{
    struct house *house = *state;
    struct credit_adjustment credit = credit_of(house, 5000, "110");

    charge(house, house->member_id, 2000, "7561", october);
    house_ok(payment_adjust_credit(house->db, &credit, house->arena));
    assert_int_equal(account_balance(house, "110"), 3000);
    assert_int_equal(account_balance(house, "4191"), -3000);
    charge(house, house->member_id, 1000, "706", october);
    assert_int_equal(account_balance(house, "706"), -1000);
    assert_int_equal(balance(house, house->member_id), -2000);
    check_clean(house);
}

static void an_adjustment_against_the_member_uses_the_advance(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    struct manual_payment payment = payment_of(house, &cash, 1000), second;
    struct charge_draft draft = {.kind = CART_ADJUSTMENT,
                                 .id = new_id(),
                                 .association_id = house->association_id,
                                 .member_id = house->member_id,
                                 .amount_cents = 1500,
                                 .label = "Régularisation",
                                 .date = october,
                                 .for_day = october,
                                 .account_code = "7588",
                                 .now = HOUSE_NOW};

    pay(house, &payment);
    house_ok(payment_charge(house->db, &draft, house->arena));
    assert_int_equal(account_balance(house, "7588"), -1000);
    assert_int_equal(balance(house, house->member_id), 500);
    second = payment_of(house, &cash, 500);
    pay(house, &second);
    assert_int_equal(account_balance(house, "7588"), -1500);
    check_clean(house);
}

static void an_advance_moves_and_is_used_at_once(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    struct manual_payment payment = payment_of(house, &cash, 5000);
    int64_t ada = house_add_member(house, house->association_id, "Ada", "Blanc", 0);
    struct advance_transfer transfer = {.debit_id = new_id(),
                                        .credit_id = new_id(),
                                        .association_id = house->association_id,
                                        .from_member_id = house->member_id,
                                        .to_member_id = ada,
                                        .amount_cents = 4000,
                                        .reason = "",
                                        .date = october,
                                        .actor = actor,
                                        .now = HOUSE_NOW};

    pay(house, &payment);
    charge(house, ada, 2500, "706", october);
    house_ok(payment_transfer_advance(house->db, &transfer, house->arena));
    assert_int_equal(balance(house, house->member_id), -1000);
    assert_int_equal(balance(house, ada), -1500);
    assert_int_equal(account_balance(house, "4191"), -2500);
    assert_int_equal(account_balance(house, "706"), -2500);
    check_clean(house);
    transfer.debit_id = new_id();
    transfer.credit_id = new_id();
    house_err(payment_transfer_advance(house->db, &transfer, house->arena), ERR_CONFLICT);
}

/* ---- a later year ---- */

static void revenue_of_a_later_year_waits_and_is_released_once(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    const struct date next_year = {2027, 9, 1};
    int64_t id = charge(house, house->member_id, 4000, "7561", next_year), entries = 9;
    struct manual_payment payment = payment_of(house, &cash, 4000);
    const int64_t after = HOUSE_NOW + 340 * INT64_C(86400); /* 5 September 2027 */

    pay(house, &payment);
    assert_int_equal(account_balance(house, "487"), -4000);
    correct(house, id, 1000, OK);
    assert_int_equal(account_balance(house, "487"), -3000);
    house_ok(payment_release_deferred(house->db, house->association_id, HOUSE_NOW, house->arena,
                                      &entries));
    assert_int_equal(entries, 0);
    for (int i = 0; i < 2; i++) {
        house_ok(payment_release_deferred(house->db, house->association_id, after, house->arena,
                                          &entries));
        assert_int_equal(entries, i == 0);
        assert_int_equal(account_balance(house, "487"), 0);
        assert_int_equal(account_balance(house, "7561"), -3000);
    }
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry WHERE entry_date = "
                                        "'2027-09-01' AND total_cents = 3000"),
                     1);
    correct(house, id, 3000, OK);
    assert_int_equal(account_balance(house, "7561"), 0);
    assert_int_equal(account_balance(house, "4191"), -4000);
    check_clean(house);
}

/* The job of the hour does it, and a second round finds nothing to do. */
static void the_job_releases_what_is_due(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    const struct date next_year = {2027, 9, 1};
    struct manual_payment payment = payment_of(house, &cash, 4000);
    /* In Paris September has begun then, and not a second before. */
    const int64_t midnight = INT64_C(1819749600); /* 31 August 2027, 22:00 UTC */
    struct db_writer *writer;

    charge(house, house->member_id, 4000, "7561", next_year);
    pay(house, &payment);
    house_ok(db_writer_new(house->path, &guichet_queries, &writer));
    house_ok(daily_release(writer, house->db, midnight - 1, house->arena));
    assert_int_equal(account_balance(house, "487"), -4000);
    for (int i = 0; i < 2; i++) {
        house_ok(daily_release(writer, house->db, midnight, house->arena));
        assert_int_equal(account_balance(house, "487"), 0);
        assert_int_equal(account_balance(house, "7561"), -4000);
    }
    db_writer_free(writer);
    check_clean(house);
}

/* ---- everything at random ---- */

static void a_season_at_random_is_proven(void **state)
{
    struct house *house = *state;
    struct provider_account cash = add_means(house, "cash", "530");
    struct provider_account cheque = add_means(house, "cheque", "5112");
    int64_t members[4] = {house->member_id}, charges[200] = {0}, payments[200] = {0};
    int charge_count = 0, payment_count = 0;
    unsigned seed = 1128;

    members[1] = house_add_member(house, house->association_id, "A", "A", house->member_id);
    members[2] = house_add_member(house, house->association_id, "B", "B", 0);
    members[3] = house_add_member(house, house->association_id, "C", "C", 0);
    for (int step = 0; step < 300; step++) {
        int64_t member = members[rand_r(&seed) % 4], cents = 1 + rand_r(&seed) % 5000, id;
        struct manual_payment payment =
            payment_of(house, rand_r(&seed) % 2 ? &cash : &cheque, cents);
        struct credit_adjustment credit = credit_of(house, cents, "471");
        enum err err = OK;
        bool fresh;

        house_execute(house, "SAVEPOINT step");
        switch (rand_r(&seed) % 7) {
        case 0:
        case 1:
            if (charge_count < 200)
                charges[charge_count++] =
                    charge(house, member, cents, rand_r(&seed) % 2 ? "7561" : "706",
                           rand_r(&seed) % 4 ? october : (struct date){2027, 9, 1});
            break;
        case 2:
        case 3:
            payment.member_id = member;
            if (payment_count < 200)
                payments[payment_count++] = pay(house, &payment);
            break;
        case 4:
            if (charge_count > 0) {
                struct charge_correction correction = {.id = new_id(),
                                                       .association_id = house->association_id,
                                                       .charge_line_id =
                                                           charges[rand_r(&seed) % charge_count],
                                                       .amount_cents = cents,
                                                       .label = "Annulé",
                                                       .date = october,
                                                       .actor = actor,
                                                       .now = HOUSE_NOW};
                err = payment_correct_charge(house->db, &correction, house->arena);
            }
            break;
        case 5:
            if (payment_count > 0) {
                struct payment_refund refund = refund_of(
                    house, payments[rand_r(&seed) % payment_count], &cash, cents / 4 + 1);

                refund.cancels_charges = rand_r(&seed) % 2;
                err = payment_refund(house->db, &refund, house->arena, &fresh, &id);
            }
            break;
        default:
            credit.member_id = member;
            err = payment_adjust_credit(house->db, &credit, house->arena);
        }
        assert_true(err == OK || err == ERR_CONFLICT);
        house_execute(house, err ? "ROLLBACK TO step; RELEASE step" : "RELEASE step");
    }
    check_clean(house);
}

#define CASE(test) HOUSE_TEST(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_open_charge_gets_smaller),
        CASE(a_paid_charge_that_is_cancelled_is_an_advance_and_used_at_once),
        CASE(ticked_charges_come_first_and_a_donation_is_its_own_line),
        CASE(cheques_go_to_the_bank_once),
        CASE(the_same_cheque_twice_is_refused),
        CASE(a_cheque_returned_is_owed_again_with_its_fee),
        CASE(an_error_of_the_hand_is_reversed_with_its_reason),
        CASE(a_refund_takes_the_advance_first),
        CASE(a_refund_that_cancels_is_not_owed_again),
        CASE(refunds_in_any_parts_end_exact),
        CASE(a_credit_closes_charges_without_entry),
        CASE(a_first_balance_is_an_advance_against_its_account),
        CASE(an_adjustment_against_the_member_uses_the_advance),
        CASE(an_advance_moves_and_is_used_at_once),
        CASE(revenue_of_a_later_year_waits_and_is_released_once),
        CASE(the_job_releases_what_is_due),
        CASE(a_season_at_random_is_proven),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
