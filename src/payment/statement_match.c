/*
 * Which lines are in the books, and what a month adds up to.
 */
#include "payment/statement.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/money.h"
#include "payment/statement_read.h"
#include "queries.h"

#include <string.h>

static const char *const state_names[STATEMENT_STATES] = {
    [STATEMENT_MATCHED] = "matched",     [STATEMENT_MISSING] = "missing",
    [STATEMENT_DIFFERENT] = "different", [STATEMENT_NO_ENTRY] = "no_entry",
    [STATEMENT_OUTSIDE] = "outside",     [STATEMENT_PENDING] = "pending",
};

const char *statement_state_name(enum statement_state state)
{
    return state_names[state];
}

static bool state_of(struct str name, enum statement_state *state)
{
    for (*state = 0; *state < STATEMENT_STATES; (*state)++)
        if (str_is(name, state_names[*state]))
            return true;
    return false;
}

/* ---- a month ---- */

/* What the figures of an account's months are computed from. */
struct counting {
    struct db *db;
    const struct association *association;
    const struct statement_account *account;
    int64_t now;
    int64_t read_until_at; /* movements from then on may not be in the list yet */
    int64_t held_cents;    /* by the list, at the end of the month before */
    int64_t booked_cents;
    int64_t fees_cents;
};

static struct db_value iso(char text[DATE_TEXT_MAX], struct date date)
{
    return db_text(date_format_iso(text, date));
}

static struct date first_of_next(struct date first)
{
    return first.month == 12 ? (struct date){first.year + 1, 1, 1}
                             : (struct date){first.year, first.month + 1, 1};
}

static void set_bounds(const struct counting *counting, struct date first,
                       struct statement_month *month)
{
    const struct zone *zone = counting->association->zone;
    struct date next = first_of_next(first);

    month->year = first.year;
    month->month = first.month;
    month->first_day = first;
    month->last_day = date_from_days(date_to_days(next) - 1);
    month->from_at = zone_day_start(zone, first);
    month->until_at = zone_day_start(zone, next);
    month->is_current = month->until_at > counting->now;
    month->before_since = date_compare(month->last_day, counting->account->since_day) < 0;
}

static enum err count_states(const struct counting *counting, struct statement_month *month)
{
    const struct statement_account *account = counting->account;
    char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
    struct db_rows rows = {0};
    enum statement_state state;
    bool found = false;
    enum err err = db_select(counting->db, Q_STATEMENT_STATES,
                             DB_VALUES(db_int(account->association_id), db_int(account->id),
                                       iso(first, month->first_day), iso(last, month->last_day),
                                       db_text(counting->association->currency->code)),
                             &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (!state_of(db_column_str(&rows, 0), &state))
            err = fail(ERR_INTERNAL, "a line is in no state");
        else
            month->states[state] =
                (struct statement_sum){db_column_int(&rows, 1), db_column_int(&rows, 2)};
    }
    db_rows_done(&rows);
    return err;
}

static enum err count_unknown(const struct counting *counting, struct statement_month *month)
{
    const struct statement_account *account = counting->account;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(counting->db, Q_STATEMENT_UNKNOWN,
                            DB_VALUES(db_int(account->association_id), db_int(account->id),
                                      db_int(month->from_at), db_int(month->until_at),
                                      db_int(counting->read_until_at),
                                      db_text(counting->association->currency->code)),
                            &rows, &found);

    if (!err && found) {
        month->unknown = (struct statement_sum){db_column_int(&rows, 0), db_column_int(&rows, 1)};
        month->unread = (struct statement_sum){db_column_int(&rows, 2), db_column_int(&rows, 3)};
    }
    db_rows_done(&rows);
    return err;
}

/* Do payments count that may still fail, or that failed? */
enum unsure { WITHOUT_UNSURE, WITH_UNSURE };

/* What the list adds between two days, both included; nothing before since_day. */
static enum err held(const struct counting *counting, struct date from, struct date until,
                     enum unsure unsure, int64_t *cents)
{
    const struct statement_account *account = counting->account;
    char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];

    if (date_compare(from, account->since_day) < 0)
        from = account->since_day;
    return db_integer(counting->db, Q_STATEMENT_HELD,
                      DB_VALUES(db_int(account->association_id), db_int(account->id),
                                db_text(counting->association->currency->code), iso(first, from),
                                iso(last, until), db_int(unsure == WITH_UNSURE ? 1 : 0)),
                      0, cents);
}

/* Adds what our entries say of a time to the counting. */
static enum err add_booked(struct counting *counting, int64_t from_at, int64_t until_at)
{
    const struct statement_account *account = counting->account;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(counting->db, Q_STATEMENT_BOOKED,
                            DB_VALUES(db_int(account->association_id), db_int(account->id),
                                      db_text(counting->association->currency->code),
                                      db_int(from_at), db_int(until_at)),
                            &rows, &found);

    if (!err && found) {
        counting->booked_cents = money_add(counting->booked_cents, db_column_int(&rows, 0));
        counting->fees_cents = money_add(counting->fees_cents, db_column_int(&rows, 1));
    }
    db_rows_done(&rows);
    return err;
}

static enum err count_shifted(const struct counting *counting, struct statement_month *month)
{
    const struct statement_account *account = counting->account;
    char last[DATE_TEXT_MAX];

    return db_integer(counting->db, Q_STATEMENT_SHIFTED,
                      DB_VALUES(db_int(account->association_id), db_int(account->id),
                                db_text(counting->association->currency->code),
                                db_int(month->until_at), iso(last, month->last_day),
                                db_int(month->until_at - STATEMENT_CARRY_S),
                                db_int(month->until_at + STATEMENT_CARRY_S)),
                      0, &month->shifted_cents);
}

int64_t statement_gap_cents(const struct statement_month *month)
{
    int64_t gap = money_add(month->closing_cents, -month->booked_cents);

    return money_add(money_add(gap, -month->fees_cents), -month->shifted_cents);
}

static bool is_proven(const struct statement_month *month)
{
    return month->read_whole && month->states[STATEMENT_MISSING].count == 0 &&
           month->states[STATEMENT_DIFFERENT].count == 0 && month->unknown.count == 0 &&
           month->unread.count == 0 && statement_gap_cents(month) == 0;
}

static enum err count_month(struct counting *counting, struct date first,
                            struct statement_month *month)
{
    enum err err;

    set_bounds(counting, first, month);
    err = count_states(counting, month);
    if (!err)
        err = count_unknown(counting, month);
    if (!err)
        err =
            held(counting, month->first_day, month->last_day, WITHOUT_UNSURE, &month->moved_cents);
    if (!err)
        err = add_booked(counting, month->from_at, month->until_at);
    if (!err)
        err = count_shifted(counting, month);
    month->opening_cents = counting->held_cents;
    month->closing_cents = counting->held_cents =
        money_add(counting->held_cents, month->moved_cents);
    month->booked_cents = counting->booked_cents;
    month->fees_cents = counting->fees_cents;
    month->read_whole = month->is_current
                            ? counting->account->read_until_at > counting->now - 2 * 24 * 3600
                            : counting->account->read_until_at >= month->until_at;
    month->proven = !err && is_proven(month);
    return err;
}

/* Everything before the first month. */
static enum err count_before(struct counting *counting, struct date first)
{
    const struct statement_account *account = counting->account;
    struct date before = date_from_days(date_to_days(first) - 1);
    enum err err = OK;

    counting->held_cents = counting->booked_cents = account->opening_cents;
    if (date_compare(before, account->since_day) >= 0) {
        int64_t cents = 0;

        err = held(counting, account->since_day, before, WITHOUT_UNSURE, &cents);
        counting->held_cents = money_add(counting->held_cents, cents);
    }
    return err ? err : add_booked(counting, 0, zone_day_start(counting->association->zone, first));
}

enum err statement_months(struct db *db, const struct association *association,
                          const struct statement_account *account, struct date first, size_t count,
                          int64_t now, struct arena *arena, struct statement_month **months)
{
    struct counting counting = {.db = db,
                                .association = association,
                                .account = account,
                                .now = now,
                                .read_until_at = account->read_until_at - STATEMENT_GRACE_S};
    enum err err;

    first.day = 1;
    *months = arena_array(arena, count ? count : 1, sizeof(**months));
    err = count_before(&counting, first);
    for (size_t i = 0; !err && i < count; i++) {
        err = count_month(&counting, first, &(*months)[i]);
        first = first_of_next(first);
    }
    return err;
}

enum err statement_transit(struct db *db, const struct statement_account *account,
                           struct date last_day, int64_t *cents)
{
    char last[DATE_TEXT_MAX];

    return db_integer(db, Q_STATEMENT_TRANSIT,
                      DB_VALUES(db_int(account->association_id), db_text(account->transit_account),
                                iso(last, last_day)),
                      0, cents);
}

enum err statement_listed(struct db *db, const struct association *association,
                          const struct statement_account *account, int64_t *cents)
{
    struct counting counting = {.db = db, .association = association, .account = account};
    enum err err =
        held(&counting, account->since_day, (struct date){9999, 12, 31}, WITH_UNSURE, cents);

    *cents = money_add(*cents, account->opening_cents);
    return err;
}

/* ---- lists ---- */

static enum fact_kind kind_of(struct str name, bool *posts)
{
    *posts = true;
    for (enum fact_kind kind = 0; kind <= FACT_OTHER; kind++)
        if (str_is(name, statement_kind_name(kind)) && !str_is(name, "none"))
            return kind;
    *posts = false;
    return FACT_OTHER;
}

static enum fact_nature nature_of(struct str name)
{
    return str_is(name, "fee")        ? NATURE_FEE
           : str_is(name, "reserve")  ? NATURE_RESERVE
           : str_is(name, "transfer") ? NATURE_TRANSFER
           : str_is(name, "income")   ? NATURE_INCOME
                                      : NATURE_UNKNOWN;
}

static void read_names(const struct db_rows *rows, struct arena *arena,
                       struct statement_line *line)
{
    struct str names = str_of(db_column_text(rows, 26, arena));

    line->nature = nature_of(db_column_str(rows, 21));
    line->parent = db_column_text(rows, 22, arena);
    line->dispute = db_column_text(rows, 23, arena);
    line->token = db_column_text(rows, 24, arena);
    line->our_mark = db_column_int(rows, 25) != 0;
    for (size_t i = 0; i < FACT_OBJECTS_MAX && !str_empty(names); i++)
        line->objects[i] = str_copy(arena, str_cut(&names, ' '));
    line->fee_reference = db_column_text(rows, 27, arena);
}

static void read_figures(const struct db_rows *rows, struct arena *arena,
                         struct statement_line *line)
{
    line->reference = db_column_text(rows, 0, arena);
    line->type = db_column_text(rows, 1, arena);
    line->kind = kind_of(db_column_str(rows, 2), &line->posts);
    line->movement = db_column_text(rows, 3, arena);
    line->payer = db_column_text(rows, 4, arena);
    line->gross_cents = db_column_int(rows, 5);
    line->fee_cents = db_column_int(rows, 6);
    line->currency = db_column_text(rows, 8, arena);
    line->fact_at = db_column_int(rows, 9);
    line->payout = db_column_text(rows, 11, arena);
}

enum err statement_read_row(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct statement_row *row = item;

    read_figures(rows, arena, &row->line);
    read_names(rows, arena, &row->line);
    row->kind = db_column_text(rows, 2, arena);
    row->day = db_column_text(rows, 10, arena);
    row->told_otherwise = !db_column_is_null(rows, 12);
    row->told_gross_cents = db_column_int(rows, 13);
    row->told_fee_cents = db_column_int(rows, 14);
    row->transaction_id = db_column_int(rows, 15);
    row->has_booked = !db_column_is_null(rows, 16);
    row->booked_cents = db_column_int(rows, 16);
    row->entry_id = db_column_int(rows, 17);
    row->has_fee = !db_column_is_null(rows, 18);
    row->fee_booked_cents = db_column_int(rows, 19);
    return state_of(db_column_str(rows, 20), &row->state)
               ? OK
               : fail(ERR_INTERNAL, "a line is in no state");
}

enum err statement_list(struct db *db, const struct statement_filter *filter,
                        struct statement_place place, int64_t max, struct arena *arena,
                        struct statement_row **rows, size_t *count)
{
    char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
    void *items;
    enum err err =
        rows_read_all(db, Q_STATEMENT_LINES,
                      DB_VALUES(db_int(filter->association_id), db_int(filter->account_id),
                                iso(first, filter->first_day), iso(last, filter->last_day),
                                db_text(filter->state < 0 ? "" : state_names[filter->state]),
                                db_text(place.day ? place.day : ""),
                                db_text(place.reference ? place.reference : ""), db_int(max)),
                      statement_read_row, sizeof(**rows), arena, &items, count);

    *rows = items;
    return err;
}

static enum err read_unknown(const struct db_rows *rows, struct arena *arena, void *item)
{
    struct statement_unknown *row = item;

    row->transaction_id = db_column_int(rows, 0);
    row->kind = db_column_text(rows, 1, arena);
    row->reference = db_column_text(rows, 2, arena);
    row->payer = db_column_text(rows, 3, arena);
    row->fact_at = db_column_int(rows, 4);
    row->amount_cents = db_column_int(rows, 5);
    row->currency = db_column_text(rows, 6, arena);
    row->entry_id = db_column_int(rows, 7);
    row->parent_id = db_column_int(rows, 8);
    return OK;
}

enum err statement_unknown_list(struct db *db, const struct statement_account *account,
                                const struct statement_month *month, int64_t max,
                                struct arena *arena, struct statement_unknown **rows,
                                size_t *count)
{
    void *items;
    enum err err =
        rows_read_all(db, Q_STATEMENT_UNKNOWN_LIST,
                      DB_VALUES(db_int(account->association_id), db_int(account->id),
                                db_int(month->from_at), db_int(month->until_at),
                                db_int(account->read_until_at - STATEMENT_GRACE_S), db_int(max)),
                      read_unknown, sizeof(**rows), arena, &items, count);

    *rows = items;
    return err;
}
