/*
 * paypal/activity: reading the activity report, a file PayPal writes in the language of the
 * account.
 *
 * Invariant: a cell is read in one way or not at all; words stand in tables, in French and in
 * English; a type that is not in the table is a movement that a person looks at.
 */
#ifndef PROVIDER_PAYPAL_ACTIVITY_H
#define PROVIDER_PAYPAL_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/money.h"
#include "base/zone.h"
#include "payment/provider.h"

struct arena;

/* Order of the columns, and of a row's cells. */
enum activity_cell {
    CELL_DATE,
    CELL_TIME,
    CELL_ZONE,
    CELL_NAME,
    CELL_TYPE,
    CELL_STATUS,
    CELL_CURRENCY,
    CELL_GROSS,
    CELL_FEE,
    CELL_NET,
    CELL_TRANSACTION,
    CELL_REFERENCE,
    CELL_INVOICE,
    CELL_CUSTOM,
    CELL_IMPACT,
    CELL_COUNT
};

extern const struct provider_activity paypal_activity;

/* ---- activity_word.c ---- */

/* What the money of a type is. */
enum activity_class {
    CLASS_UNKNOWN, /* not in the table */
    CLASS_PAYMENT,
    CLASS_REFUND,
    CLASS_REVERSAL,
    CLASS_REVERSAL_CANCELED,
    CLASS_FAILURE,
    CLASS_PAYOUT,
    CLASS_PAYOUT_FAILED,
    CLASS_CONVERSION,
    CLASS_FEE,
    CLASS_DISPUTE_FEE,
    CLASS_RESERVE,
    CLASS_TRANSFER,
    CLASS_INCOME,
    CLASS_NOTHING /* an authorisation, a request: no money moves */
};
/* The words as the file has them; without case, accents and typography. */
enum activity_class activity_class(struct str type, struct arena *arena);

enum activity_moved {
    MOVED_YES,
    MOVED_NO,
    MOVED_UNKNOWN /* a status that is not in the table */
};
/* Did the row move money, by its status and its impact on the balance? */
enum activity_moved activity_moved(struct str status, struct str impact, struct arena *arena);

/* ---- activity_kind.c ---- */

/* A row being read: what is known of it. */
struct activity_subject {
    const struct provider_call *call;
    const struct provider_account *account;
    struct statement_line *line; /* movement and reference are txn_id; figures are read */
    const char *own_currency;    /* the association's */
    const char *txn_id;
    const char *reference; /* of what it follows, NULL = none */
};
/* Fills the line's kind and names by what its money is, and whether it moved. */
enum err activity_mean(const struct activity_subject *subject, enum activity_class class,
                       enum activity_moved moved);
/* As in a notification: the whole value of an attempt's token first, whatever its form. *found:
 * one was named before. */
enum err activity_name_token(const struct activity_subject *subject, struct str text, bool *found);

/* ---- activity_figure.c ---- */

/* "1 234,56", "1,234.56", "-12,00", "−12.5" with any spaces between; the sign may stand behind.
 * Empty is 0. False when it can be read in two ways or in none. */
bool activity_amount(struct str text, const struct currency *currency, struct arena *arena,
                     int64_t *cents);
/* Is the amount written with a decimal comma? */
bool activity_has_comma(struct str amount);

struct activity_moment {
    struct str date;         /* "31/12/2026", "12/31/2026", "31.12.2026", "2026-12-31" */
    struct str time;         /* "23:04:06", "" = noon */
    struct str zone;         /* "Europe/Paris", "CEST", "PDT", "" = the given one */
    bool comma;              /* amounts of the row have one: the day stands first */
    const struct zone *home; /* for rows that name none */
};
enum activity_fault { MOMENT_OK, MOMENT_DATE, MOMENT_TIME, MOMENT_ZONE };
/* Which of two numbers is the day: the one above 12; else the first one, but for a row of an
 * American zone that writes its amounts with a dot, or of no zone at all with a dot. */
enum activity_fault activity_moment(const struct activity_moment *moment, struct arena *arena,
                                    int64_t *at);

#endif
