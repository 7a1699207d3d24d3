/* Secrets at rest: any changed byte, any other place, any other key fails closed. */
#include "support/scratch.h"

#include "base/arena.h"
#include "base/seal.h"

struct desk {
    struct scratch scratch;
    struct arena *arena;
    struct seal_key *key;
};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    assert_non_null(desk);
    scratch_init(&desk->scratch);
    desk->arena = arena_new();
    assert_int_equal(seal_key_create(scratch_path(&desk->scratch, "key")), OK);
    assert_int_equal(seal_key_load(scratch_path(&desk->scratch, "key"), &desk->key), OK);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;

    seal_key_free(desk->key);
    arena_free(desk->arena);
    scratch_done(&desk->scratch);
    free(desk);
    return 0;
}

static void it_opens_again(void **state)
{
    static const char *const secrets[] = {"", "x", "sk_test_canary", "avec accents é"};
    struct desk *desk = *state;

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        struct str sealed = {0}, opened = {0};

        assert_int_equal(
            seal_close(desk->key, 7, "api_key", str_of(secrets[i]), desk->arena, &sealed), OK);
        assert_true(secrets[i][0] == '\0' || strlen(secrets[i]) < 3 ||
                    !memmem(sealed.data, sealed.len, secrets[i], strlen(secrets[i])));
        assert_int_equal(seal_open(desk->key, 7, "api_key", sealed, desk->arena, &opened), OK);
        assert_true(str_is(opened, secrets[i]));
    }
}

static void each_changed_byte_is_seen(void **state)
{
    struct desk *desk = *state;
    struct str sealed = {0}, opened = {0};

    assert_int_equal(
        seal_close(desk->key, 7, "api_key", str_of("sk_test_canary"), desk->arena, &sealed), OK);
    for (size_t i = 0; i < sealed.len; i++) {
        char *changed = arena_copy(desk->arena, sealed.data, sealed.len);

        changed[i] = (char)(changed[i] ^ 0x10);
        assert_int_equal(seal_open(desk->key, 7, "api_key", str_from(changed, sealed.len),
                                   desk->arena, &opened),
                         ERR_CRYPTO);
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(
            seal_open(desk->key, 7, "api_key", str_from(sealed.data, len), desk->arena, &opened),
            ERR_CRYPTO);
}

static void another_place_does_not_open(void **state)
{
    struct desk *desk = *state;
    struct str sealed = {0}, opened = {0};
    struct seal_key *other = NULL;

    assert_int_equal(
        seal_close(desk->key, 7, "api_key", str_of("sk_test_canary"), desk->arena, &sealed), OK);
    assert_int_equal(seal_open(desk->key, 8, "api_key", sealed, desk->arena, &opened), ERR_CRYPTO);
    assert_int_equal(seal_open(desk->key, 7, "webhook", sealed, desk->arena, &opened), ERR_CRYPTO);
    assert_int_equal(seal_key_create(scratch_path(&desk->scratch, "other")), OK);
    assert_int_equal(seal_key_load(scratch_path(&desk->scratch, "other"), &other), OK);
    assert_string_not_equal(seal_key_id(other), seal_key_id(desk->key));
    assert_int_equal(seal_open(other, 7, "api_key", sealed, desk->arena, &opened), ERR_CRYPTO);
    seal_key_free(other);
}

/* The same secret twice: nothing alike but the version and the key's id. */
static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 12);
}

/* No initial value comes twice, in a million. (security.md row 25) */
static void each_seal_has_its_own_start(void **state)
{
    enum { HEAD = 9, IV = 12, TIMES = 1000000, ROUND = 1000 };
    struct desk *desk = *state;
    char(*seen)[IV] = calloc(TIMES, IV);

    assert_non_null(seen);
    for (int done = 0; done < TIMES; done += ROUND) {
        struct arena *arena = arena_new();

        for (int i = done; i < done + ROUND; i++) {
            struct str sealed = {0};

            assert_int_equal(seal_close(desk->key, 7, "api_key", str_of("x"), arena, &sealed), OK);
            memcpy(seen[i], sealed.data + HEAD, IV);
        }
        arena_free(arena);
    }
    qsort(seen, TIMES, IV, by_bytes);
    for (int i = 1; i < TIMES; i++)
        if (by_bytes(seen[i - 1], seen[i]) >= 0)
            assert_memory_not_equal(seen[i - 1], seen[i], IV);
    free(seen);
}

static void key_files_are_private(void **state)
{
    struct desk *desk = *state;
    struct seal_key *key = NULL;
    const char *path = scratch_path(&desk->scratch, "key");
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0400);
    assert_int_equal(seal_key_create(path), ERR_IO); /* never overwritten */
    assert_int_equal(chmod(path, 0440), 0);
    assert_int_equal(seal_key_load(path, &key), ERR_CONFIG);
    assert_int_equal(chmod(path, 0404), 0);
    assert_int_equal(seal_key_load(path, &key), ERR_CONFIG);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(seal_key_load(path, &key), OK);
    seal_key_free(key);
    assert_int_equal(seal_key_load(desk->scratch.directory, &key), ERR_CONFIG);
    assert_null(key);
    assert_int_equal(seal_key_load(scratch_path(&desk->scratch, "none"), &key), ERR_CONFIG);
}

static void what_is_no_key_file_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "00", "zz00000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000"};
    struct desk *desk = *state;
    struct seal_key *key = NULL;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *path = scratch_path(&desk->scratch, "bad");
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(seal_key_load(path, &key), ERR_CONFIG);
        assert_null(key);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_opens_again),
        CASE(each_changed_byte_is_seen),
        CASE(another_place_does_not_open),
        CASE(each_seal_has_its_own_start),
        CASE(key_files_are_private),
        CASE(what_is_no_key_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
