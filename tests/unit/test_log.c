/* One line is one line, whatever a stranger wrote into it. */
#include "support/scratch.h"

#include "base/log.h"

#include <jansson.h>

static char text[8192];

/* What log_line writes to stderr, the level of the test's own. */
static void capture(enum log_level level, const char *event, const char *word)
{
    int ends[2], saved = dup(STDERR_FILENO);
    ssize_t len;

    assert_int_equal(pipe(ends), 0);
    assert_true(saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    log_line(level, event, "%s", word);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    close(ends[1]);
    len = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    text[len > 0 ? len : 0] = '\0';
}

static void each_line_is_json(void **state)
{
    static const char *const words[] = {
        "plain",        "two\nlines\r\n{\"level\":\"error\"}",
        "\"quoted\\\"", "\x1b[31mred",
        "é € 😀",        "\xff\xfe broken",
        "tab\tand\x7f", "",
    };
    json_error_t error;

    (void)state;
    log_set_level(LOG_INFO);
    log_set_request("0123456789abcdef");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        json_t *json;

        capture(LOG_WARNING, "test.event", words[i]);
        assert_non_null(strchr(text, '\n'));
        assert_int_equal(strchr(text, '\n')[1], '\0');
        json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "level")), "warning");
        assert_string_equal(json_string_value(json_object_get(json, "event")), "test.event");
        assert_string_equal(json_string_value(json_object_get(json, "request")),
                            "0123456789abcdef");
        assert_non_null(json_string_value(json_object_get(json, "text")));
        assert_null(strpbrk(text, "\r\x1b\x7f"));
        json_decref(json);
    }
    log_set_request(NULL);
}

static void a_long_text_is_cut(void **state)
{
    static char words[20000];
    json_error_t error;
    json_t *json;

    (void)state;
    memset(words, '"', sizeof(words) - 1);
    capture(LOG_ERROR, "test.event", words);
    assert_true(strlen(text) < 4096);
    json = json_loads(text, 0, &error);
    assert_non_null(json);
    assert_null(json_object_get(json, "request"));
    json_decref(json);
}

static void levels(void **state)
{
    enum log_level level;

    (void)state;
    log_set_level(LOG_WARNING);
    capture(LOG_INFO, "test.event", "quiet");
    assert_string_equal(text, "");
    capture(LOG_WARNING, "test.event", "said");
    assert_non_null(strstr(text, "said"));
    log_set_level(LOG_INFO);
    assert_int_equal(log_level_parse("debug", &level), OK);
    assert_int_equal(level, LOG_DEBUG);
    assert_int_equal(log_level_parse("Debug", &level), ERR_CONFIG);
    assert_int_equal(log_level_parse("", &level), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_json),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
