#include "base/hash.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox_queries.h"

static const char prefix[] = "cmd=_notify-validate&";

/* Byte for byte one of the true messages? The hash only finds it quickly. */
static enum err is_true(struct db *db, struct str body, bool *found)
{
    unsigned char digest[HASH_LEN];
    char hex[HASH_HEX_MAX];
    int64_t count = 0;
    enum err err = hash_sha256(body, digest);

    *found = false;
    if (err)
        return err;
    hash_hex(digest, HASH_LEN, hex);
    err = db_integer(db, SQ_PAYPAL_IPN_KNOWN, DB_VALUES(db_text(hex), db_blob(body)), 0, &count);
    *found = count > 0;
    return err;
}

bool paypal_is_postback(const struct http_request *request)
{
    static const char mark[] = "cmd=_notify-validate";
    struct str body = request->body;

    if (request->method != HTTP_POST)
        return false;
    if (str_is(request->query, mark))
        return true;
    while (body.len)
        if (str_is(str_cut(&body, '&'), mark))
            return true;
    return false;
}

enum err paypal_validate(struct http_request *request, struct http_response *response)
{
    struct str body = request->body;
    const char *token = NULL;
    bool verified = false;
    enum err err = id_make_hex(request->arena, 13, &token);

    if (err)
        return err;
    http_header_add(response, "Paypal-Debug-Id", token);
    if (str_empty(request->user_agent)) {
        response->status = 403;
        sandbox_visit(request)->verdict = "no_user_agent";
        return OK;
    }
    if (str_starts(body, prefix))
        err = is_true(sandbox_db(request),
                      str_from(body.data + sizeof(prefix) - 1, body.len - sizeof(prefix) + 1),
                      &verified);
    if (err)
        return err;
    sandbox_visit(request)->verdict = verified ? "VERIFIED" : "INVALID";
    response->content_type = "text/html; charset=UTF-8";
    response->without_length = 1;
    buffer_add_text(&response->body, verified ? "VERIFIED" : "INVALID");
    return OK;
}
