/*
 * conf: the configuration file, `key = value` a line, `#` comments.
 *
 * Invariant: an unknown key, a repeated key or a bad value stops the start with file:line.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct arena;

enum conf_kind { CONF_TEXT, CONF_INT, CONF_URL };

/* One key the program knows. Exactly the field of its kind is used. */
struct conf_key {
    const char *name;
    enum conf_kind kind;
    const char **text;        /* CONF_TEXT, CONF_URL: where the value goes; holds the default */
    int64_t *number;          /* CONF_INT */
    int64_t minimum, maximum; /* CONF_INT */
    int required;             /* non-zero: must be in the file */
};

/* Reads path into the places that keys names; values live in the arena. CONF_URL must be
 * https, or http on a loopback host (127.0.0.0/8, ::1, localhost), without user, query or
 * fragment; a trailing slash is dropped. ERR_CONFIG with "file:line: reason". */
enum err conf_read(const char *path, const struct conf_key *keys, size_t count,
                   struct arena *arena);
/* The same check for a URL from elsewhere. */
enum err conf_check_url(const char *url);

#endif
