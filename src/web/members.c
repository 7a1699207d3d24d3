#include "web/members.h"

enum { MEMBER_PAGE = 50 };

static const char *const groups[] = {
    [MEMBER_ACTIVE] = "tous",  [MEMBER_OWES] = "doivent",      [MEMBER_ADVANCE] = "avance",
    [MEMBER_NEVER] = "jamais", [MEMBER_ARCHIVED] = "archives",
};
enum { GROUP_COUNT = sizeof(groups) / sizeof(groups[0]) };

/* ---- what is asked for ---- */

const char *members_place(struct page *page, int64_t id, const char *sort_key)
{
    return arena_printf(page->arena, "%lld.%s", (long long)id, sort_key);
}

/* In the order of numbers there is no key: "<number>". */
bool members_read_place(struct page *page, int64_t *id, struct str *sort_key)
{
    struct str before;

    *sort_key = http_field_text(page->request, "apres");
    before = str_cut(sort_key, '.');
    if (str_to_int64(before, id))
        return sort_key->data != NULL;
    *id = 0;
    return false;
}

void members_read_filter(struct page *page, struct member_filter *filter)
{
    struct str group = http_field_text(page->request, "groupe");

    *filter =
        (struct member_filter){.search = http_field_text(page->request, "q"), .max = MEMBER_PAGE};
    for (size_t i = 0; i < GROUP_COUNT; i++)
        if (str_is(group, groups[i]))
            filter->group = (enum member_group)i;
    if (str_is(http_field_text(page->request, "tri"), "numero"))
        filter->order = MEMBER_BY_NUMBER;
    members_read_place(page, &filter->after_id, &filter->after_key);
}

/* ---- the list ---- */

void members_set_balance(struct page *page, struct template_map *item, int64_t cents)
{
    template_set_flag(item, "owes", cents > 0);
    template_set_flag(item, "in_advance", cents < 0);
    template_set_flag(item, "settled", cents == 0);
    template_set_int(item, "balance_cents", cents);
    template_set_money(item, "balance", cents < 0 ? -cents : cents, page->association.currency);
}

static void add_row(struct page *page, struct template_list *list, const struct member_row *row)
{
    struct template_map *item = template_list_add(list);

    page_set_id(page, item, "id", row->member.id);
    template_set_int(item, "number", row->member.number);
    template_set_text(item, "first_name", row->member.first_name);
    template_set_text(item, "last_name", row->member.last_name);
    template_set_text(item, "email", row->member.email);
    template_set_flag(item, "is_archived", row->member.archived);
    template_set_flag(item, "has_payer", row->has_payer);
    members_set_balance(page, item, row->balance_cents);
}

static void set_place(struct page *page, struct template_map *data,
                      const struct member_filter *filter, const struct member_row *last)
{
    template_set_text(data, "next_place",
                      filter->order == MEMBER_BY_NUMBER
                          ? arena_printf(page->arena, "%lld", (long long)last->member.number)
                          : members_place(page, last->member.id, last->sort_key));
}

static void set_filter(struct page *page, struct template_map *data,
                       const struct member_filter *filter)
{
    struct template_list *list = template_set_list(data, "groups");

    for (size_t i = 0; i < GROUP_COUNT; i++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "name", groups[i]);
        template_set_flag(item, "chosen", filter->group == (enum member_group)i);
        page_flags(item, groups, GROUP_COUNT, groups[i]);
    }
    template_set_str(data, "search", filter->search);
    template_set_text(data, "group", groups[filter->group]);
    template_set_flag(data, "by_number", filter->order == MEMBER_BY_NUMBER);
    template_set_text(data, "order", filter->order == MEMBER_BY_NUMBER ? "numero" : "nom");
    template_set_flag(data, "first_page", !http_field_given(page->request, "apres"));
    template_set_flag(data, "is_filtered",
                      !str_empty(filter->search) || filter->group != MEMBER_ACTIVE);
}

enum err members_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "adherents");
    struct template_list *list = template_set_list(data, "members");
    struct member_filter filter;
    struct member_row *rows;
    size_t count = 0, shown;
    enum err err;

    (void)response;
    members_read_filter(page, &filter);
    set_filter(page, data, &filter);
    form_done(page, "archive|restaure|depenses|importe", data);
    err = member_list(page->db, page->association.id, &filter, page->arena, &rows, &count);
    shown = count > MEMBER_PAGE ? MEMBER_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_row(page, list, &rows[i]);
    template_set_flag(data, "has_members", shown > 0);
    template_set_flag(data, "may_charge",
                      page_is_money(page) && shown > 0 && filter.group != MEMBER_ARCHIVED);
    template_set_text(data, "export_address", form_address(page, "/adherents/export", NULL, NULL));
    template_set_flag(data, "has_next", count > shown);
    template_set_text(data, "next_place", "");
    if (!err && count > shown)
        set_place(page, data, &filter, &rows[shown - 1]);
    return err ? err : page_render(page, 200, "adherents.html", data);
}
