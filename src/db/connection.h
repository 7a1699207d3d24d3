/*
 * connection: the inside of struct db, for the modules of db alone.
 *
 * Invariant: between connection_begin_* and connection_commit or connection_rollback every
 * statement requires that the transaction still lives: nothing ever slips out of it into a
 * commit of its own.
 */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/db.h"
#include "db/engine.h"

/* One query of the catalog on one connection. */
struct query {
    struct engine_statement *statement; /* NULL until its first use */
    bool open;                          /* its rows are being read */
    bool temporary;                     /* of connection_select_text: freed with its rows */
};

struct db {
    struct engine *engine;
    const struct db_catalog *catalog;
    struct query *queries; /* one per query of the catalog */
    int64_t changes;
    bool transaction; /* begun by us and not ended by us */
    bool reading;     /* it is db_read_begin's */
};

/* db_run and db_select for text that stands in no catalog: prepared here, forgotten with
 * db_rows_done. */
enum err connection_run_text(struct db *db, const char *sql, const struct db_value *values,
                             size_t count);
enum err connection_select_text(struct db *db, const char *sql, const struct db_value *values,
                                size_t count, struct db_rows *rows);
/* The query of that number, prepared. ERR_INTERNAL when the catalog has none. */
enum err connection_query(struct db *db, int query, struct query **found);

/* A transaction that reads, and one that holds the write lock from its start. ERR_INTERNAL
 * inside another one, ERR_BUSY when the lock was not had in time. */
enum err connection_begin_read(struct db *db);
enum err connection_begin_write(struct db *db);
/* Commits; ERR_DB when the transaction had been lost. No transaction is open afterwards,
 * whatever it returns. */
enum err connection_commit(struct db *db);
/* Ends the transaction without a trace; harmless without one; leaves err_last alone. */
void connection_rollback(struct db *db);
/* Resets the queries whose rows were left open. ERR_INTERNAL names one of them. */
enum err connection_end_queries(struct db *db);

#endif
