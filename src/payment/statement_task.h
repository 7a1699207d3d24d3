/*
 * statement_task: reading a provider's list, page by page; and asking for fees it had not told.
 *
 * Invariant: a page's lines are stored in one transaction with the place where the next one
 * begins, so that a reading goes on where it was, whatever ended it. A reading books nothing: a
 * person's click does; the search for fees books what it finds, since a fee follows a payment
 * that is in the books.
 */
#ifndef PAYMENT_STATEMENT_TASK_H
#define PAYMENT_STATEMENT_TASK_H

#include "payment/statement.h"

#include "payment/event.h"
#include "payment/service.h"

enum {
    STATEMENT_OVERLAP_S = 7 * 24 * 3600, /* read again each night: lines that came late */
    STATEMENT_PAGES_MAX = 40,            /* pages of one turn of a job */
    STATEMENT_TURN_MS = 20000,           /* no page is begun later in a turn */
    FEE_FIRST_S = 300,
    FEE_PATIENCE_S = 30 * 24 * 3600
};

/* Asks for a reading; nothing happens when the same is under way (*added false). Inside a
 * transaction. */
struct statement_ask {
    const struct association *association;
    const struct statement_account *account;
    const char *payout;              /* "": the whole list */
    int64_t since_at, until_at;      /* 0 and 0: from the last reading, with its overlap, to now */
    const struct audit_actor *actor; /* NULL: by itself */
    int64_t now;
};
enum err statement_ask(struct db *db, const struct statement_ask *ask, bool *added);
/* Asks what each payout among the facts is made of. Inside a transaction. */
enum err statement_ask_payouts(struct db *db, const struct payment_fact *facts, int count,
                               int64_t now);
/* Asks for the nightly reading of a provider's accounts that were not read since midnight where
 * their association is. */
enum err statement_ask_nightly(const struct payment_service *service, struct db *db,
                               const struct provider *provider, int64_t now, struct arena *arena);

/* How the last reading of the whole list stands. */
struct statement_reading {
    bool asked; /* there was one */
    bool waiting, refused;
    const char *answer; /* of the provider, "" */
    int64_t line_count;
    int64_t attempts; /* since the last page */
    int64_t created_at, updated_at;
};
enum err statement_last_reading(struct db *db, const struct statement_account *account,
                                struct arena *arena, struct statement_reading *reading);

/* ---- jobs ---- */

enum err statement_any_due(struct db *db, int64_t now, bool *due);
/* Claims readings that are due. Inside a transaction. */
enum err statement_claim_due(struct db *db, const char *provider, int64_t now,
                             struct claim *claims, size_t max, size_t *count);
/* Gives back a claim that nobody worked on. Inside a transaction. */
enum err statement_release(struct db *db, const struct claim *claim, int64_t now);
/* Reads on. */
enum err payment_work_statement(const struct payment_service *service,
                                const struct provider_call *call, const struct claim *claim,
                                bool *provider_down);

/* The same of payments without fee; their claim's id is the payment's. */
enum err fee_any_due(struct db *db, int64_t now, bool *due);
enum err fee_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                       size_t max, size_t *count);
enum err fee_release(struct db *db, const struct claim *claim, int64_t now);
/* Notes payments that wait for their fee for FEE_FIRST_S. */
enum err fee_look_round(const struct payment_service *service, struct db *db,
                        const struct provider *provider, int64_t now, struct arena *arena);
/* Asks for one fee and books it. */
enum err payment_work_fee(const struct payment_service *service, const struct provider_call *call,
                          const struct claim *claim, bool *provider_down);
/* When it is asked for again: 30 min, 1 h, 6 h after the payment, then each day; 0: given up. */
int64_t fee_next_at(int64_t since_at, int64_t now);

#endif
