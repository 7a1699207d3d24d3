#include "association/rows.h"

#include "base/arena.h"

#include <string.h>

enum { ROWS_FIRST = 16 };

enum err rows_read_all(struct db *db, int query, const struct db_value *values, size_t value_count,
                       rows_read_fn *read_row, size_t item_size, struct arena *arena, void **items,
                       size_t *count)
{
    size_t capacity = ROWS_FIRST;
    char *array = arena_array(arena, capacity, item_size);
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, query, values, value_count, &rows);

    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found) {
        if (*count == capacity) {
            char *grown = arena_array(arena, capacity * 2, item_size);
            memcpy(grown, array, *count * item_size);
            array = grown;
            capacity *= 2;
        }
        err = read_row(&rows, arena, array + (*count)++ * item_size);
    }
    db_rows_done(&rows);
    *items = array;
    return err;
}
