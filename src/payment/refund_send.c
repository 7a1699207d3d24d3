/*
 * A refund request on its way: sent, answered, sent again.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "payment/due.h"
#include "payment/internal.h"
#include "payment/refund_request.h"
#include "queries.h"

/* One answer: what is kept of it in one transaction. */
struct refund_ending {
    const struct refund_request *request;
    const struct refund_answer *answer;
    int64_t key_life_s;
    int64_t now;
};

/* Later again: the same bytes, as long as the provider knows the key; then it is looked for. */
static int64_t next_try(const struct refund_ending *ending)
{
    int64_t next_at = ending->now + event_backoff_s(ending->request->attempts + 3);
    int64_t forgotten_at = ending->request->created_at + ending->key_life_s;

    if (next_at < forgotten_at)
        return next_at;
    return ending->now < forgotten_at + REFUND_FIND_S ? forgotten_at + REFUND_FIND_S
                                                      : ending->now + REFUND_FIND_AGAIN_S;
}

static enum err keep_unanswered(struct db *db, const struct refund_ending *ending)
{
    const struct refund_request *request = ending->request;

    return db_run(db, Q_REFUND_REQUEST_UNANSWERED,
                  DB_VALUES(db_int(request->association_id), db_int(request->id),
                            db_text(ending->answer->reason ? ending->answer->reason : ""),
                            db_int(next_try(ending)), db_int(ending->now)));
}

/* What was asked for counts no more: it can be asked for again. */
static enum err keep_absent(struct db *db, const struct refund_ending *ending, struct arena *arena)
{
    const struct audit_actor provider = {0, ""};
    const struct refund_request *request = ending->request;
    enum err err = db_run(
        db, Q_REFUND_REQUEST_ABSENT,
        DB_VALUES(db_int(request->association_id), db_int(request->id), db_int(ending->now)));

    return err ? err
               : audit_add(db, request->association_id, &provider, "refund.absent",
                           arena_printf(arena, "provider_transaction:%lld",
                                        (long long)request->transaction_id),
                           arena_printf(arena, "%lld", (long long)request->amount_cents));
}

static enum err keep_refused(struct db *db, const struct refund_ending *ending)
{
    const struct audit_actor provider = {0, ""};
    const struct refund_request *request = ending->request;
    struct arena *arena = arena_new();
    enum err err = db_run(db, Q_REFUND_REQUEST_REFUSED,
                          DB_VALUES(db_int(request->association_id), db_int(request->id),
                                    db_text(ending->answer->reason ? ending->answer->reason : ""),
                                    db_int(ending->now)));

    if (!err)
        err = audit_add(
            db, request->association_id, &provider, "refund.refused",
            arena_printf(arena, "provider_transaction:%lld", (long long)request->transaction_id),
            ending->answer->reason ? ending->answer->reason : "");
    arena_free(arena);
    return err;
}

static enum err keep_made(struct db *db, const struct refund_ending *ending, struct arena *arena)
{
    const struct refund_request *request = ending->request;
    const struct resolution *facts = &ending->answer->facts;
    enum err err = refund_request_sent(db, request->association_id, request->id,
                                       ending->answer->reference, ending->now);

    for (int i = 0; !err && facts->kind == RESOLUTION_FACTS && i < facts->fact_count; i++) {
        struct post_result result;

        err = payment_post(db, &facts->facts[i], ending->now, arena, &result);
    }
    return err;
}

static enum err write_answer(struct db *db, void *argument)
{
    const struct refund_ending *ending = argument;
    struct arena *arena = arena_new();
    enum err err = OK;

    switch (ending->answer->verdict) {
    case REFUND_MADE:
        err = keep_made(db, ending, arena);
        break;
    case REFUND_REFUSED:
        err = keep_refused(db, ending);
        break;
    case REFUND_ABSENT:
        err = keep_absent(db, ending, arena);
        break;
    case REFUND_UNKNOWN:
        err = keep_unanswered(db, ending);
        break;
    }
    arena_free(arena);
    return err;
}

static int64_t key_life_s(const struct provider *provider)
{
    return provider->refunds->key_life_s ? provider->refunds->key_life_s : REFUND_KEY_LIFE_S;
}

/* Sends the bytes again, or, once the key may be forgotten, looks for what they made. */
static enum err ask(const struct provider *provider, const struct provider_call *call,
                    const struct provider_account *account, const struct refund_request *request,
                    struct refund_answer *answer)
{
    const struct refund_order order = {.capture = request->capture,
                                       .amount_cents = request->amount_cents,
                                       .refund_request_id = request->id};

    bool key_lives = call->now < request->created_at + key_life_s(provider);

    *answer =
        (struct refund_answer){.verdict = REFUND_UNKNOWN, .reason = "ne peut pas être cherché"};
    if (!key_lives && !provider->refunds->find)
        return OK;
    return key_lives ? provider->refunds->send(call, account, request->request,
                                               request->idempotency_key, answer)
                     : provider->refunds->find(call, account, &order, answer);
}

static void send(const struct payment_service *service, const struct provider_call *call,
                 const struct refund_request *request, struct refund_answer *answer,
                 struct refund_ending *ending)
{
    struct provider_account account;
    const struct provider *provider;
    enum err err = account_find(call->db, request->association_id, request->provider_account_id,
                                call->arena, &account);

    provider = err ? NULL : payment_provider(service, str_of(account.provider));
    if (!err && (!provider || !provider->refunds || !payment_able(provider, &account)))
        err = fail(ERR_INTERNAL, "provider of a refund takes none");
    ending->key_life_s = err ? REFUND_KEY_LIFE_S : key_life_s(provider);
    if (!err)
        err = ask(provider, call, &account, request, answer);
    if (err) {
        log_failure("payment.refund");
        *answer = (struct refund_answer){.verdict = REFUND_UNKNOWN, .reason = err_name(err)};
    }
}

enum err refund_send(const struct payment_service *service, const struct provider_call *call,
                     int64_t association_id, int64_t request_id, bool *provider_down)
{
    struct refund_answer *answer = arena_alloc(call->arena, sizeof(*answer));
    struct refund_request request;
    struct refund_ending ending = {.request = &request, .answer = answer};
    enum err err =
        refund_request_find(call->db, association_id, request_id, call->arena, &request);

    if (err || request.state != REFUND_REQUEST_CREATED)
        return err;
    send(service, call, &request, answer, &ending);
    if (provider_down)
        *provider_down = answer->verdict == REFUND_UNKNOWN;
    ending.now = clock_now();
    return db_write(service->writer, write_answer, &ending);
}

/* ---- claims ---- */

enum err refund_any_due(struct db *db, int64_t now, bool *due)
{
    return due_any(db, Q_REFUND_REQUEST_ANY_DUE, now, due);
}

enum err refund_claim_due(struct db *db, const char *provider, int64_t now, struct claim *claims,
                          size_t max, size_t *count)
{
    return due_claim(db, Q_REFUND_REQUEST_DUE, Q_REFUND_REQUEST_CLAIM, provider, now, claims, max,
                     count);
}

enum err refund_release(struct db *db, const struct claim *claim, int64_t now)
{
    return db_run(db, Q_REFUND_REQUEST_RELEASE,
                  DB_VALUES(db_int(claim->association_id), db_int(claim->id), db_int(claim->claim),
                            db_int(now)));
}

enum err payment_work_refund(const struct payment_service *service,
                             const struct provider_call *call, const struct claim *claim,
                             bool *provider_down)
{
    struct refund_request request;
    enum err err =
        refund_request_find(call->db, claim->association_id, claim->id, call->arena, &request);

    *provider_down = false;
    if (err || request.claim != claim->claim)
        return err;
    return refund_send(service, call, claim->association_id, claim->id, provider_down);
}
