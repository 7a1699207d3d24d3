#include "payment/identity.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

enum { ACCOUNTS_MAX = 32 };

/* What one change knows. */
struct change {
    struct db *db;
    const struct identity_draft *draft;
    const struct audit_actor *actor;
    struct arena *arena;
    const char *external_id; /* as typed, "" for none */
    const char *email;       /* folded, "" for none */
    struct provider_account *accounts;
    size_t count;
    const struct provider_account *linked; /* the one whose button members see, or NULL */
    const struct provider_account *twin;   /* the account of this very identity, or NULL */
};

/* ---- what there is ---- */

/* Of the same merchant; or, where one of them has no id, of the same address. */
static bool same_identity(const struct provider_account *account, const struct change *change)
{
    if (*account->external_id && *change->external_id)
        return strcmp(account->external_id, change->external_id) == 0;
    return *change->email && strcmp(account->email_folded, change->email) == 0;
}

static void choose(struct change *change)
{
    for (size_t i = change->count; i-- > 0;) {
        const struct provider_account *account = &change->accounts[i];

        if (account->linked)
            change->linked = account;
        if (same_identity(account, change))
            change->twin = account;
    }
    if (change->linked && same_identity(change->linked, change))
        change->twin = change->linked;
}

static enum err taken(const struct change *change, bool *is_taken)
{
    const struct identity_draft *draft = change->draft;
    int64_t found = 0;
    enum err err = OK;

    if (*change->external_id)
        err = db_integer(change->db, Q_IDENTITY_TAKEN,
                         DB_VALUES(db_int(draft->association_id), db_text(draft->provider),
                                   db_text(change->external_id),
                                   db_text(draft->mode == ACCOUNT_LIVE ? "live" : "test")),
                         0, &found);
    *is_taken = found != 0;
    return err;
}

static enum err count_of(const struct change *change, int query, int64_t account_id,
                         int64_t *count)
{
    return db_integer(change->db, query,
                      DB_VALUES(db_int(change->draft->association_id), db_int(account_id)), 0,
                      count);
}

/* ---- what is written ---- */

static enum err note(const struct change *change, int64_t account_id, const char *action)
{
    return audit_add(change->db, change->draft->association_id, change->actor, action,
                     arena_printf(change->arena, "provider_account:%lld", (long long)account_id),
                     change->draft->provider);
}

/* The id of the account once it is corrected: one that a notification told is not lost because
 * its field was left empty. */
static const char *corrected_id(const struct change *change,
                                const struct provider_account *account)
{
    return *change->external_id || !same_identity(account, change) ? change->external_id
                                                                   : account->external_id;
}

static enum err correct(const struct change *change, const struct provider_account *account)
{
    const char *external_id = corrected_id(change, account);
    bool proof_holds = strcmp(external_id, account->external_id) == 0 &&
                       (*external_id || strcmp(change->email, account->email_folded) == 0);

    return db_run(change->db, Q_IDENTITY_CORRECT,
                  DB_VALUES(db_int(account->association_id), db_int(account->id),
                            db_text(*external_id ? external_id : NULL),
                            db_text(*change->email ? change->email : NULL), db_int(proof_holds)));
}

static enum err relink(const struct change *change, const struct provider_account *account,
                       struct db_value unlinked_at)
{
    return db_run(change->db, Q_IDENTITY_RELINK,
                  DB_VALUES(db_int(account->association_id), db_int(account->id), unlinked_at));
}

static enum err add(const struct change *change)
{
    const struct identity_draft *draft = change->draft;
    const struct account_draft account = {
        .id = draft->new_id,
        .association_id = draft->association_id,
        .public_id = draft->new_public_id,
        .provider = draft->provider,
        .mode = draft->mode,
        .external_id = *change->external_id ? change->external_id : NULL,
        .email = *change->email ? change->email : NULL,
        .label = draft->label,
        .transit_account = draft->transit_account,
        .since_day = draft->since_day,
        .now = draft->now,
    };

    return account_store(change->db, &account);
}

/* The account of this identity is taken up again, or made. */
static enum err link_other(const struct change *change, int64_t *account_id)
{
    enum err err;

    *account_id = change->twin ? change->twin->id : change->draft->new_id;
    if (!change->twin)
        return add(change);
    err = relink(change, change->twin, db_null());
    return err ? err : correct(change, change->twin);
}

/* ---- the decision ---- */

static bool unchanged(const struct change *change)
{
    const struct provider_account *linked = change->linked;

    return strcmp(linked->email_folded, change->email) == 0 &&
           (!*change->external_id || strcmp(linked->external_id, change->external_id) == 0);
}

/* What is under way names the account by its id, where it has one: its address may change. */
static bool touches_attempts(const struct change *change)
{
    const struct provider_account *linked = change->linked;

    return change->twin != linked || !*linked->external_id ||
           strcmp(corrected_id(change, linked), linked->external_id) != 0;
}

/* The linked one is corrected in its row when it is the same account, or when nothing ever
 * happened to it; else it gives way, with its history. */
static enum err write_replacement(const struct change *change, bool used)
{
    const struct provider_account *linked = change->linked;
    int64_t account_id = linked->id;
    enum err err;

    if (change->twin == linked || (!used && !change->twin)) {
        err = correct(change, linked);
    } else {
        err = relink(change, linked, db_int(change->draft->now));
        if (!err)
            err = link_other(change, &account_id);
    }
    return err ? err : note(change, account_id, "provider_account.changed");
}

static enum err replace(const struct change *change, enum identity_outcome *outcome)
{
    int64_t attempts = 0, used = 0;
    enum err err = OK;

    if (touches_attempts(change))
        err = count_of(change, Q_IDENTITY_ATTEMPTS, change->linked->id, &attempts);
    if (!err && attempts == 0)
        err = count_of(change, Q_IDENTITY_USED, change->linked->id, &used);
    *outcome = attempts > 0 ? IDENTITY_ATTEMPTS : IDENTITY_CHANGED;
    return err || attempts > 0 ? err : write_replacement(change, used != 0);
}

static enum err decide(const struct change *change, enum identity_outcome *outcome)
{
    bool is_taken = false;
    int64_t account_id = 0;
    enum err err = taken(change, &is_taken);

    if (err)
        return err;
    if (is_taken) {
        *outcome = IDENTITY_TAKEN;
        return OK;
    }
    if (change->linked && unchanged(change)) {
        *outcome = IDENTITY_SAME;
        return OK;
    }
    if (change->linked)
        return replace(change, outcome);
    *outcome = IDENTITY_LINKED;
    err = link_other(change, &account_id);
    return err ? err
               : note(change, account_id,
                      change->twin ? "provider_account.relinked" : "provider_account.added");
}

enum err identity_set(struct db *db, const struct identity_draft *draft,
                      const struct audit_actor *actor, enum identity_outcome *outcome)
{
    struct arena *arena = arena_new();
    struct change change = {.db = db,
                            .draft = draft,
                            .actor = actor,
                            .arena = arena,
                            .external_id = draft->external_id ? draft->external_id : "",
                            .email = ""};
    enum err err;

    require(draft->external_id || draft->email);
    if (draft->email)
        change.email = str_copy(arena, utf8_fold(str_trim(str_of(draft->email)), arena));
    err = account_list_mode(db, draft->association_id, draft->provider, draft->mode, arena,
                            &change.accounts, &change.count);
    if (!err)
        choose(&change);
    if (!err)
        err = decide(&change, outcome);
    arena_free(arena);
    return err;
}
