#include "support/scratch.h"

#include <pthread.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "db/connection.h"
#include "db/db.h"

enum {
    T_ITEM_ADD,
    T_ITEM_COUNT,
    T_ITEM_LIST,
    T_ITEM_LABEL,
    T_ITEM_RENAME,
    T_ITEM_ADD_RETURNING,
    T_ITEM_ADD_MANY,
    T_PART_ADD,
    T_PART_ADD_RETURNING,
    T_ECHO,
    T_SWAPPED,
    T_GAP,
    T_POSITIONAL,
    T_TWO,
    T_NOTHING,
    T_MISSPELT,
    T_DOUBLE_QUOTED,
    T_TRAILING,
    T_NULL,
    T_FOREIGN_KEYS,
    T_SYNCHRONOUS,
    T_TRUSTED_SCHEMA,
    T_QUERY_ONLY,
    T_CACHE_SIZE,
    T_CELL_SIZE_CHECK,
    T_MMAP_SIZE,
    T_JOURNAL_MODE,
    T_COUNT
};

static const struct db_query_text texts[] = {
    [T_ITEM_ADD] = {"item_add", "INSERT INTO item (id, label) VALUES ($1, $2)"},
    [T_ITEM_COUNT] = {"item_count", "SELECT count(*) FROM item"},
    [T_ITEM_LIST] = {"item_list", "SELECT id, label FROM item ORDER BY id"},
    [T_ITEM_LABEL] = {"item_label", "SELECT label FROM item WHERE id = $1"},
    [T_ITEM_RENAME] = {"item_rename", "UPDATE item SET label = $2 WHERE id <= $1"},
    [T_ITEM_ADD_RETURNING] = {"item_add_returning", "INSERT INTO item (id, label) VALUES ($1, $2)"
                                                    " RETURNING id, label"},
    [T_ITEM_ADD_MANY] = {"item_add_many", "INSERT INTO item (id, label) VALUES ($1, 'a'),"
                                          " ($1 + 1, 'b'), ($1 + 2, 'c') RETURNING id"},
    [T_PART_ADD] = {"part_add", "INSERT INTO part (id, item_id) VALUES ($1, $2)"},
    [T_PART_ADD_RETURNING] = {"part_add_returning",
                              "INSERT INTO part (id, item_id) VALUES ($1, $2) RETURNING id"},
    [T_ECHO] = {"echo", "SELECT $1"},
    [T_SWAPPED] = {"swapped", "SELECT $2, $1, $2"},
    [T_GAP] = {"gap", "SELECT $1, $3"},
    [T_POSITIONAL] = {"positional", "SELECT ?1"},
    [T_TWO] = {"two", "SELECT 1; SELECT 2"},
    [T_NOTHING] = {"nothing", "-- only words\n"},
    [T_MISSPELT] = {"misspelt", "SELEKT 1"},
    [T_DOUBLE_QUOTED] = {"double_quoted", "SELECT \"no such column\""},
    [T_TRAILING] = {"trailing", "SELECT 7; -- and no more\n\n"},
    [T_NULL] = {"null", "SELECT CAST(NULL AS BIGINT)"},
    [T_FOREIGN_KEYS] = {"foreign_keys", "PRAGMA foreign_keys"},
    [T_SYNCHRONOUS] = {"synchronous", "PRAGMA synchronous"},
    [T_TRUSTED_SCHEMA] = {"trusted_schema", "PRAGMA trusted_schema"},
    [T_QUERY_ONLY] = {"query_only", "PRAGMA query_only"},
    [T_CACHE_SIZE] = {"cache_size", "PRAGMA cache_size"},
    [T_CELL_SIZE_CHECK] = {"cell_size_check", "PRAGMA cell_size_check"},
    [T_MMAP_SIZE] = {"mmap_size", "PRAGMA mmap_size"},
    [T_JOURNAL_MODE] = {"journal_mode", "PRAGMA journal_mode"},
};
static const struct db_catalog catalog = {texts, T_COUNT};

static const char tables[] =
    "CREATE TABLE item (id BIGINT PRIMARY KEY, label TEXT NOT NULL UNIQUE CHECK (label <> 'no'));"
    "CREATE TABLE part (id BIGINT PRIMARY KEY, item_id BIGINT NOT NULL REFERENCES item (id));"
    "CREATE TRIGGER item_abort BEFORE INSERT ON item WHEN NEW.label = 'abort'"
    " BEGIN SELECT RAISE(ABORT, 'item: refused by its trigger'); END;"
    "CREATE TRIGGER item_rollback BEFORE INSERT ON item WHEN NEW.label = 'rollback'"
    " BEGIN SELECT RAISE(ROLLBACK, 'item: everything goes'); END;";

struct fixture {
    struct scratch scratch;
    char path[SCRATCH_NAME_MAX];
    struct arena *arena;
    struct db *db;
};

static struct db *open_database(struct fixture *fixture, enum db_mode mode)
{
    struct db *db = NULL;
    assert_int_equal(db_open(fixture->path, mode, &catalog, &db), OK);
    return db;
}

static int setup(void **state)
{
    static struct fixture fixture;
    scratch_init(&fixture.scratch);
    snprintf(fixture.path, sizeof(fixture.path), "%s",
             scratch_path(&fixture.scratch, "test.sqlite"));
    fixture.arena = arena_new();
    fixture.db = open_database(&fixture, DB_WRITE);
    assert_int_equal(db_execute_text(fixture.db, tables), OK);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    db_close(fixture->db);
    arena_free(fixture->arena);
    scratch_done(&fixture->scratch);
    return 0;
}

static enum err add_item(struct db *db, int64_t id, const char *label)
{
    return db_run(db, T_ITEM_ADD, DB_VALUES(db_int(id), db_text(label)));
}

static int64_t integer(struct db *db, int query)
{
    int64_t value = 0;
    assert_int_equal(db_integer(db, query, DB_NO_VALUES, -1, &value), OK);
    return value;
}

/* ---- opening ---- */

static void opening_sets_what_it_promises(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int query;
        int64_t writing;
        int64_t reading;
    } rows[] = {
        {T_FOREIGN_KEYS, 1, 1}, {T_SYNCHRONOUS, 2, 2}, {T_TRUSTED_SCHEMA, 0, 0},
        {T_QUERY_ONLY, 0, 1},   {T_MMAP_SIZE, 0, 0},   {T_CELL_SIZE_CHECK, 1, 1},
    };
    struct db *reader = open_database(fixture, DB_READ);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(integer(fixture->db, rows[i].query), rows[i].writing);
        assert_int_equal(integer(reader, rows[i].query), rows[i].reading);
    }
    assert_int_equal(integer(reader, T_CACHE_SIZE), -256);
    struct db_rows mode;
    bool found = false;
    assert_int_equal(db_first(reader, T_JOURNAL_MODE, DB_NO_VALUES, &mode, &found), OK);
    assert_true(str_is(db_column_str(&mode, 0), "wal"));
    db_rows_done(&mode);
    db_close(reader);
}

static void reading_never_creates_the_file(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = NULL;
    assert_int_equal(db_open(scratch_path(&fixture->scratch, "absent"), DB_READ, &catalog, &db),
                     ERR_DB);
    assert_null(db);
    assert_int_equal(scratch_size(&fixture->scratch, "absent"), -1);
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = NULL;
    const char *path = scratch_path(&fixture->scratch, "letter");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 500; i++) {
        fputs("Dear treasurer, ", file);
    }
    fclose(file);
    assert_int_equal(db_open(path, DB_READ, &catalog, &db), ERR_DB);
    assert_int_equal(db_open(path, DB_WRITE, &catalog, &db), ERR_DB);
    assert_null(db);
    db_close(NULL);
}

static void a_reader_cannot_write(void **state)
{
    struct fixture *fixture = *state;
    struct db *reader = open_database(fixture, DB_READ);
    assert_int_equal(add_item(reader, 1, "one"), ERR_DB);
    assert_int_equal(integer(fixture->db, T_ITEM_COUNT), 0);
    db_close(reader);
}

/* ---- statements ---- */

static void bad_statements_are_named(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int query;
        enum err err;
        const char *says;
    } rows[] = {
        {T_GAP, ERR_INTERNAL, "gap: 2 parameters, but no $2"},
        {T_POSITIONAL, ERR_INTERNAL, "positional: 1 parameters, but no $1"},
        {T_TWO, ERR_INTERNAL, "two: more than one statement"},
        {T_NOTHING, ERR_INTERNAL, "nothing: no statement"},
        {T_MISSPELT, ERR_DB, "misspelt: "},
        {T_DOUBLE_QUOTED, ERR_DB, "double_quoted: no such column"},
        {T_COUNT, ERR_INTERNAL, "no query has the number"},
        {-1, ERR_INTERNAL, "no query has the number"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct db_rows result;
        assert_int_equal(db_run(fixture->db, rows[i].query, DB_NO_VALUES), rows[i].err);
        assert_error_says(rows[i].says);
        assert_int_equal(db_select(fixture->db, rows[i].query, DB_NO_VALUES, &result),
                         rows[i].err);
        db_rows_done(&result);
    }
    assert_int_equal(db_prepare_all(fixture->db), ERR_INTERNAL);
    assert_error_says("gap");
}

static void good_statements_are_all_prepared(void **state)
{
    struct fixture *fixture = *state;
    struct db_catalog good = {texts, T_GAP};
    struct db *db = NULL;
    assert_int_equal(db_open(fixture->path, DB_READ, &good, &db), OK);
    assert_int_equal(db_prepare_all(db), OK);
    db_close(db);
    assert_int_equal(integer(fixture->db, T_TRAILING), 7);
}

static void every_parameter_has_its_value(void **state)
{
    struct fixture *fixture = *state;
    struct db_value values[] = {db_int(1), db_int(2), db_int(3)};
    for (size_t count = 0; count <= 3; count++) {
        struct db_rows rows;
        enum err err = db_select(fixture->db, T_SWAPPED, values, count, &rows);
        assert_int_equal(err, count == 2 ? OK : ERR_INTERNAL);
        db_rows_done(&rows);
    }
}

static void parameters_are_bound_by_name(void **state)
{
    struct fixture *fixture = *state;
    struct db_rows rows;
    bool found = false;
    assert_int_equal(db_first(fixture->db, T_SWAPPED,
                              DB_VALUES(db_text("first"), db_text("second")), &rows, &found),
                     OK);
    assert_true(found);
    assert_true(str_is(db_column_str(&rows, 0), "second"));
    assert_true(str_is(db_column_str(&rows, 1), "first"));
    assert_true(str_is(db_column_str(&rows, 2), "second"));
    db_rows_done(&rows);
}

static void values_come_back_as_they_went(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct db_value value;
        bool null;
        int64_t integer;
        struct str bytes;
    } cases[] = {
        {db_null(), true, 0, {NULL, 0}},
        {db_text(NULL), true, 0, {NULL, 0}},
        {db_str(str_from(NULL, 0)), true, 0, {NULL, 0}},
        {db_blob(str_from(NULL, 0)), true, 0, {NULL, 0}},
        {db_int(0), false, 0, {"0", 1}},
        {db_int(INT64_MAX), false, INT64_MAX, {"9223372036854775807", 19}},
        {db_int(INT64_MIN), false, INT64_MIN, {"-9223372036854775808", 20}},
        {db_text(""), false, 0, {"", 0}},
        {db_text("12 €"), false, 12, {"12 €", 6}},
        {db_str(str_from("a\0b", 3)), false, 0, {"a\0b", 3}},
        {db_str(str_from("abcdef", 3)), false, 0, {"abc", 3}},
        {db_blob(str_from("", 0)), false, 0, {"", 0}},
        {db_blob(str_from("\0\xff\x80", 3)), false, 0, {"\0\xff\x80", 3}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct db_rows rows;
        bool found = false;
        assert_int_equal(db_first(fixture->db, T_ECHO, &cases[i].value, 1, &rows, &found), OK);
        assert_true(found);
        assert_int_equal(db_column_is_null(&rows, 0), cases[i].null);
        assert_int_equal(db_column_int(&rows, 0), cases[i].integer);
        struct str seen = db_column_str(&rows, 0);
        char *text = db_column_text(&rows, 0, fixture->arena);
        struct str blob = db_column_blob(&rows, 0, fixture->arena);
        assert_true(str_equal(seen, cases[i].bytes) && str_equal(blob, cases[i].bytes));
        assert_int_equal(seen.data == NULL, cases[i].null);
        assert_int_equal(text == NULL, cases[i].null);
        assert_int_equal(blob.data == NULL, cases[i].null);
        db_rows_done(&rows);
        assert_true(text == NULL || memcmp(text, cases[i].bytes.data, cases[i].bytes.len) == 0);
    }
}

static void a_wrong_column_ends_the_process(void **state)
{
    struct fixture *fixture = *state;
    for (int column = -1; column <= 2; column++) {
        struct db_rows rows;
        bool found = false;
        assert_int_equal(db_first(fixture->db, T_ECHO, DB_VALUES(db_int(column)), &rows, &found),
                         OK);
        pid_t child = fork();
        if (child == 0) {
            fclose(stderr);
            db_column_int(&rows, column);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WIFEXITED(status) && WEXITSTATUS(status) == 0, column == 0);
        db_rows_done(&rows);
    }
}

/* ---- running ---- */

static void refusals_are_conflicts(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int query;
        int64_t id;
        const char *label;
        const char *says;
    } rows[] = {
        {T_ITEM_ADD, 1, "other", "UNIQUE constraint failed: item.id"},
        {T_ITEM_ADD, 2, "one", "UNIQUE constraint failed: item.label"},
        {T_ITEM_ADD, 2, "no", "CHECK constraint failed"},
        {T_ITEM_ADD, 2, NULL, "NOT NULL constraint failed: item.label"},
        {T_ITEM_ADD, 2, "abort", "item_add: item: refused by its trigger"},
        {T_ITEM_ADD_RETURNING, 1, "other", "UNIQUE constraint failed: item.id"},
        {T_PART_ADD, 1, "99", "FOREIGN KEY constraint failed"},
        {T_PART_ADD_RETURNING, 1, "99", "FOREIGN KEY constraint failed"},
    };
    assert_int_equal(add_item(fixture->db, 1, "one"), OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct db_rows result;
        bool found = true;
        struct db_value values[] = {db_int(rows[i].id), db_text(rows[i].label)};
        assert_int_equal(db_run(fixture->db, rows[i].query, values, 2), ERR_CONFLICT);
        assert_error_says(rows[i].says);
        assert_int_equal(db_changes(fixture->db), 0);
        assert_int_equal(db_first(fixture->db, rows[i].query, values, 2, &result, &found),
                         ERR_CONFLICT);
        assert_false(found);
        db_rows_done(&result);
    }
    assert_int_equal(integer(fixture->db, T_ITEM_COUNT), 1);
}

static void changes_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = fixture->db;
    struct db_rows rows;
    bool found = false;
    assert_int_equal(db_run(db, T_ITEM_ADD_MANY, DB_VALUES(db_int(10))), OK);
    assert_int_equal(db_changes(db), 3);
    assert_int_equal(integer(db, T_ITEM_COUNT), 3);
    assert_int_equal(db_changes(db), 0);
    assert_int_equal(db_run(db, T_ITEM_RENAME, DB_VALUES(db_int(10), db_text("z"))), OK);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(db_run(db, T_ITEM_RENAME, DB_VALUES(db_int(9), db_text("z"))), OK);
    assert_int_equal(db_changes(db), 0);
    /* All rows are changed by the first step; what is not read is changed too. */
    assert_int_equal(db_run(db, T_ITEM_RENAME, DB_VALUES(db_int(10), db_text("y"))), OK);
    assert_int_equal(
        db_first(db, T_ITEM_ADD_RETURNING, DB_VALUES(db_int(30), db_text("x")), &rows, &found),
        OK);
    assert_true(found);
    assert_int_equal(db_column_int(&rows, 0), 30);
    db_rows_done(&rows);
    assert_int_equal(db_changes(db), 1);
    struct db *reader = open_database(fixture, DB_READ);
    assert_int_equal(integer(reader, T_ITEM_COUNT), 4);
    db_close(reader);
}

static void rows_come_in_order_and_end(void **state)
{
    struct fixture *fixture = *state;
    struct db_rows rows;
    bool found = true;
    assert_int_equal(db_run(fixture->db, T_ITEM_ADD_MANY, DB_VALUES(db_int(1))), OK);
    assert_int_equal(db_select(fixture->db, T_ITEM_LIST, DB_NO_VALUES, &rows), OK);
    for (int64_t id = 1; id <= 3; id++) {
        assert_int_equal(db_next(&rows, &found), OK);
        assert_true(found);
        assert_int_equal(db_column_int(&rows, 0), id);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(db_next(&rows, &found), OK);
        assert_false(found);
    }
    db_rows_done(&rows);
    db_rows_done(&rows);
    db_rows_done(&(struct db_rows){0});
}

static void open_rows_are_not_taken_away(void **state)
{
    struct fixture *fixture = *state;
    struct db_rows outer;
    struct db_rows inner;
    bool found = false;
    assert_int_equal(db_run(fixture->db, T_ITEM_ADD_MANY, DB_VALUES(db_int(1))), OK);
    assert_int_equal(db_first(fixture->db, T_ITEM_LIST, DB_NO_VALUES, &outer, &found), OK);
    assert_int_equal(db_select(fixture->db, T_ITEM_LIST, DB_NO_VALUES, &inner), ERR_INTERNAL);
    db_rows_done(&inner);
    assert_int_equal(db_run(fixture->db, T_ITEM_LIST, DB_NO_VALUES), ERR_INTERNAL);
    assert_error_says("item_list: its rows are still open");
    /* Another query is another statement. */
    assert_int_equal(integer(fixture->db, T_ITEM_COUNT), 3);
    assert_int_equal(db_next(&outer, &found), OK);
    assert_true(found);
    assert_int_equal(db_column_int(&outer, 0), 2);
    db_rows_done(&outer);
    assert_int_equal(db_run(fixture->db, T_ITEM_LIST, DB_NO_VALUES), OK);
}

static void an_integer_has_a_value_otherwise(void **state)
{
    struct fixture *fixture = *state;
    int64_t value = 0;
    assert_int_equal(db_integer(fixture->db, T_NULL, DB_NO_VALUES, 5, &value), OK);
    assert_int_equal(value, 5);
    assert_int_equal(db_integer(fixture->db, T_ITEM_LIST, DB_NO_VALUES, 6, &value), OK);
    assert_int_equal(value, 6);
    assert_int_equal(db_integer(fixture->db, T_ECHO, DB_VALUES(db_int(8)), 7, &value), OK);
    assert_int_equal(value, 8);
    assert_int_equal(db_integer(fixture->db, T_MISSPELT, DB_NO_VALUES, 7, &value), ERR_DB);
}

static void plans_are_explained(void **state)
{
    struct fixture *fixture = *state;
    char *plan = NULL;
    assert_int_equal(db_explain(fixture->db, T_ITEM_LABEL, fixture->arena, &plan), OK);
    assert_non_null(strstr(plan, "SEARCH item USING INDEX"));
    assert_int_equal(db_explain(fixture->db, T_ITEM_COUNT, fixture->arena, &plan), OK);
    assert_non_null(strstr(plan, "SCAN item"));
    assert_int_equal(db_explain(fixture->db, T_MISSPELT, fixture->arena, &plan), ERR_DB);
    assert_null(plan);
}

/* ---- transactions ---- */

static enum err add_one(struct db *db, void *argument)
{
    (void)argument;
    return add_item(db, 1, "one");
}

static enum err add_then_fail(struct db *db, void *argument)
{
    enum err err = add_item(db, 2, "two");
    return err == OK ? fail(ERR_DENIED, "not for %s", (const char *)argument) : err;
}

static enum err add_after_a_conflict(struct db *db, void *argument)
{
    (void)argument;
    enum err err = add_item(db, 3, "abort");
    return err == ERR_CONFLICT ? add_item(db, 3, "three") : err;
}

static enum err ignore_the_end_of_everything(struct db *db, void *argument)
{
    enum err *second = argument;
    enum err err = add_item(db, 4, "four");
    if (err == OK && add_item(db, 5, "rollback") == ERR_CONFLICT) {
        *second = add_item(db, 6, "six");
    }
    return err;
}

static enum err leave_rows_open(struct db *db, void *argument)
{
    struct db_rows rows;
    (void)argument;
    enum err err = add_item(db, 7, "seven");
    return err == OK ? db_select(db, T_ITEM_LIST, DB_NO_VALUES, &rows) : err;
}

static enum err nest(struct db *db, void *argument)
{
    (void)argument;
    return db_transaction(db, add_one, NULL);
}

static enum err fail_silently(struct db *db, void *argument)
{
    (void)db;
    (void)argument;
    return ERR_PROVIDER;
}

static void a_transaction_is_whole_or_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = fixture->db;
    enum err second = OK;
    char name[] = "you";
    assert_int_equal(db_transaction(db, add_one, NULL), OK);
    assert_int_equal(db_transaction(db, add_then_fail, name), ERR_DENIED);
    assert_string_equal(err_last()->text, "not for you");
    assert_int_equal(db_transaction(db, add_after_a_conflict, NULL), OK);
    assert_int_equal(integer(db, T_ITEM_COUNT), 2);
    assert_int_equal(db_transaction(db, ignore_the_end_of_everything, &second), ERR_DB);
    assert_int_equal(second, ERR_DB);
    assert_error_says("the transaction was lost");
    assert_int_equal(integer(db, T_ITEM_COUNT), 2);
    assert_int_equal(db_transaction(db, leave_rows_open, NULL), ERR_INTERNAL);
    assert_error_says("item_list: its rows were left open");
    assert_int_equal(db_transaction(db, nest, NULL), ERR_INTERNAL);
    assert_int_equal(db_transaction(db, fail_silently, NULL), ERR_PROVIDER);
    assert_int_equal(err_last()->code, ERR_PROVIDER);
    assert_int_equal(integer(db, T_ITEM_COUNT), 2);
    assert_int_equal(db_run(db, T_ITEM_LIST, DB_NO_VALUES), OK);
}

static void a_page_reads_one_moment(void **state)
{
    struct fixture *fixture = *state;
    struct db *reader = open_database(fixture, DB_READ);
    struct db_rows rows;
    bool found = false;
    assert_int_equal(db_run(fixture->db, T_ITEM_ADD_MANY, DB_VALUES(db_int(10))), OK);
    assert_int_equal(db_read_begin(reader), OK);
    assert_int_equal(db_read_begin(reader), ERR_INTERNAL);
    assert_int_equal(integer(reader, T_ITEM_COUNT), 3);
    assert_int_equal(add_item(fixture->db, 1, "one"), OK);
    assert_int_equal(integer(reader, T_ITEM_COUNT), 3);
    /* This thread would write what it can no longer see. */
    assert_int_equal(db_transaction(fixture->db, add_one, NULL), ERR_INTERNAL);
    assert_error_says("reads in a transaction");
    /* Rows forgotten would hold the moment. */
    assert_int_equal(db_first(reader, T_ITEM_LIST, DB_NO_VALUES, &rows, &found), OK);
    assert_true(found);
    db_read_end(reader);
    db_read_end(reader);
    assert_int_equal(integer(reader, T_ITEM_COUNT), 4);
    assert_int_equal(db_run(reader, T_ITEM_LIST, DB_NO_VALUES), OK);
    assert_int_equal(db_transaction(fixture->db, add_after_a_conflict, NULL), OK);
    assert_int_equal(db_read_begin(reader), OK);
    db_close(reader);
    assert_int_equal(db_transaction(fixture->db, add_one, NULL), ERR_CONFLICT);
}

static void *release_lock(void *argument)
{
    clock_sleep_ms(60);
    assert_int_equal(db_execute_text(argument, "COMMIT"), OK);
    return NULL;
}

static void a_lock_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct db *other = open_database(fixture, DB_WRITE);
    pthread_t thread;
    assert_int_equal(db_execute_text(other, "BEGIN IMMEDIATE"), OK);
    engine_set_patience(fixture->db->engine, 40);
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(db_transaction(fixture->db, add_one, NULL), ERR_BUSY);
    assert_true(clock_monotonic_ms() - began_ms >= 40);
    assert_error_says("database is locked");
    engine_set_patience(fixture->db->engine, 10000);
    assert_int_equal(pthread_create(&thread, NULL, release_lock, other), 0);
    assert_int_equal(db_transaction(fixture->db, add_one, NULL), OK);
    pthread_join(thread, NULL);
    db_close(other);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(opening_sets_what_it_promises),
        CASE(reading_never_creates_the_file),
        CASE(what_is_no_database_is_refused),
        CASE(a_reader_cannot_write),
        CASE(bad_statements_are_named),
        CASE(good_statements_are_all_prepared),
        CASE(every_parameter_has_its_value),
        CASE(parameters_are_bound_by_name),
        CASE(values_come_back_as_they_went),
        CASE(a_wrong_column_ends_the_process),
        CASE(refusals_are_conflicts),
        CASE(changes_are_counted),
        CASE(rows_come_in_order_and_end),
        CASE(open_rows_are_not_taken_away),
        CASE(an_integer_has_a_value_otherwise),
        CASE(plans_are_explained),
        CASE(a_transaction_is_whole_or_nothing),
        CASE(a_page_reads_one_moment),
        CASE(a_lock_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
