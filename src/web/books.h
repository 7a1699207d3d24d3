/*
 * books: what the treasurer reads: payments, entries, accounts, who owes what, who did what.
 *
 * Invariant: these pages read and export; none of them writes to the books.
 */
#ifndef WEB_BOOKS_H
#define WEB_BOOKS_H

#include "web/internal.h"

http_handler revenue_get, revenue_export_get;
http_handler entry_get;

extern const struct http_field revenue_fields[];

#endif
