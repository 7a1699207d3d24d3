/*
 * A payment whose fee was not told with it: the provider is asked, for a month.
 */
#include "payment/statement_task.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "payment/due.h"
#include "payment/post.h"
#include "queries.h"

enum { WANTED_MAX = 200, DAY_S = 24 * 3600 };

int64_t fee_next_at(int64_t since_at, int64_t now)
{
    static const int64_t delays_s[] = {FEE_FIRST_S, 1800, 3600, 6 * 3600};
    int64_t days;

    for (size_t i = 0; i < sizeof(delays_s) / sizeof(delays_s[0]); i++)
        if (since_at + delays_s[i] > now)
            return since_at + delays_s[i];
    days = (now - since_at) / DAY_S + 1;
    return days * DAY_S > FEE_PATIENCE_S ? 0 : since_at + days * DAY_S;
}

/* ---- whose fee is wanted ---- */

struct wanted {
    struct {
        int64_t association_id, transaction_id, account_id, since_at;
    } payments[WANTED_MAX];
    size_t count;
};

static enum err list_wanted(struct db *db, const char *provider, int64_t now,
                            struct wanted *wanted)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_FEE_SEARCH_WANTED,
                             DB_VALUES(db_text(provider), db_int(now - FEE_FIRST_S),
                                       db_int(now - FEE_PATIENCE_S), db_int(WANTED_MAX)),
                             &rows);

    while (!err && wanted->count < WANTED_MAX && !(err = db_next(&rows, &found)) && found) {
        size_t i = wanted->count++;

        wanted->payments[i].association_id = db_column_int(&rows, 0);
        wanted->payments[i].transaction_id = db_column_int(&rows, 1);
        wanted->payments[i].account_id = db_column_int(&rows, 2);
        wanted->payments[i].since_at = db_column_int(&rows, 3);
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_wanted(struct db *db, void *argument)
{
    const struct wanted *wanted = argument;
    enum err err = OK;

    for (size_t i = 0; !err && i < wanted->count; i++)
        err = db_run(db, Q_FEE_SEARCH_ADD,
                     DB_VALUES(db_int(wanted->payments[i].association_id),
                               db_int(wanted->payments[i].transaction_id),
                               db_int(wanted->payments[i].account_id),
                               db_int(wanted->payments[i].since_at),
                               db_int(wanted->payments[i].since_at + FEE_FIRST_S)));
    return err;
}

enum err fee_look_round(const struct payment_service *service, struct db *db,
                        const struct provider *provider, int64_t now, struct arena *arena)
{
    struct wanted *wanted = arena_alloc(arena, sizeof(*wanted));
    enum err err = provider->resolve_fee ? list_wanted(db, provider->name, now, wanted) : OK;

    return err || wanted->count == 0 ? err : db_write(service->writer, write_wanted, wanted);
}

/* ---- claims ---- */

enum err fee_any_due(struct db *db, int64_t now, bool *due)
{
    return due_any(db, Q_FEE_SEARCH_ANY_DUE, now, due);
}

enum err fee_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                       size_t max, size_t *count)
{
    return due_claim(db, Q_FEE_SEARCH_DUE, Q_FEE_SEARCH_CLAIM, provider, now, claims, max, count);
}

enum err fee_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_FEE_SEARCH_RELEASE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(now)));
}

/* ---- asking ---- */

struct asking {
    const struct claim *claim;
    struct provider_account account;
    int64_t account_id, since_at, now;
    const char *capture;
    bool found; /* it is in the books */
    struct resolution resolution;
};

static enum err read_claimed(struct db *db, struct arena *arena, struct asking *asking,
                             bool *holds)
{
    const struct claim *claim = asking->claim;
    struct db_rows rows = {0};
    enum err err =
        db_first(db, Q_FEE_SEARCH_CLAIMED,
                 DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim)),
                 &rows, holds);

    if (!err && *holds) {
        asking->account_id = db_column_int(&rows, 0);
        asking->since_at = db_column_int(&rows, 1);
        asking->capture = db_column_text(&rows, 2, arena);
        asking->found = db_column_int(&rows, 3) != 0;
    }
    db_rows_done(&rows);
    return err;
}

static enum err book_facts(struct db *db, struct asking *asking, struct arena *arena)
{
    enum err err = OK;

    for (int i = 0; !err && i < asking->resolution.fact_count; i++) {
        struct post_result result;

        err = payment_post(db, &asking->resolution.facts[i], asking->now, arena, &result);
    }
    return err;
}

static enum err write_answer(struct db *db, void *argument)
{
    struct asking *asking = argument;
    const struct claim *claim = asking->claim;
    struct arena *arena = arena_new();
    int64_t next_at = fee_next_at(asking->since_at, asking->now);
    bool holds = false;
    enum err err = OK;

    if (asking->resolution.kind == RESOLUTION_FACTS)
        err = book_facts(db, asking, arena);
    if (!err)
        err = read_claimed(db, arena, asking, &holds);
    if (!err && holds)
        err = db_run(db, Q_FEE_SEARCH_NEXT,
                     DB_VALUES(db_int(claim->association_id), db_int(claim->id),
                               db_int(claim->claim),
                               asking->found || next_at == 0 ? db_null() : db_int(next_at)));
    arena_free(arena);
    return err;
}

static enum err ask(const struct payment_service *service, const struct provider_call *call,
                    struct asking *asking, bool *provider_down)
{
    const struct provider *provider;
    enum err err = account_find(call->db, asking->claim->association_id, asking->account_id,
                                call->arena, &asking->account);

    if (err || asking->account.revoked)
        return err;
    provider = payment_provider(service, str_of(asking->account.provider));
    if (!provider || !provider->resolve_fee)
        return OK;
    if (provider->resolve_fee(call, &asking->account, asking->capture, &asking->resolution)) {
        log_failure("payment.fee");
        asking->resolution = (struct resolution){.kind = RESOLUTION_RETRY};
    }
    *provider_down =
        asking->resolution.kind == RESOLUTION_RETRY && asking->resolution.provider_down;
    return OK;
}

enum err payment_work_fee(const struct payment_service *service, const struct provider_call *call,
                          const struct claim *claim, bool *provider_down)
{
    struct asking *asking = arena_alloc(call->arena, sizeof(*asking));
    bool holds = false;
    enum err err;

    *provider_down = false;
    asking->claim = claim;
    asking->resolution.kind = RESOLUTION_NOTHING;
    err = read_claimed(call->db, call->arena, asking, &holds);
    if (err || !holds)
        return err;
    if (!asking->found)
        err = ask(service, call, asking, provider_down);
    asking->now = clock_now();
    return err ? err : db_write(service->writer, write_answer, asking);
}
