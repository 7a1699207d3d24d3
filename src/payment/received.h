/*
 * received: a payment as the back office and a receipt show it.
 *
 * Invariant: nothing is computed that the books do not say: what a payment pays is the sum of its
 * allocations, what is left of it is the payer's advance.
 */
#ifndef PAYMENT_RECEIVED_H
#define PAYMENT_RECEIVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/zone.h"
#include "db/db.h"

/* What stands on the cheque it came by, and where the cheque is. */
struct received_cheque {
    const char *number; /* NULL: no cheque */
    const char *bank;
    const char *drawer;
    struct date due_day;
    int64_t deposit_id; /* 0: not yet carried to the bank */
    int64_t deposit_number;
    struct date deposit_day;
    bool returned; /* unpaid, or taken back before it was carried there */
};

struct received {
    int64_t id;
    int64_t provider_account_id;
    const char *provider; /* "stripe", "paypal", "manual" */
    const char *means;    /* its label */
    const char *reference;
    int64_t amount_cents;
    const char *currency;
    int64_t fact_at;
    int64_t member_id; /* 0: nobody knows; the following are "" or 0 then */
    int64_t member_number;
    const char *first_name;
    const char *last_name;
    const char *email;
    int64_t entry_id; /* 0: not in the books */
    int64_t entry_number;
    const char *journal;
    const char *year;       /* of the entry */
    const char *flag;       /* "", "difference", "second_capture", "late" */
    int64_t returned_cents; /* paid back or taken back since */
    bool reversed;          /* all of it was taken back */
    bool disputed;          /* a dispute on it is open */
    bool has_fee;           /* the provider said what it kept */
    int64_t fee_cents;      /* of it, in the association's currency */
    int64_t net_cents;      /* what the account got of it, the fee taken off; likewise */
    bool quarantined;       /* waits in À rattacher */
    struct received_cheque cheque;
};
/* ERR_NOT_FOUND when it is no payment of the association. */
enum err received_find(struct db *db, int64_t association_id, int64_t transaction_id,
                       struct arena *arena, struct received *received);

/* A charge that it pays now, or a part of one. */
struct received_part {
    int64_t charge_line_id;
    const char *label;
    bool is_donation;
    int64_t member_number; /* whose */
    const char *first_name;
    const char *last_name;
    int64_t cents;
};
enum err received_parts(struct db *db, int64_t association_id, int64_t transaction_id,
                        struct arena *arena, struct received_part **parts, size_t *count);

/* What happened to it since: a refund, a reversal, a fee ... */
struct received_later {
    const char *kind; /* of provider_transaction */
    int64_t amount_cents;
    int64_t fact_at;
    int64_t entry_id; /* 0: none */
    int64_t entry_number;
    const char *journal;
    const char *means;
    const char *reason; /* "" for none */
};
enum err received_later(struct db *db, int64_t association_id, int64_t transaction_id,
                        struct arena *arena, struct received_later **later, size_t *count);

#endif
