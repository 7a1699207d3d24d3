#include "job/gauge.h"

#include "base/metric.h"
#include "queries.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { PATH_LEN_MAX = 4096 };

/* ---- the database ---- */

/* A count, and since when the oldest is due. */
static enum err count_due(struct db *db, int query, int64_t now, int64_t *count, int64_t *age_s)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, query, DB_VALUES(db_int(now)), &rows, &found);

    *count = *age_s = 0;
    if (!err && found) {
        *count = db_column_int(&rows, 0);
        if (!db_column_is_null(&rows, 1) && now > db_column_int(&rows, 1))
            *age_s = now - db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    return err;
}

enum err gauges_read(struct db *db, int64_t now, struct gauges *gauges)
{
    enum err err;

    *gauges = (struct gauges){.database_bytes = -1, .log_bytes = -1, .disk_free_bytes = -1};
    err = count_due(db, Q_DOCTOR_BACKLOG, now, &gauges->events_waiting, &gauges->events_age_s);
    if (!err)
        err = count_due(db, Q_DOCTOR_MAIL, now, &gauges->mails_waiting, &gauges->mails_age_s);
    if (!err)
        err = db_integer(db, Q_DOCTOR_PARKED, DB_NO_VALUES, 0, &gauges->events_parked);
    if (!err)
        err = db_integer(db, Q_GAUGE_INTENTS, DB_NO_VALUES, 0, &gauges->intents_open);
    if (!err)
        err = db_integer(db, Q_GAUGE_QUARANTINE, DB_NO_VALUES, 0, &gauges->quarantine_open);
    return err;
}

/* ---- the files ---- */

static int64_t size_of(const char *path, const char *end)
{
    char name[PATH_LEN_MAX];
    struct stat status;

    snprintf(name, sizeof(name), "%s%s", path, end);
    return stat(name, &status) == 0 ? (int64_t)status.st_size : -1;
}

void gauges_read_files(const struct doctor_options *options, struct gauges *gauges)
{
    struct statvfs disk;

    gauges->database_bytes = size_of(options->database, "");
    gauges->log_bytes = size_of(options->database, "-wal");
    if (statvfs(options->database, &disk) == 0)
        gauges->disk_free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
}

/* ---- telling ---- */

void gauges_write(const struct gauges *gauges, struct buffer *text)
{
    const struct {
        const char *name, *help;
        int64_t value;
    } rows[] = {
        {"guichet_events_waiting", "Notifications due and not worked on", gauges->events_waiting},
        {"guichet_events_age_seconds", "How long the oldest of them is due", gauges->events_age_s},
        {"guichet_events_parked", "Notifications given up", gauges->events_parked},
        {"guichet_intents_open", "Payments under way", gauges->intents_open},
        {"guichet_quarantine_open", "Money that waits for a person", gauges->quarantine_open},
        {"guichet_mails_waiting", "Mails due and not sent", gauges->mails_waiting},
        {"guichet_mails_age_seconds", "How long the oldest of them waits", gauges->mails_age_s},
        {"guichet_database_bytes", "The database", gauges->database_bytes},
        {"guichet_log_bytes", "Its write-ahead log", gauges->log_bytes},
        {"guichet_disk_free_bytes", "Room left beside them", gauges->disk_free_bytes},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        metric_gauge(text, rows[i].name, rows[i].help, NULL, rows[i].value);
}
