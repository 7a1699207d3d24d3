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

/* Adds the accounts at providers, with what they cost, to data's list "providers". */
enum err terms_add_list(struct page *page, struct template_map *data);
/* Sets what the advice to open an account says of costs: the association's own rates, else the
 * usual ones. */
enum err terms_add_advice(struct page *page, struct template_map *data);

extern const struct http_field chart_new_fields[];
extern const struct http_field chart_account_fields[];
extern const struct http_field chart_use_fields[];
extern const struct http_field year_add_fields[];
extern const struct http_field year_fields[];
extern const struct http_field means_new_fields[];
extern const struct http_field means_fields[];
extern const struct http_field means_use_fields[];
extern const struct http_field terms_fields[];

http_handler reference_get;
http_handler chart_get, chart_new_get, chart_new_post, chart_account_get, chart_account_post,
    chart_use_post, chart_delete_post;
http_handler years_get, years_post, year_get, year_post;
http_handler means_get, means_usual_post, means_new_get, means_new_post, means_one_get,
    means_one_post, means_use_post;
http_handler terms_get, terms_post;

#endif
