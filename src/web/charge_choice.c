#include "web/charges.h"

#include "accounting/accounting.h"
#include "association/member.h"
#include "association/once.h"
#include "base/log.h"
#include "base/random.h"

#include <string.h>

enum { DAYS_BACK = 2 * 366, DAYS_AHEAD = 366 }; /* of a date that may be typed */

void charges_read_amount(struct page *page, struct form *form, const char *field, int64_t *cents)
{
    static const char *const words[] = {
        [MONEY_EMPTY] = "vide",
        [MONEY_NOT_A_NUMBER] = "illisible",
        [MONEY_TOO_PRECISE] = "illisible",
        [MONEY_ZERO] = "illisible",
        [MONEY_TOO_LARGE] = "grand",
    };
    enum money_verdict verdict;

    *cents = 0;
    verdict =
        money_parse(http_field_text(page->request, field), page->association.currency, cents);
    if (verdict != MONEY_OK)
        form_fault(form, field, words[verdict]);
}

void charges_read_date(struct page *page, struct form *form, const char *field, struct date *date)
{
    struct date today = zone_date(page->association.zone, page->now);
    struct str typed = http_field_text(page->request, field);
    int64_t days;

    *date = today;
    if (str_empty(typed))
        return;
    if (date_parse_iso(typed, date)) {
        days = date_to_days(*date) - date_to_days(today);
        if (days >= -DAYS_BACK && days <= DAYS_AHEAD)
            return;
    }
    *date = today;
    form_fault(form, field, "illisible");
}

/* ---- whose cart ---- */

enum err charges_set_member(struct page *page, struct template_map *data, int64_t member_id)
{
    struct member member;
    enum err err = member_find(page->db, page->association.id, member_id, page->arena, &member);

    if (err)
        return err;
    page_set_id(page, data, "member_id", member.id);
    template_set_int(data, "number", member.number);
    template_set_text(data, "first_name", member.first_name);
    template_set_text(data, "last_name", member.last_name);
    return OK;
}

/* ---- accounts ---- */

static void add_account(struct template_list *list, const char *code, const char *label,
                        bool chosen)
{
    struct template_map *item = template_list_add(list);

    template_set_text(item, "code", code);
    template_set_text(item, "label", label);
    template_set_flag(item, "chosen", chosen);
}

enum err charges_set_accounts(struct page *page, struct template_map *data, struct str chosen)
{
    struct template_list *list = template_set_list(data, "accounts");
    struct chart_account *accounts;
    size_t count = 0;
    bool found = false;
    enum err err =
        accounting_charge_accounts(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        bool is_chosen = str_is(chosen, accounts[i].code);

        found = found || is_chosen;
        add_account(list, accounts[i].code, accounts[i].label, is_chosen);
    }
    if (!err && !found && !str_empty(chosen))
        add_account(list, str_copy(page->arena, chosen), "", true);
    return err;
}

/* ---- fiscal years ---- */

enum err charges_set_years(struct page *page, struct template_map *data, int64_t chosen_id)
{
    struct template_list *list = template_set_list(data, "years");
    struct fiscal_year *years;
    size_t count = 0;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item;

        if (years[i].closed && years[i].id != chosen_id)
            continue;
        item = template_list_add(list);
        page_set_id(page, item, "id", years[i].id);
        template_set_text(item, "label", years[i].label);
        template_set_flag(item, "chosen", years[i].id == chosen_id);
    }
    return err;
}

enum err charges_find_year(struct page *page, int64_t year_id, struct fiscal_year *year)
{
    struct fiscal_year *years;
    size_t count = 0;
    enum err err = accounting_years(page->db, page->association.id, page->arena, &years, &count);

    for (size_t i = 0; !err && i < count; i++)
        if (years[i].id == year_id) {
            *year = years[i];
            return OK;
        }
    return err ? err : fail(ERR_NOT_FOUND, "no such fiscal year");
}

/* ---- forms that are carried out once ---- */

enum err charges_set_key(struct page *page, struct template_map *data)
{
    char *key = arena_alloc(page->arena, RANDOM_TOKEN_MAX);
    enum err err = random_token(key);

    template_set_text(data, "jeton", key);
    return err;
}

bool charges_served(struct page *page)
{
    bool used = false;

    if (once_used(page->db, page->association.id, http_field_text(page->request, "jeton"),
                  page->request->body, &used))
        log_failure("web.once");
    return used;
}

enum err charges_use_key(struct page *page, struct db *db, bool *fresh)
{
    return once_use(db, page->association.id, http_field_text(page->request, "jeton"),
                    page->request->body, page->now, fresh);
}
