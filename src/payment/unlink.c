#include "payment/unlink.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "queries.h"

enum { LIVE_MAX = 200 };

/* One press on Dissocier: what its steps hand on. */
struct unlinking {
    const struct payment_service *service;
    const struct provider_call *call;
    const struct provider *provider;
    struct provider_account account;
    const struct audit_actor *actor;
    int64_t now;
    int64_t live; /* attempts that stand in the way */
};

static enum err note(struct db *db, const struct provider_account *account, const char *action,
                     const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    enum err err =
        audit_add(db, account->association_id, actor, action,
                  arena_printf(arena, "provider_account:%lld", (long long)account->id), "");

    arena_free(arena);
    return err;
}

enum counted { ALL_IN_PROGRESS, LIVE_ONLY };

static enum err count_progress(struct db *db, const struct provider_account *account,
                               enum counted counted, int64_t *count)
{
    return db_integer(db, Q_CONNECT_PROGRESS_COUNT,
                      DB_VALUES(db_int(account->association_id), db_int(account->id),
                                db_int(counted == LIVE_ONLY ? 1 : 0)),
                      0, count);
}

/* ---- open attempts end first ---- */

static enum err list_live(const struct unlinking *unlinking, int64_t *ids, size_t *count)
{
    const struct provider_account *account = &unlinking->account;
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(
        unlinking->call->db, Q_CONNECT_IN_PROGRESS,
        DB_VALUES(db_int(account->association_id), db_int(account->id), db_int(LIVE_MAX)), &rows);

    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found)
        if (!str_is(db_column_str(&rows, 1), "processing"))
            ids[(*count)++] = db_column_int(&rows, 0);
    db_rows_done(&rows);
    return err;
}

/* Stops at the first that can't be ended now: the provider is away, or still opens it. */
static enum err end_live(struct unlinking *unlinking)
{
    int64_t until_ms = clock_monotonic_ms() + UNLINK_PATIENCE_MS;
    int64_t *ids = arena_array(unlinking->call->arena, LIVE_MAX, sizeof(*ids));
    struct payment_intent intent;
    size_t count = 0;
    enum err err = list_live(unlinking, ids, &count);

    for (size_t i = 0; !err && i < count && clock_monotonic_ms() < until_ms; i++)
        err = payment_cancel(unlinking->service, unlinking->call,
                             unlinking->account.association_id, ids[i], unlinking->actor, &intent);
    return err == ERR_BUSY ? OK : err;
}

/* Whoever pressed Payer meanwhile stands in the way; from here on nobody can. */
static enum err write_unlink(struct db *db, void *argument)
{
    struct unlinking *unlinking = argument;
    const struct provider_account *account = &unlinking->account;
    enum err err = OK;

    unlinking->live = 0;
    if (unlinking->provider->asks)
        err = count_progress(db, account, LIVE_ONLY, &unlinking->live);
    if (err || unlinking->live > 0)
        return err;
    err = db_run(
        db, Q_ACCOUNT_UNLINK,
        DB_VALUES(db_int(account->association_id), db_int(account->id), db_int(unlinking->now)));
    if (err || db_changes(db) == 0)
        return err;
    err = db_run(
        db, Q_ENDPOINT_RETIRE_ALL,
        DB_VALUES(db_int(account->association_id), db_int(account->id), db_int(unlinking->now)));
    return err ? err : note(db, account, "provider_account.unlinked", unlinking->actor);
}

static enum err unlink_account(struct unlinking *unlinking)
{
    enum err err = unlinking->provider->asks ? end_live(unlinking) : OK;

    return err ? err : db_write(unlinking->service->writer, write_unlink, unlinking);
}

/* ---- then the access is given back ---- */

static enum err write_released(struct db *db, void *argument)
{
    const struct unlinking *unlinking = argument;

    return account_access_ended(db, unlinking->account.association_id, unlinking->account.id,
                                unlinking->now, unlinking->actor, unlinking->now);
}

static enum err give_back(struct unlinking *unlinking, enum unlink_step *step)
{
    const struct provider_account *account = &unlinking->account;
    enum consent_end end = CONSENT_HELD;
    int64_t in_progress = 0;
    enum err err;

    *step = UNLINK_DONE;
    if (account->link_kind != ACCOUNT_CONNECT || account->revoked || !unlinking->provider->consent)
        return OK;
    err = count_progress(unlinking->call->db, account, ALL_IN_PROGRESS, &in_progress);
    *step = UNLINK_FOLLOWED;
    if (err || in_progress > 0)
        return err;
    err = unlinking->provider->consent->give_back(unlinking->call, account, &end);
    *step = end == CONSENT_ENDED ? UNLINK_DONE : UNLINK_HELD;
    if (err) {
        log_failure("payment.give_back");
        return OK;
    }
    unlinking->now = clock_now();
    return end == CONSENT_ENDED ? db_write(unlinking->service->writer, write_released, unlinking)
                                : OK;
}

/* ---- from pages and jobs ---- */

static enum err begin(struct unlinking *unlinking, int64_t association_id, int64_t account_id)
{
    enum err err = account_find(unlinking->call->db, association_id, account_id,
                                unlinking->call->arena, &unlinking->account);

    if (err)
        return err;
    unlinking->provider =
        payment_provider(unlinking->service, str_of(unlinking->account.provider));
    return unlinking->provider ? OK : fail(ERR_NOT_FOUND, "an account without provider");
}

enum err payment_unlink(const struct payment_service *service, const struct provider_call *call,
                        int64_t association_id, int64_t account_id,
                        const struct audit_actor *actor, enum unlink_step *step)
{
    struct unlinking unlinking = {
        .service = service, .call = call, .actor = actor, .now = call->now};
    enum err err = begin(&unlinking, association_id, account_id);

    if (!err && unlinking.account.linked)
        err = unlink_account(&unlinking);
    *step = UNLINK_LIVE;
    return err || unlinking.live > 0 ? err : give_back(&unlinking, step);
}

enum err payment_release(const struct payment_service *service, const struct provider_call *call,
                         int64_t association_id, int64_t account_id)
{
    static const struct audit_actor nobody = {0, ""};
    struct unlinking unlinking = {
        .service = service, .call = call, .actor = &nobody, .now = call->now};
    enum unlink_step step;
    enum err err = begin(&unlinking, association_id, account_id);

    return err || unlinking.account.linked ? err : give_back(&unlinking, &step);
}

enum err account_access_ended(struct db *db, int64_t association_id, int64_t account_id,
                              int64_t ended_at, const struct audit_actor *actor, int64_t now)
{
    const struct provider_account account = {.association_id = association_id, .id = account_id};
    enum err err = db_run(
        db, Q_ACCOUNT_REVOKED,
        DB_VALUES(db_int(association_id), db_int(account_id), db_int(now), db_int(ended_at)));

    if (err || db_changes(db) == 0)
        return err;
    err = db_run(db, Q_ACCOUNT_REVOKED_FLAG,
                 DB_VALUES(db_int(association_id), db_int(account_id), db_int(now)));
    return err ? err : note(db, &account, "provider_account.revoked", actor);
}
