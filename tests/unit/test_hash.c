/* Digests, passwords, random bytes. */
#include "support/scratch.h"

#include "base/hash.h"
#include "base/random.h"

#include <dlfcn.h>
#include <openssl/evp.h>

static int scrypt_calls;
static uint64_t scrypt_cost; /* of the last one: N * r * p */

/* Stands before OpenSSL's own, which it calls: counts the work that is done. */
int EVP_PBE_scrypt(const char *password, size_t password_len, const unsigned char *salt,
                   size_t salt_len, uint64_t cost, uint64_t block, uint64_t lanes,
                   uint64_t memory_max, unsigned char *key, size_t key_len)
{
    static int (*real)(const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t,
                       uint64_t, uint64_t, unsigned char *, size_t);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "EVP_PBE_scrypt");
    require(real);
    scrypt_calls++;
    scrypt_cost = cost * block * lanes;
    return real(password, password_len, salt, salt_len, cost, block, lanes, memory_max, key,
                key_len);
}

static void digests(void **state)
{
    unsigned char hash[HASH_LEN];
    char hex[HASH_HEX_MAX];

    (void)state;
    assert_int_equal(hash_sha256(str_of("abc"), hash), OK);
    hash_hex(hash, HASH_LEN, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(hash_sha256((struct str){0}, hash), OK);
    hash_hex(hash, HASH_LEN, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* RFC 4231, case 2. */
    assert_int_equal(
        hash_hmac_sha256(str_of("Jefe"), str_of("what do ya want for nothing?"), hash), OK);
    hash_hex(hash, HASH_LEN, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hexadecimal(void **state)
{
    unsigned char bytes[4] = {0};

    (void)state;
    assert_true(hash_unhex(str_of("00fF10a9"), bytes, 4));
    assert_memory_equal(bytes, "\x00\xff\x10\xa9", 4);
    assert_false(hash_unhex(str_of("00ff10a"), bytes, 4));
    assert_false(hash_unhex(str_of("00ff10a9 "), bytes, 4));
    assert_false(hash_unhex(str_of("00ff10ag"), bytes, 4));
    assert_false(hash_unhex(str_of("0x112233"), bytes, 4));
    assert_true(hash_equal(str_of("abc"), str_of("abc")));
    assert_false(hash_equal(str_of("abc"), str_of("abd")));
    assert_false(hash_equal(str_of("abc"), str_of("ab")));
    assert_true(hash_equal(str_of(""), (struct str){0}));
}

/* RFC 7914, section 12, cases 2 to 4: what stands in the database opens with other programs'
 * hashes. */
static void scrypt_vectors(void **state)
{
    static const struct {
        const char *password, *phc;
    } vectors[] = {
        /* 32 of the 64 bytes of each vector: scrypt's output is a prefix of a longer one. */
        {"password", "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"},
        {"pleaseletmein", "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
                          "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        bool matches = false, outdated = false;

        assert_int_equal(
            password_verify(str_of(vectors[i].password), vectors[i].phc, &matches, &outdated), OK);
        assert_true(matches);
        assert_true(outdated);
        assert_true(password_outdated(vectors[i].phc));
        assert_int_equal(password_verify(str_of("x"), vectors[i].phc, &matches, &outdated), OK);
        assert_false(matches);
    }
}

static void a_password_and_its_hash(void **state)
{
    static const char with_nul[] = "mot de passe\0 et suite";
    struct str password = str_from(with_nul, sizeof(with_nul) - 1);
    char first[PASSWORD_HASH_MAX], second[PASSWORD_HASH_MAX];
    bool matches = false, outdated = true;

    (void)state;
    assert_int_equal(password_hash(password, first), OK);
    assert_int_equal(password_hash(password, second), OK);
    assert_string_not_equal(first, second);
    assert_int_equal(strncmp(first, "$scrypt$ln=17,r=8,p=1$", 22), 0);
    scrypt_calls = 0;
    assert_int_equal(password_verify(password, first, &matches, &outdated), OK);
    assert_true(matches && !outdated);
    assert_int_equal(scrypt_calls, 1);
    assert_true(scrypt_cost == UINT64_C(1) << 20);
    assert_false(password_outdated(first));
    /* Not cut at the NUL. */
    assert_int_equal(password_verify(str_of(with_nul), first, &matches, &outdated), OK);
    assert_false(matches);
    /* Nor the same with a NUL behind, which HMAC would not see. */
    assert_int_equal(
        password_verify(str_from(with_nul, sizeof(with_nul)), first, &matches, &outdated), OK);
    assert_false(matches);
    assert_int_equal(password_hash(str_from(with_nul, sizeof(with_nul)), second), ERR_INPUT);
}

/* A login that does not exist, one without password, one with nonsense: they never match. */
static void no_hash_never_matches(void **state)
{
    static const char *const nothing[] = {
        NULL,
        "",
        "x",
        "$scrypt$ln=17,r=8,p=1$$",
        "$scrypt$ln=0,r=8,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
        "$scrypt$ln=63,r=8,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
        "$argon2id$v=19$m=65536,t=3,p=4$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
        "$scrypt$ln=17,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        bool matches = true, outdated = true;

        scrypt_calls = 0;
        assert_int_equal(password_verify(str_of(""), nothing[i], &matches, &outdated), OK);
        assert_false(matches || outdated);
        /* The same work as for a login that exists: nobody learns which ones do. */
        assert_int_equal(scrypt_calls, 1);
        assert_true(scrypt_cost == UINT64_C(1) << 20);
    }
}

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static void ids_and_tokens(void **state)
{
    enum { COUNT = 100000 };
    int64_t *ids = calloc(COUNT, sizeof(*ids));
    char token[RANDOM_TOKEN_MAX], before[RANDOM_TOKEN_MAX] = "";

    (void)state;
    assert_non_null(ids);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(random_id(&ids[i]), OK);
        assert_true(ids[i] > 0 && (i == 0 || ids[i] > ids[i - 1]));
    }
    qsort(ids, COUNT, sizeof(*ids), compare_ids);
    for (int i = 1; i < COUNT; i++)
        assert_true(ids[i] != ids[i - 1]);
    free(ids);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(random_token(token), OK);
        assert_int_equal(strspn(token, "0123456789abcdef"), 32);
        assert_string_not_equal(token, before);
        memcpy(before, token, sizeof(token));
    }
    assert_int_equal(random_bytes(token, (1 << 20) + 1), ERR_CRYPTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(scrypt_vectors),
        cmocka_unit_test(a_password_and_its_hash),
        cmocka_unit_test(no_hash_never_matches),
        cmocka_unit_test(ids_and_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
