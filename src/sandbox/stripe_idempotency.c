#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sandbox/internal.h"
#include "sandbox/row.h"
#include "sandbox/stripe.h"
#include "sandbox_queries.h"

enum { KEPT_S = 24 * 3600 };

struct taking {
    struct stripe_call *call;
    const char *fingerprint;
    json_t *kept; /* the row of an earlier call with this key */
};

static enum err take(struct db *db, void *argument)
{
    struct taking *taking = argument;
    const struct stripe_call *call = taking->call;
    const struct db_value key[] = {db_text(call->account_id), db_int(call->livemode),
                                   db_text(call->idempotency_key)};
    enum err err = db_run(db, SQ_IDEMPOTENCY_FORGET, DB_VALUES(db_int(call->now - KEPT_S)));

    json_decref(taking->kept);
    taking->kept = NULL;
    if (!err)
        err = row_find(db, SQ_IDEMPOTENCY_FIND, key, 3, &taking->kept);
    if (!err && !taking->kept)
        err = db_run(db, SQ_IDEMPOTENCY_TAKE,
                     DB_VALUES(key[0], key[1], key[2], db_text(taking->fingerprint),
                               db_text(call->request_id), db_int(call->now)));
    return err;
}

static enum err replay(struct stripe_call *call, const json_t *kept)
{
    sandbox_visit(call->request)->replayed = true;
    http_header_add(call->response, "Idempotent-Replayed", "true");
    http_header_add(call->response, "Original-Request", row_text(kept, "request_id"));
    return json_answer(call->response, (int)row_integer(kept, "status"),
                       json_object_get(kept, "answer"));
}

static enum err meet_earlier(const struct taking *taking)
{
    struct stripe_call *call = taking->call;

    if (!row_is(taking->kept, "fingerprint", taking->fingerprint))
        return stripe_refuse_as(call, 400, "idempotency_error", NULL,
                                "Keys for idempotent requests can only be used with the same "
                                "parameters they were first used with.");
    if (json_is_null(json_object_get(taking->kept, "status")))
        return stripe_refuse_as(call, 409, "idempotency_error", "idempotency_key_in_use",
                                "Another request with this idempotency key is in progress.");
    return replay(call, taking->kept);
}

enum err stripe_idempotency_begin(struct stripe_call *call, bool *answered)
{
    struct taking taking = {.call = call};
    enum err err = OK;

    *answered = false;
    if (!call->idempotency_key)
        return OK;
    err =
        call_fingerprint(call->arena, call->request->path, call->parameters, &taking.fingerprint);
    if (!err)
        err = sandbox_write(call->sandbox, take, &taking);
    if (!err && taking.kept) {
        *answered = true;
        err = meet_earlier(&taking);
    }
    json_decref(taking.kept);
    return err;
}

enum err stripe_idempotency_keep(struct stripe_call *call, struct db *db, int status,
                                 const json_t *answer)
{
    char *text = NULL;
    enum err err = OK;

    if (!call->idempotency_key)
        return OK;
    text = json_dumps(answer, JSON_COMPACT);
    err = db_run(db, SQ_IDEMPOTENCY_KEEP,
                 DB_VALUES(db_text(call->account_id), db_int(call->livemode),
                           db_text(call->idempotency_key), db_int(status), db_text(text)));
    free(text);
    return err;
}

static enum err release(struct db *db, void *argument)
{
    const struct stripe_call *call = argument;

    return db_run(db, SQ_IDEMPOTENCY_RELEASE,
                  DB_VALUES(db_text(call->account_id), db_int(call->livemode),
                            db_text(call->idempotency_key)));
}

void stripe_idempotency_release(struct stripe_call *call)
{
    struct err_record record = *err_last();

    if (call->idempotency_key && sandbox_write(call->sandbox, release, call))
        log_failure("sandbox.idempotency");
    err_adopt(&record);
}
