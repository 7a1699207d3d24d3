#include "payment/correct.h"

#include "accounting/accounting.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

enum { YEARS_MAX = 64 };

/* A year that has begun with money of it still in 487. */
struct begun {
    int64_t id;
    struct date first_day;
    const char *label;
};

struct releasing {
    struct db *db;
    struct arena *arena;
    struct association association;
    int64_t now;
    int64_t entries;
};

static enum err read_years(struct releasing *releasing, struct begun years[YEARS_MAX],
                           size_t *count)
{
    struct db_rows rows = {0};
    char today[DATE_TEXT_MAX];
    bool found = false;
    enum err err;

    date_format_iso(today, zone_date(releasing->association.zone, releasing->now));
    err = db_select(releasing->db, Q_RELEASE_YEARS,
                    DB_VALUES(db_int(releasing->association.id), db_text(today)), &rows);
    *count = 0;
    while (!err && *count < YEARS_MAX && !(err = db_next(&rows, &found)) && found) {
        struct begun *year = &years[(*count)++];

        year->id = db_column_int(&rows, 0);
        year->label = db_column_text(&rows, 2, releasing->arena);
        if (!date_parse_iso(db_column_str(&rows, 1), &year->first_day))
            err = fail(ERR_DB, "fiscal_year %lld: bad date", (long long)year->id);
    }
    db_rows_done(&rows);
    return err;
}

/* The lines by account; *total_cents 0 when all of it had been undone. */
static enum err add_amounts(struct releasing *releasing, const struct begun *year,
                            struct entry_draft *entry, int64_t *total_cents)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_select(releasing->db, Q_RELEASE_AMOUNTS,
                  DB_VALUES(db_int(releasing->association.id), db_int(year->id)), &rows);

    *total_cents = 0;
    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct accounting_pair pair =
            accounting_accounts_for(ACCOUNTING_DEFERRED_DUE, ACCOUNTING_CASH, NULL,
                                    db_column_text(&rows, 0, releasing->arena));
        int64_t cents = db_column_int(&rows, 1);

        entry_debit(entry, pair.debit, 0, cents);
        entry_credit(entry, pair.credit, 0, cents);
        *total_cents = money_add(*total_cents, cents);
    }
    db_rows_done(&rows);
    return err;
}

static enum err release_year(struct releasing *releasing, const struct begun *year)
{
    struct entry_draft *entry = arena_alloc(releasing->arena, sizeof(*entry));
    struct entry_result result;
    int64_t total_cents = 0;
    enum err err = random_id(&entry->id);

    if (err)
        return err;
    entry->association = &releasing->association;
    entry->journal = JOURNAL_OTHER;
    entry->fact_date = year->first_day;
    entry->piece = arena_printf(releasing->arena, "PCA %s", year->label);
    entry->label =
        arena_printf(releasing->arena, "Produits constatés d'avance repris, %s", year->label);
    entry->now = releasing->now;
    err = add_amounts(releasing, year, entry, &total_cents);
    if (!err && total_cents > 0) {
        err = entry_add(releasing->db, entry, releasing->arena, &result);
        releasing->entries++;
    }
    if (!err)
        err = db_run(releasing->db, Q_RELEASE_WRITE,
                     DB_VALUES(db_int(releasing->association.id), db_int(year->id),
                               total_cents > 0 ? db_int(entry->id) : db_null(),
                               db_int(releasing->now)));
    return err;
}

enum err payment_release_deferred(struct db *db, int64_t association_id, int64_t now,
                                  struct arena *arena, int64_t *entries)
{
    struct releasing releasing = {.db = db, .arena = arena, .now = now};
    struct begun *years = arena_array(arena, YEARS_MAX, sizeof(*years));
    size_t count = 0;
    enum err err = association_find(db, association_id, arena, &releasing.association);

    if (!err)
        err = read_years(&releasing, years, &count);
    for (size_t i = 0; !err && i < count; i++)
        err = release_year(&releasing, &years[i]);
    *entries = releasing.entries;
    return err;
}
