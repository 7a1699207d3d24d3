#include "association/email_change.h"

#include "association/login.h"
#include "association/outbox.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "queries.h"

/* ---- asking ---- */

static enum err is_taken(struct db *db, struct str folded, int64_t login_id, bool *taken)
{
    struct db_rows rows = {0};
    enum err err =
        db_first(db, Q_EMAIL_TAKEN, DB_VALUES(db_str(folded), db_int(login_id)), &rows, taken);

    db_rows_done(&rows);
    return err;
}

static enum err put_wish(struct db *db, const struct email_wish *wish, const char *email,
                         struct str folded, bool taken)
{
    const struct outbox_place warned = {wish->present, email}, asked = {email, ""};
    int64_t now = wish->now_ms / 1000;
    enum err err = db_run(db, Q_EMAIL_CHANGE_PUT,
                          DB_VALUES(db_int(wish->login_id), db_text(email), db_str(folded),
                                    db_int(now), db_int(now + LINK_LIFE_S)));

    if (!err)
        err = outbox_add_to(db, wish->association_id, "email_asked", wish->login_id, &warned, now);
    if (!err && !taken)
        err =
            outbox_add_to(db, wish->association_id, "email_confirm", wish->login_id, &asked, now);
    return err;
}

enum err email_change_ask(struct db *db, const struct email_wish *wish, int64_t *wait_ms)
{
    struct arena *arena = arena_new();
    struct str email = str_trim(wish->email), folded = utf8_fold(email, arena);
    struct str place = str_of(wish->actor.address);
    bool taken = false;
    enum err err = login_email_plausible(email) ? OK : fail(ERR_INPUT, "this is no address");

    if (!err)
        err = link_throttle_wait_ms(db, email, place, wish->now_ms, arena, wait_ms);
    if (!err && *wait_ms == 0) {
        err = link_throttle_count(db, email, place, wish->now_ms, arena);
        if (!err)
            err = is_taken(db, folded, wish->login_id, &taken);
        if (!err)
            err = put_wish(db, wish, str_copy(arena, email), folded, taken);
        if (!err)
            err = login_audit(db, &wish->actor, "login.email_asked", wish->login_id);
    }
    arena_free(arena);
    return err;
}

enum err email_change_pending(struct db *db, int64_t login_id, int64_t now, struct arena *arena,
                              const char **email)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_EMAIL_CHANGE_PENDING, DB_VALUES(db_int(login_id), db_int(now)),
                            &rows, &found);

    *email = !err && found ? db_column_text(&rows, 0, arena) : NULL;
    db_rows_done(&rows);
    return err;
}

/* ---- the link ---- */

enum err email_change_link(struct db *db, int64_t login_id, const char *email,
                           const unsigned char hash[HASH_LEN], int64_t now)
{
    int64_t linked = 0;
    enum err err = db_integer(db, Q_EMAIL_CHANGE_LINK,
                              DB_VALUES(db_int(login_id), db_blob(str_from(hash, HASH_LEN)),
                                        db_int(now + LINK_LIFE_S), db_text(email)),
                              0, &linked);

    return err || linked ? err : fail(ERR_NOT_FOUND, "another address is wished by now");
}

enum err email_change_find(struct db *db, struct str token, int64_t login_id, int64_t now,
                           struct arena *arena, struct email_change *change, bool *found)
{
    unsigned char hash[HASH_LEN];
    struct db_rows rows = {0};
    enum err err = link_secret_hash(token, hash, found);

    if (err || !*found)
        return err;
    err = db_first(db, Q_EMAIL_CHANGE_FIND,
                   DB_VALUES(db_blob(str_from(hash, HASH_LEN)), db_int(now), db_int(login_id)),
                   &rows, found);
    if (!err && *found) {
        change->login_id = db_column_int(&rows, 0);
        change->email = db_column_text(&rows, 1, arena);
        change->present = db_column_text(&rows, 2, arena);
        *found = hash_equal(db_column_str(&rows, 3), str_from(hash, HASH_LEN));
    }
    db_rows_done(&rows);
    return err;
}

/* ---- using it ---- */

struct confirmed {
    int64_t login_id;
    const char *email;
    const char *folded;
};

static enum err take(struct db *db, struct str token, int64_t now, struct arena *arena,
                     struct confirmed *confirmed, bool *found)
{
    unsigned char hash[HASH_LEN];
    struct db_rows rows = {0};
    enum err err = link_secret_hash(token, hash, found);

    if (err || !*found)
        return err;
    err = db_first(db, Q_EMAIL_CHANGE_USE,
                   DB_VALUES(db_blob(str_from(hash, HASH_LEN)), db_int(now)), &rows, found);
    if (!err && *found)
        *confirmed = (struct confirmed){db_column_int(&rows, 0), db_column_text(&rows, 1, arena),
                                        db_column_text(&rows, 2, arena)};
    db_rows_done(&rows);
    return err;
}

static enum err set_email(struct db *db, const struct confirmed *confirmed, bool *set)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, Q_LOGIN_SET_EMAIL,
                            DB_VALUES(db_int(confirmed->login_id), db_text(confirmed->email),
                                      db_text(confirmed->folded)),
                            &rows, set);

    db_rows_done(&rows);
    return err;
}

/* Whoever holds a session or a link of the old address begins anew. */
static enum err end_the_old(struct db *db, int64_t login_id, const struct audit_actor *actor)
{
    enum err err =
        db_run(db, Q_SESSION_END_OTHERS, DB_VALUES(db_int(login_id), db_blob(str_from("", 0))));

    if (!err)
        err = db_run(db, Q_LINK_FORGET, DB_VALUES(db_int(login_id)));
    return err ? err : login_audit(db, actor, "login.email_changed", login_id);
}

enum err email_change_use(struct db *db, struct str token, const struct audit_actor *actor,
                          int64_t now, bool *used)
{
    struct arena *arena = arena_new();
    struct email_change change = {0};
    struct confirmed confirmed = {0};
    enum err err = email_change_find(db, token, actor->login_id, now, arena, &change, used);

    if (!err && *used)
        err = take(db, token, now, arena, &confirmed, used);
    if (!err && *used)
        err = set_email(db, &confirmed, used);
    if (!err && *used)
        err = end_the_old(db, confirmed.login_id, actor);
    arena_free(arena);
    return err;
}

enum err email_change_sweep(struct db *db, int64_t now)
{
    return db_run(db, Q_EMAIL_CHANGE_SWEEP, DB_VALUES(db_int(now)));
}
