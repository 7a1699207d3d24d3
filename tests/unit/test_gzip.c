/* Files packed and unpacked: the same bytes, or nothing. */
#include "support/scratch.h"

#include <fcntl.h>

#include "base/gzip.h"
#include "base/random.h"

enum { CONTENT_LEN = 300000 };

static struct scratch scratch;
static char packed[SCRATCH_NAME_MAX], plain[SCRATCH_NAME_MAX], back[SCRATCH_NAME_MAX];
static char content[CONTENT_LEN], again[CONTENT_LEN + 1];

static void write_file(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

static size_t read_file(const char *path, char *data, size_t max)
{
    int fd = open(path, O_RDONLY);
    size_t len = 0;
    ssize_t got;

    assert_true(fd >= 0);
    while (len < max && (got = read(fd, data + len, max - len)) > 0)
        len += (size_t)got;
    close(fd);
    return len;
}

static int setup(void **state)
{
    (void)state;
    scratch_init(&scratch);
    snprintf(packed, sizeof(packed), "%s", scratch_path(&scratch, "packed.gz"));
    snprintf(plain, sizeof(plain), "%s", scratch_path(&scratch, "plain"));
    snprintf(back, sizeof(back), "%s", scratch_path(&scratch, "back"));
    memset(content, 'a', sizeof(content));
    assert_int_equal(random_bytes((unsigned char *)content, CONTENT_LEN / 2), OK);
    write_file(plain, content, sizeof(content));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_done(&scratch);
    return 0;
}

static void the_same_bytes_come_back(void **state)
{
    (void)state;
    assert_int_equal(gzip_pack(plain, packed), OK);
    assert_true(scratch_size(&scratch, "packed.gz") < CONTENT_LEN * 3 / 4);
    assert_int_equal(gzip_unpack(packed, back), OK);
    assert_int_equal(read_file(back, again, sizeof(again)), CONTENT_LEN);
    assert_memory_equal(again, content, CONTENT_LEN);
}

static void what_is_not_packed_is_copied(void **state)
{
    (void)state;
    assert_int_equal(gzip_unpack(plain, back), OK);
    assert_int_equal(read_file(back, again, sizeof(again)), CONTENT_LEN);
    assert_memory_equal(again, content, CONTENT_LEN);
}

static void only_their_owner_reads_them(void **state)
{
    struct stat status;

    (void)state;
    assert_int_equal(gzip_pack(plain, packed), OK);
    assert_int_equal(stat(packed, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    write_file(packed, "mine", 4);
    assert_int_equal(gzip_pack(plain, packed), ERR_CONFLICT);
    assert_int_equal(scratch_size(&scratch, "packed.gz"), 4);
    write_file(back, "mine", 4);
    assert_int_equal(gzip_unpack(plain, back), ERR_CONFLICT);
    assert_int_equal(scratch_size(&scratch, "back"), 4);
}

static void a_damaged_file_leaves_nothing(void **state)
{
    size_t len;

    (void)state;
    assert_int_equal(gzip_pack(plain, packed), OK);
    len = read_file(packed, again, sizeof(again));
    write_file(packed, again, len / 2);
    assert_int_equal(gzip_unpack(packed, back), ERR_INPUT);
    assert_int_equal(scratch_size(&scratch, "back"), -1);
    again[len / 3] ^= 1;
    write_file(packed, again, len);
    assert_int_equal(gzip_unpack(packed, back), ERR_INPUT);
    assert_int_equal(scratch_size(&scratch, "back"), -1);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    assert_int_equal(gzip_unpack(packed, back), ERR_IO);
    assert_error_says("packed.gz");
    assert_int_equal(scratch_size(&scratch, "back"), -1);
}

#define GZIP_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GZIP_TEST(the_same_bytes_come_back),      GZIP_TEST(what_is_not_packed_is_copied),
        GZIP_TEST(only_their_owner_reads_them),   GZIP_TEST(nothing_is_overwritten),
        GZIP_TEST(a_damaged_file_leaves_nothing), GZIP_TEST(a_missing_file_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
