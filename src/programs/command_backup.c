#include "programs/command.h"

#include "base/gzip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The copy while it is made and proven; it has its name only afterwards. */
struct backup {
    const char *to;
    const char *copy;   /* the database as it was */
    const char *packed; /* NULL: it is kept as it is */
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static enum err prove(const struct backup *backup, struct arena *arena,
                      struct verify_report *report)
{
    enum err err = db_check_file(backup->copy);

    if (!err)
        err = command_verify_file(backup->copy, arena, report);
    if (!err && report->breach_count > 0) {
        command_print_report(report);
        err = fail(ERR_CONFLICT, "the copy is not kept: the books do not agree");
    }
    return err;
}

static enum err name_it(const struct backup *backup)
{
    enum err err;

    if (!backup->packed)
        return db_copy_finish(backup->copy, backup->to);
    err = gzip_pack(backup->copy, backup->packed);
    return err ? err : db_copy_finish(backup->packed, backup->to);
}

static enum err copy_and_prove(const char *database, const struct backup *backup,
                               struct arena *arena, struct verify_report *report)
{
    enum err err = db_copy(database, backup->copy);

    if (!err)
        err = prove(backup, arena, report);
    if (!err)
        err = name_it(backup);
    db_forget_file(backup->copy);
    if (backup->packed)
        unlink(backup->packed);
    return err;
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct backup backup = {.to = call->argument,
                            .copy = arena_printf(call->arena, "%s.copy", call->argument)};
    struct verify_report report = {0};
    const struct settings *settings;
    enum err err = program_settings(call->program, &settings);

    (void)exit_code;
    if (ends_with(backup.to, ".gz"))
        backup.packed = arena_printf(call->arena, "%s.packed", backup.to);
    if (!err && access(backup.to, F_OK) == 0)
        err = fail(ERR_CONFLICT, "%s exists already", backup.to);
    if (!err)
        err = copy_and_prove(settings->database, &backup, call->arena, &report);
    if (!err)
        printf("%s is written and proven: %lld entries, %lld payments.\n", backup.to,
               (long long)report.entries, (long long)report.captures);
    return err;
}

const struct command command_backup = {
    .name = "backup",
    .argument = "FILE",
    .summary = "Copy the database into a new file, and prove the copy.",
    .details =
        "Also beside a running server, which goes on meanwhile. The copy is read through and\n"
        "verified before it has its name; one that is not sound is not kept. A name that\n"
        "ends with .gz is packed. The key file is not in it: keep that one apart.",
    .examples = "backup /var/backups/guichet/guichet-2026-11-28.db.gz",
    .run = run,
};
