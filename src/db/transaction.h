/*
 * transaction: closures in transactions, and who may start one.
 *
 * Invariant: a thread is in at most one write transaction, and in none while it reads in a
 * transaction or while one of its closures runs: whoever waited for the writer there would
 * wait for ever or write what an old snapshot told it.
 */
#ifndef DB_TRANSACTION_H
#define DB_TRANSACTION_H

#include "base/err.h"
#include "db/db.h"

/* ERR_INTERNAL when this thread runs a closure or holds a read transaction. */
enum err transaction_allowed(void);
/* Calls the closure as part of the transaction that is open. ERR_INTERNAL when it leaves rows
 * open. */
enum err transaction_call(struct db *db, db_write_fn *fn, void *argument);
/* The same in a transaction of its own, just begun, which ends here: committed, or rolled back
 * when anything failed. */
enum err transaction_finish(struct db *db, db_write_fn *fn, void *argument);

#endif
