/*
 * copy: whole copies of the database, for the modules of db alone.
 *
 * Invariant: a copy has its name only once it is whole and on the disk, and its owner alone reads
 * it.
 */
#ifndef DB_COPY_H
#define DB_COPY_H

#include "base/err.h"
#include "db/db.h"

/* Copies what this connection sees at this moment; writers go on meanwhile. A file of that name
 * is replaced. Not within a transaction. */
enum err copy_to(struct db *db, const char *to);

#endif
