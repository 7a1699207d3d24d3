#include "programs/command.h"

#include <stdio.h>

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    const struct settings *settings;
    enum err err = program_settings(call->program, &settings);

    (void)exit_code;
    if (!err)
        err = seal_key_create(settings->key_file);
    if (!err)
        printf("%s is made. Keep a copy apart from the database's backups: without it the\n"
               "secrets of the providers are lost.\n",
               settings->key_file);
    return err;
}

const struct command command_key_create = {
    .name = "key create",
    .summary = "Make the key file that seals the secrets of the providers.",
    .details = "An existing file is never overwritten.",
    .examples = "key create",
    .run = run,
};
