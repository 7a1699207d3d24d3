/* Any sequence of partial refunds, of one to all cents, over one to seven charges, with charges
 * ticked and cancelled or not, in any order: each step keeps the books whole, the last clears
 * every account to the cent. */
#include "support/money.h"

#include <stdio.h>

#include "association/cart.h"
#include "payment/take_back.h"

enum { RUNS = 20, CHARGES_MAX = 7, CENTS_MAX = 2500 };

static const char *const accounts[] = {"7561", "706", "7088"};

/* The same numbers in every run of this test. */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

struct play {
    struct house *house;
    struct provider_account account;
    uint32_t seed;
    int run;
    int64_t member_id, payment_id;
    int64_t charges[CHARGES_MAX];
    size_t charge_count;
    int64_t owed_cents, paid_cents, returned_cents;
    struct payment_refund refund;
    bool fresh;
};

static enum err write_refund(struct db *db, void *argument)
{
    struct play *play = argument;
    int64_t movement_id;

    return payment_refund(db, &play->refund, play->house->arena, &play->fresh, &movement_id);
}

/* One to seven charges, paid exactly or with something ahead. */
static void pay(struct play *play)
{
    struct house *house = play->house;
    char *token = arena_printf(house->arena, "T%d", play->run);
    struct payment_fact fact;

    play->member_id = house_add_member(house, house->association_id, "Ada", "Blanc", 0);
    play->charge_count = 1 + draw(&play->seed, CHARGES_MAX);
    play->owed_cents = play->returned_cents = 0;
    for (size_t i = 0; i < play->charge_count; i++) {
        int64_t cents = 1 + draw(&play->seed, CENTS_MAX);

        play->charges[i] =
            money_charge(house, play->member_id, cents, accounts[draw(&play->seed, 3)], "Dépense");
        play->owed_cents += cents;
    }
    play->paid_cents = play->owed_cents + (draw(&play->seed, 3) ? 0 : draw(&play->seed, 900));
    if (play->paid_cents < 100) /* less than that nobody can pay at once */
        play->paid_cents = 100;
    kernel_open_intent(house, &play->account, play->member_id, token, play->paid_cents);
    fact = kernel_capture(&play->account, token, arena_printf(house->arena, "pi_%d", play->run),
                          play->paid_cents);
    play->payment_id = kernel_post(house, &fact).transaction_id;
}

/* What came in and did not go back stands in the books, and nowhere else. */
static void check_books(struct play *play)
{
    struct house *house = play->house;
    int64_t left = play->paid_cents - play->returned_cents;
    int64_t stands = money_balance(house, "4191");

    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
        assert_true(money_balance(house, accounts[i]) <= 0);
        stands += money_balance(house, accounts[i]);
    }
    assert_int_equal(money_balance(house, "5171"), left);
    assert_int_equal(stands, -left);
    assert_int_equal(money_balance(house, "471"), 0);
}

static void refund_some(struct play *play, int number)
{
    struct house *house = play->house;
    int64_t left = play->paid_cents - play->returned_cents;
    int64_t ticked[CHARGES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < play->charge_count; i++)
        if (draw(&play->seed, 3) == 0)
            ticked[count++] = play->charges[play->charge_count - 1 - i];
    play->refund = (struct payment_refund){
        .association_id = house->association_id,
        .transaction_id = play->payment_id,
        .provider_account_id = play->account.id,
        .reference = arena_printf(house->arena, "re_%d_%d", play->run, number),
        .amount_cents = draw(&play->seed, 4) ? 1 + draw(&play->seed, (uint32_t)left) : 1,
        .charge_line_ids = ticked,
        .charge_count = count,
        .cancels_charges = draw(&play->seed, 2) == 0,
        .label = "Remboursement",
        .fact_at = HOUSE_NOW,
        .actor = {house->login_id, ""},
        .now = HOUSE_NOW,
    };
    if (number >= 8)
        play->refund.amount_cents = left;
    house_ok(db_transaction(house->db, write_refund, play));
    assert_true(play->fresh);
    play->returned_cents += play->refund.amount_cents;
    check_books(play);
}

/* Nobody owes more than before, and not less than nothing. */
static void check_end(struct play *play)
{
    int64_t balance;

    house_ok(
        cart_balance(play->house->db, play->house->association_id, play->member_id, &balance));
    assert_true(balance >= 0 && balance <= play->owed_cents);
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
        assert_int_equal(money_balance(play->house, accounts[i]), 0);
    assert_int_equal(money_balance(play->house, "4191"), 0);
    /* One cent more is refused. */
    play->refund.reference = arena_printf(play->house->arena, "re_%d_more", play->run);
    play->refund.amount_cents = 1;
    house_err(db_transaction(play->house->db, write_refund, play), ERR_CONFLICT);
    money_clean(play->house);
}

static void any_refunds_end_exact(void **state)
{
    struct play play = {.house = *state, .seed = 20261128};

    play.account = kernel_add_stripe(play.house, play.house->association_id, "a");
    for (play.run = 0; play.run < RUNS; play.run++) {
        pay(&play);
        check_books(&play);
        for (int i = 0; play.returned_cents < play.paid_cents; i++)
            refund_some(&play, i);
        check_end(&play);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_refunds_end_exact, house_setup, house_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
