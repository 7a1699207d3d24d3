/*
 * Is PayPal there, and its clock ours? The account itself cannot be asked: Payments Standard has
 * no keys.
 */
#include "base/arena.h"
#include "base/log.h"
#include "provider/paypal/internal.h"

/* A question about no message at all: PayPal answers INVALID, which is an answer. */
static enum err ask(const struct provider_call *call, enum account_mode mode,
                    struct http_answer *answer)
{
    const struct http_call request = {
        .method = "POST",
        .url = mode == ACCOUNT_LIVE ? call->settings->paypal_live_ipn_url
                                    : call->settings->paypal_sandbox_ipn_url,
        .headers = {"Content-Type: application/x-www-form-urlencoded"},
        .body = str_of("cmd=_notify-validate"),
        .answer_max = PAYPAL_ANSWER_MAX,
    };

    return http_client_call(call->client, &request, call->arena, answer);
}

enum err paypal_examine(const struct provider_call *call, const struct association *association,
                        const struct provider_account *account, struct findings *findings)
{
    struct http_answer answer = {0};
    enum err err = ask(call, account->mode, &answer);

    (void)association;
    if (err == ERR_CONFIG)
        return err;
    if (err) {
        log_failure("paypal.examine");
        findings_add_text(findings, FINDING_WARN, FINDING_UNREACHABLE, err_name(err));
    } else if (answer.status != 200 || !str_is(str_trim(answer.body), "INVALID")) {
        findings_add_text(findings, FINDING_WARN, FINDING_UNREACHABLE,
                          arena_printf(call->arena, "HTTP %d", answer.status));
    } else {
        findings_add(findings, FINDING_GOOD, FINDING_REACHED);
        findings_add_clock(findings, answer.date_at, call->now);
    }
    return OK;
}
