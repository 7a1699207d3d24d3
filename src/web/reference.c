#include "web/reference.h"

#include "accounting/accounting.h"
#include "base/utf8.h"
#include "payment/means.h"

/* ---- what the pages share ---- */

enum err reference_add_accounts(struct page *page, struct template_map *data, const char *digits,
                                struct str chosen)
{
    struct template_list *list = template_set_list(data, "accounts");
    struct chart_account *accounts;
    size_t count;
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        bool is_chosen = str_is(chosen, accounts[i].code);
        struct template_map *item;

        if (!str_starts(str_of(accounts[i].code), digits) || (accounts[i].archived && !is_chosen))
            continue;
        item = template_list_add(list);
        template_set_text(item, "code", accounts[i].code);
        template_set_text(item, "label", accounts[i].label);
        template_set_flag(item, "chosen", is_chosen);
    }
    return err;
}

enum err reference_done(struct page *page, const char *list, const char *word)
{
    return http_redirect(
        page->response,
        arena_printf(page->arena, "/parametrage/referentiel/%s?fait=%s", list, word));
}

struct date reference_today(const struct page *page)
{
    return zone_date(page->association.zone, page->now);
}

const char *reference_read_label(struct page *page, struct form *form, size_t max)
{
    struct str label = http_field_text(page->request, "libelle");

    if (str_empty(label))
        form_fault(form, "libelle", "missing");
    else if (utf8_length(label) > max)
        form_fault(form, "libelle", "too_long");
    return str_copy(page->arena, label);
}

/* ---- the page ---- */

static enum err add_chart(struct page *page, struct template_map *data)
{
    struct chart_account *accounts;
    size_t count;
    int64_t in_use = 0;
    enum err err =
        accounting_chart(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++)
        in_use += !accounts[i].archived;
    template_set_int(data, "accounts", in_use);
    template_set_flag(data, "several_accounts", in_use > 1);
    return err;
}

static enum err add_years(struct page *page, struct template_map *data)
{
    struct date today = reference_today(page);
    struct fiscal_year *years;
    size_t count;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    template_set_none(data, "current_year");
    for (size_t i = 0; !err && i < count; i++)
        if (date_compare(years[i].first_day, today) <= 0 &&
            date_compare(years[i].last_day, today) >= 0)
            template_set_text(data, "current_year", years[i].label);
    return err;
}

static enum err add_means(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "means");
    struct means *means;
    size_t count, in_use = 0;
    enum err err = means_list(page->db, page->association.id, page->arena, &means, &count);

    for (size_t i = 0; !err && i < count && !means[i].archived; i++, in_use++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "label", means[i].label);
        template_set_flag(item, "first", i == 0);
    }
    template_set_flag(data, "has_means", in_use > 0);
    return err;
}

enum err reference_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "referentiel");
    enum err err = add_chart(page, data);

    (void)response;
    if (!err)
        err = add_years(page, data);
    if (!err)
        err = add_means(page, data);
    if (!err)
        err = terms_add_list(page, data);
    form_done(page, "frais", data);
    return err ? err : page_render(page, 200, "referentiel.html", data);
}
