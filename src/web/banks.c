#include "web/settings.h"

#include "accounting/accounting.h"
#include "association/bank.h"
#include "base/random.h"
#include "base/utf8.h"
#include "payment/service.h"

#include <string.h>

static const struct form_fault faults[] = {
    {"version", "stale"}, {"libelle", "missing"}, {"libelle", "too_long"}, {"iban", "missing"},
    {"iban", "wrong"},    {"bic", "wrong"},       {"compte", "unknown"},
};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

/* ---- showing ---- */

/* The accounts 512 of the chart that are in use, and the one that is chosen. */
static enum err add_accounts(struct page *page, struct template_map *data, struct str chosen)
{
    struct template_list *list = template_set_list(data, "accounts");
    struct chart_account *accounts;
    size_t count;
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        bool is_chosen = str_is(chosen, accounts[i].code);
        struct template_map *item;

        if (strncmp(accounts[i].code, "512", 3) != 0 || (accounts[i].archived && !is_chosen))
            continue;
        item = template_list_add(list);
        template_set_text(item, "code", accounts[i].code);
        template_set_text(item, "label", accounts[i].label);
        template_set_flag(item, "chosen", is_chosen);
    }
    return err;
}

static void set_values(struct page *page, struct template_map *data, const struct form *wrong,
                       const struct bank_account *account)
{
    if (wrong) {
        form_keep(page, page->route->fields, data);
        return;
    }
    template_set_text(data, "libelle", account->label);
    template_set_text(data, "bic", account->bic);
}

/* account: what is stored; its id is 0 for a new one. */
static enum err show(struct page *page, int status, const struct form *wrong,
                     const struct bank_account *account)
{
    struct template_map *data = page_data(page, "banque");
    struct str chosen =
        wrong ? http_field_text(page->request, "compte") : str_of(account->account_code);
    const char *route =
        account->id ? "/parametrage/association/banque/{}" : "/parametrage/association/banque";
    struct form none;
    enum err err = page_form_token(page, data, "csrf", route);

    if (!err)
        err = page_form_token(page, data, "archive_csrf",
                              "/parametrage/association/banque/{}/usage");
    if (!err)
        err = add_accounts(page, data, chosen);
    if (err)
        return err;
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    set_values(page, data, wrong, account);
    page_set_id(page, data, "id", account->id);
    template_set_flag(data, "is_new", account->id == 0);
    template_set_flag(data, "archived", account->archived);
    template_set_text(data, "tail", account->iban_tail);
    template_set_text(data, "stored_label", account->label);
    page_set_id(page, data, "version", account->version);
    return page_render(page, status, "banque.html", data);
}

/* A form for an account that is not there yet. */
static const struct bank_account new_account = {
    .label = "", .iban_tail = "", .bic = "", .account_code = "5121", .version = 1};

static enum err find(struct page *page, struct bank_account *account)
{
    int64_t id;

    if (!str_to_int64(page->request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such bank account");
    return bank_find(page->db, page->association.id, id, page->arena, account);
}

enum err bank_new_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL, &new_account);
}

enum err bank_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct bank_account account;
    enum err err = find(page, &account);

    (void)response;
    return err ? err : show(page, 200, NULL, &account);
}

/* ---- changing ---- */

struct change_of_bank {
    struct bank_draft draft;
    struct audit_actor actor;
    bool adds;
};

static enum err write_bank(struct db *db, void *argument)
{
    const struct change_of_bank *change = argument;

    return change->adds ? bank_add(db, &change->draft, &change->actor)
                        : bank_change(db, &change->draft, &change->actor);
}

static void read_numbers(struct page *page, struct form *form, struct change_of_bank *change)
{
    struct str iban = http_field_text(page->request, "iban");
    struct str bic = http_field_text(page->request, "bic");
    char *iban_text = arena_alloc(page->arena, IBAN_MAX);
    char *bic_text = arena_alloc(page->arena, BIC_MAX);

    if (str_empty(iban) && change->adds)
        form_fault(form, "iban", "missing");
    else if (!str_empty(iban) && !iban_read(iban, iban_text))
        form_fault(form, "iban", "wrong");
    if (!str_empty(bic) && !bic_read(bic, bic_text))
        form_fault(form, "bic", "wrong");
    change->draft.iban = str_empty(iban) ? "" : iban_text;
    change->draft.bic = str_empty(bic) ? "" : bic_text;
}

static void read_draft(struct page *page, struct form *form, struct change_of_bank *change)
{
    struct bank_draft *draft = &change->draft;
    struct str label = http_field_text(page->request, "libelle");

    draft->association_id = page->association.id;
    draft->version = http_field_id(page->request, "version");
    draft->label = str_copy(page->arena, label);
    if (str_empty(label))
        form_fault(form, "libelle", "missing");
    else if (utf8_length(label) > BANK_LABEL_MAX)
        form_fault(form, "libelle", "too_long");
    read_numbers(page, form, change);
    draft->account_code = str_copy(page->arena, http_field_text(page->request, "compte"));
    if (strncmp(draft->account_code, "512", 3) != 0)
        form_fault(form, "compte", "unknown");
    draft->key = page->web->options.service->key;
    draft->now = page->now;
}

/* Writes, or shows the form again. stored: see show. */
static enum err save(struct page *page, struct change_of_bank *change,
                     const struct bank_account *stored)
{
    struct bank_account now = *stored;
    struct form form;
    enum err err;

    form_init(&form, faults, FAULT_COUNT);
    read_draft(page, &form, change);
    if (form_faulty(&form, NULL))
        return show(page, 400, &form, stored);
    err = db_write(page->web->options.service->writer, write_bank, change);
    if (err == ERR_INPUT) {
        form_fault(&form, "compte", "unknown");
        return show(page, 400, &form, stored);
    }
    if (err == ERR_CONFLICT) {
        form_fault(&form, "version", "stale");
        err = find(page, &now);
        return err ? err : show(page, 409, &form, &now);
    }
    return err ? err
               : http_redirect(page->response, "/parametrage/association?fait=banque#banques");
}

enum err bank_new_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change_of_bank change = {.actor = page_actor(page), .adds = true};
    enum err err = random_id(&change.draft.id);

    (void)response;
    return err ? err : save(page, &change, &new_account);
}

enum err bank_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change_of_bank change = {.actor = page_actor(page)};
    struct bank_account account;
    enum err err = find(page, &account);

    (void)response;
    if (err)
        return err;
    change.draft.id = account.id;
    return save(page, &change, &account);
}

/* ---- closing and taking into use again ---- */

struct use_of_bank {
    int64_t association_id;
    int64_t bank_id;
    enum bank_use use;
    struct audit_actor actor;
    int64_t now;
};

static enum err write_use(struct db *db, void *argument)
{
    const struct use_of_bank *use = argument;

    return bank_use(db, use->association_id, use->bank_id, use->use, &use->actor, use->now);
}

enum err bank_use_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct use_of_bank use = {
        .association_id = page->association.id,
        .use = str_is(http_field_text(request, "usage"), "clos") ? BANK_CLOSED : BANK_IN_USE,
        .actor = page_actor(page),
        .now = page->now,
    };
    struct bank_account account;
    enum err err = find(page, &account);

    if (err)
        return err;
    use.bank_id = account.id;
    err = db_write(page->web->options.service->writer, write_use, &use);
    return err ? err : http_redirect(response, "/parametrage/association?fait=banque#banques");
}
