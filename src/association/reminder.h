/*
 * reminder: mail that asks members for what they still owe.
 *
 * Invariant: one mail to whoever pays, for themselves and for those they pay for; never twice
 * within REMINDER_PAUSE_S; never to somebody who owes nothing when it is sent.
 */
#ifndef ASSOCIATION_REMINDER_H
#define ASSOCIATION_REMINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/str.h"
#include "db/db.h"

enum { REMINDER_PAUSE_S = 7 * 24 * 3600 };

/* What somebody who pays owes: each cart counts when it owes, one's advance pays no other's. */
struct reminder_due {
    int64_t own_cents;
    int64_t others_cents;      /* of those they pay for */
    int64_t in_progress_cents; /* on its way from a provider: not asked for again */
    bool has_login;            /* may see the cart; of reminder_due alone */
    bool pays_online;          /* a provider is linked; of reminder_due alone */
};
/* What is asked for; 0: nothing. */
int64_t reminder_total(const struct reminder_due *due);
enum err reminder_due(struct db *db, int64_t association_id, int64_t member_id,
                      struct reminder_due *due);

struct reminder_row {
    int64_t member_id;
    int64_t number;
    const char *first_name;
    const char *last_name;
    const char *email; /* where it would go; "" when nowhere */
    struct reminder_due due;
    int64_t reminded_at; /* 0: never */
    const char *sort_key;
};
struct reminder_filter {
    struct str search; /* as in member_list */
    struct str after_key;
    int64_t after_id;
    int64_t max;
};
/* Those who owe, by name; archived ones left out. One more than max is read when there are
 * more. */
enum err reminder_list(struct db *db, int64_t association_id, const struct reminder_filter *filter,
                       struct arena *arena, struct reminder_row **rows, size_t *count);

struct reminder_order {
    int64_t association_id;
    const int64_t *member_ids;
    size_t count;
    struct audit_actor actor;
    int64_t now;
};
/* Queues a mail to each who still owes, has an address and was not reminded within the pause;
 * the others are left out. One audit row when *sent is more than 0. ERR_NOT_FOUND when one is no
 * member here: nothing is queued. Inside a transaction. */
enum err reminder_send(struct db *db, const struct reminder_order *order, size_t *sent);

#endif
