#include "net/http_client.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/metric.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { USER_AGENT_MAX = 128, HEADER_VALUE_MAX = 256 };

struct http_client {
    CURL *curl;
    char *ca_file;
};

static char agent[USER_AGENT_MAX];
static atomic_bool stopping;

enum err http_client_global_init(const char *user_agent)
{
    if (!user_agent || !user_agent[0])
        return fail(ERR_CONFIG, "a user agent is needed");
    snprintf(agent, sizeof(agent), "%s", user_agent);
    atomic_store(&stopping, false);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
               ? OK
               : fail(ERR_INTERNAL, "libcurl does not start");
}

void http_client_global_done(void)
{
    curl_global_cleanup();
}

void http_client_stop_all(void)
{
    atomic_store(&stopping, true);
}

bool http_client_stopping(void)
{
    return atomic_load(&stopping);
}

enum err http_client_new(struct http_client **client)
{
    struct http_client *made = calloc(1, sizeof(*made));

    require(made);
    made->curl = curl_easy_init();
    if (!made->curl) {
        free(made);
        return fail(ERR_INTERNAL, "libcurl gives no handle");
    }
    *client = made;
    return OK;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    free(client->ca_file);
    free(client);
}

void http_client_set_ca_file(struct http_client *client, const char *path)
{
    free(client->ca_file);
    client->ca_file = path ? strdup(path) : NULL;
    require(!path || client->ca_file);
}

/* ---- what comes back ---- */

struct receiving {
    struct buffer body;
    size_t max;
    bool too_large;
    struct arena *arena;
    struct http_answer *answer;
};

static size_t receive_body(char *data, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    size_t len = size * count;

    if (len > receiving->max - receiving->body.len) {
        receiving->too_large = true;
        return 0;
    }
    buffer_add(&receiving->body, data, len);
    return len;
}

static const char *header_text(struct str value, struct arena *arena)
{
    value = str_trim(value);
    if (value.len > HEADER_VALUE_MAX)
        value.len = HEADER_VALUE_MAX;
    return str_copy(arena, value);
}

static size_t receive_header(char *data, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    struct http_answer *answer = receiving->answer;
    struct str value = str_from(data, size * count);
    struct str name = str_cut(&value, ':');

    if (str_equal_ignoring_case(name, str_of("content-type")))
        answer->content_type = header_text(value, receiving->arena);
    else if (str_equal_ignoring_case(name, str_of("request-id")) ||
             str_equal_ignoring_case(name, str_of("paypal-debug-id")))
        answer->request_id = header_text(value, receiving->arena);
    else if (str_equal_ignoring_case(name, str_of("stripe-should-retry")))
        answer->should_retry = header_text(value, receiving->arena);
    else if (str_equal_ignoring_case(name, str_of("retry-after")))
        (void)(str_to_int64(str_trim(value), &answer->retry_after_s) ||
               (answer->retry_after_s = -1));
    else if (str_equal_ignoring_case(name, str_of("date"))) {
        time_t at = curl_getdate(header_text(value, receiving->arena), NULL);
        answer->date_at = at > 0 ? (int64_t)at : 0;
    }
    return size * count;
}

static int keep_going(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return http_client_stopping() ? 1 : 0;
}

/* ---- the call ---- */

static struct curl_slist *header_list(const struct http_call *call)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    for (int i = 0; i < HTTP_CLIENT_HEADERS_MAX && call->headers[i]; i++) {
        struct curl_slist *longer = curl_slist_append(list, call->headers[i]);
        require(longer);
        list = longer;
    }
    require(list);
    return list;
}

/* What holds for every call: bounds, TLS, no redirect, no proxy. */
static void set_bounds(struct http_client *client, const struct http_call *call, bool secure)
{
    CURL *curl = client->curl;

    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CLIENT_CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     call->total_ms > 0 ? (long)call->total_ms : (long)HTTP_CLIENT_TOTAL_MS);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, keep_going);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, agent);
    if (client->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
}

static void set_request(CURL *curl, const struct http_call *call)
{
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    if (call->body.data || strcmp(call->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.data ? call->body.data : "");
    }
    if (strcmp(call->method, "GET") != 0 && strcmp(call->method, "POST") != 0)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    if (call->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, call->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, call->password ? call->password : "");
    }
}

static enum err classify(CURLcode code, const struct receiving *receiving)
{
    switch (code) {
    case CURLE_OK:
        return OK;
    case CURLE_OPERATION_TIMEDOUT:
        return fail(ERR_TIMEOUT, "the other side did not answer in time");
    case CURLE_ABORTED_BY_CALLBACK:
        return fail(ERR_BUSY, "stopped");
    case CURLE_WRITE_ERROR:
        if (receiving->too_large)
            return fail(ERR_NETWORK, "the answer is larger than %zu bytes", receiving->max);
        return fail(ERR_NETWORK, "the answer could not be kept");
    default:
        return fail(ERR_NETWORK, "%s", curl_easy_strerror(code));
    }
}

/* The end of the server's own certificate: the first of the chain. */
static int64_t certificate_until(CURL *curl, struct arena *arena)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *chain = NULL;

    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) || !chain || chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next)
        if (str_starts(str_of(line->data), name)) {
            time_t at = curl_getdate(header_text(str_of(line->data + strlen(name)), arena), NULL);
            return at > 0 ? (int64_t)at : 0;
        }
    return 0;
}

enum err http_client_call(struct http_client *client, const struct http_call *call,
                          struct arena *arena, struct http_answer *answer)
{
    struct receiving receiving = {.arena = arena,
                                  .answer = answer,
                                  .max = call->answer_max ? call->answer_max
                                                          : (size_t)HTTP_CLIENT_ANSWER_MAX};
    struct str url = str_of(call->url), without_query = str_cut(&url, '?');
    struct curl_slist *headers;
    long status = 0;
    int64_t began_us;
    CURLcode code;
    enum err err = conf_check_url(str_copy(arena, without_query));

    if (err)
        return err;
    *answer = (struct http_answer){
        .content_type = "", .request_id = "", .should_retry = "", .retry_after_s = -1};
    buffer_init(&receiving.body, arena, 4096);
    headers = header_list(call);
    curl_easy_reset(client->curl);
    set_bounds(client, call, str_starts(without_query, "https://"));
    set_request(client->curl, call);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, receive_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &receiving);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, receive_header);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &receiving);
    curl_easy_setopt(client->curl, CURLOPT_CERTINFO, call->with_certificate ? 1L : 0L);
    began_us = clock_monotonic_us();
    code = curl_easy_perform(client->curl);
    err = classify(code, &receiving);
    answer->certificate_refused = code == CURLE_PEER_FAILED_VERIFICATION;
    answer->certificate_until =
        call->with_certificate ? certificate_until(client->curl, arena) : 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    metric_done(METRIC_CALL, err ? 0 : (int)status, clock_monotonic_us() - began_us);
    answer->status = (int)status;
    answer->body = buffer_str(&receiving.body);
    if (!err && (status < 100 || status > 599))
        err = fail(ERR_NETWORK, "the answer has no status");
    return err;
}

void http_form_add(struct buffer *form, const char *name, struct str value)
{
    static const char digits[] = "0123456789ABCDEF";
    const struct str parts[] = {str_of(name), value};

    if (form->len > 0)
        buffer_add_byte(form, '&');
    for (int part = 0; part < 2; part++) {
        if (part == 1)
            buffer_add_byte(form, '=');
        for (size_t i = 0; i < parts[part].len; i++) {
            unsigned char byte = (unsigned char)parts[part].data[i];

            if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                (byte >= '0' && byte <= '9') || (byte && strchr("-._~", byte))) {
                buffer_add_byte(form, (char)byte);
            } else {
                const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};
                buffer_add(form, escaped, 3);
            }
        }
    }
}
