#include "payment/account.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "queries.h"

#include <string.h>

enum { ACCOUNTS_MAX = 32, WEBHOOK_SLOTS = 2, ENDING_LEN = 4, ENDING_FROM = 16 };

static void read_account(const struct db_rows *rows, struct arena *arena,
                         struct provider_account *account)
{
    account->association_id = db_column_int(rows, 0);
    account->id = db_column_int(rows, 1);
    account->public_id = db_column_text(rows, 2, arena);
    account->provider = db_column_text(rows, 3, arena);
    account->mode = str_is(db_column_str(rows, 4), "live") ? ACCOUNT_LIVE : ACCOUNT_TEST;
    account->external_id = db_column_text_or_empty(rows, 5, arena);
    account->email_folded = db_column_text_or_empty(rows, 6, arena);
    account->label = db_column_text(rows, 7, arena);
    account->transit_account = db_column_text(rows, 8, arena);
    account->key_version = db_column_int(rows, 9);
    account->verified = !db_column_is_null(rows, 10);
    account->linked = db_column_is_null(rows, 11);
    account->link_kind =
        str_is(db_column_str(rows, 14), "connect") ? ACCOUNT_CONNECT : ACCOUNT_KEYS;
    account->revoked = !db_column_is_null(rows, 15);
    account->linked_at = db_column_int(rows, 16);
    account->since_day = db_column_text(rows, 17, arena);
    account->other_account = db_column_text(rows, 18, arena);
    account->client_id = db_column_text_or_empty(rows, 19, arena);
    account->publishable_key = db_column_text_or_empty(rows, 20, arena);
    account->embedded = db_column_int(rows, 21) != 0;
    account->rate_points = db_column_is_null(rows, 12) ? -1 : db_column_int(rows, 12);
    account->version = db_column_int(rows, 13);
}

static enum err find_one(struct db *db, int query, const struct db_value *values, size_t count,
                         struct arena *arena, struct provider_account *account)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, query, values, count, &rows, &found);

    if (!err && found)
        read_account(&rows, arena, account);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "no such provider account");
    db_rows_done(&rows);
    return err;
}

enum err account_find(struct db *db, int64_t association_id, int64_t account_id,
                      struct arena *arena, struct provider_account *account)
{
    return find_one(db, Q_PROVIDER_ACCOUNT_FIND,
                    DB_VALUES(db_int(association_id), db_int(account_id)), arena, account);
}

enum err account_find_public(struct db *db, const char *provider, struct str public_id,
                             struct arena *arena, struct provider_account *account)
{
    return find_one(db, Q_PROVIDER_ACCOUNT_FIND_PUBLIC,
                    DB_VALUES(db_text(provider), db_str(public_id)), arena, account);
}

enum err account_find_means(struct db *db, int64_t association_id, const char *code,
                            struct arena *arena, struct provider_account *account)
{
    return find_one(db, Q_PROVIDER_ACCOUNT_FIND_MEANS,
                    DB_VALUES(db_int(association_id), db_text(code)), arena, account);
}

enum err account_find_associated(struct db *db, const char *provider, struct str external_id,
                                 enum account_mode mode, struct arena *arena,
                                 struct provider_account *account)
{
    struct db_rows rows = {0};
    bool found = false, any = false;
    enum err err = db_select(db, Q_CONNECT_ACCOUNT_FIND,
                             DB_VALUES(db_text(provider), db_str(external_id)), &rows);

    while (!err && !(any && account->mode == mode) && !(err = db_next(&rows, &found)) && found) {
        read_account(&rows, arena, account);
        any = true;
    }
    db_rows_done(&rows);
    return !err && !any ? fail(ERR_NOT_FOUND, "no such associated account") : err;
}

/* ---- receivers ---- */

bool account_is_receiver(const struct provider_account *account, struct str receiver_id,
                         struct str receiver_email, struct str business, struct arena *arena)
{
    struct str external_id = str_of(account->external_id);
    struct str email = str_of(account->email_folded);

    if (!str_empty(receiver_id) && !str_empty(external_id))
        return str_equal(receiver_id, external_id);
    if (!str_empty(receiver_email))
        return !str_empty(email) && str_equal(utf8_fold(receiver_email, arena), email);
    if (!str_empty(receiver_id) || str_empty(business))
        return false;
    return (!str_empty(external_id) && str_equal_ignoring_case(business, external_id)) ||
           (!str_empty(email) && str_equal(utf8_fold(business, arena), email));
}

struct receivers {
    struct provider_account *accounts;
    size_t count;
    struct str receiver_id, receiver_email, business;
};

static bool already_there(const struct receivers *receivers, int64_t account_id)
{
    for (size_t i = 0; i < receivers->count; i++)
        if (receivers->accounts[i].id == account_id)
            return true;
    return false;
}

/* Adds the receivers among the accounts that a query finds by one key. */
static enum err add_receivers(struct db *db, int query, const char *provider, struct str key,
                              struct arena *arena, struct receivers *receivers)
{
    struct db_rows rows = {0};
    struct provider_account account;
    bool found = false;
    enum err err;

    if (str_empty(key))
        return OK;
    err = db_select(db, query, DB_VALUES(db_text(provider), db_str(key)), &rows);
    while (!err && !(err = db_next(&rows, &found)) && found && receivers->count < ACCOUNTS_MAX) {
        read_account(&rows, arena, &account);
        if (account_is_receiver(&account, receivers->receiver_id, receivers->receiver_email,
                                receivers->business, arena) &&
            !already_there(receivers, account.id))
            receivers->accounts[receivers->count++] = account;
    }
    db_rows_done(&rows);
    return err;
}

enum err account_find_receivers(struct db *db, const char *provider, struct str receiver_id,
                                struct str receiver_email, struct str business,
                                struct arena *arena, struct provider_account **accounts,
                                size_t *count)
{
    struct receivers receivers = {
        .accounts = arena_array(arena, ACCOUNTS_MAX, sizeof(struct provider_account)),
        .receiver_id = receiver_id,
        .receiver_email = receiver_email,
        .business = business,
    };
    const struct {
        int query;
        struct str key;
    } ways[] = {
        {Q_PROVIDER_ACCOUNT_BY_EXTERNAL, receiver_id},
        {Q_PROVIDER_ACCOUNT_BY_EMAIL, utf8_fold(receiver_email, arena)},
        {Q_PROVIDER_ACCOUNT_BY_EXTERNAL, business},
        {Q_PROVIDER_ACCOUNT_BY_EMAIL, utf8_fold(business, arena)},
    };
    enum err err = OK;

    /* The account that bears the receiver's id is the receiver: an address that another
       association wrote into its settings does not stand beside it. */
    for (size_t i = 0; !err && i < sizeof(ways) / sizeof(ways[0]); i++) {
        err = add_receivers(db, ways[i].query, provider, ways[i].key, arena, &receivers);
        if (i == 0 && receivers.count > 0)
            break;
    }
    *accounts = receivers.accounts;
    *count = receivers.count;
    return err;
}

static enum err read_list(struct db *db, int query, const struct db_value *values,
                          size_t values_count, struct arena *arena,
                          struct provider_account **accounts, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, query, values, values_count, &rows);

    *accounts = arena_array(arena, ACCOUNTS_MAX, sizeof(**accounts));
    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < ACCOUNTS_MAX)
        read_account(&rows, arena, &(*accounts)[(*count)++]);
    db_rows_done(&rows);
    return err;
}

enum err account_list_linked(struct db *db, int64_t association_id, struct arena *arena,
                             struct provider_account **accounts, size_t *count)
{
    return read_list(db, Q_PROVIDER_ACCOUNT_LIST_LINKED, DB_VALUES(db_int(association_id)), arena,
                     accounts, count);
}

enum err account_list_mode(struct db *db, int64_t association_id, const char *provider,
                           enum account_mode mode, struct arena *arena,
                           struct provider_account **accounts, size_t *count)
{
    return read_list(db, Q_IDENTITY_ACCOUNTS,
                     DB_VALUES(db_int(association_id), db_text(provider),
                               db_text(mode == ACCOUNT_LIVE ? "live" : "test")),
                     arena, accounts, count);
}

/* ---- changes ---- */

static int64_t button_position(const char *provider)
{
    return strcmp(provider, "stripe") == 0 ? 1 : strcmp(provider, "paypal") == 0 ? 2 : 9;
}

enum err account_store(struct db *db, const struct account_draft *draft)
{
    struct arena *arena = arena_new();
    struct db_value email = db_null();
    enum err err;

    if (draft->email)
        email = db_str(utf8_fold(str_trim(str_of(draft->email)), arena));
    err = db_run(
        db, Q_PROVIDER_ACCOUNT_ADD,
        DB_VALUES(db_int(draft->association_id), db_int(draft->id), db_text(draft->public_id),
                  db_text(draft->provider), db_text(draft->mode == ACCOUNT_LIVE ? "live" : "test"),
                  db_text(draft->external_id), email, db_text(draft->label),
                  db_text(draft->transit_account), db_int(button_position(draft->provider)),
                  draft->verified ? db_int(draft->now) : db_null(), db_text(draft->since_day),
                  db_int(draft->now), db_text(draft->publishable_key)));
    arena_free(arena);
    return err;
}

enum err account_add(struct db *db, const struct account_draft *draft,
                     const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    enum err err = account_store(db, draft);

    if (!err)
        err = audit_add(db, draft->association_id, actor, "provider_account.added",
                        arena_printf(arena, "provider_account:%lld", (long long)draft->id),
                        draft->provider);
    arena_free(arena);
    return err;
}

static size_t place_of(const struct provider_account *accounts, size_t count, int64_t account_id)
{
    size_t place = 0;

    while (place < count && accounts[place].id != account_id)
        place++;
    return place;
}

static enum err write_places(struct db *db, const struct provider_account *accounts, size_t count)
{
    enum err err = OK;

    for (size_t i = 0; !err && i < count; i++)
        err = db_run(db, Q_PROVIDER_ACCOUNT_PLACE,
                     DB_VALUES(db_int(accounts[i].association_id), db_int(accounts[i].id),
                               db_int((int64_t)i + 1)));
    return err;
}

enum err account_move(struct db *db, int64_t association_id, int64_t account_id,
                      enum account_step step, const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct provider_account *accounts, moved;
    size_t count, place, other;
    enum err err = account_list_linked(db, association_id, arena, &accounts, &count);

    place = err ? 0 : place_of(accounts, count, account_id);
    if (!err && place == count)
        err = fail(ERR_NOT_FOUND, "no such linked account");
    other = place + (size_t)step; /* above the first: beyond the last */
    if (!err && other < count) {
        moved = accounts[place];
        accounts[place] = accounts[other];
        accounts[other] = moved;
        err = write_places(db, accounts, count);
        if (!err)
            err = audit_add(db, association_id, actor, "provider_account.moved",
                            arena_printf(arena, "provider_account:%lld", (long long)account_id),
                            step == ACCOUNT_UP ? "up" : "down");
    }
    arena_free(arena);
    return err;
}

enum err account_set_embedded(struct db *db, int64_t association_id, int64_t account_id,
                              bool embedded, const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    enum err err =
        db_run(db, Q_PROVIDER_ACCOUNT_SET_EMBEDDED,
               DB_VALUES(db_int(association_id), db_int(account_id), db_int(embedded ? 1 : 0)));

    if (!err && db_changes(db) == 0)
        err = fail(ERR_NOT_FOUND, "no such linked account");
    if (!err)
        err = audit_add(db, association_id, actor, "provider_account.embedded",
                        arena_printf(arena, "provider_account:%lld", (long long)account_id),
                        embedded ? "here" : "there");
    arena_free(arena);
    return err;
}

enum err account_verified(struct db *db, int64_t association_id, int64_t account_id,
                          const char *external_id, int64_t now)
{
    return db_run(
        db, Q_PROVIDER_ACCOUNT_VERIFIED,
        DB_VALUES(db_int(association_id), db_int(account_id), db_text(external_id), db_int(now)));
}

/* ---- secrets ---- */

/* The name a secret is sealed under: moved to another row it does not open. */
static const char *sealed_name(const struct provider_account *account, const char *name,
                               int64_t slot, struct arena *arena)
{
    return arena_printf(arena, "provider_account/%lld/%s/%lld", (long long)account->id, name,
                        (long long)slot);
}

/* What a secret is recognised by; nothing of one that is too short to lose it. */
static struct str secret_ending(struct str plain)
{
    return plain.len < ENDING_FROM ? str_of("")
                                   : str_from(plain.data + plain.len - ENDING_LEN, ENDING_LEN);
}

enum err account_store_secret(struct db *db, const struct seal_key *key,
                              const struct provider_account *account, const char *name,
                              int64_t slot, struct str plain, int64_t now)
{
    struct arena *arena = arena_new();
    struct str sealed;
    enum err err = seal_close(key, account->association_id,
                              sealed_name(account, name, slot, arena), plain, arena, &sealed);

    if (!err)
        err = db_run(db, Q_SECRET_SET,
                     DB_VALUES(db_int(account->association_id), db_int(account->id), db_text(name),
                               db_int(slot), db_blob(sealed), db_str(secret_ending(plain)),
                               db_int(now)));
    if (!err && strcmp(name, "api_key") == 0)
        err = db_run(db, Q_PROVIDER_ACCOUNT_NEW_KEYS,
                     DB_VALUES(db_int(account->association_id), db_int(account->id)));
    arena_free(arena);
    return err;
}

enum err account_set_secret(struct db *db, const struct seal_key *key,
                            const struct provider_account *account, const char *name, int64_t slot,
                            struct str plain, const struct audit_actor *actor, int64_t now)
{
    struct arena *arena = arena_new();
    enum err err = account_store_secret(db, key, account, name, slot, plain, now);

    if (!err)
        err =
            audit_add(db, account->association_id, actor, "secret.set",
                      arena_printf(arena, "provider_account:%lld", (long long)account->id), name);
    arena_free(arena);
    return err;
}

/* The sealed values of a name, at most one per slot. */
static enum err open_secrets(struct db *db, const struct seal_key *key,
                             const struct provider_account *account, const char *name, int64_t now,
                             struct arena *arena, struct str plains[WEBHOOK_SLOTS],
                             bool present[WEBHOOK_SLOTS])
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_SECRET_LIST,
                             DB_VALUES(db_int(account->association_id), db_int(account->id),
                                       db_text(name), db_int(now)),
                             &rows);

    while (!err && !(err = db_next(&rows, &found)) && found) {
        int64_t slot = db_column_int(&rows, 0);
        struct str sealed = db_column_blob(&rows, 1, arena);

        if (slot < 0 || slot >= WEBHOOK_SLOTS)
            continue;
        err = seal_open(key, account->association_id, sealed_name(account, name, slot, arena),
                        sealed, arena, &plains[slot]);
        present[slot] = true;
    }
    db_rows_done(&rows);
    return err;
}

enum err account_secret(struct db *db, const struct seal_key *key,
                        const struct provider_account *account, const char *name, int64_t slot,
                        int64_t now, struct arena *arena, struct str *plain)
{
    struct str plains[WEBHOOK_SLOTS] = {{0}};
    bool present[WEBHOOK_SLOTS] = {false};
    enum err err;

    require(slot >= 0 && slot < WEBHOOK_SLOTS);
    err = open_secrets(db, key, account, name, now, arena, plains, present);
    if (!err && !present[slot])
        err = fail(ERR_NOT_FOUND, "secret %s of provider account %lld is not set", name,
                   (long long)account->id);
    *plain = plains[slot];
    return err;
}

enum err account_webhook_secrets(struct db *db, const struct seal_key *key,
                                 const struct provider_account *account, int64_t now,
                                 struct arena *arena, struct str plains[2], size_t *count)
{
    struct str opened[WEBHOOK_SLOTS] = {{0}};
    bool present[WEBHOOK_SLOTS] = {false};
    enum err err = open_secrets(db, key, account, "webhook", now, arena, opened, present);

    *count = 0;
    for (int slot = 0; !err && slot < WEBHOOK_SLOTS; slot++)
        if (present[slot])
            plains[(*count)++] = opened[slot];
    return err;
}
