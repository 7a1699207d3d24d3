#include "association/second_factor.h"

#include "base/clock.h"
#include "web/login.h"
#include "web/password.h"

/* ---- the form ---- */

static enum err show_form(struct page *page, int status, const struct second_try *attempt)
{
    struct template_map *data = page_data(page, "code");
    struct str next = http_field_text(page->request, "suite");
    bool wrong = attempt && attempt->outcome == SECOND_TRY_WRONG;
    bool by_code = attempt && !str_empty(attempt->code);
    int64_t minutes = attempt ? (attempt->wait_ms + 59999) / 60000 : 0;
    enum err err = page_form_token(page, data, "csrf", "/connexion/code");

    if (!err)
        err = page_form_token(page, data, "cancel_token", "/deconnexion");
    template_set_str(data, "next", guard_suite(next) ? next : str_of(""));
    template_set_flag(data, "is_wrong", wrong);
    template_set_flag(data, "is_throttled", attempt && !wrong);
    template_set_flag(data, "by_code", wrong && by_code);
    template_set_flag(data, "by_recovery", wrong && !by_code);
    template_set_int(data, "wait_minutes", minutes);
    template_set_flag(data, "several_minutes", minutes > 1);
    template_set_flag(data, "in_error", attempt != NULL);
    return err ? err : page_render(page, status, "code.html", data);
}

enum err code_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show_form(page_of(request), 200, NULL);
}

/* ---- the code ---- */

struct second_step {
    struct page *page;
    struct second_try attempt;
    struct session_draft draft;
};

/* The half session may have ended since the page looked. */
static enum err still_half(struct db *db, struct page *page, struct arena *arena)
{
    struct session session = {0};
    bool found = false;
    enum err err = session_find(db, http_cookie(page->request, WEB_SESSION_COOKIE), page->now,
                                arena, &session, &found);

    if (!err && !(found && session.half))
        err = fail(ERR_CONFLICT, "the half session has ended");
    return err;
}

static enum err write_step(struct db *db, void *argument)
{
    struct second_step *step = argument;
    struct page *page = step->page;
    struct second_try *attempt = &step->attempt;
    const struct audit_actor actor = {attempt->login_id, page_address(page)};
    struct arena *arena = arena_new();
    enum err err = still_half(db, page, arena);

    if (!err)
        err = second_factor_try(db, page->web->options.service->key, attempt, &actor, arena);
    if (!err && attempt->outcome == SECOND_TRY_GOOD)
        err = session_add(db, &step->draft);
    if (!err && attempt->outcome == SECOND_TRY_GOOD)
        err = login_audit(db, &actor,
                          str_empty(attempt->code) ? "login.succeeded_by_recovery_code"
                                                   : "login.succeeded",
                          attempt->login_id);
    arena_free(arena);
    return err;
}

enum err code_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct second_step *step = arena_alloc(page->arena, sizeof(*step));
    struct second_try *attempt = &step->attempt;
    enum err err = login_draft(page, page->session.login_id, &step->draft);

    (void)response;
    step->page = page;
    step->draft.replaces = page->session.token_hash;
    attempt->login_id = page->session.login_id;
    attempt->code = http_field_text(request, "code");
    attempt->recovery = http_field_text(request, "secours");
    attempt->now_ms = clock_now_ms();
    if (!err)
        err = db_write(page->web->options.service->writer, write_step, step);
    if (err)
        return err;
    if (attempt->outcome == SECOND_TRY_GOOD)
        return login_land(page, &step->draft, http_field_text(request, "suite"));
    if (attempt->outcome == SECOND_TRY_WRONG)
        return show_form(page, 400, attempt);
    password_say_when(page, attempt->wait_ms);
    return show_form(page, 429, attempt);
}

/* ---- the offer ---- */

enum err offer_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "offre");
    enum err err =
        page_form_token(page, data, "later_token", "/double-authentification/plus-tard");

    (void)response;
    template_set_flag(data, "is_required", page->needs_second_factor);
    template_set_flag(data, "is_active", page->session.has_second_factor);
    return err ? err : page_render(page, 200, "offre.html", data);
}

static enum err write_later(struct db *db, void *argument)
{
    const struct page *page = argument;
    const struct audit_actor actor = page_actor(page);

    return second_factor_put_off(db, page->session.login_id, &actor, page->now);
}

enum err later_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    enum err err = db_write(page->web->options.service->writer, write_later, page);

    return err ? err : http_redirect(response, page_start(page));
}
