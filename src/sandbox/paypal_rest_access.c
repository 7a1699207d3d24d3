#include <string.h>

#include "base/base64.h"
#include "base/hash.h"
#include "sandbox/internal.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

#define SCOPES                                                                                    \
    "https://uri.paypal.com/services/payments/payment/authcapture "                               \
    "https://uri.paypal.com/services/payments/refund "                                            \
    "https://uri.paypal.com/services/applications/webhooks "                                      \
    "https://api.paypal.com/v1/payments/.* "                                                      \
    "https://uri.paypal.com/services/disputes/read-seller openid"
#define SCOPE_REPORTING " https://uri.paypal.com/services/reporting/search/read"

/* ---- the bearer of a token ---- */

static enum err refuse_token(struct rest_call *call)
{
    call->error = (struct rest_error){.status = 401,
                                      .name = "invalid_token",
                                      .message = "Token signature verification failed",
                                      .bare = true};
    return OK;
}

enum err rest_enter(struct rest_call *call, struct db *db)
{
    struct str header = str_trim(http_header(call->request, "HTTP_AUTHORIZATION"));
    json_auto_t *token = NULL;
    enum err err = OK;

    if (!str_starts(header, "Bearer "))
        return rest_refuse(call, 401, NULL, NULL);
    err = row_find(db, SQ_PAYPAL_TOKEN_FIND,
                   DB_VALUES(db_str(str_trim(str_from(header.data + 7, header.len - 7)))), &token);
    if (err)
        return err;
    if (!token || row_flag(token, "revoked") || row_integer(token, "expires_at") <= call->now)
        return refuse_token(call);
    err = row_need(db, SQ_PAYPAL_APP_FIND, DB_VALUES(db_text(row_text(token, "client_id"))),
                   "application", &call->app);
    if (err)
        return err;
    if (!row_flag(call->app, "enabled"))
        return refuse_token(call);
    call->client_id = row_text(call->app, "client_id");
    call->business_id = row_text(call->app, "business");
    return OK;
}

/* ---- a token is asked for ---- */

struct token_request {
    struct rest_call call;
    json_t *answer;
};

static enum err refuse_client(struct rest_call *call)
{
    call->error = (struct rest_error){.status = 401,
                                      .name = "invalid_client",
                                      .message = "Client Authentication failed",
                                      .bare = true};
    return OK;
}

/* The application whose id and secret the header holds; call->app stays NULL when refused. */
static enum err find_client(struct rest_call *call)
{
    struct str header = str_trim(http_header(call->request, "HTTP_AUTHORIZATION"));
    struct str pair = {0};
    struct str client_id = {0};
    json_auto_t *app = NULL;
    enum err err = OK;

    if (!str_starts(header, "Basic ") ||
        !base64_read(str_trim(str_from(header.data + 6, header.len - 6)), call->arena, &pair))
        return refuse_client(call);
    client_id = str_cut(&pair, ':');
    err = row_find(sandbox_db(call->request), SQ_PAYPAL_APP_FIND, DB_VALUES(db_str(client_id)),
                   &app);
    if (err)
        return err;
    if (!app || !row_flag(app, "enabled") || !hash_equal(pair, str_of(row_text(app, "secret"))))
        return refuse_client(call);
    call->app = json_incref(app);
    return OK;
}

static enum err check_grant(struct rest_call *call)
{
    struct str rest = call->request->body;
    struct http_pair pair = {0};
    const char *grant = NULL;

    while (http_pair_next_lenient(&rest, call->arena, &pair))
        if (str_is(pair.name, "grant_type"))
            grant = str_copy(call->arena, pair.value);
    if (grant && !strcmp(grant, "client_credentials"))
        return OK;
    call->error = (struct rest_error){.status = 400,
                                      .name = grant ? "unsupported_grant_type" : "invalid_request",
                                      .message = grant ? "Grant Type is NULL or not supported"
                                                       : "grant_type is required",
                                      .bare = true};
    return OK;
}

static enum err add_token(struct db *db, void *argument)
{
    struct token_request *wanted = argument;
    struct rest_call *call = &wanted->call;
    int64_t token_s = row_integer(call->app, "token_s");
    const char *random = NULL;
    const char *token = NULL;
    enum err err = id_make(call->arena, "A21AA", 64, &random);

    if (!err)
        err = id_make(call->arena, random, 28, &token);
    if (!err)
        err = db_run(db, SQ_PAYPAL_TOKEN_ADD,
                     DB_VALUES(db_text(token), db_text(row_text(call->app, "client_id")),
                               db_int(call->now + token_s), db_int(call->now)));
    if (err)
        return err;
    json_decref(wanted->answer);
    wanted->answer = json_object();
    put_text(wanted->answer, "scope",
             row_flag(call->app, "reporting") ? SCOPES SCOPE_REPORTING : SCOPES);
    put_text(wanted->answer, "access_token", token);
    put_text(wanted->answer, "token_type", "Bearer");
    put_text(wanted->answer, "app_id", "APP-80W284485P519543T");
    put_integer(wanted->answer, "expires_in", token_s);
    put_text(wanted->answer, "nonce",
             arena_printf(call->arena, "%s%.20s", rest_time(call->arena, call->now), random + 5));
    return OK;
}

enum err rest_token_handler(struct http_request *request, struct http_response *response)
{
    struct token_request wanted = {.call = {.request = request,
                                            .response = response,
                                            .sandbox = sandbox_of(request),
                                            .arena = request->arena,
                                            .now = sandbox_now(sandbox_of(request))}};
    struct rest_call *call = &wanted.call;
    enum err err = id_make_hex(request->arena, 13, &call->debug_id);

    if (!err)
        err = find_client(call);
    if (!err && !call->error.status)
        err = check_grant(call);
    if (!err && !call->error.status)
        err = sandbox_write(call->sandbox, add_token, &wanted);
    if (!err)
        err = call->error.status ? rest_answer_error(call)
                                 : json_answer(response, 200, wanted.answer);
    if (!err)
        http_header_add(response, "Paypal-Debug-Id", call->debug_id);
    json_decref(wanted.answer);
    json_decref(call->app);
    return err;
}

/* ---- whose application it is ---- */

static enum err userinfo(struct rest_call *call, struct db *db, json_t **answer)
{
    json_auto_t *business = NULL;
    json_t *email = json_object();
    enum err err = row_need(db, SQ_PAYPAL_BUSINESS_FIND, DB_VALUES(db_text(call->business_id)),
                            "business", &business);

    put_text(email, "value", row_text(business, "email"));
    put_true(email, "primary");
    put_true(email, "confirmed");
    *answer = json_object();
    put(*answer, "user_id",
        json_sprintf("https://www.paypal.com/webapps/auth/identity/user/%s", call->business_id));
    put_copy(*answer, "name", business, "name");
    put_text(*answer, "payer_id", call->business_id);
    put_text(*answer, "verified_account", "true");
    put(*answer, "emails", json_pack("[o]", email));
    return err;
}

enum err rest_userinfo_handler(struct http_request *request, struct http_response *response)
{
    static const struct rest_operation operation = {.work = userinfo};

    return rest_serve(request, response, &operation);
}
