#include "web/period.h"

/* ---- days ---- */

static bool number(struct str text, size_t digits_max, int *value)
{
    int64_t wide;

    if (text.len == 0 || text.len > digits_max || !str_to_int64(text, &wide) || wide < 0)
        return false;
    *value = (int)wide;
    return true;
}

bool period_day(struct str typed, struct date *day)
{
    struct str rest = typed;
    struct str first = str_cut(&rest, '/'), second = str_cut(&rest, '/');

    if (date_parse_iso(typed, day))
        return true;
    return number(first, 2, &day->day) && number(second, 2, &day->month) && rest.len == 4 &&
           number(rest, 4, &day->year) && date_valid(*day);
}

/* ISO, as <input type="date"> wants it; otherwise as it was typed. */
static bool read_day(struct page *page, const char *name, struct template_map *data,
                     struct date *day, bool *given)
{
    struct str typed = http_field_text(page->request, name);
    char iso[DATE_TEXT_MAX];

    *given = !str_empty(typed) && period_day(typed, day);
    if (*given)
        template_set_text(data, name, arena_string(page->arena, date_format_iso(iso, *day)));
    else
        template_set_str(data, name, typed);
    return *given || str_empty(typed);
}

/* ---- years ---- */

static enum err read_years(struct page *page, const char *path, struct template_map *data,
                           struct period *period)
{
    struct template_list *list = template_set_list(data, "years");
    int64_t chosen = http_field_id(page->request, "exercice");
    struct fiscal_year *years;
    size_t count;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);
        const char *id = arena_printf(page->arena, "%lld", (long long)years[i].id);

        template_set_text(item, "label", years[i].label);
        template_set_flag(item, "chosen", years[i].id == chosen);
        template_set_text(item, "id", id);
        template_set_text(item, "address", form_address(page, path, "exercice", id));
        if (years[i].id == chosen)
            *period = (struct period){.has_year = true, .year = &years[i]};
    }
    template_set_flag(data, "all_years", !period->has_year);
    template_set_text(data, "all_address", form_address(page, path, "exercice", ""));
    template_set_text(data, "year", period->has_year ? period->year->label : "");
    template_set_str(data, "year_id", http_field_text(page->request, "exercice"));
    return !err && chosen && !period->has_year ? fail(ERR_NOT_FOUND, "no such fiscal year") : err;
}

enum err period_read(struct page *page, struct form *form, const char *path,
                     struct template_map *data, struct period *period)
{
    enum err err;

    *period = (struct period){0};
    err = read_years(page, path, data, period);
    if (!read_day(page, "du", data, &period->from, &period->has_from))
        form_fault(form, "du", "illisible");
    if (!read_day(page, "au", data, &period->until, &period->has_until))
        form_fault(form, "au", "illisible");
    if (period->has_from && period->has_until && date_compare(period->until, period->from) < 0)
        form_fault(form, "au", "avant");
    return err;
}

struct period_days period_days(const struct period *period)
{
    struct period_days days = {.has_from = period->has_from,
                               .has_until = period->has_until,
                               .from = period->from,
                               .until = period->until};

    if (!period->has_year)
        return days;
    if (!days.has_from || date_compare(days.from, period->year->first_day) < 0)
        days.from = period->year->first_day;
    if (!days.has_until || date_compare(days.until, period->year->last_day) > 0)
        days.until = period->year->last_day;
    days.has_from = days.has_until = true;
    return days;
}
