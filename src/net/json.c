#include "net/json.h"

#include "base/arena.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void json_begin(void)
{
    json_set_alloc_funcs(memory_take, free);
}

/* Depth is looked at before jansson recurses into it. */
static bool too_deep(struct str text)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (quoted) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                quoted = false;
        } else if (byte == '"') {
            quoted = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if (byte == '}' || byte == ']') {
            depth--;
        }
    }
    return false;
}

enum err json_read(struct str text, json_t **value)
{
    json_error_t error;

    *value = NULL;
    if (too_deep(text))
        return fail(ERR_INPUT, "JSON deeper than %d levels", JSON_DEPTH_MAX);
    *value = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (!*value)
        return fail(ERR_INPUT, "JSON line %d: %.120s", error.line, error.text);
    return OK;
}

const json_t *json_at(const json_t *value, const char *path)
{
    struct str rest = str_of(path);

    while (value && rest.data) {
        struct str key = str_cut(&rest, '.');
        char name[128];
        int64_t index;

        if (key.len >= sizeof(name))
            return NULL;
        memcpy(name, key.data, key.len);
        name[key.len] = '\0';
        if (json_is_array(value))
            value = str_to_int64(key, &index) && index >= 0 ? json_array_get(value, (size_t)index)
                                                            : NULL;
        else
            value = json_object_get(value, name);
    }
    return json_is_null(value) ? NULL : value;
}

struct str json_text(const json_t *value, const char *path)
{
    const json_t *found = json_at(value, path);

    return json_is_string(found) ? str_from(json_string_value(found), json_string_length(found))
                                 : (struct str){0};
}

bool json_integer_at(const json_t *value, const char *path, int64_t *number)
{
    const json_t *found = json_at(value, path);

    if (!json_is_integer(found))
        return false;
    *number = json_integer_value(found);
    return true;
}

bool json_true_at(const json_t *value, const char *path)
{
    return json_is_true(json_at(value, path));
}

struct str json_write(const json_t *value, struct arena *arena)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *copy;

    require(text);
    copy = arena_string(arena, text);
    free(text);
    return str_of(copy);
}
