#include "payment/replay.h"

#include "base/arena.h"
#include "queries.h"

static enum err may_replay(struct db *db, int64_t association_id, int64_t event_id)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_EVENT_REPLAYABLE,
                            DB_VALUES(db_int(association_id), db_int(event_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such message");
    if (!err && db_column_int(&rows, 0) == 0)
        err = fail(ERR_CONFLICT, "it waits already, or its text is gone");
    db_rows_done(&rows);
    return err;
}

enum err event_replay(struct db *db, int64_t association_id, int64_t event_id,
                      const struct audit_actor *actor, int64_t now)
{
    struct arena *arena = arena_new();
    enum err err = may_replay(db, association_id, event_id);

    if (!err)
        err = db_run(db, Q_EVENT_REPLAY,
                     DB_VALUES(db_int(association_id), db_int(event_id), db_int(now)));
    if (!err)
        err = audit_add(db, association_id, actor, "event.replayed",
                        arena_printf(arena, "provider_event:%lld", (long long)event_id), "");
    arena_free(arena);
    return err;
}
