#include "http/http.h"

#include <string.h>

/* Matches "/recettes/{}" against a path; {} takes one whole segment. */
static bool match(const char *pattern, struct str path, struct str parts[HTTP_PATH_PARTS_MAX])
{
    struct str wanted = str_of(pattern);
    size_t count = 0;

    while (wanted.data && path.data) {
        struct str piece = str_cut(&wanted, '/'), segment = str_cut(&path, '/');

        if (str_is(piece, "{}")) {
            if (str_empty(segment) || count == HTTP_PATH_PARTS_MAX)
                return false;
            parts[count++] = segment;
        } else if (!str_equal(piece, segment)) {
            return false;
        }
    }
    return !wanted.data && !path.data;
}

/* Most routes differ in their first letters. */
static bool begins_alike(const char *pattern, struct str path)
{
    size_t i = 0;

    while (pattern[i] && pattern[i] != '{' && i < path.len && pattern[i] == path.data[i])
        i++;
    return !pattern[i] || pattern[i] == '{';
}

enum err http_route_find(const struct http_route *routes, size_t count,
                         struct http_request *request, const struct http_route **route,
                         unsigned *methods_allowed)
{
    struct str parts[HTTP_PATH_PARTS_MAX];

    *route = NULL;
    *methods_allowed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!begins_alike(routes[i].path, request->path))
            continue;
        memset(parts, 0, sizeof(parts));
        if (!match(routes[i].path, request->path, parts))
            continue;
        *methods_allowed |= routes[i].method;
        if (routes[i].method == request->method && !*route) {
            *route = &routes[i];
            memcpy(request->path_parts, parts, sizeof(parts));
        }
    }
    if (*route)
        return OK;
    return *methods_allowed ? fail(ERR_DENIED, "another method is allowed here")
                            : fail(ERR_NOT_FOUND, "no such page");
}
