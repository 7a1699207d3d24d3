#include "web/reference.h"

#include "accounting/calendar.h"

const struct http_field year_add_fields[] = {
    TOKEN_FIELD,
    {"apres", HTTP_ID, 20, NULL, 0}, /* the newest year that was shown */
    {0},
};
const struct http_field year_fields[] = {
    TOKEN_FIELD,
    {"version", HTTP_ID, 20, NULL, 1},
    {"libelle", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};

/* ---- the list ---- */

static const struct form_fault list_faults[] = {{"apres", "stale"}};

static void add_year(struct page *page, struct template_list *list, const struct fiscal_year *year)
{
    struct date today = reference_today(page);
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", year->id);
    template_set_text(item, "label", year->label);
    template_set_date(item, "first", year->first_day);
    template_set_date(item, "last", year->last_day);
    template_set_flag(item, "closed", year->closed);
    template_set_flag(item, "to_come", date_compare(year->first_day, today) > 0);
    template_set_flag(item, "current",
                      date_compare(year->first_day, today) <= 0 &&
                          date_compare(year->last_day, today) >= 0);
}

static enum err add_years(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "years");
    struct fiscal_year *years;
    struct calendar_next next;
    size_t count;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    if (!err)
        err =
            calendar_next(page->db, &page->association, reference_today(page), page->arena, &next);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        add_year(page, list, &years[i]);
    page_set_id(page, data, "newest", next.after_id);
    template_set_flag(data, "has_years", next.after_id != 0);
    template_set_date(data, "next_first", next.first_day);
    template_set_date(data, "next_last", next.last_day);
    template_set_flag(data, "too_far", next.too_far);
    return OK;
}

static enum err show_list(struct page *page, int status, const struct form *wrong)
{
    struct template_map *data = page_data(page, "exercices");
    struct form none;
    enum err err = page_begin_reading(page);

    if (!err)
        err = add_years(page, data);
    if (!err)
        err = page_form_token(page, data, "csrf", "/parametrage/referentiel/exercices");
    form_init(&none, list_faults, 1);
    form_add(page, wrong ? wrong : &none, data);
    form_done(page, "ajoute|modifie", data);
    return err ? err : page_render(page, status, "exercices.html", data);
}

enum err years_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show_list(page_of(request), 200, NULL);
}

/* ---- the next one ---- */

struct year_writing {
    struct calendar_draft draft;
    struct audit_actor actor;
};

static enum err add_next(struct db *db, void *argument)
{
    const struct year_writing *writing = argument;

    return calendar_add_next(db, &writing->draft, &writing->actor);
}

enum err years_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct year_writing writing = {
        .actor = page_actor(page),
        .draft = {.association_id = page->association.id,
                  .year_id = http_field_id(request, "apres"),
                  .today = reference_today(page),
                  .now = page->now},
    };
    struct form form;
    enum err err = db_write(page->web->options.service->writer, add_next, &writing);

    (void)response;
    if (err != ERR_CONFLICT)
        return err ? err : reference_done(page, "exercices", "ajoute");
    form_init(&form, list_faults, 1);
    form_fault(&form, "apres", "stale");
    return show_list(page, 409, &form);
}

/* ---- one year ---- */

static const struct form_fault faults[] = {
    {"version", "stale"}, {"libelle", "missing"}, {"libelle", "too_long"}};
enum { FAULT_COUNT = sizeof(faults) / sizeof(faults[0]) };

static enum err find(struct page *page, struct calendar_year *year)
{
    int64_t id;

    if (!str_to_int64(page->request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such fiscal year");
    return calendar_find(page->db, page->association.id, id, page->arena, year);
}

static enum err show(struct page *page, int status, const struct form *wrong)
{
    struct template_map *data = page_data(page, "exercice");
    struct calendar_year year;
    struct form none;
    enum err err = find(page, &year);

    if (!err)
        err = page_form_token(page, data, "csrf", "/parametrage/referentiel/exercices/{}");
    if (err)
        return err;
    form_init(&none, faults, FAULT_COUNT);
    form_add(page, wrong ? wrong : &none, data);
    template_set_text(data, "libelle", year.label);
    if (wrong)
        form_keep(page, page->route->fields, data);
    page_set_id(page, data, "id", year.id);
    page_set_id(page, data, "version", year.version);
    template_set_text(data, "stored_label", year.label);
    template_set_date(data, "first", year.first_day);
    template_set_date(data, "last", year.last_day);
    return page_render(page, status, "exercice.html", data);
}

enum err year_get(struct http_request *request, struct http_response *response)
{
    (void)response;
    return show(page_of(request), 200, NULL);
}

static enum err rename_year(struct db *db, void *argument)
{
    const struct year_writing *writing = argument;

    return calendar_rename(db, &writing->draft, &writing->actor);
}

enum err year_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct year_writing writing = {.actor = page_actor(page)};
    struct calendar_year year;
    struct form form;
    enum err err = find(page, &year);

    (void)response;
    if (err)
        return err;
    form_init(&form, faults, FAULT_COUNT);
    writing.draft = (struct calendar_draft){
        .association_id = page->association.id,
        .year_id = year.id,
        .version = http_field_id(request, "version"),
        .label = reference_read_label(page, &form, CALENDAR_LABEL_MAX),
    };
    if (form_faulty(&form, NULL))
        return show(page, 400, &form);
    err = db_write(page->web->options.service->writer, rename_year, &writing);
    if (err != ERR_CONFLICT)
        return err ? err : reference_done(page, "exercices", "modifie");
    form_fault(&form, "version", "stale");
    return show(page, 409, &form);
}
