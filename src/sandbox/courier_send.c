#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "net/http_client.h"
#include "sandbox/courier.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_event.h"
#include "sandbox_queries.h"

enum { ANSWER_MAX = 64 * 1024 };

/* A notification on its way. */
struct parcel {
    int64_t number;
    bool stripe;
    const char *url;
    struct str body;
    bool bad_signature;
    int64_t attempts;
    const char *secret;
    const char *old_secret;
    const char *webhook_id; /* an event of PayPal's */
    const char *alteration;
    /* what came of it */
    int status;        /* 0: no answer */
    const char *error; /* NULL when there was one */
    const char *state;
    int64_t due_ms;
    int64_t now_ms;
};

static enum err load(struct db *db, struct arena *arena, struct parcel *parcel, bool *found)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, SQ_DELIVERY_DUE, DB_VALUES(db_int(clock_now_ms())), &rows, found);

    if (!err && *found) {
        parcel->number = db_column_int(&rows, 0);
        parcel->stripe = str_is(db_column_str(&rows, 1), "stripe");
        parcel->url = db_column_text(&rows, 2, arena);
        parcel->body = db_column_blob(&rows, 3, arena);
        parcel->bad_signature = db_column_int(&rows, 4) != 0;
        parcel->attempts = db_column_int(&rows, 5);
        parcel->secret = db_column_text(&rows, 6, arena);
        parcel->old_secret = db_column_text(&rows, 7, arena);
        parcel->webhook_id = db_column_text(&rows, 8, arena);
        parcel->alteration = db_column_text(&rows, 9, arena);
    }
    db_rows_done(&rows);
    return err;
}

/* ---- signing ---- */

static enum err add_signature(struct buffer *header, const char *secret, struct str signed_text)
{
    unsigned char digest[HASH_LEN];
    char hex[HASH_HEX_MAX];
    enum err err = hash_hmac_sha256(str_of(secret), signed_text, digest);

    hash_hex(digest, HASH_LEN, hex);
    buffer_printf(header, ",v1=%s", hex);
    return err;
}

/* t is the real time of this try; each secret that is valid now gives one v1. */
static enum err sign(const struct parcel *parcel, struct arena *arena, const char **header)
{
    int64_t now = clock_now();
    char nobody[RANDOM_TOKEN_MAX] = "";
    struct buffer text;
    struct buffer value;
    enum err err = OK;

    buffer_init(&text, arena, parcel->body.len + 16);
    buffer_printf(&text, "%lld.", (long long)now);
    buffer_add_str(&text, parcel->body);
    buffer_init(&value, arena, 256);
    buffer_printf(&value, "Stripe-Signature: t=%lld", (long long)now);
    if (parcel->bad_signature) {
        err = random_token(nobody);
        if (!err)
            err = add_signature(&value, nobody, buffer_str(&text));
    } else if (parcel->secret) {
        err = add_signature(&value, parcel->secret, buffer_str(&text));
        if (!err && parcel->old_secret)
            err = add_signature(&value, parcel->old_secret, buffer_str(&text));
    }
    *header = value.data;
    return err;
}

/* ---- sending ---- */

static enum err fill_stripe(const struct parcel *parcel, struct arena *arena,
                            struct http_call *call)
{
    call->headers[0] = "Content-Type: application/json; charset=utf-8";
    call->headers[1] = "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)";
    call->headers[2] = "Accept: */*; q=0.5, application/xml";
    call->headers[3] = "Cache-Control: no-cache";
    return sign(parcel, arena, &call->headers[4]);
}

static enum err fill_paypal(struct arena *arena, struct http_call *call)
{
    char token[RANDOM_TOKEN_MAX];
    enum err err = random_token(token);

    call->headers[0] = "Content-Type: application/x-www-form-urlencoded";
    call->headers[1] = "User-Agent: PayPal IPN ( https://www.paypal.com/ipn )";
    call->headers[2] = "Accept: */*";
    call->headers[3] = "Connection: close";
    call->headers[4] = arena_printf(arena, "Correlation-Id: %.13s", token);
    return err;
}

static enum err fill_event(const struct sandbox *sandbox, struct db *db,
                           const struct parcel *parcel, struct arena *arena,
                           struct http_call *call)
{
    struct transmission transmission = {
        .webhook_id = parcel->webhook_id, .alteration = parcel->alteration, .body = parcel->body};
    enum err err = transmission_sign(sandbox, db, arena, &transmission, call->headers);

    call->headers[TRANSMISSION_HEADERS] = "Content-Type: application/json";
    call->headers[TRANSMISSION_HEADERS + 1] = "User-Agent: PayPal/AUHD-214.0-58391792";
    call->headers[TRANSMISSION_HEADERS + 2] = "Accept: */*";
    call->body = transmission.body;
    return err;
}

static void note_failure(struct parcel *parcel, enum err err)
{
    parcel->error = err == ERR_TIMEOUT   ? "timeout"
                    : err == ERR_NETWORK ? "no connection, or nonsense"
                    : err == ERR_CONFIG  ? "an address that is not allowed"
                                         : err_name(err);
}

/* Notifications stay on this machine: the HTTP client takes http:// for loopback hosts alone,
 * so everything else is refused here. */
static bool stays_here(const char *url)
{
    return str_starts(str_of(url), "http://");
}

static enum err post(struct sandbox *sandbox, struct db *db, struct http_client *client,
                     struct arena *arena, struct parcel *parcel)
{
    struct http_call call = {
        .method = "POST", .url = parcel->url, .body = parcel->body, .answer_max = ANSWER_MAX};
    struct http_answer answer = {0};
    enum err err = parcel->stripe       ? fill_stripe(parcel, arena, &call)
                   : parcel->webhook_id ? fill_event(sandbox, db, parcel, arena, &call)
                                        : fill_paypal(arena, &call);

    if (err)
        return err;
    err = stays_here(parcel->url) ? http_client_call(client, &call, arena, &answer)
                                  : fail(ERR_CONFIG, "not an address of this machine");
    if (err)
        note_failure(parcel, err);
    else
        parcel->status = answer.status;
    return OK;
}

/* ---- what comes next ---- */

static void decide(const struct sandbox *sandbox, struct parcel *parcel)
{
    const struct retries *retries =
        parcel->stripe ? &sandbox->stripe_retries : &sandbox->paypal_retries;
    bool accepted =
        parcel->stripe || parcel->webhook_id ? parcel->status / 100 == 2 : parcel->status == 200;

    parcel->now_ms = clock_now_ms();
    parcel->due_ms = parcel->now_ms;
    if (accepted) {
        parcel->state = "delivered";
    } else if (parcel->attempts >= retries->count) {
        parcel->state = "exhausted";
    } else {
        parcel->state = "waiting";
        parcel->due_ms += retries->delay_s[parcel->attempts] * 1000;
    }
}

static enum err record(struct db *db, void *argument)
{
    const struct parcel *parcel = argument;
    struct db_value status = parcel->status ? db_int(parcel->status) : db_null();
    enum err err = db_run(
        db, SQ_DELIVERY_TRY_ADD,
        DB_VALUES(db_int(parcel->number), db_int(parcel->now_ms), status, db_text(parcel->error)));

    if (err)
        return err;
    return db_run(db, SQ_DELIVERY_TRIED,
                  DB_VALUES(db_int(parcel->number), status, db_text(parcel->error),
                            db_text(parcel->state), db_int(parcel->due_ms),
                            db_int(parcel->now_ms)));
}

enum err courier_send_due(struct sandbox *sandbox, struct db *db, struct http_client *client,
                          struct arena *arena, bool *sent)
{
    struct parcel parcel = {0};
    enum err err = load(db, arena, &parcel, sent);

    if (err || !*sent)
        return err;
    err = post(sandbox, db, client, arena, &parcel);
    if (err)
        return err;
    decide(sandbox, &parcel);
    return sandbox_write(sandbox, record, &parcel);
}
