#include "payment/cover.h"
#include "payment/posting_fact.h"

#include "association/audit.h"
#include "association/outbox.h"
#include "base/arena.h"
#include "queries.h"

#include <string.h>

static const struct audit_actor provider_actor = {0, ""};

/* ---- what it is worth ---- */

/* domain.md has two rows for it: a converted settlement credits the member as paid, and another
 * amount than asked is booked as received. Which of them it is, only the size can tell: an
 * exchange takes or gives at most a tenth, and that difference is the association's (666, 766);
 * beyond it somebody paid something else, what arrived counts, and it is flagged. */
static int64_t counted_of(const struct posting_fact *work)
{
    int64_t asked = work->intent.amount_cents, got = work->value_cents;

    if (!work->posting.converted || !work->has_intent)
        return got;
    return got >= asked - asked / 10 && got <= asked + asked / 10 ? asked : got;
}

static const char *capture_flag(const struct posting_fact *work)
{
    enum intent_state state = work->intent.state;

    if (!work->has_intent)
        return "";
    if (state == INTENT_PAID)
        return "second_capture";
    if (work->known_value && work->intent.amount_cents != counted_of(work))
        return "difference";
    return state == INTENT_FAILED || state == INTENT_CANCELED || state == INTENT_EXPIRED ? "late"
                                                                                         : "";
}

/* ---- where it goes ---- */

static enum err book_to_member(struct posting_fact *work)
{
    struct posting *posting = &work->posting;
    const struct payment_intent *intent = &work->intent;
    bool second = intent->state == INTENT_PAID, moved;
    enum err err = second ? posting_share_advance(posting, intent->member_id)
                          : cover_share_out(posting, intent);

    if (!err)
        err = posting_write_shares(posting);
    if (!err)
        err = intent_move(posting->db, intent->association_id, intent->id, INTENT_PAID, "",
                          &provider_actor, posting->now, &moved);
    if (!err)
        err = outbox_add(posting->db, intent->association_id, "payment_received",
                         intent->member_id, posting->transaction_id, posting->now);
    if (!err && second)
        err = outbox_add(posting->db, intent->association_id, "second_capture", 0,
                         posting->transaction_id, posting->now);
    return err;
}

static enum err book_to_quarantine(struct posting_fact *work)
{
    struct posting *posting = &work->posting;
    enum err err = posting_write_unknown(posting);

    if (!err)
        err = posting_quarantine(posting, "unknown_intent",
                                 work->fact->token ? work->fact->token : "");
    if (!err)
        err = outbox_add(posting->db, work->fact->association_id, "quarantined", 0,
                         posting->transaction_id, posting->now);
    return err;
}

static enum err book(struct posting_fact *work, struct post_result *result)
{
    result->outcome = OUTCOME_POSTED;
    if (!work->known_value)
        return fact_without_value(work, &work->posting, result);
    if (work->has_intent)
        return book_to_member(work);
    if (!work->fact->our_mark)
        return posting_write_elsewhere(&work->posting);
    result->outcome = OUTCOME_QUARANTINED;
    return book_to_quarantine(work);
}

/* ---- all of it ---- */

static enum err audit_capture(struct posting_fact *work)
{
    struct posting *posting = &work->posting;

    return audit_add(posting->db, work->fact->association_id, &provider_actor, "payment.posted",
                     arena_printf(posting->arena, "provider_transaction:%lld",
                                  (long long)posting->transaction_id),
                     arena_printf(posting->arena, "%s %lld %s", work->fact->reference,
                                  (long long)work->fact->amount_cents, work->fact->currency));
}

static struct movement_draft draft_of(const struct posting_fact *work)
{
    const struct payment_fact *fact = work->fact;

    return (struct movement_draft){
        .kind = "capture",
        .reference = fact->reference,
        .amount_cents = fact->amount_cents,
        .currency = fact->currency,
        .fact_at = work->fact_at,
        .intent_id = work->has_intent ? work->intent.id : 0,
        .member_id = work->member_id,
        .flag = capture_flag(work),
        .payer = fact->payer,
        .type = fact->type,
        .elsewhere = !work->has_intent && !fact->our_mark,
        .converted = work->posting.converted,
        .settled_cents = work->value_cents,
        .counted_cents = counted_of(work),
    };
}

static enum err begin(struct posting_fact *work, struct post_result *result, bool *go)
{
    enum err err = fact_check(work->fact, FACT_POSITIVE);

    *go = work->has_intent || work->fact->our_mark;
    if (!err && !*go)
        err = fact_in_scope(work, result, go);
    return err || !*go ? err : fact_begin(work, &work->posting);
}

enum err post_capture(struct posting_fact *work, struct post_result *result)
{
    struct posting *posting = &work->posting;
    struct movement_draft draft;
    bool go = false;
    enum err err = begin(work, result, &go);

    if (err || !go)
        return err;
    if (work->value_cents < 0)
        return fail(ERR_INPUT, "a payment that took money");
    posting->value_cents = work->value_cents;
    posting->amount_cents = counted_of(work);
    draft = draft_of(work);
    err = fact_add(work, posting, &draft, result, &go);
    if (err || !go)
        return err;
    err = book(work, result);
    if (!err)
        err = audit_capture(work);
    return err ? err : adopt_orphans(work);
}
