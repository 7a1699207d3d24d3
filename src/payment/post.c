#include "payment/post.h"

#include "association/audit.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/internal.h"
#include "payment/posting_fact.h"
#include "queries.h"

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

static enum intent_state target_of(enum fact_kind kind)
{
    switch (kind) {
    case FACT_PENDING:
        return INTENT_PROCESSING;
    case FACT_EXPIRED:
        return INTENT_EXPIRED;
    case FACT_CANCELED:
        return INTENT_CANCELED;
    default:
        return INTENT_FAILED;
    }
}

static enum err post_state(struct posting_fact *work, struct post_result *result)
{
    enum intent_state target = target_of(work->fact->kind);
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

/* Told twice, a try that was refused counts once: its name is remembered. */
static enum err post_declined(struct posting_fact *work, struct post_result *result)
{
    const struct payment_fact *fact = work->fact;
    int64_t intent_id = 0;
    enum err err = OK;

    result->outcome = OUTCOME_NOTED;
    if (!work->has_intent)
        return OK;
    err = db_integer(work->posting.db, Q_OBJECT_INTENT,
                     DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                               db_text(fact->reference)),
                     0, &intent_id);
    if (err || intent_id)
        return err;
    err = db_run(work->posting.db, Q_INTENT_DECLINED,
                 DB_VALUES(db_int(fact->association_id), db_int(work->intent.id),
                           db_text(fact->reason ? fact->reason : ""), db_int(work->posting.now)));
    return err ? err : add_objects(work);
}

/* ---- all kinds ---- */

/* A payment, or what became of an attempt: by the intent it names. */
static enum err post_attempt(struct posting_fact *work, struct post_result *result)
{
    enum err err = find_named_intent(work);

    if (err)
        return err;
    result->intent_id = work->has_intent ? work->intent.id : 0;
    work->member_id = work->has_intent ? work->intent.member_id : 0;
    if (work->foreign_intent) {
        result->outcome = OUTCOME_OTHER_ACCOUNT;
        return OK;
    }
    if (work->fact->kind == FACT_CAPTURE) {
        err = post_capture(work, result);
        return err || !result->transaction_id ? err : add_objects(work);
    }
    if (!work->has_intent && !work->fact->our_mark) {
        result->outcome = OUTCOME_NOT_OURS;
        return OK;
    }
    return work->fact->kind == FACT_DECLINED ? post_declined(work, result)
                                             : post_state(work, result);
}

static enum err post_kind(struct posting_fact *work, struct post_result *result)
{
    switch (work->fact->kind) {
    case FACT_CAPTURE:
    case FACT_PENDING:
    case FACT_FAILED:
    case FACT_EXPIRED:
    case FACT_CANCELED:
    case FACT_DECLINED:
        return post_attempt(work, result);
    case FACT_CAPTURE_FAILED:
    case FACT_REFUND:
    case FACT_REFUND_FAILED:
    case FACT_DISPUTE:
    case FACT_DISPUTE_WON:
    case FACT_DISPUTE_LOST:
        return post_return(work, result);
    case FACT_FEE:
    case FACT_DISPUTE_FEE:
        return post_fee(work, result);
    case FACT_DISPUTE_OPENED:
        return post_dispute_news(work, result);
    case FACT_PAYOUT:
    case FACT_PAYOUT_FAILED:
    case FACT_OTHER:
        return post_account(work, result);
    }
    return fail(ERR_INTERNAL, "a fact of kind %d", (int)work->fact->kind);
}

static enum err post(struct db *db, const struct payment_fact *fact, enum post_patience patience,
                     int64_t now, struct arena *arena, struct post_result *result)
{
    struct posting_fact *work = arena_alloc(arena, sizeof(*work));

    *result = (struct post_result){.outcome = OUTCOME_NOTED};
    work->posting.db = db;
    work->posting.arena = arena;
    work->posting.now = now;
    work->fact = fact;
    work->patience = patience;
    return post_kind(work, result);
}

enum err payment_post(struct db *db, const struct payment_fact *fact, int64_t now,
                      struct arena *arena, struct post_result *result)
{
    return post(db, fact, POST_WAITS, now, arena, result);
}

enum err payment_post_orphan(struct db *db, const struct payment_fact *fact, int64_t now,
                             struct arena *arena, struct post_result *result)
{
    return post(db, fact, POST_ORPHAN, now, arena, result);
}
