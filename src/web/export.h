/*
 * export: a list as a file for spreadsheets.
 *
 * Invariant: one export at a time, read in short transactions and sent piece by piece: neither
 * memory nor the log of the database grows with it. The audit tells of each, before its first
 * row leaves the house; what cannot be ended breaks off. (security.md rows 37, 60.)
 */
#ifndef WEB_EXPORT_H
#define WEB_EXPORT_H

#include "base/csv.h"
#include "web/internal.h"

enum { EXPORT_CHUNK = 500 }; /* rows read and sent together */

struct export
{
    struct page *page;
    struct buffer *csv;  /* rows are added here */
    struct arena *arena; /* for the rows in hand: emptied between two chunks */
};
/* Adds at most EXPORT_CHUNK rows behind the last one; *ended when none is left. Called while
 * reading. */
typedef enum err export_more(struct export *export, void *list, bool *ended);
/* Answers with the file. Its name and titles stand in the template "export/<name>.txt": the first
 * line is the name, each further line a title. */
enum err export_send(struct page *page, const char *name, export_more *more, void *list);

#endif
