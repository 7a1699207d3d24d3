#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "db/connection.h"
#include "db/copy.h"

enum {
    OWNER_ONLY = 0600, /* the database and its copies hold what members told us */
    MARK_MAX = 256
};

/* Which migrations this database has had. Made with the first one. */
static const char make_schema_migration[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (\n"
    "    number BIGINT PRIMARY KEY CHECK (number > 0),      -- of sql/migrations/NNNN_name.sql\n"
    "    name TEXT NOT NULL CHECK (name <> ''),             -- of that file\n"
    "    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),  -- of its text, hexadecimal\n"
    "    applied_at BIGINT NOT NULL                         -- Unix seconds\n"
    ")";

static const char count_tables[] =
    "SELECT count(*), count(*) FILTER (WHERE name = 'schema_migration')"
    " FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'";

/* ---- what is recorded ---- */

static enum err fingerprint(const struct db_migration *migration, char hex[HASH_HEX_MAX])
{
    unsigned char hash[HASH_LEN];
    enum err err = hash_sha256(str_of(migration->sql), hash);
    if (err == OK) {
        hash_hex(hash, sizeof(hash), hex);
    }
    return err;
}

static enum err compare_row(const struct db_rows *rows, const struct db_migrations *migrations,
                            int index)
{
    int64_t number = db_column_int(rows, 0);
    char hex[HASH_HEX_MAX];
    if (index >= migrations->count) {
        return fail(ERR_CONFLICT, "the schema is newer than this program: migration %lld",
                    (long long)number);
    }
    const struct db_migration *migration = &migrations->migrations[index];
    enum err err = fingerprint(migration, hex);
    if (err != OK) {
        return err;
    }
    if (number != migration->number || !str_is(db_column_str(rows, 1), migration->name) ||
        !str_is(db_column_str(rows, 2), hex)) {
        return fail(ERR_CONFLICT, "migration %lld was applied with another text than %04d_%s",
                    (long long)number, migration->number, migration->name);
    }
    return OK;
}

static enum err compare_rows(struct db *db, const struct db_migrations *migrations, int *recorded)
{
    struct db_rows rows;
    bool found = true;
    enum err err = connection_select_text(
        db, "SELECT number, name, sha256 FROM schema_migration ORDER BY number", DB_NO_VALUES,
        &rows);
    while (err == OK && found) {
        err = db_next(&rows, &found);
        if (err == OK && found) {
            err = compare_row(&rows, migrations, (*recorded)++);
        }
    }
    db_rows_done(&rows);
    return err;
}

enum err db_read_schema(struct db *db, const struct db_migrations *migrations, int *recorded)
{
    struct db_rows rows;
    bool found = false;
    *recorded = 0;
    enum err err = connection_select_text(db, count_tables, DB_NO_VALUES, &rows);
    if (err == OK) {
        err = db_next(&rows, &found);
    }
    if (err != OK || !found) {
        return err;
    }
    int64_t tables = db_column_int(&rows, 0);
    bool ours = db_column_int(&rows, 1) == 1;
    db_rows_done(&rows);
    if (tables > 0 && !ours) {
        return fail(ERR_CONFLICT, "the database has tables, but no schema_migration: not ours");
    }
    return ours ? compare_rows(db, migrations, recorded) : OK;
}

enum err db_check_schema(struct db *db, const struct db_migrations *migrations)
{
    int recorded = 0;
    enum err err = db_read_schema(db, migrations, &recorded);
    if (err == OK && recorded != migrations->count) {
        err = fail(ERR_CONFLICT, "the schema is at migration %d of %d: run migrate first",
                   recorded, migrations->count);
    }
    return err;
}

/* ---- the lock file ---- */

static enum err lock(struct arena *arena, const char *path, int operation, int *lock_fd)
{
    const char *name = arena_printf(arena, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, OWNER_ONLY);
    *lock_fd = -1;
    if (fd < 0) {
        return fail(ERR_IO, "%s: %s", name, strerror(errno));
    }
    if (flock(fd, operation | LOCK_NB) == 0) {
        *lock_fd = fd;
        return OK;
    }
    int code = errno;
    close(fd);
    if (code == EWOULDBLOCK) {
        return fail(ERR_BUSY, "%s is held by %s", name,
                    operation == LOCK_EX ? "a running server or migrate" : "a running migrate");
    }
    return fail(ERR_IO, "%s: %s", name, strerror(code));
}

enum err db_lock_shared(const char *path, int *lock_fd)
{
    struct arena *arena = arena_new();
    enum err err = lock(arena, path, LOCK_SH, lock_fd);
    arena_free(arena);
    return err;
}

enum err db_lock_alone(const char *path, int *lock_fd)
{
    struct arena *arena = arena_new();
    enum err err = lock(arena, path, LOCK_EX, lock_fd);
    arena_free(arena);
    return err;
}

/* ---- migrations ---- */

/* Enforcement is off while a migration runs, so that it can rebuild a table; so we look. */
static enum err check_keys(struct db *db, const char *mark)
{
    struct db_rows rows;
    bool found = false;
    enum err err = connection_select_text(db, "PRAGMA foreign_key_check", DB_NO_VALUES, &rows);
    if (err == OK) {
        err = db_next(&rows, &found);
    }
    if (found) {
        err = fail(ERR_CONFLICT, "%s: a row of %.*s refers to a row of %.*s that is not there",
                   mark, STR_PRINT(db_column_str(&rows, 0)), STR_PRINT(db_column_str(&rows, 2)));
    }
    db_rows_done(&rows);
    return err;
}

static enum err record(struct db *db, const struct db_migration *migration)
{
    char hex[HASH_HEX_MAX];
    enum err err = fingerprint(migration, hex);
    if (err == OK) {
        err = engine_execute(db->engine, "schema_migration", make_schema_migration);
    }
    if (err == OK) {
        err = connection_run_text(db,
                                  "INSERT INTO schema_migration (number, name, sha256, applied_at)"
                                  " VALUES ($1, $2, $3, $4)",
                                  DB_VALUES(db_int(migration->number), db_text(migration->name),
                                            db_text(hex), db_int(clock_now())));
    }
    return err;
}

static enum err run_text_and_record(struct db *db, const struct db_migration *migration)
{
    char mark[MARK_MAX];
    snprintf(mark, sizeof(mark), "migration %04d_%s", migration->number, migration->name);
    enum err err = engine_execute(db->engine, mark, migration->sql);
    if (err == OK && !engine_in_transaction(db->engine)) {
        err = fail(ERR_INTERNAL, "%s ends the transaction itself", mark);
    }
    if (err == OK) {
        err = check_keys(db, mark);
    }
    return err == OK ? record(db, migration) : err;
}

static enum err apply(struct db *db, const struct db_migration *migration)
{
    enum err err = connection_begin_write(db);
    if (err != OK) {
        return err;
    }
    err = run_text_and_record(db, migration);
    if (err != OK) {
        connection_rollback(db);
        return err;
    }
    return connection_commit(db);
}

static enum err check_numbers(const struct db_migrations *migrations)
{
    for (int i = 0; i < migrations->count; i++) {
        if (migrations->migrations[i].number != i + 1) {
            return fail(ERR_INTERNAL, "migration %d stands in place %d",
                        migrations->migrations[i].number, i + 1);
        }
    }
    return OK;
}

static enum err bring_up_to_date(struct db *db, struct arena *arena, const char *path,
                                 const struct db_migrations *migrations, int *applied)
{
    int recorded = 0;
    enum err err = db_read_schema(db, migrations, &recorded);
    if (err == OK && recorded > 0 && recorded < migrations->count) {
        err = copy_to(db, arena_printf(arena, "%s.before-%04d", path, recorded + 1));
    }
    if (err == OK) {
        err = engine_release_keys(db->engine);
    }
    for (int i = recorded; err == OK && i < migrations->count; i++) {
        err = apply(db, &migrations->migrations[i]);
        *applied += err == OK ? 1 : 0;
    }
    return err;
}

/* Made here when it is new, so that its mode is not the umask's accident. An existing file is
 * never opened and closed beside the engine: that would drop the locks on it. */
static enum err make_database_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0) {
        return errno == EEXIST ? OK : fail(ERR_IO, "%s: %s", path, strerror(errno));
    }
    close(fd);
    return OK;
}

enum err db_migrate(const char *path, const struct db_migrations *migrations, int *applied)
{
    struct arena *arena = arena_new();
    struct db *db = NULL;
    int lock_fd = -1;
    *applied = 0;
    enum err err = check_numbers(migrations);
    if (err == OK) {
        err = lock(arena, path, LOCK_EX, &lock_fd);
    }
    if (err == OK) {
        err = make_database_file(path);
    }
    if (err == OK) {
        err = db_open(path, DB_WRITE, NULL, &db);
    }
    if (err == OK) {
        err = bring_up_to_date(db, arena, path, migrations, applied);
    }
    db_close(db);
    if (lock_fd >= 0) {
        close(lock_fd);
    }
    arena_free(arena);
    return err;
}
