/*
 * Is PayPal there, and its clock ours? An account without keys cannot be asked itself; one that
 * has them says whether they are good, and how its webhook stands. Nothing is made or changed.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "payment/link.h"
#include "provider/paypal/internal.h"
#include "provider/paypal/linking.h"

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

/* ---- an account that has keys ---- */

static void judge_webhook(const struct link_endpoint *endpoint, struct findings *findings)
{
    size_t before = findings->count;

    if (!endpoint->url_right)
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_ADDRESS);
    if (!endpoint->events_enough)
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_EVENTS_FEW);
    else if (!endpoint->events_right)
        findings_add(findings, FINDING_WARN, FINDING_ENDPOINT_EVENTS_MANY);
    if (findings->count == before)
        findings_add(findings, FINDING_GOOD, FINDING_ENDPOINT_GOOD);
}

/* The one the database knows: it alone is believed. */
static void judge_webhooks(const struct link_endpoints *known,
                           const struct link_endpoint *endpoints, size_t count,
                           struct findings *findings)
{
    const struct link_endpoint_row *row = &known->rows[ENDPOINT_ACTIVE];
    const struct link_endpoint *present = NULL;
    int64_t more = 0;

    for (size_t i = 0; i < count; i++) {
        if (known->has[ENDPOINT_ACTIVE] && strcmp(row->external_id, endpoints[i].id) == 0)
            present = &endpoints[i];
        else if (endpoints[i].ours)
            more++;
    }
    if (present)
        judge_webhook(present, findings);
    else
        findings_add(findings, FINDING_BAD, FINDING_ENDPOINT_MISSING);
    if (more > 0)
        findings_add(findings, FINDING_WARN, FINDING_ENDPOINT_LEFTOVER)->number = more;
}

static void add_refusal(struct findings *findings, const struct link_answer *answer)
{
    if (answer->outcome == LINK_UNREACHABLE)
        findings_add_text(findings, FINDING_WARN, FINDING_UNREACHABLE, answer->reason);
    else if (answer->outcome == LINK_KEY_UNKNOWN)
        findings_add(findings, FINDING_BAD, FINDING_KEYS_UNKNOWN);
    else if (answer->outcome == LINK_KEY_LACKS)
        findings_add(findings, FINDING_BAD, FINDING_KEYS_LACK);
    else
        findings_add_text(findings, FINDING_BAD, FINDING_KEYS_REFUSED, answer->reason);
}

static enum err examine_rest(const struct provider_call *call,
                             const struct provider_account *account, struct findings *findings)
{
    struct link_order order = {.url = link_notify_url(call, account)};
    struct link_endpoint *endpoints = NULL;
    struct link_endpoints known;
    struct link_answer answer;
    size_t count = 0;
    enum err err =
        link_endpoints_read(call->db, account->association_id, account->id, call->arena, &known);

    if (!err)
        err = paypal_linking.endpoint_list(call, account, &order, &endpoints, &count, &answer);
    if (err)
        return err == ERR_CRYPTO ? OK : err; /* the kernel has found that already */
    if (answer.outcome != LINK_DONE) {
        add_refusal(findings, &answer);
        return OK;
    }
    findings_add(findings, FINDING_GOOD, FINDING_KEYS_VALID);
    judge_webhooks(&known, endpoints, count, findings);
    return OK;
}

/* ---- all ---- */

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
    return paypal_able(account) ? examine_rest(call, account, findings) : OK;
}
