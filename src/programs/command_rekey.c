#include "programs/command.h"

#include "payment/rekey.h"

#include <stdio.h>
#include <unistd.h>

struct rekeying {
    const struct seal_key *old_key;
    struct seal_key *new_key;
    int64_t count;
};

static enum err rekey(struct db *db, void *argument)
{
    struct rekeying *rekeying = argument;

    return rekey_all(db, rekeying->old_key, rekeying->new_key, &command_actor, &rekeying->count);
}

/* The new key's file is made when there is none, and is safely there before anything is sealed
 * with it. */
static enum err load_new_key(const char *path, struct rekeying *rekeying)
{
    enum err err = access(path, F_OK) == 0 ? OK : seal_key_create(path);

    return err ? err : seal_key_load(path, &rekeying->new_key);
}

/* A running server holds the old key in memory: it would find its secrets closed. */
static enum err rekey_alone(struct command_call *call, struct rekeying *rekeying)
{
    const struct settings *settings;
    int lock_fd = -1;
    enum err err = program_settings(call->program, &settings);

    if (!err)
        err = db_lock_alone(settings->database, &lock_fd);
    if (err == ERR_BUSY)
        return fail(err, "Guichet is running: stop it first, start it with the new key");
    if (!err)
        err = command_write(call, rekey, rekeying);
    if (lock_fd >= 0)
        close(lock_fd);
    return err;
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    const char *path = command_text(call, "new-key-file");
    struct rekeying rekeying = {0};
    enum err err = program_key(call->program, &rekeying.old_key);

    (void)exit_code;
    if (!err)
        err = load_new_key(path, &rekeying);
    if (!err)
        err = rekey_alone(call, &rekeying);
    if (!err)
        printf("%lld values are sealed with %s now. Set key_file to it before the next start,\n"
               "and keep the old key as long as backups from before it.\n",
               (long long)rekeying.count, path);
    seal_key_free(rekeying.new_key);
    return err;
}

static const struct command_option options[] = {
    {"new-key-file", "FILE", "the new key; made when there is none", 1},
    {NULL, NULL, NULL, 0},
};

const struct command command_secret_rekey = {
    .name = "secret rekey",
    .summary = "Seal every secret of the database again, with another key.",
    .details =
        "Opens with key_file, seals with the new key, in one transaction: interrupted, the\n"
        "old key still opens everything. Refused while Guichet runs. Again after the end,\n"
        "it changes nothing.",
    .examples = "secret rekey --new-key-file /var/lib/guichet/guichet.new.key",
    .options = options,
    .run = run,
};
