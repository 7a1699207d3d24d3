#include "payment/season.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/money.h"
#include "queries.h"

/* ---- products ---- */

static enum err read_product(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct season_product *product = item;

    product->product_id = db_column_int(rows, 0);
    product->title = db_column_is_null(rows, 1) ? "" : db_column_text(rows, 1, arena);
    product->charges = db_column_int(rows, 2);
    product->asked_cents = db_column_int(rows, 3);
    product->paid_cents = db_column_int(rows, 4);
    return OK;
}

static enum err read_products(struct db *db, int64_t association_id, int64_t year_id,
                              struct arena *arena, struct season *season)
{
    void *items;
    enum err err = rows_read_all(db, Q_SEASON_PRODUCTS,
                                 DB_VALUES(db_int(association_id), db_int(year_id)), read_product,
                                 sizeof(*season->products), arena, &items, &season->product_count);

    season->products = items;
    for (size_t i = 0; !err && i < season->product_count; i++) {
        season->asked_cents = money_add(season->asked_cents, season->products[i].asked_cents);
        season->paid_cents = money_add(season->paid_cents, season->products[i].paid_cents);
    }
    return err;
}

/* ---- months ---- */

static void list_months(const struct fiscal_year *year, struct season *season)
{
    struct date day = year->first_day;

    day.day = 1;
    while (date_compare(day, year->last_day) <= 0 && season->month_count < SEASON_MONTHS_MAX) {
        season->months[season->month_count++] =
            (struct season_month){.year = day.year, .month = day.month};
        day.year += day.month == 12;
        day.month = day.month % 12 + 1;
    }
}

/* The month "2026-10"; what was asked for on a day before or after the year stands in its first or
 * last one. NULL without months. */
static struct season_month *month_of(struct season *season, struct str text)
{
    int64_t year = 0, month = 0, place;
    struct str rest = text, first = str_cut(&rest, '-');

    if (season->month_count == 0 || !str_to_int64(first, &year) || !str_to_int64(rest, &month))
        return NULL;
    place = (year - season->months[0].year) * 12 + month - season->months[0].month;
    if (place < 0)
        place = 0;
    if (place >= (int64_t)season->month_count)
        place = (int64_t)season->month_count - 1;
    return &season->months[place];
}

enum amount { ASKED, RECEIVED };

static void add_to_month(struct season *season, enum amount amount, const struct db_rows *rows)
{
    struct season_month *month = month_of(season, db_column_str(rows, 0));
    int64_t cents = db_column_int(rows, 1);

    if (month && amount == ASKED)
        month->asked_cents = money_add(month->asked_cents, cents);
    else if (month)
        month->received_cents = money_add(month->received_cents, cents);
}

static enum err read_months(struct db *db, int query, const struct db_value *values, size_t count,
                            enum amount amount, struct season *season)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, query, values, count, &rows);

    while (!err && !(err = db_next(&rows, &found)) && found)
        add_to_month(season, amount, &rows);
    db_rows_done(&rows);
    return err;
}

enum err season_read(struct db *db, int64_t association_id, const struct fiscal_year *year,
                     struct arena *arena, struct season *season)
{
    char first_day[DATE_TEXT_MAX], last_day[DATE_TEXT_MAX];
    enum err err;

    *season = (struct season){0};
    list_months(year, season);
    date_format_iso(first_day, year->first_day);
    date_format_iso(last_day, year->last_day);
    err = read_products(db, association_id, year->id, arena, season);
    if (!err)
        err = read_months(db, Q_SEASON_MONTHS, DB_VALUES(db_int(association_id), db_int(year->id)),
                          ASKED, season);
    if (!err)
        err = read_months(db, Q_SEASON_RECEIVED,
                          DB_VALUES(db_int(association_id), db_text(first_day), db_text(last_day)),
                          RECEIVED, season);
    return err;
}

/* ---- what waits ---- */

enum err season_tasks(struct db *db, int64_t association_id, const char *today,
                      struct season_tasks *tasks)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_SEASON_CHEQUES,
                            DB_VALUES(db_int(association_id), db_text(today)), &rows, &found);

    *tasks = (struct season_tasks){0};
    if (!err && found) {
        tasks->cheque_count = db_column_int(&rows, 0);
        tasks->cheque_cents = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    return err ? err
               : db_integer(db, Q_SEASON_UNREACHABLE, DB_VALUES(db_int(association_id)), 0,
                            &tasks->unreachable_count);
}
