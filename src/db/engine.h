/*
 * engine: what the modules of db ask of the one file that knows the engine (sqlite.c).
 *
 * Invariant: no type of the engine's own appears here, and nobody outside db/ includes this.
 * One struct engine is one connection, used by one thread at a time.
 */
#ifndef DB_ENGINE_H
#define DB_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "db/db.h"

struct engine;
struct engine_statement;

/* Opens and configures a connection as db_open says. The caller must dispose of *engine with
 * engine_close, after all statements. NULL is allowed there. */
enum err engine_open(const char *path, enum db_mode mode, struct engine **engine);
void engine_close(struct engine *engine);

/* count * size zeroed bytes from the heap, for free(); lack of memory ends the process. */
void *engine_allocate(size_t count, size_t size);

/* How long this connection waits for a lock held elsewhere; 10 s at first. */
void engine_set_patience(struct engine *engine, int64_t patience_ms);
/* Foreign keys are enforced (as engine_open leaves them) or not: for migrations that rebuild
 * a table. ERR_DB inside a transaction, where it would have no effect. */
enum err engine_enforce_keys(struct engine *engine);
enum err engine_release_keys(struct engine *engine);

/* Runs text without parameters, several statements perhaps, ignoring rows. name stands in
 * the error. */
enum err engine_execute(struct engine *engine, const char *name, const char *sql);
/* False outside a transaction, and once an error or RAISE(ROLLBACK) has ended it. */
bool engine_in_transaction(const struct engine *engine);
/* Ends the transaction without a trace; harmless without one; leaves err_last alone. */
void engine_rollback(struct engine *engine);

/* ---- statements ---- */

enum engine_use {
    ENGINE_KEEP, /* prepared once, run often */
    ENGINE_ONCE
};
/* Prepares one statement whose parameters are exactly $1 .. $n. name stands in errors and
 * must live as long as the statement. The caller must dispose of it with engine_finalize. */
enum err engine_prepare(struct engine *engine, const char *name, const char *sql,
                        enum engine_use use, struct engine_statement **statement);
void engine_finalize(struct engine_statement *statement);
const char *engine_statement_name(const struct engine_statement *statement);
size_t engine_statement_parameters(const struct engine_statement *statement);
/* Binds all parameters; ERR_INTERNAL unless there is a value for each and no other. The bytes
 * must live until engine_reset. */
enum err engine_bind(struct engine_statement *statement, const struct db_value *values,
                     size_t count);
/* *row false at the end. After the end or a failure only engine_reset makes sense. */
enum err engine_step(struct engine_statement *statement, bool *row);
/* Makes the statement ready for its next use; the number of rows it changed. Logs the
 * failure of a change that was cut short. */
int64_t engine_reset(struct engine_statement *statement);

/* Columns of the current row, from 0; another number breaks an invariant. */
bool engine_column_is_null(const struct engine_statement *statement, int column);
int64_t engine_column_int(const struct engine_statement *statement, int column);
/* Data NULL for NULL; otherwise valid until the next engine_step or engine_reset. */
struct str engine_column_str(const struct engine_statement *statement, int column);

/* ---- checkpoints ---- */

enum engine_checkpoint {
    ENGINE_CHECKPOINT_PASSIVE, /* waits for nobody */
    ENGINE_CHECKPOINT_TRUNCATE /* waits for readers, empties the file of the log */
};
/* Copies the log into the database. *complete says that nothing is left to copy. */
enum err engine_checkpoint(struct engine *engine, enum engine_checkpoint how, bool *complete);
/* This connection's commits no longer copy the log themselves. */
void engine_checkpoint_elsewhere(struct engine *engine);

#endif
