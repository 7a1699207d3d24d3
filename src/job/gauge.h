/*
 * gauge: what waits, and how large things are, at this moment, for /metrics.
 *
 * Invariant: reads by indexes that hold only what waits: as cheap with two million payments as
 * with none. Numbers of the whole installation, of nobody in particular.
 */
#ifndef JOB_GAUGE_H
#define JOB_GAUGE_H

#include "db/db.h"
#include "job/doctor.h"

struct gauges {
    int64_t events_waiting;  /* notifications not worked on yet */
    int64_t events_age_s;    /* of the oldest that should have been */
    int64_t events_parked;   /* given up */
    int64_t intents_open;    /* attempts looked at again by a job */
    int64_t quarantine_open; /* money that waits for a person */
    int64_t mails_waiting;
    int64_t mails_age_s;    /* of the oldest that should have gone */
    int64_t database_bytes; /* the files: -1 when they cannot be looked at */
    int64_t log_bytes;
    int64_t disk_free_bytes;
};

/* What the database says. Reads only. */
enum err gauges_read(struct db *db, int64_t now, struct gauges *gauges);
/* What the files say: the database, its log, its disk. */
void gauges_read_files(const struct doctor_options *options, struct gauges *gauges);
/* Adds them as Prometheus text. */
void gauges_write(const struct gauges *gauges, struct buffer *text);

#endif
