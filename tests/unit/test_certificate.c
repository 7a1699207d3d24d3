/* Certificates: who is believed, when, and what their keys signed; base64 and CRC32 beside. */
#include "support/scratch.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/certificate.h"
#include "base/crc32.h"
#include "support/certificates.h"

enum { NOW = 1790856000, DAY = 86400 };

static struct scratch scratch;
static struct arena *arena;
static struct test_identity *root, *middle, *leaf;

static struct test_identity *identity(const char *name, struct test_identity *parent, bool issuer)
{
    return identity_new(&(struct identity_plan){.name = name,
                                                .parent = parent,
                                                .issuer = issuer,
                                                .from_at = NOW - DAY,
                                                .until_at = NOW + DAY});
}

static int setup(void **state)
{
    (void)state;
    scratch_init(&scratch);
    arena = arena_new();
    root = identity("Root", NULL, true);
    middle = identity("Middle", root, true);
    leaf = identity("signer.example", middle, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    identity_free(leaf);
    identity_free(middle);
    identity_free(root);
    arena_free(arena);
    scratch_done(&scratch);
    return 0;
}

static struct str join(struct str a, struct str b)
{
    return str_of(arena_printf(arena, "%.*s%.*s", STR_PRINT(a), STR_PRINT(b)));
}

static struct str pem_of(const struct test_identity *of)
{
    return identity_pem(of, arena);
}

/* A file of issuers. */
static const char *believed(struct str pem)
{
    return certificates_file(scratch.directory, pem, arena);
}

static enum certificate_worth judge(struct str pem, const char *ca_file, int64_t at)
{
    static const char *const hosts[] = {"other.example", "signer.example", NULL};
    struct certificate_rule rule = {.hosts = hosts, .ca_file = ca_file, .at = at};
    struct certificate *certificate = NULL;
    enum certificate_worth worth = CERTIFICATE_BROKEN;

    assert_int_equal(certificate_read(pem, &certificate), OK);
    assert_int_equal(certificate_judge(certificate, &rule, &worth), OK);
    certificate_free(certificate);
    return worth;
}

static void a_chain_that_holds(void **state)
{
    struct str chain = join(pem_of(leaf), pem_of(middle));
    const char *roots = believed(pem_of(root));

    (void)state;
    assert_int_equal(judge(chain, roots, NOW), CERTIFICATE_GOOD);
    assert_int_equal(judge(join(chain, pem_of(root)), roots, NOW), CERTIFICATE_GOOD);
    /* the issuer in between is missing, or is all that is believed */
    assert_int_equal(judge(pem_of(leaf), roots, NOW), CERTIFICATE_UNKNOWN_ISSUER);
    assert_int_equal(judge(pem_of(leaf), believed(pem_of(middle)), NOW), CERTIFICATE_GOOD);
}

static void dates(void **state)
{
    struct str chain = join(pem_of(leaf), pem_of(middle));
    const char *roots = believed(pem_of(root));

    (void)state;
    assert_int_equal(judge(chain, roots, NOW - DAY), CERTIFICATE_GOOD);
    assert_int_equal(judge(chain, roots, NOW - DAY - 1), CERTIFICATE_OUT_OF_DATE);
    assert_int_equal(judge(chain, roots, NOW + DAY + 1), CERTIFICATE_OUT_OF_DATE);
}

static void those_nobody_vouches_for(void **state)
{
    struct test_identity *alone = identity("signer.example", NULL, false);
    struct test_identity *other_root = identity("Root", NULL, true);
    struct test_identity *other = identity("signer.example", other_root, false);
    struct test_identity *elsewhere = identity("Elsewhere", NULL, true);
    struct test_identity *foreign = identity("signer.example", elsewhere, false);
    struct test_identity *other_leaf = identity("other.example", root, false);
    struct test_identity *by_leaf = identity("signer.example", other_leaf, false);
    const char *roots = believed(pem_of(root));

    (void)state;
    assert_int_equal(judge(pem_of(alone), roots, NOW), CERTIFICATE_SELF_SIGNED);
    /* the name of an issuer we believe, another key */
    assert_int_equal(judge(join(pem_of(other), pem_of(other_root)), roots, NOW),
                     CERTIFICATE_BROKEN);
    /* an issuer of its own, sent along */
    assert_int_equal(judge(join(pem_of(foreign), pem_of(elsewhere)), roots, NOW),
                     CERTIFICATE_UNKNOWN_ISSUER);
    /* a certificate that may not vouch */
    assert_int_equal(judge(join(pem_of(by_leaf), pem_of(other_leaf)), roots, NOW),
                     CERTIFICATE_BROKEN);
    /* the system believes none of them */
    assert_int_not_equal(judge(join(pem_of(leaf), pem_of(middle)), NULL, NOW), CERTIFICATE_GOOD);
    identity_free(by_leaf);
    identity_free(other_leaf);
    identity_free(foreign);
    identity_free(elsewhere);
    identity_free(other);
    identity_free(other_root);
    identity_free(alone);
}

static void names_and_keys(void **state)
{
    static const char *const names[] = {"signer.example.evil", "evil-signer.example", "*.example",
                                        "signer.exampl"};
    const char *roots = believed(pem_of(root));
    struct identity_plan plan = {
        .name = "signer.example", .parent = root, .from_at = NOW, .until_at = NOW};
    static const int weak[] = {1024, 256};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct test_identity *other = identity(names[i], root, false);

        assert_int_equal(judge(pem_of(other), roots, NOW), CERTIFICATE_OTHER_NAME);
        identity_free(other);
    }
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        struct test_identity *other;

        plan.bits = weak[i];
        other = identity_new(&plan);
        assert_int_equal(judge(pem_of(other), roots, NOW), CERTIFICATE_WEAK_KEY);
        identity_free(other);
    }
}

static void texts_that_are_none(void **state)
{
    static const char *const hosts[] = {"signer.example", NULL};
    struct certificate_rule rule = {.hosts = hosts, .ca_file = "/nowhere", .at = NOW};
    const char *encrypted = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
                            "DEK-Info: DES-EDE3-CBC,0123456789ABCDEF\n\nAAAA\n"
                            "-----END CERTIFICATE-----\n";
    struct str many = str_of("");
    struct certificate *certificate = NULL;
    enum certificate_worth worth;

    (void)state;
    assert_int_equal(certificate_read(str_of(""), &certificate), ERR_INPUT);
    assert_int_equal(certificate_read(str_of("<html>"), &certificate), ERR_INPUT);
    /* no question for a password at the terminal */
    assert_int_equal(certificate_read(str_of(encrypted), &certificate), ERR_INPUT);
    for (int i = 0; i <= CERTIFICATE_CHAIN_MAX; i++)
        many = join(many, pem_of(root));
    assert_int_equal(certificate_read(many, &certificate), ERR_INPUT);
    assert_int_equal(certificate_read(pem_of(leaf), &certificate), OK);
    assert_int_equal(certificate_judge(certificate, &rule, &worth), ERR_CONFIG);
    certificate_free(certificate);
}

static bool is_signed(struct str text, struct str signature)
{
    struct certificate *certificate = NULL;
    bool fits = true;

    assert_int_equal(certificate_read(pem_of(leaf), &certificate), OK);
    assert_int_equal(certificate_signed(certificate, text, signature, &fits), OK);
    certificate_free(certificate);
    return fits;
}

static void signatures(void **state)
{
    struct str text = str_of("a|b|c|1"), signature;
    char *bytes;

    (void)state;
    assert_true(base64_read(str_of(identity_sign(leaf, text, arena)), arena, &signature));
    assert_true(is_signed(text, signature));
    assert_false(is_signed(str_of("a|b|c|2"), signature));
    assert_false(is_signed(str_of("a|b|c|1 "), signature));
    assert_false(is_signed(text, str_from(signature.data, signature.len - 1)));
    assert_false(is_signed(text, str_of("")));
    bytes = arena_copy(arena, signature.data, signature.len);
    for (size_t i = 0; i < signature.len; i++) {
        bytes[i] = (char)(bytes[i] ^ 1);
        assert_false(is_signed(text, str_from(bytes, signature.len)));
        bytes[i] = (char)(bytes[i] ^ 1);
    }
    assert_true(base64_read(str_of(identity_sign(middle, text, arena)), arena, &signature));
    assert_false(is_signed(text, signature));
}

static void base64_is_strict(void **state)
{
    /* RFC 4648, section 10 */
    static const char *const good[][2] = {{"", ""},
                                          {"Zg==", "f"},
                                          {"Zm8=", "fo"},
                                          {"Zm9v", "foo"},
                                          {"Zm9vYg==", "foob"},
                                          {"Zm9vYmE=", "fooba"},
                                          {"Zm9vYmFy", "foobar"},
                                          {"+/+/", "\xfb\xff\xbf"}};
    static const char *const bad[] = {
        "Zg",   "Zg=",  "Zm8",      "Zh==", "Zm9=", "Zm9v\n", " Zm9v",
        "Z===", "====", "Zg==Zg==", "-_-_", "Zm9*", "Zm=v",   "="};
    struct str bytes;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(base64_read(str_of(good[i][0]), arena, &bytes));
        assert_true(str_is(bytes, good[i][1]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(base64_read(str_of(bad[i]), arena, &bytes));
    assert_false(base64_read(str_from("Zm\0v", 4), arena, &bytes));
}

static void crc32_is_that_of_gzip(void **state)
{
    (void)state;
    assert_int_equal(crc32_of(str_of("")), 0);
    assert_int_equal(crc32_of(str_of("123456789")), 0xCBF43926);
    assert_int_equal(crc32_of(str_from("\0\0\0\0", 4)), 0x2144DF1C);
    assert_int_equal(crc32_of(str_of("The quick brown fox jumps over the lazy dog")), 0x414FA339);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_that_holds),       cmocka_unit_test(dates),
        cmocka_unit_test(those_nobody_vouches_for), cmocka_unit_test(names_and_keys),
        cmocka_unit_test(texts_that_are_none),      cmocka_unit_test(signatures),
        cmocka_unit_test(base64_is_strict),         cmocka_unit_test(crc32_is_that_of_gzip),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
