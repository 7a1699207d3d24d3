#include "web/books.h"

#include "payment/season.h"
#include "queries.h"
#include "web/period.h"
#include "web/staff.h"

enum { LAST_PAYMENTS = 5, BAR_LEN = 1000 /* units of the drawings */ };

const struct http_field home_fields[] = {
    {"exercice", HTTP_TOKEN, 20, NULL, 0},
    {0},
};

static const char *const month_flags[] = {"month_1", "month_2",  "month_3",  "month_4",
                                          "month_5", "month_6",  "month_7",  "month_8",
                                          "month_9", "month_10", "month_11", "month_12"};
enum { MONTH_COUNT = sizeof(month_flags) / sizeof(month_flags[0]) };

/* ---- accounts at providers ---- */

static enum err add_accounts(struct page *page, struct template_map *data)
{
    struct template_list *list = template_set_list(data, "accounts");
    struct db_rows rows = {0};
    int64_t count = 0;
    bool found = false;
    enum err err =
        db_select(page->db, Q_ACCOUNT_NEWS, DB_VALUES(db_int(page->association.id)), &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct template_map *item = template_list_add(list);

        template_set_text(item, "label", db_column_text(&rows, 0, page->arena));
        template_set_flag(item, "is_test", str_is(db_column_str(&rows, 2), "test"));
        template_set_text(item, "external_id", db_column_text(&rows, 3, page->arena));
        template_set_flag(item, "has_news", !db_column_is_null(&rows, 4));
        template_set_time(item, "news_at", db_column_int(&rows, 4), page->association.zone);
        count++;
    }
    db_rows_done(&rows);
    template_set_flag(data, "has_accounts", count > 0);
    return err;
}

/* ---- drawings ---- */

/* How long a bar is beside the longest; what is not nothing can be seen. */
static int64_t bar(int64_t cents, int64_t most_cents)
{
    int64_t len;

    if (cents <= 0 || most_cents <= 0)
        return 0;
    /* Whole first: amounts of years times the length would still fit, but who knows. */
    len = cents / most_cents * BAR_LEN + cents % most_cents * BAR_LEN / most_cents;
    return len > 0 ? len : 1;
}

static void set_amount(struct page *page, struct template_map *item, const char *name,
                       int64_t cents)
{
    template_set_money(item, name, cents, page->association.currency);
    template_set_int(item, arena_printf(page->arena, "%s_cents", name), cents);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void add_months(struct page *page, struct template_map *data, const struct season *season)
{
    struct template_list *list = template_set_list(data, "months");
    int64_t most_cents = 0;

    for (size_t i = 0; i < season->month_count; i++)
        most_cents = larger(
            most_cents, larger(season->months[i].asked_cents, season->months[i].received_cents));
    for (size_t i = 0; i < season->month_count; i++) {
        const struct season_month *month = &season->months[i];
        struct template_map *item = template_list_add(list);

        page_flags(item, month_flags, MONTH_COUNT, month_flags[month->month - 1]);
        page_set_id(page, item, "calendar_year", month->year);
        set_amount(page, item, "asked", month->asked_cents);
        set_amount(page, item, "received", month->received_cents);
        page_set_id(page, item, "asked_len", bar(month->asked_cents, most_cents));
        page_set_id(page, item, "received_len", bar(month->received_cents, most_cents));
    }
    template_set_flag(data, "has_months", most_cents > 0);
}

static void add_products(struct page *page, struct template_map *data, const struct season *season)
{
    struct template_list *list = template_set_list(data, "products");
    int64_t most_cents = season->product_count ? season->products[0].asked_cents : 0;

    for (size_t i = 0; i < season->product_count; i++) {
        const struct season_product *product = &season->products[i];
        struct template_map *item = template_list_add(list);

        template_set_flag(item, "has_product", product->product_id != 0);
        template_set_text(item, "title", product->title);
        template_set_int(item, "charges", product->charges);
        set_amount(page, item, "asked", product->asked_cents);
        set_amount(page, item, "paid", product->paid_cents);
        set_amount(page, item, "owed", money_add(product->asked_cents, -product->paid_cents));
        page_set_id(page, item, "asked_len", bar(product->asked_cents, most_cents));
        page_set_id(page, item, "paid_len", bar(product->paid_cents, most_cents));
    }
    template_set_flag(data, "has_products", season->product_count > 0);
}

static enum err add_season(struct page *page, struct template_map *data,
                           const struct period *period)
{
    struct season season = {0};
    enum err err = period->has_year ? season_read(page->db, page->association.id, period->year,
                                                  page->arena, &season)
                                    : OK;

    set_amount(page, data, "asked", season.asked_cents);
    set_amount(page, data, "paid", season.paid_cents);
    set_amount(page, data, "owed", money_add(season.asked_cents, -season.paid_cents));
    add_months(page, data, &season);
    add_products(page, data, &season);
    return err;
}

/* ---- what waits for a hand ---- */

/* After the quarantine and the attempts to check, which it counts among them. */
static enum err add_tasks(struct page *page, struct template_map *data, bool others)
{
    char today[DATE_TEXT_MAX];
    struct season_tasks tasks;
    enum err err;

    date_format_iso(today, zone_date(page->association.zone, page->now));
    err = season_tasks(page->db, page->association.id, today, &tasks);
    template_set_flag(data, "has_cheques", tasks.cheque_count > 0);
    template_set_flag(data, "several_cheques", tasks.cheque_count > 1);
    template_set_int(data, "cheque_count", tasks.cheque_count);
    set_amount(page, data, "cheques", tasks.cheque_cents);
    template_set_flag(data, "has_unreachable", tasks.unreachable_count > 0);
    template_set_flag(data, "several_unreachable", tasks.unreachable_count > 1);
    template_set_int(data, "unreachable_count", tasks.unreachable_count);
    template_set_flag(data, "has_tasks",
                      others || tasks.cheque_count > 0 || tasks.unreachable_count > 0);
    return err;
}

static enum err add_waiting(struct page *page, struct template_map *data)
{
    int64_t quarantine = 0, to_check = 0;
    enum err err = staff_add_quarantine(page, data, &quarantine);

    template_set_flag(data, "several_quarantine", quarantine > 1);
    if (!err)
        err = staff_add_to_check(page, data, &to_check);
    return err ? err : add_tasks(page, data, quarantine > 0 || to_check > 0);
}

/* ---- the page ---- */

enum err home_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct template_map *data = page_data(page, "accueil");
    struct revenue_filter all = {.association_id = page->association.id}, filter = all;
    struct form form;
    struct period period;
    enum err err;

    (void)response;
    form_init(&form, NULL, 0);
    err = period_read(page, &form, "/accueil", PERIOD_THIS_YEAR, data, &period);
    template_set_flag(data, "has_year", period.has_year);
    if (!err && period.has_year)
        filter.fiscal_year_id = period.year->id;
    if (!err)
        err = staff_add_total(page, data, &filter);
    if (!err)
        err = add_season(page, data, &period);
    if (!err)
        err = add_waiting(page, data);
    if (!err)
        err = staff_add_payments(page, data, &all, (struct revenue_place){0}, LAST_PAYMENTS);
    if (!err)
        err = add_accounts(page, data);
    return err ? err : page_render(page, 200, "accueil.html", data);
}
