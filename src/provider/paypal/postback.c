/*
 * Asking PayPal whether a message is its own: the untouched bytes go back, one word decides.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "provider/paypal/internal.h"

static void judge(const struct http_answer *http, struct arena *arena,
                  struct postback_answer *answer)
{
    struct str word = str_trim(http->body);

    if (http->status == 200 && str_is(word, "VERIFIED")) {
        answer->verdict = POSTBACK_VERIFIED;
    } else if (http->status == 200 && str_is(word, "INVALID")) {
        answer->verdict = POSTBACK_INVALID;
    } else {
        answer->down = http->status >= 500;
        answer->reason =
            arena_printf(arena, "PayPal a répondu autre chose (HTTP %d)", http->status);
        log_line(LOG_WARNING, "paypal.postback", "HTTP %d, %zu bytes, request %s", http->status,
                 http->body.len, http->request_id);
    }
}

static struct str postback_body(struct str raw, struct arena *arena)
{
    static const char command[] = "cmd=_notify-validate&";
    struct buffer body;

    buffer_init(&body, arena, sizeof command + raw.len);
    buffer_add_text(&body, command);
    buffer_add_str(&body, raw);
    return buffer_str(&body);
}

enum err paypal_postback(const struct provider_call *call, enum account_mode mode, struct str body,
                         struct postback_answer *answer)
{
    struct http_answer http = {0};
    struct http_call request = {
        .method = "POST",
        .url = mode == ACCOUNT_LIVE ? call->settings->paypal_live_ipn_url
                                    : call->settings->paypal_sandbox_ipn_url,
        .headers = {"Content-Type: application/x-www-form-urlencoded"},
        .body = postback_body(body, call->arena),
        .answer_max = PAYPAL_ANSWER_MAX,
    };
    enum err err = http_client_call(call->client, &request, call->arena, &http);

    *answer = (struct postback_answer){.verdict = POSTBACK_UNKNOWN, .reason = ""};
    if (err == ERR_CONFIG)
        return err;
    if (err == OK) {
        judge(&http, call->arena, answer);
        return OK;
    }
    answer->down = err == ERR_TIMEOUT || err == ERR_NETWORK;
    answer->reason =
        err == ERR_TIMEOUT ? "PayPal n'a pas répondu à temps" : "PayPal est injoignable";
    log_failure("paypal.postback");
    return OK;
}
