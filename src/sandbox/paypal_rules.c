#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"

/* Where the walk stands: the path of the rules, and the pointer that a refusal names. */
struct place {
    const char *path;
    const char *pointer;
};

struct walk {
    struct rest_call *call;
    const struct rest_rule *rules;
};

static enum err check_object(const struct walk *walk, struct place place, const json_t *object);

static const struct rest_rule *find_rule(const struct walk *walk, const char *path)
{
    for (const struct rest_rule *rule = walk->rules; rule->path; rule++)
        if (!strcmp(rule->path, path))
            return rule;
    return NULL;
}

static enum err refuse(const struct walk *walk, struct place place, const json_t *value,
                       const char *issue, const char *description)
{
    return rest_refuse_field(walk->call, 400, place.pointer, json_string_value(value), issue,
                             description);
}

static enum err refuse_syntax(const struct walk *walk, struct place place, const json_t *value)
{
    return refuse(walk, place, value, "INVALID_PARAMETER_SYNTAX",
                  "The value of a field does not conform to the expected format.");
}

/* ---- single values ---- */

static bool in_choices(const char *choices, const char *text)
{
    struct str rest = str_of(choices);

    while (rest.data)
        if (str_is(str_cut(&rest, '|'), text))
            return true;
    return false;
}

static bool all_of(const char *text, const char *letters)
{
    return *text && strspn(text, letters) == strlen(text);
}

#define DIGITS "0123456789"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$ */
static bool is_decimal(const char *text)
{
    const char *digits = text + (*text == '-');
    const char *rest = digits + strspn(digits, DIGITS);

    if (!*rest)
        return rest != digits;
    return *rest == '.' && all_of(rest + 1, DIGITS);
}

static bool is_url(const char *text)
{
    const char *rest = !strncmp(text, "https://", 8)  ? text + 8
                       : !strncmp(text, "http://", 7) ? text + 7
                                                      : "";

    return *rest && *rest != '/' && !strpbrk(rest, " \t\r\n\\<>\"");
}

/* Language and country: "fr", "fr-FR". */
static bool is_locale(const char *text)
{
    if (strspn(text, "abcdefghijklmnopqrstuvwxyz") != 2)
        return false;
    return !text[2] || (text[2] == '-' && strlen(text + 3) == 2 && all_of(text + 3, CAPITALS));
}

static bool has_shape(const struct rest_rule *rule, const char *text)
{
    switch (rule->kind) {
    case REST_URL:
        return is_url(text);
    case REST_CURRENCY:
        return all_of(text, CAPITALS);
    case REST_DECIMAL:
        return is_decimal(text);
    case REST_LOCALE:
        return is_locale(text);
    case REST_ACCOUNT:
        return all_of(text, CAPITALS DIGITS);
    default:
        return utf8_clean(str_of(text));
    }
}

static enum err check_text(const struct walk *walk, const struct rest_rule *rule,
                           struct place place, const json_t *value)
{
    const char *text = json_string_value(value);
    int length = (int)utf8_length(str_of(text));

    if (length < rule->min || (rule->max && length > rule->max))
        return refuse(walk, place, value, "INVALID_STRING_LENGTH",
                      "The value of a field is either too short or too long");
    if (rule->kind == REST_CHOICE && !in_choices(rule->choices, text))
        return refuse(walk, place, value, "INVALID_PARAMETER_VALUE",
                      "A parameter value is not valid.");
    return has_shape(rule, text) ? OK : refuse_syntax(walk, place, value);
}

/* ---- the walk ---- */

static enum err check_list(const struct walk *walk, const struct rest_rule *rule,
                           struct place place, const json_t *list);

static enum err check_value(const struct walk *walk, struct place place, const json_t *value)
{
    const struct rest_rule *rule = find_rule(walk, place.path);

    if (!rule)
        return refuse(walk, place, value, "NOT_SUPPORTED",
                      "This field is not currently supported.");
    if (rule->kind == REST_OBJECT)
        return json_is_object(value) ? check_object(walk, place, value)
                                     : refuse_syntax(walk, place, value);
    if (rule->kind == REST_LIST)
        return json_is_array(value) ? check_list(walk, rule, place, value)
                                    : refuse_syntax(walk, place, value);
    if (rule->kind == REST_BOOLEAN)
        return json_is_boolean(value) ? OK : refuse_syntax(walk, place, value);
    return json_is_string(value) ? check_text(walk, rule, place, value)
                                 : refuse_syntax(walk, place, value);
}

static enum err check_list(const struct walk *walk, const struct rest_rule *rule,
                           struct place place, const json_t *list)
{
    struct arena *arena = walk->call->arena;
    int count = (int)json_array_size(list);
    enum err err = OK;

    if (count < rule->min)
        return refuse(walk, place, NULL, "INVALID_ARRAY_MIN_ITEMS",
                      "The number of items in an array parameter is too small.");
    if (count > rule->max)
        return refuse(walk, place, NULL, "INVALID_ARRAY_MAX_ITEMS",
                      "The number of items in an array parameter is too large.");
    for (int i = 0; i < count && !err && !walk->call->error.status; i++) {
        struct place below = {arena_printf(arena, "%s/~", place.path),
                              arena_printf(arena, "%s/%d", place.pointer, i)};

        err = check_value(walk, below, json_array_get(list, (size_t)i));
    }
    return err;
}

/* Does the rule speak of a member of objects at that path? */
static const char *member_of(const struct rest_rule *rule, const char *path)
{
    size_t len = strlen(path);
    const char *name = rule->path + len + 1;

    if (strncmp(rule->path, path, len) != 0 || rule->path[len] != '/' || strchr(name, '/'))
        return NULL;
    return strcmp(name, "~") != 0 ? name : NULL;
}

static enum err check_required(const struct walk *walk, struct place place, const json_t *object)
{
    for (const struct rest_rule *rule = walk->rules; rule->path; rule++) {
        const char *name = rule->required ? member_of(rule, place.path) : NULL;

        if (name && !json_object_get(object, name))
            return rest_refuse_field(
                walk->call, 400, arena_printf(walk->call->arena, "%s/%s", place.pointer, name),
                NULL, "MISSING_REQUIRED_PARAMETER", "A required parameter is missing.");
    }
    return OK;
}

static enum err check_object(const struct walk *walk, struct place place, const json_t *object)
{
    struct arena *arena = walk->call->arena;
    const char *name = NULL;
    json_t *value = NULL;
    enum err err = check_required(walk, place, object);

    json_object_foreach ((json_t *)object, name, value) {
        struct place below = {arena_printf(arena, "%s/%s", place.path, name),
                              arena_printf(arena, "%s/%s", place.pointer, name)};

        if (err || walk->call->error.status)
            break;
        err = check_value(walk, below, value);
    }
    return err;
}

enum err rest_rules_check(struct rest_call *call, const struct rest_rule *rules)
{
    struct walk walk = {.call = call, .rules = rules};
    struct place top = {"", ""};

    if (!json_is_object(call->body))
        return rest_refuse_field(call, 400, "/", NULL, "MALFORMED_REQUEST_JSON",
                                 "The request JSON is not well formed.");
    return check_object(&walk, top, call->body);
}
