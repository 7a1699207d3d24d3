/* A provider's message for the eyes of staff: readable, and nobody's secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <stdlib.h>
#include <string.h>

#include "web/raw_text.h"

static const char *shown(struct arena *arena, const char *text)
{
    bool cut;

    return str_copy(arena, raw_text(str_of(text), arena, &cut));
}

static void json_is_indented_and_masked(void **state)
{
    struct arena *arena = arena_new();
    const char *text = shown(
        arena,
        "{\"id\":\"evt_1\",\"amount\":1999,\"url\":\"https://x/1\",\"note\":\"de a@b.fr\","
        "\"customer_details\":{\"email\":\"jeanne@exemple.fr\",\"name\":\"Élodie\","
        "\"address\":{\"line1\":\"3 rue\",\"country\":\"FR\"}},\"l\":[{\"last4\":\"4242\"}]}");

    (void)state;
    assert_non_null(strstr(text, "\n  \"amount\": 1999,\n"));
    assert_non_null(strstr(text, "\"name\": \"É•••\""));
    assert_non_null(strstr(text, "\"url\": \"•••\""));
    assert_non_null(strstr(text, "\"line1\": \"3•••\""));
    assert_non_null(strstr(text, "\"last4\": \"4•••\""));
    assert_non_null(strstr(text, "\"note\": \"de •••@b.fr\""));
    assert_non_null(strstr(text, "\"country\": \"FR\""));
    assert_null(strstr(text, "jeanne"));
    arena_free(arena);
}

static void a_form_has_a_field_a_line(void **state)
{
    struct arena *arena = arena_new();
    const char *text =
        shown(arena, "mc_gross=19.99&first_name=Ren%E9&item_name=Th%E9+vert&"
                     "receiver_email=a%40b.fr&charset=windows-1252&verify_sign=A1b");

    (void)state;
    assert_string_equal(text, "mc_gross = 19.99\nfirst_name = R•••\nitem_name = Thé vert\n"
                              "receiver_email = •••@b.fr\ncharset = windows-1252\n"
                              "verify_sign = •••\n");
    arena_free(arena);
}

static void anything_is_shown_and_nothing_breaks(void **state)
{
    static const char *const odd[] = {"",
                                      "{",
                                      "{\"a\":1,\"a\":2}",
                                      "a@b",
                                      "@",
                                      "=",
                                      "&&&",
                                      "%",
                                      "%4",
                                      "\x01\x02<script>",
                                      "charset=nonsense&x=\xff\xfe",
                                      "\xff\xfe",
                                      "[1,2]",
                                      "{\"name\":{\"name\":[[\"x@y\"]]}}"};
    struct arena *arena = arena_new();
    char *long_text = malloc(3 * RAW_TEXT_MAX);
    bool cut = false;

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_non_null(shown(arena, odd[i]));
    memset(long_text, 'x', 3 * RAW_TEXT_MAX);
    assert_int_equal(raw_text(str_from(long_text, 3 * RAW_TEXT_MAX), arena, &cut).len,
                     RAW_TEXT_MAX);
    assert_true(cut);
    free(long_text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_indented_and_masked),
        cmocka_unit_test(a_form_has_a_field_a_line),
        cmocka_unit_test(anything_is_shown_and_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
