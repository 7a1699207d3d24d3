/* JSON from strangers. */
#include "support/scratch.h"

#include "base/arena.h"
#include "net/json.h"

static enum err judge(const char *text)
{
    json_t *value = NULL;
    enum err err = json_read(str_of(text), &value);

    assert_int_equal(value == NULL, err != OK);
    json_decref(value);
    return err;
}

static void what_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "1",
        "\"text\"",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1}x",
        "{\"a\":1",
        "{'a':1}",
        "{\"a\":1e400}",
        "{\"a\":99999999999999999999}",
        "{\"a\":\"\\u0000\"}",
        "{\"\\u0000\":1}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":NaN}",
        "[1,]",
        "{\"a\":1,}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum err err = judge(texts[i]);

        if (err == OK)
            print_error("%s\n", texts[i]);
        assert_int_equal(err, ERR_INPUT);
    }
    assert_int_equal(json_read((struct str){0}, &(json_t *){NULL}), ERR_INPUT);
}

static const char *nested(struct arena *arena, int depth)
{
    struct buffer text;

    buffer_init(&text, arena, 64);
    for (int i = 0; i < depth; i++)
        buffer_add_byte(&text, '[');
    for (int i = 0; i < depth; i++)
        buffer_add_byte(&text, ']');
    return text.data;
}

static void depth_is_bounded(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_int_equal(judge(nested(arena, JSON_DEPTH_MAX)), OK);
    assert_int_equal(judge(nested(arena, JSON_DEPTH_MAX + 1)), ERR_INPUT);
    assert_int_equal(judge(nested(arena, 100000)), ERR_INPUT);
    /* Brackets in a string are none. */
    assert_int_equal(judge(arena_printf(arena, "[\"\\\"%s\"]", nested(arena, 1000))), OK);
    arena_free(arena);
}

static void looking_into_it(void **state)
{
    struct arena *arena = arena_new();
    json_t *json = NULL;
    int64_t number = 77;

    (void)state;
    assert_int_equal(json_read(str_of("{\"a\":{\"b\":[{\"c\":\"x\"},5]},\"n\":null,\"t\":true,"
                                      "\"one\":1,\"real\":1.0,\"text\":\"1\",\"big\":"
                                      "9223372036854775807}"),
                               &json),
                     OK);
    assert_true(str_is(json_text(json, "a.b.0.c"), "x"));
    assert_null(json_at(json, "a.b.2.c"));
    assert_null(json_at(json, "a.b.-1"));
    assert_null(json_at(json, "a.x.c"));
    assert_null(json_at(json, "n"));
    assert_null(json_at(json, ""));
    assert_null(json_text(json, "one").data);
    assert_true(json_integer_at(json, "big", &number) && number == INT64_MAX);
    assert_true(json_integer_at(json, "a.b.1", &number) && number == 5);
    assert_false(json_integer_at(json, "real", &number));
    assert_false(json_integer_at(json, "text", &number));
    assert_false(json_integer_at(json, "t", &number));
    assert_true(json_true_at(json, "t"));
    assert_false(json_true_at(json, "one"));
    assert_true(str_is(json_write(json_at(json, "a.b"), arena), "[{\"c\":\"x\"},5]"));
    json_decref(json);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(looking_into_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
