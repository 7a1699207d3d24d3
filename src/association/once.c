#include "association/once.h"

#include "base/hash.h"
#include "queries.h"

/* Was it used for the same content? */
static enum err compare(struct db *db, int64_t association_id, struct str key, struct str digest,
                        bool *same)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_FORM_KEY_DIGEST, DB_VALUES(db_int(association_id), db_str(key)),
                            &rows, &found);

    *same = !err && found && hash_equal(db_column_str(&rows, 0), digest);
    db_rows_done(&rows);
    return err;
}

enum err once_used(struct db *db, int64_t association_id, struct str key, struct str content,
                   bool *used)
{
    unsigned char hash[HASH_LEN] = {0};
    enum err err = hash_sha256(content, hash);

    *used = false;
    return err ? err : compare(db, association_id, key, str_from(hash, sizeof(hash)), used);
}

enum err once_use(struct db *db, int64_t association_id, struct str key, struct str content,
                  int64_t now, bool *fresh)
{
    unsigned char hash[HASH_LEN] = {0};
    const struct str digest = str_from(hash, sizeof(hash));
    int64_t used_at = 0;
    bool same = false;
    enum err err;

    *fresh = false;
    if (str_empty(key))
        return fail(ERR_INPUT, "a form without key");
    err = hash_sha256(content, hash);
    if (!err)
        err = db_integer(
            db, Q_FORM_KEY_USE,
            DB_VALUES(db_int(association_id), db_str(key), db_blob(digest), db_int(now)), 0,
            &used_at);
    *fresh = !err && used_at != 0;
    if (err || *fresh)
        return err;
    err = compare(db, association_id, key, digest, &same);
    return err || same ? err : fail(ERR_CONFLICT, "the form's key served another content");
}

enum err once_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_FORM_KEY_SWEEP, DB_VALUES(db_int(now - ONCE_LIFE_S)));
}
