#include <stdlib.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

/* What a request of this file works on inside its transaction. */
struct job {
    struct arena *arena;
    struct sandbox *sandbox;
    const json_t *body;
    const char *id; /* of the path, or made */
    int64_t now;
    bool existed;
    json_t *result;
};

static void job_init(struct job *job, struct http_request *request, const json_t *body)
{
    *job = (struct job){.arena = request->arena,
                        .sandbox = sandbox_of(request),
                        .body = body,
                        .now = sandbox_now(sandbox_of(request))};
}

static enum err run(struct job *job, struct http_response *response, db_write_fn *fn, int status)
{
    enum err err = sandbox_write(job->sandbox, fn, job);

    if (!err)
        err = json_answer(response, job->existed ? 200 : status, job->result);
    json_decref(job->result);
    return err;
}

static void job_restart(struct job *job)
{
    json_decref(job->result);
    job->result = NULL;
}

static const char *dump(struct arena *arena, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    const char *copy = arena_string(arena, text);

    free(text);
    return copy;
}

/* ---- accounts and keys ---- */

static const char *key_prefix(const char *kind, bool livemode)
{
    if (!strcmp(kind, "secret"))
        return livemode ? "sk_live_" : "sk_test_";
    if (!strcmp(kind, "restricted"))
        return livemode ? "rk_live_" : "rk_test_";
    return livemode ? "pk_live_" : "pk_test_";
}

/* Adds the key that was given, or one that is made. */
static enum err add_key(struct db *db, const struct job *job, const char *kind, bool livemode,
                        const char **key)
{
    const char *prefix = key_prefix(kind, livemode);
    const json_t *permissions = json_object_get(job->body, "permissions");
    enum err err = OK;

    if (!*key)
        err = id_make(job->arena, prefix, 32, key);
    else if (strncmp(*key, prefix, strlen(prefix)) != 0)
        err = fail(ERR_INPUT, "a %s key begins with %s", kind, prefix);
    if (!err)
        err = db_run(db, SQ_STRIPE_KEY_PUT,
                     DB_VALUES(db_text(*key), db_text(job->id), db_text(kind), db_int(livemode),
                               db_text(permissions ? dump(job->arena, permissions) : NULL),
                               db_int(job->now)));
    return err;
}

static enum err add_keys(struct db *db, struct job *job)
{
    static const struct {
        const char *kind;
        const char *name;
    } kinds[] = {{"secret", "secret_key"},
                 {"restricted", "restricted_key"},
                 {"publishable", "publishable_key"}};
    bool livemode = control_flag(job->body, "livemode");
    enum err err = OK;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && !err; i++) {
        const char *key = control_text(job->body, kinds[i].name, NULL);

        if (!key && job->existed)
            continue;
        err = add_key(db, job, kinds[i].kind, livemode, &key);
        if (!err)
            put_text(job->result, kinds[i].name, key);
    }
    return err;
}

static enum err put_account_row(struct db *db, const struct job *job)
{
    const json_t *body = job->body;

    return db_run(db, SQ_STRIPE_ACCOUNT_PUT,
                  DB_VALUES(db_text(job->id), db_text(row_text(body, "name")),
                            db_text(row_text(body, "email")),
                            db_text(control_text(body, "country", "FR")),
                            db_text(control_text(body, "currency", "eur")),
                            db_int(control_integer(body, "fee_basis_points", 150)),
                            db_int(control_integer(body, "fee_fixed_cents", 25)),
                            db_int(!json_is_false(json_object_get(body, "charges_enabled"))),
                            db_int(job->now)));
}

static enum err put_account(struct db *db, void *argument)
{
    struct job *job = argument;
    json_auto_t *row = NULL;
    json_t *keys = NULL;
    enum err err = OK;

    job_restart(job);
    job->id = control_text(job->body, "id", NULL);
    if (!job->id)
        err = id_make(job->arena, "acct_1", 16, &job->id);
    if (!err)
        err = row_find(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(job->id)), &row);
    if (err)
        return err;
    job->existed = row != NULL;
    keys = json_object();
    job->result = keys;
    err = put_account_row(db, job);
    if (!err)
        err = add_keys(db, job);
    if (err)
        return err;
    json_decref(row);
    row = NULL;
    err = row_need(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(job->id)), "account", &row);
    if (err)
        return err;
    put_bool(row, "livemode", control_flag(job->body, "livemode"));
    json_object_update(row, keys);
    json_decref(keys);
    job->result = json_incref(row);
    return OK;
}

enum err control_account_put_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"id", JSON_STRING, 0},
                                              {"name", JSON_STRING, 1},
                                              {"currency", JSON_STRING, 0},
                                              {"country", JSON_STRING, 0},
                                              {"email", JSON_STRING, 0},
                                              {"fee_basis_points", JSON_INTEGER, 0},
                                              {"fee_fixed_cents", JSON_INTEGER, 0},
                                              {"livemode", JSON_TRUE, 0},
                                              {"charges_enabled", JSON_TRUE, 0},
                                              {"secret_key", JSON_STRING, 0},
                                              {"restricted_key", JSON_STRING, 0},
                                              {"publishable_key", JSON_STRING, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    return run(&job, response, put_account, 201);
}

enum err control_account_list_handler(struct http_request *request, struct http_response *response)
{
    return control_list(request, response, "accounts", SQ_STRIPE_ACCOUNT_LIST, DB_NO_VALUES);
}

static enum err need_account(struct db *db, const char *id)
{
    json_auto_t *row = NULL;

    return row_need(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(id)), "account", &row);
}

static enum err put_key(struct db *db, void *argument)
{
    struct job *job = argument;
    const char *kind = row_text(job->body, "kind");
    const char *key = control_text(job->body, "key", NULL);
    bool livemode = control_flag(job->body, "livemode");
    enum err err = control_check_choice("kind", kind, "secret|restricted|publishable");

    job_restart(job);
    if (!err)
        err = need_account(db, job->id);
    if (!err)
        err = add_key(db, job, kind, livemode, &key);
    if (err)
        return err;
    job->result = json_object();
    put_text(job->result, "key", key);
    put_text(job->result, "kind", kind);
    put_bool(job->result, "livemode", livemode);
    put_copy(job->result, "permissions", job->body, "permissions");
    return OK;
}

enum err control_account_key_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"kind", JSON_STRING, 1},
                                              {"livemode", JSON_TRUE, 0},
                                              {"permissions", JSON_ARRAY, 0},
                                              {"key", JSON_STRING, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, put_key, 201);
}

static enum err revoke_key(struct db *db, void *argument)
{
    struct job *job = argument;

    job_restart(job);
    return row_need(db, SQ_STRIPE_KEY_REVOKE, DB_VALUES(db_text(job->id), db_int(job->now)), "key",
                    &job->result);
}

enum err control_key_revoke_handler(struct http_request *request, struct http_response *response)
{
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, NULL, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, revoke_key, 200);
}

static enum err put_link(struct db *db, void *argument)
{
    struct job *job = argument;
    const char *platform = row_text(job->body, "platform");
    enum err err = need_account(db, job->id);

    job_restart(job);
    if (!err)
        err = need_account(db, platform);
    if (!err)
        err = db_run(db, SQ_STRIPE_LINK_PUT, DB_VALUES(db_text(platform), db_text(job->id)));
    if (err)
        return err;
    job->result = json_object();
    put_text(job->result, "platform", platform);
    put_text(job->result, "account", job->id);
    return OK;
}

enum err control_account_link_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"platform", JSON_STRING, 1}, {.name = NULL}};
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, put_link, 201);
}

/* ---- webhook endpoints ---- */

static enum err answer_endpoint(struct db *db, struct job *job)
{
    job_restart(job);
    return row_need(db, SQ_STRIPE_ENDPOINT_BY_ID, DB_VALUES(db_text(job->id)), "endpoint",
                    &job->result);
}

static enum err add_endpoint(struct db *db, void *argument)
{
    struct job *job = argument;
    const json_t *body = job->body;
    const json_t *events = json_object_get(body, "events");
    const char *account = job->id;
    const char *secret = control_text(body, "secret", NULL);
    const char *id = NULL;
    enum err err = need_account(db, account);

    if (!err)
        err = id_make(job->arena, "we_1", 23, &id);
    if (!err && !secret)
        err = id_make(job->arena, "whsec_", 32, &secret);
    if (!err)
        err = db_run(
            db, SQ_STRIPE_ENDPOINT_ADD,
            DB_VALUES(db_text(id), db_text(account), db_int(control_flag(body, "livemode")),
                      db_int(control_flag(body, "connect")), db_text(row_text(body, "url")),
                      db_text(secret), db_text(events ? dump(job->arena, events) : "[\"*\"]"),
                      db_text(control_text(body, "api_version", STRIPE_VERSION)), db_null(),
                      db_text("{}"), db_int(job->now)));
    if (err)
        return err;
    job_restart(job);
    return row_need(db, SQ_STRIPE_ENDPOINT_BY_ID, DB_VALUES(db_text(id)), "endpoint",
                    &job->result);
}

enum err control_endpoint_add_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"url", JSON_STRING, 1},
                                              {"secret", JSON_STRING, 0},
                                              {"events", JSON_ARRAY, 0},
                                              {"connect", JSON_TRUE, 0},
                                              {"livemode", JSON_TRUE, 0},
                                              {"api_version", JSON_STRING, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, add_endpoint, 201);
}

static enum err set_endpoint(struct db *db, void *argument)
{
    struct job *job = argument;
    const json_t *events = json_object_get(job->body, "events");
    enum err err = db_run(db, SQ_STRIPE_ENDPOINT_SET,
                          DB_VALUES(db_text(job->id), db_text(row_text(job->body, "url")),
                                    db_text(events ? dump(job->arena, events) : NULL),
                                    db_text(row_text(job->body, "status")), db_null(), db_null(),
                                    db_text(row_text(job->body, "secret"))));

    return err ? err : answer_endpoint(db, job);
}

enum err control_endpoint_set_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"url", JSON_STRING, 0},
                                              {"events", JSON_ARRAY, 0},
                                              {"status", JSON_STRING, 0},
                                              {"secret", JSON_STRING, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, set_endpoint, 200);
}

static enum err rotate(struct db *db, void *argument)
{
    struct job *job = argument;
    const char *secret = control_text(job->body, "secret", NULL);
    enum err err = OK;

    if (!secret)
        err = id_make(job->arena, "whsec_", 32, &secret);
    if (!err)
        err = db_run(db, SQ_STRIPE_ENDPOINT_ROTATE, DB_VALUES(db_text(job->id), db_text(secret)));
    return err ? err : answer_endpoint(db, job);
}

static enum err rotated(struct db *db, void *argument)
{
    struct job *job = argument;
    enum err err = db_run(db, SQ_STRIPE_ENDPOINT_ROTATED, DB_VALUES(db_text(job->id)));

    return err ? err : answer_endpoint(db, job);
}

enum err control_endpoint_rotate_handler(struct http_request *request,
                                         struct http_response *response)
{
    static const struct control_key keys[] = {{"secret", JSON_STRING, 0}, {.name = NULL}};
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, rotate, 200);
}

enum err control_endpoint_rotated_handler(struct http_request *request,
                                          struct http_response *response)
{
    json_auto_t *body = NULL;
    struct job job;
    enum err err = control_body(request, NULL, &body);

    if (err)
        return err;
    job_init(&job, request, body);
    job.id = control_part(request, 0);
    return run(&job, response, rotated, 200);
}
