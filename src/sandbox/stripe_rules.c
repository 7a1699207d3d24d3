#include "sandbox/stripe_form.h"

#include <string.h>

#include "base/arena.h"
#include "base/money.h"
#include "base/utf8.h"
#include "sandbox/stripe.h"

enum { METADATA_KEYS_MAX = 50, METADATA_KEY_MAX = 40, METADATA_VALUE_MAX = 500 };

/* Where the walk stands: the path of the rules, and the same in brackets for messages. */
struct place {
    const char *path;
    const char *param;
};

struct walk {
    struct stripe_call *call;
    const struct stripe_rule *rules;
};

static enum err check_node(const struct walk *walk, const struct place *place, json_t *parent,
                           const char *key, size_t index, json_t *value);

static const struct stripe_rule *find_rule(const struct stripe_rule *rules, const char *path)
{
    for (; rules && rules->path; rules++)
        if (!strcmp(rules->path, path))
            return rules;
    return NULL;
}

/* Does any rule lie below the path? separator is "." or "[]". */
static bool leads_on(const struct stripe_rule *rules, const char *path, const char *separator)
{
    size_t len = strlen(path);

    if (!len)
        return true;
    for (; rules && rules->path; rules++)
        if (!strncmp(rules->path, path, len) &&
            !strncmp(rules->path + len, separator, strlen(separator)))
            return true;
    return false;
}

static enum err refuse_unknown(const struct walk *walk, const struct place *place)
{
    return stripe_refuse(walk->call, "parameter_unknown", place->param,
                         "Received unknown parameter: %s", place->param);
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

static bool is_decimal(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;

    if (!whole || whole > 12)
        return false;
    if (!*rest)
        return true;
    return *rest == '.' && rest[1] && strlen(rest + 1) <= 12 &&
           strspn(rest + 1, "0123456789") == strlen(rest + 1);
}

static bool is_url(const char *text)
{
    bool scheme = !strncmp(text, "http://", 7) || !strncmp(text, "https://", 8);

    return scheme && strlen(text) > 8 && !strpbrk(text, " \t\r\n\\<>\"");
}

static bool is_currency(const char *text)
{
    char capitals[4] = "";

    if (strlen(text) != 3 || strspn(text, "abcdefghijklmnopqrstuvwxyz") != 3)
        return false;
    for (int i = 0; i < 3; i++)
        capitals[i] = (char)(text[i] - 'a' + 'A');
    return money_currency(capitals) != NULL;
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at != text && at[1] && !strpbrk(text, " \t\r\n,;<>\"");
}

/* The typed value of a text, or NULL when the rule does not allow it. */
static json_t *typed(const struct stripe_rule *rule, const char *text)
{
    int64_t number = 0;
    bool fits = false;

    switch (rule->kind) {
    case RULE_INTEGER:
        fits = str_to_int64(str_of(text), &number) && number >= rule->min && number <= rule->max;
        return fits ? json_integer(number) : NULL;
    case RULE_BOOLEAN:
        fits = !strcmp(text, "true") || !strcmp(text, "false");
        return fits ? json_boolean(text[0] == 't') : NULL;
    case RULE_TEXT:
        fits = true;
        break;
    case RULE_URL:
        fits = is_url(text);
        break;
    case RULE_EMAIL:
        fits = is_email(text);
        break;
    case RULE_DECIMAL:
        fits = is_decimal(text);
        break;
    case RULE_CURRENCY:
        fits = is_currency(text);
        break;
    case RULE_CHOICE:
        fits = in_choices(rule->choices, text);
        break;
    case RULE_METADATA:
        break;
    }
    return fits ? json_string(text) : NULL;
}

static const char *what_was_due(const struct stripe_rule *rule)
{
    static const char *const names[] = {
        [RULE_TEXT] = "string",       [RULE_URL] = "URL",         [RULE_EMAIL] = "email address",
        [RULE_INTEGER] = "integer",   [RULE_DECIMAL] = "decimal", [RULE_BOOLEAN] = "boolean",
        [RULE_CURRENCY] = "currency", [RULE_CHOICE] = "value",    [RULE_METADATA] = "map",
    };

    return names[rule->kind];
}

static enum err check_text(const struct walk *walk, const struct place *place,
                           const struct stripe_rule *rule, const char *text, json_t **value)
{
    int64_t max = rule->kind == RULE_INTEGER || !rule->max ? 5000 : rule->max;

    if (!*text)
        return stripe_refuse(walk->call, "parameter_invalid_empty", place->param,
                             "The parameter %s must not be an empty string.", place->param);
    if ((int64_t)utf8_length(str_of(text)) > max)
        return stripe_refuse(walk->call, NULL, place->param,
                             "Invalid string: %s must be at most %lld characters.", place->param,
                             (long long)max);
    *value = typed(rule, text);
    if (!*value)
        return stripe_refuse(walk->call,
                             rule->kind == RULE_INTEGER ? "parameter_invalid_integer"
                             : rule->kind == RULE_URL   ? "url_invalid"
                             : rule->kind == RULE_EMAIL ? "email_invalid"
                                                        : NULL,
                             place->param, "Invalid %s for %s: %s", what_was_due(rule),
                             place->param, text);
    return OK;
}

static enum err check_metadata(const struct walk *walk, const struct place *place, json_t *map)
{
    const char *key = NULL;
    json_t *value = NULL;

    if (!json_is_object(map))
        return stripe_refuse(walk->call, NULL, place->param, "Invalid map: %s", place->param);
    if (json_object_size(map) > METADATA_KEYS_MAX)
        return stripe_refuse(walk->call, NULL, place->param, "%s has more than %d keys.",
                             place->param, METADATA_KEYS_MAX);
    json_object_foreach (map, key, value) {
        const char *text = json_string_value(value);

        if (!text || utf8_length(str_of(key)) > METADATA_KEY_MAX ||
            utf8_length(str_of(text)) > METADATA_VALUE_MAX)
            return stripe_refuse(
                walk->call, NULL, place->param,
                "%s: keys have at most %d characters, values are strings of at most %d.",
                place->param, METADATA_KEY_MAX, METADATA_VALUE_MAX);
    }
    return OK;
}

/* ---- the walk ---- */

static enum err check_object(const struct walk *walk, const struct place *place, json_t *object)
{
    struct arena *arena = walk->call->arena;
    const char *key = NULL;
    json_t *value = NULL;
    enum err err = OK;

    json_object_foreach (object, key, value) {
        bool top = !*place->path;
        struct place below = {
            .path =
                top ? arena_string(arena, key) : arena_printf(arena, "%s.%s", place->path, key),
            .param =
                top ? arena_string(arena, key) : arena_printf(arena, "%s[%s]", place->param, key),
        };

        err = check_node(walk, &below, object, key, 0, value);
        if (err || walk->call->error.status)
            break;
    }
    return err;
}

static enum err check_array(const struct walk *walk, const struct place *place, json_t *array)
{
    struct arena *arena = walk->call->arena;
    enum err err = OK;

    for (size_t i = 0; i < json_array_size(array) && !err && !walk->call->error.status; i++) {
        struct place below = {
            .path = arena_printf(arena, "%s[]", place->path),
            .param = arena_printf(arena, "%s[%zu]", place->param, i),
        };

        err = check_node(walk, &below, array, NULL, i, json_array_get(array, i));
    }
    return err;
}

static enum err check_node(const struct walk *walk, const struct place *place, json_t *parent,
                           const char *key, size_t index, json_t *value)
{
    const struct stripe_rule *rule = find_rule(walk->rules, place->path);
    json_t *typed_value = NULL;
    enum err err = OK;

    if (rule && rule->kind == RULE_METADATA)
        return check_metadata(walk, place, value);
    if (json_is_object(value))
        return leads_on(walk->rules, place->path, ".") ? check_object(walk, place, value)
                                                       : refuse_unknown(walk, place);
    if (json_is_array(value))
        return leads_on(walk->rules, place->path, "[]") ? check_array(walk, place, value)
                                                        : refuse_unknown(walk, place);
    if (!rule)
        return refuse_unknown(walk, place);
    err = check_text(walk, place, rule, json_string_value(value), &typed_value);
    if (err || !typed_value)
        return err;
    if (key)
        require(json_object_set_new(parent, key, typed_value) == 0);
    else
        require(json_array_set_new(parent, index, typed_value) == 0);
    return OK;
}

enum err stripe_rules_check(struct stripe_call *call, const struct stripe_rule *rules,
                            json_t *tree)
{
    struct walk walk = {.call = call, .rules = rules};
    struct place top = {.path = "", .param = ""};

    return check_object(&walk, &top, tree);
}
