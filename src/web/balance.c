#include "web/books.h"

#include "accounting/journal.h"
#include "base/csv.h"
#include "web/export.h"
#include "web/period.h"

const struct http_field balance_fields[] = {PERIOD_FIELDS, {0}};

static const struct form_fault faults[] = {PERIOD_FAULTS};
static const char path[] = "/comptabilite/comptes";

/* A request of the balance, on the page or as a file. */
struct balancing {
    struct page *page;
    struct template_map *data;
    struct form form;
    const char *from, *until; /* ISO, or no bound */
    struct account_balance *balances;
    size_t count;
};

static enum err ask(struct balancing *balancing)
{
    struct page *page = balancing->page;
    struct period period;
    struct period_days days;
    enum err err;

    form_init(&balancing->form, faults, sizeof(faults) / sizeof(faults[0]));
    err = period_read(page, &balancing->form, path, PERIOD_THIS_YEAR, balancing->data, &period);
    if (err)
        return err;
    days = period_days(page, &period);
    balancing->from = days.from;
    balancing->until = days.until;
    template_set_flag(balancing->data, "has_from", days.from[0] != '\0');
    template_set_flag(balancing->data, "is_filtered",
                      period.has_from || period.has_until || form_faulty(&balancing->form, NULL));
    return account_balances(page->db, page->association.id, balancing->from, balancing->until,
                            page->arena, &balancing->balances, &balancing->count);
}

/* ---- the page ---- */

/* The ledger of an account over the same days. */
static const char *ledger_address(struct balancing *balancing, const char *code)
{
    return form_address(balancing->page, "/comptabilite/journal", "compte", code);
}

static void add_account(struct balancing *balancing, struct template_list *list,
                        const struct account_balance *balance)
{
    struct page *page = balancing->page;
    struct template_map *item = template_list_add(list);

    template_set_text(item, "code", balance->code);
    template_set_text(item, "label", balance->label);
    template_set_text(item, "ledger_address", ledger_address(balancing, balance->code));
    books_set_balance(page, item, "opening", balance->opening_cents);
    template_set_money(item, "debit", balance->debit_cents, page->association.currency);
    template_set_money(item, "credit", balance->credit_cents, page->association.currency);
    template_set_flag(item, "has_debit", balance->debit_cents != 0);
    template_set_flag(item, "has_credit", balance->credit_cents != 0);
    books_set_balance(page, item, "closing", balance->closing_cents);
}

static void add_accounts(struct balancing *balancing)
{
    struct page *page = balancing->page;
    struct template_map *data = balancing->data;
    struct template_list *list = template_set_list(data, "accounts");
    int64_t debit_cents = 0, credit_cents = 0;

    for (size_t i = 0; i < balancing->count; i++) {
        add_account(balancing, list, &balancing->balances[i]);
        debit_cents = money_add(debit_cents, balancing->balances[i].debit_cents);
        credit_cents = money_add(credit_cents, balancing->balances[i].credit_cents);
    }
    template_set_flag(data, "has_accounts", balancing->count > 0);
    template_set_money(data, "debit_total", debit_cents, page->association.currency);
    template_set_money(data, "credit_total", credit_cents, page->association.currency);
    template_set_int(data, "debit_total_cents", debit_cents);
    template_set_int(data, "credit_total_cents", credit_cents);
}

enum err balance_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "balance");
    struct balancing balancing = {.page = page, .data = data};
    enum err err = ask(&balancing);
    bool faulty = form_faulty(&balancing.form, NULL);

    (void)response;
    if (err)
        return err;
    add_accounts(&balancing);
    form_add(page, &balancing.form, data);
    template_set_text(data, "export_address",
                      form_address(page, "/comptabilite/comptes/export", NULL, NULL));
    return page_render(page, faulty ? 400 : 200, "balance.html", data);
}

/* ---- the file ---- */

static enum err add_all(struct export *export, void *list, bool *ended)
{
    const struct balancing *balancing = list;
    const struct currency *currency = export->page->association.currency;

    for (size_t i = 0; i < balancing->count; i++) {
        const struct account_balance *balance = &balancing->balances[i];

        csv_add_text(export->csv, true, balance->code);
        csv_add_text(export->csv, false, balance->label);
        csv_add_money(export->csv, false, balance->opening_cents, currency);
        csv_add_money(export->csv, false, balance->debit_cents, currency);
        csv_add_money(export->csv, false, balance->credit_cents, currency);
        csv_add_money(export->csv, false, balance->closing_cents, currency);
        csv_end_row(export->csv);
    }
    *ended = true;
    return OK;
}

enum err balance_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct balancing balancing = {.page = page, .data = template_map_new(page->arena)};
    enum err err = ask(&balancing);

    (void)response;
    if (!err && form_faulty(&balancing.form, NULL))
        err = fail(ERR_INPUT, "days that are none");
    return err ? err : export_send(page, "balance", add_all, &balancing);
}
