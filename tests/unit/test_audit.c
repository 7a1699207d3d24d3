#include "support/database.h"

#include "base/hash.h"

#include <string.h>

struct note {
    int64_t association_id;
    struct audit_actor actor;
    const char *action, *object, *detail;
};

static enum err add_note(struct db *db, void *argument)
{
    const struct note *note = argument;

    return audit_add(db, note->association_id, &note->actor, note->action, note->object,
                     note->detail);
}

static void add_notes(struct house *house, int64_t association_id, int count)
{
    for (int i = 0; i < count; i++) {
        struct note note = {association_id,
                            {0, "192.0.2.7"},
                            "test.done",
                            arena_printf(house->arena, "thing:%d", i),
                            ""};
        house_ok(db_transaction(house->db, add_note, &note));
    }
}

/* Recomputes a stored row's hash from its columns and compares; SQL of the test's own. */
static bool hash_fits(struct house *house, int64_t association_id, int64_t number,
                      struct audit_row row, const char *previous_hex)
{
    unsigned char previous[HASH_LEN], hash[HASH_LEN];
    char hex[HASH_HEX_MAX];

    row.association_id = association_id;
    row.chain_number = number;
    row.at_ms = house_count(house,
                            "SELECT at_ms FROM audit WHERE association_id = %lld "
                            "AND chain_number = %lld",
                            (long long)association_id, (long long)number);
    assert_true(hash_unhex(str_of(previous_hex), previous, HASH_LEN));
    house_ok(audit_hash(&row, str_from(previous, HASH_LEN), house->arena, hash));
    hash_hex(hash, HASH_LEN, hex);
    return house_count(house,
                       "SELECT count(*) FROM audit WHERE association_id = %lld "
                       "AND chain_number = %lld AND lower(hex(hash)) = '%s'",
                       (long long)association_id, (long long)number, hex) == 1;
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void test_row_and_hash(void **state)
{
    struct house *house = *state;
    struct note note = {0, {house->login_id, "192.0.2.7"}, "test.done", "thing:1", "why"};
    struct audit_row row = {.login_id = house->login_id,
                            .address = str_of("192.0.2.7"),
                            .action = str_of("test.done"),
                            .object = str_of("thing:1"),
                            .detail = str_of("why")};

    note.association_id = 4242;
    house_ok(db_transaction(house->db, add_note, &note));
    assert_true(hash_fits(house, 4242, 1, row, ZEROS));
    row.detail = str_of("Why");
    assert_false(hash_fits(house, 4242, 1, row, ZEROS));
}

static void test_chain_has_no_gap_and_links(void **state)
{
    struct house *house = *state;

    add_notes(house, 4242, 5);
    add_notes(house, 4243, 2);
    assert_int_equal(house_count(house, "SELECT max(chain_number) FROM audit "
                                        "WHERE association_id = 4242"),
                     5);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit a JOIN audit b "
                                        "ON b.association_id = a.association_id "
                                        "AND b.chain_number = a.chain_number + 1 "
                                        "AND b.previous_hash = a.hash "
                                        "WHERE a.association_id = 4242"),
                     4);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE chain_number = 1 "
                                        "AND association_id IN (4242, 4243) "
                                        "AND previous_hash = zeroblob(32)"),
                     2);
}

static void test_fields_cannot_move_into_their_neighbour(void **state)
{
    struct house *house = *state;
    unsigned char zero[HASH_LEN] = {0}, first[HASH_LEN], second[HASH_LEN];
    struct audit_row row = {.action = str_of("ab"), .object = str_of("c")};

    house_ok(audit_hash(&row, str_from(zero, HASH_LEN), house->arena, first));
    row.action = str_of("a");
    row.object = str_of("bc");
    house_ok(audit_hash(&row, str_from(zero, HASH_LEN), house->arena, second));
    assert_memory_not_equal(first, second, HASH_LEN);
}

static void test_append_only(void **state)
{
    struct house *house = *state;

    add_notes(house, 4242, 1);
    house_err(db_execute_text(house->db, "UPDATE audit SET detail = 'x'"), ERR_CONFLICT);
    house_err(db_execute_text(house->db, "DELETE FROM audit"), ERR_CONFLICT);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE detail = 'x'"), 0);
}

static enum err add_and_break(struct db *db, void *argument)
{
    enum err err = add_note(db, argument);

    return err ? err : ERR_INTERNAL;
}

static void test_goes_with_its_transaction(void **state)
{
    struct house *house = *state;
    struct note note = {4242, {0, ""}, "test.done", "thing:1", ""};

    house_err(db_transaction(house->db, add_and_break, &note), ERR_INTERNAL);
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit "
                                        "WHERE association_id = 4242"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_row_and_hash),
        HOUSE_TEST(test_chain_has_no_gap_and_links),
        HOUSE_TEST(test_fields_cannot_move_into_their_neighbour),
        HOUSE_TEST(test_append_only),
        HOUSE_TEST(test_goes_with_its_transaction),
    };

    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
