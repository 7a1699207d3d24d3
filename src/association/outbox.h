/*
 * outbox: mail to send, written in the transaction of the fact it tells of.
 *
 * Invariant: a row is made exactly once with its fact; sending is at least once, with a stable
 * Message-ID made from the row's id.
 */
#ifndef ASSOCIATION_OUTBOX_H
#define ASSOCIATION_OUTBOX_H

#include <stdint.h>

#include "db/db.h"

/* Queues a mail of a kind ("payment_received", "second_capture", "quarantined", "other_account",
 * "test_money") to a member (0: to the treasurers) about a transaction (0: none). Inside a
 * transaction. */
enum err outbox_add(struct db *db, int64_t association_id, const char *kind, int64_t member_id,
                    int64_t transaction_id, int64_t now);

#endif
