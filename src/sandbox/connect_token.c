#include "sandbox/connect.h"

#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

/* Errors here are not of the interface's shape: {"error": code, "error_description": words}. */
struct oauth {
    struct http_request *request;
    struct sandbox *sandbox;
    const char *platform_id; /* whose key */
    bool livemode;           /* of the key */
    int64_t now;
    int status; /* of a refusal; 0 = none */
    const char *error;
    const char *words;
    json_t *answer;
};

static enum err refuse(struct oauth *oauth, int status, const char *error, const char *words)
{
    oauth->status = status;
    oauth->error = error;
    oauth->words = words;
    return OK;
}

static const char *given(const struct oauth *oauth, const char *name)
{
    return str_copy(oauth->request->arena, http_field_text(oauth->request, name));
}

/* The platform's secret key: in the header, or as client_secret in the form. */
static enum err enter(struct oauth *oauth)
{
    struct str header = str_trim(http_header(oauth->request, "HTTP_AUTHORIZATION"));
    const char *key = given(oauth, "client_secret");
    json_auto_t *row = NULL;
    enum err err = OK;

    if (str_starts(header, "Bearer "))
        key = str_copy(oauth->request->arena, str_from(header.data + 7, header.len - 7));
    err = row_find(sandbox_db(oauth->request), SQ_STRIPE_KEY_FIND, DB_VALUES(db_text(key)), &row);
    if (err)
        return err;
    if (!row || !row_is(row, "kind", "secret"))
        return refuse(oauth, 401, "invalid_client", "No API key provided, or it is not valid.");
    oauth->platform_id = arena_string(oauth->request->arena, row_text(row, "account"));
    oauth->livemode = row_flag(row, "livemode");
    return OK;
}

static enum err serve(struct http_request *request, struct http_response *response,
                      const struct http_field *fields, enum err (*work)(struct oauth *oauth))
{
    struct oauth oauth = {.request = request,
                          .sandbox = sandbox_of(request),
                          .now = sandbox_now(sandbox_of(request))};
    json_auto_t *object = json_object();
    enum err err = page_fields(request, fields);

    if (err == ERR_INPUT || err == ERR_LIMIT)
        err = refuse(&oauth, 400, "invalid_request", "The form cannot be read.");
    else if (!err)
        err = enter(&oauth);
    if (!err && !oauth.status)
        err = work(&oauth);
    if (err)
        return err;
    if (!oauth.status) {
        json_auto_t *answer = oauth.answer;

        return json_answer(response, 200, answer);
    }
    put_text(object, "error", oauth.error);
    put_text(object, "error_description", oauth.words);
    return json_answer(response, oauth.status, object);
}

/* ---- a code becomes a link ---- */

static enum err check_code(struct oauth *oauth, const json_t *code, const json_t *platform)
{
    if (!code || row_flag(code, "used") ||
        oauth->now - row_integer(code, "created") > CODE_AGE_MAX_S)
        return refuse(oauth, 400, "invalid_grant", "Authorization code does not exist");
    if (!platform || !row_is(platform, "account", oauth->platform_id))
        return refuse(oauth, 400, "invalid_grant",
                      "Authorization code provided does not belong to you");
    if (row_flag(platform, "livemode") != oauth->livemode)
        return refuse(oauth, 400, "invalid_grant", "Authorization code is of another mode");
    return OK;
}

static enum err use_code(struct db *db, struct oauth *oauth, const char *code, json_t **row)
{
    json_auto_t *platform = NULL;
    enum err err = row_find(db, SQ_CONNECT_CODE_FIND, DB_VALUES(db_text(code)), row);

    if (!err && *row)
        err = row_find(db, SQ_CONNECT_PLATFORM_FIND,
                       DB_VALUES(db_text(row_text(*row, "client_id"))), &platform);
    if (!err)
        err = check_code(oauth, *row, platform);
    if (err || oauth->status)
        return err;
    err = db_run(db, SQ_CONNECT_CODE_USE, DB_VALUES(db_text(code), db_int(oauth->now)));
    if (!err)
        err = db_run(db, SQ_STRIPE_LINK_PUT,
                     DB_VALUES(db_text(oauth->platform_id), db_text(row_text(*row, "account"))));
    return err;
}

/* The keys of the account that stand in the answer work, as Stripe's do; whoever keeps the
 * account's id alone never needs them. */
static enum err add_key(struct db *db, const struct oauth *oauth, const char *account,
                        const char *kind, const char *prefix, const char **key)
{
    enum err err = id_make(
        oauth->request->arena,
        arena_printf(oauth->request->arena, "%s_%s_", prefix, oauth->livemode ? "live" : "test"),
        32, key);

    return err ? err
               : db_run(db, SQ_STRIPE_KEY_PUT,
                        DB_VALUES(db_text(*key), db_text(account), db_text(kind),
                                  db_int(oauth->livemode), db_null(), db_int(oauth->now)));
}

static enum err exchange(struct db *db, void *argument)
{
    struct oauth *oauth = argument;
    json_auto_t *row = NULL;
    const char *secret = NULL, *publishable = NULL, *refresh = NULL;
    enum err err = OK;

    json_decref(oauth->answer);
    oauth->answer = NULL;
    oauth->status = 0;
    err = use_code(db, oauth, given(oauth, "code"), &row);
    if (err || oauth->status)
        return err;
    err = add_key(db, oauth, row_text(row, "account"), "secret", "sk", &secret);
    if (!err)
        err = add_key(db, oauth, row_text(row, "account"), "publishable", "pk", &publishable);
    if (!err)
        err = id_make(oauth->request->arena, "rt_", 32, &refresh);
    if (err)
        return err;
    oauth->answer = json_object();
    put_text(oauth->answer, "access_token", secret);
    put_bool(oauth->answer, "livemode", oauth->livemode);
    put_text(oauth->answer, "refresh_token", refresh);
    put_text(oauth->answer, "token_type", "bearer");
    put_text(oauth->answer, "stripe_publishable_key", publishable);
    put_copy(oauth->answer, "stripe_user_id", row, "account");
    put_text(oauth->answer, "scope", "read_write");
    return OK;
}

static enum err token(struct oauth *oauth)
{
    const char *grant = given(oauth, "grant_type");

    if (!*grant)
        return refuse(oauth, 400, "invalid_request", "No grant type specified");
    if (strcmp(grant, "authorization_code") != 0)
        return refuse(oauth, 400, "unsupported_grant_type", "The grant type is not supported");
    if (!*given(oauth, "code"))
        return refuse(oauth, 400, "invalid_request", "No authorization code provided");
    return sandbox_write(oauth->sandbox, exchange, oauth);
}

enum err connect_token_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "grant_type", .type = HTTP_TEXT, .max = 40},
        {.name = "code", .type = HTTP_TEXT, .max = 255},
        {.name = "client_secret", .type = HTTP_TEXT, .max = 255},
        {.name = NULL},
    };

    return serve(request, response, fields, token);
}

/* ---- a link ends ---- */

static enum err add_event(struct db *db, struct connect_end *end)
{
    json_auto_t *owner = json_object();
    json_auto_t *application = json_object();

    put_text(owner, "account", end->move.session_id);
    put_bool(owner, "livemode", end->livemode);
    put_text(application, "id", end->client_id);
    put_text(application, "object", "application");
    put_text(application, "name", "Guichet");
    return stripe_event_add(db, &end->move, owner, "account.application.deauthorized",
                            application);
}

enum err connect_end_link(struct db *db, void *argument)
{
    struct connect_end *end = argument;
    int64_t linked = 0;
    enum err err = db_integer(db, SQ_STRIPE_LINK_EXISTS,
                              DB_VALUES(db_text(end->platform_id), db_text(end->move.session_id)),
                              0, &linked);

    if (!err && !linked)
        err = fail(ERR_NOT_FOUND, "no such link");
    end->move.batch.draft_count = 0;
    end->move.batch.count = 0;
    end->move.only_platform = end->platform_id;
    if (!err)
        err = add_event(db, end);
    if (!err)
        err = delivery_add(db, &end->move.batch, &end->move.notify, end->move.now_ms);
    if (!err)
        err = db_run(db, SQ_CONNECT_LINK_DROP,
                     DB_VALUES(db_text(end->platform_id), db_text(end->move.session_id)));
    return err;
}

static enum err deauthorize(struct oauth *oauth)
{
    struct connect_end end = {.client_id = given(oauth, "client_id"),
                              .platform_id = oauth->platform_id,
                              .livemode = oauth->livemode};
    json_auto_t *platform = NULL;
    enum err err = row_find(sandbox_db(oauth->request), SQ_CONNECT_PLATFORM_FIND,
                            DB_VALUES(db_text(end.client_id)), &platform);

    if (err)
        return err;
    if (!platform || !row_is(platform, "account", oauth->platform_id) ||
        row_flag(platform, "livemode") != oauth->livemode)
        return refuse(oauth, 401, "invalid_client", "No such application.");
    stripe_move_init(&end.move, oauth->sandbox, oauth->request->arena,
                     given(oauth, "stripe_user_id"));
    end.move.notify.mode = "normal";
    err = sandbox_write(oauth->sandbox, connect_end_link, &end);
    if (err == ERR_NOT_FOUND)
        return refuse(oauth, 401, "invalid_client",
                      "This application is not connected to the stripe account, or that account "
                      "does not exist.");
    if (err)
        return err;
    oauth->answer = json_object();
    put_text(oauth->answer, "stripe_user_id", end.move.session_id);
    return OK;
}

enum err connect_deauthorize_handler(struct http_request *request, struct http_response *response)
{
    static const struct http_field fields[] = {
        {.name = "client_id", .type = HTTP_TEXT, .max = 255},
        {.name = "stripe_user_id", .type = HTTP_TEXT, .max = 255},
        {.name = "client_secret", .type = HTTP_TEXT, .max = 255},
        {.name = NULL},
    };

    return serve(request, response, fields, deauthorize);
}
