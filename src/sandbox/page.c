#include "sandbox/internal.h"

/* Pages load nothing but our own style and icon, and nobody may frame them. A form may lead
 * away: after paying the browser goes back to whoever sent it. */
static const char page_policy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http: https:; "
    "frame-ancestors 'none'; base-uri 'none'";

/* A checkout inside somebody's page is framed by it. */
static const char framed_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self' http: https:; frame-ancestors http: https:; base-uri 'none'";

static enum err answer(struct http_request *request, struct http_response *response, int status,
                       const char *name, const struct template_map *map, const char *policy)
{
    response->status = status;
    response->body.len = 0;
    http_header_add(response, "Cache-Control", "no-store");
    http_header_add(response, "Content-Security-Policy", policy);
    http_header_add(response, "X-Content-Type-Options", "nosniff");
    return template_render(sandbox_of(request)->templates, name, map, &response->body);
}

enum err page_answer(struct http_request *request, struct http_response *response, int status,
                     const char *name, const struct template_map *map)
{
    return answer(request, response, status, name, map, page_policy);
}

enum err page_answer_framed(struct http_request *request, struct http_response *response,
                            int status, const char *name, const struct template_map *map)
{
    return answer(request, response, status, name, map, framed_policy);
}

enum err page_message(struct http_request *request, struct http_response *response, int status,
                      const char *message, const char *back)
{
    struct template_map *map = template_map_new(request->arena);
    static const char *const names[] = {"unknown_page",   "unknown_receiver", "bad_button",
                                        "unknown_client", "unknown_return",   "wrong_state",
                                        "bad_form",       "failure"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        template_set_flag(map, names[i], str_is(str_of(message), names[i]));
    /* Nothing has checked yet where a refused button leads. */
    if (back && (str_starts(str_of(back), "http://") || str_starts(str_of(back), "https://")))
        template_set_text(map, "back", back);
    else
        template_set_none(map, "back");
    return page_answer(request, response, status, "message.html", map);
}

enum err page_fields(struct http_request *request, const struct http_field *fields)
{
    struct http_route route = {
        .method = request->method, .path = "", .fields = fields, .flags = HTTP_OPEN_FIELDS};

    return http_fields_read(request, &route);
}
