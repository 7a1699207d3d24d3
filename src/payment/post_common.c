#include "payment/posting_fact.h"

#include "association/audit.h"
#include "association/outbox.h"
#include "base/arena.h"
#include "payment/internal.h"
#include "queries.h"

#include <string.h>

/* What no movement of an association is: sums of such amounts would end in an overflow. */
#define FACT_MAX_CENTS (INT64_C(1000) * MONEY_MAX_CENTS)
/* 1 January 2000, and a day for clocks that differ: outside, a date is not believed. */
#define FACT_EARLIEST_AT INT64_C(946684800)
enum { FACT_AHEAD_S = 86400 };

static const struct audit_actor provider_actor = {0, ""};

/* ---- what can be believed ---- */

enum err fact_check(const struct payment_fact *fact, enum fact_sign sign)
{
    if (!fact->reference || !fact->reference[0] || !fact->currency)
        return fail(ERR_INTERNAL, "a movement without reference or currency");
    if (sign == FACT_POSITIVE && fact->amount_cents <= 0)
        return fail(ERR_INTERNAL, "a movement of no amount");
    if (fact->amount_cents > FACT_MAX_CENTS || fact->amount_cents < -FACT_MAX_CENTS ||
        fact->settled_cents > FACT_MAX_CENTS || fact->settled_cents < -FACT_MAX_CENTS)
        return fail(ERR_INPUT, "a movement of %lld", (long long)fact->amount_cents);
    return OK;
}

/* A wrong clock at the provider must not make fiscal years of another century. */
static int64_t believable(int64_t fact_at, int64_t now)
{
    return fact_at < FACT_EARLIEST_AT || fact_at > now + FACT_AHEAD_S ? now : fact_at;
}

enum err fact_begin(struct posting_fact *work, struct posting *posting)
{
    const struct payment_fact *fact = work->fact;
    enum err err;
    bool ours;

    work->fact_at = believable(fact->fact_at, posting->now);
    err = posting_begin(posting, fact->association_id, fact->provider_account_id, work->fact_at);
    if (err)
        return err;
    ours = strcmp(fact->currency, posting->association.currency->code) == 0;
    work->known_value = ours || fact->settled_cents != 0;
    work->value_cents = ours ? fact->amount_cents : fact->settled_cents;
    posting->converted = !ours;
    posting->piece = fact->reference;
    return OK;
}

enum err fact_in_scope(struct posting_fact *work, struct post_result *result, bool *in_scope)
{
    const struct payment_fact *fact = work->fact;
    struct posting *posting = &work->posting;
    struct date since;
    enum err err =
        association_find(posting->db, fact->association_id, posting->arena, &posting->association);

    *in_scope = false;
    if (!err)
        err = account_find(posting->db, fact->association_id, fact->provider_account_id,
                           posting->arena, &posting->account);
    if (err)
        return err;
    if (!posting->account.verified) {
        result->outcome = OUTCOME_NOT_OURS;
        return OK;
    }
    result->outcome = OUTCOME_NOTED;
    *in_scope =
        !date_parse_iso(str_of(posting->account.since_day), &since) ||
        date_compare(zone_date(posting->association.zone, believable(fact->fact_at, posting->now)),
                     since) >= 0;
    return OK;
}

/* ---- the parent ---- */

/* A refund that failed has its refund's name; what follows a dispute may name that alone. */
static enum err find_by_kind(struct posting_fact *work)
{
    const struct payment_fact *fact = work->fact;
    struct posting *posting = &work->posting;

    if (fact->kind == FACT_REFUND_FAILED && fact->reference)
        return movement_known(posting, fact->association_id, fact->provider_account_id, "refund",
                              fact->reference, &work->parent);
    return OK;
}

static enum err find_by_dispute(struct posting_fact *work)
{
    const struct payment_fact *fact = work->fact;
    int64_t movement_id = 0;
    enum err err = OK;

    if (work->parent.id || !fact->dispute || !fact->dispute[0])
        return OK;
    err = db_integer(work->posting.db, Q_PAYMENT_OF_DISPUTE,
                     DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                               db_text(fact->dispute)),
                     0, &movement_id);
    return err || !movement_id
               ? err
               : movement_find(&work->posting, fact->association_id, movement_id, &work->parent);
}

static enum err find_parent(struct posting_fact *work)
{
    const struct payment_fact *fact = work->fact;
    enum err err = find_by_kind(work);

    if (!err && !work->parent.id && fact->parent && fact->parent[0])
        err = movement_named(&work->posting, fact->association_id, fact->provider_account_id,
                             fact->parent, &work->parent);
    if (!err)
        err = find_by_dispute(work);
    if (err || !work->parent.id)
        return err;
    work->root_id =
        strcmp(work->parent.kind, "capture") == 0 ? work->parent.id : work->parent.parent_id;
    return OK;
}

enum err fact_find_parent(struct posting_fact *work, struct post_result *result, bool *go)
{
    bool in_scope = false;
    enum err err = find_parent(work);

    *go = !err && work->parent.id != 0;
    if (err || *go)
        return err;
    err = fact_in_scope(work, result, &in_scope);
    if (err || !in_scope)
        return err;
    *go = work->patience == POST_ORPHAN;
    result->outcome = OUTCOME_WAITS_FOR_PARENT;
    return OK;
}

/* ---- writing ---- */

struct movement_draft fact_movement(const struct posting_fact *work, const char *kind,
                                    int64_t amount_cents)
{
    const struct payment_fact *fact = work->fact;
    bool of_payment = work->parent.id == work->root_id;

    return (struct movement_draft){
        .kind = kind,
        .reference = fact->reference,
        .amount_cents = amount_cents,
        .currency = fact->currency,
        .fact_at = work->fact_at,
        .member_id = work->parent.member_id,
        .parent_id = work->root_id,
        .follows_id = of_payment ? 0 : work->parent.id,
        .parent_reference = work->parent.id ? "" : fact->parent,
        .payer = fact->payer,
        .type = fact->type,
        .dispute = fact->dispute,
        .elsewhere = work->parent.elsewhere,
    };
}

enum err fact_add(struct posting_fact *work, struct posting *posting, struct movement_draft *draft,
                  struct post_result *result, bool *go)
{
    struct movement before;
    bool fresh = false;
    enum err err;

    draft->converted = draft->converted && work->known_value;
    err = movement_add(posting, draft, &fresh);
    *go = !err && fresh;
    if (err || fresh) {
        result->transaction_id = posting->transaction_id;
        return err;
    }
    err = movement_known(posting, posting->association.id, posting->account.id, draft->kind,
                         draft->reference, &before);
    result->outcome = OUTCOME_ALREADY_POSTED;
    result->transaction_id = posting->transaction_id = before.id;
    result->intent_id = before.intent_id;
    if (err || before.entry_id || !draft->converted || before.amount_cents != draft->amount_cents)
        return err;
    *go = true;
    err = movement_settled(posting, draft->settled_cents, draft->counted_cents);
    return err ? err
               : db_run(posting->db, Q_QUARANTINE_BY_ITSELF,
                        DB_VALUES(db_int(posting->association.id), db_int(before.id),
                                  db_text("other_currency"), db_null(), db_int(posting->now)));
}

enum err fact_without_value(struct posting_fact *work, struct posting *posting,
                            struct post_result *result)
{
    enum err err =
        posting_quarantine(posting, "other_currency", work->fact->token ? work->fact->token : "");

    result->outcome = OUTCOME_QUARANTINED;
    return err ? err
               : outbox_add(posting->db, posting->association.id, "quarantined", 0,
                            posting->transaction_id, posting->now);
}

/* A fee has the name of the movement that carries it: only that one means something. */
static bool has_a_name(const struct payment_fact *fact)
{
    return fact->kind != FACT_FEE && fact->kind != FACT_DISPUTE_FEE;
}

enum err fact_finish(struct posting_fact *work, struct posting *posting)
{
    const struct payment_fact *fact = work->fact;
    enum err err = has_a_name(fact)
                       ? object_add(posting->db, fact->association_id, fact->provider_account_id,
                                    fact->reference, 0, posting->transaction_id)
                       : OK;

    return err ? err
               : audit_add(posting->db, fact->association_id, &provider_actor, "movement.posted",
                           arena_printf(posting->arena, "provider_transaction:%lld",
                                        (long long)posting->transaction_id),
                           arena_printf(posting->arena, "%s %lld %s", fact->reference,
                                        (long long)fact->amount_cents, fact->currency));
}
