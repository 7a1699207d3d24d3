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

#include "interpose.h"
#include "power.h"

static int record_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void open_record(void)
{
    const char *path = getenv("GUICHET_RECORD");

    if (path)
        record_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

/* ---- what is meant ---- */

static enum power_file file_of_path(const char *path, size_t len)
{
    if (interpose_ends_with(path, len, "guichet.db"))
        return POWER_DATABASE;
    return interpose_ends_with(path, len, "guichet.db-wal") ? POWER_LOG : POWER_NO_FILE;
}

static enum power_file file_of(int fd)
{
    char path[INTERPOSE_PATH_MAX] = "";
    size_t len = record_fd >= 0 ? interpose_path(fd, path) : 0;
    struct stat status;
    enum power_file file = file_of_path(path, len);
    int saved = errno;

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
