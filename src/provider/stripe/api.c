/*
 * One call to Stripe's API, and what its answer means for the caller.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "payment/account.h"
#include "payment/platform.h"
#include "provider/stripe/internal.h"

enum { WORD_MAX = 80 };

static bool id_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

bool stripe_id_valid(struct str id, const char *prefix)
{
    if (!str_starts(id, prefix) || id.len <= strlen(prefix) || id.len > STRIPE_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        if (!id_byte(id.data[i]))
            return false;
    }
    return true;
}

/* A code, type or parameter name of an error; anything else reads as "". */
static const char *error_word(const json_t *json, const char *path, struct arena *arena)
{
    struct str word = json_text(json, path);

    if (word.len > WORD_MAX)
        return "";
    for (size_t i = 0; i < word.len; i++) {
        if (!id_byte(word.data[i]) && !strchr(".[]-", word.data[i]))
            return "";
    }
    return str_copy(arena, word);
}

/* The permission that Stripe's sentence names ("Having the 'rak_charge_read' permission"). */
static const char *permission_word(const json_t *json, struct arena *arena)
{
    const char *message = str_copy(arena, json_text(json, "error.message"));
    const char *word = strstr(message, "rak_");
    size_t len = word ? strspn(word, "abcdefghijklmnopqrstuvwxyz_") : 0;

    return len > 0 && len <= WORD_MAX ? str_copy(arena, str_from(word, len)) : "";
}

/* 401 and 403 mean the key, whatever else is said. Stripe's own sentence is left out: it may
 * quote the key or the payer. */
static const char *refusal_reason(int status, const json_t *json, struct arena *arena)
{
    static const char *const paths[] = {"error.type", "error.code", "error.param"};
    struct buffer reason;

    if (status == 401 || status == 403)
        return "clé refusée";
    buffer_init(&reason, arena, WORD_MAX);
    buffer_printf(&reason, "HTTP %d", status);
    for (size_t i = 0; json && i < sizeof paths / sizeof paths[0]; i++) {
        const char *word = error_word(json, paths[i], arena);

        if (*word != '\0')
            buffer_printf(&reason, " %s", word);
    }
    return str_copy(arena, buffer_str(&reason));
}

static void read_refusal(const struct http_answer *http, struct arena *arena,
                         struct stripe_answer *answer)
{
    json_t *json = NULL;

    if (json_read(http->body, &json) == OK) {
        answer->code = error_word(json, "error.code", arena);
        if (http->status == 403)
            answer->permission = permission_word(json, arena);
    }
    answer->reason = refusal_reason(http->status, json, arena);
    json_decref(json);
}

static bool definitive(const struct http_answer *http)
{
    if (strcmp(http->should_retry, "true") == 0)
        return false;
    switch (http->status) {
    case 400: /* idempotency_error too: the same key with other bytes cannot become right */
    case 401:
    case 402:
    case 403:
    case 404:
        return true;
    default:
        return false;
    }
}

static void classify(const struct http_answer *http, struct arena *arena,
                     struct stripe_answer *answer)
{
    answer->status = http->status;
    answer->date_at = http->date_at;
    answer->retry_after_s = http->retry_after_s > 0 ? http->retry_after_s : 0;
    if (http->status >= 200 && http->status < 300) {
        if (json_read(http->body, &answer->json) == OK) {
            answer->verdict = STRIPE_DONE;
            return;
        }
        answer->reason = "réponse illisible";
        return;
    }
    if (definitive(http))
        answer->verdict = STRIPE_REFUSED;
    answer->down = http->status >= 500;
    read_refusal(http, arena, answer);
    log_line(LOG_WARNING, "stripe.answer", "%s, request %s", answer->reason, http->request_id);
}

/* Does the platform call for the account? Not with a key that was pasted. */
static bool associated(const struct provider_account *account,
                       const struct stripe_request *request)
{
    return !request->key.data && account->link_kind == ACCOUNT_CONNECT;
}

/* The key to call with, fit for a header. A missing or odd one is a refusal, not a failure; so is
 * an account that is associated no more. */
static enum err key_find(const struct provider_call *call, const struct provider_account *account,
                         const struct stripe_request *request, struct stripe_answer *answer,
                         struct str *key)
{
    bool by_platform = associated(account, request), ended = by_platform && account->revoked;
    enum err err = OK;

    *key = request->key;
    if (by_platform)
        err = platform_secret(call->db, call->key, account->mode, "api_key", call->arena, key);
    else if (!request->key.data)
        err = account_secret(call->db, call->key, account, "api_key", 0, call->now, call->arena,
                             key);
    if (err == OK && !ended && stripe_id_valid(*key, ""))
        return OK;
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    answer->verdict = STRIPE_REFUSED;
    answer->reason = ended ? "accès retiré" : err == OK ? "clé mal formée" : "clé absente";
    *key = str_of("");
    return OK;
}

static void call_fill(struct http_call *http, const struct provider_call *call,
                      const struct provider_account *account, const struct stripe_request *request,
                      struct str key)
{
    struct arena *arena = call->arena;
    size_t count = 0;

    http->method = request->method;
    http->url = arena_printf(arena, "%s%s", call->settings->stripe_api_url, request->path);
    http->headers[count++] = arena_printf(arena, "Authorization: Bearer %.*s", STR_PRINT(key));
    http->headers[count++] = "Stripe-Version: " STRIPE_VERSION;
    http->headers[count++] = "Accept: application/json";
    if (associated(account, request))
        http->headers[count++] = arena_printf(arena, "Stripe-Account: %s", account->external_id);
    if (request->body.data)
        http->headers[count++] = "Content-Type: application/x-www-form-urlencoded";
    if (request->idempotency_key)
        http->headers[count++] =
            arena_printf(arena, "Idempotency-Key: %s", request->idempotency_key);
    http->body = request->body;
}

enum err stripe_api_call(const struct provider_call *call, const struct provider_account *account,
                         const struct stripe_request *request, struct stripe_answer *answer)
{
    struct http_call http = {0};
    struct http_answer received = {0};
    struct str key = {0};
    enum err err;

    *answer = (struct stripe_answer){
        .verdict = STRIPE_UNKNOWN, .reason = "", .code = "", .permission = ""};
    err = key_find(call, account, request, answer, &key);
    if (err != OK || key.len == 0)
        return err;
    call_fill(&http, call, account, request, key);
    err = http_client_call(call->client, &http, call->arena, &received);
    if (err == ERR_CONFIG)
        return err;
    if (err != OK) {
        answer->down = err != ERR_BUSY;
        answer->err = err;
        answer->reason =
            err == ERR_TIMEOUT ? "Stripe n'a pas répondu à temps" : "Stripe est injoignable";
        log_failure("stripe.unreachable");
        return OK;
    }
    classify(&received, call->arena, answer);
    return OK;
}
