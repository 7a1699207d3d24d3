#include "payment/due.h"

enum err due_any(struct db *db, int query, int64_t now, bool *due)
{
    int64_t found = 0;
    enum err err =
        db_integer(db, query, DB_VALUES(db_int(now), db_int(now + EVENT_LEASE_S)), 0, &found);

    *due = found > 0;
    return err;
}

static enum err list_due(struct db *db, int list, const char *provider, int64_t now, size_t max,
                         struct claim *due, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, list,
                             DB_VALUES(db_text(provider), db_int(now), db_int(now + EVENT_LEASE_S),
                                       db_int((int64_t)max)),
                             &rows);

    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < max)
        due[(*count)++] = (struct claim){db_column_int(&rows, 0), db_column_int(&rows, 1), 0};
    db_rows_done(&rows);
    return err;
}

enum err due_claim(struct db *db, int list, int claim, const char *provider, int64_t now,
                   struct claim *claims, size_t max, size_t *count)
{
    struct claim due[CLAIMS_MAX];
    size_t due_count = 0;
    enum err err =
        list_due(db, list, provider, now, max > CLAIMS_MAX ? CLAIMS_MAX : max, due, &due_count);

    *count = 0;
    for (size_t i = 0; !err && i < due_count; i++) {
        err = db_integer(db, claim,
                         DB_VALUES(db_int(due[i].association_id), db_int(due[i].id), db_int(now),
                                   db_int(now + EVENT_LEASE_S)),
                         0, &due[i].claim);
        if (!err && due[i].claim > 0)
            claims[(*count)++] = due[i];
    }
    return err;
}
