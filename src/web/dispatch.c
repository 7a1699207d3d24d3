#include "web/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

/* ---- the preconditions of a route ---- */

static void refuse_method(struct page *page, unsigned methods)
{
    bool get = methods & HTTP_GET, post = methods & HTTP_POST;

    page_error(page, 405);
    http_header_add(page->response, "Allow",
                    get && post ? "GET, HEAD, POST"
                    : get       ? "GET, HEAD"
                                : "POST");
}

static void note_denial(struct page *page, const char *reason)
{
    if (page->has_session)
        errands_denied(page->web->errands, page->session.association_id, page->session.login_id,
                       page->request->remote_address, page->route->path, reason);
}

/* To the login, and from there back to the page that was asked for. */
static enum err send_to_login(struct page *page)
{
    struct str path = page->request->path;

    if (page->has_half)
        return http_redirect(page->response, "/connexion/code");
    if (!guard_suite(path))
        return http_redirect(page->response, "/connexion");
    return http_redirect(page->response,
                         arena_printf(page->arena, "/connexion?suite=%.*s", STR_PRINT(path)));
}

/* Without the second factor that the association asks for, only what is one's own. */
static bool held_back(const struct page *page)
{
    return page->needs_second_factor && !(page->route->access & ACCESS_UNDECIDED);
}

/* Nobody, somebody of another role, or the right one. *answered when it ends here; a page of
 * another role looks like one that does not exist. */
static enum err check_access(struct page *page, bool *answered)
{
    unsigned access = page->route->access;
    bool get = page->request->method == HTTP_GET;

    *answered = false;
    if (access & ACCESS_PUBLIC || (page->has_half && access & ACCESS_HALF))
        return OK;
    if (page->has_session && (access & (unsigned)ACCESS_UNDECIDED << page->session.role ||
                              (access & ACCESS_OWNER && page->session.is_owner))) {
        *answered = held_back(page);
        return *answered ? http_redirect(page->response, "/double-authentification") : OK;
    }
    *answered = true;
    if (!page->has_session && get)
        return send_to_login(page);
    if (!page->has_session) {
        page_error(page, 403);
        return OK;
    }
    if (!page->has_association && get)
        return http_redirect(page->response, "/espaces");
    note_denial(page, "role");
    return fail(ERR_NOT_FOUND, "not for this role");
}

/* Every POST comes from a page of ours, and with the token of its form. */
static enum err check_form(struct page *page)
{
    unsigned access = page->route->access;
    bool good = false;
    enum err err = OK;

    if (page->request->method != HTTP_POST || access & ACCESS_ANY_ORIGIN)
        return OK;
    if (!guard_same_origin(page->web, page->request)) {
        note_denial(page, "origin");
        return fail(ERR_DENIED, "the form is not from a page of ours");
    }
    if (access & ACCESS_NO_TOKEN)
        return OK;
    if (page->has_session || page->has_half)
        err = guard_form_token(page, &good);
    if (err || good)
        return err;
    note_denial(page, "form token");
    return fail(ERR_DENIED, "the form is not from a page of this session");
}

/* ---- one request ---- */

static void touch_session(struct page *page)
{
    const struct session *session = &page->session;

    if (page->has_session && page->now - session->last_seen_at >= WEB_TOUCH_S)
        errands_touch(page->web->errands, session->token_hash, page->now);
}

/* An endpoint reads for itself what it needs, and no session ever. */
static enum err handle_endpoint(struct page *page)
{
    enum err err = http_fields_read(page->request, page->route);

    return err ? err : page->route->handler(page->request, page->response);
}

static enum err handle_page(struct page *page)
{
    struct http_request *request = page->request;
    bool answered = false;
    enum err err = page_begin_reading(page);

    if (!err)
        err = page_read_session(page);
    if (err)
        return err;
    touch_session(page);
    err = check_access(page, &answered);
    if (err || answered)
        return err;
    err = check_form(page);
    if (!err)
        err = http_fields_read(request, page->route);
    if (err)
        return err;
    if (request->method == HTTP_POST) /* it writes: it reads for itself */
        page_end_reading(page);
    err = page->route->handler(request, page->response);
    if (err == ERR_NOT_FOUND) /* missing, or another association's: nobody can tell which */
        note_denial(page, "object");
    return err;
}

/* The pool takes what its largest route takes. */
static size_t body_max(const struct http_route *route)
{
    return route->body_max ? route->body_max : HTTP_FORM_MAX;
}

static void answer(struct page *page, const struct http_route *routes, size_t count)
{
    struct http_request *request = page->request;
    unsigned methods = 0;
    enum err err;

    if (request->early_status) {
        page_error(page, request->early_status);
        return;
    }
    err = http_route_find(routes, count, request, &page->route, &methods);
    if (err == ERR_DENIED) {
        refuse_method(page, methods);
        return;
    }
    if (!err && request->body.len > body_max(page->route))
        err = fail(ERR_LIMIT, "the body is too large for this route");
    if (!err)
        err = page->plain ? handle_endpoint(page) : handle_page(page);
    if (err)
        page_error(page, page_status(err));
}

static struct page begin_page(struct web *web, struct http_request *request,
                              struct http_response *response)
{
    struct web_thread *thread = request->context;

    return (struct page){
        .web = web,
        .thread = thread,
        .db = thread->db,
        .request = request,
        .response = response,
        .arena = request->arena,
        .now = clock_now(),
    };
}

/* By its route: the path itself may name a member or hold a token. */
static void note_duration(const struct page *page, int64_t duration_us)
{
    int64_t slow_ms = page->web->options.slow_request_ms, duration_ms = duration_us / 1000;
    bool slow = slow_ms > 0 && duration_ms >= slow_ms;

    metric_done(page->plain ? METRIC_NOTIFICATION : METRIC_PAGE, page->response->status,
                duration_us);
    log_line(slow ? LOG_WARNING : LOG_DEBUG, slow ? "web.slow" : "web.answered", "%s %d %lld ms",
             page->route ? page->route->path : "-", page->response->status,
             (long long)duration_ms);
}

static void dispatch(struct page *page, const struct http_route *routes, size_t count)
{
    int64_t began_us = clock_monotonic_us();

    page->thread->page = page;
    answer(page, routes, count);
    page_end_reading(page);
    if (!page->response->begun)
        page_security_headers(page);
    page->thread->page = NULL;
    note_duration(page, clock_monotonic_us() - began_us);
}

void web_dispatch_page(void *shared, struct http_request *request, struct http_response *response)
{
    struct page page = begin_page(shared, request, response);

    dispatch(&page, web_page_routes, web_page_route_count);
}

void web_dispatch_notification(void *shared, struct http_request *request,
                               struct http_response *response)
{
    struct page page = begin_page(shared, request, response);

    page.plain = true;
    dispatch(&page, web_notification_routes, web_notification_route_count);
}
