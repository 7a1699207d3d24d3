/*
 * One call to PayPal's interface, and what its answer means for the caller.
 */
#include "provider/paypal/rest.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"

enum { ANSWER_MAX = 4 * 1024 * 1024 };

const char *paypal_api_url(const struct provider_settings *settings, enum account_mode mode)
{
    return mode == ACCOUNT_LIVE ? settings->paypal_live_api_url : settings->paypal_sandbox_api_url;
}

bool paypal_able(const struct provider_account *account)
{
    return account->client_id && *account->client_id != '\0';
}

void paypal_retry(struct resolution *resolution, const struct paypal_answer *answer)
{
    resolution->kind = RESOLUTION_RETRY;
    resolution->detail = answer->reason;
    resolution->retry_after_s = answer->retry_after_s;
    resolution->provider_down = answer->down;
}

/* ---- answers ---- */

/* 409: the first request with that id still runs; 429: it was not looked at. */
static bool definitive(int status)
{
    return status == 400 || status == 401 || status == 403 || status == 404 || status == 422;
}

static const char *issue_of(const json_t *json, struct arena *arena)
{
    static const char *const paths[] = {"details.0.issue", "name", "error"};
    const char *word = "";

    for (size_t i = 0; *word == '\0' && i < sizeof paths / sizeof paths[0]; i++)
        word = paypal_word_at(json, paths[i], arena);
    return word;
}

/* PayPal's sentences are left out: they may quote what was sent. */
static void read_refusal(const struct http_answer *http, struct arena *arena,
                         struct paypal_answer *answer)
{
    json_t *json = NULL;

    if (json_read(http->body, &json) == OK)
        answer->issue = issue_of(json, arena);
    json_decref(json);
    if (http->status == 401)
        answer->reason = "clés refusées";
    else
        answer->reason = arena_printf(arena, "HTTP %d%s%s", http->status,
                                      *answer->issue ? " " : "", answer->issue);
}

static void classify(const struct http_answer *http, struct arena *arena,
                     struct paypal_answer *answer)
{
    bool good = http->status >= 200 && http->status < 300;

    answer->status = http->status;
    answer->date_at = http->date_at;
    answer->retry_after_s = http->retry_after_s > 0 ? http->retry_after_s : 0;
    answer->verdict = PAYPAL_UNKNOWN;
    if (good && (str_empty(http->body) || json_read(http->body, &answer->json) == OK)) {
        answer->verdict = answer->json || http->status == 204 ? PAYPAL_DONE : PAYPAL_UNKNOWN;
        answer->reason = answer->verdict == PAYPAL_DONE ? "" : "réponse illisible";
        return;
    }
    if (good) {
        answer->reason = "réponse illisible";
        return;
    }
    if (definitive(http->status))
        answer->verdict = PAYPAL_REFUSED;
    answer->down = http->status >= 500;
    read_refusal(http, arena, answer);
    log_line(LOG_WARNING, "paypal.answer", "%s, request %s", answer->reason, http->request_id);
}

enum err paypal_exchange(const struct provider_call *call, const struct http_call *http,
                         struct paypal_answer *answer)
{
    struct http_answer received = {0};
    enum err err = http_client_call(call->client, http, call->arena, &received);

    *answer = (struct paypal_answer){.verdict = PAYPAL_UNKNOWN, .reason = "", .issue = ""};
    if (err == ERR_CONFIG)
        return err;
    if (err == OK) {
        classify(&received, call->arena, answer);
        return OK;
    }
    answer->down = err != ERR_BUSY;
    answer->err = err;
    answer->reason =
        err == ERR_TIMEOUT ? "PayPal n'a pas répondu à temps" : "PayPal est injoignable";
    log_failure("paypal.unreachable");
    return OK;
}

/* ---- calls ---- */

static enum err token_for(const struct provider_call *call, const struct provider_account *account,
                          const struct paypal_request *request, const char **token,
                          struct paypal_answer *answer)
{
    return request->keys ? paypal_token_of_keys(call, request->keys, token, answer)
                         : paypal_token(call, account, token, answer);
}

static enum err send(const struct provider_call *call, enum account_mode mode,
                     const struct paypal_request *request, const char *token,
                     struct paypal_answer *answer)
{
    struct arena *arena = call->arena;
    struct http_call http = {
        .method = request->method,
        .url = arena_printf(arena, "%s%s", paypal_api_url(call->settings, mode), request->path),
        .body = request->body,
        .answer_max = ANSWER_MAX,
    };
    size_t count = 0;

    http.headers[count++] = arena_printf(arena, "Authorization: Bearer %s", token);
    http.headers[count++] = "Accept: application/json";
    http.headers[count++] = "Prefer: return=representation";
    if (request->body.data)
        http.headers[count++] = "Content-Type: application/json";
    if (request->request_id)
        http.headers[count++] = arena_printf(arena, "PayPal-Request-Id: %s", request->request_id);
    return paypal_exchange(call, &http, answer);
}

enum err paypal_api_call(const struct provider_call *call, const struct provider_account *account,
                         const struct paypal_request *request, struct paypal_answer *answer)
{
    enum account_mode mode = request->keys ? request->keys->mode : account->mode;
    const char *token = NULL;
    enum err err = token_for(call, account, request, &token, answer);

    if (err != OK || !token)
        return err;
    err = send(call, mode, request, token, answer);
    if (err != OK || answer->status != 401 || request->keys)
        return err;
    paypal_token_forget(account);
    err = token_for(call, account, request, &token, answer);
    return err != OK || !token ? err : send(call, mode, request, token, answer);
}
