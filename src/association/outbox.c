#include "association/outbox.h"

#include "base/random.h"
#include "queries.h"

enum err outbox_add(struct db *db, int64_t association_id, const char *kind, int64_t member_id,
                    int64_t transaction_id, int64_t now)
{
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(db, Q_OUTBOX_ADD,
                  DB_VALUES(db_int(id), db_int(association_id), db_text(kind),
                            member_id ? db_int(member_id) : db_null(),
                            transaction_id ? db_int(transaction_id) : db_null(), db_int(now)));
}
