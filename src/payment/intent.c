#include "payment/intent.h"

#include "association/cart.h"
#include "base/arena.h"
#include "payment/internal.h"
#include "payment/room.h"
#include "queries.h"

#include <string.h>

static const char *const state_names[] = {
    [INTENT_CREATED] = "created", [INTENT_OPEN] = "open",     [INTENT_PROCESSING] = "processing",
    [INTENT_PAID] = "paid",       [INTENT_FAILED] = "failed", [INTENT_CANCELED] = "canceled",
    [INTENT_EXPIRED] = "expired",
};

const char *intent_state_name(enum intent_state state)
{
    return state_names[state];
}

bool intent_state_live(enum intent_state state)
{
    return state == INTENT_CREATED || state == INTENT_OPEN;
}

static enum intent_state state_from_name(struct str name)
{
    for (int state = INTENT_CREATED; state <= INTENT_EXPIRED; state++)
        if (str_is(name, state_names[state]))
            return (enum intent_state)state;
    err_abort(__FILE__, __LINE__, "payment_intent.state outside its CHECK");
}

/* ---- reading ---- */

static void read_intent(const struct db_rows *rows, struct arena *arena,
                        struct payment_intent *intent)
{
    intent->association_id = db_column_int(rows, 0);
    intent->id = db_column_int(rows, 1);
    intent->member_id = db_column_int(rows, 2);
    intent->provider_account_id = db_column_int(rows, 3);
    intent->token = db_column_text(rows, 4, arena);
    intent->form_token = db_column_text(rows, 5, arena);
    intent->amount_cents = db_column_int(rows, 6);
    intent->currency = db_column_text(rows, 7, arena);
    intent->state = state_from_name(db_column_str(rows, 8));
    intent->request = db_column_text(rows, 9, arena);
    intent->idempotency_key = db_column_text(rows, 10, arena);
    intent->reference = db_column_text(rows, 11, arena);
    intent->provider_url = db_column_text(rows, 12, arena);
    intent->expires_at = db_column_int(rows, 13);
    intent->reason = db_column_text(rows, 14, arena);
    intent->attempts = db_column_int(rows, 15);
    intent->claim = db_column_int(rows, 16);
    intent->created_by = db_column_int(rows, 17);
    intent->created_at = db_column_int(rows, 18);
    intent->updated_at = db_column_int(rows, 19);
    intent->provider = db_column_text(rows, 20, arena);
    intent->to_check = !db_column_is_null(rows, 21);
    intent->fee_cover_cents = db_column_int(rows, 22);
    intent->declines = db_column_int(rows, 23);
    intent->embedded = db_column_int(rows, 24) != 0;
}

static enum err find_intent(struct db *db, int query, const struct db_value *values, size_t count,
                            struct arena *arena, struct payment_intent *intent, bool *found)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, query, values, count, &rows, found);

    if (!err && *found)
        read_intent(&rows, arena, intent);
    db_rows_done(&rows);
    return err;
}

enum err intent_find(struct db *db, int64_t association_id, int64_t intent_id, struct arena *arena,
                     struct payment_intent *intent)
{
    bool found = false;
    enum err err =
        find_intent(db, Q_INTENT_FIND, DB_VALUES(db_int(association_id), db_int(intent_id)), arena,
                    intent, &found);

    return !err && !found ? fail(ERR_NOT_FOUND, "no such intent") : err;
}

enum err intent_find_token(struct db *db, struct str token, struct arena *arena,
                           struct payment_intent *intent)
{
    bool found = false;
    enum err err =
        find_intent(db, Q_INTENT_FIND_TOKEN, DB_VALUES(db_str(token)), arena, intent, &found);

    return !err && !found ? fail(ERR_NOT_FOUND, "no intent of that token") : err;
}

enum err intent_find_live(struct db *db, int64_t association_id, int64_t member_id,
                          struct arena *arena, struct payment_intent *intent, bool *found)
{
    return find_intent(db, Q_INTENT_FIND_LIVE,
                       DB_VALUES(db_int(association_id), db_int(member_id)), arena, intent, found);
}

enum err intent_in_progress(struct db *db, int64_t association_id, int64_t member_id,
                            struct arena *arena, struct payment_intent **intents, size_t *count,
                            int64_t *sum_cents)
{
    enum { IN_PROGRESS_MAX = 64 };
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_INTENT_IN_PROGRESS,
                             DB_VALUES(db_int(association_id), db_int(member_id)), &rows);

    *intents = arena_array(arena, IN_PROGRESS_MAX, sizeof(**intents));
    *count = 0;
    *sum_cents = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < IN_PROGRESS_MAX) {
        struct payment_intent *intent = &(*intents)[(*count)++];
        read_intent(&rows, arena, intent);
        *sum_cents = money_add(*sum_cents, intent->amount_cents - intent->fee_cover_cents);
    }
    db_rows_done(&rows);
    return err;
}

enum err intent_client_secret(struct db *db, const struct payment_intent *intent,
                              struct arena *arena, const char **secret)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(
        db, Q_INTENT_CLIENT_SECRET,
        DB_VALUES(db_int(intent->association_id), db_int(intent->member_id), db_int(intent->id)),
        &rows, &found);

    if (!err && found && !db_column_is_null(&rows, 0))
        *secret = db_column_text(&rows, 0, arena);
    else if (!err)
        err = fail(ERR_NOT_FOUND, "the attempt has no client secret");
    db_rows_done(&rows);
    return err;
}

enum err intent_ticked(struct db *db, const struct payment_intent *intent, struct arena *arena,
                       int64_t **ticked, size_t *count)
{
    enum { TICKED_MAX = 256 };
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_INTENT_CHARGES,
                             DB_VALUES(db_int(intent->association_id), db_int(intent->id)), &rows);

    *ticked = arena_array(arena, TICKED_MAX, sizeof(**ticked));
    *count = 0;
    while (!err && !(err = db_next(&rows, &found)) && found && *count < TICKED_MAX)
        (*ticked)[(*count)++] = db_column_int(&rows, 0);
    db_rows_done(&rows);
    return err;
}

/* ---- beginning ---- */

static enum err account_usable(struct db *db, const struct intent_draft *draft,
                               struct arena *arena, bool *usable)
{
    struct provider_account account;
    enum err err = account_find(db, draft->association_id, draft->account->id, arena, &account);

    *usable = !err && account.linked && account.key_version == draft->account->key_version;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* A charge it is for, and how much of it. */
struct frozen {
    int64_t charge_line_id;
    int64_t cents;
};

static bool is_ticked(const struct intent_draft *draft, int64_t charge_line_id)
{
    for (size_t i = 0; i < draft->ticked_count; i++)
        if (draft->ticked[i] == charge_line_id)
            return true;
    return false;
}

static void freeze(const struct intent_draft *draft, const struct cart_due *dues, size_t count,
                   bool ticked, int64_t *left_cents, struct frozen *frozen, size_t *frozen_count)
{
    for (size_t i = 0; i<count && * left_cents> 0; i++) {
        int64_t part = dues[i].open_cents < *left_cents ? dues[i].open_cents : *left_cents;

        if (is_ticked(draft, dues[i].charge_line_id) != ticked)
            continue;
        frozen[(*frozen_count)++] = (struct frozen){dues[i].charge_line_id, part};
        *left_cents -= part;
    }
}

/* Which charges it is for, up to the amount: those that were ticked, then the payer's other open
 * ones, each oldest first. */
static enum err choose_charges(struct db *db, const struct intent_draft *draft,
                               struct arena *arena, struct frozen **frozen, size_t *frozen_count)
{
    struct cart_due *dues;
    size_t count = 0;
    int64_t left_cents = draft->amount_cents - draft->fee_cover_cents;
    enum err err = cart_dues(db, draft->association_id, draft->member_id, arena, &dues, &count);

    *frozen_count = 0;
    *frozen = arena_array(arena, count + 1, sizeof(**frozen));
    if (!err)
        freeze(draft, dues, count, true, &left_cents, *frozen, frozen_count);
    if (!err)
        freeze(draft, dues, count, false, &left_cents, *frozen, frozen_count);
    return err;
}

static enum err freeze_charges(struct db *db, const struct intent_draft *draft,
                               struct arena *arena)
{
    struct frozen *frozen;
    size_t count = 0;
    enum err err = choose_charges(db, draft, arena, &frozen, &count);

    for (size_t i = 0; !err && i < count; i++)
        err = db_run(db, Q_INTENT_ADD_CHARGE,
                     DB_VALUES(db_int(draft->association_id), db_int(draft->id),
                               db_int(frozen[i].charge_line_id), db_int((int64_t)i + 1),
                               db_int(frozen[i].cents)));
    return err;
}

enum err intent_for_same_charges(struct db *db, const struct intent_draft *draft,
                                 int64_t intent_id, bool *same)
{
    struct arena *arena = arena_new();
    struct db_rows rows = {0};
    struct frozen *frozen;
    size_t count = 0, seen = 0;
    bool found = false;
    enum err err = choose_charges(db, draft, arena, &frozen, &count);

    *same = true;
    if (!err)
        err = db_select(db, Q_INTENT_CHARGES,
                        DB_VALUES(db_int(draft->association_id), db_int(intent_id)), &rows);
    while (!err && !(err = db_next(&rows, &found)) && found) {
        *same = *same && seen < count && frozen[seen].charge_line_id == db_column_int(&rows, 0) &&
                frozen[seen].cents == db_column_int(&rows, 1);
        seen++;
    }
    db_rows_done(&rows);
    *same = *same && seen == count;
    arena_free(arena);
    return err;
}

static enum err insert_intent(struct db *db, const struct intent_draft *draft, struct arena *arena)
{
    const struct audit_actor actor = {draft->login_id, draft->address};
    enum err err = db_run(
        db, Q_INTENT_ADD,
        DB_VALUES(db_int(draft->association_id), db_int(draft->id), db_int(draft->member_id),
                  db_int(draft->account->id), db_int(draft->account->key_version),
                  db_text(draft->token), db_text(draft->form_token), db_int(draft->amount_cents),
                  db_text(draft->currency), db_text(draft->request),
                  db_text(draft->idempotency_key), db_int(draft->expires_at),
                  db_int(draft->now + INTENT_PAGE_CALL_S), db_int(draft->login_id),
                  db_int(draft->now), db_int(draft->fee_cover_cents)));

    if (!err)
        err = freeze_charges(db, draft, arena);
    if (!err)
        err = audit_add(
            db, draft->association_id, &actor, "payment.begun",
            arena_printf(arena, "payment_intent:%lld", (long long)draft->id),
            arena_printf(arena, "%lld %s", (long long)draft->amount_cents, draft->currency));
    return err;
}

/* What the payer read may have changed, and the options, since the page looked at them. */
static enum err look_at_room(struct db *db, const struct intent_draft *draft, struct arena *arena,
                             enum intent_start *start)
{
    struct association association;
    struct payment_room room;
    enum err err = association_find(db, draft->association_id, arena, &association);

    if (!err)
        err = payment_room(db, &association, draft->member_id, arena, &room);
    if (err)
        return err;
    if (room.balance_cents != draft->balance_shown_cents)
        *start = INTENT_BALANCE_CHANGED;
    else if (payment_room_takes(&association, &room,
                                draft->amount_cents - draft->fee_cover_cents) != ROOM_FITS)
        *start = INTENT_AMOUNT_REFUSED;
    else
        *start = INTENT_STARTED;
    return OK;
}

/* What stands against a new attempt; STARTED when nothing does. */
static enum err look_before(struct db *db, const struct intent_draft *draft, struct arena *arena,
                            enum intent_start *start, int64_t *intent_id)
{
    const struct db_value payer[] = {db_int(draft->association_id), db_int(draft->member_id),
                                     db_text(draft->form_token)};
    bool usable = false;
    enum err err = db_integer(db, Q_INTENT_SAME_FORM, payer, 3, 0, intent_id);

    *start = INTENT_SAME_FORM;
    if (err || *intent_id)
        return err;
    *start = INTENT_ANOTHER_LIVE;
    err = db_integer(db, Q_INTENT_LIVE_ID, payer, 2, 0, intent_id);
    if (err || *intent_id)
        return err;
    *start = INTENT_ACCOUNT_GONE;
    err = account_usable(db, draft, arena, &usable);
    return err || !usable ? err : look_at_room(db, draft, arena, start);
}

enum err intent_create(struct db *db, const struct intent_draft *draft, enum intent_start *start,
                       int64_t *intent_id)
{
    struct arena *arena = arena_new();
    enum err err;

    *intent_id = 0;
    err = look_before(db, draft, arena, start, intent_id);
    if (!err && *start == INTENT_STARTED) {
        *intent_id = draft->id;
        err = insert_intent(db, draft, arena);
    }
    arena_free(arena);
    return err;
}

/* ---- moving ---- */

static enum err opened(struct db *db, int64_t association_id, int64_t intent_id,
                       const struct checkout_answer *answer, int64_t now)
{
    struct arena *arena = arena_new();
    struct payment_intent intent;
    enum err err = intent_find(db, association_id, intent_id, arena, &intent);
    int64_t expires_at = answer->expires_at;

    if (!err)
        err =
            db_run(db, Q_INTENT_OPENED,
                   DB_VALUES(db_int(association_id), db_int(intent_id), db_text(answer->reference),
                             db_text(answer->url), db_int(expires_at),
                             db_int(intent_next_at(INTENT_OPEN, 0, now,
                                                   expires_at ? expires_at : intent.expires_at)),
                             db_int(now), db_text(answer->client_secret)));
    if (!err && answer->reference)
        err = object_add(db, association_id, intent.provider_account_id, answer->reference,
                         intent_id, 0);
    arena_free(arena);
    return err;
}

enum err intent_answered(struct db *db, int64_t association_id, int64_t intent_id,
                         const struct checkout_answer *answer, int64_t now)
{
    const struct audit_actor nobody = {0, ""};
    bool moved;

    switch (answer->verdict) {
    case CHECKOUT_OPENED:
        return opened(db, association_id, intent_id, answer, now);
    case CHECKOUT_REFUSED:
        return intent_move(db, association_id, intent_id, INTENT_FAILED, answer->reason, &nobody,
                           now, &moved);
    case CHECKOUT_UNKNOWN:
        return db_run(db, Q_INTENT_NOT_ANSWERED,
                      DB_VALUES(db_int(association_id), db_int(intent_id),
                                db_text(answer->reason ? answer->reason : ""),
                                db_int(now + INTENT_PAGE_CALL_S)));
    }
    return fail(ERR_INTERNAL, "checkout verdict %d", (int)answer->verdict);
}

static enum err move_once(struct db *db, int64_t association_id, int64_t intent_id,
                          enum intent_state to, const char *reason, int64_t now, bool *moved)
{
    struct db_value next = to == INTENT_PROCESSING || to == INTENT_OPEN
                               ? db_int(intent_next_at(to, 0, now, 0))
                               : db_null();
    enum err err =
        db_run(db, Q_INTENT_MOVE,
               DB_VALUES(db_int(association_id), db_int(intent_id), db_text(intent_state_name(to)),
                         db_text(reason ? reason : ""), next, db_int(now)));

    *moved = !err && db_changes(db) > 0;
    return err;
}

enum err intent_move(struct db *db, int64_t association_id, int64_t intent_id,
                     enum intent_state to, const char *reason, const struct audit_actor *actor,
                     int64_t now, bool *moved)
{
    struct arena *arena;
    bool opened_first;
    enum err err = OK;

    if (to == INTENT_PROCESSING) /* there is no arrow from created: pass through open */
        err = move_once(db, association_id, intent_id, INTENT_OPEN, "", now, &opened_first);
    if (!err)
        err = move_once(db, association_id, intent_id, to, reason, now, moved);
    if (err || !*moved)
        return err;
    arena = arena_new();
    err = audit_add(db, association_id, actor, "payment.moved",
                    arena_printf(arena, "payment_intent:%lld", (long long)intent_id),
                    intent_state_name(to));
    arena_free(arena);
    return err;
}

int64_t intent_next_at(enum intent_state state, int64_t attempts, int64_t now, int64_t expires_at)
{
    int64_t delay_s = state == INTENT_PROCESSING ? 600 : 60;
    int64_t delay_max_s = state == INTENT_PROCESSING ? 86400 : 900;

    for (int64_t i = 0; i < attempts && delay_s < delay_max_s; i++)
        delay_s *= 2;
    if (delay_s > delay_max_s)
        delay_s = delay_max_s;
    if (state == INTENT_OPEN && expires_at > now && now + delay_s > expires_at + 60)
        return expires_at + 60;
    return now + delay_s;
}
