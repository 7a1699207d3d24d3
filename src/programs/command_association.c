#include "programs/command.h"

#include "accounting/accounting.h"
#include "association/second_factor.h"
#include "base/arena.h"
#include "base/random.h"
#include "payment/means.h"

#include <stdio.h>

/* ---- association add ---- */

static const char *const kinds[] = {[ASSOCIATION_REAL] = "real", [ASSOCIATION_TRIAL] = "trial"};

/* "09-01": month and day of the usual start of a fiscal year. */
static enum err read_year_start(const struct command_call *call, struct association_draft *draft)
{
    const char *typed = command_text(call, "year-from");
    struct str day = str_of(typed ? typed : "01-01");
    struct str month = str_cut(&day, '-');
    int64_t month_number, day_number;

    if (!str_to_int64(month, &month_number) || !str_to_int64(day, &day_number) ||
        month_number < 1 || month_number > 12 || day_number < 1 || day_number > 28)
        return fail(ERR_INPUT, "--year-from: \"%s\" is no month and day; type for example 09-01",
                    typed ? typed : "");
    draft->year_first_month = (int)month_number;
    draft->year_first_day = (int)day_number;
    return OK;
}

static enum err read_draft(struct command_call *call, struct association_draft *draft)
{
    size_t kind = ASSOCIATION_REAL;
    enum err err = command_line_text(call, "name", NULL, &draft->name);

    draft->now = call->now;
    if (!err)
        err = command_line_text(call, "currency", "EUR", &draft->currency_code);
    if (!err)
        err = command_line_text(call, "zone", "Europe/Paris", &draft->zone_name);
    if (!err)
        err = command_line_text(call, "email", "", &draft->email);
    if (!err)
        err = command_line_text(call, "how-to-pay", "", &draft->how_to_pay);
    if (!err)
        err = command_choice(call, "kind", kinds, sizeof(kinds) / sizeof(kinds[0]), &kind);
    if (!err)
        err = read_year_start(call, draft);
    draft->kind = (enum association_kind)kind;
    return err ? err : random_id(&draft->id);
}

/* The association, its chart, the fiscal year it begins in, the usual means of payment. */
static enum err add(struct db *db, void *argument)
{
    const struct association_draft *draft = argument;
    struct arena *arena = arena_new();
    struct association association;
    struct fiscal_year year;
    enum err err = association_add(db, draft);

    if (!err)
        err = accounting_chart_add(db, draft->id);
    if (!err)
        err = association_find(db, draft->id, arena, &association);
    if (!err)
        err = accounting_year_for(db, &association, zone_date(association.zone, draft->now),
                                  draft->now, arena, &year);
    if (!err)
        err = means_add_usual(db, draft->id, &command_actor, draft->now);
    arena_free(arena);
    return err;
}

static enum err run_add(struct command_call *call, enum exit_code *exit_code)
{
    struct association_draft draft = {0};
    enum err err = read_draft(call, &draft);

    (void)exit_code;
    if (!err)
        err = command_write(call, add, &draft);
    if (!err)
        printf("%lld\n", (long long)draft.id);
    return err;
}

static const struct command_option add_options[] = {
    {"name", "NAME", "as members read it", 1},
    {"kind", "real|trial", "for ever: real money or practice only", 1},
    {"currency", "CODE", "ISO 4217, for ever (default EUR)", 0},
    {"zone", "NAME", "time zone of the books (default Europe/Paris)", 0},
    {"year-from", "MM-DD", "first day of its fiscal years (default 01-01)", 0},
    {"email", "ADDRESS", "how to reach a human", 0},
    {"how-to-pay", "TEXT", "shown while no provider is linked", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_association_add = {
    .name = "association add",
    .summary = "Add an association with its chart of accounts and fiscal year.",
    .details = "Prints its number.",
    .examples = "association add --name \"Les Randonneurs\" --kind real --year-from 09-01",
    .options = add_options,
    .run = run_add,
};

/* ---- association list ---- */

static enum err run_list(struct command_call *call, enum exit_code *exit_code)
{
    struct association association;
    struct db *db;
    int64_t *ids;
    size_t count = 0;
    enum err err = program_database(call->program, &db);

    (void)exit_code;
    if (!err)
        err = association_list(db, call->arena, &ids, &count);
    for (size_t i = 0; !err && i < count; i++) {
        err = association_find(db, ids[i], call->arena, &association);
        if (!err)
            printf("%lld\t%s\t%s\t%s\n", (long long)association.id, kinds[association.kind],
                   association.currency->code, association.name);
    }
    return err;
}

const struct command command_association_list = {
    .name = "association list",
    .summary = "List the associations: number, kind, currency, name.",
    .examples = "association list",
    .run = run_list,
};

/* ---- association second-factor ---- */

struct rule {
    int64_t association_id;
    bool required;
};

static enum err set_rule(struct db *db, void *argument)
{
    const struct rule *rule = argument;

    return second_factor_require(db, rule->association_id, rule->required, &command_actor);
}

static enum err run_second_factor(struct command_call *call, enum exit_code *exit_code)
{
    struct association association;
    struct rule rule = {.required = command_given(call, "require")};
    enum err err = OK;

    (void)exit_code;
    if (rule.required == command_given(call, "optional"))
        err = fail(ERR_INPUT, "type one of --require and --optional");
    if (!err)
        err = command_association(call, &association);
    if (err)
        return err;
    rule.association_id = association.id;
    return command_write(call, set_rule, &rule);
}

static const struct command_option second_factor_options[] = {
    {"require", NULL, "nothing of the association is seen without", 0},
    {"optional", NULL, "it is offered once", 0},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_association_second_factor = {
    .name = "association second-factor",
    .summary = "Ask treasurers and administrators for a second factor, or only offer it.",
    .details = "It is never asked for in an association d'essai.",
    .examples = "association second-factor --require\n"
                "association second-factor --optional --association \"Les Randonneurs\"",
    .options = second_factor_options,
    .run = run_second_factor,
};
