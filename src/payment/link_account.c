#include "payment/link.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/utf8.h"
#include "payment/link_internal.h"
#include "queries.h"

static const char *const outcome_names[] = {
    [LINK_DONE] = "done",
    [LINK_SECRET_EMPTY] = "secret_empty",
    [LINK_SECRET_MALFORMED] = "secret_malformed",
    [LINK_SECRET_IS_PUBLISHABLE] = "secret_is_publishable",
    [LINK_PUBLISHABLE_EMPTY] = "publishable_empty",
    [LINK_PUBLISHABLE_MALFORMED] = "publishable_malformed",
    [LINK_PUBLISHABLE_IS_SECRET] = "publishable_is_secret",
    [LINK_MODES_DIFFER] = "modes_differ",
    [LINK_LIVE_IN_TRIAL] = "live_in_trial",
    [LINK_TEST_IN_REAL] = "test_in_real",
    [LINK_KEY_UNKNOWN] = "key_unknown",
    [LINK_KEY_REVOKED] = "key_revoked",
    [LINK_KEY_LACKS] = "key_lacks",
    [LINK_ABSENT] = "absent",
    [LINK_REFUSED] = "refused",
    [LINK_UNREACHABLE] = "unreachable",
    [LINK_OTHER_CURRENCY] = "other_currency",
    [LINK_TAKEN] = "taken",
    [LINK_ATTEMPTS_OPEN] = "attempts_open",
    [LINK_BUSY] = "busy",
    [LINK_ROTATING] = "rotating",
};

const char *link_outcome_name(enum link_outcome outcome)
{
    return outcome_names[outcome];
}

static const char *mode_name(enum account_mode mode)
{
    return mode == ACCOUNT_LIVE ? "live" : "test";
}

enum err link_attempts_open(struct db *db, int64_t association_id, int64_t account_id,
                            int64_t *count)
{
    return db_integer(db, Q_LINK_ATTEMPTS, DB_VALUES(db_int(association_id), db_int(account_id)),
                      0, count);
}

static enum err add(struct db *db, const struct link_account_draft *draft)
{
    const struct account_draft row = {
        .id = draft->new_id,
        .association_id = draft->association_id,
        .public_id = draft->new_public_id,
        .provider = draft->provider,
        .mode = draft->mode,
        .external_id = draft->external_id,
        .label = draft->label,
        .transit_account = draft->transit_account,
        .since_day = draft->since_day,
        .verified = true,
        .now = draft->now,
    };

    return account_store(db, &row);
}

/* The association's own row, 0 when there is none yet. Whether another's has the account, the
 * unique key says. */
static enum err find_own(struct db *db, const struct link_account_draft *draft,
                         struct arena *arena, int64_t *account_id)
{
    struct str email = utf8_fold(str_of(draft->email), arena);

    return db_integer(db, Q_LINK_ACCOUNT_FIND,
                      DB_VALUES(db_int(draft->association_id), db_text(draft->provider),
                                db_text(draft->external_id), db_text(mode_name(draft->mode)),
                                db_text(str_copy(arena, email))),
                      0, account_id);
}

static enum err add_or_revive(struct db *db, const struct link_account_draft *draft,
                              int64_t *account_id)
{
    enum err err = OK;

    if (*account_id == 0) {
        *account_id = draft->new_id;
        err = add(db, draft);
    }
    if (!err)
        err = db_run(db, Q_LINK_ACCOUNT_REVIVE,
                     DB_VALUES(db_int(draft->association_id), db_int(*account_id),
                               db_text(draft->publishable_key), db_int(draft->now),
                               db_text(draft->link_kind == ACCOUNT_CONNECT ? "connect" : "keys"),
                               db_text(draft->external_id)));
    if (!err)
        err = db_run(
            db, Q_LINK_RECHECK,
            DB_VALUES(db_int(draft->association_id), db_int(*account_id), db_int(draft->now)));
    return err;
}

enum err link_account(struct db *db, const struct link_account_draft *draft, struct arena *arena,
                      enum link_outcome *outcome, struct provider_account *account)
{
    int64_t others = 0, account_id = 0;
    enum err err = find_own(db, draft, arena, &account_id);

    if (!err)
        err = db_integer(
            db, Q_LINK_ATTEMPTS_OTHERS,
            DB_VALUES(db_int(draft->association_id), db_text(draft->provider), db_int(account_id)),
            0, &others);
    *outcome = others > 0 ? LINK_ATTEMPTS_OPEN : LINK_DONE;
    if (err || others > 0)
        return err;
    err = add_or_revive(db, draft, &account_id);
    if (!err)
        err = db_run(db, Q_LINK_ACCOUNT_UNLINK_OTHERS,
                     DB_VALUES(db_int(draft->association_id), db_text(draft->provider),
                               db_int(account_id), db_int(draft->now)));
    return err ? err : account_find(db, draft->association_id, account_id, arena, account);
}

/* ---- the lease ---- */

enum err link_lease_take(struct db *db, int64_t association_id, int64_t account_id, int64_t now,
                         int64_t *claim)
{
    return db_integer(db, Q_LINK_LEASE,
                      DB_VALUES(db_int(association_id), db_int(account_id), db_int(now),
                                db_int(now + LINK_LEASE_S)),
                      0, claim);
}

struct leasing {
    const struct link_work *work;
    int64_t now, claim;
};

static enum err take(struct db *db, void *argument)
{
    struct leasing *leasing = argument;
    const struct provider_account *account = &leasing->work->account;

    return link_lease_take(db, account->association_id, account->id, leasing->now,
                           &leasing->claim);
}

enum err link_begin(struct link_work *work)
{
    struct leasing leasing = {.work = work, .now = work->call->now};
    enum err err = db_write(work->service->writer, take, &leasing);

    work->claim = leasing.claim;
    if (!err && work->claim == 0)
        work->answer.outcome = LINK_BUSY;
    return err;
}

static enum err give_back(struct db *db, void *argument)
{
    const struct link_work *work = argument;

    return db_run(db, Q_LINK_LEASE_EXTEND,
                  DB_VALUES(db_int(work->account.association_id), db_int(work->account.id),
                            db_int(work->claim), db_int(0)));
}

void link_end(struct link_work *work)
{
    if (work->claim > 0 && db_write(work->service->writer, give_back, work) != OK)
        log_failure("link.release");
}

/* ---- what the page shows ---- */

static bool read_state(struct str name, enum link_endpoint_state *state)
{
    static const char *const names[] = {[ENDPOINT_PLANNED] = "planned",
                                        [ENDPOINT_ACTIVE] = "active",
                                        [ENDPOINT_RETIRING] = "retiring"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_is(name, names[i])) {
            *state = (enum link_endpoint_state)i;
            return true;
        }
    return false;
}

static void read_row(const struct db_rows *rows, struct arena *arena,
                     struct link_endpoint_row *row)
{
    row->id = db_column_int(rows, 0);
    row->slot = db_column_int(rows, 2);
    row->idempotency_key = db_column_text(rows, 3, arena);
    row->key_number = db_column_int(rows, 4);
    row->key_spent = db_column_int(rows, 5) != 0;
    row->external_id = db_column_is_null(rows, 6) ? "" : db_column_text(rows, 6, arena);
    row->reason = db_column_text(rows, 7, arena);
    row->retire_at = db_column_int(rows, 8);
    row->attempts = db_column_int(rows, 9);
    row->created_at = db_column_int(rows, 10);
    row->updated_at = db_column_int(rows, 11);
}

enum err link_endpoints_read(struct db *db, int64_t association_id, int64_t account_id,
                             struct arena *arena, struct link_endpoints *endpoints)
{
    struct db_rows rows = {0};
    enum link_endpoint_state state;
    bool found = false;
    enum err err = db_select(db, Q_ENDPOINT_LIST,
                             DB_VALUES(db_int(association_id), db_int(account_id)), &rows);

    *endpoints = (struct link_endpoints){0};
    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (!read_state(db_column_str(&rows, 1), &state))
            continue;
        endpoints->has[state] = true;
        endpoints->rows[state].state = state;
        read_row(&rows, arena, &endpoints->rows[state]);
    }
    db_rows_done(&rows);
    return err;
}
