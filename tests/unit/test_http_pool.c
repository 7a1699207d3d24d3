/* Requests over FastCGI: what is refused before any handler, and how a pool ends. */
#include "support/fastcgi.h"
#include "support/scratch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "http/http.h"

enum { BODY_MAX = 70000, THREADS = 4, SEND_TIMEOUT_MS = 300 };

struct desk {
    struct scratch scratch;
    char socket_path[SCRATCH_NAME_MAX];
    struct arena *arena;
    struct http_pool *pool;
    atomic_int contexts; /* made and not yet freed */
    atomic_int inside;   /* requests that wait in dispatch */
    atomic_bool held;
    atomic_int starts_left; /* before a thread cannot start */
};

static enum err start_thread(void *shared, void **context)
{
    struct desk *desk = shared;

    if (atomic_fetch_sub(&desk->starts_left, 1) <= 0)
        return fail(ERR_DB, "no connection left");
    *context = desk;
    atomic_fetch_add(&desk->contexts, 1);
    return OK;
}

static void end_thread(void *shared, void *context)
{
    struct desk *desk = shared;

    require(context == desk);
    atomic_fetch_sub(&desk->contexts, 1);
}

enum { PIECES = 300, PIECE_LEN = 1000 };

/* A long answer, piece by piece: "/morceaux", or "/morceaux/rompus" that breaks off. */
static void send_pieces(struct http_request *request, struct http_response *response)
{
    enum err err = OK;

    response->body.len = 0;
    for (int i = 0; !err && i < PIECES; i++) {
        for (int j = 0; j < PIECE_LEN; j++)
            buffer_add_byte(&response->body, (char)('a' + i % 26));
        err = http_send(response);
        require(err || response->body.len == 0);
    }
    response->broken = err || str_is(request->path, "/morceaux/rompus");
    buffer_add_text(&response->body, "fin");
}

/* Tells what came: "GET /path body-length early". */
static void dispatch(void *shared, struct http_request *request, struct http_response *response)
{
    struct desk *desk = shared;

    atomic_fetch_add(&desk->inside, 1);
    while (atomic_load(&desk->held))
        clock_sleep_ms(1);
    if (request->early_status) {
        response->status = request->early_status;
        buffer_add_text(&response->body, "refused");
        return;
    }
    buffer_printf(&response->body, "%s %.*s %zu %.*s",
                  request->method == HTTP_POST ? "POST" : "GET", STR_PRINT(request->path),
                  request->body.len, STR_PRINT(request->content_type));
    http_header_add(response, "X-Id", request->id);
    if (str_starts(request->path, "/morceaux"))
        send_pieces(request, response);
    if (str_is(request->path, "/corps"))
        buffer_add_str(&response->body, request->body);
}

static enum err open_pool(struct desk *desk, int starts)
{
    const struct http_pool_options options = {.name = "test",
                                              .socket_path = desk->socket_path,
                                              .inherited_fd = -1,
                                              .threads = THREADS,
                                              .body_max = BODY_MAX,
                                              .send_timeout_ms = SEND_TIMEOUT_MS,
                                              .thread_start = start_thread,
                                              .thread_end = end_thread,
                                              .dispatch = dispatch,
                                              .shared = desk};

    atomic_store(&desk->starts_left, starts);
    return http_pool_new(&options, &desk->pool);
}

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    scratch_init(&desk->scratch);
    snprintf(desk->socket_path, sizeof(desk->socket_path), "%s",
             scratch_path(&desk->scratch, "socket"));
    desk->arena = arena_new();
    assert_int_equal(open_pool(desk, THREADS), OK);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    http_pool_free(desk->pool);
    assert_int_equal(atomic_load(&desk->contexts), 0);
    assert_int_equal(scratch_size(&desk->scratch, "socket"), -1);
    arena_free(desk->arena);
    scratch_done(&desk->scratch);
    free(desk);
    return 0;
}

static struct fastcgi_answer ask(struct desk *desk, struct fastcgi_request request)
{
    return fastcgi_ask(desk->socket_path, &request, desk->arena);
}

static void check_url(struct desk *desk, const char *url, int status, const char *path)
{
    struct fastcgi_answer answer = ask(desk, (struct fastcgi_request){.url = url});

    if (answer.status != status)
        print_error("%s: %d\n", url, answer.status);
    assert_int_equal(answer.status, status);
    if (status == 200)
        assert_true(str_is(answer.body, arena_printf(desk->arena, "GET %s 0 ", path)));
}

static void paths(void **state)
{
    static const struct {
        const char *url, *path;
    } good[] = {
        {"/", "/"},
        {"/panier", "/panier"},
        {"/panier?a=b", "/panier"},
        {"/p%61nier", "/panier"},
        {"/%C3%A9t%C3%A9", "/été"},
        {"/a%20b", "/a b"},
        {"/...", "/..."},
        {"/a/.b/..c", "/a/.b/..c"},
    };
    static const char *const bad[] = {
        "",        "panier", "http://evil/", "//evil", "/a//b",  "/../etc", "/a/..",
        "/a/./b",  "/.",     "/%2e%2e/etc",  "/a%2fb", "/a%2Fb", "/a%00b",  "/a%0ab",
        "/a%",     "/a%4",   "/a%zz",        "/a%5cb", "/a\\b",  "/\xff",   "/%ff",
        "/%c0%af", "/a\tb",  "/%7f%80",      "/a%1fb",
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        check_url(desk, good[i].url, 200, good[i].path);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_url(desk, bad[i], 400, NULL);
}

static void methods(void **state)
{
    static const struct {
        const char *method;
        int status;
    } cases[] = {
        {"GET", 200},    {"POST", 200},  {"HEAD", 200},    {"PUT", 405},
        {"DELETE", 405}, {"TRACE", 405}, {"OPTIONS", 405}, {"PATCH", 405},
        {"get", 501},    {"GET ", 501},  {"", 501},        {"BREW", 501},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fastcgi_answer answer =
            ask(desk, (struct fastcgi_request){.method = cases[i].method});

        assert_int_equal(answer.status, cases[i].status);
        if (strcmp(cases[i].method, "HEAD") == 0) {
            assert_int_equal(answer.body.len, 0);
            assert_non_null(strstr(answer.head.data, "Content-Length: 8\r\n"));
        }
    }
}

/* The limits, and one byte beyond each. */
static void sizes(void **state)
{
    struct desk *desk = *state;
    char *url = arena_alloc(desk->arena, HTTP_URL_MAX + 2);
    char *header = arena_alloc(desk->arena, HTTP_HEADERS_TOTAL_MAX + 1);
    char *body = arena_alloc(desk->arena, BODY_MAX + 2);

    memset(url, 'a', HTTP_URL_MAX + 1);
    url[0] = '/';
    assert_int_equal(ask(desk, (struct fastcgi_request){.url = url}).status, 414);
    url[HTTP_URL_MAX] = '\0';
    assert_int_equal(ask(desk, (struct fastcgi_request){.url = url}).status, 200);
    memset(header, 'a', HTTP_HEADERS_TOTAL_MAX);
    assert_int_equal(
        ask(desk, (struct fastcgi_request){.parameters = {{"HTTP_X", header}}}).status, 431);
    header[HTTP_HEADERS_TOTAL_MAX - strlen("HTTP_X=")] = '\0';
    assert_int_equal(
        ask(desk, (struct fastcgi_request){.parameters = {{"HTTP_X", header}}}).status, 200);
    memset(body, 'b', BODY_MAX + 1);
    assert_int_equal(
        ask(desk, (struct fastcgi_request){.method = "POST", .body = str_from(body, BODY_MAX + 1)})
            .status,
        413);
    assert_int_equal(
        ask(desk, (struct fastcgi_request){.method = "POST", .body = str_from(body, BODY_MAX)})
            .status,
        200);
}

static void lengths(void **state)
{
    static const struct {
        const char *length;
        int status;
    } cases[] = {
        {"3", 200},
        {"03", 200},
        {"", 200},
        {"0", 200},
        {"2", 200},
        {"4", 400},
        {"-1", 400},
        {"+3", 400},
        {"3 ", 400},
        {"0x3", 400},
        {"3,3", 400},
        {"9223372036854775807", 413},
        {"99999999999999999999", 400},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fastcgi_answer answer = ask(
            desk, (struct fastcgi_request){.method = "POST",
                                           .body = str_of("abc"),
                                           .parameters = {{"CONTENT_LENGTH", cases[i].length}}});
        if (answer.status != cases[i].status)
            print_error("\"%s\": %d\n", cases[i].length, answer.status);
        assert_int_equal(answer.status, cases[i].status);
    }
}

static void bodies_are_bytes(void **state)
{
    struct desk *desk = *state;
    char bytes[256];
    struct fastcgi_answer answer;

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    answer = ask(
        desk, (struct fastcgi_request){.method = "POST",
                                       .url = "/corps",
                                       .body = str_from(bytes, sizeof(bytes)),
                                       .parameters = {{"CONTENT_TYPE", "Text/Plain; charset=x"}}});
    assert_int_equal(answer.status, 200);
    assert_true(str_starts(answer.body, "POST /corps 256 text/plain"));
    assert_memory_equal(answer.body.data + answer.body.len - 256, bytes, 256);
}

/* Pieces arrive in their order and without a length; what breaks off has no end. */
static void long_answers_come_in_pieces(void **state)
{
    struct desk *desk = *state;
    struct fastcgi_answer whole = ask(desk, (struct fastcgi_request){.url = "/morceaux"});
    struct fastcgi_answer part = ask(desk, (struct fastcgi_request){.url = "/morceaux/rompus"});
    struct fastcgi_answer head =
        ask(desk, (struct fastcgi_request){.method = "HEAD", .url = "/morceaux"});

    assert_int_equal(whole.status, 200);
    assert_null(strstr(whole.head.data, "Content-Length"));
    assert_true(whole.ended);
    assert_int_equal(whole.body.len, PIECES * PIECE_LEN + strlen("fin"));
    for (size_t i = 0; i < PIECES * PIECE_LEN; i++)
        assert_int_equal(whole.body.data[i], 'a' + i / PIECE_LEN % 26);
    assert_false(part.ended);
    assert_int_equal(head.body.len, 0);
    assert_true(head.ended);
    assert_true(whole.closed && part.closed && head.closed);
    assert_int_equal(ask(desk, (struct fastcgi_request){.url = "/"}).status, 200);
}

/* Garbage on the socket ends that connection only. */
static void garbage(void **state)
{
    struct desk *desk = *state;

    for (int i = 0; i < 20; i++) {
        struct fastcgi_request good = {.url = "/"};
        int connection = fastcgi_send(desk->socket_path, &good, desk->arena);

        close(connection); /* gone before its answer */
    }
    assert_int_equal(ask(desk, (struct fastcgi_request){.url = "/"}).status, 200);
}

/* ---- the end ---- */

static void *end_pool(void *argument)
{
    struct desk *desk = argument;

    http_pool_free(desk->pool);
    return NULL;
}

/* Requests in hand are answered, whole, before the pool is gone. */
static void what_is_in_hand_is_answered(void **state)
{
    struct desk *desk = *state;
    const struct fastcgi_request request = {.url = "/panier"};
    int connections[THREADS];
    int64_t until_ms = clock_monotonic_ms() + 60000;
    pthread_t thread;

    atomic_store(&desk->held, true);
    for (int i = 0; i < THREADS; i++)
        connections[i] = fastcgi_send(desk->socket_path, &request, desk->arena);
    while (atomic_load(&desk->inside) < THREADS) {
        assert_true(clock_monotonic_ms() < until_ms);
        clock_sleep_ms(2);
    }
    assert_int_equal(pthread_create(&thread, NULL, end_pool, desk), 0);
    clock_sleep_ms(50);
    atomic_store(&desk->held, false);
    for (int i = 0; i < THREADS; i++)
        assert_true(str_is(fastcgi_read(connections[i], desk->arena).body, "GET /panier 0 "));
    pthread_join(thread, NULL);
    desk->pool = NULL;
    assert_int_equal(fastcgi_send(desk->socket_path, &request, desk->arena), -1);
}

/* Asks every thread for a long answer of which nobody reads a byte. */
static void block_all(struct desk *desk, int connections[THREADS])
{
    const struct fastcgi_request request = {.url = "/morceaux"};

    for (int i = 0; i < THREADS; i++)
        connections[i] = fastcgi_send(desk->socket_path, &request, desk->arena);
}

static void close_all(const int connections[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        close(connections[i]);
}

/* Without a limit nobody else would be answered, and the pool would never end. */
static void who_reads_nothing_holds_nobody(void **state)
{
    struct desk *desk = *state;
    int connections[THREADS];

    block_all(desk, connections);
    assert_int_equal(ask(desk, (struct fastcgi_request){.url = "/"}).status, 200);
    close_all(connections);
    block_all(desk, connections);
    http_pool_free(desk->pool);
    close_all(connections);
    desk->pool = NULL;
}

/* One connection to the database too few: the server does not begin as if all were well. */
static void a_thread_that_cannot_start_is_told(void **state)
{
    struct desk *desk = *state;

    http_pool_free(desk->pool);
    for (int starts = 0; starts < THREADS; starts++) {
        assert_int_equal(open_pool(desk, starts), ERR_DB);
        assert_error_says("no connection left");
        assert_null(desk->pool);
        assert_int_equal(atomic_load(&desk->contexts), 0);
    }
    assert_int_equal(open_pool(desk, THREADS), OK);
    assert_int_equal(ask(desk, (struct fastcgi_request){.url = "/"}).status, 200);
}

static void ids_differ(void **state)
{
    struct desk *desk = *state;
    struct str first = ask(desk, (struct fastcgi_request){.url = "/"}).head;
    struct str second = ask(desk, (struct fastcgi_request){.url = "/"}).head;

    assert_non_null(strstr(first.data, "X-Id: "));
    assert_false(str_equal(first, second));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(paths),
        CASE(methods),
        CASE(sizes),
        CASE(lengths),
        CASE(bodies_are_bytes),
        CASE(long_answers_come_in_pieces),
        CASE(garbage),
        CASE(what_is_in_hand_is_answered),
        CASE(who_reads_nothing_holds_nobody),
        CASE(ids_differ),
        CASE(a_thread_that_cannot_start_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
