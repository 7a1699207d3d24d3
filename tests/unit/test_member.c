#include "support/database.h"

#include "association/member.h"
#include "base/random.h"

struct joining {
    struct member_draft draft;
    int64_t number;
};

static enum err add(struct db *db, void *argument)
{
    static const struct audit_actor actor = {0, ""};
    struct joining *joining = argument;

    return member_add(db, &joining->draft, &actor, &joining->number);
}

static struct joining joining_of(struct house *house, int64_t number)
{
    struct joining joining = {.draft = {.association_id = house->association_id,
                                        .number = number,
                                        .first_name = "Paul",
                                        .last_name = "Durand",
                                        .email = "paul@exemple.fr",
                                        .now = HOUSE_NOW}};

    house_ok(random_id(&joining.draft.id));
    return joining;
}

static void test_find(void **state)
{
    struct house *house = *state;
    struct member member;

    house_ok(
        member_find(house->db, house->association_id, house->member_id, house->arena, &member));
    assert_int_equal(member.number, 1);
    assert_string_equal(member.first_name, "Jeanne");
    assert_string_equal(member.last_name, "Martin");
    assert_string_equal(member.email, "jeanne@exemple.fr");
    assert_false(member.archived);
    house_ok(member_find_by_number(house->db, house->association_id, 1, house->arena, &member));
    assert_int_equal(member.id, house->member_id);
    house_err(member_find_by_number(house->db, house->association_id, 2, house->arena, &member),
              ERR_NOT_FOUND);
}

static void test_other_tenants_are_invisible(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Nageurs");
    struct member member;

    house_err(member_find(house->db, other, house->member_id, house->arena, &member),
              ERR_NOT_FOUND);
    house_err(member_find_by_number(house->db, other, 1, house->arena, &member), ERR_NOT_FOUND);
    house_add_member(house, other, "Luc", "Petit", 0);
    house_ok(member_find_by_number(house->db, other, 1, house->arena, &member));
    assert_string_equal(member.first_name, "Luc");
}

static void test_numbers(void **state)
{
    struct house *house = *state;
    struct joining next = joining_of(house, 0), chosen = joining_of(house, 40),
                   after = joining_of(house, 0), taken = joining_of(house, 40);

    house_ok(db_transaction(house->db, add, &next));
    assert_int_equal(next.number, 2);
    house_ok(db_transaction(house->db, add, &chosen));
    assert_int_equal(chosen.number, 40);
    house_ok(db_transaction(house->db, add, &after));
    assert_int_equal(after.number, 41);
    house_err(db_transaction(house->db, add, &taken), ERR_CONFLICT);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE action = "
                                        "'member.added'"),
                     4);
}

static void test_payer(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Nageurs");
    int64_t child =
        house_add_member(house, house->association_id, "Lou", "Martin", house->member_id);
    struct joining grandchild = joining_of(house, 0), stranger = joining_of(house, 0),
                   foreign = joining_of(house, 0);

    grandchild.draft.payer_id = child;
    house_err(db_transaction(house->db, add, &grandchild), ERR_INPUT);
    stranger.draft.payer_id = 12345;
    house_err(db_transaction(house->db, add, &stranger), ERR_NOT_FOUND);
    foreign.draft.association_id = other;
    foreign.draft.payer_id = house->member_id;
    house_err(db_transaction(house->db, add, &foreign), ERR_NOT_FOUND);
    assert_int_equal(house_count(house, "SELECT count(*) FROM member"), 2);
}

static void test_names(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *first_name, *last_name;
    } refused[] = {{"", "Durand"}, {"Paul", "  "}, {"Pa\nul\x02", "Durand"}, {"\xff", "Durand"}};

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct joining joining = joining_of(house, 0);
        joining.draft.first_name = refused[i].first_name;
        joining.draft.last_name = refused[i].last_name;
        house_err(db_transaction(house->db, add, &joining), ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_find),    HOUSE_TEST(test_other_tenants_are_invisible),
        HOUSE_TEST(test_numbers), HOUSE_TEST(test_payer),
        HOUSE_TEST(test_names),
    };

    return cmocka_run_group_tests_name("member", tests, NULL, NULL);
}
