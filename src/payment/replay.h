/*
 * replay: a stored message is worked on once more, on a person's word.
 *
 * Invariant: harmless by construction: a fact is booked once, however often its message is read;
 * what was proven authentic stays so. (domain.md: Traiter à nouveau.)
 */
#ifndef PAYMENT_REPLAY_H
#define PAYMENT_REPLAY_H

#include "association/audit.h"
#include "db/db.h"

/* Puts a message of the association back to waiting, due now. ERR_NOT_FOUND; ERR_CONFLICT when it
 * waits already or its text was blanked. One audit row. Inside a transaction. */
enum err event_replay(struct db *db, int64_t association_id, int64_t event_id,
                      const struct audit_actor *actor, int64_t now);

#endif
