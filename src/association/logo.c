#include "association/logo.h"

#include "association/association.h"
#include "association/change.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

enum err logo_find(struct db *db, int64_t association_id, struct str hash, struct arena *arena,
                   struct logo *logo)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_LOGO_FIND, DB_VALUES(db_int(association_id), db_str(hash)), &rows, &found);

    if (!err && found) {
        logo->content_type = db_column_text(&rows, 0, arena);
        logo->bytes = db_column_blob(&rows, 1, arena);
    } else if (!err) {
        err = fail(ERR_NOT_FOUND, "no such logo");
    }
    db_rows_done(&rows);
    return err;
}

enum err logo_hash(struct str bytes, char out[HASH_HEX_MAX])
{
    unsigned char hash[HASH_LEN];
    enum err err = hash_sha256(bytes, hash);

    if (!err)
        hash_hex(hash, sizeof(hash), out);
    return err;
}

static enum err write(struct db *db, const struct logo_draft *draft)
{
    const struct picture *picture = draft->picture;

    if (!picture)
        return db_run(db, Q_LOGO_REMOVE, DB_VALUES(db_int(draft->association_id)));
    return db_run(db, Q_LOGO_SET,
                  DB_VALUES(db_int(draft->association_id), db_text(draft->hash),
                            db_text(picture->content_type), db_int(picture->width),
                            db_int(picture->height), db_blob(picture->bytes), db_int(draft->now)));
}

enum err logo_set(struct db *db, const struct logo_draft *draft, const struct audit_actor *actor)
{
    struct arena *arena = arena_new();
    struct association before;
    struct change change;
    enum err err = association_find(db, draft->association_id, arena, &before);

    change_init(&change, arena);
    if (!err)
        change_word(&change, "logo", before.logo_hash, draft->picture ? draft->hash : "");
    if (!err && !change_none(&change)) {
        err = write(db, draft);
        if (!err)
            err = audit_add(
                db, draft->association_id, actor, "association.logo",
                arena_printf(arena, "association:%lld", (long long)draft->association_id),
                change_detail(&change));
    }
    arena_free(arena);
    return err;
}
