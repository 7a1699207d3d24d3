#include "programs/command.h"

#include "accounting/accounting.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/post.h"

static enum err add(struct db *db, void *argument)
{
    struct arena *arena = arena_new();
    enum err err = payment_charge(db, argument, arena);

    arena_free(arena);
    return err;
}

static enum err check_account(struct command_call *call, const struct charge_draft *draft)
{
    struct db *db;
    bool usable = false;
    enum err err = program_database(call->program, &db);

    if (!err)
        err = accounting_account_usable(db, draft->association_id, draft->account_code, &usable);
    if (!err && !usable)
        err = fail(ERR_INPUT, "--account: there is no account %s", draft->account_code);
    return err;
}

static enum err read_draft(struct command_call *call, const struct association *association,
                           struct charge_draft *draft)
{
    struct member member;
    enum err err = command_member(call, "member", association->id, &member);

    draft->association_id = association->id;
    draft->now = call->now;
    if (!err)
        err = command_amount(call, "amount", association->currency, &draft->amount_cents);
    if (!err)
        err = command_line_text(call, "label", NULL, &draft->label);
    if (!err)
        err = command_line_text(call, "account", NULL, &draft->account_code);
    if (!err)
        err = command_date(call, "date", zone_date(association->zone, call->now), &draft->date);
    if (!err)
        err = command_date(call, "for", draft->date, &draft->for_day);
    if (!err)
        draft->member_id = member.id;
    return err ? err : check_account(call, draft);
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct association association;
    struct charge_draft draft = {0};
    enum err err = command_association(call, &association);

    (void)exit_code;
    if (!err)
        err = read_draft(call, &association, &draft);
    if (!err)
        err = random_id(&draft.id);
    return err ? err : command_write(call, add, &draft);
}

static const struct command_option options[] = {
    {"member", "NUMBER", "whose cart", 1},
    {"amount", "AMOUNT", "for example 40 or 12,50", 1},
    {"label", "TEXT", "as the member reads it", 1},
    {"account", "CODE", "where its revenue goes: 7561, 706 ...", 1},
    {"date", "YYYY-MM-DD", "of the charge (default: today)", 0},
    {"for", "YYYY-MM-DD", "a day of the fiscal year it is for (default: --date)", 0},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_charge_add = {
    .name = "charge add",
    .summary = "Add a charge to a member's cart.",
    .details = "What the member has in advance pays for it at once.",
    .examples = "charge add --member 12 --amount 40 --label \"Cotisation\" --account 7561\n"
                "charge add --member 12 --amount 12,50 --label \"Sortie\" --account 706 "
                "--date 2026-10-04",
    .options = options,
    .run = run,
};
