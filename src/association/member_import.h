/*
 * member_import: what rows of a table would become as members.
 *
 * Invariant: a row is new, there already, or wrong, and a wrong one says why; who is there already
 * is left as it is, so that a file imported twice changes nothing the second time. Somebody is the
 * same person under the same number and name, or, when one side has no number or both give the
 * same e-mail, under the same name and e-mail. Accents and case do not count.
 */
#ifndef ASSOCIATION_MEMBER_IMPORT_H
#define ASSOCIATION_MEMBER_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/csv.h"
#include "base/hash.h"
#include "db/db.h"

enum {
    IMPORT_ROWS_MAX = CSV_ROWS_MAX - 1,
    IMPORT_NAME_LEN_MAX = 100, /* characters, as in the form of one member */
    IMPORT_NUMBER_LEN_MAX = 12 /* digits */
};

/* What a column can hold. */
enum import_field {
    IMPORT_NUMBER,
    IMPORT_FIRST_NAME,
    IMPORT_LAST_NAME,
    IMPORT_EMAIL,
    IMPORT_BALANCE,
    IMPORT_PAYER,
    IMPORT_FIELDS
};

/* Where it stands. */
struct import_mapping {
    size_t columns[IMPORT_FIELDS]; /* from 1; 0: not in the file */
    bool has_titles;               /* the first row names the columns */
    bool positive_is_advance;      /* else a positive balance is owed */
};
/* What the titles of the first row, in French or English, let expect. */
void import_guess(const struct csv_table *table, struct arena *arena,
                  struct import_mapping *mapping);
/* Cells of the longest row. */
size_t import_column_count(const struct csv_table *table);

enum import_verdict { IMPORT_NEW, IMPORT_ALREADY, IMPORT_WRONG, IMPORT_VERDICTS };
enum import_fault {
    IMPORT_RIGHT,
    IMPORT_NAME_MISSING,
    IMPORT_NAME_LONG,
    IMPORT_EMAIL_ODD,
    IMPORT_NUMBER_ODD,
    IMPORT_BALANCE_ODD,
    IMPORT_PAYER_ODD,
    IMPORT_SAME_NUMBER,   /* as the row of other_line */
    IMPORT_SAME_PERSON,   /* as the row of other_line */
    IMPORT_NUMBER_TAKEN,  /* by a member of another name */
    IMPORT_OTHER_NUMBER,  /* this person is there as found_number */
    IMPORT_PAYER_UNKNOWN, /* neither in the file nor a member */
    IMPORT_PAYER_SELF,
    IMPORT_PAYER_PAID, /* the payer has a payer */
    IMPORT_FAULTS
};

struct import_row {
    size_t line;    /* of the file */
    int64_t number; /* 0: the next free one */
    const char *first_name, *last_name, *email;
    int64_t balance_cents; /* owed; negative: an advance */
    int64_t payer_number;  /* 0: pays alone */
    struct str person;     /* folded names and e-mail */
    enum import_fault misread;
    enum import_verdict verdict;
    enum import_fault fault;
    size_t other_line;
    int64_t found_number;
};

struct member_import {
    struct import_mapping mapping;
    struct import_row *rows;
    size_t count;
    struct import_row **by_number; /* all rows, in the order of their numbers */
    size_t counts[IMPORT_VERDICTS];
    int64_t owed_cents, advance_cents; /* of the new ones */
};

/* Reads the rows by themselves: at most IMPORT_ROWS_MAX of them, else ERR_LIMIT. Everything lives
 * in the arena. */
enum err import_read(const struct csv_table *table, const struct import_mapping *mapping,
                     const struct currency *currency, struct arena *arena,
                     struct member_import *import);
/* Holds them against the members there are now: sets verdicts, counts and sums anew. */
enum err import_judge(struct db *db, int64_t association_id, struct member_import *import);
/* Hash of the mapping and of every verdict: what a preview showed. */
enum err import_fingerprint(const struct member_import *import, char hex[HASH_HEX_MAX]);

#endif
