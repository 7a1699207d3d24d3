/* The books as they are read: by day, by account, page by page, and what a balance says. */
#include "support/database.h"
#include "support/scratch.h"

#include "accounting/journal.h"
#include "base/random.h"
#include "migrations.h"
#include "queries.h"

#include <string.h>

/* ---- what the tests write ---- */

static struct association association_of(struct house *house, int64_t id)
{
    struct association association;

    house_ok(association_find(house->db, id, house->arena, &association));
    return association;
}

static enum err write_entry(struct db *db, void *argument)
{
    struct entry_draft *draft = argument;
    struct arena *arena = arena_new();
    struct entry_result result;
    enum err err = entry_add(db, draft, arena, &result);

    arena_free(arena);
    return err;
}

/* Debit and credit of one amount. */
static void add(struct house *house, int64_t association_id, enum journal journal, struct date day,
                const char *debit, const char *credit, int64_t cents)
{
    struct association association = association_of(house, association_id);
    struct entry_draft *draft = arena_alloc(house->arena, sizeof(*draft));

    house_ok(random_id(&draft->id));
    draft->association = &association;
    draft->journal = journal;
    draft->fact_date = day;
    draft->piece = arena_printf(house->arena, "P%lld", (long long)cents);
    draft->label = "Essai";
    draft->now = HOUSE_NOW;
    entry_debit(draft, debit, 0, cents);
    entry_credit(draft, credit, 1, cents);
    house_ok(db_transaction(house->db, write_entry, draft));
}

/* Written in another order than their days. */
static void fill(struct house *house)
{
    add(house, house->association_id, JOURNAL_CASH, (struct date){2026, 10, 5}, "530", "7561",
        300);
    add(house, house->association_id, JOURNAL_BANK, (struct date){2026, 9, 1}, "5121", "706", 100);
    add(house, house->association_id, JOURNAL_CASH, (struct date){2026, 10, 5}, "530", "706", 400);
    add(house, house->association_id, JOURNAL_CASH, (struct date){2026, 9, 20}, "530", "7561",
        200);
    add(house, house_add_association(house, "Les Voisins"), JOURNAL_CASH,
        (struct date){2026, 9, 20}, "530", "7561", 9900);
}

static struct journal_filter all_of(struct house *house)
{
    return (struct journal_filter){
        .association_id = house->association_id,
        .from = JOURNAL_DAY_FIRST,
        .until = JOURNAL_DAY_LAST,
        .journal = "",
        .account = "",
        .chain_number_last = INT64_MAX,
    };
}

typedef enum err read_fn(struct db *db, const struct journal_filter *filter,
                         const struct journal_place *place, int64_t max, struct arena *arena,
                         struct journal_entry **entries, size_t *count);

/* The amounts of all pages of two entries each, one after the other. */
static void check(struct house *house, read_fn *read, struct journal_filter filter,
                  const char *expected)
{
    struct journal_place place = {0};
    struct journal_entry *entries;
    struct buffer text;
    size_t count;

    buffer_init(&text, house->arena, 64);
    do {
        house_ok(read(house->db, &filter, place.day ? &place : NULL, 2, house->arena, &entries,
                      &count));
        for (size_t i = 0; i < count; i++)
            buffer_printf(&text, "%s%lld", text.len ? " " : "", (long long)entries[i].total_cents);
        if (count > 0)
            place = (struct journal_place){entries[count - 1].day, entries[count - 1].chain_number,
                                           entries[count - 1].lines->line_number};
    } while (count == 2);
    assert_string_equal(text.data, expected);
}

/* ---- the journal ---- */

static void entries_come_in_the_order_of_their_days(void **state)
{
    struct house *house = *state;
    struct journal_filter filter = all_of(house);

    fill(house);
    check(house, journal_oldest, filter, "100 200 300 400");
    check(house, journal_newest, filter, "400 300 200 100");
    filter.journal = "CA";
    check(house, journal_oldest, filter, "200 300 400");
    filter.from = "2026-09-20";
    filter.until = "2026-09-30";
    check(house, journal_newest, filter, "200");
    filter.journal = "BQ";
    check(house, journal_newest, filter, "");
    filter = all_of(house);
    filter.from = "2026-09-02";
    filter.until = "2026-10-05";
    check(house, journal_oldest, filter, "200 300 400");
    check(house, journal_newest, filter, "400 300 200");
    filter.chain_number_last = 3; /* the last one was written fourth */
    check(house, journal_oldest, filter, "300 400");
}

static void an_entry_comes_with_its_lines(void **state)
{
    struct house *house = *state;
    struct journal_filter filter = all_of(house);
    struct journal_entry *entries;
    int64_t head;
    size_t count;

    fill(house);
    house_ok(journal_newest(house->db, &filter, NULL, 1, house->arena, &entries, &count));
    assert_int_equal(count, 1);
    assert_int_equal(entries[0].line_count, 2);
    assert_string_equal(entries[0].lines[0].account, "530");
    assert_int_equal(entries[0].lines[0].debit_cents, 400);
    assert_string_equal(entries[0].lines[0].member, "");
    assert_string_equal(entries[0].lines[1].account, "706");
    assert_int_equal(entries[0].lines[1].credit_cents, 400);
    assert_int_equal(entries[0].lines[1].member_id, house->member_id);
    assert_string_equal(entries[0].lines[1].member, "Jeanne Martin");
    assert_string_equal(entries[0].day, "2026-10-05");
    assert_string_equal(entries[0].year, "2026-2027");
    house_ok(journal_head(house->db, house->association_id, &head));
    assert_int_equal(head, 4);
}

/* ---- one account ---- */

static void a_ledger_runs_from_page_to_page(void **state)
{
    struct house *house = *state;
    struct journal_filter filter = all_of(house);
    struct journal_entry *entries;
    struct journal_place place;
    int64_t cents;
    size_t count;

    fill(house);
    filter.account = "530";
    check(house, ledger_read, filter, "200 300 400");
    house_ok(ledger_balance(house->db, &filter, "", NULL, &cents));
    assert_int_equal(cents, 0);
    house_ok(ledger_read(house->db, &filter, NULL, 2, house->arena, &entries, &count));
    place = (struct journal_place){entries[1].day, entries[1].chain_number,
                                   entries[1].lines->line_number};
    house_ok(ledger_balance(house->db, &filter, "", &place, &cents));
    assert_int_equal(cents, 500);
    filter.from = "2026-10-05";
    check(house, ledger_read, filter, "300 400");
    house_ok(ledger_balance(house->db, &filter, "", NULL, &cents));
    assert_int_equal(cents, 200);
    filter.account = "706";
    house_ok(ledger_balance(house->db, &filter, "", NULL, &cents));
    assert_int_equal(cents, -100);
    filter.account = "999";
    check(house, ledger_read, filter, "");
}

/* ---- balances ---- */

static const struct account_balance *balance_of(struct house *house, const char *code,
                                                const char *from, const char *until)
{
    struct account_balance *balances;
    size_t count;

    house_ok(account_balances(house->db, house->association_id, from, until, house->arena,
                              &balances, &count));
    for (size_t i = 0; i < count; i++)
        if (strcmp(balances[i].code, code) == 0)
            return &balances[i];
    return NULL;
}

static void check_balance(struct house *house, const char *code, const char *from,
                          const char *until, int64_t opening, int64_t debit, int64_t credit)
{
    const struct account_balance *balance = balance_of(house, code, from, until);

    assert_non_null(balance);
    assert_int_equal(balance->opening_cents, opening);
    assert_int_equal(balance->debit_cents, debit);
    assert_int_equal(balance->credit_cents, credit);
    assert_int_equal(balance->closing_cents, opening + debit - credit);
}

/* Money is carried forward for ever, revenue within its fiscal year. */
static void what_is_carried_forward(void **state)
{
    struct house *house = *state;
    const char *carried_from;

    fill(house);
    add(house, house->association_id, JOURNAL_CASH, (struct date){2027, 9, 2}, "530", "7561", 50);
    check_balance(house, "530", "", "9999-12-31", 0, 950, 0);
    check_balance(house, "530", "2026-10-01", "2026-10-31", 200, 700, 0);
    check_balance(house, "7561", "2026-10-01", "2026-10-31", -200, 0, 300);
    check_balance(house, "530", "2027-09-01", "2028-08-31", 900, 50, 0);
    check_balance(house, "7561", "2027-09-01", "2028-08-31", 0, 0, 50);
    check_balance(house, "5121", "2027-09-01", "2028-08-31", 100, 0, 0);
    assert_null(balance_of(house, "4191", "", "9999-12-31"));
    assert_null(balance_of(house, "706", "2027-09-01", "2028-08-31"));
    house_ok(ledger_carried_from(house->db, house->association_id, "7561", "2027-01-15",
                                 house->arena, &carried_from));
    assert_string_equal(carried_from, "2026-09-01");
    house_ok(ledger_carried_from(house->db, house->association_id, "530", "2027-01-15",
                                 house->arena, &carried_from));
    assert_string_equal(carried_from, "");
    house_ok(ledger_carried_from(house->db, house->association_id, "7561", "2050-01-15",
                                 house->arena, &carried_from));
    assert_string_equal(carried_from, "2050-01-15");
}

/* ---- speed, and books from before ---- */

static void check_plan(struct house *house, int query, const char *part)
{
    char *plan;

    house_ok(db_explain(house->db, query, house->arena, &plan));
    if (!strstr(plan, part))
        print_error("%s", plan);
    assert_non_null(strstr(plan, part));
}

/* A page goes straight to its place. */
static void pages_are_found_by_their_place(void **state)
{
    struct house *house = *state;

    check_plan(
        house, Q_JOURNAL_NEWEST,
        "entry_day (association_id=? AND entry_date>? AND (entry_date,chain_number)<(?,?))");
    check_plan(
        house, Q_JOURNAL_OLDEST,
        "entry_day (association_id=? AND (entry_date,chain_number)>(?,?) AND entry_date<?)");
    check_plan(house, Q_LEDGER,
               "entry_line_ledger (association_id=? AND account_code=? AND "
               "(entry_date,chain_number,line_number)>(?,?,?) AND entry_date<?)");
    check_plan(house, Q_LEDGER_BEFORE, "COVERING INDEX entry_line_ledger");
    check_plan(house, Q_ACCOUNT_BALANCES, "COVERING INDEX entry_line_ledger");
}

/* Lines that were written before they knew their day learn it. */
static void older_lines_learn_their_day(void **state)
{
    struct house house = {.arena = arena_new()};
    struct db_migrations before = guichet_migrations;
    struct scratch scratch;
    const char *path;
    int applied;

    (void)state;
    scratch_init(&scratch);
    path = scratch_path(&scratch, "books.db");
    snprintf(house.path, sizeof(house.path), "%.90s", path);
    for (int i = 0; i < guichet_migrations.count; i++)
        if (strstr(guichet_migrations.migrations[i].name, "books"))
            before.count = i;
    assert_true(before.count < guichet_migrations.count);
    house_ok(db_migrate(path, &before, &applied));
    house_ok(db_open(path, DB_WRITE, &guichet_queries, &house.db));
    house_ok(db_execute_text(
        house.db,
        "INSERT INTO association (id, name, kind, currency, zone, amount_min_cents,"
        " amount_max_cents, year_first_month, year_first_day, created_at)"
        " VALUES (1, 'x', 'trial', 'EUR', 'Europe/Paris', 1, 2, 9, 1, 0);"
        "INSERT INTO account (association_id, code, label) VALUES (1, '530', 'Caisse');"
        "INSERT INTO fiscal_year (association_id, id, label, first_day, last_day)"
        " VALUES (1, 1, 'x', '2026-09-01', '2027-08-31');"
        "INSERT INTO entry (association_id, id, fiscal_year_id, number, chain_number, journal,"
        " fact_date, entry_date, posted_at, piece, label, total_cents, previous_hash, hash)"
        " VALUES (1, 7, 1, 1, 4, 'CA', '2026-10-01', '2026-10-02', 0, '', '', 1, zeroblob(32),"
        " zeroblob(32));"
        "INSERT INTO entry_line (association_id, entry_id, line_number, account_code,"
        " account_label, debit_cents, credit_cents) VALUES (1, 7, 1, '530', '', 1, 0)"));
    db_close(house.db);
    house_ok(db_migrate(path, &guichet_migrations, &applied));
    house_ok(db_open(path, DB_WRITE, &guichet_queries, &house.db));
    assert_int_equal(house_count(&house, "SELECT COUNT(*) FROM entry_line"
                                         " WHERE entry_date = '2026-10-02' AND chain_number = 4"),
                     1);
    house_err(db_execute_text(house.db, "UPDATE entry_line SET debit_cents = 2"), ERR_CONFLICT);
    db_close(house.db);
    scratch_done(&scratch);
    arena_free(house.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(entries_come_in_the_order_of_their_days),
        HOUSE_TEST(an_entry_comes_with_its_lines),
        HOUSE_TEST(a_ledger_runs_from_page_to_page),
        HOUSE_TEST(what_is_carried_forward),
        HOUSE_TEST(pages_are_found_by_their_place),
        cmocka_unit_test(older_lines_learn_their_day),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
