/*
 * row: rows of the ledger as JSON objects, and the building of JSON answers.
 *
 * Invariant: a query of this kind yields one column that is a JSON text; names in it are the
 * names that the answers use.
 */
#ifndef SANDBOX_ROW_H
#define SANDBOX_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "db/db.h"

struct http_response;

/* The first row; *row is NULL when there is none. The caller must json_decref it. */
enum err row_find(struct db *db, int query, const struct db_value *values, size_t count,
                  json_t **row);
/* The same; ERR_NOT_FOUND with "no such WHAT" when there is none. */
enum err row_need(struct db *db, int query, const struct db_value *values, size_t count,
                  const char *what, json_t **row);
/* All rows in an array. The caller must json_decref it. */
enum err row_list(struct db *db, int query, const struct db_value *values, size_t count,
                  json_t **rows);

/* Fields of a row: NULL, 0 or false when absent. */
const char *row_text(const json_t *row, const char *name);
int64_t row_integer(const json_t *row, const char *name);
bool row_flag(const json_t *row, const char *name);
bool row_is(const json_t *row, const char *name, const char *text);

/* Adds to an object being built. */
void put(json_t *object, const char *name, json_t *value);         /* takes the reference */
void put_text(json_t *object, const char *name, const char *text); /* NULL gives null */
void put_integer(json_t *object, const char *name, int64_t value);
void put_true(json_t *object, const char *name);
void put_false(json_t *object, const char *name);
void put_bool(json_t *object, const char *name, int truth); /* non-zero is true */
/* Every name of a table that NULL ends becomes null. */
void put_nulls(json_t *object, const char *const *names);
/* Copies a field of the row, null when absent. */
void put_copy(json_t *object, const char *name, const json_t *row, const char *field);
/* Copies fields under their own names; NULL ends the table. */
void put_copies(json_t *object, const json_t *row, const char *const *names);
/* Turns field NAME_hex into NAME (text when valid UTF-8, else null) beside it. */
void put_bytes(json_t *object, const char *name, const char *name_hex);

/* What tells a repeated call from another under the same key: same path and same content in any
 * order of its names, same fingerprint. In the arena. */
enum err call_fingerprint(struct arena *arena, struct str path, const json_t *content,
                          const char **fingerprint);

/* Fills the response with JSON. */
enum err json_answer(struct http_response *response, int status, const json_t *value);

#endif
