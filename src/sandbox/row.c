#include "sandbox/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "http/http.h"
#include "net/json.h"

/* ---- reading ---- */

enum err row_find(struct db *db, int query, const struct db_value *values, size_t count,
                  json_t **row)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, query, values, count, &rows, &found);

    *row = NULL;
    if (!err && found)
        err = json_read(db_column_str(&rows, 0), row);
    db_rows_done(&rows);
    return err;
}

enum err row_need(struct db *db, int query, const struct db_value *values, size_t count,
                  const char *what, json_t **row)
{
    enum err err = row_find(db, query, values, count, row);

    if (!err && !*row)
        err = fail(ERR_NOT_FOUND, "no such %s", what);
    return err;
}

enum err row_list(struct db *db, int query, const struct db_value *values, size_t count,
                  json_t **rows)
{
    struct db_rows result = {0};
    bool found = false;
    enum err err = db_select(db, query, values, count, &result);

    *rows = json_array();
    while (!err) {
        json_t *row = NULL;

        err = db_next(&result, &found);
        if (err || !found)
            break;
        err = json_read(db_column_str(&result, 0), &row);
        if (!err)
            json_array_append_new(*rows, row);
    }
    db_rows_done(&result);
    return err;
}

const char *row_text(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

int64_t row_integer(const json_t *row, const char *name)
{
    return json_integer_value(json_object_get(row, name));
}

bool row_flag(const json_t *row, const char *name)
{
    return json_is_true(json_object_get(row, name));
}

bool row_is(const json_t *row, const char *name, const char *text)
{
    const char *value = row_text(row, name);

    return value && !strcmp(value, text);
}

/* ---- building ---- */

void put(json_t *object, const char *name, json_t *value)
{
    require(json_object_set_new(object, name, value) == 0);
}

void put_text(json_t *object, const char *name, const char *text)
{
    put(object, name, text ? json_string(text) : json_null());
}

void put_integer(json_t *object, const char *name, int64_t value)
{
    put(object, name, json_integer(value));
}

void put_true(json_t *object, const char *name)
{
    put(object, name, json_true());
}

void put_false(json_t *object, const char *name)
{
    put(object, name, json_false());
}

void put_bool(json_t *object, const char *name, int truth)
{
    put(object, name, json_boolean(truth));
}

void put_nulls(json_t *object, const char *const *names)
{
    for (; *names; names++)
        put(object, *names, json_null());
}

void put_copy(json_t *object, const char *name, const json_t *row, const char *field)
{
    json_t *value = json_object_get(row, field);

    put(object, name, value ? json_incref(value) : json_null());
}

void put_copies(json_t *object, const json_t *row, const char *const *names)
{
    for (; *names; names++)
        put_copy(object, *names, row, *names);
}

void put_bytes(json_t *object, const char *name, const char *name_hex)
{
    struct str hex = json_text(object, name_hex);
    size_t len = hex.len / 2;
    unsigned char *bytes = calloc(len + 1, 1);
    struct str text = {0};

    require(bytes);
    text = str_from(bytes, len);
    if (hash_unhex(hex, bytes, len) && utf8_valid(text) && !memchr(bytes, 0, len))
        put(object, name, json_stringn((const char *)bytes, len));
    else
        put(object, name, json_null());
    free(bytes);
}

enum err call_fingerprint(struct arena *arena, struct str path, const json_t *content,
                          const char **fingerprint)
{
    unsigned char digest[HASH_LEN];
    char *hex = arena_alloc(arena, HASH_HEX_MAX);
    char *text = json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS);
    const char *whole = arena_printf(arena, "%.*s\n%s", STR_PRINT(path), text ? text : "");
    enum err err = hash_sha256(str_of(whole), digest);

    free(text);
    hash_hex(digest, HASH_LEN, hex);
    *fingerprint = hex;
    return err;
}

enum err json_answer(struct http_response *response, int status, const json_t *value)
{
    response->status = status;
    response->content_type = "application/json";
    response->body.len = 0;
    http_header_add(response, "Cache-Control", "no-store");
    buffer_add_str(&response->body, json_write(value, response->arena));
    buffer_add_byte(&response->body, '\n');
    return OK;
}
