#include "payment/activity.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

#include <string.h>

enum { WORD_LEN_MAX = 60 }; /* bytes of a word that is shown */

/* ---- columns ---- */

static bool is_title(struct str cell, const char *const *headers, struct arena *arena)
{
    struct str folded = utf8_fold(str_trim(cell), arena);

    for (; *headers; headers++)
        if (str_equal(folded, utf8_fold(str_of(*headers), arena)))
            return true;
    return false;
}

void activity_guess(const struct provider_activity *activity, const struct csv_table *table,
                    struct arena *arena, struct activity_mapping *mapping)
{
    *mapping = (struct activity_mapping){0};
    for (size_t i = 0; table->count > 0 && i < activity->column_count; i++)
        for (size_t j = 0; !mapping->places[i] && j < table->rows[0].count; j++)
            if (is_title(table->rows[0].cells[j], activity->columns[i].headers, arena))
                mapping->places[i] = j + 1;
}

bool activity_complete(const struct provider_activity *activity,
                       const struct activity_mapping *mapping)
{
    for (size_t i = 0; i < activity->column_count; i++)
        if (activity->columns[i].required && !mapping->places[i])
            return false;
    return true;
}

/* ---- rows ---- */

/* A file being read. */
struct reading {
    const struct provider_call *call;
    const struct association *association;
    const struct provider_account *account;
    const struct activity_mapping *mapping;
    struct activity_file *file;
};

static const struct str *cells_of(const struct reading *reading, const struct csv_row *row)
{
    size_t count = reading->file->activity->column_count;
    struct str *cells = arena_array(reading->call->arena, count, sizeof(*cells));

    for (size_t i = 0; i < count; i++) {
        size_t place = reading->mapping->places[i];

        cells[i] = place && place <= row->count ? row->cells[place - 1] : str_of("");
    }
    return cells;
}

static enum err find_verdict(const struct reading *reading, struct activity_read_row *row)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(reading->call->db, Q_STATEMENT_LINE_FIGURES,
                 DB_VALUES(db_int(reading->association->id), db_int(reading->account->id),
                           db_text(row->meaning.reference)),
                 &rows, &found);

    if (!err && found)
        row->verdict = db_column_int(&rows, 0) == row->meaning.gross_cents &&
                               db_column_int(&rows, 1) == row->meaning.fee_cents &&
                               str_is(db_column_str(&rows, 2), row->meaning.currency)
                           ? ACTIVITY_KNOWN
                           : ACTIVITY_OTHERWISE;
    db_rows_done(&rows);
    return err;
}

/* Left out alone, or reason enough to look at the whole file again? One that is stored
 * with the same figures needs no word. */
static enum err judge_unread(const struct reading *reading, const struct activity_row *given,
                             struct activity_read_row *row)
{
    const struct provider_activity *activity = reading->file->activity;
    bool of_row = row->column < activity->column_count && activity->columns[row->column].of_row &&
                  row->meaning.fact_at > 0;

    enum err err = of_row ? find_verdict(reading, row) : OK;

    if (!of_row)
        row->verdict = ACTIVITY_WRONG;
    row->left_out = true;
    if (err || row->verdict == ACTIVITY_WRONG || row->verdict == ACTIVITY_KNOWN)
        return err;
    row->verdict = ACTIVITY_UNREAD;
    row->word = str_copy(reading->call->arena,
                         utf8_cut(str_trim(given->cells[row->column]), WORD_LEN_MAX));
    return OK;
}

static enum err read_row(const struct reading *reading, const struct csv_row *cells,
                         struct activity_read_row *row)
{
    const struct provider_activity *activity = reading->file->activity;
    struct activity_row given = {.cells = cells_of(reading, cells),
                                 .zone = reading->association->zone};
    enum err err;

    row->line = cells->line;
    row->column = activity->column_count;
    row->word = "";
    row->verdict = ACTIVITY_NEW;
    err = activity->line(reading->call, reading->account, &given, &row->meaning, &row->column);
    if (!err)
        err = statement_check(&row->meaning);
    if (err == ERR_INPUT)
        return judge_unread(reading, &given, row);
    return err ? err : find_verdict(reading, row);
}

static void count_row(const struct reading *reading, const struct activity_read_row *row)
{
    struct activity_file *file = reading->file;
    const struct statement_line *line = &row->meaning;

    file->counts[row->verdict]++;
    if (row->verdict == ACTIVITY_WRONG)
        return;
    if (!file->first_at || line->fact_at < file->first_at)
        file->first_at = line->fact_at;
    if (line->fact_at > file->last_at)
        file->last_at = line->fact_at;
    if (row->verdict == ACTIVITY_UNREAD && (!file->unread_at || line->fact_at < file->unread_at))
        file->unread_at = line->fact_at;
    if (row->verdict == ACTIVITY_NEW && line->posts &&
        strcmp(line->currency, reading->association->currency->code) == 0)
        file->net_cents =
            money_add(file->net_cents, money_add(line->gross_cents, -line->fee_cents));
}

enum err activity_read(const struct provider_call *call, const struct association *association,
                       const struct provider_account *account,
                       const struct provider_activity *activity, const struct csv_table *table,
                       const struct activity_mapping *mapping, struct activity_file *file)
{
    struct reading reading = {call, association, account, mapping, file};
    enum err err = OK;

    *file = (struct activity_file){.activity = activity};
    file->rows = arena_array(call->arena, table->count + 1, sizeof(*file->rows));
    for (size_t i = 1; !err && i < table->count; i++) {
        err = read_row(&reading, &table->rows[i], &file->rows[file->count]);
        if (!err)
            count_row(&reading, &file->rows[file->count++]);
    }
    return err;
}

/* ---- storing ---- */

static enum err store_lines(struct db *db, const struct activity_order *order)
{
    struct arena *arena = arena_new();
    enum statement_telling telling;
    enum err err = OK;

    for (size_t i = 0; !err && i < order->file->count; i++) {
        if (order->file->rows[i].left_out)
            continue;
        err = statement_store(db, order->association, order->account_id,
                              &order->file->rows[i].meaning, order->now, arena, &telling);
        arena_reset(arena);
    }
    arena_free(arena);
    return err;
}

/* The end of the day, or now when that is still to come; never beyond a row that was left out. */
static int64_t covered_until(const struct activity_order *order)
{
    const struct zone *zone = order->association->zone;
    int64_t end = zone_day_start(zone, date_from_days(date_to_days(order->last_day) + 1));
    int64_t unread_at = order->file->unread_at;

    if (unread_at && zone_day_start(zone, zone_date(zone, unread_at)) < end)
        end = zone_day_start(zone, zone_date(zone, unread_at));
    return end < order->now ? end : order->now;
}

static enum err note_covered(struct db *db, const struct activity_order *order,
                             struct arena *arena)
{
    const struct zone *zone = order->association->zone;
    struct statement_account account;
    enum err err =
        statement_account_find(db, order->association->id, order->account_id, arena, &account);

    if (!err && order->file->unread_at)
        err = db_run(db, Q_STATEMENT_READ_NO_FURTHER,
                     DB_VALUES(db_int(order->association->id), db_int(order->account_id),
                               db_int(covered_until(order))));
    return err ? err
               : db_run(db, Q_STATEMENT_READ_UNTIL,
                        DB_VALUES(db_int(order->association->id), db_int(order->account_id),
                                  db_int(covered_until(order)),
                                  db_int(zone_day_start(zone, order->first_day)),
                                  db_int(zone_day_start(zone, account.since_day))));
}

static enum err write_audit(struct db *db, const struct activity_order *order, struct arena *arena)
{
    char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];

    return audit_add(db, order->association->id, &order->actor, "statement.uploaded",
                     arena_printf(arena, "provider_account:%lld", (long long)order->account_id),
                     arena_printf(arena, "%s %s %zu", date_format_iso(first, order->first_day),
                                  date_format_iso(last, order->last_day), order->file->count));
}

enum err activity_store(struct db *db, const struct activity_order *order)
{
    struct arena *arena;
    bool first = false;
    enum err err;

    if (order->file->counts[ACTIVITY_WRONG] > 0)
        return fail(ERR_CONFLICT, "a row of the file cannot be read");
    err = import_file_done(db, order->upload, order->now, &first);
    if (err || !first)
        return err;
    arena = arena_new();
    err = store_lines(db, order);
    if (!err)
        err = note_covered(db, order, arena);
    if (!err)
        err = write_audit(db, order, arena);
    arena_free(arena);
    return err;
}
