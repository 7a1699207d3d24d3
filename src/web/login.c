#include "association/second_factor.h"

#include "web/login.h"
#include "web/password.h"

static const char *const troubles[] = {"is_wrong", "is_throttled"};
enum { TROUBLE_COUNT = sizeof(troubles) / sizeof(troubles[0]) };

/* ---- where to go after ---- */

static const char *door_start(const struct login_door *door)
{
    return door->role == ROLE_MEMBER ? "/panier" : "/accueil";
}

enum err root_get(struct http_request *request, struct http_response *response)
{
    return http_redirect(response, page_start(page_of(request)));
}

/* A page of ours that this role may see. */
static bool may_go_to(struct str path, enum role role)
{
    struct http_request probe = {.method = HTTP_GET, .path = path};
    const struct http_route *route;
    unsigned methods;

    return guard_suite(path) &&
           http_route_find(web_page_routes, web_page_route_count, &probe, &route, &methods) ==
               OK &&
           route->access & (unsigned)ACCESS_UNDECIDED << role;
}

/* ---- the form ---- */

static enum err show_form(struct page *page, int status, const char *trouble)
{
    struct template_map *data = page_data(page, "connexion");
    struct str next = http_field_text(page->request, "suite");

    template_set_str(data, "email", http_field_text(page->request, "email"));
    template_set_str(data, "next", guard_suite(next) ? next : str_of(""));
    page_flags(data, troubles, TROUBLE_COUNT, trouble);
    template_set_flag(data, "in_error", trouble != NULL);
    form_done(page, "choisi|adresse", data);
    return page_render(page, status, "connexion.html", data);
}

enum err login_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);

    if (page->has_session)
        return http_redirect(response, "/");
    return show_form(page, 200, NULL);
}

/* ---- the password ---- */

/* A login: the password, and the session it opens. */
struct entrance {
    struct password_attempt attempt;
    struct session_draft draft;
    bool ends_old;
};

static enum err write_success(struct db *db, void *argument)
{
    const struct entrance *entrance = argument;
    const struct page *page = entrance->attempt.page;
    const struct audit_actor actor = {entrance->attempt.login.id, page_address(page)};
    struct second_factor factor = {0};
    enum err err = password_tried(db, &entrance->attempt);

    if (!err)
        err = second_factor_find(db, actor.login_id, &factor);
    if (!err && factor.active != entrance->draft.half)
        err = fail(ERR_CONFLICT, "the second factor was changed meanwhile");
    if (!err && entrance->ends_old)
        err = session_end(db, page->session.token_hash);
    if (!err)
        err = session_add(db, &entrance->draft);
    if (!err)
        err = login_audit(db, &actor,
                          entrance->draft.half ? "login.password_accepted" : "login.succeeded",
                          actor.login_id);
    return err;
}

/* ---- the session ---- */

/* With one door login leads straight through it; with several, or none, they are shown. */
enum err login_draft(struct page *page, int64_t login_id, struct session_draft *draft)
{
    struct login_door *doors;
    size_t count = 0;
    enum err err = login_doors(page->db, login_id, page->arena, &doors, &count);

    if (!err)
        err = session_secrets(draft);
    if (err)
        return err;
    draft->login_id = login_id;
    draft->door = count == 1 ? &doors[0] : NULL;
    draft->address = page->request->remote_address;
    draft->user_agent = page->request->user_agent;
    draft->now = page->now;
    return OK;
}

/* A second factor is offered to whoever sees real money and never answered. */
static enum err offers(struct page *page, const struct session_draft *draft, bool *offered)
{
    const struct login_door *door = draft->door;
    struct second_factor factor;
    struct association association;
    enum err err;

    *offered = false;
    if (!(ACCESS_MONEY & (unsigned)ACCESS_UNDECIDED << door->role))
        return OK;
    err = second_factor_find(page->db, draft->login_id, &factor);
    if (!err)
        err = association_find(page->db, door->association_id, page->arena, &association);
    *offered = !err && !factor.active && !factor.put_off && association.kind == ASSOCIATION_REAL;
    return err;
}

static const char *code_place(struct page *page, struct str next)
{
    return guard_suite(next)
               ? arena_printf(page->arena, "/connexion/code?suite=%.*s", STR_PRINT(next))
               : "/connexion/code";
}

enum err login_land(struct page *page, const struct session_draft *draft, struct str next)
{
    const struct login_door *door = draft->door;
    const char *location = "/espaces";
    bool offered = false;
    enum err err = door ? offers(page, draft, &offered) : OK;

    if (err)
        return err;
    if (draft->half)
        location = code_place(page, next);
    else if (offered)
        location = "/double-authentification";
    else if (door)
        location = may_go_to(next, door->role) ? str_copy(page->arena, next) : door_start(door);
    http_cookie_set(page->response, WEB_SESSION_COOKIE, draft->cookie, -1);
    return http_redirect(page->response, location);
}

/* The password alone opens half of one when there is a second factor. */
static enum err open_session(struct entrance *entrance)
{
    struct page *page = entrance->attempt.page;
    struct session_draft *draft = &entrance->draft;
    int64_t login_id = entrance->attempt.login.id;
    struct second_factor factor;
    enum err err = login_draft(page, login_id, draft);

    if (!err)
        err = second_factor_find(page->db, login_id, &factor);
    if (err)
        return err;
    draft->half = factor.active;
    if (draft->half)
        draft->door = NULL;
    entrance->ends_old = page->has_session || page->has_half;
    return db_write(page->web->options.service->writer, write_success, entrance);
}

enum err login_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct entrance *entrance = arena_alloc(page->arena, sizeof(*entrance));
    struct password_attempt *attempt = &entrance->attempt;
    enum err err;

    (void)response;
    attempt->page = page;
    attempt->email = http_field_text(request, "email");
    attempt->password = http_field_text(request, "password");
    err = password_try(attempt);
    if (err)
        return err;
    if (attempt->wait_ms > 0) {
        password_say_when(page, attempt->wait_ms);
        return show_form(page, 429, "is_throttled");
    }
    if (!attempt->matches)
        return show_form(page, 403, "is_wrong");
    err = open_session(entrance);
    return err ? err : login_land(page, &entrance->draft, http_field_text(request, "suite"));
}

/* ---- leaving ---- */

static enum err write_logout(struct db *db, void *argument)
{
    const struct page *page = argument;
    const struct audit_actor actor = page_actor(page);
    enum err err = session_end(db, page->session.token_hash);

    return err ? err : audit_add(db, 0, &actor, "login.ended", "session", "");
}

enum err logout_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    enum err err = db_write(page->web->options.service->writer, write_logout, page);

    if (err)
        return err;
    http_cookie_set(response, WEB_SESSION_COOKIE, "", 0);
    http_header_add(response, "Clear-Site-Data", "\"cache\", \"cookies\", \"storage\"");
    return http_redirect(response, "/connexion");
}

/* ---- doors ---- */

enum err doors_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "espaces");
    struct template_list *list = template_set_list(data, "doors");
    struct login_door *doors;
    size_t count;
    enum err err = login_doors(page->db, page->session.login_id, page->arena, &doors, &count);

    (void)response;
    if (!err)
        err = page_form_token(page, data, "csrf", "/espaces");
    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);
        bool member = doors[i].role == ROLE_MEMBER;

        template_set_text(item, "association", doors[i].association_name);
        template_set_flag(item, "member", member);
        template_set_text(item, "member_name", member ? doors[i].member_name : "");
        template_set_flag(item, "viewer", doors[i].role == ROLE_VIEWER);
        template_set_flag(item, "treasurer", doors[i].role == ROLE_TREASURER);
        template_set_flag(item, "administrator", doors[i].role == ROLE_ADMINISTRATOR);
        template_set_text(
            item, "door",
            arena_printf(page->arena, "%c-%lld", member ? 'm' : 's',
                         (long long)(member ? doors[i].member_id : doors[i].association_id)));
    }
    return err ? err : page_render(page, 200, "espaces.html", data);
}

static bool door_named(const struct login_door *door, struct str name, struct arena *arena)
{
    bool member = door->role == ROLE_MEMBER;

    return str_is(name,
                  arena_printf(arena, "%c-%lld", member ? 'm' : 's',
                               (long long)(member ? door->member_id : door->association_id)));
}

static enum err write_session(struct db *db, void *argument)
{
    return session_add(db, argument);
}

enum err doors_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct session_draft draft = {.login_id = page->session.login_id,
                                  .replaces = page->session.token_hash,
                                  .address = request->remote_address,
                                  .user_agent = request->user_agent,
                                  .now = page->now};
    struct login_door *doors;
    size_t count;
    enum err err = login_doors(page->db, page->session.login_id, page->arena, &doors, &count);

    (void)response;
    for (size_t i = 0; !err && i < count; i++)
        if (door_named(&doors[i], http_field_text(request, "porte"), page->arena))
            draft.door = &doors[i];
    if (!err && !draft.door)
        err = fail(ERR_NOT_FOUND, "no such door");
    if (!err)
        err = session_secrets(&draft);
    if (!err)
        err = db_write(page->web->options.service->writer, write_session, &draft);
    return err ? err : login_land(page, &draft, str_of(""));
}
