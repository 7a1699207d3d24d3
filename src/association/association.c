#include "association/association.h"

#include "association/audit.h"
#include "association/rows.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/utf8.h"
#include "queries.h"

#include <stdio.h>

enum { MARK_BYTES = 4 };

/* ---- the installation ---- */

enum err installation_ensure(struct db *db, int64_t now)
{
    unsigned char bytes[MARK_BYTES];
    char mark[2 * MARK_BYTES + 1];
    enum err err = random_bytes(bytes, sizeof(bytes));

    if (err)
        return err;
    hash_hex(bytes, sizeof(bytes), mark);
    return db_run(db, Q_INSTALLATION_ENSURE, DB_VALUES(db_text(mark), db_int(now)));
}

enum err installation_mark(struct db *db, struct arena *arena, const char **mark)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_INSTALLATION_MARK, DB_NO_VALUES, &rows, &found);

    if (!err && found)
        *mark = db_column_text(&rows, 0, arena);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "the installation has no mark yet: run `guichet migrate`");
    db_rows_done(&rows);
    return err;
}

/* ---- reading ---- */

static void read_settings(const struct db_rows *rows, struct arena *arena,
                          struct association *association)
{
    association->address = db_column_text(rows, 11, arena);
    association->siren = db_column_text(rows, 12, arena);
    association->rna = db_column_text(rows, 13, arena);
    association->version = db_column_int(rows, 14);
    association->part_payments = db_column_int(rows, 15) != 0;
    association->advances = db_column_int(rows, 16) != 0;
    association->fee_booking =
        str_is(db_column_str(rows, 17), "month") ? FEES_BY_MONTH : FEES_BY_PAYMENT;
    association->button_text = db_column_text(rows, 18, arena);
    association->options_version = db_column_int(rows, 19);
    association->logo_hash = db_column_text(rows, 20, arena);
    association->logo_width = (int)db_column_int(rows, 21);
    association->logo_height = (int)db_column_int(rows, 22);
    association->covers_fees = db_column_int(rows, 24) != 0;
    association->second_factor_required = str_is(db_column_str(rows, 23), "required");
}

static enum err read_association(const struct db_rows *rows, struct arena *arena,
                                 struct association *association)
{
    char *currency = db_column_text(rows, 2, arena);

    association->name = db_column_text(rows, 0, arena);
    association->kind =
        str_is(db_column_str(rows, 1), "real") ? ASSOCIATION_REAL : ASSOCIATION_TRIAL;
    association->currency = money_currency(currency);
    association->zone_name = db_column_text(rows, 3, arena);
    association->email = db_column_text(rows, 4, arena);
    association->how_to_pay = db_column_text(rows, 5, arena);
    association->amount_min_cents = db_column_int(rows, 6);
    association->amount_max_cents = db_column_int(rows, 7);
    association->year_first_month = (int)db_column_int(rows, 8);
    association->year_first_day = (int)db_column_int(rows, 9);
    association->year_months = (int)db_column_int(rows, 10);
    read_settings(rows, arena, association);
    if (!association->currency)
        return fail(ERR_DB, "association %lld: unknown currency %s", (long long)association->id,
                    currency);
    return zone_find(association->zone_name, &association->zone);
}

enum err association_find(struct db *db, int64_t association_id, struct arena *arena,
                          struct association *association)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_ASSOCIATION_FIND, DB_VALUES(db_int(association_id)), &rows, &found);

    association->id = association_id;
    if (!err && found)
        err = read_association(&rows, arena, association);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no association %lld", (long long)association_id);
    db_rows_done(&rows);
    return err;
}

static enum err read_id(const struct db_rows *rows, struct arena *arena, void *item)
{
    (void)arena;
    *(int64_t *)item = db_column_int(rows, 0);
    return OK;
}

enum err association_list(struct db *db, struct arena *arena, int64_t **ids, size_t *count)
{
    void *items;
    enum err err = rows_read_all(db, Q_ASSOCIATION_LIST, DB_NO_VALUES, read_id, sizeof(**ids),
                                 arena, &items, count);

    *ids = items;
    return err;
}

/* ---- adding ---- */

/* 1,00 to 10 000,00 for two and three decimals; 100 to 1 000 000 for currencies without
 * (XPF, JPY), whose unit is worth about a cent. */
static int64_t default_minimum_cents(const struct currency *currency)
{
    return currency->exponent == 3 ? 1000 : 100;
}

static enum err check_draft(const struct association_draft *draft, const struct currency *currency)
{
    const struct zone *zone;

    if (str_empty(str_trim(str_of(draft->name))) || !utf8_clean(str_of(draft->name)))
        return fail(ERR_INPUT, "an association needs a name");
    if (!currency)
        return fail(ERR_INPUT, "unknown currency %s", draft->currency_code);
    if (draft->year_first_month < 1 || draft->year_first_month > 12 || draft->year_first_day < 1 ||
        draft->year_first_day > 28)
        return fail(ERR_INPUT, "a fiscal year begins on day 1 to 28 of a month");
    return zone_find(draft->zone_name, &zone);
}

enum err association_add(struct db *db, const struct association_draft *draft)
{
    static const struct audit_actor nobody = {0, ""};
    const struct currency *currency = money_currency(draft->currency_code);
    char object[40];
    int64_t minimum_cents;
    enum err err = check_draft(draft, currency);

    if (err)
        return err;
    minimum_cents = default_minimum_cents(currency);
    err =
        db_run(db, Q_ASSOCIATION_ADD,
               DB_VALUES(db_int(draft->id), db_text(draft->name),
                         db_text(draft->kind == ASSOCIATION_REAL ? "real" : "trial"),
                         db_text(currency->code), db_text(draft->zone_name), db_text(draft->email),
                         db_text(draft->how_to_pay), db_int(minimum_cents),
                         db_int(minimum_cents * 10000), db_int(draft->year_first_month),
                         db_int(draft->year_first_day), db_int(draft->now)));
    snprintf(object, sizeof(object), "association:%lld", (long long)draft->id);
    return err ? err : audit_add(db, draft->id, &nobody, "association.added", object, "");
}
