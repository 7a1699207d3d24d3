/*
 * killer: ends a program at a chosen call, for good (LD_PRELOAD).
 *
 * It stands between guichet and its libraries and sees what leaves the process: writes and syncs
 * of the database, statements that change it, what is sent to a provider, what is answered to
 * nginx. The file named by GUICHET_KILLER is mapped: a test writes the aim into it and reads what
 * happened from it, also after the death, because the pages are the file's.
 *
 * The aim is up to four stages, each a set of kinds, a count, and how the call's words begin: the
 * count-th call that is such a one, then from there the next stage. At the end of the last one the
 * process gets SIGKILL, before the call or after it. Nothing is counted or noted while `armed` is
 * 0.
 *
 * Each line of the journal: thread, what, detail. A call is noted when it begins and, with
 * "done", when it has ended; what is only read is noted and never counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "interpose.h"

enum { STAGES = 4, LINE_MAX_LEN = 96, LINES_MAX = 8000, DETAIL_MAX = 64, WORDS_MAX = 56 };

/* Kinds, as bits of a stage's mask. */
enum kind {
    LOG_WRITE = 1, /* the write-ahead log */
    LOG_SYNC = 2,
    STATEMENT = 4, /* one that changes the database */
    PROVIDER_SEND = 8,
    ANSWER = 16,         /* to nginx */
    DATABASE_WRITE = 32, /* a checkpoint; no aim counts it */
    DATABASE_SYNC = 64,
    NOT_SEEN = 0
};

/* The mapped file: little-endian numbers of 32 bits, then lines of text. killer.js reads it. */
struct board {
    uint32_t armed, stage_count, stage, after;
    struct {
        uint32_t mask, left;
        char words[WORDS_MAX]; /* ends with 0; empty: whatever the call says */
    } stages[STAGES];
    uint32_t killed, line_count, reserved[6];
    char lines[LINES_MAX][LINE_MAX_LEN];
};

static struct board *board;
/* Has this thread changed the database? A checkpoint touches the log too, but is no step. */
static __thread int is_writer;
/* Has it written to the log what is not synced? A new log's head is synced by itself, before
 * anything of the transaction is in it: neither its write nor its sync is a step. */
static __thread int has_written;
/* Recursive: a statement that is waited for with the lock held may write pages. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

__attribute__((constructor)) static void open_board(void)
{
    board = interpose_board("GUICHET_KILLER", sizeof(*board));
}

/* ---- the journal ---- */

static const char *kind_name(enum kind kind)
{
    switch (kind) {
    case LOG_WRITE:
        return "log write";
    case LOG_SYNC:
        return "log sync";
    case STATEMENT:
        return "statement";
    case PROVIDER_SEND:
        return "send";
    case ANSWER:
        return "answer";
    case DATABASE_WRITE:
        return "database write";
    case DATABASE_SYNC:
        return "database sync";
    default:
        return "";
    }
}

/* With the lock held. */
static void note(const char *what, const char *detail, const char *end)
{
    char text[LINE_MAX_LEN];
    int len;

    if (board->line_count >= LINES_MAX)
        return;
    len = snprintf(text, sizeof(text), "%ld\t%s%s\t%s", (long)syscall(SYS_gettid), what, end,
                   detail);
    for (int i = 0; i < len && i < LINE_MAX_LEN; i++)
        if (text[i] == '\n' || text[i] == '\r')
            text[i] = ' ';
    memcpy(board->lines[board->line_count++], text, sizeof(text));
}

static void note_reading(const char *what, const char *detail)
{
    pthread_mutex_lock(&lock);
    if (board->armed)
        note(what, detail, "");
    pthread_mutex_unlock(&lock);
}

/* ---- the aim ---- */

static void die(void)
{
    board->killed = 1;
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Is this the call? With the lock held. */
static int hits(enum kind kind, const char *detail)
{
    uint32_t stage = board->stage;

    if (stage >= board->stage_count || !(board->stages[stage].mask & (uint32_t)kind))
        return 0;
    if (strncmp(detail, board->stages[stage].words, strlen(board->stages[stage].words)) != 0)
        return 0;
    if (--board->stages[stage].left > 0)
        return 0;
    board->stage++;
    return board->stage == board->stage_count;
}

/* Before a call: true when the process has to die after it, with the lock kept until then. */
static int begin_call(enum kind kind, const char *detail)
{
    int hit = 0;

    pthread_mutex_lock(&lock);
    if (board->armed) {
        note(kind_name(kind), detail, "");
        hit = hits(kind, detail);
        if (hit && !board->after)
            die();
    }
    if (!hit)
        pthread_mutex_unlock(&lock);
    return hit;
}

static void end_call(enum kind kind, const char *detail, int hit)
{
    int saved = errno;

    if (!hit)
        pthread_mutex_lock(&lock);
    if (board->armed)
        note(kind_name(kind), detail, " done");
    if (hit)
        die();
    pthread_mutex_unlock(&lock);
    errno = saved;
}

/* ---- what a descriptor is ---- */

static enum kind file_kind(int fd, enum kind log, enum kind database)
{
    char path[INTERPOSE_PATH_MAX];
    size_t len = interpose_path(fd, path);

    if (interpose_ends_with(path, len, ".db-wal"))
        return is_writer && (log == LOG_WRITE || has_written) ? log : database;
    return interpose_ends_with(path, len, ".db") ? database : NOT_SEEN;
}

/* A Unix socket without a path is a pair within the process. */
static enum kind socket_kind(int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t len = sizeof(address);
    int saved = errno;

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        address.sun_family = AF_UNSPEC;
    errno = saved;
    if (address.sun_family == AF_INET || address.sun_family == AF_INET6)
        return PROVIDER_SEND;
    return address.sun_family == AF_UNIX && address.sun_path[0] ? ANSWER : NOT_SEEN;
}

/* ---- what is said on a socket ---- */

static void copy_words(char *detail, const char *from, size_t len)
{
    size_t i = 0;

    for (; i < len && i < DETAIL_MAX - 1 && from[i] >= ' ' && from[i] <= '~'; i++)
        detail[i] = from[i];
    detail[i] = '\0';
}

/* From the word on to the end of its line. */
static int find_words(char *detail, const void *data, size_t len, const char *word)
{
    const char *start = data;
    const char *found = memmem(data, len, word, strlen(word));

    detail[0] = '\0';
    if (found)
        copy_words(detail, found, len - (size_t)(found - start));
    return found != NULL;
}

static void describe(char *detail, enum kind kind, const void *data, size_t len)
{
    if (kind == ANSWER)
        find_words(detail, data, len, "Status: ");
    else
        copy_words(detail, data, len);
}

static void note_received(int fd, const void *data, ssize_t len)
{
    char detail[DETAIL_MAX];
    int saved = errno;
    enum kind kind = board && board->armed && len > 0 ? socket_kind(fd) : NOT_SEEN;

    if (kind == ANSWER && find_words(detail, data, (size_t)len, "REQUEST_URI/"))
        note_reading("request", detail);
    else if (kind == PROVIDER_SEND && find_words(detail, data, (size_t)len, "HTTP/1.1 "))
        note_reading("received", detail);
    errno = saved;
}

/* ---- files ---- */

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
    enum kind kind = board && board->armed ? file_kind(fd, LOG_WRITE, DATABASE_WRITE) : NOT_SEEN;
    ssize_t result;
    int hit;

    NEXT(pwrite64);
    if (kind == LOG_WRITE && offset == 0)
        kind = DATABASE_WRITE;
    if (kind == NOT_SEEN)
        return next(fd, data, len, offset);
    has_written |= kind == LOG_WRITE;
    hit = begin_call(kind, "");
    result = next(fd, data, len, offset);
    end_call(kind, "", hit);
    return result;
}

int fdatasync(int fd)
{
    enum kind kind = board && board->armed ? file_kind(fd, LOG_SYNC, DATABASE_SYNC) : NOT_SEEN;
    int result, hit;

    NEXT(fdatasync);
    if (kind == NOT_SEEN)
        return next(fd);
    hit = begin_call(kind, "");
    result = next(fd);
    end_call(kind, "", hit);
    has_written = 0;
    return result;
}

int fsync(int fd)
{
    enum kind kind = board && board->armed ? file_kind(fd, LOG_SYNC, DATABASE_SYNC) : NOT_SEEN;
    int result, hit;

    NEXT(fsync);
    if (kind == NOT_SEEN)
        return next(fd);
    hit = begin_call(kind, "");
    result = next(fd);
    end_call(kind, "", hit);
    has_written = 0;
    return result;
}

/* ---- sockets ---- */

/* SQLite writes its files by pwrite64; what comes here is a socket, or nothing of interest. */
ssize_t write(int fd, const void *data, size_t len)
{
    enum kind kind = board && board->armed ? socket_kind(fd) : NOT_SEEN;
    char detail[DETAIL_MAX];
    ssize_t result;
    int hit;

    NEXT(write);
    if (kind == NOT_SEEN)
        return next(fd, data, len);
    describe(detail, kind, data, len);
    hit = begin_call(kind, detail);
    result = next(fd, data, len);
    end_call(kind, detail, hit);
    return result;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    enum kind kind = board && board->armed && count > 0 ? socket_kind(fd) : NOT_SEEN;
    char detail[DETAIL_MAX];
    ssize_t result;
    int hit;

    NEXT(writev);
    if (kind == NOT_SEEN)
        return next(fd, parts, count);
    describe(detail, kind, parts[0].iov_base, parts[0].iov_len);
    hit = begin_call(kind, detail);
    result = next(fd, parts, count);
    end_call(kind, detail, hit);
    return result;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *address,
               socklen_t address_len)
{
    enum kind kind = board && board->armed ? socket_kind(fd) : NOT_SEEN;
    char detail[DETAIL_MAX];
    ssize_t result;
    int hit;

    NEXT(sendto);
    if (kind == NOT_SEEN)
        return next(fd, data, len, flags, address, address_len);
    describe(detail, kind, data, len);
    hit = begin_call(kind, detail);
    result = next(fd, data, len, flags, address, address_len);
    end_call(kind, detail, hit);
    return result;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    return sendto(fd, data, len, flags, NULL, 0);
}

ssize_t read(int fd, void *data, size_t len)
{
    ssize_t result;

    NEXT(read);
    result = next(fd, data, len);
    note_received(fd, data, result);
    return result;
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
    ssize_t result;

    NEXT(recv);
    result = next(fd, data, len, flags);
    note_received(fd, data, result);
    return result;
}

/* ---- statements ---- */

struct sqlite3_stmt;
int sqlite3_step(struct sqlite3_stmt *statement);
const char *sqlite3_sql(struct sqlite3_stmt *statement);
int sqlite3_stmt_readonly(struct sqlite3_stmt *statement);
int sqlite3_stmt_busy(struct sqlite3_stmt *statement);

static int changes_database(struct sqlite3_stmt *statement)
{
    const char *text = statement ? sqlite3_sql(statement) : NULL;

    return text && !sqlite3_stmt_readonly(statement) && strncmp(text, "BEGIN", 5) != 0;
}

/* Counted at its first step only. */
int sqlite3_step(struct sqlite3_stmt *statement)
{
    int changing = board && changes_database(statement);
    char detail[DETAIL_MAX];
    int result, hit;

    NEXT(sqlite3_step);
    is_writer |= changing;
    if (!changing || !board->armed || sqlite3_stmt_busy(statement))
        return next(statement);
    copy_words(detail, sqlite3_sql(statement), DETAIL_MAX);
    hit = begin_call(STATEMENT, detail);
    result = next(statement);
    end_call(STATEMENT, detail, hit);
    return result;
}
