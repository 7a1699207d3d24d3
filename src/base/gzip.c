#include "base/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK_LEN = 1 << 16, OWNER_ONLY = 0600 };

/* ---- files ---- */

static enum err make_new(const char *path, int *fd)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (*fd >= 0)
        return OK;
    return errno == EEXIST ? fail(ERR_CONFLICT, "%s exists already", path)
                           : fail(ERR_IO, "%s: %s", path, strerror(errno));
}

static enum err write_all(int fd, const char *path, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, data, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail(ERR_IO, "%s: %s", path, strerror(errno));
        data += written;
        len -= (size_t)written;
    }
    return OK;
}

/* ---- packing ---- */

static enum err pack_bytes(int source, const char *from, gzFile packed, const char *to)
{
    char chunk[CHUNK_LEN];
    ssize_t got;

    while ((got = read(source, chunk, sizeof(chunk))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(ERR_IO, "%s: %s", from, strerror(errno));
        if (gzwrite(packed, chunk, (unsigned)got) != (int)got)
            return fail(ERR_IO, "%s: %s", to, strerror(errno));
    }
    return OK;
}

static enum err pack(int source, const char *from, int target, const char *to)
{
    gzFile packed = gzdopen(target, "wb");
    enum err err;

    if (!packed) {
        close(target);
        return fail(ERR_IO, "%s cannot be packed", to);
    }
    err = pack_bytes(source, from, packed, to);
    if (gzclose(packed) != Z_OK && !err)
        err = fail(ERR_IO, "%s: %s", to, strerror(errno));
    return err;
}

enum err gzip_pack(const char *from, const char *to)
{
    int target, source = open(from, O_RDONLY | O_CLOEXEC);
    enum err err = source < 0 ? fail(ERR_IO, "%s: %s", from, strerror(errno)) : OK;

    if (!err)
        err = make_new(to, &target);
    if (!err) {
        err = pack(source, from, target, to);
        if (err)
            unlink(to);
    }
    if (source >= 0)
        close(source);
    return err;
}

/* ---- unpacking ---- */

static enum err unpack_bytes(gzFile packed, const char *from, int target, const char *to)
{
    char chunk[CHUNK_LEN];
    enum err err = OK;
    int got = 0;

    while (!err && (got = gzread(packed, chunk, sizeof(chunk))) > 0)
        err = write_all(target, to, chunk, (size_t)got);
    return err || got == 0 ? err : fail(ERR_INPUT, "%s is damaged", from);
}

/* The end of a file that was cut short is known only when it is closed. */
static enum err unpack(int source, const char *from, int target, const char *to)
{
    gzFile packed = gzdopen(source, "rb");
    enum err err;
    int code;

    if (!packed) {
        close(source);
        return fail(ERR_IO, "%s cannot be unpacked", from);
    }
    err = unpack_bytes(packed, from, target, to);
    code = gzclose(packed);
    if (!err && code != Z_OK)
        err = fail(ERR_INPUT, "%s is cut short", from);
    return err;
}

enum err gzip_unpack(const char *from, const char *to)
{
    int target, source = open(from, O_RDONLY | O_CLOEXEC);
    enum err err;

    if (source < 0)
        return fail(ERR_IO, "%s: %s", from, strerror(errno));
    err = make_new(to, &target);
    if (err) {
        close(source);
        return err;
    }
    err = unpack(source, from, target, to);
    close(target);
    if (err)
        unlink(to);
    return err;
}
