/*
 * statement_read: a line beside its movement, as the queries of statement.sql hand it out.
 *
 * Invariant: the columns of every query read here are those of statement_lines, in its order.
 */
#ifndef PAYMENT_STATEMENT_READ_H
#define PAYMENT_STATEMENT_READ_H

#include "db/db.h"

struct arena;

/* Fills a struct statement_row from the current row (a rows_read_fn). */
enum err statement_read_row(const struct db_rows *rows, struct arena *arena, void *item);

#endif
