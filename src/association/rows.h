/*
 * rows: a whole result as an array.
 *
 * Invariant: the array lives in the arena and is never NULL, also when it is empty.
 */
#ifndef ASSOCIATION_ROWS_H
#define ASSOCIATION_ROWS_H

#include <stddef.h>

#include "db/db.h"

/* Fills one zeroed item from the current row. */
typedef enum err rows_read_fn(const struct db_rows *rows, struct arena *arena, void *item);

/* Runs a statement and reads all of its rows into *items, item_size bytes each. Errors: the
 * database's, or what read_row says. */
enum err rows_read_all(struct db *db, int query, const struct db_value *values, size_t value_count,
                       rows_read_fn *read_row, size_t item_size, struct arena *arena, void **items,
                       size_t *count);

#endif
