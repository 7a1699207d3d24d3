#include "programs/command.h"

#include "migrations.h"
#include "payment/event.h"

#include <stdio.h>

struct preparation {
    int64_t now;
    int64_t requeued;
};

static enum err prepare(struct db *db, void *argument)
{
    struct preparation *preparation = argument;
    enum err err = installation_ensure(db, preparation->now);

    return err ? err : event_requeue_unsupported(db, preparation->now, &preparation->requeued);
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct preparation preparation = {.now = call->now};
    const struct settings *settings;
    int applied = 0;
    enum err err = program_settings(call->program, &settings);

    (void)exit_code;
    if (!err)
        err = db_migrate(settings->database, &guichet_migrations, &applied);
    if (!err)
        err = command_write(call, prepare, &preparation);
    if (err)
        return err;
    printf("%s is up to date: %d migration%s applied", settings->database, applied,
           applied == 1 ? "" : "s");
    if (preparation.requeued > 0)
        printf(", %lld notification%s to be looked at again", (long long)preparation.requeued,
               preparation.requeued == 1 ? "" : "s");
    printf(".\n");
    return OK;
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "Make the database, or bring it up to this version.",
    .details = "A copy of an existing file is kept beside it. Refused while a server runs.",
    .examples = "migrate\n--config /etc/guichet/guichet.conf migrate",
    .run = run,
};
