/*
 * err: the one error type of the program.
 *
 * Invariant: a failure is recorded once, where it is born, with its place and its
 * sentence; everybody above passes the code on unchanged. The record belongs to the
 * thread; the dispatcher logs it once and maps the code to an answer.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err {
    OK = 0,
    ERR_INPUT,     /* what came from outside is not acceptable: 400 */
    ERR_DENIED,    /* known, but not allowed: 403 */
    ERR_NOT_FOUND, /* absent, or not visible to the asker: 404 */
    ERR_CONFLICT,  /* another state than the caller assumed: 409 */
    ERR_LIMIT,     /* too large, too many: 413 or 429 */
    ERR_BUSY,      /* a bounded queue is full or a lock was not had: 503, try again */
    ERR_TIMEOUT,   /* the other side did not answer in time: outcome unknown */
    ERR_NETWORK,   /* the other side could not be reached or spoke nonsense: outcome unknown */
    ERR_PROVIDER,  /* the provider answered with a definitive refusal */
    ERR_DB,        /* the database failed */
    ERR_CRYPTO,    /* OpenSSL failed, or a seal is broken */
    ERR_IO,        /* a file or socket failed */
    ERR_CONFIG,    /* a setting is missing or wrong */
    ERR_INTERNAL,  /* a case that should not exist, but is survivable */
    ERR_COUNT
};

enum { ERR_TEXT_MAX = 400 };

/* What is known of the last failure of this thread. */
struct err_record {
    enum err code;
    const char *file; /* static storage */
    int line;
    char text[ERR_TEXT_MAX];
};

/* Records code, place and a printf-like sentence for this thread; returns code.
 * The sentence is for the log and the operator: no secret, no personal data. */
#define fail(code, ...)                                                                           \
    err_same((code), err_record_failure((code), __FILE__, __LINE__, __VA_ARGS__))
enum err err_record_failure(enum err code, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The code that was recorded, in sight of whoever analyses the caller. */
static inline enum err err_same(enum err code, enum err recorded)
{
    (void)recorded;
    return code;
}

/* The record of this thread's last failure; valid until the next one. Never NULL. */
const struct err_record *err_last(void);

/* Makes *record this thread's last failure (the writer hands errors to its callers this way). */
enum err err_adopt(const struct err_record *record);

/* A short static name, "db" or "timeout", for logs. */
const char *err_name(enum err code);

/* Ends the process with a line on stderr: out of memory or a broken invariant. Safe because
 * the only durable effects are transactions and the inbox is replayed. */
_Noreturn void err_abort(const char *file, int line, const char *text);
#define require(condition)                                                                        \
    ((condition) ? (void)0 : err_abort(__FILE__, __LINE__, "broken invariant: " #condition))

#endif
