#include "db/engine.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { BUSY_PATIENCE_MS = 10 * 1000, BUSY_WAIT_MIN_US = 1000, BUSY_WAIT_JITTER_US = 1000 };

struct engine {
    sqlite3 *connection;
    int64_t patience_ms;
    int64_t busy_since_ms;
    bool settled; /* a reader's cache is set with its first statement */
};

struct engine_statement {
    struct engine *engine;
    sqlite3_stmt *handle;
    const char *name;
    size_t parameters;
    int *positions; /* of $1 .. $n, as the engine numbers them */
};

static enum err engine_error(struct engine *engine, int code, const char *what)
{
    const char *text = sqlite3_errmsg(engine->connection);
    switch (code & 0xff) { /* without what extends the code */
    case SQLITE_NOMEM:
        err_abort(__FILE__, __LINE__, "out of memory in the database");
    case SQLITE_CONSTRAINT:
        return fail(ERR_CONFLICT, "%s: %s", what, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(ERR_BUSY, "%s: %s", what, text);
    default:
        return fail(ERR_DB, "%s: %s (%d)", what, text, code);
    }
}

void *engine_allocate(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    require(memory != NULL);
    return memory;
}

/* ---- locks ---- */

/* Called while a lock is held elsewhere; waits a little, never the same little twice, so that
 * two processes do not march in step. */
static int wait_while_busy(void *context, int attempts)
{
    struct engine *engine = context;
    int64_t now_ms = clock_monotonic_ms();
    if (attempts == 0) {
        engine->busy_since_ms = now_ms;
    }
    if (now_ms - engine->busy_since_ms >= engine->patience_ms) {
        return 0;
    }
    uint32_t jitter = 0;
    sqlite3_randomness((int)sizeof(jitter), &jitter);
    struct timespec wait = {.tv_nsec =
                                (BUSY_WAIT_MIN_US + (long)(jitter % BUSY_WAIT_JITTER_US)) * 1000};
    nanosleep(&wait, NULL);
    return 1;
}

void engine_set_patience(struct engine *engine, int64_t patience_ms)
{
    engine->patience_ms = patience_ms;
}

/* ---- opening ---- */

static enum err set_switch(struct engine *engine, int option, int wanted, const char *name)
{
    int result = -1;
    int code = sqlite3_db_config(engine->connection, option, wanted, &result);
    if (code != SQLITE_OK || result != wanted) {
        return fail(ERR_DB, "%s cannot be set to %d", name, wanted);
    }
    return OK;
}

static enum err set_keys(struct engine *engine, int wanted)
{
    if (engine_in_transaction(engine)) {
        return fail(ERR_DB, "foreign_keys cannot be changed inside a transaction");
    }
    return set_switch(engine, SQLITE_DBCONFIG_ENABLE_FKEY, wanted, "foreign_keys");
}

enum err engine_enforce_keys(struct engine *engine)
{
    return set_keys(engine, 1);
}

enum err engine_release_keys(struct engine *engine)
{
    return set_keys(engine, 0);
}

static enum err set_switches(struct engine *engine)
{
    static const struct {
        int option;
        int wanted;
        const char *name;
    } switches[] = {
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1, "foreign_keys"},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, "trusted_schema"},
        {SQLITE_DBCONFIG_DQS_DML, 0, "double-quoted strings in statements"},
        {SQLITE_DBCONFIG_DQS_DDL, 0, "double-quoted strings in the schema"},
        {SQLITE_DBCONFIG_DEFENSIVE, 1, "defensive"},
    };
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        enum err err =
            set_switch(engine, switches[i].option, switches[i].wanted, switches[i].name);
        if (err != OK) {
            return err;
        }
    }
    return OK;
}

/* The answer is the mode the file is in now; an in-memory database of a test has its own. */
static enum err set_write_ahead_log(struct engine *engine)
{
    struct engine_statement *statement = NULL;
    bool row = false;
    enum err err =
        engine_prepare(engine, "journal_mode", "PRAGMA journal_mode=WAL", ENGINE_ONCE, &statement);
    if (err == OK) {
        err = engine_step(statement, &row);
    }
    struct str mode = row ? engine_column_str(statement, 0) : str_of("unknown");
    if (err == OK && !str_is(mode, "wal") && !str_is(mode, "memory")) {
        err = fail(ERR_DB, "journal_mode stays %.*s", STR_PRINT(mode));
    }
    engine_finalize(statement);
    return err;
}

static enum err configure(struct engine *engine, enum db_mode mode)
{
    sqlite3_extended_result_codes(engine->connection, 1);
    sqlite3_busy_handler(engine->connection, wait_while_busy, engine);
    enum err err = set_switches(engine);
    engine->settled = mode == DB_WRITE;
    if (err == OK) {
        err = engine_execute(engine, "configure", "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0");
    }
    if (err == OK && mode == DB_WRITE) {
        err = engine_execute(engine, "configure", "PRAGMA synchronous=FULL");
    }
    if (err == OK && mode == DB_WRITE) {
        err = set_write_ahead_log(engine);
    }
    if (err == OK && mode == DB_READ) {
        /* Reading the version finds out at once what is no database. */
        err = engine_execute(engine, "configure", "PRAGMA query_only=ON; PRAGMA schema_version");
    }
    return err;
}

/* What needs the schema, which takes milliseconds to read: twenty readers that do it at the start
 * are all that a start takes. */
static enum err settle(struct engine *engine)
{
    enum err err =
        engine->settled ? OK : engine_execute(engine, "configure", "PRAGMA cache_size=-256");
    engine->settled = err == OK;
    return err;
}

/* SQLite counts its memory behind one lock that every allocation of every thread takes. Nobody
 * reads the count. It must be said before the first connection. */
static void begin_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* a test may have been there before */
}

enum err engine_open(const char *path, enum db_mode mode, struct engine **engine)
{
    /* A reader opens for writing too: after a crash it may have to recover the log. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    struct engine *opened = engine_allocate(1, sizeof(*opened));
    static pthread_once_t begun = PTHREAD_ONCE_INIT;
    opened->patience_ms = BUSY_PATIENCE_MS;
    *engine = NULL;
    require(sqlite3_threadsafe() != 0);
    pthread_once(&begun, begin_library);
    if (mode == DB_WRITE) {
        flags |= SQLITE_OPEN_CREATE;
    }
    int code = sqlite3_open_v2(path, &opened->connection, flags, NULL);
    enum err err = code == SQLITE_OK ? configure(opened, mode) : engine_error(opened, code, path);
    if (err != OK) {
        engine_close(opened);
        return err;
    }
    *engine = opened;
    return OK;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    require(sqlite3_close(engine->connection) == SQLITE_OK);
    free(engine);
}

/* ---- transactions ---- */

enum err engine_execute(struct engine *engine, const char *name, const char *sql)
{
    int code = sqlite3_exec(engine->connection, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : engine_error(engine, code, name);
}

bool engine_in_transaction(const struct engine *engine)
{
    return sqlite3_get_autocommit(engine->connection) == 0;
}

void engine_rollback(struct engine *engine)
{
    if (engine_in_transaction(engine)) {
        sqlite3_exec(engine->connection, "ROLLBACK", NULL, NULL, NULL);
    }
    require(!engine_in_transaction(engine));
}

/* ---- statements ---- */

/* Parameters are names here: $2 may stand before $1, and each must have its value. */
static enum err map_parameters(struct engine_statement *statement)
{
    int count = sqlite3_bind_parameter_count(statement->handle);
    statement->parameters = (size_t)count;
    statement->positions = engine_allocate((size_t)count, sizeof(int));
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "$%d", i + 1);
        statement->positions[i] = sqlite3_bind_parameter_index(statement->handle, name);
        if (statement->positions[i] == 0) {
            return fail(ERR_INTERNAL, "%s: %d parameters, but no %s", statement->name, count,
                        name);
        }
    }
    return OK;
}

/* Behind the statement only white space and comments may stand. */
static enum err refuse_second_statement(struct engine_statement *statement, const char *rest)
{
    sqlite3_stmt *second = NULL;
    int code = sqlite3_prepare_v2(statement->engine->connection, rest, -1, &second, NULL);
    bool blank = second == NULL;
    sqlite3_finalize(second);
    if (code != SQLITE_OK) {
        return engine_error(statement->engine, code, statement->name);
    }
    return blank ? OK : fail(ERR_INTERNAL, "%s: more than one statement", statement->name);
}

static enum err prepare(struct engine_statement *statement, const char *sql, enum engine_use use)
{
    const char *rest = NULL;
    int code = sqlite3_prepare_v3(statement->engine->connection, sql, -1,
                                  use == ENGINE_KEEP ? SQLITE_PREPARE_PERSISTENT : 0,
                                  &statement->handle, &rest);
    if (code != SQLITE_OK) {
        return engine_error(statement->engine, code, statement->name);
    }
    if (statement->handle == NULL) {
        return fail(ERR_INTERNAL, "%s: no statement", statement->name);
    }
    enum err err = refuse_second_statement(statement, rest);
    return err == OK ? map_parameters(statement) : err;
}

enum err engine_prepare(struct engine *engine, const char *name, const char *sql,
                        enum engine_use use, struct engine_statement **statement)
{
    struct engine_statement *prepared = engine_allocate(1, sizeof(*prepared));
    prepared->engine = engine;
    prepared->name = name;
    *statement = NULL;
    enum err err = settle(engine);
    if (err == OK) {
        err = prepare(prepared, sql, use);
    }
    if (err != OK) {
        engine_finalize(prepared);
        return err;
    }
    *statement = prepared;
    return OK;
}

void engine_finalize(struct engine_statement *statement)
{
    if (statement == NULL) {
        return;
    }
    sqlite3_finalize(statement->handle);
    free(statement->positions);
    free(statement);
}

const char *engine_statement_name(const struct engine_statement *statement)
{
    return statement->name;
}

size_t engine_statement_parameters(const struct engine_statement *statement)
{
    return statement->parameters;
}

static int bind(sqlite3_stmt *handle, int position, const struct db_value *value)
{
    switch (value->kind) {
    case DB_INT:
        return sqlite3_bind_int64(handle, position, value->integer);
    case DB_TEXT:
        return sqlite3_bind_text64(handle, position, value->bytes.data, value->bytes.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(handle, position, value->bytes.data, value->bytes.len,
                                   SQLITE_STATIC);
    case DB_NULL:
        break;
    }
    return sqlite3_bind_null(handle, position);
}

enum err engine_bind(struct engine_statement *statement, const struct db_value *values,
                     size_t count)
{
    if (count != statement->parameters) {
        return fail(ERR_INTERNAL, "%s: %zu values for %zu parameters", statement->name, count,
                    statement->parameters);
    }
    for (size_t i = 0; i < count; i++) {
        int code = bind(statement->handle, statement->positions[i], &values[i]);
        if (code != SQLITE_OK) {
            return engine_error(statement->engine, code, statement->name);
        }
    }
    return OK;
}

enum err engine_step(struct engine_statement *statement, bool *row)
{
    int code = sqlite3_step(statement->handle);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return OK;
    }
    enum err err = engine_error(statement->engine, code, statement->name);
    sqlite3_reset(statement->handle);
    return err;
}

int64_t engine_reset(struct engine_statement *statement)
{
    int code = sqlite3_reset(statement->handle);
    if (code != SQLITE_OK) {
        log_line(LOG_ERROR, "db.reset", "%s: %s", statement->name,
                 sqlite3_errmsg(statement->engine->connection));
    }
    /* The bytes bound are the caller's and may be gone before the next use. */
    sqlite3_clear_bindings(statement->handle);
    bool changing = !sqlite3_stmt_readonly(statement->handle);
    return changing ? sqlite3_changes64(statement->engine->connection) : 0;
}

/* ---- columns ---- */

static sqlite3_stmt *row_of(const struct engine_statement *statement, int column)
{
    require(statement != NULL);
    require(column >= 0 && column < sqlite3_data_count(statement->handle));
    return statement->handle;
}

bool engine_column_is_null(const struct engine_statement *statement, int column)
{
    return sqlite3_column_type(row_of(statement, column), column) == SQLITE_NULL;
}

int64_t engine_column_int(const struct engine_statement *statement, int column)
{
    return sqlite3_column_int64(row_of(statement, column), column);
}

struct str engine_column_str(const struct engine_statement *statement, int column)
{
    sqlite3_stmt *handle = row_of(statement, column);
    if (sqlite3_column_type(handle, column) == SQLITE_NULL) {
        return str_from(NULL, 0);
    }
    const void *data = sqlite3_column_blob(handle, column);
    size_t len = (size_t)sqlite3_column_bytes(handle, column);
    require(data != NULL || len == 0);
    return data == NULL ? str_of("") : str_from(data, len);
}

/* ---- checkpoints ---- */

enum err engine_checkpoint(struct engine *engine, enum engine_checkpoint how, bool *complete)
{
    int frames = 0;
    int copied = 0;
    int mode =
        how == ENGINE_CHECKPOINT_PASSIVE ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
    *complete = false;
    int code = sqlite3_wal_checkpoint_v2(engine->connection, "main", mode, &frames, &copied);
    if (code != SQLITE_OK) {
        return engine_error(engine, code, "checkpoint");
    }
    *complete = frames == copied;
    return OK;
}

void engine_checkpoint_elsewhere(struct engine *engine)
{
    sqlite3_wal_autocheckpoint(engine->connection, 0);
}
