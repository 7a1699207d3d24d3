/*
 * outbox: mail to send, written in the transaction of the fact it tells of.
 *
 * Invariant: a row is made exactly once with its fact; sending is at least once, with a stable
 * Message-ID made from the row's id. A mail to the treasurers becomes one row for each of them
 * when it is first claimed, so that every recipient has an end of their own.
 */
#ifndef ASSOCIATION_OUTBOX_H
#define ASSOCIATION_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "association/login.h"
#include "association/reminder.h"
#include "base/money.h"
#include "db/db.h"

enum {
    OUTBOX_LEASE_S = 60,
    OUTBOX_TRY_S = 4 * 24 * 3600, /* from the first try to the last */
    OUTBOX_DELAY_FIRST_S = 60,    /* times four at each try */
    OUTBOX_DELAY_MAX_S = 6 * 3600
};

/* Queues a mail of a kind (each has a text in templates/mail) to a member (0: to the treasurers
 * and administrators) about a transaction (0: none). Inside a transaction. */
enum err outbox_add(struct db *db, int64_t association_id, const char *kind, int64_t member_id,
                    int64_t transaction_id, int64_t now);
/* The same to one person who logs in. */
enum err outbox_add_login(struct db *db, int64_t association_id, const char *kind,
                          int64_t login_id, int64_t now);

/* The same to an address that need not be the login's. */
struct outbox_place {
    const char *address;
    const char *about; /* an address that was asked for, or "" */
};
enum err outbox_add_to(struct db *db, int64_t association_id, const char *kind, int64_t login_id,
                       const struct outbox_place *place, int64_t now);

/* ---- sending ---- */

struct outbox_claim {
    int64_t association_id;
    int64_t id;
    int64_t claim;
    int64_t attempts; /* this one counted */
    int64_t first_tried_at;
};

/* Does some mail want to go? Reads only. */
enum err outbox_any_due(struct db *db, int64_t now, bool *due);
/* Claims the one that waits longest. Inside a transaction. */
enum err outbox_claim(struct db *db, int64_t now, struct outbox_claim *claim, bool *found);

/* What its text says; texts in the arena, NULL where there is nothing. */
struct outbox_mail {
    int64_t id;
    const char *kind;
    const char *address; /* of its one recipient; NULL: there is none (or all treasurers) */
    const char *first_name, *last_name; /* of the member */
    enum role role;                     /* the recipient's, in the back office */
    bool has_money;
    int64_t amount_cents;
    const struct currency *currency;
    int64_t fact_at;
    const char *reference;
    int64_t deadline_at;       /* to answer a dispute of the payment, 0: none */
    const char *provider;      /* "stripe" */
    const char *account_label; /* as staff read it */
    int64_t created_at;
    const char *state;
    const char *reason;
    int64_t login_id;  /* of the recipient, when they are not a member */
    const char *about; /* what its text tells besides, "" for nothing; not for staff to read */
    struct reminder_due due; /* of a reminder: what is owed now */
    const char *sent_to;     /* where it went at the last try; "" before */
};
/* ERR_NOT_FOUND when absent or of another association. */
enum err outbox_find(struct db *db, int64_t association_id, int64_t id, struct arena *arena,
                     struct outbox_mail *mail);

/* How a try ended; one that is no longer the last claim changes nothing. Inside a transaction. */
enum outbox_end { OUTBOX_SENT, OUTBOX_REFUSED, OUTBOX_DROPPED };
enum err outbox_end(struct db *db, const struct outbox_claim *claim, enum outbox_end end,
                    const char *reason, const char *address, int64_t now);
/* Later again: after a delay that grows, dropped when the four days are over. delay_max_s: 0, or
 * a shorter longest delay (the server was down: it is no fault of this mail). */
enum err outbox_retry(struct db *db, const struct outbox_claim *claim, const char *reason,
                      const char *address, int64_t delay_max_s, int64_t now);

#endif
