/* What a route declares, and nothing else, reaches its handler. */
#include "support/scratch.h"

#include "base/arena.h"
#include "http/http.h"

static enum err never(struct http_request *request, struct http_response *response)
{
    (void)request, (void)response;
    return OK;
}

static const struct http_field fields[] = {
    {.name = "name", .type = HTTP_TEXT, .max = 10, .required = 1},
    {.name = "password", .type = HTTP_SECRET, .max = 512},
    {.name = "token", .type = HTTP_TOKEN, .max = 64},
    {.name = "id", .type = HTTP_ID, .max = 20},
    {.name = "amount", .type = HTTP_AMOUNT, .max = 20},
    {.name = "lines", .type = HTTP_LINES, .max = 12},
    {.name = "choice", .type = HTTP_CHOICE, .max = 20, .choices = "un|deux"},
    {.name = "ticks", .type = HTTP_IDS, .max = 20},
    {0},
};

struct desk {
    struct arena *arena;
    struct http_request request;
    struct http_route route;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    desk->arena = arena_new();
    desk->route =
        (struct http_route){.method = HTTP_POST, .path = "/x", .handler = never, .fields = fields};
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    arena_free(desk->arena);
    free(desk);
    return 0;
}

static enum err post(struct desk *desk, struct str body)
{
    desk->request = (struct http_request){
        .arena = desk->arena,
        .method = HTTP_POST,
        .body = body,
        .content_type = str_of("application/x-www-form-urlencoded"),
        .query = str_of("role=admin"),
    };
    return http_fields_read(&desk->request, &desk->route);
}

static void good_forms(void **state)
{
    struct desk *desk = *state;
    struct http_request *request = &desk->request;

    assert_int_equal(post(desk, str_of("name=+Jos%C3%A9+&password=+a%00b+&token=aZ-_9&id=42"
                                       "&amount=12%2C50&choice=deux&")),
                     OK);
    assert_true(str_is(http_field_text(request, "name"), "José"));
    assert_true(str_equal(http_field_text(request, "password"), str_from(" a\0b ", 5)));
    assert_true(http_field_id(request, "id") == 42);
    assert_true(str_is(http_field_text(request, "amount"), "12,50"));
    assert_true(http_field_given(request, "choice"));
    assert_false(http_field_given(request, "role"));
    assert_int_equal(post(desk, str_of("name=x")), OK);
    assert_false(http_field_given(request, "token"));
    assert_int_equal(http_field_text(request, "token").len, 0);
    assert_true(http_field_id(request, "id") == 0);
    /* An empty optional field counts as not given, whatever its type. */
    assert_int_equal(post(desk, str_of("name=x&token=&id=&choice=&amount=")), OK);
    assert_int_equal(post(desk, str_of("name=0123456789")), OK);
}

/* Each line ends with LF, whatever the browser sent; the limit counts what is kept. */
static void several_lines(void **state)
{
    static const struct {
        const char *body, *kept;
    } cases[] = {
        {"name=x&lines=un%0D%0Adeux", "un\ndeux"},
        {"name=x&lines=un%0Adeux", "un\ndeux"},
        {"name=x&lines=un%0Ddeux", "un\ndeux"},
        {"name=x&lines=un%0D%0D%0Adeux", "un\n\ndeux"},
        {"name=x&lines=%0D%0A+un%0D%0A%0D%0A", "un"},
        {"name=x&lines=1%0D%0A2%0D%0A3%0D%0A4%0D%0A5%0D%0A67", "1\n2\n3\n4\n5\n67"},
        {"name=x&lines=%0D%0A", ""},
        {"name=x&lines=a%09b", "a\tb"},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(post(desk, str_of(cases[i].body)), OK);
        assert_true(str_is(http_field_text(&desk->request, "lines"), cases[i].kept));
    }
}

static void bad_forms(void **state)
{
    static const struct {
        const char *body;
        enum err err;
        const char *says;
    } cases[] = {
        {"", ERR_INPUT, "name is missing"},
        {"name=", ERR_INPUT, "name is missing"},
        {"name=+", ERR_INPUT, "name is missing"},
        {"name=x&role=admin", ERR_INPUT, "unknown field role"},
        {"name=x&assoc_id=2", ERR_INPUT, "unknown field"},
        {"name=x&Name=y", ERR_INPUT, "unknown field"},
        {"name=x&=y", ERR_INPUT, "unknown field"},
        {"name=x&name=y", ERR_INPUT, "name is repeated"},
        {"name=x&id=1&id=1", ERR_INPUT, "id is repeated"},
        {"name=x&id=0", ERR_INPUT, "id has a bad value"},
        {"name=x&id=-1", ERR_INPUT, "id has"},
        {"name=x&id=1.0", ERR_INPUT, "id has"},
        {"name=x&id=9223372036854775808", ERR_INPUT, "id has"},
        {"name=x&token=a.b", ERR_INPUT, "token has"},
        {"name=x&token=a%00b", ERR_INPUT, "token has"},
        {"name=x&choice=trois", ERR_INPUT, "choice has"},
        {"name=x&choice=un%7Cdeux", ERR_INPUT, "choice has"},
        {"name=a%0Ab", ERR_INPUT, "name has"},
        {"name=a%00b", ERR_INPUT, "name has"},
        {"name=%ff", ERR_INPUT, "name has"},
        {"name=%c0%80", ERR_INPUT, "name has"},
        {"name=a%", ERR_INPUT, "badly escaped"},
        {"name=a%4", ERR_INPUT, "badly escaped"},
        {"name=a%zz", ERR_INPUT, "badly escaped"},
        {"na%6de=x&x%=1", ERR_INPUT, "badly escaped"},
        {"name=01234567890", ERR_LIMIT, "name is too long"},
        {"name=x&lines=0123456789012", ERR_LIMIT, "lines is too long"},
        {"name=x&lines=a%00b", ERR_INPUT, "lines has"},
        {"name=x&lines=a%1bb", ERR_INPUT, "lines has"},
        {"name=x&lines=%ff", ERR_INPUT, "lines has"},
        {"name=x&ticks=1&ticks=x", ERR_INPUT, "ticks has a bad value"},
        {"name=x&ticks=x&ticks=1", ERR_INPUT, "ticks has a bad value"},
        {"name=x&ticks=1&ticks=0", ERR_INPUT, "ticks has a bad value"},
        {"name=x&ticks=1&ticks=-2", ERR_INPUT, "ticks has a bad value"},
        {"name=x&ticks=1,2", ERR_INPUT, "ticks has a bad value"},
        {"name=x&ticks=9223372036854775808", ERR_INPUT, "ticks has a bad value"},
        {"name=x&ticks=7&ticks=8&ticks=7", ERR_INPUT, "ticks has a value twice"},
        {"name=x&ticks=7&ticks=007", ERR_INPUT, "ticks"},
        {"name=x&ticks=1&ticks=000000000000000000002", ERR_LIMIT, "ticks is too long"},
        {"name=x&ticks=1&ticks=%ff", ERR_INPUT, "ticks has a bad value"},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum err err = post(desk, str_of(cases[i].body));

        if (err != cases[i].err)
            print_error("%s: %d\n", cases[i].body, (int)err);
        assert_int_equal(err, cases[i].err);
        assert_error_says(cases[i].says);
    }
}

static void too_many_fields(void **state)
{
    struct desk *desk = *state;
    struct buffer body;

    desk->route.flags = HTTP_OPEN_FIELDS;
    buffer_init(&body, desk->arena, 64);
    buffer_add_text(&body, "name=x");
    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        buffer_printf(&body, "&f%d=%d", i, i);
    assert_int_equal(post(desk, buffer_str(&body)), OK);
    assert_int_equal(desk->request.value_count, 1);
    buffer_add_text(&body, "&more=1");
    assert_int_equal(post(desk, buffer_str(&body)), ERR_INPUT);
    /* Open to others' fields, but ours still stand once. */
    assert_int_equal(post(desk, str_of("name=x&other=1&name=y")), ERR_INPUT);
}

/* A field for ticks may be repeated, and is the only one that may. */
static void ticks(void **state)
{
    struct desk *desk = *state;
    const int64_t *ids;
    size_t count = 9;

    assert_int_equal(post(desk, str_of("ticks=42&name=x&ticks=7&ticks=&ticks=1000")), OK);
    ids = http_field_ids(&desk->request, "ticks", &count);
    assert_int_equal(count, 3);
    assert_true(ids[0] == 42 && ids[1] == 7 && ids[2] == 1000);
    assert_true(http_field_has_id(&desk->request, "ticks", 7));
    assert_false(http_field_has_id(&desk->request, "ticks", 8));
    assert_false(http_field_has_id(&desk->request, "id", 7));
    assert_int_equal(post(desk, str_of("name=x&ticks=")), OK);
    (void)http_field_ids(&desk->request, "ticks", &count);
    assert_int_equal(count, 0);
    assert_int_equal(post(desk, str_of("name=x")), OK);
    (void)http_field_ids(&desk->request, "ticks", &count);
    assert_int_equal(count, 0);
}

/* Ticks leave room for the other fields, and there is an end to them. */
static void too_many_ticks(void **state)
{
    struct desk *desk = *state;
    struct buffer body;
    size_t count;

    buffer_init(&body, desk->arena, 64);
    for (int i = 1; i <= HTTP_IDS_MAX; i++)
        buffer_printf(&body, "ticks=%d&", i);
    buffer_add_text(&body, "name=x&id=3");
    assert_int_equal(post(desk, buffer_str(&body)), OK);
    (void)http_field_ids(&desk->request, "ticks", &count);
    assert_int_equal(count, HTTP_IDS_MAX);
    assert_true(http_field_id(&desk->request, "id") == 3);
    buffer_printf(&body, "&ticks=%d", HTTP_IDS_MAX + 1);
    assert_int_equal(post(desk, buffer_str(&body)), ERR_INPUT);
    assert_error_says("ticks has more than");
}

static void required_ticks(void **state)
{
    static const struct http_field wanted[] = {
        {.name = "ticks", .type = HTTP_IDS, .max = 20, .required = 1}, {0}};
    struct desk *desk = *state;

    desk->route.fields = wanted;
    assert_int_equal(post(desk, str_of("")), ERR_INPUT);
    assert_int_equal(post(desk, str_of("ticks=")), ERR_INPUT);
    assert_int_equal(post(desk, str_of("ticks=1&ticks=")), OK);
    assert_int_equal(post(desk, str_of("ticks=&ticks=1")), OK);
}

static void content_types(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(post(desk, str_of("name=x")), OK);
    desk->request.content_type = str_of("multipart/form-data");
    assert_int_equal(http_fields_read(&desk->request, &desk->route), ERR_INPUT);
    desk->request.content_type = str_of("");
    assert_int_equal(http_fields_read(&desk->request, &desk->route), ERR_INPUT);
    desk->route.flags = HTTP_RAW_BODY;
    assert_int_equal(http_fields_read(&desk->request, &desk->route), OK);
}

/* GET reads its address, never its body; POST never its address. */
static void where_fields_stand(void **state)
{
    struct desk *desk = *state;

    desk->request = (struct http_request){.arena = desk->arena,
                                          .method = HTTP_GET,
                                          .query = str_of("name=address"),
                                          .body = str_of("name=body")};
    assert_int_equal(http_fields_read(&desk->request, &desk->route), OK);
    assert_true(str_is(http_field_text(&desk->request, "name"), "address"));
    assert_int_equal(post(desk, str_of("name=body")), OK);
    assert_true(str_is(http_field_text(&desk->request, "name"), "body"));
}

static void cookies(void **state)
{
    static const struct {
        const char *header, *value;
    } cases[] = {
        {"__Host-sid=abc", "abc"},
        {"a=1; __Host-sid=abc; b=2", "abc"},
        {"a=1;__Host-sid=a=b", "a=b"},
        {"__Host-sid=", ""},
        {"__Host-sid", ""},
        {"x__Host-sid=abc", ""},
        {"__host-sid=abc", ""},
        {"__Host-sid=abc; __Host-sid=def", ""},
        {"", ""},
        {";;;=;", ""},
    };
    struct http_request request = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        request.cookie_header = str_of(cases[i].header);
        assert_true(str_is(http_cookie(&request, "__Host-sid"), cases[i].value));
    }
}

static void lenient_pairs(void **state)
{
    struct desk *desk = *state;
    struct str rest = str_of("a=%u010D+x&b=%&&c&d=%4");
    struct http_pair pair;

    assert_true(http_pair_next_lenient(&rest, desk->arena, &pair));
    assert_true(str_is(pair.name, "a") && str_is(pair.value, "%u010D x"));
    assert_true(http_pair_next_lenient(&rest, desk->arena, &pair));
    assert_true(str_is(pair.value, "%"));
    assert_true(http_pair_next_lenient(&rest, desk->arena, &pair));
    assert_true(str_is(pair.name, "c") && str_empty(pair.value));
    assert_true(http_pair_next_lenient(&rest, desk->arena, &pair));
    assert_true(str_is(pair.value, "%4"));
    assert_false(http_pair_next_lenient(&rest, desk->arena, &pair));
}

/* ---- routes and answers ---- */

static void routes(void **state)
{
    static const struct http_route table[] = {
        {.method = HTTP_GET, .path = "/", .handler = never},
        {.method = HTTP_GET, .path = "/recettes/{}", .handler = never},
        {.method = HTTP_POST, .path = "/recettes/{}", .handler = never},
        {.method = HTTP_POST, .path = "/a/{}/b/{}", .handler = never},
    };
    struct http_request request = {.method = HTTP_GET, .path = str_of("/recettes/42")};
    const struct http_route *route;
    unsigned allowed;

    (void)state;
    assert_int_equal(http_route_find(table, 4, &request, &route, &allowed), OK);
    assert_ptr_equal(route, &table[1]);
    assert_int_equal(allowed, HTTP_GET | HTTP_POST);
    assert_true(str_is(request.path_parts[0], "42"));
    request.path = str_of("/a/1/b/2");
    assert_int_equal(http_route_find(table, 4, &request, &route, &allowed), ERR_DENIED);
    assert_int_equal(allowed, HTTP_POST);
    for (size_t i = 0; i < 6; i++) {
        static const char *const none[] = {"/recettes",   "/recettes/",    "/recettes/1/2",
                                           "/Recettes/1", "/recettes/{}/", "/b"};

        request.path = str_of(none[i]);
        assert_int_equal(http_route_find(table, 4, &request, &route, &allowed), ERR_NOT_FOUND);
        assert_null(route);
    }
}

static void redirects(void **state)
{
    static const struct {
        const char *to;
        bool good;
    } cases[] = {
        {"/panier", true},
        {"/", true},
        {"https://checkout.stripe.com/c/pay/x#y", true},
        {"http://127.0.0.1:8081/x", true},
        {"//evil.example", false},
        {"/\\evil.example", false},
        {"https:evil", false},
        {"javascript:alert(1)", false},
        {"evil", false},
        {"", false},
        {"/a\r\nSet-Cookie: x", false},
        {"/a b", false},
        {"/a\x7f", false},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_response response = {.arena = desk->arena, .status = 200};

        buffer_init(&response.body, desk->arena, 16);
        buffer_add_text(&response.body, "secret");
        assert_int_equal(http_redirect(&response, cases[i].to), cases[i].good ? OK : ERR_INTERNAL);
        if (!cases[i].good)
            continue;
        assert_int_equal(response.status, 303);
        assert_int_equal(response.body.len, 0);
        assert_string_equal(response.headers[0].value, cases[i].to);
    }
}

static void the_cookie_s_attributes(void **state)
{
    struct desk *desk = *state;
    struct http_response response = {.arena = desk->arena};

    http_cookie_set(&response, "__Host-sid", "abc", -1);
    http_cookie_set(&response, "__Host-sid", "", 0);
    assert_string_equal(response.headers[0].name, "Set-Cookie");
    assert_string_equal(response.headers[0].value,
                        "__Host-sid=abc; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_string_equal(response.headers[1].value,
                        "__Host-sid=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(good_forms),
        CASE(several_lines),
        CASE(bad_forms),
        CASE(too_many_fields),
        CASE(ticks),
        CASE(too_many_ticks),
        CASE(required_ticks),
        CASE(content_types),
        CASE(where_fields_stand),
        cmocka_unit_test(cookies),
        CASE(lenient_pairs),
        cmocka_unit_test(routes),
        CASE(redirects),
        CASE(the_cookie_s_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
