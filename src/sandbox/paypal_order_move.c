#include <string.h>

#include "base/clock.h"
#include "net/http_client.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/paypal_rest.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

void order_move_init(struct order_move *move, struct sandbox *sandbox, struct arena *arena,
                     const char *order_id)
{
    struct paypal_move payer;

    paypal_move_init(&payer, sandbox, arena, NULL);
    *move = (struct order_move){.sandbox = sandbox,
                                .arena = arena,
                                .order_id = order_id,
                                .outcome = "completed",
                                .first_name = payer.first_name,
                                .last_name = payer.last_name,
                                .email = payer.email,
                                .ipn = "normal",
                                .webhook = "normal",
                                .settle_status = "Completed",
                                .now = sandbox_now(sandbox),
                                .now_ms = clock_now_ms()};
}

/* ---- the payer agrees ---- */

static enum err approve(struct db *db, const struct order_move *move)
{
    return db_run(db, SQ_PAYPAL_ORDER_APPROVE,
                  DB_VALUES(db_text(move->order_id), db_text(move->outcome), db_text(move->reason),
                            db_text(move->payer_id), db_text(move->first_name),
                            db_text(move->last_name), db_text(move->email), db_text(move->ipn),
                            db_text(move->webhook), db_int(move->late_s), db_int(move->settle_s),
                            db_text(move->settle_status), db_int(move->now)));
}

/* Tells the order's webhooks about it as it is now. */
static enum err tell(struct db *db, struct order_move *move, const char *type)
{
    struct event_telling telling = {.sandbox = move->sandbox,
                                    .arena = move->arena,
                                    .db = db,
                                    .batch = &move->batch,
                                    .now = move->now,
                                    .now_ms = move->now_ms};
    json_auto_t *order = NULL;
    enum err err =
        row_need(db, SQ_PAYPAL_ORDER_FIND, DB_VALUES(db_text(move->order_id)), "order", &order);

    return err ? err : event_order(&telling, order, type);
}

static enum err find(struct db *db, struct order_move *move, json_t **order)
{
    move->batch.draft_count = 0;
    move->batch.count = 0;
    return row_need(db, SQ_PAYPAL_ORDER_FIND, DB_VALUES(db_text(move->order_id)), "order", order);
}

enum err order_move_approve(struct db *db, void *argument)
{
    struct order_move *move = argument;
    json_auto_t *order = NULL;
    enum err err = find(db, move, &order);

    if (err)
        return err;
    if (row_is(order, "status", "COMPLETED") || row_is(order, "status", "VOIDED") ||
        order_ended(order, move->now))
        return fail(ERR_CONFLICT, "the order has been captured, or its time has passed");
    move->payer_id = arena_string(move->arena, row_text(order, "payer_id"));
    if (!move->payer_id)
        err = id_make_account(move->arena, &move->payer_id);
    if (!err)
        err = approve(db, move);
    return err ? err : tell(db, move, "CHECKOUT.ORDER.APPROVED");
}

enum err order_move_void(struct db *db, void *argument)
{
    struct order_move *move = argument;
    json_auto_t *order = NULL;
    enum err err = find(db, move, &order);

    if (err)
        return err;
    if (!row_is(order, "status", "APPROVED"))
        return fail(ERR_CONFLICT, "the order is not approved");
    err = db_run(db, SQ_PAYPAL_ORDER_VOID, DB_VALUES(db_text(move->order_id), db_int(move->now)));
    return err ? err : tell(db, move, "CHECKOUT.PAYMENT-APPROVAL.REVERSED");
}

/* ---- where the browser goes ---- */

static const char *extend(const json_t *order, const char *name, struct arena *arena,
                          const char *payer_id)
{
    const char *url = row_text(json_object_get(order, "fields"), name);
    struct buffer query;

    if (!url)
        return NULL;
    buffer_init(&query, arena, 64);
    http_form_add(&query, "token", str_of(row_text(order, "id")));
    if (payer_id)
        http_form_add(&query, "PayerID", str_of(payer_id));
    return arena_printf(arena, "%s%c%.*s", url, strchr(url, '?') ? '&' : '?',
                        STR_PRINT(buffer_str(&query)));
}

const char *order_return_url(const json_t *order, struct arena *arena, const char *payer_id)
{
    return extend(order, "return", arena, payer_id);
}

const char *order_cancel_url(const json_t *order, struct arena *arena)
{
    return extend(order, "cancel_return", arena, NULL);
}
