/*
 * log: one JSON object per line on stderr.
 *
 * Invariant: no secret, password, session value or e-mail address in a line; control bytes
 * are escaped. (security.md rows 61, 62.)
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Lines below the level are dropped. Default LOG_INFO. */
void log_set_level(enum log_level level);
/* Reads "debug", "info", "warning" or "error"; ERR_CONFIG otherwise. */
enum err log_level_parse(const char *name, enum log_level *level);
/* The request or job id that this thread's next lines carry; NULL for none. Copied. */
void log_set_request(const char *request_id);
/* {"at":"...","level":"...","request":"...","event":event,"text":...} in one write. event is
 * a short static word such as "hook.signature"; the rest is printf-like. */
void log_line(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Logs this thread's last failure (err_last) once, with its code and place. */
void log_failure(const char *event);

#endif
