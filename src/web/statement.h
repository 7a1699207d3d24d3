/*
 * statement: the pages that prove the books against the providers' own lists.
 *
 * Invariant: they show what payment/statement.h finds; the one thing they write is what a person
 * asked for: a reading, a booking, a file.
 */
#ifndef WEB_STATEMENT_H
#define WEB_STATEMENT_H

#include "payment/payout.h"
#include "payment/statement.h"
#include "web/internal.h"

extern const struct http_field statement_fields[], statement_read_fields[],
    statement_month_fields[], statement_export_fields[], statement_book_fields[], payouts_fields[],
    elsewhere_fields[];

http_handler statement_get, statement_read_post;
http_handler statement_month_get, statement_book_post, statement_export_get;
http_handler payouts_get, payout_get, elsewhere_get;

/* A month of an account, as its address names it. */
struct statement_visit {
    struct page *page;
    struct statement_account account;
    struct statement_month month;
};
/* Reads "/comptabilite/rapprochement/{}/{}...". ERR_NOT_FOUND. */
enum err statement_open(struct page *page, struct statement_visit *visit);

/* Sets what the account is: id, label, code, provider flags "reads" and "uploads". */
void statement_set_account(struct page *page, struct template_map *map,
                           const struct statement_account *account);
/* Sets a month: name, address, figures, its verdict as flags. */
void statement_set_month(struct page *page, struct template_map *map,
                         const struct statement_account *account,
                         const struct statement_month *month);
/* Sets "kind_capture" and so on: true for the one. */
void statement_set_kind(struct arena *arena, struct template_map *map, const char *kind);
/* A currency by its code; the association's when it is unknown. */
const struct currency *statement_currency(const struct page *page, const char *code);
/* "2026-09" */
bool statement_read_month(struct str text, struct date *first);

#endif
