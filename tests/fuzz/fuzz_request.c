/* A request as nginx hands it over: method, address, query, headers, length, body. It passes
 * through a pool of ours and libfcgi to a handler and back. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"
#include "base/utf8.h"
#include "http/http.h"
#include "support/fastcgi.h"

enum { BODY_MAX = 2000 };

static char socket_path[100];
static struct http_pool *pool;

static enum err never(struct http_request *request, struct http_response *response)
{
    (void)request, (void)response;
    return OK;
}

static const struct http_field fields[] = {
    {"a", HTTP_TEXT, 40, NULL, 0}, {"id", HTTP_ID, 20, NULL, 0}, {0}};
static const struct http_route routes[] = {
    {HTTP_GET, "/panier", never, fields, 0, 0, 0},
    {HTTP_POST, "/panier/{}/payer/{}", never, fields, 0, 0, 0},
    {HTTP_POST, "/import", never, fields, 0, 0, HTTP_MULTIPART},
};

static void check_path(struct str path)
{
    hold(path.len > 0 && path.data[0] == '/' && utf8_clean(path));
    for (size_t i = 0; i < path.len; i++) {
        struct str rest = str_from(path.data + i, path.len - i);

        hold(!str_starts(rest, "/../") && !str_starts(rest, "//") && path.data[i] != '\\');
        hold((unsigned char)path.data[i] >= ' ');
    }
    hold(path.len < 3 || !str_is(str_from(path.data + path.len - 3, 3), "/.."));
}

static void dispatch(void *shared, struct http_request *request, struct http_response *response)
{
    const struct http_route *route = NULL;
    unsigned allowed;

    (void)shared;
    response->status = request->early_status ? request->early_status : 200;
    if (request->early_status)
        return;
    check_path(request->path);
    hold(request->body.len <= BODY_MAX && request->query.len <= 20000);
    if (http_route_find(routes, 3, request, &route, &allowed))
        response->status = 404;
    else if (http_fields_read(request, route))
        response->status = 400;
    else if (http_redirect(response, str_copy(request->arena, request->path)))
        response->status = 409; /* no address a header may hold */
}

static void end(void)
{
    http_pool_free(pool);
    unlink(socket_path);
}

void fuzz_request_begin(void)
{
    const struct http_pool_options options = {.name = "fuzz",
                                              .socket_path = socket_path,
                                              .inherited_fd = -1,
                                              .threads = 1,
                                              .body_max = BODY_MAX,
                                              .dispatch = dispatch};
    unsigned char first[1];

    snprintf(socket_path, sizeof(socket_path), "%s/fuzz-%d",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
    /* OpenSSL ends what it began at exit: behind the end of our threads, which use it. */
    hold(random_bytes(first, sizeof(first)) == OK);
    hold(http_pool_new(&options, &pool) == OK);
    atexit(end);
}

void fuzz_request(struct str input, struct arena *arena)
{
    static const char *const names[] = {"CONTENT_TYPE", "HTTP_COOKIE", "HTTP_ORIGIN",
                                        "CONTENT_LENGTH"};
    struct fastcgi_request request = {0};
    struct fastcgi_answer answer;
    int count = 0;

    request.method = fuzz_text_of(fuzz_part(&input), arena);
    request.url = fuzz_text_of(fuzz_part(&input), arena);
    request.query = fuzz_text_of(fuzz_part(&input), arena);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = fuzz_text_of(fuzz_part(&input), arena);

        if (*value)
            request.parameters[count++] = (struct fastcgi_parameter){names[i], value};
    }
    request.body = input;
    answer = fastcgi_ask(socket_path, &request, arena);
    hold(answer.ended);
    hold(answer.status >= 200 && answer.status <= 501 && answer.status != 500);
}
