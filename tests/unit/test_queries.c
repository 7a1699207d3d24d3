/*
 * Every statement of the catalog is prepared against the real schema, and its plan is looked at:
 * nothing may read the whole of a table that grows with the years.
 */
#include "support/database.h"

#include "queries.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Tables that stay small: one row per installation, association, account, year or link. */
static const char *const small_tables[] = {
    "installation",
    "association",
    "account",
    "fiscal_year",
    "provider_account",
    "product",
    "secret",
    "staff",
    "logo",
    "bank_account",
    "platform_secret",
    "provider_endpoint",
};

/* Statements that may read much, each with its reason. */
static const struct {
    const char *name;
    const char *reason;
} exempt[] = {
    {"connect_to_check", "LIMIT from a partial index of what is to be checked"},
    {"audit_head", "LIMIT 1 from the end of an index"},
    {"entry_chain_head", "LIMIT 1 from the end of an index"},
    {"deposit_next_number", "LIMIT 1 from the end of an index"},
    {"member_next_number", "LIMIT 1 from the end of an index"},
    {"doctor_backlog", "reads along a partial index of what waits"},
    {"doctor_mail", "reads along a partial index of what waits"},
    {"doctor_parked", "counts along a partial index, without reading the rows"},
    {"rekey_iban_list", "changing the key reads every secret, once in years"},
    {"rekey_platform_list", "the same"},
    {"rekey_seed_list", "the same"},
    {"notification_not_ours", "counts along a partial index, without reading the rows"},
    {"season_unreachable", "one pass over the members, carts only of those without address"},
    {"standing_owed", "a total of every cart, read in the order of an index"},
    {"quarantine_open", "LIMIT from the front of a partial index of what is not settled"},
};

static bool is_exempt(const char *name)
{
    /* They prove the whole database; nobody waits for a page. */
    if (strncasecmp(name, "verify_", 7) == 0)
        return true;
    for (size_t i = 0; i < sizeof(exempt) / sizeof(exempt[0]); i++)
        if (strcasecmp(name, exempt[i].name) == 0)
            return true;
    return false;
}

/* ---- which table a step of a plan reads ---- */

/* "SCAN line", "SEARCH m USING INDEX ..." -> "line", "m". */
static struct str step_subject(struct str step)
{
    struct str rest = step;

    str_cut(&rest, ' ');
    return str_cut(&rest, ' ');
}

/* The next word of SQL text: letters, digits and underscores. */
static struct str next_word(struct str *sql)
{
    struct str word;

    while (sql->len > 0 &&
           !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", sql->data[0]))
        *sql = str_from(sql->data + 1, sql->len - 1);
    word = str_from(sql->data, 0);
    while (sql->len > 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                  "0123456789",
                                  sql->data[0])) {
        word.len++;
        *sql = str_from(sql->data + 1, sql->len - 1);
    }
    return word;
}

static bool names_table(struct house *house, struct str word)
{
    return house_count(house,
                       "SELECT count(*) FROM sqlite_master WHERE type = 'table' "
                       "AND name = '%.*s'",
                       STR_PRINT(word)) > 0;
}

static bool is_small(struct str table)
{
    for (size_t i = 0; i < sizeof(small_tables) / sizeof(small_tables[0]); i++)
        if (str_is(table, small_tables[i]))
            return true;
    return false;
}

/* Whether the subject of a step is a table that grows, or an alias of one: "table subject" or
 * "table AS subject" stands in the text. The name of a subquery is neither. */
static bool subject_grows(struct house *house, struct str subject, struct str sql)
{
    struct str before = {0}, word;

    if (names_table(house, subject))
        return !is_small(subject);
    while (!str_empty(word = next_word(&sql))) {
        if (str_equal(word, subject) && names_table(house, before) && !is_small(before))
            return true;
        if (!str_equal_ignoring_case(word, str_of("as")))
            before = word;
    }
    return false;
}

/* ---- which steps read too much ---- */

static bool ends_with(struct str text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

/* An INSERT lists a look at every table that refers to its own. SQLite leaves it out when it
 * runs, unless the statement has broken a reference before: a new row breaks none. */
static bool is_check_of_new_row(struct house *house, struct str subject, struct str sql)
{
    struct str target;

    if (!str_starts(sql, "INSERT INTO "))
        return false;
    next_word(&sql);
    next_word(&sql);
    target = next_word(&sql);
    return house_count(house,
                       "SELECT count(*) FROM pragma_foreign_key_list('%.*s') "
                       "WHERE \"table\" = '%.*s'",
                       STR_PRINT(subject), STR_PRINT(target)) > 0;
}

/* The whole table, or all of one association's rows. A partial index holds few rows: the
 * waiting, the unsupported, the invalid. */
static bool reads_too_much(struct house *house, struct str step, const char *sql)
{
    static const char *const partial_indexes[] = {"provider_event_unsupported",
                                                  "payment_intent_due",
                                                  "outbox_due",
                                                  "provider_event_due",
                                                  "deferral_open",
                                                  "payment_intent_under_way",
                                                  "provider_endpoint_due",
                                                  "statement_task_due",
                                                  "fee_search_due",
                                                  "quarantine_open",
                                                  "dispute_due"};

    for (size_t i = 0; i < sizeof(partial_indexes) / sizeof(partial_indexes[0]); i++)
        if (memmem(step.data, step.len, partial_indexes[i], strlen(partial_indexes[i])))
            return false;
    if (!str_starts(step, "SCAN ") && !ends_with(step, "(association_id=?)"))
        return false;
    return subject_grows(house, step_subject(step), str_of(sql)) &&
           !is_check_of_new_row(house, step_subject(step), str_of(sql));
}

static int check_plan(struct house *house, int query)
{
    const char *name = guichet_queries.queries[query].name;
    const char *sql = guichet_queries.queries[query].sql;
    int bad = 0;
    char *plan;
    struct str rest;

    house_ok(db_explain(house->db, query, house->arena, &plan));
    for (rest = str_of(plan); !str_empty(rest);) {
        struct str step = str_trim(str_cut(&rest, '\n'));
        if (!is_exempt(name) && reads_too_much(house, step, sql)) {
            print_error("%s: %.*s\n", name, STR_PRINT(step));
            bad++;
        }
    }
    return bad;
}

static void test_all_prepare(void **state)
{
    struct house *house = *state;

    assert_true(guichet_queries.count > 50);
    house_ok(db_prepare_all(house->db));
}

static void test_no_plan_reads_a_growing_table(void **state)
{
    struct house *house = *state;
    int bad = 0;

    for (int query = 0; query < guichet_queries.count; query++)
        bad += check_plan(house, query);
    assert_int_equal(bad, 0);
}

/* The advance in each line of a list is looked up by its entry, not among all advances. */
static void test_the_list_of_revenue_finds_its_advances(void **state)
{
    struct house *house = *state;
    char *plan;

    house_ok(db_explain(house->db, Q_REVENUE_LIST, house->arena, &plan));
    assert_non_null(strstr(plan, "(association_id=? AND account_code=? AND entry_id=?)"));
}

/* The judge itself must be able to say no. */
static void test_the_check_sees_scans(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *step, *sql;
        bool too_much;
    } cases[] = {
        {"SCAN cart_line", "SELECT 1 FROM cart_line", true},
        {"SCAN l", "SELECT 1 FROM cart_line l", true},
        {"SCAN l", "SELECT 1 FROM cart_line AS l", true},
        {"SCAN l USING COVERING INDEX cart_line_member", "SELECT 1 FROM cart_line l", true},
        {"SEARCH l USING INDEX cart_line_member (association_id=?)", "SELECT 1 FROM cart_line l",
         true},
        {"SEARCH l USING INDEX cart_line_member (association_id=? AND member_id=?)",
         "SELECT 1 FROM cart_line l", false},
        {"SCAN association", "SELECT 1 FROM association", false},
        {"SCAN a", "SELECT 1 FROM association a", false},
        {"SCAN line", "SELECT 1 FROM (SELECT 1 FROM cart_line l) line", false},
        {"SCAN CONSTANT ROW", "SELECT 1", false},
        {"SCAN cart_line", "INSERT INTO login (id) VALUES (1)", false},
        {"SCAN cart_line", "INSERT INTO outbox (id) SELECT id FROM cart_line", true},
        {"SCAN cart_line", "DELETE FROM login WHERE id = 1", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(reads_too_much(house, str_of(cases[i].step), cases[i].sql),
                         cases[i].too_much);
}

/* Parameters are numbered from $1 without gap, or a value would be bound to nothing. */
static void test_parameters_have_no_gap(void **state)
{
    (void)state;
    for (int query = 0; query < guichet_queries.count; query++) {
        const char *sql = guichet_queries.queries[query].sql;
        bool seen[64] = {false};
        int highest = 0;
        for (const char *at = strchr(sql, '$'); at; at = strchr(at + 1, '$')) {
            int number = 0;
            assert_int_equal(sscanf(at, "$%d", &number), 1);
            assert_in_range(number, 1, 63);
            seen[number] = true;
            highest = number > highest ? number : highest;
        }
        for (int i = 1; i <= highest; i++)
            if (!seen[i]) {
                print_error("%s: no $%d\n", guichet_queries.queries[query].name, i);
                assert_true(seen[i]);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_all_prepare),
        HOUSE_TEST(test_no_plan_reads_a_growing_table),
        HOUSE_TEST(test_the_list_of_revenue_finds_its_advances),
        HOUSE_TEST(test_the_check_sees_scans),
        cmocka_unit_test(test_parameters_have_no_gap),
    };

    return cmocka_run_group_tests_name("queries", tests, NULL, NULL);
}
