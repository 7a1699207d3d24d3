#include "support/scratch.h"
#include "support/vectors.h"

#include <jansson.h>

#include "template/template.h"

enum { PARTIALS_MAX = 8 };

#define RAW "there is no output without escaping"
#define MISS "an unknown name is an error"

/* What the engine leaves out on purpose. The test fails when one of these does not exist, and
 * when one of them would pass in fact. */
static const struct {
    const char *file;
    const char *name;
    const char *reason;
} left_out[] = {
    {"interpolation", "Triple Mustache", RAW},
    {"interpolation", "Ampersand", RAW},
    {"interpolation", "Triple Mustache Integer Interpolation", RAW},
    {"interpolation", "Ampersand Integer Interpolation", RAW},
    {"interpolation", "Basic Decimal Interpolation", "there are no floating point numbers"},
    {"interpolation", "Triple Mustache Decimal Interpolation", RAW},
    {"interpolation", "Ampersand Decimal Interpolation", RAW},
    {"interpolation", "Triple Mustache Null Interpolation", RAW},
    {"interpolation", "Ampersand Null Interpolation", RAW},
    {"interpolation", "Basic Context Miss Interpolation", MISS},
    {"interpolation", "Triple Mustache Context Miss Interpolation", RAW},
    {"interpolation", "Ampersand Context Miss Interpolation", RAW},
    {"interpolation", "Dotted Names - Triple Mustache Interpolation", RAW},
    {"interpolation", "Dotted Names - Ampersand Interpolation", RAW},
    {"interpolation", "Dotted Names - Broken Chains", MISS},
    {"interpolation", "Dotted Names - Broken Chain Resolution", MISS},
    {"interpolation", "Dotted Names - Context Precedence", MISS},
    {"interpolation", "Dotted Names are never single keys", MISS},
    {"interpolation", "Implicit Iterators - Basic Interpolation", "a rendering begins with a map"},
    {"interpolation", "Implicit Iterators - HTML Escaping", "a rendering begins with a map"},
    {"interpolation", "Implicit Iterators - Triple Mustache", RAW},
    {"interpolation", "Implicit Iterators - Ampersand", RAW},
    {"interpolation", "Implicit Iterators - Basic Integer Interpolation",
     "a rendering begins with a map"},
    {"interpolation", "Triple Mustache - Surrounding Whitespace", RAW},
    {"interpolation", "Ampersand - Surrounding Whitespace", RAW},
    {"interpolation", "Triple Mustache - Standalone", RAW},
    {"interpolation", "Ampersand - Standalone", RAW},
    {"interpolation", "Triple Mustache With Padding", RAW},
    {"interpolation", "Ampersand With Padding", RAW},
    {"sections", "Context Misses", MISS},
    {"sections", "Implicit Iterator - Decimal", "there are no floating point numbers"},
    {"sections", "Implicit Iterator - Array", "an item of a list is a map or a text"},
    {"sections", "Implicit Iterator - Triple mustache", RAW},
    {"sections", "Implicit Iterator - Ampersand", RAW},
    {"sections", "Implicit Iterator - Root-level", "a rendering begins with a map"},
    {"sections", "Dotted Names - Broken Chains", MISS},
    {"inverted", "Context Misses", MISS},
    {"inverted", "Dotted Names - Broken Chains", MISS},
    {"partials", "Failed Lookup", "an unknown partial is an error"},
    {"partials", "Recursion", "no tag stands behind '<' (test_template has a recursion)"},
    {"partials", "Standalone Indentation", RAW},
};

/* No HTML, and refused as such: rendered as a mail's text instead. */
static const struct {
    const char *file;
    const char *name;
    const char *reason;
} as_text[] = {
    {"comments", "Variable Name Collision", "the file ends behind '<'"},
};

enum { LEFT_OUT_COUNT = sizeof(left_out) / sizeof(*left_out) };

struct tally {
    int passed;
    size_t texts;
    bool met[LEFT_OUT_COUNT];
};

/* ---- JSON to data; false when a map cannot hold it ---- */

static bool fill_map(struct template_map *map, const json_t *object, struct arena *arena);

static bool fill_list(struct template_list *list, const json_t *array, struct arena *arena)
{
    const json_t *item;
    size_t at;

    json_array_foreach (array, at, item) {
        if (json_is_object(item)) {
            if (!fill_map(template_list_add(list), item, arena))
                return false;
        } else if (json_is_string(item)) {
            template_list_add_str(list, str_of(json_string_value(item)));
        } else if (json_is_integer(item)) {
            template_list_add_str(list, str_of(arena_printf(arena, "%" JSON_INTEGER_FORMAT,
                                                            json_integer_value(item))));
        } else {
            return false;
        }
    }
    return true;
}

static bool fill_value(struct template_map *map, const char *name, const json_t *value,
                       struct arena *arena)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return fill_map(template_set_map(map, name), value, arena);
    case JSON_ARRAY:
        return fill_list(template_set_list(map, name), value, arena);
    case JSON_STRING:
        template_set_text(map, name, json_string_value(value));
        return true;
    case JSON_INTEGER:
        template_set_int(map, name, json_integer_value(value));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        template_set_flag(map, name, json_is_true(value));
        return true;
    case JSON_NULL:
        template_set_none(map, name);
        return true;
    case JSON_REAL:
        return false;
    }
    return false;
}

static bool fill_map(struct template_map *map, const json_t *object, struct arena *arena)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return false;
    json_object_foreach ((json_t *)object, name, value) {
        if (!fill_value(map, name, value, arena))
            return false;
    }
    return true;
}

/* ---- one case ---- */

static const char *text_of(const json_t *test, const char *name)
{
    const char *text = json_string_value(json_object_get(test, name));

    require(text);
    return text;
}

static size_t gather_sources(const json_t *test, const char *as, struct template_source *sources)
{
    size_t count = 0;
    const char *name;
    json_t *text;

    sources[count++] = (struct template_source){as, str_of(text_of(test, "template"))};
    json_object_foreach (json_object_get(test, "partials"), name, text) {
        require(count < PARTIALS_MAX);
        sources[count++] = (struct template_source){name, str_of(json_string_value(text))};
    }
    return count;
}

/* Is what is printed, as "case.html" or "case.txt", what the case expects? *says explains when
 * it is not. */
static bool passes(const json_t *test, const char *as, struct arena *arena, const char **says)
{
    struct template_map *map = template_map_new(arena);
    struct template_source sources[PARTIALS_MAX];
    struct template_set *set = NULL;
    struct buffer out;
    enum err err;

    *says = "the data cannot be given";
    if (!fill_map(map, json_object_get(test, "data"), arena))
        return false;
    buffer_init(&out, arena, 64);
    err = template_set_parse(sources, gather_sources(test, as, sources), &set);
    if (!err)
        err = template_render(set, as, map, &out);
    template_set_free(set);
    *says = err ? err_last()->text : out.data;
    return !err && strcmp(out.data, text_of(test, "expected")) == 0;
}

static int left_out_index(const char *file, const char *name)
{
    for (int i = 0; i < LEFT_OUT_COUNT; i++)
        if (strcmp(left_out[i].file, file) == 0 && strcmp(left_out[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_text(const char *file, const char *name)
{
    for (size_t i = 0; i < sizeof(as_text) / sizeof(*as_text); i++)
        if (strcmp(as_text[i].file, file) == 0 && strcmp(as_text[i].name, name) == 0)
            return true;
    return false;
}

static void run_case(const char *file, const json_t *test, struct tally *tally)
{
    const char *name = text_of(test, "name"), *says = NULL;
    int index = left_out_index(file, name);
    struct arena *arena = arena_new();
    bool passed = passes(test, "case.html", arena, &says);

    if (is_text(file, name)) {
        assert_false(passed);
        passed = passes(test, "case.txt", arena, &says);
        tally->texts++;
    }
    if (passed != (index < 0)) {
        print_error("%s, %s: %s: %s\n", file, name,
                    passed ? "is listed as left out, but passes" : "should pass", says);
        _fail(__FILE__, __LINE__);
    }
    if (index >= 0)
        tally->met[index] = true;
    else
        tally->passed++;
    arena_free(arena);
}

static void run_file(const char *file, struct tally *tally)
{
    struct arena *arena = arena_new();
    const char *path = vectors_path(arena, arena_printf(arena, "mustache/%s.json", file));
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error), *test;
    size_t at;

    if (!root) {
        print_error("%s: %s\n", path, error.text);
        _fail(__FILE__, __LINE__);
    }
    json_array_foreach (json_object_get(root, "tests"), at, test) {
        run_case(file, test, tally);
    }
    json_decref(root);
    arena_free(arena);
}

static void test_vectors(void **state)
{
    static const char *const files[] = {"comments", "interpolation", "sections", "inverted",
                                        "partials"};
    struct tally tally = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        run_file(files[i], &tally);
    for (int i = 0; i < LEFT_OUT_COUNT; i++) {
        if (!tally.met[i]) {
            print_error("%s, %s is left out (%s), but there is no such case\n", left_out[i].file,
                        left_out[i].name, left_out[i].reason);
            _fail(__FILE__, __LINE__);
        }
    }
    print_message("mustache vectors: %d pass, %d left out, each for its reason\n", tally.passed,
                  LEFT_OUT_COUNT);
    assert_int_equal(tally.texts, sizeof(as_text) / sizeof(*as_text));
    assert_true(tally.passed > 0);
}

/* A clone without the outside material can still run its own tests, and says what it lacks. */
static void test_vectors_are_absent(void **state)
{
    struct arena *arena = arena_new();
    const char *path = vectors_path(arena, "mustache");

    (void)state;
    print_message("mustache vectors: NOT RUN, there is no %s (set GUICHET_VECTORS)\n", path);
    assert_int_not_equal(access(path, F_OK), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest here[] = {cmocka_unit_test(test_vectors)};
    const struct CMUnitTest absent[] = {cmocka_unit_test(test_vectors_are_absent)};
    struct arena *arena = arena_new();
    bool found = access(vectors_path(arena, "mustache"), F_OK) == 0;

    arena_free(arena);
    return found ? cmocka_run_group_tests(here, NULL, NULL)
                 : cmocka_run_group_tests(absent, NULL, NULL);
}
