#include "association/cart.h"

#include "association/rows.h"
#include "base/money.h"
#include "base/random.h"
#include "base/str.h"
#include "queries.h"

static const char *const kind_names[] = {
    [CART_CHARGE] = "charge",         [CART_PAYMENT] = "payment",   [CART_REFUND] = "refund",
    [CART_ADJUSTMENT] = "adjustment", [CART_DONATION] = "donation", [CART_DISPUTE] = "dispute",
};

const char *cart_kind_name(enum cart_kind kind)
{
    return kind_names[kind];
}

static enum err kind_from_name(struct str name, enum cart_kind *kind)
{
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
        if (str_is(name, kind_names[i])) {
            *kind = (enum cart_kind)i;
            return OK;
        }
    return fail(ERR_DB, "cart_line: unknown kind");
}

/* ---- reading a cart ---- */

static enum err read_line(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cart_line *line = item;

    line->id = db_column_int(rows, 0);
    line->amount_cents = db_column_int(rows, 2);
    line->label = db_column_text(rows, 3, arena);
    line->fiscal_year_id = db_column_int(rows, 5);
    line->fiscal_year_label = db_column_text(rows, 6, arena);
    line->corrects = db_column_int(rows, 7) != 0;
    line->left_cents = db_column_int(rows, 8);
    line->open_cents = line->left_cents > 0 ? line->left_cents - db_column_int(rows, 9) : 0;
    line->account_code = db_column_is_null(rows, 10) ? NULL : db_column_text(rows, 10, arena);
    line->transaction_id = db_column_int(rows, 11);
    line->entry_id = db_column_int(rows, 12);
    line->payer_id = db_column_int(rows, 13);
    if (!date_parse_iso(db_column_str(rows, 4), &line->date))
        return fail(ERR_DB, "cart_line %lld: bad date", (long long)line->id);
    return kind_from_name(db_column_str(rows, 1), &line->kind);
}

/* The balance runs over the whole cart, so that every line shows what was really owed after it;
 * then only the lines of the year are kept, all for 0. How many. */
static size_t follow(struct cart_line *lines, size_t count, int64_t fiscal_year_id)
{
    int64_t balance_cents = 0;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        balance_cents = money_add(balance_cents, lines[i].amount_cents);
        lines[i].balance_cents = balance_cents;
        if (fiscal_year_id == 0 || lines[i].fiscal_year_id == fiscal_year_id)
            lines[kept++] = lines[i];
    }
    return kept;
}

enum err cart_lines(struct db *db, int64_t association_id, int64_t member_id,
                    int64_t fiscal_year_id, struct arena *arena, struct cart_line **lines,
                    size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_CART_LINES, DB_VALUES(db_int(association_id), db_int(member_id)),
                      read_line, sizeof(**lines), arena, &items, count);

    *lines = items;
    if (!err)
        *count = follow(*lines, *count, fiscal_year_id);
    return err;
}

enum err cart_open_for_others(struct db *db, int64_t association_id, int64_t payer_id,
                              int64_t *open_cents)
{
    return db_integer(db, Q_CART_OPEN_FOR_OTHERS,
                      DB_VALUES(db_int(association_id), db_int(payer_id)), 0, open_cents);
}

enum err cart_balance(struct db *db, int64_t association_id, int64_t member_id,
                      int64_t *balance_cents)
{
    return db_integer(db, Q_CART_BALANCE, DB_VALUES(db_int(association_id), db_int(member_id)), 0,
                      balance_cents);
}

static enum err read_year(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cart_year *year = item;

    year->id = db_column_int(rows, 0);
    year->label = db_column_text(rows, 1, arena);
    return OK;
}

enum err cart_years(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                    struct cart_year **years, size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_CART_YEARS, DB_VALUES(db_int(association_id), db_int(member_id)),
                      read_year, sizeof(**years), arena, &items, count);

    *years = items;
    return err;
}

enum err cart_line_kind(struct db *db, int64_t association_id, int64_t line_id,
                        enum cart_kind *kind, int64_t *fiscal_year_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_CART_LINE_READ,
                            DB_VALUES(db_int(association_id), db_int(line_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such line");
    if (!err) {
        *fiscal_year_id = db_column_int(&rows, 4);
        err = kind_from_name(db_column_str(&rows, 1), kind);
    }
    db_rows_done(&rows);
    return err;
}

static bool is_charge(const struct db_rows *rows)
{
    struct str kind = db_column_str(rows, 1);

    return (str_is(kind, "charge") || str_is(kind, "donation") || str_is(kind, "adjustment")) &&
           db_column_int(rows, 2) > 0 && db_column_is_null(rows, 6);
}

enum err cart_charge_find(struct db *db, int64_t association_id, int64_t line_id,
                          struct arena *arena, struct cart_charge *charge)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_CART_LINE_READ,
                            DB_VALUES(db_int(association_id), db_int(line_id)), &rows, &found);

    if (!err && (!found || !is_charge(&rows)))
        err = fail(ERR_NOT_FOUND, "no such charge");
    if (!err) {
        charge->member_id = db_column_int(&rows, 0);
        charge->amount_cents = db_column_int(&rows, 2);
        charge->label = db_column_text(&rows, 3, arena);
        charge->fiscal_year_id = db_column_int(&rows, 4);
        charge->account_code =
            db_column_is_null(&rows, 5) ? NULL : db_column_text(&rows, 5, arena);
        charge->left_cents = db_column_int(&rows, 7);
        charge->paid_cents = db_column_int(&rows, 8);
        charge->money_cents = db_column_int(&rows, 9);
        err = kind_from_name(db_column_str(&rows, 1), &charge->kind);
    }
    db_rows_done(&rows);
    return err;
}

enum err cart_has_same(struct db *db, const struct cart_same *same, bool *has)
{
    char date[DATE_TEXT_MAX];
    int64_t found = 0;
    enum err err =
        db_integer(db, Q_CART_SAME,
                   DB_VALUES(db_int(same->association_id), db_int(same->member_id),
                             db_text(date_format_iso(date, same->date)), db_int(same->product_id),
                             db_text(same->label), db_int(same->amount_cents)),
                   0, &found);

    *has = found != 0;
    return err;
}

/* ---- what is open ---- */

static enum err read_due(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cart_due *due = item;

    due->charge_line_id = db_column_int(rows, 0);
    due->member_id = db_column_int(rows, 1);
    due->member_number = db_column_int(rows, 2);
    due->open_cents = db_column_int(rows, 3);
    due->account_code = db_column_text(rows, 4, arena);
    due->fiscal_year_first_day = db_column_text(rows, 5, arena);
    return OK;
}

enum err cart_dues(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                   struct cart_due **dues, size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_CART_DUES, DB_VALUES(db_int(association_id), db_int(payer_id)),
                      read_due, sizeof(**dues), arena, &items, count);

    *dues = items;
    return err;
}

static enum err read_credit(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cart_credit *credit = item;

    (void)arena;
    credit->payment_line_id = db_column_int(rows, 0);
    credit->left_cents = db_column_int(rows, 1);
    return OK;
}

enum err cart_credits(struct db *db, int64_t association_id, int64_t member_id,
                      struct arena *arena, struct cart_credit **credits, size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_CART_CREDITS, DB_VALUES(db_int(association_id), db_int(member_id)),
                      read_credit, sizeof(**credits), arena, &items, count);

    *credits = items;
    return err;
}

/* ---- writing ---- */

static struct db_value id_or_null(int64_t id)
{
    return id ? db_int(id) : db_null();
}

enum err cart_add_line(struct db *db, const struct cart_draft *draft)
{
    char date[DATE_TEXT_MAX];

    date_format_iso(date, draft->date);
    return db_run(db, Q_CART_LINE_ADD,
                  DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                            db_int(draft->member_id), db_text(cart_kind_name(draft->kind)),
                            db_int(draft->amount_cents), db_text(draft->label), db_text(date),
                            db_int(draft->fiscal_year_id), id_or_null(draft->product_id),
                            db_text(draft->account_code), id_or_null(draft->transaction_id),
                            id_or_null(draft->entry_id), id_or_null(draft->corrects_line_id),
                            id_or_null(draft->login_id), db_int(draft->now)));
}

enum err cart_allocate(struct db *db, const struct allocation_draft *draft)
{
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(db, Q_ALLOCATION_ADD,
                  DB_VALUES(db_int(draft->association_id), db_int(id), db_int(draft->member_id),
                            db_int(draft->payment_line_id), db_int(draft->charge_line_id),
                            db_int(draft->amount_cents), db_int(draft->deferred ? 1 : 0),
                            id_or_null(draft->entry_id), db_int(draft->now),
                            db_int(draft->returned ? 1 : 0)));
}
