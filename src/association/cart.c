#include "association/cart.h"

#include "association/rows.h"
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

enum err cart_kind_from_name(struct str name, enum cart_kind *kind)
{
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
        if (str_is(name, kind_names[i])) {
            *kind = (enum cart_kind)i;
            return OK;
        }
    return fail(ERR_DB, "cart_line: unknown kind");
}

/* ---- reading a cart ---- */

enum err cart_balance(struct db *db, int64_t association_id, int64_t member_id,
                      int64_t *balance_cents)
{
    return db_integer(db, Q_CART_BALANCE, DB_VALUES(db_int(association_id), db_int(member_id)), 0,
                      balance_cents);
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
        err = cart_kind_from_name(db_column_str(&rows, 1), kind);
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
        err = cart_kind_from_name(db_column_str(&rows, 1), &charge->kind);
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

/* ---- what is left of payments ---- */

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
