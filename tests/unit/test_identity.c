/* Typed identities: what a second typing does to the first, and to whom. */
#include "support/kernel.h"

#include <string.h>

#include "payment/identity.h"

#define MINE "ABCDEFGHJKLM2"
#define OTHER "ZYXWVUTSRQPN9"

static enum identity_outcome set(struct house *house, int64_t association_id,
                                 const char *external_id, const char *email)
{
    static int64_t next_id = 9000;
    struct identity_draft draft = {
        .association_id = association_id,
        .provider = "paypal",
        .mode = ACCOUNT_TEST,
        .external_id = external_id,
        .email = email,
        .label = "PayPal",
        .transit_account = "5172",
        .since_day = "2026-09-01",
        .new_id = ++next_id,
        .new_public_id = arena_printf(house->arena, "public-%lld", (long long)next_id),
        .now = HOUSE_NOW,
    };
    const struct audit_actor actor = {house->login_id, "192.0.2.1"};
    enum identity_outcome outcome = IDENTITY_SAME;

    house_ok(identity_set(house->db, &draft, &actor, &outcome));
    return outcome;
}

static struct provider_account linked(struct house *house)
{
    struct provider_account *accounts = NULL;
    size_t count = 0;

    house_ok(
        account_list_linked(house->db, house->association_id, house->arena, &accounts, &count));
    assert_int_equal(count, 1);
    return accounts[0];
}

static int64_t audits(struct house *house)
{
    return house_count(house,
                       "SELECT count(*) FROM audit WHERE action LIKE 'provider_account.%%'");
}

static void test_a_first_one_is_unproven(void **state)
{
    struct house *house = *state;
    struct provider_account account;

    assert_int_equal(set(house, house->association_id, MINE, " Tresor@Exemple.FR "),
                     IDENTITY_LINKED);
    account = linked(house);
    assert_false(account.verified);
    assert_string_equal(account.external_id, MINE);
    assert_string_equal(account.email_folded, "tresor@exemple.fr");
    assert_int_equal(audits(house), 1);
    assert_int_equal(set(house, house->association_id, MINE, "tresor@exemple.fr"), IDENTITY_SAME);
    assert_int_equal(audits(house), 1);
}

static void test_two_may_type_the_same_until_one_proves_it(void **state)
{
    struct house *house = *state;
    int64_t second = house_add_association(house, "Les Autres");

    assert_int_equal(set(house, house->association_id, MINE, NULL), IDENTITY_LINKED);
    assert_int_equal(set(house, second, MINE, NULL), IDENTITY_LINKED);
    house_ok(
        account_verified(house->db, house->association_id, linked(house).id, MINE, HOUSE_NOW));
    assert_true(linked(house).verified);
    assert_int_equal(set(house, second, MINE, "voleur@exemple.fr"), IDENTITY_TAKEN);
    assert_int_equal(set(house, second, OTHER, "autres@exemple.fr"), IDENTITY_CHANGED);
    assert_int_equal(set(house, second, MINE, NULL), IDENTITY_TAKEN);
    assert_int_equal(audits(house), 3);
}

static void test_an_unused_one_is_corrected_in_place(void **state)
{
    struct house *house = *state;
    struct provider_account first, then;

    set(house, house->association_id, MINE, "tresor@exemple.fr");
    first = linked(house);
    assert_int_equal(set(house, house->association_id, OTHER, "tresor@exemple.fr"),
                     IDENTITY_CHANGED);
    then = linked(house);
    assert_int_equal(then.id, first.id);
    assert_string_equal(then.external_id, OTHER);
    assert_true(then.key_version > first.key_version);
    /* Another address without its id is another account: the id goes. */
    assert_int_equal(set(house, house->association_id, NULL, "autre@exemple.fr"),
                     IDENTITY_CHANGED);
    assert_string_equal(linked(house).external_id, "");
}

static void test_the_address_alone_keeps_the_proof(void **state)
{
    struct house *house = *state;

    set(house, house->association_id, MINE, "tresor@exemple.fr");
    house_ok(
        account_verified(house->db, house->association_id, linked(house).id, MINE, HOUSE_NOW));
    assert_int_equal(set(house, house->association_id, MINE, "bureau@exemple.fr"),
                     IDENTITY_CHANGED);
    assert_true(linked(house).verified);
    assert_string_equal(linked(house).email_folded, "bureau@exemple.fr");
    assert_int_equal(set(house, house->association_id, OTHER, "bureau@exemple.fr"),
                     IDENTITY_CHANGED);
    assert_false(linked(house).verified);
}

/* An id that a notification told is kept when only the address is typed again. */
static void test_a_learnt_id_is_kept(void **state)
{
    struct house *house = *state;

    set(house, house->association_id, NULL, "tresor@exemple.fr");
    house_ok(
        account_verified(house->db, house->association_id, linked(house).id, MINE, HOUSE_NOW));
    assert_string_equal(linked(house).external_id, MINE);
    assert_int_equal(set(house, house->association_id, NULL, "tresor@exemple.fr"), IDENTITY_SAME);
    assert_string_equal(linked(house).external_id, MINE);
    assert_true(linked(house).verified);
}

static void test_attempts_hold_the_identity(void **state)
{
    struct house *house = *state;
    struct provider_account account;

    set(house, house->association_id, MINE, "tresor@exemple.fr");
    account = linked(house);
    kernel_open_intent(house, &account, house->member_id, "G-1", 1000);
    assert_int_equal(set(house, house->association_id, OTHER, "tresor@exemple.fr"),
                     IDENTITY_ATTEMPTS);
    assert_string_equal(linked(house).external_id, MINE);
    assert_int_equal(set(house, house->association_id, MINE, "bureau@exemple.fr"),
                     IDENTITY_CHANGED);
    assert_int_equal(linked(house).id, account.id);
}

static void test_one_with_a_history_gives_way_and_comes_back(void **state)
{
    struct house *house = *state;
    struct provider_account first;

    set(house, house->association_id, MINE, "tresor@exemple.fr");
    first = linked(house);
    kernel_open_intent(house, &first, house->member_id, "G-1", 1000);
    house_execute(house, "UPDATE payment_intent SET state = 'canceled'");
    assert_int_equal(set(house, house->association_id, OTHER, "autre@exemple.fr"),
                     IDENTITY_CHANGED);
    assert_int_not_equal(linked(house).id, first.id);
    assert_int_equal(house_count(house,
                                 "SELECT count(*) FROM provider_account WHERE external_id = '" MINE
                                 "' AND unlinked_at IS NOT NULL"),
                     1);
    assert_int_equal(set(house, house->association_id, MINE, "tresor@exemple.fr"),
                     IDENTITY_CHANGED);
    assert_int_equal(linked(house).id, first.id);
    assert_int_equal(audits(house), 3);
}

static void test_an_unlinked_one_is_taken_up_again(void **state)
{
    struct house *house = *state;
    struct provider_account first;

    set(house, house->association_id, MINE, "tresor@exemple.fr");
    first = linked(house);
    house_execute(house, "UPDATE provider_account SET unlinked_at = 1 WHERE provider = 'paypal'");
    assert_int_equal(set(house, house->association_id, MINE, "tresor@exemple.fr"),
                     IDENTITY_LINKED);
    assert_int_equal(linked(house).id, first.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_a_first_one_is_unproven),
        HOUSE_TEST(test_two_may_type_the_same_until_one_proves_it),
        HOUSE_TEST(test_an_unused_one_is_corrected_in_place),
        HOUSE_TEST(test_the_address_alone_keeps_the_proof),
        HOUSE_TEST(test_a_learnt_id_is_kept),
        HOUSE_TEST(test_attempts_hold_the_identity),
        HOUSE_TEST(test_one_with_a_history_gives_way_and_comes_back),
        HOUSE_TEST(test_an_unlinked_one_is_taken_up_again),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
