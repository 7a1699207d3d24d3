/* Slices, buffers and UTF-8. */
#include "support/scratch.h"

#include "base/arena.h"
#include "base/utf8.h"

static void numbers(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
        {"--1", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 77;

        assert_int_equal(str_to_int64(str_of(cases[i].text), &value), cases[i].good);
        assert_true(value == (cases[i].good ? cases[i].value : 77));
    }
}

static void cutting(void **state)
{
    struct str rest = str_of("a&&b="), piece;

    (void)state;
    assert_true(str_is(str_cut(&rest, '&'), "a"));
    assert_true(str_is(str_cut(&rest, '&'), "") && rest.data);
    piece = str_cut(&rest, '&');
    assert_null(rest.data);
    assert_true(str_is(str_cut(&piece, '='), "b"));
    assert_true(piece.data && piece.len == 0); /* "b=" has a value, an empty one */
    rest = (struct str){0};
    assert_true(str_empty(str_cut(&rest, '&')));
    assert_true(str_is(str_trim(str_of("\t x y \r\n")), "x y"));
    assert_true(str_empty(str_trim(str_of("   "))));
    assert_true(str_equal_ignoring_case(str_of("aZ@["), str_of("Az@[")));
    assert_false(str_equal_ignoring_case(str_of("@"), str_of("`")));
    assert_true(str_starts(str_of("abc"), "ab") && !str_starts(str_of("a"), "ab"));
}

static void a_buffer_grows(void **state)
{
    struct arena *arena = arena_new();
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, arena, 0);
    for (int i = 0; i < 20000; i++)
        buffer_printf(&buffer, "%05d", i);
    assert_int_equal(buffer.len, 100000);
    assert_int_equal(buffer.data[buffer.len], '\0');
    assert_memory_equal(buffer.data + 99995, "19999", 5);
    buffer_add(&buffer, "\0x", 2);
    assert_int_equal(buffer_str(&buffer).len, 100002);
    arena_free(arena);
}

static void an_arena_gives_zeroed_memory_again(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 100000; size = size * 3 + 1) {
            unsigned char *bytes = arena_alloc(arena, size);

            assert_int_equal((uintptr_t)bytes % 16, 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(bytes[i], 0);
            memset(bytes, 0xff, size);
        }
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    assert_null(arena_string(arena, NULL));
    arena_free(arena);
}

static void well_formed(void **state)
{
    static const struct {
        const char *text;
        bool valid, clean;
    } cases[] = {
        {"", true, true},
        {"Éric € 😀", true, true},
        {"a\tb\r\n", true, true},
        {"a\x01", true, false},
        {"a\x7f", true, false},
        {"\xc2\x80", true, false}, /* U+0080 */
        {"\xc2\xa0", true, true},
        {"\xc0\x80", false, false}, /* overlong NUL */
        {"\xc1\xbf", false, false},
        {"\xe0\x9f\xbf", false, false},     /* overlong */
        {"\xed\xa0\x80", false, false},     /* surrogate */
        {"\xf4\x8f\xbf\xbf", true, true},   /* U+10FFFF */
        {"\xf4\x90\x80\x80", false, false}, /* above it */
        {"\xf5\x80\x80\x80", false, false},
        {"\x80", false, false},
        {"\xe2\x82", false, false}, /* cut short */
        {"\xff", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(utf8_valid(str_of(cases[i].text)), cases[i].valid);
        assert_int_equal(utf8_clean(str_of(cases[i].text)), cases[i].clean);
    }
    assert_false(utf8_clean(str_from("a\0b", 3)));
    assert_int_equal(utf8_length(str_of("Éé€😀")), 4);
}

static void cut_between_letters(void **state)
{
    (void)state;
    assert_true(str_is(utf8_cut(str_of("abc"), 3), "abc"));
    assert_true(str_is(utf8_cut(str_of("aé"), 2), "a"));
    assert_true(str_is(utf8_cut(str_of("😀"), 3), ""));
    assert_true(str_is(utf8_cut(str_of("éé"), 3), "é"));
    assert_true(str_is(utf8_cut(str_of("abc"), 0), ""));
}

static void folded(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_true(
        str_is(utf8_fold(str_of("Jeanne.MARTIN@Exemple.FR"), arena), "jeanne.martin@exemple.fr"));
    assert_true(str_is(utf8_fold(str_of("ÉÀÇŒßŸ×"), arena), "eacoessy×"));
    assert_true(str_is(utf8_fold(str_of("\xff"
                                        "A"),
                                 arena),
                       "\xff"
                       "a"));
    arena_free(arena);
}

static void foreign_charsets(void **state)
{
    static const struct {
        const char *bytes, *charset, *text;
    } cases[] = {
        {"J\xf6rg \x80", "windows-1252", "Jörg €"},
        {"J\xf6rg", "", "Jörg"},
        {"J\xf6rg", "no-such-charset", "Jörg"},
        {"J\xf6rg", "../../etc/passwd", "Jörg"},
        {"J\xf6rg", "a-name-that-is-much-longer-than-any-charset-there-is", "Jörg"},
        {"J\xc3\xb6rg", "UTF-8", "Jörg"},
        {"J\xf6rg", "UTF-8", "J\xef\xbf\xbdrg"},
        {"\xc4\xe3", "gb2312", "你"},
        /* beyond Unicode: iconv would take it */
        {"a\xf4\x9f\x98\x80", "UTF-8", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"", "UTF-8", ""},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(
            str_is(utf8_from_charset(str_of(cases[i].bytes), str_of(cases[i].charset), arena),
                   cases[i].text));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),        cmocka_unit_test(cutting),
        cmocka_unit_test(a_buffer_grows), cmocka_unit_test(an_arena_gives_zeroed_memory_again),
        cmocka_unit_test(well_formed),    cmocka_unit_test(cut_between_letters),
        cmocka_unit_test(folded),         cmocka_unit_test(foreign_charsets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
