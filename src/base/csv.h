/*
 * csv: tables of text as spreadsheets write and read them.
 *
 * Invariant: a written cell can neither break its row nor become a formula: RFC 4180 quotes, and
 * ' before what a spreadsheet would compute. A read table has bounds: rows, cells, bytes.
 * (RFC 4180; security.md row 37.)
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/money.h"
#include "base/str.h"
#include "base/zone.h"

enum {
    CSV_ROWS_MAX = 10001, /* with the row of titles */
    CSV_CELLS_MAX = 60,   /* of one row */
    CSV_CELL_LEN_MAX = 4000
};

struct csv_row {
    struct str *cells;
    size_t count;
    size_t line; /* of the file, where it begins; from 1 */
};
struct csv_table {
    struct csv_row *rows;
    size_t count;
    char separator;
};

/* What is wrong with a file, and where. */
enum csv_fault {
    CSV_GOOD,
    CSV_EMPTY,
    CSV_TOO_MANY_ROWS,
    CSV_TOO_MANY_CELLS,
    CSV_CELL_TOO_LONG,
    CSV_QUOTE_OPEN,  /* a quote that never ends */
    CSV_QUOTE_STRAY, /* text behind a closing quote */
    CSV_NOT_TEXT     /* control characters: no text file */
};

/* Reads a file: a byte order mark is skipped, bytes that are not UTF-8 are read as windows-1252,
 * the separator is ';', ',' or TAB, whichever the first row has most of. Cells are trimmed, empty
 * rows left out. Everything lives in the arena. *line is where a fault is. */
enum csv_fault csv_read(struct str bytes, struct arena *arena, struct csv_table *table,
                        size_t *line);

/* Adds one cell; the first of a row has no separator before it. ';' separates, as French
 * spreadsheets expect. */
void csv_add(struct buffer *buffer, bool first, struct str text);
void csv_add_text(struct buffer *buffer, bool first, const char *text);
/* An amount with a decimal comma and without grouping: a number to a French spreadsheet. */
void csv_add_money(struct buffer *buffer, bool first, int64_t cents,
                   const struct currency *currency);
/* "23/11/2026". */
void csv_add_date(struct buffer *buffer, bool first, struct date date);
void csv_add_int(struct buffer *buffer, bool first, int64_t value);
/* Begins a file (a byte order mark, so that accents are read as they are) and ends a row. */
void csv_begin(struct buffer *buffer);
void csv_end_row(struct buffer *buffer);

#endif
