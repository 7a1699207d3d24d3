/*
 * books: what the treasurer reads: payments, entries, accounts, who owes what, who did what.
 *
 * Invariant: these pages read and export; none of them writes to the books.
 */
#ifndef WEB_BOOKS_H
#define WEB_BOOKS_H

#include "web/internal.h"

http_handler home_get;
http_handler revenue_get, revenue_export_get;
http_handler entry_get;
http_handler journal_get, journal_export_get;
http_handler balance_get, balance_export_get;
http_handler standing_get, standing_export_get;
http_handler actions_get, actions_export_get;

extern const struct http_field home_fields[], revenue_fields[], journal_fields[], balance_fields[],
    standing_fields[], action_fields[];

/* An ISO text of the database as a date, or a name that prints nothing. */
void books_set_day(struct template_map *data, const char *name, const char *iso);
/* A sum of debits less credits: <name> is its size (money), <name>_cents the sum, and the flags
 * <name>_debit, <name>_credit tell its side (both false for nothing). */
void books_set_balance(struct page *page, struct template_map *data, const char *name,
                       int64_t cents);

#endif
