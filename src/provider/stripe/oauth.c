/*
 * Associating an account (Connect OAuth): the page of consent, the change of its code, the end.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "payment/platform.h"
#include "provider/stripe/internal.h"

enum { OAUTH_WORD_MAX = 40 };

/* One call to connect.stripe.com, whose errors have a shape of their own. */
struct oauth_answer {
    enum stripe_verdict verdict;
    int status;
    json_t *json;     /* STRIPE_DONE */
    const char *word; /* STRIPE_REFUSED: invalid_grant, ...; "" when it is none */
};

/* ---- the page of consent ---- */

enum err stripe_consent_address(const struct provider_call *call,
                                const struct consent_visit *visit, const char **url)
{
    struct str client_id = {0};
    struct buffer query;
    enum err err =
        platform_secret(call->db, call->key, visit->mode, "client_id", call->arena, &client_id);

    if (err != OK)
        return err;
    buffer_init(&query, call->arena, 512);
    http_form_add(&query, "response_type", str_of("code"));
    http_form_add(&query, "client_id", client_id);
    http_form_add(&query, "scope", str_of("read_write"));
    http_form_add(&query, "redirect_uri", str_of(visit->return_url));
    http_form_add(&query, "state", str_of(visit->state));
    if (*visit->email != '\0')
        http_form_add(&query, "stripe_user[email]", str_of(visit->email));
    *url = arena_printf(call->arena, "%s/oauth/authorize?%s", call->settings->stripe_connect_url,
                        query.data);
    return OK;
}

/* ---- calls ---- */

/* "invalid_grant": small letters and '_'; anything else reads as "". */
static const char *error_word(const json_t *json, struct arena *arena)
{
    struct str word = json_text(json, "error");

    if (word.len > OAUTH_WORD_MAX)
        return "";
    for (size_t i = 0; i < word.len; i++) {
        if (!(word.data[i] >= 'a' && word.data[i] <= 'z') && word.data[i] != '_')
            return "";
    }
    return str_copy(arena, word);
}

static void classify(const struct http_answer *http, struct arena *arena,
                     struct oauth_answer *answer)
{
    json_t *json = NULL;

    answer->status = http->status;
    if (json_read(http->body, &json) != OK)
        json = NULL;
    if (http->status >= 200 && http->status < 300 && json) {
        answer->verdict = STRIPE_DONE;
        answer->json = json;
        return;
    }
    if (http->status >= 400 && http->status < 500 && http->status != 409 && http->status != 429) {
        answer->verdict = STRIPE_REFUSED;
        answer->word = error_word(json, arena);
    }
    json_decref(json);
    log_line(LOG_WARNING, "stripe.oauth", "HTTP %d %s, request %s", answer->status, answer->word,
             http->request_id);
}

static enum err oauth_call(const struct provider_call *call, enum account_mode mode,
                           const char *path, struct str form, struct oauth_answer *answer)
{
    struct str key = {0};
    struct http_call http = {.method = "POST", .body = form};
    struct http_answer received = {0};
    enum err err = platform_secret(call->db, call->key, mode, "api_key", call->arena, &key);

    *answer = (struct oauth_answer){.verdict = STRIPE_UNKNOWN, .word = ""};
    if (err != OK)
        return err;
    http.url = arena_printf(call->arena, "%s%s", call->settings->stripe_connect_url, path);
    http.headers[0] = arena_printf(call->arena, "Authorization: Bearer %.*s", STR_PRINT(key));
    http.headers[1] = "Accept: application/json";
    http.headers[2] = "Content-Type: application/x-www-form-urlencoded";
    err = http_client_call(call->client, &http, call->arena, &received);
    if (err == ERR_CONFIG)
        return err;
    if (err != OK)
        log_failure("stripe.unreachable");
    else
        classify(&received, call->arena, answer);
    return OK;
}

/* ---- a code becomes an account ---- */

static void refuse(struct consent_answer *answer, const char *word)
{
    answer->verdict = CONSENT_REFUSED;
    answer->word = word;
}

/* What the token's answer says of the account; its keys are not even read. */
static void read_token(const json_t *json, enum account_mode mode, struct arena *arena,
                       struct consent_answer *answer)
{
    struct str id = json_text(json, "stripe_user_id");
    const json_t *livemode = json_at(json, "livemode");

    if (!stripe_id_valid(id, "acct_") || !json_is_boolean(livemode))
        return;
    answer->external_id = str_copy(arena, id);
    if (json_is_true(livemode) != (mode == ACCOUNT_LIVE))
        refuse(answer, "wrong_mode");
    else if (!str_is(json_text(json, "scope"), "read_write"))
        refuse(answer, "invalid_scope");
    else
        answer->verdict = CONSENT_GIVEN;
}

/* The account as the platform sees it. */
static struct provider_account associated(enum account_mode mode, const char *external_id)
{
    return (struct provider_account){.provider = "stripe",
                                     .mode = mode,
                                     .external_id = external_id,
                                     .link_kind = ACCOUNT_CONNECT,
                                     .linked = true};
}

/* Its currency, read with the header that payments will bear: so that is proven too. */
static enum err read_currency(const struct provider_call *call, enum account_mode mode,
                              struct consent_answer *answer)
{
    const struct provider_account account = associated(mode, answer->external_id);
    const struct stripe_request request = {.method = "GET", .path = "/v1/account"};
    struct stripe_answer received;
    enum err err = stripe_api_call(call, &account, &request, &received);

    answer->verdict = CONSENT_UNCLEAR;
    if (err != OK || received.verdict != STRIPE_DONE)
        return err;
    if (str_is(json_text(received.json, "id"), answer->external_id)) {
        answer->currency = str_copy(call->arena, json_text(received.json, "default_currency"));
        answer->verdict = CONSENT_GIVEN;
    }
    json_decref(received.json);
    return OK;
}

enum err stripe_consent_exchange(const struct provider_call *call, enum account_mode mode,
                                 struct str code, struct consent_answer *answer)
{
    struct oauth_answer received;
    struct buffer form;
    enum err err;

    *answer = (struct consent_answer){
        .verdict = CONSENT_UNCLEAR, .external_id = "", .currency = "", .word = ""};
    buffer_init(&form, call->arena, 256);
    http_form_add(&form, "grant_type", str_of("authorization_code"));
    http_form_add(&form, "code", code);
    err = oauth_call(call, mode, "/oauth/token", buffer_str(&form), &received);
    if (err != OK)
        return err;
    if (received.verdict == STRIPE_REFUSED)
        refuse(answer, received.word);
    else if (received.verdict == STRIPE_DONE)
        read_token(received.json, mode, call->arena, answer);
    json_decref(received.json);
    return answer->verdict == CONSENT_GIVEN ? read_currency(call, mode, answer) : OK;
}

/* ---- the end ---- */

/* "invalid_client" may mean our own key or client id, too: whether the platform still acts for
 * the account is what a call for it says. */
static enum err still_associated(const struct provider_call *call,
                                 const struct provider_account *account, enum consent_end *end)
{
    const struct stripe_request request = {.method = "GET", .path = "/v1/account"};
    struct stripe_answer received;
    enum err err = stripe_api_call(call, account, &request, &received);

    if (err == OK && received.verdict == STRIPE_REFUSED && received.status == 403)
        *end = CONSENT_ENDED;
    json_decref(received.json);
    return err;
}

enum err stripe_consent_give_back(const struct provider_call *call,
                                  const struct provider_account *account, enum consent_end *end)
{
    struct str client_id = {0};
    struct oauth_answer received = {0};
    struct buffer form;
    enum err err =
        platform_secret(call->db, call->key, account->mode, "client_id", call->arena, &client_id);

    *end = CONSENT_HELD;
    if (err != OK)
        return err;
    buffer_init(&form, call->arena, 256);
    http_form_add(&form, "client_id", client_id);
    http_form_add(&form, "stripe_user_id", str_of(account->external_id));
    err = oauth_call(call, account->mode, "/oauth/deauthorize", buffer_str(&form), &received);
    if (err != OK)
        return err;
    if (received.verdict == STRIPE_DONE &&
        str_is(json_text(received.json, "stripe_user_id"), account->external_id))
        *end = CONSENT_ENDED;
    json_decref(received.json);
    if (received.verdict == STRIPE_REFUSED && strcmp(received.word, "invalid_client") == 0)
        return still_associated(call, account, end);
    return OK;
}
