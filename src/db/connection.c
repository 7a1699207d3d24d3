#include "db/connection.h"

#include <stdlib.h>

#include "base/arena.h"

static const struct db_catalog empty_catalog = {NULL, 0};

/* ---- opening ---- */

enum err db_open(const char *path, enum db_mode mode, const struct db_catalog *catalog,
                 struct db **db)
{
    struct engine *engine = NULL;
    *db = NULL;
    enum err err = engine_open(path, mode, &engine);
    if (err != OK) {
        return err;
    }
    struct db *opened = engine_allocate(1, sizeof(*opened));
    opened->engine = engine;
    opened->catalog = catalog == NULL ? &empty_catalog : catalog;
    opened->queries = engine_allocate((size_t)opened->catalog->count, sizeof(struct query));
    *db = opened;
    return OK;
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    db_read_end(db);
    for (int i = 0; i < db->catalog->count; i++) {
        engine_finalize(db->queries[i].statement);
    }
    engine_close(db->engine);
    free(db->queries);
    free(db);
}

/* ---- queries ---- */

enum err connection_query(struct db *db, int query, struct query **found)
{
    if (query < 0 || query >= db->catalog->count) {
        return fail(ERR_INTERNAL, "no query has the number %d", query);
    }
    *found = &db->queries[query];
    if ((*found)->statement != NULL) {
        return OK;
    }
    const struct db_query_text *text = &db->catalog->queries[query];
    return engine_prepare(db->engine, text->name, text->sql, ENGINE_KEEP, &(*found)->statement);
}

static enum err start(struct db *db, struct query *query, const struct db_value *values,
                      size_t count)
{
    const char *name = engine_statement_name(query->statement);
    if (query->open) {
        return fail(ERR_INTERNAL, "%s: its rows are still open", name);
    }
    if (db->transaction && !engine_in_transaction(db->engine)) {
        return fail(ERR_DB, "%s: the transaction was lost", name);
    }
    enum err err = engine_bind(query->statement, values, count);
    query->open = err == OK;
    return err;
}

/* The end, by the last row, by a failure or by the caller's wish. */
static void finish(struct db *db, struct query *query)
{
    db->changes = engine_reset(query->statement);
    query->open = false;
    if (query->temporary) {
        engine_finalize(query->statement);
        free(query);
    }
}

/* *row false: the query has ended, and a temporary one is gone. */
static enum err step(struct db *db, struct query *query, bool *row)
{
    enum err err = engine_step(query->statement, row);
    if (!*row) {
        finish(db, query);
    }
    return err;
}

static enum err run_to_end(struct db *db, struct query *query)
{
    bool row = true;
    enum err err = OK;
    while (err == OK && row) {
        err = step(db, query, &row);
    }
    return err;
}

enum err db_run(struct db *db, int query, const struct db_value *values, size_t count)
{
    struct query *found = NULL;
    enum err err = connection_query(db, query, &found);
    if (err == OK) {
        err = start(db, found, values, count);
    }
    return err == OK ? run_to_end(db, found) : err;
}

int64_t db_changes(struct db *db)
{
    return db->changes;
}

enum err db_select(struct db *db, int query, const struct db_value *values, size_t count,
                   struct db_rows *rows)
{
    struct query *found = NULL;
    *rows = (struct db_rows){.db = db, .query = query};
    enum err err = connection_query(db, query, &found);
    if (err == OK) {
        err = start(db, found, values, count);
    }
    rows->statement = err == OK ? found : NULL;
    return err;
}

enum err connection_select_text(struct db *db, const char *sql, const struct db_value *values,
                                size_t count, struct db_rows *rows)
{
    struct query *query = engine_allocate(1, sizeof(*query));
    query->temporary = true;
    *rows = (struct db_rows){.db = db, .query = -1};
    enum err err = engine_prepare(db->engine, sql, sql, ENGINE_ONCE, &query->statement);
    if (err == OK) {
        err = start(db, query, values, count);
    }
    if (err != OK) {
        engine_finalize(query->statement);
        free(query);
        return err;
    }
    rows->statement = query;
    return OK;
}

enum err connection_run_text(struct db *db, const char *sql, const struct db_value *values,
                             size_t count)
{
    struct db_rows rows;
    enum err err = connection_select_text(db, sql, values, count, &rows);
    return err == OK ? run_to_end(db, rows.statement) : err;
}

enum err db_next(struct db_rows *rows, bool *found)
{
    *found = false;
    if (rows->statement == NULL) {
        return OK;
    }
    enum err err = step(rows->db, rows->statement, found);
    if (!*found) {
        rows->statement = NULL;
    }
    return err;
}

void db_rows_done(struct db_rows *rows)
{
    if (rows->statement != NULL) {
        finish(rows->db, rows->statement);
        rows->statement = NULL;
    }
}

enum err db_first(struct db *db, int query, const struct db_value *values, size_t count,
                  struct db_rows *rows, bool *found)
{
    *found = false;
    enum err err = db_select(db, query, values, count, rows);
    return err == OK ? db_next(rows, found) : err;
}

enum err db_integer(struct db *db, int query, const struct db_value *values, size_t count,
                    int64_t otherwise, int64_t *value)
{
    struct db_rows rows;
    bool found = false;
    *value = otherwise;
    enum err err = db_first(db, query, values, count, &rows, &found);
    if (err != OK) {
        return err;
    }
    if (found && !db_column_is_null(&rows, 0)) {
        *value = db_column_int(&rows, 0);
    }
    db_rows_done(&rows);
    return OK;
}

enum err db_execute_text(struct db *db, const char *sql)
{
    if (db->transaction && !engine_in_transaction(db->engine)) {
        return fail(ERR_DB, "the transaction was lost");
    }
    return engine_execute(db->engine, "text", sql);
}

/* ---- columns ---- */

static const struct engine_statement *row_of(const struct db_rows *rows)
{
    const struct query *query = rows->statement;
    require(query != NULL);
    return query->statement;
}

bool db_column_is_null(const struct db_rows *rows, int column)
{
    return engine_column_is_null(row_of(rows), column);
}

int64_t db_column_int(const struct db_rows *rows, int column)
{
    return engine_column_int(row_of(rows), column);
}

struct str db_column_str(const struct db_rows *rows, int column)
{
    return engine_column_str(row_of(rows), column);
}

char *db_column_text(const struct db_rows *rows, int column, struct arena *arena)
{
    struct str text = db_column_str(rows, column);
    return text.data == NULL ? NULL : str_copy(arena, text);
}

const char *db_column_text_or_empty(const struct db_rows *rows, int column, struct arena *arena)
{
    const char *text = db_column_text(rows, column, arena);
    return text == NULL ? "" : text;
}

struct str db_column_blob(const struct db_rows *rows, int column, struct arena *arena)
{
    struct str bytes = db_column_str(rows, column);
    if (bytes.data == NULL) {
        return bytes;
    }
    return str_from(arena_copy(arena, bytes.data, bytes.len), bytes.len);
}

/* ---- transactions ---- */

static enum err begin(struct db *db, const char *sql)
{
    if (db->transaction || engine_in_transaction(db->engine)) {
        return fail(ERR_INTERNAL, "a transaction is open already on this connection");
    }
    enum err err = engine_execute(db->engine, "begin", sql);
    db->transaction = err == OK;
    return err;
}

enum err connection_begin_read(struct db *db)
{
    return begin(db, "BEGIN");
}

enum err connection_begin_write(struct db *db)
{
    return begin(db, "BEGIN IMMEDIATE");
}

enum err connection_commit(struct db *db)
{
    enum err err = OK;
    if (engine_in_transaction(db->engine)) {
        err = engine_execute(db->engine, "commit", "COMMIT");
    } else {
        err = fail(ERR_DB, "the transaction was lost");
    }
    connection_rollback(db);
    return err;
}

void connection_rollback(struct db *db)
{
    engine_rollback(db->engine);
    db->transaction = false;
}

enum err connection_end_queries(struct db *db)
{
    enum err err = OK;
    for (int i = 0; i < db->catalog->count; i++) {
        struct query *query = &db->queries[i];
        if (query->open) {
            err = fail(ERR_INTERNAL, "%s: its rows were left open",
                       engine_statement_name(query->statement));
            require(!query->temporary); /* those stand in no catalog */
            finish(db, query);
        }
    }
    return err;
}
