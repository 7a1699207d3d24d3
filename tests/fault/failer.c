/*
 * failer: makes a chosen call of a program fail (LD_PRELOAD).
 *
 * It stands between guichet and its libraries and answers for the machine: no memory, a disk that
 * does not read, write or sync, no descriptors, a network that breaks off, another time of day.
 * The file named by GUICHET_FAILER is mapped: a test writes into it what shall fail, and reads
 * from it what did, also after the death of the process.
 *
 * A call is known by its site: its kind and the functions of the program that led to it. In the
 * mode NEXT_SITE the first call whose site has not failed yet fails, and its site is remembered:
 * repeated until nothing fails any more, every site has failed once. SAME_SITE fails the first
 * call of the site that failed last. COUNTED fails the n-th call. LASTING: from that call on,
 * every call of these kinds fails, until armed is 0 again.
 *
 * FOREIGN is memory that a library asked for whose lack is mostly survived: none but SQLite,
 * OpenSSL and jansson, for which it ends the program as it does for us.
 *
 * Under AddressSanitizer (compiled with UNDER_ASAN, loaded before its library) memory is had from
 * the sanitizer.
 *
 * Nothing fails while armed is 0. The time of day is what the machine says plus clock_offset_s,
 * always.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "interpose.h"

enum { FRAMES_MAX = 64, SITES_MAX = 1 << 15, MODULES_MAX = 64, NAMED = 12, TEXT_MAX = 512 };
enum { CHEAP_COST = 1 << 10, NEAR_FRAMES = 12 };

enum kind {
    MEMORY = 1, /* malloc and its like */
    READ = 2,   /* of the database, its log, its index */
    WRITE = 4,  /* the same */
    SYNC = 8,   /* the same */
    OPEN = 16,  /* the same */
    TRUNCATE = 32,
    CONNECT = 64, /* over TCP: a provider */
    SEND = 128,
    RECEIVE = 256,
    RESOLVE = 512,
    ANSWER = 1024,  /* to nginx */
    REQUEST = 2048, /* from nginx */
    ACCEPT = 4096,
    FOREIGN = 8192, /* memory */
    NO_KIND = 0
};

enum mode { NEXT_SITE = 1, COUNTED = 2, SAME_SITE = 3 };

/* The mapped file: little-endian numbers, then text. failer.js reads it. */
struct board {
    uint32_t armed;
    uint32_t mode;
    uint32_t mask;    /* kinds */
    uint32_t left;    /* COUNTED: fails when it reaches 0 */
    uint32_t lasting; /* and all that follow */
    uint32_t depth;   /* functions of the program in a site */
    uint32_t write_errno;
    uint32_t fired; /* how many calls have failed */
    uint32_t kind;  /* of the first of them */
    uint32_t site_count;
    int64_t clock_offset_s;
    uint32_t deadly;           /* the process ends before the call that would fail, by SIGKILL */
    uint32_t cheap_passwords;  /* scrypt takes a hundredth of its time */
    char text[TEXT_MAX];       /* the way to the first of them: offsets into the program */
    uint64_t site;             /* of the first of them; SAME_SITE: the one that shall fail */
    uint64_t sites[SITES_MAX]; /* those that have failed, a hash table; 0: free */
};

struct module {
    uintptr_t begin, end, base;
    int foreign;    /* a library that may go on without memory */
    int is_between; /* this library, which every call comes through, and the sanitizer's */
};

static struct board *board;
static struct module modules[MODULES_MAX]; /* the first one is the program */
static size_t module_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside; /* this thread works for the failer: nothing of that fails */

/* ---- beginning ---- */

static int note_module(struct dl_phdr_info *info, size_t size, void *data)
{
    struct module *module = &modules[module_count];

    (void)size;
    (void)data;
    if (module_count == MODULES_MAX)
        return 1;
    module->base = info->dlpi_addr;
    module->foreign = module_count > 0 && !strstr(info->dlpi_name, "libsqlite3") &&
                      !strstr(info->dlpi_name, "libcrypto") &&
                      !strstr(info->dlpi_name, "libjansson");
    module->is_between = strstr(info->dlpi_name, "failer") || strstr(info->dlpi_name, "libasan");
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
            module->begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            module->end = module->begin + info->dlpi_phdr[i].p_memsz;
        }
    module_count++;
    return 0;
}

__attribute__((constructor)) static void open_board(void)
{
    void *frames[4];

    dl_iterate_phdr(note_module, NULL);
    backtrace(frames, 4); /* loads what it needs */
    board = interpose_board("GUICHET_FAILER", sizeof(*board));
}

/* ---- sites ---- */

static const struct module *module_of(uintptr_t address)
{
    for (size_t i = 0; i < module_count; i++)
        if (address >= modules[i].begin && address < modules[i].end)
            return &modules[i];
    return NULL;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static const struct module *caller_of(uintptr_t address)
{
    const struct module *module = module_of(address);

    return module && module->is_between ? NULL : module;
}

/* The caller of malloc is such a library. */
static int is_foreign(void)
{
    void *frames[NEAR_FRAMES];
    int count = backtrace(frames, NEAR_FRAMES);

    for (int i = 0; i < count; i++) {
        const struct module *module = caller_of((uintptr_t)frames[i]);

        if (module)
            return module->foreign;
    }
    return 0;
}

/* The kind, the place in the library that asked for memory, the functions of ours. */
static uint64_t site_of(enum kind kind, int file, char *text)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    uint64_t hash = mix(UINT64_C(0x6775696368657421), (uint64_t)kind << 8 | (uint64_t)file);
    uint32_t ours = 0;
    size_t len = 0;
    int near = 0;

    text[0] = '\0';
    for (int i = 0; i < count && ours < board->depth; i++) {
        uintptr_t address = (uintptr_t)frames[i];
        const struct module *module = caller_of(address);

        if (module == &modules[0]) {
            ours++;
            hash = mix(hash, address - module->base);
            if (ours <= NAMED)
                len += (size_t)snprintf(text + len, TEXT_MAX - len, "%lx ",
                                        (unsigned long)(address - module->base - 1));
        } else if (kind & (MEMORY | FOREIGN) && module && near == 0) {
            near = 1;
            hash = mix(hash, (uint64_t)(module - modules) << 48 | (address - module->base));
        }
    }
    return hash ? hash : 1;
}

/* True when it has not failed before; from now on it has. With the lock held. */
static int is_new_site(uint64_t site)
{
    uint32_t at = (uint32_t)(site % SITES_MAX);

    if (board->site_count > SITES_MAX / 2)
        return 0;
    while (board->sites[at] && board->sites[at] != site)
        at = (at + 1) % SITES_MAX;
    if (board->sites[at] == site)
        return 0;
    board->sites[at] = site;
    board->site_count++;
    return 1;
}

static int is_chosen(enum kind kind, int file, char *text)
{
    uint64_t site;

    if (board->fired)
        return 0;
    if (board->mode == COUNTED)
        return board->left > 0 && --board->left == 0;
    site = site_of(kind, file, text);
    if (board->mode == SAME_SITE ? site != board->site : !is_new_site(site))
        return 0;
    board->site = site;
    return 1;
}

static int fails_now(enum kind kind, int file)
{
    char text[TEXT_MAX] = "";
    int fails = 0;

    pthread_mutex_lock(&lock);
    if (board->armed && (board->mask & (uint32_t)kind)) {
        fails = (board->fired && board->lasting) || is_chosen(kind, file, text);
        if (fails && board->fired++ == 0) {
            board->kind = (uint32_t)kind;
            memcpy(board->text, text, sizeof(text));
        }
        if (fails && board->deadly)
            syscall(SYS_kill, getpid(), SIGKILL);
    }
    pthread_mutex_unlock(&lock);
    return fails;
}

/* Shall this call fail? errno is what it was. */
static int fails(enum kind kind, int file)
{
    int saved, result;

    if (kind == NO_KIND || !board || inside || !board->armed || !(board->mask & (uint32_t)kind))
        return 0;
    saved = errno;
    inside++;
    result = (kind != FOREIGN || is_foreign()) && fails_now(kind, file);
    inside--;
    errno = saved;
    return result;
}

static int watches(uint32_t kinds)
{
    return board && !inside && board->armed && (board->mask & kinds);
}

/* ---- memory ---- */

#ifdef UNDER_ASAN
#define MEMORY_NEXT(name) NEXT(name)
#else /* dlsym may ask for memory */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
#define MEMORY_NEXT(name) __typeof__(name) *next = __libc_##name
#endif

static int memory_fails(void)
{
    int failed = fails(watches(FOREIGN) ? FOREIGN : MEMORY, 0);

    if (failed)
        errno = ENOMEM;
    return failed;
}

void *malloc(size_t size)
{
    MEMORY_NEXT(malloc);
    return memory_fails() ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
    MEMORY_NEXT(calloc);
    return memory_fails() ? NULL : next(count, size);
}

void *realloc(void *old, size_t size)
{
    MEMORY_NEXT(realloc);
    return memory_fails() ? NULL : next(old, size);
}

/* ---- files ---- */

enum file { NO_FILE, DATABASE, LOG_FILE, INDEX };

static enum file file_named(const char *path, size_t len)
{
    if (interpose_ends_with(path, len, ".db-wal"))
        return LOG_FILE;
    if (interpose_ends_with(path, len, ".db-shm"))
        return INDEX;
    return interpose_ends_with(path, len, ".db") ? DATABASE : NO_FILE;
}

static enum file file_of(int fd)
{
    char path[INTERPOSE_PATH_MAX];
    size_t len = interpose_path(fd, path);

    return file_named(path, len);
}

static int file_fails(enum kind kind, int fd)
{
    enum file file = watches((uint32_t)kind) ? file_of(fd) : NO_FILE;

    return file != NO_FILE && fails(kind, (int)file);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t offset)
{
    NEXT(pread64);
    if (file_fails(READ, fd)) {
        errno = EIO;
        return -1;
    }
    return next(fd, data, len, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
    NEXT(pwrite64);
    if (file_fails(WRITE, fd)) {
        errno = (int)board->write_errno;
        return -1;
    }
    return next(fd, data, len, offset);
}

int fdatasync(int fd)
{
    NEXT(fdatasync);
    if (file_fails(SYNC, fd)) {
        errno = EIO;
        return -1;
    }
    return next(fd);
}

int fsync(int fd)
{
    NEXT(fsync);
    if (file_fails(SYNC, fd)) {
        errno = EIO;
        return -1;
    }
    return next(fd);
}

int ftruncate64(int fd, off64_t len)
{
    NEXT(ftruncate64);
    if (file_fails(TRUNCATE, fd)) {
        errno = EIO;
        return -1;
    }
    return next(fd, len);
}

static int open_fails(const char *path)
{
    enum file file = watches(OPEN) ? file_named(path, strlen(path)) : NO_FILE;

    return file != NO_FILE && fails(OPEN, (int)file);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (open_fails(path)) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (open_fails(path)) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* ---- sockets ---- */

/* A Unix socket without a path is a pair within the process. */
static enum kind socket_kind(int fd, enum kind outside, enum kind nginx)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t len = sizeof(address);
    int saved = errno;

    if (!watches((uint32_t)outside | (uint32_t)nginx))
        return NO_KIND;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        address.sun_family = AF_UNSPEC;
    errno = saved;
    if (address.sun_family == AF_INET || address.sun_family == AF_INET6)
        return outside;
    return address.sun_family == AF_UNIX && address.sun_path[0] ? nginx : NO_KIND;
}

static int socket_fails(int fd, enum kind outside, enum kind nginx)
{
    return fails(socket_kind(fd, outside, nginx), 0);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    NEXT(connect);
    if (address && address->sa_family == AF_INET && fails(CONNECT, 0)) {
        errno = ECONNREFUSED;
        return -1;
    }
    return next(fd, address, len);
}

int accept(int fd, struct sockaddr *address, socklen_t *len)
{
    NEXT(accept);
    if (fails(ACCEPT, 0)) {
        errno = EMFILE;
        return -1;
    }
    return next(fd, address, len);
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (socket_fails(fd, SEND, ANSWER)) {
        errno = EPIPE;
        return -1;
    }
    return syscall(SYS_write, fd, data, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    NEXT(writev);
    if (socket_fails(fd, SEND, ANSWER)) {
        errno = EPIPE;
        return -1;
    }
    return next(fd, parts, count);
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *address,
               socklen_t address_len)
{
    NEXT(sendto);
    if (socket_fails(fd, SEND, ANSWER)) {
        errno = ECONNRESET;
        return -1;
    }
    return next(fd, data, len, flags, address, address_len);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    return sendto(fd, data, len, flags, NULL, 0);
}

ssize_t read(int fd, void *data, size_t len)
{
    if (socket_fails(fd, RECEIVE, REQUEST)) {
        errno = ECONNRESET;
        return -1;
    }
    return syscall(SYS_read, fd, data, len);
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
    NEXT(recv);
    if (socket_fails(fd, RECEIVE, REQUEST)) {
        errno = ECONNRESET;
        return -1;
    }
    return next(fd, data, len, flags);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    NEXT(getaddrinfo);
    if (fails(RESOLVE, 0))
        return EAI_AGAIN;
    return next(node, service, hints, result);
}

/* ---- passwords ---- */

int EVP_PBE_scrypt(const char *password, size_t len, const unsigned char *salt, size_t salt_len,
                   uint64_t cost, uint64_t block, uint64_t lanes, uint64_t memory_max,
                   unsigned char *key, size_t key_len);

/* Half a second for each of a thousand logins would be most of what they take. */
int EVP_PBE_scrypt(const char *password, size_t len, const unsigned char *salt, size_t salt_len,
                   uint64_t cost, uint64_t block, uint64_t lanes, uint64_t memory_max,
                   unsigned char *key, size_t key_len)
{
    NEXT(EVP_PBE_scrypt);
    if (board && board->cheap_passwords && cost > CHEAP_COST)
        cost = CHEAP_COST;
    return next(password, len, salt, salt_len, cost, block, lanes, memory_max, key, key_len);
}

/* ---- the time of day ---- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result;

    NEXT(clock_gettime);
    result = next(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME && board)
        now->tv_sec += board->clock_offset_s;
    return result;
}

time_t time(time_t *out)
{
    struct timespec now = {0, 0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise = {0, 0};

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}
