/*
 * association_settings: what the files of the association's page share.
 *
 * Invariant: the page shows what is stored, but for the one form that was sent and is wrong.
 */
#ifndef WEB_ASSOCIATION_SETTINGS_H
#define WEB_ASSOCIATION_SETTINGS_H

#include "web/form.h"
#include "web/internal.h"

extern const struct form_fault association_faults[];
extern const size_t association_fault_count;

/* Where the values of the large form come from. */
enum association_values { ASSOCIATION_STORED, ASSOCIATION_TYPED };

/* Shows the page; wrong: the form that was sent and led nowhere, or NULL. */
enum err association_show(struct page *page, int status, const struct form *wrong,
                          enum association_values values);

#endif
