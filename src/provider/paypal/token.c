/*
 * Access tokens: one an account, in memory, until a minute before PayPal lets it end.
 */
#include "provider/paypal/rest.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "payment/account.h"

enum { TOKEN_MAX = 2048, TOKENS_MAX = 64, EARLY_S = 60, LIFE_MAX_S = 24 * 3600 };

/* One that is kept; association 0: a free place. */
struct kept {
    int64_t association_id, account_id, key_version;
    int64_t until_at;
    char token[TOKEN_MAX];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept tokens[TOKENS_MAX];

static bool is_for(const struct kept *kept, const struct provider_account *account)
{
    return kept->association_id == account->association_id && kept->account_id == account->id;
}

static const char *recall(const struct provider_call *call, const struct provider_account *account)
{
    const char *found = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; !found && i < TOKENS_MAX; i++)
        if (is_for(&tokens[i], account) && tokens[i].key_version == account->key_version &&
            tokens[i].until_at > call->now)
            found = arena_string(call->arena, tokens[i].token);
    pthread_mutex_unlock(&lock);
    return found;
}

/* In the account's place, else in that of the one that ends first. */
static void keep(const struct provider_account *account, const char *token, int64_t until_at)
{
    struct kept *place = &tokens[0];

    if (strlen(token) >= TOKEN_MAX)
        return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        if (is_for(&tokens[i], account)) {
            place = &tokens[i];
            break;
        }
        if (tokens[i].until_at < place->until_at)
            place = &tokens[i];
    }
    *place = (struct kept){.association_id = account->association_id,
                           .account_id = account->id,
                           .key_version = account->key_version,
                           .until_at = until_at};
    memcpy(place->token, token, strlen(token) + 1);
    pthread_mutex_unlock(&lock);
}

void paypal_token_forget(const struct provider_account *account)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (is_for(&tokens[i], account))
            tokens[i] = (struct kept){0};
    pthread_mutex_unlock(&lock);
}

/* Fit to stand in a header. */
static bool printable(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.len > 0 && text.len < TOKEN_MAX;
}

static void read_token(const struct provider_call *call, struct paypal_answer *answer,
                       const char **token, int64_t *until_at)
{
    struct str text = json_text(answer->json, "access_token");
    int64_t life_s = 0;

    if (printable(text) &&
        str_equal_ignoring_case(json_text(answer->json, "token_type"), str_of("Bearer"))) {
        *token = str_copy(call->arena, text);
    } else {
        answer->verdict = PAYPAL_UNKNOWN;
        answer->reason = "réponse inattendue de PayPal";
    }
    if (json_integer_at(answer->json, "expires_in", &life_s) && life_s > 0)
        *until_at = call->now + (life_s < LIFE_MAX_S ? life_s : LIFE_MAX_S) - EARLY_S;
    json_decref(answer->json);
    answer->json = NULL;
}

static enum err ask(const struct provider_call *call, const struct paypal_keys *keys,
                    const char **token, int64_t *until_at, struct paypal_answer *answer)
{
    const struct http_call http = {
        .method = "POST",
        .url = arena_printf(call->arena, "%s/v1/oauth2/token",
                            paypal_api_url(call->settings, keys->mode)),
        .headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
        .body = str_of("grant_type=client_credentials"),
        .user = str_copy(call->arena, keys->client_id),
        .password = str_copy(call->arena, keys->secret),
    };
    enum err err;

    *token = NULL;
    *until_at = 0;
    *answer = (struct paypal_answer){.verdict = PAYPAL_REFUSED, .reason = "", .issue = ""};
    if (!printable(keys->client_id) || !printable(keys->secret) ||
        memchr(keys->client_id.data, ':', keys->client_id.len)) {
        answer->reason = "clés mal formées";
        return OK;
    }
    err = paypal_exchange(call, &http, answer);
    if (err != OK || answer->verdict != PAYPAL_DONE)
        return err;
    read_token(call, answer, token, until_at);
    return OK;
}

enum err paypal_token_of_keys(const struct provider_call *call, const struct paypal_keys *keys,
                              const char **token, struct paypal_answer *answer)
{
    int64_t until_at;

    return ask(call, keys, token, &until_at, answer);
}

enum err paypal_token(const struct provider_call *call, const struct provider_account *account,
                      const char **token, struct paypal_answer *answer)
{
    struct paypal_keys keys = {.mode = account->mode, .client_id = str_of(account->client_id)};
    int64_t until_at;
    enum err err;

    *answer = (struct paypal_answer){.verdict = PAYPAL_REFUSED, .reason = "", .issue = ""};
    *token = recall(call, account);
    if (*token)
        return OK;
    err = account_secret(call->db, call->key, account, "api_key", 0, call->now, call->arena,
                         &keys.secret);
    if (err == ERR_NOT_FOUND) {
        answer->reason = "clés absentes";
        return OK;
    }
    if (err == OK)
        err = ask(call, &keys, token, &until_at, answer);
    if (err == OK && *token)
        keep(account, *token, until_at);
    return err;
}
