/* Another address to log in with: asked for with the password, confirmed by a mailed link. */
#include "web/password.h"

#include "association/email_change.h"
#include "base/clock.h"
#include "base/utf8.h"

const struct http_field access_email_fields[] = {
    TOKEN_FIELD,
    {"email", HTTP_TEXT, 320, NULL, 0},
    {"password", HTTP_SECRET, 1024, NULL, 0},
    {0},
};

static const struct form_fault faults[] = {
    {"email", "missing"},   {"email", "form"},       {"email", "same"},
    {"email", "throttled"}, PASSWORD_CONFIRM_FAULTS,
};

static struct form new_form(void)
{
    struct form form;

    form_init(&form, faults, sizeof(faults) / sizeof(faults[0]));
    return form;
}

static enum err show(struct page *page, int status, const struct form *form)
{
    struct template_map *data = page_data(page, "acces_adresse");
    const char *pending = NULL;
    enum err err = page_begin_reading(page);

    form_add(page, form, data);
    form_done(page, "demande", data);
    form_keep(page, access_email_fields, data);
    template_set_text(data, "present", page->session.login_email);
    template_set_flag(data, "sends_mail", page->web->options.sends_mail);
    if (!err)
        err = email_change_pending(page->db, page->session.login_id, page->now, page->arena,
                                   &pending);
    template_set_flag(data, "is_pending", pending != NULL);
    template_set_text(data, "pending", pending ? pending : "");
    if (!err)
        err = page_form_token(page, data, "token", "/acces/adresse");
    return err ? err : page_render(page, status, "acces-adresse.html", data);
}

enum err access_email_get(struct http_request *request, struct http_response *response)
{
    struct form form = new_form();

    (void)response;
    return show(page_of(request), 200, &form);
}

/* ---- asking ---- */

static void judge_email(struct page *page, struct form *form)
{
    struct str typed = str_trim(http_field_text(page->request, "email"));
    struct str present = utf8_fold(str_of(page->session.login_email), page->arena);

    if (str_empty(typed))
        form_fault(form, "email", "missing");
    else if (!login_email_plausible(typed))
        form_fault(form, "email", "form");
    else if (str_equal(utf8_fold(typed, page->arena), present))
        form_fault(form, "email", "same");
}

struct asking {
    struct password_attempt attempt;
    struct email_wish wish;
    int64_t wait_ms;
};

static enum err write_asking(struct db *db, void *argument)
{
    struct asking *asking = argument;
    enum err err = password_tried(db, &asking->attempt);

    return err ? err : email_change_ask(db, &asking->wish, &asking->wait_ms);
}

/* In the name of the space one is in, or of the first one may enter. */
static enum err find_association(struct page *page, int64_t *association_id)
{
    struct login_door *doors;
    size_t count = 0;
    enum err err;

    *association_id = page->has_association ? page->association.id : 0;
    if (page->has_association)
        return OK;
    err = login_doors(page->db, page->session.login_id, page->arena, &doors, &count);
    if (!err && count == 0)
        return fail(ERR_NOT_FOUND, "nobody's name to write in");
    if (!err)
        *association_id = doors[0].association_id;
    return err;
}

enum err access_email_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking *asking = arena_alloc(page->arena, sizeof(*asking));
    struct form form = new_form();
    bool good = false;
    enum err err;

    *asking = (struct asking){.wish = {.login_id = page->session.login_id,
                                       .present = page->session.login_email,
                                       .email = http_field_text(request, "email"),
                                       .actor = page_actor(page),
                                       .now_ms = clock_now_ms()}};
    judge_email(page, &form);
    if (form_faulty(&form, NULL))
        return show(page, 400, &form);
    err = find_association(page, &asking->wish.association_id);
    if (!err)
        err = password_confirm(page, &form, &asking->attempt, &good);
    if (!err && !good)
        return show(page, asking->attempt.wait_ms > 0 ? 429 : 400, &form);
    if (!err)
        err = db_write(page->web->options.service->writer, write_asking, asking);
    if (!err && asking->wait_ms > 0) {
        form_fault(&form, "email", "throttled");
        password_say_when(page, asking->wait_ms);
        return show(page, 429, &form);
    }
    return err ? err : http_redirect(response, "/acces/adresse?fait=demande");
}

/* ---- confirming ---- */

/* change NULL: unknown, of another login, used, replaced, too old or taken; which of them is
 * nobody's business. */
static enum err show_change(struct page *page, int status, const struct email_change *change)
{
    struct template_map *data = page_data(page, "adresse");
    enum err err;

    if (!change)
        template_set_flag(data, "in_error", true);
    template_set_flag(data, "is_alive", change != NULL);
    template_set_text(data, "email", change ? change->email : "");
    template_set_text(data, "present", change ? change->present : "");
    template_set_str(data, "token", change ? page->request->path_parts[0] : str_of(""));
    err = page_form_token(page, data, "form_token", "/adresse/{}");
    return err ? err : page_render(page, status, "adresse.html", data);
}

/* Looking changes nothing: programs follow links of mails, too. */
enum err email_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct email_change change = {0};
    bool found = false;
    enum err err = email_change_find(page->db, request->path_parts[0], page->session.login_id,
                                     page->now, page->arena, &change, &found);

    (void)response;
    return err ? err : show_change(page, found ? 200 : 404, found ? &change : NULL);
}

struct using
{
    const struct page *page;
    bool used;
};

static enum err write_use(struct db *db, void *argument)
{
    struct using *using = argument;
    const struct page *page = using->page;

    const struct audit_actor actor = page_actor(page);

    return email_change_use(db, page->request->path_parts[0], &actor, page->now, &using->used);
}

enum err email_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct using using = {.page = page};
    enum err err = db_write(page->web->options.service->writer, write_use, &using);

    if (!err && !using.used)
        return show_change(page, 404, NULL);
    return err ? err : http_redirect(response, "/connexion?fait=adresse");
}
