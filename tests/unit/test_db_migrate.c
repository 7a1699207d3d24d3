#include "support/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/hash.h"
#include "db/db.h"

enum { M_COUNT, M_LABEL, M_TABLES, M_RECORD, M_KEYS, M_SCHEMA_COUNT, M_COUNT_OF_QUERIES };

static const struct db_query_text texts[] = {
    [M_COUNT] = {"item_count", "SELECT count(*) FROM item"},
    [M_LABEL] = {"item_label", "SELECT count(*) FROM item WHERE label LIKE 'item %'"},
    [M_TABLES] = {"tables", "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                            " AND name IN ('item', 'part', 'extra')"},
    [M_RECORD] = {"record", "SELECT number, name, sha256, applied_at FROM schema_migration"
                            " ORDER BY number"},
    [M_KEYS] = {"keys", "PRAGMA foreign_keys"},
    [M_SCHEMA_COUNT] = {"schema_count", "SELECT count(*) FROM schema_migration"},
};
static const struct db_catalog catalog = {texts, M_COUNT_OF_QUERIES};

static const char first_sql[] =
    "-- The first tables.\n"
    "CREATE TABLE item (id BIGINT PRIMARY KEY, label TEXT NOT NULL);\n"
    "CREATE TABLE part (id BIGINT PRIMARY KEY, item_id BIGINT NOT NULL REFERENCES item (id));\n"
    "INSERT INTO item (id, label) VALUES (1, 'one'), (2, 'two');\n"
    "INSERT INTO part (id, item_id) VALUES (1, 1), (2, 2);\n";

/* Rebuilds the table that another one refers to, as every change of a column needs it. */
static const char rebuild_sql[] =
    "CREATE TABLE item_new (id BIGINT PRIMARY KEY, label TEXT NOT NULL, kind TEXT);\n"
    "INSERT INTO item_new (id, label) SELECT id, 'item ' || label FROM item;\n"
    "DROP TABLE item;\n"
    "ALTER TABLE item_new RENAME TO item;\n";

static const char extra_sql[] = "CREATE TABLE extra (id BIGINT PRIMARY KEY);\n";

static const struct db_migration list[] = {
    {1, "tables", first_sql},
    {2, "rebuild", rebuild_sql},
    {3, "extra", extra_sql},
};

struct fixture {
    struct scratch scratch;
    char path[SCRATCH_NAME_MAX];
    struct db *db;
};

static int setup(void **state)
{
    static struct fixture fixture;
    scratch_init(&fixture.scratch);
    snprintf(fixture.path, sizeof(fixture.path), "%s",
             scratch_path(&fixture.scratch, "books.sqlite"));
    fixture.db = NULL;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    db_close(fixture->db);
    scratch_done(&fixture->scratch);
    return 0;
}

/* Migrates with the first `count` of the list. */
static enum err migrate(struct fixture *fixture, int count, int *applied)
{
    struct db_migrations migrations = {list, count};
    return db_migrate(fixture->path, &migrations, applied);
}

static struct db *open_database(struct fixture *fixture)
{
    db_close(fixture->db);
    assert_int_equal(db_open(fixture->path, DB_WRITE, &catalog, &fixture->db), OK);
    return fixture->db;
}

static int64_t integer(struct fixture *fixture, int query)
{
    int64_t value = 0;
    assert_int_equal(db_integer(fixture->db, query, DB_NO_VALUES, -1, &value), OK);
    return value;
}

static enum err check_schema(struct fixture *fixture, const struct db_migration *migrations,
                             int count)
{
    struct db_migrations known = {migrations, count};
    return db_check_schema(fixture->db, &known);
}

/* ---- the way up ---- */

static void a_new_database_gets_everything(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    int applied = -1;
    int64_t before = clock_now();
    assert_int_equal(migrate(fixture, 3, &applied), OK);
    assert_int_equal(applied, 3);
    open_database(fixture);
    assert_int_equal(integer(fixture, M_TABLES), 3);
    assert_int_equal(integer(fixture, M_LABEL), 2);
    assert_int_equal(check_schema(fixture, list, 3), OK);
    struct db_rows rows;
    bool found = true;
    assert_int_equal(db_select(fixture->db, M_RECORD, DB_NO_VALUES, &rows), OK);
    for (int i = 0; i < 3; i++) {
        unsigned char hash[HASH_LEN];
        char hex[HASH_HEX_MAX];
        assert_int_equal(hash_sha256(str_of(list[i].sql), hash), OK);
        hash_hex(hash, sizeof(hash), hex);
        assert_int_equal(db_next(&rows, &found), OK);
        assert_int_equal(db_column_int(&rows, 0), i + 1);
        assert_true(str_is(db_column_str(&rows, 1), list[i].name));
        assert_true(str_is(db_column_str(&rows, 2), hex));
        assert_in_range(db_column_int(&rows, 3), before, clock_now());
    }
    db_rows_done(&rows);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(scratch_size(&fixture->scratch, "books.sqlite.before-0001"), -1);
}

static void twice_is_once(void **state)
{
    struct fixture *fixture = *state;
    int applied = -1;
    assert_int_equal(migrate(fixture, 3, &applied), OK);
    assert_int_equal(migrate(fixture, 3, &applied), OK);
    assert_int_equal(applied, 0);
    open_database(fixture);
    assert_int_equal(integer(fixture, M_SCHEMA_COUNT), 3);
    assert_int_equal(scratch_size(&fixture->scratch, "books.sqlite.before-0004"), -1);
}

static void what_was_there_is_copied_before(void **state)
{
    struct fixture *fixture = *state;
    struct fixture copy;
    struct stat status;
    int applied = 0;
    assert_int_equal(migrate(fixture, 1, &applied), OK);
    /* Something of an earlier attempt that was cut short. */
    FILE *left = fopen(scratch_path(&fixture->scratch, "books.sqlite.before-0002.partial"), "w");
    assert_non_null(left);
    fputs("half a copy", left);
    fclose(left);
    assert_int_equal(migrate(fixture, 3, &applied), OK);
    assert_int_equal(applied, 2);
    assert_int_equal(scratch_size(&fixture->scratch, "books.sqlite.before-0002.partial"), -1);
    snprintf(copy.path, sizeof(copy.path), "%s",
             scratch_path(&fixture->scratch, "books.sqlite.before-0002"));
    assert_int_equal(stat(copy.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    copy.db = NULL;
    open_database(&copy);
    assert_int_equal(check_schema(&copy, list, 1), OK);
    assert_int_equal(integer(&copy, M_COUNT), 2);
    assert_int_equal(integer(&copy, M_LABEL), 0);
    db_close(copy.db);
    open_database(fixture);
    assert_int_equal(integer(fixture, M_LABEL), 2);
    /* Enforcement is back for everybody else. */
    assert_int_equal(integer(fixture, M_KEYS), 1);
}

/* ---- refusals ---- */

static void only_our_own_schema_is_accepted(void **state)
{
    struct fixture *fixture = *state;
    static const struct db_migration altered[] = {
        {1, "tables", first_sql}, {2, "rebuild", "CREATE TABLE other (id BIGINT)"}};
    static const struct db_migration renamed[] = {{1, "tables", first_sql},
                                                  {2, "rebuilt", rebuild_sql}};
    static const struct {
        const struct db_migration *migrations;
        int count;
        const char *says;
    } rows[] = {
        {list, 1, "newer than this program: migration 2"},
        {altered, 2, "another text than 0002_rebuild"},
        {renamed, 2, "another text than 0002_rebuilt"},
    };
    int applied = 0;
    assert_int_equal(migrate(fixture, 2, &applied), OK);
    open_database(fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct db_migrations migrations = {rows[i].migrations, rows[i].count};
        assert_int_equal(db_migrate(fixture->path, &migrations, &applied), ERR_CONFLICT);
        assert_error_says(rows[i].says);
        assert_int_equal(check_schema(fixture, rows[i].migrations, rows[i].count), ERR_CONFLICT);
        assert_error_says(rows[i].says);
    }
    assert_int_equal(check_schema(fixture, list, 3), ERR_CONFLICT);
    assert_error_says("at migration 2 of 3");
    assert_int_equal(check_schema(fixture, list, 2), OK);
}

static void an_empty_database_is_not_ready(void **state)
{
    struct fixture *fixture = *state;
    open_database(fixture);
    assert_int_equal(check_schema(fixture, list, 3), ERR_CONFLICT);
    assert_error_says("at migration 0 of 3");
}

static void tables_of_another_program_are_left_alone(void **state)
{
    struct fixture *fixture = *state;
    int applied = 0;
    open_database(fixture);
    assert_int_equal(db_execute_text(fixture->db, "CREATE TABLE visitor (id BIGINT)"), OK);
    assert_int_equal(migrate(fixture, 3, &applied), ERR_CONFLICT);
    assert_error_says("not ours");
    assert_int_equal(check_schema(fixture, list, 3), ERR_CONFLICT);
    assert_int_equal(integer(fixture, M_TABLES), 0);
}

static void a_bad_migration_leaves_the_schema_before_it(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        struct db_migration migration;
        enum err err;
        const char *says;
    } rows[] = {
        {{2, "wrong", "CREATE TABLE extra (id BIGINT); CREATE TABL wrong (id BIGINT);"},
         ERR_DB,
         "migration 0002_wrong: near \"TABL\""},
        {{2, "orphan", "CREATE TABLE extra (id BIGINT); DELETE FROM item WHERE id = 2;"},
         ERR_CONFLICT,
         "migration 0002_orphan: a row of part refers to a row of item"},
        {{2, "commit", "CREATE TABLE passing (id BIGINT); COMMIT;"},
         ERR_INTERNAL,
         "migration 0002_commit ends the transaction itself"},
        {{2, "", "CREATE TABLE extra (id BIGINT);"}, ERR_CONFLICT, "CHECK constraint failed"},
        {{3, "gap", "CREATE TABLE extra (id BIGINT);"}, ERR_INTERNAL, "stands in place 2"},
    };
    int applied = 0;
    assert_int_equal(migrate(fixture, 1, &applied), OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct db_migration both[] = {list[0], rows[i].migration};
        struct db_migrations migrations = {both, 2};
        assert_int_equal(db_migrate(fixture->path, &migrations, &applied), rows[i].err);
        assert_error_says(rows[i].says);
        assert_int_equal(applied, 0);
        open_database(fixture);
        assert_int_equal(integer(fixture, M_TABLES), 2);
        assert_int_equal(integer(fixture, M_COUNT), 2);
        assert_int_equal(integer(fixture, M_SCHEMA_COUNT), 1);
    }
    assert_int_equal(migrate(fixture, 3, &applied), OK);
    assert_int_equal(applied, 2);
}

/* ---- the lock file ---- */

static void servers_share_and_a_migrate_is_alone(void **state)
{
    struct fixture *fixture = *state;
    int applied = 0;
    int servers[2] = {-1, -1};
    int other = -1;
    assert_int_equal(db_lock_shared(fixture->path, &servers[0]), OK);
    assert_int_equal(db_lock_shared(fixture->path, &servers[1]), OK);
    assert_int_equal(migrate(fixture, 3, &applied), ERR_BUSY);
    assert_error_says("a running server or migrate");
    assert_int_equal(scratch_size(&fixture->scratch, "books.sqlite"), -1);
    close(servers[0]);
    assert_int_equal(migrate(fixture, 3, &applied), ERR_BUSY);
    close(servers[1]);
    assert_int_equal(migrate(fixture, 3, &applied), OK);
    int lock = open(scratch_path(&fixture->scratch, "books.sqlite.lock"), O_RDWR);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(db_lock_shared(fixture->path, &other), ERR_BUSY);
    assert_int_equal(other, -1);
    assert_int_equal(migrate(fixture, 3, &applied), ERR_BUSY);
    close(lock);
    assert_int_equal(migrate(fixture, 3, &applied), OK);
}

static void a_lock_that_cannot_be_made_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct db_migrations migrations = {list, 3};
    int applied = 0;
    int lock = -1;
    const char *path = scratch_path(&fixture->scratch, "no/such/folder");
    assert_int_equal(db_lock_shared(path, &lock), ERR_IO);
    assert_int_equal(db_migrate(path, &migrations, &applied), ERR_IO);
}

/* ---- kill -9 ---- */

static const char long_sql[] =
    "CREATE TABLE extra (id BIGINT PRIMARY KEY);\n"
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)\n"
    "INSERT INTO extra (id) SELECT i FROM n;\n"
    "INSERT INTO item (id, label) SELECT id + 10, 'item ' || id FROM extra WHERE id <= 2;\n";

static const struct db_migration long_list[] = {{1, "tables", first_sql}, {2, "long", long_sql}};
static const struct db_migrations long_migrations = {long_list, 2};

static pid_t migrate_in_a_child(struct fixture *fixture)
{
    pid_t child = fork();
    if (child == 0) {
        int applied = 0;
        _exit(db_migrate(fixture->path, &long_migrations, &applied) == OK ? 0 : 1);
    }
    return child;
}

/* How long a child takes that nobody kills. */
static int64_t measure_migrate_ms(struct fixture *fixture)
{
    int status = -1;
    int applied = 0;
    assert_int_equal(migrate(fixture, 1, &applied), OK);
    int64_t began_ms = clock_monotonic_ms();
    pid_t child = migrate_in_a_child(fixture);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return clock_monotonic_ms() - began_ms;
}

/* True when the child was killed before it ended by itself. */
static bool migrate_and_kill(struct fixture *fixture, int64_t delay_ms)
{
    int status = 0;
    pid_t child = migrate_in_a_child(fixture);
    clock_sleep_ms(delay_ms);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void remove_database(struct fixture *fixture)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[SCRATCH_NAME_MAX + 8];
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", fixture->path, endings[i]);
        unlink(path);
    }
}

/* What a killed child left is whole, and the next attempt arrives. True for the old schema. */
static bool old_or_new(struct fixture *fixture)
{
    int applied = 0;
    open_database(fixture);
    int64_t recorded = integer(fixture, M_SCHEMA_COUNT);
    assert_in_range(recorded, 1, 2);
    assert_int_equal(integer(fixture, M_TABLES), recorded + 1);
    assert_int_equal(integer(fixture, M_COUNT), recorded == 1 ? 2 : 4);
    db_close(fixture->db);
    fixture->db = NULL;
    assert_int_equal(db_migrate(fixture->path, &long_migrations, &applied), OK);
    assert_int_equal(applied, 2 - recorded);
    return recorded == 1;
}

/* Killed at moments spread over its whole duration, and as long beyond. */
static void a_killed_migrate_leaves_old_or_new(void **state)
{
    enum { MOMENTS = 24 };
    struct fixture *fixture = *state;
    int64_t whole_ms = measure_migrate_ms(fixture);
    int killed = 0;
    int old = 0;
    for (int i = 0; i < MOMENTS; i++) {
        int applied = 0;
        remove_database(fixture);
        assert_int_equal(migrate(fixture, 1, &applied), OK);
        killed += migrate_and_kill(fixture, whole_ms * 2 * i / MOMENTS) ? 1 : 0;
        old += old_or_new(fixture) ? 1 : 0;
    }
    print_message("%d of %d killed, %d before the commit; undisturbed it takes %d ms\n", killed,
                  MOMENTS, old, (int)whole_ms);
    assert_true(old >= 3);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_new_database_gets_everything),
        CASE(twice_is_once),
        CASE(what_was_there_is_copied_before),
        CASE(only_our_own_schema_is_accepted),
        CASE(an_empty_database_is_not_ready),
        CASE(tables_of_another_program_are_left_alone),
        CASE(a_bad_migration_leaves_the_schema_before_it),
        CASE(servers_share_and_a_migrate_is_alone),
        CASE(a_lock_that_cannot_be_made_is_an_error),
        CASE(a_killed_migrate_leaves_old_or_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
