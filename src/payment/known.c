#include "payment/known.h"

#include "queries.h"

enum err known_movement(struct db *db, int64_t association_id, int64_t provider_account_id,
                        const char *kind, const char *reference, bool *known)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, Q_TRANSACTION_KNOWN,
                            DB_VALUES(db_int(association_id), db_int(provider_account_id),
                                      db_text(kind), db_text(reference)),
                            &rows, known);

    db_rows_done(&rows);
    return err;
}

enum err known_dispute_of(struct db *db, int64_t association_id, int64_t provider_account_id,
                          const char *payment, struct arena *arena, const char **reference)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(db, Q_DISPUTE_OF_PAYMENT,
                 DB_VALUES(db_int(association_id), db_int(provider_account_id), db_text(payment)),
                 &rows, &found);

    *reference = !err && found ? db_column_text(&rows, 0, arena) : NULL;
    db_rows_done(&rows);
    return err;
}
