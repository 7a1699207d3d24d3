#include "payment/rekey.h"

#include "base/arena.h"
#include "queries.h"

enum { KEY_PARTS_MAX = 4, PARAMETERS_MAX = 1 + KEY_PARTS_MAX };

/* One sealed column. Its list gives: owner id, the name it is sealed under, the sealed bytes,
 * and then the parts of its row's key as texts; its write takes the new bytes and those parts. */
struct sealed_column {
    int list, write;
    int key_parts;
};

const char *const rekey_columns[] = {"secret.sealed", "platform_secret.sealed",
                                     "bank_account.iban_sealed", "login_totp.sealed_seed", NULL};

static const struct sealed_column columns[] = {
    {Q_REKEY_SECRET_LIST, Q_REKEY_SECRET_WRITE, 4},
    {Q_REKEY_PLATFORM_LIST, Q_REKEY_PLATFORM_WRITE, 3},
    {Q_REKEY_IBAN_LIST, Q_REKEY_IBAN_WRITE, 2},
    {Q_REKEY_SEED_LIST, Q_REKEY_SEED_WRITE, 1},
};
enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };
_Static_assert(sizeof(rekey_columns) / sizeof(rekey_columns[0]) == COLUMN_COUNT + 1,
               "a column without its name");

/* A value out of its row: rows are read to their end before the first is written. */
struct sealed_value {
    struct sealed_value *next;
    int64_t owner_id;
    const char *name;
    struct str sealed;
    const char *key[KEY_PARTS_MAX];
};

/* ---- reading ---- */

static enum err read_values(struct db *db, const struct sealed_column *column, struct arena *arena,
                            struct sealed_value **first)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, column->list, DB_NO_VALUES, &rows);

    *first = NULL;
    while (!err && !(err = db_next(&rows, &found)) && found) {
        struct sealed_value *value = arena_alloc(arena, sizeof(*value));

        value->next = *first;
        value->owner_id = db_column_int(&rows, 0);
        value->name = db_column_text(&rows, 1, arena);
        value->sealed = db_column_blob(&rows, 2, arena);
        for (int i = 0; i < column->key_parts; i++)
            value->key[i] = db_column_text(&rows, 3 + i, arena);
        *first = value;
    }
    db_rows_done(&rows);
    return err;
}

enum err rekey_count_foreign(struct db *db, const struct seal_key *key, int64_t *count)
{
    struct arena *arena = arena_new();
    enum err err = OK;

    *count = 0;
    for (int i = 0; !err && i < COLUMN_COUNT; i++) {
        struct sealed_value *value;

        err = read_values(db, &columns[i], arena, &value);
        for (; !err && value; value = value->next)
            *count += seal_made_with(key, value->sealed) ? 0 : 1;
    }
    arena_free(arena);
    return err;
}

/* ---- moving ---- */

static enum err write_value(struct db *db, const struct sealed_column *column,
                            const struct sealed_value *value, struct str sealed)
{
    struct db_value parameters[PARAMETERS_MAX] = {db_blob(sealed)};

    for (int i = 0; i < column->key_parts; i++)
        parameters[1 + i] = db_text(value->key[i]);
    return db_run(db, column->write, parameters, 1 + (size_t)column->key_parts);
}

static enum err move_value(struct db *db, const struct sealed_column *column,
                           const struct sealed_value *value, const struct seal_key *old_key,
                           const struct seal_key *new_key, struct arena *arena)
{
    struct str plain, sealed;
    enum err err = seal_open(old_key, value->owner_id, value->name, value->sealed, arena, &plain);

    if (err)
        return fail(err, "%s of %lld does not open: %s", value->name, (long long)value->owner_id,
                    err_last()->text);
    err = seal_close(new_key, value->owner_id, value->name, plain, arena, &sealed);
    return err ? err : write_value(db, column, value, sealed);
}

static enum err move_column(struct db *db, const struct sealed_column *column,
                            const struct seal_key *old_key, const struct seal_key *new_key,
                            int64_t *count)
{
    struct arena *arena = arena_new();
    struct sealed_value *value;
    enum err err = read_values(db, column, arena, &value);

    for (; !err && value; value = value->next) {
        if (seal_made_with(new_key, value->sealed))
            continue;
        err = move_value(db, column, value, old_key, new_key, arena);
        *count += err ? 0 : 1;
    }
    arena_free(arena);
    return err;
}

enum err rekey_all(struct db *db, const struct seal_key *old_key, const struct seal_key *new_key,
                   const struct audit_actor *actor, int64_t *count)
{
    enum err err = OK;

    *count = 0;
    for (int i = 0; !err && i < COLUMN_COUNT; i++)
        err = move_column(db, &columns[i], old_key, new_key, count);
    return err ? err
               : audit_add(db, 0, actor, "secret.rekeyed", "installation", seal_key_id(new_key));
}
