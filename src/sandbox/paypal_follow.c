#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

enum { CHARGEBACK_FEE_CENTS = 1600 };

void paypal_step_init(struct paypal_step *step, struct sandbox *sandbox, struct arena *arena,
                      const char *payment_id)
{
    *step = (struct paypal_step){.sandbox = sandbox,
                                 .arena = arena,
                                 .payment_id = payment_id,
                                 .now = sandbox_now(sandbox),
                                 .now_ms = clock_now_ms()};
}

/* What a kind is called in a message, and which way its money goes. */
static const struct rule {
    const char *kind;
    const char *status;
    const char *reason; /* the usual one; NULL: none */
    int sign;
    bool with_type; /* its message says a txn_type */
} rules[] = {
    {.kind = "refund", .status = "Refunded", .reason = "refund", .sign = -1},
    {.kind = "reversal", .status = "Reversed", .reason = "chargeback", .sign = -1},
    {.kind = "canceled_reversal",
     .status = "Canceled_Reversal",
     .reason = "other",
     .sign = 1,
     .with_type = true},
    {.kind = "failure", .status = "Failed", .sign = -1, .with_type = true},
};

static const struct rule *find_rule(const char *kind)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        if (!strcmp(rules[i].kind, kind))
            return &rules[i];
    return NULL;
}

/* One step being taken. */
struct taking {
    struct db *db;
    struct paypal_step *step;
    const struct rule *rule;
    json_t *payment;
    json_t *left;
    const char *reason;
    int64_t amount_cents;
    int64_t fee_cents;
    int64_t settled_cents;
};

static enum err choose_amount(struct taking *taking)
{
    bool back = taking->rule->sign > 0;
    int64_t most_cents = row_integer(taking->left, back ? "reversed_cents" : "gross_cents");

    if (!row_is(taking->payment, "status", "Completed") || most_cents <= 0)
        return fail(ERR_CONFLICT, "nothing is left of the payment for that");
    taking->amount_cents = taking->step->amount_cents ? taking->step->amount_cents : most_cents;
    if (taking->amount_cents < 0 || taking->amount_cents > most_cents)
        return fail(ERR_INPUT, "more than is left of the payment");
    return OK;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What PayPal gives back of its fee for a refund: the part that depends on the amount. */
static enum err refund_fee(struct taking *taking)
{
    json_auto_t *business = NULL;
    int64_t part_cents = 0;
    enum err err = row_find(taking->db, SQ_PAYPAL_BUSINESS_FIND,
                            DB_VALUES(db_text(row_text(taking->payment, "receiver"))), &business);

    if (err)
        return err;
    part_cents = (taking->amount_cents * row_integer(business, "fee_basis_points") + 5000) / 10000;
    taking->fee_cents = -smaller(part_cents, row_integer(taking->left, "fee_cents"));
    return OK;
}

static enum err choose_fee(struct taking *taking)
{
    int64_t reversed_cents = row_integer(taking->left, "reversed_fee_cents");

    if (taking->step->fee)
        taking->fee_cents = *taking->step->fee;
    else if (!strcmp(taking->rule->kind, "refund"))
        return refund_fee(taking);
    else if (taking->rule->sign > 0) /* a fee that was given back is taken again */
        taking->fee_cents = reversed_cents < 0 ? -reversed_cents : 0;
    else if (row_is(taking->payment, "begun_by", "order")) /* PayPal keeps its fee, and takes the
                                                            * one of a dispute apart */
        taking->fee_cents = 0;
    else if (taking->reason && !strcmp(taking->reason, "chargeback"))
        taking->fee_cents = CHARGEBACK_FEE_CENTS;
    else
        taking->fee_cents = -row_integer(taking->left, "fee_cents");
    return OK;
}

static enum err move_money(struct taking *taking)
{
    struct paypal_step *step = taking->step;
    struct paypal_entry entry = {.txn_id = step->refund_id,
                                 .business_id = row_text(taking->payment, "receiver"),
                                 .kind = taking->rule->kind,
                                 .payment_id = step->payment_id,
                                 .parent_id = step->payment_id,
                                 .type = taking->reason,
                                 .gross_cents = taking->rule->sign * taking->amount_cents,
                                 .fee_cents = taking->fee_cents,
                                 .currency = row_text(taking->payment, "currency"),
                                 .now = step->now};
    enum err err = paypal_entry_add(taking->db, step->arena, &entry, &taking->settled_cents);

    step->txn_id = entry.txn_id;
    return err;
}

/* The payment as a message about this step shows it. */
static json_t *view(const struct taking *taking)
{
    json_t *shown = json_copy(taking->payment);

    put_text(shown, "txn_id", taking->step->txn_id);
    put_text(shown, "status", taking->rule->status);
    put_integer(shown, "gross_cents", taking->rule->sign * taking->amount_cents);
    put_integer(shown, "fee_cents", taking->fee_cents);
    put_integer(shown, "settled_cents", taking->settled_cents);
    put_integer(shown, "created", taking->step->now);
    return shown;
}

static void put_links(json_t *variables, const struct taking *taking)
{
    if (!taking->rule->with_type)
        json_object_del(variables, "txn_type");
    put_text(variables, "parent_txn_id", taking->step->payment_id);
    if (taking->reason)
        put_text(variables, "reason_code", taking->reason);
    if (taking->step->case_id)
        put_text(variables, "case_id", taking->step->case_id);
}

static enum err tell(struct taking *taking)
{
    struct paypal_step *step = taking->step;
    struct paypal_telling telling = {.arena = step->arena,
                                     .notify = &step->notify,
                                     .object_id = step->txn_id,
                                     .kind = taking->rule->status,
                                     .now = step->now,
                                     .now_ms = step->now_ms,
                                     .batch = &step->batch};
    json_auto_t *shown = view(taking);
    json_auto_t *variables = NULL;
    enum err err = paypal_variables(shown, step->sandbox->pacific_zone, step->arena, &variables);

    if (err)
        return err;
    put_links(variables, taking);
    return paypal_tell(taking->db, &telling, shown, variables);
}

/* What PayPal's REST face keeps and tells of it, when the payment is an order's. */
static enum err tell_webhooks(struct taking *taking)
{
    struct paypal_step *step = taking->step;
    struct refund_made made = {.payment = taking->payment,
                               .id = step->txn_id,
                               .waited = step->refund_id != NULL,
                               .kind = taking->rule->kind,
                               .amount_cents = taking->amount_cents,
                               .fee_cents = -taking->fee_cents,
                               .invoice = step->refund_invoice,
                               .custom = step->refund_custom,
                               .note = step->refund_note};
    struct event_telling telling = {.sandbox = step->sandbox,
                                    .arena = step->arena,
                                    .db = taking->db,
                                    .batch = &step->batch,
                                    .mode = step->webhook,
                                    .late_s = step->notify.late_s,
                                    .now = step->now,
                                    .now_ms = step->now_ms};

    return taking->rule->sign > 0 ? OK : event_refund(&telling, &made);
}

static enum err take(struct taking *taking)
{
    struct paypal_step *step = taking->step;
    struct db_value payment = db_text(step->payment_id);
    enum err err = row_need(taking->db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(payment), "payment",
                            &taking->payment);

    if (!err)
        err = row_need(taking->db, SQ_PAYPAL_PAYMENT_LEFT, DB_VALUES(payment), "payment",
                       &taking->left);
    if (!err)
        err = choose_amount(taking);
    if (!err)
        err = choose_fee(taking);
    if (!err)
        err = move_money(taking);
    if (err)
        return err;
    if (!step->notify.mode) {
        step->notify.mode = arena_string(step->arena, row_text(taking->payment, "notify"));
        step->notify.late_s = row_integer(taking->payment, "late_s");
    }
    err = tell(taking);
    return err ? err : tell_webhooks(taking);
}

enum err paypal_follow(struct db *db, void *argument)
{
    struct paypal_step *step = argument;
    struct taking taking = {.db = db, .step = step, .rule = find_rule(step->kind)};
    enum err err = OK;

    step->batch.draft_count = 0;
    step->batch.count = 0;
    if (!taking.rule)
        return fail(ERR_INPUT, "nothing that follows a payment");
    taking.reason = step->reason ? step->reason : taking.rule->reason;
    err = take(&taking);
    json_decref(taking.payment);
    json_decref(taking.left);
    return err;
}
