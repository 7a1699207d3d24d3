#include "web/members.h"

#include "association/cart.h"
#include "base/utf8.h"

#include <string.h>

enum { MEMBER_PAGE = 50 };

static const char *const groups[] = {
    [MEMBER_ACTIVE] = "tous",  [MEMBER_OWES] = "doivent",      [MEMBER_ADVANCE] = "avance",
    [MEMBER_NEVER] = "jamais", [MEMBER_ARCHIVED] = "archives",
};
enum { GROUP_COUNT = sizeof(groups) / sizeof(groups[0]) };

/* ---- what is asked for ---- */

/* "<id>.<sort key>" of the last one shown, "<number>" in the order of numbers. */
static void read_place(struct page *page, struct member_filter *filter)
{
    struct str place = http_field_text(page->request, "apres"), id = str_cut(&place, '.');

    if (!str_to_int64(id, &filter->after_id))
        filter->after_id = 0;
    filter->after_key = place;
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
    read_place(page, filter);
}

/* ---- the list ---- */

static void set_balance(struct page *page, struct template_map *item, int64_t cents)
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
    set_balance(page, item, row->balance_cents);
}

static void set_place(struct page *page, struct template_map *data,
                      const struct member_filter *filter, const struct member_row *last)
{
    template_set_text(
        data, "next_place",
        filter->order == MEMBER_BY_NUMBER
            ? arena_printf(page->arena, "%lld", (long long)last->member.number)
            : arena_printf(page->arena, "%lld.%s", (long long)last->member.id, last->sort_key));
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
    form_done(page, "archive|restaure|depenses", data);
    err = member_list(page->db, page->association.id, &filter, page->arena, &rows, &count);
    shown = count > MEMBER_PAGE ? MEMBER_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_row(page, list, &rows[i]);
    template_set_flag(data, "has_members", shown > 0);
    template_set_flag(data, "may_charge",
                      page_is_money(page) && shown > 0 && filter.group != MEMBER_ARCHIVED);
    template_set_flag(data, "has_next", count > shown);
    template_set_text(data, "next_place", "");
    if (!err && count > shown)
        set_place(page, data, &filter, &rows[shown - 1]);
    return err ? err : page_render(page, 200, "adherents.html", data);
}

/* ---- one member, as staff see them ---- */

static enum err add_payees(struct page *page, struct template_map *data, int64_t member_id)
{
    struct template_list *list = template_set_list(data, "payees");
    struct payee *payees;
    size_t count = 0;
    enum err err =
        member_payees(page->db, page->association.id, member_id, page->arena, &payees, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        page_set_id(page, item, "id", payees[i].id);
        template_set_int(item, "number", payees[i].number);
        template_set_text(item, "name", payees[i].name);
        set_balance(page, item, payees[i].balance_cents);
    }
    template_set_flag(data, "has_payees", count > 0);
    return err;
}

void members_set_details(struct page *page, struct template_map *data,
                         const struct member_details *details)
{
    page_set_id(page, data, "member_id", details->member.id);
    template_set_int(data, "number", details->member.number);
    template_set_text(data, "first_name", details->member.first_name);
    template_set_text(data, "last_name", details->member.last_name);
    template_set_text(data, "email", details->member.email);
    template_set_flag(data, "is_archived", details->member.archived);
    template_set_flag(data, "has_payer", details->payer_id != 0);
    page_set_id(page, data, "payer_id", details->payer_id);
    template_set_int(data, "payer_number", details->payer_number);
    template_set_text(data, "payer_name", details->payer_name);
    template_set_flag(data, "has_login", details->login_id != 0);
    template_set_text(data, "login_email", details->login_email);
    template_set_flag(data, "has_logged_in", details->last_login_at != 0);
    template_set_time(data, "last_login", details->last_login_at, page->association.zone);
    template_set_flag(data, "was_reminded", details->reminded_at != 0);
    template_set_time(data, "reminded", details->reminded_at, page->association.zone);
}

static void add_line(struct page *page, struct template_list *list, const struct cart_line *line)
{
    struct template_map *item = template_list_add(list);
    bool owed = line->kind == CART_CHARGE || line->kind == CART_DONATION;

    page_set_id(page, item, "id", line->id);
    template_set_date(item, "date", line->date);
    template_set_text(item, "label", line->label);
    template_set_text(item, "kind", cart_kind_name(line->kind));
    template_set_flag(item, "is_payment", line->kind == CART_PAYMENT);
    template_set_flag(item, "is_refund", line->kind == CART_REFUND);
    template_set_flag(item, "is_adjustment", line->kind == CART_ADJUSTMENT);
    template_set_flag(item, "is_donation", line->kind == CART_DONATION);
    template_set_flag(item, "is_dispute", line->kind == CART_DISPUTE);
    template_set_flag(item, "corrects", line->corrects);
    template_set_money(item, "amount", line->amount_cents, page->association.currency);
    template_set_int(item, "amount_cents", line->amount_cents);
    template_set_money(item, "balance", line->balance_cents, page->association.currency);
    template_set_text(item, "year", line->fiscal_year_label);
    template_set_flag(item, "paid", owed && !line->corrects && line->open_cents == 0);
    template_set_flag(item, "partly_paid",
                      owed && line->open_cents > 0 && line->open_cents < line->amount_cents);
    template_set_money(item, "open", line->open_cents, page->association.currency);
}

static enum err add_lines(struct page *page, struct template_map *data, int64_t member_id)
{
    struct template_list *list = template_set_list(data, "lines");
    struct cart_line *lines;
    size_t count = 0;
    int64_t balance_cents = 0;
    enum err err =
        cart_lines(page->db, page->association.id, member_id, 0, page->arena, &lines, &count);

    for (size_t i = 0; !err && i < count; i++) {
        add_line(page, list, &lines[i]);
        balance_cents = lines[i].balance_cents;
    }
    set_balance(page, data, balance_cents);
    template_set_flag(data, "has_lines", count > 0);
    return err;
}

enum err members_path_id(struct page *page, int64_t *member_id)
{
    return str_to_int64(page->request->path_parts[0], member_id)
               ? OK
               : fail(ERR_NOT_FOUND, "no such member");
}

enum err member_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "adherent");
    struct member_details details;
    int64_t member_id = 0;
    enum err err = members_path_id(page, &member_id);

    (void)response;
    form_done(page, "ajoute|modifie|archive|restaure|depense", data);
    if (!err)
        err = member_read(page->db, page->association.id, member_id, page->arena, &details);
    if (err)
        return err;
    members_set_details(page, data, &details);
    err = page_form_token(page, data, "archive_token", "/adherents/{}/archiver");
    if (!err)
        err = page_form_token(page, data, "restore_token", "/adherents/{}/restaurer");
    if (!err)
        err = add_payees(page, data, member_id);
    if (!err)
        err = add_lines(page, data, member_id);
    return err ? err : page_render(page, 200, "adherent.html", data);
}
