#include "web/members.h"

#include "base/random.h"

#include <string.h>

static const struct form_fault faults[] = {
    {"prenom", "vide"},      {"nom", "vide"},         {"email", "illisible"},
    {"numero", "pris"},      {"numero", "illisible"}, {"payeur", "inconnu"},
    {"payeur", "paye_deja"}, {"payeur", "a_charge"},  {"version", "perimee"},
    {"prenom", "long"},      {"nom", "long"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]), NAME_MAX = 100 }; /* characters */

/* A form that adds or changes a member. */
struct edit {
    struct page *page;
    struct form form;
    int64_t id; /* 0: a new one */
    const char *first_name, *last_name, *email;
    const char *number_typed, *payer_typed;
    int64_t number; /* 0: the next one */
    int64_t payer_number;
    int64_t payer_id;
    int64_t version;
    int64_t new_id;
};

/* ---- what was typed ---- */

/* One @ with something on both sides and a dot behind: enough to see a slip of the hand. */
static bool email_fits(struct str email)
{
    struct str domain = email, local = str_cut(&domain, '@');

    return !str_empty(local) && domain.data && str_find(domain, '@') == domain.len &&
           str_find(domain, '.') > 0 && str_find(domain, '.') + 1 < domain.len &&
           str_find(email, ' ') == email.len;
}

static const char *text_of(struct page *page, const char *name)
{
    return str_copy(page->arena, http_field_text(page->request, name));
}

/* A number of a member; nothing typed is 0. */
static bool number_of(const char *typed, int64_t *number)
{
    *number = 0;
    return !typed[0] || (str_to_int64(str_of(typed), number) && *number > 0);
}

static void read_edit(struct edit *edit)
{
    struct page *page = edit->page;

    form_init(&edit->form, faults, FAULT_COUNT);
    edit->first_name = form_text(page, &edit->form, "prenom", NAME_MAX);
    edit->last_name = form_text(page, &edit->form, "nom", NAME_MAX);
    edit->email = text_of(page, "email");
    edit->number_typed = text_of(page, "numero");
    edit->payer_typed = text_of(page, "payeur");
    edit->version = http_field_id(page->request, "version");
    if (edit->email[0] && !email_fits(str_of(edit->email)))
        form_fault(&edit->form, "email", "illisible");
    if (!number_of(edit->number_typed, &edit->number))
        form_fault(&edit->form, "numero", "illisible");
    if (!number_of(edit->payer_typed, &edit->payer_number))
        form_fault(&edit->form, "payeur", "inconnu");
}

/* The payer is named by the number people know. */
static enum err find_payer(struct edit *edit)
{
    struct page *page = edit->page;
    struct member payer;
    enum err err;

    if (!edit->payer_number)
        return OK;
    err = member_find_by_number(page->db, page->association.id, edit->payer_number, page->arena,
                                &payer);
    if (err == ERR_NOT_FOUND || (!err && payer.id == edit->id)) {
        form_fault(&edit->form, "payeur", "inconnu");
        return OK;
    }
    edit->payer_id = payer.id;
    return err;
}

/* ---- the page ---- */

static void set_typed(struct edit *edit, struct template_map *data)
{
    struct page *page = edit->page;

    template_set_text(data, "prenom", edit->first_name);
    template_set_text(data, "nom", edit->last_name);
    template_set_text(data, "adresse", edit->email);
    template_set_text(data, "numero", edit->number_typed);
    template_set_text(data, "payeur", edit->payer_typed);
    page_set_id(page, data, "version", edit->version);
}

static enum err show(struct edit *edit, int status)
{
    struct page *page = edit->page;
    bool is_new = edit->id == 0;
    struct template_map *data = page_data(page, "adherent_saisie");
    enum err err;

    template_set_flag(data, "is_new", is_new);
    page_set_id(page, data, "member_id", edit->id);
    template_set_text(
        data, "form_action",
        is_new ? "/adherents/nouveau"
               : arena_printf(page->arena, "/adherents/%lld/modifier", (long long)edit->id));
    template_set_text(data, "back",
                      is_new ? "/adherents"
                             : arena_printf(page->arena, "/adherents/%lld", (long long)edit->id));
    set_typed(edit, data);
    form_add(page, &edit->form, data);
    err = page_form_token(page, data, "csrf",
                          is_new ? "/adherents/nouveau" : "/adherents/{}/modifier");
    return err ? err : page_render(page, status, "adherent-saisie.html", data);
}

enum err member_new_get(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request),
                        .first_name = "",
                        .last_name = "",
                        .email = "",
                        .number_typed = "",
                        .payer_typed = ""};

    (void)response;
    form_init(&edit.form, faults, FAULT_COUNT);
    return show(&edit, 200);
}

enum err member_edit_get(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request)};
    struct member_details details;
    enum err err = members_path_id(edit.page, &edit.id);

    (void)response;
    if (!err)
        err = member_read(edit.page->db, edit.page->association.id, edit.id, edit.page->arena,
                          &details);
    if (err)
        return err;
    form_init(&edit.form, faults, FAULT_COUNT);
    edit.first_name = details.member.first_name;
    edit.last_name = details.member.last_name;
    edit.email = details.member.email;
    edit.number_typed = "";
    edit.payer_typed =
        details.payer_id ? arena_printf(edit.page->arena, "%lld", (long long)details.payer_number)
                         : "";
    edit.version = details.version;
    return show(&edit, 200);
}

/* ---- adding ---- */

static enum err add_member(struct db *db, void *argument)
{
    struct edit *edit = argument;
    const struct audit_actor actor = page_actor(edit->page);
    const struct member_draft draft = {
        .id = edit->new_id,
        .association_id = edit->page->association.id,
        .number = edit->number,
        .first_name = edit->first_name,
        .last_name = edit->last_name,
        .email = edit->email,
        .payer_id = edit->payer_id,
        .now = edit->page->now,
    };
    int64_t number;

    return member_add(db, &draft, &actor, &number);
}

/* What the transaction refused, told beside its field. */
static enum err show_refusal(struct edit *edit, enum err err)
{
    if (err == ERR_CONFLICT)
        form_fault(&edit->form, edit->id ? "version" : "numero", edit->id ? "perimee" : "pris");
    else if (err == ERR_INPUT)
        form_fault(&edit->form, "payeur", "paye_deja");
    else
        return err;
    return show(edit, 409);
}

static enum err number_taken(struct edit *edit, bool *taken)
{
    struct member member;
    enum err err = OK;

    *taken = false;
    if (edit->id || !edit->number)
        return OK;
    err = member_find_by_number(edit->page->db, edit->page->association.id, edit->number,
                                edit->page->arena, &member);
    *taken = !err;
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err check(struct edit *edit)
{
    bool taken = false;
    enum err err = page_begin_reading(edit->page);

    if (!err)
        err = find_payer(edit);
    if (!err)
        err = number_taken(edit, &taken);
    if (taken)
        form_fault(&edit->form, "numero", "pris");
    page_end_reading(edit->page);
    return err;
}

static enum err save(struct edit *edit, db_write_fn *write, const char *done)
{
    struct page *page = edit->page;
    enum err err = check(edit);

    if (err)
        return err;
    if (form_faulty(&edit->form, NULL))
        return show(edit, 422);
    err = db_write(page->web->options.service->writer, write, edit);
    if (err)
        return show_refusal(edit, err);
    return http_redirect(page->response,
                         arena_printf(page->arena, "/adherents/%lld?fait=%s",
                                      (long long)(edit->id ? edit->id : edit->new_id), done));
}

enum err member_new_post(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request)};
    enum err err = random_id(&edit.new_id);

    (void)response;
    read_edit(&edit);
    return err ? err : save(&edit, add_member, "ajoute");
}

/* ---- changing ---- */

static enum err change_member(struct db *db, void *argument)
{
    struct edit *edit = argument;
    const struct audit_actor actor = page_actor(edit->page);
    const struct member_change change = {
        .association_id = edit->page->association.id,
        .id = edit->id,
        .version = edit->version,
        .first_name = edit->first_name,
        .last_name = edit->last_name,
        .email = edit->email,
        .payer_id = edit->payer_id,
    };

    return member_update(db, &change, &actor);
}

enum err member_edit_post(struct http_request *request, struct http_response *response)
{
    struct edit edit = {.page = page_of(request)};
    enum err err = members_path_id(edit.page, &edit.id);

    (void)response;
    read_edit(&edit);
    return err ? err : save(&edit, change_member, "modifie");
}

/* ---- archiving ---- */

struct archiving {
    struct page *page;
    int64_t id;
    bool restores;
};

static enum err archive(struct db *db, void *argument)
{
    struct archiving *archiving = argument;
    const struct audit_actor actor = page_actor(archiving->page);

    return member_archive(db, archiving->page->association.id, archiving->id,
                          archiving->restores ? 0 : archiving->page->now, &actor);
}

static enum err archive_or_restore(struct page *page, bool restores)
{
    struct archiving archiving = {.page = page, .restores = restores};
    enum err err = members_path_id(page, &archiving.id);

    if (!err)
        err = db_write(page->web->options.service->writer, archive, &archiving);
    if (err && err != ERR_CONFLICT) /* so already: the page shows it */
        return err;
    return http_redirect(page->response,
                         arena_printf(page->arena, "/adherents/%lld?fait=%s",
                                      (long long)archiving.id, restores ? "restaure" : "archive"));
}

enum err member_archive_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return archive_or_restore(page_of(request), false);
}

enum err member_restore_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return archive_or_restore(page_of(request), true);
}
