#include "payment/posting_fact.h"

#include "association/outbox.h"
#include "base/random.h"
#include "payment/dispute.h"
#include "queries.h"

static const char *const state_names[] = {
    [DISPUTE_INQUIRY] = "inquiry", [DISPUTE_OPEN] = "open",     [DISPUTE_WON] = "won",
    [DISPUTE_LOST] = "lost",       [DISPUTE_CLOSED] = "closed",
};
/* Of news of the same second, the one that says more is the later one. */
static const int64_t state_ranks[] = {
    [DISPUTE_INQUIRY] = 0, [DISPUTE_OPEN] = 1, [DISPUTE_CLOSED] = 2,
    [DISPUTE_WON] = 3,     [DISPUTE_LOST] = 4,
};

static struct db_value id_or_null(int64_t id)
{
    return id ? db_int(id) : db_null();
}

static enum err tell_treasurers(struct posting_fact *work, enum dispute_state state)
{
    if (!work->root_id || (state != DISPUTE_INQUIRY && state != DISPUTE_OPEN))
        return OK;
    return outbox_add(work->posting.db, work->fact->association_id, "dispute_opened", 0,
                      work->root_id, work->posting.now);
}

/* A movement says that there is a dispute, and how it stands; amount and deadline are told by its
 * news. */
static int64_t told_amount(const struct payment_fact *fact)
{
    return fact->kind == FACT_DISPUTE_OPENED || fact->kind == FACT_DISPUTE ? fact->amount_cents
                                                                           : 0;
}

static struct db_value asked_for_at(const struct posting_fact *work, enum dispute_state state)
{
    return state == DISPUTE_INQUIRY || state == DISPUTE_OPEN
               ? db_int(work->posting.now + DISPUTE_ASK_S)
               : db_null();
}

enum err dispute_told(struct posting_fact *work, enum dispute_state state)
{
    const struct payment_fact *fact = work->fact;
    struct db_rows rows = {0};
    bool fresh = false;
    int64_t id;
    enum err err;

    if (!fact->dispute || !fact->dispute[0])
        return OK;
    err = random_id(&id);
    if (!err)
        err = db_first(work->posting.db, Q_DISPUTE_TOLD,
                       DB_VALUES(db_int(fact->association_id), db_int(id),
                                 db_int(fact->provider_account_id), db_text(fact->dispute),
                                 id_or_null(work->root_id), db_text(state_names[state]),
                                 db_text(fact->reason ? fact->reason : ""),
                                 db_int(told_amount(fact) > 0 ? told_amount(fact) : 0),
                                 fact->deadline_at > 0 ? db_int(fact->deadline_at) : db_null(),
                                 db_int(fact->fact_at), db_int(state_ranks[state]),
                                 db_int(work->posting.now), asked_for_at(work, state)),
                       &rows, &fresh);
    fresh = !err && fresh && db_column_int(&rows, 0) == id;
    db_rows_done(&rows);
    if (!err && work->root_id)
        err = db_run(work->posting.db, Q_DISPUTE_PAYMENT,
                     DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                               db_text(fact->dispute), db_int(work->root_id)));
    return err || !fresh ? err : tell_treasurers(work, state);
}

enum err post_dispute_news(struct posting_fact *work, struct post_result *result)
{
    bool go = false;
    enum err err;

    if (!work->fact->dispute || !work->fact->dispute[0])
        return OK;
    err = fact_find_parent(work, result, &go);
    if (err || !go)
        return err;
    result->outcome = OUTCOME_NOTED;
    result->transaction_id = work->root_id;
    return dispute_told(work, work->fact->dispute_state);
}
