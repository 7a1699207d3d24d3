#include "programs/command.h"

#include "base/random.h"

#include <stdio.h>

struct joining {
    struct member_draft draft;
    int64_t number;
};

static enum err add(struct db *db, void *argument)
{
    struct joining *joining = argument;

    return member_add(db, &joining->draft, &command_actor, &joining->number);
}

static enum err read_names(struct command_call *call, struct member_draft *draft)
{
    enum err err = command_line_text(call, "first-name", NULL, &draft->first_name);

    if (!err)
        err = command_line_text(call, "last-name", NULL, &draft->last_name);
    if (!err)
        err = command_line_text(call, "email", "", &draft->email);
    return err ? err : command_number(call, "number", &draft->number);
}

/* The login and the payer that were named. */
static enum err read_links(struct command_call *call, struct member_draft *draft)
{
    struct login login;
    struct member payer;
    enum err err = OK;

    if (command_given(call, "login")) {
        err = command_login(call, "login", &login);
        if (!err)
            draft->login_id = login.id;
    }
    if (!err && command_given(call, "payer")) {
        err = command_member(call, "payer", draft->association_id, &payer);
        if (!err)
            draft->payer_id = payer.id;
    }
    return err;
}

static enum err refuse_taken_number(struct command_call *call, const struct member_draft *draft)
{
    struct member member;
    struct db *db;
    enum err err = program_database(call->program, &db);

    if (err || draft->number == 0)
        return err;
    err = member_find_by_number(db, draft->association_id, draft->number, call->arena, &member);
    if (err == ERR_NOT_FOUND)
        return OK;
    return err ? err : fail(ERR_CONFLICT, "--number: %lld is taken", (long long)draft->number);
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct joining joining = {.draft = {.now = call->now}};
    struct association association;
    enum err err = command_association(call, &association);

    (void)exit_code;
    if (err)
        return err;
    joining.draft.association_id = association.id;
    err = read_names(call, &joining.draft);
    if (!err)
        err = read_links(call, &joining.draft);
    if (!err)
        err = refuse_taken_number(call, &joining.draft);
    if (!err)
        err = random_id(&joining.draft.id);
    if (!err)
        err = command_write(call, add, &joining);
    if (!err)
        printf("%lld\n", (long long)joining.number);
    return err;
}

static const struct command_option options[] = {
    {"first-name", "NAME", "prénom", 1},
    {"last-name", "NAME", "nom", 1},
    {"number", "NUMBER", "the member's number (default: the next one)", 0},
    {"email", "ADDRESS", "for mails", 0},
    {"login", "ADDRESS", "the login that opens the personal space", 0},
    {"payer", "NUMBER", "the member who pays for this one", 0},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_member_add = {
    .name = "member add",
    .summary = "Add a member.",
    .details = "Prints the member's number.",
    .examples = "member add --first-name Jeanne --last-name Martin --login jeanne@exemple.fr\n"
                "member add --first-name Lou --last-name Martin --payer 12",
    .options = options,
    .run = run,
};
