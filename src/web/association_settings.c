#include "web/association_settings.h"

#include "association/bank.h"
#include "association/login.h"
#include "association/profile.h"
#include "base/utf8.h"
#include "web/settings.h"

#include <string.h>

/* Each way the forms of the page can be wrong. */
const struct form_fault association_faults[] = {
    {"version", "stale"},  {"nom", "missing"},  {"nom", "too_long"}, {"adresse", "too_long"},
    {"siren", "wrong"},    {"rna", "wrong"},    {"email", "wrong"},  {"fuseau", "unknown"},
    {"mois", "wrong"},     {"jour", "wrong"},   {"duree", "wrong"},  {"comment_payer", "too_long"},
    {"logo", "missing"},   {"logo", "unknown"}, {"logo", "broken"},  {"logo", "too_large"},
    {"logo", "too_heavy"},
};
const size_t association_fault_count = sizeof(association_faults) / sizeof(association_faults[0]);

/* ---- the summary on Mon compte ---- */

/* The flag of a month: its name stands in a template. */
static void set_month(struct page *page, struct template_map *data, int month)
{
    for (int each = 1; each <= 12; each++)
        template_set_flag(data, arena_printf(page->arena, "month_%d", each), each == month);
}

static enum err add_banks(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "banks");
    struct bank_account *accounts;
    size_t count;
    enum err err = bank_list(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", accounts[i].id);
        template_set_text(item, "label", accounts[i].label);
        template_set_text(item, "tail", accounts[i].iban_tail);
        template_set_text(item, "bic", accounts[i].bic);
        template_set_text(item, "account_code", accounts[i].account_code);
        template_set_flag(item, "archived", accounts[i].archived);
    }
    template_set_flag(data, "has_banks", !err && count > 0);
    return err;
}

enum err association_section_add(struct page *page, struct template_map *data)
{
    const struct association *association = &page->association;
    struct template_map *section = template_set_map(data, "association");

    template_set_text(section, "name", association->name);
    template_set_text(section, "address", association->address);
    template_set_text(section, "siren", association->siren);
    template_set_text(section, "rna", association->rna);
    template_set_text(section, "email", association->email);
    template_set_text(section, "how_to_pay", association->how_to_pay);
    template_set_text(section, "zone", association->zone_name);
    template_set_int(section, "day", association->year_first_day);
    template_set_flag(section, "on_the_first", association->year_first_day == 1);
    template_set_int(section, "months", association->year_months);
    set_month(page, section, association->year_first_month);
    return add_banks(page, section);
}

/* ---- the page ---- */

static void add_zone(struct template_list *list, const char *name, const char *chosen)
{
    struct template_map *item = template_list_add(list);

    template_set_text(item, "name", name);
    template_set_flag(item, "chosen", strcmp(name, chosen) == 0);
}

static bool zone_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The one that is stored stands in the list even when it has an older name. */
static enum err add_zones(struct page *page, struct template_map *data, const char *chosen)
{
    struct template_list *list = template_set_list(data, "zones");
    const char *stored = page->association.zone_name;
    const char **names;
    size_t count;
    enum err err = zone_names(page->arena, &names, &count);

    if (err)
        return err;
    if (!zone_listed(names, count, stored))
        add_zone(list, stored, chosen);
    for (size_t i = 0; i < count; i++)
        add_zone(list, names[i], chosen);
    return OK;
}

static void add_numbers(struct template_map *data, const char *name, int64_t last, int64_t chosen)
{
    struct template_list *list = template_set_list(data, name);

    for (int64_t number = 1; number <= last; number++) {
        struct template_map *item = template_list_add(list);

        template_set_int(item, "number", number);
        template_set_flag(item, "chosen", number == chosen);
    }
}

/* What is stored. */
static enum err set_stored(struct page *page, struct template_map *data)
{
    const struct association *association = &page->association;

    template_set_text(data, "nom", association->name);
    template_set_text(data, "adresse", association->address);
    template_set_text(data, "siren", association->siren);
    template_set_text(data, "rna", association->rna);
    template_set_text(data, "email", association->email);
    template_set_text(data, "comment_payer", association->how_to_pay);
    set_month(page, data, association->year_first_month);
    add_numbers(data, "days", 28, association->year_first_day);
    add_numbers(data, "lengths", 24, association->year_months);
    return add_zones(page, data, association->zone_name);
}

/* What was typed. */
static enum err set_typed(struct page *page, struct template_map *data)
{
    const struct http_request *request = page->request;

    form_keep(page, page->route->fields, data);
    set_month(page, data, (int)http_field_id(request, "mois"));
    add_numbers(data, "days", 28, http_field_id(request, "jour"));
    add_numbers(data, "lengths", 24, http_field_id(request, "duree"));
    return add_zones(page, data, str_copy(page->arena, http_field_text(request, "fuseau")));
}

static enum err add_tokens(struct page *page, struct template_map *data)
{
    enum err err = page_form_token(page, data, "csrf", "/parametrage/association");

    if (!err)
        err = page_form_token(page, data, "logo_csrf", "/parametrage/association/logo");
    if (!err)
        err = page_form_token(page, data, "remove_csrf", "/parametrage/association/logo/retirer");
    return err;
}

enum err association_show(struct page *page, int status, const struct form *wrong,
                          enum association_values values)
{
    struct template_map *data;
    struct form none;
    enum err err = page_begin_reading(page);

    if (!err) /* as it is now: the form that is shown may be sent again */
        err = association_find(page->db, page->session.association_id, page->arena,
                               &page->association);
    if (err)
        return err;
    data = page_data(page, "association");
    form_init(&none, association_faults, association_fault_count);
    form_add(page, wrong ? wrong : &none, data);
    form_done(page, "association|logo|retire|banque", data);
    err = values == ASSOCIATION_TYPED ? set_typed(page, data) : set_stored(page, data);
    page_set_id(page, data, "version", page->association.version); /* not the one that was sent */
    if (!err)
        err = add_banks(page, data);
    if (!err)
        err = add_tokens(page, data);
    return err ? err : page_render(page, status, "association.html", data);
}

enum err association_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return association_show(page_of(request), 200, NULL, ASSOCIATION_STORED);
}

/* ---- changing ---- */

struct change_of_profile {
    struct profile_draft draft;
    struct audit_actor actor;
};

static enum err write_profile(struct db *db, void *argument)
{
    const struct change_of_profile *change = argument;

    return profile_set(db, &change->draft, &change->actor);
}

static const char *read_text(struct page *page, struct form *form, const char *field, size_t max)
{
    struct str text = http_field_text(page->request, field);

    if (utf8_length(text) > max)
        form_fault(form, field, "too_long");
    return str_copy(page->arena, text);
}

static void read_registers(struct page *page, struct form *form, struct profile_draft *draft)
{
    struct str siren = http_field_text(page->request, "siren");
    struct str rna = http_field_text(page->request, "rna");
    char *siren_text = arena_alloc(page->arena, SIREN_MAX);
    char *rna_text = arena_alloc(page->arena, RNA_MAX);

    if (!str_empty(siren) && !siren_read(siren, siren_text))
        form_fault(form, "siren", "wrong");
    if (!str_empty(rna) && !rna_read(rna, rna_text))
        form_fault(form, "rna", "wrong");
    draft->siren = str_empty(siren) ? "" : siren_text;
    draft->rna = str_empty(rna) ? "" : rna_text;
}

static void read_email(struct page *page, struct form *form, struct profile_draft *draft)
{
    struct str email = http_field_text(page->request, "email");

    if (!str_empty(email) && (email.len > PROFILE_EMAIL_MAX || !login_email_plausible(email)))
        form_fault(form, "email", "wrong");
    draft->email = str_copy(page->arena, email);
}

static int read_number(struct page *page, struct form *form, const char *field, int64_t max)
{
    int64_t number = http_field_id(page->request, field);

    if (number >= 1 && number <= max)
        return (int)number;
    form_fault(form, field, "wrong");
    return 1;
}

static enum err read_zone(struct page *page, struct form *form, struct profile_draft *draft)
{
    const char **names;
    size_t count;
    enum err err = zone_names(page->arena, &names, &count);

    draft->zone_name = str_copy(page->arena, http_field_text(page->request, "fuseau"));
    if (!err && !zone_listed(names, count, draft->zone_name) &&
        strcmp(draft->zone_name, page->association.zone_name) != 0)
        form_fault(form, "fuseau", "unknown");
    return err;
}

static enum err read_draft(struct page *page, struct form *form, struct profile_draft *draft)
{
    draft->association_id = page->association.id;
    draft->version = http_field_id(page->request, "version");
    draft->name = read_text(page, form, "nom", PROFILE_NAME_MAX);
    if (!*draft->name)
        form_fault(form, "nom", "missing");
    draft->address = read_text(page, form, "adresse", PROFILE_ADDRESS_MAX);
    draft->how_to_pay = read_text(page, form, "comment_payer", PROFILE_HOW_TO_PAY_MAX);
    read_registers(page, form, draft);
    read_email(page, form, draft);
    draft->year_first_month = read_number(page, form, "mois", 12);
    draft->year_first_day = read_number(page, form, "jour", 28);
    draft->year_months = read_number(page, form, "duree", 24);
    return read_zone(page, form, draft);
}

enum err association_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct change_of_profile change = {.actor = page_actor(page)};
    struct form form;
    enum err err;

    form_init(&form, association_faults, association_fault_count);
    err = read_draft(page, &form, &change.draft);
    if (err)
        return err;
    if (form_faulty(&form, NULL))
        return association_show(page, 400, &form, ASSOCIATION_TYPED);
    err = db_write(page->web->options.service->writer, write_profile, &change);
    if (err == ERR_CONFLICT) {
        form_fault(&form, "version", "stale");
        return association_show(page, 409, &form, ASSOCIATION_TYPED);
    }
    return err ? err : http_redirect(response, "/parametrage/association?fait=association");
}
