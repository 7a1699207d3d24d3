#include "payment/post.h"

#include "association/audit.h"
#include "association/outbox.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/cover.h"
#include "payment/internal.h"
#include "payment/posting.h"
#include "queries.h"

#include <string.h>

/* What no payment of an association is: sums of such amounts would end in an overflow. */
#define CAPTURE_MAX_CENTS (INT64_C(1000) * MONEY_MAX_CENTS)
/* 1 January 2000, and a day for clocks that differ: outside, a date is not believed. */
#define FACT_EARLIEST_AT INT64_C(946684800)
enum { FACT_AHEAD_S = 86400 };

static const struct audit_actor provider_actor = {0, ""};

static const char *const outcome_names[] = {
    [OUTCOME_POSTED] = "posted",
    [OUTCOME_ALREADY_POSTED] = "already_posted",
    [OUTCOME_NOTED] = "noted",
    [OUTCOME_PENDING] = "pending",
    [OUTCOME_QUARANTINED] = "quarantined",
    [OUTCOME_NOT_OURS] = "not_ours",
    [OUTCOME_OTHER_ACCOUNT] = "other_account",
    [OUTCOME_TEST_MONEY] = "test_money",
    [OUTCOME_UNSUPPORTED] = "unsupported",
    [OUTCOME_WAITS_FOR_PARENT] = "waits_for_parent",
};

const char *event_outcome_name(enum event_outcome outcome)
{
    return outcome_names[outcome];
}

enum err object_add(struct db *db, int64_t association_id, int64_t provider_account_id,
                    const char *object_id, int64_t intent_id, int64_t transaction_id)
{
    return db_run(db, Q_OBJECT_ADD,
                  DB_VALUES(db_int(association_id), db_int(provider_account_id),
                            db_text(object_id), intent_id ? db_int(intent_id) : db_null(),
                            transaction_id ? db_int(transaction_id) : db_null()));
}

enum err account_missing_add(struct db *db, int64_t association_id, int64_t entry_id,
                             const char *account_code, int64_t now)
{
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    return db_run(db, Q_QUARANTINE_ADD,
                  DB_VALUES(db_int(association_id), db_int(id), db_text("account_missing"),
                            db_null(), db_int(entry_id), db_text(account_code ? account_code : ""),
                            db_int(now)));
}

/* ---- the intent a fact names ---- */

/* A fact with what it names. */
struct posting_fact {
    struct posting posting;
    const struct payment_fact *fact;
    struct payment_intent intent;
    bool has_intent;
    bool foreign_intent; /* it names an intent of another receiving account */
    int64_t member_id;   /* who is credited; 0 = nobody known */
    int64_t fact_at;     /* of a capture: the provider's time, or now when that cannot be */
};

static enum err find_named_intent(struct posting_fact *work)
{
    const struct payment_fact *fact = work->fact;
    enum err err;

    if (!fact->token || !fact->token[0])
        return OK;
    err = intent_find_token(work->posting.db, str_of(fact->token), work->posting.arena,
                            &work->intent);
    if (err == ERR_NOT_FOUND)
        return OK;
    work->foreign_intent = !err && (work->intent.association_id != fact->association_id ||
                                    work->intent.provider_account_id != fact->provider_account_id);
    work->has_intent = !err && !work->foreign_intent;
    return err;
}

static enum err add_objects(struct posting_fact *work)
{
    const struct payment_fact *fact = work->fact;
    int64_t intent_id = work->has_intent ? work->intent.id : 0;
    int64_t transaction_id = work->posting.transaction_id;
    enum err err = OK;

    if (!intent_id && !transaction_id)
        return OK;
    if (fact->reference && fact->reference[0])
        err = object_add(work->posting.db, fact->association_id, fact->provider_account_id,
                         fact->reference, intent_id, transaction_id);
    for (int i = 0; !err && i < FACT_OBJECTS_MAX; i++)
        if (fact->objects[i] && fact->objects[i][0])
            err = object_add(work->posting.db, fact->association_id, fact->provider_account_id,
                             fact->objects[i], intent_id, transaction_id);
    return err;
}

/* ---- changes of state without money ---- */

/* Does some name of the fact belong to its intent already? */
static enum err names_known(struct posting_fact *work, bool *known)
{
    const struct payment_fact *fact = work->fact;
    enum err err = OK;

    *known = false;
    for (int i = 0; !err && !*known && i < FACT_OBJECTS_MAX; i++) {
        int64_t intent_id = 0;

        if (!fact->objects[i] || !fact->objects[i][0])
            continue;
        err = db_integer(work->posting.db, Q_OBJECT_INTENT,
                         DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                                   db_text(fact->objects[i])),
                         0, &intent_id);
        *known = intent_id == work->intent.id;
    }
    return err;
}

/* "Pending" of a payment that has failed since is an old message: it would leave the attempt
 * under way for ever. Another payment of the same attempt has another name. */
static enum err is_overtaken(struct posting_fact *work, bool *overtaken)
{
    *overtaken = false;
    if (work->fact->kind != FACT_PENDING || work->intent.state != INTENT_FAILED)
        return OK;
    return names_known(work, overtaken);
}

static enum err post_state(struct posting_fact *work, struct post_result *result)
{
    static const enum intent_state targets[] = {
        [FACT_PENDING] = INTENT_PROCESSING,
        [FACT_FAILED] = INTENT_FAILED,
        [FACT_EXPIRED] = INTENT_EXPIRED,
        [FACT_CANCELED] = INTENT_CANCELED,
    };
    enum intent_state target = targets[work->fact->kind];
    bool moved = false, overtaken;
    enum err err;

    if (!work->has_intent) {
        result->outcome = work->fact->kind == FACT_PENDING ? OUTCOME_PENDING : OUTCOME_NOTED;
        return OK;
    }
    err = is_overtaken(work, &overtaken);
    if (err || overtaken)
        return err;
    err = intent_move(work->posting.db, work->fact->association_id, work->intent.id, target,
                      work->fact->reason, &provider_actor, work->posting.now, &moved);
    if (!err)
        err = add_objects(work);
    result->outcome = target == INTENT_PROCESSING && (moved || work->intent.state == target)
                          ? OUTCOME_PENDING
                          : OUTCOME_NOTED;
    return err;
}

/* ---- captures ---- */

static const char *capture_flag(const struct posting_fact *work)
{
    enum intent_state state = work->intent.state;

    if (!work->has_intent)
        return "";
    if (state == INTENT_PAID)
        return "second_capture";
    if (work->intent.amount_cents != work->fact->amount_cents)
        return "difference";
    return state == INTENT_FAILED || state == INTENT_CANCELED || state == INTENT_EXPIRED ? "late"
                                                                                         : "";
}

/* Inserts the movement; *fresh false when the fact is known already. */
static enum err insert_capture(struct posting_fact *work, bool *fresh)
{
    const struct payment_fact *fact = work->fact;
    struct posting *posting = &work->posting;
    struct db_rows rows = {0};
    enum err err = random_id(&posting->transaction_id);

    if (err)
        return err;
    err = db_first(posting->db, Q_TRANSACTION_ADD,
                   DB_VALUES(db_int(fact->association_id), db_int(posting->transaction_id),
                             db_int(fact->provider_account_id), db_text("capture"),
                             db_text(fact->reference), db_int(fact->amount_cents),
                             db_text(fact->currency), db_int(work->fact_at),
                             work->has_intent ? db_int(work->intent.id) : db_null(),
                             work->member_id ? db_int(work->member_id) : db_null(),
                             db_text(capture_flag(work)), db_text(fact->payer ? fact->payer : ""),
                             db_int(posting->now)),
                   &rows, fresh);
    db_rows_done(&rows);
    return err;
}

static enum err already_posted(struct posting_fact *work, struct post_result *result)
{
    const struct payment_fact *fact = work->fact;
    struct db_rows rows = {0};
    bool found = false;
    enum err err =
        db_first(work->posting.db, Q_TRANSACTION_KNOWN,
                 DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                           db_text("capture"), db_text(fact->reference)),
                 &rows, &found);

    result->outcome = OUTCOME_ALREADY_POSTED;
    if (!err && found) {
        result->transaction_id = db_column_int(&rows, 0);
        result->intent_id = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    return err;
}

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

static enum err book_to_quarantine(struct posting_fact *work, bool our_currency)
{
    struct posting *posting = &work->posting;
    enum err err = our_currency ? posting_write_unknown(posting) : OK;

    if (!err)
        err = posting_quarantine(posting, our_currency ? "unknown_intent" : "other_currency",
                                 work->fact->token ? work->fact->token : "");
    if (!err)
        err = outbox_add(posting->db, work->fact->association_id, "quarantined", 0,
                         posting->transaction_id, posting->now);
    return err;
}

static enum err audit_capture(struct posting_fact *work)
{
    struct posting *posting = &work->posting;

    return audit_add(posting->db, work->fact->association_id, &provider_actor, "payment.posted",
                     arena_printf(posting->arena, "provider_transaction:%lld",
                                  (long long)posting->transaction_id),
                     arena_printf(posting->arena, "%s %lld %s", work->fact->reference,
                                  (long long)work->fact->amount_cents, work->fact->currency));
}

static enum err check_capture(const struct payment_fact *fact)
{
    if (!fact->reference || !fact->reference[0] || !fact->currency || fact->amount_cents <= 0)
        return fail(ERR_INTERNAL, "a capture without reference, currency or amount");
    if (fact->amount_cents > CAPTURE_MAX_CENTS)
        return fail(ERR_INPUT, "a capture of %lld", (long long)fact->amount_cents);
    return OK;
}

/* A wrong clock at the provider must not make fiscal years of another century. */
static int64_t believable(int64_t fact_at, int64_t now)
{
    return fact_at < FACT_EARLIEST_AT || fact_at > now + FACT_AHEAD_S ? now : fact_at;
}

static enum err post_capture(struct posting_fact *work, struct post_result *result)
{
    const struct payment_fact *fact = work->fact;
    struct posting *posting = &work->posting;
    bool fresh = false, our_currency;
    enum err err = check_capture(fact);

    work->fact_at = believable(fact->fact_at, posting->now);
    if (!err)
        err =
            posting_begin(posting, fact->association_id, fact->provider_account_id, work->fact_at);
    if (!err)
        err = insert_capture(work, &fresh);
    if (err)
        return err;
    if (!fresh)
        return already_posted(work, result);
    posting->amount_cents = fact->amount_cents;
    posting->piece = fact->reference;
    result->transaction_id = posting->transaction_id;
    our_currency = strcmp(fact->currency, posting->association.currency->code) == 0;
    result->outcome = work->has_intent && our_currency ? OUTCOME_POSTED : OUTCOME_QUARANTINED;
    err = result->outcome == OUTCOME_POSTED ? book_to_member(work)
                                            : book_to_quarantine(work, our_currency);
    if (!err)
        err = add_objects(work);
    return err ? err : audit_capture(work);
}

enum err payment_post(struct db *db, const struct payment_fact *fact, int64_t now,
                      struct arena *arena, struct post_result *result)
{
    struct posting_fact *work = arena_alloc(arena, sizeof(*work));
    enum err err;

    *result = (struct post_result){.outcome = OUTCOME_NOTED};
    work->posting.db = db;
    work->posting.arena = arena;
    work->posting.now = now;
    work->fact = fact;
    err = find_named_intent(work);
    if (err)
        return err;
    result->intent_id = work->has_intent ? work->intent.id : 0;
    work->member_id = work->has_intent ? work->intent.member_id : 0;
    if (work->foreign_intent) {
        result->outcome = OUTCOME_OTHER_ACCOUNT;
        return OK;
    }
    if (!work->has_intent && !fact->our_mark) {
        result->outcome = OUTCOME_NOT_OURS;
        return OK;
    }
    return fact->kind == FACT_CAPTURE ? post_capture(work, result) : post_state(work, result);
}
