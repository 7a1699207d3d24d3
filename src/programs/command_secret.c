#include "programs/command.h"

#include "base/arena.h"
#include "payment/account.h"
#include "payment/platform.h"

#include <string.h>

struct sealing {
    const struct seal_key *key;
    bool of_platform;
    enum account_mode mode;          /* of_platform */
    struct provider_account account; /* otherwise */
    const char *name;
    int64_t slot;
    struct str plain;
    int64_t now;
};

static enum err set(struct db *db, void *argument)
{
    const struct sealing *sealing = argument;

    if (sealing->of_platform)
        return platform_set_secret(db, sealing->key, sealing->mode, sealing->name, sealing->slot,
                                   sealing->plain, &command_actor, sealing->now);
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

/* Whose it is: exactly one of an account and the platform. */
static enum err read_owner(struct command_call *call, struct sealing *sealing)
{
    static const char *const modes[] = {[ACCOUNT_LIVE] = "live", [ACCOUNT_TEST] = "test"};
    size_t mode = ACCOUNT_LIVE;
    enum err err = OK;

    sealing->of_platform = command_given(call, "platform");
    if (sealing->of_platform == command_given(call, "provider-account"))
        return fail(ERR_INPUT, "either --platform or --provider-account is needed");
    if (command_given(call, "mode") && !sealing->of_platform)
        return fail(ERR_INPUT, "--mode goes with --platform");
    if (!sealing->of_platform && strcmp(sealing->name, "client_id") == 0)
        return fail(ERR_INPUT, "--name: client_id goes with --platform");
    if (command_given(call, "mode"))
        err = command_choice(call, "mode", modes, sizeof(modes) / sizeof(modes[0]), &mode);
    sealing->mode = (enum account_mode)mode;
    if (!err && !sealing->of_platform)
        err = find_account(call, &sealing->account);
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

/* What Stripe gives begins with its kind; the wrong one in a place is found here, not by the
 * first payer. */
static enum err check_kind(const struct sealing *sealing)
{
    bool live = sealing->mode == ACCOUNT_LIVE;
    const char *wanted = strcmp(sealing->name, "client_id") == 0 ? "ca_"
                         : strcmp(sealing->name, "webhook") == 0 ? "whsec_"
                         : live                                  ? "sk_live_"
                                                                 : "sk_test_";

    if (sealing->of_platform && !str_starts(sealing->plain, wanted))
        return fail(ERR_INPUT, "the platform's %s (%s) begins with %s", sealing->name,
                    live ? "live" : "test", wanted);
    return OK;
}

static enum err check_plain(const struct sealing *sealing)
{
    for (size_t i = 0; i < sealing->plain.len; i++)
        if (sealing->plain.data[i] <= ' ' || sealing->plain.data[i] == 0x7f)
            return fail(ERR_INPUT, "a secret is one word of printable ASCII characters");
    return check_kind(sealing);
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    static const char *const names[] = {"api_key", "webhook", "client_id"};
    struct sealing sealing = {.now = call->now};
    size_t name = 0;
    enum err err = command_choice(call, "name", names, sizeof(names) / sizeof(names[0]), &name);

    (void)exit_code;
    sealing.name = names[name];
    if (!err)
        err = read_slot(call, &sealing);
    if (!err)
        err = read_owner(call, &sealing);
    if (!err)
        err = program_key(call->program, &sealing.key);
    if (!err && command_given(call, "forget"))
        return sealing.of_platform ? command_write(call, set, &sealing)
                                   : fail(ERR_INPUT, "--forget goes with --platform");
    if (!err)
        err = command_read_secret(call, command_text(call, "file"), &sealing.plain);
    if (!err)
        err = check_plain(&sealing);
    return err ? err : command_write(call, set, &sealing);
}

static const struct command_option options[] = {
    {"provider-account", "PUBLIC_ID", "what `provider add` printed", 0},
    {"platform", NULL, "of the installation: Stripe Connect", 0},
    {"mode", "live|test", "of the platform (default live)", 0},
    {"name", "NAME", "api_key, webhook, or the platform's client_id (ca_...)", 1},
    {"slot", "0|1", "webhook: two are accepted during a rotation (default 0)", 0},
    {"forget", NULL, "of the platform: remove it, as after a rotation", 0},
    {"file", "FILE", "holds the secret (default: standard input)", 0},
    {NULL, NULL, NULL, 0},
};

const struct command command_secret_set = {
    .name = "secret set",
    .summary = "Seal a secret of a provider account or of the platform; it can't be read back.",
    .details = "The secret is read from standard input or a file, never from an argument.\n"
               "The platform is ready when its api_key, webhook and client_id are set: then\n"
               "treasurers can associate the association's Stripe account (Connect).",
    .examples = "secret set --provider-account 5f0c... --name webhook --file whsec.txt\n"
                "secret set --provider-account 5f0c... --name api_key < key.txt\n"
                "secret set --platform --name client_id < ca.txt",
    .options = options,
    .run = run,
};
