#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox/stripe_form.h"
#include "sandbox_queries.h"

enum { ENDPOINTS_MAX = 16, DESCRIPTION_MAX = 5000 };

static const char *dump(struct arena *arena, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    const char *copy = arena_string(arena, text);

    free(text);
    return copy;
}

/* The endpoint of the path, or a refusal. */
static enum err find(struct stripe_call *call, struct db *db, json_t **row)
{
    const char *id = str_copy(call->arena, call->request->path_parts[0]);
    enum err err =
        row_find(db, SQ_STRIPE_ENDPOINT_FIND,
                 DB_VALUES(db_text(id), db_text(call->account_id), db_int(call->livemode)), row);

    return err || *row ? err : stripe_refuse_missing(call, "webhook_endpoint", id);
}

/* ---- create ---- */

static enum err check_create(struct stripe_call *call)
{
    if (!row_text(call->parameters, "url"))
        return stripe_refuse(call, "parameter_missing", "url", "Missing required param: url.");
    if (!json_array_size(json_object_get(call->parameters, "enabled_events")))
        return stripe_refuse(call, "parameter_missing", "enabled_events",
                             "Missing required param: enabled_events.");
    return OK;
}

static enum err check_count(struct stripe_call *call, struct db *db)
{
    json_auto_t *rows = NULL;
    enum err err = row_list(db, SQ_STRIPE_ENDPOINT_LIST,
                            DB_VALUES(db_text(call->account_id), db_int(call->livemode),
                                      db_text("{}"), db_null(), db_null(), db_int(ENDPOINTS_MAX)),
                            &rows);

    if (!err && json_array_size(rows) == ENDPOINTS_MAX)
        return stripe_refuse(call, NULL, NULL, "An account has at most %d webhook endpoints.",
                             ENDPOINTS_MAX);
    return err;
}

static enum err add(struct stripe_call *call, struct db *db, const char *id)
{
    const json_t *parameters = call->parameters;
    const char *metadata = dump(call->arena, json_object_get(parameters, "metadata"));
    const char *secret = NULL;
    enum err err = id_make(call->arena, "whsec_", 32, &secret);

    if (err)
        return err;
    return db_run(
        db, SQ_STRIPE_ENDPOINT_ADD,
        DB_VALUES(db_text(id), db_text(call->account_id), db_int(call->livemode),
                  db_int(row_flag(parameters, "connect")), db_text(row_text(parameters, "url")),
                  db_text(secret),
                  db_text(dump(call->arena, json_object_get(parameters, "enabled_events"))),
                  db_text(row_text(parameters, "api_version")),
                  db_text(row_text(parameters, "description")),
                  db_text(metadata ? metadata : "{}"), db_int(call->now)));
}

/* The secret is told here and never again. */
static enum err create(struct stripe_call *call, struct db *db, json_t **answer)
{
    json_auto_t *row = NULL;
    const char *id = NULL;
    enum err err = check_count(call, db);

    if (err || call->error.status)
        return err;
    err = id_make(call->arena, "we_1", 23, &id);
    if (!err)
        err = add(call, db, id);
    if (!err)
        err = row_need(db, SQ_STRIPE_ENDPOINT_BY_ID, DB_VALUES(db_text(id)), "endpoint", &row);
    if (!err)
        err = stripe_endpoint_object(db, row, NULL, answer);
    if (!err)
        put_copy(*answer, "secret", row, "secret");
    return err;
}

enum err stripe_endpoint_create_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        {.path = "url", .kind = RULE_URL, .max = 2048},
        {.path = "enabled_events[]", .kind = RULE_TEXT, .max = 100},
        {.path = "api_version", .kind = RULE_CHOICE, .choices = STRIPE_VERSION},
        {.path = "connect", .kind = RULE_BOOLEAN},
        {.path = "description", .kind = RULE_TEXT, .max = DESCRIPTION_MAX},
        {.path = "metadata", .kind = RULE_METADATA},
        {.path = "expand[]", .kind = RULE_TEXT, .max = 500},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {
        .rules = rules, .check = check_create, .work = create};

    return stripe_serve(request, response, &operation);
}

/* ---- read ---- */

static enum err get(struct stripe_call *call, struct db *db, json_t **answer)
{
    json_auto_t *row = NULL;
    enum err err = find(call, db, &row);

    return err || call->error.status ? err : stripe_endpoint_object(db, row, NULL, answer);
}

enum err stripe_endpoint_get_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_operation operation = {.work = get};

    return stripe_serve(request, response, &operation);
}

static enum err list(struct stripe_call *call, struct db *db, json_t **answer)
{
    static const struct stripe_list endpoints = {
        "/v1/webhook_endpoints",   "webhook_endpoint",    SQ_STRIPE_ENDPOINT_LIST, 0,
        SQ_STRIPE_ENDPOINT_NUMBER, stripe_endpoint_object};

    return stripe_list_answer(call, db, &endpoints, answer);
}

enum err stripe_endpoint_list_handler(struct http_request *request, struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        {.path = "limit", .kind = RULE_INTEGER, .min = 1, .max = 100},
        {.path = "starting_after", .kind = RULE_TEXT, .max = 255},
        {.path = "ending_before", .kind = RULE_TEXT, .max = 255},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = list};

    return stripe_serve(request, response, &operation);
}

/* ---- change ---- */

static enum err update(struct stripe_call *call, struct db *db, json_t **answer)
{
    const json_t *parameters = call->parameters;
    const json_t *disabled = json_object_get(parameters, "disabled");
    json_auto_t *before = NULL;
    json_auto_t *after = NULL;
    enum err err = find(call, db, &before);

    if (err || call->error.status)
        return err;
    err = db_run(
        db, SQ_STRIPE_ENDPOINT_SET,
        DB_VALUES(db_text(row_text(before, "id")), db_text(row_text(parameters, "url")),
                  db_text(dump(call->arena, json_object_get(parameters, "enabled_events"))),
                  db_text(!disabled                ? NULL
                          : json_is_true(disabled) ? "disabled"
                                                   : "enabled"),
                  db_text(row_text(parameters, "description")),
                  db_text(dump(call->arena, json_object_get(parameters, "metadata"))), db_null()));
    if (!err)
        err = row_need(db, SQ_STRIPE_ENDPOINT_BY_ID, DB_VALUES(db_text(row_text(before, "id"))),
                       "endpoint", &after);
    return err ? err : stripe_endpoint_object(db, after, NULL, answer);
}

enum err stripe_endpoint_update_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct stripe_rule rules[] = {
        {.path = "url", .kind = RULE_URL, .max = 2048},
        {.path = "enabled_events[]", .kind = RULE_TEXT, .max = 100},
        {.path = "disabled", .kind = RULE_BOOLEAN},
        {.path = "description", .kind = RULE_TEXT, .max = DESCRIPTION_MAX},
        {.path = "metadata", .kind = RULE_METADATA},
        {.path = "expand[]", .kind = RULE_TEXT, .max = 500},
        {.path = NULL},
    };
    static const struct stripe_operation operation = {.rules = rules, .work = update};

    return stripe_serve(request, response, &operation);
}

static enum err remove_endpoint(struct stripe_call *call, struct db *db, json_t **answer)
{
    json_auto_t *row = NULL;
    const char *id = NULL;
    enum err err = find(call, db, &row);

    if (err || call->error.status)
        return err;
    id = row_text(row, "id");
    err = db_run(db, SQ_STRIPE_ENDPOINT_DROP_DELIVERIES,
                 DB_VALUES(db_text(id), db_int(clock_now_ms())));
    if (!err)
        err = db_run(db, SQ_STRIPE_ENDPOINT_DELETE, DB_VALUES(db_text(id)));
    if (err)
        return err;
    *answer = json_object();
    put_text(*answer, "id", id);
    put_text(*answer, "object", "webhook_endpoint");
    put_true(*answer, "deleted");
    return OK;
}

enum err stripe_endpoint_delete_handler(struct http_request *request,
                                        struct http_response *response)
{
    static const struct stripe_operation operation = {.work = remove_endpoint};

    return stripe_serve(request, response, &operation);
}
