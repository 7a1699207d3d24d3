/*
 * accounting: the chart, the fiscal years, the entries.
 *
 * Invariant: an entry balances, has the next number of its fiscal year and the next link of
 * its association's hash chain, and never changes. Posting never fails because of a setting: a
 * missing account becomes 471, a missing fiscal year is made. (domain.md, Postings.)
 */
#ifndef ACCOUNTING_ACCOUNTING_H
#define ACCOUNTING_ACCOUNTING_H

#include <stdbool.h>
#include <stdint.h>

#include "association/association.h"
#include "base/zone.h"
#include "db/db.h"

/* ---- chart and years ---- */

/* The default chart for a new association. Inside a transaction. */
enum err accounting_chart_add(struct db *db, int64_t association_id);

struct chart_account {
    const char *code;
    const char *label;
    bool archived;
    bool used;   /* it stands in an entry */
    bool needed; /* the kernel counts on it: it is not archived */
    int64_t version;
};
/* The whole chart, by code; array and texts in the arena. */
enum err accounting_chart(struct db *db, int64_t association_id, struct arena *arena,
                          struct chart_account **accounts, size_t *count);

/* Accounts a charge may be for, by code: class 7, and class 4 when it is collected for others;
 * archived ones left out, and `used` is not looked at. */
enum err accounting_charge_accounts(struct db *db, int64_t association_id, struct arena *arena,
                                    struct chart_account **accounts, size_t *count);
/* Whether this is one of them. */
enum err accounting_may_charge(struct db *db, int64_t association_id, const char *code, bool *may);
/* Whether the chart has an account that takes new lines. */
enum err accounting_account_usable(struct db *db, int64_t association_id, const char *code,
                                   bool *usable);

struct fiscal_year {
    int64_t id;
    const char *label;
    struct date first_day;
    struct date last_day;
    bool closed;
};
/* The year that holds a date; made, with those between, when it is missing: of the association's
 * usual length, and twelve months end before its usual first day. Inside a transaction. */
enum err accounting_year_for(struct db *db, const struct association *association,
                             struct date date, int64_t now, struct arena *arena,
                             struct fiscal_year *year);
/* Where a fact of a date is written: its year when that is open, else the first day of the
 * oldest open year after it. Inside a transaction (years may be made). */
enum err accounting_entry_day(struct db *db, const struct association *association,
                              struct date fact_date, int64_t now, struct arena *arena,
                              struct date *entry_date, struct fiscal_year *year);
/* All years, newest first. */
enum err accounting_years(struct db *db, int64_t association_id, struct arena *arena,
                          struct fiscal_year **years, size_t *count);

/* ---- which accounts ---- */

enum accounting_method { ACCOUNTING_CASH };

enum accounting_fact {
    ACCOUNTING_CAPTURE_DUE,      /* money in, for a charge of this year or before */
    ACCOUNTING_CAPTURE_DEFERRED, /* money in, for a charge of a later year */
    ACCOUNTING_CAPTURE_ADVANCE,  /* money in, beyond the debt */
    ACCOUNTING_CAPTURE_UNKNOWN,  /* money in, nobody knows for what */
    ACCOUNTING_ADVANCE_DUE,      /* an advance meets a charge */
    ACCOUNTING_ADVANCE_DEFERRED, /* an advance meets a charge of a later year */
    ACCOUNTING_DEFERRED_DUE,     /* the later year has begun */
    ACCOUNTING_TAKEN_BACK,       /* a paid charge is cancelled: its money is an advance again */
    ACCOUNTING_TAKEN_BACK_DEFERRED,
    ACCOUNTING_ADVANCE_OUT,   /* an advance is paid back: the debit; its credit is transit */
    ACCOUNTING_ADVANCE_MOVED, /* from one member to another */
    ACCOUNTING_ADJUSTED,      /* a credit that no money made: against the account named for it */
    ACCOUNTING_PAYOUT,        /* to the bank, whose account is named for it */
    ACCOUNTING_FEE,           /* what the provider or the bank keeps */
    ACCOUNTING_CAPTURE_ELSEWHERE, /* money in that did not begin here: against the account named */
    ACCOUNTING_RETURN_ELSEWHERE,  /* and out again: the debit; its credit is transit */
    ACCOUNTING_DISPUTE,           /* withdrawn by the provider while a dispute is open */
    ACCOUNTING_EXCESS,            /* more went out than was left of a payment */
    ACCOUNTING_EXCHANGE_LOSS,     /* converted, and less arrived than was counted: the debit */
    ACCOUNTING_EXCHANGE_GAIN,     /* and more: the credit */
    ACCOUNTING_RESERVE,           /* held back by the provider */
    ACCOUNTING_TRANSFER,          /* to another account of the association */
    ACCOUNTING_INCOME,            /* money in that no payment is */
    ACCOUNTING_UNKNOWN            /* money out, nobody knows for what */
};
struct accounting_pair {
    const char *debit;
    const char *credit;
};
/* The one place that picks accounts: transit_account is the provider account's, charge_account
 * the charge's (NULL where there is none). Static or borrowed strings. */
struct accounting_pair accounting_accounts_for(enum accounting_fact fact,
                                               enum accounting_method method,
                                               const char *transit_account,
                                               const char *charge_account);

/* ---- entries ---- */

enum journal {
    JOURNAL_STRIPE, /* ST */
    JOURNAL_PAYPAL, /* PP */
    JOURNAL_BANK,   /* BQ */
    JOURNAL_CASH,   /* CA */
    JOURNAL_CHEQUE, /* CH */
    JOURNAL_OTHER   /* OD */
};

enum { ENTRY_LINES_MAX = 1024 };

struct entry_draft {
    int64_t id;
    const struct association *association;
    enum journal journal;
    struct date fact_date;
    const char *piece;
    const char *label;
    int64_t now;
    struct entry_draft_line {
        const char *account;
        int64_t debit_cents;
        int64_t credit_cents;
        int64_t member_number; /* 0: none */
    } lines[ENTRY_LINES_MAX];
    int line_count;
};
/* Adds cents on one side of an account (merged with a line of the same account, side and
 * member). Zero adds nothing. */
void entry_debit(struct entry_draft *draft, const char *account, int64_t member_number,
                 int64_t cents);
void entry_credit(struct entry_draft *draft, const char *account, int64_t member_number,
                  int64_t cents);

struct entry_result {
    int64_t number;
    int64_t fiscal_year_id;
    struct date entry_date; /* fact_date, or the first open day after it */
    bool account_missing;   /* a line went to 471: the caller notes it in quarantine */
};
/* Writes the entry: balanced (ERR_INTERNAL otherwise), numbered, chained. Inside a
 * transaction. */
enum err entry_add(struct db *db, const struct entry_draft *draft, struct arena *arena,
                   struct entry_result *result);

/* Recomputes the hash of a stored entry for verify: false in *matches when it differs. */
enum err entry_check_hash(struct db *db, int64_t association_id, int64_t entry_id,
                          struct str previous_hash, struct arena *arena, bool *matches,
                          unsigned char hash[32]);

#endif
