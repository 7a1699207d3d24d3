#include "web/books.h"

#include "accounting/journal.h"
#include "accounting/standing.h"
#include "base/csv.h"
#include "web/export.h"
#include "web/members.h"
#include "web/period.h"

enum { STANDING_PAGE = 50 };

const struct http_field standing_fields[] = {
    {"au", HTTP_TEXT, 40, NULL, 0},
    {"groupe", HTTP_CHOICE, 16, "tous|doivent|avance", 0},
    {"apres", HTTP_TEXT, WEB_LINE_MAX, NULL, 0},
    {0},
};
static const char *const groups[] = {
    [STANDING_ALL] = "tous", [STANDING_OWES] = "doivent", [STANDING_ADVANCE] = "avance"};
enum { GROUP_COUNT = sizeof(groups) / sizeof(groups[0]) };

static const struct form_fault faults[] = {{"au", "illisible"}};
static const char path[] = "/comptabilite/creances";

/* A request of the list, on the page or as a file. */
struct asking {
    struct page *page;
    struct template_map *data;
    struct form form;
    struct date day;
    struct standing_filter filter;
    struct standing_place place;
};

/* ---- what is asked for ---- */

/* Today when nothing was typed. */
static void read_day(struct asking *asking)
{
    struct page *page = asking->page;
    struct str typed = http_field_text(page->request, "au");
    char iso[DATE_TEXT_MAX];

    asking->day = zone_date(page->association.zone, page->now);
    template_set_str(asking->data, "au", typed);
    if (!str_empty(typed) && !period_day(typed, &asking->day)) {
        form_fault(&asking->form, "au", "illisible");
        return;
    }
    asking->filter.day = arena_string(page->arena, date_format_iso(iso, asking->day));
    template_set_text(asking->data, "au", asking->filter.day);
}

static bool read_place(struct asking *asking)
{
    struct page *page = asking->page;
    struct str key;

    if (str_empty(http_field_text(page->request, "apres")))
        return true;
    if (!members_read_place(page, &asking->place.member_id, &key))
        return false;
    asking->place.sort_key = str_copy(page->arena, key);
    return true;
}

static enum err ask(struct asking *asking)
{
    struct page *page = asking->page;
    struct str group = http_field_text(page->request, "groupe");

    form_init(&asking->form, faults, sizeof(faults) / sizeof(faults[0]));
    asking->filter = (struct standing_filter){.association_id = page->association.id, .day = ""};
    for (size_t i = 0; i < GROUP_COUNT; i++)
        if (str_is(group, groups[i]))
            asking->filter.group = (enum standing_group)i;
    read_day(asking);
    return read_place(asking) ? OK : fail(ERR_INPUT, "not a place of this list");
}

/* ---- the page ---- */

static void add_row(struct page *page, struct template_list *list, const struct standing *row)
{
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", row->member_id);
    template_set_int(item, "number", row->number);
    template_set_text(item, "name",
                      arena_printf(page->arena, "%s %s", row->last_name, row->first_name));
    template_set_flag(item, "is_archived", row->archived);
    template_set_flag(item, "owes", row->owed_cents != 0);
    template_set_int(item, "owed_cents", row->owed_cents);
    template_set_money(item, "owed", row->owed_cents, page->association.currency);
    template_set_flag(item, "in_advance", row->advance_cents != 0);
    template_set_int(item, "advance_cents", row->advance_cents);
    template_set_money(item, "advance", row->advance_cents, page->association.currency);
}

/* The totals beside what the books say of 4191: the same, or somebody must look. */
static enum err add_totals(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_map *data = asking->data;
    const struct currency *currency = page->association.currency;
    const struct journal_filter advances = {.association_id = page->association.id,
                                            .account = "4191"};
    const struct journal_place end = {asking->filter.day, INT64_MAX, INT64_MAX};
    struct standing_total total;
    int64_t booked_cents = 0;
    enum err err =
        standing_total(page->db, page->association.id, asking->filter.day, page->arena, &total);

    if (!err)
        err = ledger_balance(page->db, &advances, JOURNAL_DAY_FIRST, &end, &booked_cents);
    template_set_money(data, "owed_total", total.owed_cents, currency);
    template_set_int(data, "owed_total_cents", total.owed_cents);
    template_set_int(data, "owing_count", total.owing_count);
    template_set_flag(data, "several_owe", total.owing_count > 1);
    template_set_money(data, "advance_total", total.advance_cents, currency);
    template_set_int(data, "advance_total_cents", total.advance_cents);
    template_set_int(data, "advance_count", total.advance_count);
    template_set_flag(data, "several_advances", total.advance_count > 1);
    template_set_money(data, "booked", -booked_cents, currency);
    template_set_flag(data, "differs", total.advance_cents != -booked_cents);
    return err;
}

static enum err add_rows(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_list *list = template_set_list(asking->data, "members");
    struct standing *rows;
    size_t count = 0, shown;
    const char *place = "";
    enum err err = standing_list(page->db, &asking->filter, asking->place, STANDING_PAGE + 1,
                                 page->arena, &rows, &count);

    shown = count > STANDING_PAGE ? STANDING_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_row(page, list, &rows[i]);
    if (!err && count > shown)
        place = members_place(page, rows[shown - 1].member_id, rows[shown - 1].sort_key);
    template_set_flag(asking->data, "has_members", shown > 0);
    template_set_flag(asking->data, "has_next", count > shown);
    template_set_flag(asking->data, "has_pages", count > shown || asking->place.sort_key);
    template_set_text(asking->data, "next_address", form_address(page, path, "apres", place));
    return err;
}

static void set_addresses(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_map *data = asking->data;
    struct template_list *list = template_set_list(data, "groups");

    for (size_t i = 0; i < GROUP_COUNT; i++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "address", form_address(page, path, "groupe", groups[i]));
        template_set_flag(item, "chosen", asking->filter.group == (enum standing_group)i);
        page_flags(item, groups, GROUP_COUNT, groups[i]);
    }
    template_set_text(data, "group", groups[asking->filter.group]);
    template_set_date(data, "day", asking->day);
    template_set_flag(data, "first_page", !asking->place.sort_key);
    template_set_text(data, "first_address", form_address(page, path, NULL, NULL));
    template_set_text(data, "export_address",
                      form_address(page, "/comptabilite/creances/export", NULL, NULL));
}

enum err standing_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "creances");
    struct asking asking = {.page = page, .data = data};
    enum err err = ask(&asking);
    bool faulty = form_faulty(&asking.form, NULL);

    (void)response;
    if (!err && !faulty)
        err = add_totals(&asking);
    if (!err && !faulty)
        err = add_rows(&asking);
    if (err)
        return err;
    form_add(page, &asking.form, data);
    set_addresses(&asking);
    return page_render(page, faulty ? 400 : 200, "creances.html", data);
}

/* ---- the file ---- */

static enum err add_more(struct export *export, void *list, bool *ended)
{
    struct asking *asking = list;
    struct page *page = export->page;
    const struct currency *currency = page->association.currency;
    struct standing *rows;
    size_t count = 0;
    enum err err = standing_list(page->db, &asking->filter, asking->place, EXPORT_CHUNK,
                                 export->arena, &rows, &count);

    for (size_t i = 0; !err && i < count; i++) {
        csv_add_int(export->csv, true, rows[i].number);
        csv_add_text(export->csv, false, rows[i].last_name);
        csv_add_text(export->csv, false, rows[i].first_name);
        csv_add_text(export->csv, false, rows[i].email);
        csv_add_money(export->csv, false, rows[i].owed_cents, currency);
        csv_add_money(export->csv, false, rows[i].advance_cents, currency);
        csv_end_row(export->csv);
    }
    if (!err && count > 0)
        asking->place = (struct standing_place){
            arena_string(page->arena, rows[count - 1].sort_key), rows[count - 1].member_id};
    *ended = count < EXPORT_CHUNK;
    return err;
}

enum err standing_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking asking = {.page = page, .data = template_map_new(page->arena)};
    enum err err = ask(&asking);

    (void)response;
    if (!err && form_faulty(&asking.form, NULL))
        err = fail(ERR_INPUT, "a day that is none");
    asking.place = (struct standing_place){0};
    return err ? err : export_send(page, "creances", add_more, &asking);
}
