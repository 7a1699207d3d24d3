/*
 * What a row of PayPal's list means, whether it came as a file or by the interface: the same
 * movements under the same names.
 */
#include <string.h>

#include "base/arena.h"
#include "payment/intent.h"
#include "payment/known.h"
#include "provider/paypal/activity.h"
#include "provider/paypal/internal.h"

/* As in a notification: the whole value of an attempt's token first, whatever its form. */
enum err activity_name_token(const struct activity_subject *subject, struct str text, bool *found)
{
    struct statement_line *line = subject->line;
    struct payment_intent intent;
    enum err err;

    if (*found || str_empty(text) || text.len > PAYPAL_TOKEN_MAX ||
        memchr(text.data, '\0', text.len))
        return OK;
    err = intent_find_token(subject->call->db, text, subject->call->arena, &intent);
    if (err == OK && intent.association_id == subject->account->association_id &&
        intent.provider_account_id == subject->account->id) {
        line->token = intent.token;
        *found = true;
    }
    if (paypal_is_mark(text, subject->call->installation)) {
        line->our_mark = true;
        if (!*line->token)
            line->token = str_copy(subject->call->arena, text);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

/* ---- what the money is ---- */

static void is_kind(struct statement_line *line, enum fact_kind kind)
{
    line->posts = true;
    line->kind = kind;
}

static void is_other(struct statement_line *line, enum fact_nature nature)
{
    is_kind(line, FACT_OTHER);
    line->nature = nature;
}

/* The kind that goes the way of the row's sign; else somebody looks at it. */
static void by_sign(struct statement_line *line, int64_t sign, enum fact_kind kind)
{
    if ((line->gross_cents > 0) == (sign > 0))
        is_kind(line, kind);
    else
        is_other(line, NATURE_UNKNOWN);
}

/* Which of our movements the exchange belongs to: its own-currency side is what that movement
 * brought or cost. */
static enum err exchanged(const struct activity_subject *subject)
{
    static const struct {
        const char *name;
        enum fact_kind kind;
        int sign;
    } kinds[] = {
        {"capture", FACT_CAPTURE, 1},
        {"dispute_won", FACT_DISPUTE_WON, 1},
        {"refund", FACT_REFUND, -1},
        {"dispute", FACT_DISPUTE, -1},
        {"capture_failed", FACT_CAPTURE_FAILED, -1},
    };
    struct statement_line *line = subject->line;
    int sign = line->gross_cents > 0 ? 1 : -1;
    bool known = false;
    enum err err = OK;

    is_other(line, subject->reference ? NATURE_UNKNOWN : NATURE_TRANSFER);
    if (!subject->reference)
        return OK;
    if (sign > 0)
        is_kind(line, FACT_CAPTURE);
    for (size_t i = 0; err == OK && !known && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].sign != sign)
            continue;
        err = known_movement(subject->call->db, subject->account->association_id,
                             subject->account->id, kinds[i].name, subject->reference, &known);
        if (err == OK && known)
            is_kind(line, kinds[i].kind);
    }
    if (line->kind != FACT_OTHER)
        line->movement = subject->reference;
    return err;
}

/* The fee of a reversal, on a row of its own: a notification tells it with the reversal, and by
 * that name it is booked once. The row names the reversal, or the payment behind it. */
static enum err dispute_fee(const struct activity_subject *subject)
{
    struct statement_line *line = subject->line;
    struct arena *arena = subject->call->arena;
    const char *dispute = NULL;
    enum err err = OK;

    is_other(line, NATURE_FEE);
    if (!subject->reference || line->gross_cents > 0)
        return OK;
    err = known_dispute_of(subject->call->db, subject->account->association_id,
                           subject->account->id, subject->reference, arena, &dispute);
    if (err != OK)
        return err;
    is_kind(line, FACT_DISPUTE_FEE);
    line->parent = dispute ? dispute : subject->reference;
    line->movement = paypal_fee_reference(line->parent, arena);
    return OK;
}

static enum err classify(const struct activity_subject *subject, enum activity_class class)
{
    struct statement_line *line = subject->line;

    switch (class) {
    case CLASS_PAYMENT:
        by_sign(line, 1, FACT_CAPTURE);
        break;
    case CLASS_REFUND:
        by_sign(line, -1, FACT_REFUND);
        break;
    case CLASS_REVERSAL:
        by_sign(line, line->gross_cents, line->gross_cents > 0 ? FACT_DISPUTE_WON : FACT_DISPUTE);
        break;
    case CLASS_REVERSAL_CANCELED:
        by_sign(line, 1, FACT_DISPUTE_WON);
        break;
    case CLASS_FAILURE:
        by_sign(line, -1, FACT_CAPTURE_FAILED);
        break;
    case CLASS_PAYOUT:
        is_kind(line, FACT_PAYOUT);
        break;
    case CLASS_PAYOUT_FAILED:
        by_sign(line, 1, FACT_PAYOUT_FAILED);
        break;
    case CLASS_CONVERSION:
        return exchanged(subject);
    case CLASS_FEE:
        is_other(line, NATURE_FEE);
        break;
    case CLASS_DISPUTE_FEE:
        return dispute_fee(subject);
    case CLASS_RESERVE:
        is_other(line, NATURE_RESERVE);
        break;
    case CLASS_TRANSFER:
        is_other(line, NATURE_TRANSFER);
        break;
    case CLASS_INCOME:
        is_other(line, NATURE_INCOME);
        break;
    case CLASS_UNKNOWN:
        is_other(line, NATURE_UNKNOWN);
        break;
    case CLASS_NOTHING:
        break;
    }
    return OK;
}

/* Kinds that follow a payment or a payout. */
static bool follows(enum fact_kind kind)
{
    return kind == FACT_REFUND || kind == FACT_DISPUTE || kind == FACT_DISPUTE_WON ||
           kind == FACT_CAPTURE_FAILED || kind == FACT_PAYOUT_FAILED;
}

enum err activity_mean(const struct activity_subject *subject, enum activity_class class,
                       enum activity_moved moved)
{
    struct arena *arena = subject->call->arena;
    struct statement_line *line = subject->line;
    enum err err;

    if (moved == MOVED_NO || line->gross_cents == 0) {
        /* The same transaction may move money later: this row must not stand in its place. */
        line->reference =
            arena_printf(arena, "%s:%s", subject->txn_id, moved == MOVED_NO ? "memo" : "zero");
        return OK;
    }
    /* Money of another currency is not the account's: its exchange is. */
    if (strcmp(line->currency, subject->own_currency) != 0)
        return OK;
    err = classify(subject, class);
    if (err == OK && line->posts && follows(line->kind) &&
        strcmp(line->movement, subject->txn_id) == 0)
        line->parent = subject->reference ? subject->reference : subject->txn_id;
    return err;
}
