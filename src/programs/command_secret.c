#include "programs/command.h"

#include "base/arena.h"
#include "payment/account.h"

#include <string.h>

struct sealing {
    const struct seal_key *key;
    struct provider_account account;
    const char *name;
    int64_t slot;
    struct str plain;
    int64_t now;
};

static enum err set(struct db *db, void *argument)
{
    const struct sealing *sealing = argument;

    return account_set_secret(db, sealing->key, &sealing->account, sealing->name, sealing->slot,
                              sealing->plain, &command_actor, sealing->now);
}

static enum err find_account(struct command_call *call, struct provider_account *account)
{
    const char *public_id = command_text(call, "provider-account");
    struct db *db;
    enum err err = program_database(call->program, &db);

    if (!err)
        err = account_find_public(db, "stripe", str_of(public_id), call->arena, account);
    if (err == ERR_NOT_FOUND)
        err = account_find_public(db, "paypal", str_of(public_id), call->arena, account);
    if (err == ERR_NOT_FOUND)
        return fail(err, "--provider-account: there is no link \"%s\"", public_id);
    return err;
}

static enum err read_slot(const struct command_call *call, struct sealing *sealing)
{
    static const char *const slots[] = {"0", "1"};
    size_t slot = 0;
    enum err err = OK;

    if (command_given(call, "slot"))
        err = command_choice(call, "slot", slots, sizeof(slots) / sizeof(slots[0]), &slot);
    if (!err && slot == 1 && strcmp(sealing->name, "webhook") != 0)
        err = fail(ERR_INPUT, "--slot: only webhook secrets have a second one");
    sealing->slot = (int64_t)slot;
    return err;
}

static enum err check_plain(const struct sealing *sealing)
{
    for (size_t i = 0; i < sealing->plain.len; i++)
        if (sealing->plain.data[i] <= ' ' || sealing->plain.data[i] == 0x7f)
            return fail(ERR_INPUT, "a secret is one word of printable ASCII characters");
    return OK;
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    static const char *const names[] = {"api_key", "webhook"};
    struct sealing sealing = {.now = call->now};
    size_t name = 0;
    enum err err = command_choice(call, "name", names, sizeof(names) / sizeof(names[0]), &name);

    (void)exit_code;
    sealing.name = names[name];
    if (!err)
        err = read_slot(call, &sealing);
    if (!err)
        err = find_account(call, &sealing.account);
    if (!err)
        err = program_key(call->program, &sealing.key);
    if (!err)
        err = command_read_secret(call, command_text(call, "file"), &sealing.plain);
    if (!err)
        err = check_plain(&sealing);
    return err ? err : command_write(call, set, &sealing);
}

static const struct command_option options[] = {
    {"provider-account", "PUBLIC_ID", "what `provider add` printed", 1},
    {"name", "api_key|webhook", "which secret", 1},
    {"slot", "0|1", "webhook: two are accepted during a rotation (default 0)", 0},
    {"file", "FILE", "holds the secret (default: standard input)", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_secret_set = {
    .name = "secret set",
    .summary = "Seal a secret of a provider account; it cannot be read back.",
    .details = "The secret is read from standard input or a file, never from an argument.",
    .examples = "secret set --provider-account 5f0c... --name webhook --file whsec.txt\n"
                "secret set --provider-account 5f0c... --name api_key < key.txt",
    .options = options,
    .run = run,
};
