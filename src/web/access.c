#include "association/second_factor.h"

#include "web/browser_name.h"
#include "web/password.h"

enum { FEW_CODES = 3 };

/* ---- my sessions ---- */

static void add_age(struct template_map *item, const char *hours, const char *minutes, int64_t s)
{
    template_set_int(item, hours, s / 3600);
    template_set_int(item, minutes, s > 0 ? s % 3600 / 60 : 0);
}

static void add_session(struct page *page, struct template_list *list,
                        const struct own_session *session)
{
    struct template_map *item = template_list_add(list);
    char *id = arena_alloc(page->arena, HASH_HEX_MAX);

    hash_hex(session->token_hash, HASH_LEN, id);
    template_set_text(item, "id", id);
    template_set_text(item, "browser", browser_name(session->user_agent));
    template_set_text(item, "system", browser_system(session->user_agent));
    template_set_text(item, "address", session->address);
    template_set_flag(item, "mine",
                      hash_equal(str_from(session->token_hash, HASH_LEN),
                                 str_from(page->session.token_hash, HASH_LEN)));
    add_age(item, "open_hours", "open_minutes", page->now - session->created_at);
    add_age(item, "seen_hours", "seen_minutes", page->now - session->last_seen_at);
}

static enum err add_sessions(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "sessions");
    struct own_session *sessions;
    size_t count = 0;
    enum err err =
        session_list(page->db, page->session.login_id, page->now, page->arena, &sessions, &count);

    for (size_t i = 0; !err && i < count; i++)
        add_session(page, list, &sessions[i]);
    template_set_flag(data, "has_other_sessions", count > 1);
    return err;
}

/* ---- the page ---- */

static const struct form_fault password_faults[] = {
    PASSWORD_CONFIRM_FAULTS,
    PASSWORD_NEW_FAULTS("new_password"),
    {"new_again", "differs"},
};

static enum err add_second_factor(struct page *page, struct template_map *data)
{
    struct second_factor factor;
    enum err err = second_factor_find(page->db, page->session.login_id, &factor);

    template_set_flag(data, "has_second_factor", factor.active);
    template_set_int(data, "codes_left", factor.codes_left);
    template_set_flag(data, "few_codes", factor.codes_left < FEW_CODES);
    template_set_flag(data, "several_codes", factor.codes_left > 1);
    return err;
}

static enum err show(struct page *page, int status, const struct form *form)
{
    struct template_map *data = page_data(page, "acces");
    enum err err = page_begin_reading(page);

    form_add(page, form, data);
    form_done(page, "change|fermee|fermees|desactivee", data);
    template_set_text(data, "email", page->session.login_email);
    if (!err)
        err = add_second_factor(page, data);
    if (!err)
        err = add_sessions(page, data);
    if (!err)
        err = page_form_token(page, data, "password_token", "/acces/mot-de-passe");
    if (!err)
        err = page_form_token(page, data, "close_token", "/acces/fermer");
    if (!err)
        err = page_form_token(page, data, "close_others_token", "/acces/fermer-les-autres");
    return err ? err : page_render(page, status, "acces.html", data);
}

static struct form new_form(void)
{
    struct form form;

    form_init(&form, password_faults, sizeof(password_faults) / sizeof(password_faults[0]));
    return form;
}

enum err access_get(struct http_request *request, struct http_response *response)
{
    struct form form = new_form();

    (void)response;
    return show(page_of(request), 200, &form);
}

/* ---- another password ---- */

struct password_change {
    struct password_attempt attempt; /* of the current one */
    const char *hash;                /* of the new one */
};

static enum err write_password(struct db *db, void *argument)
{
    const struct password_change *change = argument;
    struct page *page = change->attempt.page;
    const struct audit_actor actor = page_actor(page);
    enum err err = password_tried(db, &change->attempt);

    return err ? err
               : login_set_password(db, page->session.login_id, change->hash,
                                    page->session.token_hash, &actor, page->now);
}

/* The new one is judged first: it costs nothing. */
static enum err check_new_password(struct page *page, struct form *form)
{
    struct str typed = http_field_text(page->request, "new_password");
    struct str again = http_field_text(page->request, "new_again");
    enum err err = password_judge_field(page, form, "new_password", page->session.login_email);

    if (!err && !form_faulty(form, NULL) && !hash_equal(typed, again))
        form_fault(form, "new_again", "differs");
    return err;
}

enum err access_password_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct password_change *change = arena_alloc(page->arena, sizeof(*change));
    struct form form = new_form();
    bool good = false;
    enum err err = check_new_password(page, &form);

    if (!err && form_faulty(&form, NULL))
        return show(page, 400, &form);
    if (!err)
        err = password_confirm(page, &form, &change->attempt, &good);
    if (!err && !good)
        return show(page, change->attempt.wait_ms > 0 ? 429 : 400, &form);
    if (!err)
        err = password_hash_field(page, "new_password", &change->hash);
    if (!err)
        err = db_write(page->web->options.service->writer, write_password, change);
    return err ? err : http_redirect(response, "/acces?fait=change");
}

/* ---- closing sessions ---- */

struct closing {
    const struct page *page;
    unsigned char token_hash[HASH_LEN];
};

static enum err write_close(struct db *db, void *argument)
{
    const struct closing *closing = argument;
    const struct audit_actor actor = page_actor(closing->page);

    return session_end_own(db, closing->page->session.login_id, closing->token_hash, &actor);
}

static enum err write_close_others(struct db *db, void *argument)
{
    const struct closing *closing = argument;
    const struct audit_actor actor = page_actor(closing->page);

    return session_end_others(db, closing->page->session.login_id,
                              closing->page->session.token_hash, &actor);
}

enum err access_close_post(struct http_request *request, struct http_response *response)
{
    struct closing closing = {.page = page_of(request)};
    enum err err;

    if (!hash_unhex(http_field_text(request, "session"), closing.token_hash, HASH_LEN))
        return fail(ERR_NOT_FOUND, "this names no session");
    err = db_write(closing.page->web->options.service->writer, write_close, &closing);
    return err ? err : http_redirect(response, "/acces?fait=fermee");
}

enum err access_close_others_post(struct http_request *request, struct http_response *response)
{
    struct closing closing = {.page = page_of(request)};
    enum err err =
        db_write(closing.page->web->options.service->writer, write_close_others, &closing);

    return err ? err : http_redirect(response, "/acces?fait=fermees");
}
