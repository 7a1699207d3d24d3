/*
 * activity: a provider's list that came as a file.
 *
 * Invariant: rows become lines by the provider's own reading of them (provider.h:
 * provider_activity); nothing is stored before a person has seen what each row would become, and
 * a row that cannot be read keeps the whole file out. One of which a single word is not known is
 * left out alone; the list then counts as read up to its day, no further.
 */
#ifndef PAYMENT_ACTIVITY_H
#define PAYMENT_ACTIVITY_H

#include "association/import_file.h"
#include "base/csv.h"
#include "payment/statement.h"

/* Where the provider's columns stand in the file, from 1; 0: not there. */
struct activity_mapping {
    size_t places[ACTIVITY_COLUMNS_MAX];
};
/* By the titles of the first row, whatever their case and accents. */
void activity_guess(const struct provider_activity *activity, const struct csv_table *table,
                    struct arena *arena, struct activity_mapping *mapping);
/* Are all there that must be? */
bool activity_complete(const struct provider_activity *activity,
                       const struct activity_mapping *mapping);

enum activity_verdict {
    ACTIVITY_NEW,
    ACTIVITY_KNOWN,     /* stored already, with the same figures */
    ACTIVITY_OTHERWISE, /* stored with other figures, which stay */
    ACTIVITY_WRONG,     /* its column `column` cannot be read */
    ACTIVITY_UNREAD,    /* the word of its column `column` is not known: this row is left out */
    ACTIVITY_VERDICTS
};
struct activity_read_row {
    size_t line; /* of the file */
    struct statement_line meaning;
    enum activity_verdict verdict;
    size_t column;    /* WRONG, UNREAD: index in the provider's columns; column_count: another */
    bool left_out;    /* not stored: UNREAD, or KNOWN by its figures though its word is not */
    const char *word; /* UNREAD: what stands there */
};
struct activity_file {
    const struct provider_activity *activity;
    struct activity_read_row *rows;
    size_t count;
    size_t counts[ACTIVITY_VERDICTS];
    int64_t net_cents;         /* of the new ones, in the association's currency */
    int64_t first_at, last_at; /* of all that can be read; 0 and 0: none */
    int64_t unread_at;         /* of the first row that was left out; 0: none */
};
/* Reads every row behind the titles and holds it against what is stored. Reads only; everything
 * lives in the call's arena. */
enum err activity_read(const struct provider_call *call, const struct association *association,
                       const struct provider_account *account,
                       const struct provider_activity *activity, const struct csv_table *table,
                       const struct activity_mapping *mapping, struct activity_file *file);

struct activity_order {
    const struct association *association;
    int64_t account_id;
    const struct import_file *upload; /* the file between its steps: used up */
    const struct activity_file *file;
    struct date first_day, last_day; /* what the file covers, by the person's word */
    struct audit_actor actor;
    int64_t now;
};
/* Stores all lines, one audit row; the list then is read up to last_day, or to the day before the
 * first row that was left out, when no gap is before first_day. A file stored already stores
 * nothing again. ERR_CONFLICT: a row cannot be read. Inside a transaction, alone. */
enum err activity_store(struct db *db, const struct activity_order *order);

#endif
