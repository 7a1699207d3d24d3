/* What a treasurer sets: written against the version that was shown, told in the audit once. */
#include "support/kernel.h"

#include <string.h>

#include "association/change.h"
#include "association/option.h"

static const struct audit_actor somebody = {0, "127.0.0.1"};

static enum err set(struct db *db, void *argument)
{
    return option_set(db, argument, &somebody);
}

static struct option_draft draft_of(struct house *house)
{
    return (struct option_draft){
        .association_id = house->association_id,
        .version = 1,
        .part_payments = false,
        .advances = true,
        .amount_min_cents = 200,
        .amount_max_cents = 50000,
        .fee_booking = FEES_BY_MONTH,
        .button_text = "Jeanne, 06 12 34 56 78",
    };
}

static struct association stored(struct house *house)
{
    struct association association;

    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    return association;
}

static void options_are_written_whole(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Autres");
    struct option_draft draft = draft_of(house);
    struct association now;

    house_ok(db_transaction(house->db, set, &draft));
    now = stored(house);
    assert_false(now.part_payments);
    assert_true(now.advances);
    assert_int_equal(now.amount_min_cents, 200);
    assert_int_equal(now.amount_max_cents, 50000);
    assert_int_equal(now.fee_booking, FEES_BY_MONTH);
    assert_string_equal(now.button_text, draft.button_text);
    assert_int_equal(now.options_version, 2);
    assert_int_equal(now.version, 1);
    house_ok(association_find(house->db, other, house->arena, &now));
    assert_true(now.part_payments);
    assert_int_equal(now.options_version, 1);
}

static void the_audit_says_which_not_the_text(void **state)
{
    struct house *house = *state;
    struct option_draft draft = draft_of(house);

    house_ok(db_transaction(house->db, set, &draft));
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'association.options' AND "
                           "detail LIKE 'part_payments 1 > 0, amount_min_cents 100 > 200, "
                           "amount_max_cents 1000000 > 50000, fee_booking payment > month, "
                           "button_text - > ________'"),
        1);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE detail LIKE '%%Jeanne%%'"), 0);
}

static void a_stale_form_changes_nothing(void **state)
{
    struct house *house = *state;
    struct option_draft draft = draft_of(house);

    house_ok(db_transaction(house->db, set, &draft));
    draft.amount_min_cents = 300;
    house_err(db_transaction(house->db, set, &draft), ERR_CONFLICT);
    assert_int_equal(stored(house).amount_min_cents, 200);
    draft.version = 2;
    house_ok(db_transaction(house->db, set, &draft));
    assert_int_equal(stored(house).amount_min_cents, 300);
}

static void the_same_is_no_change(void **state)
{
    struct house *house = *state;
    struct option_draft draft = draft_of(house);

    house_ok(db_transaction(house->db, set, &draft));
    draft.version = 2;
    house_ok(db_transaction(house->db, set, &draft));
    assert_int_equal(stored(house).options_version, 2);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'association.options'"), 1);
}

/* ---- the order of the buttons ---- */

struct move {
    int64_t association_id, account_id;
    enum account_step step;
};

static enum err move(struct db *db, void *argument)
{
    const struct move *move = argument;

    return account_move(db, move->association_id, move->account_id, move->step, &somebody);
}

static int64_t first_of(struct house *house)
{
    struct provider_account *accounts;
    size_t count;

    house_ok(
        account_list_linked(house->db, house->association_id, house->arena, &accounts, &count));
    return accounts[0].id;
}

static void accounts_change_places(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Autres");
    int64_t stripe = kernel_add_stripe(house, house->association_id, "a").id;
    int64_t paypal =
        kernel_add_paypal(house, house->association_id, "AAAAAAAAAAAAA", "a@exemple.fr", 1).id;
    struct move up = {house->association_id, paypal, ACCOUNT_UP};
    struct move down = {house->association_id, paypal, ACCOUNT_DOWN};
    struct move foreign = {other, paypal, ACCOUNT_UP};

    assert_true(first_of(house) == stripe);
    house_ok(db_transaction(house->db, move, &up));
    assert_true(first_of(house) == paypal);
    house_ok(db_transaction(house->db, move, &up)); /* at the top already */
    assert_true(first_of(house) == paypal);
    house_ok(db_transaction(house->db, move, &down));
    assert_true(first_of(house) == stripe);
    house_ok(db_transaction(house->db, move, &down));
    assert_true(first_of(house) == stripe);
    house_err(db_transaction(house->db, move, &foreign), ERR_NOT_FOUND);
    house_execute(house, "UPDATE provider_account SET unlinked_at = 1 WHERE id = %lld",
                  (long long)paypal);
    house_err(db_transaction(house->db, move, &up), ERR_NOT_FOUND);
    assert_int_equal(
        house_count(house, "SELECT count(*) FROM audit WHERE action = 'provider_account.moved'"),
        2);
}

/* ---- what a change says ---- */

static void a_change_tells_what_differs(void **state)
{
    struct house *house = *state;
    struct change change;

    change_init(&change, house->arena);
    change_number(&change, "a", 1, 1);
    change_word(&change, "b", "", "");
    house_ok(change_text(&change, "c", "x", "x"));
    assert_true(change_none(&change));
    assert_string_equal(change_detail(&change), "");
    change_number(&change, "a", 1, -2);
    change_word(&change, "b", "", "mot");
    change_word(&change, "d", "mot", "");
    house_ok(change_text(&change, "c", "abc", ""));
    assert_false(change_none(&change));
    assert_string_equal(change_detail(&change), "a 1 > -2, b - > mot, d mot > -, c ba7816bf > -");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(options_are_written_whole),    HOUSE_TEST(the_audit_says_which_not_the_text),
        HOUSE_TEST(a_stale_form_changes_nothing), HOUSE_TEST(the_same_is_no_change),
        HOUSE_TEST(accounts_change_places),       HOUSE_TEST(a_change_tells_what_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
