#include "payment/consent.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/random.h"
#include "queries.h"

/* ---- the way there ---- */

enum err consent_make_state(struct consent_request *request)
{
    unsigned char bytes[HASH_LEN];
    enum err err = random_bytes(bytes, sizeof(bytes));

    if (err)
        return err;
    hash_hex(bytes, sizeof(bytes), request->state);
    return hash_sha256(str_of(request->state), request->state_hash);
}

static enum err note(struct db *db, int64_t association_id, int64_t account_id, const char *action,
                     const char *detail, const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    const char *object = account_id
                             ? arena_printf(arena, "provider_account:%lld", (long long)account_id)
                             : "provider_account";
    enum err err = audit_add(db, association_id, actor, action, object, detail);

    arena_free(arena);
    return err;
}

enum err consent_ask(struct db *db, const struct consent_request *request,
                     const struct audit_actor *actor)
{
    const struct consent_asker *asker = &request->asker;
    enum err err = db_run(db, Q_CONNECT_REQUEST_ADD,
                          DB_VALUES(db_blob(str_from(request->state_hash, HASH_LEN)),
                                    db_int(asker->association_id), db_int(asker->login_id),
                                    db_blob(str_from(asker->session_hash, HASH_LEN)),
                                    db_int(asker->now), db_int(asker->now + CONSENT_STATE_S)));

    return err ? err
               : note(db, asker->association_id, 0, "provider_account.consent_asked", "stripe",
                      actor);
}

/* ---- the way back ---- */

static enum err why_not(struct db *db, const struct db_value *values, size_t count,
                        enum consent_fate *fate)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_CONNECT_REQUEST_FIND, values, count, &rows, &found);

    if (!err && found)
        *fate = db_column_is_null(&rows, 0) ? CONSENT_EXPIRED : CONSENT_USED;
    db_rows_done(&rows);
    return err;
}

enum err consent_take(struct db *db, struct str state, const struct consent_asker *asker,
                      enum consent_fate *fate)
{
    unsigned char hash[HASH_LEN] = {0};
    const struct db_value values[] = {
        db_blob(str_from(hash, HASH_LEN)), db_int(asker->association_id), db_int(asker->login_id),
        db_blob(str_from(asker->session_hash, HASH_LEN)), db_int(asker->now)};
    enum err err = hash_sha256(state, hash);

    *fate = CONSENT_UNKNOWN;
    if (err || state.len != CONSENT_STATE_LEN)
        return err;
    err = db_run(db, Q_CONNECT_REQUEST_TAKE, values, 5);
    if (!err && db_changes(db) == 1)
        *fate = CONSENT_TAKEN;
    else if (!err)
        err = why_not(db, values, 4, fate);
    return err;
}

enum err consent_sweep(struct db *db, int64_t now)
{
    enum err err = db_run(db, Q_CONNECT_REQUEST_SWEEP, DB_VALUES(db_int(now - CONSENT_STATE_S)));

    return err ? err : db_run(db, Q_SECRET_FORGET_REPLACED, DB_NO_VALUES);
}

/* ---- a consent that leads nowhere ---- */

static enum err anybody_acts(struct db *db, const char *provider, const char *external_id,
                             bool *acts)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, Q_CONNECT_ACTING,
                            DB_VALUES(db_text(provider), db_text(external_id)), &rows, acts);

    db_rows_done(&rows);
    return err;
}

void consent_decline(const struct provider_call *call, const struct provider *provider,
                     enum account_mode mode, const char *external_id)
{
    const struct provider_account account = {.provider = provider->name,
                                             .mode = mode,
                                             .external_id = external_id,
                                             .link_kind = ACCOUNT_CONNECT,
                                             .linked = true};
    enum consent_end end = CONSENT_HELD;
    bool acts = false;
    enum err err = anybody_acts(call->db, provider->name, external_id, &acts);

    if (!err && !acts)
        err = provider->consent->give_back(call, &account, &end);
    if (err)
        log_failure("payment.consent");
    else if (!acts && end != CONSENT_ENDED)
        log_line(LOG_WARNING, "payment.consent", "a consent that led nowhere is still given");
}

/* ---- the link ---- */

/* The platform's key replaces its own: an attempt that was being begun with the old one is not. */
static enum err change_keys(struct db *db, const struct provider_account *account, int64_t now)
{
    const struct db_value values[] = {db_int(account->association_id), db_int(account->id),
                                      db_int(now)};
    enum err err = db_run(db, Q_PROVIDER_ACCOUNT_NEW_KEYS, values, 2);

    return err ? err : db_run(db, Q_ENDPOINT_RETIRE_ALL, values, 3);
}

enum err consent_link(struct db *db, const struct link_account_draft *draft,
                      const struct audit_actor *actor, enum link_outcome *outcome)
{
    struct arena *arena = arena_new();
    struct provider_account account = {0};
    enum err err = link_account(db, draft, arena, outcome, &account);
    bool linked = !err && *outcome == LINK_DONE;

    if (linked)
        err = change_keys(db, &account, draft->now);
    if (linked && !err)
        err = note(db, draft->association_id, account.id, "provider_account.associated",
                   draft->provider, actor);
    arena_free(arena);
    if (!linked && err == ERR_CONFLICT) {
        *outcome = LINK_TAKEN;
        return OK;
    }
    return err;
}
