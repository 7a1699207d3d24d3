#include "web/staff.h"

#include "accounting/accounting.h"
#include "queries.h"

enum { REVENUE_PAGE = 50, FAR_FUTURE = INT32_MAX };

/* ---- captures ---- */

static void set_flag_names(struct template_map *item, struct str flag, bool quarantined)
{
    template_set_flag(item, "is_difference", str_is(flag, "difference"));
    template_set_flag(item, "is_second", str_is(flag, "second_capture"));
    template_set_flag(item, "is_late", str_is(flag, "late"));
    template_set_flag(item, "is_quarantined", quarantined);
}

static void set_member(struct page *page, struct template_map *item, const struct db_rows *rows)
{
    bool known = !db_column_is_null(rows, 8);

    template_set_flag(item, "has_member", known);
    template_set_int(item, "member_number", db_column_int(rows, 8));
    template_set_text(item, "member",
                      known ? arena_printf(page->arena, "%s %s",
                                           db_column_text(rows, 9, page->arena),
                                           db_column_text(rows, 10, page->arena))
                            : "");
}

static void set_entry(struct page *page, struct template_map *item, const struct db_rows *rows)
{
    bool booked = !db_column_is_null(rows, 11);

    template_set_flag(item, "has_entry", booked);
    page_set_id(page, item, "entry_id", db_column_int(rows, 11));
    template_set_text(item, "entry_number",
                      booked ? arena_printf(page->arena, "%s %lld",
                                            db_column_text(rows, 13, page->arena),
                                            (long long)db_column_int(rows, 12))
                             : "");
    template_set_text(item, "label", booked ? db_column_text(rows, 14, page->arena) : "");
}

static void add_payment(struct page *page, struct template_list *list, const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    const struct currency *currency = money_currency(db_column_text(rows, 3, page->arena));
    int64_t advance_cents = db_column_int(rows, 16);

    if (!currency)
        currency = page->association.currency;
    template_set_time(item, "at", db_column_int(rows, 1), page->association.zone);
    template_set_money(item, "amount", db_column_int(rows, 2), currency);
    template_set_int(item, "amount_cents", db_column_int(rows, 2));
    template_set_text(item, "reference", db_column_text(rows, 4, page->arena));
    set_flag_names(item, db_column_str(rows, 5), db_column_int(rows, 17) != 0);
    template_set_text(item, "flag", db_column_text(rows, 5, page->arena));
    template_set_text(item, "provider", db_column_text(rows, 6, page->arena));
    template_set_text(item, "provider_label", db_column_text(rows, 7, page->arena));
    set_member(page, item, rows);
    set_entry(page, item, rows);
    template_set_flag(item, "has_advance", advance_cents > 0);
    template_set_money(item, "advance", advance_cents, page->association.currency);
}

enum err staff_add_payments(struct page *page, struct template_map *data, int64_t year_id,
                            int64_t before_at, int64_t before_id, int64_t max)
{
    struct template_list *list = template_set_list(data, "payments");
    struct db_rows rows = {0};
    int64_t count = 0, last_at = 0, last_id = 0;
    bool found = false, more = false;
    enum err err = db_select(page->db, Q_REVENUE_LIST,
                             DB_VALUES(db_int(page->association.id), db_int(year_id),
                                       db_int(before_at), db_int(before_id), db_int(max + 1)),
                             &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (count == max) {
            more = true;
            break;
        }
        add_payment(page, list, &rows);
        last_id = db_column_int(&rows, 0);
        last_at = db_column_int(&rows, 1);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_payments", count > 0);
    template_set_flag(data, "has_next", more);
    template_set_text(
        data, "next_key",
        arena_printf(page->arena, "%lld-%lld", (long long)last_at, (long long)last_id));
    return err;
}

enum err staff_add_total(struct page *page, struct template_map *data, int64_t year_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(page->db, Q_REVENUE_TOTAL,
                 DB_VALUES(db_int(page->association.id), db_int(year_id)), &rows, &found);

    if (!err) {
        template_set_int(data, "count", found ? db_column_int(&rows, 0) : 0);
        template_set_flag(data, "several", found && db_column_int(&rows, 0) > 1);
        template_set_int(data, "total_cents", found ? db_column_int(&rows, 1) : 0);
        template_set_money(data, "total", found ? db_column_int(&rows, 1) : 0,
                           page->association.currency);
    }
    db_rows_done(&rows);
    return err;
}

/* ---- the list ---- */

static bool read_key(struct str key, int64_t *before_at, int64_t *before_id)
{
    struct str at;

    *before_at = FAR_FUTURE;
    *before_id = INT64_MAX;
    if (str_empty(key))
        return true;
    at = str_cut(&key, '-');
    return str_to_int64(at, before_at) && key.data && str_to_int64(key, before_id);
}

static enum err set_years(struct page *page, struct template_map *data, int64_t chosen)
{
    struct template_list *list = template_set_list(data, "years");
    struct fiscal_year *years;
    size_t count;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", years[i].id);
        template_set_text(item, "label", years[i].label);
        template_set_flag(item, "chosen", years[i].id == chosen);
    }
    template_set_flag(data, "all_years", chosen == 0);
    page_set_id(page, data, "year_id", chosen);
    return err;
}

enum err revenue_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "recettes");
    int64_t year_id = http_field_id(request, "exercice"), before_at, before_id;
    enum err err = OK;

    (void)response;
    if (!read_key(http_field_text(request, "apres"), &before_at, &before_id))
        return fail(ERR_INPUT, "not a key of this list");
    template_set_flag(data, "first_page", before_at == FAR_FUTURE);
    err = set_years(page, data, year_id);
    if (!err)
        err = staff_add_total(page, data, year_id);
    if (!err)
        err = staff_add_payments(page, data, year_id, before_at, before_id, REVENUE_PAGE);
    return err ? err : page_render(page, 200, "recettes.html", data);
}

/* ---- one entry ---- */

static void set_date(struct template_map *data, const char *name, struct str iso)
{
    struct date date;

    if (date_parse_iso(iso, &date))
        template_set_date(data, name, date);
    else
        template_set_none(data, name);
}

static void set_entry_head(struct page *page, struct template_map *data,
                           const struct db_rows *rows)
{
    char hex[HASH_HEX_MAX] = "";
    struct str hash = db_column_str(rows, 9);

    if (hash.len == HASH_LEN)
        hash_hex((const unsigned char *)hash.data, 8, hex);
    template_set_int(data, "number", db_column_int(rows, 0));
    template_set_text(data, "journal", db_column_text(rows, 1, page->arena));
    set_date(data, "fact_date", db_column_str(rows, 2));
    set_date(data, "entry_date", db_column_str(rows, 3));
    template_set_flag(data, "moved", !str_equal(db_column_str(rows, 2), db_column_str(rows, 3)));
    template_set_time(data, "posted_at", db_column_int(rows, 4), page->association.zone);
    template_set_text(data, "piece", db_column_text(rows, 5, page->arena));
    template_set_text(data, "label", db_column_text(rows, 6, page->arena));
    template_set_money(data, "total", db_column_int(rows, 7), page->association.currency);
    template_set_int(data, "chain_number", db_column_int(rows, 8));
    template_set_text(data, "hash", arena_string(page->arena, hex));
    template_set_text(data, "year", db_column_text(rows, 10, page->arena));
}

static void add_entry_line(struct page *page, struct template_list *list,
                           const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    int64_t debit = db_column_int(rows, 2), credit = db_column_int(rows, 3);
    bool known = !db_column_is_null(rows, 5);

    template_set_text(item, "account", db_column_text(rows, 0, page->arena));
    template_set_text(item, "account_label", db_column_text(rows, 1, page->arena));
    template_set_flag(item, "is_debit", debit > 0);
    template_set_money(item, "debit", debit, page->association.currency);
    template_set_money(item, "credit", credit, page->association.currency);
    template_set_flag(item, "has_member", known);
    template_set_int(item, "member_number", db_column_int(rows, 4));
    template_set_text(item, "member",
                      known ? arena_printf(page->arena, "%s %s",
                                           db_column_text(rows, 5, page->arena),
                                           db_column_text(rows, 6, page->arena))
                            : "");
}

static enum err add_entry_lines(struct page *page, struct template_map *data, int64_t entry_id)
{
    struct template_list *list = template_set_list(data, "lines");
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(page->db, Q_ENTRY_PAGE_LINES,
                             DB_VALUES(db_int(page->association.id), db_int(entry_id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found)
        add_entry_line(page, list, &rows);
    db_rows_done(&rows);
    return err;
}

enum err entry_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "ecriture");
    struct db_rows rows = {0};
    int64_t entry_id = 0;
    bool found = false;
    enum err err = OK;

    (void)response;
    if (!str_to_int64(request->path_parts[0], &entry_id))
        return fail(ERR_NOT_FOUND, "no such entry");
    err = db_first(page->db, Q_ENTRY_PAGE,
                   DB_VALUES(db_int(page->association.id), db_int(entry_id)), &rows, &found);
    if (!err && found)
        set_entry_head(page, data, &rows);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such entry");
    db_rows_done(&rows);
    if (!err)
        err = add_entry_lines(page, data, entry_id);
    return err ? err : page_render(page, 200, "ecriture.html", data);
}
