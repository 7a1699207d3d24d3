#include "support/database.h"

#include "base/random.h"

#include <string.h>

static struct association_draft draft_of(struct house *house)
{
    (void)house;
    return (struct association_draft){.id = 77,
                                      .name = "Club",
                                      .kind = ASSOCIATION_REAL,
                                      .currency_code = "EUR",
                                      .zone_name = "Europe/Paris",
                                      .email = "",
                                      .how_to_pay = "",
                                      .year_first_month = 1,
                                      .year_first_day = 1,
                                      .now = HOUSE_NOW};
}

static enum err add(struct db *db, void *argument)
{
    return association_add(db, argument);
}

static void test_find(void **state)
{
    struct house *house = *state;
    struct association association;

    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    assert_string_equal(association.name, "Les Marcheurs");
    assert_int_equal(association.kind, ASSOCIATION_TRIAL);
    assert_string_equal(association.currency->code, "EUR");
    assert_string_equal(association.zone_name, "Europe/Paris");
    assert_non_null(association.zone);
    assert_string_equal(association.email, "contact@exemple.fr");
    assert_int_equal(association.amount_min_cents, 100);
    assert_int_equal(association.amount_max_cents, 1000000);
    assert_int_equal(association.year_first_month, 9);
    assert_int_equal(association.year_first_day, 1);
    assert_int_equal(association.year_months, 12);
    assert_string_equal(association.address, "");
    assert_string_equal(association.siren, "");
    assert_string_equal(association.rna, "");
    assert_true(association.part_payments && association.advances);
    assert_int_equal(association.fee_booking, FEES_BY_PAYMENT);
    assert_string_equal(association.button_text, "");
    assert_int_equal(association.version, 1);
    assert_int_equal(association.options_version, 1);
    house_err(association_find(house->db, 1, house->arena, &association), ERR_NOT_FOUND);
}

static void test_add_writes_audit(void **state)
{
    struct house *house = *state;
    struct association_draft draft = draft_of(house);

    house_ok(db_transaction(house->db, add, &draft));
    assert_int_equal(house_count(house, "SELECT count(*) FROM audit WHERE association_id = 77 "
                                        "AND action = 'association.added' "
                                        "AND object = 'association:77'"),
                     1);
    house_err(db_transaction(house->db, add, &draft), ERR_CONFLICT);
}

static void test_add_refuses(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *what, *name, *currency, *zone;
        int month, day;
    } cases[] = {
        {"no name", " ", "EUR", "Europe/Paris", 1, 1},
        {"control character", "a\x01", "EUR", "Europe/Paris", 1, 1},
        {"no such currency", "a", "ZZZ", "Europe/Paris", 1, 1},
        {"no such zone", "a", "EUR", "Europe/Atlantis", 1, 1},
        {"zone outside", "a", "EUR", "../../etc/passwd", 1, 1},
        {"month 13", "a", "EUR", "Europe/Paris", 13, 1},
        {"month 0", "a", "EUR", "Europe/Paris", 0, 1},
        {"day 29", "a", "EUR", "Europe/Paris", 1, 29},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct association_draft draft = draft_of(house);
        draft.name = cases[i].name;
        draft.currency_code = cases[i].currency;
        draft.zone_name = cases[i].zone;
        draft.year_first_month = cases[i].month;
        draft.year_first_day = cases[i].day;
        print_message("    %s\n", cases[i].what);
        house_err(db_transaction(house->db, add, &draft), ERR_INPUT);
    }
    assert_int_equal(house_count(house, "SELECT count(*) FROM association"), 1);
}

static void test_limits_by_currency(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *currency;
        int64_t minimum, maximum;
    } cases[] = {
        {"EUR", 100, 1000000}, {"CHF", 100, 1000000},   {"XPF", 100, 1000000},
        {"JPY", 100, 1000000}, {"TND", 1000, 10000000},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct association_draft draft = draft_of(house);
        struct association association;
        draft.id = 100 + (int64_t)i;
        draft.currency_code = cases[i].currency;
        house_ok(db_transaction(house->db, add, &draft));
        house_ok(association_find(house->db, draft.id, house->arena, &association));
        assert_int_equal(association.amount_min_cents, cases[i].minimum);
        assert_int_equal(association.amount_max_cents, cases[i].maximum);
    }
}

static void test_list_oldest_first(void **state)
{
    struct house *house = *state;
    struct association_draft draft = draft_of(house);
    int64_t *ids;
    size_t count;

    draft.now = HOUSE_NOW + 5;
    house_ok(db_transaction(house->db, add, &draft));
    draft.id = 1;
    draft.now = HOUSE_NOW + 9;
    house_ok(db_transaction(house->db, add, &draft));
    house_ok(association_list(house->db, house->arena, &ids, &count));
    assert_int_equal(count, 3);
    assert_int_equal(ids[0], house->association_id);
    assert_int_equal(ids[1], 77);
    assert_int_equal(ids[2], 1);
}

static void test_kind_and_currency_are_for_ever(void **state)
{
    struct house *house = *state;

    house_err(db_execute_text(house->db, "UPDATE association SET kind = 'real'"), ERR_CONFLICT);
    house_err(db_execute_text(house->db, "UPDATE association SET currency = 'CHF'"), ERR_CONFLICT);
    assert_int_equal(house_count(house, "SELECT count(*) FROM association "
                                        "WHERE kind = 'trial' AND currency = 'EUR'"),
                     1);
}

static enum err ensure(struct db *db, void *argument)
{
    (void)argument;
    return installation_ensure(db, HOUSE_NOW);
}

static void test_mark_is_made_once(void **state)
{
    struct house *house = *state;
    const char *first, *second;

    house_ok(installation_mark(house->db, house->arena, &first));
    assert_int_equal(strlen(first), 8);
    assert_int_equal(strspn(first, "0123456789abcdef"), 8);
    house_ok(db_transaction(house->db, ensure, NULL));
    house_ok(installation_mark(house->db, house->arena, &second));
    assert_string_equal(first, second);
    house_execute(house, "DELETE FROM installation");
    house_err(installation_mark(house->db, house->arena, &first), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_find),
        HOUSE_TEST(test_add_writes_audit),
        HOUSE_TEST(test_add_refuses),
        HOUSE_TEST(test_limits_by_currency),
        HOUSE_TEST(test_list_oldest_first),
        HOUSE_TEST(test_kind_and_currency_are_for_ever),
        HOUSE_TEST(test_mark_is_made_once),
    };

    return cmocka_run_group_tests_name("association", tests, NULL, NULL);
}
