/*
 * The writes of an operation on an account's endpoints: each one transaction that proves the
 * lease, makes it longer, and leaves a state from which the next try can go on.
 */
#include "payment/link_internal.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "queries.h"

/* One write: what its closure reads. */
struct writing {
    const struct link_work *work;
    const struct link_endpoint_row *row;
    int64_t now;
    int64_t new_id, slot, key_number;
    const char *key;
    const char *external_id;
    struct str secret;
};

static struct writing writing_of(const struct link_work *work)
{
    return (struct writing){.work = work, .now = clock_now()};
}

static enum err extend(struct db *db, const struct writing *writing)
{
    const struct link_work *work = writing->work;
    enum err err = db_run(db, Q_LINK_LEASE_EXTEND,
                          DB_VALUES(db_int(work->account.association_id), db_int(work->account.id),
                                    db_int(work->claim), db_int(writing->now + LINK_LEASE_S)));

    if (!err && db_changes(db) != 1)
        err = fail(ERR_BUSY, "another operation works on this account");
    return err;
}

static enum err audit(struct db *db, const struct writing *writing, const char *action,
                      const char *detail)
{
    const struct link_work *work = writing->work;
    struct arena *arena = arena_new();
    enum err err = audit_add(
        db, work->account.association_id, &work->actor, action,
        arena_printf(arena, "provider_account:%lld", (long long)work->account.id), detail);

    arena_free(arena);
    return err;
}

/* Guichet's part of the key, so that two installations at one account never share one. */
static const char *idempotency_key(const struct link_work *work, int64_t id, int64_t number)
{
    return arena_printf(work->call->arena, "guichet-%s-endpoint-%lld-%lld",
                        work->service->installation, (long long)id, (long long)number);
}

/* ---- planning and trying ---- */

static enum err plan(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    const struct provider_account *account = &writing->work->account;
    enum err err = extend(db, writing);

    return err ? err
               : db_run(db, Q_ENDPOINT_PLAN,
                        DB_VALUES(db_int(account->association_id), db_int(writing->new_id),
                                  db_int(account->id), db_int(writing->slot),
                                  db_text(writing->key), db_int(writing->now)));
}

enum err link_write_plan(struct link_work *work, int64_t slot)
{
    struct writing writing = writing_of(work);
    enum err err = random_id(&writing.new_id);

    if (err)
        return err;
    writing.slot = slot;
    writing.key = idempotency_key(work, writing.new_id, 1);
    return db_write(work->service->writer, plan, &writing);
}

static enum err begin_try(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    enum err err = extend(db, writing);

    return err ? err
               : db_run(db, Q_ENDPOINT_TRY,
                        DB_VALUES(db_int(writing->work->account.association_id),
                                  db_int(writing->row->id), db_text(writing->key),
                                  db_int(writing->key_number), db_int(writing->now)));
}

enum err link_write_try(struct link_work *work, bool new_key)
{
    struct link_endpoint_row *row = &work->known.rows[ENDPOINT_PLANNED];
    struct writing writing = writing_of(work);

    if (new_key) {
        row->key_number++;
        row->idempotency_key = idempotency_key(work, row->id, row->key_number);
    }
    writing.row = row;
    writing.key = row->idempotency_key;
    writing.key_number = row->key_number;
    return db_write(work->service->writer, begin_try, &writing);
}

static enum err note(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    const struct link_answer *answer = &writing->work->answer;
    enum err err = extend(db, writing);

    return err ? err
               : db_run(db, Q_ENDPOINT_FAILED,
                        DB_VALUES(db_int(writing->work->account.association_id),
                                  db_int(writing->row->id),
                                  db_text(answer->outcome == LINK_DONE
                                              ? ""
                                              : link_outcome_name(answer->outcome)),
                                  db_int(answer->answered ? 1 : 0), db_int(writing->now)));
}

enum err link_write_note(struct link_work *work, const struct link_endpoint_row *row)
{
    struct writing writing = writing_of(work);

    writing.row = row;
    return db_write(work->service->writer, note, &writing);
}

/* ---- it stands ---- */

/* The active one goes on being accepted for a while: what it could not deliver is repeated. */
static enum err retire(struct db *db, const struct writing *writing)
{
    const struct provider_account *account = &writing->work->account;
    const struct link_endpoints *known = &writing->work->known;
    const struct link_endpoint_row *old = &known->rows[ENDPOINT_ACTIVE];
    int64_t until = writing->now + LINK_OVERLAP_S;
    enum err err;

    if (!known->has[ENDPOINT_ACTIVE])
        return OK;
    err = db_run(db, Q_ENDPOINT_RETIRE,
                 DB_VALUES(db_int(account->association_id), db_int(old->id), db_int(until),
                           db_int(writing->now)));
    if (!err)
        err = db_run(db, Q_SECRET_ACCEPT_UNTIL,
                     DB_VALUES(db_int(account->association_id), db_int(account->id),
                               db_text("webhook"), db_int(old->slot), db_int(until)));
    return err;
}

static enum err store_made(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    const struct link_work *work = writing->work;
    const struct link_endpoint_row *row = writing->row;
    enum err err = extend(db, writing);

    if (!err)
        err = retire(db, writing);
    if (!err)
        err = db_run(db, Q_ENDPOINT_ACTIVE,
                     DB_VALUES(db_int(work->account.association_id), db_int(row->id),
                               db_text(writing->external_id), db_int(writing->now)));
    if (!err && db_changes(db) != 1)
        err = fail(ERR_CONFLICT, "the endpoint is not planned any more");
    if (!err)
        err = account_store_secret(db, work->service->key, &work->account, "webhook", row->slot,
                                   writing->secret, writing->now);
    return err ? err
               : audit(db, writing,
                       work->known.has[ENDPOINT_ACTIVE] ? "endpoint.renewed" : "endpoint.created",
                       writing->external_id);
}

enum err link_write_made(struct link_work *work, const struct link_endpoint *endpoint)
{
    struct writing writing = writing_of(work);

    writing.row = &work->known.rows[ENDPOINT_PLANNED];
    writing.external_id = endpoint->id;
    writing.secret = endpoint->secret;
    return db_write(work->service->writer, store_made, &writing);
}

static enum err adopt(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    const struct provider_account *account = &writing->work->account;
    enum err err = extend(db, writing);

    if (!err)
        err = db_run(db, Q_ENDPOINT_ADOPT,
                     DB_VALUES(db_int(account->association_id), db_int(writing->new_id),
                               db_int(account->id), db_int(0), db_text(writing->key),
                               db_text(writing->external_id), db_int(writing->now)));
    return err ? err : audit(db, writing, "endpoint.adopted", writing->external_id);
}

enum err link_write_adopted(struct link_work *work, const char *external_id)
{
    struct writing writing = writing_of(work);
    enum err err = random_id(&writing.new_id);

    if (err)
        return err;
    writing.key = idempotency_key(work, writing.new_id, 1);
    writing.external_id = external_id;
    return db_write(work->service->writer, adopt, &writing);
}

static enum err correct(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    enum err err = extend(db, writing);

    if (!err)
        err = db_run(db, Q_ENDPOINT_FAILED,
                     DB_VALUES(db_int(writing->work->account.association_id),
                               db_int(writing->row->id), db_text(""), db_int(0),
                               db_int(writing->now)));
    return err ? err : audit(db, writing, "endpoint.corrected", writing->row->external_id);
}

enum err link_write_corrected(struct link_work *work)
{
    struct writing writing = writing_of(work);

    writing.row = &work->known.rows[ENDPOINT_ACTIVE];
    return db_write(work->service->writer, correct, &writing);
}

/* ---- it is gone ---- */

enum err link_store_gone(struct db *db, const struct provider_account *account,
                         int64_t endpoint_id, int64_t slot, bool forget_secret, int64_t now,
                         bool *changed)
{
    enum err err =
        db_run(db, Q_ENDPOINT_GONE,
               DB_VALUES(db_int(account->association_id), db_int(endpoint_id), db_int(now)));

    *changed = !err && db_changes(db) == 1; /* else its place may hold another one's secret */
    if (*changed && forget_secret)
        err = db_run(db, Q_SECRET_DROP,
                     DB_VALUES(db_int(account->association_id), db_int(account->id),
                               db_text("webhook"), db_int(slot)));
    return err;
}

static enum err store_gone(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    const struct link_endpoint_row *row = writing->row;
    bool changed = false;
    enum err err = extend(db, writing);

    if (!err)
        err = link_store_gone(db, &writing->work->account, row->id, row->slot,
                              row->state == ENDPOINT_RETIRING, writing->now, &changed);
    return err || !changed ? err : audit(db, writing, "endpoint.gone", row->external_id);
}

enum err link_write_gone(struct link_work *work, const struct link_endpoint_row *row)
{
    struct writing writing = writing_of(work);

    writing.row = row;
    return db_write(work->service->writer, store_gone, &writing);
}

static enum err end_rotation(struct db *db, void *argument)
{
    const struct writing *writing = argument;
    const struct provider_account *account = &writing->work->account;
    enum err err = extend(db, writing);

    if (!err)
        err = db_run(db, Q_ENDPOINT_RETIRE,
                     DB_VALUES(db_int(account->association_id), db_int(writing->row->id),
                               db_int(writing->now), db_int(writing->now)));
    if (!err)
        err = db_run(db, Q_SECRET_ACCEPT_UNTIL,
                     DB_VALUES(db_int(account->association_id), db_int(account->id),
                               db_text("webhook"), db_int(writing->row->slot),
                               db_int(writing->now)));
    return err ? err : audit(db, writing, "endpoint.rotation_ended", writing->row->external_id);
}

enum err link_write_rotation_end(struct link_work *work)
{
    struct writing writing = writing_of(work);

    writing.row = &work->known.rows[ENDPOINT_RETIRING];
    return db_write(work->service->writer, end_rotation, &writing);
}
