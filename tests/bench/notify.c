/*
 * notify: the provider that tells of many payments: posts the messages of FILE to nginx, signed as
 * Stripe signs them, over CONNECTIONS connections that are kept, as quickly as they are answered.
 *
 *   notify PORT PATH SECRET CONNECTIONS RATE FILE [DATABASE]
 *
 * FILE holds messages, each behind its length as a decimal line. RATE is how many a second are
 * sent at most, 0 = no limit. With DATABASE a message has been answered when the line of the
 * revenue and the line of the cart can be read there. Prints {"seconds", "ok", "other", "p50_us",
 * "p99_us"}; the exit status is 1 when any was answered by something else than 200.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGES_MAX = 1 << 20, CONNECTIONS_MAX = 256, HEAD_MAX = 1024, MESSAGE_MAX = 65536 };

struct message {
    char *text;
    size_t len;
    double took_us;
};

static struct message messages[MESSAGES_MAX];
static size_t message_count;
static atomic_size_t next_message, ok_count, other_count;
static const char *path, *secret, *database;
static int port, rate;
static double begun_us;

static double now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_messages(const char *file)
{
    FILE *in = fopen(file, "r");
    char line[32];

    if (!in)
        die(file);
    while (message_count < MESSAGES_MAX && fgets(line, sizeof(line), in)) {
        struct message *message = &messages[message_count];

        message->len = strtoul(line, NULL, 10);
        message->text = malloc(message->len);
        if (!message->text || fread(message->text, 1, message->len, in) != message->len)
            die(file);
        message_count++;
    }
    fclose(in);
}

static int connect_once(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

/* "t.body" under the endpoint's secret, in hexadecimal. */
static void sign(const struct message *message, long at, char hex[65])
{
    static _Thread_local char signed_text[MESSAGE_MAX + 32];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len;
    int head = snprintf(signed_text, 32, "%ld.", at);

    memcpy(signed_text + head, message->text, message->len);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)signed_text,
         (size_t)head + message->len, digest, &digest_len);
    for (unsigned int i = 0; i < digest_len; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
}

static size_t compose(const struct message *message, char *out)
{
    char hex[65];
    long at = (long)time(NULL);
    int head;

    sign(message, at, hex);
    head = snprintf(out, HEAD_MAX,
                    "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                    "Stripe-Signature: t=%ld,v1=%s\r\nContent-Length: %zu\r\n\r\n",
                    path, port, at, hex, message->len);
    memcpy(out + head, message->text, message->len);
    return (size_t)head + message->len;
}

/* The whole answer: its head, and the body its length names. The status. */
static int read_answer(int fd)
{
    char text[8192];
    size_t len = 0;

    for (;;) {
        ssize_t got = read(fd, text + len, sizeof(text) - 1 - len);
        char *end, *length;

        if (got <= 0)
            return 0;
        len += (size_t)got;
        text[len] = 0;
        end = strstr(text, "\r\n\r\n");
        if (!end)
            continue;
        length = strcasestr(text, "content-length:");
        if (strcasestr(text, "transfer-encoding: chunked") ? strstr(end, "0\r\n\r\n") != NULL
            : length ? len >= (size_t)(end + 4 - text) + strtoul(length + 15, NULL, 10)
                     : true)
            return (int)strtol(text + 9, NULL, 10);
    }
}

/* ---- the lines ---- */

static const char lines_of_payment[] =
    "SELECT 1 FROM provider_transaction t"
    " JOIN cart_line c ON c.association_id = t.association_id AND c.transaction_id = t.id"
    " JOIN entry_line e ON e.association_id = t.association_id AND e.entry_id = t.entry_id"
    " WHERE t.association_id = (SELECT id FROM association) AND t.kind = 'capture'"
    " AND t.provider_account_id = (SELECT id FROM provider_account WHERE provider = 'stripe')"
    " AND t.reference = ?1";

static sqlite3_stmt *look_for_lines(void)
{
    sqlite3 *db;
    sqlite3_stmt *look;

    if (sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL) ||
        sqlite3_busy_timeout(db, 1000) ||
        sqlite3_prepare_v2(db, lines_of_payment, -1, &look, NULL))
        die(database);
    return look;
}

static void wait_for_lines(sqlite3_stmt *look, const struct message *message)
{
    static const char word[] = "\"payment_intent\": \"";
    const char *id = memmem(message->text, message->len, word, strlen(word));
    const char *end = id ? strchr(id += strlen(word), '"') : NULL;
    int step;

    if (!end)
        die("a message without payment");
    sqlite3_bind_text(look, 1, id, (int)(end - id), SQLITE_STATIC);
    do {
        step = sqlite3_step(look);
        sqlite3_reset(look);
    } while (step != SQLITE_ROW);
}

/* ---- sending ---- */

static void wait_turn(size_t number)
{
    double at = begun_us + (double)number * 1e6 / (rate ? rate : 1);

    if (rate && at > now_us())
        usleep((useconds_t)(at - now_us()));
}

static void *run(void *unused)
{
    static _Thread_local char request[HEAD_MAX + MESSAGE_MAX];
    sqlite3_stmt *look = database ? look_for_lines() : NULL;
    int fd = connect_once();

    (void)unused;
    for (;;) {
        size_t number = atomic_fetch_add(&next_message, 1);
        struct message *message = &messages[number];
        size_t len, sent = 0;
        int status;

        if (number >= message_count)
            break;
        wait_turn(number);
        len = compose(message, request);
        message->took_us = now_us();
        while (sent < len) {
            ssize_t now = write(fd, request + sent, len - sent);

            if (now < 0)
                die("write");
            sent += (size_t)now;
        }
        status = read_answer(fd);
        if (look && status == 200)
            wait_for_lines(look, message);
        message->took_us = now_us() - message->took_us;
        atomic_fetch_add(status == 200 ? &ok_count : &other_count, 1);
        if (status == 0) { /* nginx ends a connection after a thousand requests */
            close(fd);
            fd = connect_once();
        }
    }
    close(fd);
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    double left = ((const struct message *)a)->took_us;
    double right = ((const struct message *)b)->took_us;

    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    pthread_t threads[CONNECTIONS_MAX];
    int count = argc == 7 || argc == 8 ? atoi(argv[4]) : 0;
    double end;

    if (count < 1 || count > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: notify PORT PATH SECRET CONNECTIONS RATE FILE [DATABASE]\n");
        return 2;
    }
    port = atoi(argv[1]);
    path = argv[2];
    secret = argv[3];
    rate = atoi(argv[5]);
    database = argv[7];
    read_messages(argv[6]);
    begun_us = now_us();
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, run, NULL))
            die("thread");
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    end = now_us();
    qsort(messages, message_count, sizeof(messages[0]), by_time);
    printf(
        "{\"seconds\": %.6f, \"ok\": %zu, \"other\": %zu, \"p50_us\": %.0f, \"p99_us\": %.0f}\n",
        (end - begun_us) / 1e6, atomic_load(&ok_count), atomic_load(&other_count),
        message_count ? messages[message_count / 2].took_us : 0,
        message_count ? messages[message_count * 99 / 100].took_us : 0);
    return atomic_load(&other_count) > 0;
}
