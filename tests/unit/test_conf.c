/* The configuration file: what is not understood stops the start, with file and line. */
#include "support/scratch.h"

#include "base/arena.h"
#include "base/conf.h"

struct desk {
    struct scratch scratch;
    struct arena *arena;
    const char *name, *url;
    int64_t port;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    scratch_init(&desk->scratch);
    desk->arena = arena_new();
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    arena_free(desk->arena);
    scratch_done(&desk->scratch);
    free(desk);
    return 0;
}

static enum err read_text(struct desk *desk, const char *text)
{
    const struct conf_key keys[] = {
        {.name = "name", .kind = CONF_TEXT, .text = &desk->name, .required = 1},
        {.name = "url", .kind = CONF_URL, .text = &desk->url},
        {.name = "port", .kind = CONF_INT, .number = &desk->port, .minimum = 1, .maximum = 65535},
    };
    const char *path = scratch_path(&desk->scratch, "guichet.conf");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    desk->name = "default name";
    desk->url = "https://default.example";
    desk->port = 1;
    return conf_read(path, keys, 3, desk->arena);
}

static void a_good_file(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(read_text(desk, "# comment\n\n  name =  Les Marcheurs = nous \nport=8080\n"
                                     "url = https://pay.example/base/ \n"),
                     OK);
    assert_string_equal(desk->name, "Les Marcheurs = nous");
    assert_string_equal(desk->url, "https://pay.example/base");
    assert_int_equal(desk->port, 8080);
    assert_int_equal(read_text(desk, "name = x"), OK);
    assert_string_equal(desk->url, "https://default.example");
}

static void a_bad_file_says_where(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"name = x\nnom = y\n", "guichet.conf:2: unknown key"},
        {"name = x\n\nname = y\n", "guichet.conf:3: key is repeated"},
        {"name\n", "guichet.conf:1: expected key = value"},
        {"name =\n", "guichet.conf:1: value is missing"},
        {"port = 1\n", "key name is missing"},
        {"name = x\nport = 0\n", "guichet.conf:2: port must be a number from 1 to 65535"},
        {"name = x\nport = 80a\n", "guichet.conf:2: port must be"},
        {"name = x\nurl = http://169.254.169.254/\n", "guichet.conf:2: url must be https"},
        {"name = x\nurl = ftp://x/\n", "guichet.conf:2: url must begin with https"},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(desk, cases[i].text), ERR_CONFIG);
        assert_error_says(cases[i].says);
    }
}

static void no_file(void **state)
{
    struct desk *desk = *state;
    const struct conf_key keys[] = {{.name = "name", .kind = CONF_TEXT, .text = &desk->name}};

    assert_int_equal(conf_read(scratch_path(&desk->scratch, "none"), keys, 1, desk->arena),
                     ERR_CONFIG);
    assert_int_equal(conf_read(desk->scratch.directory, keys, 1, desk->arena), ERR_CONFIG);
}

/* Where we may call: https, or http on this machine alone. */
static void addresses(void **state)
{
    static const struct {
        const char *url;
        bool good;
    } cases[] = {
        {"https://api.stripe.com", true},
        {"https://api.stripe.com:443/v1", true},
        {"http://127.0.0.1:8080", true},
        {"http://127.1.2.3", true},
        {"http://localhost:8081/x", true},
        {"http://[::1]:8080/", true},
        {"https://[2001:db8::1]/", true},
        {"http://api.stripe.com", false},
        {"http://169.254.169.254/latest", false},
        {"http://127.0.0.1.evil.example", false},
        {"http://127.evil", false},
        {"http://localhost.evil.example", false},
        {"http://localhost@evil.example", false},
        {"https://user:secret@api.stripe.com", false},
        {"http://[::2]/", false},
        {"http://[::1].evil.example/", false},
        {"http://[::1", false},
        {"http://127.0.0.1:80:80/", false},
        {"http://127.0.0.1:8o/", false},
        {"https://:443/", false},
        {"https://", false},
        {"https:///path", false},
        {"https:api.stripe.com", false},
        {"//api.stripe.com", false},
        {"file:///etc/passwd", false},
        {"https://api.stripe.com?x=1", false},
        {"https://api.stripe.com/#x", false},
        {"https://api.stripe.com\\@evil", false},
        {"https://api stripe.com", false},
        {"https://api.stripe.com/\r\nX: y", false},
        {"https://api.stripe.com/\x01", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum err err = conf_check_url(cases[i].url);

        if ((err == OK) != cases[i].good)
            print_error("%s\n", cases[i].url);
        assert_int_equal(err, cases[i].good ? OK : ERR_CONFIG);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_good_file),
        CASE(a_bad_file_says_where),
        CASE(no_file),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
