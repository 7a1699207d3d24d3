/* Who may look at the counters, and how they are told. */
#include "support/scratch.h"

#include "base/arena.h"
#include "base/metric.h"
#include "web/health.h"

static void only_this_machine_may_ask(void **state)
{
    static const char *const ours[] = {"127.0.0.1", "127.8.9.10", "::1"};
    static const char *const others[] = {
        "",           "10.0.0.1",         "192.0.2.127", "::",       "::10", "2001:db8::1",
        "1127.0.0.1", "::ffff:127.0.0.1", "unix:",       "localhost"};

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        assert_true(health_is_local(str_of(ours[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(health_is_local(str_of(others[i])));
}

static bool says(struct arena *arena, const char *line)
{
    struct buffer text;

    buffer_init(&text, arena, 8192);
    metric_write(&text);
    buffer_add_byte(&text, '\0');
    return strstr(text.data, line) != NULL;
}

static void a_bucket_holds_the_smaller_ones(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    metric_done(METRIC_CALL, 200, 1000);
    metric_done(METRIC_CALL, 503, 1001);
    metric_done(METRIC_CALL, 0, 99999999);
    metric_done(METRIC_CALL, 700, -5);
    assert_true(says(arena, "guichet_call_seconds_bucket{le=\"0.0010\"} 2\n"));
    assert_true(says(arena, "guichet_call_seconds_bucket{le=\"0.0025\"} 3\n"));
    assert_true(says(arena, "guichet_call_seconds_bucket{le=\"10.0000\"} 3\n"));
    assert_true(says(arena, "guichet_call_seconds_bucket{le=\"+Inf\"} 4\n"));
    assert_true(says(arena, "guichet_call_seconds_sum 100.002000\n"));
    assert_true(says(arena, "guichet_call_seconds_count 4\n"));
    assert_true(says(arena, "guichet_call_total{outcome=\"none\"} 2\n"));
    assert_true(says(arena, "guichet_call_total{outcome=\"2xx\"} 1\n"));
    assert_true(says(arena, "guichet_call_total{outcome=\"5xx\"} 1\n"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_this_machine_may_ask),
        cmocka_unit_test(a_bucket_holds_the_smaller_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
