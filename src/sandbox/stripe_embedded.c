#include "sandbox/stripe_embedded.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe_page.h"
#include "sandbox_queries.h"

enum { SCRIPT_MAX = 64 * 1024 };

bool stripe_is_embedded(const json_t *session)
{
    return row_is(json_object_get(session, "parameters"), "ui_mode", "embedded_page");
}

bool stripe_embedded_leaves(const json_t *session)
{
    const char *how = row_text(json_object_get(session, "parameters"), "redirect_on_completion");

    return !how || !strcmp(how, "always");
}

enum err stripe_script_handler(struct http_request *request, struct http_response *response)
{
    const char *path = arena_printf(request->arena, "%s/../../static/sandbox-stripe.js",
                                    sandbox_of(request)->options.templates);
    char *bytes = arena_alloc(request->arena, SCRIPT_MAX);
    FILE *file = fopen(path, "rbe");
    size_t len;

    if (!file)
        return fail(ERR_IO, "%s: cannot be opened", path);
    len = fread(bytes, 1, SCRIPT_MAX, file);
    (void)fclose(file);
    response->status = 200;
    response->content_type = "text/javascript; charset=utf-8";
    http_header_add(response, "Cache-Control", "no-store");
    http_header_add(response, "X-Content-Type-Options", "nosniff");
    response->body.len = 0;
    buffer_add(&response->body, bytes, len);
    return OK;
}

enum err stripe_embedded_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "key", .type = HTTP_TEXT, .max = 255, .required = 1},
        {.name = "account", .type = HTTP_TEXT, .max = 100},
        {.name = NULL},
    };
    json_auto_t *session = NULL;
    struct str account;
    enum err err = page_fields(request, fields);

    if (err)
        return err;
    account = http_field_text(request, "account");
    err =
        row_need(sandbox_db(request), SQ_STRIPE_SESSION_BY_SECRET,
                 DB_VALUES(db_str(request->path_parts[0]), db_str(http_field_text(request, "key")),
                           str_empty(account) ? db_null() : db_str(account)),
                 "session", &session);
    return err ? err : stripe_page_show(request, response, session, NULL, NULL);
}

enum err stripe_embedded_end(struct http_request *request, struct http_response *response,
                             const char *back)
{
    struct template_map *map = template_map_new(request->arena);

    if (back)
        template_set_text(map, "back", back);
    else
        template_set_none(map, "back");
    return page_answer_framed(request, response, 200, "embedded-end.html", map);
}
