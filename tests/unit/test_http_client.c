/* Outgoing calls: bounded, to where they may go, never further. */
#include "support/loopback.h"
#include "support/scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "net/http_client.h"

struct desk {
    struct loopback *server;
    struct http_client *client;
    struct arena *arena;
    struct http_answer answer;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    /* A proxy of the environment must never be asked. */
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("https_proxy", "http://127.0.0.1:9", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    desk->server = loopback_new();
    desk->arena = arena_new();
    assert_int_equal(http_client_global_init("guichet-test/1"), OK);
    assert_int_equal(http_client_new(&desk->client), OK);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    http_client_free(desk->client);
    http_client_global_done();
    loopback_free(desk->server);
    arena_free(desk->arena);
    free(desk);
    return 0;
}

static enum err ask(struct desk *desk, struct http_call call)
{
    call.url = call.url ? call.url : loopback_url(desk->server);
    call.method = call.method ? call.method : "GET";
    return http_client_call(desk->client, &call, desk->arena, &desk->answer);
}

static bool head_has(struct desk *desk, size_t index, const char *text)
{
    struct str head = loopback_head(desk->server, index);

    return memmem(head.data, head.len, text, strlen(text)) != NULL;
}

static void a_call_and_its_answer(void **state)
{
    static const char body[] = "a=\0b\xff&c";
    struct desk *desk = *state;

    loopback_script(desk->server, 201,
                    "Content-Type: text/html\r\nRequest-Id: req_1\r\nRetry-After: 7\r\n"
                    "Stripe-Should-Retry: true\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n",
                    str_of("VERIFIED"));
    assert_int_equal(ask(desk, (struct http_call){.method = "POST",
                                                  .headers = {"X-One: 1", "X-Two: 2"},
                                                  .body = str_from(body, sizeof(body) - 1)}),
                     OK);
    assert_int_equal(desk->answer.status, 201);
    assert_true(str_is(desk->answer.body, "VERIFIED"));
    assert_string_equal(desk->answer.content_type, "text/html");
    assert_string_equal(desk->answer.request_id, "req_1");
    assert_string_equal(desk->answer.should_retry, "true");
    assert_int_equal(desk->answer.retry_after_s, 7);
    assert_true(desk->answer.date_at == 1795521600);
    assert_true(str_equal(loopback_body(desk->server, 0), str_from(body, sizeof(body) - 1)));
    assert_true(head_has(desk, 0, "POST / HTTP/1.1\r\n"));
    assert_true(head_has(desk, 0, "User-Agent: guichet-test/1\r\n"));
    assert_true(head_has(desk, 0, "X-Two: 2\r\n"));
    assert_false(head_has(desk, 0, "Expect:"));
}

static void nothing_of_one_call_stays_for_the_next(void **state)
{
    struct desk *desk = *state;

    for (int i = 0; i < 2; i++)
        loopback_script(desk->server, 200, "", str_of("x"));
    assert_int_equal(ask(desk, (struct http_call){.method = "POST",
                                                  .headers = {"Authorization: Bearer secret"},
                                                  .user = "name",
                                                  .password = "pass",
                                                  .body = str_of("a=b")}),
                     OK);
    assert_int_equal(ask(desk, (struct http_call){0}), OK);
    assert_true(head_has(desk, 1, "GET / HTTP/1.1\r\n"));
    assert_false(head_has(desk, 1, "Authorization"));
    assert_string_equal(desk->answer.request_id, "");
    assert_int_equal(desk->answer.retry_after_s, -1);
}

static void no_redirect_is_followed(void **state)
{
    struct desk *desk = *state;

    loopback_script(
        desk->server, 302,
        arena_printf(desk->arena, "Location: %s/other\r\n", loopback_url(desk->server)),
        str_of(""));
    loopback_script(desk->server, 200, "", str_of("reached"));
    assert_int_equal(ask(desk, (struct http_call){0}), OK);
    assert_int_equal(desk->answer.status, 302);
    assert_int_equal(loopback_count(desk->server), 1);
}

static void an_answer_has_its_size(void **state)
{
    struct desk *desk = *state;
    size_t max = HTTP_CLIENT_ANSWER_MAX;
    char *bytes = arena_alloc(desk->arena, max + 1);

    memset(bytes, 'x', max + 1);
    loopback_script(desk->server, 200, "", str_from(bytes, max));
    loopback_script(desk->server, 200, "", str_from(bytes, max + 1));
    loopback_script(desk->server, 200, "", str_from(bytes, 11));
    assert_int_equal(ask(desk, (struct http_call){0}), OK);
    assert_int_equal(desk->answer.body.len, max);
    assert_int_equal(ask(desk, (struct http_call){0}), ERR_NETWORK);
    assert_error_says("larger than");
    assert_int_equal(ask(desk, (struct http_call){.answer_max = 10}), ERR_NETWORK);
}

static void no_answer_and_half_an_answer(void **state)
{
    struct desk *desk = *state;

    loopback_script(desk->server, LOOPBACK_SILENT, "", str_of(""));
    assert_int_equal(ask(desk, (struct http_call){0}), ERR_NETWORK);
    loopback_script(desk->server, 200, "Content-Length: 50\r\n", str_of("half"));
    assert_int_equal(ask(desk, (struct http_call){0}), ERR_NETWORK);
    /* Nobody listens there. */
    assert_int_equal(ask(desk, (struct http_call){.url = "http://127.0.0.1:9/"}), ERR_NETWORK);
}

static void it_is_not_waited_for_ever(void **state)
{
    struct desk *desk = *state;
    /* A socket that accepts and says nothing. */
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(
        ask(desk, (struct http_call){.url = arena_printf(desk->arena, "http://127.0.0.1:%d/",
                                                         ntohs(address.sin_port)),
                                     .total_ms = 200}),
        ERR_TIMEOUT);
    close(listening);
}

static void only_where_it_may(void **state)
{
    static const char *const urls[] = {
        "http://api.stripe.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "http://user@127.0.0.1/",
        "gopher://127.0.0.1/",
        "http://127.0.0.1.evil.example/",
        "",
        "127.0.0.1",
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_int_equal(ask(desk, (struct http_call){.url = urls[i]}), ERR_CONFIG);
    assert_int_equal(loopback_count(desk->server), 0);
}

static void *stop_all(void *argument)
{
    struct desk *desk = argument;

    while (loopback_count(desk->server) == 0)
        clock_sleep_ms(5);
    http_client_stop_all();
    return NULL;
}

/* The end of the process does not wait for a provider that hangs. */
static void the_end_aborts_a_call(void **state)
{
    struct desk *desk = *state;
    pthread_t thread;
    int64_t began_ms = clock_monotonic_ms();

    loopback_script(desk->server, 200, "Content-Length: 50\r\n", str_of("half"));
    loopback_hold(desk->server);
    assert_int_equal(pthread_create(&thread, NULL, stop_all, desk), 0);
    assert_int_equal(ask(desk, (struct http_call){.total_ms = 120000}), ERR_BUSY);
    assert_true(clock_monotonic_ms() - began_ms < 60000);
    pthread_join(thread, NULL);
}

static void a_form_is_encoded(void **state)
{
    struct desk *desk = *state;
    struct buffer form;

    buffer_init(&form, desk->arena, 16);
    http_form_add(&form, "line_items[0][price]", str_of("a b&c=d+é~-._"));
    http_form_add(&form, "empty", str_of(""));
    http_form_add(&form, "nul", str_from("\0", 1));
    assert_string_equal(form.data, "line_items%5B0%5D%5Bprice%5D=a%20b%26c%3Dd%2B%C3%A9~-._"
                                   "&empty=&nul=%00");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_call_and_its_answer),
        CASE(nothing_of_one_call_stays_for_the_next),
        CASE(no_redirect_is_followed),
        CASE(an_answer_has_its_size),
        CASE(no_answer_and_half_an_answer),
        CASE(it_is_not_waited_for_ever),
        CASE(only_where_it_may),
        CASE(the_end_aborts_a_call),
        CASE(a_form_is_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
