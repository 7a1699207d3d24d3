#include "payment/fees.h"

#include "association/audit.h"
#include "payment/posting.h"
#include "queries.h"

enum { DAY_S = 86400, NOON_S = 12 * 3600, EARLIEST_S = 14 * 3600 };

static const struct audit_actor nobody = {0, ""};

/* A month of fees that waits. */
struct fee_month {
    const struct fee_account *account;
    struct posting posting;
    struct date first_day;
    int64_t from_at;  /* inclusive */
    int64_t until_at; /* exclusive */
    int64_t kept_cents;
};

static struct date month_first(struct date date)
{
    date.day = 1;
    return date;
}

static struct date month_next(struct date first)
{
    return first.month == 12 ? (struct date){first.year + 1, 1, 1}
                             : (struct date){first.year, first.month + 1, 1};
}

enum err payment_fees_due(struct db *db, int64_t now, struct fee_account *accounts, size_t max,
                          size_t *count)
{
    /* It has become the first of the month somewhere. */
    struct date first = month_first(date_from_days((now + EARLIEST_S) / DAY_S));
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(
        db, Q_FEES_DUE,
        DB_VALUES(db_int(date_to_days(first) * DAY_S + EARLIEST_S), db_int((int64_t)max)), &rows);

    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < max)
        accounts[(*count)++] =
            (struct fee_account){db_column_int(&rows, 0), db_column_int(&rows, 1)};
    db_rows_done(&rows);
    return err;
}

static enum err find_month(struct fee_month *month, int64_t from_at, int64_t end_at, bool *found)
{
    struct posting *posting = &month->posting;
    const struct zone *zone = posting->association.zone;
    struct db_rows rows = {0};
    enum err err =
        db_first(posting->db, Q_FEES_FIRST,
                 DB_VALUES(db_int(month->account->association_id),
                           db_int(month->account->provider_account_id), db_int(from_at),
                           db_int(end_at), db_text(posting->association.currency->code)),
                 &rows, found);

    if (!err && *found) {
        month->first_day = month_first(zone_date(zone, db_column_int(&rows, 0)));
        month->from_at = zone_day_start(zone, month->first_day);
        month->until_at = zone_day_start(zone, month_next(month->first_day));
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_entry(struct fee_month *month)
{
    struct posting *posting = &month->posting;
    struct entry_draft *entry = arena_alloc(posting->arena, sizeof(*entry));
    struct accounting_pair pair = accounting_accounts_for(ACCOUNTING_FEE, ACCOUNTING_CASH,
                                                          posting->account.transit_account, NULL);
    int64_t cents = month->kept_cents;
    struct entry_result result;
    enum err err = posting_begin_entry(posting, entry);

    if (err)
        return err;
    entry->label = arena_printf(posting->arena, "Frais %s %02d/%d", posting->account.label,
                                month->first_day.month, month->first_day.year);
    entry_debit(entry, cents > 0 ? pair.debit : pair.credit, 0, cents > 0 ? cents : -cents);
    entry_credit(entry, cents > 0 ? pair.credit : pair.debit, 0, cents > 0 ? cents : -cents);
    return posting_finish_entry(posting, entry, &result);
}

static enum err book_month(struct fee_month *month)
{
    struct posting *posting = &month->posting;
    enum err err =
        posting_begin(posting, month->account->association_id, month->account->provider_account_id,
                      month->until_at - DAY_S + NOON_S);

    posting->piece = arena_printf(posting->arena, "Frais %02d/%d", month->first_day.month,
                                  month->first_day.year);
    if (!err)
        err = write_entry(month);
    if (!err)
        err =
            db_run(posting->db, Q_FEES_BOOKED,
                   DB_VALUES(db_int(month->account->association_id),
                             db_int(month->account->provider_account_id), db_int(month->from_at),
                             db_int(month->until_at), db_text(posting->association.currency->code),
                             db_int(posting->entry_id)));
    return err ? err
               : audit_add(posting->db, month->account->association_id, &nobody, "fees.booked",
                           arena_printf(posting->arena, "provider_account:%lld",
                                        (long long)month->account->provider_account_id),
                           arena_printf(posting->arena, "%04d-%02d", month->first_day.year,
                                        month->first_day.month));
}

enum err payment_book_fees(struct db *db, const struct fee_account *account, int64_t now,
                           struct arena *arena, int64_t *entries)
{
    struct fee_month *month = arena_alloc(arena, sizeof(*month));
    struct posting *posting = &month->posting;
    int64_t from_at = INT64_MIN, end_at = 0;
    bool found = true;
    enum err err;

    *entries = 0;
    *month = (struct fee_month){.account = account};
    posting->db = db;
    posting->arena = arena;
    posting->now = now;
    err = association_find(db, account->association_id, arena, &posting->association);
    if (!err)
        end_at = zone_day_start(posting->association.zone,
                                month_first(zone_date(posting->association.zone, now)));
    while (!err && found) {
        err = find_month(month, from_at, end_at, &found);
        if (err || !found)
            break;
        err = db_integer(db, Q_FEES_SUM,
                         DB_VALUES(db_int(account->association_id),
                                   db_int(account->provider_account_id), db_int(month->from_at),
                                   db_int(month->until_at),
                                   db_text(posting->association.currency->code)),
                         0, &month->kept_cents);
        /* Fees kept and given back that make nothing need no entry; they wait for a late one. */
        if (!err && month->kept_cents != 0) {
            err = book_month(month);
            ++*entries;
        }
        from_at = month->until_at;
    }
    return err;
}
