#include "web/export.h"

#include "base/log.h"

/* ---- the audit ---- */

struct noting {
    struct page *page;
    const char *name;
};

static enum err note_export(struct db *db, void *argument)
{
    const struct noting *noting = argument;
    const struct audit_actor actor = page_actor(noting->page);

    return audit_add(db, noting->page->association.id, &actor, "export.made",
                     arena_printf(noting->page->arena, "export:%s", noting->name), "");
}

/* ---- the head ---- */

/* Name of the file, then the row of titles. */
static enum err begin(struct export *export, const char *name)
{
    struct page *page = export->page;
    struct template_map *data = template_map_new(page->arena);
    char today[DATE_TEXT_MAX];
    struct str lines = {0}, file;
    bool first = true;
    enum err err = page_text(page, page->arena, arena_printf(page->arena, "export/%s.txt", name),
                             data, &lines);

    if (err)
        return err;
    file = str_cut(&lines, '\n');
    date_format_iso(today, zone_date(page->association.zone, page->now));
    page->response->content_type = "text/csv; charset=utf-8";
    http_header_add(
        page->response, "Content-Disposition",
        arena_printf(page->arena, "attachment; filename=\"%.*s-%s.csv\"", STR_PRINT(file), today));
    page_security_headers(page);
    csv_begin(export->csv);
    for (; lines.data; first = false)
        csv_add(export->csv, first, str_trim(str_cut(&lines, '\n')));
    csv_end_row(export->csv);
    return OK;
}

/* ---- the rows ---- */

/* One short transaction: whoever reads for long makes the log of the database grow. */
static enum err read_chunk(struct export *export, export_more *more, void *list, bool *ended)
{
    enum err err = page_begin_reading(export->page);

    if (!err)
        err = more(export, list, ended);
    page_end_reading(export->page);
    return err;
}

static enum err send_all(struct export *export, const char *name, export_more *more, void *list)
{
    struct http_response *response = export->page->response;
    bool ended = false;
    size_t first_bytes = 0;
    enum err err = begin(export, name);

    while (!err && !ended) {
        err = read_chunk(export, more, list, &ended);
        arena_reset(export->arena);
        if (!err && http_send(response)) {
            log_line(LOG_INFO, "web.export_left", "%s", err_last()->text);
            response->broken = true;
            return OK;
        }
        if (!first_bytes)
            first_bytes = arena_used(export->page->arena);
    }
    if (!err) /* what the chunks behind the first one left in the memory of the request */
        log_line(LOG_INFO, "web.export_sent", "%s kept %zu bytes", name,
                 arena_used(export->page->arena) - first_bytes);
    return err;
}

enum err export_send(struct page *page, const char *name, export_more *more, void *list)
{
    struct export export = {page, &page->response->body, arena_new()};
    struct noting noting = {page, name};
    enum err err;

    page_end_reading(page);
    err = gate_enter(&page->web->export_gate);
    if (!err) {
        err = db_write(page->web->options.service->writer, note_export, &noting);
        if (!err)
            err = send_all(&export, name, more, list);
        gate_leave(&page->web->export_gate);
    }
    arena_free(export.arena);
    return err;
}
