#include "loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

enum { SCRIPT_MAX = 64, REQUEST_MAX = 256 * 1024, POLL_MS = 5000 };

struct exchange {
    int status;
    struct str reply; /* all of it, head and body */
    struct str head;
    struct str body;
};

struct loopback {
    struct arena *arena; /* guarded by lock */
    pthread_mutex_t lock;
    pthread_t thread;
    int socket;
    int wake[2];
    char url[64];
    struct exchange exchanges[SCRIPT_MAX];
    size_t scripted;
    size_t received;
    bool hold;
};

static size_t content_length(const char *head)
{
    const char *line = strcasestr(head, "\r\ncontent-length:");

    return line ? strtoul(line + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* Reads one request into bytes; *head_len is where its body begins. False when the peer left. */
static bool request_read(int peer, char *bytes, size_t *len, size_t *head_len)
{
    struct pollfd poll_peer = {.fd = peer, .events = POLLIN};

    *len = 0;
    *head_len = 0;
    for (;;) {
        ssize_t got;
        char *end;

        if (*head_len > 0 && *len >= *head_len + content_length(bytes))
            return true;
        if (*len == REQUEST_MAX || poll(&poll_peer, 1, POLL_MS) != 1)
            return false;
        got = recv(peer, bytes + *len, REQUEST_MAX - *len, 0);
        if (got <= 0)
            return false;
        *len += (size_t)got;
        bytes[*len] = '\0';
        end = *head_len > 0 ? NULL : strstr(bytes, "\r\n\r\n");
        if (end)
            *head_len = (size_t)(end - bytes) + 4;
    }
}

static struct str request_note(struct loopback *server, const char *bytes, size_t len,
                               size_t head_len)
{
    struct str reply = {0};
    struct exchange *exchange;

    (void)pthread_mutex_lock(&server->lock);
    require(server->received < SCRIPT_MAX);
    exchange = &server->exchanges[server->received];
    exchange->head = str_from(arena_copy(server->arena, bytes, head_len), head_len);
    exchange->body =
        str_from(arena_copy(server->arena, bytes + head_len, len - head_len), len - head_len);
    if (server->received < server->scripted && exchange->status != LOOPBACK_SILENT)
        reply = exchange->reply;
    server->received++;
    (void)pthread_mutex_unlock(&server->lock);
    return reply;
}

static void reply_send(int peer, struct str reply)
{
    while (reply.len > 0) {
        ssize_t sent = send(peer, reply.data, reply.len, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        reply = str_from(reply.data + sent, reply.len - (size_t)sent);
    }
}

static bool holds(struct loopback *server)
{
    bool hold;

    (void)pthread_mutex_lock(&server->lock);
    hold = server->hold;
    (void)pthread_mutex_unlock(&server->lock);
    return hold;
}

static void *serve(void *argument)
{
    struct loopback *server = argument;
    char *bytes = malloc(REQUEST_MAX + 1);
    struct pollfd polls[2] = {{.fd = server->socket, .events = POLLIN},
                              {.fd = server->wake[0], .events = POLLIN}};

    require(bytes != NULL);
    while (poll(polls, 2, -1) > 0 && polls[1].revents == 0) {
        int peer = accept(server->socket, NULL, NULL);
        size_t len;
        size_t head_len;

        if (peer < 0)
            continue;
        if (request_read(peer, bytes, &len, &head_len))
            reply_send(peer, request_note(server, bytes, len, head_len));
        if (holds(server))
            (void)poll(&polls[1], 1, -1);
        (void)close(peer);
    }
    free(bytes);
    return NULL;
}

struct loopback *loopback_new(void)
{
    struct loopback *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;

    require(server != NULL);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->arena = arena_new();
    require(pthread_mutex_init(&server->lock, NULL) == 0);
    require(pipe(server->wake) == 0);
    server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(server->socket >= 0);
    require(bind(server->socket, (struct sockaddr *)&address, len) == 0);
    require(listen(server->socket, 16) == 0);
    require(getsockname(server->socket, (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d",
                   ntohs(address.sin_port));
    require(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

void loopback_free(struct loopback *server)
{
    require(write(server->wake[1], "x", 1) == 1);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->socket);
    (void)close(server->wake[0]);
    (void)close(server->wake[1]);
    (void)pthread_mutex_destroy(&server->lock);
    arena_free(server->arena);
    free(server);
}

const char *loopback_url(const struct loopback *server)
{
    return server->url;
}

void loopback_script(struct loopback *server, int status, const char *headers, struct str body)
{
    struct buffer reply;

    (void)pthread_mutex_lock(&server->lock);
    require(server->scripted < SCRIPT_MAX);
    buffer_init(&reply, server->arena, 256 + body.len);
    buffer_printf(&reply, "HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\n%s", status, body.len,
                  headers);
    buffer_add_text(&reply, "Connection: close\r\n\r\n");
    buffer_add_str(&reply, body);
    server->exchanges[server->scripted].status = status;
    server->exchanges[server->scripted].reply = buffer_str(&reply);
    server->scripted++;
    (void)pthread_mutex_unlock(&server->lock);
}

void loopback_hold(struct loopback *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->hold = true;
    (void)pthread_mutex_unlock(&server->lock);
}

size_t loopback_count(struct loopback *server)
{
    size_t count;

    (void)pthread_mutex_lock(&server->lock);
    count = server->received;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

static struct exchange exchange_at(struct loopback *server, size_t index)
{
    struct exchange exchange = {0};

    (void)pthread_mutex_lock(&server->lock);
    if (index < server->received)
        exchange = server->exchanges[index];
    (void)pthread_mutex_unlock(&server->lock);
    return exchange;
}

struct str loopback_head(struct loopback *server, size_t index)
{
    return exchange_at(server, index).head;
}

struct str loopback_body(struct loopback *server, size_t index)
{
    return exchange_at(server, index).body;
}
