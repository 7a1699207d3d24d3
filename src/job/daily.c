#include "job/daily.h"

#include "association/email_change.h"
#include "association/import_file.h"
#include "association/login.h"
#include "association/once.h"
#include "base/log.h"
#include "base/zone.h"
#include "payment/consent.h"
#include "payment/correct.h"
#include "payment/event.h"
#include "payment/fees.h"
#include "payment/link.h"
#include "queries.h"

enum {
    RELEASES_MAX = 1000,    /* associations in one round; the next hour takes the others */
    EARLIEST_S = 14 * 3600, /* where the day begins first: UTC+14 */
    DAY_S = 24 * 3600
};

struct releasing {
    int64_t association_id;
    int64_t now;
    int64_t entries;
};

static enum err release(struct db *db, void *argument)
{
    struct releasing *releasing = argument;
    struct arena *arena = arena_new();
    enum err err = payment_release_deferred(db, releasing->association_id, releasing->now, arena,
                                            &releasing->entries);

    arena_free(arena);
    return err;
}

/* Those that may have something to do: it has become that day somewhere. */
static enum err list_due(struct db *db, int64_t now, int64_t *ids, size_t *count)
{
    char day[DATE_TEXT_MAX];
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    date_format_iso(day, date_from_days((now + EARLIEST_S) / DAY_S));
    err = db_select(db, Q_RELEASE_DUE, DB_VALUES(db_text(day), db_int(RELEASES_MAX)), &rows);
    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found)
        ids[(*count)++] = db_column_int(&rows, 0);
    db_rows_done(&rows);
    return err;
}

enum err daily_release(struct db_writer *writer, struct db *db, int64_t now, struct arena *arena)
{
    int64_t *ids = arena_array(arena, RELEASES_MAX, sizeof(*ids));
    size_t count = 0;
    enum err err = list_due(db, now, ids, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct releasing releasing = {.association_id = ids[i], .now = now};

        if (db_write(writer, release, &releasing))
            log_failure("job.release");
    }
    return err;
}

/* ---- fees by month ---- */

struct booking_fees {
    struct fee_account account;
    int64_t now;
    int64_t entries;
};

static enum err book_fees(struct db *db, void *argument)
{
    struct booking_fees *booking = argument;
    struct arena *arena = arena_new();
    enum err err =
        payment_book_fees(db, &booking->account, booking->now, arena, &booking->entries);

    arena_free(arena);
    return err;
}

enum err daily_fees(struct db_writer *writer, struct db *db, int64_t now, struct arena *arena)
{
    struct fee_account *accounts = arena_array(arena, RELEASES_MAX, sizeof(*accounts));
    size_t count = 0;
    enum err err = payment_fees_due(db, now, accounts, RELEASES_MAX, &count);

    for (size_t i = 0; !err && i < count; i++) {
        struct booking_fees booking = {.account = accounts[i], .now = now};

        if (db_write(writer, book_fees, &booking))
            log_failure("job.fees");
    }
    return err;
}

/* ---- what has had its time ---- */

static enum err sweep(struct db *db, void *argument)
{
    const int64_t *now = argument;
    enum err err = session_sweep(db, *now);

    if (!err)
        err = login_throttle_sweep(db, *now);
    if (!err)
        err = link_sweep(db, *now);
    if (!err)
        err = email_change_sweep(db, *now);
    if (!err)
        err = once_sweep(db, *now);
    if (!err)
        err = consent_sweep(db, *now);
    if (!err)
        err = import_file_sweep(db, *now);
    return err ? err : event_sweep_invalid(db, *now);
}

enum err daily_sweep(struct db_writer *writer, int64_t now)
{
    return db_write(writer, sweep, &now);
}
