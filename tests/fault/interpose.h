/*
 * interpose: what the libraries of this folder that stand between guichet and its own have in
 * common: the function behind theirs, and the file that a test writes into and reads from.
 */
#ifndef FAULT_INTERPOSE_H
#define FAULT_INTERPOSE_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Declares `next`: what the next library in the order of loading has under that name. */
#define NEXT(name)                                                                                \
    static __typeof__(name) *next;                                                                \
    if (!next)                                                                                    \
    *(void **)&next = interpose_next(#name)

static inline void *interpose_next(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (!symbol)
        abort();
    return symbol;
}

/* The file that the environment names by `variable`, shared with the test; NULL without one. Its
 * pages are the file's: they outlive the process. */
static inline void *interpose_board(const char *variable, size_t size)
{
    const char *path = getenv(variable);
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    void *map;

    if (fd < 0)
        return NULL;
    map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map == MAP_FAILED ? NULL : map;
}

static inline int interpose_ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);

    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

enum { INTERPOSE_PATH_MAX = 512 };

/* The path of an open file, without a NUL, and its length; 0 when it has none. errno stays. */
static inline size_t interpose_path(int fd, char path[INTERPOSE_PATH_MAX])
{
    char link[64];
    int saved = errno;
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, INTERPOSE_PATH_MAX);
    errno = saved;
    return len > 0 ? (size_t)len : 0;
}

#endif
