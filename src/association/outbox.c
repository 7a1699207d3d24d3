#include "association/outbox.h"

#include "association/rows.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

#include <string.h>

/* ---- queueing ---- */

static struct db_value id_or_null(int64_t id)
{
    return id ? db_int(id) : db_null();
}

enum err outbox_add_to(struct db *db, int64_t association_id, const char *kind, int64_t login_id,
                       const struct outbox_place *place, int64_t now)
{
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(db, Q_OUTBOX_ADD,
                  DB_VALUES(db_int(id), db_int(association_id), db_text(kind), db_null(),
                            db_int(login_id), db_null(), db_int(now), db_text(place->address),
                            db_text(place->about)));
}

static enum err add(struct db *db, int64_t association_id, const char *kind, int64_t member_id,
                    int64_t login_id, int64_t transaction_id, int64_t now)
{
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(db, Q_OUTBOX_ADD,
                  DB_VALUES(db_int(id), db_int(association_id), db_text(kind),
                            id_or_null(member_id), id_or_null(login_id),
                            id_or_null(transaction_id), db_int(now), db_text(""), db_text("")));
}

enum err outbox_add(struct db *db, int64_t association_id, const char *kind, int64_t member_id,
                    int64_t transaction_id, int64_t now)
{
    return add(db, association_id, kind, member_id, 0, transaction_id, now);
}

enum err outbox_add_login(struct db *db, int64_t association_id, const char *kind,
                          int64_t login_id, int64_t now)
{
    return add(db, association_id, kind, 0, login_id, 0, now);
}

/* ---- claiming ---- */

enum err outbox_any_due(struct db *db, int64_t now, bool *due)
{
    int64_t found = 0;
    enum err err = db_integer(db, Q_OUTBOX_ANY_DUE,
                              DB_VALUES(db_int(now), db_int(now + OUTBOX_LEASE_S)), 0, &found);

    *due = found != 0;
    return err;
}

/* What the claimed row is about, to make its like for each recipient. */
struct claimed {
    struct outbox_claim *claim;
    const char *kind;
    int64_t member_id, login_id, transaction_id, created_at;
};

static enum err take(struct db *db, int64_t now, struct arena *arena, struct claimed *claimed,
                     bool *found)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, Q_OUTBOX_CLAIM,
                            DB_VALUES(db_int(now), db_int(now + OUTBOX_LEASE_S)), &rows, found);

    if (!err && *found) {
        *claimed->claim = (struct outbox_claim){
            .association_id = db_column_int(&rows, 0),
            .id = db_column_int(&rows, 1),
            .claim = db_column_int(&rows, 2),
            .attempts = db_column_int(&rows, 7),
            .first_tried_at = db_column_int(&rows, 8),
        };
        claimed->kind = db_column_text(&rows, 3, arena);
        claimed->member_id = db_column_int(&rows, 4);
        claimed->login_id = db_column_int(&rows, 5);
        claimed->transaction_id = db_column_int(&rows, 6);
        claimed->created_at = db_column_int(&rows, 9);
    }
    db_rows_done(&rows);
    return err;
}

static enum err read_login_id(const struct db_rows *rows, struct arena *arena, void *item)
{
    int64_t *login_id = item;

    (void)arena;
    *login_id = db_column_int(rows, 0);
    return OK;
}

/* The row itself goes to the first treasurer, rows like it to the others. */
static enum err share_out(struct db *db, const struct claimed *claimed, struct arena *arena)
{
    const struct outbox_claim *claim = claimed->claim;
    void *items;
    const int64_t *logins;
    size_t count;
    enum err err = rows_read_all(db, Q_OUTBOX_STAFF, DB_VALUES(db_int(claim->association_id)),
                                 read_login_id, sizeof(*logins), arena, &items, &count);

    logins = items;
    if (!err && count > 0)
        err =
            db_run(db, Q_OUTBOX_ADDRESS,
                   DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(logins[0])));
    for (size_t i = 1; !err && i < count; i++)
        err = add(db, claim->association_id, claimed->kind, 0, logins[i], claimed->transaction_id,
                  claimed->created_at);
    return err;
}

enum err outbox_claim(struct db *db, int64_t now, struct outbox_claim *claim, bool *found)
{
    struct arena *arena = arena_new();
    struct claimed claimed = {.claim = claim};
    enum err err = take(db, now, arena, &claimed, found);

    if (!err && *found && !claimed.member_id && !claimed.login_id)
        err = share_out(db, &claimed, arena);
    arena_free(arena);
    return err;
}

/* ---- reading ---- */

static void read_money(const struct db_rows *rows, struct arena *arena, struct outbox_mail *mail)
{
    const char *code = db_column_text(rows, 6, arena);

    mail->currency = code ? money_currency(code) : NULL;
    mail->has_money = mail->currency != NULL;
    mail->amount_cents = db_column_int(rows, 5);
    mail->fact_at = db_column_int(rows, 7);
    mail->reference = db_column_text(rows, 8, arena);
    mail->provider = db_column_text(rows, 9, arena);
    mail->account_label = db_column_text(rows, 10, arena);
    mail->deadline_at = db_column_int(rows, 18);
}

enum err outbox_find(struct db *db, int64_t association_id, int64_t id, struct arena *arena,
                     struct outbox_mail *mail)
{
    struct db_rows rows = {0};
    int64_t member_id = 0;
    bool found = false;
    enum err err =
        db_first(db, Q_OUTBOX_FIND, DB_VALUES(db_int(association_id), db_int(id)), &rows, &found);

    *mail = (struct outbox_mail){.id = id};
    if (!err && found) {
        mail->kind = db_column_text(&rows, 0, arena);
        mail->address = db_column_text(&rows, 1, arena);
        mail->first_name = db_column_text(&rows, 2, arena);
        mail->last_name = db_column_text(&rows, 3, arena);
        mail->role = role_from_name(db_column_str(&rows, 4));
        read_money(&rows, arena, mail);
        mail->created_at = db_column_int(&rows, 11);
        mail->state = db_column_text(&rows, 12, arena);
        mail->reason = db_column_text(&rows, 13, arena);
        mail->login_id = db_column_int(&rows, 14);
        mail->sent_to = db_column_text(&rows, 15, arena);
        mail->about = db_column_text(&rows, 16, arena);
        member_id = db_column_int(&rows, 17);
    }
    db_rows_done(&rows);
    if (!err && !found)
        return fail(ERR_NOT_FOUND, "no such mail");
    return err || strcmp(mail->kind, "reminder") != 0
               ? err
               : reminder_due(db, association_id, member_id, &mail->due);
}

/* ---- ending ---- */

enum err outbox_end(struct db *db, const struct outbox_claim *claim, enum outbox_end end,
                    const char *reason, const char *address, int64_t now)
{
    static const char *const states[] = {
        [OUTBOX_SENT] = "sent",
        [OUTBOX_REFUSED] = "refused",
        [OUTBOX_DROPPED] = "dropped",
    };

    return db_run(db, Q_OUTBOX_END,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_text(states[end]), db_text(reason), db_text(address), db_int(now)));
}

static int64_t delay_after(int64_t attempts, int64_t delay_max_s)
{
    int64_t delay_s = OUTBOX_DELAY_FIRST_S;
    int64_t max_s = delay_max_s ? delay_max_s : OUTBOX_DELAY_MAX_S;

    for (int64_t i = 1; i < attempts && delay_s < max_s; i++)
        delay_s *= 4;
    return delay_s < max_s ? delay_s : max_s;
}

enum err outbox_retry(struct db *db, const struct outbox_claim *claim, const char *reason,
                      const char *address, int64_t delay_max_s, int64_t now)
{
    int64_t next_at = now + delay_after(claim->attempts, delay_max_s);

    if (next_at > claim->first_tried_at + OUTBOX_TRY_S)
        return outbox_end(db, claim, OUTBOX_DROPPED, reason, address, now);
    return db_run(db, Q_OUTBOX_RETRY,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(next_at), db_text(reason), db_text(address)));
}
