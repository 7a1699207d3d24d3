/* A forgotten password: a link is asked for, mailed, and used once. */
#include "web/password.h"

#include "association/login_link.h"
#include "base/clock.h"

/* ---- asking for a link ---- */

static enum err show_forgotten(struct page *page, int status, bool throttled)
{
    struct template_map *data = page_data(page, "oubli");

    template_set_flag(data, "is_throttled", throttled);
    template_set_flag(data, "in_error", throttled);
    template_set_flag(data, "sends_mail", page->web->options.sends_mail);
    form_done(page, "demande", data);
    return page_render(page, status, "oubli.html", data);
}

enum err forgotten_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show_forgotten(page_of(request), 200, false);
}

struct asking {
    struct str email, address;
    int64_t now_ms;
    int64_t wait_ms;
};

static enum err write_asking(struct db *db, void *argument)
{
    struct asking *asking = argument;

    return link_ask(db, asking->email, asking->address, asking->now_ms, &asking->wait_ms);
}

/* The same answer and the same work, whether anybody has that address or not. */
enum err forgotten_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking asking = {.email = http_field_text(request, "email"),
                            .address = request->remote_address,
                            .now_ms = clock_now_ms()};
    enum err err = db_write(page->web->options.service->writer, write_asking, &asking);

    if (err)
        return err;
    if (asking.wait_ms > 0) {
        password_say_when(page, asking.wait_ms);
        return show_forgotten(page, 429, true);
    }
    return http_redirect(response, "/mot-de-passe-oublie?fait=demande");
}

/* ---- using it ---- */

static const struct form_fault faults[] = {
    PASSWORD_NEW_FAULTS("new_password"),
    {"new_again", "differs"},
};

/* link NULL: unknown, used, replaced or too old; which of them is nobody's business. */
static enum err show_link(struct page *page, int status, const struct link *link,
                          const struct form *form)
{
    struct template_map *data = page_data(page, "lien");

    form_add(page, form, data);
    if (!link)
        template_set_flag(data, "in_error", true);
    template_set_flag(data, "is_alive", link != NULL);
    template_set_text(data, "email", link ? link->email : "");
    template_set_str(data, "token", link ? page->request->path_parts[0] : str_of(""));
    return page_render(page, status, "lien.html", data);
}

static enum err find_link(struct page *page, struct link *link, bool *found)
{
    return link_find(page->db, page->request->path_parts[0], page->now, page->arena, link, found);
}

enum err link_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct form form;
    struct link link = {0};
    bool found = false;
    enum err err = find_link(page, &link, &found);

    (void)response;
    form_init(&form, faults, sizeof(faults) / sizeof(faults[0]));
    return err ? err : show_link(page, found ? 200 : 404, found ? &link : NULL, &form);
}

static enum err check_new_password(struct page *page, const struct link *link, struct form *form)
{
    enum err err = password_judge_field(page, form, "new_password", link->email);

    if (!err && !form_faulty(form, NULL) &&
        !hash_equal(http_field_text(page->request, "new_password"),
                    http_field_text(page->request, "new_again")))
        form_fault(form, "new_again", "differs");
    return err;
}

struct using
{
    const struct page *page;
    const char *hash; /* of the new password */
    bool used;
};

static enum err write_use(struct db *db, void *argument)
{
    struct using *using = argument;
    const struct page *page = using->page;

    return link_use(db, page->request->path_parts[0], using->hash, page_address(page), page->now,
                    &using->used);
}

enum err link_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct using using = {.page = page};
    struct form form;
    struct link link = {0};
    bool found = false;
    enum err err = find_link(page, &link, &found);

    form_init(&form, faults, sizeof(faults) / sizeof(faults[0]));
    if (!err && !found)
        return show_link(page, 404, NULL, &form);
    if (!err)
        err = check_new_password(page, &link, &form);
    if (!err && form_faulty(&form, NULL))
        return show_link(page, 400, &link, &form);
    if (!err)
        err = password_hash_field(page, "new_password", &using.hash);
    if (!err)
        err = db_write(page->web->options.service->writer, write_use, &using);
    if (!err && !using.used)
        return show_link(page, 404, NULL, &form);
    return err ? err : http_redirect(response, "/connexion?fait=choisi");
}
