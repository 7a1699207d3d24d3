#include "payment/dispute.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "payment/due.h"
#include "payment/post.h"
#include "queries.h"

/* ---- claims ---- */

enum err dispute_any_due(struct db *db, int64_t now, bool *due)
{
    return due_any(db, Q_DISPUTE_ANY_DUE, now, due);
}

enum err dispute_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                           size_t max, size_t *count)
{
    return due_claim(db, Q_DISPUTE_DUE, Q_DISPUTE_CLAIM, provider, now, claims, max, count);
}

enum err dispute_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_DISPUTE_RELEASE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(now)));
}

/* ---- asking ---- */

struct asking {
    const struct claim *claim;
    int64_t account_id, now;
    const char *dispute;
    bool tells_itself; /* the provider cannot be asked for disputes: messages alone tell of them */
    struct resolution resolution;
};

static enum err read_claimed(struct db *db, struct arena *arena, struct asking *asking,
                             bool *holds)
{
    const struct claim *claim = asking->claim;
    struct db_rows rows = {0};
    enum err err =
        db_first(db, Q_DISPUTE_CLAIMED,
                 DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim)),
                 &rows, holds);

    if (!err && *holds) {
        asking->account_id = db_column_int(&rows, 0);
        asking->dispute = db_column_text(&rows, 1, arena);
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_next(struct db *db, void *argument)
{
    const struct asking *asking = argument;
    const struct claim *claim = asking->claim;

    return db_run(
        db, Q_DISPUTE_NEXT,
        DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                  asking->tells_itself ? db_null() : db_int(asking->now + DISPUTE_ASK_S)));
}

static enum err write_answer(struct db *db, void *argument)
{
    struct asking *asking = argument;
    struct arena *arena = arena_new();
    enum err err = OK;

    for (int i = 0;
         !err && asking->resolution.kind == RESOLUTION_FACTS && i < asking->resolution.fact_count;
         i++) {
        struct post_result result;

        err = payment_post(db, &asking->resolution.facts[i], asking->now, arena, &result);
    }
    arena_free(arena);
    return err ? err : write_next(db, argument);
}

/* An account whose consent has ended cannot be asked: it may come back. */
static enum err ask(const struct payment_service *service, const struct provider_call *call,
                    struct asking *asking, bool *provider_down)
{
    const struct provider *provider;
    struct provider_account account;
    enum err err = account_find(call->db, asking->claim->association_id, asking->account_id,
                                call->arena, &account);

    if (err || account.revoked)
        return err;
    provider = payment_provider(service, str_of(account.provider));
    asking->tells_itself = !provider || !provider->resolve_dispute;
    if (asking->tells_itself)
        return OK;
    if (provider->resolve_dispute(call, &account, asking->dispute, &asking->resolution)) {
        log_failure("payment.dispute");
        asking->resolution = (struct resolution){.kind = RESOLUTION_RETRY};
    }
    *provider_down =
        asking->resolution.kind == RESOLUTION_RETRY && asking->resolution.provider_down;
    return OK;
}

enum err payment_work_dispute(const struct payment_service *service,
                              const struct provider_call *call, const struct claim *claim,
                              bool *provider_down)
{
    struct asking *asking = arena_alloc(call->arena, sizeof(*asking));
    bool holds = false;
    enum err err;

    *provider_down = false;
    *asking = (struct asking){.claim = claim, .resolution.kind = RESOLUTION_NOTHING};
    err = read_claimed(call->db, call->arena, asking, &holds);
    if (err || !holds)
        return err;
    err = ask(service, call, asking, provider_down);
    asking->now = clock_now();
    if (!err)
        err = db_write(service->writer, write_answer, asking);
    if (!err)
        return OK;
    log_failure("payment.dispute"); /* what cannot be booked must not be asked for without end */
    return db_write(service->writer, write_next, asking);
}
