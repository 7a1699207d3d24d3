/* /health and /metrics: for the machine that watches, on this machine alone. */
#include "web/health.h"

#include "base/log.h"
#include "base/metric.h"
#include "job/gauge.h"
#include "queries.h"

bool health_is_local(struct str address)
{
    return str_starts(address, "127.") || str_is(address, "::1");
}

static void plain(struct page *page, int status, const char *type)
{
    page->response->status = status;
    page->response->content_type = type;
}

static enum err write_and_undo(struct db *db, void *argument)
{
    enum err err = db_run(db, Q_HEALTH_WRITE, DB_VALUES(db_int(1)));

    (void)argument;
    return err ? err : db_run(db, Q_HEALTH_WRITE, DB_VALUES(db_int(-1)));
}

/* Can it read, and does the writer write? On a full disk an empty transaction would succeed. */
enum err health_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    struct gauges gauges;
    enum err err;

    if (!health_is_local(request->remote_address))
        return fail(ERR_NOT_FOUND, "for this machine alone");
    err = gauges_read(page->db, page->now, &gauges);
    if (!err)
        err = db_write(page->web->options.service->writer, write_and_undo, NULL);
    plain(page, err ? 503 : 200, "text/plain; charset=utf-8");
    buffer_add_text(&response->body, err ? "the database does not answer\n" : "ok\n");
    if (err)
        log_failure("health");
    return OK;
}

enum err metrics_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct web_options *options = &page->web->options;
    struct gauges gauges;
    enum err err;

    if (!health_is_local(request->remote_address))
        return fail(ERR_NOT_FOUND, "for this machine alone");
    err = gauges_read(page->db, page->now, &gauges);
    if (err)
        return err;
    gauges_read_files(options->doctor, &gauges);
    plain(page, 200, "text/plain; version=0.0.4; charset=utf-8");
    metric_write(&response->body);
    gauges_write(&gauges, &response->body);
    return OK;
}
