/*
 * Row 28: when a call of the cryptographic library fails, so does what asked for it, and nothing
 * comes out that could be taken for a result. Each function of it stands here in front of the
 * library's own, and refuses at the turn it is told.
 */
#include "support/scratch.h"

#include "association/login.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/seal.h"
#include "base/totp.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { NEVER = -1, CALLS_MAX = 12 };

static int calls, failing = NEVER, scrypt_calls;
static uint64_t scrypt_cost;

static int depth; /* what the library asks of itself is not counted */

static bool refused(void)
{
    return depth == 0 && calls++ == failing;
}

/* A function of the library with the same name and type as the one that asks. */
#define LIBRARY(name)                                                                             \
    ({                                                                                            \
        static __typeof__(&name) own;                                                             \
        if (!own)                                                                                 \
            own = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                     \
        own;                                                                                      \
    })

/* Asks the library, or gives what it gives when it fails. */
#define ASK(failure, name, ...)                                                                   \
    ({                                                                                            \
        __typeof__(name(__VA_ARGS__)) answer = failure;                                           \
        if (!refused()) {                                                                         \
            depth++;                                                                              \
            answer = LIBRARY(name)(__VA_ARGS__);                                                  \
            depth--;                                                                              \
        }                                                                                         \
        answer;                                                                                   \
    })

int RAND_bytes(unsigned char *out, int len)
{
    return ASK(0, RAND_bytes, out, len);
}

int EVP_Digest(const void *data, size_t len, unsigned char *out, unsigned int *out_len,
               const EVP_MD *type, ENGINE *engine)
{
    return ASK(0, EVP_Digest, data, len, out, out_len, type, engine);
}

unsigned char *HMAC(const EVP_MD *type, const void *key, int key_len, const unsigned char *data,
                    size_t len, unsigned char *out, unsigned int *out_len)
{
    return ASK(NULL, HMAC, type, key, key_len, data, len, out, out_len);
}

int EVP_PBE_scrypt(const char *password, size_t len, const unsigned char *salt, size_t salt_len,
                   uint64_t cost, uint64_t block, uint64_t lanes, uint64_t memory_max,
                   unsigned char *out, size_t out_len)
{
    scrypt_calls++;
    scrypt_cost = cost;
    return ASK(0, EVP_PBE_scrypt, password, len, salt, salt_len, cost, block, lanes, memory_max,
               out, out_len);
}

EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void)
{
    return ASK(NULL, EVP_CIPHER_CTX_new);
}

int EVP_EncryptInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
                       const unsigned char *key, const unsigned char *iv)
{
    return ASK(0, EVP_EncryptInit_ex, context, cipher, engine, key, iv);
}

int EVP_EncryptUpdate(EVP_CIPHER_CTX *context, unsigned char *out, int *out_len,
                      const unsigned char *in, int len)
{
    return ASK(0, EVP_EncryptUpdate, context, out, out_len, in, len);
}

int EVP_EncryptFinal_ex(EVP_CIPHER_CTX *context, unsigned char *out, int *len)
{
    return ASK(0, EVP_EncryptFinal_ex, context, out, len);
}

int EVP_DecryptInit_ex(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, ENGINE *engine,
                       const unsigned char *key, const unsigned char *iv)
{
    return ASK(0, EVP_DecryptInit_ex, context, cipher, engine, key, iv);
}

int EVP_DecryptUpdate(EVP_CIPHER_CTX *context, unsigned char *out, int *out_len,
                      const unsigned char *in, int len)
{
    return ASK(0, EVP_DecryptUpdate, context, out, out_len, in, len);
}

int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *context, unsigned char *out, int *len)
{
    return ASK(0, EVP_DecryptFinal_ex, context, out, len);
}

int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *context, int type, int number, void *pointer)
{
    return ASK(0, EVP_CIPHER_CTX_ctrl, context, type, number, pointer);
}

/* ---- what asks ---- */

struct desk {
    struct scratch scratch;
    struct arena *arena;
    struct seal_key *key;
    struct str sealed;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    failing = NEVER;
    scratch_init(&desk->scratch);
    desk->arena = arena_new();
    assert_int_equal(seal_key_create(scratch_path(&desk->scratch, "key")), OK);
    assert_int_equal(seal_key_load(scratch_path(&desk->scratch, "key"), &desk->key), OK);
    assert_int_equal(
        seal_close(desk->key, 7, "api_key", str_of("canary"), desk->arena, &desk->sealed), OK);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    failing = NEVER;
    seal_key_free(desk->key);
    arena_free(desk->arena);
    scratch_done(&desk->scratch);
    free(desk);
    return 0;
}

/* Each task says what it asked for in its last line: nothing may be left of a failure. */
static enum err closes(struct desk *desk)
{
    struct str sealed = {0};
    enum err err = seal_close(desk->key, 7, "api_key", str_of("canary"), desk->arena, &sealed);

    assert_true(err ? sealed.len == 0 : sealed.len > 6);
    return err;
}

static enum err opens(struct desk *desk)
{
    struct str plain = {0};
    enum err err = seal_open(desk->key, 7, "api_key", desk->sealed, desk->arena, &plain);

    assert_true(err ? plain.len == 0 : str_is(plain, "canary"));
    return err;
}

static enum err makes_a_key(struct desk *desk)
{
    const char *path = scratch_path(&desk->scratch, "other");
    enum err err = seal_key_create(path);

    assert_int_equal(access(path, F_OK), err ? -1 : 0);
    unlink(path);
    return err;
}

static enum err reads_a_key(struct desk *desk)
{
    struct seal_key *key = NULL;
    enum err err = seal_key_load(scratch_path(&desk->scratch, "key"), &key);

    assert_true(err ? key == NULL : key != NULL);
    seal_key_free(key);
    return err;
}

static enum err begins(struct desk *desk)
{
    (void)desk;
    return random_begin();
}

static enum err draws(struct desk *desk)
{
    char token[RANDOM_TOKEN_MAX] = "";
    int64_t id = 0;
    enum err err = random_token(token);

    (void)desk;
    if (!err)
        err = random_id(&id);
    assert_true(err ? id == 0 : id > 0);
    return err;
}

static enum err digests(struct desk *desk)
{
    unsigned char out[HASH_LEN];
    enum err err = hash_sha256(str_of("x"), out);

    (void)desk;
    return err ? err : hash_hmac_sha256(str_of("key"), str_of("x"), out);
}

static enum err hashes_a_password(struct desk *desk)
{
    char phc[PASSWORD_HASH_MAX] = "";
    enum err err = password_hash(str_of("un bon mot de passe"), phc);

    (void)desk;
    assert_true(err ? phc[0] == '\0' : phc[0] == '$');
    return err;
}

/* A cheap hash of "secret", as an older version might have left it. */
static const char old_hash[] =
    "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static enum err compares_a_password(struct desk *desk)
{
    bool matches = true, outdated;
    enum err err = password_verify(str_of("secret"), old_hash, &matches, &outdated);

    (void)desk;
    assert_false(matches);
    return err;
}

/* RFC 6238: the code of the seed of its appendix at 59 s. */
static enum err looks_at_a_code(struct desk *desk)
{
    int64_t counter = -1;
    bool matches = true;
    enum err err =
        totp_match(str_of("12345678901234567890"), str_of("287082"), 59, -1, &matches, &counter);

    (void)desk;
    assert_true(matches == (err == OK));
    return err;
}

/* A form that cannot be proven is not one that was forged. */
static enum err looks_at_a_form(struct desk *desk)
{
    static const char token[] = "5c9b01b8c6cf9b9d29f2fd3c2d8f32c7e0a1e4f2d0c8d0b1a8f9be4a8b7a2c11";
    const struct session session = {.csrf_key = {1, 2, 3}};
    bool valid = true;
    enum err err = session_form_token_check(&session, "payer", str_of(token), &valid);

    (void)desk;
    assert_false(valid);
    return err;
}

/* Every call of the library that the task makes is refused once. */
static void each_call_fails(void **state)
{
    static const struct {
        enum err (*task)(struct desk *desk);
        int least; /* calls of the library */
    } tasks[] = {{closes, 7},
                 {opens, 6},
                 {makes_a_key, 1},
                 {reads_a_key, 1},
                 {begins, 1},
                 {draws, 2},
                 {digests, 2},
                 {hashes_a_password, 2},
                 {compares_a_password, 1},
                 {looks_at_a_code, 1},
                 {looks_at_a_form, 1}};

    for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
        int whole;

        failing = NEVER;
        calls = 0;
        assert_int_equal(tasks[i].task(*state), OK);
        whole = calls;
        assert_in_range(whole, tasks[i].least, CALLS_MAX);
        for (int turn = 0; turn < whole; turn++) {
            calls = 0;
            failing = turn;
            assert_int_equal(tasks[i].task(*state), ERR_CRYPTO);
        }
    }
}

/* Row 14: whoever is unknown costs the same work as a wrong password, once. */
static void one_scrypt_for_everybody(void **state)
{
    char known[PASSWORD_HASH_MAX];
    bool matches, outdated;

    (void)state;
    assert_int_equal(password_hash(str_of("le bon"), known), OK);
    for (int i = 0; i < 4; i++) {
        const char *stored = (const char *const[]){known, NULL, "", "nothing that is a hash"}[i];

        scrypt_calls = 0;
        scrypt_cost = 0;
        assert_int_equal(password_verify(str_of("le mauvais"), stored, &matches, &outdated), OK);
        assert_false(matches);
        assert_int_equal(scrypt_calls, 1);
        assert_int_equal(scrypt_cost, 1 << 17);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_call_fails),
        CASE(one_scrypt_for_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
