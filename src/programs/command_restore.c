#include "programs/command.h"

#include "base/gzip.h"
#include "migrations.h"
#include "queries.h"

#include <glob.h>
#include <stdio.h>
#include <unistd.h>

/* ---- the copy beside the database ---- */

/* A copy of an older version is brought up to this one's; what migrate keeps of it goes. */
static void forget_working_copy(const char *copy, struct arena *arena)
{
    glob_t found = {0};

    db_forget_file(copy);
    if (glob(arena_printf(arena, "%s.before-*", copy), 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            unlink(found.gl_pathv[i]);
    globfree(&found);
}

static enum err check_is_ours(const char *copy)
{
    struct db *db = NULL;
    int recorded = 0;
    enum err err = db_open(copy, DB_READ, &guichet_queries, &db);

    if (!err)
        err = db_read_schema(db, &guichet_migrations, &recorded);
    if (!err && recorded == 0)
        err = fail(ERR_INPUT, "this file holds no database of Guichet");
    db_close(db);
    return err;
}

static enum err end_sessions(struct db *db, void *argument)
{
    (void)argument;
    return db_run(db, Q_SESSION_SWEEP, DB_VALUES(db_int(INT64_MAX)));
}

/* Who had logged out since must not be logged in again by going back. */
static enum err log_everybody_out(const char *copy)
{
    struct db *db = NULL;
    enum err err = db_open(copy, DB_WRITE, &guichet_queries, &db);

    if (!err)
        err = db_transaction(db, end_sessions, NULL);
    db_close(db);
    return err;
}

static enum err prepare_copy(const char *from, const char *copy, struct arena *arena,
                             struct verify_report *report)
{
    int applied;
    enum err err = gzip_unpack(from, copy);

    if (!err)
        err = db_check_file(copy);
    if (!err)
        err = check_is_ours(copy);
    if (!err)
        err = db_migrate(copy, &guichet_migrations, &applied);
    if (!err)
        err = command_verify_file(copy, arena, report);
    if (!err && report->breach_count > 0) {
        command_print_report(report);
        err = fail(ERR_CONFLICT, "nothing is changed: the books of this copy do not agree");
    }
    return err ? err : log_everybody_out(copy);
}

/* ---- the command ---- */

static enum err restore(struct command_call *call, const char *database, const char **kept,
                        struct verify_report *report)
{
    const char *copy = arena_printf(call->arena, "%s.restored", database);
    enum err err;

    *kept = arena_printf(call->arena, "%s.replaced-%lld", database, (long long)call->now);
    forget_working_copy(copy, call->arena);
    err = prepare_copy(call->argument, copy, call->arena, report);
    if (!err)
        err = db_replace(database, copy, *kept);
    forget_working_copy(copy, call->arena);
    return err;
}

static enum err run(struct command_call *call, enum exit_code *exit_code)
{
    struct verify_report report = {0};
    const struct settings *settings;
    const char *kept = NULL;
    int lock_fd = -1;
    enum err err = program_settings(call->program, &settings);

    (void)exit_code;
    if (!err)
        err = db_lock_alone(settings->database, &lock_fd);
    if (!err)
        err = restore(call, settings->database, &kept, &report);
    if (!err) {
        printf("%s is put back: %lld entries, %lld payments; everybody logs in anew.\n",
               call->argument, (long long)report.entries, (long long)report.captures);
        if (access(kept, F_OK) == 0)
            printf("What stood there is kept as %s.\n", kept);
    }
    if (lock_fd >= 0)
        close(lock_fd);
    return err;
}

const struct command command_restore = {
    .name = "restore",
    .argument = "FILE",
    .summary = "Put a backup in the place of the database.",
    .details =
        "Refused while a server runs. The copy is unpacked, read through, brought up to this\n"
        "version and verified first; only then it takes the place of the database, which is\n"
        "kept beside it. The key file is not touched.",
    .examples = "restore /var/backups/guichet/guichet-2026-11-28T031700Z.db.gz",
    .run = run,
};
