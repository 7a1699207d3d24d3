#include "payment/event.h"

#include "association/outbox.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/account.h"
#include "payment/post.h"
#include "payment/unlink.h"
#include "queries.h"

#include <string.h>

/* ---- storing ---- */

static enum err check_backlog(struct db *db, int query, struct str key, int64_t maximum)
{
    int64_t waiting = 0;
    enum err err = db_integer(db, query, DB_VALUES(db_str(key), db_int(maximum)), 0, &waiting);

    if (!err && waiting >= maximum)
        err = fail(ERR_LIMIT, "too many messages wait to be verified");
    return err;
}

/* A flood of forged messages fills its own share only, never another's. */
static enum err check_backlogs(struct db *db, const struct event_draft *draft)
{
    struct str receiver = str_of(draft->door->receiver ? draft->door->receiver : "");
    enum err err;

    if (draft->door->authentic)
        return OK;
    err = check_backlog(db, Q_EVENT_BACKLOG_SOURCE, draft->message->source_address,
                        EVENT_BACKLOG_SOURCE_MAX);
    if (!err)
        err = check_backlog(db, Q_EVENT_BACKLOG_RECEIVER, receiver,
                            str_empty(receiver) ? EVENT_BACKLOG_UNKNOWN_MAX
                                                : EVENT_BACKLOG_RECEIVER_MAX);
    return err;
}

static struct db_value id_or_null(int64_t id)
{
    return id ? db_int(id) : db_null();
}

bool event_is_known(const struct door_answer *door)
{
    return door->authentic || (door->receiver && door->receiver[0]);
}

enum err event_add(struct db *db, const struct event_draft *draft)
{
    const struct door_answer *door = draft->door;
    bool known = event_is_known(door);
    int64_t leased = draft->leased && known ? 1 : 0;
    enum err err = check_backlogs(db, draft);

    if (err)
        return err;
    return db_run(
        db, Q_EVENT_ADD,
        DB_VALUES(db_int(draft->id), db_text(draft->provider), id_or_null(door->association_id),
                  id_or_null(door->provider_account_id), db_text(draft->message->hint),
                  db_str(draft->message->source_address),
                  db_text(door->receiver ? door->receiver : ""), db_int(door->authentic ? 1 : 0),
                  db_text(door->external_id ? door->external_id : ""),
                  db_text(door->type ? door->type : ""), db_blob(draft->message->body),
                  db_int(draft->now), db_int(known ? 0 : 1),
                  db_int(leased ? draft->now + EVENT_LEASE_S : 0), db_int(leased), db_int(leased),
                  draft->message->headers.data ? db_str(draft->message->headers) : db_text("")));
}

/* ---- claiming ---- */

/* Claims one row by compare-and-set; *held false when another was faster or it was parked. */
static enum err claim_one(struct db *db, int64_t event_id, int64_t now, struct claim *claim,
                          bool *held)
{
    struct db_rows rows = {0};
    bool found = false;
    int64_t crashes = 0;
    enum err err = db_first(db, Q_EVENT_CLAIM,
                            DB_VALUES(db_int(event_id), db_int(now), db_int(now + EVENT_LEASE_S)),
                            &rows, &found);

    *held = !err && found;
    if (*held) {
        *claim = (struct claim){.id = event_id, .claim = db_column_int(&rows, 0)};
        crashes = db_column_int(&rows, 1);
    }
    db_rows_done(&rows);
    if (!err && crashes > EVENT_CRASHES_MAX) {
        *held = false;
        err =
            db_run(db, Q_EVENT_PARK,
                   DB_VALUES(db_int(event_id),
                             db_text("three tries ended without an answer of ours"), db_int(now)));
    }
    return err;
}

static enum err due_ids(struct db *db, const char *provider, int64_t priority, int64_t now,
                        int64_t *ids, size_t max, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_EVENT_DUE,
                             DB_VALUES(db_text(provider), db_int(priority), db_int(now),
                                       db_int(now + EVENT_LEASE_S), db_int((int64_t)max)),
                             &rows);

    while (!err && !(err = db_next(&rows, &found)) && found && *count < max)
        ids[(*count)++] = db_column_int(&rows, 0);
    db_rows_done(&rows);
    return err;
}

enum err event_claim(struct db *db, const char *provider, int64_t now, struct claim *claims,
                     size_t max, size_t *count)
{
    int64_t ids[CLAIMS_MAX];
    size_t known = 0, id_count;
    enum err err;

    *count = 0;
    if (max > CLAIMS_MAX)
        max = CLAIMS_MAX;
    err = due_ids(db, provider, 0, now, ids, max, &known);
    id_count = known;
    /* Messages that name nobody of ours get what is left, but at least one place in a batch. */
    if (!err && max > 0) {
        if (id_count == max && max > 1)
            id_count--;
        if (id_count < max)
            err = due_ids(db, provider, 1, now, ids, max, &id_count);
        if (id_count < known) /* none is due: the place is not left empty */
            id_count = known;
    }
    for (size_t i = 0; !err && i < id_count; i++) {
        bool held = false;
        err = claim_one(db, ids[i], now, &claims[*count], &held);
        *count += held ? 1 : 0;
    }
    return err;
}

enum err event_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_EVENT_RELEASE,
                  DB_VALUES(db_int(claim->id), db_int(claim->claim), db_int(now)));
}

enum err event_claim_holds(struct db *db, const struct claim *claim, bool *holds)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, Q_EVENT_CLAIMED,
                            DB_VALUES(db_int(claim->id), db_int(claim->claim)), &rows, holds);

    db_rows_done(&rows);
    return err;
}

enum err event_any_due(struct db *db, const char *provider, int64_t now, bool *due)
{
    int64_t found = 0;
    enum err err = db_integer(
        db, Q_EVENT_ANY_DUE,
        DB_VALUES(db_int(now), db_text(provider), db_int(now + EVENT_LEASE_S)), 0, &found);

    *due = found > 0;
    return err;
}

enum err event_find(struct db *db, int64_t event_id, struct arena *arena,
                    struct provider_event *event)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_EVENT_FIND, DB_VALUES(db_int(event_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such event");
    if (!err) {
        event->id = db_column_int(&rows, 0);
        event->provider = db_column_text(&rows, 1, arena);
        event->association_id = db_column_int(&rows, 2);
        event->provider_account_id = db_column_int(&rows, 3);
        event->hint = db_column_text(&rows, 4, arena);
        event->authentic = db_column_int(&rows, 5) != 0;
        event->raw = db_column_blob(&rows, 6, arena);
        event->received_at = db_column_int(&rows, 7);
        event->headers = str_of(db_column_text(&rows, 8, arena));
    }
    db_rows_done(&rows);
    return err;
}

/* ---- ending ---- */

int64_t event_backoff_s(int64_t attempts)
{
    int64_t delay_s = 5;

    for (int64_t i = 1; i < attempts && delay_s < 6 * 3600; i++)
        delay_s *= 2;
    return delay_s < 6 * 3600 ? delay_s : 6 * 3600;
}

/* One ending of an event: what its steps hand on. */
struct ending {
    struct db *db;
    struct arena *arena;
    int64_t event_id;
    int64_t now;
    const struct resolution *resolution;
    int64_t attempts, received_at;
    bool was_authentic;
    int64_t transaction_id, intent_id;
    enum event_outcome outcome;
};

static enum err read_claimed(struct ending *ending, int64_t claim, bool *holds)
{
    struct db_rows rows = {0};
    enum err err = db_first(ending->db, Q_EVENT_CLAIMED,
                            DB_VALUES(db_int(ending->event_id), db_int(claim)), &rows, holds);

    if (!err && *holds) {
        ending->attempts = db_column_int(&rows, 0);
        ending->received_at = db_column_int(&rows, 1);
        ending->was_authentic = db_column_int(&rows, 2) != 0;
    }
    db_rows_done(&rows);
    return err;
}

static enum err write_end(struct ending *ending, const char *state, const char *outcome)
{
    const struct resolution *resolution = ending->resolution;

    return db_run(
        ending->db, Q_EVENT_ENDED,
        DB_VALUES(db_int(ending->event_id), db_text(state), db_text(outcome),
                  db_text(resolution->detail ? resolution->detail : ""),
                  db_int(resolution->authentic ? 1 : 0), id_or_null(resolution->association_id),
                  id_or_null(resolution->provider_account_id), db_text(resolution->external_id),
                  db_text(resolution->type), id_or_null(ending->transaction_id),
                  id_or_null(ending->intent_id), db_int(ending->now)));
}

/* Later again; after four days it is parked and shown, never lost. One that an upgrade put
 * back, or that lay here while the server was off, gets its tries all the same. */
static enum err write_retry(struct ending *ending)
{
    const struct resolution *resolution = ending->resolution;
    const char *detail = resolution->detail ? resolution->detail : "";
    int64_t delay_s = event_backoff_s(ending->attempts);

    if (ending->now - ending->received_at > EVENT_PATIENCE_S &&
        ending->attempts >= EVENT_TRIES_MIN)
        return db_run(ending->db, Q_EVENT_PARK,
                      DB_VALUES(db_int(ending->event_id), db_text(detail), db_int(ending->now)));
    if (resolution->retry_after_s > delay_s)
        delay_s = resolution->retry_after_s < 6 * 3600 ? resolution->retry_after_s : 6 * 3600;
    return db_run(ending->db, Q_EVENT_RETRY,
                  DB_VALUES(db_int(ending->event_id), db_int(ending->now + delay_s),
                            db_text(detail), db_int(ending->now)));
}

/* It waits for what it follows: that wakes it (event_parent_came), or the clock. */
static enum err write_waiting(struct ending *ending)
{
    const struct resolution *resolution = ending->resolution;

    return db_run(
        ending->db, Q_EVENT_WAITS,
        DB_VALUES(db_int(ending->event_id),
                  db_int(ending->now + event_backoff_s(ending->attempts)),
                  db_text(resolution->detail ? resolution->detail : ""),
                  db_int(resolution->authentic ? 1 : 0), id_or_null(resolution->association_id),
                  id_or_null(resolution->provider_account_id), db_text(resolution->external_id),
                  db_text(resolution->type), db_int(ending->now)));
}

/* Money that reached another account, or test money where real money is due, is not booked: the
 * treasurers are told. */
static enum err alert(const struct ending *ending)
{
    int64_t association_id = ending->resolution->association_id;

    if (!association_id ||
        (ending->outcome != OUTCOME_OTHER_ACCOUNT && ending->outcome != OUTCOME_TEST_MONEY))
        return OK;
    return outbox_add(ending->db, association_id, event_outcome_name(ending->outcome), 0, 0,
                      ending->now);
}

static enum err write_done(struct ending *ending)
{
    enum err err = write_end(ending, "done", event_outcome_name(ending->outcome));

    return err ? err : alert(ending);
}

/* Of several facts of one message, the one that says most makes the outcome. */
static int weight(enum event_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_WAITS_FOR_PARENT:
        return 6;
    case OUTCOME_QUARANTINED:
        return 5;
    case OUTCOME_POSTED:
        return 4;
    case OUTCOME_ALREADY_POSTED:
        return 3;
    case OUTCOME_PENDING:
    case OUTCOME_OTHER_ACCOUNT:
        return 2;
    case OUTCOME_NOT_OURS:
        return 1;
    default:
        return 0;
    }
}

/* Whether what it waits for is waited for no longer. */
static enum err is_patience_over(struct ending *ending, bool *over)
{
    int64_t patience_s = EVENT_PATIENCE_S;
    struct provider_account account;
    const struct resolution *resolution = ending->resolution;
    enum err err = account_find(ending->db, resolution->facts[0].association_id,
                                resolution->facts[0].provider_account_id, ending->arena, &account);

    *over = false;
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    if (strcmp(account.provider, "paypal") == 0)
        patience_s = EVENT_PATIENCE_PAYPAL_S;
    *over = ending->now - ending->received_at > patience_s;
    return OK;
}

static enum err book_fact(struct ending *ending, const struct payment_fact *fact, bool over)
{
    struct post_result result;
    enum err err = over
                       ? payment_post_orphan(ending->db, fact, ending->now, ending->arena, &result)
                       : payment_post(ending->db, fact, ending->now, ending->arena, &result);

    if (err)
        return err;
    if (weight(result.outcome) > weight(ending->outcome)) {
        ending->outcome = result.outcome;
        if (result.transaction_id)
            ending->transaction_id = result.transaction_id;
    }
    if (!ending->transaction_id)
        ending->transaction_id = result.transaction_id;
    if (result.intent_id)
        ending->intent_id = result.intent_id;
    return OK;
}

/* What can be booked is booked; a message with a fact that waits for what it follows is tried
 * again as a whole, which books nothing twice. */
static enum err book_facts(struct ending *ending)
{
    const struct resolution *resolution = ending->resolution;
    bool over = false;
    enum err err = resolution->fact_count ? is_patience_over(ending, &over) : OK;

    ending->outcome = OUTCOME_NOTED;
    for (int i = 0; !err && i < resolution->fact_count; i++)
        err = book_fact(ending, &resolution->facts[i], over);
    if (err)
        return err;
    return ending->outcome == OUTCOME_WAITS_FOR_PARENT ? write_waiting(ending)
                                                       : write_done(ending);
}

static enum err write_outcome(struct ending *ending)
{
    ending->outcome = ending->resolution->outcome;
    if (ending->outcome == OUTCOME_WAITS_FOR_PARENT)
        return write_waiting(ending);
    return write_done(ending);
}

/* A verified message that names an intent of ours proves a typed identity. */
static enum err note_proof(struct ending *ending)
{
    const struct resolution *resolution = ending->resolution;

    if (!resolution->proven_external_id || !resolution->provider_account_id)
        return OK;
    return account_verified(ending->db, resolution->association_id,
                            resolution->provider_account_id, resolution->proven_external_id,
                            ending->now);
}

/* The provider acts for nobody any more at that account. */
static enum err note_end_of_access(struct ending *ending)
{
    static const struct audit_actor nobody = {0, ""};
    const struct resolution *resolution = ending->resolution;

    if (!resolution->access_ended_at || !resolution->provider_account_id)
        return OK;
    return account_access_ended(ending->db, resolution->association_id,
                                resolution->provider_account_id, resolution->access_ended_at,
                                &nobody, ending->now);
}

enum err event_finish(struct db *db, const struct claim *claim,
                      const struct resolution *resolution, int64_t now, struct arena *arena,
                      enum event_outcome *outcome)
{
    struct ending ending = {.db = db,
                            .arena = arena,
                            .event_id = claim->id,
                            .now = now,
                            .resolution = resolution,
                            .outcome = OUTCOME_NOTED};
    bool holds = false;
    enum err err = read_claimed(&ending, claim->claim, &holds);

    if (err || !holds)
        return err;
    switch (resolution->kind) {
    case RESOLUTION_FACTS:
        err = note_proof(&ending);
        if (!err)
            err = book_facts(&ending);
        break;
    case RESOLUTION_OUTCOME:
        err = note_end_of_access(&ending);
        if (!err)
            err = write_outcome(&ending);
        break;
    case RESOLUTION_INVALID:
        err = ending.was_authentic ? write_retry(&ending) : write_end(&ending, "invalid", NULL);
        break;
    case RESOLUTION_RETRY:
    case RESOLUTION_NOTHING:
        err = write_retry(&ending);
        break;
    }
    *outcome = ending.outcome;
    return err;
}

enum err event_requeue_unsupported(struct db *db, int64_t now, int64_t *count)
{
    enum err err = db_run(db, Q_EVENT_REQUEUE_UNSUPPORTED, DB_VALUES(db_int(now)));

    *count = err ? 0 : db_changes(db);
    return err;
}

enum err event_sweep_invalid(struct db *db, int64_t now)
{
    return db_run(db, Q_EVENT_SWEEP_INVALID, DB_VALUES(db_int(now - 30 * 86400)));
}
