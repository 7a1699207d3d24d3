/*
 * import: what the pages of an import share.
 *
 * Invariant: a file is found for the session's login and association only; nothing is written
 * before the last page's form, and then all that it showed.
 */
#ifndef WEB_IMPORT_H
#define WEB_IMPORT_H

#include "association/import_file.h"
#include "association/member_import.h"
#include "web/form.h"

extern const struct http_field import_file_fields[], import_columns_fields[],
    import_confirm_fields[];
http_handler import_get, import_post, import_columns_get, import_preview_get, import_confirm_post;

/* A file in the middle of its import. */
struct import_visit {
    struct page *page;
    struct import_file file;
    struct csv_table table;
    size_t column_count;
    struct import_mapping mapping;
    struct member_import import;
    struct form form; /* of the columns */
};
/* Reads the file of "/adherents/importer/{}...", within reading. ERR_NOT_FOUND. When it is done
 * already, its table stays empty. */
enum err import_open(struct page *page, struct import_visit *visit);
/* Reads what the form says of the columns into mapping and form, then the rows. */
enum err import_read_columns(struct import_visit *visit);
/* The page that asks for the columns, filled from the mapping. */
enum err import_show_columns(struct import_visit *visit, int status);
/* To the list, where the import is told. */
enum err import_go_to_list(struct page *page);

#endif
