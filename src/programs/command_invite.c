#include "programs/command.h"

#include "association/login_link.h"
#include "association/staff.h"
#include "job/letter.h"

#include <stdio.h>

/* ---- invite ---- */

struct inviting {
    struct staff_invitation invitation;
    struct link_secret secret;
    struct arena *arena;
};

/* Without a mail server the link is told here, to whoever runs the installation. */
static enum err invite(struct db *db, void *argument)
{
    struct inviting *inviting = argument;
    struct staff_invitation *invitation = &inviting->invitation;
    enum err err = staff_invite(db, invitation, inviting->arena);

    if (!err && invitation->answer != STAFF_MAY)
        err = fail(ERR_CONFLICT, "the last administrator stays one; let another one in first");
    if (!err && !invitation->by_mail && !invitation->has_password)
        err = link_put(db, invitation->login_id, inviting->secret.hash, invitation->now);
    return err;
}

static void tell(const struct inviting *inviting, const struct settings *settings,
                 struct arena *arena)
{
    if (inviting->invitation.by_mail)
        printf("A mail goes to that address.\n");
    else if (inviting->invitation.has_password)
        printf("That person has a password already, and enters with it.\n");
    else
        printf("%s\n", letter_link(settings->provider.base_url, "invitation",
                                   inviting->secret.token, arena));
}

static enum err run_invite(struct command_call *call, enum exit_code *exit_code)
{
    static const char *const roles[] = {"viewer", "treasurer", "administrator"};
    struct inviting inviting = {.arena = call->arena};
    const struct settings *settings;
    struct association association;
    size_t role = 0;
    enum err err = command_choice(call, "role", roles, sizeof(roles) / sizeof(roles[0]), &role);

    (void)exit_code;
    if (!err)
        err = program_settings(call->program, &settings);
    if (!err)
        err = command_association(call, &association);
    if (!err)
        err = link_secret_make(&inviting.secret);
    if (err)
        return err;
    inviting.invitation = (struct staff_invitation){
        .association_id = association.id,
        .email = str_of(command_text(call, "email")),
        .role = role_from_name(str_of(roles[role])),
        .actor = &command_actor,
        .now = call->now,
        .by_mail = settings->smtp.url != NULL,
    };
    err = command_write(call, invite, &inviting);
    if (!err)
        tell(&inviting, settings, call->arena);
    return err;
}

static const struct command_option invite_options[] = {
    {"email", "ADDRESS", "whom", 1},
    {"role", "ROLE", "viewer, treasurer or administrator", 1},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_login_invite = {
    .name = "login invite",
    .summary = "Let somebody into the back office by a link to choose a password.",
    .details = "Adds the login when the address is unknown, and gives the role. The link goes by "
               "mail;\nwithout a mail server (smtp_url) it is printed: hand it over yourself. It "
               "is good once,\nfor 30 minutes. The first administrator is invited this way.",
    .examples = "login invite --email jeanne@exemple.fr --role administrator",
    .options = invite_options,
    .run = run_invite,
};

/* ---- withdraw ---- */

struct withdrawing {
    int64_t association_id;
    int64_t login_id;
};

static enum err withdraw(struct db *db, void *argument)
{
    const struct withdrawing *withdrawing = argument;

    return staff_withdraw(db, withdrawing->association_id, withdrawing->login_id, &command_actor);
}

static enum err run_withdraw(struct command_call *call, enum exit_code *exit_code)
{
    struct association association;
    struct login login;
    struct withdrawing withdrawing;
    enum err err = command_login(call, "email", &login);

    (void)exit_code;
    if (!err)
        err = command_association(call, &association);
    if (err)
        return err;
    withdrawing.association_id = association.id;
    withdrawing.login_id = login.id;
    return command_write(call, withdraw, &withdrawing);
}

static const struct command_option withdraw_options[] = {
    {"email", "ADDRESS", "whose", 1},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_login_withdraw = {
    .name = "login withdraw",
    .summary = "Take a role in the back office back; the sessions there end.",
    .details = "The last administrator stays one.",
    .examples = "login withdraw --email jeanne@exemple.fr",
    .options = withdraw_options,
    .run = run_withdraw,
};
