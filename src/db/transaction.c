#include "db/transaction.h"

#include "db/connection.h"

static _Thread_local int open_reads;
static _Thread_local bool inside_closure;

enum err db_read_begin(struct db *db)
{
    enum err err = connection_begin_read(db);
    if (err == OK) {
        db->reading = true;
        open_reads++;
    }
    return err;
}

void db_read_end(struct db *db)
{
    if (!db->reading) {
        return;
    }
    /* Rows left open would keep the snapshot, and the log would grow behind it. */
    connection_end_queries(db);
    connection_rollback(db);
    db->reading = false;
    open_reads--;
}

enum err transaction_allowed(void)
{
    if (inside_closure) {
        return fail(ERR_INTERNAL, "a write inside a write closure");
    }
    if (open_reads > 0) {
        return fail(ERR_INTERNAL, "a write while this thread reads in a transaction");
    }
    return OK;
}

enum err transaction_call(struct db *db, db_write_fn *fn, void *argument)
{
    inside_closure = true;
    enum err err = fn(db, argument);
    inside_closure = false;
    if (err == OK) {
        return connection_end_queries(db);
    }
    if (err_last()->code != err) {
        fail(err, "a write closure failed without saying why");
    }
    struct err_record record = *err_last();
    connection_end_queries(db);
    return err_adopt(&record);
}

enum err transaction_finish(struct db *db, db_write_fn *fn, void *argument)
{
    enum err err = transaction_call(db, fn, argument);
    if (err != OK) {
        connection_rollback(db);
        return err;
    }
    return connection_commit(db);
}

enum err db_transaction(struct db *db, db_write_fn *fn, void *argument)
{
    enum err err = transaction_allowed();
    if (err == OK) {
        err = connection_begin_write(db);
    }
    return err == OK ? transaction_finish(db, fn, argument) : err;
}
