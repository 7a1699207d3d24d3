#include "payment/platform.h"

#include "base/arena.h"
#include "queries.h"

/* Association 0 is the installation. */
enum { INSTALLATION = 0, NAMES = 3 };

static const char *mode_name(enum account_mode mode)
{
    return mode == ACCOUNT_LIVE ? "live" : "test";
}

static const char *sealed_name(enum account_mode mode, const char *name, int64_t slot,
                               struct arena *arena)
{
    return arena_printf(arena, "platform/%s/%s/%lld", mode_name(mode), name, (long long)slot);
}

static enum err seal(struct db *db, const struct seal_key *key, enum account_mode mode,
                     const char *name, int64_t slot, struct str plain, struct arena *arena,
                     int64_t now)
{
    struct str sealed;
    enum err err =
        seal_close(key, INSTALLATION, sealed_name(mode, name, slot, arena), plain, arena, &sealed);

    return err ? err
               : db_run(db, Q_PLATFORM_SECRET_SET,
                        DB_VALUES(db_text(mode_name(mode)), db_text(name), db_int(slot),
                                  db_blob(sealed), db_int(now)));
}

enum err platform_set_secret(struct db *db, const struct seal_key *key, enum account_mode mode,
                             const char *name, int64_t slot, struct str plain,
                             const struct audit_actor *actor, int64_t now)
{
    struct arena *arena = arena_new();
    bool forget = str_empty(plain);
    enum err err = forget
                       ? db_run(db, Q_PLATFORM_SECRET_FORGET,
                                DB_VALUES(db_text(mode_name(mode)), db_text(name), db_int(slot)))
                       : seal(db, key, mode, name, slot, plain, arena, now);

    if (!err)
        err = audit_add(db, INSTALLATION, actor, forget ? "secret.forgotten" : "secret.set",
                        arena_printf(arena, "platform:%s", mode_name(mode)), name);
    arena_free(arena);
    return err;
}

/* What is there of a name, in the order of the slots. */
static enum err open_secrets(struct db *db, const struct seal_key *key, enum account_mode mode,
                             const char *name, struct arena *arena,
                             struct str plains[PLATFORM_WEBHOOKS_MAX], size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_PLATFORM_SECRET_LIST,
                             DB_VALUES(db_text(mode_name(mode)), db_text(name)), &rows);

    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < PLATFORM_WEBHOOKS_MAX)
        err = seal_open(key, INSTALLATION, sealed_name(mode, name, db_column_int(&rows, 0), arena),
                        db_column_blob(&rows, 1, arena), arena, &plains[(*count)++]);
    db_rows_done(&rows);
    return err;
}

enum err platform_secret(struct db *db, const struct seal_key *key, enum account_mode mode,
                         const char *name, struct arena *arena, struct str *plain)
{
    struct str plains[PLATFORM_WEBHOOKS_MAX] = {{0}};
    size_t count = 0;
    enum err err = open_secrets(db, key, mode, name, arena, plains, &count);

    if (!err && count == 0)
        err = fail(ERR_NOT_FOUND, "the platform's %s (%s) is not set", name, mode_name(mode));
    *plain = plains[0];
    return err;
}

enum err platform_webhook_secrets(struct db *db, const struct seal_key *key,
                                  enum account_mode mode, struct arena *arena,
                                  struct str plains[PLATFORM_WEBHOOKS_MAX], size_t *count)
{
    return open_secrets(db, key, mode, "webhook", arena, plains, count);
}

enum err platform_ready(struct db *db, enum account_mode mode, bool *ready)
{
    int64_t count = 0;
    enum err err =
        db_integer(db, Q_PLATFORM_COMPLETE, DB_VALUES(db_text(mode_name(mode))), 0, &count);

    *ready = count == NAMES;
    return err;
}
