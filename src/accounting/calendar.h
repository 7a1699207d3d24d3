/*
 * calendar: the fiscal years, as a treasurer sees them.
 *
 * Invariant: years follow each other without hole, and their days never change; only the next
 * one is added, and only its name is free.
 */
#ifndef ACCOUNTING_CALENDAR_H
#define ACCOUNTING_CALENDAR_H

#include "accounting/accounting.h"
#include "association/audit.h"

enum {
    CALENDAR_YEARS_AHEAD = 2, /* none is added that begins later */
    CALENDAR_LABEL_MAX = 40   /* characters */
};

/* The year that would be added. */
struct calendar_next {
    int64_t after_id; /* the newest one that is there, 0 for none */
    struct date first_day;
    struct date last_day;
    bool too_far;
};
enum err calendar_next(struct db *db, const struct association *association, struct date today,
                       struct arena *arena, struct calendar_next *next);

struct calendar_year {
    int64_t id;
    const char *label;
    struct date first_day;
    struct date last_day;
    int64_t version;
};
/* ERR_NOT_FOUND. */
enum err calendar_find(struct db *db, int64_t association_id, int64_t year_id, struct arena *arena,
                       struct calendar_year *year);

struct calendar_draft {
    int64_t association_id;
    int64_t year_id; /* the one to rename, or behind which the next one comes */
    int64_t version; /* of the form, to rename */
    const char *label;
    struct date today; /* of the association */
    int64_t now;
};
/* Each inside a transaction. ERR_CONFLICT when somebody added one, or renamed it, since the form
 * was made; ERR_NOT_FOUND. */
enum err calendar_add_next(struct db *db, const struct calendar_draft *draft,
                           const struct audit_actor *actor);
enum err calendar_rename(struct db *db, const struct calendar_draft *draft,
                         const struct audit_actor *actor);

#endif
