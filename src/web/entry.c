#include "web/books.h"

#include "queries.h"

static void set_entry_head(struct page *page, struct template_map *data,
                           const struct db_rows *rows)
{
    char hex[HASH_HEX_MAX] = "";
    struct str hash = db_column_str(rows, 9);

    if (hash.len == HASH_LEN)
        hash_hex((const unsigned char *)hash.data, 8, hex);
    template_set_int(data, "number", db_column_int(rows, 0));
    template_set_text(data, "journal", db_column_text(rows, 1, page->arena));
    books_set_day(data, "fact_date", db_column_text(rows, 2, page->arena));
    books_set_day(data, "entry_date", db_column_text(rows, 3, page->arena));
    template_set_flag(data, "moved", !str_equal(db_column_str(rows, 2), db_column_str(rows, 3)));
    template_set_time(data, "posted_at", db_column_int(rows, 4), page->association.zone);
    template_set_text(data, "piece", db_column_text(rows, 5, page->arena));
    template_set_text(data, "label", db_column_text(rows, 6, page->arena));
    template_set_money(data, "total", db_column_int(rows, 7), page->association.currency);
    template_set_int(data, "chain_number", db_column_int(rows, 8));
    template_set_text(data, "hash", arena_string(page->arena, hex));
    template_set_text(data, "year", db_column_text(rows, 10, page->arena));
    page_set_id(page, data, "year_id", db_column_int(rows, 11));
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
