/*
 * power-recorder: writes down, in order, what a program asks of the disk (LD_PRELOAD).
 *
 * It stands between guichet and the C library and notes in the file named by GUICHET_RECORD every
 * write, truncation and unlinking of the database and of its log, with the bytes, and each sync
 * twice: when it was asked for and when it was done. Who talks to the program appends to the same
 * file what was acknowledged; so there is one order of all. What is mapped (the index of the log)
 * is not noted: it is made anew after a loss of power.
 *
 * A write is noted before it is made, under a lock: what a sync can have covered was noted before
 * the sync was asked for. power.c reads the file.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "power.h"

static int record_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void open_record(void)
{
    const char *path = getenv("GUICHET_RECORD");

    if (path)
        record_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

/* What the next library in the order of loading has under that name. */
static void *next_symbol(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (!symbol)
        abort();
    return symbol;
}

#define NEXT(name)                                                                                \
    static __typeof__(name) *next;                                                                \
    if (!next)                                                                                    \
    *(void **)&next = next_symbol(#name)

/* ---- what is meant ---- */

static int ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);

    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

static enum power_file file_of_path(const char *path, size_t len)
{
    if (ends_with(path, len, "guichet.db"))
        return POWER_DATABASE;
    return ends_with(path, len, "guichet.db-wal") ? POWER_LOG : POWER_NO_FILE;
}

static enum power_file file_of(int fd)
{
    char link[64], path[512];
    int saved = errno;
    ssize_t len = -1;
    struct stat status;
    enum power_file file = POWER_NO_FILE;

    if (record_fd >= 0) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        len = readlink(link, path, sizeof(path));
    }
    if (len > 0)
        file = file_of_path(path, (size_t)len);
    if (len > 0 && file == POWER_NO_FILE && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        file = POWER_FOLDER;
    errno = saved;
    return file;
}

/* One append: whole, whoever else appends. */
static void note(enum power_kind kind, enum power_file file, int64_t offset, const void *data,
                 size_t len)
{
    struct power_record record = {.magic = POWER_MAGIC,
                                  .kind = (uint8_t)kind,
                                  .file = (uint8_t)file,
                                  .thread = (uint32_t)syscall(SYS_gettid),
                                  .offset = offset,
                                  .len = (int64_t)len};
    struct iovec parts[] = {{&record, sizeof(record)}, {(void *)(uintptr_t)data, len}};
    int saved = errno;

    if (len % 8 != 0 || writev(record_fd, parts, len ? 2 : 1) != (ssize_t)(sizeof(record) + len))
        abort();
    errno = saved;
}

/* ---- calls ---- */

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
    enum power_file file = file_of(fd);
    ssize_t result;

    NEXT(pwrite64);
    if (file != POWER_DATABASE && file != POWER_LOG)
        return next(fd, data, len, offset);
    pthread_mutex_lock(&lock);
    note(POWER_WRITE, file, offset, data, len);
    result = next(fd, data, len, offset);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    return pwrite64(fd, data, len, offset);
}

int ftruncate64(int fd, off64_t size)
{
    enum power_file file = file_of(fd);
    int result;

    NEXT(ftruncate64);
    if (file != POWER_DATABASE && file != POWER_LOG)
        return next(fd, size);
    pthread_mutex_lock(&lock);
    note(POWER_TRUNCATE, file, size, NULL, 0);
    result = next(fd, size);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

int unlink(const char *path)
{
    enum power_file file = record_fd >= 0 ? file_of_path(path, strlen(path)) : POWER_NO_FILE;
    int result;

    NEXT(unlink);
    if (file == POWER_NO_FILE)
        return next(path);
    pthread_mutex_lock(&lock);
    note(POWER_UNLINK, file, 0, NULL, 0);
    result = next(path);
    pthread_mutex_unlock(&lock);
    return result;
}

/* Others go on writing meanwhile: what they note after the first line is not covered. */
static int sync_noted(int fd, int (*next)(int))
{
    enum power_file file = file_of(fd);
    int result;

    if (file == POWER_NO_FILE)
        return next(fd);
    note(POWER_SYNC_ASKED, file, 0, NULL, 0);
    result = next(fd);
    if (result == 0)
        note(POWER_SYNC_DONE, file, 0, NULL, 0);
    return result;
}

int fdatasync(int fd)
{
    NEXT(fdatasync);
    return sync_noted(fd, next);
}

int fsync(int fd)
{
    NEXT(fsync);
    return sync_noted(fd, next);
}
