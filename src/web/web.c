#include "web/embedded.h"
#include "web/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the browser is told ---- */

/* Nothing is loaded but our own files; a form may lead to us and to the payment pages. */
static const char *content_policy(const struct provider_settings *settings, struct arena *arena)
{
    const char *const targets[] = {settings->stripe_checkout_url, settings->stripe_connect_url,
                                   settings->paypal_live_webscr_url,
                                   settings->paypal_sandbox_webscr_url};
    const char *named = "";
    struct buffer policy;

    buffer_init(&policy, arena, 512);
    buffer_add_text(&policy,
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                    "font-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
                    "base-uri 'none'; form-action 'self'");
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const char *target =
            targets[i] ? arena_printf(arena, " %s", guard_origin(targets[i], arena)) : "";

        /* In practice all of them stand on one host. */
        if (strcmp(target, named) != 0)
            buffer_add_text(&policy, target);
        named = target;
    }
    return policy.data;
}

/* ---- a thread's own ---- */

enum err web_thread_start(void *shared, void **context)
{
    struct web *web = shared;
    struct web_thread *thread = calloc(1, sizeof(*thread));
    enum err err;

    require(thread);
    thread->web = web;
    err = db_open(web->options.database_path, DB_READ, web->options.catalog, &thread->db);
    if (!err)
        err = http_client_new(&thread->client);
    if (err) {
        web_thread_end(shared, thread);
        thread = NULL;
    }
    *context = thread;
    return err;
}

void web_thread_end(void *shared, void *context)
{
    struct web_thread *thread = context;

    (void)shared;
    http_client_free(thread->client);
    db_close(thread->db);
    free(thread);
}

/* ---- life ---- */

static int at_most(int value, int maximum)
{
    return value < maximum ? value : maximum;
}

/* Half of the page threads may wait for a provider. Those who wait for a password's
 * scrypt get threads of their own on top, so that the other pages keep theirs. */
static void make_gates(struct web *web)
{
    int half = web->options.page_threads / 2;

    gate_init(&web->provider_gate, half > 0 ? half : 1, 0);
    gate_init(&web->password_gate, WEB_PASSWORDS_AT_ONCE, WEB_PASSWORDS_WAITING);
    gate_init(&web->export_gate, WEB_EXPORTS_AT_ONCE, 0);
}

/* Everything but the pools; web_free disposes of it. */
static enum err prepare(const struct web_options *options, struct web **web)
{
    struct web *made = calloc(1, sizeof(*made));
    enum err err;

    require(made);
    made->options = *options;
    made->arena = arena_new();
    made->origin = guard_origin(options->base_url, made->arena);
    made->policy = content_policy(options->service->settings, made->arena);
    made->payment_policy = embedded_policy(options->service->settings, made->policy, made->arena);
    make_gates(made);
    pthread_rwlock_init(&made->look_lock, NULL);
    err = look_load(options->templates_folder, &made->look);
    if (!err)
        err = errands_new(options->service->writer, &made->errands);
    if (err) {
        web_free(made);
        made = NULL;
    }
    *web = made;
    return err;
}

static enum err open_pages(struct web *web)
{
    const struct web_options *options = &web->options;
    const struct http_pool_options pool = {
        .name = "page",
        .socket_path = options->page_socket,
        .inherited_fd = options->page_fd,
        .threads = at_most(options->page_threads + WEB_PASSWORDS_AT_ONCE + WEB_PASSWORDS_WAITING,
                           WEB_THREADS_MAX),
        .body_max = WEB_IMPORT_MAX,
        .thread_start = web_thread_start,
        .thread_end = web_thread_end,
        .dispatch = web_dispatch_page,
        .shared = web,
    };

    return http_pool_new(&pool, &web->pages);
}

/* The largest message any provider sends. */
static size_t message_max(const struct payment_service *service)
{
    size_t max = 0;

    for (size_t i = 0; i < service->provider_count; i++)
        if (service->providers[i]->body_max > max)
            max = service->providers[i]->body_max;
    return max;
}

static enum err open_notifications(struct web *web)
{
    const struct web_options *options = &web->options;
    const struct http_pool_options pool = {
        .name = "notification",
        .socket_path = options->notification_socket,
        .inherited_fd = options->notification_fd,
        .threads = at_most(options->notification_threads, WEB_THREADS_MAX),
        .body_max = message_max(options->service),
        .thread_start = web_thread_start,
        .thread_end = web_thread_end,
        .dispatch = web_dispatch_notification,
        .shared = web,
    };

    return http_pool_new(&pool, &web->notifications);
}

enum err web_new(const struct web_options *options, struct web **web)
{
    enum err err = prepare(options, web);

    if (!err)
        err = open_notifications(*web);
    if (!err)
        err = open_pages(*web);
    if (err && *web) {
        web_free(*web);
        *web = NULL;
    }
    return err;
}

enum err web_reload_templates(struct web *web)
{
    struct look *fresh, *old;
    enum err err = look_load(web->options.templates_folder, &fresh);

    if (err)
        return err;
    pthread_rwlock_wrlock(&web->look_lock);
    old = web->look;
    web->look = fresh;
    pthread_rwlock_unlock(&web->look_lock);
    look_free(old);
    return OK;
}

void web_free(struct web *web)
{
    http_pool_free(web->pages);
    http_pool_free(web->notifications);
    errands_free(web->errands);
    look_free(web->look);
    pthread_rwlock_destroy(&web->look_lock);
    gate_done(&web->export_gate);
    gate_done(&web->password_gate);
    gate_done(&web->provider_gate);
    arena_free(web->arena);
    free(web);
}
