#include "payment/refund_request.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/internal.h"
#include "queries.h"

#include <string.h>

static const char own_mark[] = "guichet-refund-";

/* ---- reading ---- */

static enum refund_request_state state_of(struct str name)
{
    if (str_is(name, "sent"))
        return REFUND_REQUEST_SENT;
    if (str_is(name, "absent"))
        return REFUND_REQUEST_ABSENT;
    return str_is(name, "refused") ? REFUND_REQUEST_DENIED : REFUND_REQUEST_CREATED;
}

static void read_request(const struct db_rows *rows, int64_t association_id, struct arena *arena,
                         struct refund_request *request)
{
    *request = (struct refund_request){
        .association_id = association_id,
        .id = db_column_int(rows, 0),
        .transaction_id = db_column_int(rows, 1),
        .provider_account_id = db_column_int(rows, 2),
        .amount_cents = db_column_int(rows, 3),
        .cancels_charges = db_column_int(rows, 4) != 0,
        .reason = db_column_text(rows, 5, arena),
        .request = db_column_text(rows, 6, arena),
        .idempotency_key = db_column_text(rows, 7, arena),
        .state = state_of(db_column_str(rows, 8)),
        .provider_reference = db_column_text(rows, 9, arena),
        .answer = db_column_text(rows, 10, arena),
        .capture = db_column_text(rows, 11, arena),
        .attempts = db_column_int(rows, 12),
        .claim = db_column_int(rows, 13),
        .created_by = db_column_int(rows, 14),
        .created_at = db_column_int(rows, 15),
        .waits = !db_column_is_null(rows, 16),
    };
}

enum err refund_request_find(struct db *db, int64_t association_id, int64_t request_id,
                             struct arena *arena, struct refund_request *request)
{
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_first(db, Q_REFUND_REQUEST_FIND,
                            DB_VALUES(db_int(association_id), db_int(request_id)), &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such refund request");
    if (!err)
        read_request(&rows, association_id, arena, request);
    db_rows_done(&rows);
    return err;
}

enum err refund_request_list(struct db *db, int64_t association_id, int64_t transaction_id,
                             struct arena *arena, struct refund_request **requests, size_t *count)
{
    enum { REQUESTS_MAX = 100 };
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_REFUND_REQUEST_LIST,
                             DB_VALUES(db_int(association_id), db_int(transaction_id)), &rows);

    *requests = arena_alloc(arena, REQUESTS_MAX * sizeof(**requests));
    *count = 0;
    while (!err && *count < REQUESTS_MAX && !(err = db_next(&rows, &found)) && found)
        read_request(&rows, association_id, arena, &(*requests)[(*count)++]);
    db_rows_done(&rows);
    return err;
}

/* What a request is checked against; provider NULL: it is not registered. */
struct refund_capture {
    const struct provider *provider;
    int64_t account_id;
    const char *reference;
    const char *currency;
    struct refund_room room;
};

/* Can the provider be asked for refunds of this account? */
static enum err refunds_possible(struct db *db, int64_t association_id, struct arena *arena,
                                 const struct refund_capture *capture, bool *possible)
{
    struct provider_account account;
    enum err err;

    *possible = false;
    if (!capture->provider || !capture->provider->refunds)
        return OK;
    err = account_find(db, association_id, capture->account_id, arena, &account);
    *possible = err == OK && payment_able(capture->provider, &account);
    return err;
}

static enum err read_capture(const struct payment_service *service, struct db *db,
                             int64_t association_id, int64_t transaction_id, struct arena *arena,
                             struct refund_capture *capture)
{
    struct db_rows rows = {0};
    bool found = false, able = false;
    enum err err =
        db_first(db, Q_REFUND_ROOM, DB_VALUES(db_int(association_id), db_int(transaction_id)),
                 &rows, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "no such payment");
    if (!err) {
        int64_t asked = db_column_int(&rows, 6), left = db_column_int(&rows, 5) - asked;

        capture->provider = payment_provider(service, db_column_str(&rows, 0));
        capture->account_id = db_column_int(&rows, 1);
        capture->reference = db_column_text(&rows, 2, arena);
        capture->currency = db_column_text(&rows, 7, arena);
        capture->room = (struct refund_room){
            .possible = db_column_int(&rows, 3) != 0,
            .disputed = db_column_int(&rows, 4) != 0,
            .left_cents = left > 0 ? left : 0,
            .asked_cents = asked,
        };
    }
    db_rows_done(&rows);
    if (!err)
        err = refunds_possible(db, association_id, arena, capture, &able);
    capture->room.possible = capture->room.possible && able;
    return err;
}

enum err refund_room(const struct payment_service *service, struct db *db, int64_t association_id,
                     int64_t transaction_id, struct arena *arena, struct refund_room *room)
{
    struct refund_capture capture = {0};
    enum err err = read_capture(service, db, association_id, transaction_id, arena, &capture);

    *room = capture.room;
    return err;
}

enum err refund_request_charges(struct db *db, int64_t association_id, int64_t request_id,
                                struct arena *arena, int64_t **charge_line_ids, size_t *count)
{
    enum { CHARGES_MAX = 1000 };
    struct db_rows rows = {0};
    bool found = false;
    enum err err = db_select(db, Q_REFUND_REQUEST_CHARGES,
                             DB_VALUES(db_int(association_id), db_int(request_id)), &rows);

    *charge_line_ids = arena_alloc(arena, CHARGES_MAX * sizeof(**charge_line_ids));
    *count = 0;
    while (!err && *count < CHARGES_MAX && !(err = db_next(&rows, &found)) && found)
        (*charge_line_ids)[(*count)++] = db_column_int(&rows, 0);
    db_rows_done(&rows);
    return err;
}

/* ---- the request a fact speaks of ---- */

static int64_t marked_id(const struct payment_fact *fact)
{
    for (int i = 0; i < FACT_OBJECTS_MAX; i++) {
        struct str name = str_of(fact->objects[i] ? fact->objects[i] : "");
        int64_t id;

        if (str_starts(name, own_mark) &&
            str_to_int64(str_from(name.data + strlen(own_mark), name.len - strlen(own_mark)), &id))
            return id;
    }
    return 0;
}

enum err refund_request_of(struct db *db, const struct payment_fact *fact, struct arena *arena,
                           struct refund_request *request, bool *found)
{
    int64_t id = 0;
    enum err err =
        db_integer(db, Q_REFUND_REQUEST_NAMED,
                   DB_VALUES(db_int(fact->association_id), db_int(fact->provider_account_id),
                             db_text(fact->reference)),
                   0, &id);

    *found = false;
    if (!err && id == 0)
        id = marked_id(fact);
    if (err || id == 0)
        return err;
    err = refund_request_find(db, fact->association_id, id, arena, request);
    *found = !err && request->provider_account_id == fact->provider_account_id;
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err refund_request_sent(struct db *db, int64_t association_id, int64_t request_id,
                             const char *provider_reference, int64_t now)
{
    return db_run(db, Q_REFUND_REQUEST_SENT,
                  DB_VALUES(db_int(association_id), db_int(request_id),
                            db_text(provider_reference), db_int(now)));
}

/* ---- asking ---- */

/* One press: what its steps hand on. */
struct refund_asking {
    const struct payment_service *service;
    const struct refund_press *press;
    struct refund_capture capture;
    int64_t id;
    const char *request;
    const char *key;
    int64_t now;
    enum refund_start start;
};

static enum err insert_request(struct db *db, const struct refund_asking *asking,
                               struct arena *arena)
{
    const struct refund_press *press = asking->press;
    enum err err = db_run(
        db, Q_REFUND_REQUEST_ADD,
        DB_VALUES(db_int(press->association_id), db_int(asking->id), db_int(press->transaction_id),
                  db_int(asking->capture.account_id), db_text(press->form_token),
                  db_int(press->amount_cents), db_int(press->cancels_charges ? 1 : 0),
                  db_text(press->reason), db_text(asking->request), db_text(asking->key),
                  db_int(asking->now + INTENT_PAGE_CALL_S), db_int(press->actor.login_id),
                  db_int(asking->now)));

    for (size_t i = 0; !err && i < press->charge_count; i++)
        err = db_run(db, Q_REFUND_REQUEST_ADD_CHARGE,
                     DB_VALUES(db_int(press->association_id), db_int(asking->id),
                               db_int(press->charge_line_ids[i])));
    if (!err)
        err = audit_add(
            db, press->association_id, &press->actor, "refund.asked",
            arena_printf(arena, "provider_transaction:%lld", (long long)press->transaction_id),
            arena_printf(arena, "%lld", (long long)press->amount_cents));
    return err;
}

static enum refund_start judge(const struct refund_asking *asking, const struct refund_room *room)
{
    if (!room->possible)
        return REFUND_NOT_POSSIBLE;
    if (room->disputed)
        return REFUND_DISPUTED;
    return asking->press->amount_cents > room->left_cents ? REFUND_TOO_MUCH : REFUND_STARTED;
}

/* Checks everything again, and stores. */
static enum err write_request(struct db *db, void *argument)
{
    struct refund_asking *asking = argument;
    const struct refund_press *press = asking->press;
    struct arena *arena = arena_new();
    struct refund_room room;
    int64_t same = 0;
    enum err err =
        db_integer(db, Q_REFUND_REQUEST_SAME_FORM,
                   DB_VALUES(db_int(press->association_id), db_text(press->form_token)), 0, &same);

    if (!err && same) {
        asking->start = REFUND_SAME_FORM;
        asking->id = same;
        arena_free(arena);
        return OK;
    }
    if (!err)
        err = refund_room(asking->service, db, press->association_id, press->transaction_id, arena,
                          &room);
    if (!err)
        asking->start = judge(asking, &room);
    if (!err && asking->start == REFUND_STARTED)
        err = insert_request(db, asking, arena);
    arena_free(arena);
    return err;
}

static enum err prepare(struct refund_asking *asking, const struct provider_call *call)
{
    const struct refund_press *press = asking->press;
    struct refund_order order = {.amount_cents = press->amount_cents};
    struct str request = {0};
    enum err err = read_capture(asking->service, call->db, press->association_id,
                                press->transaction_id, call->arena, &asking->capture);

    asking->start = REFUND_NOT_POSSIBLE;
    if (err || !asking->capture.room.possible)
        return err;
    err = random_id(&asking->id);
    order.capture = asking->capture.reference;
    order.currency = asking->capture.currency;
    order.refund_request_id = asking->id;
    if (!err)
        err = asking->capture.provider->refunds->prepare(call, &order, &request);
    asking->request = str_copy(call->arena, request);
    asking->key = arena_printf(call->arena, "guichet-%s-refund-%lld",
                               asking->service->installation, (long long)asking->id);
    return err;
}

enum err payment_refund_begin(const struct payment_service *service,
                              const struct provider_call *call, const struct refund_press *press,
                              enum refund_start *start, struct refund_request *request)
{
    struct refund_asking asking = {.service = service, .press = press, .now = call->now};
    enum err err = prepare(&asking, call);

    if (!err && asking.capture.room.possible)
        err = db_write(service->writer, write_request, &asking);
    *start = asking.start;
    if (!err && asking.start == REFUND_STARTED)
        err = refund_send(service, call, press->association_id, asking.id, NULL);
    if (err || (asking.start != REFUND_STARTED && asking.start != REFUND_SAME_FORM))
        return err;
    return refund_request_find(call->db, press->association_id, asking.id, call->arena, request);
}
