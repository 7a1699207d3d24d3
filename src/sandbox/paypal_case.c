#include "sandbox/internal.h"
#include "sandbox/paypal.h"
#include "sandbox/paypal_event.h"
#include "sandbox/row.h"
#include "sandbox_queries.h"

static enum err make_case(struct paypal_step *step)
{
    const char *digits = NULL;
    enum err err = step->case_id ? OK : id_make_digits(step->arena, 8, &digits);

    if (!err && !step->case_id)
        step->case_id = arena_printf(step->arena, "PP-R-MJK-%s", digits);
    return err;
}

/* No amount and no payment_status: PayPal tells neither. */
static enum err variables_of(const struct paypal_step *step, const json_t *payment,
                             json_t **variables)
{
    static const char *const copied[] = {"charset",  "payer_email",    "payer_id", "txn_id",
                                         "receiver", "receiver_email", NULL};
    const char *sign = NULL;
    const char *track = NULL;
    enum err err = id_make(step->arena, "A", 55, &sign);

    if (!err)
        err = id_make_hex(step->arena, 13, &track);
    if (err)
        return err;
    *variables = json_object();
    put_text(*variables, "txn_type", step->closed ? "adjustment" : "new_case");
    put_text(*variables, "case_id", step->case_id);
    put_text(*variables, "case_type", step->case_type);
    put_text(*variables, "case_creation_date",
             paypal_date(step->now, step->sandbox->pacific_zone, step->arena));
    put_text(*variables, "reason_code", step->reason);
    put_copies(*variables, payment, copied);
    put_copy(*variables, "receiver_id", payment, "receiver");
    json_object_del(*variables, "receiver");
    put_text(*variables, "custom", row_text(payment, "custom") ? row_text(payment, "custom") : "");
    put_text(*variables, "notify_version", "3.9");
    put_text(*variables, "verify_sign", sign);
    put_text(*variables, "test_ipn", "1");
    put_text(*variables, "ipn_track_id", track);
    return OK;
}

static enum err tell_webhooks(struct db *db, struct paypal_step *step, const json_t *payment)
{
    struct event_telling telling = {.sandbox = step->sandbox,
                                    .arena = step->arena,
                                    .db = db,
                                    .batch = &step->batch,
                                    .mode = step->webhook,
                                    .late_s = step->notify.late_s,
                                    .now = step->now,
                                    .now_ms = step->now_ms};
    struct dispute_news news = {.payment = payment,
                                .id = step->case_id,
                                .reason_code = step->reason,
                                .case_type = step->case_type,
                                .closed = step->closed,
                                .outcome = step->outcome};

    return event_dispute(&telling, &news);
}

enum err paypal_case_tell(struct db *db, void *argument)
{
    struct paypal_step *step = argument;
    struct paypal_telling telling = {.arena = step->arena,
                                     .notify = &step->notify,
                                     .kind = step->closed ? "adjustment" : "new_case",
                                     .now = step->now,
                                     .now_ms = step->now_ms,
                                     .batch = &step->batch};
    json_auto_t *payment = NULL;
    json_auto_t *variables = NULL;
    enum err err = row_need(db, SQ_PAYPAL_PAYMENT_FIND, DB_VALUES(db_text(step->payment_id)),
                            "payment", &payment);

    step->batch.draft_count = 0;
    step->batch.count = 0;
    if (!err)
        err = make_case(step);
    if (!err)
        err = variables_of(step, payment, &variables);
    if (err)
        return err;
    if (!step->notify.mode) {
        step->notify.mode = arena_string(step->arena, row_text(payment, "notify"));
        step->notify.late_s = row_integer(payment, "late_s");
    }
    telling.object_id = step->case_id;
    err = paypal_tell(db, &telling, payment, variables);
    return err ? err : tell_webhooks(db, step, payment);
}
