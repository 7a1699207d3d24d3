/*
 * verify: proves the invariants on a database.
 *
 * Invariant: it reads only, trusts nothing the program wrote, and names the row of every breach.
 * (domain.md: Invariants that `guichet verify` proves.)
 */
#ifndef PAYMENT_VERIFY_H
#define PAYMENT_VERIFY_H

#include <stdint.h>

#include "db/db.h"

enum { VERIFY_ROWS_MAX = 1000 };

struct verify_breach {
    int invariant; /* 1 to 6; 7 = the audit's chain */
    int64_t association_id;
    const char *table;
    const char *row;  /* id or key of the row */
    const char *text; /* what is wrong, in French */
};
/* Money that waits for a person: listed, not a breach. */
struct verify_quarantine {
    int64_t association_id;
    int64_t id;
    const char *reason;
    int64_t transaction_id;
    int64_t created_at;
};
struct verify_report {
    struct verify_breach *breaches;
    size_t breach_count;
    struct verify_quarantine *quarantine;
    size_t quarantine_count;
    int64_t associations, entries, captures, events, waiting_events, open_quarantine;
};
/* Checks everything; at most VERIFY_ROWS_MAX breaches are named. The arrays live in the arena. OK
 * also when there are breaches. */
enum err verify_database(struct db *db, struct arena *arena, struct verify_report *report);

#endif
