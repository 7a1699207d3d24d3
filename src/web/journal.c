#include "web/books.h"

#include "accounting/journal.h"
#include "base/csv.h"
#include "web/export.h"
#include "web/period.h"

enum { JOURNAL_PAGE = 50, PLACE_PARTS = 3 };

const struct http_field journal_fields[] = {
    PERIOD_FIELDS,
    {"journal", HTTP_CHOICE, 2, "ST|PP|BQ|CA|CH|OD", 0},
    {"compte", HTTP_TOKEN, 20, NULL, 0},
    {"apres", HTTP_TEXT, 60, NULL, 0},
    {0},
};
static const char *const journal_flags[] = {"journal_ST", "journal_PP", "journal_BQ",
                                            "journal_CA", "journal_CH", "journal_OD"};
enum { JOURNAL_COUNT = sizeof(journal_flags) / sizeof(journal_flags[0]) };

static const struct form_fault faults[] = {PERIOD_FAULTS};
static const char path[] = "/comptabilite/journal";

/* A request of the journal or of one account's ledger, on the page or as a file. */
struct reading {
    struct page *page;
    struct template_map *data;
    struct form form;
    struct journal_filter filter;
    struct journal_place place; /* day NULL: from the beginning */
};

static bool is_ledger(const struct reading *reading)
{
    return reading->filter.account[0] != '\0';
}

static const struct journal_place *place_of(const struct reading *reading)
{
    return reading->place.day ? &reading->place : NULL;
}

/* ---- what books show ---- */

void books_set_day(struct template_map *data, const char *name, const char *iso)
{
    struct date date;

    if (date_parse_iso(str_of(iso), &date))
        template_set_date(data, name, date);
    else
        template_set_none(data, name);
}

void books_set_balance(struct page *page, struct template_map *data, const char *name,
                       int64_t cents)
{
    template_set_money(data, name, cents < 0 ? -cents : cents, page->association.currency);
    template_set_int(data, arena_printf(page->arena, "%s_cents", name), cents);
    template_set_flag(data, arena_printf(page->arena, "%s_debit", name), cents > 0);
    template_set_flag(data, arena_printf(page->arena, "%s_credit", name), cents < 0);
}

/* ---- what is asked for ---- */

/* "2026-10-01.12" or, in a ledger, "2026-10-01.12.1". */
static bool read_place(struct reading *reading)
{
    struct str rest = http_field_text(reading->page->request, "apres");
    struct str day = str_cut(&rest, '.'), number = str_cut(&rest, '.');
    struct date date;

    if (str_empty(day))
        return true;
    if (!date_parse_iso(day, &date) || !str_to_int64(number, &reading->place.chain_number) ||
        (rest.data && !str_to_int64(rest, &reading->place.line_number)))
        return false;
    reading->place.day = str_copy(reading->page->arena, day);
    return true;
}

static enum err set_accounts(struct reading *reading)
{
    struct page *page = reading->page;
    struct template_list *list = template_set_list(reading->data, "accounts");
    struct chart_account *accounts;
    size_t count = 0;
    bool found = !is_ledger(reading);
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    template_set_text(reading->data, "account_label", "");
    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);
        bool chosen = str_is(str_of(accounts[i].code), reading->filter.account);

        template_set_text(item, "code", accounts[i].code);
        template_set_text(item, "label", accounts[i].label);
        template_set_flag(item, "chosen", chosen);
        found = found || chosen;
        if (chosen)
            template_set_text(reading->data, "account_label", accounts[i].label);
    }
    return !err && !found ? fail(ERR_NOT_FOUND, "no such account") : err;
}

static void set_journals(struct reading *reading)
{
    struct page *page = reading->page;
    struct template_list *list = template_set_list(reading->data, "journals");

    for (size_t i = 0; i < JOURNAL_COUNT; i++) {
        struct template_map *item = template_list_add(list);
        const char *code = journal_flags[i] + sizeof("journal_") - 1;

        template_set_text(item, "code", code);
        template_set_flag(item, "chosen", str_is(str_of(code), reading->filter.journal));
        page_flags(item, journal_flags, JOURNAL_COUNT, journal_flags[i]);
    }
    template_set_text(reading->data, "account", reading->filter.account);
    template_set_flag(reading->data, "is_ledger", is_ledger(reading));
    template_set_flag(reading->data, "one_journal", reading->filter.journal[0] != '\0');
    template_set_text(reading->data, "export_address",
                      form_address(page, "/comptabilite/journal/export", NULL, NULL));
    template_set_text(reading->data, "first_address", form_address(page, path, NULL, NULL));
    template_set_flag(reading->data, "first_page", !reading->place.day);
}

static enum err ask(struct reading *reading)
{
    struct page *page = reading->page;
    struct period period;
    struct period_days days;
    enum err err;

    form_init(&reading->form, faults, sizeof(faults) / sizeof(faults[0]));
    if (!read_place(reading))
        return fail(ERR_INPUT, "not a place of this list");
    err = period_read(page, &reading->form, path, PERIOD_THIS_YEAR, reading->data, &period);
    if (err)
        return err;
    days = period_days(page, &period);
    reading->filter = (struct journal_filter){
        .association_id = page->association.id,
        .from = days.from,
        .until = days.until,
        .journal = str_copy(page->arena, http_field_text(page->request, "journal")),
        .account = str_copy(page->arena, http_field_text(page->request, "compte")),
        .chain_number_last = INT64_MAX,
    };
    set_journals(reading);
    template_set_flag(reading->data, "is_filtered",
                      is_ledger(reading) || reading->filter.journal[0] || period.has_from ||
                          period.has_until || form_faulty(&reading->form, NULL));
    return set_accounts(reading);
}

/* ---- the page ---- */

static void set_line(struct page *page, struct template_map *item, const struct journal_line *line)
{
    template_set_text(item, "account", line->account);
    template_set_text(item, "account_label", line->account_label);
    template_set_text(item, "account_address", form_address(page, path, "compte", line->account));
    template_set_flag(item, "is_debit", line->debit_cents > 0);
    template_set_money(item, "debit", line->debit_cents, page->association.currency);
    template_set_money(item, "credit", line->credit_cents, page->association.currency);
    template_set_flag(item, "has_member", line->member_id != 0);
    page_set_id(page, item, "member_id", line->member_id);
    template_set_int(item, "member_number", line->member_number);
    template_set_text(item, "member", line->member);
}

static void set_entry(struct page *page, struct template_map *item,
                      const struct journal_entry *entry)
{
    struct template_list *lines = template_set_list(item, "lines");

    page_set_id(page, item, "entry_id", entry->id);
    template_set_text(
        item, "entry_number",
        arena_printf(page->arena, "%s %lld", entry->journal, (long long)entry->number));
    template_set_int(item, "chain_number", entry->chain_number);
    books_set_day(item, "day", entry->day);
    template_set_text(item, "piece", entry->piece);
    template_set_text(item, "label", entry->label);
    template_set_int(item, "total_cents", entry->total_cents);
    page_set_id(page, item, "line_count", (int64_t)entry->line_count);
    for (size_t i = 0; i < entry->line_count; i++) {
        struct template_map *line = template_list_add(lines);

        template_set_flag(line, "is_first", i == 0);
        set_line(page, line, &entry->lines[i]);
    }
}

static void set_next(struct reading *reading, const struct journal_entry *last, bool has_next)
{
    struct page *page = reading->page;
    const char *place = "";

    template_set_flag(reading->data, "has_next", has_next);
    template_set_flag(reading->data, "has_pages", has_next || reading->place.day);
    if (has_next && is_ledger(reading))
        place = arena_printf(page->arena, "%s.%lld.%lld", last->day, (long long)last->chain_number,
                             (long long)last->lines->line_number);
    else if (has_next)
        place = arena_printf(page->arena, "%s.%lld", last->day, (long long)last->chain_number);
    template_set_text(reading->data, "next_address", form_address(page, path, "apres", place));
}

/* The balance before the first line of the page, and behind each. A journal alone has none. */
static enum err set_balances(struct reading *reading, const struct journal_entry *entries,
                             struct template_map **items, size_t count)
{
    struct page *page = reading->page;
    const char *carried_from;
    int64_t cents = 0;
    enum err err = ledger_carried_from(page->db, page->association.id, reading->filter.account,
                                       reading->filter.from, page->arena, &carried_from);

    if (!err)
        err = ledger_balance(page->db, &reading->filter, carried_from, place_of(reading), &cents);
    books_set_balance(page, reading->data, "opening", cents);
    for (size_t i = 0; !err && i < count; i++) {
        cents = money_add(
            cents, money_add(entries[i].lines->debit_cents, -entries[i].lines->credit_cents));
        books_set_balance(page, items[i], "balance", cents);
    }
    return err;
}

static enum err add_entries(struct reading *reading)
{
    struct page *page = reading->page;
    struct template_list *list = template_set_list(reading->data, "entries");
    struct template_map *items[JOURNAL_PAGE];
    struct journal_entry *entries;
    size_t count = 0, shown;
    enum err err = (is_ledger(reading) ? ledger_read : journal_newest)(
        page->db, &reading->filter, place_of(reading), JOURNAL_PAGE + 1, page->arena, &entries,
        &count);

    shown = count > JOURNAL_PAGE ? JOURNAL_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++) {
        items[i] = template_list_add(list);
        set_entry(page, items[i], &entries[i]);
    }
    if (!err && is_ledger(reading))
        err = set_balances(reading, entries, items, shown);
    template_set_flag(reading->data, "has_entries", shown > 0);
    if (!err)
        set_next(reading, shown ? &entries[shown - 1] : NULL, count > shown);
    return err;
}

enum err journal_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "journal");
    struct reading reading = {.page = page, .data = data};
    enum err err = ask(&reading);
    bool faulty = form_faulty(&reading.form, NULL);

    (void)response;
    if (!err && !faulty)
        err = add_entries(&reading);
    if (err)
        return err;
    form_add(page, &reading.form, data);
    return page_render(page, faulty ? 400 : 200, "journal.html", data);
}

/* ---- the file: one row a line, oldest first ---- */

static void add_row(struct export *export, const struct journal_entry *entry,
                    const struct journal_line *line)
{
    const struct currency *currency = export->page->association.currency;
    struct date day = {0};

    date_parse_iso(str_of(entry->day), &day);
    csv_add_date(export->csv, true, day);
    csv_add_text(export->csv, false, entry->journal);
    csv_add_int(export->csv, false, entry->number);
    csv_add_text(export->csv, false, entry->year);
    csv_add_text(export->csv, false, entry->label);
    csv_add_text(export->csv, false, line->account);
    csv_add_text(export->csv, false, line->account_label);
    csv_add_money(export->csv, false, line->debit_cents, currency);
    csv_add_money(export->csv, false, line->credit_cents, currency);
    csv_add_text(export->csv, false, entry->piece);
    if (line->member_number)
        csv_add_int(export->csv, false, line->member_number);
    else
        csv_add_text(export->csv, false, "");
    csv_add_text(export->csv, false, line->member);
    csv_end_row(export->csv);
}

static enum err add_more(struct export *export, void *list, bool *ended)
{
    struct reading *reading = list;
    struct journal_entry *entries;
    size_t count = 0;
    enum err err = (is_ledger(reading) ? ledger_read : journal_oldest)(
        export->page->db, &reading->filter, place_of(reading), EXPORT_CHUNK, export->arena,
        &entries, &count);

    for (size_t i = 0; !err && i < count; i++)
        for (size_t j = 0; j < entries[i].line_count; j++)
            add_row(export, &entries[i], &entries[i].lines[j]);
    if (!err && count > 0)
        reading->place = (struct journal_place){
            arena_string(export->page->arena, entries[count - 1].day),
            entries[count - 1].chain_number, entries[count - 1].lines->line_number};
    *ended = count < EXPORT_CHUNK;
    return err;
}

enum err journal_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct reading reading = {.page = page, .data = template_map_new(page->arena)};
    enum err err = ask(&reading);

    (void)response;
    if (!err && form_faulty(&reading.form, NULL))
        err = fail(ERR_INPUT, "days that are none");
    if (!err)
        err = journal_head(page->db, page->association.id, &reading.filter.chain_number_last);
    reading.place = (struct journal_place){0};
    return err ? err : export_send(page, "journal", add_more, &reading);
}
