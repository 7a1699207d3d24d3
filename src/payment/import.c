#include "payment/import.h"

#include "association/member.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/correct.h"
#include "payment/post.h"

#define FIRST_BALANCE_ACCOUNT "110"

struct importing {
    struct db *db;
    const struct import_order *order;
    struct arena *arena; /* for one row */
};

/* ---- one member ---- */

static enum err write_debt(struct importing *importing, int64_t member_id, int64_t cents)
{
    const struct import_order *order = importing->order;
    struct charge_draft draft = {
        .kind = CART_ADJUSTMENT,
        .association_id = order->file->association_id,
        .member_id = member_id,
        .amount_cents = cents,
        .label = order->label,
        .date = order->date,
        .for_day = order->date,
        .account_code = FIRST_BALANCE_ACCOUNT,
        .login_id = order->actor.login_id,
        .address = order->actor.address,
        .now = order->now,
    };
    enum err err = random_id(&draft.id);

    return err ? err : payment_charge(importing->db, &draft, importing->arena);
}

static enum err write_advance(struct importing *importing, int64_t member_id, int64_t cents)
{
    const struct import_order *order = importing->order;
    struct credit_adjustment adjustment = {
        .association_id = order->file->association_id,
        .member_id = member_id,
        .amount_cents = cents,
        .label = order->label,
        .account_code = FIRST_BALANCE_ACCOUNT,
        .date = order->date,
        .actor = order->actor,
        .now = order->now,
    };
    enum err err = random_id(&adjustment.id);

    return err ? err : payment_adjust_credit(importing->db, &adjustment, importing->arena);
}

static enum err find_payer(struct importing *importing, int64_t number, int64_t *payer_id)
{
    struct member payer;
    enum err err = OK;

    *payer_id = 0;
    if (!number)
        return OK;
    err = member_find_by_number(importing->db, importing->order->file->association_id, number,
                                importing->arena, &payer);
    if (!err)
        *payer_id = payer.id;
    return err;
}

static enum err add_one(struct importing *importing, const struct import_row *row)
{
    const struct import_order *order = importing->order;
    struct member_draft draft = {
        .association_id = order->file->association_id,
        .number = row->number,
        .first_name = row->first_name,
        .last_name = row->last_name,
        .email = row->email,
        .now = order->now,
    };
    int64_t number;
    enum err err = random_id(&draft.id);

    if (!err)
        err = find_payer(importing, row->payer_number, &draft.payer_id);
    if (!err)
        err = member_add(importing->db, &draft, &order->actor, &number);
    if (!err && row->balance_cents > 0)
        err = write_debt(importing, draft.id, row->balance_cents);
    else if (!err && row->balance_cents < 0)
        err = write_advance(importing, draft.id, -row->balance_cents);
    arena_reset(importing->arena);
    return err;
}

/* ---- all of them ---- */

/* Payers before those they pay for; given numbers before those that are chosen. */
enum turn { TURN_PAYERS, TURN_NUMBERED, TURN_OTHERS, TURNS };

static enum turn turn_of(const struct import_row *row)
{
    if (!row->number)
        return TURN_OTHERS;
    return row->payer_number ? TURN_NUMBERED : TURN_PAYERS;
}

static enum err add_all(struct importing *importing)
{
    const struct member_import *import = importing->order->import;
    enum err err = OK;

    for (int turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; !err && i < import->count; i++)
            if (import->rows[i].verdict == IMPORT_NEW && (int)turn_of(&import->rows[i]) == turn)
                err = add_one(importing, &import->rows[i]);
    return err;
}

static enum err check_shown(struct importing *importing)
{
    const struct import_order *order = importing->order;
    char fingerprint[HASH_HEX_MAX];
    enum err err = import_judge(importing->db, order->file->association_id, order->import);

    if (!err)
        err = import_fingerprint(order->import, fingerprint);
    if (!err &&
        (order->import->counts[IMPORT_WRONG] > 0 || !str_is(order->fingerprint, fingerprint)))
        err = fail(ERR_CONFLICT, "the file is wrong, or not what its preview showed");
    return err;
}

static enum err write_audit(struct importing *importing)
{
    const struct import_order *order = importing->order;

    return audit_add(importing->db, order->file->association_id, &order->actor, "member.imported",
                     arena_printf(importing->arena, "import:%lld", (long long)order->file->id),
                     arena_printf(importing->arena, "%zu new, %zu there already",
                                  order->import->counts[IMPORT_NEW],
                                  order->import->counts[IMPORT_ALREADY]));
}

enum err payment_import(struct db *db, const struct import_order *order)
{
    struct importing importing = {db, order, arena_new()};
    bool first = false;
    enum err err = import_file_done(db, order->file, order->now, &first);

    if (!err && first) {
        err = check_shown(&importing);
        if (!err)
            err = add_all(&importing);
        if (!err)
            err = write_audit(&importing);
    }
    arena_free(importing.arena);
    return err;
}
