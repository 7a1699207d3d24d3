#include "programs/command.h"

#include "association/second_factor.h"
#include "base/arena.h"
#include "base/random.h"

#include <stdio.h>

/* ---- passwords ---- */

enum { RANDOM_PASSWORD_CHARACTERS = 20, RANDOM_PASSWORD_GROUP = 5 };

/* 20 of 32 letters and digits that nobody confuses: 100 random bits. */
static enum err random_password(struct arena *arena, struct str *password)
{
    static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char bytes[RANDOM_PASSWORD_CHARACTERS];
    struct buffer text;
    enum err err = random_bytes(bytes, sizeof(bytes));

    if (err)
        return err;
    buffer_init(&text, arena, 32);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i > 0 && i % RANDOM_PASSWORD_GROUP == 0)
            buffer_add_byte(&text, '-');
        buffer_add_byte(&text, alphabet[bytes[i] % (sizeof(alphabet) - 1)]);
    }
    *password = buffer_str(&text);
    return OK;
}

struct password_change {
    struct arena *arena;
    struct str email;
    char hash[PASSWORD_HASH_MAX];
    int64_t now;
};

static enum err check_password(struct command_call *call, struct str email, struct str password)
{
    const struct common_passwords *list;
    enum password_fault fault = PASSWORD_GOOD;
    struct db *db;
    enum err err = program_database(call->program, &db);

    if (!err)
        err = program_common_passwords(call->program, &list);
    if (!err)
        err = password_judge_for(db, list, email, password, call->arena, &fault);
    return err ? err : password_refuse(fault);
}

/* From --password-file, or a random one; hashed before any transaction. */
static enum err read_password(struct command_call *call, struct password_change *change,
                              struct str *password)
{
    enum err err;

    change->arena = call->arena;
    change->email = str_of(command_text(call, "email"));
    change->now = call->now;
    if (command_given(call, "password-file"))
        err = command_read_secret(call, command_text(call, "password-file"), password);
    else
        err = random_password(call->arena, password);
    if (!err)
        err = check_password(call, change->email, *password);
    if (!err)
        err = password_hash(*password, change->hash);
    return err;
}

static enum err add(struct db *db, void *argument)
{
    struct password_change *change = argument;
    struct login login;
    int64_t login_id;
    bool found = false;
    enum err err = login_find(db, change->email, change->arena, &login, &found);

    if (!err && found)
        err = fail(ERR_CONFLICT, "this login exists already; see: guichet login password");
    if (!err)
        err =
            login_ensure(db, change->email, &command_actor, change->now, change->arena, &login_id);
    return err ? err
               : login_set_password(db, login_id, change->hash, NULL, &command_actor, change->now);
}

static enum err set_password(struct db *db, void *argument)
{
    struct password_change *change = argument;
    struct login login;
    bool found = false;
    enum err err = login_find(db, change->email, change->arena, &login, &found);

    if (!err && !found)
        err = fail(ERR_NOT_FOUND, "--email: there is no such login");
    return err ? err
               : login_set_password(db, login.id, change->hash, NULL, &command_actor, change->now);
}

static enum err change_password(struct command_call *call, db_write_fn *fn)
{
    struct password_change change;
    struct str password;
    enum err err = read_password(call, &change, &password);

    if (!err)
        err = command_write(call, fn, &change);
    if (!err && !command_given(call, "password-file"))
        printf("%.*s\n", STR_PRINT(password));
    return err;
}

static enum err run_add(struct command_call *call, enum exit_code *exit_code)
{
    (void)exit_code;
    return change_password(call, add);
}

static enum err run_password(struct command_call *call, enum exit_code *exit_code)
{
    (void)exit_code;
    return change_password(call, set_password);
}

static const struct command_option password_options[] = {
    {"email", "ADDRESS", "whose", 1},
    {"password-file", "FILE", "holds the password; - is standard input", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_login_add = {
    .name = "login add",
    .summary = "Add somebody who logs in.",
    .details = "Prints a random password when no file is given. Passwords have 12 to 128\n"
               "characters and are none of those that are tried first. What the login may open is "
               "said by `member add --login` and\n"
               "`login grant`.",
    .examples = "login add --email jeanne@exemple.fr\n"
                "login add --email jeanne@exemple.fr --password-file - < password.txt",
    .options = password_options,
    .run = run_add,
};

const struct command command_login_password = {
    .name = "login password",
    .summary = "Set another password; every session of the login ends.",
    .details = "Prints a random password when no file is given.",
    .examples = "login password --email jeanne@exemple.fr",
    .options = password_options,
    .run = run_password,
};

/* ---- disable, enable, grant ---- */

struct login_change {
    int64_t login_id;
    bool owner;
    int64_t association_id;
    enum role role;
    int64_t now;
};

static enum err disable(struct db *db, void *argument)
{
    const struct login_change *change = argument;

    return login_disable(db, change->login_id, &command_actor, change->now);
}

static enum err enable(struct db *db, void *argument)
{
    const struct login_change *change = argument;

    return login_enable(db, change->login_id, &command_actor);
}

static enum err reset_totp(struct db *db, void *argument)
{
    const struct login_change *change = argument;

    return second_factor_remove(db, change->login_id, NULL, &command_actor, "second_factor.reset");
}

static enum err grant(struct db *db, void *argument)
{
    const struct login_change *change = argument;

    return login_grant(db, change->association_id, change->login_id, change->role, &command_actor,
                       change->now);
}

static enum err set_owner(struct db *db, void *argument)
{
    const struct login_change *change = argument;

    return login_set_owner(db, change->login_id, change->owner, &command_actor);
}

static enum err change_login(struct command_call *call, struct login_change *change,
                             db_write_fn *fn)
{
    struct login login;
    enum err err = command_login(call, "email", &login);

    change->now = call->now;
    if (err)
        return err;
    change->login_id = login.id;
    return command_write(call, fn, change);
}

static enum err run_disable(struct command_call *call, enum exit_code *exit_code)
{
    struct login_change change = {0};

    (void)exit_code;
    return change_login(call, &change, disable);
}

static enum err run_enable(struct command_call *call, enum exit_code *exit_code)
{
    struct login_change change = {0};

    (void)exit_code;
    return change_login(call, &change, enable);
}

static enum err run_reset_totp(struct command_call *call, enum exit_code *exit_code)
{
    struct login_change change = {0};

    (void)exit_code;
    return change_login(call, &change, reset_totp);
}

static enum err run_grant(struct command_call *call, enum exit_code *exit_code)
{
    static const char *const roles[] = {"viewer", "treasurer", "administrator"};
    struct association association;
    struct login_change change = {0};
    size_t role = 0;
    enum err err = command_choice(call, "role", roles, sizeof(roles) / sizeof(roles[0]), &role);

    (void)exit_code;
    if (!err)
        err = command_association(call, &association);
    if (err)
        return err;
    change.association_id = association.id;
    change.role = role_from_name(str_of(roles[role]));
    return change_login(call, &change, grant);
}

static enum err run_owner(struct command_call *call, enum exit_code *exit_code)
{
    struct login_change change = {.owner = command_given(call, "grant")};

    (void)exit_code;
    if (change.owner == command_given(call, "revoke"))
        return fail(ERR_INPUT, "either --grant or --revoke");
    return change_login(call, &change, set_owner);
}

static const struct command_option email_options[] = {
    {"email", "ADDRESS", "whose", 1},
    {NULL, NULL, NULL, 0},
};

static const struct command_option grant_options[] = {
    {"email", "ADDRESS", "whose", 1},
    {"role", "ROLE", "viewer, treasurer or administrator", 1},
    {"association", "ASSOCIATION", "its number or name, when there are several", 0},
    {NULL, NULL, NULL, 0},
};

static const struct command_option owner_options[] = {
    {"email", "ADDRESS", "whose", 1},
    {"grant", NULL, "this login sees the installation's state", 0},
    {"revoke", NULL, "it no longer does", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_login_owner = {
    .name = "login owner",
    .summary = "Name the owner of the installation, who sees the page Installation.",
    .details = "It says nothing about any association: roles there are given by `login grant`.",
    .examples = "login owner --email jeanne@exemple.fr --grant",
    .options = owner_options,
    .run = run_owner,
};

const struct command command_login_disable = {
    .name = "login disable",
    .summary = "Let somebody in no longer; every session ends.",
    .examples = "login disable --email jeanne@exemple.fr",
    .options = email_options,
    .run = run_disable,
};

const struct command command_login_enable = {
    .name = "login enable",
    .summary = "Let somebody in again.",
    .examples = "login enable --email jeanne@exemple.fr",
    .options = email_options,
    .run = run_enable,
};

const struct command command_login_reset_totp = {
    .name = "login reset-totp",
    .summary = "Take away a second factor whose phone and codes are lost.",
    .details = "Every session of the login ends. Make sure who asks for it: from then on the\n"
               "password alone lets in.",
    .examples = "login reset-totp --email jeanne@exemple.fr",
    .options = email_options,
    .run = run_reset_totp,
};

const struct command command_login_grant = {
    .name = "login grant",
    .summary = "Give a login a role in the back office, or another one.",
    .examples = "login grant --email jeanne@exemple.fr --role treasurer",
    .options = grant_options,
    .run = run_grant,
};
