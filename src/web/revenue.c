#include "web/books.h"

#include "base/csv.h"
#include "web/export.h"
#include "web/period.h"
#include "web/staff.h"

#include <string.h>

enum { REVENUE_PAGE = 50 };

const struct http_field revenue_fields[] = {
    PERIOD_FIELDS,
    {"q", HTTP_TEXT, 100, NULL, 0},
    {"moyen", HTTP_ID, 20, NULL, 0},
    {"apres", HTTP_TOKEN, 44, NULL, 0},
    {0},
};

/* ---- rows, wherever they are shown ---- */

static void set_flag_names(struct template_map *item, const struct revenue_row *row)
{
    struct str flag = str_of(row->flag);

    template_set_flag(item, "is_difference", str_is(flag, "difference"));
    template_set_flag(item, "is_second", str_is(flag, "second_capture"));
    template_set_flag(item, "is_late", str_is(flag, "late"));
    template_set_flag(item, "is_quarantined", row->quarantined);
    template_set_flag(item, "is_returned",
                      row->returned_cents > 0 && row->returned_cents == row->amount_cents);
    template_set_flag(item, "is_partly_returned",
                      row->returned_cents > 0 && row->returned_cents < row->amount_cents);
}

static void set_member(struct page *page, struct template_map *item, const struct revenue_row *row)
{
    template_set_flag(item, "has_member", row->member_id != 0);
    page_set_id(page, item, "member_id", row->member_id);
    template_set_int(item, "member_number", row->member_number);
    template_set_text(item, "member",
                      arena_printf(page->arena, "%s %s", row->first_name, row->last_name));
}

static void set_entry(struct page *page, struct template_map *item, const struct revenue_row *row)
{
    template_set_flag(item, "has_entry", row->entry_id != 0);
    page_set_id(page, item, "entry_id", row->entry_id);
    template_set_text(
        item, "entry_number",
        arena_printf(page->arena, "%s %lld", row->journal, (long long)row->entry_number));
    template_set_text(item, "label", row->label);
}

/* What the provider kept of it; of money that is not in the books nobody knows yet what came. */
static void set_fee(struct page *page, struct template_map *item, const struct revenue_row *row)
{
    const struct currency *currency = page->association.currency;

    template_set_flag(item, "is_online", strcmp(row->provider, "manual") != 0);
    template_set_flag(item, "has_fee", row->has_fee);
    template_set_flag(item, "has_net", row->has_fee && row->entry_id != 0);
    template_set_money(item, "fee", row->fee_cents, currency);
    template_set_money(item, "net", row->net_cents, currency);
}

static const struct currency *currency_of(const struct page *page, const struct revenue_row *row)
{
    const struct currency *currency = money_currency(row->currency);

    return currency ? currency : page->association.currency;
}

static void add_payment(struct page *page, struct template_list *list,
                        const struct revenue_row *row)
{
    struct template_map *item = template_list_add(list);
    const struct currency *currency = currency_of(page, row);

    page_set_id(page, item, "id", row->id);
    template_set_time(item, "at", row->fact_at, page->association.zone);
    template_set_money(item, "amount", row->amount_cents, currency);
    template_set_int(item, "amount_cents", row->amount_cents);
    template_set_money(item, "returned", row->returned_cents, currency);
    template_set_text(item, "reference", row->reference);
    template_set_text(item, "flag", row->flag);
    set_flag_names(item, row);
    template_set_text(item, "provider", row->provider);
    template_set_text(item, "provider_label", row->means);
    set_member(page, item, row);
    set_entry(page, item, row);
    set_fee(page, item, row);
    template_set_flag(item, "has_advance", row->advance_cents > 0);
    template_set_money(item, "advance", row->advance_cents, page->association.currency);
}

enum err staff_add_payments(struct page *page, struct template_map *data,
                            const struct revenue_filter *filter, struct revenue_place place,
                            int64_t max)
{
    struct template_list *list = template_set_list(data, "payments");
    struct revenue_row *rows;
    size_t count = 0, shown;
    enum err err = revenue_list(page->db, filter, place, max + 1, page->arena, &rows, &count);

    shown = count > (size_t)max ? (size_t)max : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_payment(page, list, &rows[i]);
    template_set_flag(data, "has_payments", shown > 0);
    template_set_flag(data, "has_next", count > shown);
    template_set_flag(data, "has_pages", count > shown || place.id != 0);
    template_set_text(data, "next_address",
                      count > shown ? form_address(page, "/recettes", "apres",
                                                   arena_printf(page->arena, "%lld-%lld",
                                                                (long long)rows[shown - 1].fact_at,
                                                                (long long)rows[shown - 1].id))
                                    : "");
    return err;
}

enum err staff_add_total(struct page *page, struct template_map *data,
                         const struct revenue_filter *filter)
{
    struct revenue_total total;
    enum err err = revenue_total(page->db, filter, page->arena, &total);

    template_set_int(data, "count", total.count);
    template_set_flag(data, "several", total.count > 1);
    template_set_int(data, "total_cents", total.received_cents);
    template_set_money(data, "total", total.received_cents, page->association.currency);
    template_set_flag(data, "has_returned", total.returned_cents > 0);
    template_set_int(data, "returned_cents", total.returned_cents);
    template_set_money(data, "returned", total.returned_cents, page->association.currency);
    return err;
}

/* ---- what is asked for ---- */

static const struct form_fault faults[] = {PERIOD_FAULTS};

/* A request of the list, on the page or as a file. */
struct asking {
    struct page *page;
    struct template_map *data;
    struct form form;
    struct revenue_filter filter;
    struct revenue_place place;
    bool has_days; /* somebody typed some */
};

static enum err set_means(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_list *list = template_set_list(asking->data, "means");
    int64_t chosen = http_field_id(page->request, "moyen");
    struct revenue_means *means;
    size_t count;
    bool found = chosen == 0;
    enum err err = revenue_means(page->db, page->association.id, page->arena, &means, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", means[i].id);
        template_set_text(item, "label", means[i].label);
        template_set_flag(item, "in_use", means[i].in_use);
        template_set_flag(item, "chosen", means[i].id == chosen);
        found = found || means[i].id == chosen;
    }
    asking->filter.provider_account_id = chosen;
    return !err && !found ? fail(ERR_NOT_FOUND, "no such means of payment") : err;
}

static void set_days(struct asking *asking, const struct period *period)
{
    const struct zone *zone = asking->page->association.zone;
    struct date last_day = period->until;

    /* What is booked in a year happened at its end at the latest: no need to look further. */
    if (period->has_year)
        asking->filter.fiscal_year_id = period->year->id;
    if (period->has_year &&
        (!period->has_until || date_compare(last_day, period->year->last_day) > 0))
        last_day = period->year->last_day;
    asking->has_days = period->has_from || period->has_until;
    if (period->has_from)
        asking->filter.from_at = zone_day_start(zone, period->from);
    if (period->has_until || period->has_year)
        asking->filter.until_at = zone_day_start(zone, date_from_days(date_to_days(last_day) + 1));
}

static bool read_place(struct asking *asking)
{
    struct str key = http_field_text(asking->page->request, "apres"), at;

    if (str_empty(key))
        return true;
    at = str_cut(&key, '-');
    return str_to_int64(at, &asking->place.fact_at) && key.data &&
           str_to_int64(key, &asking->place.id);
}

static enum err ask(struct asking *asking, const char *path)
{
    struct page *page = asking->page;
    struct period period;
    enum err err;

    form_init(&asking->form, faults, sizeof(faults) / sizeof(faults[0]));
    asking->filter = (struct revenue_filter){.association_id = page->association.id,
                                             .search = http_field_text(page->request, "q")};
    if (!read_place(asking))
        return fail(ERR_INPUT, "not a key of this list");
    err = period_read(page, &asking->form, path, PERIOD_ALL, asking->data, &period);
    if (!err)
        err = set_means(asking);
    if (!err)
        set_days(asking, &period);
    return err;
}

/* ---- the list ---- */

static void set_addresses(struct asking *asking)
{
    struct page *page = asking->page;
    struct template_map *data = asking->data;
    struct str place = http_field_text(page->request, "apres");
    const struct revenue_filter *filter = &asking->filter;

    template_set_str(data, "search", filter->search);
    template_set_flag(data, "is_filtered",
                      !str_empty(filter->search) || filter->provider_account_id ||
                          asking->has_days || form_faulty(&asking->form, NULL));
    template_set_flag(data, "first_page", str_empty(place));
    template_set_text(data, "first_address", form_address(page, "/recettes", NULL, NULL));
    template_set_text(data, "export_address", form_address(page, "/recettes/export", NULL, NULL));
}

static enum err add_rows(struct asking *asking)
{
    struct page *page = asking->page;
    enum err err = staff_add_total(page, asking->data, &asking->filter);

    return err ? err
               : staff_add_payments(page, asking->data, &asking->filter, asking->place,
                                    REVENUE_PAGE);
}

enum err revenue_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "recettes");
    struct asking asking = {.page = page, .data = data};
    enum err err = ask(&asking, "/recettes");
    bool faulty = form_faulty(&asking.form, NULL);

    (void)response;
    if (!err && !faulty)
        err = add_rows(&asking);
    if (err)
        return err;
    form_add(page, &asking.form, data);
    set_addresses(&asking);
    return page_render(page, faulty ? 400 : 200, "recettes.html", data);
}

/* ---- the file ---- */

static enum err add_note(struct export *export, const struct revenue_row *row)
{
    struct template_map *data = template_map_new(export->arena);
    struct str note;
    enum err err;

    if (!row->flag[0] && !row->quarantined) {
        csv_add_text(export->csv, false, "");
        return OK;
    }
    set_flag_names(data, row);
    err = page_text(export->page, export->arena, "export/recette-remarque.txt", data, &note);
    csv_add(export->csv, false, note);
    return err;
}

static void add_who(struct export *export, const struct revenue_row *row)
{
    if (row->member_id)
        csv_add_int(export->csv, false, row->member_number);
    else
        csv_add_text(export->csv, false, "");
    csv_add_text(export->csv, false, row->last_name);
    csv_add_text(export->csv, false, row->first_name);
}

/* Of money that is not in the books nobody knows yet what arrived. */
static void add_fee(struct export *export, const struct revenue_row *row)
{
    const struct currency *currency = export->page->association.currency;

    csv_add_money(export->csv, false, row->fee_cents, currency);
    if (row->entry_id)
        csv_add_money(export->csv, false, row->net_cents, currency);
    else
        csv_add_text(export->csv, false, "");
}

static enum err add_cells(struct export *export, const struct revenue_row *row)
{
    struct page *page = export->page;
    const struct currency *currency = currency_of(page, row);

    csv_add_date(export->csv, true, zone_date(page->association.zone, row->fact_at));
    add_who(export, row);
    csv_add_text(export->csv, false, row->label);
    csv_add_money(export->csv, false, row->amount_cents, currency);
    csv_add_text(export->csv, false, row->currency);
    csv_add_money(export->csv, false, row->advance_cents, page->association.currency);
    csv_add_money(export->csv, false, row->returned_cents, currency);
    add_fee(export, row);
    csv_add_text(export->csv, false, row->means);
    csv_add_text(export->csv, false, row->reference);
    csv_add_text(export->csv, false, row->year);
    csv_add_text(export->csv, false, row->journal);
    if (row->entry_id)
        csv_add_int(export->csv, false, row->entry_number);
    else
        csv_add_text(export->csv, false, "");
    return add_note(export, row);
}

static enum err add_more(struct export *export, void *list, bool *ended)
{
    struct asking *asking = list;
    struct revenue_row *rows;
    size_t count = 0;
    enum err err = revenue_list(export->page->db, &asking->filter, asking->place, EXPORT_CHUNK,
                                export->arena, &rows, &count);

    for (size_t i = 0; !err && i < count; i++) {
        err = add_cells(export, &rows[i]);
        csv_end_row(export->csv);
        asking->place = (struct revenue_place){rows[i].fact_at, rows[i].id};
    }
    *ended = count < EXPORT_CHUNK;
    return err;
}

enum err revenue_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct asking asking = {.page = page, .data = template_map_new(page->arena)};
    enum err err = ask(&asking, "/recettes");

    (void)response;
    asking.place =
        (struct revenue_place){0}; /* the file is whole, whatever page it is taken from */
    if (!err && form_faulty(&asking.form, NULL))
        err = fail(ERR_INPUT, "days that are none");
    return err ? err : export_send(page, "recettes", add_more, &asking);
}
