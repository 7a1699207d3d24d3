#include "base/conf.h"

#include "base/arena.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024, KEYS_MAX = 64 };

static bool loopback_host(struct str host)
{
    return str_is(host, "localhost") || str_is(host, "[::1]") || str_starts(host, "127.");
}

/* Host characters only: no user, no spaces, no control bytes. */
static bool host_clean(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char byte = host.data[i];

        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= '0' && byte <= '9') || strchr(".-:[]", byte)))
            return false;
    }
    return host.len > 0;
}

/* Nothing, or a colon and digits. */
static bool port_clean(struct str text)
{
    for (size_t i = 1; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len == 0 || text.data[0] == ':';
}

/* The host of an authority, brackets of IPv6 included; false when no proper port follows. */
static bool split_host(struct str authority, struct str *host)
{
    size_t len = str_find(authority, ':');

    if (str_starts(authority, "["))
        len = str_find(authority, ']') + 1;
    if (len > authority.len)
        return false;
    *host = str_from(authority.data, len);
    return port_clean(str_from(authority.data + len, authority.len - len));
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool numeric_dots(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '.' && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
    return text.len > 0;
}

enum err conf_check_url(const char *url)
{
    struct str rest = str_of(url), authority, host;
    bool secure = str_starts(rest, "https://");

    if (!secure && !str_starts(rest, "http://"))
        return fail(ERR_CONFIG, "must begin with https://");
    rest.data += secure ? 8 : 7;
    rest.len -= secure ? 8 : 7;
    if (str_find(rest, '?') < rest.len || str_find(rest, '#') < rest.len ||
        str_find(rest, '\\') < rest.len || str_find(rest, ' ') < rest.len || !printable(url))
        return fail(ERR_CONFIG, "must have no query, fragment, space or backslash");
    authority = str_cut(&rest, '/');
    if (!host_clean(authority) || !split_host(authority, &host) || str_empty(host))
        return fail(ERR_CONFIG, "has no proper host");
    if (!secure && (!loopback_host(host) || (str_starts(host, "127.") && !numeric_dots(host))))
        return fail(ERR_CONFIG, "must be https (http is for loopback hosts only)");
    return OK;
}

static enum err wrong(const char *path, int line, const char *reason, struct str key)
{
    return fail(ERR_CONFIG, "%s:%d: %s: %.*s", path, line, reason, STR_PRINT(key));
}

static enum err set_value(const struct conf_key *key, struct str value, const char *path, int line,
                          struct arena *arena)
{
    char *text = str_copy(arena, value);
    int64_t number;
    size_t len = value.len;

    if (str_empty(value))
        return wrong(path, line, "value is missing", str_of(key->name));
    if (key->kind == CONF_INT) {
        if (!str_to_int64(value, &number) || number < key->minimum || number > key->maximum)
            return fail(ERR_CONFIG, "%s:%d: %s must be a number from %lld to %lld", path, line,
                        key->name, (long long)key->minimum, (long long)key->maximum);
        *key->number = number;
        return OK;
    }
    if (key->kind == CONF_URL) {
        if (conf_check_url(text)) {
            char reason[200];
            snprintf(reason, sizeof(reason), "%.190s", err_last()->text);
            return fail(ERR_CONFIG, "%s:%d: %s %s", path, line, key->name, reason);
        }
        while (len > 0 && text[len - 1] == '/')
            text[--len] = '\0';
    }
    *key->text = text;
    return OK;
}

static enum err read_line(struct str text, const struct conf_key *keys, size_t count, bool *seen,
                          const char *path, int line, struct arena *arena)
{
    struct str name;

    text = str_trim(text);
    if (str_empty(text) || text.data[0] == '#')
        return OK;
    if (str_find(text, '=') == text.len)
        return wrong(path, line, "expected key = value", text);
    name = str_trim(str_cut(&text, '='));
    for (size_t i = 0; i < count; i++) {
        if (!str_is(name, keys[i].name))
            continue;
        if (seen[i])
            return wrong(path, line, "key is repeated", name);
        seen[i] = true;
        return set_value(&keys[i], str_trim(text), path, line, arena);
    }
    return wrong(path, line, "unknown key", name);
}

static enum err read_file(const char *path, struct arena *arena, struct str *text)
{
    FILE *file = fopen(path, "re");
    char *data;
    size_t len;

    if (!file)
        return fail(ERR_CONFIG, "%s: cannot be opened", path);
    data = arena_alloc(arena, FILE_MAX + 1);
    len = fread(data, 1, FILE_MAX + 1, file);
    if (ferror(file) || len > FILE_MAX || memchr(data, '\0', len)) {
        fclose(file);
        return fail(ERR_CONFIG, "%s: is not a configuration file", path);
    }
    fclose(file);
    *text = str_from(data, len);
    return OK;
}

enum err conf_read(const char *path, const struct conf_key *keys, size_t count,
                   struct arena *arena)
{
    bool seen[KEYS_MAX] = {false};
    struct str text;
    enum err err;

    require(count <= KEYS_MAX);
    err = read_file(path, arena, &text);
    for (int line = 1; !err && text.data; line++)
        err = read_line(str_cut(&text, '\n'), keys, count, seen, path, line, arena);
    for (size_t i = 0; !err && i < count; i++)
        if (keys[i].required && !seen[i])
            err = fail(ERR_CONFIG, "%s: key %s is missing", path, keys[i].name);
    return err;
}
