/*
 * json: reading JSON from strangers, through jansson.
 *
 * Invariant: duplicate keys, more than 64 levels, bad UTF-8 and NUL are refused; amounts are
 * integers only, a real where an integer is due reads as absent. (security.md row 41.)
 */
#ifndef NET_JSON_H
#define NET_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

enum { JSON_DEPTH_MAX = 64 };

/* jansson takes its memory from base/memory.h from now on. Called once, before any thread. */
void json_begin(void);
/* Parses an object or array. ERR_INPUT with line and reason. The caller must dispose of
 * *value with json_decref. */
enum err json_read(struct str text, json_t **value);
/* Follows a dotted path of object keys ("data.object.id"; a number indexes an array). NULL
 * when anything on the way is absent or JSON null. Borrowed. */
const json_t *json_at(const json_t *value, const char *path);
/* The text at path, valid as long as value; the empty slice when absent or not a string. */
struct str json_text(const json_t *value, const char *path);
/* The integer at path; false when absent or not an integer. */
bool json_integer_at(const json_t *value, const char *path, int64_t *number);
/* True only for JSON true. */
bool json_true_at(const json_t *value, const char *path);
/* Compact text of a value in the arena. */
struct arena;
struct str json_write(const json_t *value, struct arena *arena);

#endif
