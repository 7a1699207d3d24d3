/*
 * The job: retired endpoints are deleted at the provider when their time has come.
 */
#include "payment/link.h"

#include "base/arena.h"
#include "base/clock.h"
#include "payment/link_internal.h"
#include "queries.h"

enum { DUE_MAX = 16 };

enum err link_any_due(struct db *db, int64_t now, bool *due)
{
    int64_t found = 0;
    enum err err = db_integer(db, Q_ENDPOINT_ANY_DUE,
                              DB_VALUES(db_int(now), db_int(now + EVENT_LEASE_S)), 0, &found);

    *due = found > 0;
    return err;
}

enum err link_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_ENDPOINT_RELEASE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(now)));
}

enum err link_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                        size_t max, size_t *count)
{
    struct claim due[DUE_MAX];
    size_t due_count = 0;
    struct db_rows rows = {0};
    bool found = false;
    enum err err;

    *count = 0;
    if (max > DUE_MAX)
        max = DUE_MAX;
    err = db_select(db, Q_ENDPOINT_DUE,
                    DB_VALUES(db_text(provider), db_int(now), db_int(now + EVENT_LEASE_S),
                              db_int((int64_t)max)),
                    &rows);
    while (!err && !(err = db_next(&rows, &found)) && found && due_count < max)
        due[due_count++] = (struct claim){db_column_int(&rows, 0), db_column_int(&rows, 1), 0};
    db_rows_done(&rows);
    for (size_t i = 0; !err && i < due_count; i++) {
        err = db_integer(db, Q_ENDPOINT_CLAIM,
                         DB_VALUES(db_int(due[i].association_id), db_int(due[i].id), db_int(now),
                                   db_int(now + EVENT_LEASE_S)),
                         0, &due[i].claim);
        if (!err && due[i].claim > 0)
            claims[(*count)++] = due[i];
    }
    return err;
}

/* ---- deleting ---- */

struct deletion {
    const struct claim *claim;
    struct provider_account account;
    int64_t account_id, slot, attempts;
    const char *external_id;
    struct link_answer answer;
    int64_t now;
};

static enum err read_claimed(struct db *db, struct arena *arena, struct deletion *deletion,
                             bool *holds)
{
    const struct claim *claim = deletion->claim;
    struct db_rows rows = {0};
    enum err err =
        db_first(db, Q_ENDPOINT_FIND,
                 DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim)),
                 &rows, holds);

    if (!err && *holds) {
        deletion->account_id = db_column_int(&rows, 0);
        deletion->slot = db_column_int(&rows, 1);
        deletion->external_id = db_column_text(&rows, 2, arena);
        deletion->attempts = db_column_int(&rows, 3);
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_later(struct db *db, const struct deletion *deletion)
{
    const struct claim *claim = deletion->claim;

    return db_run(db, Q_ENDPOINT_LATER,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(deletion->now + event_backoff_s(deletion->attempts)),
                            db_text(link_outcome_name(deletion->answer.outcome)),
                            db_int(deletion->now)));
}

static enum err write_end(struct db *db, void *argument)
{
    const struct deletion *deletion = argument;
    const struct audit_actor nobody = {.address = ""};
    struct arena *arena;
    bool changed = false;
    enum err err;

    if (deletion->answer.outcome != LINK_DONE && deletion->answer.outcome != LINK_ABSENT)
        return write_later(db, deletion);
    arena = arena_new();
    err = link_store_gone(db, &deletion->account, deletion->claim->id, deletion->slot, true,
                          deletion->now, &changed);
    if (!err && changed)
        err = audit_add(
            db, deletion->account.association_id, &nobody, "endpoint.gone",
            arena_printf(arena, "provider_account:%lld", (long long)deletion->account.id),
            deletion->external_id);
    arena_free(arena);
    return err;
}

enum err payment_work_endpoint(const struct payment_service *service,
                               const struct provider_call *call, const struct claim *claim,
                               bool *provider_down)
{
    struct deletion deletion = {.claim = claim};
    const struct provider *provider;
    bool holds = false;
    enum err err = read_claimed(call->db, call->arena, &deletion, &holds);

    *provider_down = false;
    if (err || !holds)
        return err;
    err = account_find(call->db, claim->association_id, deletion.account_id, call->arena,
                       &deletion.account);
    if (err)
        return err;
    deletion.account.link_kind = ACCOUNT_KEYS; /* endpoints are made and deleted with its own */
    provider = payment_provider(service, str_of(deletion.account.provider));
    if (!provider || !provider->linking)
        return fail(ERR_INTERNAL, "provider of an endpoint is not registered");
    err = provider->linking->endpoint_delete(call, &deletion.account, deletion.external_id,
                                             &deletion.answer);
    if (err)
        return err;
    *provider_down = deletion.answer.provider_down;
    deletion.now = clock_now();
    return db_write(service->writer, write_end, &deletion);
}
