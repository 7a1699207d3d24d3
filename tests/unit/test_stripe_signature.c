/* Stripe-Signature: the outside vectors, and the edges they do not reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <openssl/evp.h>
#include <string.h>

#include "base/hash.h"
#include "net/json.h"
#include "provider/stripe/internal.h"
#include "support/vectors.h"

enum { VECTORS = 96, VECTORS_ACCEPTED = 77 };

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct str base64_decode(struct str text)
{
    unsigned char *out = arena_alloc(arena, text.len + 1);
    int len = EVP_DecodeBlock(out, (const unsigned char *)text.data, (int)text.len);

    assert_true(len >= 0);
    for (size_t i = text.len; i > 0 && text.data[i - 1] == '='; i--)
        len--;
    return str_from(out, (size_t)len);
}

static struct str vector_body(const json_t *vector)
{
    struct str file = json_text(vector, "file");

    if (file.data)
        return vectors_read(arena, arena_printf(arena, "stripe/%.*s", STR_PRINT(file)));
    return base64_decode(json_text(vector, "payload_b64"));
}

static bool vector_agrees(const json_t *vector, bool *accepted)
{
    struct str secret = json_text(vector, "secret");
    bool accept = str_is(json_text(vector, "verdict"), "accept");
    int64_t now;
    int64_t tolerance;
    enum err err;

    assert_true(json_integer_at(vector, "now", &now));
    assert_true(json_integer_at(vector, "tolerance", &tolerance));
    assert_int_equal(tolerance, STRIPE_TOLERANCE_S);
    err = stripe_signature_check(json_text(vector, "header"), vector_body(vector), &secret, 1, now,
                                 arena);
    assert_true(err == OK || err == ERR_DENIED);
    *accepted = err == OK;
    return *accepted == accept;
}

static void test_vectors(void **state)
{
    json_t *json = NULL;
    const json_t *vectors;
    int accepted = 0;

    (void)state;
    assert_int_equal(
        json_read(vectors_read(arena, "stripe/signed/stripe-signature-vectors.json"), &json), OK);
    vectors = json_at(json, "vectors");
    assert_int_equal(json_array_size(vectors), VECTORS);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        bool yes = false;

        if (!vector_agrees(vector, &yes)) {
            struct str name = json_text(vector, "name");

            print_error("vector %zu, %.*s: other verdict\n", i, STR_PRINT(name));
            assert_true(false);
        }
        accepted += yes;
    }
    assert_int_equal(accepted, VECTORS_ACCEPTED);
    json_decref(json);
}

/* ---- what a header of our own making leads to ---- */

#define BODY "{\"object\":\"event\"}"

static const char *sign(const char *time_text, const char *body, const char *secret)
{
    unsigned char digest[HASH_LEN];
    char *digits = arena_alloc(arena, HASH_HEX_MAX);
    struct str text = str_of(arena_printf(arena, "%s.%s", time_text, body));

    assert_int_equal(hash_hmac_sha256(str_of(secret), text, digest), OK);
    hash_hex(digest, HASH_LEN, digits);
    return digits;
}

static enum err check(const char *header, const char *first, const char *second, int64_t now)
{
    struct str secrets[2] = {str_of(first), str_of(second)};

    return stripe_signature_check(str_of(header), str_of(BODY), secrets, 2, now, arena);
}

static void test_two_secrets(void **state)
{
    const char *header = arena_printf(arena, "t=1000,v1=%s", sign("1000", BODY, "whsec_new"));

    (void)state;
    assert_int_equal(check(header, "whsec_old", "whsec_new", 1000), OK);
    assert_int_equal(check(header, "whsec_new", "whsec_old", 1000), OK);
    assert_int_equal(check(header, "whsec_old", "whsec_other", 1000), ERR_DENIED);
}

static void test_no_secret_accepts_nothing(void **state)
{
    const char *header = arena_printf(arena, "t=1000,v1=%s", sign("1000", BODY, ""));

    (void)state;
    assert_int_equal(check(header, "", NULL, 1000), ERR_DENIED);
    assert_int_equal(stripe_signature_check(str_of(header), str_of(BODY), NULL, 0, 1000, arena),
                     ERR_DENIED);
}

/* A signature of the right digits is refused for the time alone. */
static void test_times(void **state)
{
    static const struct {
        const char *time;
        int64_t now;
        enum err expected;
    } cases[] = {
        {"1000", 1300, OK},
        {"1000", 1301, ERR_DENIED},
        {"1000", 0, OK},
        {"9223372036854775807", 1000, OK},
        {"9223372036854775808", 1000, ERR_DENIED},
        {"-1", 1000, ERR_DENIED},
        {"-9223372036854775808", 1000, ERR_DENIED},
        {"", 0, ERR_DENIED},
        {" 1000", 1000, ERR_DENIED},
        {"1000.0", 1000, ERR_DENIED},
        {"NaN", 1000, ERR_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *header =
            arena_printf(arena, "t=%s,v1=%s", cases[i].time, sign(cases[i].time, BODY, "whsec_s"));

        assert_int_equal(check(header, "whsec_s", NULL, cases[i].now), cases[i].expected);
    }
}

/* Odd headers end in a refusal, never in a read beyond their end. */
static void test_odd_headers(void **state)
{
    static const char *const headers[] = {
        ",", "=", ",,,", "t", "t=", "v1", "t=1000,v1", "t=1000,,v1=,", "=1000,v1=x", "t==1000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_int_equal(check(headers[i], "whsec_s", NULL, 1000), ERR_DENIED);
    assert_int_equal(check(NULL, "whsec_s", NULL, 1000), ERR_DENIED);
}

static void test_every_byte_counts(void **state)
{
    const char *good = sign("1000", BODY, "whsec_s");
    struct str secret = str_of("whsec_s");

    (void)state;
    for (size_t i = 0; i < strlen(BODY); i++) {
        char *body = arena_string(arena, BODY);
        const char *header = arena_printf(arena, "t=1000,v1=%s", good);

        body[i] = (char)(body[i] ^ 1);
        assert_int_equal(
            stripe_signature_check(str_of(header), str_of(body), &secret, 1, 1000, arena),
            ERR_DENIED);
    }
    for (size_t i = 0; i < strlen(good); i++) {
        char *digits = arena_string(arena, good);

        digits[i] = digits[i] == '0' ? '1' : '0';
        assert_int_equal(check(arena_printf(arena, "t=1000,v1=%s", digits), "whsec_s", NULL, 1000),
                         ERR_DENIED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_secret_accepts_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_odd_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_byte_counts, setup, teardown),
    };

    return cmocka_run_group_tests_name("stripe_signature", tests, NULL, NULL);
}
