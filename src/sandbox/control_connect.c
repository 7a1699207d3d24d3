#include <stdlib.h>
#include <string.h>

#include "sandbox/connect.h"
#include "sandbox/control.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

/* ---- an account becomes a platform ---- */

struct platform {
    struct arena *arena;
    const json_t *body;
    const char *account_id;
    const char *client_id;
    int64_t now;
};

static const char *redirect_uris(const struct platform *platform)
{
    char *text = json_dumps(json_object_get(platform->body, "redirect_uris"), JSON_COMPACT);
    const char *copy = arena_string(platform->arena, text);

    free(text);
    return copy;
}

static enum err put_platform(struct db *db, void *argument)
{
    const struct platform *platform = argument;
    json_auto_t *account = NULL;
    enum err err = row_need(db, SQ_STRIPE_ACCOUNT_BY_ID, DB_VALUES(db_text(platform->account_id)),
                            "account", &account);

    return err ? err
               : db_run(db, SQ_CONNECT_PLATFORM_PUT,
                        DB_VALUES(db_text(platform->client_id), db_text(platform->account_id),
                                  db_int(control_flag(platform->body, "livemode")),
                                  db_text(redirect_uris(platform)), db_int(platform->now)));
}

enum err control_platform_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"client_id", JSON_STRING, 0},
                                              {"redirect_uris", JSON_ARRAY, 1},
                                              {"livemode", JSON_TRUE, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    json_auto_t *row = NULL;
    struct platform platform = {.arena = request->arena,
                                .account_id = control_part(request, 0),
                                .now = sandbox_now(sandbox_of(request))};
    enum err err = control_body(request, keys, &body);

    if (err)
        return err;
    platform.body = body;
    platform.client_id = control_text(body, "client_id", NULL);
    if (!platform.client_id)
        err = id_make(request->arena, "ca_", 32, &platform.client_id);
    if (!err)
        err = sandbox_write(sandbox_of(request), put_platform, &platform);
    if (!err)
        err = row_need(sandbox_db(request), SQ_CONNECT_PLATFORM_FIND,
                       DB_VALUES(db_text(platform.client_id)), "platform", &row);
    return err ? err : json_answer(response, 201, row);
}

/* ---- an account takes its consent back at Stripe ---- */

enum err control_revoke_handler(struct http_request *request, struct http_response *response)
{
    static const struct control_key keys[] = {{"client_id", JSON_STRING, 1},
                                              {"notify", JSON_STRING, 0},
                                              {"late_s", JSON_INTEGER, 0},
                                              {.name = NULL}};
    json_auto_t *body = NULL;
    json_auto_t *platform = NULL;
    json_auto_t *answer = json_object();
    struct connect_end end = {0};
    enum err err = control_body(request, keys, &body);

    if (!err)
        err = row_need(sandbox_db(request), SQ_CONNECT_PLATFORM_FIND,
                       DB_VALUES(db_text(row_text(body, "client_id"))), "platform", &platform);
    if (err)
        return err;
    stripe_move_init(&end.move, sandbox_of(request), request->arena, control_part(request, 0));
    end.client_id = row_text(body, "client_id");
    end.platform_id = row_text(platform, "account");
    end.livemode = row_flag(platform, "livemode");
    end.move.notify.mode = "normal";
    err = control_notify(body, "notify", "normal|twice|late|before|never|bad_signature",
                         &end.move.notify);
    if (!err)
        err = sandbox_write(sandbox_of(request), connect_end_link, &end);
    if (err)
        return err;
    put(answer, "deliveries", control_numbers(&end.move.batch));
    return json_answer(response, 200, answer);
}
