/*
 * What went to the bank, what it is made of; and money that did not begin in Guichet.
 */
#include "web/statement.h"

#include "web/books.h"
#include "web/form.h"

enum { LINES_MAX = 500 };

const struct http_field payouts_fields[] = {
    {"apres", HTTP_TOKEN, 44, NULL, 0},
    {0},
};
const struct http_field elsewhere_fields[] = {
    {"apres", HTTP_TOKEN, 44, NULL, 0},
    {0},
};

/* "<fact_at>-<id>" of the last row shown. */
static bool read_place(struct page *page, struct payout_place *place)
{
    struct str key = http_field_text(page->request, "apres"), at;

    if (str_empty(key))
        return true;
    at = str_cut(&key, '-');
    return str_to_int64(at, &place->fact_at) && key.data && str_to_int64(key, &place->id);
}

static void set_pages(struct page *page, struct template_map *data, const char *path,
                      bool has_next, struct payout_place last)
{
    template_set_flag(data, "has_next", has_next);
    template_set_flag(data, "first_page", str_empty(http_field_text(page->request, "apres")));
    template_set_text(data, "next_address",
                      has_next
                          ? form_address(page, path, "apres",
                                         arena_printf(page->arena, "%lld-%lld",
                                                      (long long)last.fact_at, (long long)last.id))
                          : "");
}

static void set_entry(struct page *page, struct template_map *map, int64_t entry_id,
                      const char *journal, int64_t number)
{
    template_set_flag(map, "has_entry", entry_id != 0);
    page_set_id(page, map, "entry_id", entry_id);
    template_set_text(map, "entry_number",
                      arena_printf(page->arena, "%s %lld", journal, (long long)number));
}

/* ---- payouts ---- */

static void set_payout(struct page *page, struct template_map *map, const struct payout *payout)
{
    const struct currency *currency = statement_currency(page, payout->currency);
    int64_t gap = money_add(payout->bank_cents, -payout->parts_cents);

    page_set_id(page, map, "id", payout->id);
    template_set_text(map, "label", payout->label);
    template_set_text(map, "provider_label", page_provider_label(page, payout->provider));
    template_set_text(map, "reference", payout->reference);
    template_set_time(map, "at", payout->fact_at, page->association.zone);
    template_set_money(map, "bank", payout->bank_cents, currency);
    template_set_int(map, "bank_cents", payout->bank_cents);
    template_set_flag(map, "is_taken", payout->bank_cents < 0);
    template_set_flag(map, "failed", payout->failed);
    template_set_flag(map, "listed", payout->listed);
    template_set_money(map, "parts", payout->parts_cents, currency);
    template_set_money(map, "gap", gap, currency);
    template_set_int(map, "gap_cents", gap);
    template_set_flag(map, "agrees", payout->listed && gap == 0);
    template_set_flag(map, "differs", payout->listed && gap != 0);
    set_entry(page, map, payout->entry_id, payout->journal, payout->entry_number);
}

enum err payouts_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "virements");
    struct template_list *list = template_set_list(data, "payouts");
    struct payout_place place = {0}, last = {0};
    struct payout *payouts;
    size_t count = 0, shown;
    enum err err;

    (void)request, (void)response;
    if (!read_place(page, &place))
        return fail(ERR_INPUT, "not a key of this list");
    err = payout_list(page->db, page->association.id, place, WEB_PAGE_ROWS + 1, page->arena,
                      &payouts, &count);
    shown = count > WEB_PAGE_ROWS ? WEB_PAGE_ROWS : count;
    for (size_t i = 0; !err && i < shown; i++) {
        set_payout(page, template_list_add(list), &payouts[i]);
        last = (struct payout_place){payouts[i].fact_at, payouts[i].id};
    }
    template_set_flag(data, "has_payouts", shown > 0);
    set_pages(page, data, "/comptabilite/virements", count > shown, last);
    return err ? err : page_render(page, 200, "virements.html", data);
}

static enum err add_parts(struct page *page, struct template_map *data,
                          const struct payout *payout)
{
    const struct currency *currency = statement_currency(page, payout->currency);
    struct template_list *list = template_set_list(data, "parts_list");
    struct payout_part *parts;
    size_t count = 0;
    int64_t fees = 0;
    enum err err =
        payout_parts(page->db, page->association.id, payout, page->arena, &parts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        statement_set_kind(page->arena, item, parts[i].kind);
        template_set_text(item, "type", "");
        template_set_int(item, "count", parts[i].count);
        template_set_money(item, "gross", parts[i].gross_cents, currency);
        template_set_int(item, "gross_cents", parts[i].gross_cents);
        fees = money_add(fees, parts[i].fee_cents);
    }
    template_set_flag(data, "has_fees", fees != 0);
    template_set_money(data, "fees", -fees, currency);
    template_set_int(data, "fees_cents", -fees);
    return err;
}

static enum err add_lines(struct page *page, struct template_map *data,
                          const struct payout *payout)
{
    struct template_list *list = template_set_list(data, "lines");
    struct statement_row *rows;
    size_t count = 0;
    enum err err = payout_lines(page->db, page->association.id, payout, LINES_MAX + 1, page->arena,
                                &rows, &count);

    template_set_flag(data, "has_more", count > LINES_MAX);
    template_set_int(data, "lines_max", LINES_MAX);
    for (size_t i = 0; !err && i < count && i < LINES_MAX; i++) {
        struct template_map *item = template_list_add(list);
        const struct currency *currency = statement_currency(page, rows[i].line.currency);

        books_set_day(item, "day", rows[i].day);
        statement_set_kind(page->arena, item, rows[i].kind);
        template_set_text(item, "type", rows[i].line.type);
        template_set_text(item, "payer", rows[i].line.payer);
        template_set_text(item, "reference", rows[i].line.movement);
        template_set_money(item, "gross", rows[i].line.gross_cents, currency);
        template_set_flag(item, "has_fee", rows[i].line.fee_cents != 0);
        template_set_money(item, "fee", rows[i].line.fee_cents, currency);
        template_set_money(item, "net", rows[i].line.gross_cents - rows[i].line.fee_cents,
                           currency);
        template_set_flag(item, "is_booked", rows[i].state == STATEMENT_MATCHED);
        template_set_flag(item, "has_entry", rows[i].entry_id != 0);
        page_set_id(page, item, "entry_id", rows[i].entry_id);
    }
    return err;
}

enum err payout_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "virement");
    struct payout payout;
    int64_t id;
    enum err err;

    (void)response;
    if (!str_to_int64(request->path_parts[0], &id))
        return fail(ERR_NOT_FOUND, "no such payout");
    err = payout_find(page->db, page->association.id, id, page->arena, &payout);
    if (err)
        return err;
    set_payout(page, data, &payout);
    err = add_parts(page, data, &payout);
    if (!err)
        err = add_lines(page, data, &payout);
    return err ? err : page_render(page, 200, "virement.html", data);
}

/* ---- money that did not begin here ---- */

static void add_elsewhere(struct page *page, struct template_list *list,
                          const struct elsewhere_row *row)
{
    struct template_map *item = template_list_add(list);
    const struct currency *currency = statement_currency(page, row->currency);

    page_set_id(page, item, "id", row->id);
    template_set_time(item, "at", row->fact_at, page->association.zone);
    template_set_text(item, "payer", row->payer);
    template_set_text(item, "reference", row->reference);
    template_set_text(item, "label", row->label);
    template_set_money(item, "amount", row->amount_cents, currency);
    template_set_int(item, "amount_cents", row->amount_cents);
    template_set_flag(item, "is_returned", row->returned_cents > 0);
    template_set_money(item, "returned", row->returned_cents, currency);
    set_entry(page, item, row->entry_id, row->journal, row->entry_number);
}

static enum err add_accounts(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "accounts");
    struct statement_account *accounts;
    size_t count = 0;
    enum err err =
        statement_accounts(page->db, page->association.id, page->arena, &accounts, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        statement_set_account(page, item, &accounts[i]);
        template_set_text(item, "other_code", accounts[i].other_account);
    }
    template_set_flag(data, "has_accounts", count > 0);
    return err;
}

enum err elsewhere_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "autres_encaissements");
    struct template_list *list = template_set_list(data, "payments");
    struct payout_place place = {0}, last = {0};
    struct elsewhere_row *rows;
    size_t count = 0, shown;
    enum err err = add_accounts(page, data);

    (void)request, (void)response;
    if (!err && !read_place(page, &place))
        err = fail(ERR_INPUT, "not a key of this list");
    if (!err)
        err = elsewhere_list(page->db, page->association.id, place, WEB_PAGE_ROWS + 1, page->arena,
                             &rows, &count);
    shown = count > WEB_PAGE_ROWS ? WEB_PAGE_ROWS : count;
    for (size_t i = 0; !err && i < shown; i++) {
        add_elsewhere(page, list, &rows[i]);
        last = (struct payout_place){rows[i].fact_at, rows[i].id};
    }
    template_set_flag(data, "has_payments", shown > 0);
    set_pages(page, data, "/comptabilite/autres-encaissements", count > shown, last);
    return err ? err : page_render(page, 200, "autres-encaissements.html", data);
}
