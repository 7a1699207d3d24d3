/* What each member owes and has in advance on a day: as the carts and account 4191 say it. */
#include "support/kernel.h"

#include "accounting/standing.h"
#include "association/cart.h"
#include "base/random.h"
#include "payment/advance.h"
#include "payment/correct.h"
#include "payment/manual.h"
#include "payment/take_back.h"

#include <string.h>

static const struct audit_actor actor = {0, ""};
static const char *const today = "2026-10-01"; /* of HOUSE_NOW */

enum { DAY_S = 86400 };

static int64_t new_id(void)
{
    int64_t id;

    house_ok(random_id(&id));
    return id;
}

static int64_t cash(struct house *house, int64_t association_id)
{
    char token[RANDOM_TOKEN_MAX];
    struct account_draft draft = {.id = new_id(),
                                  .association_id = association_id,
                                  .provider = "manual",
                                  .mode = ACCOUNT_TEST,
                                  .external_id = "cash",
                                  .label = "Espèces",
                                  .transit_account = "530",
                                  .since_day = "2026-09-01",
                                  .verified = true,
                                  .now = HOUSE_NOW};

    house_ok(random_token(token));
    draft.public_id = arena_string(house->arena, token);
    house_ok(account_add(house->db, &draft, &actor));
    return draft.id;
}

static int64_t charge(struct house *house, int64_t member_id, int64_t cents, struct date day)
{
    const struct charge_draft draft = {.id = new_id(),
                                       .association_id = house->association_id,
                                       .member_id = member_id,
                                       .amount_cents = cents,
                                       .label = "Cotisation",
                                       .date = day,
                                       .for_day = day,
                                       .account_code = "7561",
                                       .now = HOUSE_NOW};

    house_ok(payment_charge(house->db, &draft, house->arena));
    return draft.id;
}

static int64_t pay(struct house *house, int64_t member_id, int64_t means_id, int64_t cents,
                   int64_t days_ago)
{
    static int next;
    const struct manual_payment payment = {
        .association_id = house->association_id,
        .member_id = member_id,
        .provider_account_id = means_id,
        .reference = arena_printf(house->arena, "R%d", ++next),
        .amount_cents = cents,
        .fact_at = HOUSE_NOW - days_ago * DAY_S,
        .label = "Paiement",
        .actor = actor,
    };
    struct post_result result;

    house_ok(payment_post_manual(house->db, &payment, HOUSE_NOW, house->arena, &result));
    return result.transaction_id;
}

static void check(struct house *house, const char *day, enum standing_group group,
                  const char *expected)
{
    const struct standing_filter filter = {house->association_id, day, group};
    struct standing_place place = {0};
    struct standing *rows;
    struct buffer text;
    size_t count;

    buffer_init(&text, house->arena, 64);
    do {
        house_ok(standing_list(house->db, &filter, place, 2, house->arena, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            buffer_printf(&text, "%s%s %lld/%lld", text.len ? ", " : "", rows[i].last_name,
                          (long long)rows[i].owed_cents, (long long)rows[i].advance_cents);
            place = (struct standing_place){rows[i].sort_key, rows[i].member_id};
        }
    } while (count == 2);
    assert_string_equal(text.data, expected);
}

static void check_total(struct house *house, const char *day, int64_t owing, int64_t owed,
                        int64_t advances, int64_t advance)
{
    struct standing_total total;

    house_ok(standing_total(house->db, house->association_id, day, house->arena, &total));
    assert_int_equal(total.owing_count, owing);
    assert_int_equal(total.owed_cents, owed);
    assert_int_equal(total.advance_count, advances);
    assert_int_equal(total.advance_cents, advance);
}

/* Jeanne Martin owes, Paul Bernard paid too much, Zoë Adam is square; days tell a story. */
static void a_day_is_told_as_it_was(void **state)
{
    struct house *house = *state;
    int64_t paul = house_add_member(house, house->association_id, "Paul", "Bernard", 0);
    int64_t zoe = house_add_member(house, house->association_id, "Zoë", "Adam", 0);
    int64_t means = cash(house, house->association_id);

    charge(house, house->member_id, 4000, (struct date){2026, 9, 10});
    charge(house, paul, 4000, (struct date){2026, 9, 10});
    charge(house, zoe, 2000, (struct date){2026, 9, 20});
    pay(house, paul, means, 5000, 11);            /* 20 September */
    pay(house, zoe, means, 2000, 6);              /* 25 September */
    pay(house, house->member_id, means, 1500, 0); /* 1 October */
    check(house, today, STANDING_ALL, "Bernard 0/1000, Martin 2500/0");
    check(house, today, STANDING_OWES, "Martin 2500/0");
    check(house, today, STANDING_ADVANCE, "Bernard 0/1000");
    check_total(house, today, 1, 2500, 1, 1000);
    check(house, "2026-09-30", STANDING_ALL, "Bernard 0/1000, Martin 4000/0");
    check(house, "2026-09-24", STANDING_ALL, "Adam 2000/0, Bernard 0/1000, Martin 4000/0");
    check(house, "2026-09-19", STANDING_ALL, "Bernard 4000/0, Martin 4000/0");
    check_total(house, "2026-09-19", 2, 8000, 0, 0);
    check(house, "2026-09-09", STANDING_ALL, "");
    check_total(house, "2026-09-09", 0, 0, 0, 0);
}

/* Corrections, refunds, adjustments and transfers: always what carts and books say. */
static void check_against_carts(struct house *house)
{
    const struct standing_filter filter = {house->association_id, today, STANDING_ALL};
    struct standing *rows;
    struct standing_total total;
    int64_t owed_cents = 0, advance_cents = 0;
    size_t count;

    house_ok(standing_list(house->db, &filter, (struct standing_place){0}, 50, house->arena, &rows,
                           &count));
    for (size_t i = 0; i < count; i++) {
        int64_t balance_cents, left_cents;

        house_ok(
            cart_balance(house->db, house->association_id, rows[i].member_id, &balance_cents));
        house_ok(advance_left(house->db, house->association_id, rows[i].member_id, house->arena,
                              &left_cents));
        assert_int_equal(rows[i].owed_cents - rows[i].advance_cents, balance_cents);
        assert_int_equal(rows[i].advance_cents, left_cents);
        owed_cents += rows[i].owed_cents;
        advance_cents += rows[i].advance_cents;
    }
    house_ok(standing_total(house->db, house->association_id, today, house->arena, &total));
    assert_int_equal(total.owed_cents, owed_cents);
    assert_int_equal(total.advance_cents, advance_cents);
    assert_int_equal(total.advance_cents,
                     house_count(house,
                                 "SELECT SUM(credit_cents - debit_cents) FROM entry_line"
                                 " WHERE account_code = '4191' AND association_id = %lld",
                                 (long long)house->association_id));
    assert_int_equal(total.owed_cents - total.advance_cents,
                     house_count(house,
                                 "SELECT SUM(amount_cents) FROM cart_line"
                                 " WHERE association_id = %lld",
                                 (long long)house->association_id));
}

static void every_kind_of_line_is_counted(void **state)
{
    struct house *house = *state;
    struct date day = {2026, 10, 1};
    int64_t paul = house_add_member(house, house->association_id, "Paul", "Bernard", 0);
    int64_t means = cash(house, house->association_id), movement_id, charge_id;
    struct charge_correction correction = {.id = new_id(),
                                           .association_id = house->association_id,
                                           .amount_cents = 1000,
                                           .label = "Annulé",
                                           .date = day,
                                           .actor = actor,
                                           .now = HOUSE_NOW};
    struct credit_adjustment adjustment = {.id = new_id(),
                                           .association_id = house->association_id,
                                           .member_id = house->member_id,
                                           .amount_cents = 700,
                                           .label = "Solde initial",
                                           .account_code = "110",
                                           .date = day,
                                           .actor = actor,
                                           .now = HOUSE_NOW};
    struct payment_refund refund = {.association_id = house->association_id,
                                    .provider_account_id = means,
                                    .reference = "RB",
                                    .amount_cents = 2000,
                                    .label = "Remboursement",
                                    .fact_at = HOUSE_NOW,
                                    .actor = actor,
                                    .now = HOUSE_NOW};
    struct advance_transfer transfer = {.debit_id = new_id(),
                                        .credit_id = new_id(),
                                        .association_id = house->association_id,
                                        .from_member_id = paul,
                                        .to_member_id = house->member_id,
                                        .amount_cents = 300,
                                        .reason = "",
                                        .date = day,
                                        .actor = actor,
                                        .now = HOUSE_NOW};
    bool fresh;

    charge_id = charge(house, house->member_id, 4000, day);
    check_against_carts(house);
    house_ok(payment_adjust_credit(house->db, &adjustment, house->arena));
    check_against_carts(house);
    correction.charge_line_id = charge_id;
    house_ok(payment_correct_charge(house->db, &correction, house->arena));
    check_against_carts(house);
    correction.id = new_id();
    correction.charge_line_id = charge(house, paul, 3000, day);
    refund.transaction_id = pay(house, paul, means, 5000, 0);
    house_ok(payment_correct_charge(house->db, &correction, house->arena));
    check_against_carts(house);
    house_ok(payment_transfer_advance(house->db, &transfer, house->arena));
    check_against_carts(house);
    house_ok(payment_refund(house->db, &refund, house->arena, &fresh, &movement_id));
    check_against_carts(house);
    check(house, today, STANDING_ALL, "Bernard 0/700, Martin 2000/0");
}

/* What a later day undoes was true until then: an adjustment closed the charge, and its correction
 * made an advance of it. */
static void an_adjustment_undone_later_held_until_then(void **state)
{
    struct house *house = *state;
    struct credit_adjustment adjustment = {.id = new_id(),
                                           .association_id = house->association_id,
                                           .member_id = house->member_id,
                                           .amount_cents = 4000,
                                           .label = "Offert",
                                           .account_code = "110",
                                           .date = {2026, 9, 20},
                                           .actor = actor,
                                           .now = HOUSE_NOW - 11 * DAY_S};
    struct charge_correction correction = {.id = new_id(),
                                           .association_id = house->association_id,
                                           .amount_cents = 1500,
                                           .label = "Annulé",
                                           .date = {2026, 9, 28},
                                           .actor = actor,
                                           .now = HOUSE_NOW - 3 * DAY_S};

    correction.charge_line_id = charge(house, house->member_id, 4000, (struct date){2026, 9, 10});
    house_ok(payment_adjust_credit(house->db, &adjustment, house->arena));
    check(house, "2026-09-19", STANDING_ALL, "Martin 4000/0");
    check(house, "2026-09-27", STANDING_ALL, "");
    house_ok(payment_correct_charge(house->db, &correction, house->arena));
    correction = (struct charge_correction){.id = new_id(),
                                            .association_id = house->association_id,
                                            .charge_line_id = correction.charge_line_id,
                                            .amount_cents = 2500,
                                            .label = "Annulé aussi",
                                            .date = {2026, 10, 1},
                                            .actor = actor,
                                            .now = HOUSE_NOW};
    house_ok(payment_correct_charge(house->db, &correction, house->arena));
    check(house, "2026-09-19", STANDING_ALL, "Martin 4000/0");
    check(house, "2026-09-27", STANDING_ALL, "");
    check(house, "2026-09-30", STANDING_ALL, "Martin 0/1500");
    check(house, today, STANDING_ALL, "Martin 0/4000");
    check_against_carts(house);
}

static void neighbours_are_not_counted(void **state)
{
    struct house *house = *state;
    int64_t own = house->association_id;

    charge(house, house->member_id, 4000, (struct date){2026, 9, 10});
    house->association_id = house_add_association(house, "Les Voisins");
    check(house, today, STANDING_ALL, "");
    check_total(house, today, 0, 0, 0, 0);
    house->association_id = own;
    check_total(house, today, 1, 4000, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_day_is_told_as_it_was),
        HOUSE_TEST(every_kind_of_line_is_counted),
        HOUSE_TEST(an_adjustment_undone_later_held_until_then),
        HOUSE_TEST(neighbours_are_not_counted),
    };

    return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
