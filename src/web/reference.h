/*
 * reference: what the pages of Référentiel share.
 *
 * Invariant: Référentiel leads to a list of each kind; each thing has a page of its own to be
 * added or changed, and whoever did comes back to its list.
 */
#ifndef WEB_REFERENCE_H
#define WEB_REFERENCE_H

#include "web/form.h"
#include "web/internal.h"

/* Adds the accounts of the chart that begin with these digits and are in use, and the chosen one,
 * to data's list "accounts" (code, label, chosen). */
enum err reference_add_accounts(struct page *page, struct template_map *data, const char *digits,
                                struct str chosen);
/* Goes back to a list ("comptes") with what was done. */
enum err reference_done(struct page *page, const char *list, const char *word);
/* Today, where the association is. */
struct date reference_today(const struct page *page);
/* A text that must be there and not be too long; says so beside its field. */
const char *reference_read_label(struct page *page, struct form *form, size_t max);

extern const struct http_field chart_new_fields[];
extern const struct http_field chart_account_fields[];
extern const struct http_field chart_use_fields[];
extern const struct http_field year_add_fields[];
extern const struct http_field year_fields[];

http_handler reference_get;
http_handler chart_get, chart_new_get, chart_new_post, chart_account_get, chart_account_post,
    chart_use_post, chart_delete_post;
http_handler years_get, years_post, year_get, year_post;

#endif
