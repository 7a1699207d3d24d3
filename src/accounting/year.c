#include "accounting/accounting.h"

#include "accounting/internal.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

enum { YEARS_MADE_MAX = 200 };

static enum err read_year(struct db_rows *rows, struct arena *arena, struct fiscal_year *year)
{
    year->id = db_column_int(rows, 0);
    year->label = db_column_text(rows, 1, arena);
    year->closed = db_column_int(rows, 4) != 0;
    if (!date_parse_iso(db_column_str(rows, 2), &year->first_day) ||
        !date_parse_iso(db_column_str(rows, 3), &year->last_day))
        return fail(ERR_DB, "fiscal_year %lld: bad dates", (long long)year->id);
    return OK;
}

static enum err find_year(struct db *db, int query, const struct db_value *values, size_t count,
                          struct arena *arena, struct fiscal_year *year, bool *found)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, query, values, count, &rows, found);

    if (!err && *found)
        err = read_year(&rows, arena, year);
    db_rows_done(&rows);
    return err;
}

static struct date next_day(struct date date)
{
    return date_from_days(date_to_days(date) + 1);
}

static struct date day_before(struct date date)
{
    return date_from_days(date_to_days(date) - 1);
}

/* The same day of the month so many months on; the day is at most 28 or the first of a month. */
static struct date add_months(struct date date, int months)
{
    int month = date.year * 12 + date.month - 1 + months;
    struct date moved = {month / 12, month % 12 + 1, date.day};

    while (!date_valid(moved))
        moved.day--;
    return moved;
}

/* The usual first day of a year of the calendar. */
static struct date usual_first(const struct association *association, int year)
{
    return (struct date){year, association->year_first_month, association->year_first_day};
}

struct date year_first_for(const struct association *association, struct date date)
{
    struct date first = usual_first(association, date.year);

    if (date_compare(first, date) > 0)
        first.year--;
    return first;
}

/* Years of twelve months end before the usual first day, so that a changed one is reached with a
 * single shorter year; others are as long as they are. */
struct date year_last_for(const struct association *association, struct date first)
{
    struct date next = usual_first(association, first.year);

    if (association->year_months != 12)
        next = add_months(first, association->year_months);
    else if (date_compare(next, first) <= 0)
        next.year++;
    return day_before(next);
}

/* The first day of the year before the one that begins then. */
static struct date year_start_before(const struct association *association, struct date next)
{
    struct date first = usual_first(association, next.year);

    if (association->year_months != 12)
        return add_months(next, -association->year_months);
    if (date_compare(first, next) >= 0)
        first.year--;
    return first;
}

static enum err add_year(struct db *db, int64_t association_id, struct date first,
                         struct date last, struct arena *arena, struct fiscal_year *year)
{
    char first_text[DATE_TEXT_MAX], last_text[DATE_TEXT_MAX];
    enum err err = random_id(&year->id);

    if (err)
        return err;
    year->first_day = first;
    year->last_day = last;
    year->closed = false;
    year->label = first.year == last.year ? arena_printf(arena, "%d", first.year)
                                          : arena_printf(arena, "%d-%d", first.year, last.year);
    date_format_iso(first_text, first);
    date_format_iso(last_text, last);
    return db_run(db, Q_FISCAL_YEAR_ADD,
                  DB_VALUES(db_int(association_id), db_int(year->id), db_text(year->label),
                            db_text(first_text), db_text(last_text)));
}

static enum err add_first_year(struct db *db, const struct association *association,
                               struct date date, struct arena *arena, struct fiscal_year *year)
{
    struct date first = year_first_for(association, date);

    return add_year(db, association->id, first, year_last_for(association, first), arena, year);
}

static enum err add_years_after(struct db *db, const struct association *association,
                                struct date date, struct arena *arena, struct fiscal_year *year)
{
    for (int made = 0; date_compare(year->last_day, date) < 0; made++) {
        struct date first = next_day(year->last_day);
        enum err err;

        if (made == YEARS_MADE_MAX)
            return fail(ERR_INPUT, "date too far from the known fiscal years");
        err = add_year(db, association->id, first, year_last_for(association, first), arena, year);
        if (err)
            return err;
    }
    return OK;
}

static enum err add_years_before(struct db *db, const struct association *association,
                                 struct date date, struct arena *arena, struct fiscal_year *year)
{
    for (int made = 0; date_compare(year->first_day, date) > 0; made++) {
        struct date last = day_before(year->first_day);
        struct date first = year_start_before(association, year->first_day);
        enum err err;

        if (made == YEARS_MADE_MAX)
            return fail(ERR_INPUT, "date too far from the known fiscal years");
        err = add_year(db, association->id, first, last, arena, year);
        if (err)
            return err;
    }
    return OK;
}

/* Years have no hole between them, so a date in none of them lies before or behind them all. */
static enum err make_year(struct db *db, const struct association *association, struct date date,
                          struct arena *arena, struct fiscal_year *year)
{
    bool found = false;
    enum err err = find_year(db, Q_FISCAL_YEAR_NEWEST, DB_VALUES(db_int(association->id)), arena,
                             year, &found);

    if (err)
        return err;
    if (!found)
        return add_first_year(db, association, date, arena, year);
    if (date_compare(year->last_day, date) < 0)
        return add_years_after(db, association, date, arena, year);
    err = find_year(db, Q_FISCAL_YEAR_OLDEST, DB_VALUES(db_int(association->id)), arena, year,
                    &found);
    if (err)
        return err;
    return add_years_before(db, association, date, arena, year);
}

enum err accounting_year_for(struct db *db, const struct association *association,
                             struct date date, int64_t now, struct arena *arena,
                             struct fiscal_year *year)
{
    char text[DATE_TEXT_MAX];
    bool found = false;
    enum err err;

    (void)now;
    date_format_iso(text, date);
    err = find_year(db, Q_FISCAL_YEAR_HOLDING, DB_VALUES(db_int(association->id), db_text(text)),
                    arena, year, &found);
    if (err || found)
        return err;
    return make_year(db, association, date, arena, year);
}

enum err accounting_entry_day(struct db *db, const struct association *association,
                              struct date fact_date, int64_t now, struct arena *arena,
                              struct date *entry_date, struct fiscal_year *year)
{
    enum err err;

    *entry_date = fact_date;
    for (;;) {
        err = accounting_year_for(db, association, *entry_date, now, arena, year);
        if (err || !year->closed)
            return err;
        *entry_date = next_day(year->last_day);
    }
}

enum err accounting_years(struct db *db, int64_t association_id, struct arena *arena,
                          struct fiscal_year **years, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    size_t capacity = 8;
    enum err err = db_select(db, Q_FISCAL_YEAR_LIST, DB_VALUES(db_int(association_id)), &rows);

    *count = 0;
    *years = arena_array(arena, capacity, sizeof(**years));
    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (*count == capacity) {
            struct fiscal_year *grown = arena_array(arena, capacity * 2, sizeof(*grown));
            for (size_t i = 0; i < *count; i++)
                grown[i] = (*years)[i];
            *years = grown;
            capacity *= 2;
        }
        err = read_year(&rows, arena, &(*years)[(*count)++]);
    }
    db_rows_done(&rows);
    return err;
}
