#include "support/database.h"

#include "association/audit_list.h"
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

/* ---- as people read it ---- */

static void add_one(struct house *house, int64_t association_id, int64_t login_id,
                    const char *action, const char *object)
{
    struct note note = {association_id, {login_id, ""}, action, object, ""};

    house_ok(db_transaction(house->db, add_note, &note));
}

static const char *actions_of(struct house *house, struct audit_filter filter)
{
    struct audit_place place = {0};
    struct audit_entry *rows;
    struct buffer text;
    size_t count;

    filter.association_id = house->association_id;
    filter.families = filter.families ? filter.families : "|thing.|other_thing.|";
    buffer_init(&text, house->arena, 64);
    do {
        house_ok(audit_list(house->db, &filter, place, 2, house->arena, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            buffer_printf(&text, "%s%s", text.len ? " " : "", rows[i].action);
            place = (struct audit_place){rows[i].at_ms, rows[i].chain_number};
        }
    } while (count == 2);
    return text.data;
}

static void test_list_by_person_family_and_day(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Voisins");
    struct audit_entry *rows;
    size_t count;
    const struct audit_filter all = {.association_id = house->association_id, .families = ""};

    house_execute(house,
                  "INSERT INTO login (id, email, email_folded, created_at)"
                  " VALUES (77, 'Tresor@exemple.fr', 'tresor@exemple.fr', 0);"
                  "INSERT INTO staff (association_id, login_id, role, created_at)"
                  " VALUES (%lld, 77, 'treasurer', 0)",
                  (long long)house->association_id);
    add_one(house, house->association_id, 0, "thing.a", "");
    add_one(house, house->association_id, 77, "other_thing.b", "");
    add_one(house, other, 77, "thing.foreign", "");
    add_one(house, house->association_id, house->login_id, "thing.c",
            arena_printf(house->arena, "member:%lld", (long long)house->member_id));
    assert_string_equal(actions_of(house, (struct audit_filter){0}),
                        "thing.c other_thing.b thing.a");
    assert_string_equal(actions_of(house, (struct audit_filter){.families = "|thing.|"}),
                        "thing.c thing.a");
    assert_string_equal(actions_of(house, (struct audit_filter){.login_id = 77}), "other_thing.b");
    assert_string_equal(actions_of(house, (struct audit_filter){.login_id = AUDIT_NOBODY}),
                        "thing.a");
    assert_string_equal(actions_of(house, (struct audit_filter){.login_id = AUDIT_OTHERS}),
                        "thing.c");
    assert_string_equal(actions_of(house, (struct audit_filter){.until_ms = 1000}), "");
    assert_string_equal(actions_of(house, (struct audit_filter){.from_ms = INT64_MAX - 1}), "");
    house_ok(audit_list(house->db, &all, (struct audit_place){0}, 1, house->arena, &rows, &count));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].member_id, house->member_id);
    assert_string_equal(rows[0].last_name, "Martin");
    assert_string_equal(rows[0].email, "jeanne@exemple.fr");
}

/* What an object is called is looked up among the association's own rows only. */
static void test_list_names_no_foreign_object(void **state)
{
    struct house *house = *state;
    int64_t other = house_add_association(house, "Les Voisins");
    int64_t foreign = house_add_member(house, other, "Zoë", "Secrète", 0);
    const struct audit_filter all = {.association_id = house->association_id, .families = ""};
    struct audit_entry *rows;
    size_t count;

    add_one(house, house->association_id, 0, "thing.a",
            arena_printf(house->arena, "member:%lld", (long long)foreign));
    house_ok(audit_list(house->db, &all, (struct audit_place){0}, 1, house->arena, &rows, &count));
    assert_int_equal(rows[0].member_id, 0);
    assert_string_equal(rows[0].last_name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_row_and_hash),
        HOUSE_TEST(test_chain_has_no_gap_and_links),
        HOUSE_TEST(test_fields_cannot_move_into_their_neighbour),
        HOUSE_TEST(test_append_only),
        HOUSE_TEST(test_goes_with_its_transaction),
        HOUSE_TEST(test_list_by_person_family_and_day),
        HOUSE_TEST(test_list_names_no_foreign_object),
    };

    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
