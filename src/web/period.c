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
    char text[DATE_TEXT_MAX];

    *given = !str_empty(typed) && period_day(typed, day);
    if (*given)
        template_set_text(data, name, arena_string(page->arena, date_format_iso(text, *day)));
    else
        template_set_str(data, name, typed);
    return *given || str_empty(typed);
}

/* ---- years ---- */

/* The year that is asked for, 0 for all of them. */
static enum err read_choice(struct page *page, enum period_default otherwise,
                            const struct fiscal_year *years, size_t count, int64_t *chosen)
{
    struct date today = zone_date(page->association.zone, page->now);
    struct str typed = http_field_text(page->request, "exercice");
    bool other_days =
        http_field_given(page->request, "du") || http_field_given(page->request, "au");

    *chosen = 0;
    if (str_is(typed, "tous"))
        return OK;
    if (!str_empty(typed))
        return str_to_int64(typed, chosen) ? OK : fail(ERR_INPUT, "no fiscal year is called so");
    for (size_t i = 0; otherwise == PERIOD_THIS_YEAR && !other_days && i < count; i++)
        if (date_compare(years[i].first_day, today) <= 0 &&
            date_compare(today, years[i].last_day) <= 0)
            *chosen = years[i].id;
    return OK;
}

static void add_year(struct page *page, struct template_list *list, const char *path,
                     const struct fiscal_year *year, bool chosen)
{
    struct template_map *item = template_list_add(list);
    const char *id = arena_printf(page->arena, "%lld", (long long)year->id);

    template_set_text(item, "label", year->label);
    template_set_flag(item, "chosen", chosen);
    template_set_text(item, "id", id);
    template_set_text(item, "address", form_address(page, path, "exercice", id));
}

static enum err read_years(struct page *page, const char *path, enum period_default otherwise,
                           struct template_map *data, struct period *period)
{
    struct template_list *list = template_set_list(data, "years");
    int64_t chosen = 0;
    struct fiscal_year *years;
    size_t count = 0;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    if (!err)
        err = read_choice(page, otherwise, years, count, &chosen);
    for (size_t i = 0; !err && i < count; i++) {
        add_year(page, list, path, &years[i], years[i].id == chosen);
        if (years[i].id == chosen)
            *period = (struct period){.has_year = true, .year = &years[i]};
    }
    template_set_flag(data, "all_years", !period->has_year);
    template_set_text(data, "all_address",
                      form_address(page, path, "exercice", otherwise == PERIOD_ALL ? "" : "tous"));
    template_set_text(data, "year", period->has_year ? period->year->label : "");
    return !err && chosen && !period->has_year ? fail(ERR_NOT_FOUND, "no such fiscal year") : err;
}

enum err period_read(struct page *page, struct form *form, const char *path,
                     enum period_default otherwise, struct template_map *data,
                     struct period *period)
{
    enum err err;

    *period = (struct period){0};
    err = read_years(page, path, otherwise, data, period);
    if (!read_day(page, "du", data, &period->from, &period->has_from))
        form_fault(form, "du", "illisible");
    if (!read_day(page, "au", data, &period->until, &period->has_until))
        form_fault(form, "au", "illisible");
    if (period->has_from && period->has_until && date_compare(period->until, period->from) < 0)
        form_fault(form, "au", "avant");
    return err;
}

static const char *iso(struct page *page, struct date date)
{
    char text[DATE_TEXT_MAX];

    return arena_string(page->arena, date_format_iso(text, date));
}

struct period_days period_days(struct page *page, const struct period *period)
{
    bool has_from = period->has_from, has_until = period->has_until;
    struct date from = period->from, until = period->until;

    if (period->has_year && (!has_from || date_compare(from, period->year->first_day) < 0))
        from = period->year->first_day;
    if (period->has_year && (!has_until || date_compare(until, period->year->last_day) > 0))
        until = period->year->last_day;
    return (struct period_days){
        .from = has_from || period->has_year ? iso(page, from) : PERIOD_FIRST_DAY,
        .until = has_until || period->has_year ? iso(page, until) : PERIOD_LAST_DAY,
    };
}
