#include "payment/statement_task.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "payment/due.h"
#include "queries.h"

#include <stdio.h>
#include <string.h>

/* ---- asking ---- */

static int64_t since_start(const struct association *association,
                           const struct statement_account *account)
{
    return zone_day_start(association->zone, account->since_day);
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum err insert_task(struct db *db, int64_t association_id, int64_t account_id,
                            const char *payout, int64_t since_at, int64_t until_at,
                            int64_t login_id, int64_t now, bool *added)
{
    struct db_rows rows = {0};
    int64_t id;
    enum err err = random_id(&id);

    if (err)
        return err;
    err = db_first(db, Q_STATEMENT_TASK_ADD,
                   DB_VALUES(db_int(association_id), db_int(id), db_int(account_id),
                             db_text(payout), db_int(since_at), db_int(until_at),
                             login_id ? db_int(login_id) : db_null(), db_int(now)),
                   &rows, added);
    db_rows_done(&rows);
    return err;
}

static enum err write_asked(struct db *db, const struct statement_ask *ask)
{
    char object[64];

    (void)snprintf(object, sizeof(object), "provider_account:%lld", (long long)ask->account->id);
    return audit_add(db, ask->association->id, ask->actor, "statement.asked", object,
                     ask->account->label);
}

/* The list is read on from where it ended, a week earlier; from the oldest payment on that was not
 * sure then, if that is earlier: what became of it stands in its own line. */
static enum err since_last(struct db *db, const struct statement_account *account,
                           int64_t *since_at)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_STATEMENT_UNSURE_SINCE,
                            DB_VALUES(db_int(account->association_id), db_int(account->id),
                                      db_int(account->read_until_at - STATEMENT_CARRY_S)),
                            &rows, &found);

    *since_at = account->read_until_at - STATEMENT_OVERLAP_S;
    if (!err && found && !db_column_is_null(&rows, 0) && db_column_int(&rows, 0) < *since_at)
        *since_at = db_column_int(&rows, 0);
    db_rows_done(&rows);
    return err;
}

enum err statement_ask(struct db *db, const struct statement_ask *ask, bool *added)
{
    const struct statement_account *account = ask->account;
    int64_t first_at = since_start(ask->association, account);
    int64_t since_at = ask->since_at;
    enum err err = OK;

    if (since_at == 0 && account->read_until_at > 0)
        err = since_last(db, account, &since_at);
    if (!err)
        err = insert_task(db, ask->association->id, account->id, ask->payout,
                          later_of(since_at, first_at), ask->until_at ? ask->until_at : ask->now,
                          ask->actor ? ask->actor->login_id : 0, ask->now, added);
    return err || !*added || !ask->actor ? err : write_asked(db, ask);
}

enum err statement_ask_payouts(struct db *db, const struct payment_fact *facts, int count,
                               int64_t now)
{
    enum err err = OK;
    bool added;

    for (int i = 0; !err && i < count; i++)
        if (facts[i].kind == FACT_PAYOUT)
            err = insert_task(db, facts[i].association_id, facts[i].provider_account_id,
                              facts[i].reference, 0, now, 0, now, &added);
    return err;
}

/* ---- each night ---- */

enum { NIGHTLY_MAX = 1000 }; /* accounts of one round; the next hour takes the others */

struct night {
    int64_t association_id, account_id, asked_at, now;
    bool needs_keys; /* an account without keys cannot be asked */
};

/* Was it asked for since midnight where the association is? */
static enum err ask_if_due(struct db *db, void *argument)
{
    const struct night *night = argument;
    struct arena *arena = arena_new();
    struct association association;
    struct statement_account account;
    bool added;
    enum err err = association_find(db, night->association_id, arena, &association);

    if (!err)
        err =
            statement_account_find(db, night->association_id, night->account_id, arena, &account);
    if (!err && (!night->needs_keys || account.has_keys) &&
        night->asked_at <
            zone_day_start(association.zone, zone_date(association.zone, night->now)))
        err = statement_ask(
            db,
            &(struct statement_ask){
                .association = &association, .account = &account, .payout = "", .now = night->now},
            &added);
    arena_free(arena);
    return err;
}

static enum err list_nightly(struct db *db, const struct provider *provider, int64_t now,
                             struct night *nights, size_t *count)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_STATEMENT_NIGHTLY, DB_VALUES(db_text(provider->name)), &rows);

    *count = 0;
    while (!err && *count < NIGHTLY_MAX && !(err = db_next(&rows, &found)) && found) {
        struct night night = {.association_id = db_column_int(&rows, 0),
                              .account_id = db_column_int(&rows, 1),
                              .asked_at = db_column_int(&rows, 2),
                              .now = now,
                              .needs_keys = provider->able != NULL};

        /* No day is shorter than that: most accounts need no second look. */
        if (night.asked_at < now - 3600)
            nights[(*count)++] = night;
    }
    db_rows_done(&rows);
    return err;
}

enum err statement_ask_nightly(const struct payment_service *service, struct db *db,
                               const struct provider *provider, int64_t now, struct arena *arena)
{
    struct night *nights = arena_array(arena, NIGHTLY_MAX, sizeof(*nights));
    size_t count = 0;
    enum err err = provider->statement ? list_nightly(db, provider, now, nights, &count) : OK;

    for (size_t i = 0; !err && i < count; i++)
        if (db_write(service->writer, ask_if_due, &nights[i]))
            log_failure("statement.nightly");
    return err;
}

enum err statement_last_reading(struct db *db, const struct statement_account *account,
                                struct arena *arena, struct statement_reading *reading)
{
    struct db_rows rows = {0};
    enum err err = db_first(db, Q_STATEMENT_TASK_LAST,
                            DB_VALUES(db_int(account->association_id), db_int(account->id)), &rows,
                            &reading->asked);

    reading->answer = "";
    reading->waiting = reading->refused = false;
    if (!err && reading->asked) {
        reading->waiting = str_is(db_column_str(&rows, 0), "waiting");
        reading->refused = str_is(db_column_str(&rows, 0), "refused");
        reading->answer = db_column_text(&rows, 1, arena);
        reading->line_count = db_column_int(&rows, 2);
        reading->created_at = db_column_int(&rows, 3);
        reading->updated_at = db_column_int(&rows, 4);
        reading->attempts = db_column_int(&rows, 5);
    }
    db_rows_done(&rows);
    return err;
}

/* ---- claims ---- */

enum err statement_any_due(struct db *db, int64_t now, bool *due)
{
    return due_any(db, Q_STATEMENT_TASK_ANY_DUE, now, due);
}

enum err statement_claim_due(struct db *db, const char *provider, int64_t now,
                             struct claim *claims, size_t max, size_t *count)
{
    return due_claim(db, Q_STATEMENT_TASK_DUE, Q_STATEMENT_TASK_CLAIM, provider, now, claims, max,
                     count);
}

enum err statement_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_STATEMENT_TASK_RELEASE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(now)));
}

/* ---- reading ---- */

/* A turn of a reading: what its steps hand on. */
struct turn {
    const struct payment_service *service;
    const struct provider_call *call;
    const struct claim *claim;
    const struct provider *provider;
    struct provider_account account;
    struct association association;
    struct statement_account listed;
    struct statement_request request;
    int64_t attempts;
    struct statement_page page;
    struct provider_balance balance;
    int64_t now;
    bool goes_on; /* the claim held and there is a next page */
};

static enum err read_claimed(struct turn *turn, bool *holds)
{
    const struct provider_call *call = turn->call;
    const struct claim *claim = turn->claim;
    struct db_rows rows = {0};
    int64_t account_id = 0;
    enum err err =
        db_first(call->db, Q_STATEMENT_TASK_CLAIMED,
                 DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim)),
                 &rows, holds);

    if (!err && *holds) {
        account_id = db_column_int(&rows, 0);
        turn->request.payout = db_column_text(&rows, 1, call->arena);
        turn->request.since_at = db_column_int(&rows, 2);
        turn->request.until_at = db_column_int(&rows, 3);
        turn->request.cursor = db_column_text(&rows, 4, call->arena);
        turn->attempts = db_column_int(&rows, 5);
    }
    db_rows_done(&rows);
    if (err || !*holds)
        return err;
    err = account_find(call->db, claim->association_id, account_id, call->arena, &turn->account);
    if (!err)
        err = statement_account_find(call->db, claim->association_id, account_id, call->arena,
                                     &turn->listed);
    return err ? err
               : association_find(call->db, claim->association_id, call->arena,
                                  &turn->association);
}

static enum err end_task(struct db *db, const struct turn *turn, const char *state,
                         const char *answer)
{
    const struct claim *claim = turn->claim;

    return db_run(db, Q_STATEMENT_TASK_END,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_text(state), db_text(answer ? answer : ""),
                            db_int((int64_t)turn->page.count), db_int(turn->now)));
}

static enum err put_off(struct db *db, const struct turn *turn)
{
    const struct claim *claim = turn->claim;
    int64_t delay_s = event_backoff_s(turn->attempts);

    if (turn->page.retry_after_s > delay_s)
        delay_s = turn->page.retry_after_s < 6 * 3600 ? turn->page.retry_after_s : 6 * 3600;
    return db_run(db, Q_STATEMENT_TASK_LATER,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(turn->now + delay_s),
                            db_text(turn->page.reason ? turn->page.reason : ""),
                            db_int(turn->now)));
}

/* Behind the last page: the list was read up to the end that was asked for. */
static enum err note_whole(struct db *db, const struct turn *turn)
{
    int64_t association_id = turn->claim->association_id, account_id = turn->account.id;
    enum err err;

    if (turn->request.payout[0])
        return OK;
    err = db_run(db, Q_STATEMENT_READ_UNTIL,
                 DB_VALUES(db_int(association_id), db_int(account_id),
                           db_int(turn->request.until_at), db_int(turn->request.since_at),
                           db_int(since_start(&turn->association, &turn->listed))));
    return err || !turn->balance.known
               ? err
               : db_run(db, Q_STATEMENT_BALANCE,
                        DB_VALUES(db_int(association_id), db_int(account_id),
                                  db_int(turn->balance.cents), db_int(turn->balance.at)));
}

static enum err store_lines(struct db *db, const struct turn *turn)
{
    struct arena *arena = arena_new();
    enum statement_telling telling;
    enum err err = OK;

    for (size_t i = 0; !err && i < turn->page.count; i++) {
        struct statement_line *line = &turn->page.lines[i];

        /* What was asked for by its payout belongs to it, said or not. */
        if (turn->request.payout[0] && !(line->payout && line->payout[0]))
            line->payout = turn->request.payout;
        err = statement_store(db, &turn->association, turn->account.id, line, turn->now, arena,
                              &telling);
        arena_reset(arena);
    }
    arena_free(arena);
    return err;
}

static enum err move_on(struct db *db, const struct turn *turn)
{
    const struct claim *claim = turn->claim;

    return db_run(db, Q_STATEMENT_TASK_PAGE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_text(turn->page.cursor), db_int((int64_t)turn->page.count),
                            db_int(turn->now), db_int(turn->now + EVENT_LEASE_S)));
}

static enum err write_page(struct db *db, void *argument)
{
    struct turn *turn = argument;
    bool last = turn->page.cursor == NULL;
    enum err err;

    turn->goes_on = false;
    if (turn->page.verdict == STATEMENT_REFUSED)
        return end_task(db, turn, "refused", turn->page.reason);
    if (turn->page.verdict == STATEMENT_LATER)
        return put_off(db, turn);
    err = last ? end_task(db, turn, "done", "") : move_on(db, turn);
    if (err || db_changes(db) == 0) /* another has the claim: nothing is written */
        return err;
    turn->goes_on = !last;
    err = store_lines(db, turn);
    return err || !last ? err : note_whole(db, turn);
}

static void refuse(struct turn *turn, const char *reason)
{
    turn->page = (struct statement_page){.verdict = STATEMENT_REFUSED, .reason = reason};
}

static void put_off_by(struct turn *turn, const char *reason)
{
    turn->page = (struct statement_page){.verdict = STATEMENT_LATER, .reason = reason};
}

/* A list whose lines make no sense, or which leads nowhere, is not read on. */
static void check_page(struct turn *turn)
{
    if (turn->page.verdict != STATEMENT_PAGE)
        return;
    if (turn->page.cursor && strcmp(turn->page.cursor, turn->request.cursor) == 0) {
        refuse(turn, "the list does not end");
        return;
    }
    for (size_t i = 0; i < turn->page.count; i++) {
        if (statement_check(&turn->page.lines[i]) == OK)
            continue;
        log_failure("statement.line");
        refuse(turn, err_last()->text);
        return;
    }
}

static void ask_page(struct turn *turn)
{
    const struct provider_call *call = turn->call;
    const struct provider_statement *statement = turn->provider ? turn->provider->statement : NULL;

    turn->page = (struct statement_page){.verdict = STATEMENT_PAGE};
    turn->balance.known = false;
    if (!statement || turn->account.revoked || !payment_able(turn->provider, &turn->account)) {
        refuse(turn, statement ? "revoked" : "no list");
        return;
    }
    if (statement->read(call, &turn->account, &turn->request, &turn->page)) {
        log_failure("statement.read");
        put_off_by(turn, err_name(err_last()->code));
    }
    check_page(turn);
    if (turn->page.verdict == STATEMENT_PAGE && !turn->page.cursor && !turn->request.payout[0] &&
        statement->balance(call, &turn->account, turn->association.currency->code,
                           &turn->balance)) {
        log_failure("statement.balance");
        turn->balance.known = false;
    }
}

/* The turn is over: the next one goes on at once. */
static enum err write_rest(struct db *db, void *argument)
{
    const struct turn *turn = argument;

    return statement_release(db, turn->claim, turn->now);
}

enum err payment_work_statement(const struct payment_service *service,
                                const struct provider_call *call, const struct claim *claim,
                                bool *provider_down)
{
    struct turn turn = {.service = service, .call = call, .claim = claim};
    int64_t end_ms = clock_monotonic_ms() + STATEMENT_TURN_MS;
    bool holds = false;
    enum err err = read_claimed(&turn, &holds);

    *provider_down = false;
    if (err || !holds)
        return err;
    turn.provider = payment_provider(service, str_of(turn.account.provider));
    for (int i = 0; i < STATEMENT_PAGES_MAX && clock_monotonic_ms() < end_ms; i++) {
        ask_page(&turn);
        *provider_down = turn.page.verdict == STATEMENT_LATER && turn.page.provider_down;
        turn.now = clock_now();
        err = db_write(service->writer, write_page, &turn);
        if (err || !turn.goes_on)
            return err;
        turn.request.cursor = turn.page.cursor;
        turn.attempts = 0;
    }
    return db_write(service->writer, write_rest, &turn);
}
