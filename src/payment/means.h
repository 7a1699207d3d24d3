/*
 * means: how money comes in without provider, as a treasurer keeps it: cash, cheques, transfers.
 *
 * Invariant: a means has one account of class 5; once a movement is booked it stays, since the
 * books were written by it. A means that is archived takes no new payment and keeps its past.
 * (domain.md: provider_account, 'manual'.)
 */
#ifndef PAYMENT_MEANS_H
#define PAYMENT_MEANS_H

#include <stdbool.h>
#include <stdint.h>

#include "association/audit.h"
#include "base/arena.h"
#include "base/str.h"
#include "payment/account.h"

enum { MEANS_LABEL_MAX = 60 /* characters */ };
/* Where cheques wait for the bank: a means of this account takes what stands on a cheque. */
#define MEANS_CHEQUE_ACCOUNT "5112"

struct means {
    int64_t id;
    const char *label; /* "Chèque", as members and staff read it */
    const char *account_code;
    const char *account_label; /* "" when the chart has it no more */
    bool account_usable;       /* the chart has it, in use */
    bool archived;
    bool booked; /* a movement of it exists */
    int64_t version;
};
/* Does it take cheques, which are carried to the bank later? */
bool means_takes_cheques(const struct means *means);
/* Every one of an association, those in use before the others. Array and texts in the arena. */
enum err means_list(struct db *db, int64_t association_id, struct arena *arena,
                    struct means **means, size_t *count);
/* ERR_NOT_FOUND, also for an account at a provider. */
enum err means_find(struct db *db, int64_t association_id, int64_t means_id, struct arena *arena,
                    struct means *means);

enum means_result {
    MEANS_WRITTEN,
    MEANS_STALE,      /* somebody changed it since the form was made */
    MEANS_SAME_NAME,  /* another one has this name, signs and case apart */
    MEANS_NO_ACCOUNT, /* the chart has no such account of class 5 in use */
    MEANS_BOOKED      /* its account stays: movements were booked by it */
};
enum means_change { MEANS_ADD, MEANS_CHANGE, MEANS_ARCHIVE, MEANS_RESTORE };
struct means_draft {
    enum means_change change;
    int64_t association_id;
    int64_t id;
    int64_t version;          /* of the form, to change */
    const char *public_id;    /* random token, to add */
    enum account_mode mode;   /* to add */
    const char *label;        /* to add, to change */
    const char *account_code; /* to add, to change */
    int64_t now;
};
/* Inside a transaction; anything but WRITTEN leaves all as it was. ERR_NOT_FOUND. */
enum err means_write(struct db *db, const struct means_draft *draft,
                     const struct audit_actor *actor, enum means_result *result);

/* Does the association lack one of those that most take? */
enum err means_usual_missing(struct db *db, int64_t association_id, bool *missing);
/* Adds those that it lacks, with their accounts. Inside a transaction. */
enum err means_add_usual(struct db *db, int64_t association_id, const struct audit_actor *actor,
                         int64_t now);

#endif
