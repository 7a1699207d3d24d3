#include "association/import_file.h"

#include "base/arena.h"
#include "queries.h"

enum err import_file_add(struct db *db, const struct import_file *file, int64_t now)
{
    enum err err = db_run(db, Q_IMPORT_FORGET,
                          DB_VALUES(db_int(file->association_id), db_int(file->login_id)));

    return err ? err
               : db_run(db, Q_IMPORT_ADD,
                        DB_VALUES(db_int(file->association_id), db_int(file->id),
                                  db_int(file->login_id), db_blob(file->content), db_int(now),
                                  db_int(now + IMPORT_LIFE_S)));
}

enum err import_file_find(struct db *db, struct import_file *file, int64_t now,
                          struct arena *arena)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_IMPORT_FIND,
                            DB_VALUES(db_int(file->association_id), db_int(file->id),
                                      db_int(file->login_id), db_int(now)),
                            &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such file of this login");
    if (!err) {
        file->done = !db_column_is_null(&rows, 1);
        file->content = file->done ? (struct str){0} : db_column_blob(&rows, 0, arena);
    }
    db_rows_done(&rows);
    return err;
}

enum err import_file_done(struct db *db, const struct import_file *file, int64_t now, bool *first)
{
    struct arena *arena = arena_new();
    struct import_file found = *file;
    struct db_rows rows = {0};
    enum err err = import_file_find(db, &found, now, arena);

    if (!err) {
        err = db_first(db, Q_IMPORT_DONE,
                       DB_VALUES(db_int(file->association_id), db_int(file->id),
                                 db_int(file->login_id), db_int(now)),
                       &rows, first);
        db_rows_done(&rows);
    }
    arena_free(arena);
    return err;
}

enum err import_file_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_IMPORT_SWEEP, DB_VALUES(db_int(now)));
}
