/*
 * statement: the provider's own list beside our movements.
 *
 * Invariant: a line stands as it was read first; told again with other figures it is a finding,
 * never overwritten (but a payment under way is told until it is sure). Whether a line is in the
 * books is asked each time (the views of 0020_money.sql), never stored. A month is proven when
 * every line of it is in the books, every movement of the books is in the list, and both balances
 * agree at its end. (domain.md: Rapproché, Non comptabilisé, Introuvable, Écart de montant.)
 */
#ifndef PAYMENT_STATEMENT_H
#define PAYMENT_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "association/association.h"
#include "association/audit.h"
#include "base/zone.h"
#include "db/db.h"
#include "payment/provider.h"

enum {
    STATEMENT_FACTS_MAX = 2,      /* of a line: what moved, and its fee */
    STATEMENT_BOOK_MAX = 1000,    /* lines booked at one press: the writer is not held longer */
    STATEMENT_GRACE_S = 2 * 3600, /* the list tells of a movement that much later */
    STATEMENT_CARRY_S = 45 * 24 * 3600 /* line and movement are at most that far apart */
};

/* An account as the reconciliation knows it. */
struct statement_account {
    int64_t association_id;
    int64_t id;
    const char *provider;
    const char *label;
    const char *transit_account;
    const char *other_account; /* where money not begun in Guichet is booked */
    struct date since_day;
    int64_t opening_cents; /* what the provider held then */
    int64_t read_until_at; /* the list was read whole up to then; 0: never */
    bool has_balance;
    int64_t balance_cents; /* what the provider said it holds ... */
    int64_t balance_at;    /* ... then */
    bool linked;
    bool revoked;
    bool has_keys; /* PayPal: its interface can be asked */
    int64_t version;
};
/* Those at providers, in use first; array and texts in the arena. */
enum err statement_accounts(struct db *db, int64_t association_id, struct arena *arena,
                            struct statement_account **accounts, size_t *count);
/* ERR_NOT_FOUND: another association's, or a means without provider. */
enum err statement_account_find(struct db *db, int64_t association_id, int64_t account_id,
                                struct arena *arena, struct statement_account *account);

/* ---- storing ---- */

enum statement_telling {
    STATEMENT_NEW,
    STATEMENT_KNOWN,
    STATEMENT_OTHERWISE /* known with other figures: noted, the first ones stay */
};
/* Stores a line that was read at `now`. A known one learns its payout. ERR_INPUT: no name, no
 * movement, or figures beyond any payment. Inside a transaction. */
enum err statement_store(struct db *db, const struct association *association, int64_t account_id,
                         const struct statement_line *line, int64_t now, struct arena *arena,
                         enum statement_telling *telling);
/* Could statement_store take it? Reads nothing. */
enum err statement_check(const struct statement_line *line);

/* What a line means to payment_post: the movement and its fee, in that order; none for a type
 * that posts nothing. Strings are the line's. Pure. */
size_t payment_statement_facts(const struct statement_line *line, int64_t association_id,
                               int64_t account_id, struct payment_fact facts[STATEMENT_FACTS_MAX]);
/* The word of the database for a kind: "capture"; "none" for what moves no money. */
const char *statement_kind_name(enum fact_kind kind);

/* ---- matching ---- */

enum statement_state {
    STATEMENT_MATCHED,   /* Rapproché */
    STATEMENT_MISSING,   /* Non comptabilisé: the movement or its fee */
    STATEMENT_DIFFERENT, /* Écart de montant */
    STATEMENT_NO_ENTRY,  /* its type posts nothing */
    STATEMENT_OUTSIDE,   /* older than since_day */
    STATEMENT_PENDING,   /* En cours: a payment that may still fail, and no money yet */
    STATEMENT_STATES
};
const char *statement_state_name(enum statement_state state);

struct statement_sum {
    int64_t count;
    int64_t cents; /* in the association's currency */
};
/* A month of an account. */
struct statement_month {
    int year, month;
    struct date first_day, last_day;
    int64_t from_at, until_at; /* until_at not included */
    struct statement_sum states[STATEMENT_STATES];
    struct statement_sum unknown; /* ours, which the list does not have: Introuvable */
    struct statement_sum unread;  /* ours, newer than the list */
    bool read_whole;              /* the list was read up to its end, or to now */
    bool is_current;              /* it has not ended */
    bool before_since;            /* it ended before since_day */
    int64_t opening_cents;        /* what the provider held, by its list */
    int64_t moved_cents;
    int64_t closing_cents;
    int64_t booked_cents;  /* what our entries say it holds then */
    int64_t fees_cents;    /* fees without entry yet, by then: negative */
    int64_t shifted_cents; /* in the list by then and in our entries later; the other way round:
                              negative */
    bool proven;
};
/* What the list says less what our entries say, all known reasons taken off. */
int64_t statement_gap_cents(const struct statement_month *month);
/* Months that follow each other, from the one that holds `first` on; filled in the arena's array
 * of `count`. */
enum err statement_months(struct db *db, const struct association *association,
                          const struct statement_account *account, struct date first, size_t count,
                          int64_t now, struct arena *arena, struct statement_month **months);
/* The balance of the transit account at the end of a day, all that stands there. */
enum err statement_transit(struct db *db, const struct statement_account *account,
                           struct date last_day, int64_t *cents);
/* What the list says the provider holds, all of it read so far, payments under way included. */
enum err statement_listed(struct db *db, const struct association *association,
                          const struct statement_account *account, int64_t *cents);

/* A line beside its movement. */
struct statement_row {
    struct statement_line line;
    const char *kind; /* word of the database */
    const char *day;  /* ISO */
    enum statement_state state;
    bool told_otherwise;
    int64_t told_gross_cents, told_fee_cents;
    int64_t transaction_id; /* 0: none */
    bool has_booked;
    int64_t booked_cents;
    int64_t entry_id;
    bool has_fee;
    int64_t fee_booked_cents;
};
struct statement_filter {
    int64_t association_id;
    int64_t account_id;
    struct date first_day, last_day;
    int state; /* of statement_state, -1: all */
};
/* The last line shown; "" and "": from the beginning. */
struct statement_place {
    const char *day;
    const char *reference;
};
enum err statement_list(struct db *db, const struct statement_filter *filter,
                        struct statement_place place, int64_t max, struct arena *arena,
                        struct statement_row **rows, size_t *count);

/* A movement of ours that the list does not have. */
struct statement_unknown {
    int64_t transaction_id;
    const char *kind;
    const char *reference;
    const char *payer;
    int64_t fact_at;
    int64_t amount_cents;
    const char *currency;
    int64_t entry_id;
    int64_t parent_id;
};
enum err statement_unknown_list(struct db *db, const struct statement_account *account,
                                const struct statement_month *month, int64_t max,
                                struct arena *arena, struct statement_unknown **rows,
                                size_t *count);

/* ---- booking what is missing ---- */

struct statement_order {
    const struct association *association;
    int64_t account_id;
    const char *reference; /* one line; NULL: all that is missing in the days */
    struct date first_day, last_day;
    bool reads_payouts; /* the provider can be asked what a payout is made of */
    struct audit_actor actor;
    int64_t now;
    /* what became of it */
    size_t booked; /* lines that are in the books now */
    size_t waits;  /* lines that follow something nobody knows yet, or that the kernel refused */
    bool more;     /* there were more than STATEMENT_BOOK_MAX */
};
/* Books missing lines by payment_post, oldest first and a payment before what follows it; leaves
 * one audit row when it booked something. Called again it books nothing twice. ERR_NOT_FOUND: no
 * such line. Inside a transaction, alone. */
enum err statement_book(struct db *db, struct statement_order *order);

#endif
