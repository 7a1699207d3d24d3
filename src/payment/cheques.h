/*
 * cheques: those that wait for the bank, and those that were carried there.
 *
 * Invariant: reads only; a cheque is moved by payment_deposit and payment_cheque_returned
 * (manual.h).
 */
#ifndef PAYMENT_CHEQUES_H
#define PAYMENT_CHEQUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/zone.h"
#include "db/db.h"

struct cheque_row {
    int64_t transaction_id; /* of its payment */
    const char *number;
    const char *bank;
    const char *drawer;
    struct date due_day;
    int64_t amount_cents;
    int64_t member_id;
    int64_t member_number;
    const char *first_name;
    const char *last_name;
    bool returned; /* it came back since */
};
/* Cheques of one means that wait, by the day from which they may be cashed; at most max. */
enum err cheques_waiting(struct db *db, int64_t association_id, int64_t means_id, int64_t max,
                         struct arena *arena, struct cheque_row **cheques, size_t *count);
/* Those of one deposit, by bank and number. */
enum err cheques_of_deposit(struct db *db, int64_t association_id, int64_t deposit_id,
                            struct arena *arena, struct cheque_row **cheques, size_t *count);

/* A means by which cheques came that wait. */
struct cheque_means {
    int64_t id;
    const char *label;
    int64_t count;
    int64_t cents;
};
/* The one with most of them first. */
enum err cheques_means(struct db *db, int64_t association_id, struct arena *arena,
                       struct cheque_means **means, size_t *count);

struct deposit {
    int64_t id;
    int64_t number; /* on the slip */
    struct date day;
    const char *bank_account;       /* 5121 ... */
    const char *bank_account_label; /* "" when the chart has it no more */
    int64_t cents;
    int64_t cheque_count;
    int64_t entry_id;
    int64_t entry_number;
    const char *journal;
    const char *iban_tail; /* deposit_find: of the bank account, "" when none is known */
};
/* Those with a smaller number, newest first, at most max. */
enum err deposit_list(struct db *db, int64_t association_id, int64_t below, int64_t max,
                      struct arena *arena, struct deposit **deposits, size_t *count);
/* ERR_NOT_FOUND. */
enum err deposit_find(struct db *db, int64_t association_id, int64_t deposit_id,
                      struct arena *arena, struct deposit *deposit);

#endif
