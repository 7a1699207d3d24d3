#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local struct err_record last;

enum err err_record_failure(enum err code, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    last.code = code;
    last.file = file;
    last.line = line;
    va_start(arguments, format);
    vsnprintf(last.text, sizeof(last.text), format, arguments);
    va_end(arguments);
    return code;
}

const struct err_record *err_last(void)
{
    return &last;
}

enum err err_adopt(const struct err_record *record)
{
    last = *record;
    return record->code;
}

const char *err_name(enum err code)
{
    static const char *const names[ERR_COUNT] = {
        [OK] = "ok",
        [ERR_INPUT] = "input",
        [ERR_DENIED] = "denied",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_CONFLICT] = "conflict",
        [ERR_LIMIT] = "limit",
        [ERR_BUSY] = "busy",
        [ERR_TIMEOUT] = "timeout",
        [ERR_NETWORK] = "network",
        [ERR_PROVIDER] = "provider",
        [ERR_DB] = "db",
        [ERR_CRYPTO] = "crypto",
        [ERR_IO] = "io",
        [ERR_CONFIG] = "config",
        [ERR_INTERNAL] = "internal",
    };

    return (unsigned)code < ERR_COUNT ? names[code] : "unknown";
}

void err_abort(const char *file, int line, const char *text)
{
    char message[512];
    int len = snprintf(message, sizeof(message), "guichet: %s:%d: %s\n", file, line, text);

    if (len > 0 && write(STDERR_FILENO, message, (size_t)len) < 0)
        _exit(70);
    abort();
}
