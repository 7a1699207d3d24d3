#include "base/arena.h"
#include "db/connection.h"

/* EXPLAIN QUERY PLAN gives (id, parent, unused, sentence). */
enum { PLAN_SENTENCE = 3 };

enum err db_prepare_all(struct db *db)
{
    enum err err = OK;
    for (int i = 0; err == OK && i < db->catalog->count; i++) {
        struct query *query = NULL;
        err = connection_query(db, i, &query);
    }
    return err;
}

enum err db_explain(struct db *db, int query, struct arena *arena, char **plan)
{
    struct query *explained = NULL;
    struct db_rows rows = {0};
    struct buffer lines;
    bool found = true;
    *plan = NULL;
    enum err err = connection_query(db, query, &explained);
    if (err != OK) {
        return err;
    }
    /* Zeroed values are NULLs: a plan does not depend on them. */
    size_t count = engine_statement_parameters(explained->statement);
    err = connection_select_text(
        db, arena_printf(arena, "EXPLAIN QUERY PLAN %s", db->catalog->queries[query].sql),
        arena_array(arena, count, sizeof(struct db_value)), count, &rows);
    buffer_init(&lines, arena, 256);
    while (err == OK && found) {
        err = db_next(&rows, &found);
        if (err == OK && found) {
            buffer_add_str(&lines, db_column_str(&rows, PLAN_SENTENCE));
            buffer_add_byte(&lines, '\n');
        }
    }
    db_rows_done(&rows);
    *plan = lines.data;
    return err;
}
