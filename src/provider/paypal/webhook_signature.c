#include "provider/paypal/webhook_signature.h"

#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/certificate.h"
#include "base/crc32.h"
#include "base/log.h"
#include "base/zone.h"
#include "net/json.h"
#include "provider/paypal/webhook_certificate.h"
#include "provider/paypal/webhook_opinion.h"

enum { ID_MAX = 64, SIGNATURE_MAX = 1024, FRACTION_MAX = 9 };

/* ---- the headers ---- */

const char *const paypal_webhook_headers[] = {
    "HTTP_PAYPAL_TRANSMISSION_ID", "HTTP_PAYPAL_TRANSMISSION_TIME", "HTTP_PAYPAL_TRANSMISSION_SIG",
    "HTTP_PAYPAL_AUTH_ALGO",       "HTTP_PAYPAL_CERT_URL",          NULL,
};

/* The same name, in any case, '-' and '_' alike, with or without HTTP in front? */
static bool same_name(struct str name, const char *wanted)
{
    size_t len = strlen(wanted);

    if (name.len + 5 == len)
        wanted += 5;
    else if (name.len != len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.data[i];

        if (byte == '-')
            byte = '_';
        else if (byte >= 'a' && byte <= 'z')
            byte = (char)(byte - 'a' + 'A');
        if (byte != wanted[i])
            return false;
    }
    return true;
}

void paypal_delivery_read(struct str lines, struct paypal_delivery *delivery)
{
    struct str *const places[] = {&delivery->id, &delivery->time, &delivery->signature,
                                  &delivery->algorithm, &delivery->certificate_url};
    bool doubled = false;

    for (size_t i = 0; paypal_webhook_headers[i]; i++)
        *places[i] = (struct str){0};
    while (lines.data) {
        struct str line = str_cut(&lines, '\n');
        struct str name = str_trim(str_cut(&line, ':'));

        for (size_t i = 0; paypal_webhook_headers[i]; i++) {
            if (!same_name(name, paypal_webhook_headers[i]))
                continue;
            doubled = doubled || places[i]->data != NULL;
            *places[i] = str_trim(line);
        }
    }
    for (size_t i = 0; doubled && paypal_webhook_headers[i]; i++)
        *places[i] = (struct str){0};
}

/* ---- what can be seen without asking anybody ---- */

/* Letters, digits and '-': neither '|' nor '"' can move what is signed or asked. */
static bool is_word(struct str text, size_t max)
{
    if (text.len == 0 || text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];

        if (!((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
              (byte >= '0' && byte <= '9') || byte == '-' || byte == '_'))
            return false;
    }
    return true;
}

static bool digits(struct str text, size_t from, size_t count, int *value)
{
    *value = 0;
    for (size_t i = from; i < from + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *value = *value * 10 + (text.data[i] - '0');
    }
    return true;
}

/* "2026-11-28T19:40:00Z", with or without a fraction of the second. */
static bool read_time(struct str text, int64_t *at)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
    const size_t whole = sizeof pattern - 1;
    struct date date;
    int hour, minute, second, ignored;

    if (text.len < whole + 1 || text.data[text.len - 1] != 'Z')
        return false;
    for (size_t i = 0; i < whole; i++)
        if (pattern[i] != 'd' && pattern[i] != text.data[i])
            return false;
    if (text.len != whole + 1 &&
        (text.data[whole] != '.' || text.len < whole + 3 || text.len > whole + 2 + FRACTION_MAX ||
         !digits(text, whole + 1, text.len - whole - 2, &ignored)))
        return false;
    if (!digits(text, 0, 4, &date.year) || !digits(text, 5, 2, &date.month) ||
        !digits(text, 8, 2, &date.day) || !digits(text, 11, 2, &hour) ||
        !digits(text, 14, 2, &minute) || !digits(text, 17, 2, &second) || !date_valid(date) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    *at = date_to_unix(date, hour, minute, second);
    return true;
}

static bool time_fits(const struct paypal_delivery *delivery)
{
    int64_t at;

    return read_time(delivery->time, &at) && at >= delivery->received_at - PAYPAL_WEBHOOK_AGE_S &&
           at <= delivery->received_at + PAYPAL_WEBHOOK_AHEAD_S;
}

/* One JSON object and nothing beside it: it is spliced into another one. */
static bool is_object(struct str body)
{
    json_t *json = NULL;
    bool object;

    if (body.len == 0 || body.len > PAYPAL_WEBHOOK_MAX || json_read(body, &json) != OK)
        return false;
    object = json_is_object(json);
    json_decref(json);
    return object;
}

const char *paypal_webhook_fault(const struct paypal_webhook_account *account,
                                 const struct paypal_delivery *delivery, struct arena *arena)
{
    struct str signature;

    if (!is_word(delivery->id, ID_MAX) || !is_word(str_of(account->webhook_id), ID_MAX))
        return "headers";
    if (!str_is(delivery->algorithm, "SHA256withRSA"))
        return "algorithm";
    if (!time_fits(delivery))
        return "time";
    if (delivery->signature.len == 0 || delivery->signature.len > SIGNATURE_MAX ||
        !base64_read(delivery->signature, arena, &signature))
        return "signature";
    if (!paypal_certificate_allowed(account, delivery->certificate_url))
        return "address";
    return is_object(delivery->body) ? NULL : "body";
}

/* ---- the signature ---- */

/* What the certificate says; UNDECIDED when it proves nothing either way. */
static void conclude(enum certificate_worth worth, struct webhook_judgement *judgement)
{
    static const char *const words[] = {
        [CERTIFICATE_OTHER_NAME] = "name", [CERTIFICATE_OUT_OF_DATE] = "dates",
        [CERTIFICATE_WEAK_KEY] = "key",    [CERTIFICATE_SELF_SIGNED] = "issuer",
        [CERTIFICATE_BROKEN] = "issuer",
    };

    if (worth == CERTIFICATE_UNKNOWN_ISSUER)
        *judgement = (struct webhook_judgement){
            .verdict = WEBHOOK_UNDECIDED,
            .reason = "L'émetteur du certificat de PayPal n'est pas connu ici"};
    else
        *judgement = (struct webhook_judgement){.verdict = WEBHOOK_FORGED, .reason = words[worth]};
}

static enum err check_signature(const struct certificate *certificate, const char *webhook_id,
                                const struct paypal_delivery *delivery, struct arena *arena,
                                struct webhook_judgement *judgement)
{
    const char *text =
        arena_printf(arena, "%.*s|%.*s|%s|%lu", STR_PRINT(delivery->id), STR_PRINT(delivery->time),
                     webhook_id, (unsigned long)crc32_of(delivery->body));
    struct str signature;
    bool fits = false;
    enum err err;

    require(base64_read(delivery->signature, arena, &signature));
    err = certificate_signed(certificate, str_of(text), signature, &fits);
    *judgement = fits
                     ? (struct webhook_judgement){.verdict = WEBHOOK_AUTHENTIC, .reason = ""}
                     : (struct webhook_judgement){.verdict = WEBHOOK_FORGED, .reason = "mismatch"};
    return err;
}

/* By one chain: *worth says whether the judgement is about the signature (GOOD) or the chain. */
static enum err judge_by(const struct provider_call *call, struct str pem,
                         const struct paypal_webhook_account *account,
                         const struct paypal_delivery *delivery, enum certificate_worth *worth,
                         struct webhook_judgement *judgement)
{
    /* PayPal has one for live accounts and one for practice. */
    static const char *const names[] = {"messageverificationcerts.paypal.com",
                                        "messageverificationcerts.sandbox.paypal.com", NULL};
    const struct certificate_rule rule = {
        .hosts = names, .ca_file = call->settings->paypal_ca_file, .at = delivery->received_at};
    struct certificate *certificate = NULL;
    enum err err = certificate_read(pem, &certificate);

    if (err == ERR_INPUT) {
        *worth = CERTIFICATE_UNKNOWN_ISSUER;
        conclude(*worth, judgement);
        return OK;
    }
    if (err == OK)
        err = certificate_judge(certificate, &rule, worth);
    if (err == OK && *worth == CERTIFICATE_GOOD)
        err = check_signature(certificate, account->webhook_id, delivery, call->arena, judgement);
    else if (err == OK)
        conclude(*worth, judgement);
    certificate_free(certificate);
    return err;
}

/* By the chain we have or fetch. What we have is used as long as it is good; then it is fetched
 * again: the address may serve its successor. */
static enum err judge_by_certificate(const struct provider_call *call,
                                     const struct paypal_webhook_account *account,
                                     const struct paypal_delivery *delivery,
                                     struct webhook_judgement *judgement)
{
    const char *url = str_copy(call->arena, delivery->certificate_url);
    enum certificate_worth worth = CERTIFICATE_BROKEN;
    struct str pem;
    enum err err;

    if (paypal_certificate_kept(url, call->arena, &pem)) {
        err = judge_by(call, pem, account, delivery, &worth, judgement);
        if (err != OK || worth == CERTIFICATE_GOOD)
            return err;
    }
    err = paypal_certificate_fetch(call, url, &pem);
    if (err != OK) {
        *judgement =
            (struct webhook_judgement){.verdict = WEBHOOK_UNDECIDED,
                                       .reason = "Le certificat de PayPal n'a pas pu être lu",
                                       .down = err == ERR_TIMEOUT || err == ERR_NETWORK};
        log_failure("paypal.webhook");
        return err == ERR_CONFIG ? err : OK;
    }
    err = judge_by(call, pem, account, delivery, &worth, judgement);
    if (err == OK && worth == CERTIFICATE_GOOD)
        paypal_certificate_keep(url, pem);
    return err;
}

enum err paypal_webhook_judge(const struct provider_call *call,
                              const struct paypal_webhook_account *account,
                              const struct paypal_delivery *delivery, paypal_webhook_ask *ask,
                              void *context, struct webhook_judgement *judgement)
{
    const char *fault = paypal_webhook_fault(account, delivery, call->arena);
    enum err err;

    *judgement = (struct webhook_judgement){.verdict = WEBHOOK_FORGED, .reason = fault};
    if (fault)
        return OK;
    err = judge_by_certificate(call, account, delivery, judgement);
    if (err == OK && judgement->verdict == WEBHOOK_UNDECIDED && ask)
        paypal_opinion_judge(call, account, delivery, ask, context, judgement);
    return err;
}
