#include "web/staff.h"

#include "queries.h"

enum { TO_CHECK_SHOWN = 50 };

static void add_attempt(struct page *page, struct template_list *list, const struct db_rows *rows)
{
    struct template_map *item = template_list_add(list);
    const struct currency *currency = money_currency(db_column_text(rows, 3, page->arena));
    struct str state = db_column_str(rows, 1);

    template_set_flag(item, "is_processing", str_is(state, "processing"));
    template_set_flag(item, "is_open", str_is(state, "open") || str_is(state, "created"));
    template_set_money(item, "amount", db_column_int(rows, 2),
                       currency ? currency : page->association.currency);
    template_set_time(item, "since", db_column_int(rows, 4), page->association.zone);
    template_set_int(item, "number", db_column_int(rows, 5));
    template_set_text(item, "member", db_column_text(rows, 6, page->arena));
    template_set_text(item, "account", db_column_text(rows, 8, page->arena));
}

enum err staff_add_to_check(struct page *page, struct template_map *data, int64_t *shown)
{
    struct template_list *list = template_set_list(data, "to_check");
    struct db_rows rows = {0};
    int64_t count = 0;
    bool found = false;
    enum err err =
        db_select(page->db, Q_CONNECT_TO_CHECK,
                  DB_VALUES(db_int(page->association.id), db_int(TO_CHECK_SHOWN)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        add_attempt(page, list, &rows);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_to_check", count > 0);
    template_set_int(data, "to_check_count", count);
    *shown = count;
    template_set_flag(data, "several_to_check", count > 1);
    return err;
}
