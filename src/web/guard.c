#include "web/internal.h"

#include <string.h>

/* ---- where a request comes from ---- */

bool guard_same_origin(const struct web *web, const struct http_request *request)
{
    bool site_known = !str_empty(request->fetch_site), origin_known = !str_empty(request->origin);

    if (site_known && !str_is(request->fetch_site, "same-origin") &&
        !str_is(request->fetch_site, "none"))
        return false;
    if (origin_known && !str_is(request->origin, web->origin))
        return false;
    return site_known || origin_known;
}

const char *guard_origin(const char *url, struct arena *arena)
{
    struct str rest = str_of(url), scheme = str_cut(&rest, ':'), host;
    bool https = str_is(scheme, "https");
    const char *port = https ? ":443" : ":80";
    size_t len = strlen(port);

    rest = str_from(rest.data + 2, rest.len - 2); /* "//" */
    host = str_cut(&rest, '/');
    host = str_cut(&host, '?');
    if (host.len > len && memcmp(host.data + host.len - len, port, len) == 0)
        host.len -= len;
    return arena_printf(arena, "%s://%.*s", https ? "https" : "http", STR_PRINT(host));
}

/* ---- the form token ---- */

/* The only field of that name; the empty slice when it is absent, repeated or badly escaped. */
static struct str lone_field(struct str body, const char *name, struct arena *arena)
{
    struct http_pair pair;
    struct str found = {"", 0};
    int times = 0;
    enum err err;

    while (http_pair_next(&body, arena, &pair, &err))
        if (str_is(pair.name, name)) {
            found = pair.value;
            times++;
        }
    return !err && times == 1 ? found : (struct str){"", 0};
}

/* The same of a multipart form: a part that is no file. */
static struct str lone_part(struct str body, struct str boundary, const char *name)
{
    struct http_multipart form;
    struct http_part part;
    struct str found = {"", 0};
    int times = 0;
    enum err err;

    http_multipart_begin(&form, body, boundary);
    while (http_multipart_next(&form, &part, &err))
        if (str_is(part.name, name)) {
            found = part.is_file ? (struct str){"", 0} : part.content;
            times++;
        }
    return !err && times == 1 ? found : (struct str){"", 0};
}

enum err guard_form_token(const struct page *page, bool *good)
{
    const struct http_request *request = page->request;
    struct str given = str_is(request->content_type, "multipart/form-data")
                           ? lone_part(request->body, request->boundary, WEB_TOKEN_FIELD)
                           : lone_field(request->body, WEB_TOKEN_FIELD, page->arena);

    return session_form_token_check(&page->session, page->route->path, given, good);
}

/* ---- where a browser is sent ---- */

static bool suite_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '/' ||
           byte == '_' || byte == '-';
}

bool guard_suite(struct str path)
{
    if (path.len == 0 || path.len > WEB_SUITE_MAX || path.data[0] != '/')
        return false;
    for (size_t i = 1; i < path.len; i++)
        if (!suite_byte(path.data[i]))
            return false;
    return path.len == 1 || path.data[1] != '/';
}

static bool url_behind(const char *url, const char *start, const char *next)
{
    size_t len = start ? strlen(start) : 0;

    return len > 0 && strncmp(url, start, len) == 0 && url[len] && strchr(next, url[len]);
}

/* PayPal's page for orders, on the host of its older one. */
static bool is_order_page(const char *url, const char *older)
{
    static const char path[] = "/checkoutnow?";
    const char *host = older ? strstr(older, "://") : NULL;
    size_t len = host ? (size_t)(host - older) + 3 + strcspn(host + 3, "/") : 0;

    return len > 0 && strncmp(url, older, len) == 0 &&
           strncmp(url + len, path, sizeof(path) - 1) == 0;
}

bool guard_provider_url(const struct provider_settings *settings, const char *url)
{
    for (const char *each = url; *each; each++)
        if (*each <= ' ' || *each > '~' || *each == '\\')
            return false;
    return url_behind(url, settings->stripe_checkout_url, "/") ||
           url_behind(url, settings->stripe_connect_url, "/") ||
           url_behind(url, settings->paypal_live_webscr_url, "?") ||
           url_behind(url, settings->paypal_sandbox_webscr_url, "?") ||
           is_order_page(url, settings->paypal_live_webscr_url) ||
           is_order_page(url, settings->paypal_sandbox_webscr_url);
}
