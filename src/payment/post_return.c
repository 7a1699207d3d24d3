#include "payment/posting_fact.h"

#include "association/outbox.h"
#include "base/arena.h"
#include "payment/refund_request.h"
#include "payment/returning.h"
#include "queries.h"

#include <string.h>

/* What each kind is: its name in the table, which way the money goes, how the carts call it. */
static const struct return_kind {
    const char *kind;
    int sign;
    const char *label;
} kinds[] = {
    [FACT_CAPTURE_FAILED] = {"capture_failed", -1, "Paiement échoué"},
    [FACT_REFUND] = {"refund", -1, "Remboursement"},
    [FACT_REFUND_FAILED] = {"refund_failed", 1, "Remboursement échoué"},
    [FACT_DISPUTE] = {"dispute", -1, "Contestation"},
    [FACT_DISPUTE_WON] = {"dispute_won", 1, "Contestation levée"},
    [FACT_DISPUTE_LOST] = {"dispute_lost", 0, "Contestation perdue"},
};

static const struct return_kind *kind_of(const struct posting_fact *work)
{
    return &kinds[work->fact->kind];
}

/* ---- converted money ---- */

/* A part of a converted payment counts for its part of what the payment counted for; summed up,
 * so that all of it counts for all. */
static enum err count_converted(struct posting_fact *work, struct returning *returning,
                                int64_t amount_cents, int64_t *counted_cents)
{
    const struct movement *capture = &returning->capture;
    struct db_rows rows = {0};
    int64_t moved = 0, counted = 0;
    bool found = false;
    enum err err;

    *counted_cents = work->value_cents * kind_of(work)->sign;
    if (!capture->id || strcmp(capture->currency, work->fact->currency) != 0)
        return OK;
    err = db_first(returning->posting.db, Q_RETURN_CONVERTED,
                   DB_VALUES(db_int(work->fact->association_id), db_int(capture->id),
                             db_text(capture->currency)),
                   &rows, &found);
    if (!err && found) {
        moved = money_add(db_column_int(&rows, 0), amount_cents);
        counted = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    if (!err)
        *counted_cents =
            (int64_t)((__int128)moved * capture->counted_cents / capture->amount_cents) - counted;
    return err;
}

/* ---- the movement ---- */

static enum err add_movement(struct posting_fact *work, struct returning *returning,
                             struct post_result *result, bool *go)
{
    const struct return_kind *kind = kind_of(work);
    int64_t amount_cents = kind->sign * work->fact->amount_cents;
    struct movement_draft draft = fact_movement(work, kind->kind, amount_cents);
    enum err err = OK;

    draft.converted = returning->posting.converted && kind->sign != 0;
    draft.settled_cents = kind->sign * work->value_cents;
    if (draft.converted && work->known_value)
        err = count_converted(work, returning, amount_cents, &draft.counted_cents);
    else
        draft.counted_cents = amount_cents;
    if (!err)
        err = fact_add(work, &returning->posting, &draft, result, go);
    if (err || !*go)
        return err;
    if (work->root_id)
        return returning_sums(returning, returning->posting.transaction_id, &returning->after);
    /* It follows nothing that is known: all of it stands in 471. */
    returning->after.refunded_cents = -draft.counted_cents;
    return OK;
}

/* ---- booking ---- */

static const char *entry_label(const struct posting_fact *work, const struct returning *returning)
{
    const char *label = returning->label;

    if (returning->line_count > 0)
        return arena_printf(returning->posting.arena, "%s, adhérent n° %lld", label,
                            (long long)returning->lines[0].member_number);
    return arena_printf(returning->posting.arena, "%s, %s", label,
                        work->parent.elsewhere ? "hors Guichet" : "à rattacher");
}

static enum err note_orphan(struct posting_fact *work, struct returning *returning,
                            struct post_result *result)
{
    struct posting *posting = &returning->posting;
    enum err err;

    if (work->root_id)
        return OK;
    result->outcome = OUTCOME_QUARANTINED;
    err = posting_quarantine(posting, "orphan", work->fact->parent ? work->fact->parent : "");
    return err ? err
               : outbox_add(posting->db, posting->association.id, "to_place", 0,
                            posting->transaction_id, posting->now);
}

/* Who is told: the member of what was paid back, the treasurers of what they would not expect. */
static enum err tell(struct posting_fact *work, struct returning *returning)
{
    struct posting *posting = &returning->posting;
    int64_t member_id = 0;

    if (returning->line_count == 0)
        return OK;
    switch (work->fact->kind) {
    case FACT_REFUND:
        member_id = returning->capture.member_id;
        return member_id ? outbox_add(posting->db, posting->association.id, "payment_refunded",
                                      member_id, posting->transaction_id, posting->now)
                         : OK;
    case FACT_CAPTURE_FAILED:
    case FACT_REFUND_FAILED:
        return outbox_add(posting->db, posting->association.id, kind_of(work)->kind, 0,
                          posting->transaction_id, posting->now);
    default:
        return OK;
    }
}

static enum err book(struct posting_fact *work, struct returning *returning,
                     struct post_result *result)
{
    enum err err;

    result->outcome = OUTCOME_POSTED;
    if (!work->known_value)
        return fact_without_value(work, &returning->posting, result);
    returning->undone_id = work->parent.id == work->root_id ? 0 : work->parent.id;
    err = returning_book(returning, entry_label(work, returning),
                         kind_of(work)->sign * work->value_cents);
    if (!err && returning->line_count > 0 &&
        returning_excess(returning, &returning->after) !=
            returning_excess(returning, &returning->before))
        result->outcome = OUTCOME_QUARANTINED;
    if (!err)
        err = tell(work, returning);
    return err ? err : note_orphan(work, returning, result);
}

/* A refund that a person asked for here says what it is taken from, and whose word it was. */
static enum err find_request(struct posting_fact *work, struct returning *returning,
                             struct refund_request *request)
{
    struct posting *posting = &work->posting;
    int64_t *ticked = NULL;
    bool found = false;
    enum err err = OK;

    if (work->fact->kind == FACT_REFUND)
        err = refund_request_of(posting->db, work->fact, posting->arena, request, &found);
    if (err || !found || request->transaction_id != work->root_id) {
        *request = (struct refund_request){0}; /* of another payment: no word of ours */
        return err;
    }
    err = refund_request_charges(posting->db, request->association_id, request->id, posting->arena,
                                 &ticked, &returning->ticked_count);
    returning->ticked = ticked;
    returning->cancels_charges = request->cancels_charges;
    returning->login_id = request->created_by;
    return err;
}

/* A payment that waited for a person and went back waits no more, until some of it comes in again.
 */
static enum err note_waiting(struct posting_fact *work, const struct posting *posting)
{
    bool comes_in = kind_of(work)->sign > 0;
    enum err err;

    if (!comes_in)
        return db_run(posting->db, Q_QUARANTINE_REFUNDED,
                      DB_VALUES(db_int(work->fact->association_id), db_int(work->root_id),
                                posting->entry_id ? db_int(posting->entry_id) : db_null(),
                                db_int(posting->now)));
    err = db_run(posting->db, Q_QUARANTINE_WAITS_AGAIN,
                 DB_VALUES(db_int(work->fact->association_id), db_int(work->root_id)));
    return err || db_changes(posting->db) == 0
               ? err
               : outbox_add(posting->db, posting->association.id, "to_place", 0,
                            posting->transaction_id, posting->now);
}

/* The request has come true. */
static enum err close_waiting(struct posting_fact *work, struct returning *returning,
                              const struct refund_request *request)
{
    struct posting *posting = &returning->posting;
    enum err err = OK;

    if (request->id)
        err = refund_request_sent(posting->db, request->association_id, request->id,
                                  work->fact->reference, posting->now);
    if (!err && request->id)
        err = movement_note(posting, request->reason, request->created_by);
    if (!err && work->root_id && returning->line_count == 0)
        err = note_waiting(work, posting);
    return err;
}

static enum err tell_dispute(struct posting_fact *work)
{
    switch (work->fact->kind) {
    case FACT_DISPUTE:
        return dispute_told(work, DISPUTE_OPEN);
    case FACT_DISPUTE_WON:
        return dispute_told(work, DISPUTE_WON);
    case FACT_DISPUTE_LOST:
        return dispute_told(work, DISPUTE_LOST);
    default:
        return OK;
    }
}

static enum err begin(struct posting_fact *work, struct returning *returning)
{
    struct posting *posting = &returning->posting;
    enum err err = OK;

    posting->db = work->posting.db;
    posting->arena = work->posting.arena;
    posting->now = work->posting.now;
    if (work->root_id)
        err = returning_read(returning, work->fact->association_id, work->root_id);
    if (!err)
        err = fact_begin(work, posting);
    if (err)
        return err;
    if (kind_of(work)->sign == 0) { /* no money moves */
        work->known_value = true;
        work->value_cents = 0;
    }
    returning->label =
        arena_printf(posting->arena, "%s %s", kind_of(work)->label, posting->account.label);
    return OK;
}

enum err post_return(struct posting_fact *work, struct post_result *result)
{
    struct returning *returning = arena_alloc(work->posting.arena, sizeof(*returning));
    struct refund_request request = {0};
    bool go = false;
    enum err err = fact_check(work->fact, kind_of(work)->sign ? FACT_POSITIVE : FACT_SIGNED);

    if (!err)
        err = fact_find_parent(work, result, &go);
    if (err || !go)
        return err;
    err = begin(work, returning);
    if (!err)
        err = find_request(work, returning, &request);
    if (!err)
        err = add_movement(work, returning, result, &go);
    if (err || !go)
        return err;
    err = book(work, returning, result);
    if (!err)
        err = close_waiting(work, returning, &request);
    if (!err)
        err = fact_finish(work, &returning->posting);
    return err ? err : tell_dispute(work);
}
