#include "web/reference.h"

#include "base/random.h"
#include "payment/means.h"
#include "payment/service.h"

const struct http_field means_new_fields[] = {
    TOKEN_FIELD,
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0},
    {0},
};
const struct http_field means_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0}, /* not there when it stays */
    {0},
};
const struct http_field means_use_fields[] = {
    TOKEN_FIELD,
    {"usage", HTTP_CHOICE, 12, "archive|en-usage", 1},
    {0},
};

static const struct form_fault faults[] = {
    {"version", "stale"},  {"libelle", "missing"}, {"libelle", "too_long"}, {"libelle", "taken"},
    {"compte", "unknown"}, {"compte", "booked"},   {"usage", "no_account"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- the list ---- */

static void add_item(struct page *page, struct template_list *list, const struct means *means)
{
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", means->id);
    template_set_text(item, "label", means->label);
    template_set_text(item, "account_code", means->account_code);
    template_set_text(item, "account_label", means->account_label);
    template_set_flag(item, "takes_cheques", means_takes_cheques(means));
}

static enum err add_means(struct page *page, struct template_map *data)
{
    struct template_list *in_use = template_set_list(data, "in_use");
    struct template_list *archived = template_set_list(data, "archived");
    struct means *means;
    size_t count, archived_count = 0;
    enum err err = means_list(page->db, page->association.id, page->arena, &means, &count);

    for (size_t i = 0; !err && i < count; i++) {
        add_item(page, means[i].archived ? archived : in_use, &means[i]);
        archived_count += means[i].archived;
    }
    template_set_flag(data, "has_archived", !err && archived_count > 0);
    template_set_flag(data, "has_in_use", !err && count > archived_count);
    return err;
}

enum err means_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "moyens");
    bool missing = false;
    enum err err = add_means(page, data);

    (void)response;
    if (!err)
        err = means_usual_missing(page->db, page->association.id, &missing);
    if (!err)
        err = page_form_token(page, data, "usual_csrf", "/parametrage/referentiel/moyens-usuels");
    template_set_flag(data, "usual_missing", missing);
    form_done(page, "ajoute|modifie|archive|restaure|usuels", data);
    return err ? err : page_render(page, 200, "moyens.html", data);
}

/* ---- the usual ones ---- */

struct usual_writing {
    int64_t association_id;
    struct audit_actor actor;
    int64_t now;
};

static enum err write_usual(struct db *db, void *argument)
{
    const struct usual_writing *writing = argument;

    return means_add_usual(db, writing->association_id, &writing->actor, writing->now);
}

enum err means_usual_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct usual_writing writing = {page->association.id, page_actor(page), page->now};
    enum err err = db_write(page->web->options.service->writer, write_usual, &writing);

    (void)response;
    return err ? err : reference_done(page, "moyens", "usuels");
}

/* ---- one means ---- */

static const struct means new_means = {.label = "",
                                       .account_code = "5118",
                                       .account_label = "",
                                       .account_usable = true,
                                       .version = 1};

static enum err add_tokens(struct page *page, struct template_map *data, bool is_new)
{
    enum err err = page_form_token(page, data, "csrf",
                                   is_new ? "/parametrage/referentiel/moyens/nouveau"
                                          : "/parametrage/referentiel/moyens/{}");

    return err ? err
               : page_form_token(page, data, "use_csrf",
                                 "/parametrage/referentiel/moyens/{}/usage");
}

static void set_facts(struct page *page, struct template_map *data, const struct means *means)
{
    bool is_new = means->id == 0;

    template_set_flag(data, "is_new", is_new);
    page_set_id(page, data, "id", means->id);
    template_set_text(data, "form_action",
                      is_new ? "/parametrage/referentiel/moyens/nouveau"
                             : arena_printf(page->arena, "/parametrage/referentiel/moyens/%lld",
                                            (long long)means->id));
    template_set_text(data, "stored_label", means->label);
    template_set_text(data, "account_code", means->account_code);
    template_set_text(data, "account_label", means->account_label);
    template_set_flag(data, "booked", means->booked);
    template_set_flag(data, "archived", means->archived);
    page_set_id(page, data, "version", means->version);
}

static enum err show(struct page *page, int status, const struct form *wrong,
                     const struct means *means)
{
    struct template_map *data = page_data(page, "moyen");
    bool keeps = wrong && !form_faulty(wrong, "usage");
    struct str chosen = keeps && http_field_given(page->request, "compte")
                            ? http_field_text(page->request, "compte")
                            : str_of(means->account_code);
    struct form none;
    enum err err = add_tokens(page, data, means->id == 0);

    if (!err)
        err = reference_add_accounts(page, data, "5", chosen);
    if (err)
        return err;
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    template_set_text(data, "libelle", means->label);
    if (keeps)
        form_keep(page, page->route->fields, data);
    set_facts(page, data, means);
    return page_render(page, status, "moyen.html", data);
}

static enum err find(struct page *page, struct means *means)
{
    int64_t id;

    if (!str_to_int64(page->request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such means of payment");
    return means_find(page->db, page->association.id, id, page->arena, means);
}

enum err means_new_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL, &new_means);
}

enum err means_one_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct means means;
    enum err err = find(page, &means);

    (void)response;
    return err ? err : show(page, 200, NULL, &means);
}

/* ---- changing ---- */

struct means_writing {
    struct means_draft draft;
    struct audit_actor actor;
    enum means_result result;
};

static enum err write_means(struct db *db, void *argument)
{
    struct means_writing *writing = argument;

    return means_write(db, &writing->draft, &writing->actor, &writing->result);
}

static enum err write(struct page *page, struct means_writing *writing)
{
    writing->draft.association_id = page->association.id;
    writing->draft.now = page->now;
    writing->actor = page_actor(page);
    return db_write(page->web->options.service->writer, write_means, writing);
}

static void note_result(struct form *form, const struct means_writing *writing)
{
    bool uses = writing->draft.change != MEANS_ADD && writing->draft.change != MEANS_CHANGE;

    if (writing->result == MEANS_STALE)
        form_fault(form, "version", "stale");
    else if (writing->result == MEANS_SAME_NAME)
        form_fault(form, "libelle", "taken");
    else if (writing->result == MEANS_BOOKED)
        form_fault(form, "compte", "booked");
    else if (writing->result == MEANS_NO_ACCOUNT)
        form_fault(form, uses ? "usage" : "compte", uses ? "no_account" : "unknown");
}

/* Writes it, unless something is wrong already; before: as it stands. */
static enum err save(struct page *page, struct form *form, struct means_writing *writing,
                     const struct means *before, const char *done)
{
    struct means now = *before;
    enum err err;

    if (form_faulty(form, NULL))
        return show(page, 400, form, before);
    err = write(page, writing);
    if (err)
        return err;
    note_result(form, writing);
    if (!form_faulty(form, NULL))
        return reference_done(page, "moyens", done);
    if (before->id)
        err = find(page, &now);
    return err ? err : show(page, 409, form, &now);
}

enum err means_new_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct means_writing writing = {.draft = {.change = MEANS_ADD}};
    char public_id[RANDOM_TOKEN_MAX];
    struct form form;
    enum err err = random_token(public_id);

    (void)response;
    if (!err)
        err = random_id(&writing.draft.id);
    form_init(&form, faults, FAULT_COUNT);
    writing.draft.public_id = public_id;
    writing.draft.mode = page->association.kind == ASSOCIATION_REAL ? ACCOUNT_LIVE : ACCOUNT_TEST;
    writing.draft.label = reference_read_label(page, &form, MEANS_LABEL_MAX);
    writing.draft.account_code = str_copy(page->arena, http_field_text(request, "compte"));
    return err ? err : save(page, &form, &writing, &new_means, "ajoute");
}

enum err means_one_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct means_writing writing = {.draft = {.change = MEANS_CHANGE}};
    struct means means;
    struct form form;
    enum err err = find(page, &means);

    (void)response;
    if (err)
        return err;
    form_init(&form, faults, FAULT_COUNT);
    writing.draft.id = means.id;
    writing.draft.version = http_field_id(request, "version");
    writing.draft.label = reference_read_label(page, &form, MEANS_LABEL_MAX);
    writing.draft.account_code = http_field_given(request, "compte")
                                     ? str_copy(page->arena, http_field_text(request, "compte"))
                                     : means.account_code;
    return save(page, &form, &writing, &means, "modifie");
}

enum err means_use_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    bool archives = str_is(http_field_text(request, "usage"), "archive");
    struct means_writing writing = {.draft = {.change = archives ? MEANS_ARCHIVE : MEANS_RESTORE}};
    struct means means;
    struct form form;
    enum err err = find(page, &means);

    (void)response;
    if (err)
        return err;
    form_init(&form, faults, FAULT_COUNT);
    writing.draft.id = means.id;
    return save(page, &form, &writing, &means, archives ? "archive" : "restaure");
}
