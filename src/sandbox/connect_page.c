#include "sandbox/connect.h"

#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* What /oauth/authorize is asked with; anything else is ignored, as Stripe does. */
static const struct http_field fields[] = {
    {.name = "response_type", .type = HTTP_TEXT, .max = 40},
    {.name = "client_id", .type = HTTP_TEXT, .max = 255},
    {.name = "scope", .type = HTTP_TEXT, .max = 40},
    {.name = "redirect_uri", .type = HTTP_TEXT, .max = 2048},
    {.name = "state", .type = HTTP_TEXT, .max = 500},
    {.name = "stripe_user[email]", .type = HTTP_TEXT, .max = 800},
    {.name = "account", .type = HTTP_TEXT, .max = 255},
    {.name = "outcome",
     .type = HTTP_CHOICE,
     .max = 40,
     .choices = "approve|access_denied|invalid_client|invalid_grant|invalid_request|"
                "invalid_scope|unsupported_grant_type|unsupported_response_type|temporarily_away"},
    {.name = NULL},
};

/* One visit of the page of consent. */
struct consent {
    struct http_request *request;
    struct http_response *response;
    json_t *platform;
    const char *client_id;
    const char *back; /* redirect_uri, registered */
    const char *state;
};

static const char *given(const struct http_request *request, const char *name)
{
    return str_copy(request->arena, http_field_text(request, name));
}

static bool registered(const json_t *platform, const char *uri)
{
    const json_t *uris = json_object_get(platform, "redirect_uris");

    for (size_t i = 0; i < json_array_size(uris); i++)
        if (!strcmp(json_string_value(json_array_get(uris, i)), uri))
            return true;
    return false;
}

/* A browser is sent nowhere for a client or an address that is not registered: *shown. */
static enum err begin(struct consent *consent, bool *shown)
{
    struct http_request *request = consent->request;
    enum err err = page_fields(request, fields);

    *shown = true;
    if (err)
        return err;
    consent->client_id = given(request, "client_id");
    consent->back = given(request, "redirect_uri");
    consent->state = given(request, "state");
    err = row_find(sandbox_db(request), SQ_CONNECT_PLATFORM_FIND,
                   DB_VALUES(db_text(consent->client_id)), &consent->platform);
    if (err)
        return err;
    if (!consent->platform)
        return page_message(request, consent->response, 400, "unknown_client", NULL);
    if (!registered(consent->platform, consent->back))
        return page_message(request, consent->response, 400, "unknown_return", NULL);
    *shown = false;
    return OK;
}

static void add_parameter(struct buffer *url, const char *name, const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    buffer_printf(url, "%c%s=", memchr(url->data, '?', url->len) ? '&' : '?', name);
    for (; *value; value++)
        if (strchr(plain, *value))
            buffer_add_byte(url, *value);
        else
            buffer_printf(url, "%%%02X", (unsigned)(unsigned char)*value);
}

static enum err go_back(struct consent *consent, const char *const parameters[][2], size_t count)
{
    struct buffer url;

    buffer_init(&url, consent->request->arena, 256);
    buffer_add_text(&url, consent->back);
    for (size_t i = 0; i < count; i++)
        add_parameter(&url, parameters[i][0], parameters[i][1]);
    if (*consent->state)
        add_parameter(&url, "state", consent->state);
    return http_redirect(consent->response, url.data);
}

static enum err go_back_with_error(struct consent *consent, const char *code)
{
    const char *words = !strcmp(code, "access_denied") ? "The user denied your request"
                                                       : "The practice provider says so";
    const char *const parameters[][2] = {{"error", code}, {"error_description", words}};

    return go_back(consent, parameters, 2);
}

/* ---- the page ---- */

static enum err show(struct consent *consent)
{
    struct http_request *request = consent->request;
    struct template_map *map = template_map_new(request->arena);
    struct template_list *list = template_set_list(map, "accounts");
    json_auto_t *rows = NULL;
    enum err err = row_list(sandbox_db(request), SQ_CONNECT_ACCOUNT_LIST,
                            DB_VALUES(db_text(consent->client_id)), &rows);

    if (err)
        return err;
    template_set_text(map, "platform", row_text(consent->platform, "name"));
    template_set_flag(map, "live", row_flag(consent->platform, "livemode"));
    template_set_text(map, "client_id", consent->client_id);
    template_set_text(map, "back", consent->back);
    template_set_text(map, "state", consent->state);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct template_map *line = template_list_add(list);

        template_set_text(line, "id", row_text(row, "id"));
        template_set_text(line, "name", row_text(row, "name"));
        template_set_text(line, "currency", row_text(row, "currency"));
        template_set_flag(line, "linked", row_flag(row, "linked"));
    }
    return page_answer(request, consent->response, 200, "authorize.html", map);
}

enum err connect_page_handler(struct http_request *request, struct http_response *response)
{
    struct consent consent = {.request = request, .response = response};
    bool shown = false;
    enum err err = begin(&consent, &shown);

    if (!err && !shown && !str_is(http_field_text(request, "response_type"), "code"))
        err = go_back_with_error(&consent, "unsupported_response_type");
    else if (!err && !shown && !str_is(http_field_text(request, "scope"), "read_write"))
        err = go_back_with_error(&consent, "invalid_scope");
    else if (!err && !shown)
        err = show(&consent);
    json_decref(consent.platform);
    return err;
}

/* ---- the answer ---- */

struct coding {
    const char *code;
    const char *client_id;
    const char *account;
    int64_t now;
};

static enum err add_code(struct db *db, void *argument)
{
    const struct coding *coding = argument;
    json_auto_t *account = NULL;
    enum err err = row_need(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(coding->account)),
                            "account", &account);

    return err ? err
               : db_run(db, SQ_CONNECT_CODE_ADD,
                        DB_VALUES(db_text(coding->code), db_text(coding->client_id),
                                  db_text(coding->account), db_int(coding->now)));
}

static enum err approve(struct consent *consent)
{
    struct sandbox *sandbox = sandbox_of(consent->request);
    struct coding coding = {.client_id = consent->client_id,
                            .account = given(consent->request, "account"),
                            .now = sandbox_now(sandbox)};
    enum err err = id_make(consent->request->arena, "ac_", 32, &coding.code);

    if (!err)
        err = sandbox_write(sandbox, add_code, &coding);
    if (err)
        return err;
    const char *const parameters[][2] = {{"scope", "read_write"}, {"code", coding.code}};

    return go_back(consent, parameters, 2);
}

enum err connect_answer_handler(struct http_request *request, struct http_response *response)
{
    struct consent consent = {.request = request, .response = response};
    bool shown = false;
    enum err err = begin(&consent, &shown);
    struct str outcome = http_field_text(request, "outcome");

    if (!err && !shown && str_is(outcome, "approve"))
        err = approve(&consent);
    else if (!err && !shown && !str_empty(outcome))
        err = go_back_with_error(&consent, str_copy(request->arena, outcome));
    else if (!err && !shown)
        err = show(&consent);
    json_decref(consent.platform);
    return err;
}
