#include "association/carts.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/money.h"
#include "base/str.h"
#include "queries.h"

#include <stdlib.h>

/* ---- what is read ---- */

static enum err read_year(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cart_year *year = item;

    year->id = db_column_int(rows, 0);
    year->label = db_column_text(rows, 1, arena);
    year->first_day = db_column_text(rows, 2, arena);
    return OK;
}

static enum err read_member(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct member_cart *cart = item;

    cart->member_id = db_column_int(rows, 0);
    cart->member_number = db_column_int(rows, 1);
    cart->first_name = db_column_text(rows, 2, arena);
    cart->last_name = db_column_text(rows, 3, arena);
    return OK;
}

static enum err read_line(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct cart_line *line = item;

    line->id = db_column_int(rows, 0);
    line->amount_cents = db_column_int(rows, 2);
    line->label = db_column_text(rows, 3, arena);
    line->fiscal_year_id = db_column_int(rows, 5);
    line->corrects_line_id = db_column_int(rows, 6);
    line->account_code = db_column_is_null(rows, 7) ? NULL : db_column_text(rows, 7, arena);
    line->transaction_id = db_column_int(rows, 8);
    line->entry_id = db_column_int(rows, 9);
    line->payer_id = db_column_int(rows, 10);
    if (!date_parse_iso(db_column_str(rows, 4), &line->date))
        return fail(ERR_DB, "cart_line %lld: bad date", (long long)line->id);
    return cart_kind_from_name(db_column_str(rows, 1), &line->kind);
}

/* ---- what follows from it ---- */

/* A charge, or what counts as one: something against the member that corrects nothing. */
static bool charges(const struct cart_line *line)
{
    return line->corrects_line_id == 0 && line->amount_cents > 0 &&
           (line->kind == CART_CHARGE || line->kind == CART_DONATION ||
            line->kind == CART_ADJUSTMENT);
}

static int by_id(const void *left, const void *right)
{
    const struct cart_line *a = *(struct cart_line *const *)left;
    const struct cart_line *b = *(struct cart_line *const *)right;

    return (a->id > b->id) - (a->id < b->id);
}

/* The lines of a cart by their ids. */
struct lookup {
    struct cart_line **lines;
    size_t count;
};

static struct lookup look_up(const struct member_cart *cart, struct arena *arena)
{
    struct lookup lookup = {.lines = arena_array(arena, cart->line_count + 1, sizeof(void *)),
                            .count = cart->line_count};

    for (size_t i = 0; i < cart->line_count; i++)
        lookup.lines[i] = &cart->lines[i];
    qsort(lookup.lines, lookup.count, sizeof(void *), by_id);
    return lookup;
}

/* NULL: it is no charge of this cart. */
static struct cart_line *find_charge(const struct lookup *lookup, int64_t id)
{
    const struct cart_line wanted = {.id = id}, *key = &wanted;
    struct cart_line **found = bsearch(&key, lookup->lines, lookup->count, sizeof(void *), by_id);

    return found && charges(*found) ? *found : NULL;
}

static void follow_corrections(const struct member_cart *cart, const struct lookup *lookup)
{
    for (size_t i = 0; i < cart->line_count; i++) {
        const struct cart_line *line = &cart->lines[i];
        struct cart_line *corrected =
            line->corrects_line_id ? find_charge(lookup, line->corrects_line_id) : NULL;

        if (corrected)
            corrected->left_cents = money_add(corrected->left_cents, line->amount_cents);
    }
}

/* Of what is left, what the payments leave open; what is taken off owes nothing. */
static enum err follow_payments(struct db *db, int64_t association_id,
                                const struct member_cart *cart, const struct lookup *lookup)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_CART_ALLOCATED,
                             DB_VALUES(db_int(association_id), db_int(cart->member_id)), &rows);

    for (size_t i = 0; i < cart->line_count; i++)
        cart->lines[i].open_cents = cart->lines[i].left_cents;
    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct cart_line *charge = find_charge(lookup, db_column_int(&rows, 0));

        if (charge && charge->left_cents > 0)
            charge->open_cents = money_add(charge->open_cents, -db_column_int(&rows, 1));
    }
    db_rows_done(&rows);
    return err;
}

static void set_year(struct cart_line *line, const struct carts *carts)
{
    for (size_t i = 0; i < carts->year_count; i++)
        if (carts->years[i].id == line->fiscal_year_id) {
            carts->years[i].used = true;
            line->fiscal_year_label = carts->years[i].label;
            line->fiscal_year_first_day = carts->years[i].first_day;
        }
}

static enum err read_cart(struct db *db, int64_t association_id, const struct carts *carts,
                          struct member_cart *cart, struct arena *arena)
{
    struct lookup lookup;
    void *lines;
    enum err err =
        rows_read_all(db, Q_CART_LINES, DB_VALUES(db_int(association_id), db_int(cart->member_id)),
                      read_line, sizeof(*cart->lines), arena, &lines, &cart->line_count);

    if (err)
        return err;
    cart->lines = lines;
    for (size_t i = 0; i < cart->line_count; i++) {
        struct cart_line *line = &cart->lines[i];

        set_year(line, carts);
        line->left_cents = charges(line) ? line->amount_cents : 0;
        cart->balance_cents = money_add(cart->balance_cents, line->amount_cents);
        line->balance_cents = cart->balance_cents;
    }
    lookup = look_up(cart, arena);
    follow_corrections(cart, &lookup);
    return follow_payments(db, association_id, cart, &lookup);
}

/* ---- the carts ---- */

enum err carts_read(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                    struct carts *carts)
{
    void *members = NULL, *years = NULL;
    enum err err;

    *carts = (struct carts){0};
    err = rows_read_all(db, Q_CART_YEARS, DB_VALUES(db_int(association_id)), read_year,
                        sizeof(*carts->years), arena, &years, &carts->year_count);
    if (!err)
        err =
            rows_read_all(db, Q_CART_MEMBERS, DB_VALUES(db_int(association_id), db_int(payer_id)),
                          read_member, sizeof(*carts->all), arena, &members, &carts->count);
    carts->years = years;
    carts->all = members;
    for (size_t i = 0; !err && i < carts->count; i++)
        err = read_cart(db, association_id, carts, &carts->all[i], arena);
    return err;
}

static int oldest_first(const void *left, const void *right)
{
    const struct cart_due *a = left, *b = right;
    int days = date_compare(a->date, b->date);

    return days
               ? days
               : (a->charge_line_id > b->charge_line_id) - (a->charge_line_id < b->charge_line_id);
}

static struct cart_due due_of(const struct member_cart *cart, const struct cart_line *line)
{
    return (struct cart_due){
        .charge_line_id = line->id,
        .member_id = cart->member_id,
        .member_number = cart->member_number,
        .first_name = cart->first_name,
        .last_name = cart->last_name,
        .label = line->label,
        .date = line->date,
        .open_cents = line->open_cents,
        .account_code = line->account_code,
        .fiscal_year_first_day = line->fiscal_year_first_day,
    };
}

void carts_dues(const struct carts *carts, struct arena *arena, struct cart_due **dues,
                size_t *count)
{
    size_t most = 0;

    *count = 0;
    for (size_t i = 0; i < carts->count; i++)
        most += carts->all[i].line_count;
    *dues = arena_array(arena, most + 1, sizeof(**dues));
    for (size_t i = 0; i < carts->count; i++)
        for (size_t j = 0; j < carts->all[i].line_count; j++)
            if (carts->all[i].lines[j].open_cents > 0)
                (*dues)[(*count)++] = due_of(&carts->all[i], &carts->all[i].lines[j]);
    qsort(*dues, *count, sizeof(**dues), oldest_first);
}

int64_t carts_open_for_others(const struct carts *carts)
{
    int64_t open_cents = 0;

    for (size_t i = 1; i < carts->count; i++)
        for (size_t j = 0; j < carts->all[i].line_count; j++)
            if (carts->all[i].lines[j].open_cents > 0)
                open_cents = money_add(open_cents, carts->all[i].lines[j].open_cents);
    return open_cents;
}

/* ---- parts of them ---- */

enum err cart_lines(struct db *db, int64_t association_id, int64_t member_id, struct arena *arena,
                    struct cart_line **lines, size_t *count)
{
    struct member_cart cart = {.member_id = member_id};
    struct carts carts = {0};
    void *years = NULL;
    enum err err = rows_read_all(db, Q_CART_YEARS, DB_VALUES(db_int(association_id)), read_year,
                                 sizeof(*carts.years), arena, &years, &carts.year_count);

    carts.years = years;
    if (!err)
        err = read_cart(db, association_id, &carts, &cart, arena);
    *lines = cart.lines;
    *count = cart.line_count;
    return err;
}

enum err cart_dues(struct db *db, int64_t association_id, int64_t payer_id, struct arena *arena,
                   struct cart_due **dues, size_t *count)
{
    struct carts carts;
    enum err err = carts_read(db, association_id, payer_id, arena, &carts);

    if (!err)
        carts_dues(&carts, arena, dues, count);
    return err;
}
