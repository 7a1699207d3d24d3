/*
 * journal: the books as they are read: entries by day, the ledger of an account, balances.
 *
 * Invariant: everything is read in the order of days and, within a day, of the chain; a place in
 * that order names where a page goes on, so that a page costs the same wherever it stands.
 */
#ifndef ACCOUNTING_JOURNAL_H
#define ACCOUNTING_JOURNAL_H

#include "accounting/accounting.h"

/* Days are ISO texts, both included; these are no bound. */
#define JOURNAL_DAY_FIRST ""
#define JOURNAL_DAY_LAST "9999-12-31"
struct journal_filter {
    int64_t association_id;
    const char *from;
    const char *until;
    const char *journal;       /* "ST", "PP" ...; "" for all */
    const char *account;       /* ledger only */
    int64_t chain_number_last; /* entries behind it are left out; INT64_MAX for none */
};

/* One line; line_number is 0 in journal_entries' places. */
struct journal_place {
    const char *day;
    int64_t chain_number;
    int64_t line_number;
};

struct journal_line {
    const char *account;
    const char *account_label;
    int64_t debit_cents; /* one of both is 0 */
    int64_t credit_cents;
    int64_t member_id; /* 0: none */
    int64_t member_number;
    const char *member; /* "" for none */
    int64_t line_number;
};
struct journal_entry {
    int64_t id;
    int64_t number;
    int64_t chain_number;
    const char *journal;
    const char *day; /* ISO */
    const char *piece;
    const char *label;
    int64_t total_cents;
    const char *year;
    struct journal_line *lines;
    size_t line_count;
};
/* At most max entries before (newest first) or behind (oldest first) the place; NULL: from that
 * end. Everything in the arena. */
enum err journal_newest(struct db *db, const struct journal_filter *filter,
                        const struct journal_place *before, int64_t max, struct arena *arena,
                        struct journal_entry **entries, size_t *count);
enum err journal_oldest(struct db *db, const struct journal_filter *filter,
                        const struct journal_place *after, int64_t max, struct arena *arena,
                        struct journal_entry **entries, size_t *count);
/* The chain number of the newest entry, 0 for none: an export reads up to it. */
enum err journal_head(struct db *db, int64_t association_id, int64_t *chain_number);

/* The lines of filter->account, oldest first: entries with exactly that one line. */
enum err ledger_read(struct db *db, const struct journal_filter *filter,
                     const struct journal_place *after, int64_t max, struct arena *arena,
                     struct journal_entry **entries, size_t *count);
/* Debit less credit of the account from a day on up to a place (NULL: before filter->from),
 * included. */
enum err ledger_balance(struct db *db, const struct journal_filter *filter,
                        const char *carried_from, const struct journal_place *upto,
                        int64_t *balance_cents);

/* From which day on an account is carried forward to `from`: revenue and expenses (classes 6 to 8)
 * begin anew with the fiscal year that holds that day, other accounts never. In the arena. */
enum err ledger_carried_from(struct db *db, int64_t association_id, const char *account,
                             const char *from, struct arena *arena, const char **carried_from);

struct account_balance {
    const char *code;
    const char *label;
    int64_t opening_cents; /* debit less credit before the first day */
    int64_t debit_cents;
    int64_t credit_cents;
    int64_t closing_cents;
};
/* Every account of the chart that has anything to show, by code. */
enum err account_balances(struct db *db, int64_t association_id, const char *from,
                          const char *until, struct arena *arena,
                          struct account_balance **balances, size_t *count);

#endif
