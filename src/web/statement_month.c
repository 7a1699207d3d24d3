/*
 * One month of one account: whether it is proven, and why not.
 */
#include "web/statement.h"

#include "base/csv.h"
#include "payment/service.h"
#include "payment/statement_task.h"
#include "web/books.h"
#include "web/export.h"
#include "web/form.h"

enum { LINES_PAGE = 100, UNKNOWN_MAX = 200 };

#define STATE_WORDS "rapproche|manque|ecart|sans|avant|encours"
const struct http_field statement_month_fields[] = {
    {"etat", HTTP_CHOICE, 12, STATE_WORDS, 0},
    {"apres", HTTP_TEXT, 300, NULL, 0},
    {"fait", HTTP_CHOICE, 16, "comptabilise|attend|suite|rien", 0},
    {0},
};
const struct http_field statement_export_fields[] = {
    {"etat", HTTP_CHOICE, 12, STATE_WORDS, 0},
    {0},
};
const struct http_field statement_book_fields[] = {
    TOKEN_FIELD,
    {"ligne", HTTP_TEXT, 255, NULL, 0}, /* nothing: all that is missing */
    {0},
};

static const char *const words[STATEMENT_STATES] = {"rapproche", "manque", "ecart",
                                                    "sans",      "avant",  "encours"};

enum err statement_open(struct page *page, struct statement_visit *visit)
{
    struct statement_month *months;
    struct date first;
    int64_t id;
    enum err err;

    visit->page = page;
    if (!str_to_int64(page->request->path_parts[0], &id) ||
        !statement_read_month(page->request->path_parts[1], &first))
        return fail(ERR_NOT_FOUND, "no such month of an account");
    err = statement_account_find(page->db, page->association.id, id, page->arena, &visit->account);
    if (!err && zone_day_start(page->association.zone, first) > page->now)
        err = fail(ERR_NOT_FOUND, "a month to come");
    if (!err)
        err = statement_months(page->db, &page->association, &visit->account, first, 1, page->now,
                               page->arena, &months);
    if (!err)
        visit->month = months[0];
    return err;
}

static int asked_state(const struct page *page)
{
    struct str word = http_field_text(page->request, "etat");

    for (int i = 0; i < STATEMENT_STATES; i++)
        if (str_is(word, words[i]))
            return i;
    return -1;
}

static struct statement_filter filter_of(const struct statement_visit *visit)
{
    return (struct statement_filter){.association_id = visit->account.association_id,
                                     .account_id = visit->account.id,
                                     .first_day = visit->month.first_day,
                                     .last_day = visit->month.last_day,
                                     .state = asked_state(visit->page)};
}

/* ---- the lines ---- */

static void set_links(struct page *page, struct template_map *item,
                      const struct statement_row *row)
{
    template_set_flag(item, "has_entry", row->entry_id != 0);
    page_set_id(page, item, "entry_id", row->entry_id);
    template_set_flag(item, "has_payment",
                      row->transaction_id != 0 && row->line.kind == FACT_CAPTURE &&
                          row->line.posts);
    page_set_id(page, item, "payment_id", row->transaction_id);
}

static void set_state(struct page *page, struct template_map *item,
                      const struct statement_row *row)
{
    const struct currency *currency = statement_currency(page, row->line.currency);

    page_flags(item, words, STATEMENT_STATES, words[row->state]);
    template_set_flag(item, "fee_missing",
                      row->state == STATEMENT_MISSING && row->transaction_id != 0);
    template_set_flag(item, "told_otherwise", row->told_otherwise);
    template_set_money(item, "told", row->told_gross_cents, currency);
    template_set_money(item, "told_fee", row->told_fee_cents, currency);
    template_set_flag(item, "has_booked", row->has_booked);
    template_set_money(item, "booked", row->booked_cents, currency);
    template_set_flag(item, "has_fee_booked", row->has_fee);
    template_set_money(item, "fee_booked", -row->fee_booked_cents, currency);
}

static void add_line(struct page *page, struct template_list *list,
                     const struct statement_row *row)
{
    struct template_map *item = template_list_add(list);
    const struct currency *currency = statement_currency(page, row->line.currency);

    template_set_text(item, "reference", row->line.reference);
    template_set_text(item, "movement", row->line.movement);
    template_set_text(item, "type", row->line.type);
    template_set_text(item, "payer", row->line.payer);
    books_set_day(item, "day", row->day);
    statement_set_kind(page->arena, item, row->kind);
    template_set_money(item, "gross", row->line.gross_cents, currency);
    template_set_int(item, "gross_cents", row->line.gross_cents);
    template_set_flag(item, "has_fee", row->line.fee_cents != 0);
    template_set_money(item, "fee", row->line.fee_cents, currency);
    template_set_money(item, "net", row->line.gross_cents - row->line.fee_cents, currency);
    set_state(page, item, row);
    set_links(page, item, row);
}

/* "<day>.<reference>" of the last line shown. */
static bool read_place(struct page *page, struct statement_place *place)
{
    struct str key = http_field_text(page->request, "apres"), day;

    if (str_empty(key))
        return true;
    day = str_cut(&key, '.');
    place->day = str_copy(page->arena, day);
    place->reference = str_copy(page->arena, key);
    return key.data != NULL;
}

static enum err add_lines(struct statement_visit *visit, struct template_map *data)
{
    struct page *page = visit->page;
    struct template_list *list = template_set_list(data, "lines");
    struct statement_filter filter = filter_of(visit);
    struct statement_place place = {0};
    struct statement_row *rows;
    size_t count = 0, shown;
    const char *path =
        arena_printf(page->arena, "/comptabilite/rapprochement/%lld/%04d-%02d",
                     (long long)visit->account.id, visit->month.year, visit->month.month);
    enum err err;

    if (!read_place(page, &place))
        return fail(ERR_INPUT, "not a key of this list");
    err = statement_list(page->db, &filter, place, LINES_PAGE + 1, page->arena, &rows, &count);
    shown = count > LINES_PAGE ? LINES_PAGE : count;
    for (size_t i = 0; !err && i < shown; i++)
        add_line(page, list, &rows[i]);
    template_set_flag(data, "has_lines", shown > 0);
    template_set_flag(data, "has_next", count > shown);
    template_set_flag(data, "first_page", str_empty(http_field_text(page->request, "apres")));
    template_set_text(data, "first_address", form_address(page, path, NULL, NULL));
    template_set_text(data, "next_address",
                      count > shown
                          ? form_address(page, path, "apres",
                                         arena_printf(page->arena, "%s.%s", rows[shown - 1].day,
                                                      rows[shown - 1].line.reference))
                          : "");
    return err;
}

/* ---- ours that the list lacks ---- */

static enum err add_unknown(struct statement_visit *visit, struct template_map *data)
{
    struct page *page = visit->page;
    struct template_list *list = template_set_list(data, "unknown");
    struct statement_unknown *rows;
    size_t count = 0;
    enum err err = statement_unknown_list(page->db, &visit->account, &visit->month, UNKNOWN_MAX,
                                          page->arena, &rows, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "reference", rows[i].reference);
        template_set_text(item, "payer", rows[i].payer);
        template_set_time(item, "at", rows[i].fact_at, page->association.zone);
        statement_set_kind(page->arena, item, rows[i].kind);
        template_set_money(item, "amount", rows[i].amount_cents,
                           statement_currency(page, rows[i].currency));
        template_set_int(item, "amount_cents", rows[i].amount_cents);
        template_set_flag(item, "has_entry", rows[i].entry_id != 0);
        page_set_id(page, item, "entry_id", rows[i].entry_id);
    }
    return err;
}

/* ---- the page ---- */

/* What the provider says it holds, beside what its list adds up to: this month only. */
static enum err add_balance(struct statement_visit *visit, struct template_map *data)
{
    struct page *page = visit->page;
    int64_t listed = 0, transit = 0;
    enum err err = statement_listed(page->db, &page->association, &visit->account, &listed);

    if (!err)
        err = statement_transit(page->db, &visit->account, visit->month.last_day, &transit);
    template_set_money(data, "transit", transit, page->association.currency);
    template_set_int(data, "transit_cents", transit);
    template_set_flag(data, "has_balance", visit->account.has_balance && visit->month.is_current);
    template_set_flag(data, "balance_agrees", listed == visit->account.balance_cents);
    template_set_money(data, "balance", visit->account.balance_cents, page->association.currency);
    template_set_money(data, "listed", listed, page->association.currency);
    template_set_time(data, "balance_at", visit->account.balance_at, page->association.zone);
    return err;
}

static void add_filters(struct statement_visit *visit, struct template_map *data)
{
    struct page *page = visit->page;
    int state = asked_state(page);

    for (int i = 0; i < STATEMENT_STATES; i++)
        template_set_flag(data, arena_printf(page->arena, "only_%s", words[i]), i == state);
    template_set_flag(data, "all_states", state < 0);
    template_set_str(data, "state_word", http_field_text(page->request, "etat"));
    template_set_flag(data, "is_filtered", state >= 0);
}

enum err statement_month_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "rapprochement_mois");
    struct statement_visit visit;
    enum err err = statement_open(page, &visit);

    (void)response;
    if (!err)
        err =
            page_form_token(page, data, "csrf", "/comptabilite/rapprochement/{}/{}/comptabiliser");
    if (!err)
        err = page_form_token(page, data, "read_csrf", "/comptabilite/rapprochement/lire");
    if (!err)
        err = add_balance(&visit, data);
    if (!err)
        err = add_lines(&visit, data);
    if (err)
        return err;
    statement_set_account(page, data, &visit.account);
    statement_set_month(page, data, &visit.account, &visit.month);
    err = add_unknown(&visit, data);
    add_filters(&visit, data);
    form_done(page, "comptabilise|attend|suite|rien", data);
    return err ? err : page_render(page, 200, "rapprochement-mois.html", data);
}

/* ---- booking ---- */

static enum err write_book(struct db *db, void *argument)
{
    return statement_book(db, argument);
}

static const char *outcome_word(const struct statement_order *order)
{
    return order->more     ? "suite"
           : order->waits  ? "attend"
           : order->booked ? "comptabilise"
                           : "rien";
}

enum err statement_book_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct str line = http_field_text(request, "ligne");
    struct statement_visit visit;
    struct statement_order order = {0};
    const struct provider *provider;
    enum err err = page_begin_reading(page);

    (void)response;
    if (!err)
        err = statement_open(page, &visit);
    page_end_reading(page);
    if (err)
        return err;
    provider = payment_provider(page->web->options.service, str_of(visit.account.provider));
    order = (struct statement_order){
        .association = &page->association,
        .account_id = visit.account.id,
        .reference = str_empty(line) ? NULL : str_copy(page->arena, line),
        .first_day = visit.month.first_day,
        .last_day = visit.month.last_day,
        .reads_payouts = provider && provider->statement && provider->statement->payouts,
        .actor = page_actor(page),
        .now = page->now,
    };
    err = db_write_alone(page->web->options.service->writer, write_book, &order);
    return err ? err
               : http_redirect(page->response,
                               arena_printf(page->arena,
                                            "/comptabilite/rapprochement/%lld/%04d-%02d?fait=%s",
                                            (long long)visit.account.id, visit.month.year,
                                            visit.month.month, outcome_word(&order)));
}

/* ---- the file ---- */

struct exporting {
    struct statement_visit visit;
    struct statement_place place;
};

static enum err add_words(struct export *export, const struct statement_row *row)
{
    struct template_map *data = template_map_new(export->arena);
    struct str kind, state;
    enum err err;

    statement_set_kind(export->arena, data, row->kind);
    template_set_text(data, "type", row->line.type);
    page_flags(data, words, STATEMENT_STATES, words[row->state]);
    err = page_text(export->page, export->arena, "export/mouvement.txt", data, &kind);
    if (!err)
        err =
            page_text(export->page, export->arena, "export/rapprochement-etat.txt", data, &state);
    if (err)
        return err;
    csv_add(export->csv, false, kind);
    csv_add(export->csv, false, state);
    return OK;
}

static enum err add_cells(struct export *export, const struct statement_row *row)
{
    const struct currency *currency = statement_currency(export->page, row->line.currency);

    csv_add_date(export->csv, true, zone_date(export->page->association.zone, row->line.fact_at));
    csv_add_text(export->csv, false, row->line.reference);
    csv_add_text(export->csv, false, row->line.movement);
    csv_add_text(export->csv, false, row->line.payer);
    csv_add_money(export->csv, false, row->line.gross_cents, currency);
    csv_add_money(export->csv, false, row->line.fee_cents, currency);
    csv_add_money(export->csv, false, row->line.gross_cents - row->line.fee_cents, currency);
    csv_add_text(export->csv, false, row->line.currency);
    csv_add_text(export->csv, false, row->line.payout);
    return add_words(export, row);
}

static enum err add_more(struct export *export, void *list, bool *ended)
{
    struct exporting *exporting = list;
    struct statement_filter filter = filter_of(&exporting->visit);
    struct statement_row *rows;
    size_t count = 0;
    enum err err = statement_list(export->page->db, &filter, exporting->place, EXPORT_CHUNK,
                                  export->arena, &rows, &count);

    for (size_t i = 0; !err && i < count; i++) {
        err = add_cells(export, &rows[i]);
        csv_end_row(export->csv);
    }
    if (!err && count > 0) {
        exporting->place.day = arena_string(export->page->arena, rows[count - 1].day);
        exporting->place.reference =
            arena_string(export->page->arena, rows[count - 1].line.reference);
    }
    *ended = count < EXPORT_CHUNK;
    return err;
}

enum err statement_export_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct exporting exporting = {0};
    enum err err = statement_open(page, &exporting.visit);

    (void)response;
    return err ? err : export_send(page, "rapprochement", add_more, &exporting);
}
