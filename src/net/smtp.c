#include "net/smtp.h"

#include "base/arena.h"
#include "base/conf.h"
#include "base/utf8.h"
#include "net/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_NEEDS_TLS_OR_LOGIN = 530, DEFAULT_PORT = 587 };

struct smtp {
    CURL *curl;
    const struct smtp_settings *settings;
    char *url;
    bool secure;    /* TLS from the first byte */
    bool needs_tls; /* STARTTLS */
};

/* ---- the address ---- */

/* The same rules as for http:// and https://, judged by the same function. */
static enum err as_web_url(const char *url, char *out, size_t max, bool *secure)
{
    struct str rest = str_of(url);

    *secure = str_starts(rest, "smtps://");
    if (!*secure && !str_starts(rest, "smtp://"))
        return fail(ERR_CONFIG, "must begin with smtp:// or smtps://");
    rest = str_from(rest.data + (*secure ? 8 : 7), rest.len - (*secure ? 8 : 7));
    if (str_find(rest, '/') < rest.len)
        return fail(ERR_CONFIG, "must have nothing behind the host and its port");
    if (snprintf(out, max, "https://%.*s", STR_PRINT(rest)) >= (int)max)
        return fail(ERR_CONFIG, "is too long");
    return OK;
}

enum err smtp_check_url(const char *url)
{
    char web[300];
    bool secure;
    enum err err = as_web_url(url, web, sizeof(web), &secure);

    return err ? err : conf_check_url(web);
}

/* Plain http is allowed for hosts of this machine only: exactly what is asked here. */
static bool is_loopback(const char *web)
{
    char plain[300];

    snprintf(plain, sizeof(plain), "http://%s", web + strlen("https://"));
    return conf_check_url(plain) == OK;
}

static bool has_port(const char *web)
{
    const char *bracket = strchr(web, ']');

    return strchr(bracket ? bracket : web + strlen("https://"), ':') != NULL;
}

static enum err read_settings(struct smtp *smtp)
{
    const struct smtp_settings *settings = smtp->settings;
    char web[300], url[320];
    enum err err = smtp_check_url(settings->url);

    if (!err)
        err = as_web_url(settings->url, web, sizeof(web), &smtp->secure);
    if (err)
        return err;
    smtp->needs_tls = !is_loopback(web) || settings->ca_file;
    if (smtp->secure || has_port(web))
        snprintf(url, sizeof(url), "%s", settings->url);
    else
        snprintf(url, sizeof(url), "%s:%d", settings->url, DEFAULT_PORT);
    smtp->url = strdup(url);
    require(smtp->url);
    return OK;
}

/* ---- life ---- */

enum err smtp_new(const struct smtp_settings *settings, struct smtp **smtp)
{
    struct smtp *made = calloc(1, sizeof(*made));
    enum err err;

    require(made);
    made->settings = settings;
    err = read_settings(made);
    if (!err) {
        made->curl = curl_easy_init();
        err = made->curl ? OK : fail(ERR_INTERNAL, "libcurl gives no handle");
    }
    if (err) {
        smtp_free(made);
        made = NULL;
    }
    *smtp = made;
    return err;
}

void smtp_free(struct smtp *smtp)
{
    if (!smtp)
        return;
    curl_easy_cleanup(smtp->curl);
    free(smtp->url);
    free(smtp);
}

/* ---- one dialogue ---- */

struct dialogue {
    struct str rest;                 /* of the message */
    char refusal[SMTP_SENTENCE_MAX]; /* the server's last word, when it was a no */
    int code;                        /* of it; 0 when it was none */
    bool text_asked; /* it said 354: what comes after is its judgement of the text */
};

static size_t give_text(char *out, size_t size, size_t count, void *context)
{
    struct dialogue *dialogue = context;
    size_t len = size * count < dialogue->rest.len ? size * count : dialogue->rest.len;

    memcpy(out, dialogue->rest.data, len);
    dialogue->rest = str_from(dialogue->rest.data + len, dialogue->rest.len - len);
    return len;
}

/* What the server says goes to people: of one line, clean, cut. */
static void keep_sentence(char out[SMTP_SENTENCE_MAX], struct str line)
{
    line = str_trim(line);
    if (!utf8_valid(line))
        line = str_of("(?)");
    line = utf8_cut(line, SMTP_SENTENCE_MAX - 1);
    for (size_t i = 0; i < line.len; i++)
        out[i] = (unsigned char)line.data[i] < ' ' || line.data[i] == 0x7f ? ' ' : line.data[i];
    out[line.len] = '\0';
}

static int code_of(struct str line)
{
    int64_t code = 0;

    return line.len >= 3 && str_to_int64(str_from(line.data, 3), &code) ? (int)code : 0;
}

static size_t hear_line(char *data, size_t size, size_t count, void *context)
{
    struct dialogue *dialogue = context;
    struct str line = str_from(data, size * count);

    if (str_starts(line, "4") || str_starts(line, "5")) {
        keep_sentence(dialogue->refusal, line);
        dialogue->code = code_of(line);
    } else if (!str_starts(line, "221")) { /* the farewell is no answer */
        dialogue->code = 0;
    }
    if (str_starts(line, "354"))
        dialogue->text_asked = true;
    return size * count;
}

static int keep_going(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return http_client_stopping() ? 1 : 0;
}

static void set_bounds(const struct smtp *smtp)
{
    CURL *curl = smtp->curl;

    curl_easy_setopt(curl, CURLOPT_URL, smtp->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, smtp->secure ? "smtps" : "smtp");
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(smtp->needs_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)SMTP_CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)SMTP_TOTAL_MS);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)SMTP_TOTAL_MS / 1000);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, keep_going);
    if (smtp->settings->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, smtp->settings->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (smtp->settings->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, smtp->settings->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD,
                         smtp->settings->password ? smtp->settings->password : "");
    }
}

/* A refusal is the server's word about sender, recipient or text; anything else is about the
 * server, or about us. */
static enum smtp_outcome judge(CURLcode code, const struct dialogue *dialogue)
{
    int said = dialogue->code;
    bool about_mail =
        code == CURLE_SEND_ERROR || (dialogue->text_asked && code == CURLE_WEIRD_SERVER_REPLY);

    if (code == CURLE_OK)
        return SMTP_SENT;
    if (about_mail && said >= 500 && said != CODE_NEEDS_TLS_OR_LOGIN)
        return SMTP_REFUSED;
    return about_mail && said >= 400 && said < 500 ? SMTP_LATER : SMTP_DOWN;
}

static void tell(CURLcode code, const struct dialogue *dialogue, struct smtp_answer *answer)
{
    answer->outcome = judge(code, dialogue);
    answer->sentence[0] = '\0';
    if (answer->outcome == SMTP_SENT)
        return;
    if (dialogue->code)
        snprintf(answer->sentence, sizeof(answer->sentence), "%s", dialogue->refusal);
    else
        keep_sentence(answer->sentence, str_of(curl_easy_strerror(code)));
}

/* libcurl has a server help with nothing where no mail is named; NOOP is what all answer. */
enum err smtp_probe(struct smtp *smtp, struct smtp_answer *answer)
{
    struct dialogue dialogue = {0};
    CURLcode code;

    curl_easy_reset(smtp->curl);
    set_bounds(smtp);
    curl_easy_setopt(smtp->curl, CURLOPT_TIMEOUT_MS, (long)SMTP_CONNECT_MS);
    curl_easy_setopt(smtp->curl, CURLOPT_CUSTOMREQUEST, "NOOP");
    curl_easy_setopt(smtp->curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(smtp->curl, CURLOPT_HEADERFUNCTION, hear_line);
    curl_easy_setopt(smtp->curl, CURLOPT_HEADERDATA, &dialogue);
    code = curl_easy_perform(smtp->curl);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return fail(ERR_BUSY, "stopped");
    tell(code, &dialogue, answer);
    return OK;
}

enum err smtp_send(struct smtp *smtp, const struct mail *mail, struct arena *arena,
                   struct smtp_answer *answer)
{
    struct dialogue dialogue = {0};
    struct curl_slist *recipients;
    CURLcode code;
    enum err err = mail_build(mail, arena, &dialogue.rest);

    if (err)
        return err;
    recipients = curl_slist_append(NULL, arena_printf(arena, "<%s>", mail->to));
    require(recipients);
    curl_easy_reset(smtp->curl);
    set_bounds(smtp);
    curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM,
                     arena_printf(arena, "<%s>", mail->from_address));
    curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(smtp->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(smtp->curl, CURLOPT_READFUNCTION, give_text);
    curl_easy_setopt(smtp->curl, CURLOPT_READDATA, &dialogue);
    curl_easy_setopt(smtp->curl, CURLOPT_HEADERFUNCTION, hear_line);
    curl_easy_setopt(smtp->curl, CURLOPT_HEADERDATA, &dialogue);
    code = curl_easy_perform(smtp->curl);
    curl_slist_free_all(recipients);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return fail(ERR_BUSY, "stopped");
    tell(code, &dialogue, answer);
    return OK;
}
