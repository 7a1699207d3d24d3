#include "sandbox/stripe_form.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"

enum { FORM_FIELDS_MAX = 1000, FORM_DEPTH_MAX = 8, FORM_ITEMS_MAX = 100 };

/* The segments of "a[b][]": "a", "b", "". */
struct name {
    struct str parts[FORM_DEPTH_MAX];
    int count;
};

static bool split_name(struct str text, struct name *name)
{
    size_t open = str_find(text, '[');

    name->count = 0;
    if (open == 0)
        return false;
    name->parts[name->count++] = str_from(text.data, open);
    text = str_from(text.data + open, text.len - open);
    while (text.len) {
        size_t close = str_find(text, ']');

        if (text.data[0] != '[' || close == text.len || name->count == FORM_DEPTH_MAX)
            return false;
        name->parts[name->count++] = str_from(text.data + 1, close - 1);
        text = str_from(text.data + close + 1, text.len - close - 1);
    }
    return true;
}

static bool is_index(struct str part)
{
    for (size_t i = 0; i < part.len; i++)
        if (part.data[i] < '0' || part.data[i] > '9')
            return false;
    return true; /* the empty part too: "append" */
}

/* The place of a list item: an existing one, or the next. */
static bool item_position(const json_t *array, struct str part, size_t *position)
{
    int64_t number = (int64_t)json_array_size(array);

    if (part.len && !str_to_int64(part, &number))
        return false;
    *position = (size_t)number;
    return *position <= json_array_size(array) && *position < FORM_ITEMS_MAX;
}

static json_t *child(json_t *container, const char *key, struct str part)
{
    size_t position = 0;

    if (json_is_object(container))
        return json_object_get(container, key);
    return item_position(container, part, &position) ? json_array_get(container, position) : NULL;
}

static bool attach(json_t *container, const char *key, struct str part, json_t *value)
{
    size_t position = 0;

    if (json_is_object(container))
        return json_object_set_new(container, key, value) == 0;
    if (!item_position(container, part, &position)) {
        json_decref(value);
        return false;
    }
    if (position == json_array_size(container))
        return json_array_append_new(container, value) == 0;
    return json_array_set_new(container, position, value) == 0;
}

static bool add_field(struct arena *arena, json_t *tree, const struct name *name, struct str value)
{
    json_t *container = tree;

    for (int i = 0; i < name->count; i++) {
        const char *key = str_copy(arena, name->parts[i]);
        json_t *next = child(container, key, name->parts[i]);

        if (i + 1 == name->count)
            return !next && attach(container, key, name->parts[i],
                                   json_stringn(value.data ? value.data : "", value.len));
        if (!next) {
            next = is_index(name->parts[i + 1]) ? json_array() : json_object();
            if (!attach(container, key, name->parts[i], next))
                return false;
        }
        if (json_is_string(next) || (json_is_array(next) != is_index(name->parts[i + 1])))
            return false;
        container = next;
    }
    return false;
}

enum err stripe_form_read(struct stripe_call *call, struct str form, json_t **tree)
{
    struct http_pair pair = {0};
    struct name name = {0};
    enum err err = OK;
    int count = 0;

    *tree = json_object();
    while (http_pair_next(&form, call->arena, &pair, &err)) {
        if (str_empty(pair.name) && str_empty(pair.value))
            continue;
        if (++count > FORM_FIELDS_MAX)
            return stripe_refuse(call, NULL, NULL, "Too many parameters.");
        if (!utf8_valid(pair.name) || !utf8_valid(pair.value) ||
            memchr(pair.value.data ? pair.value.data : "", 0, pair.value.len))
            return stripe_refuse(call, NULL, NULL, "Parameters must be UTF-8 text.");
        if (!split_name(pair.name, &name) || !add_field(call->arena, *tree, &name, pair.value))
            return stripe_refuse(
                call, NULL, str_copy(call->arena, pair.name),
                "Parameter name is malformed, repeated, or mixes a list with a map.");
    }
    if (err)
        return stripe_refuse(call, NULL, NULL, "The form is not correctly percent-encoded.");
    return OK;
}
