#include "http/http.h"

#include "base/utf8.h"

#include <string.h>

/* ---- percent decoding ---- */

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

enum decoding { STRICT, LENIENT };

/* Decodes + and %XX; a bad escape ends strict decoding and stands as it is in lenient. */
static bool decode(struct str text, enum decoding decoding, struct arena *arena,
                   struct str *decoded)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        int high = -1, low = -1;

        if (byte == '%' && i + 2 < text.len) {
            high = hex_value(text.data[i + 1]);
            low = hex_value(text.data[i + 2]);
        }
        if (byte == '+') {
            out[len++] = ' ';
        } else if (byte != '%') {
            out[len++] = byte;
        } else if (high >= 0 && low >= 0) {
            out[len++] = (char)(high << 4 | low);
            i += 2;
        } else if (decoding == LENIENT) {
            out[len++] = byte;
        } else {
            return false;
        }
    }
    *decoded = str_from(out, len);
    return true;
}

static bool next_raw(struct str *rest, struct str *name, struct str *value)
{
    struct str pair;

    do {
        if (!rest->data)
            return false;
        pair = str_cut(rest, '&');
    } while (str_empty(pair));
    *name = str_cut(&pair, '=');
    *value = pair;
    return true;
}

bool http_pair_next(struct str *rest, struct arena *arena, struct http_pair *pair, enum err *err)
{
    struct str name, value;

    *err = OK;
    if (!next_raw(rest, &name, &value))
        return false;
    if (decode(name, STRICT, arena, &pair->name) && decode(value, STRICT, arena, &pair->value))
        return true;
    *err = fail(ERR_INPUT, "a field is badly escaped");
    return false;
}

bool http_pair_next_lenient(struct str *rest, struct arena *arena, struct http_pair *pair)
{
    struct str name, value;

    if (!next_raw(rest, &name, &value))
        return false;
    (void)decode(name, LENIENT, arena, &pair->name);
    (void)decode(value, LENIENT, arena, &pair->value);
    return true;
}

/* ---- typed fields ---- */

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= '0' && byte <= '9') || byte == '_' || byte == '-'))
            return false;
    }
    return text.len > 0;
}

static bool is_choice(struct str text, const char *choices)
{
    struct str rest = str_of(choices);

    while (rest.data)
        if (str_equal(str_cut(&rest, '|'), text))
            return true;
    return false;
}

static bool one_line(struct str text)
{
    return utf8_clean(text) && str_find(text, '\n') == text.len &&
           str_find(text, '\r') == text.len;
}

/* Browsers send CR LF from a text area; a lone CR ends a line, too. */
static struct str plain_lines(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool carriage = text.data[i] == '\r';

        if (carriage && i + 1 < text.len && text.data[i + 1] == '\n')
            continue;
        out[len++] = carriage ? '\n' : text.data[i];
    }
    return str_from(out, len);
}

/* Checks a value against its field; an empty optional field counts as not given. */
static enum err check_value(const struct http_field *field, struct http_value *value,
                            struct arena *arena)
{
    bool good = true;

    if (field->type == HTTP_LINES) {
        value->text = plain_lines(str_trim(value->text), arena);
        good = utf8_clean(value->text);
    } else if (field->type != HTTP_SECRET && field->type != HTTP_FILE) {
        value->text = str_trim(value->text);
        good = one_line(value->text);
    }
    if (value->text.len > field->max)
        return fail(ERR_LIMIT, "field %s is too long", field->name);
    if (good && !str_empty(value->text)) {
        if (field->type == HTTP_TOKEN)
            good = is_token(value->text);
        else if (field->type == HTTP_ID || field->type == HTTP_IDS)
            good = str_to_int64(value->text, &value->id) && value->id > 0;
        else if (field->type == HTTP_CHOICE)
            good = is_choice(value->text, field->choices);
    }
    return good ? OK : fail(ERR_INPUT, "field %s has a bad value", field->name);
}

static const struct http_field *find_field(const struct http_field *fields, struct str name)
{
    for (; fields && fields->name; fields++)
        if (str_is(name, fields->name))
            return fields;
    return NULL;
}

static struct http_value *given_value(const struct http_request *request,
                                      const struct http_field *field)
{
    for (size_t i = 0; i < request->value_count; i++)
        if (request->values[i].field == field)
            return &request->values[i];
    return NULL;
}

/* One more id of a field that may be repeated. */
static enum err add_id(const struct http_field *field, struct http_value *value,
                       const struct http_value *more, struct arena *arena)
{
    if (str_empty(more->text))
        return OK;
    if (!value->ids)
        value->ids = arena_array(arena, HTTP_IDS_MAX, sizeof(*value->ids));
    if (value->id_count == HTTP_IDS_MAX)
        return fail(ERR_INPUT, "field %s has more than %d values", field->name, HTTP_IDS_MAX);
    for (size_t i = 0; i < value->id_count; i++)
        if (value->ids[i] == more->id)
            return fail(ERR_INPUT, "field %s has a value twice", field->name);
    value->ids[value->id_count++] = more->id;
    value->text = more->text;
    return OK;
}

/* What a form says of one field, however it is encoded. */
struct given {
    struct str name;
    struct str text;
    bool is_file;
};

static enum err take_given(struct http_request *request, const struct http_route *route,
                           const struct given *given)
{
    const struct http_field *field = find_field(route->fields, given->name);
    struct http_value *value, taken = {.field = field, .text = given->text};
    enum err err;

    if (!field)
        return route->flags & HTTP_OPEN_FIELDS
                   ? OK
                   : fail(ERR_INPUT, "unknown field %.*s",
                          (int)(given->name.len < 40 ? given->name.len : 40), given->name.data);
    value = given_value(request, field);
    if (value && field->type != HTTP_IDS)
        return fail(ERR_INPUT, "field %s is repeated", field->name);
    if (given->is_file != (field->type == HTTP_FILE))
        return fail(ERR_INPUT, "field %s is a file, or should be one", field->name);
    err = check_value(field, &taken, request->arena);
    if (!value) {
        value = &request->values[request->value_count++];
        *value = taken;
    }
    return err || field->type != HTTP_IDS ? err : add_id(field, value, &taken, request->arena);
}

static bool filled(const struct http_request *request, const struct http_field *field)
{
    const struct http_value *value = given_value(request, field);

    return value && !str_empty(value->text);
}

/* An empty field counts as not given. */
static enum err check_required(const struct http_request *request, const struct http_field *fields)
{
    for (; fields && fields->name; fields++)
        if (fields->required && !filled(request, fields))
            return fail(ERR_INPUT, "field %s is missing", fields->name);
    return OK;
}

static enum err form_text(const struct http_request *request, struct str *text)
{
    *text = request->query;
    if (request->method == HTTP_GET)
        return OK;
    *text = request->body;
    if (!str_empty(request->body) &&
        !str_is(request->content_type, "application/x-www-form-urlencoded"))
        return fail(ERR_INPUT, "the form has another content type");
    return OK;
}

static bool may_repeat(const struct http_route *route, struct str name)
{
    const struct http_field *field = find_field(route->fields, name);

    return field && field->type == HTTP_IDS;
}

static enum err read_pairs(struct http_request *request, const struct http_route *route)
{
    struct http_pair pair;
    struct str rest;
    size_t count = 0;
    enum err err = form_text(request, &rest);

    while (!err && http_pair_next(&rest, request->arena, &pair, &err)) {
        const struct given given = {.name = pair.name, .text = pair.value};

        if (!may_repeat(route, pair.name) && ++count > HTTP_FIELDS_MAX)
            return fail(ERR_INPUT, "more than %d fields", HTTP_FIELDS_MAX);
        err = take_given(request, route, &given);
    }
    return err;
}

static enum err read_parts(struct http_request *request, const struct http_route *route)
{
    struct http_multipart form;
    struct http_part part;
    enum err err = OK;

    if (str_empty(request->boundary))
        return fail(ERR_INPUT, "the form has another content type");
    http_multipart_begin(&form, request->body, request->boundary);
    while (!err && http_multipart_next(&form, &part, &err)) {
        const struct given given = {part.name, part.content, part.is_file};

        err = take_given(request, route, &given);
    }
    return err;
}

enum err http_fields_read(struct http_request *request, const struct http_route *route)
{
    enum err err;

    request->value_count = 0;
    request->values = arena_array(request->arena, HTTP_FIELDS_MAX, sizeof(*request->values));
    if (route->flags & HTTP_RAW_BODY)
        return OK;
    err = request->method != HTTP_GET && route->flags & HTTP_MULTIPART
              ? read_parts(request, route)
              : read_pairs(request, route);
    return err ? err : check_required(request, route->fields);
}

/* ---- looking at the request ---- */

static const struct http_value *find_value(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->value_count; i++)
        if (strcmp(request->values[i].field->name, name) == 0)
            return &request->values[i];
    return NULL;
}

struct str http_field_text(const struct http_request *request, const char *name)
{
    const struct http_value *value = find_value(request, name);

    return value ? value->text : (struct str){"", 0};
}

bool http_field_given(const struct http_request *request, const char *name)
{
    return find_value(request, name) != NULL;
}

int64_t http_field_id(const struct http_request *request, const char *name)
{
    const struct http_value *value = find_value(request, name);

    return value ? value->id : 0;
}

const int64_t *http_field_ids(const struct http_request *request, const char *name, size_t *count)
{
    const struct http_value *value = find_value(request, name);

    *count = value ? value->id_count : 0;
    return value ? value->ids : NULL;
}

bool http_field_has_id(const struct http_request *request, const char *name, int64_t id)
{
    size_t count;
    const int64_t *ids = http_field_ids(request, name, &count);

    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

struct str http_cookie(const struct http_request *request, const char *name)
{
    struct str rest = request->cookie_header, found = {0};
    int times = 0;

    while (rest.data) {
        struct str value = str_trim(str_cut(&rest, ';'));
        struct str key = str_cut(&value, '=');

        if (str_is(key, name) && value.data) {
            found = value;
            times++;
        }
    }
    return times == 1 ? found : (struct str){"", 0};
}
