#include "fastcgi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, RECORD_MAX = 60000, HEAD_LEN = 8 };

static void add_record(struct buffer *out, int type, const char *data, size_t len)
{
    const unsigned char head[HEAD_LEN] = {
        1, (unsigned char)type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len, 0, 0};

    buffer_add(out, head, sizeof(head));
    buffer_add(out, data, len);
}

/* A stream is cut into records and ends with an empty one. */
static void add_stream(struct buffer *out, int type, struct str bytes)
{
    while (bytes.len > 0) {
        size_t len = bytes.len < RECORD_MAX ? bytes.len : RECORD_MAX;

        add_record(out, type, bytes.data, len);
        bytes = str_from(bytes.data + len, bytes.len - len);
    }
    add_record(out, type, "", 0);
}

static void add_len(struct buffer *out, size_t len)
{
    const unsigned char bytes[4] = {(unsigned char)(0x80 | len >> 24), (unsigned char)(len >> 16),
                                    (unsigned char)(len >> 8), (unsigned char)len};

    buffer_add(out, bytes, sizeof(bytes));
}

static void add_parameter(struct buffer *out, const char *name, const char *value)
{
    add_len(out, strlen(name));
    add_len(out, strlen(value));
    buffer_add_text(out, name);
    buffer_add_text(out, value);
}

static struct str request_bytes(const struct fastcgi_request *request, struct arena *arena)
{
    static const char begin[8] = {0, 1, 1, 0, 0, 0, 0, 0}; /* responder, a kept connection */
    struct buffer out, parameters;
    bool has_length = false;

    buffer_init(&out, arena, 1024);
    buffer_init(&parameters, arena, 1024);
    add_parameter(&parameters, "REQUEST_METHOD", request->method ? request->method : "GET");
    add_parameter(&parameters, "REQUEST_URI", request->url ? request->url : "/");
    add_parameter(&parameters, "QUERY_STRING", request->query ? request->query : "");
    add_parameter(&parameters, "REMOTE_ADDR", "192.0.2.1");
    for (int i = 0; i < FASTCGI_PARAMETERS_MAX && request->parameters[i].name; i++) {
        const struct fastcgi_parameter *parameter = &request->parameters[i];

        has_length = has_length || strcmp(parameter->name, "CONTENT_LENGTH") == 0;
        add_parameter(&parameters, parameter->name, parameter->value);
    }
    if (!has_length)
        add_parameter(&parameters, "CONTENT_LENGTH",
                      arena_printf(arena, "%zu", request->body.len));
    add_record(&out, BEGIN, begin, sizeof(begin));
    add_stream(&out, PARAMS, buffer_str(&parameters));
    add_stream(&out, STDIN, request->body);
    return buffer_str(&out);
}

int fastcgi_send(const char *socket_path, const struct fastcgi_request *request,
                 struct arena *arena)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct str bytes = request_bytes(request, arena);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    require(connection >= 0 && strlen(socket_path) < sizeof(address.sun_path));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    if (connect(connection, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(connection);
        return -1;
    }
    while (bytes.len > 0) {
        ssize_t sent = send(connection, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (sent <= 0) /* it answered without reading all of it */
            break;
        bytes = str_from(bytes.data + sent, bytes.len - (size_t)sent);
    }
    return connection;
}

/* What the records of one type hold, together. */
static struct str gather(struct str bytes, int type, struct arena *arena)
{
    struct buffer out;

    buffer_init(&out, arena, bytes.len);
    while (bytes.len >= HEAD_LEN) {
        const unsigned char *head = (const unsigned char *)bytes.data;
        size_t len = (size_t)head[4] << 8 | head[5], padding = head[6];

        if (bytes.len < HEAD_LEN + len + padding)
            break;
        if (head[1] == type)
            buffer_add(&out, bytes.data + HEAD_LEN, len);
        bytes =
            str_from(bytes.data + HEAD_LEN + len + padding, bytes.len - HEAD_LEN - len - padding);
    }
    return buffer_str(&out);
}

struct fastcgi_answer fastcgi_read(int connection, struct arena *arena)
{
    struct fastcgi_answer answer = {.head = str_of(""), .body = str_of("")};
    static const struct timeval patience = {.tv_sec = 20};
    struct buffer bytes;
    char chunk[8192];
    ssize_t got;
    struct str out;
    const char *end;

    if (connection < 0)
        return answer;
    buffer_init(&bytes, arena, sizeof(chunk));
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    while ((got = recv(connection, chunk, sizeof(chunk), 0)) > 0)
        buffer_add(&bytes, chunk, (size_t)got);
    answer.closed = got == 0;
    close(connection);
    out = gather(buffer_str(&bytes), STDOUT, arena);
    answer.ended = gather(buffer_str(&bytes), END, arena).len > 0;
    end = memmem(out.data, out.len, "\r\n\r\n", 4);
    if (!end || sscanf(out.data, "Status: %d", &answer.status) != 1)
        return answer;
    answer.head = str_from(out.data, (size_t)(end - out.data) + 2);
    answer.body = str_from(end + 4, out.len - (size_t)(end - out.data) - 4);
    return answer;
}

struct fastcgi_answer fastcgi_ask(const char *socket_path, const struct fastcgi_request *request,
                                  struct arena *arena)
{
    return fastcgi_read(fastcgi_send(socket_path, request, arena), arena);
}
