/*
 * daily: what the books need because a day has come, and what has had its time.
 *
 * Invariant: each booking is its own transaction and is made once, however often the job runs.
 */
#ifndef JOB_DAILY_H
#define JOB_DAILY_H

#include "base/arena.h"
#include "db/db.h"

/* Books what stands in 487 for fiscal years that have begun where the association is; nothing to
 * do is nothing done. What fails for one association is logged, the others go on. db reads,
 * writer writes. (domain.md, Postings: deferred revenue.) */
enum err daily_release(struct db_writer *writer, struct db *db, int64_t now, struct arena *arena);
/* Books the fees of months that have ended, where they are booked by month; the same way. */
enum err daily_fees(struct db_writer *writer, struct db *db, int64_t now, struct arena *arena);
/* Deletes what has had its time: sessions, links, consents, uploads, invalid notifications. */
enum err daily_sweep(struct db_writer *writer, int64_t now);

#endif
