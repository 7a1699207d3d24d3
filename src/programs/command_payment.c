#include "programs/command.h"

#include "base/arena.h"
#include "base/random.h"
#include "payment/account.h"
#include "payment/manual.h"

#include <string.h>

enum { NOON_S = 12 * 3600 };

/* The means of payment that need no provider. */
static const struct means {
    const char *code;
    const char *label; /* of its account, for staff */
    const char *cart_label;
    const char *transit_account;
} all_means[] = {
    {"cheque", "Chèques", "Paiement par chèque", "5112"},
    {"cash", "Espèces", "Paiement en espèces", "530"},
    {"transfer", "Virements", "Paiement par virement", "5121"},
    {"terminal", "Terminal de carte", "Paiement par carte au terminal", "5115"},
};

struct receipt {
    struct manual_payment payment;
    const struct means *means;
    enum account_mode mode;
    const char *public_id;
    int64_t account_id; /* used when the means has no account yet */
    int64_t now;
};

/* The means' account, made with its first payment. */
static enum err ensure_means(struct db *db, const struct receipt *receipt, struct arena *arena,
                             int64_t *account_id)
{
    struct provider_account account;
    const struct account_draft draft = {
        .id = receipt->account_id,
        .association_id = receipt->payment.association_id,
        .public_id = receipt->public_id,
        .provider = "manual",
        .mode = receipt->mode,
        .external_id = receipt->means->code,
        .label = receipt->means->label,
        .transit_account = receipt->means->transit_account,
        .since_day = "1970-01-01",
        .verified = true,
        .now = receipt->now,
    };
    enum err err =
        account_find_means(db, draft.association_id, receipt->means->code, arena, &account);

    *account_id = err ? receipt->account_id : account.id;
    return err == ERR_NOT_FOUND ? account_add(db, &draft, &command_actor) : err;
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
    receipt->mode = association->kind == ASSOCIATION_REAL ? ACCOUNT_LIVE : ACCOUNT_TEST;
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
    char public_id[RANDOM_TOKEN_MAX];
    enum err err = command_association(call, &association);

    (void)exit_code;
    if (!err)
        err = read_receipt(call, &association, &receipt);
    if (!err)
        err = random_token(public_id);
    if (!err)
        err = random_id(&receipt.account_id);
    receipt.public_id = public_id;
    return err ? err : command_write(call, add, &receipt);
}

static const struct command_option options[] = {
    {"member", "NUMBER", "who paid", 1},
    {"amount", "AMOUNT", "for example 40 or 12,50", 1},
    {"means", "MEANS", "cheque, cash, transfer or terminal", 1},
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
