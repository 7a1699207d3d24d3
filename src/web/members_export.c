#include "web/members.h"

#include "base/csv.h"
#include "web/export.h"

static void add_row(struct export *export, const struct member_row *row)
{
    const struct currency *currency = export->page->association.currency;
    int64_t cents = row->balance_cents;

    csv_add_int(export->csv, true, row->member.number);
    csv_add_text(export->csv, false, row->member.last_name);
    csv_add_text(export->csv, false, row->member.first_name);
    csv_add_text(export->csv, false, row->member.email);
    if (row->payer_number)
        csv_add_int(export->csv, false, row->payer_number);
    else
        csv_add_text(export->csv, false, "");
    csv_add_money(export->csv, false, cents > 0 ? cents : 0, currency);
    csv_add_money(export->csv, false, cents < 0 ? -cents : 0, currency);
    csv_end_row(export->csv);
}

/* The list goes on behind this one. */
static void set_place(struct export *export, struct member_filter *filter,
                      const struct member_row *last)
{
    bool by_number = filter->order == MEMBER_BY_NUMBER;

    filter->after_id = by_number ? last->member.number : last->member.id;
    filter->after_key = str_of(arena_string(export->page->arena, last->sort_key));
}

static enum err add_more(struct export *export, void *list, bool *ended)
{
    struct member_filter *filter = list;
    struct member_row *rows;
    size_t count = 0, shown;
    enum err err = member_list(export->page->db, export->page->association.id, filter,
                               export->arena, &rows, &count);

    shown = count > EXPORT_CHUNK ? EXPORT_CHUNK : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_row(export, &rows[i]);
    *ended = count == shown;
    if (!err && shown > 0)
        set_place(export, filter, &rows[shown - 1]);
    return err;
}

/* The list as it is shown, whatever page of it. */
enum err members_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct member_filter filter;

    (void)response;
    members_read_filter(page, &filter);
    filter.max = EXPORT_CHUNK;
    filter.after_id = 0;
    filter.after_key = (struct str){0};
    return export_send(page, "adherents", add_more, &filter);
}
