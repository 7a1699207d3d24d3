#include "http/http.h"

#include <string.h>

static bool header_clean(const char *value)
{
    return strpbrk(value, "\r\n") == NULL;
}

void http_header_add(struct http_response *response, const char *name, const char *value)
{
    require(header_clean(name) && header_clean(value));
    require(response->header_count < HTTP_ANSWER_HEADERS_MAX);
    response->headers[response->header_count].name = arena_string(response->arena, name);
    response->headers[response->header_count].value = arena_string(response->arena, value);
    response->header_count++;
}

static bool location_clean(const char *location)
{
    bool ours = location[0] == '/' && location[1] != '/';

    if (!ours && strncmp(location, "https://", 8) != 0 && strncmp(location, "http://", 7) != 0)
        return false;
    for (; *location; location++)
        if ((unsigned char)*location <= ' ' || *location == 0x7f || *location == '\\')
            return false;
    return true;
}

enum err http_redirect(struct http_response *response, const char *location)
{
    if (!location_clean(location))
        return fail(ERR_INTERNAL, "a redirect to a bad address");
    response->body.len = 0;
    response->status = 303;
    http_header_add(response, "Location", location);
    return OK;
}

void http_cookie_set(struct http_response *response, const char *name, const char *value,
                     int64_t max_age_s)
{
    const char *age = "";

    if (max_age_s >= 0)
        age = arena_printf(response->arena, "; Max-Age=%lld", (long long)max_age_s);
    http_header_add(response, "Set-Cookie",
                    arena_printf(response->arena,
                                 "%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax%s", name, value,
                                 age));
}
