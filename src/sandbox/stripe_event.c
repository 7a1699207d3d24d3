#include <stdlib.h>
#include <string.h>

#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

/* The event as a row of the ledger would show it. */
static json_t *event_row(const struct stripe_move *move, const json_t *session, const char *id,
                         const char *type, const json_t *object)
{
    json_t *row = json_object();

    put_text(row, "id", id);
    put_text(row, "api_version", STRIPE_VERSION);
    put_integer(row, "created", move->now);
    put_copy(row, "livemode", session, "livemode");
    put_text(row, "type", type);
    put(row, "object", json_deep_copy(object));
    put_text(row, "request_id", move->request_id);
    put_text(row, "idempotency_key", move->idempotency_key);
    if (move->previous)
        put(row, "previous", json_loads(move->previous, 0, NULL));
    return row;
}

static enum err insert_event(struct db *db, const struct stripe_move *move, const json_t *session,
                             const json_t *row)
{
    char *text = json_dumps(json_object_get(row, "object"), JSON_COMPACT);
    enum err err = db_run(
        db, SQ_STRIPE_EVENT_ADD,
        DB_VALUES(db_text(row_text(row, "id")), db_text(row_text(session, "account")),
                  db_int(row_flag(session, "livemode")), db_text(row_text(row, "type")),
                  db_text(row_text(session, "id")),
                  db_text(row_text(json_object_get(row, "object"), "id")), db_text(text),
                  db_text(STRIPE_VERSION), db_text(move->request_id),
                  db_text(move->idempotency_key), db_int(move->now), db_text(move->previous)));

    free(text);
    return err;
}

static enum err plan_for(struct db *db, struct stripe_move *move, const json_t *session,
                         const json_t *row, const json_t *listener, bool hold)
{
    struct delivery_draft draft = {
        .provider = "stripe",
        .kind = arena_string(move->arena, row_text(row, "type")),
        .reference = arena_string(move->arena, row_text(row, "id")),
        .object_id = move->session_id,
        .endpoint_id = arena_string(move->arena, row_text(listener, "id")),
        .url = arena_string(move->arena, row_text(listener, "url")),
        .hold = hold,
    };
    json_auto_t *whole = json_copy((json_t *)row);
    json_auto_t *event = NULL;
    char *text = NULL;
    enum err err = OK;

    if (row_flag(listener, "connect"))
        put_copy(whole, "account", session, "account");
    err = stripe_event_object(db, whole, NULL, &event);
    if (err)
        return err;
    text = json_dumps(event, JSON_INDENT(2));
    draft.body = str_of(arena_string(move->arena, text));
    free(text);
    return delivery_plan(&move->batch, &draft);
}

enum err stripe_event_add(struct db *db, struct stripe_move *move, const json_t *session,
                          const char *type, const json_t *object)
{
    bool unsettled =
        !strcmp(type, "checkout.session.completed") && row_is(object, "payment_status", "unpaid");
    bool hold = unsettled && !strcmp(move->notify.mode, "out_of_order");
    json_auto_t *row = NULL;
    json_auto_t *listeners = NULL;
    const char *id = NULL;
    enum err err = id_make(move->arena, "evt_1", 23, &id);

    if (err)
        return err;
    row = event_row(move, session, id, type, object);
    err = insert_event(db, move, session, row);
    if (!err)
        err = row_list(db, SQ_STRIPE_ENDPOINT_LISTENERS,
                       DB_VALUES(db_text(row_text(session, "account")),
                                 db_int(row_flag(session, "livemode")), db_text(type),
                                 db_text(move->only_platform)),
                       &listeners);
    if (!err)
        put_integer(row, "pending_webhooks", (int64_t)json_array_size(listeners));
    for (size_t i = 0; i < json_array_size(listeners) && !err; i++)
        err = plan_for(db, move, session, row, json_array_get(listeners, i), hold);
    return err;
}
