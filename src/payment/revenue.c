#include "payment/revenue.h"

#include "association/member.h"
#include "association/rows.h"
#include "base/arena.h"
#include "queries.h"

/* ---- what is asked for ---- */

static int64_t until(const struct revenue_filter *filter)
{
    return filter->until_at ? filter->until_at : INT64_MAX;
}

/* ---- the list ---- */

static void read_who(const struct db_rows *rows, struct arena *arena, struct revenue_row *row)
{
    row->member_id = db_column_int(rows, 8);
    row->member_number = db_column_int(rows, 9);
    row->first_name = db_column_text_or_empty(rows, 10, arena);
    row->last_name = db_column_text_or_empty(rows, 11, arena);
}

static void read_entry(const struct db_rows *rows, struct arena *arena, struct revenue_row *row)
{
    row->entry_id = db_column_int(rows, 12);
    row->entry_number = db_column_int(rows, 13);
    row->journal = db_column_text_or_empty(rows, 14, arena);
    row->label = db_column_text_or_empty(rows, 15, arena);
    row->year = db_column_text_or_empty(rows, 16, arena);
    row->advance_cents = db_column_int(rows, 17);
}

static enum err read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct revenue_row *row = item;

    row->id = db_column_int(rows, 0);
    row->fact_at = db_column_int(rows, 1);
    row->amount_cents = db_column_int(rows, 2);
    row->currency = db_column_text(rows, 3, arena);
    row->reference = db_column_text(rows, 4, arena);
    row->flag = db_column_text(rows, 5, arena);
    row->provider = db_column_text(rows, 6, arena);
    row->means = db_column_text(rows, 7, arena);
    read_who(rows, arena, row);
    read_entry(rows, arena, row);
    row->returned_cents = db_column_int(rows, 18);
    row->quarantined = db_column_int(rows, 19) != 0;
    row->has_fee = !db_column_is_null(rows, 20);
    row->fee_cents = db_column_int(rows, 20);
    row->net_cents = db_column_int(rows, 21) - row->fee_cents;
    return OK;
}

enum err revenue_list(struct db *db, const struct revenue_filter *filter,
                      struct revenue_place place, int64_t max, struct arena *arena,
                      struct revenue_row **rows, size_t *count)
{
    struct str patterns[MEMBER_SEARCH_WORDS];
    bool goes_on = place.fact_at != 0 || place.id != 0;
    void *items;
    enum err err;

    member_search_patterns(filter->search, arena, patterns);
    err = rows_read_all(db, Q_REVENUE_LIST,
                        DB_VALUES(db_int(filter->association_id), db_int(filter->fiscal_year_id),
                                  db_int(goes_on ? place.fact_at : INT64_MAX),
                                  db_int(goes_on ? place.id : INT64_MAX), db_int(filter->from_at),
                                  db_int(until(filter)), db_int(filter->provider_account_id),
                                  db_str(patterns[0]), db_str(patterns[1]), db_str(patterns[2]),
                                  db_int(max)),
                        read_row, sizeof(**rows), arena, &items, count);
    *rows = items;
    return err;
}

/* ---- the total ---- */

enum { DAY_S = 24 * 3600 };

static enum err add_sums(struct db *db, int query, const struct db_value *values,
                         size_t value_count, struct revenue_total *total)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, query, values, value_count, &rows, &found);

    if (!err && found) {
        total->count += db_column_int(&rows, 0);
        total->received_cents += db_column_int(&rows, 1);
        total->returned_cents += db_column_int(&rows, 2);
    }
    db_rows_done(&rows);
    return err;
}

/* Payment by payment, those of some hours. */
static enum err add_hours(struct db *db, const struct revenue_filter *filter, int64_t from_at,
                          int64_t until_at, struct revenue_total *total)
{
    const struct str any = str_of("%");
    int64_t returned_cents = 0;
    enum err err;

    if (from_at >= until_at)
        return OK;
    err =
        add_sums(db, Q_REVENUE_TOTAL,
                 DB_VALUES(db_int(filter->association_id), db_int(filter->fiscal_year_id),
                           db_int(from_at), db_int(until_at), db_int(filter->provider_account_id),
                           db_str(any), db_str(any), db_str(any)),
                 total);
    if (!err)
        err = db_integer(db, Q_REVENUE_RETURNED_BETWEEN,
                         DB_VALUES(db_int(filter->association_id), db_int(filter->fiscal_year_id),
                                   db_int(from_at), db_int(until_at),
                                   db_int(filter->provider_account_id)),
                         0, &returned_cents);
    total->returned_cents += returned_cents;
    return err;
}

/* Whole days as they are kept; the hours before and behind payment by payment: a day is not the
 * same everywhere. */
static enum err add_days(struct db *db, const struct revenue_filter *filter,
                         struct revenue_total *total)
{
    int64_t from_at = filter->from_at, until_at = until(filter);
    int64_t first_day = from_at / DAY_S + (from_at % DAY_S != 0), end_day = until_at / DAY_S;
    enum err err;

    if (first_day >= end_day)
        return add_hours(db, filter, from_at, until_at, total);
    err = add_sums(db, Q_REVENUE_DAYS,
                   DB_VALUES(db_int(filter->association_id), db_int(filter->fiscal_year_id),
                             db_int(first_day), db_int(end_day),
                             db_int(filter->provider_account_id)),
                   total);
    if (!err)
        err = add_hours(db, filter, from_at, first_day * DAY_S, total);
    return err ? err : add_hours(db, filter, end_day * DAY_S, until_at, total);
}

/* Payments in which words are found. */
static enum err add_found(struct db *db, const struct revenue_filter *filter, struct arena *arena,
                          struct revenue_total *total)
{
    struct str patterns[MEMBER_SEARCH_WORDS];
    enum err err;

    member_search_patterns(filter->search, arena, patterns);
    err = add_sums(db, filter->fiscal_year_id ? Q_REVENUE_YEAR_TOTAL : Q_REVENUE_TOTAL,
                   DB_VALUES(db_int(filter->association_id), db_int(filter->fiscal_year_id),
                             db_int(filter->from_at), db_int(until(filter)),
                             db_int(filter->provider_account_id), db_str(patterns[0]),
                             db_str(patterns[1]), db_str(patterns[2])),
                   total);
    if (err)
        return err;
    return db_integer(db, Q_REVENUE_RETURNED,
                      DB_VALUES(db_int(filter->association_id), db_int(filter->fiscal_year_id),
                                db_int(filter->from_at), db_int(until(filter)),
                                db_int(filter->provider_account_id), db_str(patterns[0]),
                                db_str(patterns[1]), db_str(patterns[2])),
                      0, &total->returned_cents);
}

enum err revenue_total(struct db *db, const struct revenue_filter *filter, struct arena *arena,
                       struct revenue_total *total)
{
    *total = (struct revenue_total){0};
    return str_empty(str_trim(filter->search)) ? add_days(db, filter, total)
                                               : add_found(db, filter, arena, total);
}

/* ---- what to choose from ---- */

static enum err read_means(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct revenue_means *means = item;

    means->id = db_column_int(rows, 0);
    means->label = db_column_text(rows, 1, arena);
    means->provider = db_column_text(rows, 2, arena);
    means->in_use = db_column_is_null(rows, 3);
    return OK;
}

enum err revenue_means(struct db *db, int64_t association_id, struct arena *arena,
                       struct revenue_means **means, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_REVENUE_MEANS, DB_VALUES(db_int(association_id)),
                                 read_means, sizeof(**means), arena, &items, count);

    *means = items;
    return err;
}
