#include "programs/command.h"

#include "base/arena.h"
#include "payment/account.h"
#include "payment/manual.h"
#include "payment/means.h"

#include <string.h>

enum { NOON_S = 12 * 3600 };

/* The usual means of payment, by the code of their account. */
static const struct usual {
    const char *code;
    const char *cart_label;
} all_means[] = {
    {"cheque", "Paiement par chèque"},
    {"cash", "Paiement en espèces"},
    {"transfer", "Paiement par virement"},
    {"terminal", "Paiement par carte au terminal"},
    {"holiday", "Paiement par chèques-vacances"},
    {"sport", "Paiement par coupons sport"},
    {"aid", "Paiement par une aide"},
};

struct receipt {
    struct manual_payment payment;
    const struct usual *means;
    int64_t now;
};

/* The means' account; an association from before they were usual gets them now. */
static enum err ensure_means(struct db *db, const struct receipt *receipt, struct arena *arena,
                             int64_t *account_id)
{
    int64_t association_id = receipt->payment.association_id;
    struct provider_account account = {0};
    enum err err = account_find_means(db, association_id, receipt->means->code, arena, &account);

    if (err == ERR_NOT_FOUND) {
        err = means_add_usual(db, association_id, &command_actor, receipt->now);
        if (!err)
            err = account_find_means(db, association_id, receipt->means->code, arena, &account);
    }
    *account_id = account.id;
    return err;
}

static enum err add(struct db *db, void *argument)
{
    const struct receipt *receipt = argument;
    struct manual_payment payment = receipt->payment;
    struct arena *arena = arena_new();
    struct post_result result;
    enum err err = ensure_means(db, receipt, arena, &payment.provider_account_id);

    if (!err)
        err = payment_post_manual(db, &payment, receipt->now, arena, &result);
    if (!err && result.outcome == OUTCOME_ALREADY_POSTED)
        err = fail(ERR_CONFLICT, "--reference: a payment \"%s\" by %s is booked already",
                   payment.reference, receipt->means->code);
    arena_free(arena);
    return err;
}

static enum err read_means(const struct command_call *call, struct receipt *receipt)
{
    enum { COUNT = sizeof(all_means) / sizeof(all_means[0]) };
    const char *codes[COUNT];
    size_t index = 0;
    enum err err;

    for (size_t i = 0; i < COUNT; i++)
        codes[i] = all_means[i].code;
    err = command_choice(call, "means", codes, COUNT, &index);
    receipt->means = &all_means[index];
    return err;
}

static enum err read_date(const struct command_call *call, const struct association *association,
                          struct manual_payment *payment)
{
    struct date today = zone_date(association->zone, call->now), date;
    enum err err = command_date(call, "date", today, &date);

    if (!err && date_compare(date, today) > 0)
        err = fail(ERR_INPUT, "--date: a payment cannot be of a day to come");
    if (!err)
        payment->fact_at = zone_day_start(association->zone, date) + NOON_S;
    return err;
}

static enum err read_receipt(struct command_call *call, const struct association *association,
                             struct receipt *receipt)
{
    struct manual_payment *payment = &receipt->payment;
    struct member member;
    enum err err = command_member(call, "member", association->id, &member);

    payment->association_id = association->id;
    payment->actor = command_actor;
    receipt->now = call->now;
    if (!err)
        err = command_amount(call, "amount", association->currency, &payment->amount_cents);
    if (!err)
        err = command_line_text(call, "reference", NULL, &payment->reference);
    if (!err)
        err = read_means(call, receipt);
    if (!err)
        err = read_date(call, association, payment);
    if (!err)
        payment->member_id = member.id;
    payment->label = receipt->means ? receipt->means->cart_label : "";
    return err;
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct association association;
    struct receipt receipt = {0};
    enum err err = command_association(call, &association);

    (void)exit_code;
    if (!err)
        err = read_receipt(call, &association, &receipt);
    return err ? err : command_write(call, add, &receipt);
}

static const struct command_option options[] = {
    {"member", "NUMBER", "who paid", 1},
    {"amount", "AMOUNT", "for example 40 or 12,50", 1},
    {"means", "MEANS", "cheque, cash, transfer, terminal, holiday, sport or aid", 1},
    {"reference", "TEXT", "number of the cheque, receipt ...: once per means", 1},
    {"date", "YYYY-MM-DD", "when it was received (default: today)", 0},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_payment_add = {
    .name = "payment add",
    .summary = "Book a payment received without provider: cheque, cash, transfer.",
    .details = "Pays the oldest charges of the member (and of those the member pays for); what\n"
               "is left is the member's advance.",
    .examples = "payment add --member 12 --amount 40 --means cheque --reference 8123456\n"
                "payment add --member 12 --amount 40 --means cash --reference R17 "
                "--date 2026-10-04",
    .options = options,
    .run = run,
};
