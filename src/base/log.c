#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 2048, TEXT_MAX = 1024 };

static _Atomic int threshold = LOG_INFO;
static _Thread_local char request[40];

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

enum err log_level_parse(const char *name, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return OK;
        }
    return fail(ERR_CONFIG, "log level must be debug, info, warning or error");
}

void log_set_request(const char *request_id)
{
    snprintf(request, sizeof(request), "%s", request_id ? request_id : "");
}

/* A JSON string's inside: quotes, backslashes, control and non-ASCII bytes escaped. */
static size_t add_escaped(char *out, size_t len, size_t max, const char *text)
{
    for (; *text && len + 8 < max; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\') {
            out[len++] = '\\';
            out[len++] = (char)byte;
        } else if (byte < 0x20 || byte == 0x7f) {
            len += (size_t)snprintf(out + len, max - len, "\\u%04x", byte);
        } else if (byte >= 0x80) {
            len += (size_t)snprintf(out + len, max - len, "\\\\x%02x", byte);
        } else {
            out[len++] = (char)byte;
        }
    }
    out[len] = '\0';
    return len;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    char line[LINE_MAX_LEN], text[TEXT_MAX], at[32];
    int64_t now_ms = clock_now_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    va_list arguments;
    size_t len;

    if ((int)level < atomic_load(&threshold))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    gmtime_r(&seconds, &utc);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", &utc);
    len = (size_t)snprintf(line, sizeof(line), "{\"at\":\"%s.%03dZ\",\"level\":\"%s\",", at,
                           (int)(now_ms % 1000), level_names[level]);
    if (request[0]) {
        len += (size_t)snprintf(line + len, sizeof(line) - len, "\"request\":\"");
        len = add_escaped(line, len, sizeof(line) - 64, request);
        len += (size_t)snprintf(line + len, sizeof(line) - len, "\",");
    }
    len +=
        (size_t)snprintf(line + len, sizeof(line) - len, "\"event\":\"%.64s\",\"text\":\"", event);
    len = add_escaped(line, len, sizeof(line) - 8, text);
    len += (size_t)snprintf(line + len, sizeof(line) - len, "\"}\n");
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nowhere left to say it */
}

void log_failure(const char *event)
{
    const struct err_record *record = err_last();

    log_line(record->code == ERR_DB || record->code == ERR_INTERNAL || record->code == ERR_CRYPTO
                 ? LOG_ERROR
                 : LOG_WARNING,
             event, "%s: %s (%s:%d)", err_name(record->code), record->text,
             record->file ? record->file : "?", record->line);
}
