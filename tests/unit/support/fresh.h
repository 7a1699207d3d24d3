/*
 * fresh: database files with all their tables and nothing in them.
 *
 * Invariant: the migrations run once in a program, by db_migrate; every file is a copy of what
 * they made.
 */
#ifndef TESTS_SUPPORT_FRESH_H
#define TESTS_SUPPORT_FRESH_H

#include "db/db.h"

/* Makes the file at path, which does not exist. A program names the same migrations each time. */
enum err fresh_database(const char *path, const struct db_migrations *migrations);

#endif
