#include "web/internal.h"

#include "base/log.h"
#include "base/metric.h"
#include "base/random.h"
#include "payment/event.h"

/* The two words of the address. A provider's own additions are not read. */
static void read_query(struct page *page, struct str *event, const char **hint)
{
    struct str rest = page->request->query;
    struct http_pair pair;

    *event = (struct str){0};
    *hint = "";
    while (http_pair_next_lenient(&rest, page->arena, &pair)) {
        if (str_is(pair.name, "event"))
            *event = pair.value;
        else if (str_is(pair.name, "a") && pair.value.len <= 64)
            *hint = str_copy(page->arena, pair.value);
    }
}

static enum err write_event(struct db *db, void *argument)
{
    return event_add(db, argument);
}

/* Durable first, then handed to a job with its lease already taken, then acknowledged. */
static enum err store(struct page *page, const struct provider *provider,
                      const struct provider_message *message, const struct door_answer *door)
{
    struct event_draft draft = {.provider = provider->name,
                                .message = message,
                                .door = door,
                                .now = page->now,
                                .leased = event_is_known(door) &&
                                          worker_has_room(page->web->options.worker)};
    enum err err = random_id(&draft.id);

    if (!err)
        err = db_write(page->web->options.service->writer, write_event, &draft);
    if (!err && draft.leased)
        (void)worker_take_event(page->web->options.worker, provider, draft.id);
    return err;
}

static void plain(struct page *page, int status)
{
    page->response->status = status;
    page->response->content_type = "text/plain; charset=utf-8";
    page->response->body.len = 0;
}

enum { HEADER_MAX = 2048 };

static bool is_printable(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] > '~')
            return false;
    return true;
}

/* What the provider wants to be kept beside the bytes. One that is too long, or that is no single
 * line of printable characters, proves nothing: it is left out. */
static struct str kept_headers(struct page *page, const struct provider *provider)
{
    struct buffer lines;

    buffer_init(&lines, page->arena, 1024);
    for (const char *const *name = provider->headers; name && *name; name++) {
        struct str value = http_header(page->request, *name);

        if (!str_empty(value) && value.len <= HEADER_MAX && is_printable(value))
            buffer_printf(&lines, "%s: %.*s\n", *name, STR_PRINT(value));
    }
    return buffer_str(&lines);
}

static enum err at_the_door(struct page *page, const struct provider *provider, const char *hint)
{
    struct provider_call call =
        payment_call(page->web->options.service, page->db, page->thread->client, page->arena);
    const struct provider_message message = {.hint = hint,
                                             .body = page->request->body,
                                             .content_type = page->request->content_type,
                                             .signature = page->request->stripe_signature,
                                             .headers = kept_headers(page, provider),
                                             .source_address = page->request->remote_address};
    struct door_answer door = {0};
    enum err err = provider->receive(&call, &message, &door);

    if (err)
        return err;
    if (door.verdict == DOOR_ACCEPTED) {
        err = store(page, provider, &message, &door);
        if (err == ERR_LIMIT) /* too many wait to be verified: the provider sends again */
            err = fail(ERR_BUSY, "the inbox is full");
        if (!err)
            plain(page, 200);
        return err;
    }
    metric_refused();
    log_line(LOG_WARNING, "endpoint.refused", "%s: %s (%llu refused since the start)",
             provider->name, door.reason ? door.reason : "",
             atomic_fetch_add(&page->web->refused_messages, 1) + 1);
    plain(page, 400);
    return OK;
}

enum err endpoint_post(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct provider *provider;
    struct str event;
    const char *hint;
    enum err err;

    (void)response;
    read_query(page, &event, &hint);
    provider = payment_provider(page->web->options.service, event);
    if (!provider)
        return fail(ERR_NOT_FOUND, "no such event");
    if (request->body.len > provider->body_max)
        return fail(ERR_LIMIT, "the notification is too large");
    err = at_the_door(page, provider, hint);
    if (err == OK || err == ERR_NOT_FOUND || err == ERR_BUSY || err == ERR_LIMIT)
        return err;
    log_failure("endpoint.store");
    return fail(ERR_DB, "the notification could not be stored");
}
