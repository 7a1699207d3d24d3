/*
 * db: the database, its statements, its one writer.
 *
 * Invariant: statements are named by the generated enum and prepared at first use; whatever
 * changes a row goes through db_write, where each closure is one savepoint in a durable group
 * commit. Only db/sqlite.c knows which engine this is. (architecture.md, Processes and
 * threads; Database.)
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct db;        /* one connection; used by one thread at a time */
struct db_writer; /* the writer thread with its queue */

/* The generated tables of statements and migrations (build/gen). */
struct db_query_text {
    const char *name;
    const char *sql;
};
struct db_catalog {
    const struct db_query_text *queries;
    int count;
};
struct db_migration {
    int number;
    const char *name;
    const char *sql;
};
struct db_migrations {
    const struct db_migration *migrations;
    int count;
};

enum db_mode {
    DB_READ, /* query_only, small cache: pages */
    DB_WRITE /* the writer, migrations, the command line */
};

/* Opens path with WAL, synchronous=FULL, foreign_keys, trusted_schema=OFF, double-quoted
 * strings off, a busy handler of 1 to 2 ms with jitter (10 s in all). DB_READ never creates
 * the file. The caller must dispose of *db with db_close. */
enum err db_open(const char *path, enum db_mode mode, const struct db_catalog *catalog,
                 struct db **db);
/* Finalises all statements and closes. NULL is allowed. */
void db_close(struct db *db);

/* ---- values and rows ---- */

enum db_kind { DB_NULL, DB_INT, DB_TEXT, DB_BLOB };

struct db_value {
    enum db_kind kind;
    int64_t integer;
    struct str bytes;
};

struct db_value db_null(void);
struct db_value db_int(int64_t value);
struct db_value db_text(const char *text); /* NULL gives NULL */
struct db_value db_str(struct str text);   /* data NULL gives NULL */
struct db_value db_blob(struct str bytes); /* data NULL gives NULL */
/* The i-th value binds to parameter $i, by name. The bytes must live until the call returns
 * (db_run) or until db_rows_done (db_select). */
#define DB_VALUES(...)                                                                            \
    (const struct db_value[]){__VA_ARGS__},                                                       \
        (sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))
#define DB_NO_VALUES NULL, 0

/* An open result; on the caller's stack. One at a time per statement and connection. */
struct db_rows {
    struct db *db;
    void *statement;
    int query;
};

/* Runs a statement to its end, ignoring rows. ERR_CONFLICT when a UNIQUE, CHECK, FOREIGN KEY
 * or trigger refuses it (the text names which), ERR_BUSY, ERR_DB. */
enum err db_run(struct db *db, int query, const struct db_value *values, size_t count);
/* Rows changed by the last db_run or finished select of this connection. */
int64_t db_changes(struct db *db);
/* Starts a statement that returns rows. After OK the caller must end it with db_rows_done. */
enum err db_select(struct db *db, int query, const struct db_value *values, size_t count,
                   struct db_rows *rows);
/* Moves to the next row; *found false at the end. */
enum err db_next(struct db_rows *rows, bool *found);
/* Resets the statement. Harmless on a zeroed or already ended struct. */
void db_rows_done(struct db_rows *rows);
/* db_select + db_next for statements of at most one row: *found says whether there is one;
 * the caller must db_rows_done in both cases when OK was returned. */
enum err db_first(struct db *db, int query, const struct db_value *values, size_t count,
                  struct db_rows *rows, bool *found);
/* The single integer of a one-row statement; `otherwise` when there is no row or it is NULL. */
enum err db_integer(struct db *db, int query, const struct db_value *values, size_t count,
                    int64_t otherwise, int64_t *value);

/* Columns of the current row, from 0. NULL reads as 0 or as the empty slice (data NULL).
 * db_column_str points into the row: valid until db_next or db_rows_done. */
bool db_column_is_null(const struct db_rows *rows, int column);
int64_t db_column_int(const struct db_rows *rows, int column);
struct str db_column_str(const struct db_rows *rows, int column);
/* A NUL-terminated copy in the arena; NULL when the column is NULL. */
char *db_column_text(const struct db_rows *rows, int column, struct arena *arena);
/* The same, and "" when the column is NULL. */
const char *db_column_text_or_empty(const struct db_rows *rows, int column, struct arena *arena);
struct str db_column_blob(const struct db_rows *rows, int column, struct arena *arena);

/* ---- reading consistently ---- */

/* One read transaction around a page's statements (DB_READ connections). */
enum err db_read_begin(struct db *db);
void db_read_end(struct db *db);

/* ---- writing ---- */

/* A closure: one idempotent transaction. It reads only its argument, resets its output, sends
 * nothing, does no network, template or scrypt: it may run twice. A failure rolls back its
 * savepoint alone. */
typedef enum err db_write_fn(struct db *db, void *argument);

/* Starts the writer thread on its own DB_WRITE connection. The caller must dispose of it with
 * db_writer_free, which empties the queue first. */
enum err db_writer_new(const char *path, const struct db_catalog *catalog,
                       struct db_writer **writer);
void db_writer_free(struct db_writer *writer);
/* The first half of db_writer_free: later writes get ERR_BUSY, those queued are run, the
 * threads end, the log is copied into the database. */
void db_writer_stop(struct db_writer *writer);
/* Queues the closure, waits until its group is durably committed, returns its result (the
 * error record is copied to this thread). Up to 64 closures or 5 ms share one commit; a group
 * that dies is run again one by one, once. Refused (ERR_INTERNAL): nested, or while this
 * thread holds a read transaction. ERR_BUSY when 1,024 are waiting. */
enum err db_write(struct db_writer *writer, db_write_fn *fn, void *argument);
/* The same in two halves: what waits for a commit can do something else meanwhile. The closure's
 * argument lives until db_write_wait, which gives its result and frees *started; NULL on error. */
struct db_started;
enum err db_write_start(struct db_writer *writer, db_write_fn *fn, void *argument,
                        struct db_started **started);
enum err db_write_wait(struct db_started *started);
/* The same, alone in its group: imports, migrations of state. */
enum err db_write_alone(struct db_writer *writer, db_write_fn *fn, void *argument);
/* Closures in the queue now: for metrics. */
int db_writer_waiting(struct db_writer *writer);
/* One closure in BEGIN IMMEDIATE .. COMMIT on a DB_WRITE connection of the caller's own: the
 * command line. */
enum err db_transaction(struct db *db, db_write_fn *fn, void *argument);
/* Starts a thread that checkpoints the WAL now and then (passive every second when it has
 * grown, truncating when it passes 64 MiB); freed with the writer. */
enum err db_writer_start_checkpoints(struct db_writer *writer);

/* ---- schema ---- */

/* Brings the database up to the last migration: each in its own transaction, recorded with
 * number, name and SHA-256 of its text; copies the file beside itself first when it already
 * had tables. A lock file (path + ".lock", flock) refuses a second migrate and a running
 * server. ERR_CONFLICT for a recorded checksum that differs, a newer schema, or tables of
 * another program. *applied counts. */
enum err db_migrate(const char *path, const struct db_migrations *migrations, int *applied);
/* ERR_CONFLICT unless the schema is exactly the last migration with the same checksums. */
enum err db_check_schema(struct db *db, const struct db_migrations *migrations);
/* How many of the migrations the database has had, all of them ours; 0 for one without tables.
 * ERR_CONFLICT as db_migrate. */
enum err db_read_schema(struct db *db, const struct db_migrations *migrations, int *recorded);
/* Takes a shared lock on path + ".lock" for the life of the process (`serve`). The caller
 * keeps *lock_fd open. ERR_BUSY while a migrate runs. */
enum err db_lock_shared(const char *path, int *lock_fd);
/* Takes the lock alone, as `migrate` does: ERR_BUSY while a server or a migrate runs. The caller
 * must dispose of *lock_fd with close. */
enum err db_lock_alone(const char *path, int *lock_fd);

/* ---- whole copies ---- */

/* Copies the database as it is at this moment into the file `to`, mode 0600, whole and on the disk
 * before it has its name; writers go on meanwhile. ERR_NOT_FOUND without database. */
enum err db_copy(const char *path, const char *to);
/* Gives a whole file its name: on the disk, then renamed, then the folder on the disk. */
enum err db_copy_finish(const char *partial, const char *to);
/* Reads all of it. ERR_CONFLICT: it is damaged, the text says where. */
enum err db_check_file(const char *path);
/* Puts the file `from`, which no one has open, in the place of the database; what stood there goes
 * to `kept` with its log. The caller holds the lock alone. Cut short, the old one is at `path` or
 * at `kept`. */
enum err db_replace(const char *path, const char *from, const char *kept);
/* Removes a copy of ours with all that SQLite laid beside it. */
void db_forget_file(const char *path);

/* ---- for tests ---- */

/* Prepares every statement of the catalog; the text of the error names the bad one. */
enum err db_prepare_all(struct db *db);
/* The lines of EXPLAIN QUERY PLAN of one statement, joined by line ends, in the arena. */
enum err db_explain(struct db *db, int query, struct arena *arena, char **plan);
/* Runs SQL text of a test's own (several statements). Not for the program. */
enum err db_execute_text(struct db *db, const char *sql);

#endif
