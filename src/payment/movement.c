#include "payment/movement.h"

#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

static struct db_value id_or_null(int64_t id)
{
    return id ? db_int(id) : db_null();
}

static struct db_value text_or_empty(const char *text)
{
    return db_text(text ? text : "");
}

enum err movement_add(struct posting *posting, const struct movement_draft *draft, bool *fresh)
{
    struct db_rows rows = {0};
    enum err err = random_id(&posting->transaction_id);

    if (err)
        return err;
    err = db_first(posting->db, Q_MOVEMENT_ADD,
                   DB_VALUES(db_int(posting->association.id), db_int(posting->transaction_id),
                             db_int(posting->account.id), db_text(draft->kind),
                             db_text(draft->reference), db_int(draft->amount_cents),
                             db_text(draft->currency), db_int(draft->fact_at),
                             id_or_null(draft->intent_id), id_or_null(draft->member_id),
                             id_or_null(draft->parent_id), id_or_null(draft->follows_id),
                             text_or_empty(draft->parent_reference), text_or_empty(draft->flag),
                             text_or_empty(draft->payer), text_or_empty(draft->type),
                             text_or_empty(draft->dispute), db_int(draft->elsewhere ? 1 : 0),
                             draft->converted ? db_int(draft->settled_cents) : db_null(),
                             draft->converted ? db_int(draft->counted_cents) : db_null(),
                             db_int(posting->now)),
                   &rows, fresh);
    db_rows_done(&rows);
    return err;
}

static enum err read_one(struct posting *posting, int query, const struct db_value *values,
                         size_t count, struct movement *movement)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(posting->db, query, values, count, &rows, &found);

    *movement = (struct movement){.kind = "", .reference = "", .currency = "", .dispute = ""};
    if (!err && found)
        *movement = (struct movement){
            .id = db_column_int(&rows, 0),
            .kind = db_column_text(&rows, 1, posting->arena),
            .reference = db_column_text(&rows, 2, posting->arena),
            .account_id = db_column_int(&rows, 3),
            .amount_cents = db_column_int(&rows, 4),
            .currency = db_column_text(&rows, 5, posting->arena),
            .counted_cents = db_column_int(&rows, 6),
            .intent_id = db_column_int(&rows, 7),
            .member_id = db_column_int(&rows, 8),
            .parent_id = db_column_int(&rows, 9),
            .entry_id = db_column_int(&rows, 10),
            .elsewhere = db_column_int(&rows, 11) != 0,
            .dispute = db_column_text(&rows, 12, posting->arena),
        };
    db_rows_done(&rows);
    return err;
}

enum err movement_named(struct posting *posting, int64_t association_id, int64_t account_id,
                        const char *name, struct movement *movement)
{
    enum err err =
        read_one(posting, Q_MOVEMENT_OF_OBJECT,
                 DB_VALUES(db_int(association_id), db_int(account_id), db_text(name)), movement);

    if (err || movement->id)
        return err;
    return read_one(posting, Q_MOVEMENT_OF_REFERENCE,
                    DB_VALUES(db_int(association_id), db_int(account_id), db_text(name)),
                    movement);
}

enum err movement_known(struct posting *posting, int64_t association_id, int64_t account_id,
                        const char *kind, const char *reference, struct movement *movement)
{
    return read_one(
        posting, Q_MOVEMENT_KNOWN,
        DB_VALUES(db_int(association_id), db_int(account_id), db_text(kind), db_text(reference)),
        movement);
}

enum err movement_find(struct posting *posting, int64_t association_id, int64_t movement_id,
                       struct movement *movement)
{
    return read_one(posting, Q_MOVEMENT_FIND,
                    DB_VALUES(db_int(association_id), db_int(movement_id)), movement);
}

enum err movement_settled(struct posting *posting, int64_t settled_cents, int64_t counted_cents)
{
    return db_run(posting->db, Q_MOVEMENT_SETTLED,
                  DB_VALUES(db_int(posting->association.id), db_int(posting->transaction_id),
                            db_int(settled_cents), db_int(counted_cents)));
}

enum err movement_note(struct posting *posting, const char *reason, int64_t login_id)
{
    if (!reason || !reason[0])
        return OK;
    return db_run(posting->db, Q_MOVEMENT_NOTE_ADD,
                  DB_VALUES(db_int(posting->association.id), db_int(posting->transaction_id),
                            db_text(reason), id_or_null(login_id)));
}
