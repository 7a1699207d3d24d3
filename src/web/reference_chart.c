#include "web/reference.h"

#include "accounting/chart.h"

const struct http_field chart_new_fields[] = {
    TOKEN_FIELD,
    {"code", HTTP_TEXT, 40, NULL, 0},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};
const struct http_field chart_account_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};
const struct http_field chart_use_fields[] = {
    TOKEN_FIELD,
    {"usage", HTTP_CHOICE, 12, "archive|en-usage", 1},
    {0},
};

static const struct form_fault faults[] = {
    {"version", "stale"},   {"code", "wrong"},       {"code", "taken"},
    {"libelle", "missing"}, {"libelle", "too_long"}, {"usage", "held"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- the list ---- */

static void add_item(struct template_list *list, const struct chart_account *account)
{
    struct template_map *item = template_list_add(list);

    template_set_text(item, "code", account->code);
    template_set_text(item, "label", account->label);
    template_set_flag(item, "needed", account->needed);
    template_set_flag(item, "used", account->used);
}

enum err chart_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "comptes");
    struct template_list *in_use = template_set_list(data, "in_use");
    struct template_list *archived = template_set_list(data, "archived");
    struct chart_account *accounts;
    size_t count, archived_count = 0;
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    (void)response;
    for (size_t i = 0; !err && i < count; i++) {
        add_item(accounts[i].archived ? archived : in_use, &accounts[i]);
        archived_count += accounts[i].archived;
    }
    template_set_flag(data, "has_archived", archived_count > 0);
    form_done(page, "ajoute|modifie|archive|restaure|supprime", data);
    return err ? err : page_render(page, 200, "comptes.html", data);
}

/* ---- one account ---- */

static const char *const reasons[] = {
    [CHART_WRITTEN] = "free",          [CHART_STALE] = "stale",
    [CHART_TAKEN] = "taken",           [CHART_NEEDED] = "needed",
    [CHART_OF_MEANS] = "of_means",     [CHART_OF_BANK] = "of_bank",
    [CHART_OF_PRODUCT] = "of_product", [CHART_OF_CHARGES] = "of_charges",
    [CHART_OF_ENTRIES] = "of_entries",
};
enum { REASON_COUNT = sizeof(reasons) / sizeof(reasons[0]) };

static enum err add_hold(struct page *page, struct template_map *data,
                         const struct chart_account *account)
{
    struct chart_hold hold = {CHART_WRITTEN, CHART_WRITTEN};
    enum err err =
        *account->code ? chart_held(page->db, page->association.id, account, &hold) : OK;

    page_flags(template_set_map(data, "archiving"), reasons, REASON_COUNT,
               reasons[hold.archiving]);
    page_flags(template_set_map(data, "deleting"), reasons, REASON_COUNT, reasons[hold.deleting]);
    return err;
}

static enum err add_tokens(struct page *page, struct template_map *data, bool is_new)
{
    enum err err = page_form_token(page, data, "csrf",
                                   is_new ? "/parametrage/referentiel/comptes/nouveau"
                                          : "/parametrage/referentiel/comptes/{}");

    if (!err)
        err = page_form_token(page, data, "use_csrf", "/parametrage/referentiel/comptes/{}/usage");
    if (!err)
        err = page_form_token(page, data, "delete_csrf",
                              "/parametrage/referentiel/comptes/{}/supprimer");
    return err;
}

static const struct chart_account new_account = {.code = "", .label = "", .version = 1};

static enum err show(struct page *page, int status, const struct form *wrong,
                     const struct chart_account *account)
{
    struct template_map *data = page_data(page, "compte");
    bool is_new = !*account->code;
    struct form none;
    enum err err = add_tokens(page, data, is_new);

    if (!err)
        err = add_hold(page, data, account);
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    template_set_text(data, "code", account->code);
    template_set_text(data, "libelle", account->label);
    if (wrong && !form_faulty(wrong, "usage"))
        form_keep(page, page->route->fields, data);
    template_set_flag(data, "is_new", is_new);
    template_set_text(data, "form_action",
                      arena_printf(page->arena, "/parametrage/referentiel/comptes/%s",
                                   is_new ? "nouveau" : account->code));
    template_set_text(data, "stored_code", account->code);
    template_set_text(data, "stored_label", account->label);
    template_set_flag(data, "archived", account->archived);
    template_set_flag(data, "used", account->used);
    page_set_id(page, data, "version", account->version);
    return err ? err : page_render(page, status, "compte.html", data);
}

static enum err find(struct page *page, struct chart_account *account)
{
    return chart_find(page->db, page->association.id, page->request->path_parts[0], page->arena,
                      account);
}

enum err chart_new_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL, &new_account);
}

enum err chart_account_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct chart_account account;
    enum err err = find(page, &account);

    (void)response;
    return err ? err : show(page, 200, NULL, &account);
}

/* ---- changing ---- */

struct chart_writing {
    struct chart_draft draft;
    struct audit_actor actor;
    enum chart_result result;
};

static enum err write_account(struct db *db, void *argument)
{
    struct chart_writing *writing = argument;

    return chart_write(db, &writing->draft, &writing->actor, &writing->result);
}

static enum err write(struct page *page, struct chart_writing *writing)
{
    writing->draft.association_id = page->association.id;
    writing->draft.now = page->now;
    writing->actor = page_actor(page);
    return db_write(page->web->options.service->writer, write_account, writing);
}

/* The page again, as the account stands now. */
static enum err show_refused(struct page *page, int status, const struct form *form)
{
    struct chart_account account;
    enum err err = find(page, &account);

    return err ? err : show(page, status, form, &account);
}

enum err chart_new_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct str code = http_field_text(request, "code");
    struct chart_writing writing = {.draft = {.change = CHART_ADD}};
    struct form form;
    enum err err;

    (void)response;
    form_init(&form, faults, FAULT_COUNT);
    writing.draft.code = str_copy(page->arena, code);
    writing.draft.label = reference_read_label(page, &form, CHART_LABEL_MAX);
    if (!chart_code_valid(code))
        form_fault(&form, "code", "wrong");
    if (form_faulty(&form, NULL))
        return show(page, 400, &form, &new_account);
    err = write(page, &writing);
    if (!err && writing.result == CHART_TAKEN) {
        form_fault(&form, "code", "taken");
        return show(page, 409, &form, &new_account);
    }
    return err ? err : reference_done(page, "comptes", "ajoute");
}

enum err chart_account_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct chart_writing writing = {.draft = {.change = CHART_RENAME}};
    struct form form;
    enum err err;

    (void)response;
    form_init(&form, faults, FAULT_COUNT);
    writing.draft.code = str_copy(page->arena, request->path_parts[0]);
    writing.draft.version = http_field_id(request, "version");
    writing.draft.label = reference_read_label(page, &form, CHART_LABEL_MAX);
    if (form_faulty(&form, NULL))
        return show_refused(page, 400, &form);
    err = write(page, &writing);
    if (!err && writing.result == CHART_STALE) {
        form_fault(&form, "version", "stale");
        return show_refused(page, 409, &form);
    }
    return err ? err : reference_done(page, "comptes", "modifie");
}

static enum err put_away(struct page *page, enum chart_change change, const char *done)
{
    struct chart_writing writing = {.draft = {.change = change}};
    struct form form;
    enum err err;

    form_init(&form, faults, FAULT_COUNT);
    writing.draft.code = str_copy(page->arena, page->request->path_parts[0]);
    err = write(page, &writing);
    if (!err && writing.result != CHART_WRITTEN) {
        form_fault(&form, "usage", "held");
        return show_refused(page, 409, &form);
    }
    return err ? err : reference_done(page, "comptes", done);
}

enum err chart_use_post(struct http_request *request, struct http_response *response)
{
    bool archives = str_is(http_field_text(request, "usage"), "archive");

    (void)response;
    return put_away(page_of(request), archives ? CHART_ARCHIVE : CHART_RESTORE,
                    archives ? "archive" : "restaure");
}

enum err chart_delete_post(struct http_request *request, struct http_response *response)
{
    (void)response;
    return put_away(page_of(request), CHART_DELETE, "supprime");
}
