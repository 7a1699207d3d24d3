/* A form with a file, as browsers write it, and nothing else. */
#include "support/scratch.h"

#include "base/arena.h"
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

#define PART(name, value)                                                                         \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, type, value)                                                              \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"logo.png\"\r\n"         \
    "Content-Type: " type "\r\n\r\n" value "\r\n"
#define END "--B--\r\n"

static const struct http_field fields[] = {
    {.name = "csrf", .type = HTTP_TOKEN, .max = 64, .required = 1},
    {.name = "logo", .type = HTTP_FILE, .max = 64},
    {.name = "note", .type = HTTP_TEXT, .max = 10},
    {0},
};

static enum err never(struct http_request *request, struct http_response *response)
{
    (void)request, (void)response;
    return OK;
}

static const struct http_route route = {HTTP_POST, "/x", never, fields, 0, 0, HTTP_MULTIPART};

struct desk {
    struct arena *arena;
    struct http_request request;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    desk->arena = arena_new();
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

/* The body stands alone in its own memory, so that a byte read beyond it is seen. */
static enum err post(struct desk *desk, struct str body)
{
    char *copy = malloc(body.len ? body.len : 1);
    enum err err;

    assert_non_null(copy);
    if (body.len)
        memcpy(copy, body.data, body.len);
    desk->request = (struct http_request){.arena = desk->arena,
                                          .method = HTTP_POST,
                                          .body = str_from(copy, body.len),
                                          .content_type = str_of("multipart/form-data"),
                                          .boundary = str_of("B")};
    err = http_fields_read(&desk->request, &route);
    /* What was read is used before the body goes. */
    for (size_t i = 0; !err && i < desk->request.value_count; i++)
        desk->request.values[i].text = str_of(str_copy(desk->arena, desk->request.values[i].text));
    free(copy);
    return err;
}

static void good_forms(void **state)
{
    struct desk *desk = *state;
    struct http_request *request = &desk->request;

    assert_int_equal(post(desk, str_of(PART("csrf", "abc")
                                           FILE_PART("logo", "image/png", "\x89PNG\r\n--") END)),
                     OK);
    assert_true(str_is(http_field_text(request, "csrf"), "abc"));
    assert_true(str_is(http_field_text(request, "logo"), "\x89PNG\r\n--"));
    assert_int_equal(post(desk, str_of(PART("csrf", "abc") PART("note", " José ") "--B--")), OK);
    assert_true(str_is(http_field_text(request, "note"), "José"));
    /* No file was chosen. */
    assert_int_equal(
        post(desk, str_of(PART("csrf", "abc") "--B\r\nContent-Disposition: form-data; "
                                              "name=\"logo\"; filename=\"\"\r\nContent-Type: "
                                              "application/octet-stream\r\n\r\n\r\n" END)),
        OK);
    assert_int_equal(http_field_text(request, "logo").len, 0);
    /* Names of headers are read in any case; the type is not believed, whatever it is. */
    assert_int_equal(post(desk, str_of("--B\r\ncontent-TYPE: text/html\r\nCONTENT-disposition: "
                                       "form-data; name=\"csrf\"\r\n\r\nabc\r\n" END)),
                     OK);
}

static void bad_forms(void **state)
{
    static const char *const bodies[] = {
        "",
        "--B",
        "--B\r\n",
        "--B--\r\n", /* the token is missing */
        "--C\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--C--\r\n",
        "csrf=abc",
        "\r\n" PART("csrf", "abc") END,   /* a preamble */
        PART("csrf", "abc") END "x",      /* an epilogue */
        PART("csrf", "abc") END END,      /* twice the end */
        PART("csrf", "abc"),              /* no end */
        PART("csrf", "abc") "--B-",       /* half an end */
        PART("csrf", "abc") "--Bx--\r\n", /* behind the boundary */
        PART("csrf", "abc") "--B \r\n" END,
        PART("csrf", "abc") PART("csrf", "abc") END,
        PART("csrf", "abc") PART("role", "admin") END,
        PART("csrf", "abc") PART("logo", "not a file") END,
        FILE_PART("csrf", "text/plain", "abc") END,
        PART("csrf", "abc") FILE_PART("logo", "image/png", "a") FILE_PART("logo", "a/b", "b") END,
        PART("csrf", "a.b") END,
        PART("csrf", "abc") PART("note", "a\r\nb") END,
        PART("csrf", "abc") PART("note", "\xff") END,
        "--B\r\n\r\nabc\r\n" END,                                   /* no headers */
        "--B\r\nContent-Type: text/plain\r\n\r\nabc\r\n" END,       /* no name */
        "--B\r\nContent-Disposition: form-data\r\n\r\nabc\r\n" END, /* no name */
        "--B\r\nContent-Disposition: form-data; name=csrf\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"csrf\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"csrf\"; x=\"y\"\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"csrf\" \"\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data; filename=\"a\"; name=\"csrf\"\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"csrf\"; "
        "filename*=utf-8''a\r\n\r\na\r\n" END,
        "--B\r\nContent-Disposition: attachment; name=\"csrf\"\r\n\r\nabc\r\n" END,
        "--B\nContent-Disposition: form-data; name=\"csrf\"\n\nabc\n--B--\n",
        "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\nContent-Disposition: form-data; "
        "name=\"note\"\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\nContent-Transfer-Encoding: "
        "base64\r\n\r\nYWJj\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\nContent-Type: a\r\n"
        "Content-Type: b\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition : form-data; name=\"csrf\"\r\n\r\nabc\r\n" END,
        "--B\r\n Content-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n" END,
        "--B\r\nContent-Disposition: form-data;\r\n name=\"csrf\"\r\n\r\nabc\r\n" END,
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        enum err err = post(desk, str_of(bodies[i]));

        if (err != ERR_INPUT)
            print_error("%d: %s\n", (int)err, bodies[i]);
        assert_int_equal(err, ERR_INPUT);
    }
    assert_int_equal(
        post(desk, str_of(PART("csrf", "abc") FILE_PART(
                       "logo", "image/png",
                       "01234567890123456789012345678901234567890123456789012345678901234") END)),
        ERR_LIMIT);
}

/* Cut anywhere, or with any byte changed, a form is refused or still says what it says; nothing
 * beyond it is read (the sanitizer watches). */
static void every_cut_and_every_changed_byte(void **state)
{
    static const char whole[] =
        PART("csrf", "abc") FILE_PART("logo", "image/png", "\x89PNG\r\n\x1a\n--B\r--") END;
    static const char others[] = {0, '\r', '\n', '"', '-', ';', ':', (char)0xff};
    struct desk *desk = *state;
    char copy[sizeof(whole)];

    for (size_t len = 0; len + 3 < sizeof(whole); len++)
        assert_int_equal(post(desk, str_from(whole, len)), ERR_INPUT);
    assert_int_equal(post(desk, str_from(whole, sizeof(whole) - 3)),
                     OK); /* without the last CR LF */
    for (size_t at = 0; at < sizeof(whole) - 1; at++)
        for (size_t i = 0; i < sizeof(others); i++) {
            enum err err;

            memcpy(copy, whole, sizeof(whole));
            copy[at] = others[i];
            err = post(desk, str_from(copy, sizeof(whole) - 1));
            assert_true(err == OK || err == ERR_INPUT || err == ERR_LIMIT);
            if (!err)
                assert_true(http_field_text(&desk->request, "csrf").len > 0);
        }
}

static void bombs(void **state)
{
    struct desk *desk = *state;
    struct buffer body;

    /* Headers without end. */
    buffer_init(&body, desk->arena, 300000);
    buffer_add_text(&body, "--B\r\nContent-Disposition: form-data; name=\"csrf");
    while (body.len < 250000)
        buffer_add_byte(&body, 'a');
    assert_int_equal(post(desk, buffer_str(&body)), ERR_INPUT);
    /* Many headers. */
    body.len = 0;
    buffer_add_text(&body, "--B\r\n");
    while (body.len < 250000)
        buffer_add_text(&body, "X-A: b\r\n");
    assert_int_equal(post(desk, buffer_str(&body)), ERR_INPUT);
    /* Many parts. */
    body.len = 0;
    while (body.len < 250000)
        buffer_add_text(&body, PART("a", ""));
    buffer_add_text(&body, END);
    assert_int_equal(post(desk, buffer_str(&body)), ERR_INPUT);
    /* As many as there may be: the field is unknown, the form is well made. */
    body.len = 0;
    for (int i = 0; i < HTTP_PARTS_MAX + 1; i++)
        buffer_add_text(&body, PART("a", ""));
    buffer_add_text(&body, END);
    {
        struct http_multipart form;
        struct http_part part;
        enum err err;
        int parts = 0;

        http_multipart_begin(&form, buffer_str(&body), str_of("B"));
        while (http_multipart_next(&form, &part, &err))
            parts++;
        assert_int_equal(parts, HTTP_PARTS_MAX);
        assert_int_equal(err, ERR_INPUT);
    }
    /* Half boundaries. */
    body.len = 0;
    buffer_add_text(&body, PART("csrf", "abc") "--B\r\nContent-Disposition: form-data; "
                                               "name=\"logo\"; filename=\"a\"\r\n\r\n");
    while (body.len < 250000)
        buffer_add_text(&body, "\r\n--");
    assert_int_equal(post(desk, buffer_str(&body)), ERR_INPUT);
}

static void boundaries(void **state)
{
    static const struct {
        const char *header, *boundary; /* NULL: refused */
    } cases[] = {
        {"multipart/form-data; boundary=----WebKitFormBoundaryAbC012",
         "----WebKitFormBoundaryAbC012"},
        {"Multipart/Form-Data;boundary=B", "B"},
        {"multipart/form-data; boundary=\"a b\"", NULL},
        {"multipart/form-data; boundary=\"a.b\"", "a.b"},
        {"multipart/form-data; BOUNDARY=B", "B"},
        {"multipart/form-data", NULL},
        {"multipart/form-data;", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary=a\r\nb", NULL},
        {"multipart/form-data; boundary=B; charset=utf-8", NULL},
        {"multipart/form-data; charset=utf-8", NULL},
        {"multipart/mixed; boundary=B", NULL},
        {"text/plain; boundary=B", NULL},
        {"", NULL},
        {"multipart/form-data; boundary="
         "0123456789012345678901234567890123456789012345678901234567890123456789",
         "0123456789012345678901234567890123456789012345678901234567890123456789"},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str boundary = {0};
        bool good = http_boundary(str_of(cases[i].header), &boundary);

        if (good != (cases[i].boundary != NULL))
            print_error("%s\n", cases[i].header);
        assert_int_equal(good, cases[i].boundary != NULL);
        if (good)
            assert_true(str_is(boundary, cases[i].boundary));
    }
}

/* The other encoding is refused on either side. */
static void one_encoding_each(void **state)
{
    struct desk *desk = *state;
    struct http_route plain = route;

    desk->request =
        (struct http_request){.arena = desk->arena,
                              .method = HTTP_POST,
                              .body = str_of("csrf=abc"),
                              .content_type = str_of("application/x-www-form-urlencoded")};
    assert_int_equal(http_fields_read(&desk->request, &route), ERR_INPUT);
    plain.flags = 0;
    desk->request.body = str_of(PART("csrf", "abc") END);
    desk->request.content_type = str_of("multipart/form-data");
    desk->request.boundary = str_of("B");
    assert_int_equal(http_fields_read(&desk->request, &plain), ERR_INPUT);
    desk->request.body = str_of("csrf=abc&logo=x");
    desk->request.content_type = str_of("application/x-www-form-urlencoded");
    assert_int_equal(http_fields_read(&desk->request, &plain), ERR_INPUT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(good_forms), CASE(bad_forms),  CASE(every_cut_and_every_changed_byte),
        CASE(bombs),      CASE(boundaries), CASE(one_encoding_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
