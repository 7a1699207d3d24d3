/*
 * period: from which day to which day a list is asked for, and of which fiscal year.
 *
 * Invariant: a year is one of the association's own; days are read as people and browsers write
 * them ("23/11/2026", "2026-11-23"); what cannot be read is a fault of the form, never ignored.
 */
#ifndef WEB_PERIOD_H
#define WEB_PERIOD_H

#include "accounting/accounting.h"
#include "web/form.h"

/* The fields of a form with a period, and what can be wrong with them. exercice: the id of a year,
 * or "tous". */
#define PERIOD_FIELDS                                                                             \
    {"exercice", HTTP_TOKEN, 20, NULL, 0}, {"du", HTTP_TEXT, 40, NULL, 0},                        \
    {                                                                                             \
        "au", HTTP_TEXT, 40, NULL, 0                                                              \
    }
#define PERIOD_FAULTS                                                                             \
    {"du", "illisible"}, {"au", "illisible"},                                                     \
    {                                                                                             \
        "au", "avant"                                                                             \
    }

struct period {
    bool has_from, has_until; /* a day was typed */
    struct date from, until;  /* both included */
    bool has_year;
    struct fiscal_year *year; /* has_year; borrowed from the arena */
};

/* What is shown when nothing is asked for. */
enum period_default { PERIOD_ALL, PERIOD_THIS_YEAR };

/* Reads the three fields and notes faults. Sets du, au (as the browser wants them back), the list
 * "years" (label, chosen, address), "all_years", "all_address", "year". ERR_NOT_FOUND when the
 * year is not one of the association's. path: of the list, for the addresses. */
enum err period_read(struct page *page, struct form *form, const char *path,
                     enum period_default otherwise, struct template_map *data,
                     struct period *period);
/* The days it covers, year and days together: ISO texts in the arena, both included. */
#define PERIOD_FIRST_DAY "" /* no bound */
#define PERIOD_LAST_DAY "9999-12-31"
struct period_days {
    const char *from;
    const char *until;
};
struct period_days period_days(struct page *page, const struct period *period);
/* A day as it was typed; false when it is none. */
bool period_day(struct str typed, struct date *day);

#endif
