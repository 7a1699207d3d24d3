#include "payment/manual.h"

#include "association/outbox.h"
#include "base/arena.h"
#include "base/random.h"
#include "queries.h"

/* One payment without provider: what its steps hand on. */
struct receiving {
    struct posting posting;
    const struct manual_payment *payment;
    int64_t donation_line_id; /* 0: no donation */
};

static enum err insert_capture(struct receiving *receiving, bool *fresh)
{
    const struct manual_payment *payment = receiving->payment;
    struct posting *posting = &receiving->posting;
    struct db_rows rows = {0};
    enum err err = random_id(&posting->transaction_id);

    if (err)
        return err;
    err = db_first(posting->db, Q_TRANSACTION_ADD,
                   DB_VALUES(db_int(payment->association_id), db_int(posting->transaction_id),
                             db_int(payment->provider_account_id), db_text("capture"),
                             db_text(payment->reference), db_int(payment->amount_cents),
                             db_text(posting->association.currency->code),
                             db_int(payment->fact_at), db_null(), db_int(payment->member_id),
                             db_text(""), db_text(payment->cheque ? payment->cheque->drawer : ""),
                             db_int(posting->now)),
                   &rows, fresh);
    db_rows_done(&rows);
    return err;
}

static enum err already_posted(struct receiving *receiving, struct post_result *result)
{
    const struct manual_payment *payment = receiving->payment;

    result->outcome = OUTCOME_ALREADY_POSTED;
    return db_integer(receiving->posting.db, Q_TRANSACTION_KNOWN,
                      DB_VALUES(db_int(payment->association_id),
                                db_int(payment->provider_account_id), db_text("capture"),
                                db_text(payment->reference)),
                      0, &result->transaction_id);
}

enum err payment_cheque_known(struct db *db, int64_t association_id, const char *number,
                              const char *bank, bool *known)
{
    int64_t transaction_id = 0;
    enum err err = db_integer(db, Q_CHEQUE_KNOWN,
                              DB_VALUES(db_int(association_id), db_text(number), db_text(bank)), 0,
                              &transaction_id);

    *known = transaction_id != 0;
    return err;
}

/* ---- references ---- */

static enum err reference_taken(struct db *db, int64_t association_id, int64_t account_id,
                                const char *kind, const char *reference, bool *taken)
{
    int64_t transaction_id = 0;
    enum err err = db_integer(
        db, Q_TRANSACTION_KNOWN,
        DB_VALUES(db_int(association_id), db_int(account_id), db_text(kind), db_text(reference)),
        0, &transaction_id);

    *taken = transaction_id != 0;
    return err;
}

enum err payment_reference(struct db *db, int64_t association_id, int64_t provider_account_id,
                           const char *kind, const char *wanted, struct arena *arena,
                           const char **reference)
{
    int64_t next = 1;
    bool taken = true;
    enum err err = OK;

    if (!*wanted)
        err = db_integer(
            db, Q_MANUAL_COUNT,
            DB_VALUES(db_int(association_id), db_int(provider_account_id), db_text(kind)), 0,
            &next);
    for (*reference = wanted; !err && taken; next++) {
        if (!*wanted)
            *reference = arena_printf(arena, "n° %lld", (long long)next + 1);
        else if (next > 1)
            *reference = arena_printf(arena, "%s-%lld", wanted, (long long)next);
        err = reference_taken(db, association_id, provider_account_id, kind, *reference, &taken);
    }
    return err;
}

/* ---- the parts of it ---- */

static enum err add_donation(struct receiving *receiving)
{
    const struct manual_payment *payment = receiving->payment;
    struct posting *posting = &receiving->posting;
    struct cart_draft line = {
        .association_id = payment->association_id,
        .member_id = payment->member_id,
        .kind = CART_DONATION,
        .amount_cents = payment->donation_cents,
        .label = payment->donation_label,
        .date = posting->fact_date,
        .fiscal_year_id = posting->entry_year.id,
        .account_code = payment->donation_account,
        .login_id = payment->actor.login_id,
        .now = posting->now,
    };
    enum err err;

    if (payment->donation_cents == 0)
        return OK;
    if (payment->donation_cents > payment->amount_cents)
        return fail(ERR_INPUT, "a donation of more than the payment");
    err = random_id(&line.id);
    receiving->donation_line_id = line.id;
    return err ? err : cart_add_line(posting->db, &line);
}

/* The donation first, then what was ticked, then the oldest. */
static enum err share_out(struct receiving *receiving)
{
    const struct manual_payment *payment = receiving->payment;
    struct posting *posting = &receiving->posting;
    struct ticked_charge *ticked =
        arena_array(posting->arena, payment->ticked_count + 1, sizeof(*ticked));
    size_t count = 0;

    if (receiving->donation_line_id)
        ticked[count++] =
            (struct ticked_charge){receiving->donation_line_id, payment->donation_cents};
    for (size_t i = 0; i < payment->ticked_count; i++)
        ticked[count++] = payment->ticked[i];
    return posting_share_ticked(posting, payment->member_id, ticked, count);
}

static enum err add_cheque(struct receiving *receiving)
{
    const struct manual_payment *payment = receiving->payment;
    const struct cheque_draft *cheque = payment->cheque;
    struct db *db = receiving->posting.db;
    char due_day[DATE_TEXT_MAX];
    bool known = false;
    enum err err;

    if (!cheque)
        return OK;
    err = payment_cheque_known(db, payment->association_id, cheque->number, cheque->bank, &known);
    if (!err && known)
        err = fail(ERR_CONFLICT, "this cheque is booked already");
    date_format_iso(due_day, cheque->due_day);
    return err ? err
               : db_run(db, Q_CHEQUE_ADD,
                        DB_VALUES(db_int(payment->association_id),
                                  db_int(receiving->posting.transaction_id),
                                  db_text(cheque->number), db_text(cheque->bank),
                                  db_text(cheque->drawer), db_text(due_day)));
}

static enum err tell(struct receiving *receiving)
{
    const struct manual_payment *payment = receiving->payment;
    struct posting *posting = &receiving->posting;
    enum err err = OK;

    if (payment->receipt_by_mail)
        err = outbox_add(posting->db, payment->association_id, "payment_received",
                         payment->member_id, posting->transaction_id, posting->now);
    return err ? err
               : audit_add(posting->db, payment->association_id, &payment->actor, "payment.posted",
                           arena_printf(posting->arena, "provider_transaction:%lld",
                                        (long long)posting->transaction_id),
                           arena_printf(posting->arena, "%s %lld %s", payment->reference,
                                        (long long)payment->amount_cents,
                                        posting->association.currency->code));
}

/* ---- all of it ---- */

static enum err check(const struct manual_payment *payment)
{
    if (!payment->reference || !payment->reference[0] || payment->amount_cents <= 0 ||
        payment->amount_cents > MONEY_MAX_CENTS)
        return fail(ERR_INPUT, "a payment needs a reference and an amount up to %d",
                    MONEY_MAX_CENTS);
    return OK;
}

static enum err book(struct receiving *receiving)
{
    enum err err = add_cheque(receiving);

    if (!err)
        err = add_donation(receiving);
    if (!err)
        err = share_out(receiving);
    if (!err)
        err = posting_write_shares(&receiving->posting);
    return err ? err : tell(receiving);
}

enum err payment_post_manual(struct db *db, const struct manual_payment *payment, int64_t now,
                             struct arena *arena, struct post_result *result)
{
    struct receiving *receiving = arena_alloc(arena, sizeof(*receiving));
    struct posting *posting = &receiving->posting;
    bool fresh = false;
    enum err err = check(payment);

    *result = (struct post_result){.outcome = OUTCOME_POSTED};
    posting->db = db;
    posting->arena = arena;
    posting->now = now;
    receiving->payment = payment;
    if (!err)
        err = posting_begin(posting, payment->association_id, payment->provider_account_id,
                            payment->fact_at);
    if (!err)
        err = insert_capture(receiving, &fresh);
    if (err)
        return err;
    if (!fresh)
        return already_posted(receiving, result);
    posting->amount_cents = payment->amount_cents;
    posting->piece = payment->reference;
    posting->cart_label = payment->label;
    result->transaction_id = posting->transaction_id;
    return book(receiving);
}
