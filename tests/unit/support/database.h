/*
 * database: a fresh migrated database for tests that need real tables.
 *
 * Invariant: every house has its own temporary folder, which house_close removes; nothing is
 * shared between two tests. Helpers end the test at once when the database refuses.
 */
#ifndef TESTS_SUPPORT_DATABASE_H
#define TESTS_SUPPORT_DATABASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* cmocka's; the name belongs to base/err.h here */

#include "association/association.h"
#include "association/audit.h"
#include "base/arena.h"
#include "db/db.h"

/* 1st of October 2026, 12:00 UTC: in the fiscal year 2026-2027 of the house. */
#define HOUSE_NOW INT64_C(1790856000)

/* A trial association in EUR, Europe/Paris, years from 1 September, with its chart, its year
 * 2026-2027, and one member (number 1, Jeanne Martin) with a login. */
struct house {
    char folder[128];
    char path[160];
    struct db *db; /* DB_WRITE, for the test's own thread */
    struct arena *arena;
    int64_t association_id;
    int64_t year_id;
    int64_t login_id; /* jeanne@exemple.fr */
    int64_t member_id;
};

/* Makes all of it; the caller must dispose of it with house_close. */
void house_open(struct house *house);
/* The same without association: only the tables and the installation. */
void house_open_empty(struct house *house);
void house_close(struct house *house);
/* Closes the connection and opens the same file again. */
void house_reopen(struct house *house);
/* cmocka's fixtures: *state becomes a struct house *. */
int house_setup(void **state);
int house_teardown(void **state);
#define HOUSE_TEST(test) cmocka_unit_test_setup_teardown(test, house_setup, house_teardown)

/* A further association (EUR, trial) with chart and year; returns its id. */
int64_t house_add_association(struct house *house, const char *name);
/* A further member without login; payer_id 0 = pays alone. Returns the member's id. */
int64_t house_add_member(struct house *house, int64_t association_id, const char *first_name,
                         const char *last_name, int64_t payer_id);
/* A line of a charge written straight into the cart (no posting); returns its id. date is ISO;
 * the line counts in the year of the house, account 7561. */
int64_t house_add_charge(struct house *house, int64_t member_id, const char *date,
                         int64_t amount_cents, const char *label);

/* Runs SQL text of the test's own; the test ends when it fails. */
void house_execute(struct house *house, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The single integer of a SELECT of the test's own (not one of the catalog). */
int64_t house_count(struct house *house, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Asserts OK and prints the recorded failure otherwise. */
#define house_ok(expression) house_check((expression), OK, __FILE__, __LINE__)
/* Asserts exactly this error. */
#define house_err(expression, expected) house_check((expression), (expected), __FILE__, __LINE__)
void house_check(enum err err, enum err expected, const char *file, int line);

#endif
