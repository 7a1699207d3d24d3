#include "accounting/journal.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/money.h"
#include "queries.h"

/* ---- rows ---- */

/* Each row is an entry with one of its lines. */
static void read_line(const struct db_rows *rows, struct arena *arena, struct journal_line *line)
{
    line->account = db_column_text(rows, 9, arena);
    line->account_label = db_column_text(rows, 10, arena);
    line->debit_cents = db_column_int(rows, 11);
    line->credit_cents = db_column_int(rows, 12);
    line->member_number = db_column_int(rows, 13);
    line->member_id = db_column_int(rows, 14);
    line->member = line->member_id ? arena_printf(arena, "%s %s", db_column_text(rows, 15, arena),
                                                  db_column_text(rows, 16, arena))
                                   : "";
}

static enum err read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct journal_entry *entry = item;

    entry->id = db_column_int(rows, 0);
    entry->number = db_column_int(rows, 1);
    entry->chain_number = db_column_int(rows, 2);
    entry->journal = db_column_text(rows, 3, arena);
    entry->day = db_column_text(rows, 4, arena);
    entry->piece = db_column_text(rows, 5, arena);
    entry->label = db_column_text(rows, 6, arena);
    entry->total_cents = db_column_int(rows, 7);
    entry->year = db_column_text(rows, 8, arena);
    entry->lines = arena_alloc(arena, sizeof(*entry->lines));
    entry->line_count = 1;
    read_line(rows, arena, entry->lines);
    return OK;
}

static enum err read_ledger_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct journal_entry *entry = item;
    enum err err = read_row(rows, arena, item);

    entry->lines->line_number = db_column_int(rows, 17);
    return err;
}

/* Rows of the same entry follow each other: they become one, with all of their lines. */
static void join_lines(struct journal_entry *rows, size_t row_count, struct arena *arena,
                       size_t *count)
{
    struct journal_line *lines = arena_array(arena, row_count + 1, sizeof(*lines));
    size_t joined = 0;

    for (size_t i = 0; i < row_count; i++) {
        lines[i] = *rows[i].lines;
        if (joined > 0 && rows[joined - 1].id == rows[i].id) {
            rows[joined - 1].line_count++;
            continue;
        }
        rows[joined] = rows[i];
        rows[joined++].lines = &lines[i];
    }
    *count = joined;
}

/* ---- the journal ---- */

enum err journal_newest(struct db *db, const struct journal_filter *filter,
                        const struct journal_place *before, int64_t max, struct arena *arena,
                        struct journal_entry **entries, size_t *count)
{
    void *items;
    size_t row_count = 0;
    enum err err = rows_read_all(db, Q_JOURNAL_NEWEST,
                                 DB_VALUES(db_int(filter->association_id), db_text(filter->from),
                                           db_text(before ? before->day : filter->until),
                                           db_int(before ? before->chain_number : INT64_MAX),
                                           db_text(filter->journal), db_int(max)),
                                 read_row, sizeof(**entries), arena, &items, &row_count);

    *entries = items;
    *count = 0;
    if (!err)
        join_lines(*entries, row_count, arena, count);
    return err;
}

enum err journal_oldest(struct db *db, const struct journal_filter *filter,
                        const struct journal_place *after, int64_t max, struct arena *arena,
                        struct journal_entry **entries, size_t *count)
{
    void *items;
    size_t row_count = 0;
    enum err err = rows_read_all(
        db, Q_JOURNAL_OLDEST,
        DB_VALUES(db_int(filter->association_id), db_text(after ? after->day : filter->from),
                  db_int(after ? after->chain_number : 0), db_text(filter->until),
                  db_text(filter->journal), db_int(max), db_int(filter->chain_number_last)),
        read_row, sizeof(**entries), arena, &items, &row_count);

    *entries = items;
    *count = 0;
    if (!err)
        join_lines(*entries, row_count, arena, count);
    return err;
}

enum err journal_head(struct db *db, int64_t association_id, int64_t *chain_number)
{
    return db_integer(db, Q_ENTRY_CHAIN_HEAD, DB_VALUES(db_int(association_id)), 0, chain_number);
}

/* ---- one account ---- */

enum err ledger_read(struct db *db, const struct journal_filter *filter,
                     const struct journal_place *after, int64_t max, struct arena *arena,
                     struct journal_entry **entries, size_t *count)
{
    void *items;
    enum err err = rows_read_all(
        db, Q_LEDGER,
        DB_VALUES(db_int(filter->association_id), db_text(filter->account),
                  db_text(after ? after->day : filter->from),
                  db_int(after ? after->chain_number : 0), db_int(after ? after->line_number : 0),
                  db_text(filter->until), db_text(filter->journal), db_int(max),
                  db_int(filter->chain_number_last)),
        read_ledger_row, sizeof(**entries), arena, &items, count);

    *entries = items;
    return err;
}

enum err ledger_balance(struct db *db, const struct journal_filter *filter,
                        const char *carried_from, const struct journal_place *upto,
                        int64_t *balance_cents)
{
    return db_integer(db, Q_LEDGER_BEFORE,
                      DB_VALUES(db_int(filter->association_id), db_text(filter->account),
                                db_text(carried_from), db_text(upto ? upto->day : filter->from),
                                db_int(upto ? upto->chain_number : 0),
                                db_int(upto ? upto->line_number : 0)),
                      0, balance_cents);
}

/* ---- balances ---- */

/* The first day of the fiscal year that holds a day; the day itself when there is none yet. */
static enum err year_begins(struct db *db, int64_t association_id, const char *day,
                            struct arena *arena, const char **first_day)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_FISCAL_YEAR_HOLDING,
                            DB_VALUES(db_int(association_id), db_text(day)), &rows, &found);

    *first_day = !err && found ? db_column_text(&rows, 2, arena) : day;
    db_rows_done(&rows);
    return err;
}

enum err ledger_carried_from(struct db *db, int64_t association_id, const char *account,
                             const char *from, struct arena *arena, const char **carried_from)
{
    *carried_from = JOURNAL_DAY_FIRST;
    return account[0] < '6' || !from[0]
               ? OK
               : year_begins(db, association_id, from, arena, carried_from);
}

static enum err read_balance(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct account_balance *balance = item;

    balance->code = db_column_text(rows, 0, arena);
    balance->label = db_column_text(rows, 1, arena);
    balance->opening_cents = db_column_int(rows, 2);
    balance->debit_cents = db_column_int(rows, 3);
    balance->credit_cents = db_column_int(rows, 4);
    balance->closing_cents =
        money_add(balance->opening_cents, money_add(balance->debit_cents, -balance->credit_cents));
    return OK;
}

static bool shows_nothing(const struct account_balance *balance)
{
    return !balance->opening_cents && !balance->debit_cents && !balance->credit_cents;
}

enum err account_balances(struct db *db, int64_t association_id, const char *from,
                          const char *until, struct arena *arena,
                          struct account_balance **balances, size_t *count)
{
    const char *carried_from = JOURNAL_DAY_FIRST;
    size_t kept = 0, all = 0;
    void *items = NULL;
    enum err err = from[0] ? year_begins(db, association_id, from, arena, &carried_from) : OK;

    if (!err)
        err = rows_read_all(db, Q_ACCOUNT_BALANCES,
                            DB_VALUES(db_int(association_id), db_text(from), db_text(until),
                                      db_text(carried_from)),
                            read_balance, sizeof(**balances), arena, &items, &all);
    *balances = items;
    for (size_t i = 0; !err && i < all; i++)
        if (!shows_nothing(&(*balances)[i]))
            (*balances)[kept++] = (*balances)[i];
    *count = kept;
    return err;
}
