/* Years without hole, numbers without gap, entries that balance and chain. */
#include "support/kernel.h"

#include "accounting/accounting.h"
#include "base/hash.h"
#include "base/random.h"

#include <string.h>

static struct association association_of(struct house *house)
{
    struct association association;

    house_ok(association_find(house->db, house->association_id, house->arena, &association));
    return association;
}

static void years_have_no_hole(void **state)
{
    static const struct {
        struct date date;
        const char *label, *first_day, *last_day;
    } cases[] = {
        {{2026, 9, 1}, "2026-2027", "2026-09-01", "2027-08-31"},
        {{2027, 8, 31}, "2026-2027", "2026-09-01", "2027-08-31"},
        {{2029, 1, 15}, "2028-2029", "2028-09-01", "2029-08-31"},
        {{2024, 2, 29}, "2023-2024", "2023-09-01", "2024-08-31"},
    };
    struct house *house = *state;
    struct association association = association_of(house);
    struct fiscal_year year;
    char text[DATE_TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        house_ok(accounting_year_for(house->db, &association, cases[i].date, HOUSE_NOW,
                                     house->arena, &year));
        assert_string_equal(year.label, cases[i].label);
        assert_string_equal(date_format_iso(text, year.first_day), cases[i].first_day);
        assert_string_equal(date_format_iso(text, year.last_day), cases[i].last_day);
    }
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM fiscal_year"), 6);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM fiscal_year y WHERE NOT EXISTS "
                                        "(SELECT 1 FROM fiscal_year n WHERE n.first_day = "
                                        "date(y.last_day, '+1 day'))"),
                     1);
    house_err(accounting_year_for(house->db, &association, (struct date){9999, 1, 1}, HOUSE_NOW,
                                  house->arena, &year),
              ERR_INPUT);
}

static void a_short_year_is_repeated(void **state)
{
    struct house *house = *state;
    struct association association = association_of(house);
    struct fiscal_year year;
    char text[DATE_TEXT_MAX];

    house_execute(house, "UPDATE fiscal_year SET last_day = '2027-02-28'");
    house_ok(accounting_year_for(house->db, &association, (struct date){2027, 6, 1}, HOUSE_NOW,
                                 house->arena, &year));
    assert_string_equal(date_format_iso(text, year.last_day), "2027-08-31");
    assert_string_equal(year.label, "2027");
}

static struct entry_draft *draft_of(struct house *house, struct association *association)
{
    struct entry_draft *draft = arena_alloc(house->arena, sizeof(*draft));

    house_ok(random_id(&draft->id));
    draft->association = association;
    draft->journal = JOURNAL_OTHER;
    draft->fact_date = (struct date){2026, 10, 1};
    draft->piece = "P1";
    draft->label = "Essai";
    draft->now = HOUSE_NOW;
    return draft;
}

static void lines_of_one_account_merge(void **state)
{
    struct house *house = *state;
    struct association association = association_of(house);
    struct entry_draft *draft = draft_of(house, &association);

    entry_debit(draft, "5171", 0, 1000);
    entry_credit(draft, "7561", 1, 400);
    entry_credit(draft, "7561", 1, 100);
    entry_credit(draft, "7561", 2, 500);
    entry_credit(draft, "706", 1, 0);
    assert_int_equal(draft->line_count, 3);
    assert_int_equal(draft->lines[1].credit_cents, 500);
}

static void unbalanced_is_refused(void **state)
{
    struct house *house = *state;
    struct association association = association_of(house);
    struct entry_draft *draft = draft_of(house, &association);
    struct entry_result result;

    house_err(entry_add(house->db, draft, house->arena, &result), ERR_INTERNAL);
    entry_debit(draft, "5171", 0, 1000);
    entry_credit(draft, "7561", 1, 999);
    house_err(entry_add(house->db, draft, house->arena, &result), ERR_INTERNAL);
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 0);
}

static enum err add_then_fail(struct db *db, void *argument)
{
    struct entry_draft *draft = argument;
    struct arena *arena = arena_new();
    struct entry_result result;
    enum err err = entry_add(db, draft, arena, &result);

    arena_free(arena);
    return err ? err : fail(ERR_CONFLICT, "on purpose");
}

static enum err add_one(struct db *db, void *argument)
{
    struct arena *arena = arena_new();
    struct entry_result result;
    enum err err = entry_add(db, argument, arena, &result);

    arena_free(arena);
    return err;
}

static void numbers_have_no_gap(void **state)
{
    struct house *house = *state;
    struct association association = association_of(house);

    for (int i = 0; i < 6; i++) {
        struct entry_draft *draft = draft_of(house, &association);

        entry_debit(draft, "5171", 0, 1000 + i);
        entry_credit(draft, "7561", 1, 1000 + i);
        if (i % 2)
            house_err(db_transaction(house->db, add_then_fail, draft), ERR_CONFLICT);
        else
            house_ok(db_transaction(house->db, add_one, draft));
    }
    assert_int_equal(house_count(house, "SELECT COUNT(*) FROM entry"), 3);
    assert_int_equal(house_count(house, "SELECT MAX(number) FROM entry"), 3);
    assert_int_equal(house_count(house, "SELECT MAX(chain_number) FROM entry"), 3);
    assert_int_equal(house_count(house, "SELECT last_number FROM fiscal_year"), 3);
}

static void hashes_chain(void **state)
{
    struct house *house = *state;
    struct association association = association_of(house);
    unsigned char previous[HASH_LEN] = {0}, hash[HASH_LEN];
    int64_t ids[2];
    bool matches;

    for (int i = 0; i < 2; i++) {
        struct entry_draft *draft = draft_of(house, &association);

        entry_debit(draft, "5171", 0, 1000);
        entry_credit(draft, "4191", 1, 1000);
        house_ok(db_transaction(house->db, add_one, draft));
        ids[i] = draft->id;
    }
    for (int i = 0; i < 2; i++) {
        house_ok(entry_check_hash(house->db, association.id, ids[i], str_from(previous, HASH_LEN),
                                  house->arena, &matches, hash));
        assert_true(matches);
        memcpy(previous, hash, HASH_LEN);
    }
    previous[0] ^= 1;
    house_ok(entry_check_hash(house->db, association.id, ids[1], str_from(previous, HASH_LEN),
                              house->arena, &matches, hash));
    assert_false(matches);
}

static void accounts_for_each_fact(void **state)
{
    static const struct {
        enum accounting_fact fact;
        const char *charge, *debit, *credit;
    } cases[] = {
        {ACCOUNTING_CAPTURE_DUE, "7561", "5171", "7561"},
        {ACCOUNTING_CAPTURE_DUE, NULL, "5171", "471"},
        {ACCOUNTING_CAPTURE_DEFERRED, "7561", "5171", "487"},
        {ACCOUNTING_CAPTURE_ADVANCE, NULL, "5171", "4191"},
        {ACCOUNTING_CAPTURE_UNKNOWN, NULL, "5171", "471"},
        {ACCOUNTING_ADVANCE_DUE, "706", "4191", "706"},
        {ACCOUNTING_ADVANCE_DEFERRED, "706", "4191", "487"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct accounting_pair pair =
            accounting_accounts_for(cases[i].fact, ACCOUNTING_CASH, "5171", cases[i].charge);
        assert_string_equal(pair.debit, cases[i].debit);
        assert_string_equal(pair.credit, cases[i].credit);
    }
}

static void accounts_a_charge_may_be_for(void **state)
{
    struct house *house = *state;
    struct chart_account *accounts;
    size_t count;
    bool may;

    house_ok(accounting_charge_accounts(house->db, house->association_id, house->arena, &accounts,
                                        &count));
    assert_string_equal(accounts[0].code, "706");
    assert_string_equal(accounts[count - 1].code, "766");
    house_ok(accounting_may_charge(house->db, house->association_id, "7561", &may));
    assert_true(may);
    house_execute(house, "UPDATE account SET archived_at = 1 WHERE code = '7561'");
    for (const char *const *code = (const char *const[]){"7561", "4191", "471", "487", "4671",
                                                         "4678", "627", "5121", "", "7", NULL};
         *code; code++) {
        house_ok(accounting_may_charge(house->db, house->association_id, *code, &may));
        assert_false(may);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(years_have_no_hole),           CASE(a_short_year_is_repeated),
        CASE(lines_of_one_account_merge),   CASE(unbalanced_is_refused),
        CASE(numbers_have_no_gap),          CASE(hashes_chain),
        CASE(accounts_a_charge_may_be_for), cmocka_unit_test(accounts_for_each_fact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
