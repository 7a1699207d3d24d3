/*
 * activity: a provider's list sent as a file: sent, looked at, stored.
 *
 * Invariant: the file is found for the session's login and association only; nothing of it is
 * stored before the last form, and all of it or nothing.
 */
#ifndef WEB_ACTIVITY_H
#define WEB_ACTIVITY_H

#include "payment/activity.h"
#include "web/form.h"
#include "web/internal.h"

extern const struct http_field activity_page_fields[], activity_file_fields[],
    activity_look_fields[], activity_confirm_fields[];
http_handler activity_get, activity_post, activity_look_get, activity_confirm_post;

/* A file between its steps. */
struct activity_visit {
    struct page *page;
    struct import_file upload;
    struct statement_account account;
    const struct provider *provider;
    struct csv_table table;
    struct activity_mapping mapping;
    struct activity_file file;
    struct form form;
    struct date first_day, last_day; /* what it covers */
    bool complete;                   /* all columns that must be there are */
};

#endif
