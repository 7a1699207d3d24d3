/* A form is carried out once: its key, what came with it, whose it is. */
#include "support/database.h"

#include "association/once.h"

static const struct str key = {"a1b2", 4};

static bool use(struct house *house, int64_t association_id, const char *content)
{
    bool fresh;

    house_ok(once_use(house->db, association_id, key, str_of(content), HOUSE_NOW, &fresh));
    return fresh;
}

static void test_the_first_time_only(void **state)
{
    struct house *house = *state;

    assert_true(use(house, house->association_id, "montant=40"));
    assert_false(use(house, house->association_id, "montant=40"));
    assert_false(use(house, house->association_id, "montant=40"));
    assert_int_equal(house_count(house, "SELECT count(*) FROM form_key"), 1);
}

static void test_another_content_is_refused(void **state)
{
    struct house *house = *state;
    bool fresh = true;

    assert_true(use(house, house->association_id, "montant=40"));
    house_err(
        once_use(house->db, house->association_id, key, str_of("montant=41"), HOUSE_NOW, &fresh),
        ERR_CONFLICT);
    assert_false(fresh);
    assert_false(use(house, house->association_id, "montant=40"));
}

static void test_each_association_has_its_own(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Nageurs");

    assert_true(use(house, house->association_id, "montant=40"));
    assert_true(use(house, other, "montant=41"));
}

static bool used(struct house *house, int64_t association_id, const char *content)
{
    bool was = true;

    house_ok(once_used(house->db, association_id, key, str_of(content), &was));
    return was;
}

static void test_what_was_carried_out_is_known(void **state)
{
    struct house *house = *state;

    assert_false(used(house, house->association_id, "montant=40"));
    assert_true(use(house, house->association_id, "montant=40"));
    assert_true(used(house, house->association_id, "montant=40"));
    assert_false(used(house, house->association_id, "montant=41"));
    assert_false(used(house, house_add_association(house, "Les Nageurs"), "montant=40"));
}

static void test_a_form_has_a_key(void **state)
{
    struct house *house = *state;
    bool fresh = true;

    house_err(once_use(house->db, house->association_id, str_of(""), str_of("montant=40"),
                       HOUSE_NOW, &fresh),
              ERR_INPUT);
    assert_false(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_the_first_time_only),
        HOUSE_TEST(test_another_content_is_refused),
        HOUSE_TEST(test_each_association_has_its_own),
        HOUSE_TEST(test_what_was_carried_out_is_known),
        HOUSE_TEST(test_a_form_has_a_key),
    };

    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
