#include "http/http.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, THREADS_MAX = 64, SHORTAGE_PAUSE_MS = 50, SEND_TIMEOUT_MS = 30000 };

struct http_pool {
    struct http_pool_options options;
    int socket;
    int stop; /* eventfd: readable from the moment of http_pool_free */
    pthread_t threads[THREADS_MAX];
    int started;

    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    int begun; /* threads that have their context, or have failed to get it */
    struct err_record failure;
};

/* ---- parameters ---- */

static struct str parameter(const FCGX_Request *fcgi, const char *name)
{
    const char *value = FCGX_GetParam(name, fcgi->envp);

    return value ? str_of(value) : (struct str){"", 0};
}

struct str http_header(const struct http_request *request, const char *fcgi_name)
{
    return parameter(request->fcgi, fcgi_name);
}

static size_t headers_total(const FCGX_Request *fcgi)
{
    size_t total = 0;

    for (char **each = fcgi->envp; each && *each; each++)
        if (strncmp(*each, "HTTP_", 5) == 0)
            total += strlen(*each);
    return total;
}

static int percent(struct str text, size_t at)
{
    unsigned char byte;

    return at + 2 < text.len && hash_unhex(str_from(text.data + at + 1, 2), &byte, 1) ? byte : -1;
}

static bool path_clean(struct str path)
{
    for (size_t i = 0; i < path.len; i++) {
        struct str rest = str_from(path.data + i, path.len - i);

        if ((unsigned char)path.data[i] < 0x20 || path.data[i] == '\\' || str_starts(rest, "//") ||
            str_starts(rest, "/../") || str_starts(rest, "/./") || str_is(rest, "/..") ||
            str_is(rest, "/."))
            return false;
    }
    return path.len > 0 && path.data[0] == '/' && utf8_clean(path);
}

/* Decodes the path once; an encoded slash, a dot segment or a control byte is refused. */
static bool read_path(struct str raw, struct arena *arena, struct str *path)
{
    char *out = arena_alloc(arena, raw.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < raw.len; i++) {
        int byte = raw.data[i] == '%' ? percent(raw, i) : (unsigned char)raw.data[i];

        if (byte <= 0 || (raw.data[i] == '%' && byte == '/'))
            return false;
        if (raw.data[i] == '%')
            i += 2;
        out[len++] = (char)byte;
    }
    *path = str_from(out, len);
    return path_clean(*path);
}

static int read_method(struct http_request *request, struct str method, int with_delete)
{
    request->method = HTTP_GET;
    request->head_only = str_is(method, "HEAD");
    if (str_is(method, "POST"))
        request->method = HTTP_POST;
    else if (with_delete && str_is(method, "DELETE"))
        request->method = HTTP_DELETE;
    else if (with_delete && str_is(method, "PATCH"))
        request->method = HTTP_PATCH;
    else if (!str_is(method, "GET") && !request->head_only)
        return str_is(method, "PUT") || str_is(method, "DELETE") || str_is(method, "PATCH") ||
                       str_is(method, "OPTIONS") || str_is(method, "TRACE")
                   ? 405
                   : 501;
    return 0;
}

/* Exactly CONTENT_LENGTH bytes. */
static int read_body(struct http_request *request, FCGX_Request *fcgi, size_t body_max)
{
    struct str text = parameter(fcgi, "CONTENT_LENGTH");
    int64_t length = 0;
    char *body;
    size_t len = 0;

    if (!str_empty(text) && (!str_to_int64(text, &length) || length < 0))
        return 400;
    if ((uint64_t)length > body_max)
        return 413;
    body = arena_alloc(request->arena, (size_t)length + 1);
    while (len < (size_t)length) {
        int got = FCGX_GetStr(body + len, (int)((size_t)length - len), fcgi->in);

        if (got <= 0)
            return 400;
        len += (size_t)got;
    }
    request->body = str_from(body, len);
    return 0;
}

static struct str lower_type(struct str value, struct arena *arena)
{
    struct str type = str_trim(str_cut(&value, ';'));
    char *copy = str_copy(arena, type);

    for (size_t i = 0; i < type.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    return str_from(copy, type.len);
}

static int read_address(struct http_request *request, const FCGX_Request *fcgi)
{
    struct str url = parameter(fcgi, "REQUEST_URI");

    request->query = parameter(fcgi, "QUERY_STRING");
    if (url.len > HTTP_URL_MAX)
        return 414;
    if (headers_total(fcgi) > HTTP_HEADERS_TOTAL_MAX)
        return 431;
    return read_path(str_cut(&url, '?'), request->arena, &request->path) ? 0 : 400;
}

static void read_headers(struct http_request *request, const FCGX_Request *fcgi)
{
    request->content_type = lower_type(parameter(fcgi, "CONTENT_TYPE"), request->arena);
    if (!http_boundary(parameter(fcgi, "CONTENT_TYPE"), &request->boundary))
        request->boundary = (struct str){"", 0};
    request->remote_address = parameter(fcgi, "REMOTE_ADDR");
    request->cookie_header = parameter(fcgi, "HTTP_COOKIE");
    request->origin = parameter(fcgi, "HTTP_ORIGIN");
    request->fetch_site = parameter(fcgi, "HTTP_SEC_FETCH_SITE");
    request->user_agent = parameter(fcgi, "HTTP_USER_AGENT");
    request->stripe_signature = parameter(fcgi, "HTTP_STRIPE_SIGNATURE");
    request->accept = parameter(fcgi, "HTTP_ACCEPT");
}

static void read_request(struct http_request *request, FCGX_Request *fcgi,
                         const struct http_pool_options *options)
{
    unsigned char id[8] = {0};

    if (random_bytes(id, sizeof(id)))
        log_failure("http.request_id");
    hash_hex(id, sizeof(id), request->id);
    request->fcgi = fcgi;
    request->early_status =
        read_method(request, parameter(fcgi, "REQUEST_METHOD"), options->with_delete);
    read_headers(request, fcgi);
    if (!request->early_status)
        request->early_status = read_address(request, fcgi);
    if (!request->early_status)
        request->early_status = read_body(request, fcgi, options->body_max);
}

/* ---- answering ---- */

static bool put(const struct http_response *response, const struct buffer *bytes)
{
    const FCGX_Request *fcgi = response->request->fcgi;

    return FCGX_PutStr(bytes->data, (int)bytes->len, fcgi->out) == (int)bytes->len;
}

static bool put_head(const struct http_response *response)
{
    struct buffer head;

    buffer_init(&head, response->arena, 1024);
    buffer_printf(&head, "Status: %d\r\n", response->status);
    if (response->content_type)
        buffer_printf(&head, "Content-Type: %s\r\n", response->content_type);
    for (int i = 0; i < response->header_count; i++)
        buffer_printf(&head, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
    if (!response->without_length && !response->begun)
        buffer_printf(&head, "Content-Length: %zu\r\n", response->body.len);
    buffer_add_text(&head, "\r\n");
    return put(response, &head);
}

static bool put_body(struct http_response *response)
{
    bool heard = response->request->head_only || put(response, &response->body);

    response->body.len = 0;
    return heard;
}

enum err http_send(struct http_response *response)
{
    bool first = !response->begun;

    response->begun = true;
    if (first && !put_head(response))
        return fail(ERR_IO, "nobody waits for the answer");
    return put_body(response) ? OK : fail(ERR_IO, "nobody waits for the rest of the answer");
}

/* An answer without a length is flushed here: at its end libfcgi would write the record that ends
 * it even behind bytes that were not taken. */
static bool write_response(struct http_response *response)
{
    const FCGX_Request *fcgi = response->request->fcgi;

    return (response->begun || put_head(response)) && put_body(response) &&
           (!response->begun || FCGX_FFlush(fcgi->out) == 0);
}

/* True when the answer came to its end. */
static bool answer(struct http_pool *pool, FCGX_Request *fcgi, struct arena *arena, void *context)
{
    struct http_request request = {.arena = arena, .context = context};
    struct http_response response = {.arena = arena,
                                     .request = &request,
                                     .status = 200,
                                     .content_type = "text/html; charset=utf-8"};

    buffer_init(&response.body, arena, 16 * 1024);
    read_request(&request, fcgi, &pool->options);
    log_set_request(request.id);
    pool->options.dispatch(pool->options.shared, &request, &response);
    if (!response.broken && !write_response(&response))
        response.broken = true;
    log_set_request(NULL);
    return !response.broken;
}

/* True when a connection waits; false when the pool stops. */
static bool wait_for_connection(const struct http_pool *pool)
{
    struct pollfd fds[] = {{.fd = pool->socket, .events = POLLIN},
                           {.fd = pool->stop, .events = POLLIN}};

    for (;;) {
        int ready = poll(fds, 2, -1);

        if (ready < 0) { /* a thread that ended here would be missing for ever */
            if (errno != EINTR)
                clock_sleep_ms(SHORTAGE_PAUSE_MS);
            continue;
        }
        if (fds[1].revents)
            return false;
        if (ready > 0 && fds[0].revents)
            return true;
    }
}

/* Until there is a descriptor or memory again: what waits goes on waiting. */
static void rest_when_short(int code)
{
    if (code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM)
        clock_sleep_ms(SHORTAGE_PAUSE_MS);
}

/* libfcgi writes until all is taken: without a limit, who reads nothing holds a thread for ever.
 */
static void limit_sending(const struct http_pool *pool, const FCGX_Request *fcgi)
{
    int ms = pool->options.send_timeout_ms > 0 ? pool->options.send_timeout_ms : SEND_TIMEOUT_MS;
    const struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    if (setsockopt(fcgi->ipcFd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
        log_line(LOG_WARNING, "http.send_timeout", "%s", strerror(errno));
}

static void serve(struct http_pool *pool, void *context)
{
    struct arena *arena = arena_new();
    FCGX_Request fcgi;

    FCGX_InitRequest(&fcgi, pool->socket, FCGI_FAIL_ACCEPT_ON_INTR);
    while (wait_for_connection(pool)) {
        int code = FCGX_Accept_r(&fcgi);

        /* Another thread may have been faster, or descriptors are short: both are retried. */
        if (code < 0) {
            rest_when_short(-code);
            continue;
        }
        /* nginx wants to keep it only because it then takes an early close for what it is. */
        fcgi.keepConnection = 0;
        limit_sending(pool, &fcgi);
        if (answer(pool, &fcgi, arena, context))
            FCGX_Finish_r(&fcgi);
        else
            FCGX_Free(&fcgi, 1); /* closed without the record that ends an answer */
        arena_reset(arena);
    }
    FCGX_Free(&fcgi, 1);
    arena_free(arena);
}

static void note_beginning(struct http_pool *pool, enum err err)
{
    pthread_mutex_lock(&pool->lock);
    pool->begun++;
    if (err)
        pool->failure = *err_last();
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static void *run_thread(void *argument)
{
    struct http_pool *pool = argument;
    void *context = NULL;
    enum err err = OK;

    if (pool->options.thread_start)
        err = pool->options.thread_start(pool->options.shared, &context);
    note_beginning(pool, err);
    if (err)
        return NULL;
    serve(pool, context);
    if (pool->options.thread_end)
        pool->options.thread_end(pool->options.shared, context);
    return NULL;
}

/* ---- life ---- */

/* A socket that nobody listens on is what a dead process left behind. Taking the one of a server
 * that runs would leave it deaf, and its end would take away ours. */
static bool is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answered =
        fd >= 0 &&
        (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return answered;
}

static enum err open_socket(const char *path, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask;
    int bound;

    if (strlen(path) >= sizeof(address.sun_path))
        return fail(ERR_CONFIG, "%s: socket path too long", path);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (is_answered(&address))
        return fail(ERR_BUSY, "%s: another server answers there", path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return fail(ERR_IO, "socket: %s", strerror(errno));
    unlink(path);
    mask = umask(0117); /* 0660 */
    bound = bind(*fd, (struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (bound != 0 || listen(*fd, BACKLOG) != 0) {
        close(*fd);
        return fail(ERR_IO, "%s: %s", path, strerror(errno));
    }
    return OK;
}

/* libfcgi's waits on a closing peer, bounded; read by the library at its first use. */
static enum err start_library(void)
{
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "200", 1);
    setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "200", 1);
    return FCGX_Init() == 0 ? OK : fail(ERR_INTERNAL, "libfcgi does not start");
}

static enum err prepare(struct http_pool *pool)
{
    enum err err = start_library();
    int flags;

    pool->socket = pool->options.inherited_fd;
    if (!err && pool->socket < 0)
        err = open_socket(pool->options.socket_path, &pool->socket);
    if (err)
        return err;
    flags = fcntl(pool->socket, F_GETFL);
    if (flags < 0 || fcntl(pool->socket, F_SETFL, flags | O_NONBLOCK) != 0)
        return fail(ERR_IO, "the listening socket cannot be made non-blocking");
    pool->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return pool->stop < 0 ? fail(ERR_IO, "eventfd: %s", strerror(errno)) : OK;
}

/* A pool that answers with fewer threads than it should, or with none, does not begin. */
static enum err await_beginning(struct http_pool *pool)
{
    enum err err = OK;

    pthread_mutex_lock(&pool->lock);
    while (pool->begun < pool->started)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->failure.code)
        err = err_adopt(&pool->failure);
    pthread_mutex_unlock(&pool->lock);
    return err;
}

enum err http_pool_new(const struct http_pool_options *options, struct http_pool **pool)
{
    struct http_pool *made = calloc(1, sizeof(*made));
    enum err err;

    require(made && options->threads > 0 && options->threads <= THREADS_MAX);
    made->options = *options;
    made->stop = made->socket = -1;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    err = prepare(made);
    for (int i = 0; !err && i < options->threads; i++) {
        if (pthread_create(&made->threads[i], NULL, run_thread, made) != 0)
            err = fail(ERR_INTERNAL, "a %s thread could not be started", options->name);
        else
            made->started++;
    }
    if (!err)
        err = await_beginning(made);
    if (err) {
        struct err_record record = *err_last();
        http_pool_free(made);
        made = NULL;
        err = err_adopt(&record);
    }
    *pool = made;
    return err;
}

void http_pool_free(struct http_pool *pool)
{
    if (!pool)
        return;
    if (pool->stop >= 0 && eventfd_write(pool->stop, 1) != 0)
        log_line(LOG_ERROR, "http.stop", "%s", strerror(errno));
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i], NULL);
    if (pool->stop >= 0)
        close(pool->stop);
    if (pool->socket >= 0 && pool->options.inherited_fd < 0) {
        close(pool->socket);
        unlink(pool->options.socket_path);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
